package browser

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

// Pages that need nobody.
func TestPublicPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.open(t)
	seen := b.crawl([]string{"/design", "/signin", "/reset", "/docs", "/docs/search?q=webhook"}, func(path string) bool {
		return strings.HasPrefix(path, "/docs") || path == "/signin" || path == "/design" || path == "/reset"
	})
	if len(seen) < 8 {
		t.Errorf("only %d kinds of pages were found: %v", len(seen), seen)
	}
}

// Every page of an account and of the server, found by its links, with something on it.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	s := start(t, "SKYTOWER_STRIPE_KEY=sk_test_1", "SKYTOWER_STRIPE_WEBHOOK_SECRET="+cashierSecret)
	s.live(t)
	b := s.signUp(t)
	seen := b.crawl([]string{"/", "/me", "/operator", "/keys/new", "/welcome"}, func(path string) bool { return !strings.HasPrefix(path, "/docs") })
	if len(seen) < 30 {
		t.Errorf("only %d kinds of pages were found: %v", len(seen), seen)
	}
	t.Logf("%d kinds of pages", len(seen))
}

// live gives the server a past: a provider with a priced model, calls, failures,
// predictions, an account with credit.
func (s *site) live(t *testing.T) {
	t.Helper()
	s.api(http.MethodPut, "/admin/v1/providers/birds", s.operator, map[string]any{"name": "birds", "kind": "openai", "base_url": upstream(t)}, nil)
	s.api(http.MethodPut, "/admin/v1/models/parrot", s.operator, map[string]any{"slug": "parrot", "type": "text", "api": "chat", "description": "Repeats what it hears.",
		"targets": []any{map[string]any{"provider": "birds", "model": "parrot"}}, "pricing": map[string]any{"unit": "million_token", "input": "1", "output": "2"}}, nil)
	var accounts struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	s.api(http.MethodGet, "/admin/v1/accounts", s.operator, nil, &accounts)
	s.api(http.MethodPost, "/admin/v1/accounts/"+accounts.Data[0].ID+"/credit", s.operator, map[string]any{"amount": "20", "reason": "a start"}, nil)
	for _, words := range []string{"one", "two"} {
		s.api(http.MethodPost, "/v1/chat/completions", s.key, map[string]any{"model": "parrot", "messages": []any{map[string]any{"role": "user", "content": words}}}, nil)
	}
	s.api(http.MethodPost, "/v1/predictions", s.key, map[string]any{"model": "skytower-upscale-2x", "await": true,
		"input": map[string]any{"image": "data:image/png;base64," + base64.StdEncoding.EncodeToString(squarePNG(t))}}, nil)
}

// crawl looks at one page of each kind that links lead to, in both widths and themes.
func (b *tab) crawl(from []string, wanted func(path string) bool) map[string]string {
	b.t.Helper()
	seen := map[string]string{}
	for queue := from; len(queue) > 0; queue = queue[1:] {
		path := queue[0]
		kind := kindOf(path)
		if _, ok := seen[kind]; ok || !wanted(path) || foreign(path) {
			continue
		}
		seen[kind] = path
		b.looks(path)
		var links []string
		b.eval(`[...document.querySelectorAll("a[href]")].filter((a) => a.origin === location.origin && !a.hasAttribute("download")).map((a) => a.pathname + a.search)`, &links)
		queue = append(queue, links...)
	}
	return seen
}

// foreign is what is no page of ours: downloads, and the job queue's own pages.
func foreign(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	for _, end := range []string{"/csv", ".csv", ".json", ".ts", "/export", "/download"} {
		if strings.HasSuffix(path, end) {
			return true
		}
	}
	return strings.HasPrefix(path, "/files/") || strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/operator/queues")
}

// looks inspects a page in both widths and both themes. Its rules of access are tried in
// every one of them in the long form, in the short one in each width and each theme.
func (b *tab) looks(path string) {
	b.t.Helper()
	b.visit(path)
	full := os.Getenv("SKYTOWER_PROOF") != ""
	for _, look := range []struct {
		width int64
		dark  bool
		axe   bool
	}{{1280, false, true}, {1280, true, full}, {390, false, full}, {390, true, true}} {
		b.size(look.width, look.dark)
		where := fmt.Sprintf("%s, %d px, dark %v", path, look.width, look.dark)
		b.narrow(where)
		if look.axe {
			b.access(where)
		}
		b.clean(where)
		if os.Getenv("SKYTOWER_PICTURES") != "" {
			b.snap(fmt.Sprintf("%s-%d-%v", strings.ReplaceAll(strings.Trim(kindOf(path), "/"), "/", "_"), look.width, look.dark))
		}
	}
}
