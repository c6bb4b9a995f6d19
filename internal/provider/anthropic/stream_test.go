package anthropic_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"skytower/internal/provider"
	"skytower/internal/provider/anthropic"
	"skytower/internal/provider/providertest"
)

// all reads a stream to its end.
func all(s provider.Stream) (data []string, err error) {
	for {
		ev, err := s.Next()
		if err == io.EOF {
			return data, nil
		}
		if err != nil {
			return data, err
		}
		data = append(data, string(ev.Data))
	}
}

// opened are both kinds of streams on a body.
func opened(t testing.TB, pieces ...string) map[string]provider.Stream {
	t.Helper()
	up, p := upstream(t, nil)
	up.On(messagesPath, providertest.Events(pieces...))
	chat, err := p.ChatStream(t.Context(), call(t, `{"model":"a","messages":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	native, err := p.MessageStream(t.Context(), call(t, `{"model":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { chat.Close(); native.Close() })
	return map[string]provider.Stream{"chat": chat, "native": native}
}

func TestEndsOfStreams(t *testing.T) {
	t.Parallel()
	whole := events("up", []string{"Hi"}, provider.Usage{Reported: true, Input: 4, Output: 2})
	start, text, stop := strings.Join(whole[:3], ""), whole[3], strings.Join(whole[4:], "")
	failure := func(kind string) string {
		return "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"" + kind + "\",\"message\":\"No up.\"}}\n\n"
	}
	tests := []struct {
		name   string
		pieces []string
		class  string // "" for a proper end
	}{
		{"whole", []string{start, text, stop}, ""},
		{"whole without the last line ends", []string{start, text, strings.TrimSpace(stop)}, ""},
		{"by other line ends", []string{strings.ReplaceAll(start+text+stop, "\n", "\r\n")}, ""},
		{"without message_stop", []string{start, text, whole[4], whole[5]}, "cut"},
		{"within an event", []string{start, text[:40]}, "cut"},
		{"within the first event", []string{start[:60]}, "cut"},
		{"nothing", nil, "broken"},
		{"comments only", []string{": wait\n\n"}, "broken"},
		{"overloaded at once", []string{failure("overloaded_error")}, "busy"},
		{"overloaded later", []string{start, text, failure("overloaded_error")}, "busy"},
		{"rate limit", []string{start, failure("rate_limit_error")}, "busy"},
		{"their fault", []string{start, failure("api_error")}, "broken"},
		{"too slow", []string{start, failure("timeout_error")}, "timeout"},
		{"our key", []string{start, failure("authentication_error")}, "denied"},
		{"the caller's fault", []string{start, failure("invalid_request_error")}, "rejected"},
		{"not JSON", []string{start, "data: hello\n\n"}, "broken"},
		{"no type", []string{start, "data: {\"x\":1}\n\n"}, "broken"},
		{"more than an object", []string{start, "data: {\"type\":\"ping\"}]\n\n"}, "broken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for kind, s := range opened(t, tt.pieces...) {
				_, err := all(s)
				class := ""
				if err != nil {
					class = provider.ClassOf(err).String()
				}
				if class != tt.class {
					t.Errorf("%s: %v, want %q", kind, err, tt.class)
				}
				if _, again := s.Next(); (again == io.EOF) != (tt.class == "") {
					t.Errorf("%s, and again: %v", kind, again)
				}
				var e *provider.Error
				if errors.As(err, &e) && strings.Contains(e.Message, "up") {
					t.Errorf("%s: the message tells %q", kind, e.Message)
				}
			}
		})
	}
}

// A stream that fails before it said anything has not begun: another target may be tried.
func TestNothingIsToldBeforeTheFirstWord(t *testing.T) {
	t.Parallel()
	s := opened(t, began("up"), event("ping", ""), event("error", `"error":{"type":"overloaded_error","message":"Overloaded"}`))["chat"]
	if data, err := all(s); len(data) != 0 || err == nil || provider.ClassOf(err) != provider.Busy {
		t.Errorf("%q, %v", data, err)
	}
}

// Lines of one event are joined, and a stream may leave its beginning out.
func TestOddStreams(t *testing.T) {
	t.Parallel()
	body := "\n\nevent: x\nid: 1\n\ndata:{\"type\":\"content_block_delta\",\ndata: \"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n"
	for kind, s := range opened(t, body) {
		data, err := all(s)
		want := `{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hi"}}`
		if kind == "chat" {
			want = `{"id":"chatcmpl-0123456789","object":"chat.completion.chunk","created":1777636800,"model":"shown","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}]}`
		}
		if err != nil || len(data) == 0 || data[0] != want {
			t.Errorf("%s: %v, %q", kind, err, data)
		}
	}
}

func TestAnEventIsBounded(t *testing.T) {
	t.Parallel()
	lines := strings.Repeat("data: "+strings.Repeat("y", 1<<16)+"\n", 80)
	for _, long := range []string{"data: " + strings.Repeat("x", 5<<20), lines} {
		for kind, s := range opened(t, long) {
			if _, err := all(s); err == nil || provider.ClassOf(err) != provider.Broken || !strings.Contains(err.Error(), "4 MiB") {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
	for kind, s := range opened(t, said(strings.Repeat("x", 1<<20)), event("message_stop", "")) {
		if data, err := all(s); err != nil || len(data[0]) < 1<<20 {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// A chunk must not wait for the one after it behind events that have none.
func TestReadyLooksPastEventsWithoutAChunk(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, nil)
	more := make(chan struct{})
	up.On(messagesPath, func(x *providertest.Exchange) {
		providertest.Events(began("up") + event("content_block_start", textBegins) + said("a") + event("ping", "") + event("ping", ""))(x)
		if x.Wait(more) {
			x.Say(said("b") + event("ping", "") + said("c") + event("message_stop", ""))
		}
		x.Left()
	})
	s, err := p.ChatStream(t.Context(), call(t, `{"model":"a","messages":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	first, err := s.Next()
	if err != nil || s.Ready() {
		t.Fatalf("%v; ready after the only chunk", err)
	}
	if !strings.Contains(string(first.Data), `"a"`) {
		t.Errorf("Ready changed the chunk: %s", first.Data)
	}
	close(more)
	second, err := s.Next()
	if err != nil || !s.Ready() || !strings.Contains(string(second.Data), `"b"`) {
		t.Errorf("%v, %s", err, second.Data)
	}
	if third, err := s.Next(); err != nil || !strings.Contains(string(third.Data), `"c"`) {
		t.Errorf("%v, %s", err, third.Data)
	}
}

func TestServerThatDoesNotStream(t *testing.T) {
	t.Parallel()
	for body, class := range map[string]provider.Class{
		message("up", "Hi", provider.Usage{}):                                         provider.Broken,
		`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`: provider.Busy,
		`x`: provider.Broken,
	} {
		up, p := upstream(t, nil)
		up.On(messagesPath, providertest.JSON(200, body))
		if _, err := p.ChatStream(t.Context(), call(t, `{"model":"a","messages":[]}`)); err == nil || provider.ClassOf(err) != class {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func endless(t testing.TB, text string) *anthropic.Provider {
	_, p := upstream(t, func(o *anthropic.Options) { o.Upstream = providertest.Endless(text) })
	return p
}

func TestNextDoesNotAllocate(t *testing.T) {
	for name, text := range map[string]string{
		"text":      said("Hel"),
		"thinking":  event("content_block_delta", `"index":0,"delta":{"type":"thinking_delta","thinking":"Hel"}`),
		"skipped":   event("ping", "") + said("Hel"),
		"lines":     strings.Replace(said("Hel"), `,"delta"`, "\ndata: ,\"delta\"", 1),
		"with name": began("up") + said("Hel"),
	} {
		p := endless(t, text)
		chat, err := p.ChatStream(t.Context(), call(t, `{"model":"a","messages":[]}`))
		if err != nil {
			t.Fatal(err)
		}
		native, err := p.MessageStream(t.Context(), call(t, `{"model":"a"}`))
		if err != nil {
			t.Fatal(err)
		}
		for kind, s := range map[string]provider.Stream{"chat": chat, "native": native} {
			if name == "with name" && kind == "chat" {
				continue // a stream begins once
			}
			next := func() {
				if ev, err := s.Next(); err != nil || len(ev.Data) == 0 {
					t.Fatal(err)
				}
				s.Ready()
			}
			for range 4 {
				next()
			}
			if n := testing.AllocsPerRun(1000, next); n != 0 {
				t.Errorf("%s, %s: %v allocations an event", name, kind, n)
			}
		}
	}
}

func BenchmarkNext(b *testing.B) {
	text := said("Hello there")
	p := endless(b, text)
	chat, err := p.ChatStream(b.Context(), call(b, `{"model":"a","messages":[]}`))
	if err != nil {
		b.Fatal(err)
	}
	native, err := p.MessageStream(b.Context(), call(b, `{"model":"a"}`))
	if err != nil {
		b.Fatal(err)
	}
	for name, s := range map[string]provider.Stream{"chat": chat, "native": native} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := s.Next(); err != nil {
					b.Fatal(err)
				}
				s.Ready()
			}
		})
	}
}
