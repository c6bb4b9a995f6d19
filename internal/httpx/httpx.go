// Package httpx is the HTTP ground of every listener: handlers that return
// errors, one record per request, bounded bodies, and the event-stream writer.
//
// It knows package fault and no product noun beyond the columns of the record: no
// account, no envelope, no route. Its one invariant: every request ends in exactly
// one call of Server.Done, also after a panic or a hang-up.
package httpx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"skytower/internal/fault"
	"skytower/internal/telemetry"
)

// Handler serves one call. An error that it returns before anything was written
// becomes the response.
type Handler func(*Call) error

// With makes a Handler of one that needs to know who is calling: auth's result is
// handed on as an argument, so that authority shows in signatures.
func With[P any](auth func(*Call) (P, error), h func(*Call, P) error) Handler {
	return func(c *Call) error {
		who, err := auth(c)
		if err != nil {
			return err
		}
		return h(c, who)
	}
}

// StatusHangUp is recorded where the caller left before an answer (nginx's 499).
const StatusHangUp = 499

// Server holds what all calls share.
type Server struct {
	// Done gets the finished record of every request.
	Done func(*Record)
	// Log is for panics alone; everything else is in the record.
	Log *slog.Logger
	// Trusted are the proxies whose forwarded headers count.
	Trusted []netip.Prefix
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Trace makes a span of every request; nil: of none.
	Trace *telemetry.Tracer

	pieces sync.Pool // of *[]byte, for event streams
}

// Handle turns h into an http.Handler. Fail writes the response to an error when
// nothing has been sent yet; it knows the envelope of the route.
func (s *Server) Handle(route string, h Handler, fail func(*Call, *fault.Error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := s.open(w, r, route)
		defer s.end(c)
		if err := s.run(c, h); err != nil {
			s.settle(c, err, fail)
		}
	})
}

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func (s *Server) open(w http.ResponseWriter, r *http.Request, route string) *Call {
	c := &Call{Request: r, w: w, server: s}
	start := s.now()
	c.Record = Record{
		ID: NewID("req_", start), Start: start, Method: r.Method, Route: route, Path: r.URL.Path,
		Client: ClientAddr(r, s.Trusted), BytesIn: max(r.ContentLength, 0),
	}
	if s.Trace != nil {
		c.beginSpan(s.Trace)
	}
	c.values[0] = c.Record.ID
	w.Header()["X-Request-Id"] = c.values[0:1:1]
	return c
}

// run calls h and turns a panic into an error with the stack for the log.
func (s *Server) run(c *Call, h Handler) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p == http.ErrAbortHandler {
			c.abort, c.Record.Outcome = true, "cut"
			return
		}
		err = fmt.Errorf("panic: %v", p)
		s.Log.Error("handler panicked", "request_id", c.Record.ID, "route", c.Record.Route, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	}()
	return h(c)
}

func (s *Server) settle(c *Call, err error, fail func(*Call, *fault.Error)) {
	f := fault.From(err)
	c.Record.Err, c.Record.ErrorID = err, string(f.ID)
	gone := c.Request.Context().Err() != nil && errors.Is(context.Cause(c.Request.Context()), context.Canceled)
	switch {
	case gone:
		c.Record.Outcome = "hang_up"
		if !c.Sent() {
			c.Record.Status = StatusHangUp
		}
		// A caller that only closed its side must not take what is there for a
		// whole answer.
		c.abort = !c.inBand
	case c.Sent():
		// Half an answer is out: cutting the connection is the only way to say so.
		c.abort = !c.inBand
	default:
		fail(c, f)
	}
}

func (s *Server) end(c *Call) {
	c.Record.Duration = s.now().Sub(c.Record.Start)
	if c.Record.Status == 0 {
		c.Record.Status = http.StatusOK
	}
	c.Record.Outcome = cmp.Or(c.Record.Outcome, plainOutcome(c.Record.Err))
	s.Done(&c.Record)
	c.endSpan()
	if c.abort {
		panic(http.ErrAbortHandler)
	}
}

// plainOutcome is how a request ended whose handler did not say.
func plainOutcome(err error) string {
	if err != nil {
		return "error"
	}
	return "ok"
}

const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// Lengths of the two parts of an id: 50 bits of milliseconds since 1970, 80 random
// bits.
const (
	idTime   = 10
	idRandom = 16
)

// NewID returns prefix, the time, and 80 random bits, in Crockford's base 32 as a
// ULID is written. Ids sort by time, so that rows named by them are added at the
// end of an index and not all over it. The generator is the runtime's ChaCha8:
// unguessable enough for names, no secret.
func NewID(prefix string, now time.Time) string {
	b := make([]byte, 0, 40)
	b = append(b, prefix...)
	b = appendBits(b, uint64(now.UnixMilli()), idTime)
	b = appendBits(b, rand.Uint64(), idRandom/2)
	return string(appendBits(b, rand.Uint64(), idRandom/2))
}

// appendBits writes the lowest 5×n bits of v, the highest first.
func appendBits(b []byte, v uint64, n int) []byte {
	for shift := 5 * (n - 1); shift >= 0; shift -= 5 {
		b = append(b, idAlphabet[v>>shift&31])
	}
	return b
}
