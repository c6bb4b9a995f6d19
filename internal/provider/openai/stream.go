package openai

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
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
	shown  []byte // the name to show, as JSON
	err    error  // what Next returns from now on
	events int
	line   []byte // room for an event on one line
	edited []byte // room for an event that was changed
	inner  []byte // room for an object within one
}

// stream makes one call whose answer comes in events.
func (p *Provider) stream(ctx context.Context, call *provider.Call, u *url.URL, body []byte) (*stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	resp, err := p.send(ctx, call, &egress.Request{
		Method: http.MethodPost, URL: u, Header: p.headers(call, "text/event-stream"), Body: body,
		FirstByte: call.FirstByte, Idle: call.Idle,
	})
	if err != nil {
		cancel()
		return nil, err
	}
	return &stream{p: p, call: call, resp: resp, rd: p.readers.get(resp.Body), cancel: cancel, shown: quoted(call)}, nil
}

// isJSON reports whether a server answered a request for a stream in one piece.
func (s *stream) isJSON() bool {
	kind, _, _ := strings.Cut(s.resp.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/json")
}

// Ready reports whether Next would not wait.
func (s *stream) Ready() bool { return s.err != nil || s.rd == nil || s.rd.ready() }

// drainTime is how long the end of a stream may lag behind its last event for the
// connection to be kept. The caller waits for it, so it is short.
const drainTime = 20 * time.Millisecond

// Close ends the call. Where the last event has come, what is left is read first,
// so that the connection can serve again.
func (s *stream) Close() error {
	if s.rd == nil {
		return nil
	}
	if s.err == io.EOF && s.rd.err == nil {
		clock := time.AfterFunc(s.p.drain, s.cancel)
		s.rd.take()
		room := s.rd.buf
		for range 4 {
			if _, err := s.resp.Body.Read(room); err != nil {
				break
			}
		}
		clock.Stop()
	}
	s.resp.Body.Close()
	s.cancel()
	s.p.readers.put(s.rd)
	s.rd = nil
	if s.err == nil {
		s.err = &provider.Error{Class: provider.Cancelled, Err: errors.New("stream is closed")}
	}
	return nil
}

// next returns the next event's data on one line.
func (s *stream) next() (name, data []byte, err error) {
	if s.err != nil {
		return nil, nil, s.err
	}
	name, data, err = s.rd.next()
	if err != nil {
		return nil, nil, err
	}
	s.events++
	if bytes.IndexByte(data, '\n') >= 0 {
		s.line = oneLine(s.line, data)
		data = s.line
	}
	return name, data, nil
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
	return broken("an event of the stream is not a JSON object")
}

// chatStream is a chat completion in chunks.
type chatStream struct {
	*stream
	finished bool // a finish_reason has come
	form     template
}

func (p *Provider) chatStream(call *provider.Call, s *stream) (provider.Stream, error) {
	if !s.isJSON() {
		return &chatStream{stream: s}, nil
	}
	defer s.Close()
	body, err := readWhole(s.resp, nil, p.maxAnswer)
	if err != nil {
		return nil, err
	}
	answer, err := p.chatAnswer(call, &scratch{body: body})
	if err != nil {
		return nil, err
	}
	return chunked(answer)
}

// Next returns the next chunk, with the model's shown name and a list of choices.
func (s *chatStream) Next() (provider.Event, error) {
	name, data, err := s.next()
	switch {
	case s.err != nil:
		return provider.Event{}, s.err
	case err == io.EOF && s.finished:
		return s.fail(io.EOF) // some servers send no [DONE]
	case err != nil:
		return s.fail(s.ended(err))
	case isDone(data):
		return s.fail(io.EOF)
	}
	if out, size, ok := s.form.apply(s.edited, data); ok && len(name) == 0 {
		s.edited = out
		return provider.Event{Data: out, Output: size > 0, Bytes: size}, nil
	}
	var t top
	if !t.read(data) {
		return s.fail(s.garbage())
	}
	if t.failed() || string(name) == "error" {
		return s.fail(s.p.reported(s.call, data))
	}
	return s.chunk(data, &t), nil
}

func (s *chatStream) chunk(data []byte, t *top) provider.Event {
	var ev provider.Event
	c := readChoices(t.choices)
	s.finished = s.finished || c.finished
	ev.Bytes, ev.Output = c.bytes, c.bytes > 0
	if rawjson.KindOf(t.usage) == rawjson.KindObject {
		ev.Usage = readUsage(t.usage)
		ev.UsageOnly = isEmpty(t.choices)
	}
	if ev.Output && !c.finished && !ev.Usage.Reported {
		s.form.learn(data, s.show)
	}
	ev.Data = s.show(data, t)
	return ev
}

// isEmpty reports whether there are no choices.
func isEmpty(choices []byte) bool {
	return rawjson.KindOf(choices) != rawjson.KindArray || len(bytes.Trim(choices, "[] \t")) == 0
}

// show puts the shown name and, where there are none, empty choices into a chunk.
func (s *chatStream) show(data []byte, t *top) []byte {
	if t.model == nil || !bytes.Equal(t.model, s.shown) {
		s.edited = showModel(s.edited, data, t.model, s.shown)
		data = s.edited
	}
	switch rawjson.KindOf(t.choices) {
	case rawjson.KindArray:
		return data
	case rawjson.Missing:
		s.inner = insert(s.inner, data, `"choices":`, []byte("[]"))
	default:
		s.inner, _ = rawjson.ReplaceTop(s.inner[:0], data, "choices", []byte("[]"))
	}
	return s.inner
}
