package account

import (
	"math/bits"
	"slices"
	"strings"
	"testing"

	"skytower/internal/fault"
)

func TestScopesMatchTheirWords(t *testing.T) {
	t.Parallel()
	words := scopeWords()
	if got, want := bits.OnesCount32(uint32(Everything)), len(words[:]); got != want {
		t.Fatalf("%d scopes but %d words", got, want)
	}
	for word, want := range map[string]Scopes{
		"models:read": ModelsRead, "predictions:read": PredictionsRead, "predictions:create": PredictionsCreate,
		"inference": Inference, "files": Files, "usage:read": UsageRead,
		"billing:read": BillingRead, "billing:write": BillingWrite,
	} {
		if got, err := ParseScopes([]string{word}); err != nil || got != want {
			t.Errorf("ParseScopes(%q) = %b, %v; want %b", word, got, err, want)
		}
	}
}

func TestStoredScopes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		asked  []string
		stored string
		means  Scopes
	}{
		{nil, "*", Everything},
		{[]string{}, "*", Everything},
		{[]string{"inference"}, "inference", Inference},
		{[]string{"usage:read", "inference", "inference"}, "inference usage:read", Inference | UsageRead},
		// Asked for one by one, "all" does not grow with a later version.
		{Everything.Words(), strings.Join(Everything.Words(), " "), Everything},
	}
	for _, tt := range tests {
		stored, err := storedScopes(tt.asked)
		if err != nil || stored != tt.stored {
			t.Errorf("storedScopes(%q) = %q, %v; want %q", tt.asked, stored, err, tt.stored)
		}
		if got := loadScopes(stored); got != tt.means {
			t.Errorf("loadScopes(%q) = %s, want %s", stored, got, tt.means)
		}
	}
	for _, wrong := range []string{"", "*", "admin", "Inference", "inference "} {
		_, err := storedScopes([]string{"inference", wrong})
		if !fault.Is(err, fault.InvalidParameter) || fault.From(err).Param != "scopes" {
			t.Errorf("scope %q: error %v", wrong, err)
		}
	}
}

func FuzzLoadScopes(f *testing.F) {
	for _, s := range []string{"", "*", "inference", "inference files", "newer:scope inference", "* inference", "\xff  x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		s := loadScopes(stored)
		if s&^Everything != 0 {
			t.Fatalf("%q gives unknown bits %b", stored, s)
		}
		if stored == everyWord {
			return
		}
		for _, w := range s.Words() {
			if !slices.Contains(strings.Fields(stored), w) {
				t.Fatalf("%q gives %q, which it does not hold", stored, w)
			}
		}
	})
}
