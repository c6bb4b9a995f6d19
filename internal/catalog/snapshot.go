package catalog

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"skytower/internal/price"
	"skytower/internal/skytells"
)

// Credential is an upstream's secret in memory. It hides itself from everything
// that prints; Reveal gives it.
type Credential string

const redacted = "[redacted]"

// String hides the credential; an empty one shows as such.
func (c Credential) String() string {
	if c == "" {
		return ""
	}
	return redacted
}

// GoString hides the credential from %#v.
func (c Credential) GoString() string { return `"` + c.String() + `"` }

// MarshalText hides the credential from JSON and YAML.
func (c Credential) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// LogValue hides the credential from slog.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Reveal is the secret itself, for the adapter that sends it.
func (c Credential) Reveal() string { return string(c) }

// Provider is an upstream as adapters are built from it.
type Provider struct {
	Name        string
	Kind        string // adapter: openai, cog, replicate, skytells, command, local
	BaseURL     string // without a slash at its end; "" for command and local
	Credential  Credential
	Responses   string // auto, native, chat
	FetchInputs Policy // of targets that name none; never ""
	// Broken says why the provider can't be used, for operators; "" when it can.
	Broken string
}

// Target is one way to serve a model.
type Target struct {
	Name        string // provider/upstream name: unique over all models
	Provider    string
	Model       string       // the upstream's name of it
	Priority    int          // lower is tried first
	Weight      int          // share among equal priorities; at least 1
	FetchInputs Policy       // never ""
	Cost        *price.Price // what the upstream takes; nil: not known
	// FirstByte and Idle bound the waits for its answer; 0: the server's settings.
	FirstByte, Idle time.Duration
}

// Model is a model in a snapshot. It must not be changed.
type Model struct {
	Slug    string
	API     string // Chat, Embeddings or Prediction; "" while it is not known
	Aliases []string
	// Targets stand in order of priority.
	Targets []Target
	Free    bool
	Price   *price.Price // nil: free
	Open    bool         // callers can use it: it has a type, an api, a target, and is free or has a price
	Private bool         // only accounts that it was granted to see it
	Edge    bool         // the edge surface serves it too
	Offline bool         // shown, but not served
	Builtin bool
	Router  bool // stands for other models: Resolve never returns it as the model
	// Choice is how a router chooses by the request; nil: of no router, or of one that
	// stands for one model only.
	Choice *Choice
	// Features are what requests it can serve; 0: not known.
	Features      Features
	MaxOutput     int64
	ContextLength int64
	Created       time.Time
	Cache         *Caching   // of its answers; nil: only where the request asks for it
	Definition    Definition // of its spec, price, targets' providers and guards

	// Of a prediction model:
	InputSchema, OutputSchema json.RawMessage // nil: none
	Deadline                  time.Duration   // of one run
	Concurrency               int             // runs at the same time; 0: no bound of its own
	OnMachine                 bool            // its work is done by this machine's own processors

	// Guards look at its prompts and answers, in this order; nil: none does.
	Guards []*Guard

	input *inputSchema // of InputSchema; nil: any object will do

	accounts map[string]bool // that may use it where it is private

	card                  skytells.Model
	cardDoc               []byte // card as JSON
	openDoc               []byte // the OpenAI form as JSON
	inputCard, outputCard []byte // schemas in the form of contract 5.3
}

// Card is the model object of contract 5.3, without schemas.
func (m *Model) Card() skytells.Model { return m.card }

// CardJSON is Card as JSON. The caller must not change it.
func (m *Model) CardJSON() []byte { return m.cardDoc }

// OpenAIJSON is the model as OpenAI clients read it (contract 15.8). The caller
// must not change it.
func (m *Model) OpenAIJSON() []byte { return m.openDoc }

// SchemaJSON gives a prediction model's schemas in the form of contract 5.3; nil where it
// has none. The caller must not change them.
func (m *Model) SchemaJSON() (input, output []byte) { return m.inputCard, m.outputCard }

// Snapshot is the whole catalogue at one moment.
type Snapshot struct {
	revision  int64
	exact     map[string]*Model // by slug and alias
	folded    map[string]*Model // likewise, in lower case
	open      []*Model          // by slug
	guards    []*Guard          // by name
	providers []Provider        // by name
	chat      *Model            // behind the router; nil where nothing is
	embedding *Model
	schemas   map[string]*inputSchema // by slug

	granted map[string]bool // accounts with a private model
	public  view            // of those who see what everybody does
	views   views           // of others
}

// Providers returns all providers, by name, broken ones included.
func (s *Snapshot) Providers() []Provider { return slices.Clone(s.providers) }

// Provider returns one provider by its name.
func (s *Snapshot) Provider(name string) (Provider, bool) {
	i, ok := slices.BinarySearchFunc(s.providers, name, func(p Provider, name string) int { return cmp.Compare(p.Name, name) })
	if !ok {
		return Provider{}, false
	}
	return s.providers[i], true
}

// build makes a snapshot of what is stored and built in. A provider that can't
// be used does not fail it.
func (c *Catalog) build(ctx context.Context, st *state) (*Snapshot, error) {
	s := &Snapshot{revision: st.revision, exact: map[string]*Model{}, folded: map[string]*Model{}, schemas: map[string]*inputSchema{}, granted: map[string]bool{}}
	old := c.current.Load()
	for _, name := range sortedKeys(st.providers) {
		s.providers = append(s.providers, c.buildProvider(ctx, st.providers[name]))
	}
	c.buildGuards(s, st, old)
	var models []*Model
	for _, slug := range sortedKeys(st.models) {
		m, err := s.buildModel(st.models[slug], old)
		if err != nil {
			return nil, err
		}
		models = append(models, m)
	}
	s.add(models)
	slices.SortFunc(s.open, func(a, b *Model) int { return cmp.Compare(a.Slug, b.Slug) })
	s.chat = s.defaultFor(Chat, st.chosen[Chat], fallbackChat)
	s.embedding = s.defaultFor(Embeddings, st.chosen[Embeddings], fallbackEmbeddings)
	if err := s.describeRouters(); err != nil {
		return nil, err
	}
	s.public = s.newView(Viewer{})
	return s, nil
}

// add gives every name its model. What is stored has no two models of one name,
// but a new version of the server may bring a built-in one whose name is taken:
// slugs go before aliases then.
func (s *Snapshot) add(models []*Model) {
	for _, m := range models {
		s.name(m.Slug, m)
		if m.Open {
			s.open = append(s.open, m)
		}
		for account := range m.accounts {
			s.granted[account] = s.granted[account] || m.Open && m.Private
		}
	}
	for _, m := range models {
		for _, alias := range m.Aliases {
			s.name(alias, m)
		}
	}
}

func (s *Snapshot) name(name string, m *Model) {
	if s.folded[fold(name)] == nil {
		s.exact[name], s.folded[fold(name)] = m, m
	}
}

// defaultFor is the model behind the router: the chosen one while it can be
// called, else the built-in one, so that the router always resolves.
func (s *Snapshot) defaultFor(api, chosen, fallback string) *Model {
	for _, slug := range []string{chosen, fallback} {
		if m := s.exact[slug]; m != nil && m.API == api && m.Open && !m.Private && !m.Offline && !m.Router {
			return m
		}
	}
	return s.exact[fallback]
}

func (c *Catalog) buildProvider(ctx context.Context, r providerRecord) Provider {
	p := Provider{
		Name: r.spec.Name, Kind: r.spec.Kind, BaseURL: r.spec.BaseURL,
		Responses: r.spec.Responses, FetchInputs: Policy(r.spec.FetchInputs),
	}
	if p.FetchInputs == "" {
		ctx, cancel := context.WithTimeout(ctx, fetchDefaultTimeout)
		defer cancel()
		p.FetchInputs = c.fetchDefaultOf(ctx, p)
	}
	credential, err := c.credential(r)
	if err != nil {
		p.Broken = err.Error()
	}
	p.Credential = credential
	return p
}

func (c *Catalog) fetchDefaultOf(ctx context.Context, p Provider) Policy {
	switch p.Kind {
	case LocalProvider, LlamaProvider:
		return FetchPass // they fetch nothing
	case CommandProvider:
		return FetchProxy
	}
	return c.fetchDefault(ctx, p.BaseURL)
}

// credential reads or opens a provider's secret. Its errors name the place, never
// the secret.
func (c *Catalog) credential(r providerRecord) (Credential, error) {
	switch {
	case r.sealed != "":
		plain, err := c.sealer.Open(r.sealed, sealContext(r.spec.Name))
		return Credential(plain), err
	case r.spec.Credential != "":
		text, err := c.resolve(r.spec.Credential)
		if err != nil {
			return "", err
		}
		return Credential(text), nil
	}
	return "", nil
}

// sealContext binds a sealed credential to its provider.
func sealContext(provider string) []byte { return []byte("provider:" + provider) }

func (s *Snapshot) buildModel(r modelRecord, old *Snapshot) (*Model, error) {
	spec := r.spec
	m := &Model{
		Slug: spec.Slug, API: spec.API, Aliases: slices.Clone(spec.Aliases), Free: spec.Free, Open: isOpen(spec),
		Private: spec.Privacy == "private", Edge: spec.Edge, Offline: spec.Offline, Builtin: r.builtin,
		MaxOutput: spec.MaxOutput, ContextLength: spec.ContextLength, Created: r.created, Features: featuresOf(spec.Features),
	}
	if isRouter(spec) {
		m.Router, m.Free, m.Choice = true, true, choiceOf(spec.Router)
		if m.Choice == nil {
			m.API = "" // it follows the defaults of several
		}
	}
	if len(spec.Accounts) > 0 {
		m.accounts = map[string]bool{}
	}
	for _, account := range spec.Accounts {
		m.accounts[account] = true
	}
	for _, t := range spec.Targets {
		target := Target{
			Name: t.Provider + "/" + t.Model, Provider: t.Provider, Model: t.Model, Priority: t.Priority, Weight: t.Weight, FetchInputs: s.policyFor(spec.API, t),
			FirstByte: timeoutOf(t.FirstByteTimeout), Idle: timeoutOf(t.IdleTimeout),
		}
		if t.Cost != nil { // one that can't be read is not known
			target.Cost, _ = parsePrice(*t.Cost, 0)
		}
		m.Targets = append(m.Targets, target)
	}
	if spec.Pricing != nil {
		var err error
		if m.Price, err = parsePrice(*spec.Pricing, r.priceVersion); err != nil {
			m.Open = false // never for nothing
		}
	}
	slices.SortStableFunc(m.Targets, func(a, b Target) int { return cmp.Compare(a.Priority, b.Priority) })
	if spec.API == Prediction {
		s.buildPrediction(m, spec, old)
	}
	m.Guards = s.guardsOf(spec)
	m.card = cardOf(spec)
	m.Cache = cachingOf(spec.Cache)
	m.Definition = definitionOf(spec, r.priceVersion, s.servers(spec), specsOf(m.Guards))
	return m, m.encode()
}

// servers are the providers of a model's targets, without their credentials.
func (s *Snapshot) servers(spec skytells.ModelSpec) []Provider {
	var all []Provider
	for _, t := range spec.Targets {
		if p, ok := s.Provider(t.Provider); ok {
			p.Credential, p.Broken = "", ""
			all = append(all, p)
		}
	}
	return all
}

// policyFor is what happens to addresses in inputs on their way to a target.
func (s *Snapshot) policyFor(api string, t skytells.TargetSpec) Policy {
	if t.FetchInputs != "" {
		return Policy(t.FetchInputs)
	}
	p, ok := s.Provider(t.Provider)
	if api == Prediction && onMachine(p.Kind) {
		return FetchProxy // it can fetch nothing itself
	}
	if !ok {
		return FetchProxy
	}
	return p.FetchInputs
}

// onMachine reports whether providers of the kind work on this machine's processors.
func onMachine(kind string) bool { return kind == LocalProvider || kind == CommandProvider }

// buildPrediction fills in what a prediction model has beyond others. A compiled schema
// is taken over from the snapshot before where its text is the same.
func (s *Snapshot) buildPrediction(m *Model, spec skytells.ModelSpec, old *Snapshot) {
	m.InputSchema, m.OutputSchema = json.RawMessage(spec.InputSchema), json.RawMessage(spec.OutputSchema)
	m.inputCard, m.outputCard = inputCard(spec.InputSchema), outputCard(spec.OutputSchema)
	m.Deadline, m.Concurrency = deadlineOf(spec.Deadline), spec.Concurrency
	if len(m.Targets) > 0 {
		p, _ := s.Provider(m.Targets[0].Provider)
		m.OnMachine = onMachine(p.Kind)
	}
	if len(spec.InputSchema) == 0 {
		return
	}
	if old != nil {
		if was := old.schemas[spec.Slug]; was != nil && was.text == string(spec.InputSchema) {
			m.input = was
		}
	}
	if m.input == nil {
		var err error
		if m.input, err = newInputSchema(spec.InputSchema); err != nil {
			m.input = &inputSchema{text: string(spec.InputSchema), broken: fmt.Errorf("input_schema of %s %w", spec.Slug, err)}
		}
	}
	s.schemas[spec.Slug] = m.input
}

// isOpen reports whether callers may see and use a model: it has a type, serves
// some route, and is a router, or has a target and is free or has a price.
func isOpen(m skytells.ModelSpec) bool {
	return m.Type != "" && m.API != "" && (isRouter(m) || len(m.Targets) > 0 && (m.Free || m.Pricing != nil))
}
