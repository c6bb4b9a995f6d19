package secret_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"skytower/internal/secret"
)

func TestSignaturesOutliveAChangeOfTheMasterKey(t *testing.T) {
	t.Parallel()
	first, second, foreign := master(t, 1), master(t, 2), master(t, 3)
	sign := func(current secret.MasterKey, old ...secret.MasterKey) *secret.Signer {
		s, err := secret.NewRing(current, old...).Signer(secret.Links)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before, told, after := sign(first), sign(first, second), sign(second, first)
	message := []byte("file")
	for name, c := range map[string]struct {
		by, in *secret.Signer
		good   bool
	}{
		"made before, read after":               {before, after, true},
		"made after, read by who was told":      {after, told, true},
		"made after, read by who was not told":  {after, before, false},
		"made before, read when it was dropped": {before, sign(second), false},
		"made by a foreign key":                 {sign(foreign), after, false},
	} {
		if got := c.in.Verify(message, c.by.Sign(message)); got != c.good {
			t.Errorf("%s: %t, want %t", name, got, c.good)
		}
	}
	if after.Verify([]byte("other"), after.Sign(message)) || after.Verify(message, nil) {
		t.Error("a signature of another message, or none, is good")
	}
	other, err := secret.NewRing(second).Signer(secret.Sessions)
	if err != nil {
		t.Fatal(err)
	}
	if other.Verify(message, after.Sign(message)) {
		t.Error("a signature for another use is good")
	}
	if earlier := after.Earlier(message); len(earlier) != 1 || !slices.Equal(earlier[0], before.Sign(message)) {
		t.Errorf("%d earlier signatures, or others", len(earlier))
	}
}

func TestRingHasEachKeyOnce(t *testing.T) {
	t.Parallel()
	first, second := master(t, 1), master(t, 2)
	ring := secret.NewRing(first, first, second, second)
	if got := ring.IDs(); !slices.Equal(got, []string{first.ID(), second.ID()}) || len(ring.Old()) != 1 {
		t.Errorf("%v", got)
	}
	if !ring.Knows(second.ID()) || ring.Knows(master(t, 3).ID()) {
		t.Error("it knows what it has not, or not what it has")
	}
}

func TestRotateKeepsEarlierKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, _, err := secret.LoadOrCreate(dir)
	if err != nil {
		t.Fatal(err)
	}
	if old, err := secret.LoadOld(dir); err != nil || len(old) != 0 {
		t.Fatalf("%v, %v", old, err)
	}
	second, before, err := secret.Rotate(dir)
	if err != nil || before.ID() != first.ID() || second.ID() == first.ID() {
		t.Fatalf("%s after %s, %v", second, before, err)
	}
	third, before, err := secret.Rotate(dir)
	if err != nil || before.ID() != second.ID() {
		t.Fatalf("%s after %s, %v", third, before, err)
	}
	wantKeys(t, dir, third, second, first)

	// What a cut between the two steps leaves: the current key in both files.
	old := filepath.Join(dir, secret.OldMasterKeyFile)
	text, err := os.ReadFile(filepath.Join(dir, secret.MasterKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	rest, err := os.ReadFile(old)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(old, append(text, rest...), 0o600); err != nil {
		t.Fatal(err)
	}
	fourth, _, err := secret.Rotate(dir)
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, dir, fourth, third, second, first)
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 2 {
		t.Errorf("%v, %v", names, err)
	}
	if err := secret.DropOld(dir); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, dir, fourth)
	if err := secret.DropOld(dir); err == nil {
		t.Error("dropped twice")
	}
}

func wantKeys(t *testing.T, dir string, current secret.MasterKey, old ...secret.MasterKey) {
	t.Helper()
	key, err := secret.Load(dir)
	if err != nil || key.ID() != current.ID() {
		t.Errorf("current %s, %v; want %s", key, err, current)
	}
	list, err := secret.LoadOld(dir)
	if err != nil || len(list) != len(old) {
		t.Fatalf("%v, %v", list, err)
	}
	for i := range old {
		if list[i].ID() != old[i].ID() {
			t.Errorf("%v, want %v", list, old)
		}
	}
}

func TestRotateWantsAWholeKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, _, err := secret.Rotate(dir); err == nil {
		t.Error("rotated nothing")
	}
	if _, _, err := secret.LoadOrCreate(dir); err != nil {
		t.Fatal(err)
	}
	damaged := strings.Repeat("ab", 31) + "zz"
	if err := os.WriteFile(filepath.Join(dir, secret.OldMasterKeyFile), []byte(damaged), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := secret.Rotate(dir); err == nil || strings.Contains(err.Error(), damaged) {
		t.Errorf("%v", err)
	}
}

func TestNewKeyText(t *testing.T) {
	t.Parallel()
	text, key, err := secret.NewKeyText()
	other, _, _ := secret.NewKeyText()
	if err != nil || len(text) != 64 || text == other || strings.Contains(key.String(), text) {
		t.Errorf("%q, %s, %v", text, key, err)
	}
}
