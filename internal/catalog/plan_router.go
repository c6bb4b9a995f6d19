package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"skytower/internal/skytells"
)

// Bounds of routers and of targets' times.
const (
	maxRules      = 32
	maxRouted     = 64 // models of one list
	maxRuleTokens = 1 << 40
	minTimeout    = 100 * time.Millisecond
	maxTimeout    = 24 * time.Hour
)

// isRouter reports whether a spec is a router's: one with the section, or the one that is
// always there.
func isRouter(m skytells.ModelSpec) bool { return m.Router != nil || m.Slug == Router }

// normalizeRouter checks a router's section, and that the model has nothing which routers
// have not.
func (p *plan) normalizeRouter(path string, spec *skytells.ModelSpec) {
	if spec.Slug == Router && spec.Router != nil && isEmptyRouter(*spec.Router) {
		spec.Router = nil // back to the default model
	}
	if !isRouter(*spec) {
		return
	}
	p.refuseOfRouter(path, spec)
	spec.API = cmp.Or(spec.API, Chat)
	if spec.Router == nil {
		return
	}
	path += ".router"
	r := *spec.Router
	if spec.Router = &r; r.Policy == "" {
		p.problem(path+".policy", "is missing: fixed, cheapest, fastest or balanced")
	}
	p.policyWord(path+".policy", &r.Policy)
	p.oneOf(path+".sticky", &r.Sticky, "auto", "auto", "user", "prompt_cache_key", "off")
	r.Models = p.routed(path+".models", r.Models)
	if r.Policy == "fixed" && len(r.Models) == 0 {
		p.problem(path+".models", "is missing: the policy fixed takes the first of them that can serve the request")
	}
	r.Rules = notEmpty(r.Rules)
	if len(r.Rules) > maxRules {
		p.problem(path+".rules", "has at most %d rules", maxRules)
		return
	}
	for i := range r.Rules {
		p.normalizeRule(fmt.Sprintf("%s.rules[%d]", path, i), &r.Rules[i], r)
	}
}

func isEmptyRouter(r skytells.RouterSpec) bool {
	return r.Policy == "" && r.Sticky == "" && len(r.Models) == 0 && len(r.Rules) == 0
}

func (p *plan) refuseOfRouter(path string, spec *skytells.ModelSpec) {
	const ofChosen = "is not for a router: what the chosen model has holds"
	for _, f := range []struct {
		name, text string
		given      bool
	}{
		{"targets", "is not for a router: it chooses among models, which have them", len(spec.Targets) > 0},
		{"pricing", "is not for a router: a call costs what the chosen model costs", spec.Pricing != nil},
		{"free", "is not for a router: a call costs what the chosen model costs", spec.Free},
		{"edge", "is not for a router: it is on the edge surface with the models that are", spec.Edge},
		{"features", ofChosen, len(spec.Features) > 0},
		{"cache", ofChosen, spec.Cache != nil},
		{"guards", ofChosen, len(spec.Guards) > 0},
		{"max_output", ofChosen, spec.MaxOutput != 0},
		{"context_length", ofChosen, spec.ContextLength != 0},
		{"api", "a router serves chat and responses: leave it out, or say chat", spec.API != "" && spec.API != Chat},
		{"type", "a router gives text: leave it out, or say text", spec.Type != "" && spec.Type != "text"},
	} {
		if f.given {
			p.problem(path+"."+f.name, "%s", f.text)
		}
	}
}

func (p *plan) policyWord(path string, word *string) {
	p.oneOf(path, word, "", "fixed", "cheapest", "fastest", "balanced")
}

// normalizeRule checks a rule of the router r.
func (p *plan) normalizeRule(path string, rule *skytells.RouterRule, r skytells.RouterSpec) {
	w := rule.When
	if w == (skytells.RouterWhen{}) {
		p.problem(path+".when", "is empty, so that the rule would always hold: say a condition, or change the router's own policy and models")
	}
	p.notOver(path+".when.input_over", w.InputOver, maxRuleTokens)
	p.notOver(path+".when.input_under", w.InputUnder, maxRuleTokens)
	if w.InputUnder > 0 && w.InputUnder-w.InputOver < 2 {
		p.problem(path+".when", "no number is over %d and under %d", w.InputOver, w.InputUnder)
	}
	p.policyWord(path+".policy", &rule.Policy)
	rule.Models = p.routed(path+".models", rule.Models)
	switch {
	case rule.Policy == "" && len(rule.Models) == 0:
		p.problem(path, "changes nothing: say a policy, models, or both")
	case rule.Policy == "fixed" && len(rule.Models)+len(r.Models) == 0:
		p.problem(path+".models", "is missing: the policy fixed takes the first of them that can serve the request")
	}
}

// routed brings a list of models to their slugs, so that it holds whatever becomes of
// their aliases.
func (p *plan) routed(path string, list []string) []string {
	list = notEmpty(list)
	if len(list) > maxRouted {
		p.problem(path, "has at most %d models", maxRouted)
		return list
	}
	for i, name := range list {
		if slug, ok := p.names[fold(name)]; ok {
			list[i] = slug
		}
		if slices.Contains(list[:i], list[i]) {
			p.problem(fmt.Sprintf("%s[%d]", path, i), "the same model as an earlier one")
		}
	}
	return list
}

// namesAfter are the names as they will be; a slug goes before an alias.
func (p *plan) namesAfter() map[string]string {
	specs := map[string]skytells.ModelSpec{}
	for slug, r := range p.old.models {
		specs[slug] = r.spec
	}
	for _, m := range p.models {
		specs[m.Slug] = m
	}
	names := map[string]string{}
	for _, slug := range sortedKeys(specs) {
		for _, alias := range specs[slug].Aliases {
			names[fold(alias)] = slug
		}
	}
	for slug := range specs {
		names[fold(slug)] = slug
	}
	return names
}

// eachRouted calls fn with every model that a router names, and with its path in the
// section.
func eachRouted(r *skytells.RouterSpec, fn func(path, name string)) {
	if r == nil {
		return
	}
	for i, name := range r.Models {
		fn(fmt.Sprintf("router.models[%d]", i), name)
	}
	for i, rule := range r.Rules {
		for j, name := range rule.Models {
			fn(fmt.Sprintf("router.rules[%d].models[%d]", i, j), name)
		}
	}
}

// checkRouters finds names in routers that can't stand for a model, once everything is in
// place: in the request's routers, and in others that name one of the request's models.
func (p *plan) checkRouters() {
	specs, mine := map[string]skytells.ModelSpec{}, map[string]string{}
	for slug, r := range p.next.models {
		specs[slug] = r.spec
	}
	for i, m := range p.models { // also those with problems: their names are no further ones
		specs[m.Slug], mine[m.Slug] = m, fmt.Sprintf("models[%d]", i)
	}
	for i, m := range p.models {
		eachRouted(m.Router, func(path, name string) {
			if text := notRoutable(specs, name); text != "" {
				p.problem(fmt.Sprintf("models[%d].%s", i, path), "%s", text)
			}
		})
	}
	for _, slug := range sortedKeys(p.next.models) {
		if mine[slug] != "" {
			continue
		}
		eachRouted(p.next.models[slug].spec.Router, func(_, name string) {
			if path := mine[name]; path != "" && notRoutable(specs, name) != "" {
				p.clash(path+".api", "the router '%s' may choose '%s', so it must serve chat: change the router first", slug, quotable(name))
			}
		})
	}
}

// notRoutable says why a router can't choose the model of that slug, or "".
func notRoutable(specs map[string]skytells.ModelSpec, slug string) string {
	m, ok := specs[slug]
	switch {
	case !ok:
		return fmt.Sprintf("no model is called '%s'%s", quotable(slug), didYouMean(slug, sortedKeys(specs)))
	case isRouter(m):
		return fmt.Sprintf("'%s' is a router, and routers choose among models", slug)
	case m.API == "":
		return fmt.Sprintf("it is not known what '%s' serves: say so with api: chat first", slug)
	case m.API != Chat:
		return fmt.Sprintf("'%s' is of api '%s', and routers choose among models of api '%s'", slug, m.API, Chat)
	}
	return ""
}

// routersOf lists the routers that name a model.
func (st *state) routersOf(model string) []string {
	var routers []string
	for _, slug := range sortedKeys(st.models) {
		named := false
		eachRouted(st.models[slug].spec.Router, func(_, name string) { named = named || name == model })
		if named {
			routers = append(routers, slug)
		}
	}
	return routers
}

// featureWords are the words of ModelSpec.Features, in the order of their bits.
func featureWords() []string { return []string{"text", "tools", "images", "json_schema"} }

// normalizeFeatures brings the words to their order; text is part of all.
func (p *plan) normalizeFeatures(path string, spec *skytells.ModelSpec) {
	if len(spec.Features) == 0 || isRouter(*spec) { // a router's are refused already
		spec.Features = nil
		return
	}
	if spec.API != Chat {
		p.problem(path, "is for models of api '%s' only", Chat)
	}
	given := slices.Clone(spec.Features)
	for i := range given {
		p.oneOf(fmt.Sprintf("%s[%d]", path, i), &given[i], "text", featureWords()...)
	}
	spec.Features = slices.DeleteFunc(featureWords(), func(word string) bool {
		return word != "text" && !slices.Contains(given, word)
	})
}

func featuresOf(words []string) Features {
	var f Features
	for i, word := range featureWords() {
		if slices.Contains(words, word) {
			f |= 1 << i
		}
	}
	return f
}

func (p *plan) normalizeTimeouts(path string, t *skytells.TargetSpec, api string) {
	for _, f := range []struct {
		name string
		text *string
	}{{"first_byte_timeout", &t.FirstByteTimeout}, {"idle_timeout", &t.IdleTimeout}} {
		*f.text = strings.TrimSpace(*f.text)
		switch {
		case *f.text == "":
		case api == Prediction:
			p.problem(path+"."+f.name, "is for chat and embeddings: a prediction has its deadline")
		case timeoutOf(*f.text) == 0:
			p.problem(path+"."+f.name, "must be a time of 100ms to 24h, such as 20s")
		}
	}
}

// timeoutOf is a target's time; 0 where there is none, or none that holds.
func timeoutOf(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil || d < minTimeout || d > maxTimeout {
		return 0
	}
	return d
}
