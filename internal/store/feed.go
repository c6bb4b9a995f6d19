package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	defaultPoll = time.Second
	defaultKeep = time.Hour
	// trimEvery is how often each process deletes old change rows.
	trimEvery = 10 * time.Minute
	// feedBatch bounds the rows of one query.
	feedBatch = 1000
	// maxPending bounds what a failing subscriber's list may grow to; beyond
	// it, the subscriber loads everything instead.
	maxPending = 10_000
	// lookPatience bounds one look at the change table: a connection that hangs
	// after a network fault is given up, and the next look makes a new one.
	lookPatience = 5 * time.Second
	// subscriberPatience bounds one call of a subscriber.
	subscriberPatience = 30 * time.Second
)

var (
	errFeedRunning = errors.New("change feed: already started")
	errFeedStopped = errors.New("change feed: not running")
)

// FeedOptions adjust a [Feed]. The zero value works.
type FeedOptions struct {
	Poll time.Duration // between looks at the change table; 0 means a second
	Keep time.Duration // how long change rows are kept; 0 means an hour
}

// Feed tells subscribers what has been published ([Tx.Publish]), in this
// process or another, so that they can keep a copy in memory.
//
// Nothing is missed: Start first notes the newest change and then has every
// subscriber load its full state, so whatever comes later is either in that
// state or delivered, perhaps both. After a gap (a process that was suspended
// for longer than changes are kept) everyone loads again.
type Feed struct {
	db         *DB
	poll, keep time.Duration
	wake       chan struct{}

	mu        sync.Mutex
	subs      []*subscriber
	last      int64 // the newest change that subscribers have been handed or have pending
	confirmed time.Time
	begun     uint64        // passes begun
	succeeded uint64        // the newest pass without an error
	progress  chan struct{} // closed and replaced when succeeded grows
	cancel    context.CancelFunc
	stopped   chan struct{} // closed when all goroutines have ended; nil when not running
}

type subscriber struct {
	kind   string
	fn     func(ctx context.Context, refs []string) error
	reload bool
	refs   []string // without repetition, oldest first
}

// NewFeed makes a feed that does nothing until [Feed.Start].
func (db *DB) NewFeed(o FeedOptions) *Feed {
	if o.Poll <= 0 {
		o.Poll = defaultPoll
	}
	if o.Keep <= 0 {
		o.Keep = defaultKeep
	}
	return &Feed{
		db: db, poll: o.Poll, keep: o.Keep,
		wake:     make(chan struct{}, 1),
		progress: make(chan struct{}),
	}
}

// Subscribe has fn called for changes of one kind. Refs nil means "load all":
// so is it called once at Start (or soon, when subscribing later), after a
// gap, and for a change published without a ref. Otherwise refs are what
// changed, each once. Calls come one at a time.
//
// When fn fails, the feed does not count as confirmed and calls again, with the
// same refs and newer ones. Each call has 30 s.
func (f *Feed) Subscribe(kind string, fn func(ctx context.Context, refs []string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.subs = append(f.subs, &subscriber{kind: kind, fn: fn, reload: true})
	f.wakeUp()
}

// Start notes the newest change, has every subscriber load everything, and then
// follows changes until [Feed.Stop]. ctx bounds the loading only. When a
// subscriber fails, Start returns its error and nothing runs.
func (f *Feed) Start(ctx context.Context) error {
	f.mu.Lock()
	if f.stopped != nil {
		f.mu.Unlock()
		return errFeedRunning
	}
	stopped := make(chan struct{})
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f.stopped, f.cancel = stopped, cancel
	f.mu.Unlock()

	f.db.follow(f, true)
	if err := f.begin(ctx); err != nil {
		f.db.follow(f, false)
		cancel()
		f.mu.Lock()
		f.stopped = nil
		f.mu.Unlock()
		close(stopped)
		return err
	}
	var group sync.WaitGroup
	group.Go(func() { f.run(running) })
	if f.db.dialect == Postgres {
		group.Go(func() { f.listen(running) })
	}
	go func() { // ends with the group, which Stop waits for
		group.Wait()
		close(stopped)
	}()
	return nil
}

// Stop ends the feed and waits for it. It may be called again, and before Start.
func (f *Feed) Stop() {
	f.mu.Lock()
	stopped, cancel := f.stopped, f.cancel
	f.mu.Unlock()
	if stopped == nil {
		return
	}
	f.db.follow(f, false)
	cancel()
	<-stopped
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped == stopped {
		f.stopped = nil
	}
}

// Confirmed is a time up to which every change has reached every subscriber,
// by the clock of [Options]; zero before Start has succeeded. What must not act
// on stale data refuses when this is too long ago.
func (f *Feed) Confirmed() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.confirmed
}

// Sync waits until everything that was committed before the call has reached
// the subscribers.
func (f *Feed) Sync(ctx context.Context) error {
	f.mu.Lock()
	want := f.begun + 1 // a pass that has begun already may have looked too early
	f.mu.Unlock()
	f.wakeUp()
	for {
		f.mu.Lock()
		done, progress, stopped := f.succeeded >= want, f.progress, f.stopped
		f.mu.Unlock()
		if done {
			return nil
		}
		if stopped == nil {
			return errFeedStopped
		}
		select {
		case <-progress:
		case <-stopped:
			return errFeedStopped
		case <-ctx.Done():
			return fmt.Errorf("wait for the change feed: %w", ctx.Err())
		}
	}
}

func (f *Feed) wakeUp() {
	select {
	case f.wake <- struct{}{}:
	default: // a wake-up is waiting already
	}
}

// follow has publishing in this process wake f, or not.
func (db *DB) follow(f *Feed, on bool) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if on {
		db.feeds[f] = struct{}{}
	} else {
		delete(db.feeds, f)
	}
}

func (f *Feed) begin(ctx context.Context) error {
	head, err := f.db.changeHead(ctx)
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.last = head
	for _, s := range f.subs {
		s.reload, s.refs = true, nil
	}
	f.mu.Unlock()
	return f.pass(ctx)
}

func (f *Feed) run(ctx context.Context) {
	ticker := time.NewTicker(f.poll)
	defer ticker.Stop()
	var failing string
	var trimmed time.Time
	for ctx.Err() == nil {
		err := f.pass(ctx)
		if err != nil && ctx.Err() == nil && err.Error() != failing { // once, not each second
			f.db.log.WarnContext(ctx, "changes are not confirmed", "error", err)
		}
		if err == nil && failing != "" {
			f.db.log.InfoContext(ctx, "changes are confirmed again")
		}
		failing = ""
		if err != nil {
			failing = err.Error()
		}
		if now := f.db.now(); now.Sub(trimmed) >= trimEvery {
			trimmed = now
			if err := f.db.trimChanges(ctx, now.Add(-f.keep)); err != nil && ctx.Err() == nil {
				f.db.log.WarnContext(ctx, "old changes are not deleted", "error", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		case <-f.wake:
		}
	}
}

// pass looks once and hands out what it finds. Only one runs at a time: Start's
// first, then those of run.
func (f *Feed) pass(ctx context.Context) error {
	f.mu.Lock()
	f.begun++
	number := f.begun
	subs := slices.Clone(f.subs)
	f.mu.Unlock()
	at := f.db.now()
	if err := f.collect(ctx); err != nil {
		return err
	}
	var failed error
	for _, s := range subs {
		failed = errors.Join(failed, f.deliver(ctx, s))
	}
	if failed != nil {
		return failed
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.confirmed, f.succeeded = at, number
	close(f.progress)
	f.progress = make(chan struct{})
	return nil
}

// collect reads what is newer than last and sorts it by subscriber.
func (f *Feed) collect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	for {
		f.mu.Lock()
		last := f.last
		f.mu.Unlock()
		found, err := f.db.changesAfter(ctx, last)
		if err != nil {
			return err
		}
		f.mu.Lock()
		f.last = max(found.last, last)
		for _, s := range f.subs {
			s.add(found)
		}
		f.mu.Unlock()
		if len(found.changes) < feedBatch {
			return nil
		}
	}
}

func (s *subscriber) add(found changes) {
	s.reload = s.reload || found.gap
	for _, c := range found.changes {
		if c.kind != s.kind || s.reload {
			continue
		}
		if c.ref == "" || len(s.refs) >= maxPending {
			s.reload = true
		} else {
			s.refs = append(s.refs, c.ref)
		}
	}
}

// deliver calls one subscriber, if there is anything for it. Its lists are
// changed by passes alone, so the lock need not be held during the call.
func (f *Feed) deliver(ctx context.Context, s *subscriber) error {
	f.mu.Lock()
	reload, refs := s.reload, unique(s.refs)
	f.mu.Unlock()
	if !reload && len(refs) == 0 {
		return nil
	}
	if reload {
		refs = nil
	}
	ctx, cancel := context.WithTimeout(ctx, subscriberPatience)
	defer cancel()
	if err := s.fn(ctx, refs); err != nil {
		return fmt.Errorf("change feed: subscriber of %q: %w", s.kind, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s.reload, s.refs = false, nil
	return nil
}

func unique(refs []string) []string {
	seen := make(map[string]bool, len(refs))
	return slices.DeleteFunc(slices.Clone(refs), func(ref string) bool {
		repeated := seen[ref]
		seen[ref] = true
		return repeated
	})
}
