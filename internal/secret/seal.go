package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The errors of Open.
var (
	// ErrUnknownKey reports a value sealed under a master key that this process
	// was not given.
	ErrUnknownKey = errors.New("sealed under another master key")
	// ErrDamaged reports a value that is not what Seal returned, or one that was
	// sealed for another use or another context.
	ErrDamaged = errors.New("the sealed value is damaged or belongs elsewhere")
)

// sealVersion opens every sealed value, so that a later format can be told apart.
const sealVersion = "s1"

// Ring is the current master key and the others that still open values: earlier ones,
// and one that is to come.
type Ring struct {
	current MasterKey
	old     []MasterKey
}

// NewRing returns a ring that seals with current and also opens what was sealed
// with one of old. A key that is named twice counts once.
func NewRing(current MasterKey, old ...MasterKey) *Ring {
	r := &Ring{current: current}
	for _, one := range old {
		if !r.Knows(one.id) {
			r.old = append(r.old, one)
		}
	}
	return r
}

// Current is the master key that seals.
func (r *Ring) Current() MasterKey { return r.current }

// Old are the others, in the order in which they were given.
func (r *Ring) Old() []MasterKey { return slices.Clone(r.old) }

// Knows reports whether the ring has the master key with this id.
func (r *Ring) Knows(id string) bool {
	return slices.ContainsFunc(r.all(), func(m MasterKey) bool { return m.id == id })
}

// IDs are the ids of all keys, the current one first.
func (r *Ring) IDs() []string {
	var ids []string
	for _, m := range r.all() {
		ids = append(ids, m.id)
	}
	return ids
}

func (r *Ring) all() []MasterKey { return append([]MasterKey{r.current}, r.old...) }

// Sealer returns the sealer of one use.
func (r *Ring) Sealer(use Use) (*Sealer, error) {
	s := &Sealer{use: use, current: r.current.id, ciphers: make(map[string]cipher.AEAD, 1+len(r.old))}
	for _, master := range r.all() {
		aead, err := newCipher(master, use)
		if err != nil {
			return nil, err
		}
		s.ciphers[master.id] = aead
	}
	return s, nil
}

func newCipher(master MasterKey, use Use) (cipher.AEAD, error) {
	key, err := master.derive(string(use)+"/seal", Size)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make the cipher for %s: %w", use, err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Sealer encrypts and authenticates values of one use with AES-256-GCM. It is
// safe for concurrent use. A nonce is 96 random bits: one use of one master key
// is good for 2³² values (NIST SP 800-38D, 8.3).
type Sealer struct {
	use     Use
	current string
	ciphers map[string]cipher.AEAD // by id of the master key
}

// Seal returns plaintext encrypted as text: "s1.KEYID.BASE64URL". Context says
// where the value belongs (such as the table and the id of its row): Open wants
// the same bytes, so a sealed value copied to another row does not open there.
func (s *Sealer) Seal(plaintext, context []byte) string {
	sealed := s.ciphers[s.current].Seal(nil, nil, plaintext, context)
	return sealVersion + "." + s.current + "." + base64.RawURLEncoding.EncodeToString(sealed)
}

// Open returns the plaintext of a value that Seal made. Its errors wrap
// ErrUnknownKey (and name both key ids) or ErrDamaged; they never quote the value.
func (s *Sealer) Open(sealed string, context []byte) ([]byte, error) {
	id, body, ok := split(sealed)
	if !ok {
		return nil, fmt.Errorf("open %s: not a sealed value: %w", s.use, ErrDamaged)
	}
	aead := s.ciphers[id]
	if aead == nil {
		return nil, fmt.Errorf("open %s: %w: it needs master key %s, the current one is %s",
			s.use, ErrUnknownKey, id, s.current)
	}
	data, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return nil, fmt.Errorf("open %s sealed under master key %s: %w", s.use, id, ErrDamaged)
	}
	plaintext, err := aead.Open(nil, nil, data, context)
	if err != nil {
		return nil, fmt.Errorf("open %s sealed under master key %s: %w", s.use, id, ErrDamaged)
	}
	return plaintext, nil
}

// KeyID is the id of the master key that sealed the value; ok is false where the
// text is not a sealed value. Values of another id than Ring.Current's are to be
// sealed again after a change of the master key.
func KeyID(sealed string) (id string, ok bool) {
	id, _, ok = split(sealed)
	return id, ok
}

func split(sealed string) (id, body string, ok bool) {
	version, rest, _ := strings.Cut(sealed, ".")
	id, body, ok = strings.Cut(rest, ".")
	if !ok || version != sealVersion || len(id) != 8 || strings.Trim(id, "0123456789abcdef") != "" {
		return "", "", false // an id in any other form would let foreign text into an error
	}
	return id, body, true
}
