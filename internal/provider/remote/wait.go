package remote

import (
	"context"
	"errors"
	"fmt"
	"time"

	"skytower/internal/provider"
)

// Wait waits for d, or until ctx ends: then it returns ctx's error.
type Wait func(ctx context.Context, d time.Duration) error

func byTheClock(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Bounds of the waits between two looks at a running work.
const (
	firstPause  = 500 * time.Millisecond
	lastPause   = 5 * time.Second
	longestRest = time.Minute // that an upstream can ask for
)

// Pace gives growing waits: half a second at first, five in the end.
type Pace struct {
	client *Client
	next   time.Duration
}

// Pace starts anew.
func (c *Client) Pace() *Pace { return &Pace{client: c, next: firstPause} }

// Wait waits once, as long as the upstream asked for in err where that is longer.
func (p *Pace) Wait(ctx context.Context, err error) error {
	d := p.next
	p.next = min(p.next*3/2, lastPause)
	var e *provider.Error
	if errors.As(err, &e) {
		d = max(d, min(e.RetryAfter, longestRest))
	}
	if err := p.client.wait(ctx, d); err != nil {
		return err
	}
	return ctx.Err()
}

// settleTime is what a call gets that goes on after the run has ended: to tell the id
// of what was just taken, and then to stop it. Whoever waits for the adapter gives it
// ten seconds for both.
const settleTime = 4 * time.Second

// Settle returns a context that outlives ctx by a few seconds. The caller ends it,
// which waits for the clock's goroutine.
func (c *Client) Settle(ctx context.Context) (context.Context, func()) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		if c.wait(own, settleTime) == nil {
			cancel()
		}
	})
	return own, func() {
		cancel()
		if !stop() {
			<-done
		}
	}
}

// Stopped is the error of a run whose context ended. Unless the run goes on
// elsewhere, stop asks the upstream to end the work, within a few seconds.
func (c *Client) Stopped(ctx context.Context, stop func(context.Context) error) error {
	cause := context.Cause(ctx)
	e := &provider.Error{Class: provider.Cancelled, Err: cause}
	if errors.Is(cause, provider.ErrHandBack) || stop == nil {
		return e
	}
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := stop(own); err != nil {
		e.Err = errors.Join(cause, fmt.Errorf("ask the upstream to stop: %w", err))
	}
	return e
}
