package catalog_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/skytells/skytellstest"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func router(slug, policy string, models ...string) skytells.ModelSpec {
	return skytells.ModelSpec{Slug: slug, Router: &skytells.RouterSpec{Policy: policy, Models: models}}
}

func put(t testing.TB, c *catalog.Catalog, specs ...skytells.ModelSpec) {
	t.Helper()
	for _, spec := range specs {
		if _, err := c.PutModel(t.Context(), spec, actor); err != nil {
			t.Fatalf("put %s: %v", spec.Slug, err)
		}
	}
}

func slugsOf(models []*catalog.Model) []string {
	list := []string{}
	for _, m := range models {
		list = append(list, m.Slug)
	}
	return list
}

// Everything that an operator says of a router, of features and of a target's times comes
// back, is in force, is shown by another process, and applied again it changes nothing.
func TestRoutersAreStored(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		yes, no := true, false
		big, small := model("big", "chat", "large"), model("small", "chat")
		big.Features = []string{"json_schema", "tools"}
		big.Targets[0].FirstByteTimeout, big.Targets[0].IdleTimeout = "20s", "1m"
		smart := skytells.ModelSpec{Slug: "smart", Aliases: []string{"auto"}, Router: &skytells.RouterSpec{
			Policy: "balanced", Models: []string{"LARGE", "small"}, Sticky: "user", Rules: []skytells.RouterRule{
				{When: skytells.RouterWhen{Tools: &yes, Images: &no, InputOver: 1000, InputUnder: 9000}, Policy: "fixed", Models: []string{"big"}},
				{When: skytells.RouterWhen{JSONSchema: &yes}, Policy: "fastest"},
			},
		}}
		c := open(t, db)
		file := skytells.ApplyRequest{Source: "f.yml", Resources: skytells.Resources{
			Providers: []skytells.ProviderSpec{upstream("up")}, Models: []skytells.ModelSpec{smart, big, small, router("plain", "cheapest")},
		}}
		if got, want := actions(apply(t, c, file)), 5; len(got) != want {
			t.Fatalf("%v", got)
		}
		if smart.Router.Models[0] != "LARGE" || big.Features[0] != "json_schema" {
			t.Error("the request was changed")
		}
		for _, change := range apply(t, c, file).Changes {
			if change.Action != "unchanged" {
				t.Errorf("again: %+v", change)
			}
		}
		for _, c := range []*catalog.Catalog{c, open(t, db)} {
			models, err := c.Models(t.Context())
			if err != nil || len(models) != 7 {
				t.Fatalf("%d models, %v", len(models), err)
			}
			shown := models[slices.IndexFunc(models, func(m skytells.ModelSpec) bool { return m.Slug == "smart" })]
			want := smart
			want.Type, want.API, want.Privacy, want.Managed, want.Open = "text", "chat", "public", "f.yml", true
			spec := *smart.Router
			spec.Models = []string{"big", "small"}
			if want.Router = &spec; cmp.Diff(want, shown) != "" {
				t.Error(cmp.Diff(want, shown))
			}
			got, err := c.Resolve("Vendor/AUTO", catalog.Viewer{}, "chat")
			if err != nil || got.Model != nil || got.Router == nil || got.Router.Slug != "smart" || !got.Routed || got.Show != "Vendor/AUTO" {
				t.Fatalf("resolved %+v, %v", got, err)
			}
			choice := &catalog.Choice{Policy: "balanced", Models: []string{"big", "small"}, Sticky: "user", Rules: []catalog.Rule{
				{Tools: &yes, Images: &no, InputOver: 1000, InputUnder: 9000, Policy: "fixed", Models: []string{"big"}}, {JSONSchema: &yes, Policy: "fastest"},
			}}
			if diff := cmp.Diff(choice, got.Router.Choice); diff != "" {
				t.Error(diff)
			}
			m, err := c.BySlug("big")
			if err != nil || m.Features != catalog.HasText|catalog.HasTools|catalog.HasJSONSchema || m.Targets[0].FirstByte.String() != "20s" || m.Targets[0].Idle.String() != "1m0s" {
				t.Errorf("big is %+v, %v", m, err)
			}
			if m, err := c.Get("plain", catalog.Viewer{}); err != nil || m.Choice.Sticky != "auto" || m.Features != 0 {
				t.Errorf("plain is %+v, %v", m, err)
			}
		}
		diff := apply(t, c, skytells.ApplyRequest{Source: "f.yml", DryRun: true, Resources: skytells.Resources{Models: []skytells.ModelSpec{router("plain", "fastest")}}})
		if got := strings.Join(diff.Changes[0].Fields, "; "); got != `router: {"policy":"cheapest","sticky":"auto"} → {"policy":"fastest","sticky":"auto"}` {
			t.Errorf("difference: %s", got)
		}
	})
}

func TestRouterProblems(t *testing.T) {
	t.Parallel()
	c := catalogWith(t, storetest.Open(t, storetest.SQLite(t)), model("one", "chat", "uno"), model("two", "chat"), model("vectors", "embeddings"),
		skytells.ModelSpec{Slug: "unknown", Targets: []skytells.TargetSpec{{Provider: "up", Model: "u"}}}, router("other", "fixed", "one"))
	yes := true
	tools := skytells.RouterWhen{Tools: &yes}
	many := make([]string, 65)
	for i := range many {
		many[i] = fmt.Sprint("m", i)
	}
	spec := func(change func(*skytells.ModelSpec)) skytells.ModelSpec {
		m := router("r", "fixed", "one")
		change(&m)
		return m
	}
	rule := func(rules ...skytells.RouterRule) skytells.ModelSpec {
		return spec(func(m *skytells.ModelSpec) { m.Router.Rules = rules })
	}
	for name, tc := range map[string]struct {
		spec        skytells.ModelSpec
		param, text string
	}{
		"no policy":         {router("r", ""), "router.policy", "is missing: fixed"},
		"unknown policy":    {router("r", "cheepest"), "router.policy", "did you mean 'cheapest'?"},
		"unknown sticky":    {spec(func(m *skytells.ModelSpec) { m.Router.Sticky = "yes" }), "router.sticky", "not one of"},
		"fixed without":     {router("r", "fixed"), "router.models", "is missing"},
		"unknown model":     {router("r", "fixed", "one", "tow"), "router.models[1]", "did you mean 'two'?"},
		"itself":            {router("r", "fixed", "r"), "router.models[0]", "'r' is a router"},
		"another router":    {router("r", "fixed", "other"), "router.models[0]", "'other' is a router"},
		"the router":        {router("r", "fixed", "Deepbrain-Router"), "router.models[0]", "'deepbrain-router' is a router"},
		"embeddings":        {router("r", "cheapest", "vectors"), "router.models[0]", "is of api 'embeddings'"},
		"unknown api":       {router("r", "cheapest", "unknown"), "router.models[0]", "api: chat first"},
		"twice":             {router("r", "fixed", "one", "two", "UNO"), "router.models[2]", "the same model"},
		"too many":          {router("r", "fixed", many...), "router.models", "at most 64"},
		"empty rule":        {rule(skytells.RouterRule{Policy: "fastest"}), "router.rules[0].when", "would always hold"},
		"idle rule":         {rule(skytells.RouterRule{When: tools}), "router.rules[0]", "changes nothing"},
		"wrong rule policy": {rule(skytells.RouterRule{When: tools, Policy: "x"}), "router.rules[0].policy", "not one of"},
		"wrong rule model":  {rule(skytells.RouterRule{When: tools, Models: []string{"two"}}, skytells.RouterRule{When: tools, Models: []string{"no"}}), "router.rules[1].models[0]", "no model is called 'no'"},
		"nothing between":   {rule(skytells.RouterRule{When: skytells.RouterWhen{InputOver: 5, InputUnder: 6}, Policy: "fastest"}), "router.rules[0].when", "over 5 and under 6"},
		"negative":          {rule(skytells.RouterRule{When: skytells.RouterWhen{InputOver: -1}, Policy: "fastest"}), "router.rules[0].when.input_over", "must be 0"},
		"many rules":        {rule(make([]skytells.RouterRule, 33)...), "router.rules", "at most 32"},
		"fixed rule": {spec(func(m *skytells.ModelSpec) {
			m.Router = &skytells.RouterSpec{Policy: "fastest", Rules: []skytells.RouterRule{{When: tools, Policy: "fixed"}}}
		}), "router.rules[0].models", "is missing"},
		"targets":        {spec(func(m *skytells.ModelSpec) { m.Targets = model("x", "chat").Targets }), "targets", "chooses among models"},
		"price":          {spec(func(m *skytells.ModelSpec) { m.Pricing = &skytells.PricingSpec{Input: "1", Output: "1"} }), "pricing", "what the chosen model costs"},
		"free":           {spec(func(m *skytells.ModelSpec) { m.Free = true }), "free", "what the chosen model costs"},
		"edge":           {spec(func(m *skytells.ModelSpec) { m.Edge = true }), "edge", "with the models that are"},
		"other api":      {spec(func(m *skytells.ModelSpec) { m.API = "embeddings" }), "api", "serves chat"},
		"other type":     {spec(func(m *skytells.ModelSpec) { m.Type = "image" }), "type", "gives text"},
		"features":       {spec(func(m *skytells.ModelSpec) { m.Features = []string{"tools"} }), "features", "chosen model"},
		"limits":         {spec(func(m *skytells.ModelSpec) { m.MaxOutput = 1 }), "max_output", "chosen model"},
		"word":           {changed(model("m", "chat"), func(m *skytells.ModelSpec) { m.Features = []string{"text", "video"} }), "features[1]", "not one of text, tools, images, json_schema"},
		"of embeddings":  {changed(model("m", "embeddings"), func(m *skytells.ModelSpec) { m.Features = []string{"text"} }), "features", "of api 'chat' only"},
		"short time":     {changed(model("m", "chat"), func(m *skytells.ModelSpec) { m.Targets[0].IdleTimeout = "99ms" }), "targets[0].idle_timeout", "100ms to 24h"},
		"long time":      {changed(model("m", "chat"), func(m *skytells.ModelSpec) { m.Targets[0].FirstByteTimeout = "25h" }), "targets[0].first_byte_timeout", "100ms to 24h"},
		"no time":        {changed(model("m", "chat"), func(m *skytells.ModelSpec) { m.Targets[0].FirstByteTimeout = "20" }), "targets[0].first_byte_timeout", "such as 20s"},
		"of predictions": {changed(picture("m"), func(m *skytells.ModelSpec) { m.Targets[0].IdleTimeout = "1m" }), "targets[0].idle_timeout", "has its deadline"},
		"the default's":  {skytells.ModelSpec{Slug: catalog.Router, Offline: true}, "offline", "only router, name, description and aliases can be changed"},
		"its price":      {skytells.ModelSpec{Slug: catalog.Router, Free: true}, "free", "can be changed"},
		"its spelling":   {router("DeepBrain-Router", "fastest"), "slug", "is the router's name"},
		"its name":       {model("m", "chat", "deepbrain-router"), "aliases[0]", "is the router's name"},
		"a default":      {changed(model("one", "chat"), func(m *skytells.ModelSpec) { m.API = "embeddings" }), "api", "the router 'other' may choose 'one'"},
		"a new router":   {router("one", "fastest"), "api", "the router 'other' may choose 'one'"},
	} {
		_, err := c.PutModel(t.Context(), tc.spec, actor)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		e := wantFault(t, err, fault.InvalidParameter, statusOf(err), tc.text)
		if e.Param != tc.param {
			t.Errorf("%s: at %s, want %s: %s", name, e.Param, tc.param, e.Message)
		}
	}
	// In one file, routers may stand before their models; what is wrong of a model is said once.
	bad := model("new", "chat")
	bad.Targets[0].Provider = "nowhere"
	_, err := c.Apply(t.Context(), skytells.ApplyRequest{Resources: skytells.Resources{Models: []skytells.ModelSpec{router("r", "fixed", "new", "none"), bad}}}, actor)
	e := wantFault(t, err, fault.InvalidParameter, 400, "2 problems")
	if !strings.Contains(e.Message, "models[0].router.models[1]: no model is called 'none'") || !strings.Contains(e.Message, "models[1].targets[0].provider") {
		t.Error(e.Message)
	}
	wantFault(t, c.DeleteModel(t.Context(), "one", actor), fault.InvalidParameter, 409, "one that 'other' may choose")
	if err := c.DeleteModel(t.Context(), "other", actor); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteModel(t.Context(), "one", actor); err != nil {
		t.Error(err)
	}
	_, err = c.SetSettings(t.Context(), skytells.Settings{DefaultChat: catalog.Router}, actor)
	wantFault(t, err, fault.InvalidParameter, 400, "must be open")
}

func statusOf(err error) int {
	var e *fault.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.HTTPStatus()
}

func changed(m skytells.ModelSpec, change func(*skytells.ModelSpec)) skytells.ModelSpec {
	change(&m)
	return m
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		private, resting, closed, fast := model("private", "chat"), model("resting", "chat"), model("closed", "chat"), model("fast", "chat")
		private.Privacy, private.Accounts = "private", []string{"acct_a"}
		resting.Offline, closed.Free, fast.Edge = true, false, true
		c := catalogWith(t, db, model("one", "chat", "uno"), fast, private, resting, closed, model("vectors", "embeddings"),
			router("all", "cheapest"), router("some", "fixed", "private", "fast", "resting", "closed"), router("secret", "fixed", "private"))
		for name, tc := range map[string]struct {
			list []string
			v    catalog.Viewer
			want []string
		}{
			"all":                   {nil, catalog.Viewer{}, []string{"fast", "one"}},
			"all of an account":     {nil, catalog.Viewer{Account: "acct_a"}, []string{"fast", "one", "private"}},
			"in the list's order":   {[]string{"one", "private", "fast", "skytower-docs"}, catalog.Viewer{Account: "acct_a"}, []string{"one", "private", "fast", "skytower-docs"}},
			"not what is another's": {[]string{"one", "private", "gone", "vectors", "all", "resting", "closed"}, catalog.Viewer{Account: "acct_b"}, []string{"one"}},
			"the edge":              {nil, catalog.Viewer{Edge: true}, []string{"fast"}},
			"a key for routers":     {nil, catalog.Viewer{Account: "acct_a", Only: []string{"all", "some"}}, []string{"fast", "one"}}, // of private ones none
			"a key for models":      {nil, catalog.Viewer{Account: "acct_a", Only: []string{"all", "one", "private"}}, []string{"one", "private"}},
			"and for the edge":      {nil, catalog.Viewer{Only: []string{"all"}, Edge: true}, []string{"fast"}},
			"its model is gone":     {nil, catalog.Viewer{Only: []string{"all", "gone"}}, []string{}},
			"an alias is no slug":   {nil, catalog.Viewer{Only: []string{"all", "uno"}}, []string{}},
		} {
			if diff := cmp.Diff(tc.want, slugsOf(c.Candidates(tc.list, tc.v, "chat"))); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		for name, tc := range map[string]struct {
			v    catalog.Viewer
			want []string // of the routers
		}{
			"anybody":            {catalog.Viewer{}, []string{"all", "deepbrain-router", "some"}},
			"the one it is for":  {catalog.Viewer{Account: "acct_a"}, []string{"all", "deepbrain-router", "secret", "some"}},
			"the edge":           {catalog.Viewer{Edge: true}, []string{"all", "some"}},
			"not named":          {catalog.Viewer{Only: []string{"one", "fast"}}, []string{}},
			"named":              {catalog.Viewer{Only: []string{"some"}}, []string{"some"}},
			"named, nothing of":  {catalog.Viewer{Only: []string{"some", "one"}}, []string{}},
			"a private one only": {catalog.Viewer{Account: "acct_a", Only: []string{"secret"}}, []string{}},
			"both named":         {catalog.Viewer{Account: "acct_a", Only: []string{"secret", "private"}}, []string{"secret"}},
		} {
			got := slices.DeleteFunc(slugs(t, c, tc.v), func(slug string) bool {
				return !slices.Contains([]string{"all", "some", "secret", catalog.Router}, slug)
			})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			for _, slug := range []string{"all", "some", "secret"} {
				if _, err := c.Resolve(slug, tc.v, "chat"); (err == nil) != slices.Contains(tc.want, slug) {
					t.Errorf("%s: %s: %v", name, slug, err)
				}
			}
		}
	})
}

func TestResolvingRouters(t *testing.T) {
	t.Parallel()
	offline, private := router("offline", "fixed", "one"), router("private", "fixed", "one")
	offline.Offline, private.Privacy, private.Accounts = true, "private", []string{"acct_a"}
	c := catalogWith(t, storetest.Open(t, storetest.SQLite(t)), model("one", "chat"), router("r", "fixed", "one"), offline, private)
	_, err := c.Resolve("r", catalog.Viewer{}, catalog.Embeddings)
	wantFault(t, err, fault.ModelNotSupported, 422, "use POST /v1/chat/completions")
	_, err = c.Resolve("r", catalog.Viewer{}, catalog.Prediction)
	wantFault(t, err, fault.ModelNotSupported, 422, "use POST /v1/chat/completions")
	_, err = c.Resolve("offline", catalog.Viewer{}, catalog.Chat)
	wantFault(t, err, fault.ServiceUnavailable, 503, "is offline")
	_, err = c.Resolve("private", catalog.Viewer{}, catalog.Chat)
	wantFault(t, err, fault.ModelNotFound, 404, "private")
	if got, err := c.Resolve("private", catalog.Viewer{Account: "acct_a"}, catalog.Chat); err != nil || got.Router.Slug != "private" {
		t.Errorf("%+v, %v", got, err)
	}
}

// The router that is always there stands for the defaults, follows a section while it has
// one, and then for chat alone.
func TestTheRouterWithASection(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		priced, fast := model("priced", "chat"), model("fast", "chat")
		priced.Free, priced.Pricing, fast.Edge = false, &skytells.PricingSpec{Input: "1", Output: "2"}, true
		c := catalogWith(t, db, model("one", "chat"), priced, fast, model("vectors", "embeddings"))
		byDefault := func() {
			t.Helper()
			for api, slug := range map[string]string{"chat": "one", "embeddings": "vectors"} {
				if got, err := c.Resolve(catalog.Router, catalog.Viewer{}, api); err != nil || got.Router != nil || got.Model.Slug != slug {
					t.Errorf("for %s: %+v, %v", api, got, err)
				}
			}
		}
		byDefault()
		spec := router(catalog.Router, "cheapest", "priced", "fast")
		spec.Name, spec.Aliases = "House router", []string{"gpt-4o"}
		put(t, c, spec)
		for _, c := range []*catalog.Catalog{c, open(t, db)} {
			for _, name := range []string{"gpt-4o", "skytells/DeepBrain-Router"} {
				got, err := c.Resolve(name, catalog.Viewer{}, "chat")
				if err != nil || got.Router == nil || got.Router.Choice.Policy != "cheapest" || got.Router.Slug != catalog.Router {
					t.Fatalf("%s: %+v, %v", name, got, err)
				}
				if got, err := c.Resolve(name, catalog.Viewer{}, "embeddings"); err != nil || got.Model.Slug != "vectors" || got.Show != "vectors" {
					t.Errorf("%s: %+v, %v", name, got, err)
				}
			}
			_, err := c.Resolve(catalog.Router, catalog.Viewer{}, catalog.Prediction)
			wantFault(t, err, fault.ModelNotSupported, 422, "name the model of the prediction")
			m, err := c.Get(catalog.Router, catalog.Viewer{Edge: true})
			if err != nil {
				t.Fatal(err)
			}
			card := skytellstest.Model(t, m.CardJSON())
			if card.Name != "House router" || !card.Billable || card.Type != "text" || !card.Metadata.OpenAICompatible || !card.Metadata.EdgeCompatible {
				t.Errorf("card %+v", card)
			}
		}
		models, err := c.Models(t.Context())
		if i := slices.IndexFunc(models, func(m skytells.ModelSpec) bool { return m.Slug == catalog.Router }); err != nil || models[i].Router == nil || models[i].Managed != catalog.ManagedBuiltin || !models[i].Open {
			t.Errorf("%+v, %v", models, err)
		}
		// A key that may use embeddings behind it reaches none of its chat models.
		only := catalog.Viewer{Only: []string{catalog.Router, "vectors"}}
		_, err = c.Resolve(catalog.Router, only, "chat")
		wantFault(t, err, fault.ModelNotFound, 404, catalog.Router)
		if _, err := c.Resolve(catalog.Router, only, "embeddings"); err != nil {
			t.Error(err)
		}
		wantFault(t, c.DeleteModel(t.Context(), "priced", actor), fault.InvalidParameter, 409, "'deepbrain-router' may choose")
		wantFault(t, c.DeleteModel(t.Context(), catalog.Router, actor), fault.InvalidParameter, 409, "without its router section")
		for _, back := range []*skytells.RouterSpec{nil, {}} {
			put(t, c, spec)
			spec := spec
			spec.Router = back
			put(t, c, spec)
			byDefault()
		}
		m, err := c.Get("gpt-4o", catalog.Viewer{})
		if err != nil || m.Card().Name != "House router" || m.Card().Billable {
			t.Errorf("kept %+v, %v", m, err)
		}
		put(t, c, skytells.ModelSpec{Slug: catalog.Router})
		if m, _ := c.Get(catalog.Router, catalog.Viewer{}); m.Card().Name != "DeepBrain Router" || len(m.Aliases) > 0 {
			t.Errorf("as it came: %+v", m)
		}
	})
}

func TestRouterCards(t *testing.T) {
	t.Parallel()
	priced := model("priced", "chat")
	priced.Free, priced.Pricing = false, &skytells.PricingSpec{Input: "1", Output: "2"}
	mixed := router("mixed", "fixed", "free")
	yes := true
	mixed.Router.Rules = []skytells.RouterRule{{When: skytells.RouterWhen{Tools: &yes}, Models: []string{"priced"}}}
	c := catalogWith(t, storetest.Open(t, storetest.SQLite(t)), model("free", "chat"), priced, router("unpaid", "fixed", "free"), mixed, router("any", "balanced"))
	for slug, billable := range map[string]bool{"unpaid": false, "mixed": true, "any": true} {
		m, err := c.Get(slug, catalog.Viewer{})
		if err != nil {
			t.Fatal(err)
		}
		card := skytellstest.Model(t, m.CardJSON())
		if card.Billable != billable || card.Type != "text" || card.Pricing != nil || card.Status != "operational" || card.Description == "" ||
			!card.Metadata.OpenAICompatible || !slices.Equal(card.Capabilities, []string{"chat", "routing"}) {
			t.Errorf("%s: %+v", slug, card)
		}
	}
}
