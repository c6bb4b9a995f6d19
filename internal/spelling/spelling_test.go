package spelling_test

import (
	"strings"
	"testing"

	"skytower/internal/spelling"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"listen", "database", "data", "public_url", "max_body"}
	for word, want := range map[string]string{
		"listne": "listen", "Listen": "listen", "databse": "database", "dta": "data", "publicurl": "public_url",
		"max-body": "max_body", "xyz": "", "": "", "li": "", strings.Repeat("x", 1000): "", "maxbdoy": "max_body", "mxbdoy": "",
	} {
		if got := spelling.Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
