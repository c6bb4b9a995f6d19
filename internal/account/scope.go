package account

import (
	"strings"

	"skytower/internal/fault"
)

// Scopes is a set of permissions of an API key.
type Scopes uint32

// The scopes. Their words stand in scopeWords, in the same order.
const (
	ModelsRead Scopes = 1 << iota
	PredictionsRead
	PredictionsCreate
	Inference
	Files
	UsageRead
	BillingRead  // balance and statements
	BillingWrite // payments

	endOfScopes
)

// Everything is every scope that this version knows.
const Everything = endOfScopes - 1

// everyWord stands in the database for "all scopes", so that a key made without a
// list also reaches routes that a later version adds, as hosted keys do.
const everyWord = "*"

func scopeWords() [8]string {
	return [...]string{"models:read", "predictions:read", "predictions:create", "inference", "files", "usage:read",
		"billing:read", "billing:write"}
}

// Has reports whether s holds every scope of need.
func (s Scopes) Has(need Scopes) bool { return s&need == need }

// Words are the names of the scopes, in a fixed order; never nil.
func (s Scopes) Words() []string {
	words := []string{}
	for i, w := range scopeWords() {
		if s.Has(1 << i) {
			words = append(words, w)
		}
	}
	return words
}

// String is the words with a comma between them.
func (s Scopes) String() string { return strings.Join(s.Words(), ", ") }

// ParseScopes reads a list of scope words; an empty list means Everything. An
// unknown word is INVALID_PARAMETER about `scopes`.
func ParseScopes(words []string) (Scopes, error) {
	if len(words) == 0 {
		return Everything, nil
	}
	var s Scopes
	for _, w := range words {
		one, ok := scopeOf(w)
		if !ok {
			return 0, fault.Invalid("scopes", "Unknown scope %q; the scopes are %s.", w, Everything)
		}
		s |= one
	}
	return s, nil
}

func scopeOf(word string) (Scopes, bool) {
	for i, w := range scopeWords() {
		if w == word {
			return 1 << i, true
		}
	}
	return 0, false
}

// storedScopes is the form in the database; words is what the caller asked for.
func storedScopes(words []string) (string, error) {
	s, err := ParseScopes(words)
	if err != nil {
		return "", err
	}
	if len(words) == 0 {
		return everyWord, nil
	}
	return strings.Join(s.Words(), " "), nil
}

// loadScopes reads the stored form. A word that this version does not know (written
// by a newer one) is left out: less power, never more.
func loadScopes(stored string) Scopes {
	if stored == everyWord {
		return Everything
	}
	var s Scopes
	for w := range strings.FieldsSeq(stored) {
		one, _ := scopeOf(w)
		s |= one
	}
	return s
}
