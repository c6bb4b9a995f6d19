package llama_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"skytower/internal/config"
	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/llama"
	"skytower/internal/rawjson"
)

const testFile = "testdata/tiny-llama-q8.gguf"

// built is the program skytower-llama, made once.
var built = sync.OnceValues(func() (string, error) {
	path, err := filepath.Abs(filepath.Join("..", "..", "..", ".tools", "llama-test", "skytower-llama"))
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-o", path, "./llama")
	cmd.Dir, cmd.Env = filepath.Join("..", "..", "..", "engine"), append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", errors.New(err.Error() + "\n" + string(text))
	}
	return path, nil
})

func program(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// library is where tools/needs.sh put llama.cpp.
func library(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join("..", "..", "..", ".tools", "llama", llama.LibraryVersion))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "libllama.so")); err != nil {
		t.Fatal("llama.cpp's library is not there: make needs")
	}
	return folder
}

// backend speaks as much of OpenAI's API as the tests need.
type backend struct {
	base     *url.URL
	upstream egress.Upstream
}

func (b *backend) do(ctx context.Context, route string, body []byte) (*egress.Response, error) {
	resp, err := b.upstream.Do(ctx, &egress.Request{Method: http.MethodPost, URL: b.base.JoinPath(route), Body: body,
		Header: egress.Header{{Name: "Content-Type", Value: "application/json"}}})
	var e *egress.Error
	switch {
	case errors.As(err, &e) && !e.Sent:
		return nil, &provider.Error{Class: provider.Unreachable, Err: err}
	case err != nil:
		return nil, &provider.Error{Class: provider.Broken, Err: err}
	case resp.Status != http.StatusOK:
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return nil, &provider.Error{Class: provider.Rejected, Status: resp.Status, Message: string(text)}
	}
	return resp, nil
}

func (b *backend) whole(ctx context.Context, route string, call *provider.Call) (*provider.Answer, error) {
	resp, err := b.do(ctx, route, call.Body.Edit().Append(nil))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, &provider.Error{Class: provider.Broken, Err: err}
	}
	return &provider.Answer{Body: body}, nil
}

func (b *backend) Chat(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	return b.whole(ctx, "chat/completions", call)
}

func (b *backend) Embed(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	return b.whole(ctx, "embeddings", call)
}

func (b *backend) ChatStream(ctx context.Context, call *provider.Call) (provider.Stream, error) {
	resp, err := b.do(ctx, "chat/completions", call.Body.Edit().SetBool("stream", true).Append(nil))
	if err != nil {
		return nil, err
	}
	return &events{resp: resp, in: bufio.NewScanner(resp.Body)}, nil
}

type events struct {
	resp *egress.Response
	in   *bufio.Scanner
}

func (s *events) Next() (provider.Event, error) {
	for s.in.Scan() {
		data, ok := bytes.CutPrefix(s.in.Bytes(), []byte("data: "))
		if ok && string(data) == "[DONE]" {
			return provider.Event{}, io.EOF
		}
		if ok {
			return provider.Event{Data: data}, nil
		}
	}
	return provider.Event{}, &provider.Error{Class: provider.Cut, Err: s.in.Err()}
}

func (s *events) Ready() bool  { return false }
func (s *events) Close() error { return s.resp.Body.Close() }

// lines is a log that is read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// site is a provider with its log.
type site struct {
	*llama.Provider
	t        *testing.T
	log      *lines
	restarts int
	data     string
}

// open makes a provider of one engine called tiny, on the test file.
func open(t *testing.T, change func(*config.Engine, *llama.Options)) *site {
	t.Helper()
	s := &site{t: t, log: &lines{}, data: t.TempDir()}
	content, err := os.ReadFile(testFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(llama.ModelsIn(s.data), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(llama.ModelsIn(s.data), "tiny.gguf"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	engine, err := config.NewEngine("tiny", "tiny.gguf")
	if err != nil {
		t.Fatal(err)
	}
	engine.Threads = 1
	o := llama.Options{
		Data: s.data, Program: program(t), Library: library(t), Restarted: func() { s.restarts++ },
		Log:     slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Backend: func(base *url.URL, upstream egress.Upstream) llama.Backend { return &backend{base, upstream} },
	}
	if change != nil {
		change(&engine, &o)
	}
	o.Engines = []config.Engine{engine}
	s.Provider = llama.New(o)
	t.Cleanup(s.Close)
	return s
}

func ask(t *testing.T, body string) *provider.Call {
	t.Helper()
	object, err := rawjson.Scan([]byte(body), rawjson.NewFields("stream", "messages"))
	if err != nil {
		t.Fatal(err)
	}
	return &provider.Call{Model: "tiny", Show: "tiny", Body: object}
}

const hello = `{"messages":[{"role":"user","content":"hello there"}],"temperature":0,"max_tokens":10}`

// chat is the text of an answer.
func (s *site) chat(body string) (string, error) {
	s.t.Helper()
	a, err := s.Chat(s.t.Context(), ask(s.t, body))
	if err != nil {
		return "", err
	}
	var w struct {
		Choices []struct{ Message struct{ Content string } }
	}
	if err := json.Unmarshal(a.Body, &w); err != nil || len(w.Choices) == 0 {
		s.t.Fatalf("%v in %s", err, a.Body)
	}
	return strings.TrimSpace(w.Choices[0].Message.Content), nil
}
