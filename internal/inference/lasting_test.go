package inference

import (
	"context"
	"testing"
	"time"
)

type valueKey struct{}

// A context that lasts has the values of its parent, and not its end.
func TestLastingOutlivesItsParent(t *testing.T) {
	t.Parallel()
	parent, leave := context.WithCancelCause(context.WithValue(t.Context(), valueKey{}, 1))
	var w watch
	l := w.open(parent, time.Hour, true, time.Hour)
	leave(context.DeadlineExceeded)
	if l.Err() != nil || l.Value(valueKey{}) != 1 || context.Cause(l) != nil {
		t.Errorf("ended %v, value %v, cause %v", l.Err(), l.Value(valueKey{}), context.Cause(l))
	}
	child, cancel := context.WithCancel(l)
	defer cancel()
	l.cancel()
	<-child.Done()
	if l.Err() != context.Canceled || child.Err() != context.Canceled || w.first != nil {
		t.Errorf("ended %v, child %v", l.Err(), child.Err())
	}
	<-l.Done()
}

// The end comes by itself: from the beginning, or from the parent's end.
func TestLastingEnds(t *testing.T) {
	t.Parallel()
	parent, leave := context.WithCancel(t.Context())
	var w watch
	other := w.open(parent, time.Hour, false, time.Millisecond)
	waits, bound := w.open(parent, time.Millisecond, true, time.Millisecond), w.open(parent, time.Millisecond, false, time.Millisecond)
	<-bound.Done()
	if waits.Err() != nil || bound.Err() != context.DeadlineExceeded {
		t.Errorf("waits for its caller %v, bound %v", waits.Err(), bound.Err())
	}
	leave()
	ended := make(chan struct{})
	waits.AfterFunc(func() { close(ended) })
	<-ended
	if waits.Err() != context.DeadlineExceeded || other.Err() != nil {
		t.Errorf("waited %v, other %v", waits.Err(), other.Err())
	}
	bound.cancel()
	other.cancel()
	waits.cancel()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.first != nil {
		t.Error("the watch still has one")
	}
}

// What is called off is not called; what comes after the end is called at once.
func TestLastingHooks(t *testing.T) {
	t.Parallel()
	var w watch
	l := w.open(t.Context(), time.Hour, false, time.Hour)
	off := context.AfterFunc(l, func() { t.Error("called, though called off") })
	first, second, late := make(chan struct{}), make(chan struct{}), make(chan struct{})
	l.AfterFunc(func() { close(first) })
	stop := l.AfterFunc(func() { close(second) })
	if !off() || off() {
		t.Error("a hook could not be called off, or twice")
	}
	l.cancel()
	<-first
	<-second
	if stop() {
		t.Error("a hook was called off after the end")
	}
	if l.AfterFunc(func() { close(late) })() {
		t.Error("a late hook was called off")
	}
	<-late
}
