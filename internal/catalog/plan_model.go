package catalog

import (
	"fmt"
	"net/url"
	"slices"

	"skytower/internal/skytells"
)

// Bounds of what a model may hold.
const (
	maxTitle       = 200
	maxDescription = 10_000
	maxWords       = 64 // capabilities, aliases, targets
	maxWeight      = 1_000_000
	maxPriority    = 1_000_000
)

// planModel checks one model, brings it to its normal form in place, and puts it
// into the next state.
func (p *plan) planModel(path string, spec *skytells.ModelSpec) {
	problems := len(p.problems)
	if p.commands && (spec.Router != nil || fold(spec.Slug) == Router) {
		p.problem(path+".slug", "a router is made in the running server, and '%s' is one", Router)
	}
	before, exists := p.old.models[spec.Slug]
	if exists && before.builtin {
		p.overBuiltin(path, spec, before.spec)
	}
	p.normalizeModel(path, spec)
	r := modelRecord{spec: *spec, stored: true, builtin: before.builtin, ordinal: before.ordinal, created: p.now, priceVersion: before.priceVersion}
	if exists {
		r.created = before.created
		p.managed(path+".slug", "model", spec.Slug, before.spec.Managed)
	}
	if r.ordinal == 0 {
		p.ordinal++
		r.ordinal = p.ordinal
	}
	if r.builtin {
		p.builtinRecord(&r, before)
	}
	if len(p.problems) > problems {
		return
	}
	p.next.models[spec.Slug] = r
	p.record("model", spec.Slug, exists, diffModel(before, r))
}

// builtinRecord makes an untouched built-in model out of a spec that says
// nothing new, so that it needs no row.
func (p *plan) builtinRecord(r *modelRecord, before modelRecord) {
	if r.spec.Managed == "" {
		r.spec.Managed = ManagedBuiltin
	}
	if !before.stored && len(diffModel(before, *r)) == 0 {
		*r = before
	}
}

// overBuiltin takes from the spec what an operator may change about a built-in
// model (aliases, offline; of the router other fields), and refuses other wishes rather
// than ignoring them.
func (p *plan) overBuiltin(path string, spec *skytells.ModelSpec, builtin skytells.ModelSpec) {
	wished := *spec
	scratch := plan{source: p.source} // its problems come again with the model's
	scratch.normalizeModel(path, &wished)
	wished.Open, builtin.Open = false, false
	want, have := modelFields(wished), modelFields(builtin)
	for i, f := range want {
		switch f.name {
		case "aliases", "managed", "open":
			continue
		case "name", "description", "router":
			if spec.Slug == Router {
				continue
			}
		case "offline":
			if spec.Slug != Router {
				continue
			}
		case "type", "privacy": // have defaults, so silence looks like a wish
			if f.name == "type" && spec.Type == "" || f.name == "privacy" && spec.Privacy == "" {
				continue
			}
		}
		if f.value != "" && f.value != have[i].value {
			p.clash(path+"."+f.name, "'%s' is built in: only %s can be changed", spec.Slug, changeable(spec.Slug))
		}
	}
	given := *spec
	*spec = builtin
	spec.Aliases, spec.Offline = slices.Clone(given.Aliases), given.Offline
	if spec.Slug == Router {
		spec.Name, spec.Description, spec.Router, spec.Offline = given.Name, given.Description, given.Router, false
	}
	spec.Targets, spec.Capabilities = slices.Clone(builtin.Targets), slices.Clone(builtin.Capabilities)
}

// changeable are the fields of a built-in model that are an operator's.
func changeable(slug string) string {
	if slug == Router {
		return "router, name, description and aliases"
	}
	return "aliases and offline"
}

func (p *plan) normalizeModel(path string, spec *skytells.ModelSpec) {
	spec.Managed, spec.Open = p.source, false
	p.normalizeRouter(path, spec)
	if text := validSlug(spec.Slug); text != "" {
		p.problem(path+".slug", "%s", text)
	}
	p.oneOf(path+".type", &spec.Type, "", "image", "video", "audio", "music", "text")
	p.oneOf(path+".api", &spec.API, "", Chat, Embeddings, Prediction)
	p.oneOf(path+".privacy", &spec.Privacy, "public", "public", "private")
	if spec.Type == "" && (spec.API == Chat || spec.API == Embeddings) {
		spec.Type = "text" // what both put out, by contract 15.7
	}
	p.normalizePrediction(path, spec)
	p.notOver(path+".max_output", spec.MaxOutput, 1<<40)
	p.notOver(path+".context_length", spec.ContextLength, 1<<40)
	p.normalizeTexts(path, spec)
	p.normalizeLists(path, spec)
	p.normalizeFeatures(path+".features", spec)
	p.normalizePricing(path, spec)
	p.normalizeAnswers(path, spec)
}

func (p *plan) notOver(path string, n, most int64) {
	if n < 0 || n > most {
		p.problem(path, "must be 0 to %d", most)
	}
}

func (p *plan) normalizeTexts(path string, spec *skytells.ModelSpec) {
	spec.Vendor.Metadata = sameJSON(spec.Vendor.Metadata)
	for _, t := range []struct {
		name, value string
		most        int
	}{
		{"name", spec.Name, maxTitle}, {"description", spec.Description, maxDescription},
		{"vendor.name", spec.Vendor.Name, maxTitle}, {"vendor.slug", spec.Vendor.Slug, maxTitle},
		{"vendor.description", spec.Vendor.Description, maxDescription},
	} {
		if len(t.value) > t.most {
			p.problem(path+"."+t.name, "has at most %d bytes", t.most)
		}
	}
	p.webAddress(path+".img_url", spec.ImgURL)
	p.webAddress(path+".vendor.image_url", spec.Vendor.ImageURL)
}

// webAddress refuses what a page should not be told to load.
func (p *plan) webAddress(path, address string) {
	if address == "" {
		return
	}
	u, err := url.Parse(address)
	if err != nil || len(address) > maxBaseURL || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		p.problem(path, "must be an address that begins with http:// or https://")
	}
}

func (p *plan) normalizeLists(path string, spec *skytells.ModelSpec) {
	spec.Aliases, spec.Capabilities = notEmpty(spec.Aliases), notEmpty(spec.Capabilities)
	spec.Targets = notEmpty(spec.Targets)
	if len(spec.Aliases) > maxWords || len(spec.Capabilities) > maxWords || len(spec.Targets) > maxWords {
		p.problem(path, "has at most %d aliases, capabilities and targets", maxWords)
		return
	}
	for i, alias := range spec.Aliases {
		if text := validSlug(alias); text != "" {
			p.problem(fmt.Sprintf("%s.aliases[%d]", path, i), "%s", text)
		}
	}
	for i, word := range spec.Capabilities {
		if word == "" || len(word) > maxWords {
			p.problem(fmt.Sprintf("%s.capabilities[%d]", path, i), "must be 1 to %d characters", maxWords)
		}
	}
	for i := range spec.Targets {
		at := fmt.Sprintf("%s.targets[%d]", path, i)
		p.normalizeTarget(at, &spec.Targets[i])
		p.normalizeTimeouts(at, &spec.Targets[i], spec.API)
	}
}

func (p *plan) normalizeTarget(path string, t *skytells.TargetSpec) {
	if t.Weight == 0 {
		t.Weight = 1
	}
	if t.Weight < 0 || t.Weight > maxWeight {
		p.problem(path+".weight", "must be 1 to %d", maxWeight)
	}
	if t.Priority < -maxPriority || t.Priority > maxPriority {
		p.problem(path+".priority", "must be between -%d and %d", maxPriority, maxPriority)
	}
	if !validUpstream(t.Model) {
		p.problem(path+".model", "must be the upstream's name of the model, in one line of at most %d bytes", maxUpstreamName)
	}
	p.oneOf(path+".fetch_inputs", &t.FetchInputs, "", "proxy", "pass", "deny")
}

// notEmpty is a copy of the list, nil where nothing is in it.
func notEmpty[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return slices.Clone(list)
}
