package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"math/big"
	"strings"
)

// Prefix tells the kinds of API keys apart.
type Prefix string

// The kinds. Neither has any power where the other belongs (design, "Operators").
const (
	AccountKey  Prefix = "sk-" // the API under /v1
	OperatorKey Prefix = "op-" // the administration under /admin/v1
)

const (
	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

	randomBytes  = 32
	bodyLength   = 43 // 62⁴³ > 2²⁵⁶
	checkLength  = 6  // 62⁶ > 2³²
	prefixLength = 3
	keyLength    = prefixLength + bodyLength + checkLength
)

// NewAPIKey makes a key: the prefix, 32 random bytes in base62 (always 43
// characters) and a CRC-32 of all that in base62 (6 characters). The checksum
// guards nothing; it lets WellFormed refuse junk without a look-up, and lets
// scanners of leaked secrets be sure.
func NewAPIKey(prefix Prefix) string {
	var random [randomBytes]byte
	// crypto/rand.Read never returns an error; it ends the process instead.
	_, _ = rand.Read(random[:])
	return encodeAPIKey(prefix, random)
}

func encodeAPIKey(prefix Prefix, random [randomBytes]byte) string {
	key := make([]byte, 0, keyLength)
	key = append(key, prefix...)
	key = appendBase62(key, new(big.Int).SetBytes(random[:]), bodyLength)
	sum := new(big.Int).SetUint64(uint64(crc32.ChecksumIEEE(key)))
	return string(appendBase62(key, sum, checkLength))
}

// appendBase62 writes n with leading zeros to exactly width digits.
func appendBase62(dst []byte, n *big.Int, width int) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, width)...)
	base, digit := big.NewInt(int64(len(base62))), new(big.Int)
	for i := len(dst) - 1; i >= start; i-- {
		n.DivMod(n, base, digit)
		dst[i] = base62[digit.Int64()]
	}
	return dst
}

// WellFormed reports whether the text has the form of a key that NewAPIKey made:
// prefix, length, alphabet, checksum. Keys of other products that clients hold
// (`sk_pat_…`, `sk_proj_…`, `wfb_…`, contract section 3) are not. It allocates
// nothing and says nothing about whether the key exists.
func WellFormed(key string) bool {
	if len(key) != keyLength {
		return false
	}
	if prefix := Prefix(key[:prefixLength]); prefix != AccountKey && prefix != OperatorKey {
		return false
	}
	const signed = prefixLength + bodyLength
	crc := ^uint32(0)
	for i := range signed {
		if i >= prefixLength && base62Value(key[i]) < 0 {
			return false
		}
		// Written out, since crc32.Update wants bytes and the copy would be
		// made for every request.
		crc = crc32.IEEETable[byte(crc)^key[i]] ^ crc>>8
	}
	var claimed uint64
	for i := signed; i < keyLength; i++ {
		v := base62Value(key[i])
		if v < 0 {
			return false
		}
		claimed = claimed*uint64(len(base62)) + uint64(v)
	}
	return claimed == uint64(^crc)
}

func base62Value(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'Z':
		return int(c-'A') + 10
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 36
	}
	return -1
}

// HasPrefix reports whether the key is of this kind.
func HasPrefix(key string, prefix Prefix) bool { return strings.HasPrefix(key, string(prefix)) }

// Digest is the SHA-256 of a key: what is stored and looked up. The keys are
// random enough that no slow hash is needed (design, "Keys").
func Digest(key string) [sha256.Size]byte {
	// Room for a key on the stack; a longer text moves to the heap.
	var room [64]byte
	return sha256.Sum256(append(room[:0], key...))
}

// Mask is how a key is shown after its creation: the first 7 and the last 4
// characters (contract section 3). A text too short to hide anything is hidden
// whole.
func Mask(key string) string {
	const first, last, leastHidden = 7, 4, 12
	if len(key) < first+last+leastHidden {
		return "…"
	}
	return key[:first] + "…" + key[len(key)-last:]
}
