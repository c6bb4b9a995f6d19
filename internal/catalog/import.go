package catalog

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"skytower/internal/fault"
	"skytower/internal/skytells"
)

// maxImport bounds how many models one import takes in.
const maxImport = 5000

// Listed is one model that an upstream offers. Only Name is always there.
type Listed struct {
	Name    string
	OwnedBy string // may be ""

	Title, Description string
	API, Type          string // "" is unknown
	Capabilities       []string
	InputSchema        json.RawMessage
	OutputSchema       json.RawMessage
}

// Import brings an upstream's models into the catalogue. One that this provider's model
// of that name serves already is reported as "exists" and stays as it is; with Update,
// its description and schemas are taken from the upstream again ("updated"). One whose
// slug is taken by something else is a "conflict". What the upstream does not say, an
// OpenAI-compatible one's model's name tells. With Free, models whose api and type are
// known are open at once, the others wait for an operator.
func (c *Catalog) Import(ctx context.Context, provider string, listed []Listed, r skytells.ImportRequest, actor string) (skytells.ImportResult, error) {
	result := skytells.ImportResult{}
	chosen, err := choose(listed, r.Models)
	if err != nil {
		return result, err
	}
	notes := make([]string, len(chosen))
	for i := range chosen { // before the catalogue is locked: compiling takes time
		notes[i] = chosen[i].dropBadSchemas()
	}
	err = c.change(ctx, actor, r.DryRun, func(old *state) (*state, error) {
		p, ok := old.providers[provider]
		if !ok {
			return nil, missing("provider", provider)
		}
		im := importer{
			served: old.served(provider), names: old.names(), provider: provider, kind: p.spec.Kind,
			only: len(chosen) == 1, free: r.Free, update: r.Update, updated: map[string]bool{}, found: []skytells.ImportedModel{},
		}
		for i, l := range chosen {
			im.take(l, notes[i])
		}
		plan := newPlan(old, skytells.Resources{Models: im.specs}, c.now())
		plan.run()
		result.Models = im.found
		return plan.next, plan.err()
	})
	return result, err
}

// dropBadSchemas takes away schemas that can't be used, and says why: a model without
// one takes any object, and its upstream checks it.
func (l *Listed) dropBadSchemas() string {
	var notes []string
	for _, s := range []struct {
		name  string
		text  *json.RawMessage
		check func(skytells.Schema) error
	}{{"input_schema", &l.InputSchema, checkInputSchema}, {"output_schema", &l.OutputSchema, checkOutputSchema}} {
		normal := normalSchema(skytells.Schema(*s.text))
		if err := s.check(normal); err != nil {
			notes = append(notes, "without its "+s.name+", which "+err.Error())
			normal = nil
		}
		*s.text = json.RawMessage(normal)
	}
	return strings.Join(notes, "; ")
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
	served   map[string]modelRecord // by the upstream's name
	names    map[string]string      // in lower case → slug; grows
	provider string
	kind     string
	only     bool // one model, not one of several
	free     bool
	update   bool
	updated  map[string]bool // by slug: a model may stand for several of the upstream's
	specs    []skytells.ModelSpec
	found    []skytells.ImportedModel
}

func (im *importer) take(l Listed, note string) {
	if r, ok := im.served[l.Name]; ok {
		im.takeAgain(r, l, note)
		return
	}
	spec := im.specFor(l)
	found := skytells.ImportedModel{Slug: spec.Slug, Upstream: l.Name, API: spec.API, Type: spec.Type, Action: "conflict"}
	_, taken := im.names[fold(spec.Slug)]
	if !taken && validSlug(spec.Slug) == "" && fold(spec.Slug) != Router && validUpstream(l.Name) {
		found.Action, found.Open, found.Note = "created", isOpen(spec), note
		im.names[fold(spec.Slug)] = spec.Slug
		im.specs = append(im.specs, spec)
	}
	im.found = append(im.found, found)
}

// takeAgain reports a model that is there, and with update takes what the upstream says
// of it now. What a file or the server itself describes is theirs.
func (im *importer) takeAgain(r modelRecord, l Listed, note string) {
	m := r.spec
	found := skytells.ImportedModel{Slug: m.Slug, Upstream: l.Name, API: m.API, Type: m.Type, Action: "exists", Open: isOpen(m)}
	if im.update && r.stored && !r.builtin && m.Managed == "" {
		m.Description = cmp.Or(textFrom(l.Description, maxDescription), m.Description)
		if m.API == Prediction {
			if l.InputSchema != nil {
				m.InputSchema = skytells.Schema(l.InputSchema)
			}
			if l.OutputSchema != nil {
				m.OutputSchema = skytells.Schema(l.OutputSchema)
			}
			found.Note = note
		}
		next := r
		next.spec = m
		if len(diffModel(r, next)) > 0 && !im.updated[m.Slug] {
			found.Action, im.updated[m.Slug] = "updated", true
			im.specs = append(im.specs, m)
		}
	}
	im.found = append(im.found, found)
}

// served maps the provider's names of models to the models that they serve.
func (st *state) served(provider string) map[string]modelRecord {
	served := map[string]modelRecord{}
	for _, slug := range st.usersOf(provider) {
		r := st.models[slug]
		for _, t := range r.spec.Targets {
			if _, ok := served[t.Model]; !ok && t.Provider == provider {
				served[t.Model] = r
			}
		}
	}
	return served
}

func (im *importer) specFor(l Listed) skytells.ModelSpec {
	spec := skytells.ModelSpec{
		Slug: im.slugFor(l.Name), Name: textFrom(l.Title, maxTitle), Description: textFrom(l.Description, maxDescription),
		API: im.apiOf(l), Targets: []skytells.TargetSpec{{Provider: im.provider, Model: l.Name}},
	}
	switch spec.API {
	case Chat, Embeddings:
		spec.Type = "text"
	case Prediction:
		if slices.Contains([]string{"image", "video", "audio", "music", "text"}, l.Type) {
			spec.Type = l.Type
		}
		spec.InputSchema, spec.OutputSchema = skytells.Schema(l.InputSchema), skytells.Schema(l.OutputSchema)
	}
	spec.Free = im.free && spec.API != "" && spec.Type != ""
	for _, word := range l.Capabilities {
		if word = textFrom(word, maxWords); word != "" && len(spec.Capabilities) < maxWords && !slices.Contains(spec.Capabilities, word) {
			spec.Capabilities = append(spec.Capabilities, word)
		}
	}
	if owner := shorten(strings.TrimSpace(quotable(l.OwnedBy)), maxTitle/4); owner != "" {
		spec.Vendor = skytells.Vendor{Name: owner}
	}
	return spec
}

// apiOf is what the upstream says, or what the name tells where all that an upstream
// lists is names.
func (im *importer) apiOf(l Listed) string {
	switch {
	case l.API == Chat || l.API == Embeddings || l.API == Prediction:
		return l.API
	case im.kind == "openai":
		return guessAPI(l.Name)
	}
	return ""
}

// slugFor names a model. A Cog container holds one, which it does not name; a version
// of a Replicate model is no part of its name.
func (im *importer) slugFor(upstream string) string {
	switch {
	case im.kind == "cog" && im.only:
		return im.provider
	case im.kind == "replicate":
		upstream, _, _ = strings.Cut(upstream, ":")
	}
	return slugFor(upstream)
}

// textFrom is an upstream's text, without what a terminal or a page could take amiss,
// and cut where it is longer than most bytes.
func textFrom(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	text = strings.TrimSpace(text)
	return strings.ToValidUTF8(text[:min(len(text), most)], "") // no half a character at the end
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
