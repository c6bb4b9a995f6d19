package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"skytower/internal/skytells"
)

// Bounds of guards. A pattern's program is bounded too: counted repetitions make a long
// program of a short text.
const (
	maxGuards     = 16 // that a model names
	maxAllGuards  = 256
	maxGuardWords = 2000
	maxGuardWord  = 128 // bytes
	maxPatterns   = 64
	maxPattern    = 512 // bytes
)

// Bounds of kept answers.
const (
	minKept = time.Second
	maxKept = 30 * 24 * time.Hour
)

// planGuard checks one guard, brings it to its normal form in place, and puts it into the
// next state.
func (p *plan) planGuard(path string, spec *skytells.GuardSpec) {
	problems := len(p.problems)
	p.normalizeGuard(path, spec)
	before, exists := p.old.guards[spec.Name]
	r := guardRecord{spec: *spec, created: p.now}
	if exists {
		r.created = before.created
		p.managed(path+".name", "guard", spec.Name, before.spec.Managed)
	}
	if spec.Name != "" {
		// Also where there are problems: a model that names it has then not one more.
		p.next.guards[spec.Name] = r
	}
	if len(p.next.guards) > maxAllGuards && !exists {
		p.problem(path, "there are at most %d guards", maxAllGuards)
	}
	if len(p.problems) == problems {
		p.record("guard", spec.Name, exists, diffGuard(before, r))
	}
}

func (p *plan) normalizeGuard(path string, spec *skytells.GuardSpec) {
	spec.Managed = p.source
	if text := validProviderName(spec.Name); text != "" {
		p.problem(path+".name", "a guard's name is 1 to 40 characters of a-z 0-9 -")
	}
	kinds := []string{"rules", "personal_data", "moderation"}
	if spec.Kind == "" {
		p.problem(path+".kind", "is missing: %s", strings.Join(kinds, ", "))
	}
	p.oneOf(path+".kind", &spec.Kind, "", kinds...)
	action := "block"
	if spec.Kind == "personal_data" {
		action = "redact"
	}
	p.oneOf(path+".action", &spec.Action, action, "block", "redact", "mark")
	p.oneOf(path+".on", &spec.On, "both", "both", "prompt", "completion")
	spec.Words, spec.Patterns, spec.Data = notEmpty(spec.Words), notEmpty(spec.Patterns), notEmpty(spec.Data)
	spec.Provider, spec.Model = strings.TrimSpace(spec.Provider), strings.TrimSpace(spec.Model)
	p.refuseOfGuard(path, *spec)
	switch spec.Kind {
	case "rules":
		p.normalizeRules(path, spec)
	case "personal_data":
		p.normalizeData(path+".data", spec)
	case "moderation":
		p.normalizeModeration(path, spec)
	}
}

// refuseOfGuard refuses what belongs to another kind of guard, rather than ignoring it.
func (p *plan) refuseOfGuard(path string, g skytells.GuardSpec) {
	for _, f := range []struct {
		name, kind string
		given      bool
	}{
		{"words", "rules", len(g.Words) > 0}, {"patterns", "rules", len(g.Patterns) > 0},
		{"data", "personal_data", len(g.Data) > 0},
		{"provider", "moderation", g.Provider != ""}, {"model", "moderation", g.Model != ""},
		{"threshold", "moderation", g.Threshold != 0}, {"unsure", "moderation", g.Unsure != ""},
	} {
		if f.given && g.Kind != f.kind {
			p.problem(path+"."+f.name, "is for guards of kind %s", f.kind)
		}
	}
}

func (p *plan) normalizeRules(path string, spec *skytells.GuardSpec) {
	if len(spec.Words)+len(spec.Patterns) == 0 {
		p.problem(path+".words", "is missing: give words, patterns, or both")
	}
	if len(spec.Words) > maxGuardWords {
		p.problem(path+".words", "has at most %d words", maxGuardWords)
		return
	}
	if len(spec.Patterns) > maxPatterns {
		p.problem(path+".patterns", "has at most %d patterns", maxPatterns)
		return
	}
	for i, word := range spec.Words {
		word = strings.Join(strings.Fields(word), " ")
		spec.Words[i] = word
		if text := validWord(word); text != "" {
			p.problem(fmt.Sprintf("%s.words[%d]", path, i), "%s", text)
		}
	}
	for i, pattern := range spec.Patterns {
		if text := validPattern(pattern); text != "" {
			p.problem(fmt.Sprintf("%s.patterns[%d]", path, i), "%s", text)
		}
	}
}

func validWord(word string) string {
	switch {
	case word == "":
		return "is empty"
	case len(word) > maxGuardWord || !utf8.ValidString(word):
		return fmt.Sprintf("has at most %d bytes", maxGuardWord)
	case !strings.ContainsFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsSymbol(r) }):
		return "has no letter and no digit"
	}
	return ""
}

// validPattern says what is wrong with a regular expression, or "".
func validPattern(pattern string) string {
	if pattern == "" {
		return "is empty"
	}
	if len(pattern) > maxPattern {
		return fmt.Sprintf("has at most %d bytes", maxPattern)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return "is no regular expression (RE2): " + strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	}
	if re.MatchString("") {
		return "matches nothing at all, and so everywhere: ask for at least one character"
	}
	return ""
}

func (p *plan) normalizeData(path string, spec *skytells.GuardSpec) {
	words := []string{"email", "phone", "card", "iban", "key"}
	given := spec.Data
	for i := range given {
		p.oneOf(fmt.Sprintf("%s[%d]", path, i), &given[i], "", words...)
		if given[i] == "" {
			p.problem(fmt.Sprintf("%s[%d]", path, i), "is empty: %s", strings.Join(words, ", "))
		}
	}
	spec.Data = slices.DeleteFunc(words, func(word string) bool { return !slices.Contains(given, word) })
	if spec.Data = notEmpty(spec.Data); len(spec.Data) == len(words) {
		spec.Data = nil // all, as if none was named
	}
}

func (p *plan) normalizeModeration(path string, spec *skytells.GuardSpec) {
	if spec.Action == "redact" {
		p.problem(path+".action", "a moderation model judges a text as a whole: block or mark")
	}
	if spec.Provider == "" {
		p.problem(path+".provider", "is missing: the provider that has the moderation model")
	}
	if !validUpstream(spec.Model) {
		p.problem(path+".model", "must be the upstream's name of the moderation model, in one line of at most %d bytes", maxUpstreamName)
	}
	if !(spec.Threshold >= 0 && spec.Threshold <= 1) {
		p.problem(path+".threshold", "must be 0 to 1")
	}
	p.oneOf(path+".unsure", &spec.Unsure, "refuse", "refuse", "pass")
}

// checkGuards finds names in guards and of guards that stand for nothing once everything is
// in place.
func (p *plan) checkGuards() {
	for i, g := range p.guards {
		path := fmt.Sprintf("guards[%d].provider", i)
		if g.Kind != "moderation" || g.Provider == "" {
			continue
		}
		r, ok := p.next.providers[g.Provider]
		switch {
		case !ok:
			p.problem(path, "no provider is called '%s'%s", quotable(g.Provider), didYouMean(g.Provider, p.next.providerNames()))
		case !moderates(r.spec.Kind):
			p.problem(path, "'%s' is of kind %s, and only providers of kind openai have moderation models", quotable(g.Provider), r.spec.Kind)
		}
	}
	for i, m := range p.models {
		for j, name := range m.Guards {
			if _, ok := p.next.guards[name]; !ok {
				p.problem(fmt.Sprintf("models[%d].guards[%d]", i, j), "no guard is called '%s'%s", quotable(name), didYouMean(name, sortedKeys(p.next.guards)))
			}
		}
	}
	for i, spec := range p.providers { // one that changes its kind under a guard
		if users := p.next.askedBy(spec.Name); len(users) > 0 && !moderates(spec.Kind) && !p.isMine(users) {
			p.clash(fmt.Sprintf("providers[%d].kind", i), "the guard '%s' asks its moderation model, which only providers of kind openai have", users[0])
		}
	}
}

// isMine reports whether the request itself describes the first of the guards, so that its
// problem is told there.
func (p *plan) isMine(guards []string) bool {
	return slices.ContainsFunc(p.guards, func(g skytells.GuardSpec) bool { return g.Name == guards[0] })
}

// moderates reports whether providers of a kind can have moderation models.
func moderates(kind string) bool { return kind == "openai" }

// normalizeAnswers checks what a model says of its guards and of kept answers.
func (p *plan) normalizeAnswers(path string, spec *skytells.ModelSpec) {
	spec.Guards = notEmpty(spec.Guards)
	if len(spec.Guards) > maxGuards {
		p.problem(path+".guards", "has at most %d guards", maxGuards)
		return
	}
	for i, name := range spec.Guards {
		at := fmt.Sprintf("%s.guards[%d]", path, i)
		if validProviderName(name) != "" {
			p.problem(at, "is no guard's name")
		} else if slices.Contains(spec.Guards[:i], name) {
			p.problem(at, "the same guard as an earlier one")
		}
	}
	if spec.Cache == nil || isRouter(*spec) { // a router's is refused already
		return
	}
	c := *spec.Cache
	spec.Cache = &c
	if spec.API == Prediction {
		p.problem(path+".cache", "is for models of api '%s' and '%s'", Chat, Embeddings)
	}
	c.TTL = strings.TrimSpace(c.TTL)
	switch d, err := time.ParseDuration(c.TTL); {
	case c.TTL == "":
		p.problem(path+".cache.ttl", "is missing: how long an answer is kept, such as 10m")
	case err != nil || d < minKept || d > maxKept:
		p.problem(path+".cache.ttl", "must be a time of 1s to 720h, such as 10m")
	}
	if c.PricePercent != nil && (*c.PricePercent < 0 || *c.PricePercent > 100) {
		p.problem(path+".cache.price_percent", "must be 0 to 100")
	}
	spec.Cache = &c
}

// cachingOf reads what was checked; nil: a model's answers are not kept unless a request
// asks for it.
func cachingOf(spec *skytells.CacheSpec) *Caching {
	if spec == nil {
		return nil
	}
	ttl, err := time.ParseDuration(spec.TTL)
	if err != nil {
		return nil
	}
	caching := &Caching{TTL: ttl, Percent: -1, ByHeader: spec.ByHeader}
	if spec.PricePercent != nil {
		caching.Percent = *spec.PricePercent
	}
	return caching
}
