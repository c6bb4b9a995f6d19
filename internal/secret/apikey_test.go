package secret_test

import (
	"crypto/sha256"
	"strings"
	"testing"

	"skytower/internal/secret"
)

func TestNewAPIKey(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, prefix := range []secret.Prefix{secret.AccountKey, secret.OperatorKey} {
		for range 500 {
			key := secret.NewAPIKey(prefix)
			if !strings.HasPrefix(key, string(prefix)) || !secret.HasPrefix(key, prefix) || len(key) != 52 {
				t.Fatalf("%q: want %s and 49 characters", key, prefix)
			}
			if !secret.WellFormed(key) {
				t.Fatalf("%q is not well formed", key)
			}
			if seen[key] {
				t.Fatalf("%q was made twice", key)
			}
			seen[key] = true
		}
	}
}

func TestWellFormedRefuses(t *testing.T) {
	t.Parallel()
	key := secret.NewAPIKey(secret.AccountKey)
	for _, bad := range []string{
		"", "sk-", "sk-test-key", key[:51], key + "0", " " + key[1:], strings.ToUpper(key),
		"op-" + key[3:], // the checksum covers the prefix
		"sk_pat_" + key[7:], "sk_pat_" + strings.Repeat("a", 64),
		"sk_proj_" + key[8:], "wfb_" + key[4:], "wfb_" + strings.Repeat("a", 48),
		"sk-" + strings.Repeat("z", 49),
		"sk-" + strings.Repeat("é", 24) + "a",
	} {
		if secret.WellFormed(bad) {
			t.Errorf("%q passes", bad)
		}
	}
	for i := range key {
		for _, c := range []byte("0aZ-_\x00\xff") {
			if changed := key[:i] + string(rune(c)) + key[i+1:]; changed != key && len(changed) == len(key) && secret.WellFormed(changed) {
				t.Errorf("one wrong character at %d passes: %q", i, changed)
			}
		}
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "sk-test-key", secret.NewAPIKey(secret.AccountKey), strings.Repeat("x", 5000)} {
		if secret.Digest(text) != sha256.Sum256([]byte(text)) {
			t.Errorf("the digest of %d characters is not their SHA-256", len(text))
		}
	}
	if a := secret.Digest("a"); !secret.SameDigest(a, secret.Digest("a")) || secret.SameDigest(a, secret.Digest("b")) {
		t.Error("SameDigest is wrong")
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"sk-abcdefghijklmnopqrstuvwxyz": "sk-abcd…wxyz",
		"sk-abcdefghijklmnopqrs":        "…", // 11 of 22 characters would be too much to show
		"sk-short":                      "…",
		"":                              "…",
	} {
		if got := secret.Mask(key); got != want {
			t.Errorf("Mask(%q) is %q, want %q", key, got, want)
		}
	}
}

// Every request pays for these two.
func TestKeyChecksDoNotAllocate(t *testing.T) {
	key := secret.NewAPIKey(secret.AccountKey) // not parallel: AllocsPerRun counts the whole process
	if n := testing.AllocsPerRun(100, func() { _ = secret.WellFormed(key); _ = secret.Digest(key) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func FuzzWellFormed(f *testing.F) {
	f.Add(secret.NewAPIKey(secret.AccountKey))
	f.Add("sk-")
	f.Fuzz(func(t *testing.T, text string) {
		if secret.WellFormed(text) && (len(text) != 52 || strings.ContainsAny(text[3:], "-_.+/= ")) {
			t.Errorf("%q passes", text)
		}
	})
}
