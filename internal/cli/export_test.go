package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/skytells"
)

func TestExportedFilesAreTakenBack(t *testing.T) {
	t.Parallel()
	hundred := int64(100)
	want := resourceFile{
		Resources: skytells.Resources{
			Providers: []skytells.ProviderSpec{{Name: "vllm", Kind: "openai", Credential: "set"}, {Name: "other", Kind: "openai", Credential: "env:KEY"}},
			Models: []skytells.ModelSpec{
				{Slug: "priced", Pricing: &skytells.PricingSpec{Input: "100", Output: "0.25", Criterias: []skytells.CriterionSpec{{Field: "size", Value: "100", BillablePrice: "1"}}}},
				{Slug: "schemed", InputSchema: skytells.Schema(`{"properties":{"a":{"type":"string"}}}`)},
				{Slug: "router", Router: &skytells.RouterSpec{Policy: "cheapest", Models: []string{"priced"}}},
			},
		},
		Settings: &skytells.Settings{DefaultChat: "priced"},
		Limits:   []skytells.LimitRule{{Account: "acct_1", Route: "chat", Requests: &hundred}},
	}
	text, err := want.yaml("http://127.0.0.1", "test")
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := asJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string][]byte{"YAML": text, "JSON": asJSON} {
		got, err := parseResources(text)
		if err != nil {
			t.Fatalf("%s: %v\n%s", form, err, text)
		}
		got.settings = nil
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(resourceFile{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%s", form, diff, text)
		}
	}
	for _, part := range []string{"input: 100\n", `value: "100"`, "credential: set # ", "env:VLLM_API_KEY", "credential: env:KEY # a variable"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
}

func TestWhatIsBuiltInStaysOut(t *testing.T) {
	t.Parallel()
	local := []skytells.TargetSpec{{Provider: "local", Model: "docs"}}
	for name, c := range map[string]struct {
		model skytells.ModelSpec
		want  string
	}{
		"untouched":        {skytells.ModelSpec{Slug: "docs", Managed: "built-in", Free: true, Targets: local}, ""},
		"offline":          {skytells.ModelSpec{Slug: "docs", Managed: "fleet.yml", Free: true, Offline: true, Targets: local}, `{"slug":"docs","offline":true,"open":false}`},
		"router untouched": {skytells.ModelSpec{Slug: defaultRouter, Managed: "built-in", Name: "x"}, ""},
		"in the process":   {skytells.ModelSpec{Slug: "say", Managed: "process file"}, ""},
		"of a person":      {skytells.ModelSpec{Slug: "m", Open: true, Pricing: &skytells.PricingSpec{Amount: "1", Version: 7}}, `{"slug":"m","pricing":{"amount":1},"open":false}`},
	} {
		m, ok := exported(c.model)
		got, err := json.Marshal(m)
		if ok != (c.want != "") || err != nil || ok && string(got) != c.want {
			t.Errorf("%s: %v, %s, want %s", name, ok, got, c.want)
		}
	}
}
