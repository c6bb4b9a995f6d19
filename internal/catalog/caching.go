package catalog

import (
	"crypto/sha256"
	"encoding/json"
	"time"
)

// Caching is how the answers of a model are kept (skytells.CacheSpec).
type Caching struct {
	TTL      time.Duration
	Percent  int  // of the price, for a kept answer; -1: the server's setting
	ByHeader bool // only for requests that ask for it
}

// Definition tells versions of a model's definition apart: equal ones are of equal
// definitions.
type Definition [sha256.Size]byte

// definitionOf is the digest of everything that decides what a model answers and what
// that costs: parts are its spec, the version of its price, and what its spec only names.
// What can't be written as JSON does not get here: it comes from JSON.
func definitionOf(parts ...any) Definition {
	h := sha256.New()
	out := json.NewEncoder(h)
	for _, part := range parts {
		_ = out.Encode(part)
	}
	return Definition(h.Sum(nil))
}
