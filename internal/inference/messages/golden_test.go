package messages_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"skytower/internal/inference/messages"
	"skytower/internal/provider"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is a case: a request with the chat request that it becomes, and a chat answer,
// whole or in chunks, with the message or the events that it becomes.
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

const hello = `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`

func request(body []byte) messages.Request {
	return messages.Request{Body: body, ID: "msg_1", Model: "up", Show: "m", Input: 11, Count: func() provider.Usage {
		return provider.Usage{Reported: true, Input: 11, Output: 5}
	}}
}

func (g *golden) translation(t testing.TB) *messages.Translation {
	t.Helper()
	body, ok := g.part("request")
	if !ok {
		body = []byte(hello)
	}
	return translation(t, body)
}

func translation(t testing.TB, body []byte) *messages.Translation {
	t.Helper()
	tr, err := messages.New(request(body))
	if err != nil {
		t.Fatal(err)
	}
	tr.Numbered()
	return tr
}

func indent(t testing.TB, doc []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, doc, "", "  "); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return out.String() + "\n"
}

// usageOf is what an adapter reads of an answer or a chunk.
func usageOf(t testing.TB, doc []byte) provider.Usage {
	t.Helper()
	var r struct {
		Usage *struct {
			Input   int64            `json:"prompt_tokens"`
			Output  int64            `json:"completion_tokens"`
			Cached  map[string]int64 `json:"prompt_tokens_details"`
			Thought map[string]int64 `json:"completion_tokens_details"`
		} `json:"usage"`
	}
	if err := json.Unmarshal(doc, &r); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	if r.Usage == nil {
		return provider.Usage{}
	}
	return provider.Usage{
		Reported: true, Input: r.Usage.Input, Output: r.Usage.Output,
		Cached: r.Usage.Cached["cached_tokens"], Reasoning: r.Usage.Thought["reasoning_tokens"],
	}
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
	for line := range strings.FieldsFuncSeq(string(data), func(r rune) bool { return r == '\n' }) {
		c.events = append(c.events, provider.Event{Data: []byte(line), Usage: usageOf(t, []byte(line))})
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

// message is a message as a client's accumulator makes it.
type message struct {
	Content []map[string]any
	Stop    string
	Usage   map[string]any
}

// event is the part of any event that the rules are about.
type event struct {
	Type    string         `json:"type"`
	Index   *int           `json:"index"`
	Block   map[string]any `json:"content_block"`
	Message *struct {
		ID    string         `json:"id"`
		Usage map[string]any `json:"usage"`
	} `json:"message"`
	Delta struct {
		Type     string  `json:"type"`
		Text     string  `json:"text"`
		JSON     string  `json:"partial_json"`
		Thinking string  `json:"thinking"`
		Stop     *string `json:"stop_reason"`
	} `json:"delta"`
	Usage map[string]any `json:"usage"`
}

// accumulate reads a stream as strict clients do: message_start first, then one block after
// the other, each begun and ended once and numbered without a gap, then message_delta and
// message_stop, which alone are final.
func accumulate(t testing.TB, events []provider.Event) message {
	t.Helper()
	m := message{Content: []map[string]any{}}
	var input string
	open, ended := false, false
	for i, raw := range events {
		var e event
		if err := json.Unmarshal(raw.Data, &e); err != nil || e.Type != raw.Name || bytes.ContainsAny(raw.Data, "\r\n") {
			t.Fatalf("event %d %q: %v in %s", i, raw.Name, err, raw.Data)
		}
		wrong := func(why string) { t.Fatalf("event %d %s: %s", i, raw.Data, why) }
		if (e.Type == "message_start") != (i == 0) || ended && e.Type != "message_stop" {
			wrong("out of order")
		}
		if raw.Final != (e.Type == "message_delta" || e.Type == "message_stop") || raw.Output != (e.Type == "content_block_delta") || (raw.Bytes > 0) != raw.Output {
			wrong("wrong marks")
		}
		switch e.Type {
		case "message_start":
			m.Usage = e.Message.Usage
		case "ping":
		case "content_block_start":
			if open || *e.Index != len(m.Content) {
				wrong("another block is open, or the number is wrong")
			}
			open, input = true, ""
			m.Content = append(m.Content, e.Block)
		case "content_block_delta":
			if !open || *e.Index != len(m.Content)-1 {
				wrong("no such block is open")
			}
			b := m.Content[*e.Index]
			switch e.Delta.Type {
			case "text_delta":
				b["text"] = b["text"].(string) + e.Delta.Text
			case "thinking_delta":
				b["thinking"] = b["thinking"].(string) + e.Delta.Thinking
			case "input_json_delta":
				input += e.Delta.JSON
			default:
				wrong("an unknown delta")
			}
		case "content_block_stop":
			if !open || *e.Index != len(m.Content)-1 {
				wrong("no such block is open")
			}
			open = false
			if b := m.Content[*e.Index]; b["type"] == "tool_use" && input != "" {
				var v any
				if err := json.Unmarshal([]byte(input), &v); err != nil {
					v = map[string]any{"raw_arguments": input}
				}
				b["input"] = v
			}
		case "message_delta":
			if open || e.Delta.Stop == nil {
				wrong("a block is open, or there is no reason")
			}
			ended, m.Stop = true, *e.Delta.Stop
			maps.Copy(m.Usage, e.Usage)
		case "message_stop":
			if !ended || i != len(events)-1 {
				wrong("it is not the end")
			}
		default:
			wrong("an unknown event")
		}
	}
	if len(events) == 0 || events[len(events)-1].Name != "message_stop" {
		t.Fatal("the stream has no end")
	}
	return m
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, g := range goldens(t) {
		t.Run(g.name(), func(t *testing.T) {
			t.Parallel()
			if _, ok := g.part("request"); ok {
				g.expect(t, "chat", indent(t, g.translation(t).Chat()))
			}
			whole, plain := g.answer(t)
			streamed, told := g.stream(t)
			if !plain || !told {
				return
			}
			// A stream ends with what the answer would have been.
			if diff := cmp.Diff(whole, streamed); diff != "" {
				t.Errorf("(-whole +streamed):\n%s", diff)
			}
		})
	}
}

func (g *golden) answer(t *testing.T) (m message, ok bool) {
	t.Helper()
	body, ok := g.part("answer")
	if !ok {
		return m, false
	}
	usage := usageOf(t, body)
	a, err := g.translation(t).Answer(&provider.Answer{Body: body, Usage: usage, Bytes: 7})
	if err != nil {
		t.Fatal(err)
	}
	if a.Usage != usage || a.Bytes != 7 {
		t.Errorf("counts %+v, %d bytes", a.Usage, a.Bytes)
	}
	g.expect(t, "message", indent(t, a.Body))
	var doc struct {
		Content []map[string]any
		Stop    string `json:"stop_reason"`
		Usage   map[string]any
	}
	if err := json.Unmarshal(a.Body, &doc); err != nil {
		t.Fatal(err)
	}
	return message{Content: doc.Content, Stop: doc.Stop, Usage: doc.Usage}, true
}

func (g *golden) stream(t *testing.T) (message, bool) {
	t.Helper()
	data, ok := g.part("chunks")
	if !ok {
		return message{}, false
	}
	events := drain(t, g.translation(t).Stream(chunked(t, data)), -1)
	var text strings.Builder
	for _, e := range events {
		text.Write(append(e.Data, '\n'))
	}
	g.expect(t, "events", text.String())
	return accumulate(t, events), true
}

// A stream may be stopped at any delta: that one is taken back, and what is open ends.
func TestStopAtAnyDelta(t *testing.T) {
	t.Parallel()
	for _, g := range goldens(t) {
		data, ok := g.part("chunks")
		if !ok {
			continue
		}
		all := drain(t, g.translation(t).Stream(chunked(t, data)), -1)
		for n, refused := range all {
			if !refused.Output {
				continue
			}
			s := g.translation(t).Stream(chunked(t, data))
			drain(t, s, n+1)
			if n%2 == 0 {
				s.Ready() // reading ahead changes nothing
			}
			m := accumulate(t, append(slices.Clone(all[:n]), s.Stop(provider.Usage{Reported: true, Input: 3, Output: 1})...))
			if m.Stop != "max_tokens" || m.Usage["output_tokens"] != 1.0 {
				t.Errorf("%s stopped at %d: %+v", g.name(), n, m)
			}
			if _, err := s.Next(); err != io.EOF {
				t.Errorf("%s stopped at %d: then %v", g.name(), n, err)
			}
		}
	}
}
