package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// errLeft says that the person interrupted a second time.
var errLeft = errors.New("left")

// patient gives work a context that outlives the first interrupt, which ends ctx, so
// that there is time to end what the server does. A second interrupt ends it with
// errLeft. stop waits for all that patient began.
func (s *session) patient(ctx context.Context) (work context.Context, stop func()) {
	work, leave := context.WithCancelCause(context.WithoutCancel(ctx))
	listening := onEnd(ctx, func() {
		// A channel that is registered now does not get the interrupt that ended ctx.
		again, forget := s.Interrupts()
		defer forget()
		select {
		case <-again:
			leave(errLeft)
		case <-work.Done():
		}
	})
	return work, func() {
		leave(nil)
		listening()
	}
}

// onEnd runs f in the background once ctx ends. stop makes sure that it never will, or
// waits until it is over.
func onEnd(ctx context.Context, f func()) (stop func()) {
	over := make(chan struct{})
	unregister := context.AfterFunc(ctx, func() {
		defer close(over)
		f()
	})
	return func() {
		if !unregister() {
			<-over
		}
	}
}

func interrupts() (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	return c, func() { signal.Stop(c) }
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
