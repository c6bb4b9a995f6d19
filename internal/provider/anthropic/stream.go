package anthropic

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/eventstream"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// stream is what both kinds of streams share.
type stream struct {
	eventstream.Stream
	p     *Provider
	call  *provider.Call
	tally tally
}

// stream makes one call whose answer comes in events.
func (p *Provider) stream(ctx context.Context, call *provider.Call, body []byte) (*stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	resp, err := p.send(ctx, call, &egress.Request{
		Method: http.MethodPost, URL: p.routes.messages, Header: p.headers(call, "text/event-stream"), Body: body,
		FirstByte: call.FirstByte, Idle: call.Idle,
	})
	if err != nil {
		cancel()
		return nil, err
	}
	s := &stream{Stream: p.streams.Open(resp, cancel), p: p, call: call}
	if s.IsJSON() {
		defer s.Close()
		return nil, p.unstreamed(call, resp)
	}
	return s, nil
}

// unstreamed is the error of a document in place of a stream, which may tell of one.
func (p *Provider) unstreamed(call *provider.Call, resp *egress.Response) error {
	body, err := remote.ReadWhole(resp, nil, remote.MaxRefusal)
	if err == nil {
		_, err = p.readMessage(call, body)
	}
	var told *provider.Error
	if errors.As(err, &told) && told.Message != "" {
		return err
	}
	return remote.Broken("the upstream did not stream")
}

// next reads the upstream's next event; data is on one line.
func (s *stream) next(e *event) (data []byte, err error) {
	_, data, err = s.Event()
	if err != nil {
		return nil, s.EndedEarly(err)
	}
	if !e.read(data) {
		return nil, s.garbage()
	}
	switch e.kind {
	case failed:
		return nil, s.p.reported(s.call, data)
	case messageStart:
		usage, _ := rawjson.Get(e.message, "usage")
		s.tally.add(usage)
	case messageDelta:
		s.tally.add(e.usage)
	}
	return data, nil
}

// garbage is an event that can't be read.
func (s *stream) garbage() error { return s.Garbage("a JSON object with a type") }

// The types of events (Anthropic's API, "Streaming messages"). New ones may come at any
// time.
const (
	messageStart = "message_start"
	blockStart   = "content_block_start"
	blockDelta   = "content_block_delta"
	blockStop    = "content_block_stop"
	messageDelta = "message_delta"
	messageStop  = "message_stop"
	ping         = "ping"
	failed       = "error"
)

// event is what is read of an event's top level.
type event struct {
	kind                         string // its type
	message, block, delta, usage []byte
}

// read goes over data once. It is false where data is not a whole object with a type.
func (e *event) read(data []byte) bool {
	*e = event{}
	whole := rawjson.Top(data, func(key, value []byte) bool {
		switch string(key) {
		case "type":
			e.kind = kindOf(value)
		case "message":
			e.message = value
		case "content_block":
			e.block = value
		case "delta":
			e.delta = value
		case "usage":
			e.usage = value
		}
		return true
	})
	return whole && e.kind != "" && data[len(bytes.TrimRight(data, " \t\r"))-1] == '}'
}

// kindOf gives a known type's name without making a text of it.
func kindOf(value []byte) string {
	if len(value) < len(`""`) || value[0] != '"' {
		return ""
	}
	switch name := value[1 : len(value)-1]; string(name) {
	case blockDelta:
		return blockDelta
	case messageStart:
		return messageStart
	case blockStart:
		return blockStart
	case blockStop:
		return blockStop
	case messageDelta:
		return messageDelta
	case messageStop:
		return messageStop
	case ping:
		return ping
	case failed:
		return failed
	default:
		return string(name)
	}
}

// piece is a part of a block, as a content_block_delta brings it.
type piece struct {
	text, thinking, input []byte // JSON strings; nil: of another kind
}

func readPiece(delta []byte) (p piece) {
	rawjson.Top(delta, func(key, value []byte) bool {
		if rawjson.KindOf(value) != rawjson.KindString {
			return true
		}
		switch string(key) {
		case "text":
			p.text = value
		case "thinking":
			p.thinking = value
		case "partial_json":
			p.input = value
		}
		return true
	})
	return p
}

// messageStream is a message in the upstream's own events.
type messageStream struct {
	*stream
	edited, inner []byte // room for an event that was changed, and for an object within it
}

// Next returns the next event, with the model's shown name. After message_stop it does not
// wait for the body's end.
func (s *messageStream) Next() (provider.Event, error) {
	if err := s.Err(); err != nil {
		return provider.Event{}, err
	}
	var e event
	data, err := s.next(&e)
	if err != nil {
		return s.Fail(err)
	}
	ev := provider.Event{Name: e.kind, Data: data}
	switch e.kind {
	case messageStart:
		if rawjson.KindOf(e.message) != rawjson.KindObject {
			return s.Fail(s.garbage())
		}
		s.inner = showModel(s.inner, e.message, s.call.Show)
		s.edited, _ = rawjson.ReplaceTop(s.edited[:0], data, "message", s.inner)
		ev.Data = s.edited
	case blockDelta:
		p := readPiece(e.delta)
		ev.Bytes = textBytes(p.text) + textBytes(p.thinking) + textBytes(p.input)
		ev.Output = ev.Bytes > 0
	case messageDelta: // the end in all but name, once it says why: it waits for the charge, too
		reason, _ := rawjson.Get(e.delta, "stop_reason")
		ev.Usage, ev.Final = s.tally.usage(), rawjson.KindOf(reason) == rawjson.KindString
	case messageStop:
		ev.Final = true
		s.End()
	}
	return ev, nil
}
