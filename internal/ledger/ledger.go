// Package ledger is "how much": the credit of accounts, what every request and
// prediction was charged, durably, and the record of every request.
//
// It knows accounts, keys and models as strings, and no HTTP. Its invariants: when
// Commit returns without an error, the line is on disk, and it is there once, with the
// movement of money that it stands for; and nothing is promised that is not there.
package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"skytower/internal/money"
	"skytower/internal/store"
)

// Bounds of the queues and of patience.
const (
	maxBatch    = 512    // rows of one commit
	maxQueue    = 8192   // charge lines that wait; more wait in their callers
	maxLogQueue = 16_384 // entries that wait; more are dropped
	wakeEntries = 256    // waiting entries that are written without waiting for the tick
	logInterval = 500 * time.Millisecond
	maxText     = 512 // bytes of one text column; longer is cut

	// company is how long the end of a stream waits for others to share its commit.
	company = 4 * time.Millisecond

	// The tries of one batch take 6 to 11 s: a database server that restarts is back
	// by then. A caller waits 15 s.
	commitTries  = 11
	firstBackoff = 20 * time.Millisecond // doubles
	mostBackoff  = 2 * time.Second
	tryTimeout   = 10 * time.Second
	stopReturn   = 3 * time.Second // for giving credit back

	// With a spool, nobody waits that long for the database.
	spoolTries      = 2
	spoolAfter      = time.Second
	spoolTryTimeout = 2 * time.Second
)

// ErrStopped is returned by Commit after Stop.
var ErrStopped = errors.New("ledger is stopped")

// Charge is what a request used in the end.
type Charge struct {
	Request, Account, Key, Model, Target string
	Input, Output, Cached, Reasoning     int64       // tokens
	Counted                              bool        // our count, since none was reported
	Amount                               money.Nanos // what the caller owes, at
	PriceVersion                         int64       // this version of the model's price
	Cost                                 money.Nanos // what the upstream takes
	Outcome                              string
	At                                   time.Time
	// Patient marks a charge whose caller has its answer but for the end mark: it may
	// wait a few milliseconds for others, since a commit costs the disk the same for
	// one line as for twenty.
	Patient bool
}

// Options adjust a Ledger. The zero value works.
type Options struct {
	Log *slog.Logger
	Now func() time.Time
	// DatabaseNow stands for the clock of the database, by which leases and holds end;
	// nil is its own (on SQLite that is Now). Tests give all replicas one.
	DatabaseNow func() time.Time
	// AgesBy is the time that all processes go by to delete what is old and to settle hours
	// that are over; nil is Now. Steady reports whether it can be trusted: not for a while
	// after somebody has set a clock. nil: it always can.
	AgesBy    func() time.Time
	Steady    func() bool
	Replica   string        // names this process among those on the database; "": a random one
	Retention time.Duration // of the request log; 0 keeps it
	TrimEvery time.Duration // between deletions of what is past its retention; 0 means 5 minutes
	// Spool is the folder that charges are written to while the database is away; "": they
	// fail then.
	Spool string
	// OnSpool hears of batches that go to the spool, and of those that leave it: how many
	// bytes wait.
	OnSpool func(waiting int64)
	// OnBatch hears of every commit of charge lines.
	OnBatch func(lines int, took time.Duration)
	// OnFailed hears of every batch that the database did not take, whether it is in the
	// spool instead.
	OnFailed func(spooled bool)
	// OnDropped hears at once of request-log entries that are lost, from any goroutine.
	OnDropped func(entries int)
}

// Ledger is safe for concurrent use.
type Ledger struct {
	db     *store.DB
	o      Options
	writer batchWriter

	charges     chan *pending
	entries     chan *Entry
	manyEntries chan struct{} // wakes the committer
	chargePool  sync.Pool
	entryPool   sync.Pool
	entryBatch  []*Entry     // the committer's
	entryTries  int          // of entryBatch, where it is still to be written
	dropped     atomic.Int64 // since it was last logged

	tills      sync.Map      // by purse: *till
	topUps     chan *till    // for the lease loop
	recallWait time.Duration // shorter in tests where processes vanish
	orphans    orphans
	spool      *spool // nil: there is none

	usage, traffic *rollup
	trimming       [2]store.Pace // batches, the request log

	holdsDone atomic.Int64 // Expire's bookmark: the time up to which holds have been ended

	mu        sync.RWMutex // read-locked while something is queued, so that Stop misses none
	stopped   bool
	done      sync.WaitGroup
	stopping  context.Context // done when Stop has begun
	stop      context.CancelFunc
	abandoned context.Context // done when writing must be given up
	abandon   context.CancelFunc
}

// pending is a charge with its waiter and with what pays for it.
type pending struct {
	charge   Charge
	done     chan error
	budget   string // the purse of the key's budget, or ""
	pay      []payment
	buf      [3]payment // for pay, which is hardly ever longer
	repeated bool       // the request was charged before: nothing was written
}

// New returns a ledger on the database. Nothing is written before Start.
func New(db *store.DB, o Options) *Ledger {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.AgesBy == nil {
		o.AgesBy = o.Now
	}
	if o.Steady == nil {
		o.Steady = func() bool { return true }
	}
	if o.Replica == "" {
		o.Replica = rand.Text()
	}
	if o.TrimEvery <= 0 {
		o.TrimEvery = trimInterval
	}
	l := &Ledger{
		db: db, o: o, charges: make(chan *pending, maxQueue), entries: make(chan *Entry, maxLogQueue),
		manyEntries: make(chan struct{}, 1), topUps: make(chan *till, maxTopUps), recallWait: recallWait,
	}
	l.usage, l.traffic = newRollups()
	if o.Spool != "" {
		l.spool = newSpool(o.Spool, o.Replica)
	}
	l.stopping, l.stop = context.WithCancel(context.Background())
	l.abandoned, l.abandon = context.WithCancel(context.Background())
	l.chargePool.New = func() any { return &pending{done: make(chan error, 1)} }
	l.entryPool.New = func() any { return &Entry{} }
	return l
}

// Start prepares the statements and begins committing. It is called once.
func (l *Ledger) Start(ctx context.Context) error {
	writer, err := newBatchWriter(ctx, l.db)
	if err != nil {
		return fmt.Errorf("prepare the ledger's statements: %w", err)
	}
	if err := l.endEarlier(ctx); err != nil {
		return errors.Join(err, writer.close())
	}
	if l.spool != nil {
		l.writer = writer
		if err := l.adoptSpool(ctx); err != nil {
			return errors.Join(err, writer.close())
		}
	}
	l.start(writer)
	return nil
}

func (l *Ledger) start(writer batchWriter) {
	l.writer = writer
	l.done.Go(l.commitLoop)
	l.done.Go(l.trimLoop)
	l.done.Go(l.leaseLoop)
	l.done.Go(l.rollLoop)
	if l.spool != nil {
		l.done.Go(l.spoolLoop)
	}
}

// Stop makes what is queued durable and ends; when ctx is over before, or the
// database is away, what is left fails. Commits that come later fail with
// ErrStopped. It may be called again, and before Start.
func (l *Ledger) Stop(ctx context.Context) error {
	l.mu.Lock()
	first := !l.stopped
	if first {
		l.stopped = true
		l.stop()
	}
	l.mu.Unlock()
	giveUp := context.AfterFunc(ctx, l.abandon)
	l.done.Wait()
	inTime := giveUp()
	l.abandon()
	if !first || l.writer == nil {
		return nil
	}
	l.returnCredit(ctx)
	var err error
	if l.spool != nil {
		err = l.spool.close()
	}
	err = errors.Join(err, l.writer.close())
	if !inTime {
		err = errors.Join(fmt.Errorf("stop the ledger: %w", ctx.Err()), err)
	}
	return err
}

// returnCredit replays what is spooled and gives leased credit back, at the end. Where
// the database is away, the spool stays for the next start, and leases end by their time.
func (l *Ledger) returnCredit(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopReturn)
	defer cancel()
	if l.spool != nil {
		if err := l.replayAll(ctx); err != nil {
			l.o.Log.Warn("spooled charges stay in the spool until the next start", "folder", l.o.Spool, "error", err)
		}
	}
	if err := l.returnAll(ctx); err != nil {
		l.o.Log.Warn("leased credit could not be given back; its leases end by themselves", "error", err)
	}
	if err := l.flush(ctx); err != nil {
		l.o.Log.Warn("the last sums of usage could not be written; they are put right when their hour is settled", "error", err)
	}
}

// Commit charges the request and returns when the line is durable. A charge that
// has been queued is written even if ctx ends meanwhile. After an error the line
// may be there all the same: an answer can get lost. A request that has been
// charged before stays charged as it was.
//
// The amount comes from the reservation first, then from what else this process has
// leased of the account; what is more than that the account owes. What the reservation
// has left is free at once; the reservation is used up, whatever Commit returns.
func (l *Ledger) Commit(ctx context.Context, r *Reservation, c Charge) error {
	if err := c.check(); err != nil {
		l.Release(r)
		return err
	}
	p, _ := l.chargePool.Get().(*pending)
	p.charge = c
	if err := l.prepay(ctx, p, r); err != nil {
		return err
	}
	if err := l.enqueue(ctx, p); err != nil {
		p.settle(refused)
		return err
	}
	select {
	case err := <-p.done:
		p.reset()
		l.chargePool.Put(p)
		if err != nil {
			return fmt.Errorf("write the charge of request %s: %w", c.Request, err)
		}
		return nil
	case <-ctx.Done():
		// p is not put back: its answer is still to come.
		return fmt.Errorf("wait for the charge of request %s to be durable: %w", c.Request, ctx.Err())
	}
}

// clock reads the time by which leases and holds end, in microseconds: that of the
// database, since the clocks of processes differ.
func (l *Ledger) clock(ctx context.Context, tx *store.Tx) (now int64, err error) {
	if l.o.DatabaseNow != nil {
		return store.Micros(l.o.DatabaseNow()), nil
	}
	if tx.Dialect() != store.Postgres {
		return store.Micros(l.o.Now()), nil
	}
	err = tx.QueryRow(ctx, `select cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)`).Scan(&now)
	if err != nil {
		return 0, fmt.Errorf("read the database's clock: %w", err)
	}
	return now, nil
}

// age is the time that ages are counted to; ok is false while it can't be trusted.
func (l *Ledger) age() (now time.Time, ok bool) {
	now = l.o.AgesBy() // first: a clock in doubt is known before it shows another time
	return now, l.o.Steady()
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

// check refuses what would fail the whole batch, or break the sums. Names are cut to
// what fits, but not those that say who owes what: cut or mended, two of them could
// become one, and the second request would go free.
func (c *Charge) check() error {
	const most = 1 << 50 // tokens; sums of thousands of lines stay below int64
	for _, n := range [...]int64{c.Input, c.Output, c.Cached, c.Reasoning} {
		if n < 0 || n > most {
			return fmt.Errorf("charge of request %.64q has an impossible number of tokens: %d", c.Request, n)
		}
	}
	if c.Amount < 0 || c.Amount > maxPromise || c.Cost < 0 || c.Cost > maxPromise {
		return fmt.Errorf("charge of request %.64q has an impossible amount: %d, cost %d", c.Request, c.Amount, c.Cost)
	}
	for _, id := range [...]string{c.Request, c.Account, c.Key} {
		if len(id) > maxText || !utf8.ValidString(id) || fit(id) != id {
			return fmt.Errorf("charge of request %.64q has an impossible id %.64q", c.Request, id)
		}
	}
	if c.Request == "" || c.Account == "" {
		return fmt.Errorf("charge of request %q lacks its request or account", c.Request)
	}
	for _, text := range [...]*string{&c.Model, &c.Target, &c.Outcome} {
		*text = fit(*text)
	}
	return nil
}

// Holds tells how work in the background has held SQLite's writer, by kind.
func (l *Ledger) Holds() map[string]store.Holds {
	return map[string]store.Holds{
		"usage sums": l.usage.pace.Holds(), "traffic sums": l.traffic.pace.Holds(), "old usage": l.usage.trimming.Holds(), "old traffic": l.traffic.trimming.Holds(),
		"old batches": l.trimming[0].Holds(), "old requests": l.trimming[1].Holds(),
	}
}
