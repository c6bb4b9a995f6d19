package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/catalog"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func guardedResources() skytells.Resources {
	percent := 5
	return skytells.Resources{
		Guards: []skytells.GuardSpec{
			{Name: "pii", Kind: "personal_data", Data: []string{"card", "email"}},
			{Name: "all", Kind: "rules", Words: []string{" no  way "}, Patterns: []string{`a,b+`}, Everywhere: true},
			{Name: "mod", Kind: "moderation", Provider: "up", Model: "m-1", Threshold: 0.5, On: "prompt"},
		},
		Providers: []skytells.ProviderSpec{{Name: "up", Kind: "openai", BaseURL: "http://h/v1"}},
		Models: []skytells.ModelSpec{
			{Slug: "a", API: "chat", Free: true, Guards: []string{"mod", "all", "pii"}, Cache: &skytells.CacheSpec{TTL: "10m", PricePercent: &percent},
				Targets: []skytells.TargetSpec{{Provider: "up", Model: "x"}}},
			{Slug: "b", API: "chat", Free: true, Targets: []skytells.TargetSpec{{Provider: "up", Model: "y"}}},
		},
	}
}

func guardNames(m *catalog.Model) (names []string) {
	for _, g := range m.Guards {
		names = append(names, g.Spec.Name)
	}
	return names
}

func TestGuardsAreKeptWithTheirModels(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		compiled := map[string]int{}
		compile := func(o *catalog.Options) {
			o.Guard = func(g skytells.GuardSpec) any { compiled[g.Name]++; return g.Name }
		}
		c := open(t, db, compile)
		first := apply(t, c, skytells.ApplyRequest{Source: "f.yaml", Resources: guardedResources()})
		if len(first.Changes) != 6 || first.Changes[0].Kind != "guard" || first.Changes[0].Action != "create" {
			t.Errorf("%+v", first.Changes)
		}
		for _, again := range apply(t, c, skytells.ApplyRequest{Source: "f.yaml", Resources: guardedResources()}).Changes {
			if again.Action != "unchanged" {
				t.Errorf("again: %+v", again)
			}
		}
		a, b := c.Snapshot(), open(t, db) // a second process reads the same
		model, err := c.BySlug("a")
		if err != nil || !cmp.Equal(guardNames(model), []string{"all", "mod", "pii"}) || model.Cache == nil || model.Cache.Percent != 5 {
			t.Errorf("%v of %+v, %v", guardNames(model), model, err)
		}
		if other, _ := c.BySlug("b"); !cmp.Equal(guardNames(other), []string{"all"}) {
			t.Errorf("everywhere: %v", guardNames(other))
		}
		if docs, err := b.Any(catalog.Router); err != nil || docs.Guards != nil {
			t.Errorf("a router has guards: %v, %v", docs, err)
		}
		if g, ok := a.Guard("pii"); !ok || g.Compiled != "pii" || g.Spec.Action != "redact" || !cmp.Equal(g.Spec.Data, []string{"email", "card"}) || g.Spec.On != "both" {
			t.Errorf("%+v", g)
		}
		// A change is compiled once, and what did not change not again.
		before := model.Definition
		spec, err := c.Guard(t.Context(), "mod")
		if err != nil || spec.Managed != "f.yaml" || spec.Unsure != "refuse" || spec.Threshold != 0.5 {
			t.Errorf("%+v, %v", spec, err)
		}
		resources := guardedResources()
		resources.Guards[2].Unsure = "pass"
		apply(t, c, skytells.ApplyRequest{Source: "f.yaml", Resources: resources})
		if want := map[string]int{"all": 1, "mod": 2, "pii": 1}; !cmp.Equal(compiled, want) {
			t.Errorf("compiled %v, want %v", compiled, want)
		}
		if model, _ = c.BySlug("a"); model.Definition == before {
			t.Error("answers that were kept under another guard would be given")
		}
		// What is in use stays; what the file does not name any more is free.
		if err := c.DeleteGuard(t.Context(), "mod", "me"); err == nil || !strings.Contains(err.Error(), "f.yaml") {
			t.Errorf("deleted: %v", err)
		}
		apply(t, c, skytells.ApplyRequest{Source: "f.yaml", Resources: skytells.Resources{Models: resources.Models[1:], Providers: resources.Providers}})
		if err := c.DeleteGuard(t.Context(), "mod", "me"); err == nil || !strings.Contains(err.Error(), "'a'") {
			t.Errorf("deleted while a names it: %v", err)
		}
		if err := c.DeleteModel(t.Context(), "a", "me"); err != nil {
			t.Fatal(err)
		}
		apply(t, c, skytells.ApplyRequest{Source: "f.yaml"})
		if err := c.DeleteModel(t.Context(), "b", "me"); err != nil {
			t.Fatal(err)
		}
		if err := c.DeleteProvider(t.Context(), "up", "me"); err == nil || !strings.Contains(err.Error(), "guard 'mod'") {
			t.Errorf("the guard's provider: %v", err)
		}
		for _, name := range []string{"mod", "all", "pii"} {
			if err := c.DeleteGuard(t.Context(), name, "me"); err != nil {
				t.Error(err)
			}
		}
		if list, err := c.Guards(t.Context()); err != nil || len(list) != 0 {
			t.Errorf("%v, %v", list, err)
		}
	})
}

func TestGuardsThatAreRefused(t *testing.T) {
	t.Parallel()
	c := open(t, storetest.Open(t, storetest.SQLite(t)))
	apply(t, c, skytells.ApplyRequest{Resources: guardedResources()})
	for want, r := range map[string]skytells.Resources{
		"guards[0].kind: is missing":                                   {Guards: []skytells.GuardSpec{{Name: "g"}}},
		"guards[0].kind: 'rule' is not one of":                         {Guards: []skytells.GuardSpec{{Name: "g", Kind: "rule"}}},
		"guards[0].words: is missing":                                  {Guards: []skytells.GuardSpec{{Name: "g", Kind: "rules"}}},
		"guards[0].words[1]: is empty":                                 {Guards: []skytells.GuardSpec{{Name: "g", Kind: "rules", Words: []string{"a", " "}}}},
		"guards[0].patterns[0]: is no regular expression":              {Guards: []skytells.GuardSpec{{Name: "g", Kind: "rules", Patterns: []string{"(?<=a)b"}}}},
		"guards[0].patterns[0]: matches nothing at all":                {Guards: []skytells.GuardSpec{{Name: "g", Kind: "rules", Patterns: []string{"a*"}}}},
		"guards[0].patterns[0]: has at most 512":                       {Guards: []skytells.GuardSpec{{Name: "g", Kind: "rules", Patterns: []string{strings.Repeat("a", 513)}}}},
		"guards[0].data[0]: 'mail' is not one of":                      {Guards: []skytells.GuardSpec{{Name: "g", Kind: "personal_data", Data: []string{"mail"}}}},
		"guards[0].words: is for guards of kind rules":                 {Guards: []skytells.GuardSpec{{Name: "g", Kind: "personal_data", Words: []string{"a"}}}},
		"guards[0].provider: is missing":                               {Guards: []skytells.GuardSpec{{Name: "g", Kind: "moderation", Model: "m"}}},
		"guards[0].model: must be":                                     {Guards: []skytells.GuardSpec{{Name: "g", Kind: "moderation", Provider: "up"}}},
		"guards[0].provider: no provider is called 'upp'; did you":     {Guards: []skytells.GuardSpec{{Name: "g", Kind: "moderation", Provider: "upp", Model: "m"}}},
		"guards[0].provider: 'local' is of kind local":                 {Guards: []skytells.GuardSpec{{Name: "g", Kind: "moderation", Provider: "local", Model: "m"}}},
		"guards[0].action: a moderation model judges":                  {Guards: []skytells.GuardSpec{{Name: "g", Kind: "moderation", Provider: "up", Model: "m", Action: "redact"}}},
		"guards[0].threshold: must be 0 to 1":                          {Guards: []skytells.GuardSpec{{Name: "g", Kind: "moderation", Provider: "up", Model: "m", Threshold: 2}}},
		"guards[0].name: a guard's name is":                            {Guards: []skytells.GuardSpec{{Name: "G!", Kind: "personal_data"}}},
		"guards[1].name: the same name as guards[0].name":              {Guards: []skytells.GuardSpec{{Name: "g", Kind: "personal_data"}, {Name: "g", Kind: "personal_data"}}},
		"models[0].guards[0]: no guard is called 'pi'; did you mean":   {Models: []skytells.ModelSpec{{Slug: "m", Guards: []string{"pi"}}}},
		"models[0].guards[1]: the same guard as":                       {Models: []skytells.ModelSpec{{Slug: "m", Guards: []string{"pii", "pii"}}}},
		"models[0].guards: is not for a router":                        {Models: []skytells.ModelSpec{{Slug: "r", Guards: []string{"pii"}, Router: &skytells.RouterSpec{Policy: "cheapest"}}}},
		"models[0].cache.ttl: is missing":                              {Models: []skytells.ModelSpec{{Slug: "m", Cache: &skytells.CacheSpec{}}}},
		"models[0].cache.ttl: must be a time":                          {Models: []skytells.ModelSpec{{Slug: "m", Cache: &skytells.CacheSpec{TTL: "1000h"}}}},
		"providers[0].kind: the guard 'mod' asks its moderation model": {Providers: []skytells.ProviderSpec{{Name: "up", Kind: "cog", BaseURL: "http://h"}}},
	} {
		_, err := c.Apply(t.Context(), skytells.ApplyRequest{Resources: r}, "me")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
