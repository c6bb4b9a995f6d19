// Package secret keeps the things that must not be known: the master key, the
// keys derived from it (one for each use), sealed values, API keys, and
// references to credentials that live outside of the database.
//
// It refuses to know what a sealed value means, who owns a key, and where a
// sealed value or a digest is stored: the domains do that.
//
// Its one invariant: no plaintext and no key material ever stands in an error, in
// a String, or in what fmt prints of one of its types; and secrets are compared
// only in constant time.
package secret

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
)

// Size is the length of a master key and of every derived key, in bytes.
const Size = 32

// Use names what a derived key is for. Each use has a key of its own, so that a
// value sealed for one use can't be opened, or a signature accepted, for another.
type Use string

// The uses (design, "Master key"). The texts are part of the data format:
// changing one makes everything sealed under it unreadable.
const (
	ProviderCredentials Use = "provider credentials"
	WebhookKeys         Use = "webhook keys"
	Links               Use = "links"
	Sessions            Use = "sessions"
	RequestBodies       Use = "request bodies"
	KeptAnswers         Use = "kept answers"
)

// labels of HKDF start with this, so that the same master key given to another
// program by mistake does not yield the same keys.
const labelPrefix = "skytower/1/"

// MasterKey is the root of all derived keys. It prints as its id only.
type MasterKey struct {
	id string
	// A function, because of it fmt prints an address under every verb: what holds
	// a MasterKey in an unexported field, where fmt can't call String, stays safe
	// to print. A pointer would not do: %s prints what it points to.
	key func() []byte
}

// NewMasterKey makes a master key of exactly 32 random bytes.
func NewMasterKey(raw []byte) (MasterKey, error) {
	if len(raw) != Size {
		return MasterKey{}, fmt.Errorf("a master key has %d bytes, this one has %d", Size, len(raw))
	}
	if subtle.ConstantTimeCompare(raw, make([]byte, Size)) == 1 {
		return MasterKey{}, errors.New("the master key is all zeros")
	}
	own := bytes.Clone(raw)
	m := MasterKey{key: func() []byte { return own }}
	id, err := m.derive("key id", 4)
	if err != nil {
		return MasterKey{}, err
	}
	m.id = hex.EncodeToString(id)
	return m, nil
}

// ID is 8 hexadecimal digits that tell master keys apart. It is derived one way,
// so it may stand in logs, in /readyz and in every sealed value.
func (m MasterKey) ID() string { return m.id }

// String names the key by its id.
func (m MasterKey) String() string { return "master key " + m.id }

// GoString is String, for %#v.
func (m MasterKey) GoString() string { return m.String() }

func (m MasterKey) derive(label string, size int) ([]byte, error) {
	if m.key == nil {
		return nil, errors.New("derive a key: no master key")
	}
	// The master key is uniformly random, so HKDF needs no salt (RFC 5869, 3.1).
	key, err := hkdf.Key(sha256.New, m.key(), nil, labelPrefix+label, size)
	if err != nil {
		return nil, fmt.Errorf("derive the key for %s: %w", label, err)
	}
	return key, nil
}

// Derive returns the 32-byte key of one use, for signing (HMAC). Sealing has
// Ring.Sealer instead, whose key differs from this one.
func (m MasterKey) Derive(use Use) ([]byte, error) { return m.derive(string(use)+"/sign", Size) }

// Equal compares two secrets in constant time. It works on their digests, so
// that not even their lengths show in the time taken.
func Equal(a, b string) bool {
	return SameDigest(Digest(a), Digest(b))
}

// SameDigest compares two digests in constant time.
func SameDigest(a, b [sha256.Size]byte) bool {
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
