package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/hybridgroup/yzma/pkg/llama"
)

const testFile = "../../internal/provider/llama/testdata/tiny-llama-q8.gguf"

// library is where tools/needs.sh put llama.cpp.
func library(t testing.TB) string {
	t.Helper()
	if folder := os.Getenv("SKYTOWER_LLAMA_LIBRARY"); folder != "" {
		return folder
	}
	found, err := filepath.Glob("../../.tools/llama/*/libllama.so")
	if err != nil || len(found) == 0 {
		t.Fatal("llama.cpp's library is not there: make needs")
	}
	return filepath.Dir(found[len(found)-1])
}

// The library keeps state of its own, so it is loaded once.
var libraryLoads = sync.OnceValue(func() func(string) error {
	var once sync.Once
	var err error
	return func(folder string) error {
		once.Do(func() { _, err = loadLibrary(folder) })
		return err
	}
})

// open loads the test file. Nothing is computed before somebody steps or runs it.
func open(t testing.TB, change func(*options)) *engine {
	t.Helper()
	if err := libraryLoads()(library(t)); err != nil {
		t.Fatal(err)
	}
	o := options{model: testFile, threads: 1, context: 4096, parallel: 2}
	if change != nil {
		change(&o)
	}
	e, err := load(&o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// site is an engine that runs, and how it is asked.
type site struct {
	*engine
	t    *testing.T
	base string
}

func start(t *testing.T, change func(*options)) *site {
	t.Helper()
	e := open(t, change)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.run(ctx)
	}()
	server := httptest.NewServer(e.routes())
	t.Cleanup(func() {
		server.Close()
		cancel()
		<-ended
	})
	return &site{e, t, server.URL}
}

func (s *site) post(path, body string) (int, string) {
	s.t.Helper()
	resp, err := http.Post(s.base+path, "application/json", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// ends are the tokens that end an answer, as a bias against them.
func (e *engine) ends() map[string]float64 {
	bias := map[string]float64{}
	for token := range llama.Token(llama.VocabNTokens(e.vocab)) {
		if llama.VocabIsEOG(e.vocab, token) {
			bias[strconv.Itoa(int(token))] = -100
		}
	}
	return bias
}

// endless is the field with which an answer goes on to its limit.
func (s *site) endless() string {
	bias, err := json.Marshal(s.ends())
	if err != nil {
		s.t.Fatal(err)
	}
	return `"logit_bias":` + string(bias)
}

// answer is a chat completion, plain or put together from its chunks.
type answer struct {
	Text, Reason string
	Pieces       int
	Usage        usage
	Failure      string // the error's code, or its message
}

type wire struct {
	Choices []struct {
		Message, Delta struct{ Content string }
		FinishReason   string `json:"finish_reason"`
	}
	Usage *usage
	Error struct{ Message, Code, Param string }
}

func (a *answer) take(t *testing.T, text string) {
	t.Helper()
	var w wire
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	for _, c := range w.Choices {
		if c.Delta.Content != "" {
			a.Pieces++
		}
		a.Text += c.Message.Content + c.Delta.Content
		a.Reason += c.FinishReason
	}
	if w.Usage != nil {
		a.Usage = *w.Usage
	}
	if a.Failure = w.Error.Code; a.Failure == "" {
		a.Failure = w.Error.Message
	}
}

// chat asks with fields besides the messages, such as `"max_tokens":3`.
func (s *site) chat(question, fields string) answer {
	s.t.Helper()
	quoted, _ := json.Marshal(question)
	body := `{"messages":[{"role":"user","content":` + string(quoted) + `}]`
	if fields != "" {
		body += "," + fields
	}
	_, text := s.post("/v1/chat/completions", body+"}")
	var a answer
	if !strings.HasPrefix(text, "data:") {
		a.take(s.t, text)
		return a
	}
	done := false
	for line := range strings.SplitSeq(text, "\n") {
		switch data, ok := strings.CutPrefix(line, "data: "); {
		case ok && data == "[DONE]":
			done = true
		case ok:
			a.take(s.t, data)
		}
	}
	if !done {
		s.t.Errorf("the stream has no end: %s", text)
	}
	return a
}
