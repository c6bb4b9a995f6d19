// Package eventstream reads answers that come as server-sent events, for adapters of
// inference upstreams: the events, each on one line, and what it means that they end.
//
// It refuses to know what an event says and which one is the last: its adapter tells it.
//
// Its one invariant: reading an event makes nothing. What it returns lies in the buffer,
// and is valid until the next one is read; what waits without a buffer holds none.
package eventstream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// Pool keeps what streams no longer need for others. The zero value is ready, and safe
// for concurrent use.
type Pool struct {
	// Drain is how long the end of a body may lag behind the last event for the connection
	// to be kept. The caller waits for it, so it is short. 0: 20 ms.
	Drain time.Duration

	idle  sync.Pool // *reader
	spare sync.Pool // buffers of lentBuffer bytes, as *[]byte
}

const defaultDrain = 20 * time.Millisecond

// Open reads an answer whose call ends by cancel. The stream's Close closes its body.
func (p *Pool) Open(resp *egress.Response, cancel context.CancelFunc) Stream {
	return Stream{pool: p, resp: resp, rd: p.get(resp.Body), cancel: cancel}
}

func (p *Pool) get(src egress.Body) *reader {
	r, _ := p.idle.Get().(*reader)
	if r == nil {
		r = newReader(&p.spare)
	}
	r.reset(src)
	return r
}

func (p *Pool) put(r *reader) {
	r.giveBack()
	if r.light() {
		r.src, r.patient = nil, nil
		p.idle.Put(r)
	}
}

func (p *Pool) drain() time.Duration {
	if p.Drain == 0 {
		return defaultDrain
	}
	return p.Drain
}

// Stream is a body, its events and their end: all of a provider.Stream but for Next. It is
// used by one goroutine.
type Stream struct {
	pool   *Pool
	resp   *egress.Response
	rd     *reader // nil after Close
	cancel context.CancelFunc
	err    error // what Next returns from now on
	events int
	line   []byte // room for an event on one line
}

// Response is what the stream is read from.
func (s *Stream) Response() *egress.Response { return s.resp }

// IsJSON reports whether a server answered a request for a stream in one piece.
func (s *Stream) IsJSON() bool {
	kind, _, _ := strings.Cut(s.resp.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/json")
}

// Err is what Next returns from now on, nil while the stream goes on.
func (s *Stream) Err() error { return s.err }

// Closed reports whether Close was called.
func (s *Stream) Closed() bool { return s.rd == nil }

// End says that the last event has come.
func (s *Stream) End() { s.err = io.EOF }

// Fail ends the stream with err; it is what Next returns.
func (s *Stream) Fail(err error) (provider.Event, error) {
	s.err = err
	return provider.Event{}, err
}

// Ready reports whether Event would not wait. It never changes what Event returned.
func (s *Stream) Ready() bool { return s.err != nil || s.rd == nil || s.rd.ready() }

// Event reads the next event of a stream that goes on; data is on one line. The error is
// that of the body: io.EOF after its proper end.
func (s *Stream) Event() (name, data []byte, err error) {
	name, data, err = s.rd.next()
	if err != nil {
		return nil, nil, err
	}
	s.events++
	if bytes.IndexByte(data, '\n') >= 0 {
		s.line = rawjson.OneLine(s.line[:0], data)
		data = s.line
	}
	return name, data, nil
}

// Close ends the call. Where the last event has come, what is left is read first, so that
// the connection can serve again.
func (s *Stream) Close() error {
	if s.rd == nil {
		return nil
	}
	if s.err == io.EOF && s.rd.err == nil {
		clock := time.AfterFunc(s.pool.drain(), s.cancel)
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
	s.pool.put(s.rd)
	s.rd = nil
	if s.err == nil {
		s.err = &provider.Error{Class: provider.Cancelled, Err: errors.New("stream is closed")}
	}
	return nil
}

// errNoEvent is a body that ended properly without a single event.
var errNoEvent = errors.New("the stream held no event")

// EndedEarly classifies Event's error where the last event has not come.
func (s *Stream) EndedEarly(err error) error {
	switch {
	case err == io.EOF && s.events == 0:
		return &provider.Error{Class: provider.Broken, Err: errNoEvent}
	case err == io.EOF:
		return &provider.Error{Class: provider.Cut, Err: io.ErrUnexpectedEOF}
	case errors.Is(err, errEventTooLong):
		return &provider.Error{Class: provider.Broken, Err: err}
	}
	return remote.CallError(err, provider.Cut)
}

// Garbage is the event just read, which is not what it should be; where the body ended
// within it, it was cut.
func (s *Stream) Garbage(should string) error {
	if s.rd.open {
		return &provider.Error{Class: provider.Cut, Err: io.ErrUnexpectedEOF}
	}
	return remote.Broken("an event of the stream is not %s", should)
}
