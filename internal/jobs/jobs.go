// Package jobs runs work in the background on River, on both databases: jobs are
// inserted in the transaction that makes them necessary, and run at least once.
//
// It owns River: other rooms see Args, Worker and Jobs. It refuses to know what a job
// does. Its one invariant: a job that was enqueued in a committed transaction runs to
// its end at least once, whatever process dies on the way.
package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"skytower/internal/store"
)

// Queue is a class of work. There are few: a queue's workers are shared by all.
type Queue string

// The queues.
const (
	Remote    Queue = "remote"    // predictions that wait for an upstream
	Local     Queue = "local"     // predictions that compute on this machine
	Responses Queue = "responses" // responses in the background
	Webhooks  Queue = "webhooks"  // deliveries
	Upkeep    Queue = "upkeep"    // retention, sweeps
)

const (
	lowestPriority = 4
	maxAttempts    = 25
	// cutPatience bounds how long Stop waits for workers whose contexts it has cancelled.
	cutPatience = 10 * time.Second
)

var (
	errStarted = errors.New("jobs: already started")
	errUncut   = errors.New("jobs: some work did not end after its context was cancelled")
)

// Args say what a job is about: ids only. They are kept as JSON.
type Args interface{ Kind() string }

// Insert adjusts one job. The zero value goes to Upkeep with the lowest priority.
type Insert struct {
	Queue       Queue
	Priority    int       // 1 (first) to 4 (last); 0 is 4
	At          time.Time // not before; zero is now. A later one is looked at every 5 s.
	MaxAttempts int       // 0 is 25
}

// Request is one job of [Jobs.EnqueueMany].
type Request struct {
	Args   Args
	Insert Insert
}

// Options adjust New.
type Options struct {
	Log *slog.Logger
	// Workers is how many jobs of each queue run at once in this process; a queue
	// without an entry, or with 0, is not worked here. With none at all the process
	// only enqueues, and leads nothing.
	Workers map[Queue]int
	// Now is the time that all processes share; nil: this machine's. What is enqueued for
	// later, and tried again later, is so by it.
	Now func() time.Time
	// Steady says whether that time can be trusted enough to delete for age; nil: always.
	Steady func() bool

	poll time.Duration // tests replace fetchPoll
}

// Jobs is safe for concurrent use. Register workers before Start.
type Jobs struct {
	db       *store.DB
	o        Options
	log      *slog.Logger
	inserter *river.Client[*sql.Tx] // works nothing, and so can be there before Start
	workers  *river.Workers
	periods  []*period
	waker    waker
	cut      atomic.Bool // the contexts of running jobs are being cancelled

	mu      sync.Mutex
	running *run // nil before Start and after Stop
}

// run is what Start made and Stop ends.
type run struct {
	client   *river.Client[*sql.Tx] // nil where nothing is worked
	listener *pgxpool.Pool          // nil on SQLite and where nothing is worked
	leave    context.CancelFunc     // begins no further run of what is periodic
	cutOff   context.CancelFunc     // cancels those that run
	periods  sync.WaitGroup
	sleep    context.CancelFunc // ends the waker
	waking   sync.WaitGroup
}

// New returns the queue on the database, whose schema Migrate has brought up to date.
func New(db *store.DB, o Options) (*Jobs, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.poll == 0 {
		o.poll = fetchPoll
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Steady == nil {
		o.Steady = func() bool { return true }
	}
	j := &Jobs{db: db, o: o, log: o.Log, workers: river.NewWorkers()}
	j.waker = newWaker(db, o.Log)
	var err error
	if j.inserter, err = river.NewClient(plainDriver(db), j.config(nil)); err != nil {
		return nil, fmt.Errorf("make a client of the job queue: %w", err)
	}
	return j, nil
}

// Enqueue inserts a job in tx: it exists when tx commits, and only then.
func (j *Jobs) Enqueue(ctx context.Context, tx *store.Tx, args Args, o Insert) error {
	return j.EnqueueMany(ctx, tx, []Request{{Args: args, Insert: o}})
}

// EnqueueMany is Enqueue for several jobs, in one statement.
func (j *Jobs) EnqueueMany(ctx context.Context, tx *store.Tx, requests []Request) error {
	if len(requests) == 0 {
		return nil
	}
	now := j.o.Now()
	many := make([]river.InsertManyParams, len(requests))
	var due []Queue
	for i, r := range requests {
		opts := r.Insert.opts(now)
		many[i] = river.InsertManyParams{Args: r.Args, InsertOpts: opts}
		if opts.ScheduledAt.IsZero() {
			due = append(due, Queue(opts.Queue))
		}
	}
	if _, err := j.inserter.InsertManyFastTx(ctx, tx.SQL(), many); err != nil {
		return fmt.Errorf("enqueue %d of %s: %w", len(requests), requests[0].Args.Kind(), err)
	}
	if len(due) > 0 {
		tx.AfterCommit(func() { j.waker.wake(due...) })
	}
	return nil
}

func (o Insert) opts(now time.Time) *river.InsertOpts {
	opts := &river.InsertOpts{Queue: string(o.Queue), Priority: o.Priority, MaxAttempts: o.MaxAttempts}
	if o.Queue == "" {
		opts.Queue = string(Upkeep)
	}
	if o.Priority == 0 {
		opts.Priority = lowestPriority
	}
	if o.At.After(now) { // what is due already need not wait for River's scheduler
		opts.ScheduledAt = o.At
	}
	return opts
}

// Start begins to work, and takes up what a process that died left behind. ctx bounds
// the beginning only.
func (j *Jobs) Start(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.running != nil {
		return errStarted
	}
	j.cut.Store(false)
	r := &run{}
	if queues := j.queues(); len(queues) > 0 {
		if err := j.work(ctx, r, queues); err != nil {
			return err
		}
	}
	waking, sleep := context.WithCancel(context.WithoutCancel(ctx))
	r.sleep = sleep
	r.waking.Go(func() { j.waker.run(waking) })
	j.running = r
	return nil
}

func (j *Jobs) work(ctx context.Context, r *run, queues map[string]river.QueueConfig) error {
	if err := j.recoverRunning(ctx); err != nil {
		return fmt.Errorf("take up the jobs of a process that died: %w", err)
	}
	driver, err := j.listeningDriver(ctx, r)
	if err != nil {
		return err
	}
	if r.client, err = river.NewClient(driver, j.config(queues)); err == nil {
		j.startPeriods(ctx, r)
		err = r.client.Start(context.WithoutCancel(ctx)) // whose end would cut all jobs
	}
	if err != nil {
		r.abandon()
		return fmt.Errorf("start the job queue: %w", err)
	}
	return nil
}

// abandon undoes a Start that failed half-way.
func (r *run) abandon() {
	if r.leave != nil {
		r.leave()
		r.cutOff()
		r.periods.Wait()
	}
	if r.listener != nil {
		r.listener.Close()
	}
}

// Stop takes no more jobs, lets those that run finish until ctx is over, then cancels
// their contexts and waits for them. Work that was cut runs again elsewhere. It may be
// called again, and before Start.
func (j *Jobs) Stop(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.running
	if r == nil {
		return nil
	}
	j.running = nil
	var err error
	if r.client != nil {
		err = j.stopWork(ctx, r)
	}
	r.sleep() // after the workers, which enqueue too
	r.waking.Wait()
	if r.listener != nil {
		r.listener.Close()
	}
	return err
}

func (j *Jobs) stopWork(ctx context.Context, r *run) error {
	r.leave()
	defer r.cutOff()
	if r.client.Stop(ctx) == nil && waitFor(ctx, &r.periods) == nil {
		return nil
	}
	j.cut.Store(true)
	r.cutOff()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cutPatience)
	defer cancel()
	if r.client.StopAndCancel(ctx) != nil || waitFor(ctx, &r.periods) != nil {
		return errUncut
	}
	return nil
}

// waitFor waits for a group until ctx is over; then its goroutine ends with the group.
func waitFor(ctx context.Context, group *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
