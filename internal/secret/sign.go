package secret

import (
	"crypto/hmac"
	"crypto/sha256"
)

// Signer makes and checks signatures of one use (HMAC with SHA-256, RFC 2104): it signs
// by the current master key, and knows what an earlier one signed. It is safe for
// concurrent use.
type Signer struct {
	keys []func() []byte // the current one first; functions for the reason of MasterKey's
}

// Signer returns the signer of one use.
func (r *Ring) Signer(use Use) (*Signer, error) {
	s := &Signer{}
	for _, master := range r.all() {
		key, err := master.Derive(use)
		if err != nil {
			return nil, err
		}
		s.keys = append(s.keys, func() []byte { return key })
	}
	return s, nil
}

// Sign returns the signature of message, 32 bytes.
func (s *Signer) Sign(message []byte) []byte { return sum(s.keys[0](), message) }

// Earlier are the signatures of message by the other master keys of the ring, for what
// is looked up by them.
func (s *Signer) Earlier(message []byte) [][]byte {
	var all [][]byte
	for _, key := range s.keys[1:] {
		all = append(all, sum(key(), message))
	}
	return all
}

// Verify reports whether one of the ring's keys signed message. It takes the same time
// whatever is wrong.
func (s *Signer) Verify(message, signature []byte) bool {
	good := false
	for _, key := range s.keys {
		good = hmac.Equal(sum(key(), message), signature) || good
	}
	return good
}

func sum(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}
