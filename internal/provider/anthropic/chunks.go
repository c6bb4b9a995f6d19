package anthropic

import (
	"io"
	"strconv"
	"strings"

	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// chatStream is a message as chunks of a chat completion.
//
// The role comes with the first chunk that has something to say: until then a target that
// fails can still be replaced by another.
type chatStream struct {
	*stream
	head  []byte // what all chunks begin with, up to their choices
	begun bool   // the role was told
	calls int    // tool calls that began
	input []byte // of the open call, until a piece of its arguments has come; nil: none is open, or one has
	room  [2][]byte
	turn  int // which of room the next chunk takes: the caller still holds the other

	// What Ready found, for the next call of Next.
	found bool
	ahead provider.Event
	lost  error
}

// Ready reports whether Next would not wait. Events that have no chunk are taken out of the
// way, or the chunk before them would wait with them.
func (s *chatStream) Ready() bool {
	for !s.found {
		if s.Err() != nil {
			return true
		}
		if !s.stream.Ready() {
			return false
		}
		s.ahead, s.found, s.lost = s.step()
		s.found = s.found || s.lost != nil
	}
	return true
}

// Next returns the next chunk.
func (s *chatStream) Next() (provider.Event, error) {
	if s.found && !s.Closed() {
		s.found = false
		return s.ahead, s.lost
	}
	for s.Err() == nil {
		if ev, ok, err := s.step(); ok || err != nil {
			return ev, err
		}
	}
	return provider.Event{}, s.Err()
}

// step takes one event of the upstream. It is false where the event has no chunk.
func (s *chatStream) step() (ev provider.Event, ok bool, err error) {
	var e event
	if _, err := s.next(&e); err != nil {
		_, err = s.Fail(err)
		return ev, false, err
	}
	switch e.kind {
	case messageStart:
		s.start(e.message)
	case blockStart:
		return s.open(e.block)
	case blockDelta:
		return s.piece(readPiece(e.delta))
	case blockStop:
		return s.close()
	case messageDelta:
		return s.finish(e.delta)
	case messageStop:
		return s.end()
	}
	return ev, false, nil
}

// start notes what all chunks have in common.
func (s *chatStream) start(message []byte) {
	id, _ := rawjson.Get(message, "id")
	s.head = appendHead(s.head[:0], "chat.completion.chunk", s.call, id, s.p.now().Unix())
}

// appendHead begins a document of the chat API, up to its choices.
func appendHead(dst []byte, object string, call *provider.Call, id []byte, created int64) []byte {
	dst = append(dst, `{"id":`...)
	dst = rawjson.AppendQuote(dst, chatID(id, call.RequestID))
	dst = append(append(append(dst, `,"object":"`...), object...), `","created":`...)
	dst = append(strconv.AppendInt(dst, created, 10), `,"model":`...)
	return append(rawjson.AppendQuote(dst, call.Show), `,"choices":[`...)
}

// chatID is a name in the manner of the chat API: of the message, else of the request.
func chatID(id []byte, request string) string {
	text, err := rawjson.Unquote(id)
	if err != nil || text == "" {
		text = request
	}
	return "chatcmpl-" + strings.TrimPrefix(strings.TrimPrefix(text, "msg_"), "req_")
}

// chunk begins a chunk with an open delta.
func (s *chatStream) chunk() []byte {
	if len(s.head) == 0 {
		s.start(nil) // an upstream that left the beginning out
	}
	out := append(append(s.room[s.turn][:0], s.head...), `{"index":0,"delta":{`...)
	if !s.begun {
		s.begun = true
		out = append(out, `"role":"assistant",`...)
	}
	return out
}

// give ends a chunk.
func (s *chatStream) give(out []byte, ev provider.Event) (provider.Event, bool, error) {
	s.room[s.turn] = out
	s.turn = 1 - s.turn
	ev.Data = out
	return ev, true, nil
}

const unfinished = `},"finish_reason":null}]}`

// text is a chunk with one member of the delta.
func (s *chatStream) text(member string, value []byte) (provider.Event, bool, error) {
	size := textBytes(value)
	if size == 0 {
		return provider.Event{}, false, nil
	}
	out := append(append(append(s.chunk(), member...), value...), unfinished...)
	return s.give(out, provider.Event{Output: true, Bytes: size})
}

// open begins a block. A text may begin with some, though the API's do not.
func (s *chatStream) open(block []byte) (provider.Event, bool, error) {
	var kind, id, name, input, text, thinking []byte
	rawjson.Top(block, func(key, value []byte) bool {
		switch string(key) {
		case "type":
			kind = value
		case "id":
			id = value
		case "name":
			name = value
		case "input":
			input = value
		case "text":
			text = value
		case "thinking":
			thinking = value
		}
		return true
	})
	s.input = nil
	switch string(kind) {
	case `"text"`:
		return s.text(`"content":`, text)
	case `"thinking"`:
		return s.text(`"reasoning_content":`, thinking)
	case `"tool_use"`:
	default:
		return provider.Event{}, false, nil
	}
	s.input = append(make([]byte, 0, len(input)+2), input...)
	if rawjson.KindOf(input) != rawjson.KindObject {
		s.input = append(s.input[:0], "{}"...)
	}
	s.calls++
	out := s.appendIndex(s.chunk())
	out = append(append(append(out, `,"id":`...), orEmpty(id)...), `,"type":"function","function":{"name":`...)
	out = append(append(out, orEmpty(name)...), `,"arguments":""}}]`...)
	return s.give(append(out, unfinished...), provider.Event{})
}

// appendIndex begins the list of tool calls with the number of the open one.
func (s *chatStream) appendIndex(out []byte) []byte {
	return strconv.AppendInt(append(out, `"tool_calls":[{"index":`...), int64(s.calls-1), 10)
}

// orEmpty is a JSON string, or an empty one in its place.
func orEmpty(value []byte) []byte {
	if rawjson.KindOf(value) != rawjson.KindString {
		return []byte(`""`)
	}
	return value
}

func (s *chatStream) piece(p piece) (provider.Event, bool, error) {
	switch {
	case p.text != nil:
		return s.text(`"content":`, p.text)
	case p.thinking != nil:
		return s.text(`"reasoning_content":`, p.thinking)
	case p.input != nil && len(p.input) > len(`""`) && s.calls > 0:
		s.input = nil
		return s.arguments(p.input)
	}
	return provider.Event{}, false, nil
}

// arguments is a piece of the open call's arguments.
func (s *chatStream) arguments(text []byte) (provider.Event, bool, error) {
	size := textBytes(text)
	out := append(s.appendIndex(s.chunk()), `,"function":{"arguments":`...)
	out = append(append(append(out, text...), `}}]`...), unfinished...)
	return s.give(out, provider.Event{Output: size > 0, Bytes: size})
}

// close ends a block. A call without arguments has an empty object of them.
func (s *chatStream) close() (provider.Event, bool, error) {
	if s.input == nil {
		return provider.Event{}, false, nil
	}
	input := rawjson.AppendQuote(nil, string(s.input))
	s.input = nil
	return s.arguments(input)
}

// finish is the chunk with the reason why the message ended.
func (s *chatStream) finish(delta []byte) (provider.Event, bool, error) {
	reason, _ := rawjson.Get(delta, "stop_reason")
	if rawjson.KindOf(reason) != rawjson.KindString {
		return provider.Event{}, false, nil
	}
	details, _ := rawjson.Get(delta, "stop_details")
	out := s.chunk()
	if why := refusalText(details); why != nil {
		out = append(append(out, `"refusal":`...), why...)
	} else if out[len(out)-1] == ',' {
		out = out[:len(out)-1] // the role alone
	}
	out = append(append(append(out, `},"finish_reason":`...), finishReason(reason)...), `}]}`...)
	return s.give(out, provider.Event{Usage: s.tally.usage()})
}

// end is the usage chunk. Where no usage was reported, the stream just ends.
func (s *chatStream) end() (provider.Event, bool, error) {
	s.End()
	u := s.tally.usage()
	if !u.Reported {
		return provider.Event{}, false, io.EOF
	}
	if len(s.head) == 0 {
		s.start(nil)
	}
	out := append(append(s.room[s.turn][:0], s.head...), `],"usage":`...)
	return s.give(append(appendUsage(out, u), '}'), provider.Event{Usage: u, UsageOnly: true})
}
