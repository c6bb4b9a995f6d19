package store

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// clockEvery is between two looks at the database's clock.
	clockEvery = 15 * time.Second
	// clockPatience bounds one look; a slower answer would say little.
	clockPatience = 5 * time.Second
	// clockStep is a difference that no drift explains: somebody has set a clock.
	clockStep = 30 * time.Second
	// clockDoubt is how long after a step nothing is deleted for its age: a clock that
	// was set by mistake is put right by then, or its operator has read the log.
	clockDoubt = 15 * time.Minute
)

// Clock is the database's time, in this process's memory: what all processes decide
// together (ages, retention, signs of life) they decide by it. Between two looks it goes
// on by the monotonic clock, so that setting the clock of one machine changes nothing.
// On SQLite there is one machine, whose clock it follows.
type Clock struct {
	db   *DB
	log  *slog.Logger
	read func(context.Context) (time.Time, error)

	anchor  atomic.Pointer[anchor]
	doubted atomic.Pointer[time.Time] // until when ages are not to be trusted, by the monotonic clock
	failed  atomic.Pointer[time.Time] // the last look that failed, by the monotonic clock
	stop    context.CancelFunc
	done    sync.WaitGroup
}

// anchor is one look: what the database's clock said when ours stood at local.
type anchor struct{ remote, local time.Time }

// NewClock returns a clock that shows this machine's time until it is started.
func (db *DB) NewClock() *Clock {
	c := &Clock{db: db, log: db.log, stop: func() {}}
	c.read = c.ask
	now := time.Now()
	c.anchor.Store(&anchor{now.Round(0), now})
	return c
}

// Now is the database's time.
func (c *Clock) Now() time.Time {
	a := c.anchor.Load()
	return a.remote.Add(time.Since(a.local))
}

// Steady reports whether ages can be trusted: no clock was set a moment ago.
func (c *Clock) Steady() bool {
	until := c.doubted.Load()
	return until == nil || time.Now().After(*until)
}

// Unbroken reports whether every look of a while found the database. Where one did not,
// others may have been unable to show life for as long: silence says nothing yet.
func (c *Clock) Unbroken(while time.Duration) bool {
	last := c.failed.Load()
	return last == nil || time.Since(*last) > while
}

// Start looks at the database's clock, and goes on doing so until Stop. ctx bounds the
// first look only.
func (c *Clock) Start(ctx context.Context) error {
	a, err := c.look(ctx)
	if err != nil {
		return err
	}
	c.anchor.Store(&a)
	ctx, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	c.done.Go(func() { c.follow(ctx) })
	return nil
}

// Stop ends it. It may be called again, and before Start.
func (c *Clock) Stop() {
	c.stop()
	c.done.Wait()
}

func (c *Clock) follow(ctx context.Context) {
	tick := time.NewTicker(clockEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		a, err := c.look(ctx)
		if err != nil { // the database is away, and others say so
			now := time.Now()
			c.failed.Store(&now)
			continue
		}
		c.set(a)
	}
}

// set goes on from a look.
func (c *Clock) set(a anchor) {
	step := a.remote.Sub(c.Now()) // both at about a.local
	if step.Abs() < clockStep {
		c.anchor.Store(&a)
		return
	}
	until := time.Now().Add(clockDoubt)
	c.doubted.Store(&until) // first, so that nobody who has read the new time trusts it
	c.anchor.Store(&a)
	c.log.Warn("the clock was set; nothing is deleted for its age for a while, in case that was a mistake", "step", step.Round(time.Second).String(), "for", clockDoubt.String())
}

// look reads the clock; half of the way there and back is taken for the way back.
func (c *Clock) look(ctx context.Context) (anchor, error) {
	ctx, cancel := context.WithTimeout(ctx, clockPatience)
	defer cancel()
	before := time.Now()
	remote, err := c.read(ctx)
	if err != nil {
		return anchor{}, err
	}
	return anchor{remote, before.Add(time.Since(before) / 2)}, nil
}

// ask reads the database's clock.
func (c *Clock) ask(ctx context.Context) (time.Time, error) {
	if c.db.dialect == SQLite {
		return c.db.now().Round(0), nil
	}
	var micros int64
	if err := c.db.reader.QueryRowContext(ctx, `select `+c.db.dialect.clock()).Scan(&micros); err != nil {
		return time.Time{}, fmt.Errorf("read the database's clock: %w", err)
	}
	return Time(micros), nil
}
