package browser

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait: long, since machines that run tests are busy.
const patience = 2 * time.Minute

// site is a running server on an empty data folder.
type site struct {
	t        *testing.T
	url      string
	data     string
	key      string // the first API key
	operator string // the operator key
	out      *output
}

// output collects what a process writes, and tells of lines.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	close(o.more)
	o.more = make(chan struct{})
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// find waits until the output has a match, and returns its first group.
func (o *output) find(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	late := time.After(patience)
	for {
		o.mu.Lock()
		m, more := re.FindStringSubmatch(o.text.String()), o.more
		o.mu.Unlock()
		if m != nil {
			return m[1]
		}
		select {
		case <-more:
		case <-late:
			t.Fatalf("the program never wrote %s:\n%s", pattern, o)
		}
	}
}

// start runs the program, until the test ends, with more settings as NAME=value.
func start(t *testing.T, env ...string) *site {
	t.Helper()
	s := &site{t: t, data: t.TempDir(), out: &output{more: make(chan struct{})}}
	address := freeAddress(t)
	s.url = "http://" + address
	cmd := exec.Command(shared.program, "serve", "--data", s.data, "--listen", address, "--operations-listen", "")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = s.out, s.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server did not end well: %v", err)
		}
		if t.Failed() {
			t.Logf("the server wrote:\n%s", tail(s.out.String()))
		}
	})
	s.key = s.out.find(t, `(sk-[0-9A-Za-z]+)`)
	operator, err := os.ReadFile(s.data + "/operator.key")
	if err != nil {
		t.Fatal(err)
	}
	s.operator = strings.TrimSpace(string(operator))
	return s
}

func tail(text string) string {
	const enough = 6000
	return text[max(0, len(text)-enough):]
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // only its number is wanted
	return l.Addr().String()
}

// setup is the one-time link of the first start.
func (s *site) setup() string { return s.out.find(s.t, `(http://\S+/setup/\S+)`) }

// api calls the server as a program does, and decodes the answer into out unless nil.
func (s *site) api(method, path, key string, body, out any) {
	s.t.Helper()
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		sent = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, sent)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if reply.StatusCode/100 != 2 {
		s.t.Fatalf("%s %s: %d %s", method, path, reply.StatusCode, text)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			s.t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
}

// upstream is an OpenAI-compatible server that answers with what it was asked, word by
// word, and draws nothing else.
func upstream(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"object":"list","data":[{"id":"parrot","object":"model","created":1,"owned_by":"test"}]}`)
	})
	mux.HandleFunc("POST /v1/chat/completions", parrot)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: patience}
	go server.Serve(l) //nolint:errcheck // until it is closed
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + l.Addr().String() + "/v1"
}

func parrot(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Stream   bool `json:"stream"`
		Messages []struct {
			Content any `json:"content"`
		} `json:"messages"`
	}
	if err := json.NewDecoder(bufio.NewReader(r.Body)).Decode(&asked); err != nil || len(asked.Messages) == 0 {
		http.Error(w, `{"error":{"message":"no messages"}}`, http.StatusBadRequest)
		return
	}
	said := fmt.Sprint("You said: ", asked.Messages[len(asked.Messages)-1].Content)
	usage := map[string]int{"prompt_tokens": 5, "completion_tokens": len(strings.Fields(said)), "total_tokens": 5 + len(strings.Fields(said))}
	if !asked.Stream {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"id": "c1", "object": "chat.completion", "created": 1, "model": "parrot", "usage": usage,
			"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": said}}}})
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	piece := func(delta map[string]any, finish any, usage any) {
		text, _ := json.Marshal(map[string]any{"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "parrot", "usage": usage,
			"choices": []any{map[string]any{"index": 0, "delta": delta, "finish_reason": finish}}})
		fmt.Fprintf(w, "data: %s\n\n", text)
		w.(http.Flusher).Flush()
	}
	for _, word := range strings.SplitAfter(said, " ") {
		piece(map[string]any{"content": word}, nil, nil)
	}
	piece(map[string]any{}, "stop", usage)
	fmt.Fprint(w, "data: [DONE]\n\n")
}
