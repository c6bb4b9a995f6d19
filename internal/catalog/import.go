package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"skytower/internal/fault"
	"skytower/internal/skytells"
)

// maxImport bounds how many models one import takes in.
const maxImport = 5000

// Listed is one model that an upstream offers.
type Listed struct {
	Name    string
	OwnedBy string // may be ""
}

// Import brings an upstream's models into the catalogue. It never changes a model
// that is there: one that this provider's model of that name serves already is
// reported as "exists", one whose slug is taken by something else as "conflict".
// The api is guessed from the name; with Free, models whose api could be guessed
// are open at once, the others wait for an operator.
func (c *Catalog) Import(ctx context.Context, provider string, listed []Listed, r skytells.ImportRequest, actor string) (skytells.ImportResult, error) {
	result := skytells.ImportResult{}
	chosen, err := choose(listed, r.Models)
	if err != nil {
		return result, err
	}
	err = c.change(ctx, actor, r.DryRun, func(old *state) (*state, error) {
		if _, ok := old.providers[provider]; !ok {
			return nil, missing("provider", provider)
		}
		im := importer{served: old.served(provider), names: old.names(), provider: provider, free: r.Free, found: []skytells.ImportedModel{}}
		for _, l := range chosen {
			im.take(l)
		}
		p := newPlan(old, skytells.Resources{Models: im.specs}, c.now())
		p.run()
		result.Models = im.found
		return p.next, p.err()
	})
	return result, err
}

// choose picks the wished models out of those that an upstream lists, each once.
func choose(listed []Listed, wished []string) ([]Listed, error) {
	var chosen []Listed
	byName := map[string]bool{}
	for _, l := range listed {
		if !byName[l.Name] && (len(wished) == 0 || slices.Contains(wished, l.Name)) {
			chosen = append(chosen, l)
		}
		byName[l.Name] = true
	}
	for i, name := range wished {
		if !byName[name] {
			return nil, fault.Invalid(fmt.Sprintf("models[%d]", i), "the provider lists no model '%s'%s",
				quotable(name), didYouMean(name, sortedKeys(byName)))
		}
	}
	if len(chosen) > maxImport {
		return nil, fault.Invalid("models", "the provider lists %d models, and one import takes %d: name those that you want", len(chosen), maxImport)
	}
	return chosen, nil
}

type importer struct {
	served   map[string]skytells.ModelSpec // by the upstream's name
	names    map[string]string             // in lower case → slug; grows
	provider string
	free     bool
	specs    []skytells.ModelSpec
	found    []skytells.ImportedModel
}

func (im *importer) take(l Listed) {
	if m, ok := im.served[l.Name]; ok {
		im.found = append(im.found, skytells.ImportedModel{
			Slug: m.Slug, Upstream: l.Name, API: m.API, Action: "exists", Open: isOpen(m),
		})
		return
	}
	spec := im.specFor(l)
	found := skytells.ImportedModel{Slug: spec.Slug, Upstream: l.Name, API: spec.API, Action: "conflict"}
	_, taken := im.names[fold(spec.Slug)]
	if !taken && validSlug(spec.Slug) == "" && fold(spec.Slug) != Router && validUpstream(l.Name) {
		found.Action, found.Open = "created", isOpen(spec)
		im.names[fold(spec.Slug)] = spec.Slug
		im.specs = append(im.specs, spec)
	}
	im.found = append(im.found, found)
}

// served maps the provider's names of models to the models that they serve.
func (st *state) served(provider string) map[string]skytells.ModelSpec {
	served := map[string]skytells.ModelSpec{}
	for _, slug := range st.usersOf(provider) {
		m := st.models[slug].spec
		for _, t := range m.Targets {
			if _, ok := served[t.Model]; !ok && t.Provider == provider {
				served[t.Model] = m
			}
		}
	}
	return served
}

func (im *importer) specFor(l Listed) skytells.ModelSpec {
	spec := skytells.ModelSpec{
		Slug: slugFor(l.Name), API: guessAPI(l.Name),
		Targets: []skytells.TargetSpec{{Provider: im.provider, Model: l.Name}},
	}
	if spec.API != "" {
		spec.Type, spec.Free = "text", im.free
	}
	if owner := shorten(strings.TrimSpace(quotable(l.OwnedBy)), maxTitle/4); owner != "" {
		spec.Vendor = skytells.Vendor{Name: owner}
	}
	return spec
}

// guessAPI tells from a model's name which routes serve it: embeddings, chat, or
// "" for kinds that neither serves. A list says nothing else about a model.
func guessAPI(name string) string {
	words := strings.FieldsFunc(fold(name), func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9') })
	has := func(starts ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool {
			return slices.ContainsFunc(starts, func(s string) bool { return strings.HasPrefix(w, s) })
		})
	}
	switch {
	case has("whisper", "tts", "dall", "image", "moderation", "rerank", "reranker", "sora", "realtime", "transcribe",
		"diffusion", "sdxl", "flux", "speech", "davinci", "babbage", "stt", "kokoro"):
		return ""
	case has("embed", "bge", "e5", "gte", "minilm", "mpnet", "sentence"):
		return Embeddings
	}
	return Chat
}
