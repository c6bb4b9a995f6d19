package explorer_test

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"skytower/docs"
	"skytower/internal/console/desk"
	"skytower/internal/console/explorer"
	"skytower/internal/console/ui"
	"skytower/internal/feedback"
	"skytower/internal/httpx"
	"skytower/internal/secret/secrettest"
)

// votes remembers the last one.
type votes struct{ last feedback.Vote }

func (v *votes) Vote(_ context.Context, _ string, got feedback.Vote) error {
	v.last = got
	return nil
}

// site is the explorer of testdata's document, with words of it replaced in pairs.
func site(t *testing.T, v explorer.Votes, replaced ...string) http.Handler {
	t.Helper()
	document, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	kit, err := ui.New()
	if err != nil {
		t.Fatal(err)
	}
	operators := strings.NewReplacer(`"/v1/things`, `"/admin/v1/things`, `Thing"`, `AdminThing"`, `Thing":`, `AdminThing":`, "Thing ", "AdminThing ", `"createThing"`, `"adminMake"`, `"getThing"`, `"adminGet"`).Replace(string(document))
	document = []byte(strings.NewReplacer(replaced...).Replace(string(document))) // but not the operators'
	e, err := explorer.New(kit, explorer.Options{Manual: docs.Pages, Votes: v,
		Describe: func() ([]byte, []byte, error) { return document, []byte(operators), nil }})
	if err != nil {
		t.Fatal(err)
	}
	server := &httpx.Server{Done: func(*httpx.Record) {}, Log: slog.New(slog.DiscardHandler)}
	mux, err := desk.NewMux(desk.Options{Server: server, Kit: kit, Public: &url.URL{Scheme: "https", Host: "ai.example.com"}, Keys: secrettest.Signer(t)}, e.Rows())
	if err != nil {
		t.Fatal(err)
	}
	return mux
}

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept", "text/html")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body)
}

func TestEveryPageOfTheDocumentIsThere(t *testing.T) {
	t.Parallel()
	h := site(t, &votes{})
	seen := map[string]bool{}
	for queue := []string{"/docs", "/docs/api-reference"}; len(queue) > 0; queue = queue[1:] {
		if seen[queue[0]] {
			continue
		}
		seen[queue[0]] = true
		status, body := get(t, h, queue[0])
		if status != http.StatusOK || strings.Contains(body, "skytower.invalid") {
			t.Errorf("%s: %d", queue[0], status)
		}
		for _, m := range regexp.MustCompile(`href="(/docs[^"#]*)`).FindAllStringSubmatch(body, -1) {
			queue = append(queue, m[1])
		}
	}
	for _, path := range []string{"/docs/api/createThing", "/docs/api/getThing", "/docs/schemas/Thing", "/docs/schemas", "/docs/streaming"} {
		if !seen[path] {
			t.Errorf("nothing leads to %s", path)
		}
	}
}

func TestRoutePage(t *testing.T) {
	t.Parallel()
	_, body := get(t, site(t, nil), "/docs/api/createThing")
	for _, want := range []string{
		`href="/docs/schemas/Thing"`, "https://ai.example.com/v1/things", "scope <code>things</code>", "BAD_THING", "It is bad.", "Make it good.", "data: [DONE]",
		`&lt;b&gt;bold&lt;/b&gt;`, `autocomplete="off"`, "<noscript>", "x-thing", "import requests", "NewRequestWithContext",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(body, "<b>bold") || strings.Contains(body, "helpful") {
		t.Error("the page has markup of the document, or asks where nobody counts")
	}
}

// Routes that other makers' clients know are shown by these clients.
func TestSnippetsByClients(t *testing.T) {
	t.Parallel()
	for id, want := range map[string][]string{
		"createMessage": {"from anthropic import Anthropic", `Anthropic(base_url="https://ai.example.com", api_key="sk-…")`, "client.messages.create(**{",
			`import Anthropic from "@anthropic-ai/sdk";`, `new Anthropic({ baseURL: "https://ai.example.com", apiKey: "sk-…" })`, "await client.messages.create({", `curl -X POST "https://ai.example.com/v1/things"`, `-H "x-api-key: sk-…"`},
		"countMessageTokens":   {"client.messages.count_tokens(**{", "await client.messages.countTokens({"},
		"createChatCompletion": {"from openai import OpenAI", `OpenAI(base_url="https://ai.example.com/v1"`, "client.chat.completions.create(**{", "await client.chat.completions.create({"},
	} {
		_, page := get(t, site(t, nil, "createThing", id), "/docs/api/"+id)
		page = html.UnescapeString(page)
		for _, text := range want {
			if !strings.Contains(page, text) {
				t.Errorf("%s lacks %s", id, text)
			}
		}
	}
}

func TestOperatorsRoutesAreHidden(t *testing.T) {
	t.Parallel()
	h := site(t, nil)
	for _, path := range []string{"/docs/admin-api", "/docs/api/adminMake", "/docs/schemas/AdminThing", "/docs/nothing"} {
		if status, _ := get(t, h, path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, path := range []string{"/docs", "/docs/search?q=adminMake", "/docs/search.json", "/docs/skytower.d.ts", "/docs/client.ts"} {
		if _, body := get(t, h, path); strings.Contains(body, "/docs/api/adminMake") || strings.Contains(body, "AdminThing") {
			t.Errorf("%s tells of operators' routes", path)
		}
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	h := site(t, nil)
	if _, body := get(t, h, "/docs/search?q=last-event-id+break"); !strings.Contains(body, `href="/docs/streaming#`) {
		t.Errorf("the passage is not found")
	}
	if _, body := get(t, h, "/docs/search?q=%3Cscript%3Ex"); !strings.Contains(body, "Nothing found") || strings.Contains(body, "<script>x") {
		t.Error("a search for nothing")
	}
	var index []struct{ Path, Title, Page, Text string }
	if _, body := get(t, h, "/docs/search.json"); json.Unmarshal([]byte(body), &index) != nil || len(index) < 100 {
		t.Errorf("the index has %d entries", len(index))
	}
}

func TestTypeScript(t *testing.T) {
	t.Parallel()
	_, body := get(t, site(t, nil), "/docs/skytower.d.ts")
	for _, want := range []string{
		"export interface Thing {", `kind: "a" | "b" | null;`, "  value: string | number[] | null;", "  more?: Record<string, string>;", "  next?: Thing;", "  [key: string]: unknown;",
		`  "odd-name"?: boolean;`, "  createThing: {", "    body: Thing;", "event: { event: string; data: Thing; id?: string }", "At least 1, at most 9.", "(string | null)[]",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the types lack %q:\n%s", want, body)
		}
	}
}

func TestFilesHaveTags(t *testing.T) {
	t.Parallel()
	h := site(t, nil)
	r := httptest.NewRequest(http.MethodGet, "/docs/client.ts", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	again := httptest.NewRecorder()
	h.ServeHTTP(again, r)
	if w.Code != http.StatusOK || again.Code != http.StatusNotModified || again.Body.Len() != 0 || !strings.Contains(w.Body.String(), `"https://ai.example.com"`) {
		t.Errorf("%d, then %d with %d bytes", w.Code, again.Code, again.Body.Len())
	}
}

func TestVoteWithoutScripts(t *testing.T) {
	t.Parallel()
	v := &votes{}
	h := site(t, v)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/docs/keys", nil))
	token := regexp.MustCompile(`name="_csrf" value="([^"]*)"`).FindStringSubmatch(w.Body.String())[1]
	send := func(form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/docs/vote", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, c := range w.Result().Cookies() {
			r.AddCookie(c)
		}
		out := httptest.NewRecorder()
		h.ServeHTTP(out, r)
		return out
	}
	got := send(url.Values{"_csrf": {token}, "page": {"/docs/keys"}, "useful": {"no"}, "note": {"too short"}})
	if got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/docs/keys" || v.last != (feedback.Vote{Page: "/docs/keys", Note: "too short"}) {
		t.Errorf("%d %v, kept %+v", got.Code, got.Header(), v.last)
	}
	if got := send(url.Values{"_csrf": {token}, "page": {"https://evil.example"}, "useful": {"yes"}}); got.Code != http.StatusNotFound {
		t.Errorf("another page: %d", got.Code)
	}
	if got := send(url.Values{"page": {"/docs/keys"}, "useful": {"yes"}}); got.Code != http.StatusForbidden {
		t.Errorf("without a token: %d", got.Code)
	}
}
