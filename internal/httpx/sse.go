package httpx

import (
	"fmt"
	"io"
	"math"
	"net/http"
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
	last    time.Time // of the last flush
	closed  bool
	lastErr error
}

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
func (s *SSE) Event(name string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lastErr != nil {
		return s.lastErr
	}
	s.head()
	if name != "" {
		s.write("event: ")
		s.write(name)
		s.write("\n")
	}
	s.write("data: ")
	n, err := s.call.w.Write(data)
	s.note(n, err)
	s.write("\n\n")
	return s.lastErr
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

// Close stops the keep-alive timer. Nothing is written afterwards.
func (s *SSE) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
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

func (s *SSE) write(text string) {
	n, err := io.WriteString(s.call.w, text)
	s.note(n, err)
}

func (s *SSE) note(n int, err error) {
	s.call.Record.BytesOut += int64(n)
	if err != nil && s.lastErr == nil {
		s.lastErr = fmt.Errorf("send event: %w", err)
	}
}

func (s *SSE) flush() {
	if s.lastErr == nil && s.flusher != nil {
		s.flusher.Flush()
	}
	s.last = time.Now()
}

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
	s.write(": keep-alive\n\n")
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
