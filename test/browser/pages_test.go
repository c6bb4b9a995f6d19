package browser

import (
	"fmt"
	"testing"
)

// Pages that need nobody: in both widths and themes, with nothing that a page may not
// have.
func TestPublicPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.open(t)
	looks(b, "/design", "/signin", "/docs", "/docs/keys", "/docs/search?q=webhook")
}

// looks inspects pages in both widths and both themes.
func looks(b *tab, paths ...string) {
	b.t.Helper()
	for _, path := range paths {
		for _, width := range []int64{1280, 390} {
			for _, dark := range []bool{false, true} {
				b.size(width, dark)
				b.visit(path)
				b.inspect(fmt.Sprintf("%s, %d px, dark %v", path, width, dark))
			}
		}
	}
}
