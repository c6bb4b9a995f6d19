package httpx

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// SSE writes an event stream (contract section 8). The head goes out with the
// first event, or with the first keep-alive comment after Interval of silence;
// until then an error can still be an ordinary response. One goroutine sends; the
// keep-alive timer is the writer's own.
type SSE struct {
	call     *Call
	flusher  http.Flusher
	interval time.Duration

	timer *time.Timer
	stuck atomic.Bool // the timer has found the writer busy once

	mu      sync.Mutex
	buf     *[]byte   // events that wait for Flush; nil while there are none
	dirty   bool      // net/http holds bytes that were not flushed
	last    time.Time // of the last flush
	closed  bool
	lastErr error
}

// pieceSize is how much goes to net/http in one write: with its chunk's framing it
// just fits the connection's buffer of 4 KiB, so that it leaves in one system call.
const pieceSize = 4080

// SSE begins an event stream with keep-alive comments after interval of silence.
// Close it in every case.
func (c *Call) SSE(interval time.Duration) *SSE {
	s := &SSE{call: c, interval: interval, last: time.Now()}
	s.flusher, _ = c.w.(http.Flusher)
	c.Record.Streamed = true
	// Armed only once the field is set: a tick reads it.
	s.timer = time.AfterFunc(math.MaxInt64, s.tick)
	s.timer.Reset(interval)
	return s
}

// Event sends one event; name may be "". The bytes wait for Flush.
func (s *SSE) Event(name string, data []byte) error { return s.event(name, 0, data) }

// EventID is Event with an id, above 0, that a client repeats as Last-Event-ID when
// it comes again.
func (s *SSE) EventID(name string, id int64, data []byte) error { return s.event(name, id, data) }

// maxID is the room that an id takes.
const maxID = 20

func (s *SSE) event(name string, id int64, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lastErr != nil {
		return s.lastErr
	}
	s.head()
	s.room(len(name) + maxID + len(data) + len("event: \nid: \ndata: \n\n"))
	b := *s.buf
	if name != "" {
		b = append(append(append(b, "event: "...), name...), '\n')
	}
	if id > 0 {
		b = append(strconv.AppendInt(append(b, "id: "...), id, 10), '\n')
	}
	b = append(append(append(b, "data: "...), data...), "\n\n"...)
	*s.buf = b
	return s.lastErr
}

// room makes a buffer that n more bytes fit into as one piece with what waits, or
// alone.
func (s *SSE) room(n int) {
	if s.buf != nil && len(*s.buf)+n > pieceSize {
		s.writeOut()
	}
	if s.buf == nil {
		s.buf, _ = s.call.server.pieces.Get().(*[]byte)
	}
	if s.buf == nil {
		b := make([]byte, 0, pieceSize)
		s.buf = &b
	}
}

// writeOut hands the waiting events to net/http and gives the buffer back, so that
// a stream holds none while it waits.
func (s *SSE) writeOut() {
	if s.buf == nil {
		return
	}
	if s.lastErr == nil {
		n, err := s.call.w.Write(*s.buf)
		s.note(n, err)
		s.dirty = true
	}
	if cap(*s.buf) <= 2*pieceSize {
		*s.buf = (*s.buf)[:0]
		s.call.server.pieces.Put(s.buf)
	}
	s.buf = nil
}

// Flush hands what was sent to the network.
func (s *SSE) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flush()
	return s.lastErr
}

// Begun reports whether the head of the response is out, by an event or by a
// keep-alive comment: an error belongs in band from then on.
func (s *SSE) Begun() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.call.sent
}

// InBand marks the stream as ended in order by an error event, so that the
// connection is not cut.
func (s *SSE) InBand() { s.call.inBand = true }

// Close stops the keep-alive timer. What still waits goes out with the end of the
// response, in the same write; nothing can be sent afterwards.
func (s *SSE) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.writeOut()
	}
	s.closed = true
	s.timer.Stop()
}

func (s *SSE) head() {
	if s.call.sent {
		return
	}
	h := s.call.w.Header()
	h["Content-Type"] = []string{"text/event-stream"}
	h["Cache-Control"] = []string{"no-cache"}
	h["X-Accel-Buffering"] = []string{"no"} // nginx would hold the stream back
	s.call.head(http.StatusOK)
}

func (s *SSE) note(n int, err error) {
	s.call.Record.BytesOut += int64(n)
	if err != nil && s.lastErr == nil {
		s.lastErr = fmt.Errorf("send event: %w", err)
	}
}

func (s *SSE) flush() {
	s.writeOut()
	if !s.dirty {
		return
	}
	if s.lastErr == nil && s.flusher != nil {
		s.flusher.Flush()
	}
	s.dirty, s.last = false, time.Now()
}

const keepAlive = ": keep-alive\n\n"

// tick sends a comment after a silence, and ends a stream whose writer has been
// blocked since the tick before.
func (s *SSE) tick() {
	if !s.mu.TryLock() {
		s.blocked()
		return
	}
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.stuck.Store(false)
	if silent := time.Since(s.last); silent < s.interval {
		s.timer.Reset(s.interval - silent)
		return
	}
	s.head()
	s.room(len(keepAlive))
	*s.buf = append(*s.buf, keepAlive...)
	s.flush()
	s.timer.Reset(s.interval)
}

// blocked runs while another goroutine holds the lock, most likely in a write that
// the caller does not take. After two intervals the write is made to fail.
func (s *SSE) blocked() {
	if s.stuck.Swap(true) {
		_ = http.NewResponseController(s.call.w).SetWriteDeadline(time.Now())
		return
	}
	s.timer.Reset(s.interval)
}
