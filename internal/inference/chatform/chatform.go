// Package chatform is the form of chat completions, for those who carry another API over
// them: it reads the answers and chunks of a chat model in pieces, writes what chat
// requests have in common, and says what is wrong with a caller's request by its place.
//
// It calls nothing, stores nothing and knows neither the other APIs nor who answers. Its
// one invariant: texts are never decoded. The pieces of JSON strings that a request, an
// answer or a chunk holds are handed on as they stand, checked once, since pieces of JSON
// strings joined are the JSON of the joined text.
package chatform

import (
	"math/rand/v2"

	"skytower/internal/provider"
)

// RandomID is an id with 128 random bits, for what a chat server gave none.
func RandomID(prefix string) string {
	const digits = "0123456789abcdef"
	id := append(make([]byte, 0, 40), prefix...)
	for range 2 {
		n := rand.Uint64()
		for range 16 {
			id = append(id, digits[n&15])
			n >>= 4
		}
	}
	return string(id)
}

// Broken is about an answer that can't be read: an upstream's fault of class Broken.
func Broken(text string) error {
	return &provider.Error{Class: provider.Broken, Err: unreadable(text)}
}

// unreadable says what could not be read, for the log.
type unreadable string

// Error is the sentence.
func (u unreadable) Error() string { return string(u) }
