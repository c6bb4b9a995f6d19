package guard

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"skytower/internal/rawjson"
)

// Severity words (contract 7.1).
const (
	safe   = "safe"
	low    = "low"
	medium = "medium"
	high   = "high"
)

// Verdict is what a guard made of what it looked at.
type Verdict int

// The verdicts, from the mildest to the strictest.
const (
	Passed Verdict = iota
	Unsure
	Marked
	Redacted
	Blocked
)

// String names the verdict as metrics do.
func (v Verdict) String() string {
	return [...]string{"passed", "unsure", "marked", "redacted", "blocked"}[v]
}

// result is one category of a report.
type result struct {
	filtered, detected bool
	severity           string // "": the category has none
}

// Report is what the guards of one side found, over all of its texts. It never holds a text.
type Report struct {
	results  map[string]result
	verdicts map[string]Verdict // by guard
	blocked  *Guard
}

// Blocked is the guard that blocked; nil: none did.
func (r *Report) Blocked() *Guard { return r.blocked }

// Empty reports whether no guard looked at anything.
func (r *Report) Empty() bool { return len(r.verdicts) == 0 }

// Verdicts are what each guard made of all that it looked at.
func (r *Report) Verdicts() []Verdict { return slices.Collect(maps.Values(r.verdicts)) }

// begin notes that the guard looks.
func (r *Report) begin(g *Guard) {
	if r.verdicts == nil {
		r.results, r.verdicts = map[string]result{}, map[string]Verdict{}
	}
	r.verdicts[g.Name] = max(r.verdicts[g.Name], Passed)
	if _, there := r.results[g.Kind]; !there && g.Kind != Moderation {
		r.results[g.Kind] = result{} // nothing is found as well
	}
}

// found notes that the guard found something.
func (r *Report) found(g *Guard) {
	v := [...]Verdict{Block: Blocked, Redact: Redacted, Mark: Marked}[g.Action]
	r.verdicts[g.Name] = max(r.verdicts[g.Name], v)
	if g.Action == Block && r.blocked == nil {
		r.blocked = g
	}
	if g.Kind != Moderation {
		one := r.results[g.Kind]
		one.detected, one.filtered = true, one.filtered || g.Action == Block
		r.results[g.Kind] = one
	}
}

// unsure notes that the guard could not judge.
func (r *Report) unsure(g *Guard) {
	r.verdicts[g.Name] = max(r.verdicts[g.Name], Unsure)
	if !g.pass && r.blocked == nil {
		r.blocked = g
	}
}

// score notes what a moderation model says of a category.
func (r *Report) score(category, severity string, filtered bool) {
	one := r.results[category]
	if one.severity == "" || rank(severity) > rank(one.severity) {
		one.severity = severity
	}
	one.filtered = one.filtered || filtered
	r.results[category] = one
}

func rank(severity string) int {
	return slices.Index([]string{safe, low, medium, high}, severity)
}

// AppendJSON appends the results as an object (contract 7.1, content_filter_results), after
// the members of base, an object of an upstream's own results; ours count where both have
// one.
func (r *Report) AppendJSON(dst, base []byte) []byte {
	dst = append(dst, '{')
	begin := len(dst)
	comma := func() {
		if len(dst) > begin {
			dst = append(dst, ',')
		}
	}
	rawjson.Top(base, func(key, value []byte) bool {
		if _, ours := r.results[string(key)]; !ours {
			comma()
			dst = append(append(append(append(dst, '"'), key...), `":`...), value...)
		}
		return true
	})
	for _, category := range slices.Sorted(maps.Keys(r.results)) {
		comma()
		one := r.results[category]
		dst = append(rawjson.AppendQuote(dst, category), `:{"filtered":`...)
		dst = strconv.AppendBool(dst, one.filtered)
		if one.severity != "" {
			dst = append(append(append(dst, `,"severity":"`...), one.severity...), `"}`...)
			continue
		}
		dst = append(strconv.AppendBool(append(dst, `,"detected":`...), one.detected), '}')
	}
	return append(dst, '}')
}

// category is our name of a moderation model's category: self-harm/intent is self_harm.
func category(name string) string {
	name, _, _ = strings.Cut(name, "/")
	return strings.Map(func(r rune) rune {
		if alnum(r) {
			return lower(r)
		}
		return '_'
	}, name[:min(len(name), 64)])
}

// Undecided reports whether the guard that blocked could not judge.
func (r *Report) Undecided() bool {
	return r.blocked != nil && r.verdicts[r.blocked.Name] == Unsure
}
