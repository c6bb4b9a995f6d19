package openai

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/eventstream"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// stream is what both kinds of streams share.
type stream struct {
	eventstream.Stream
	p      *Provider
	call   *provider.Call
	shown  []byte // the name to show, as JSON
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
	return &stream{Stream: p.streams.Open(resp, cancel), p: p, call: call, shown: quoted(call)}, nil
}

// garbage is an event that can't be read.
func (s *stream) garbage() error { return s.Garbage("a JSON object") }

// chatStream is a chat completion in chunks.
type chatStream struct {
	*stream
	finished bool // a finish_reason has come
	form     template
}

func (p *Provider) chatStream(call *provider.Call, s *stream) (provider.Stream, error) {
	if !s.IsJSON() {
		return &chatStream{stream: s}, nil
	}
	defer s.Close()
	body, err := remote.ReadWhole(s.Response(), nil, p.maxAnswer)
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
	if err := s.Err(); err != nil {
		return provider.Event{}, err
	}
	name, data, err := s.Event()
	switch {
	case err == io.EOF && s.finished:
		return s.Fail(io.EOF) // some servers send no [DONE]
	case err != nil:
		return s.Fail(s.EndedEarly(err))
	case eventstream.IsDone(data):
		return s.Fail(io.EOF)
	}
	if out, size, ok := s.form.apply(s.edited, data); ok && len(name) == 0 {
		s.edited = out
		return provider.Event{Data: out, Output: size > 0, Bytes: size}, nil
	}
	var t top
	if !t.read(data) {
		return s.Fail(s.garbage())
	}
	if t.failed() || string(name) == "error" {
		return s.Fail(s.p.reported(s.call, data))
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
