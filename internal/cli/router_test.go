package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"skytower/internal/skytells"
)

func routerSpec(slug, policy string, models ...string) skytells.ModelSpec {
	return skytells.ModelSpec{Slug: slug, API: "chat", Type: "text", Open: true, Router: &skytells.RouterSpec{Policy: policy, Models: models, Sticky: "auto"}}
}

func TestRouterShow(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	smart := routerSpec("smart", "balanced", "big", "small")
	smart.Aliases = []string{"auto"}
	smart.Router.Rules = []skytells.RouterRule{
		{When: skytells.RouterWhen{Tools: &yes, Images: &no, InputOver: 8000}, Policy: "fixed", Models: []string{"big"}},
		{When: skytells.RouterWhen{JSONSchema: &yes, InputUnder: 100}, Policy: "fastest"},
		{When: skytells.RouterWhen{Tools: &no}, Models: []string{"small"}},
	}
	f := newFake(t, map[string]any{"GET /models": list(
		skytells.ModelSpec{Slug: "deepbrain-router", Open: true, Managed: "built-in"}, skytells.ModelSpec{Slug: "big", Open: true}, routerSpec("all", "cheapest"), smart,
	)})
	got := f.run(t, "", "router", "show")
	want := `SLUG              STATE  POLICY    MODELS                                  STICKY  RULES  ALIASES  MANAGED BY
deepbrain-router  open   -         the default models (skytower settings)  -       -      -        built-in
all               open   cheapest  all that serve chat                     auto    -      -        -
smart             open   balanced  big,small                               auto    3      auto     -
`
	if got.code != 0 || got.stdout != want {
		t.Errorf("%+v\n%s", got, got.stdout)
	}
	want = `slug        smart
state       open
aliases     auto
policy      balanced
models      big,small
sticky      auto
rule 0      with tools, without images, input over 8000: fixed of big
rule 1      with a JSON schema, input under 100: fastest
rule 2      without tools: the router's policy of small
managed by  -
`
	for _, command := range []string{"router", "models"} {
		if got := f.run(t, "", command, "show", "smart"); got.code != 0 || got.stdout != want {
			t.Errorf("%s: %+v\n%s", command, got, got.stdout)
		}
	}
	var shown skytells.ModelSpec
	if got := f.run(t, "", "router", "show", "smart", "--json"); json.Unmarshal([]byte(got.stdout), &shown) != nil || len(shown.Router.Rules) != 3 {
		t.Errorf("%+v", got)
	}
	for slug, want := range map[string]string{"smrt": "there is no router smrt; did you mean \"smart\"?", "big": "there is no router big"} {
		if got := f.run(t, "", "router", "show", slug); got.code != 1 || !strings.Contains(got.stderr, want) {
			t.Errorf("%s: %+v", slug, got)
		}
	}
	if got := f.run(t, "", "models", "list"); !strings.Contains(got.stdout, "balanced of big,small") || !strings.Contains(got.stdout, "the default models") {
		t.Errorf("%+v", got)
	}
}

func TestRouterSet(t *testing.T) {
	t.Parallel()
	yes := true
	smart := routerSpec("smart", "balanced", "big", "small")
	smart.Description, smart.Router.Rules = "kept", []skytells.RouterRule{{When: skytells.RouterWhen{Tools: &yes}, Policy: "fastest"}}
	house := routerSpec("deepbrain-router", "cheapest")
	house.Aliases = []string{"kept"}
	for args, want := range map[string]string{
		"new --policy fixed --model big --model small --sticky user": `{"slug":"new","router":{"policy":"fixed","models":["big","small"],"sticky":"user"},"open":false}`,
		"new --policy cheapest --all-models":                         `{"slug":"new","router":{"policy":"cheapest"},"open":false}`,
		"smart --sticky off":                                         `"description":"kept","type":"text","api":"chat","router":{"policy":"balanced","models":["big","small"],"sticky":"off","rules":[{"when":{"tools":true},"policy":"fastest"}]}`,
		"smart --model small":                                        `"router":{"policy":"balanced","models":["small"],"sticky":"auto","rules"`,
		"smart --all-models --policy fastest":                        `"router":{"policy":"fastest","sticky":"auto","rules"`,
		"deepbrain-router --default":                                 `{"slug":"deepbrain-router","type":"text","api":"chat","aliases":["kept"],"open":true}`,
		"deepbrain-router --policy balanced":                         `"aliases":["kept"],"router":{"policy":"balanced","sticky":"auto"}`,
	} {
		slug, _, _ := strings.Cut(args, " ")
		f := newFake(t, map[string]any{"GET /models": list(smart, house), "PUT /models/" + slug: smart})
		got := f.run(t, "", append([]string{"router", "set"}, strings.Fields(args)...)...)
		if came := strings.Join(f.came["PUT /models/"+slug], ""); got.code != 0 || !strings.Contains(came, want) || !strings.Contains(got.stdout, "rule 0") {
			t.Errorf("%s: %+v, sent %s", args, got, came)
		}
	}
	for args, want := range map[string]string{
		"smart":                                "say what to change",
		"smart --default":                      "only deepbrain-router has a default: skytower models remove smart",
		"deepbrain-router --default --all":     "unknown flag",
		"deepbrain-router --default --model=x": "give it alone",
		"smart --model a --all-models":         "exclude each other",
		"new --model big":                      "--policy is missing: how new chooses",
		"big --policy fastest":                 "big is a model that up:big serves, not a router",
	} {
		f := newFake(t, map[string]any{"GET /models": list(smart, house, skytells.ModelSpec{Slug: "big", API: "chat", Targets: []skytells.TargetSpec{{Provider: "up", Model: "big"}}})})
		got := f.run(t, "", append([]string{"router", "set"}, strings.Fields(args)...)...)
		if got.code != 2 || !strings.Contains(got.stderr, want) {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

func TestRouterExplain(t *testing.T) {
	t.Parallel()
	rule := 1
	told := skytells.RouterExplanation{
		Asked: "auto", Router: "smart", Policy: "cheapest", Rule: &rule, Sticky: "user", Model: "small", Why: "The cheapest of 2 that can serve it.",
		Needs: skytells.RouterNeeds{Tools: true, JSONSchema: true, Input: 1200, Output: 100},
		Candidates: []skytells.RouterCandidate{
			{Model: "small", Able: true, Healthy: true, Why: "0.001 for the request", Cost: "0.001", FirstByteMS: 120.25, TokensPerSecond: 45},
			{Model: "big", Why: "serves no tools"},
		},
		Targets: []skytells.RouterTarget{{Provider: "up", Model: "inner", State: "open", Failures: 5, RetryInMS: 4000}},
	}
	f := newFake(t, map[string]any{"POST /router/explain": told})
	got := f.run(t, "", "router", "explain", "auto", "--tools", "--json-schema", "--user", "u1", "--cache-key", "k", "--output-tokens", "100", "--account", "acct_1")
	want := `model      small
why        The cheapest of 2 that can serve it.
router     smart
policy     cheapest
rule       1
sticky by  user
needs      tools, a JSON schema, about 1200 input tokens, at most 100 output tokens

CANDIDATE  ABLE  HEALTHY  COST    FIRST BYTE  TOKENS/S  WHY
small      yes   yes      $0.001  120.2 ms    45.0      0.001 for the request
big        no    no       -       -           -         serves no tools

TARGET  PROVIDER  STATE  RETRY IN   FAILURES  FIRST BYTE  TOKENS/S
inner   up        open   4000.0 ms  5         -           -
`
	if got.code != 0 || got.stdout != want {
		t.Errorf("%+v\n%s", got, got.stdout)
	}
	var sent skytells.RouterExplainRequest
	var body struct {
		Model, User    string
		CacheKey       string `json:"prompt_cache_key"`
		Most           int    `json:"max_tokens"`
		Tools          []struct{ Type string }
		ResponseFormat struct{ Type string } `json:"response_format"`
		Messages       []struct{ Content json.RawMessage }
	}
	read := func(i int) {
		t.Helper()
		body.Messages = nil
		if err := json.Unmarshal([]byte(f.came["POST /router/explain"][i]), &sent); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(sent.Request, &body); err != nil {
			t.Fatal(err)
		}
	}
	read(0)
	if sent.Account != "acct_1" || sent.API != "" || body.Model != "auto" || body.User != "u1" || body.CacheKey != "k" || body.Most != 100 ||
		len(body.Tools) != 1 || body.ResponseFormat.Type != "json_schema" || string(body.Messages[0].Content) != `"Hello"` {
		t.Errorf("sent %+v, %+v", sent, body)
	}
	f.run(t, "", "router", "explain", "auto", "--images", "--input-tokens", "3000")
	if read(1); !strings.Contains(string(body.Messages[0].Content), `"image_url"`) || len(sent.Request)/3 < 3000 || len(sent.Request)/3 > 3200 {
		t.Errorf("sent %d bytes", len(sent.Request))
	}
	file := writeFile(t, "request.json", ` {"model": "x", "input": "Hi", "store": true} `)
	f.run(t, "", "router", "explain", "--request", file)
	if sent = (skytells.RouterExplainRequest{}); true {
		read(2)
	}
	if sent.API != "responses" || string(sent.Request) != `{"input":"Hi","model":"x","store":true}` {
		t.Errorf("sent %+v", sent)
	}
	f.run(t, `{"messages":[]}`, "router", "explain", "auto", "--request", "-", "--api", "chat")
	if read(3); sent.API != "chat" || string(sent.Request) != `{"messages":[],"model":"auto"}` {
		t.Errorf("sent %s", sent.Request)
	}
	if got := f.run(t, "", "router", "explain", "auto", "--json"); !strings.Contains(got.stdout, `"candidates": [`) {
		t.Errorf("%+v", got)
	}
}

func TestExplainRefusesBeforeItAsks(t *testing.T) {
	t.Parallel()
	wrong := writeFile(t, "wrong.json", `["a"]`)
	null := writeFile(t, "null.json", `null`)
	for args, want := range map[string]string{
		"":                                "say which model",
		"x --api chat":                    "--api goes with --request",
		"--request a --tools":             "describe it there",
		"--request a --api embed":         "chat, responses or messages",
		"x --input-tokens=-1":             "below 0",
		"x --input-tokens 1000001":        "at most 1000000",
		"--request /no/where":             "read /no/where",
		"--request " + wrong:              "a request is a JSON object",
		"--request " + null:               "a request is a JSON object",
		"x --input-tokens=many":           "--input-tokens",
		"x y":                             "unexpected argument",
		"--request a --output-tokens=1 x": "describe it there",
	} {
		f := newFake(t, nil)
		got := f.run(t, "", append([]string{"router", "explain"}, strings.Fields(args)...)...)
		if got.code != 2 || !strings.Contains(got.stderr, want) || len(f.came) != 0 {
			t.Errorf("%s: %+v", args, got)
		}
	}
	f := newFake(t, map[string]any{"POST /router/explain": "The model 'x' was not found. "})
	if got := f.run(t, "", "router", "explain", "x"); got.code != 1 || !strings.Contains(got.stderr, "was not found") {
		t.Errorf("%+v", got)
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 11, 26, 10, 20, 30, 0, time.Local)
	f := newFake(t, map[string]any{"GET /targets": list(
		skytells.TargetHealth{Provider: "up", Model: "a", State: "closed", FirstByteMS: 80, TokensPerSecond: 51.26},
		skytells.TargetHealth{Provider: "up", Model: "b", State: "open", Failures: 5, Until: &until},
	)})
	want := `PROVIDER  MODEL  STATE   UNTIL     FAILURES  FIRST BYTE  TOKENS/S
up        a      closed  -         -         80.0 ms     51.3
up        b      open    10:20:30  5         -           -
`
	if got := f.run(t, "", "targets"); got.code != 0 || got.stdout != want {
		t.Errorf("%+v\n%s", got, got.stdout)
	}
	if got := f.run(t, "", "targets", "--json"); !strings.Contains(got.stdout, `"until": null`) {
		t.Errorf("%+v", got)
	}
}

func TestFeaturesAndTimesOfTargets(t *testing.T) {
	t.Parallel()
	model := skytells.ModelSpec{Slug: "one", API: "chat", Features: []string{"text"}, Targets: []skytells.TargetSpec{
		{Provider: "up", Model: "a", IdleTimeout: "1m"}, {Provider: "other", Model: "b"}, {Provider: "up", Model: "c"},
	}}
	for args, want := range map[string]string{
		"--feature tools,images":                                        `"features":["tools","images"]`,
		"--feature=":                                                    `"idle_timeout":"1m"},{"provider":"other","model":"b"},{"provider":"up","model":"c"}],"open"`,
		"--first-byte-timeout 20s --idle-timeout=":                      `"targets":[{"provider":"up","model":"a","first_byte_timeout":"20s"},{"provider":"other","model":"b","first_byte_timeout":"20s"},{"provider":"up","model":"c","first_byte_timeout":"20s"}],"features":["text"]`,
		"--first-byte-timeout 5s --target other":                        `{"provider":"up","model":"a","idle_timeout":"1m"},{"provider":"other","model":"b","first_byte_timeout":"5s"},{"provider":"up","model":"c"}`,
		"--idle-timeout 500ms --target up --first-byte-timeout= --free": `{"provider":"up","model":"a","idle_timeout":"500ms"},{"provider":"other","model":"b"},{"provider":"up","model":"c","idle_timeout":"500ms"}`,
	} {
		f := newFake(t, map[string]any{"GET /models": list(model), "PUT /models/one": model})
		got := f.run(t, "", append([]string{"models", "set", "one"}, strings.Fields(args)...)...)
		if came := strings.Join(f.came["PUT /models/one"], ""); got.code != 0 || !strings.Contains(came, want) {
			t.Errorf("%s: %+v, sent %s", args, got, came)
		}
	}
	for args, want := range map[string]string{
		"--target up":                         "--target goes with",
		"--idle-timeout 20":                   "a time such as 20s",
		"--idle-timeout 20s --target upp":     "no target of the provider upp; did you mean \"up\"?",
		"--idle-timeout 20s --target=nowhere": "no target of the provider nowhere",
	} {
		f := newFake(t, map[string]any{"GET /models": list(model)})
		if got := f.run(t, "", append([]string{"models", "set", "one"}, strings.Fields(args)...)...); got.code == 0 || !strings.Contains(got.stderr, want) {
			t.Errorf("%s: %+v", args, got)
		}
	}
	f := newFake(t, map[string]any{"GET /models": list(model, skytells.ModelSpec{Slug: "none"})})
	if got := f.run(t, "", "models", "set", "none", "--idle-timeout", "1s"); got.code != 1 || !strings.Contains(got.stderr, "none has no targets") {
		t.Errorf("%+v", got)
	}
	got := f.run(t, "", "models", "show", "one")
	want := `slug      one
state     waiting
api       chat
features  text
edge      no

PROVIDER  MODEL  PRIORITY  WEIGHT  FIRST BYTE TIMEOUT  IDLE TIMEOUT  FETCH INPUTS  COST
up        a      0         0       -                   1m            -             -
other     b      0         0       -                   -             -             -
up        c      0         0       -                   -             -             -
`
	if got.code != 0 || got.stdout != want {
		t.Errorf("%+v\n%s", got, got.stdout)
	}
}
