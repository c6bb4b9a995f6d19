package llama_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"skytower/internal/config"
	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/provider/llama"
)

func TestChild(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	if s.Child("tiny") != 0 {
		t.Error("a child runs before the first call")
	}
	text, err := s.chat(hello)
	if err != nil || text == "" {
		t.Fatalf("%q, %v\n%s", text, err, s.log)
	}
	n, err := s.CountTokens(t.Context(), ask(t, hello))
	if err != nil || n < 3 {
		t.Errorf("%d tokens, %v", n, err)
	}
	if _, err := s.CountTokens(t.Context(), ask(t, `{"messages":[{"role":"user","content":7}]}`)); provider.ClassOf(err) != provider.Rejected {
		t.Errorf("a bad count: %v", err)
	}
	if _, err := s.Embed(t.Context(), ask(t, `{"input":"a"}`)); provider.ClassOf(err) != provider.Unsupported {
		t.Errorf("embeddings: %v", err)
	}
	call := ask(t, hello)
	call.Model = "other"
	if _, err := s.Chat(t.Context(), call); provider.ClassOf(err) != provider.Denied {
		t.Errorf("another model: %v", err)
	}
	if state, _ := s.StateOf("tiny"); !state.Loaded || state.Problem != "" {
		t.Errorf("%+v", state)
	}
	pid, gone := s.Child("tiny"), s.Gone("tiny")
	s.Close()
	<-gone
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the child lives: %v", err)
	}
	if _, err := s.chat(hello); err == nil {
		t.Error("a closed provider answers")
	}
	if log := s.log.String(); strings.Contains(log, "hello there") || strings.Contains(log, text) {
		t.Error("a prompt or an answer is in the log")
	}
}

// A child that is killed costs the calls that it was answering, and nothing else.
func TestKilledMidStream(t *testing.T) {
	t.Parallel()
	const streams = 12
	s := open(t, func(e *config.Engine, _ *llama.Options) { e.Parallel, e.MaxQueue = streams, 0 })
	want, err := s.chat(hello)
	if err != nil {
		t.Fatal(err)
	}
	const long = `{"messages":[{"role":"user","content":"hello there"}],"temperature":2,"response_format":{"type":"json_object"}}`
	var open []provider.Stream
	for range streams {
		stream, err := s.ChatStream(t.Context(), ask(t, long))
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, stream)
	}
	if _, err := s.ChatStream(t.Context(), ask(t, hello)); provider.ClassOf(err) != provider.Busy {
		t.Errorf("one more than may wait: %v", err)
	}
	if _, err := open[0].Next(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.Child("tiny"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	cut := 0
	for _, stream := range open {
		for err = nil; err == nil; {
			_, err = stream.Next()
		}
		if !errors.Is(err, io.EOF) && provider.ClassOf(err) != provider.Cut {
			t.Errorf("a stream ended with %v", err)
		}
		if err != io.EOF {
			cut++
		}
		_ = stream.Close()
	}
	if cut == 0 {
		t.Error("no stream was cut")
	}
	got, err := s.chat(hello)
	if err != nil || got != want {
		t.Errorf("the next call: %q, %v; want %q", got, err, want)
	}
	if s.restarts != 1 || !strings.Contains(s.log.String(), "ended by itself") {
		t.Errorf("%d restarts\n%s", s.restarts, s.log)
	}
}

func TestCallsAtOnceAndTheQueue(t *testing.T) {
	t.Parallel()
	s := open(t, func(e *config.Engine, _ *llama.Options) { e.Parallel, e.MaxQueue = 2, 6 })
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if text, err := s.chat(hello); err != nil || text == "" {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
	all.Wait()
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*config.Engine, *llama.Options)
		says   string
	}{
		"no library": {func(_ *config.Engine, o *llama.Options) { o.Library = "" }, "skytower engine install"},
		"no file":    {func(e *config.Engine, _ *llama.Options) { e.File = "other.gguf" }, "folder models"},
	} {
		s := open(t, c.change)
		_, err := s.chat(hello)
		var told *fault.Error
		if provider.ClassOf(err) != provider.Unreachable || !errors.As(err, &told) || !strings.Contains(told.Message, c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if told != nil && strings.Contains(told.Message, s.data) {
			t.Errorf("%s: a path is told: %s", name, told.Message)
		}
		if state, _ := s.StateOf("tiny"); state.Problem == "" || !strings.Contains(state.Advice, c.says) {
			t.Errorf("%s: %+v", name, state)
		}
	}
	none := func(string) string { return filepath.Join(t.TempDir(), "none") }
	if _, err := llama.FindProgram(none); err == nil || !strings.Contains(err.Error(), llama.ProgramVariable) {
		t.Errorf("no program: %v", err)
	}
}

// A file that crashes or can't be loaded is not tried again and again.
func TestBackoff(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	s := open(t, func(_ *config.Engine, o *llama.Options) { o.Now = func() time.Time { return now } })
	file := filepath.Join(llama.ModelsIn(s.data), "tiny.gguf")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content[:len(content)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	after := func() time.Duration {
		t.Helper()
		_, err := s.chat(hello)
		var e *provider.Error
		if !errors.As(err, &e) || e.Class != provider.Broken || e.Status != 503 {
			t.Fatalf("%v", err)
		}
		return e.RetryAfter
	}
	for range 3 { // the first costs no wait, the second one second
		after()
		now = now.Add(time.Second)
	}
	if got := after(); got < time.Second || s.Child("tiny") != 0 {
		t.Errorf("after three deaths it may come back in %s", got)
	}
	if state, _ := s.StateOf("tiny"); state.Died < 3 || !strings.Contains(state.Problem, "times in a row") {
		t.Errorf("%+v", state)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Minute)
	if text, err := s.chat(hello); err != nil || text == "" {
		t.Errorf("with a whole file: %q, %v", text, err)
	}
}

func TestLoadTimeoutAndIdleUnload(t *testing.T) {
	t.Parallel()
	slow := open(t, func(e *config.Engine, _ *llama.Options) { e.LoadTimeout = 1 })
	if _, err := slow.chat(hello); err == nil || !strings.Contains(err.Error(), "load_timeout") {
		t.Errorf("a load without time: %v", err)
	}
	s := open(t, func(e *config.Engine, _ *llama.Options) { e.IdleUnload, e.Preload = 1, true })
	s.Preload()
	if s.Child("tiny") == 0 {
		t.Fatal("it was not loaded at the start")
	}
	gone := s.Gone("tiny")
	if _, err := s.chat(hello); err != nil {
		t.Fatal(err)
	}
	<-gone
	if text, err := s.chat(hello); err != nil || text == "" || s.restarts != 0 {
		t.Errorf("after it was unloaded: %q, %v, %d restarts", text, err, s.restarts)
	}
}

func TestEmbeddingEngine(t *testing.T) {
	t.Parallel()
	s := open(t, func(e *config.Engine, _ *llama.Options) { e.Embeddings, e.Pooling = true, "mean" })
	a, err := s.Embed(t.Context(), ask(t, `{"input":["a","b"]}`))
	if err != nil || !strings.Contains(string(a.Body), `"embedding":[`) {
		t.Fatalf("%v\n%s", err, s.log)
	}
	if _, err := s.ChatStream(t.Context(), ask(t, hello)); provider.ClassOf(err) != provider.Unsupported {
		t.Errorf("chat: %v", err)
	}
	other := open(t, func(e *config.Engine, _ *llama.Options) { e.Embeddings = true })
	if _, err := other.Embed(t.Context(), ask(t, `{"input":"a"}`)); err == nil || !strings.Contains(err.Error(), "pooling") {
		t.Errorf("a chat model: %v", err)
	}
}

// A caller that gives up leaves the queue, and its place goes to the next.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	held, err := s.ChatStream(t.Context(), ask(t, hello))
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := s.Chat(ctx, ask(t, hello))
		ended <- err
	}()
	leave(fmt.Errorf("gone"))
	if err := <-ended; provider.ClassOf(err) != provider.Cancelled {
		t.Errorf("who left: %v", err)
	}
	if err := held.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.chat(hello); err != nil {
		t.Errorf("the place is not free: %v", err)
	}
}
