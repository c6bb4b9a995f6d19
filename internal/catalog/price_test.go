package catalog_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/price"
	"skytower/internal/skytells"
	"skytower/internal/skytells/skytellstest"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// priced is a model with a price, written as operators write it.
func priced(t testing.TB, slug, api, pricing string) skytells.ModelSpec {
	t.Helper()
	m := model(slug, api)
	m.Free, m.Pricing = false, &skytells.PricingSpec{}
	if api == catalog.Prediction {
		m.Type = "image"
	}
	if err := yaml.Unmarshal([]byte(pricing), m.Pricing); err != nil {
		t.Fatalf("%s: %v", pricing, err)
	}
	return m
}

// catalogWith holds the models, served by the provider up.
func catalogWith(t testing.TB, db *store.DB, models ...skytells.ModelSpec) *catalog.Catalog {
	t.Helper()
	c := open(t, db)
	apply(t, c, skytells.ApplyRequest{Resources: skytells.Resources{Providers: []skytells.ProviderSpec{upstream("up")}, Models: models}})
	return c
}

func resolved(t testing.TB, c *catalog.Catalog, slug, api string) *catalog.Model {
	t.Helper()
	r, err := c.Resolve(slug, catalog.Viewer{}, api)
	if err != nil {
		t.Fatal(err)
	}
	return r.Model
}

// The sample prices of contract 12, and every further way to write one.
func TestPrices(t *testing.T) {
	t.Parallel()
	const dollar = 1_000_000_000
	c := catalogWith(t, storetest.Open(t, storetest.SQLite(t)), model("free", "chat"))
	for i, tc := range []struct {
		api, pricing string
		want         price.Price
	}{
		{"prediction", `{amount: 0.03, unit: image, currency: USD}`, price.Price{Unit: "image", Rate: 30_000_000}},
		{"prediction", `{amount: 0.196, unit: second, on_cancel: full}`, price.Price{Unit: "second", Rate: 196_000_000, OnCancel: "full"}},
		{"prediction", `{amount: "1.12", unit: prediction, hold: 2}`, price.Price{Unit: "prediction", Rate: 1_120_000_000, Hold: 2 * dollar}},
		{"prediction", `{amount: 0.008, unit: computing_second, request: 0.001}`, price.Price{Unit: "computing_second", Rate: 8_000_000, Request: 1_000_000}},
		{"chat", `{input: 0.50, output: 1.25}`, price.Price{Unit: "million_token", Input: dollar / 2, Cached: dollar / 2, Output: 1_250_000_000, Reasoning: 1_250_000_000}},
		{"chat", `{input: 0.5, output: 1.25, cached_input: 0.05, reasoning: 0, request: 0.01}`,
			price.Price{Unit: "million_token", Input: dollar / 2, Cached: 50_000_000, Output: 1_250_000_000, Request: 10_000_000}},
		{"chat", `{amount: 2}`, price.Price{Unit: "million_token", Input: 2 * dollar, Cached: 2 * dollar, Output: 2 * dollar, Reasoning: 2 * dollar}},
		{"chat", `{amount: 0.000000000000001, unit: token}`, price.Price{Unit: "token", Input: 1, Cached: 1, Output: 1, Reasoning: 1}},
		{"chat", `{request: 0.01}`, price.Price{Unit: "prediction", Request: 10_000_000}},
		{"embeddings", `{input: 0.02}`, price.Price{Unit: "million_token", Input: 20_000_000, Cached: 20_000_000}},
		{"prediction", `{amount: 0.20, unit: video_second, criterias: [{field: resolution, operator: "==", value: 1080p, billable_price: 0.35}, {field: fast, value: true, billable_price: 1, unit: prediction}]}`,
			price.Price{Unit: "video_second", Rate: 200_000_000, Criteria: []price.Criterion{
				{Field: "resolution", Value: `"1080p"`, Rate: 350_000_000, Unit: "video_second"}, {Field: "fast", Value: `true`, Rate: dollar, Unit: "prediction"},
			}}},
		{"prediction", `{formula: {variables: {in: 0.015, out: 0.03}, terms: [{megapixel_type: input, rate_key: in}, {megapixel_type: output, rate_key: out, megapixels_key: mp}]}}`,
			price.Price{Unit: "megapixel", Formula: &price.Formula{Terms: []price.Term{{Of: "input", Rate: 15_000_000}, {Of: "output", Rate: 30_000_000}}}}},
	} {
		slug := fmt.Sprintf("m%d", i)
		if _, err := c.PutModel(t.Context(), priced(t, slug, tc.api, tc.pricing), actor); err != nil {
			t.Fatalf("%s: %v", tc.pricing, err)
		}
		m := resolved(t, c, slug, tc.api)
		tc.want.Version = int64(i + 1)
		if tc.want.OnCancel == "" {
			tc.want.OnCancel = price.Used
		}
		if diff := cmp.Diff(&tc.want, m.Price); diff != "" || m.Free || !m.Open {
			t.Errorf("%s: free %v, open %v, %s", tc.pricing, m.Free, m.Open, diff)
		}
		card := skytellstest.Model(t, m.CardJSON())
		if !card.Billable || card.Pricing == nil || card.Pricing.Unit != tc.want.Unit {
			t.Errorf("%s: card %s", tc.pricing, m.CardJSON())
		}
	}
	if m := resolved(t, c, "free", "chat"); m.Price != nil || strings.Contains(string(m.CardJSON()), "pricing") {
		t.Errorf("what is free has the price %+v", m.Price)
	}
}

func TestPricesThatAreRefused(t *testing.T) {
	t.Parallel()
	c := catalogWith(t, storetest.Open(t, storetest.SQLite(t)))
	for _, tc := range []struct{ api, pricing, path, text string }{
		{"prediction", `{}`, "pricing.unit", "is missing"},
		{"prediction", `{amount: 1}`, "pricing.unit", "is missing"},
		{"prediction", `{amount: 1, unit: picture}`, "pricing.unit", "'picture' is not one of"},
		{"prediction", `{unit: image}`, "pricing.amount", "is missing"},
		{"prediction", `{amount: 1, unit: image, currency: EUR}`, "pricing.currency", "USD"},
		{"prediction", `{amount: 0.0000000001, unit: image}`, "pricing.amount", "at most 9 decimals"},
		{"prediction", `{amount: -1, unit: image}`, "pricing.amount", "dollars from 0"},
		{"prediction", `{amount: 10000000000, unit: image}`, "pricing.amount", "dollars from 0"},
		{"prediction", `{amount: 1, unit: image, input: 1}`, "pricing.input", "the unit is 'image'"},
		{"prediction", `{amount: 1, unit: image, on_cancel: maybe}`, "pricing.on_cancel", "none, used, full"},
		{"prediction", `{amount: 1, unit: image, criterias: [{value: 1, billable_price: 1}]}`, "pricing.criterias[0].field", "field of the input"},
		{"prediction", `{amount: 1, unit: image, criterias: [{field: a, billable_price: 1}]}`, "pricing.criterias[0].value", "is missing"},
		{"prediction", `{amount: 1, unit: image, criterias: [{field: a, value: 1}]}`, "pricing.criterias[0].billable_price", "is missing"},
		{"prediction", `{amount: 1, unit: image, criterias: [{field: a, value: 1, billable_price: 1, unit: x}]}`, "pricing.criterias[0].unit", "'x' is not one of"},
		{"prediction", `{amount: 1, unit: image, criterias: [{field: a, value: 1, billable_price: 1, operator: above}]}`, "pricing.criterias[0].operator", "equals"},
		{"prediction", `{formula: {variables: {a: 1}, terms: []}}`, "pricing.formula.terms", "1 to 64"},
		{"prediction", `{formula: {variables: {a: 1}, terms: [{megapixel_type: output, rate_key: b}]}}`, "pricing.formula.terms[0].rate_key", "no variable is called 'b'"},
		{"prediction", `{formula: {variables: {a: 1}, terms: [{megapixel_type: out, rate_key: a}]}}`, "pricing.formula.terms[0].megapixel_type", "'out' is not one of input, output"},
		{"prediction", `{formula: {variables: {a: -1}, terms: [{megapixel_type: output, rate_key: a}]}}`, "pricing.formula.variables.a", "dollars from 0"},
		{"prediction", `{unit: image, amount: 1, formula: {variables: {a: 1}, terms: [{megapixel_type: output, rate_key: a}]}}`, "pricing.formula", "counts megapixels"},
		{"prediction", `{criterias: [{field: a, value: 1, billable_price: 1}], formula: {variables: {a: 1}, terms: [{megapixel_type: output, rate_key: a}]}}`, "pricing.criterias", "beside a formula"},
		{"chat", `{amount: 1, unit: image}`, "pricing.unit", "priced by tokens"},
		{"chat", `{amount: 1, unit: prediction}`, "pricing.unit", "priced by tokens"},
		{"chat", `{input: 1}`, "pricing.output", "is missing"},
		{"chat", `{output: 1}`, "pricing.input", "is missing"},
		{"chat", `{input: 1, output: 1, amount: 1}`, "pricing.input", "beside amount"},
		{"chat", `{unit: token, input: 0.000001, output: 0.000002}`, "pricing.input", "set unit to million_token"},
		{"chat", `{unit: token}`, "pricing.amount", "is missing"},
		{"chat", `{input: 1, output: 1, hold: 1}`, "pricing.hold", "'prediction' only"},
		{"chat", `{input: 1, output: 1, on_cancel: full}`, "pricing.on_cancel", "'prediction' only"},
		{"embeddings", `{input: 1, criterias: [{field: a, value: 1, billable_price: 1}]}`, "pricing.criterias", "'prediction' only"},
	} {
		_, err := c.Apply(t.Context(), skytells.ApplyRequest{Resources: skytells.Resources{Models: []skytells.ModelSpec{
			model("fine", "chat"), priced(t, "bad", tc.api, tc.pricing),
		}}}, actor)
		if e := wantFault(t, err, fault.InvalidParameter, 400, tc.text); !strings.Contains(e.Message, "models[1]."+tc.path+":") {
			t.Errorf("%s: %s", tc.pricing, e.Message)
		}
	}
	both := priced(t, "both", "chat", `{input: 1, output: 1}`)
	both.Free = true
	_, err := c.PutModel(t.Context(), both, actor)
	if e := wantFault(t, err, fault.InvalidParameter, 400, "not both"); e.Param != "free" {
		t.Errorf("at %s", e.Param)
	}
	bad := model("bad", "chat")
	bad.Accounts, bad.Targets[0].Cost = []string{"acct_1", "someone"}, &skytells.PricingSpec{Amount: "1", Unit: "image", Hold: "1"}
	_, err = c.PutModel(t.Context(), bad, actor)
	for _, path := range []string{"accounts[1]: 'someone'", "targets[0].cost.hold: ", "targets[0].cost.unit: a model of api 'chat'"} {
		wantFault(t, err, fault.InvalidParameter, 400, path)
	}
	builtin := model("skytower-docs", "chat")
	builtin.Free, builtin.Targets, builtin.Pricing = false, nil, &skytells.PricingSpec{Input: "1", Output: "1"}
	_, err = c.PutModel(t.Context(), builtin, actor)
	wantFault(t, err, fault.InvalidParameter, 409, "pricing: 'skytower-docs' is built in")
}

func TestEveryPriceStays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := catalogWith(t, db, priced(t, "m", "chat", `{input: 0.50, output: 1.25}`))
		put := func(m skytells.ModelSpec) skytells.ModelSpec {
			t.Helper()
			m, err := c.PutModel(t.Context(), m, actor)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		first := put(priced(t, "m", "chat", `{input: 0.5, output: "1.250", unit: million_token}`)) // the same, written otherwise
		if first.Pricing.Version != 1 || first.Pricing.Input != "0.5" || first.Pricing.Currency != "USD" {
			t.Errorf("the same price is %+v", first.Pricing)
		}
		first.Description = "another text"
		if same := put(first); same.Pricing.Version != 1 { // what was read can be written back
			t.Errorf("a changed text made version %d", same.Pricing.Version)
		}
		put(priced(t, "other", "prediction", `{amount: 0.1, unit: image, criterias: [{field: n, value: 2, billable_price: 0.15}]}`))
		if dearer := put(priced(t, "m", "chat", `{input: 1, output: 2}`)); dearer.Pricing.Version != 3 {
			t.Errorf("the dearer price is version %d", dearer.Pricing.Version)
		}
		put(model("m", "chat"))
		if m := resolved(t, c, "m", "chat"); m.Price != nil || !m.Free {
			t.Errorf("the free model has the price %+v", m.Price)
		}
		if again := put(priced(t, "m", "chat", `{input: 1, output: 2}`)); again.Pricing.Version != 4 {
			t.Errorf("a price that came back is version %d", again.Pricing.Version)
		}
		if err := c.DeleteModel(t.Context(), "m", actor); err != nil {
			t.Fatal(err)
		}
		history, err := c.Prices(t.Context(), "m")
		if err != nil || len(history) != 3 || history[0].Version != 4 || history[2].Version != 1 ||
			history[2].Pricing.Output != "1.25" || history[2].Pricing.Version != 1 || history[0].Actor != actor || history[0].CreatedAt.IsZero() {
			t.Errorf("history %+v, %v", history, err)
		}
		fresh := open(t, db) // another process, which has cached nothing
		for version, want := range map[int64]int64{1: 500_000_000, 3: 1_000_000_000, 4: 1_000_000_000} {
			for range 2 {
				p, err := fresh.PriceAt(t.Context(), version)
				if err != nil || int64(p.Input) != want || p.Version != version {
					t.Errorf("version %d: %+v, %v", version, p, err)
				}
			}
		}
		if m := resolved(t, fresh, "other", "prediction"); m.Price.Version != 2 || m.Price.Criteria[0].Value != "2" {
			t.Errorf("another process sees %+v", m.Price)
		}
		if p, err := fresh.PriceAt(t.Context(), 0); p != nil || err != nil {
			t.Errorf("version 0: %+v, %v", p, err)
		}
		_, err = fresh.PriceAt(t.Context(), 99)
		wantFault(t, err, fault.InvalidParameter, 404, "version 99")
		_, err = c.Prices(t.Context(), "never")
		wantFault(t, err, fault.ModelNotFound, 404, "never")
		if none, err := c.Prices(t.Context(), "skytower-docs"); err != nil || len(none) != 0 {
			t.Errorf("of a built-in model: %+v, %v", none, err)
		}
	})
}

func TestApplyOfPricesIsIdempotent(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		m := priced(t, "m", "prediction", `{amount: 0.20, unit: video_second, request: 0.010, hold: 5, on_cancel: none,
			criterias: [{field: resolution, value: 1080p, billable_price: 0.350, description: Large}, {field: x, value: {b: [1, 2.5], a: null}, billable_price: 1, unit: gpu}]}`)
		m.Privacy, m.Accounts, m.Edge = "private", []string{"acct_b", "acct_a", "acct_b"}, true
		m.Targets[0].Cost = &skytells.PricingSpec{Amount: "0.10", Unit: "video_second"}
		f := priced(t, "f", "prediction", `{amount: 0.03, formula: {description: d, type: t, variables: {a: 0.010}, terms: [{megapixel_type: output, megapixels_key: mp, rate_key: a}], result_key: r}}`)
		request := skytells.ApplyRequest{Source: "prices.yaml", Resources: skytells.Resources{
			Providers: []skytells.ProviderSpec{upstream("up")}, Models: []skytells.ModelSpec{m, f},
		}}
		c := open(t, db)
		apply(t, c, request)
		again := apply(t, c, request)
		want := []string{"provider up unchanged", "model m unchanged", "model f unchanged"}
		if diff := cmp.Diff(want, actions(again)); diff != "" {
			t.Error(diff, again)
		}
		models, err := c.Models(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var shown skytells.ModelSpec
		for _, one := range models {
			if one.Slug == "m" {
				shown = one
			}
		}
		if diff := cmp.Diff([]string{"acct_a", "acct_b"}, shown.Accounts); diff != "" || !shown.Edge || !shown.Open || shown.Targets[0].Cost.Amount != "0.1" {
			t.Errorf("%s %+v", diff, shown)
		}
		text, err := yaml.Marshal(shown.Pricing) // what is shown can be applied
		if err != nil {
			t.Fatal(err)
		}
		request.Resources.Models[0].Pricing = &skytells.PricingSpec{}
		if err := yaml.Unmarshal(text, request.Resources.Models[0].Pricing); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if diff := cmp.Diff(want, actions(apply(t, c, request))); diff != "" {
			t.Error(diff)
		}
		request.DryRun = true
		request.Resources.Models[0].Pricing.Amount = "0.25"
		changed := apply(t, c, request)
		if got := changed.Changes[1]; got.Action != "update" || len(got.Fields) != 1 || !strings.HasPrefix(got.Fields[0], `pricing: {"currency":"USD","unit":"video_second","amount":0.2,`) {
			t.Errorf("the diff is %+v", got)
		}
		if history, err := c.Prices(t.Context(), "m"); err != nil || len(history) != 1 {
			t.Errorf("a dry run and repetitions left %d versions, %v", len(history), err)
		}
		if got := resolvedBy(t, c, "m", "acct_a"); int64(got.Targets[0].Cost.Rate) != 100_000_000 || got.Targets[0].Cost.Version != 0 {
			t.Errorf("cost %+v", got.Targets[0].Cost)
		}
	})
}

func resolvedBy(t testing.TB, c *catalog.Catalog, slug, account string) *catalog.Model {
	t.Helper()
	r, err := c.Resolve(slug, catalog.Viewer{Account: account}, catalog.Prediction)
	if err != nil {
		t.Fatal(err)
	}
	return r.Model
}

func TestCardsOfPrices(t *testing.T) {
	t.Parallel()
	c := catalogWith(t, storetest.Open(t, storetest.SQLite(t)),
		priced(t, "tokens", "chat", `{input: 0.50, output: 1.25, cached_input: 0.05}`),
		priced(t, "video", "prediction", `{amount: 0.20, unit: video_second, criterias: [{field: resolution, description: 1080p output, operator: "==", value: 1080p, billable_price: 0.35}]}`),
		priced(t, "formula", "prediction", `{formula: {variables: {in: 0.015, out: 0.03}, terms: [{megapixel_type: input, rate_key: in}, {megapixel_type: output, rate_key: out}]}}`),
		priced(t, "request", "chat", `{request: 0.01}`),
	)
	for slug, want := range map[string]string{
		"tokens":  `{"amount":0.5,"currency":"USD","unit":"million_token","criterias":[],"input":0.5,"output":1.25,"cached_input":0.05}`,
		"video":   `{"amount":0.2,"currency":"USD","unit":"video_second","criterias":[{"field":"resolution","description":"1080p output","operator":"equals","value":"1080p","billable_price":0.35,"unit":"video_second"}]}`,
		"formula": `{"amount":0.03,"currency":"USD","unit":"megapixel","criterias":[],"formula":{"description":"","type":"","variables":{"in":0.015,"out":0.03},"terms":[{"megapixel_type":"input","megapixels_key":"","rate_key":"in"},{"megapixel_type":"output","megapixels_key":"","rate_key":"out"}],"result_key":""}}`,
		"request": `{"amount":0.01,"currency":"USD","unit":"prediction","criterias":[],"request":0.01}`,
	} {
		m, err := c.Get(slug, catalog.Viewer{})
		if err != nil {
			t.Fatal(err)
		}
		var card struct{ Pricing json.RawMessage }
		if err := json.Unmarshal(m.CardJSON(), &card); err != nil || string(card.Pricing) != want {
			t.Errorf("%s, %v:\n got %s\nwant %s", slug, err, card.Pricing, want)
		}
	}
	var cards []json.RawMessage
	if err := json.Unmarshal(c.ListJSON(catalog.Viewer{}), &cards); err != nil || len(cards) != 7 {
		t.Fatalf("%d cards, %v", len(cards), err)
	}
	for _, card := range cards {
		skytellstest.Model(t, card)
		var m swiftModel
		if err := json.Unmarshal(card, &m); err != nil || m.problem() != "" {
			t.Errorf("%v %s: %s", err, m.problem(), card)
		}
	}
}

func TestRouterIsBilledAsWhatStandsBehindIt(t *testing.T) {
	t.Parallel()
	m := priced(t, "m", "chat", `{input: 1, output: 1}`)
	m.Edge = true
	c := catalogWith(t, storetest.Open(t, storetest.SQLite(t)), m)
	r, err := c.Resolve(catalog.Router, catalog.Viewer{Edge: true}, catalog.Chat)
	if err != nil || r.Model.Slug != "m" || r.Model.Price == nil || r.Model.Price.Version != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	router, err := c.Get(catalog.Router, catalog.Viewer{})
	if err != nil || !router.Card().Billable || router.Card().Pricing != nil || !router.Card().Metadata.EdgeCompatible {
		t.Errorf("%+v, %v", router, err)
	}
	_, err = c.Resolve(catalog.Router, catalog.Viewer{Edge: true}, catalog.Embeddings)
	wantFault(t, err, fault.ModelNotFound, 404, catalog.Router) // the built-in one is not of the edge
}
