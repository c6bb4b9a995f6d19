package cli_test

import (
	"strings"
	"testing"

	"skytower/internal/skytells"
)

func TestSetChangesOnlyWhatIsGiven(t *testing.T) {
	t.Parallel()
	model := skytells.ModelSpec{
		Slug: "one", API: "prediction", Type: "image", Description: "kept", Deadline: "5m", Offline: true,
		InputSchema: skytells.Schema(`{"title":"Old"}`), OutputSchema: skytells.Schema(`{"type":"string"}`),
	}
	schema := writeFile(t, "schema.json", ` {"title": "New"} `)
	for args, want := range map[string]string{
		"--deadline 10m --concurrency 2":    `"input_schema":{"title":"Old"},"output_schema":{"type":"string"},"deadline":"10m","concurrency":2,`,
		"--no-offline --type video":         `"description":"kept","type":"video","api":"prediction","input_schema"`,
		"--deadline= --output-schema=":      `"offline":true,"input_schema":{"title":"Old"},"open":`,
		"--offline --private":               `"privacy":"private","offline":true`,
		"--input-schema " + schema:          `"input_schema":{"title":"New"},"output_schema":{"type":"string"}`,
		"--name Nice --description= --json": `"name":"Nice","type":"image"`,
	} {
		f := newFake(t, map[string]any{"GET /models": list(model), "PUT /models/one": model})
		got := f.run(t, "", append([]string{"models", "set", "one"}, strings.Fields(args)...)...)
		if came := strings.Join(f.came["PUT /models/one"], ""); got.code != 0 || !strings.Contains(came, want) {
			t.Errorf("%s: %+v, sent %s", args, got, came)
		}
	}
}

func TestSetPrices(t *testing.T) {
	t.Parallel()
	free := skytells.ModelSpec{Slug: "one", API: "chat", Free: true}
	tokens := skytells.ModelSpec{Slug: "one", API: "chat", Pricing: &skytells.PricingSpec{
		Currency: "USD", Unit: "million_token", Input: "0.5", Output: "1.25", CachedInput: "0.05", Version: 7,
	}}
	image := skytells.ModelSpec{Slug: "one", API: "prediction", Pricing: &skytells.PricingSpec{
		Unit: "image", Amount: "0.03", OnCancel: "full", Criterias: []skytells.CriterionSpec{{Field: "hd", Value: true, BillablePrice: "0.05"}},
	}}
	for _, c := range []struct {
		model      skytells.ModelSpec
		args, want string
	}{
		{free, "--price 0.03/image", `"pricing":{"unit":"image","amount":0.03},"open"`},
		{free, "--input 0.5 --output 1.25", `"pricing":{"unit":"million_token","input":0.5,"output":1.25},"open"`},
		{free, "--request 0.01 --edge --accounts acct_1,acct_2", `"pricing":{"request":0.01},"accounts":["acct_1","acct_2"],"edge":true`},
		{tokens, "--output 2 --cached-input=", `"unit":"million_token","input":0.5,"output":2,"version":7}`},
		{tokens, "--free", `"api":"chat","free":true,"open"`},
		{tokens, "--name Nice", `"input":0.5,"output":1.25,"cached_input":0.05`},
		{image, "--price 0.04/image", `"pricing":{"unit":"image","amount":0.04,"criterias":[{"field":"hd","value":true,"billable_price":0.05}],"on_cancel":"full"}`},
		{image, "--input 1 --output 2", `"pricing":{"unit":"million_token","input":1,"output":2,"on_cancel":"full"}`},
		{skytells.ModelSpec{Slug: "one", Accounts: []string{"acct_1"}, Edge: true}, "--accounts= --no-edge", `{"slug":"one","open":false}`},
	} {
		f := newFake(t, map[string]any{"GET /models": list(c.model), "PUT /models/one": c.model})
		got := f.run(t, "", append([]string{"models", "set", "one"}, strings.Fields(c.args)...)...)
		if came := strings.Join(f.came["PUT /models/one"], ""); got.code != 0 || !strings.Contains(came, c.want) {
			t.Errorf("%s: %+v, sent %s", c.args, got, came)
		}
	}
}

func TestSetKeepsAnswers(t *testing.T) {
	t.Parallel()
	share := 25
	kept := skytells.ModelSpec{Slug: "one", API: "chat", Free: true, Guards: []string{"pii"}, Cache: &skytells.CacheSpec{TTL: "1h", PricePercent: &share, ByHeader: true}}
	for args, want := range map[string]string{
		"--cache-ttl 10m":                        `"cache":{"ttl":"10m","price_percent":25,"by_header":true}`,
		"--cache-percent 0 --no-cache-by-header": `"cache":{"ttl":"1h","price_percent":0}`,
		"--cache-percent=":                       `"cache":{"ttl":"1h","by_header":true}`,
		"--no-cache --guards=":                   `{"slug":"one","api":"chat","free":true,"open":false}`,
		"--name Nice":                            `"cache":{"ttl":"1h","price_percent":25,"by_header":true}`,
	} {
		f := newFake(t, map[string]any{"GET /models": list(kept), "PUT /models/one": kept})
		got := f.run(t, "", append([]string{"models", "set", "one"}, strings.Fields(args)...)...)
		if came := strings.Join(f.came["PUT /models/one"], ""); got.code != 0 || !strings.Contains(came, want) {
			t.Errorf("%s: %+v, sent %s", args, got, came)
		}
	}
	f := newFake(t, map[string]any{"GET /models": list(skytells.ModelSpec{Slug: "one", API: "chat"}, kept), "PUT /models/one": kept})
	if got := f.run(t, "", "models", "set", "one", "--cache-percent", "10"); got.code == 0 || !strings.Contains(got.stderr, "--cache-ttl") || len(f.came["PUT /models/one"]) > 0 {
		t.Errorf("%+v", got)
	}
	f.run(t, "", "models", "set", "one", "--cache-ttl", "1h", "--cache-by-header")
	if came := strings.Join(f.came["PUT /models/one"], ""); !strings.Contains(came, `"cache":{"ttl":"1h","by_header":true}`) {
		t.Errorf("sent %s", came)
	}
	f = newFake(t, map[string]any{"GET /models": list(kept)})
	if got := f.run(t, "", "models", "show", "one"); !strings.Contains(got.stdout, "1h, at 25 % of the price, for requests that ask for it") || !strings.Contains(got.stdout, "pii") {
		t.Errorf("%+v", got)
	}
}

func TestPricesAreShown(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{
		"GET /models": list(
			skytells.ModelSpec{Slug: "a", Open: true, Free: true}, skytells.ModelSpec{Slug: "b", Open: true, Pricing: &skytells.PricingSpec{Input: "0.5", Output: "1.25", Request: "0.1"}},
			skytells.ModelSpec{Slug: "c", Open: true, Pricing: &skytells.PricingSpec{Amount: "0.03", Unit: "image", Criterias: []skytells.CriterionSpec{{}}}},
			skytells.ModelSpec{Slug: "d", Open: true, Pricing: &skytells.PricingSpec{Formula: &skytells.FormulaSpec{}}},
		),
		"GET /models/acme%2Fb/prices": list(skytells.PriceVersion{Version: 7, Model: "acme/b", Actor: "opr_1", Pricing: skytells.PricingSpec{Input: "0.02"}}),
	})
	got := f.run(t, "", "models", "list")
	for _, want := range []string{"free", "0.5 in, 1.25 out, 0.1/request", "0.03/image, with criterias", "by formula"} {
		if got.code != 0 || !strings.Contains(got.stdout, want) {
			t.Errorf("%+v lacks %q", got, want)
		}
	}
	got = f.run(t, "", "models", "prices", "acme/b")
	if got.code != 0 || !strings.Contains(got.stdout, "0.02/million_token") || !strings.Contains(got.stdout, "opr_1") {
		t.Errorf("printed %+v", got)
	}
}

func TestOpenWithoutAPriceTakesItAway(t *testing.T) {
	t.Parallel()
	model := skytells.ModelSpec{Slug: "one", API: "chat", Type: "text", Pricing: &skytells.PricingSpec{Input: "1", Output: "1"}}
	f := newFake(t, map[string]any{"GET /models": list(model), "PUT /models/one": model})
	if got := f.run(t, "", "models", "open", "one"); got.code != 2 || !strings.Contains(got.stderr, "models set one --price") {
		t.Errorf("%+v", got)
	}
	f.run(t, "", "models", "open", "one", "--free")
	if came := strings.Join(f.came["PUT /models/one"], ""); !strings.Contains(came, `"free":true`) || strings.Contains(came, "pricing") {
		t.Errorf("sent %s", came)
	}
}

func TestSetRefusesBeforeItAsks(t *testing.T) {
	t.Parallel()
	wrong := writeFile(t, "wrong.json", `["a"]`)
	for args, want := range map[string]string{
		"":                          "say what to change",
		"--input-schema " + wrong:   "a schema is a JSON object",
		"--input-schema /no/where":  "read /no/where",
		"--concurrency many":        "--concurrency",
		"--cache-ttl long":          "--cache-ttl is a time",
		"--cache-percent 101":       "of 0 to 100",
		"--no-cache --cache-ttl 1h": "takes it all away",
		"--free --input 1":          "free or has a price",
		"--price 1/image --input 1": "give one of both",
		"--price 1":                 "dollars and a unit",
		"--price one/image":         "dollars and a unit",
		"--price 0.03/":             "dollars and a unit",
		"--input 1e3":               "--input is a decimal number of dollars",
	} {
		f := newFake(t, nil)
		got := f.run(t, "", append([]string{"models", "set", "one"}, strings.Fields(args)...)...)
		if got.code != 2 || !strings.Contains(got.stderr, want) || len(f.came) != 0 {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

func TestAddImports(t *testing.T) {
	t.Parallel()
	box := skytells.ProviderSpec{Name: "box", Kind: "cog", BaseURL: "http://127.0.0.1:5000"}
	f := newFake(t, map[string]any{
		"GET /providers": list[skytells.ProviderSpec](), "PUT /providers/box": box,
		"POST /providers/box/import": skytells.ImportResult{Models: []skytells.ImportedModel{
			{Slug: "box", Upstream: "box", API: "prediction", Type: "image", Action: "created", Open: true, Note: "without its output_schema"},
		}},
	})
	add := []string{"providers", "add", "box", "--kind", "cog", "--base-url", box.BaseURL, "--import", "--free"}
	got := f.run(t, "", add...)
	if got.code != 0 || !strings.Contains(got.stdout, "prediction  image  created  yes") || !strings.Contains(got.stderr, "Imported 1 of 1") ||
		!strings.Contains(got.stderr, "box comes without its output_schema") {
		t.Errorf("printed %+v", got)
	}
	if came := f.came["POST /providers/box/import"]; len(came) != 1 || came[0] != `{"free":true}` {
		t.Errorf("sent %s", came)
	}
	if got := f.run(t, "", append(add, "--json")...); !strings.Contains(got.stdout, `"provider": {`) || !strings.Contains(got.stdout, `"models": [`) {
		t.Errorf("printed %+v", got)
	}
	f.answers["POST /providers/box/import"] = "It is still starting. "
	got = f.run(t, "", add...)
	if got.code != 1 || !strings.Contains(got.stderr, "was added, but not its models: It is still starting.") ||
		!strings.Contains(got.stderr, "skytower models import --provider box --free") {
		t.Errorf("printed %+v", got)
	}
}

func TestAddChecksItsFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                          "--base-url is missing: the address that ends before",
		"--kind cog":                "the address of the container",
		"--kind replicate --import": "--only owner/name",
		"--kind replicate --free":   "go with --import",
	} {
		f := newFake(t, nil)
		got := f.run(t, "", append([]string{"providers", "add", "up"}, strings.Fields(args)...)...)
		if got.code != 2 || !strings.Contains(got.stderr, want) || len(f.came) != 0 {
			t.Errorf("%s: %+v", args, got)
		}
	}
}
