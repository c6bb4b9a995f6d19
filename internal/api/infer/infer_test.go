package infer_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/api/infer"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/inference"
	"skytower/internal/limit"
	"skytower/internal/provider"
)

type keyring struct{}

func (keyring) Authenticate(_ context.Context, key string, _ netip.Addr) (account.Principal, error) {
	if key != "sk-all" {
		return account.Principal{}, fault.New(fault.Unauthorized, "Invalid or missing API key")
	}
	return account.Principal{Account: "acct_1", Key: "key_1", Scopes: account.Everything}, nil
}

func (keyring) AuthenticateOperator(context.Context, string) (account.Operator, error) {
	return account.Operator{}, fault.New(fault.Unauthorized, "Invalid or missing API key")
}

// desk plays the service: it keeps the request and does what act says.
type desk struct {
	act   func(inference.Sink) error
	count error // of counting tokens
	got   *inference.Request
	who   account.Principal
}

func (d *desk) Do(_ context.Context, who account.Principal, r *inference.Request, s inference.Sink) (inference.Result, error) {
	d.got, d.who = r, who
	result := inference.Result{
		Model: "slug", Target: "up/x", Usage: provider.Usage{Input: 5, Output: 7}, Outcome: inference.Complete,
	}
	err := d.act(s)
	if err != nil {
		result.Outcome = inference.Refused
	}
	return result, err
}

// site is the routes over a desk, with their records.
func (d *desk) CountMessage(_ context.Context, who account.Principal, r *inference.Request) (inference.Counted, error) {
	d.got, d.who = r, who
	return inference.Counted{Tokens: 7, Admission: inference.Admission{Model: "slug"}}, d.count
}

type site struct {
	http.Handler
	records []httpx.Record
	open    gauge
}

// gauge remembers how far it was up.
type gauge struct{ now, most int }

func (g *gauge) Inc() { g.now++; g.most = max(g.most, g.now) }
func (g *gauge) Dec() { g.now-- }

func newSite(d *desk) *site {
	s := &site{}
	handlers := &infer.Handlers{Service: d, Parser: inference.NewParser(), MaxBody: 4096, KeepAlive: time.Hour, OpenStreams: &s.open}
	server := &httpx.Server{Done: func(r *httpx.Record) { s.records = append(s.records, *r) }, Log: slog.New(slog.DiscardHandler)}
	s.Handler = api.NewRouter(server, keyring{}, handlers.Rows(), nil)
	return s
}

func (s *site) post(t *testing.T, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer sk-all")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	text, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(text)
}

const (
	chatPath = "/v1/chat/completions"
	respPath = "/v1/responses"
	chatBody = `{"model":"m","messages":[]}`
	respBody = `{"model":"m","input":"x","stream":true}`
	streamed = `{"model":"m","messages":[],"stream":true}`
)

// answers plainly, after admission under these limits.
func answers(d limit.Decision) func(inference.Sink) error {
	return func(s inference.Sink) error {
		s.Admit(inference.Admission{Model: "slug", Limits: d})
		return s.Answer([]byte(`{"id":1}`))
	}
}

func TestOnlyListedHeadersPassOn(t *testing.T) {
	t.Parallel()
	d := &desk{act: answers(limit.Decision{})}
	s := newSite(d)
	s.post(t, chatPath, chatBody, "Openai-Beta", "x=1", "accept-language", "de", "Cookie", "a=b", "X-Forwarded-For", "10.0.0.1",
		"Openai-Organization", "org", "X-Stainless-Lang", "go", "User-Agent", "me", "Traceparent", "00-1", "X-Api-Key", "sk-all")
	if diff := cmp.Diff(http.Header{"Openai-Beta": {"x=1"}, "Accept-Language": {"de"}}, d.got.Header); diff != "" {
		t.Error(diff)
	}
	if d.got.ID == "" || d.got.ID != s.records[0].ID || d.who.Account != "acct_1" {
		t.Errorf("request %q, record %q, caller %+v", d.got.ID, s.records[0].ID, d.who)
	}
	s.post(t, chatPath, chatBody)
	if d.got.Header != nil {
		t.Errorf("nothing to pass, yet %v", d.got.Header)
	}
}

func TestStreamQuery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path, body string
		want       bool
	}{
		{chatPath, chatBody, false}, {chatPath + "?stream=true", chatBody, true}, {chatPath + "?stream=false", chatBody, false},
		{chatPath + "?stream=1", chatBody, false}, {chatPath + "?x=y&stream=true", chatBody, true}, {chatPath, streamed, true},
		{chatPath + "?stream=false", streamed, true}, {respPath + "?stream=true", `{"model":"m","input":"x"}`, true},
		{"/v1/embeddings?stream=true", `{"model":"m","input":"x"}`, false},
	} {
		d := &desk{act: func(inference.Sink) error { return fault.New(fault.ModelNotFound, "none") }}
		s := newSite(d)
		s.post(t, c.path, c.body)
		if d.got.Stream != c.want || (s.open.most == 1) != c.want || s.open.now != 0 {
			t.Errorf("%s %s: stream %v, open streams %+v", c.path, c.body, d.got.Stream, s.open)
		}
	}
}

// Contract section 10: "-" where nothing is configured, never a negative remainder,
// and no Retry-After on an answer.
func TestLimitHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(&desk{act: answers(limit.Decision{
		Allowed: true, Requests: limit.Quota{Limited: true, Limit: 60, Remaining: 59}, TokensOut: limit.Quota{Limited: true, Limit: 10, Remaining: -3},
	})})
	res, body := s.post(t, chatPath, chatBody)
	got := map[string]string{}
	for name, values := range res.Header {
		if short, ok := strings.CutPrefix(name, "X-Skytells-"); ok {
			got[short] = values[0]
		}
	}
	want := map[string]string{
		"Model": "slug", "Ratelimit-Window": "60", "Ratelimit-Limit-Requests": "60", "Ratelimit-Remaining-Requests": "59",
		"Ratelimit-Limit-Tokens-In": "-", "Ratelimit-Remaining-Tokens-In": "-", "Ratelimit-Limit-Tokens-Out": "10", "Ratelimit-Remaining-Tokens-Out": "0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if res.StatusCode != 200 || body != `{"id":1}` || res.Header.Get("Content-Type") != "application/json" || res.Header.Get("Retry-After") != "" {
		t.Errorf("%d %s %v", res.StatusCode, body, res.Header)
	}
	r := s.records[0]
	if r.Model != "slug" || r.Target != "up/x" || r.TokensIn != 5 || r.TokensOut != 7 || r.Outcome != "ok" || r.Account != "acct_1" || r.Key != "key_1" {
		t.Errorf("record %+v", r)
	}
}

// streams sends one event and fails.
func streams(name, data string, err error) func(inference.Sink) error {
	return func(s inference.Sink) error {
		s.Admit(inference.Admission{Model: "slug"})
		if data != "" {
			if err := s.Event(name, []byte(data)); err != nil {
				return err
			}
			if err := s.Flush(); err != nil {
				return err
			}
		}
		return err
	}
}

func broken() error { return fault.New(fault.InferenceError, "The model 'm' failed.") }

// Before the first event an error is a status, after it an event of its API.
func TestErrorsOfStreams(t *testing.T) {
	t.Parallel()
	s := newSite(&desk{act: streams("", "", broken())})
	res, body := s.post(t, chatPath, streamed)
	if res.StatusCode != 500 || res.Header.Get("Content-Type") != "application/json" || !strings.HasPrefix(body, `{"error":`) {
		t.Errorf("before the first event: %d %s", res.StatusCode, body)
	}

	s = newSite(&desk{act: streams("", `{"choices":[]}`, broken())})
	res, body = s.post(t, chatPath, streamed)
	lines := strings.Split(strings.TrimSpace(body), "\n\n")
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") || len(lines) != 3 || lines[0] != `data: {"choices":[]}` || lines[2] != "data: [DONE]" {
		t.Fatalf("chat: %d %q", res.StatusCode, body)
	}
	var chat struct {
		Error struct {
			Message, Code string
			ID            string `json:"error_id"`
			Request       string `json:"request_id"`
		}
		Choices []any
	}
	event(t, lines[1], &chat)
	if chat.Error.ID != "INFERENCE_ERROR" || chat.Error.Message != "The model 'm' failed." || chat.Error.Request != s.records[0].ID || chat.Choices == nil {
		t.Errorf("chat: %s", lines[1])
	}
	if r := s.records[0]; r.Err == nil || r.Outcome != "error" || r.ErrorID != "INFERENCE_ERROR" || !r.Streamed {
		t.Errorf("record %+v", r)
	}

	s = newSite(&desk{act: streams("response.created", `{"type":"response.created","sequence_number":0}`, broken())})
	_, body = s.post(t, respPath, respBody)
	lines = strings.Split(strings.TrimSpace(body), "\n\n")
	last, named := strings.CutPrefix(lines[len(lines)-1], "event: error\n")
	var failed struct {
		Type, Code, Message string
		Number              *int64 `json:"sequence_number"`
	}
	event(t, last, &failed)
	if !named || len(lines) != 2 || failed.Type != "error" || failed.Number == nil || *failed.Number != 1 || failed.Code != "service_error" || strings.Contains(body, "[DONE]") {
		t.Errorf("responses: %q", body)
	}
}

func event(t *testing.T, line string, v any) {
	t.Helper()
	data, ok := strings.CutPrefix(line, "data: ")
	if err := json.Unmarshal([]byte(data), v); !ok || err != nil {
		t.Fatalf("%v in %q", err, line)
	}
}

func TestRefusedAtTheDoor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		key  string
		code int
		id   string
	}{
		"too large":   {`{"model":"m","pad":"` + strings.Repeat("x", 5000) + `"}`, "sk-all", 413, "INVALID_REQUEST"},
		"not JSON":    {`{"model":`, "sk-all", 400, "INVALID_REQUEST"},
		"no model":    {`{"messages":[]}`, "sk-all", 400, "INVALID_PARAMETER"},
		"twice":       {`{"model":"m","model":"n"}`, "sk-all", 400, ""},
		"no good key": {chatBody, "sk-wrong", 401, "UNAUTHORIZED"},
	} {
		d := &desk{}
		res, body := newSite(d).post(t, chatPath, c.body, "Authorization", "Bearer "+c.key)
		var e struct {
			Error struct {
				ID string `json:"error_id"`
			}
		}
		if err := json.Unmarshal([]byte(body), &e); err != nil || res.StatusCode != c.code || c.id != "" && e.Error.ID != c.id || d.got != nil {
			t.Errorf("%s: %d %s", name, res.StatusCode, body)
		}
	}
}

// Contract section 10: those headers stand on answers, in 2xx.
func TestNoLimitHeadersOnErrors(t *testing.T) {
	t.Parallel()
	s := newSite(&desk{act: func(s inference.Sink) error {
		s.Admit(inference.Admission{Model: "slug", Limits: limit.Decision{Allowed: true, Requests: limit.Quota{Limited: true, Limit: 60, Remaining: 59}}})
		return broken()
	}})
	for _, body := range []string{chatBody, streamed} {
		res, text := s.post(t, chatPath, body)
		for name := range res.Header {
			if strings.HasPrefix(name, "X-Skytells-Ratelimit") {
				t.Errorf("%s stands on %s", name, text)
			}
		}
		if res.StatusCode != 500 || res.Header.Get("X-Skytells-Model") != "slug" {
			t.Errorf("%d %v", res.StatusCode, res.Header)
		}
	}
}

// Contract section 10: a 429 tells which limit, its size, and when.
func TestDeniedByALimit(t *testing.T) {
	t.Parallel()
	res, body := newSite(&desk{act: func(inference.Sink) error {
		return &fault.Error{ID: fault.RateLimited, Message: "Wait.", RetryAfter: 1500 * time.Millisecond, Limit: &fault.Limit{Dimension: "requests", Scope: "of this API key", Size: 60}}
	}}).post(t, chatPath, chatBody)
	if res.StatusCode != 429 || res.Header.Get("Retry-After") != "2" ||
		!strings.Contains(body, `"details":{"category":"rate_limit","dimension":"requests","limit":60,"scope":"of this API key","retry_after":2}`) {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, body)
	}
}

// A dry run is answered in one piece, whatever form of answer was asked for.
func TestDryRun(t *testing.T) {
	t.Parallel()
	d := &desk{act: func(s inference.Sink) error { return s.Answer([]byte(`{"dry_run":true}`)) }}
	s := newSite(d)
	for path, body := range map[string]string{
		chatPath: `{"dry_run":true,"model":"m","stream":true,"messages":[]}`, respPath: `{"model":"m","dry_run":true,"input":"x","stream":true}`,
		"/v1/embeddings": `{"model":"m","input":"x","dry_run":true}`,
	} {
		res, text := s.post(t, path, body)
		if res.StatusCode != 200 || text != `{"dry_run":true}` || res.Header.Get("Content-Type") != "application/json" || !d.got.DryRun || s.open.most != 0 {
			t.Errorf("%s: %d %s, open streams %+v", path, res.StatusCode, text, s.open)
		}
		if _, sent := d.got.Body.Raw("dry_run"); sent {
			t.Errorf("%s: the field is still in the body", path)
		}
	}
	if res, _ := s.post(t, chatPath, `{"model":"m","dry_run":"yes","messages":[]}`); res.StatusCode != 400 {
		t.Errorf("a word: %d", res.StatusCode)
	}
}

// The edge surface has its name, its longest stream, and the same headers.
func TestEdge(t *testing.T) {
	t.Parallel()
	d := &desk{act: func(s inference.Sink) error {
		s.Admit(inference.Admission{Model: "slug", Limits: limit.Decision{Requests: limit.Quota{Limited: true, Limit: 10, Remaining: 9}}})
		if err := s.Event("", []byte(`{"choices":[]}`)); err != nil {
			return err
		}
		return fault.New(fault.InferenceTimeout, "A stream on this surface ends after 5m0s.")
	}}
	handlers := &infer.Handlers{Service: d, Parser: inference.NewParser(), MaxBody: 4096, KeepAlive: time.Hour, Surface: limit.Edge, MaxStream: 300 * time.Second}
	s := &site{}
	server := &httpx.Server{Done: func(r *httpx.Record) { s.records = append(s.records, *r) }, Log: slog.New(slog.DiscardHandler)}
	s.Handler = api.NewRouter(server, keyring{}, handlers.Rows(), nil)
	res, body := s.post(t, chatPath, streamed)
	if d.got.Surface != "edge" || d.got.MaxStream != 300*time.Second || res.Header.Get("X-Skytells-Ratelimit-Limit-Requests") != "10" {
		t.Errorf("got %+v, %v", d.got, res.Header)
	}
	if res.StatusCode != 200 || !strings.Contains(body, `"code":"inference_timeout"`) || !strings.HasSuffix(body, "data: [DONE]\n\n") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	plain := &desk{act: answers(limit.Decision{})}
	newSite(plain).post(t, chatPath, chatBody)
	if plain.got.Surface != "standard" || plain.got.MaxStream != 0 {
		t.Errorf("without a surface: %+v", plain.got)
	}
}
