package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"skytower/internal/skytells"
)

func TestParseExpiry(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"30d": "2026-04-27T12:00:00Z", "12h": "2026-03-29T00:00:00Z", "2w": "2026-04-11T12:00:00Z", "90m": "2026-03-28T13:30:00Z",
		"2027-01-31": "2027-01-31T00:00:00Z", "2026-03-28T14:00:00+01:00": "2026-03-28T13:00:00Z", "36500d": "2126-03-04T12:00:00Z",
		// refused
		"": "", "0d": "", "d": "", "-1d": "", "1.5d": "", "36501d": "", "99999999999999999999d": "", "4294967295w": "",
		"2026-03-28": "", "2026-02-30": "", "tomorrow": "", "30": "", "2026-03-28T12:00:00Z": "",
	} {
		got, err := parseExpiry(text, now)
		switch {
		case text == "":
			if got != nil || err != nil {
				t.Errorf("no text: %v, %v", got, err)
			}
		case want == "" && err == nil:
			t.Errorf("%s: taken as %v", text, got)
		case want != "" && (err != nil || got.UTC().Format(time.RFC3339) != want):
			t.Errorf("%s: %v, %v, want %s", text, got, err, want)
		}
	}
}

func TestParseResourcesNamesEveryMistake(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"unknown field":   {"models:\n- slugg: a", []string{`line 2: there is no "slugg" in models[0]; did you mean "slug"?`}},
		"dashes":          {"providers:\n- base-url: a", []string{`did you mean "base_url"?`}},
		"far from any":    {"providers:\n- zzzzzz: a", []string{"there are name, kind, base_url, credential, fetch_inputs, responses"}},
		"unknown top":     {"model: []", []string{`line 1: there is no "model" here; did you mean "models"?`}},
		"read only":       {"models:\n- {slug: a, open: true}", []string{"models[0].open is shown, never given"}},
		"twice":           {"models:\n- slug: a\n  free: true\n  slug: b", []string{"line 4: models[0].slug stands in line 2 already"}},
		"list wanted":     {"models: {slug: a}", []string{"line 1: models must be a list"}},
		"fields wanted":   {"models: [abc]", []string{"models[0] must hold fields, such as slug: …"}},
		"number wanted":   {"models: [{slug: a, max_output: many}]", []string{"models[0].max_output must be a whole number"}},
		"fraction":        {"models: [{slug: a, max_output: 1.5}]", []string{"models[0].max_output must be a whole number"}},
		"yes wanted":      {"models: [{slug: a, free: 3}]", []string{"models[0].free must be true or false"}},
		"text wanted":     {"models: [{slug: [a]}]", []string{"models[0].slug must be a text"}},
		"in a vendor":     {"models: [{slug: a, vendor: {nmae: b}}]", []string{`"nmae" in models[0].vendor; did you mean "name"?`}},
		"in a target":     {"models:\n- slug: a\n  targets:\n  - provder: b", []string{`line 4: there is no "provder" in models[0].targets[0]; did you mean "provider"?`}},
		"not a mapping":   {"- a", []string{"line 1: it must begin with providers:, models:"}},
		"second document": {"models: [{slug: a}]\n---\nmodles: []", []string{`line 3: there is no "modles"`}},
		"several":         {"modles: []\nproviders: 3", []string{"line 1", "line 2"}},
		"not YAML":        {"a: [", []string{"neither YAML nor JSON"}},
		"empty":           {"", []string{"no guards, providers or models"}},
		"only comments":   {"# nothing\n---\n# more\n", []string{"no guards, providers or models"}},
		"schema wanted":   {"models: [{slug: a, input_schema: object}]", []string{"line 1: models[0].input_schema must be a JSON Schema"}},
		"key in a schema": {"models:\n- slug: a\n  input_schema:\n    properties: {1: {}}", []string{"line 4: a key in models[0].input_schema must be a text"}},
		"no JSON":         {"models: [{slug: a, output_schema: {minimum: .nan}}]", []string{"models[0].output_schema must hold what JSON can hold"}},
		"amount wanted":   {"models: [{slug: a, pricing: {amount: much}}]", []string{"models[0].pricing.amount must be a decimal number of dollars"}},
		"exponent":        {"models: [{slug: a, pricing: {amount: 1e-3}}]", []string{"models[0].pricing.amount must be a decimal number of dollars"}},
		"in a price":      {"models: [{slug: a, pricing: {units: image}}]", []string{`"units" in models[0].pricing; did you mean "unit"?`}},
		"version":         {"models: [{slug: a, pricing: {version: 1}}]", []string{"models[0].pricing.version is shown, never given"}},
		"in a criterion":  {"models: [{slug: a, pricing: {criterias: [{feild: a}]}}]", []string{`"feild" in models[0].pricing.criterias[0]; did you mean "field"?`}},
		"value":           {"models: [{slug: a, pricing: {criterias: [{value: .nan}]}}]", []string{"models[0].pricing.criterias[0].value must hold what JSON can hold"}},
		"variables":       {"models: [{slug: a, pricing: {formula: {variables: [1]}}}]", []string{"models[0].pricing.formula.variables must hold names"}},
		"a variable":      {"models: [{slug: a, pricing: {formula: {variables: {x: y}}}}]", []string{"models[0].pricing.formula.variables.x must be a decimal number"}},
		"in a cost":       {"models: [{slug: a, targets: [{cost: 3}]}]", []string{"models[0].targets[0].cost must hold fields"}},
		"in a router":     {"models:\n- slug: a\n  router: {polcy: fixed}", []string{`"polcy" in models[0].router; did you mean "policy"?`}},
		"in a rule":       {"models: [{slug: a, router: {rules: [{when: {tool: true}}]}}]", []string{`"tool" in models[0].router.rules[0].when; did you mean "tools"?`}},
		"of a rule":       {"models: [{slug: a, router: {rules: [{when: {tools: 1, input_over: 1.5}}]}}]", []string{"when.tools must be true or false", "when.input_over must be a whole number"}},
		"after a merge":   {"models: [{<<: {slg: a}}]", []string{`there is no "slg"`}},
		"JSON":            {`{"models": [{"slug": 1, "fre": true}]}`, []string{`there is no "fre"`}},
		"secret not repeated": {"providers:\n- {name: a, credential: [sk-hunter2], kind: {a: sk-hunter2}}\n- sk-hunter2\n- sk-hunter2: a",
			[]string{"line 2", "line 3"}},
	} {
		_, err := parseResources([]byte(c.text))
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q lacks %q", name, err, want)
			}
		}
	}
}

func TestValuesAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"providers: [{credential: [hunter2]}]", "providers: [hunter2]", "providers: hunter2", "hunter2",
		"models: [{vendor: hunter2}]", "models: [{max_output: hunter2}]", "models: [{free: hunter2}]",
		"providers: [{credential: &a hunter2, kind: [*a]}]",
	} {
		if _, err := parseResources([]byte(text)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestParseResourcesTakes(t *testing.T) {
	t.Parallel()
	want := skytells.Resources{
		Providers: []skytells.ProviderSpec{{Name: "p", Kind: "openai", Credential: "123"}},
		Models: []skytells.ModelSpec{
			{Slug: "a", Free: true, API: "chat", Targets: []skytells.TargetSpec{{Provider: "p", Model: "m", Weight: 2}}},
			{Slug: "b", Free: true, API: "chat", Aliases: []string{"c", "1"}},
		},
	}
	for name, text := range map[string]string{
		"YAML": "providers:\n- {name: p, kind: openai, credential: 123}\nmodels:\n- &base\n  slug: a\n  free: true\n  api: chat\n  img_url:\n" +
			"  targets: [{provider: p, model: m, weight: 2}]\n- {<<: *base, slug: b, targets: , aliases: [c, 1]}",
		"documents": "---\nproviders: [{name: p, kind: openai, credential: '123'}]\n---\nmodels: [{slug: a, free: true, api: chat, " +
			"targets: [{provider: p, model: m, weight: 2}]}]\n---\n---\nmodels: [{slug: b, free: true, api: chat, aliases: [c, '1']}]",
		"JSON": `{"providers": [{"name": "p", "kind": "openai", "credential": "123"}], "models": [{"slug": "a", "free": true, "api": "chat",
			"targets": [{"provider": "p", "model": "m", "weight": 2}]}, {"slug": "b", "free": true, "api": "chat", "aliases": ["c", "1"]}]}`,
	} {
		got, err := parseResources([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got.Resources); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAliasesCannotGrowWithoutBound(t *testing.T) {
	t.Parallel()
	text := "models:\n- &m {slug: a, aliases: &l [" + strings.Repeat("x,", 2000) + "]}\n" + strings.Repeat("- *m\n", 2000)
	schema := "models:\n- {slug: a, input_schema: &s {enum: [" + strings.Repeat("x,", 2000) + "]}}\n" + strings.Repeat("- {slug: a, input_schema: *s}\n", 2000)
	for _, text := range []string{text, schema} {
		if _, err := parseResources([]byte(text)); err == nil || !strings.Contains(err.Error(), "aliases included") {
			t.Errorf("error is %.200v", err)
		}
	}
}

func TestSchemasAreWrittenAsYAML(t *testing.T) {
	t.Parallel()
	got, err := parseResources([]byte("models:\n- slug: a\n  api: prediction\n  deadline: 10m\n  concurrency: 2\n  output_schema:\n  input_schema:\n" +
		"    type: object\n    properties:\n      n: {type: integer, default: 1, enum: [1, two, null, true]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	m := got.Models[0]
	if want := `{"properties":{"n":{"default":1,"enum":[1,"two",null,true],"type":"integer"}},"type":"object"}`; string(m.InputSchema) != want || m.Deadline != "10m" || m.Concurrency != 2 {
		t.Errorf("got %+v", m)
	}
	if text, err := json.Marshal(m); err != nil || strings.Contains(string(text), `"output_schema":{`) {
		t.Errorf("sent %s %v", text, err)
	}
}

func TestPricesAreWrittenAsYAML(t *testing.T) {
	t.Parallel()
	got, err := parseResources([]byte("models:\n- slug: a\n  accounts: [acct_1]\n  edge: true\n  pricing: &p\n    amount: 0.20\n    unit: 5 seconds\n" +
		"    criterias:\n    - {field: resolution, value: 1080p, billable_price: '0.35'}\n    - {field: n, value: {a: [1, 2.5]}, billable_price: 1}\n" +
		"  targets:\n  - {provider: p, model: m, cost: {formula: {variables: {r: 0.000000001}, terms: [{megapixel_type: output, rate_key: r}]}}}\n" +
		"- slug: b\n  pricing: {<<: *p, amount: 1}\n"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got.Models)
	for _, want := range []string{
		`"pricing":{"unit":"5 seconds","amount":0.20,"criterias":[{"field":"resolution","value":"1080p","billable_price":0.35},{"field":"n","value":{"a":[1,2.5]},"billable_price":1}]}`,
		`"accounts":["acct_1"],"edge":true`, `"cost":{"formula":{"variables":{"r":0.000000001},"terms":[{"megapixel_type":"output","rate_key":"r"}]}}`,
		`"pricing":{"unit":"5 seconds","amount":1,`,
	} {
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%v, sent %s, which lacks %s", err, text, want)
		}
	}
}

func TestOnlySomeMistakesAreShown(t *testing.T) {
	t.Parallel()
	_, err := parseResources([]byte("models:\n" + strings.Repeat("- x\n", 50)))
	if err == nil || !strings.Contains(err.Error(), "and 30 more") {
		t.Errorf("error is %v", err)
	}
}

// Whatever an operator can describe survives the way through either format.
func TestResourcesSurvive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z0-9 :#'"{}\[\]ä-]{1,12}`)
		want := skytells.Resources{Models: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) skytells.ModelSpec {
			return skytells.ModelSpec{
				Slug: word.Draw(t, "slug"), Description: word.Draw(t, "description"), Free: rapid.Bool().Draw(t, "free"),
				MaxOutput: rapid.Int64Range(1, 1<<40).Draw(t, "max"), Aliases: rapid.SliceOfN(word, 1, 3).Draw(t, "aliases"),
				Targets: []skytells.TargetSpec{{Provider: word.Draw(t, "provider"), Model: word.Draw(t, "model"), Priority: rapid.Int().Draw(t, "priority")}},
			}
		}), 1, 3).Draw(t, "models")}
		asYAML, err := yaml.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseResources(asYAML)
		if diff := cmp.Diff(want, got.Resources); err != nil || diff != "" {
			t.Fatalf("%v (-want +got):\n%s\n%s", err, diff, asYAML)
		}
	})
}

func FuzzParseResources(f *testing.F) {
	for _, text := range []string{
		"", "a: [", "models: [{slug: a}]", "--- \n---\n", "providers: &a [*a]", "models: [{<<: {slug: a}}]", "? [a]\n: b", "models: !!binary aGk=",
		`{"models": [{"slug": "a", "vendor": {"name": null}}]}`, "models: [{<<: [{slug: a}, {free: true}]}]",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		resources, err := parseResources(text)
		if err == nil && resources.empty() {
			t.Error("nothing was taken for something")
		}
		if err == nil {
			if _, err := json.Marshal(resources); err != nil {
				t.Errorf("what was taken cannot be sent: %v", err)
			}
		}
	})
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	known := []string{"provider", "model", "models", "name", "id"}
	for name, want := range map[string]string{
		"provdier": "provider", "modell": "model", "modles": "models", "NAME": "name", "nme": "name", "ix": "", "zzz": "", "": "",
		strings.Repeat("provider", 100): "",
	} {
		got := didYouMean(name, known)
		if want == "" && got != "" || want != "" && got != `; did you mean "`+want+`"?` {
			t.Errorf("%.20s: %s, want %s", name, got, want)
		}
	}
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&commands{}, kong.ExplicitGroups(groups()), kong.Vars{"data": "data"})
	if err != nil {
		t.Fatal(err)
	}
	for words, want := range map[string][]string{
		"ke": {"keys"}, "conf": {"config"}, "keys ": {"create", "list", "show", "update", "rotate", "revoke"}, "keys cr": {"create"},
		"rout": {"router"}, "router ": {"show", "set", "explain"}, "router explain --i": {"--insecure", "--images", "--input-tokens"}, "ta": {"targets"},
		"keys create --n": {"--name"}, "--json keys l": {"list"}, "models import --d": {"--data", "--dry-run"},
		"providers add --kind c": {"cog"}, "providers add --kind=r": {"--kind=replicate"}, "providers add --kind = o": {"openai"}, "providers add --kind =": {"openai", "anthropic", "cog", "replicate", "skytells"},
		"limits set --surface ": {"standard", "edge"}, "usage --by mo": {"model"}, "completion z": {"zsh"}, "keys create --name ke": nil, "keys create --expires 3": nil,
		"--url x keys l": {"list"}, "--data models keys l": {"list"}, "predictions list --status f": {"failed"},
		"serve --listen": {"--listen"}, "keys list ": nil, "nothing": nil,
	} {
		if diff := cmp.Diff(want, candidates(parser.Model.Node, strings.Split(words, " "))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", words, diff)
		}
	}
	if got := candidates(parser.Model.Node, nil); len(got) < 10 {
		t.Errorf("without a word: %v", got)
	}
}

func TestKeysInErrorsAreShortened(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"unexpected argument sk-0123456789abcdefghijklmnop": "unexpected argument sk-…",
		"op-0123456789abcdefghijklmnop, did you mean":       "op-…, did you mean",
		"give the id, not the key (sk-…) itself":            "give the id, not the key (sk-…) itself",
		"the model task-0123456789abcdefghijklmnop":         "the model task-0123456789abcdefghijklmnop",
	} {
		if got := hideSecrets(text); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
}
