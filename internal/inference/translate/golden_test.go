package translate_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"skytower/internal/inference/translate"
	"skytower/internal/provider"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is a case: a request with the chat request that it becomes, and a chat answer,
// whole or in chunks, with the response or the events that it becomes.
type golden struct {
	path    string
	archive *txtar.Archive
}

func goldens(t testing.TB) []*golden {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	var all []*golden
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &golden{path, a})
	}
	return all
}

func (g *golden) name() string { return strings.TrimSuffix(filepath.Base(g.path), ".txtar") }

func (g *golden) part(name string) ([]byte, bool) {
	for _, f := range g.archive.Files {
		if f.Name == name {
			return f.Data, true
		}
	}
	return nil, false
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
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s of %s (-want +got):\n%s", name, g.path, diff)
	}
}

func (g *golden) translation(t testing.TB) *translate.Translation {
	t.Helper()
	body, _ := g.part("request")
	r := request(body)
	if items, ok := g.part("items"); ok {
		for _, line := range lines(items) {
			r.Items = append(r.Items, json.RawMessage(line))
		}
	}
	tr, err := translate.New(r)
	if err != nil {
		t.Fatal(err)
	}
	tr.Numbered()
	return tr
}

// request has a clock that goes on two seconds with each look.
func request(body []byte) translate.Request {
	now := time.Unix(1748000000, 0)
	return translate.Request{Body: body, ID: "resp_1", Model: "up", Show: "m", Now: func() time.Time {
		at := now
		now = now.Add(2 * time.Second)
		return at
	}}
}

func lines(data []byte) []string {
	return strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })
}

func indent(t testing.TB, doc []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, doc, "", "  "); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return out.String() + "\n"
}

// reading is what an adapter reads of an answer or a chunk.
type reading struct {
	Choices []struct {
		Message, Delta message
	} `json:"choices"`
	Usage *struct {
		Input   int64            `json:"prompt_tokens"`
		Output  int64            `json:"completion_tokens"`
		Cached  map[string]int64 `json:"prompt_tokens_details"`
		Thought map[string]int64 `json:"completion_tokens_details"`
	} `json:"usage"`
}

type message struct {
	Content   any    `json:"content"`
	Reasoning string `json:"reasoning_content"`
	Other     string `json:"reasoning"`
	Refusal   string `json:"refusal"`
	Calls     []struct {
		Function struct {
			Arguments any `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls"`
}

func (m *message) size() int {
	n := len(m.Reasoning) + len(m.Other) + len(m.Refusal)
	if text, ok := m.Content.(string); ok {
		n += len(text)
	}
	for _, c := range m.Calls {
		if text, ok := c.Function.Arguments.(string); ok {
			n += len(text)
		}
	}
	return n
}

func counted(t testing.TB, doc []byte) (provider.Usage, int) {
	t.Helper()
	var r reading
	if err := json.Unmarshal(doc, &r); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	size := 0
	for i := range r.Choices {
		size += r.Choices[i].Message.size() + r.Choices[i].Delta.size()
	}
	if r.Usage == nil {
		return provider.Usage{}, size
	}
	return provider.Usage{
		Reported: true, Input: r.Usage.Input, Output: r.Usage.Output,
		Cached: r.Usage.Cached["cached_tokens"], Reasoning: r.Usage.Thought["reasoning_tokens"],
	}, size
}

// chunks is a chat stream of what stands there. Each event spoils the one before it, as
// an adapter may.
type chunks struct {
	events []provider.Event
	end    error
	room   []byte
	closed bool
}

func chunked(t testing.TB, data []byte) *chunks {
	t.Helper()
	c := &chunks{end: io.EOF}
	for _, line := range lines(data) {
		usage, size := counted(t, []byte(line))
		c.events = append(c.events, provider.Event{Data: []byte(line), Usage: usage, Output: size > 0, Bytes: size})
	}
	return c
}

func (c *chunks) Next() (provider.Event, error) {
	for i := range c.room {
		c.room[i] = '#'
	}
	if len(c.events) == 0 {
		return provider.Event{}, c.end
	}
	e := c.events[0]
	c.events = c.events[1:]
	c.room = append(c.room[:0], e.Data...)
	e.Data = c.room
	return e, nil
}

func (c *chunks) Ready() bool  { return len(c.events) > 0 }
func (c *chunks) Close() error { c.closed = true; return nil }

// drain reads at most n events, keeping copies; a negative n is all.
func drain(t testing.TB, s provider.Stream, n int) []provider.Event {
	t.Helper()
	var events []provider.Event
	for n < 0 || len(events) < n {
		e, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		e.Data = bytes.Clone(e.Data)
		events = append(events, e)
	}
	return events
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, g := range goldens(t) {
		t.Run(g.name(), func(t *testing.T) {
			t.Parallel()
			g.expect(t, "chat", indent(t, g.translation(t).Chat()))
			whole := g.answer(t)
			streamed := g.stream(t)
			if whole == nil || streamed == nil {
				return
			}
			// A stream ends with what the answer would have been.
			for _, name := range []string{"output_text", "status", "usage", "incomplete_details", "content_filters", "output"} {
				if diff := cmp.Diff(whole[name], streamed[name]); diff != "" {
					t.Errorf("%s (-whole +streamed):\n%s", name, diff)
				}
			}
		})
	}
}

func (g *golden) answer(t *testing.T) map[string]any {
	t.Helper()
	body, ok := g.part("answer")
	if !ok {
		return nil
	}
	usage, size := counted(t, body)
	a, err := g.translation(t).Answer(&provider.Answer{Body: body, Usage: usage, Bytes: size})
	if err != nil {
		t.Fatal(err)
	}
	if a.Usage != usage || a.Bytes != size {
		t.Errorf("counts %+v, %d bytes", a.Usage, a.Bytes)
	}
	if bytes.ContainsAny(a.Body, "\n\r") {
		t.Error("the response is not on one line")
	}
	g.expect(t, "response", indent(t, a.Body))
	return decoded(t, a.Body)
}

func decoded(t testing.TB, doc []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(doc, &v); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return v
}

func (g *golden) stream(t *testing.T) map[string]any {
	t.Helper()
	data, ok := g.part("chunks")
	if !ok {
		return nil
	}
	chat := chunked(t, data)
	total := 0
	for _, e := range chat.events {
		total += e.Bytes
	}
	tr := g.translation(t)
	events := drain(t, tr.Stream(chat), -1)
	var text strings.Builder
	for _, e := range events {
		text.WriteString(e.Name + " " + string(e.Data) + "\n")
		total -= e.Bytes
	}
	g.expect(t, "events", text.String())
	if g.name() != "summary" && g.name() != "choices" && total > 0 { // those are counted double by the chat
		t.Errorf("%d bytes of output are not counted", total)
	}
	return wellFormed(t, events)
}

// A stream may be stopped at any event: the last one is taken back, and what is open ends.
func TestStopAnywhere(t *testing.T) {
	t.Parallel()
	charge := provider.Usage{Input: 3, Output: 1}
	for _, g := range goldens(t) {
		data, ok := g.part("chunks")
		if !ok {
			continue
		}
		all := drain(t, g.translation(t).Stream(chunked(t, data)), -1)
		for n := 1; n <= len(all); n++ {
			s := g.translation(t).Stream(chunked(t, data))
			drain(t, s, n)
			if n%2 == 0 {
				s.Ready() // reading ahead changes nothing
			}
			rest := s.Stop(charge)
			events := append(slices.Clone(all[:n-1]), rest...)
			final := wellFormed(t, events)
			if final["status"] != "incomplete" || final["usage"].(map[string]any)["output_tokens"] != 1.0 ||
				final["incomplete_details"].(map[string]any)["reason"] != "max_output_tokens" {
				t.Errorf("%s stopped at %d: ended with %v", g.name(), n, final)
			}
			if _, err := s.Next(); err != io.EOF {
				t.Errorf("%s stopped at %d: then %v", g.name(), n, err)
			}
			if t.Failed() {
				t.Fatalf("%s stopped at %d of %d (%s)", g.name(), n, len(all), all[n-1].Name)
			}
		}
	}
}
