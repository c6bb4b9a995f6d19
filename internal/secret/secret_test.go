package secret_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"skytower/internal/secret"
)

func master(t testing.TB, fill byte) secret.MasterKey {
	t.Helper()
	raw := bytes.Repeat([]byte{fill}, secret.Size)
	raw[0] = fill + 1
	key, err := secret.NewMasterKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sealer(t testing.TB, use secret.Use, current secret.MasterKey, old ...secret.MasterKey) *secret.Sealer {
	t.Helper()
	s, err := secret.NewRing(current, old...).Sealer(use)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	s := sealer(t, secret.ProviderCredentials, master(t, 1))
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		where := rapid.SliceOf(rapid.Byte()).Draw(t, "context")
		sealed := s.Seal(plain, where)
		if again := s.Seal(plain, where); again == sealed {
			t.Fatal("the same value sealed twice gives the same text")
		}
		opened, err := s.Open(sealed, where)
		if err != nil || !bytes.Equal(opened, plain) {
			t.Fatalf("opened %x (%v), want %x", opened, err, plain)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	const plain = "the-credential"
	one, two := master(t, 1), master(t, 2)
	s := sealer(t, secret.ProviderCredentials, one)
	sealed := s.Seal([]byte(plain), []byte("row 1"))
	for name, c := range map[string]struct {
		by     *secret.Sealer
		sealed string
		where  string
		want   error
	}{
		"another context":    {s, sealed, "row 2", secret.ErrDamaged},
		"no context":         {s, sealed, "", secret.ErrDamaged},
		"another use":        {sealer(t, secret.WebhookKeys, one), sealed, "row 1", secret.ErrDamaged},
		"another master key": {sealer(t, secret.ProviderCredentials, two), sealed, "row 1", secret.ErrUnknownKey},
		"cut":                {s, sealed[:len(sealed)-3], "row 1", secret.ErrDamaged},
		"cut to the head":    {s, sealed[:12], "row 1", secret.ErrDamaged},
		"not base64":         {s, sealed + "!", "row 1", secret.ErrDamaged},
		"plain text":         {s, plain, "row 1", secret.ErrDamaged},
		"other version":      {s, "s2" + sealed[2:], "row 1", secret.ErrDamaged},
		"key id renamed":     {sealer(t, secret.ProviderCredentials, one, two), "s1." + two.ID() + sealed[11:], "row 1", secret.ErrDamaged},
		"text as a key id":   {s, "s1." + plain[:8] + ".AAAA", "row 1", secret.ErrDamaged},
		"empty":              {s, "", "", secret.ErrDamaged},
	} {
		opened, err := c.by.Open(c.sealed, []byte(c.where))
		if !errors.Is(err, c.want) || opened != nil {
			t.Errorf("%s: opened %q with error %v, want %v", name, opened, err, c.want)
			continue
		}
		if text := err.Error(); strings.Contains(text, plain[:8]) || strings.Contains(text, sealed[12:]) {
			t.Errorf("%s: the error shows the value: %s", name, text)
		}
	}
}

func TestEveryByteIsAuthenticated(t *testing.T) {
	t.Parallel()
	s := sealer(t, secret.Sessions, master(t, 1))
	sealed := s.Seal([]byte("abc"), nil)
	for i := range sealed {
		for _, c := range []byte{'A', 'B', '.', '0'} {
			if sealed[i] == c || i == len(sealed)-1 { // spare bits of the last digit may differ
				continue
			}
			changed := sealed[:i] + string(c) + sealed[i+1:]
			if _, err := s.Open(changed, nil); err == nil {
				t.Errorf("opened with byte %d changed", i)
			}
		}
	}
}

func TestChangeOfMasterKey(t *testing.T) {
	t.Parallel()
	old, current := master(t, 1), master(t, 2)
	before := sealer(t, secret.ProviderCredentials, old).Seal([]byte("v"), []byte("c"))
	after := sealer(t, secret.ProviderCredentials, current, old)
	if opened, err := after.Open(before, []byte("c")); err != nil || string(opened) != "v" {
		t.Errorf("with the old key at hand: %q, %v", opened, err)
	}
	if id, ok := secret.KeyID(before); !ok || id != old.ID() {
		t.Errorf("the old value names key %q, want %s", id, old.ID())
	}
	if id, _ := secret.KeyID(after.Seal(nil, nil)); id != current.ID() {
		t.Errorf("a new value names key %q, want %s", id, current.ID())
	}
	_, err := sealer(t, secret.ProviderCredentials, current).Open(before, []byte("c"))
	if err == nil || !strings.Contains(err.Error(), old.ID()) || !strings.Contains(err.Error(), current.ID()) {
		t.Errorf("without the old key: %v, want both ids named", err)
	}
}

func TestDerivedKeysDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, fill := range []byte{1, 2} {
		for _, use := range []secret.Use{secret.ProviderCredentials, secret.WebhookKeys, secret.Links, secret.Sessions} {
			key, err := master(t, fill).Derive(use)
			if err != nil || len(key) != secret.Size {
				t.Fatalf("%s: %d bytes, %v", use, len(key), err)
			}
			name := fmt.Sprint(fill, use)
			if other, dup := seen[string(key)]; dup {
				t.Errorf("%s and %s have the same key", name, other)
			}
			seen[string(key)] = name
		}
	}
	again, _ := master(t, 1).Derive(secret.Links)
	if seen[string(again)] == "" {
		t.Error("the same key and use give another key the second time")
	}
}

// What is sealed today must open for ever: a value from the first version.
func TestSealedFormatStays(t *testing.T) {
	t.Parallel()
	key := master(t, 7)
	if key.ID() != "d2de474c" {
		t.Errorf("the key's id is %s: ids of older sealed values no longer match", key.ID())
	}
	opened, err := sealer(t, secret.ProviderCredentials, key).Open(firstSealed, []byte("provider/openai"))
	if err != nil || string(opened) != "sk-upstream" {
		t.Errorf("opened %q, %v", opened, err)
	}
}

const firstSealed = "s1.d2de474c.5FCmMaYLWf1lvyQ3Yz2HBNshoZLqbDykmPLSuuvenAqqvxPclnhz"

func TestMasterKeyShowsNothing(t *testing.T) {
	t.Parallel()
	raw := []byte("0123456789abcdefghijklmnopqrstuv")
	key, err := secret.NewMasterKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	type holder struct{ inner secret.MasterKey }
	for _, shown := range []any{key, &key, holder{key}, &holder{key}, secret.NewRing(key), []secret.MasterKey{key}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(verb, shown)
			if strings.Contains(text, "0123456789") || strings.Contains(text, "303132333435") || strings.Contains(text, "48 49 50") {
				t.Errorf("%s of %T shows the key: %s", verb, shown, text)
			}
		}
	}
	for _, bad := range [][]byte{nil, raw[:31], append(raw, 'x'), make([]byte, 32)} {
		if _, err := secret.NewMasterKey(bad); err == nil || strings.Contains(err.Error(), "012345") {
			t.Errorf("%d bytes: %v, want a clear error", len(bad), err)
		}
	}
	if _, err := secret.NewRing(secret.MasterKey{}).Sealer(secret.Links); err == nil {
		t.Error("a ring without a key made a sealer")
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	if !secret.Equal("abc", "abc") || secret.Equal("abc", "abd") || secret.Equal("abc", "ab") || secret.Equal("", "a") {
		t.Error("Equal is wrong")
	}
}

func FuzzOpen(f *testing.F) {
	s := sealer(f, secret.Links, master(f, 1))
	f.Add(s.Seal([]byte("x"), nil))
	f.Add("s1.00000000.")
	f.Add("s1..")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := s.Open(text, []byte("never sealed under this")); err == nil {
			t.Errorf("%q opened", text)
		}
	})
}
