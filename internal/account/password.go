package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"skytower/internal/fault"
)

// The cost of a password hash: OWASP's second choice for argon2id (19 MiB, two passes),
// about 30 ms of one core.
const (
	hashMemory = 19 * 1024 // KiB
	hashPasses = 2
	hashLanes  = 1
	hashSalt   = 16 // bytes
	hashLength = 32 // bytes
)

const (
	maxHashing  = 3               // hashes at one time: what they hold together stays below 60 MiB
	hashWait    = 5 * time.Second // for a place among them
	minPassword = 8               // characters
	maxPassword = 1000
)

var errStoredHash = errors.New("stored password hash is malformed")

// hasher makes and checks password hashes, a few at a time.
type hasher struct{ places chan struct{} }

func newHasher() *hasher { return &hasher{places: make(chan struct{}, maxHashing)} }

// hash is the form in the database: the string of argon2's reference implementation, with
// its parameters and salt.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, hashSalt)
	rand.Read(salt) //nolint:errcheck // crypto/rand never fails
	key, err := h.work(ctx, password, salt, hashPasses, hashMemory, hashLanes, hashLength)
	if err != nil {
		return "", err
	}
	text := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashPasses, hashLanes, text(salt), text(key)), nil
}

// matches takes the same time where stored is "", which nothing matches.
func (h *hasher) matches(ctx context.Context, password, stored string) (bool, error) {
	if stored == "" {
		_, err := h.work(ctx, password, make([]byte, hashSalt), hashPasses, hashMemory, hashLanes, hashLength)
		return false, err
	}
	var version int
	var memory, passes uint32
	var lanes uint8
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errStoredHash
	}
	_, err1 := fmt.Sscanf(parts[2], "v=%d", &version)
	_, err2 := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes)
	salt, err3 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err4 := base64.RawStdEncoding.DecodeString(parts[5])
	if err := errors.Join(err1, err2, err3, err4); err != nil || version != argon2.Version || passes < 1 || lanes < 1 || len(want) < hashSalt {
		return false, errors.Join(errStoredHash, err)
	}
	got, err := h.work(ctx, password, salt, passes, memory, lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, err
}

func (h *hasher) work(ctx context.Context, password string, salt []byte, passes, memory uint32, lanes uint8, length uint32) ([]byte, error) {
	wait := time.NewTimer(hashWait)
	defer wait.Stop()
	select {
	case h.places <- struct{}{}:
		defer func() { <-h.places }()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-wait.C:
		return nil, &fault.Error{ID: fault.ServiceUnavailable, Message: "Too many people sign in right now.",
			Details: "Try again in a few seconds.", RetryAfter: retryAfter}
	}
	return argon2.IDKey([]byte(password), salt, passes, memory, lanes, length), nil
}

// checkPassword refuses what is guessed first. Nothing is trimmed or folded: a password is
// what was typed.
func checkPassword(password, email string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case n < minPassword || n > maxPassword:
		return fault.Invalid("password", "A password has from %d to %d characters.", minPassword, maxPassword)
	case strings.EqualFold(password, email):
		return fault.Invalid("password", "The password must not be the e-mail.")
	case common(password):
		return fault.Invalid("password", "This password is among the first that are tried: choose another one.")
	}
	return nil
}

// common knows words that everybody tries first, also with digits or a mark behind them,
// runs of one character and runs of a keyboard.
func common(password string) bool {
	text := strings.ToLower(password)
	if strings.Trim(text, text[:1]) == "" {
		return true
	}
	stem := strings.TrimRight(text, "0123456789!.?*#@-_")
	if slices.Contains(commonWords(), stem) {
		return true
	}
	for _, row := range []string{"01234567890123456789", "98765432109876543210", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz",
		"1q2w3e4r5t6z7u8i9o0p", "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv5tgb", "qazwsxedcrfvtgb"} {
		if strings.Contains(row, text) || len(stem) >= 5 && strings.Contains(row, stem) {
			return true
		}
	}
	return false
}

func commonWords() []string {
	return []string{"password", "passwort", "passw0rd", "p@ssword", "p@ssw0rd", "pass", "passe", "motdepasse", "contrasena", "kennwort",
		"admin", "administrator", "root", "user", "guest", "test", "testing", "tester", "demo", "operator", "owner", "login", "welcome", "letmein",
		"changeme", "changeit", "default", "secret", "geheim", "hello", "iloveyou", "monkey", "dragon", "sunshine", "princess", "football", "baseball",
		"basketball", "superman", "batman", "starwars", "trustno", "whatever", "shadow", "master", "michael", "jennifer", "computer", "internet",
		"freedom", "summer", "winter", "spring", "autumn", "january", "november", "december", "monday", "friday", "company", "access", "server",
		"skytower", "skytells", "openai", "chatgpt", "samsung", "google", "facebook", "pokemon", "liverpool", "charlie", "jordan", "hunter", "killer",
		"ashley", "nicole", "jessica", "daniel", "andrew", "soccer", "hockey", "flower", "cheese", "banana", "chocolate", "asdf", "qwer", "abc", "a"}
}
