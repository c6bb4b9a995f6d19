package inference

import (
	"bytes"
	"strconv"

	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// lastWords are the events that end a stream for which credit ran out, as if the caller's
// limit had been reached. There is one kind for each form of a stream. They are told once
// the charge is durable.
type lastWords interface {
	// events are the last ones; usage is what is charged.
	events(usage provider.Usage) []provider.Event
}

// stop notes how the stream will end; refused is the event that was not delivered, whose
// bytes are the stream's.
func (r *run) stop(events provider.Stream, refused *provider.Event) lastWords {
	if translated, ok := events.(translatedStream); ok {
		return translatedEnd{translated}
	}
	data := bytes.Clone(refused.Data)
	switch r.req.API {
	case Responses:
		r.native.refused = data
		return r.native
	case Messages:
		return r.blocks
	}
	return &chatEnd{chunk: data, choices: r.choices, usage: r.req.IncludeUsage}
}

// translatedStream is a chat stream that was translated to another API.
type translatedStream interface {
	Stop(usage provider.Usage) []provider.Event
}

// translatedEnd ends a stream that was translated: what it did not deliver is taken back.
type translatedEnd struct{ stream translatedStream }

func (e translatedEnd) events(usage provider.Usage) []provider.Event { return e.stream.Stop(usage) }

// chatEnd closes the open choices of a chat stream in the manner of its other chunks.
type chatEnd struct {
	chunk   []byte // one that was not delivered
	choices *choices
	usage   bool // the caller asked for the usage chunk
}

// events are a last chunk for each open choice, and the usage.
func (c *chatEnd) events(usage provider.Usage) []provider.Event {
	head := c.head()
	var out []provider.Event
	for i := range c.choices.count() {
		if c.choices.open(i) {
			data := strconv.AppendInt(append(bytes.Clone(head), `"choices":[{"index":`...), int64(i), 10)
			out = append(out, provider.Event{Data: append(data, `,"delta":{},"finish_reason":"length"}]}`...)})
		}
	}
	if c.usage {
		data := append(bytes.Clone(head), `"choices":[],"usage":{"prompt_tokens":`...)
		out = append(out, provider.Event{Data: appendChatUsage(data, usage)})
	}
	return append(out, provider.Event{Data: []byte("[DONE]")})
}

func appendChatUsage(data []byte, u provider.Usage) []byte {
	data = strconv.AppendInt(data, u.Input, 10)
	data = strconv.AppendInt(append(data, `,"completion_tokens":`...), u.Output, 10)
	data = strconv.AppendInt(append(data, `,"total_tokens":`...), u.Input+u.Output, 10)
	data = strconv.AppendInt(append(data, `,"prompt_tokens_details":{"cached_tokens":`...), u.Cached, 10)
	data = strconv.AppendInt(append(data, `},"completion_tokens_details":{"reasoning_tokens":`...), u.Reasoning, 10)
	return append(data, `}}}`...)
}

// head is what all chunks of the stream have in common, up to the comma before what they
// have not.
func (c *chatEnd) head() []byte {
	head := []byte("{")
	rawjson.Top(c.chunk, func(key, value []byte) bool {
		switch string(key) {
		case "id", "object", "created", "model", "system_fingerprint", "service_tier":
			head = append(append(append(append(head, '"'), key...), `":`...), value...)
			head = append(head, ',')
		}
		return true
	})
	return head
}

// choices knows which answers of a chat stream are still open. One answer is, as long as
// its output comes; of several it has to be kept. The nil value is one.
type choices struct{ finished []bool }

// mostChoices are told apart; upstreams allow no more.
const mostChoices = 128

// newChoices returns nil where there is but one.
func newChoices(n int64) *choices {
	if n <= 1 {
		return nil
	}
	return &choices{make([]bool, min(n, mostChoices))}
}

func (c *choices) count() int {
	if c == nil {
		return 1
	}
	return len(c.finished)
}

func (c *choices) open(i int) bool { return c == nil || !c.finished[i] }

// note reads the finish reasons of a chunk.
func (c *choices) note(chunk []byte) {
	list, _ := rawjson.Get(chunk, "choices")
	rawjson.Elements(list, func(choice []byte) bool {
		reason, _ := rawjson.Get(choice, "finish_reason")
		index, _ := rawjson.Get(choice, "index")
		if i, ok := rawjson.Int(index); ok && i >= 0 && i < int64(len(c.finished)) && rawjson.KindOf(reason) == rawjson.KindString {
			c.finished[i] = true
		}
		return true
	})
}
