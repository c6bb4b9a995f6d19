package layout

import "slices"

// table says which packages may import which, in product code. It is read from
// top to bottom: who stands higher may see who stands lower. A new package needs a
// row; a new arrow is a decision, to be taken here and told in docs/architecture.md.
//
// A row may name packages and kinds. A package's tests may import what it may
// import itself, and the packages of the kind testing.
func table() []room {
	grounds := []string{ground, leaf}
	remotes := append([]string{"internal/provider", "internal/provider/remote"}, grounds...)
	streams := append([]string{"internal/provider/eventstream"}, remotes...)
	return []room{
		{dir: "cmd/skytower", kind: command, may: []string{"internal/app", "internal/cli", "internal/maintain", "internal/config"}},
		{dir: "internal/app", kind: wiring, may: []string{edge, useCase, domain, adapter, ground, leaf, data}},
		{dir: "internal/cli", kind: command, may: []string{"internal/skytells", "internal/config", "internal/fault", "internal/spelling"}},
		{dir: "internal/maintain", kind: command, may: append(grounds, domain)},

		// Edges decode, make one call and encode. Databases and outgoing connections
		// are for the rooms behind them.
		{dir: "internal/api", kind: edge, may: edgeMay()},
		{dir: "internal/api/admin", kind: edge, may: append(edgeMay(), "internal/api", "internal/api/books")},
		{dir: "internal/api/books", kind: edge, may: edgeMay()},
		{dir: "internal/api/billing", kind: edge, may: append(edgeMay(), "internal/api", "internal/api/books")},
		{dir: "internal/api/batches", kind: edge, may: append(edgeMay(), "internal/api")},
		{dir: "internal/api/media", kind: edge, may: append(edgeMay(), "internal/api", "internal/api/books")},
		{dir: "internal/api/infer", kind: edge, may: append(edgeMay(), "internal/api")},
		{dir: "internal/api/rest", kind: edge, may: append(edgeMay(), "internal/api", "internal/api/books")},
		{dir: "internal/console", kind: edge, may: append(edgeMay(), append(consoleRooms(), "docs")...)},
		{dir: "internal/console/desk", kind: edge, may: append(edgeMay(), "internal/console/ui")},
		{dir: "internal/console/door", kind: edge, may: append(edgeMay(), "internal/console/desk", "internal/console/ui")},
		{dir: "internal/console/developer", kind: edge, may: append(edgeMay(), "internal/console/desk", "internal/console/ui")},
		{dir: "internal/console/explorer", kind: edge, may: append(edgeMay(), "internal/console/desk", "internal/console/ui", "docs")}, // for the anchors of headings
		{dir: "internal/console/operator", kind: edge, may: append(edgeMay(), "internal/console/desk", "internal/console/ui")},
		{dir: "internal/console/playground", kind: edge, may: append(edgeMay(), "internal/console/desk", "internal/console/ui")},
		{dir: "internal/console/ui", kind: edge, may: edgeMay()},

		{dir: "internal/inference", kind: useCase, may: append(grounds, domain, "internal/inference/messages", "internal/inference/translate")},
		{dir: "internal/inference/chatform", kind: shared, may: append(grounds, "internal/provider")}, // by those who carry another API over chat
		{dir: "internal/inference/chatform/chatformtest", kind: testing, may: append(grounds, "internal/provider")},
		{dir: "internal/inference/messages", kind: shared, may: append(grounds, "internal/provider", "internal/inference/chatform")},  // likewise
		{dir: "internal/inference/translate", kind: shared, may: append(grounds, "internal/provider", "internal/inference/chatform")}, // a pure function, large enough for a room
		{dir: "internal/batch", kind: useCase, may: append(grounds, domain)},
		{dir: "internal/prediction", kind: useCase, may: append(grounds, domain)},

		// A domain shares ids as strings and amounts as money, or declares a small
		// interface that app fills: it never sees another domain.
		{dir: "internal/account", kind: domain, may: grounds},
		{dir: "internal/archive", kind: domain, may: grounds}, // bodies of requests, for accounts that want them kept
		{dir: "internal/blob", kind: domain, may: grounds},
		{dir: "internal/cache", kind: domain, may: grounds}, // answers to equal requests
		{dir: "internal/catalog", kind: domain, may: grounds},
		{dir: "internal/feedback", kind: domain, may: grounds}, // votes on the pages of the explorer
		{dir: "internal/guard", kind: domain, may: grounds},
		{dir: "internal/ledger", kind: domain, may: grounds},
		{dir: "internal/mail", kind: domain, may: grounds},
		{dir: "internal/limit", kind: domain, may: grounds},
		{dir: "internal/limit/limittest", kind: testing},
		{dir: "internal/payment", kind: domain, may: grounds},
		{dir: "internal/payment/stripe", kind: adapter, may: append(grounds, "internal/payment")},
		{dir: "internal/response", kind: domain, may: grounds},
		{dir: "internal/route", kind: domain, may: grounds},
		{dir: "internal/webhook", kind: domain, may: grounds},
		{dir: "internal/provider", kind: domain, may: grounds},
		{dir: "internal/openid", kind: adapter, may: grounds},
		{dir: "internal/provider/remote", kind: shared, may: append(grounds, "internal/provider")}, // by adapters of upstreams over HTTP
		{dir: "internal/provider/eventstream", kind: shared, may: remotes},                         // by those whose answers come as events
		{dir: "internal/provider/anthropic", kind: adapter, may: streams},
		{dir: "internal/provider/cog", kind: adapter, may: remotes},
		{dir: "internal/provider/command", kind: adapter, may: append(grounds, "internal/provider")},
		{dir: "internal/provider/llama", kind: adapter, may: append(grounds, "internal/provider")},
		{dir: "internal/provider/local", kind: adapter, may: append(grounds, "internal/provider", "docs")}, // likewise
		{dir: "internal/provider/openai", kind: adapter, may: streams},
		{dir: "internal/provider/replicate", kind: adapter, may: remotes},
		{dir: "internal/provider/skytells", kind: adapter, may: remotes},
		{dir: "internal/provider/faultsite", kind: testing},
		{dir: "internal/provider/providertest", kind: testing, may: append(grounds, "internal/provider")},

		{dir: "internal/egress", kind: ground, may: groundMay("internal/egress/http1")},
		{dir: "internal/egress/http1", kind: ground, may: groundMay()},
		{dir: "internal/httpx", kind: ground, may: groundMay()},
		{dir: "internal/jobs", kind: ground, may: groundMay("internal/store")},
		{dir: "internal/jobs/jobstest", kind: testing, may: groundMay("internal/jobs", "internal/store")},
		{dir: "internal/price", kind: ground, may: groundMay()},
		{dir: "internal/rawjson", kind: ground, may: groundMay()},
		{dir: "internal/reseal", kind: ground, may: groundMay("internal/secret", "internal/store")}, // columns of domains, by their description
		{dir: "internal/secret", kind: ground, may: groundMay()},
		{dir: "internal/store", kind: ground, may: groundMay()},
		{dir: "internal/store/storetest", kind: testing, may: groundMay("internal/store")},

		// Leaves import nothing of ours.
		{dir: "internal/config", kind: leaf, may: []string{"internal/spelling"}}, // the one exception
		{dir: "internal/fault", kind: leaf},
		{dir: "internal/media", kind: leaf},
		{dir: "internal/money", kind: leaf},
		{dir: "internal/skytells", kind: leaf},
		{dir: "internal/config/schematest", kind: testing},
		{dir: "internal/secret/secrettest", kind: testing, may: []string{"internal/secret"}},
		{dir: "internal/skytells/skytellstest", kind: testing, may: []string{"internal/skytells"}},
		{dir: "internal/spelling", kind: leaf},
		{dir: "internal/telemetry", kind: leaf},
		{dir: "internal/telemetry/telemetrytest", kind: testing},
		{dir: "docs", kind: data},

		{dir: "engine/llama", kind: tool},          // a module of its own: the program that loads llama.cpp
		{dir: "test/browser", kind: tool},          // likewise
		{dir: "test/clients/openaigo", kind: tool}, // likewise
		{dir: "test/deploy", kind: tool},           // likewise: reads the files of deploy/ by the tools' own libraries
		{dir: "test/scale", kind: tool, may: append([]string{"internal/app", domain, leaf}, grounds...)}, // likewise: many processes behind a load balancer, and their books
		{dir: "test/layout", kind: tool, may: []string{"docs"}},                                          // for the anchors of headings
		{dir: "tools/bench", kind: tool},
		{dir: "tools/benchconsole", kind: tool, may: append([]string{domain, useCase, "tools/servers"}, grounds...)},     // likewise
		{dir: "tools/benchledger", kind: tool, may: append([]string{domain, "tools/servers"}, grounds...)},               // measures the rooms themselves
		{dir: "tools/benchpredictions", kind: tool, may: append([]string{domain, useCase, "tools/servers"}, grounds...)}, // likewise
		{dir: "tools/servers", kind: tool, may: []string{"internal/store"}},
		{dir: "tools/fixture", kind: tool},
		{dir: "tools/gendocs", kind: tool, may: []string{"internal/cli", "internal/config", "internal/fault"}},
		{dir: "tools/mkmodels", kind: tool},
		{dir: "tools/release", kind: tool},
	}
}

// The kinds of packages. No row may name testing: those packages are for tests.
const (
	command = "a command"
	wiring  = "the wiring"
	edge    = "an edge"
	useCase = "a use case"
	domain  = "a domain"
	adapter = "an adapter"
	shared  = "what adapters share"
	ground  = "ground"
	leaf    = "a leaf"
	data    = "data"
	testing = "a testing package"
	tool    = "a tool"
)

// consoleRooms are the parts of the console: each is a group of pages on the design
// system (ui), for who is signed in (desk).
func consoleRooms() []string {
	return []string{
		"internal/console/desk", "internal/console/developer", "internal/console/door", "internal/console/explorer",
		"internal/console/operator", "internal/console/playground", "internal/console/ui",
	}
}

func edgeMay() []string {
	return []string{
		useCase, domain, leaf, "internal/httpx", "internal/price", "internal/rawjson", "internal/secret",
	}
}

func groundMay(more ...string) []string {
	return append([]string{"internal/fault", "internal/money", "internal/telemetry"}, more...)
}

// room is one row: a package, what it is, and what it may import of ours.
type room struct {
	dir  string
	kind string
	may  []string
}

// allows reports whether product code of the room may import the other.
func (r room) allows(other room) bool {
	return slices.Contains(r.may, other.dir) || slices.Contains(r.may, other.kind)
}

// testsAllow is allows for the room's tests.
func (r room) testsAllow(other room) bool {
	return r.dir == other.dir || other.kind == testing || r.allows(other) || r.testMay(other)
}

// testMay are the arrows that tests alone may have: end-to-end tests start a
// server, and the built-in manual is what its readers are tried on.
func (r room) testMay(other room) bool {
	switch r.dir {
	case "cmd/skytower":
		return true
	case "internal/app":
		return true
	case "internal/api": // the document is made from the rows of all surfaces
		return other.kind == edge
	case "tools/gendocs":
		return other.kind == data
	case "tools/fixture": // its text must be one that store can migrate
		return other.dir == "internal/store"
	}
	return false
}
