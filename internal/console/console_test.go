package console_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"skytower/docs"
	"skytower/internal/console"
	"skytower/internal/console/desk"
	"skytower/internal/httpx"
	"skytower/internal/secret/secrettest"
)

func site(t *testing.T, o console.Options) http.Handler {
	t.Helper()
	o.Desk = desk.Options{
		Server: &httpx.Server{Done: func(*httpx.Record) {}, Log: slog.New(slog.DiscardHandler)},
		Public: &url.URL{Scheme: "http", Host: "console.example"}, Keys: secrettest.Signer(t),
	}
	o.Describe = func() ([]byte, []byte, error) { return []byte(`{"openapi":"3.1.0"}`), nil, nil }
	if o.Manual == nil {
		o.Manual = docs.Pages
	}
	h, err := console.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func get(t *testing.T, h http.Handler, method, path, accept string) (*http.Response, string) {
	t.Helper()
	req := httptest.NewRequest(method, path, nil)
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	res := w.Result()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

const html = "text/html,application/xhtml+xml,*/*;q=0.8"

func TestEveryPageAndLinkOfTheManual(t *testing.T) {
	t.Parallel()
	h := site(t, console.Options{Public: true})
	seen := map[string]string{}
	for queue := []string{"/docs"}; len(queue) > 0; queue = queue[1:] {
		path := queue[0]
		if _, ok := seen[path]; ok {
			continue
		}
		res, body := get(t, h, http.MethodGet, path, html)
		seen[path] = body
		if res.StatusCode != 200 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
		for _, m := range regexp.MustCompile(`href="(/[^"#]*)`).FindAllStringSubmatch(body, -1) {
			if strings.HasPrefix(m[1], "/docs") {
				queue = append(queue, m[1])
			}
		}
		if outside := regexp.MustCompile(`(?:src|<link[^>]*href)="(?:https?:)?//[^"]*"|<script>|<script[^>]* src="[^/]|style="| on[a-z]+="`).FindString(body); outside != "" {
			t.Errorf("%s loads %s", path, outside)
		}
	}
	for path, body := range seen {
		for _, m := range regexp.MustCompile(`href="(/docs[^"#]*)?#([^"]+)"`).FindAllStringSubmatch(body, -1) {
			to := m[1]
			if to == "" {
				to = path
			}
			if !strings.Contains(seen[to], `id="`+m[2]+`"`) {
				t.Errorf("%s links to %s#%s, which is not there", path, to, m[2])
			}
		}
	}
	files, err := docs.Pages.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		path := "/docs/" + strings.TrimSuffix(f.Name(), ".md")
		if _, ok := seen[path]; !ok && f.Name() != "index.md" {
			t.Errorf("%s is not linked to", path)
		}
	}
}

// What the built-in model quotes and what is written by hand link to the anchors
// that docs gives.
func TestHeadingsHaveTheAnchorsOfDocs(t *testing.T) {
	t.Parallel()
	h := site(t, console.Options{Public: true})
	files, err := docs.Pages.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		source, err := docs.Pages.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimSuffix("/docs/"+strings.TrimSuffix(f.Name(), ".md"), "/index")
		_, body := get(t, h, http.MethodGet, path, html)
		var got []string
		for _, m := range regexp.MustCompile(`<h[1-6] id="([^"]*)"`).FindAllStringSubmatch(body, -1) {
			got = append(got, m[1])
		}
		if diff := cmp.Diff(wantAnchors(string(source)), got); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", f.Name(), diff)
		}
	}
}

func wantAnchors(source string) []string {
	var page docs.Anchors
	var want []string
	for i, part := range strings.Split("\n"+source, "\n```") {
		if i%2 == 1 {
			continue // a code block
		}
		for _, m := range regexp.MustCompile(`(?m)^#{1,6} (.+)$`).FindAllStringSubmatch(part, -1) {
			want = append(want, page.Next(m[1]))
		}
	}
	return want
}

func TestRepeatedHeadings(t *testing.T) {
	t.Parallel()
	manual := fstest.MapFS{
		"index.md": {Data: []byte("# `A` & B\n\n## [Use](x.md) it?\n\n## Use it\n")}, "x.md": {Data: []byte("# Use it\n")},
	}
	h := site(t, console.Options{Public: true, Manual: manual})
	for path, want := range map[string]string{"/docs": `id="a--b" id="use-it" id="use-it-1"`, "/docs/x": `id="use-it"`} {
		_, body := get(t, h, http.MethodGet, path, html)
		if got := strings.Join(regexp.MustCompile(`id="[^"]*"`).FindAllString(body[strings.Index(body, "<h1"):strings.Index(body, "</article>")], -1), " "); got != want {
			t.Errorf("%s: got %s", path, got)
		}
	}
}

func TestPagesStandInReadingOrder(t *testing.T) {
	t.Parallel()
	manual := fstest.MapFS{
		"index.md": {Data: []byte("# Start\n\n[second](zebra.md), [third](apple.md)\n")},
		"apple.md": {Data: []byte("# Apple\n")}, "zebra.md": {Data: []byte("# Zebra\n")}, "other.md": {Data: []byte("# Other\n")},
	}
	_, body := get(t, site(t, console.Options{Public: true, Manual: manual}), http.MethodGet, "/docs/apple", html)
	nav := body[strings.Index(body, `<nav class="docs-menu"`):]
	nav = nav[:strings.Index(nav, "</ul>")]
	got := regexp.MustCompile(`href="([^"]*)"`).FindAllString(nav, -1)
	if want := []string{`href="/docs"`, `href="/docs/zebra"`, `href="/docs/apple"`, `href="/docs/other"`}; !slices.Equal(got, want) {
		t.Errorf("contents: %v, want %v", got, want)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	h := site(t, console.Options{Public: true})
	for path, kind := range map[string]string{
		"/docs": "text/html; charset=utf-8", "/docs/": "text/html; charset=utf-8", "/docs/keys": "text/html; charset=utf-8",
		"/docs/skytower.d.ts": "text/plain; charset=utf-8", "/docs/client.ts": "text/plain; charset=utf-8", "/docs/search.json": "application/json", "/openapi.json": "application/json",
	} {
		res, body := get(t, h, http.MethodGet, path, html)
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != kind || body == "" || res.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
		}
		policy := res.Header.Get("Content-Security-Policy")
		if path != "/openapi.json" && (!strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || res.Header.Get("X-Content-Type-Options") != "nosniff") {
			t.Errorf("%s: policy %q, %v", path, policy, res.Header)
		}
		head, _ := get(t, h, http.MethodHead, path, html)
		if head.StatusCode != 200 || head.Header.Get("Content-Type") != kind {
			t.Errorf("HEAD %s: %d %v", path, head.StatusCode, head.Header)
		}
	}
	if res, body := get(t, h, http.MethodGet, "/", html); res.StatusCode != 303 || res.Header.Get("Location") != "/docs" {
		t.Errorf("/: %d %v %s", res.StatusCode, res.Header, body)
	}
	if res, body := get(t, h, http.MethodGet, "/openapi.json", ""); body != `{"openapi":"3.1.0"}` || res.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("the document: %v %s", res.Header, body)
	}
}

func TestUnknownPages(t *testing.T) {
	t.Parallel()
	for _, public := range []bool{true, false} {
		h := site(t, console.Options{Public: public})
		for _, c := range []struct{ method, path string }{
			{http.MethodGet, "/nothing"}, {http.MethodGet, "/docs/nothing"}, {http.MethodGet, "/docs/../secret"}, {http.MethodPost, "/elsewhere"},
		} {
			notFound(t, h, c.method, c.path)
		}
	}
}

func TestDocsOff(t *testing.T) {
	t.Parallel()
	h := site(t, console.Options{})
	for _, path := range []string{"/docs", "/docs/", "/docs/keys", "/docs/search", "/docs/client.ts", "/docs/api/listModels", "/openapi.json"} {
		notFound(t, h, http.MethodGet, path)
	}
}

// notFound checks that programs get JSON and people text.
func notFound(t *testing.T, h http.Handler, method, path string) {
	t.Helper()
	res, body := get(t, h, method, path, "")
	if res.StatusCode == http.StatusTemporaryRedirect || res.StatusCode == http.StatusMovedPermanently {
		return // the mux cleans the path; what it leads to is another case
	}
	var answer struct {
		Status *bool
		Error  struct {
			ID      string `json:"error_id"`
			Status  int    `json:"http_status"`
			Request string `json:"request_id"`
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || res.StatusCode != 404 || *answer.Status || answer.Error.ID != "ENDPOINT_NOT_FOUND" ||
		answer.Error.Status != 404 || !strings.HasPrefix(answer.Error.Request, "req_") || !strings.Contains(res.Header.Get("Content-Type"), "application/json") {
		t.Errorf("%s %s for a program: %d %s (%v)", method, path, res.StatusCode, body, err)
	}
	res, body = get(t, h, method, path, html)
	if res.StatusCode != 404 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || !strings.Contains(body, ">req_") || res.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("%s %s for people: %d %v %s", method, path, res.StatusCode, res.Header, body)
	}
}
