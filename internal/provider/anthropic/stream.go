package anthropic

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// stream is what both kinds of streams share: a body, its events, their end.
type stream struct {
	p      *Provider
	call   *provider.Call
	resp   *egress.Response
	rd     *reader // nil after Close
	cancel context.CancelFunc
	err    error // what Next returns from now on
	events int
	line   []byte // room for an event on one line
	tally  tally
}

// errNoEvent is a body that ended properly without a single event.
var errNoEvent = errors.New("the stream held no event")

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
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	if strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		defer cancel()
		defer resp.Body.Close()
		return nil, p.unstreamed(call, resp)
	}
	return &stream{p: p, call: call, resp: resp, rd: newReader(resp.Body, &p.spare), cancel: cancel}, nil
}

// unstreamed is the error of a document in place of a stream, which may tell of one.
func (p *Provider) unstreamed(call *provider.Call, resp *egress.Response) error {
	body, err := readWhole(resp, maxRefusal)
	if err == nil {
		_, err = p.readMessage(call, body)
	}
	var told *provider.Error
	if errors.As(err, &told) && told.Message != "" {
		return err
	}
	return broken("the upstream did not stream")
}

// drainTime is how long the end of a stream may lag behind its last event for the
// connection to be kept. The caller waits for it, so it is short.
const drainTime = 20 * time.Millisecond

// Close ends the call. Where the last event has come, what is left is read first, so that
// the connection can serve again.
func (s *stream) Close() error {
	if s.rd == nil {
		return nil
	}
	if s.err == io.EOF && s.rd.err == nil {
		clock := time.AfterFunc(s.p.drain, s.cancel)
		s.rd.take()
		for range 4 {
			if _, err := s.resp.Body.Read(s.rd.buf); err != nil {
				break
			}
		}
		clock.Stop()
	}
	s.resp.Body.Close()
	s.cancel()
	s.rd.giveBack()
	s.rd = nil
	if s.err == nil {
		s.err = &provider.Error{Class: provider.Cancelled, Err: errors.New("stream is closed")}
	}
	return nil
}

// next reads the upstream's next event; data is on one line.
func (s *stream) next(e *event) (data []byte, err error) {
	data, err = s.rd.next()
	if err != nil {
		return nil, s.ended(err)
	}
	if s.events++; bytes.IndexByte(data, '\n') >= 0 {
		s.line = rawjson.OneLine(s.line[:0], data)
		data = s.line
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

// fail ends the stream with err.
func (s *stream) fail(err error) (provider.Event, error) {
	s.err = err
	return provider.Event{}, err
}

// ended classifies a body that ended before the stream did.
func (s *stream) ended(err error) error {
	switch {
	case err == io.EOF && s.events == 0:
		return &provider.Error{Class: provider.Broken, Err: errNoEvent}
	case err == io.EOF:
		return &provider.Error{Class: provider.Cut, Err: io.ErrUnexpectedEOF}
	case errors.Is(err, errEventTooLong):
		return &provider.Error{Class: provider.Broken, Err: err}
	}
	return callError(err, provider.Cut)
}

// garbage is an event that can't be read; where the body ended within it, it was cut.
func (s *stream) garbage() error {
	if s.rd.open {
		return &provider.Error{Class: provider.Cut, Err: io.ErrUnexpectedEOF}
	}
	return broken("an event of the stream is not a JSON object with a type")
}

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

// Ready reports whether Next would not wait.
func (s *messageStream) Ready() bool { return s.err != nil || s.rd == nil || s.rd.ready() }

// Next returns the next event, with the model's shown name. After message_stop it does not
// wait for the body's end.
func (s *messageStream) Next() (provider.Event, error) {
	if s.err != nil {
		return provider.Event{}, s.err
	}
	var e event
	data, err := s.next(&e)
	if err != nil {
		return s.fail(err)
	}
	ev := provider.Event{Name: e.kind, Data: data}
	switch e.kind {
	case messageStart:
		if rawjson.KindOf(e.message) != rawjson.KindObject {
			return s.fail(s.garbage())
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
		ev.Final, s.err = true, io.EOF
	}
	return ev, nil
}
