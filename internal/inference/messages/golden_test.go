package messages_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/inference/chatform/chatformtest"
	"skytower/internal/inference/messages"
	"skytower/internal/provider"
)

// golden is a case (see chatformtest).
type golden struct{ *chatformtest.Golden }

func goldens(t testing.TB) []golden {
	t.Helper()
	var all []golden
	for _, g := range chatformtest.Goldens(t) {
		all = append(all, golden{g})
	}
	return all
}

const hello = `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`

func request(body []byte) messages.Request {
	return messages.Request{Body: body, ID: "msg_1", Model: "up", Show: "m", Input: 11, Count: func() provider.Usage {
		return provider.Usage{Reported: true, Input: 11, Output: 5}
	}}
}

func (g golden) translation(t testing.TB) *messages.Translation {
	t.Helper()
	body, ok := g.Part("request")
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
		if raw.Final != (e.Type == "message_delta" || e.Type == "message_stop") || e.Type != "ping" && raw.Output != (e.Type == "content_block_delta") || (raw.Bytes > 0) != raw.Output {
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
		t.Run(g.Name(), func(t *testing.T) {
			t.Parallel()
			if _, ok := g.Part("request"); ok {
				g.Expect(t, "chat", chatformtest.Indent(t, g.translation(t).Chat()))
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

func (g golden) answer(t *testing.T) (m message, ok bool) {
	t.Helper()
	body, ok := g.Part("answer")
	if !ok {
		return m, false
	}
	usage, _ := chatformtest.Counted(t, body)
	a, err := g.translation(t).Answer(&provider.Answer{Body: body, Usage: usage, Bytes: 7})
	if err != nil {
		t.Fatal(err)
	}
	if a.Usage != usage || a.Bytes != 7 {
		t.Errorf("counts %+v, %d bytes", a.Usage, a.Bytes)
	}
	g.Expect(t, "message", chatformtest.Indent(t, a.Body))
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

func (g golden) stream(t *testing.T) (message, bool) {
	t.Helper()
	data, ok := g.Part("chunks")
	if !ok {
		return message{}, false
	}
	events := chatformtest.Drain(t, g.translation(t).Stream(chatformtest.Chunked(t, data)), -1)
	var text strings.Builder
	for _, e := range events {
		text.Write(append(e.Data, '\n'))
	}
	g.Expect(t, "events", text.String())
	return accumulate(t, events), true
}

// A stream may be stopped at any delta: that one is taken back, and what is open ends.
func TestStopAtAnyDelta(t *testing.T) {
	t.Parallel()
	for _, g := range goldens(t) {
		data, ok := g.Part("chunks")
		if !ok {
			continue
		}
		all := chatformtest.Drain(t, g.translation(t).Stream(chatformtest.Chunked(t, data)), -1)
		for n, refused := range all {
			if !refused.Output {
				continue
			}
			s := g.translation(t).Stream(chatformtest.Chunked(t, data))
			chatformtest.Drain(t, s, n+1)
			if n%2 == 0 {
				s.Ready() // reading ahead changes nothing
			}
			m := accumulate(t, append(slices.Clone(all[:n]), s.Stop(provider.Usage{Reported: true, Input: 3, Output: 1})...))
			if m.Stop != "max_tokens" || m.Usage["output_tokens"] != 1.0 {
				t.Errorf("%s stopped at %d: %+v", g.Name(), n, m)
			}
			if _, err := s.Next(); err != io.EOF {
				t.Errorf("%s stopped at %d: then %v", g.Name(), n, err)
			}
		}
	}
}
