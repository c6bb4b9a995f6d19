package anthropic_test

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/inference/chatform/chatformtest"
	"skytower/internal/provider"
	"skytower/internal/provider/anthropic"
	"skytower/internal/provider/providertest"
)

// began of the clock, for `created`.
func noon() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

// TestGolden replays transcripts: what a caller of chat completions sends and what goes up
// ("request", "up"), and what comes back and what he gets, whole ("message", "completion")
// and streamed ("events", "chunks").
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, g := range chatformtest.Goldens(t) {
		t.Run(g.Name(), func(t *testing.T) {
			t.Parallel()
			g := golden{g}
			g.chat(t)
			g.native(t)
		})
	}
}

// golden is a case (see chatformtest).
type golden struct{ *chatformtest.Golden }

// part is a file of the case as a text.
func (g golden) part(name string) (string, bool) {
	data, ok := g.Part(name)
	return string(data), ok
}

// chat makes the calls of a caller of chat completions.
func (g golden) chat(t *testing.T) {
	request, ok := g.part("request")
	if !ok {
		request = `{"model":"a","messages":[{"role":"user","content":"Hi"}]}`
	}
	up, p := upstream(t, nil)
	if message, has := g.part("message"); has {
		up.On(messagesPath, providertest.JSON(200, message))
		answer, err := p.Chat(t.Context(), call(t, request))
		if err != nil {
			t.Fatal(err)
		}
		g.Expect(t, "completion", chatformtest.Indent(t, answer.Body)+fmt.Sprintf("%+v\n", answer.Usage))
	}
	if events, has := g.part("events"); has {
		up.On(messagesPath, providertest.Events(events))
		s, err := p.ChatStream(t.Context(), call(t, request))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		g.Expect(t, "chunks", told(t, s))
	}
	if !ok {
		return
	}
	if len(up.Requests()) == 0 {
		_, _ = p.Chat(t.Context(), call(t, request)) // nothing answers
	}
	g.Expect(t, "up", chatformtest.Indent(t, []byte(up.Requests()[0].Body)))
}

// native passes the same events to a caller of the Messages API.
func (g golden) native(t *testing.T) {
	const body = `{"model":"a","max_tokens":9,"messages":[]}`
	up, p := upstream(t, nil)
	if message, has := g.part("message"); has {
		up.On(messagesPath, providertest.JSON(200, message))
		answer, err := p.Message(t.Context(), call(t, body))
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.Replace(message, `"up"`, `"shown"`, 1); string(answer.Body) != want {
			t.Errorf("a message became %s", answer.Body)
		}
	}
	if events, has := g.part("events"); has {
		up.On(messagesPath, providertest.Events(events))
		s, err := p.MessageStream(t.Context(), call(t, body))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var data, want []string
		for line := range strings.Lines(events) {
			if d, ok := strings.CutPrefix(strings.TrimSpace(line), "data: "); ok {
				want = append(want, strings.Replace(d, `"up"`, `"shown"`, 1))
			}
		}
		for {
			ev, err := s.Next()
			if err != nil {
				if err != io.EOF {
					t.Error(err)
				}
				break
			}
			data = append(data, string(ev.Data))
		}
		if diff := cmp.Diff(want, data); diff != "" {
			t.Error(diff)
		}
	}
}

// told writes a stream down, one event a line, with what the adapter says of it.
func told(t *testing.T, s provider.Stream) string {
	var out strings.Builder
	for {
		ev, err := s.Next()
		if err == io.EOF {
			return out.String()
		}
		if err != nil {
			fmt.Fprintf(&out, "error: %v\n", err)
			return out.String()
		}
		if !json.Valid(ev.Data) {
			t.Errorf("not JSON: %s", ev.Data)
		}
		fmt.Fprintf(&out, "%s\n", ev.Data)
		switch {
		case ev.Usage.Reported:
			fmt.Fprintf(&out, "  usage only %v: %+v\n", ev.UsageOnly, ev.Usage)
		case ev.Output:
			fmt.Fprintf(&out, "  %d bytes\n", ev.Bytes)
		}
	}
}

// upstream is a scripted server and the adapter for it.
func upstream(t testing.TB, change func(*anthropic.Options)) (*providertest.Upstream, *anthropic.Provider) {
	t.Helper()
	up := providertest.NewUpstream(t, providertest.HTTP1)
	o := anthropic.Options{Name: "test", BaseURL: up.URL.JoinPath("v1"), Credential: "sk-secret", Upstream: up.Client, Now: noon}
	if change != nil {
		change(&o)
	}
	return up, anthropic.New(o)
}

// call is the suite's call with names that are easy to read.
func call(t testing.TB, body string) *provider.Call {
	c := providertest.Call(t, body)
	c.Model, c.Show = "up", "shown"
	return c
}
