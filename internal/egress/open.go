package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Bounds of Open.
const (
	// openTime is for everything: large content over a slow line must come through, a
	// server that drips for days must not hold a worker.
	openTime = time.Hour
	// openIdle is the longest wait for the head, redirects included, and for each piece
	// of the content.
	openIdle = 30 * time.Second
)

// Failures of Open and of what it returns, besides those of Fetch.
const (
	ErrIdle fetchError = "the server stopped sending"
	ErrSlow fetchError = "the content took too long"
)

// Open begins to get the content behind address with GET, under the same rules as Fetch,
// and gives it as it comes. Content that the server says is longer than most bytes is
// ErrTooLarge at once; one that turns out to be is where the reader ends. The caller
// closes the reader. No error holds the address's path or query.
func (f *Fetcher) Open(ctx context.Context, address string, most int64) (io.ReadCloser, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, f.policy.refuse(&Refused{Verdict: DeniedHost})
	}
	s := &stream{caller: ctx, left: most, idle: f.openIdle, host: u.Hostname()}
	overall, cancelTime := context.WithTimeoutCause(ctx, f.openTime, ErrSlow)
	run, cancel := context.WithCancelCause(overall)
	s.run, s.cancel = run, func(cause error) { cancel(cause); cancelTime() }
	s.clock = time.AfterFunc(s.idle, func() { cancel(ErrIdle) })
	resp, err := f.get(run, u, FetchLimits{}.withDefaults())
	s.clock.Stop()
	if err != nil {
		defer s.cancel(nil)
		return nil, s.explain(err)
	}
	s.body, s.host = resp.Body, resp.Request.URL.Hostname()
	if err := acceptable(resp, most); err != nil {
		defer s.Close() //nolint:errcheck // the answer is not wanted
		return nil, s.explain(err)
	}
	return s, nil
}

// acceptable judges an answer by its head.
func acceptable(resp *http.Response, most int64) error {
	if resp.StatusCode != http.StatusOK {
		return &StatusError{resp.StatusCode}
	}
	if resp.ContentLength > most {
		return ErrTooLarge
	}
	return nil
}

// stream is content on its way. It is for one goroutine.
type stream struct {
	caller context.Context
	run    context.Context // ends by the caller, the clock or the overall bound
	cancel func(cause error)
	clock  *time.Timer
	idle   time.Duration
	host   string
	body   io.ReadCloser
	left   int64
	err    error
}

func (s *stream) Read(p []byte) (int, error) {
	if s.err != nil || len(p) == 0 {
		return 0, s.err
	}
	if int64(len(p))-1 > s.left {
		p = p[:s.left+1] // one more than allowed shows that there is more
	}
	s.clock.Reset(s.idle)
	n, err := s.body.Read(p)
	s.clock.Stop() // the reader's own pauses don't count
	if int64(n) > s.left {
		n, err = int(s.left), ErrTooLarge
	}
	s.left -= int64(n)
	// A call that was given up may look like the content's end: see transportBody.
	if err != nil || s.run.Err() != nil {
		s.err = s.explain(err)
		s.end()
	}
	return n, s.err
}

// explain says why nothing more comes.
func (s *stream) explain(err error) error {
	cause := context.Cause(s.run)
	switch {
	case s.caller.Err() != nil:
		err = s.caller.Err()
	case errors.Is(cause, ErrIdle), errors.Is(cause, ErrSlow):
		err = cause
	case err == io.EOF:
		return io.EOF
	}
	return fmt.Errorf("fetch from %q: %w", s.host, err)
}

func (s *stream) end() {
	s.clock.Stop()
	s.body.Close()
	s.cancel(nil)
}

// Close gives the rest up.
func (s *stream) Close() error {
	if s.err == nil {
		s.err = http.ErrBodyReadAfterClose
	}
	s.end()
	return nil
}
