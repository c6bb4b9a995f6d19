// Package secrettest has keys that tests know.
//
// Its invariant: they are the same each time, so what was signed by one is good for another.
package secrettest

import (
	"bytes"
	"testing"

	"skytower/internal/secret"
)

// Signer is one for sessions.
func Signer(t testing.TB) *secret.Signer {
	t.Helper()
	key, err := secret.NewMasterKey(bytes.Repeat([]byte{7}, secret.Size))
	if err != nil {
		t.Fatal(err)
	}
	s, err := secret.NewRing(key).Signer(secret.Sessions)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
