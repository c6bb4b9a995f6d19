package catalog

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"skytower/internal/skytells"
)

// state is the catalogue as it is stored, with what is built in: what a change is
// checked against, and what a snapshot is built from. Specs in it are normal:
// defaults written out, empty lists nil.
type state struct {
	revision  int64
	guards    map[string]guardRecord
	providers map[string]providerRecord
	models    map[string]modelRecord
	// chosen is the model behind the router, by api: "" means the built-in one,
	// no entry that nothing was chosen yet.
	chosen map[string]string
}

type providerRecord struct {
	spec    skytells.ProviderSpec // Credential holds a reference or ""
	sealed  string                // a literal credential, or ""
	stored  bool                  // has a row; not one that comes with the process
	created time.Time
}

// fixed reports whether the process file declares it: nothing else changes it.
func (r providerRecord) fixed() bool { return !r.stored && r.spec.Managed == ManagedFile }

// show is the provider as operators may see it.
func (r providerRecord) show() skytells.ProviderSpec {
	if r.sealed != "" {
		r.spec.Credential = credentialSet
	}
	return r.spec
}

type modelRecord struct {
	spec    skytells.ModelSpec
	builtin bool
	stored  bool // has a row; for a built-in one: has aliases, or is offline
	ordinal int64
	created time.Time
	// priceVersion is that of spec.Pricing, 0 without one. A plan leaves it as it was:
	// the number of a new price is known once it is written.
	priceVersion int64
}

// fixed reports whether the process file declares it: nothing else changes it.
func (r modelRecord) fixed() bool { return !r.stored && r.spec.Managed == ManagedFile }

func (r modelRecord) show() skytells.ModelSpec {
	r.spec.Open = isOpen(r.spec)
	if r.spec.Pricing != nil {
		pricing := *r.spec.Pricing
		pricing.Version = r.priceVersion
		r.spec.Pricing = &pricing
	}
	return r.spec
}

// newState holds what comes with the process and nothing else.
func newState(models []skytells.ModelSpec, providers []skytells.ProviderSpec) *state {
	st := &state{guards: map[string]guardRecord{}, providers: map[string]providerRecord{}, models: map[string]modelRecord{}, chosen: map[string]string{}}
	st.providers[LocalProvider] = providerRecord{spec: skytells.ProviderSpec{
		Name: LocalProvider, Kind: LocalProvider, Responses: "auto", Managed: ManagedBuiltin,
	}}
	for _, p := range providers {
		st.providers[p.Name] = providerRecord{spec: p}
	}
	st.models[Router] = modelRecord{builtin: true, created: builtinCreated(), spec: skytells.ModelSpec{
		Slug: Router, Type: "text", API: Chat, Privacy: "public", Managed: ManagedBuiltin,
	}}
	for _, m := range models {
		st.models[m.Slug] = modelRecord{spec: m, builtin: m.Managed != ManagedFile, created: builtinCreated()}
	}
	return st
}

func (st *state) clone() *state {
	return &state{
		revision: st.revision, guards: maps.Clone(st.guards), providers: maps.Clone(st.providers),
		models: maps.Clone(st.models), chosen: maps.Clone(st.chosen),
	}
}

// lastOrdinal is the place of the newest model in the order of creation.
func (st *state) lastOrdinal() int64 {
	var last int64
	for _, m := range st.models {
		last = max(last, m.ordinal)
	}
	return last
}

// names maps every name in lower case to the slug that it belongs to.
func (st *state) names() map[string]string {
	names := map[string]string{}
	for slug, m := range st.models {
		names[fold(slug)] = slug
		for _, a := range m.spec.Aliases {
			names[fold(a)] = slug
		}
	}
	return names
}

// providerNames lists the providers, for "did you mean".
func (st *state) providerNames() []string { return sortedKeys(st.providers) }

// chooseDefaults picks the model behind the router where none was chosen: the
// first of the upstream models that callers can use.
func (st *state) chooseDefaults() {
	for _, api := range []string{Chat, Embeddings} {
		if _, ok := st.chosen[api]; ok {
			continue
		}
		if first := st.firstUpstream(api); first != "" {
			st.chosen[api] = first
		}
	}
}

func (st *state) firstUpstream(api string) string {
	var candidates []modelRecord
	for _, m := range st.models {
		if m.spec.API == api && routable(m.spec) && hasUpstream(m.spec) {
			candidates = append(candidates, m)
		}
	}
	if len(candidates) == 0 {
		return ""
	}
	first := slices.MinFunc(candidates, func(a, b modelRecord) int {
		return cmp.Or(cmp.Compare(a.ordinal, b.ordinal), cmp.Compare(a.spec.Slug, b.spec.Slug))
	})
	return first.spec.Slug
}

// routable reports whether the model can be a default, for any caller.
func routable(m skytells.ModelSpec) bool {
	return isOpen(m) && m.Privacy != "private" && !m.Offline && !isRouter(m)
}

func hasUpstream(m skytells.ModelSpec) bool {
	return slices.ContainsFunc(m.Targets, func(t skytells.TargetSpec) bool { return t.Provider != LocalProvider })
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
