package limit

import (
	"context"
	"sync"
	"testing"
	"time"

	"skytower/internal/limit/limittest"
)

// clock is a fake one. It begins within a second, as real ones do.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 25, 12, 0, 0, 300e6, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// calm is a patience that a busy machine does not try.
const calm = 10 * time.Second

// startScripts gives an engine that is the scripts alone, on a Redis of its own.
func startScripts(t testing.TB, c *clock) *redis {
	t.Helper()
	r, err := newRedis(limittest.StartRedis(t), calm, c.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	b, err := r.live(t.Context(), "test", "")
	if err != nil {
		t.Fatal(err)
	}
	r.know(b.marker)
	return r
}

// bare is what the scripts and Memory have in common.
type bare interface {
	Take(context.Context, *Call) (Outcome, error)
	Settle(context.Context, *Call, Moment, Numbers) error
	Renew(context.Context, []*Call) error
}
