package anthropic_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"skytower/internal/provider"
	"skytower/internal/provider/anthropic"
	"skytower/internal/provider/providertest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// began of the clock, for `created`.
func noon() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

// TestGolden replays transcripts: what a caller of chat completions sends and what goes up
// ("request", "up"), and what comes back and what he gets, whole ("message", "completion")
// and streamed ("events", "chunks").
func TestGolden(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			g := &golden{path, a}
			g.chat(t)
			g.native(t)
		})
	}
}

type golden struct {
	path    string
	archive *txtar.Archive
}

func (g *golden) part(name string) (string, bool) {
	for _, f := range g.archive.Files {
		if f.Name == name {
			return string(f.Data), true
		}
	}
	return "", false
}

// expect compares with a part, or writes it.
func (g *golden) expect(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		g.archive.Files = slices.DeleteFunc(g.archive.Files, func(f txtar.File) bool { return f.Name == name })
		g.archive.Files = append(g.archive.Files, txtar.File{Name: name, Data: []byte(got)})
		if err := os.WriteFile(g.path, txtar.Format(g.archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, _ := g.part(name)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s of %s (-want +got):\n%s", name, g.path, diff)
	}
}

// chat makes the calls of a caller of chat completions.
func (g *golden) chat(t *testing.T) {
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
		g.expect(t, "completion", pretty(t, answer.Body)+fmt.Sprintf("%+v\n", answer.Usage))
	}
	if events, has := g.part("events"); has {
		up.On(messagesPath, providertest.Events(events))
		s, err := p.ChatStream(t.Context(), call(t, request))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		g.expect(t, "chunks", told(t, s))
	}
	if !ok {
		return
	}
	if len(up.Requests()) == 0 {
		_, _ = p.Chat(t.Context(), call(t, request)) // nothing answers
	}
	g.expect(t, "up", pretty(t, []byte(up.Requests()[0].Body)))
}

// native passes the same events to a caller of the Messages API.
func (g *golden) native(t *testing.T) {
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

func pretty(t *testing.T, doc []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, doc, "", " "); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return out.String() + "\n"
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
