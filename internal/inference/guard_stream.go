package inference

import (
	"bytes"
	"context"
	"io"
	"strconv"

	"skytower/internal/guard"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// mostCarried is how much generated text may wait to be counted, in bytes: a step of a
// reservation is more.
const mostCarried = 512

// guardedStream is a chat stream behind guards. Text is held back until it may pass; what is
// left is told before the end.
type guardedStream struct {
	*guarding
	ctx   context.Context
	inner provider.Stream

	queue   []provider.Event
	at      int // what of it is told
	opened  bool
	head    []byte // what all chunks have in common, up to a comma
	choices []*guardedChoice
	carried int // bytes of generated text that no event has counted yet
	err     error
	closed  bool // the upstream's stream
	counts  bool // the usage chunk of a stream that was stopped is still to come
}

func newGuardedStream(ctx context.Context, g *guarding, inner provider.Stream) *guardedStream {
	return &guardedStream{guarding: g, ctx: ctx, inner: inner}
}

// Ready reports whether Next would not wait.
func (s *guardedStream) Ready() bool {
	return s.at < len(s.queue) || s.counts || s.err != nil || s.inner.Ready()
}

// Close ends the upstream's stream.
func (s *guardedStream) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	return s.inner.Close()
}

// Next returns the next chunk that may pass.
func (s *guardedStream) Next() (provider.Event, error) {
	for {
		switch {
		case s.at < len(s.queue):
			s.at++
			return s.queue[s.at-1], nil
		case s.counts:
			s.counts = false
			return s.usage(), nil
		case s.err != nil:
			return provider.Event{}, s.err
		}
		s.queue, s.at = s.queue[:0], 0
		event, err := s.inner.Next()
		switch {
		case err == io.EOF:
			s.err = err
			err = s.flush()
		case err == nil:
			err = s.take(&event)
		}
		if err != nil {
			s.err = err
		}
	}
}

// take makes of a chunk what may pass of it.
func (s *guardedStream) take(event *provider.Event) error {
	var o object
	choices, upstream := s.frame(&o, event.Data)
	none := true
	rawjson.Elements(choices, func([]byte) bool { none = false; return false })
	if !s.opened {
		s.open(event.Data, upstream)
		upstream = nil
	}
	if s.completion == nil || none {
		return s.pass(event, &o, choices, upstream, none)
	}
	// Generated text counts with the first of its events, and with a later one where all of
	// it is held back.
	s.carried += event.Bytes
	list := []byte{'['}
	var failed error
	rawjson.Elements(choices, func(choice []byte) bool {
		var part []byte
		if part, failed = s.choice(choice); part != nil {
			if len(list) > 1 {
				list = append(list, ',')
			}
			list = append(list, part...)
		}
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	if len(list) == 1 && !event.Usage.Reported {
		s.keepCount()
	} else {
		o.set("choices", append(list, ']'))
		s.tell(o.end(), event.Usage)
	}
	s.stopWhenDone()
	return nil
}

// open tells what the guards found in the prompt, before everything else.
func (s *guardedStream) open(first, upstream []byte) {
	s.opened = true
	s.head = (&chatEnd{chunk: first}).head()
	if s.report.Empty() {
		return
	}
	data := append(bytes.Clone(s.head), `"choices":[],"prompt_filter_results":`...)
	s.queue = append(s.queue, provider.Event{Data: append(s.prompts(data, upstream), '}')})
}

// pass lets a chunk go on: the guards look at prompts alone, or it has no text.
func (s *guardedStream) pass(event *provider.Event, o *object, choices, upstream []byte, none bool) error {
	if none {
		if event.UsageOnly {
			if err := s.flush(); err != nil {
				return err
			}
		}
		choices = []byte("[]")
	}
	o.set("choices", choices)
	if len(upstream) > 0 && s.report.Empty() {
		o.set("prompt_filter_results", upstream)
	}
	own := *event
	own.Data = o.end()
	s.queue = append(s.queue, own)
	return nil
}

// tell queues a chunk of text; the generated text that waited to be counted counts with it.
func (s *guardedStream) tell(data []byte, usage provider.Usage) {
	s.queue = append(s.queue, provider.Event{Data: data, Usage: usage, Output: s.carried > 0, Bytes: s.carried})
	s.carried = 0
}

// keepCount tells an empty piece where much was generated and held back, so that it is
// reserved for.
func (s *guardedStream) keepCount() {
	if s.carried >= mostCarried {
		s.tell(append(bytes.Clone(s.head), `"choices":[{"index":0,"delta":{},"finish_reason":null}]}`...), provider.Usage{})
	}
}

// chunk queues a chunk of one choice.
func (s *guardedStream) chunk(index int64, delta []byte) {
	data := strconv.AppendInt(append(bytes.Clone(s.head), `"choices":[{"index":`...), index, 10)
	data = append(append(append(data, `,"delta":`...), delta...), `,"finish_reason":null}]}`...)
	s.tell(data, provider.Usage{})
}

// stopWhenDone ends the upstream's stream once all choices have ended and one of them by
// a guard: what it would go on to say is wanted by nobody.
func (s *guardedStream) stopWhenDone() {
	ended, blocked := int64(0), false
	for _, c := range s.choices {
		if c.ended {
			ended++
		}
		blocked = blocked || c.blocked
	}
	if !blocked || ended < s.run.req.Choices {
		return
	}
	_ = s.Close() // nothing more is read of it
	s.err = io.EOF
	s.counts = s.run.req.API == Chat // the translations count for themselves
}

// usage is the usage chunk of a stream that a guard ended.
func (s *guardedStream) usage() provider.Event {
	used := s.run.usage
	if !used.Reported {
		used = s.run.counted()
	}
	data := append(bytes.Clone(s.head), `"choices":[],"usage":{"prompt_tokens":`...)
	return provider.Event{Data: appendChatUsage(data, used), UsageOnly: true}
}

// flush tells what is left of all choices at the end of the stream.
func (s *guardedStream) flush() error {
	for _, c := range s.choices {
		if c.ended {
			continue
		}
		if err := s.settle(c); err != nil {
			return err
		}
		if c.blocked {
			s.block(c)
			continue
		}
		c.ended = true
		s.run.svc.told(&c.report)
	}
	return nil
}

// guardedChoice is one choice of a stream.
type guardedChoice struct {
	index   int64
	report  guard.Report
	texts   []*guardedText
	last    *guardedText // that had a piece last
	blocked bool
	ended   bool
}

// guardedText is one text of a choice: its content, its reasoning, the arguments of a tool.
type guardedText struct {
	name string // of the delta's member
	call int64  // of tool_calls: which
	text *guard.Text
	json *guard.JSON // of arguments
}

// choiceOf finds a choice by its number; nil: it is beyond all bounds.
func (s *guardedStream) choiceOf(index int64) *guardedChoice {
	for _, c := range s.choices {
		if c.index == index {
			return c
		}
	}
	if len(s.choices) == mostChoices {
		return nil
	}
	c := &guardedChoice{index: index}
	s.choices = append(s.choices, c)
	return c
}

// choice is what may pass of a choice of a chunk; nil: nothing. What was held back of it
// before is queued first where it comes to an end.
func (s *guardedStream) choice(choice []byte) ([]byte, error) {
	number, _ := rawjson.Get(choice, "index")
	index, _ := rawjson.Int(number)
	c := s.choiceOf(index)
	if c == nil || c.ended {
		return nil, nil
	}
	delta, _ := rawjson.Get(choice, "delta")
	reason, _ := rawjson.Get(choice, "finish_reason")
	theirs, _ := rawjson.Get(choice, "content_filter_results")
	part, err := s.delta(c, delta)
	if err != nil {
		return nil, err
	}
	finished := rawjson.KindOf(reason) == rawjson.KindString
	if finished && !c.blocked {
		if len(part) > 0 && holdsText(part) { // before what was held back behind it
			s.chunk(index, part)
			part = nil
		}
		if err := s.settle(c); err != nil {
			return nil, err
		}
	}
	switch {
	case c.blocked:
		if len(part) > 0 {
			s.chunk(index, part)
		}
		s.block(c)
		return nil, nil
	case finished:
		c.ended = true
		s.run.svc.told(&c.report)
		return s.last(choice, part, c.report.AppendJSON(nil, theirs)), nil
	case part == nil:
		return nil, nil
	}
	return s.last(choice, part, theirs), nil
}

// holdsText reports whether a delta has more than a role.
func holdsText(delta []byte) bool {
	more := false
	rawjson.Top(delta, func(key, _ []byte) bool {
		more = more || string(key) != "role"
		return !more
	})
	return more
}

// last writes a choice with another delta.
func (s *guardedStream) last(choice, delta, results []byte) []byte {
	var o object
	rawjson.Top(choice, func(key, value []byte) bool {
		switch string(key) {
		case "delta":
			value = delta
			if value == nil {
				value = []byte("{}")
			}
		case "content_filter_results":
			return true
		case "finish_reason":
		default:
			if value = s.beside(key, value); value == nil {
				return true
			}
		}
		o.put(key, value)
		return true
	})
	if len(results) > 0 {
		o.set("content_filter_results", results)
	}
	return o.end()
}

// block ends a choice by a guard.
func (s *guardedStream) block(c *guardedChoice) {
	c.ended = true
	s.run.svc.told(&c.report)
	data := strconv.AppendInt(append(bytes.Clone(s.head), `"choices":[{"index":`...), c.index, 10)
	data = append(data, `,"delta":{},"finish_reason":"content_filter","content_filter_results":`...)
	s.tell(append(c.report.AppendJSON(data, nil), `}]}`...), provider.Usage{})
}

// delta is what may pass of a delta; nil: nothing of it.
func (s *guardedStream) delta(c *guardedChoice, delta []byte) ([]byte, error) {
	var o object
	var failed error
	rawjson.Top(delta, func(key, value []byte) bool {
		if c.blocked {
			return false
		}
		if c.last != nil && c.last.name != string(key) && !o.empty() { // before what was held back behind it
			s.chunk(c.index, o.end())
			o = object{}
		}
		var out []byte
		switch string(key) {
		case "content", "reasoning_content", "reasoning", "refusal":
			out, failed = s.piece(c, c.text(s.guarding, string(key), -1), value)
		case "tool_calls":
			out, failed = s.calls(c, value)
		case "function_call":
			out, failed = s.arguments(c, "function_call", -1, value)
		case "role":
			out = value
		default:
			if !s.strict || isScalar(value) {
				out = value
			}
		}
		if out != nil {
			o.put(key, out)
		}
		return failed == nil
	})
	if failed != nil || o.empty() {
		return nil, failed
	}
	return o.end(), nil
}

// isScalar reports whether a value holds no text.
func isScalar(value []byte) bool {
	switch rawjson.KindOf(value) {
	case rawjson.KindString, rawjson.KindArray, rawjson.KindObject:
		return false
	}
	return true
}

// text finds one of the texts of a choice.
func (c *guardedChoice) text(g *guarding, name string, call int64) *guardedText {
	for _, t := range c.texts {
		if t.name == name && t.call == call {
			return t
		}
	}
	t := &guardedText{name: name, call: call, text: g.completion.Open(g.run.svc.judge, &c.report)}
	if name == "tool_calls" || name == "function_call" {
		t.json = &guard.JSON{}
	}
	c.texts = append(c.texts, t)
	return t
}

// piece is what may pass of a text after one more piece of it, as a JSON string; nil:
// nothing. Where another text had the last piece, that one is at its end.
func (s *guardedStream) piece(c *guardedChoice, t *guardedText, value []byte) ([]byte, error) {
	if rawjson.KindOf(value) != rawjson.KindString {
		if isScalar(value) || !s.strict {
			return value, nil
		}
		return nil, nil // a list of parts: no text that can be held together
	}
	text, err := rawjson.AppendUnquoted(nil, value)
	if err != nil || len(text) == 0 {
		return value, nil
	}
	if c.last != nil && c.last != t {
		if err := s.release(c, c.last); err != nil || c.blocked {
			return nil, err
		}
	}
	c.last = t
	out, err := s.push(c, t, text, false)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return rawjson.AppendQuote(nil, string(out)), nil
}

// push shows a piece of a text to the guards.
func (s *guardedStream) push(c *guardedChoice, t *guardedText, piece []byte, end bool) ([]byte, error) {
	return s.passed(c, t)(t.text.Push(s.ctx, nil, piece, end))
}

// passed takes what guards let go of a text, and what they say.
func (s *guardedStream) passed(c *guardedChoice, t *guardedText) func([]byte, bool, error) ([]byte, error) {
	return func(out []byte, blocked bool, err error) ([]byte, error) {
		if err != nil {
			return nil, &provider.Error{Class: provider.Cancelled, Err: err}
		}
		c.blocked = c.blocked || blocked
		if t.json != nil {
			out = t.json.Append(nil, out)
		}
		return out, nil
	}
}

// release tells what is held back of a text, since a piece of another one follows. A further
// piece of it goes on with it: what a finding has behind the break does not pass.
func (s *guardedStream) release(c *guardedChoice, t *guardedText) error {
	out, err := s.passed(c, t)(t.text.Release(s.ctx, nil))
	if err == nil && len(out) > 0 {
		s.chunk(c.index, t.delta(out))
	}
	return err
}

// finish tells what is left of a text.
func (s *guardedStream) finish(c *guardedChoice, t *guardedText) error {
	out, err := s.push(c, t, nil, true)
	if err == nil && len(out) > 0 {
		s.chunk(c.index, t.delta(out))
	}
	return err
}

// settle tells what is left of all texts of a choice, up to one that is blocked.
func (s *guardedStream) settle(c *guardedChoice) error {
	for _, t := range c.texts {
		if c.blocked {
			return nil
		}
		if err := s.finish(c, t); err != nil {
			return err
		}
	}
	return nil
}

// delta is a delta with a piece of the text.
func (t *guardedText) delta(piece []byte) []byte {
	text := rawjson.AppendQuote(nil, string(piece))
	switch t.name {
	case "tool_calls":
		out := strconv.AppendInt([]byte(`{"tool_calls":[{"index":`), t.call, 10)
		return append(append(append(out, `,"function":{"arguments":`...), text...), `}}]}`...)
	case "function_call":
		return append(append([]byte(`{"function_call":{"arguments":`), text...), `}}`...)
	}
	out := append(append([]byte(`{"`), t.name...), `":`...)
	return append(append(out, text...), '}')
}

// calls is what may pass of tool calls; nil: nothing.
func (s *guardedStream) calls(c *guardedChoice, list []byte) ([]byte, error) {
	if rawjson.KindOf(list) != rawjson.KindArray {
		return list, nil
	}
	out := []byte{'['}
	var failed error
	position := int64(0)
	rawjson.Elements(list, func(call []byte) bool {
		if c.last != nil && len(out) > 1 {
			s.chunk(c.index, append(append([]byte(`{"tool_calls":`), out...), ']', '}'))
			out = append(out[:0], '[')
		}
		var part []byte
		if part, failed = s.call(c, call, position); part != nil {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(out, part...)
		}
		position++
		return failed == nil && !c.blocked
	})
	if failed != nil || len(out) == 1 {
		return nil, failed
	}
	return append(out, ']'), nil
}

// call is what may pass of one tool call; nil: nothing.
func (s *guardedStream) call(c *guardedChoice, call []byte, position int64) ([]byte, error) {
	if number, ok := rawjson.Get(call, "index"); ok {
		position, _ = rawjson.Int(number)
	}
	var o object
	var failed error
	more := false
	rawjson.Top(call, func(key, value []byte) bool {
		if string(key) == "function" {
			value, failed = s.arguments(c, "tool_calls", position, value)
		} else if s.strict && string(key) != "index" && string(key) != "id" && string(key) != "type" && !isScalar(value) {
			value = nil
		}
		if value != nil {
			more = more || string(key) != "index" && string(key) != "type"
			o.put(key, value)
		}
		return failed == nil
	})
	if failed != nil || !more {
		return nil, failed
	}
	return o.end(), nil
}

// arguments is what may pass of a function's name and arguments; nil: nothing.
func (s *guardedStream) arguments(c *guardedChoice, name string, call int64, function []byte) ([]byte, error) {
	var o object
	var failed error
	rawjson.Top(function, func(key, value []byte) bool {
		switch string(key) {
		case "arguments":
			value, failed = s.piece(c, c.text(s.guarding, name, call), value)
		case "name":
		default:
			if s.strict && !isScalar(value) {
				value = nil
			}
		}
		if value != nil {
			o.put(key, value)
		}
		return failed == nil
	})
	if failed != nil || o.empty() {
		return nil, failed
	}
	return o.end(), nil
}
