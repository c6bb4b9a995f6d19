package llama

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"skytower/internal/config"
	"skytower/internal/provider"
)

// model is an engine with its child, if it has one.
type model struct {
	config.Engine
	p     *Provider
	queue *queue

	mu     sync.Mutex
	child  *child // loading or loaded; nil: none
	calls  int    // that hold a place
	idle   *time.Timer
	closed bool

	fell   bool      // the last child ended by itself, or could not load
	died   int       // times in a row that one did
	after  time.Time // no new child before
	reason error     // why the last one ended
}

// A child that lived this long was well: its end counts as the first.
const wellAfter = time.Minute

// backoff is how long to wait after a number of ends in a row. The first costs no wait: the
// next call should find the model as if nothing had happened.
func backoff(died int) time.Duration {
	const most = time.Minute
	if died <= 1 {
		return 0
	}
	return min(most, time.Second<<min(died-2, 10))
}

// enter takes a place for a call; leave gives it back.
func (m *model) enter(ctx context.Context) (leave func(), err error) {
	left, err := m.queue.enter(ctx)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if m.idle != nil {
		m.idle.Stop()
	}
	return func() {
		m.leave()
		left()
	}, nil
}

func (m *model) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls--
	if m.calls == 0 && m.IdleUnload > 0 && !m.closed {
		m.idle = time.AfterFunc(m.IdleUnload, m.unload)
	}
}

// unload gives the memory back, unless a call came meanwhile.
func (m *model) unload() {
	m.mu.Lock()
	c := m.child
	if m.calls > 0 || c == nil {
		m.mu.Unlock()
		return
	}
	m.child = nil
	m.mu.Unlock()
	m.p.options.Log.Info("an engine was not used and gives its memory back", "engine", m.Name)
	c.stop()
}

// running is a child that answers. Where there is none, one is started; all calls wait for
// the same.
func (m *model) running(ctx context.Context) (*child, error) {
	c, err := m.start()
	if err != nil {
		return nil, err
	}
	select {
	case <-c.ready:
	case <-ctx.Done():
		return nil, &provider.Error{Class: provider.Cancelled, Err: context.Cause(ctx)}
	}
	if c.err != nil {
		return nil, m.away(c.err, backoff(1))
	}
	return c, nil
}

// start gives the child, or starts it.
func (m *model) start() (*child, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch wait := m.after.Sub(m.p.options.Now()); {
	case m.closed:
		return nil, m.away(errors.New("the server stops"), 0)
	case m.child != nil:
		return m.child, nil
	case wait > 0:
		return nil, m.away(m.reason, wait)
	}
	program, library, err := m.p.needs(m.Engine)
	if err != nil {
		return nil, unready(m.Name, err)
	}
	c, err := m.launch(program, library)
	if err != nil {
		return nil, unready(m.Name, err)
	}
	if m.fell {
		m.p.options.Restarted()
	}
	m.child, m.fell = c, false
	return c, nil
}

// away is a model that rests: it may be back soon, and another target may serve meanwhile.
func (m *model) away(why error, wait time.Duration) error {
	return &provider.Error{
		Class: provider.Broken, Status: http.StatusServiceUnavailable, RetryAfter: max(time.Second, wait),
		Err: fmt.Errorf("engine %s: %w", m.Name, why),
	}
}

// ended notes the end of a child.
func (m *model) ended(c *child, why error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.child != c {
		return // it was told to end
	}
	m.child = nil
	now := m.p.options.Now()
	if now.Sub(c.began) > wellAfter {
		m.died = 0
	}
	m.died++
	m.fell, m.reason = true, why
	wait := backoff(m.died)
	m.after = now.Add(wait)
	m.p.options.Log.Error("an engine's process ended by itself", "engine", m.Name, "error", why, "times_in_a_row", m.died, "next_start_after", wait.String())
}

// close ends the child, and allows no other.
func (m *model) close() {
	m.mu.Lock()
	m.closed = true
	c := m.child
	m.child = nil
	if m.idle != nil {
		m.idle.Stop()
	}
	m.mu.Unlock()
	if c != nil {
		c.stop()
	}
}

// manyDeaths is when ends in a row are a fault of the file, the library or the machine.
const manyDeaths = 3

func (m *model) state() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := State{Name: m.Name, Died: m.died}
	if m.child != nil {
		select {
		case <-m.child.ready:
			s.Loaded = m.child.err == nil
		default:
		}
	}
	var missing *Missing
	_, _, err := m.p.needs(m.Engine)
	switch {
	case errors.As(err, &missing):
		s.Problem, s.Advice = missing.What, missing.Do
		return s
	case m.died >= manyDeaths || m.died > 0 && !s.Loaded:
		s.Problem = fmt.Sprintf("its process ended by itself %d times in a row, last: %v", m.died, m.reason)
		s.Advice = "Look at the server's log (log_level debug shows what llama.cpp says). It may need more memory: try a smaller context, or a smaller file."
		return s
	}
	if _, err := ReadGGUF(m.p.path(m.Engine)); err != nil {
		s.Problem, s.Advice = fmt.Sprintf("%s: %v", m.File, err), "Get the file again, and compare its size and checksum."
	}
	return s
}
