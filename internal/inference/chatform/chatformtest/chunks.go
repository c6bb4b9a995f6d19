package chatformtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"testing"

	"skytower/internal/provider"
)

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

// Counted is what an adapter counts of an answer or a chunk.
func Counted(t testing.TB, doc []byte) (provider.Usage, int) {
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

// Chunks is a chat stream of what stands there. Each event spoils the one before it, as
// an adapter may.
type Chunks struct {
	Events []provider.Event
	End    error // what comes after them
	Closed bool
	room   []byte
}

// Chunked has a chunk on each line.
func Chunked(t testing.TB, data []byte) *Chunks {
	t.Helper()
	c := &Chunks{End: io.EOF}
	for _, line := range Lines(data) {
		usage, size := Counted(t, []byte(line))
		c.Events = append(c.Events, provider.Event{Data: []byte(line), Usage: usage, Output: size > 0, Bytes: size})
	}
	return c
}

// Next is the next of Events, then End.
func (c *Chunks) Next() (provider.Event, error) {
	for i := range c.room {
		c.room[i] = '#'
	}
	if len(c.Events) == 0 {
		return provider.Event{}, c.End
	}
	e := c.Events[0]
	c.Events = c.Events[1:]
	c.room = append(c.room[:0], e.Data...)
	e.Data = c.room
	return e, nil
}

// Ready reports whether there is another event.
func (c *Chunks) Ready() bool { return len(c.Events) > 0 }

// Close notes that it was called.
func (c *Chunks) Close() error { c.Closed = true; return nil }

// Drain reads at most n events, keeping copies; a negative n is all.
func Drain(t testing.TB, s provider.Stream, n int) []provider.Event {
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

// Spell makes chunks of any bytes: it reads a script: the low bits of a byte are the kind, the high bits the length of
// the text that follows.
func Spell(script []byte) []provider.Event {
	var events []provider.Event
	for len(script) > 0 {
		kind, n := script[0]&7, int(script[0]>>3)
		script = script[1:]
		n = min(n, len(script))
		text, err := json.Marshal(string(script[:n]))
		if err != nil {
			panic(err) // a string can be marshalled
		}
		script = script[n:]
		delta := ""
		switch kind {
		case 0, 1:
			delta = fmt.Sprintf(`"reasoning_content":%s`, text)
		case 2, 3, 4:
			delta = fmt.Sprintf(`"content":%s`, text)
		case 5:
			delta = fmt.Sprintf(`"refusal":%s`, text)
		default:
			delta = fmt.Sprintf(`"tool_calls":[{"index":%d,"function":{"name":"f","arguments":%s}}]`, n%3, text)
		}
		events = append(events, provider.Event{Data: fmt.Appendf(nil, `{"choices":[{"index":0,"delta":{%s}}]}`, delta), Bytes: n})
	}
	return events
}

// Endless is a chat stream of n chunks, of the size that real ones have, for benchmarks.
func Endless(n int, chunk func(i int) []byte) provider.Stream { return &endless{n, chunk} }

type endless struct {
	n     int
	chunk func(i int) []byte
}

// Next gives the next chunk.
func (e *endless) Next() (provider.Event, error) {
	if e.n--; e.n < 0 {
		return provider.Event{}, io.EOF
	}
	return provider.Event{Data: e.chunk(e.n), Output: true, Bytes: 6}, nil
}

// Ready is always true.
func (e *endless) Ready() bool { return true }

// Close does nothing.
func (e *endless) Close() error { return nil }

const frameOfChunk = `{"id":"chatcmpl-9f2c","object":"chat.completion.chunk","created":1748000000,"model":"deepbrain-router",` +
	`"system_fingerprint":"fp_1","choices":[{"index":0,"delta":%s,"logprobs":null,"finish_reason":null}]}`

// Turns gives chunks with these deltas in turns, so that no two neighbours are the same.
func Turns(deltas ...string) func(int) []byte {
	var all [][]byte
	for _, d := range deltas {
		all = append(all, fmt.Appendf(nil, frameOfChunk, d))
	}
	return func(i int) []byte { return all[i%len(all)] }
}
