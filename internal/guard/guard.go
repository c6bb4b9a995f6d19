// Package guard looks at texts that go to a model and come from it: rules of words and
// patterns, personal data, and what a moderation model says.
//
// It knows texts and verdicts, no request, no caller and no provider: a moderation model
// is a function that it is given. Its one invariant: what a guard blocks or redacts is
// never part of a text that it has let go, however the text was cut into pieces. (Where
// another text comes between two pieces, the beginning of a finding may have passed: its end
// has not.)
package guard

import (
	"regexp"

	"skytower/internal/skytells"
)

// The kinds of guards.
const (
	Rules        = "rules"
	PersonalData = "personal_data"
	Moderation   = "moderation"
)

// Action is what becomes of what a guard finds.
type Action int

// The actions.
const (
	Block  Action = iota // the call is refused, or the answer ends
	Redact               // the finding is replaced
	Mark                 // only the results say so
)

// Side is what a guard looks at.
type Side int

// The sides.
const (
	Prompt Side = iota
	Completion
)

// Guard is a guard made ready. It is immutable.
type Guard struct {
	Name, Kind string
	Action     Action
	// Of a moderation model:
	Provider, Model string
	threshold       float64 // 0: the model's own judgement counts
	pass            bool    // what can't be judged passes

	sides    [2]bool
	words    *words
	patterns []*regexp.Regexp
	personal *personal
	broken   bool // a rule of it can't be read: it finds everything
}

// New makes the guard of a description, which was checked when it was stored. One that can't
// be read all the same finds everything, rather than nothing.
func New(spec skytells.GuardSpec) *Guard {
	g := &Guard{
		Name: spec.Name, Kind: spec.Kind, Provider: spec.Provider, Model: spec.Model,
		threshold: spec.Threshold, pass: spec.Unsure == "pass",
		sides: [2]bool{spec.On != "completion", spec.On != "prompt"},
	}
	switch spec.Action {
	case "redact":
		g.Action = Redact
	case "mark":
		g.Action = Mark
	}
	switch spec.Kind {
	case Rules:
		if len(spec.Words) > 0 {
			g.words = newWords(spec.Words)
		}
		for _, pattern := range spec.Patterns {
			re, err := regexp.Compile(pattern)
			if g.broken = g.broken || err != nil; err == nil {
				g.patterns = append(g.patterns, re)
			}
		}
	case PersonalData:
		g.personal = newPersonal(kindsOf(spec.Data))
	case Moderation:
	default:
		g.broken = true
	}
	return g
}

// Looks reports whether the guard looks at the side.
func (g *Guard) Looks(side Side) bool { return g.sides[side] }

// label is what stands in the place of a finding of rules.
const label = "[redacted]"

// kind is a kind of personal data.
type kind uint8

const (
	email kind = iota
	phone
	card
	iban
	key
	rule // not personal data: a word or a pattern
)

// kinds is a set of kinds.
type kinds uint8

func (k kinds) has(one kind) bool { return k&(1<<one) != 0 }

// kindsOf reads the words of GuardSpec.Data; none is all.
func kindsOf(names []string) kinds {
	if len(names) == 0 {
		return 1<<rule - 1
	}
	var set kinds
	for _, name := range names {
		for k, l := range labels() {
			if l == "["+name+"]" {
				set |= 1 << k
			}
		}
	}
	return set
}

// labels are what stands in the place of a finding, by its kind.
func labels() [rule + 1]string {
	return [...]string{"[email]", "[phone]", "[card]", "[iban]", "[key]", label}
}
