// Package ledger is "how much": what every request was charged, durably, and the
// record of every request. In this version all models are free, so a line's amount
// is zero and nothing is reserved; the units are already exact.
//
// It knows accounts, keys and models as strings, and no HTTP. Its one invariant:
// when Commit returns without an error, the line is on disk, and it is there once.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"skytower/internal/store"
)

// Bounds of the queues.
const (
	maxBatch     = 512  // charge lines of one commit
	maxQueue     = 8192 // charge lines that wait; more wait in their callers
	maxLogQueue  = 16384
	maxText      = 512 // bytes of one text column; longer is cut
	commitTries  = 6
	firstBackoff = 20 * time.Millisecond
	logInterval  = 500 * time.Millisecond
	batchKept    = 24 * time.Hour
	trimInterval = 5 * time.Minute
	trimSlice    = 200 // rows of one deletion: a few milliseconds of SQLite's writer
)

// ErrStopped is returned by Commit after Stop.
var ErrStopped = errors.New("ledger is stopped")

// Estimate is what a request may cost at most, before it runs. Output is 0 where
// the caller set no limit.
type Estimate struct {
	Request, Account, Key, Model string
	Input, Output                int64 // tokens
}

// Reservation is credit set aside for one request.
type Reservation struct{ request string }

// Charge is what a request used in the end.
type Charge struct {
	Request, Account, Key, Model, Target string
	Input, Output, Cached, Reasoning     int64 // tokens
	Counted                              bool  // our count, since none was reported
	Outcome                              string
	At                                   time.Time
}

// Options adjust a Ledger. The zero value works.
type Options struct {
	Log       *slog.Logger
	Now       func() time.Time
	Retention time.Duration // of the request log; 0 keeps it
	// OnBatch hears of every commit of charge lines.
	OnBatch func(lines int, took time.Duration)
	// OnDropped hears of request-log entries that found no room.
	OnDropped func(entries int)
}

// Ledger is safe for concurrent use.
type Ledger struct {
	db     *store.DB
	o      Options
	writer batchWriter

	charges chan *pending
	entries chan Entry
	pool    sync.Pool
	dropped atomic.Int64

	mu      sync.RWMutex // held by Commit while it queues, so that Stop misses none
	stopped bool
	stop    chan struct{}
	done    sync.WaitGroup
}

// pending is a charge with its waiter.
type pending struct {
	charge Charge
	done   chan error
}

// New returns a ledger on the database. Nothing is written before Start.
func New(db *store.DB, o Options) *Ledger {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Ledger{
		db: db, o: o, charges: make(chan *pending, maxQueue), entries: make(chan Entry, maxLogQueue), stop: make(chan struct{}),
	}
	l.pool.New = func() any { return &pending{done: make(chan error, 1)} }
	return l
}

// Start prepares the statements and begins committing.
func (l *Ledger) Start(ctx context.Context) error {
	writer, err := newBatchWriter(ctx, l.db)
	if err != nil {
		return fmt.Errorf("prepare the ledger's statements: %w", err)
	}
	l.writer = writer
	l.done.Add(2)
	go l.commitLoop()
	go l.trimLoop()
	return nil
}

// Stop makes what is queued durable and ends. Commits that come later fail with
// ErrStopped.
func (l *Ledger) Stop(ctx context.Context) error {
	l.mu.Lock()
	if l.stopped {
		l.mu.Unlock()
		return nil
	}
	l.stopped = true
	close(l.stop)
	l.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		l.done.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		return fmt.Errorf("stop the ledger: %w", ctx.Err())
	}
	if l.writer == nil {
		return nil
	}
	return l.writer.close()
}

// Reserve sets credit aside for the request. Every model is free in this version,
// so there is nothing to set aside, and nothing that could be missing.
func (l *Ledger) Reserve(_ context.Context, e Estimate) (Reservation, error) {
	return Reservation{request: e.Request}, nil
}

// Release gives a reservation back for a request that owes nothing.
func (l *Ledger) Release(Reservation) {}

// Commit charges the request and returns when the line is durable. A charge that
// has been queued is written even if ctx ends meanwhile.
func (l *Ledger) Commit(ctx context.Context, _ Reservation, c Charge) error {
	if err := c.check(); err != nil {
		return err
	}
	p, _ := l.pool.Get().(*pending)
	p.charge = c
	if err := l.enqueue(ctx, p); err != nil {
		return err
	}
	select {
	case err := <-p.done:
		p.charge = Charge{}
		l.pool.Put(p)
		return err
	case <-ctx.Done():
		// p is not put back: its answer is still to come.
		return fmt.Errorf("wait for the charge to be durable: %w", ctx.Err())
	}
}

// Waiting is how many charge lines wait for a commit.
func (l *Ledger) Waiting() int { return len(l.charges) }

func (l *Ledger) enqueue(ctx context.Context, p *pending) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.stopped {
		return ErrStopped
	}
	select {
	case l.charges <- p:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("queue the charge: %w", ctx.Err())
	}
}

// check refuses what would fail the whole batch, or break the sums.
func (c *Charge) check() error {
	const most = 1 << 50 // tokens; sums of many lines stay far below int64
	for _, n := range [...]int64{c.Input, c.Output, c.Cached, c.Reasoning} {
		if n < 0 || n > most {
			return fmt.Errorf("charge of request %s has an impossible number of tokens: %d", c.Request, n)
		}
	}
	if c.Request == "" || c.Account == "" {
		return fmt.Errorf("charge of request %q lacks its request or account", c.Request)
	}
	for _, text := range [...]*string{&c.Request, &c.Account, &c.Key, &c.Model, &c.Target, &c.Outcome} {
		*text = fit(*text)
	}
	return nil
}
