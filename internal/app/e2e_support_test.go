package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the tests read the rows that a server left

	"skytower/internal/app"
	"skytower/internal/config"
	"skytower/internal/jobs/jobstest"
	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// patience ends a test that waits for what never comes. Nothing is timed by it.
const patience = 60 * time.Second

// output collects what a server prints; it is read while the server runs.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// server is a started Skytower.
type server struct {
	t    *testing.T
	app  *app.App
	base string // without /v1
	data string
	key  string // the first account key
	op   string // the operator key
	out  *output
	log  *output

	stopped bool
	client  *http.Client
}

// options of a server under test.
type options struct {
	data   string               // "": a folder of its own
	flags  map[string]string    // further settings
	env    []string             // likewise, for secrets
	change func(*config.Config) // what flags have too coarse a unit for
}

// start builds and starts a server on a free port and stops it with the test.
func start(t *testing.T, o options) *server {
	t.Helper()
	s := build(t, o)
	if err := s.app.Start(t.Context()); err != nil {
		t.Fatalf("start: %v\n%s", err, s.log)
	}
	s.base = "http://" + s.app.Addr().String()
	if m := regexp.MustCompile(`sk-[0-9A-Za-z]+`).FindString(s.out.String()); m != "" {
		s.key = m
	}
	if op, err := os.ReadFile(filepath.Join(s.data, "operator.key")); err == nil {
		s.op = strings.TrimSpace(string(op))
	}
	return s
}

func build(t *testing.T, o options) *server {
	t.Helper()
	if o.data == "" {
		o.data = filepath.Join(t.TempDir(), "data")
	}
	flags := map[string]string{"data": o.data, "listen": "127.0.0.1:0", "operations-listen": "off", "offer-ollama": "false", "log-level": "debug"}
	for name, value := range o.flags {
		flags[name] = value
	}
	cfg, err := config.Load(config.Sources{Flags: flags, Env: o.env})
	if err != nil {
		t.Fatal(err)
	}
	if o.change != nil {
		o.change(cfg)
	}
	migrated(t, cfg)
	s := &server{t: t, data: o.data, out: &output{}, log: &output{}, client: &http.Client{Transport: &http.Transport{}}}
	if s.app, err = app.Build(t.Context(), cfg, app.Options{Stdout: s.out, Stderr: s.log, Version: "test"}); err != nil {
		t.Fatalf("build: %v", err)
	}
	t.Cleanup(s.stop)
	return s
}

// migrated puts a database with all tables, and nothing else, where the server would make
// one: making it takes longer than most tests.
func migrated(t *testing.T, cfg *config.Config) {
	t.Helper()
	file, ok := strings.CutPrefix(cfg.Database.Reveal(), "sqlite:")
	if !ok {
		return
	}
	if _, err := os.Stat(file); err == nil {
		return
	}
	content, err := os.ReadFile(strings.TrimPrefix(jobstest.SQLite(t), "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// stop ends the server; what it owed is on disk afterwards.
func (s *server) stop() {
	if s.stopped {
		return
	}
	s.stopped = true
	s.client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.app.Stop(ctx); err != nil {
		s.t.Errorf("stop: %v", err)
	}
}

// reply is an answer that was read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

func (s *server) request(method, path, body string, header ...string) *http.Request {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

func (s *server) do(req *http.Request) reply {
	s.t.Helper()
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	return reply{res.StatusCode, res.Header, string(body)}
}

// call sends a request with the account's key.
func (s *server) call(method, path, body string) reply {
	s.t.Helper()
	return s.do(s.request(method, path, body, "X-Api-Key", s.key))
}

// post is call for the inference routes.
func (s *server) post(path, body string) reply {
	s.t.Helper()
	return s.call(http.MethodPost, path, body)
}

// admin makes the client of the admin API.
func (s *server) admin() *skytells.Client {
	s.t.Helper()
	c, err := skytells.NewClient(skytells.ClientOptions{BaseURL: s.base, Key: s.op})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.CloseIdle)
	return c
}

// models that the mock upstream serves, under names of its own.
const (
	chatModel  = "tower-chat"
	embedModel = "tower-embed"
	upChat     = "inner/chat-7b"
	upEmbed    = "inner/embed"
	upKey      = "upstream-secret-key"
)

// withUpstream adds a scripted upstream with a chat and an embeddings model.
func (s *server) withUpstream() *providertest.Upstream {
	s.t.Helper()
	up := providertest.NewUpstream(s.t, providertest.HTTP1)
	s.addProvider("mock", up.URL.JoinPath("v1").String(), "")
	return up
}

func (s *server) addProvider(name, base, responses string) {
	s.t.Helper()
	resources := skytells.Resources{
		Providers: []skytells.ProviderSpec{{Name: name, Kind: "openai", BaseURL: base, Credential: upKey, Responses: responses}},
		Models: []skytells.ModelSpec{
			{Slug: chatModel, Type: "text", API: "chat", Free: true, Aliases: []string{"tower-alias"}, Targets: []skytells.TargetSpec{{Provider: name, Model: upChat}}},
			{Slug: embedModel, Type: "text", API: "embeddings", Free: true, Targets: []skytells.TargetSpec{{Provider: name, Model: upEmbed}}},
		},
	}
	if _, err := s.admin().Apply(s.t.Context(), skytells.ApplyRequest{Source: "test", Resources: resources}); err != nil {
		s.t.Fatal(err)
	}
}

// rows stops the server and reads a query's rows as texts. Only SQLite.
func (s *server) rows(query string) [][]string {
	s.t.Helper()
	s.stop()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.data, "skytower.db")+"?mode=ro")
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // only read
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // only read
	columns, err := rows.Columns()
	if err != nil {
		s.t.Fatal(err)
	}
	var out [][]string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			s.t.Fatal(err)
		}
		var texts []string
		for _, v := range values {
			texts = append(texts, fmt.Sprint(v))
		}
		out = append(out, texts)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return out
}

// await fails unless the channel opens.
func await(t *testing.T, what string, ch <-chan struct{}) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(patience):
		t.Fatalf("never happened: %s", what)
	}
}

// decode reads JSON into v, and fails with the text where it can't.
func decode(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

const (
	chatBody   = `{"model":"` + chatModel + `","messages":[{"role":"user","content":"hi"}]}`
	streamBody = `{"model":"` + chatModel + `","stream":true,"messages":[{"role":"user","content":"hi"}]}`
	embedBody  = `{"model":"` + embedModel + `","input":"hi"}`
	respBody   = `{"model":"` + chatModel + `","input":"hi"}`

	chatAnswer = `{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"` + upChat + `","choices":[{"index":0,"message":{"role":"assistant","content":"Hello!"},"finish_reason":"stop"}],` +
		`"usage":{"prompt_tokens":11,"completion_tokens":4,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":1}}}`
	embedAnswer = `{"object":"list","model":"` + upEmbed + `","data":[{"object":"embedding","index":0,"embedding":[1.0,-2.5,0.25]}],"usage":{"prompt_tokens":2,"total_tokens":2}}`

	chatPath, embedPath, respPath = "/v1/chat/completions", "/v1/embeddings", "/v1/responses"
)

// piece is one chunk of the upstream's chat stream.
func piece(content string) string {
	return `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"` + upChat + `","choices":[{"index":0,"delta":{"content":"` + content + `"},"finish_reason":null}]}` + "\n\n"
}

const (
	lastPiece  = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"` + upChat + `","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	usagePiece = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"` + upChat + `","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":4,"total_tokens":15}}` + "\n\n"
	donePiece  = "data: [DONE]\n\n"
)
