package inference

import (
	"context"
	"sync"
	"time"
)

// Every plain call takes two contexts that do not end with its caller's: one for an
// answer that costs, one for the work after it. Made of the standard library's they are
// fifteen allocations and a timer of the runtime for each call.

// lasting is a context with its parent's values and an end of its own: when bound has
// passed, or cancel was called. It may end by a quarter of bound late, so it names no
// deadline.
type lasting struct {
	parent    context.Context
	bound     time.Duration
	afterward bool // bound is counted from the parent's end, not from the beginning
	watch     *watch

	prev, next *lasting  // these are under watch.mu
	due        time.Time // zero: not counted yet

	mu    sync.Mutex
	done  chan struct{} // nil: nobody has asked
	err   error
	hooks []func() // to be called at the end; nil: called off
	few   [1]func()
}

// watch ends the contexts whose time has passed. One timer looks after all of them; it
// runs only while there are some.
type watch struct {
	mu    sync.Mutex
	first *lasting
	runs  bool
}

// looks is how often a watch looks within the shortest bound. The first look begins to
// count, so an end is at most two of them late.
const looks = 8

// open returns a context under the watch, which looks each interval.
func (w *watch) open(parent context.Context, bound time.Duration, afterward bool, interval time.Duration) *lasting {
	l := &lasting{parent: parent, bound: bound, afterward: afterward, watch: w}
	w.mu.Lock()
	if l.next = w.first; l.next != nil {
		l.next.prev = l
	}
	w.first = l
	if !w.runs {
		w.runs = true
		time.AfterFunc(interval, func() { w.look(interval) })
	}
	w.mu.Unlock()
	return l
}

// look ends what is due, and comes again while anything is left.
func (w *watch) look(interval time.Duration) {
	now := time.Now()
	var due []*lasting
	w.mu.Lock()
	for l := w.first; l != nil; l = l.next {
		switch {
		case !l.due.IsZero():
			if !now.Before(l.due) {
				due = append(due, l)
			}
		case !l.afterward || l.parent.Err() != nil:
			l.due = now.Add(l.bound)
		}
	}
	if w.runs = w.first != nil; w.runs {
		time.AfterFunc(interval, func() { w.look(interval) })
	}
	w.mu.Unlock()
	for _, l := range due {
		l.end(context.DeadlineExceeded)
	}
}

// cut ends the contexts that outlive their callers.
func (w *watch) cut() {
	var all []*lasting
	w.mu.Lock()
	for l := w.first; l != nil; l = l.next {
		if l.afterward {
			all = append(all, l)
		}
	}
	w.mu.Unlock()
	for _, l := range all {
		l.end(context.Canceled)
	}
}

// drop takes a context out of the watch.
func (w *watch) drop(l *lasting) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if l.next != nil {
		l.next.prev = l.prev
	}
	switch {
	case l.prev != nil:
		l.prev.next = l.next
	case w.first == l:
		w.first = l.next
	}
	l.prev, l.next = nil, nil
}

// cancel ends the context. It must be called, as for the standard library's, and once.
func (l *lasting) cancel() {
	l.watch.drop(l)
	l.end(context.Canceled)
}

func (l *lasting) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return
	}
	l.err = err
	if l.done != nil {
		close(l.done)
	}
	for _, f := range l.hooks {
		if f != nil {
			go f()
		}
	}
	l.hooks = nil
}

// Deadline tells of none.
func (*lasting) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done is closed at the end.
func (l *lasting) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done == nil {
		l.done = make(chan struct{})
		if l.err != nil {
			close(l.done)
		}
	}
	return l.done
}

// Err is why it ended; nil: it has not.
func (l *lasting) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Value is the parent's, but for how that one was cancelled.
func (l *lasting) Value(key any) any { return context.WithoutCancel(l.parent).Value(key) }

// AfterFunc is what context.AfterFunc asks contexts of other packages for; without it,
// each child would take a goroutine.
func (l *lasting) AfterFunc(f func()) (stop func() bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		go f()
		return func() bool { return false }
	}
	if l.hooks == nil {
		l.hooks = l.few[:0]
	}
	at := len(l.hooks)
	l.hooks = append(l.hooks, f)
	return func() bool { return l.forget(at) }
}

// forget calls off a hook, and reports whether it was in time.
func (l *lasting) forget(at int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hooks == nil || l.hooks[at] == nil {
		return false
	}
	l.hooks[at] = nil
	return true
}
