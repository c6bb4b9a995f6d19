package openai

import (
	"bytes"
	"io"

	"skytower/internal/provider"
	"skytower/internal/provider/eventstream"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// responsesStream is a response as typed events (contract 8.2).
type responsesStream struct {
	*stream
	name string // the last event's, since names repeat
}

func (p *Provider) responsesStream(_ *provider.Call, s *stream) (provider.Stream, error) {
	if s.IsJSON() {
		s.Close()
		return nil, remote.Broken("the upstream did not stream")
	}
	return &responsesStream{stream: s}, nil
}

// typed is what the adapter reads of an event's top level.
type typed struct {
	kind, response, delta, failure []byte
}

func (t *typed) read(doc []byte) bool {
	*t = typed{}
	return rawjson.Top(doc, func(key, value []byte) bool {
		switch string(key) {
		case "type":
			t.kind = value
		case "response":
			t.response = value
		case "delta":
			t.delta = value
		case "error":
			t.failure = value
		}
		return true
	})
}

// Next returns the next event. After the last one it does not wait for the body's
// end.
func (s *responsesStream) Next() (provider.Event, error) {
	if err := s.Err(); err != nil {
		return provider.Event{}, err
	}
	name, data, err := s.Event()
	if err != nil {
		return s.Fail(s.EndedEarly(err))
	}
	if eventstream.IsDone(data) {
		return s.Fail(s.EndedEarly(io.EOF))
	}
	var t typed
	if !t.read(data) {
		return s.Fail(s.garbage())
	}
	kind := bytes.Trim(t.kind, `"`)
	if len(kind) == 0 {
		kind = name
	}
	if string(kind) == "error" || t.kind == nil && told(t.failure) {
		return s.Fail(s.p.reported(s.call, data))
	}
	return s.event(kind, data, &t), nil
}

func (s *responsesStream) event(kind, data []byte, t *typed) provider.Event {
	if string(kind) != s.name {
		s.name = string(kind)
	}
	ev := provider.Event{Name: s.name, Data: data}
	if bytes.HasSuffix(kind, []byte(".delta")) {
		ev.Bytes = textBytes(t.delta)
		ev.Output = ev.Bytes > 0
	}
	if rawjson.KindOf(t.response) != rawjson.KindObject {
		return ev
	}
	response := t.response
	switch s.name {
	case "response.completed", "response.incomplete", "response.failed":
		ev.Final = true
		s.End()
		usage, _ := rawjson.Get(response, "usage")
		ev.Usage = readUsage(usage)
		failure, _ := rawjson.Get(response, "error")
		response = s.p.coverError(s.call, response, failure)
	}
	s.inner, _ = rawjson.ReplaceTop(s.inner[:0], response, "model", s.shown)
	s.edited, _ = rawjson.ReplaceTop(s.edited[:0], data, "response", s.inner)
	ev.Data = s.edited
	return ev
}
