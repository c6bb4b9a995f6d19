package catalog

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"skytower/internal/skytells"
)

// genResources draws loads from few names, so that they clash often.
func genResources() *rapid.Generator[skytells.Resources] {
	name := rapid.SampledFrom([]string{"a", "A", "b", "v/a", "c", "docs", "Docs"})
	return rapid.Custom(func(t *rapid.T) skytells.Resources {
		var r skytells.Resources
		for _, p := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"up", "other"}), 0, 2, rapid.ID).Draw(t, "providers") {
			r.Providers = append(r.Providers, skytells.ProviderSpec{Name: p, Kind: "openai", BaseURL: "http://h/v1"})
		}
		for range rapid.IntRange(0, 3).Draw(t, "models") {
			m := skytells.ModelSpec{
				Slug: name.Draw(t, "slug"), Aliases: rapid.SliceOfN(name, 0, 2).Draw(t, "aliases"),
				Offline: rapid.Bool().Draw(t, "offline"), API: rapid.SampledFrom([]string{"", Chat, Embeddings}).Draw(t, "api"),
			}
			switch {
			case rapid.IntRange(0, 3).Draw(t, "kind") == 0:
				m.Router = &skytells.RouterSpec{Policy: "cheapest", Models: rapid.SliceOfN(name, 0, 2).Draw(t, "routed")}
			case m.Slug != "docs":
				m.Free = rapid.Bool().Draw(t, "free")
				m.Targets = []skytells.TargetSpec{{Provider: rapid.SampledFrom([]string{"up", "other", "local"}).Draw(t, "provider"), Model: "x"}}
			}
			r.Models = append(r.Models, m)
		}
		return r
	})
}

// TestPlansKeepNamesUnique applies loads one after the other: no two models ever
// share a name, no target lacks its provider, a refused load changes nothing, and
// an accepted one, planned again, changes nothing more.
func TestPlansKeepNamesUnique(t *testing.T) {
	t.Parallel()
	docs := skytells.ModelSpec{
		Slug: "docs", API: Chat, Type: "text", Free: true, Privacy: "public", Managed: ManagedBuiltin,
		Targets: []skytells.TargetSpec{{Provider: LocalProvider, Model: "docs", Weight: 1}},
	}
	rapid.Check(t, func(t *rapid.T) {
		st := newState([]skytells.ModelSpec{docs}, nil)
		for range rapid.IntRange(1, 6).Draw(t, "loads") {
			r := genResources().Draw(t, "resources")
			source := rapid.SampledFrom([]string{"", "one.yaml", "two.yaml"}).Draw(t, "source")
			before := st.clone()
			p := planned(st, r, source)
			if !reflect.DeepEqual(st, before) {
				t.Fatal("planning changed the state that it began with")
			}
			if p.err() != nil {
				continue
			}
			checkState(t, p.next)
			again := planned(p.next, r, source)
			if err := again.err(); err != nil {
				t.Fatalf("accepted once, refused again: %v", err)
			}
			if !reflect.DeepEqual(again.next, p.next) {
				t.Fatalf("planned again, it changes %+v", again.changes)
			}
			for _, change := range again.changes {
				if change.Action != "unchanged" {
					t.Fatalf("planned again, it reports %+v", change)
				}
			}
			st = p.next
		}
	})
}

func planned(st *state, r skytells.Resources, source string) *plan {
	p := newPlan(st, r, time.Unix(1, 0))
	p.source, p.takeOver = source, true
	p.run()
	return p
}

func checkState(t *rapid.T, st *state) {
	names := map[string]string{}
	for slug, m := range st.models {
		for _, name := range append([]string{slug}, m.spec.Aliases...) {
			if owner, taken := names[fold(name)]; taken {
				t.Fatalf("%s is a name of %s and of %s", name, owner, slug)
			}
			names[fold(name)] = slug
		}
		for _, target := range m.spec.Targets {
			if _, ok := st.providers[target.Provider]; !ok {
				t.Fatalf("%s has a target of the unknown provider %s", slug, target.Provider)
			}
		}
	}
	for slug, m := range st.models {
		eachRouted(m.spec.Router, func(path, name string) {
			if one, ok := st.models[name]; !ok || one.spec.API != Chat || isRouter(one.spec) {
				t.Fatalf("%s.%s is %s: %+v", slug, path, name, one)
			}
		})
	}
	if m := st.models["docs"]; !m.builtin || !isOpen(m.spec) {
		t.Fatalf("the built-in model is %+v", m)
	}
}

func TestManyProblemsAreCutShort(t *testing.T) {
	t.Parallel()
	var r skytells.Resources
	for i := range maxProblems + 7 {
		r.Models = append(r.Models, skytells.ModelSpec{Slug: fmt.Sprintf("bad slug %d", i)})
	}
	err := planned(newState(nil, nil), r, "").err()
	if got, want := err.Error(), "and 7 more"; got[len(got)-len(want):] != want {
		t.Errorf("ends with %q", got[len(got)-40:])
	}
}
