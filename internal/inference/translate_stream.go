package inference

import (
	"encoding/json"
	"fmt"
	"io"

	"skytower/internal/provider"
)

// responseStream turns a chat stream into the typed events of contract 8.2, in
// their order, with sequence numbers from 0 and without a gap.
type responseStream struct {
	t      *translation
	chat   provider.Stream
	queue  []provider.Event
	seq    int64
	opened bool
	text   []byte
	before int // length of the text before the last delta
	reason string
	usage  provider.Usage
	err    error // what comes after the queue
}

func (t *translation) stream(chat provider.Stream) *responseStream {
	return &responseStream{t: t, chat: chat}
}

// responseEvent is any of the events; each type has the fields that are not nil.
type responseEvent struct {
	Type         string          `json:"type"`
	Sequence     int64           `json:"sequence_number"`
	Response     *responseObject `json:"response,omitempty"`
	OutputIndex  *int            `json:"output_index,omitempty"`
	ContentIndex *int            `json:"content_index,omitempty"`
	ItemID       string          `json:"item_id,omitempty"`
	Item         *outputItem     `json:"item,omitempty"`
	Part         *outputPart     `json:"part,omitempty"`
	Delta        *string         `json:"delta,omitempty"`
	Text         *string         `json:"text,omitempty"`
	Logprobs     *[]string       `json:"logprobs,omitempty"`
}

// Next gives the next typed event.
func (s *responseStream) Next() (provider.Event, error) {
	for len(s.queue) == 0 {
		if s.err != nil {
			return provider.Event{}, s.err
		}
		s.pull()
	}
	event := s.queue[0]
	s.queue = s.queue[1:]
	return event, nil
}

// Ready reports whether Next would not wait.
func (s *responseStream) Ready() bool { return len(s.queue) > 0 || s.err != nil || s.chat.Ready() }

// Close ends the chat stream.
func (s *responseStream) Close() error { return s.chat.Close() }

// pull reads one chat event and queues what it becomes.
func (s *responseStream) pull() {
	event, err := s.chat.Next()
	if err == io.EOF {
		s.open()
		s.finish()
		s.err = io.EOF
		return
	}
	if err != nil {
		s.err = err
		return
	}
	if event.Usage.Reported {
		s.usage = event.Usage
	}
	var chunk chatReply
	if err := json.Unmarshal(event.Data, &chunk); err != nil {
		s.err = &provider.Error{Class: provider.Broken, Err: fmt.Errorf("read chat chunk: %w", err)}
		return
	}
	s.open()
	if len(chunk.Choices) == 0 {
		return
	}
	if r := chunk.Choices[0].FinishReason; r != nil {
		s.reason = *r
	}
	if delta := chunk.Choices[0].Delta.text(); delta != "" {
		s.delta(delta, event.Bytes)
	}
}

func (s *responseStream) emit(e responseEvent, out provider.Event) {
	e.Sequence = s.seq
	s.seq++
	data, err := json.Marshal(e)
	if err != nil {
		s.err = fmt.Errorf("encode response event: %w", err)
		return
	}
	out.Name, out.Data = e.Type, data
	s.queue = append(s.queue, out)
}

// open queues the four events that come before the first text.
func (s *responseStream) open() {
	if s.opened {
		return
	}
	s.opened = true
	zero := 0
	object := s.t.object()
	s.emit(responseEvent{Type: "response.created", Response: &object}, provider.Event{})
	s.emit(responseEvent{Type: "response.in_progress", Response: &object}, provider.Event{})
	item := outputItem{ID: s.t.item, Type: "message", Status: "in_progress", Role: "assistant", Content: []outputPart{}}
	s.emit(responseEvent{Type: "response.output_item.added", OutputIndex: &zero, Item: &item}, provider.Event{})
	empty := part("")
	s.emit(responseEvent{Type: "response.content_part.added", OutputIndex: &zero, ContentIndex: &zero, ItemID: s.t.item, Part: &empty}, provider.Event{})
}

func (s *responseStream) delta(text string, size int) {
	zero := 0
	s.before = len(s.text)
	s.text = append(s.text, text...)
	if size == 0 {
		size = len(text)
	}
	s.emit(responseEvent{
		Type: "response.output_text.delta", OutputIndex: &zero, ContentIndex: &zero, ItemID: s.t.item, Delta: &text, Logprobs: &[]string{},
	}, provider.Event{Output: true, Bytes: size})
}

// finish queues the four events that close an answer; the last carries the usage
// and is kept back until the charge is durable.
func (s *responseStream) finish() {
	zero, text := 0, string(s.text)
	object := s.t.finished(text, s.reason, s.usage)
	done := part(text)
	s.emit(responseEvent{
		Type: "response.output_text.done", OutputIndex: &zero, ContentIndex: &zero, ItemID: s.t.item, Text: &text, Logprobs: &[]string{},
	}, provider.Event{})
	s.emit(responseEvent{Type: "response.content_part.done", OutputIndex: &zero, ContentIndex: &zero, ItemID: s.t.item, Part: &done}, provider.Event{})
	s.emit(responseEvent{Type: "response.output_item.done", OutputIndex: &zero, Item: &object.Output[0]}, provider.Event{})
	s.emit(responseEvent{Type: "response." + object.Status, Response: &object}, provider.Event{Final: true, Usage: s.usage})
}

// takeBack undoes the delta that Next gave last: it was not delivered.
func (s *responseStream) takeBack() {
	s.text = s.text[:s.before]
	s.seq--
}

// events are what finish queues, for an answer that stops here.
func (s *responseStream) events(usage provider.Usage) []provider.Event {
	usage.Reported = true // what is charged is told, be it our count
	s.queue, s.reason, s.usage = nil, "length", usage
	s.finish()
	return s.queue
}
