// Package jobs runs work in the background on River, on both databases: jobs are
// inserted in the transaction that makes them necessary, and run at least once.
//
// It owns River: other rooms see Args, Worker and Jobs. It refuses to know what a job
// does. Its one invariant: a job that was enqueued in a committed transaction runs to
// its end at least once, whatever process dies on the way.
package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"skytower/internal/store"
)

// Queue is a class of work. There are few: a queue's workers are shared by all.
type Queue string

// The queues.
const (
	Remote   Queue = "remote"   // predictions that wait for an upstream
	Local    Queue = "local"    // predictions that compute on this machine
	Webhooks Queue = "webhooks" // deliveries
	Upkeep   Queue = "upkeep"   // retention, sweeps
)

// Args say what a job is about: ids only. They are kept as JSON.
type Args interface{ Kind() string }

// Job is one try of a job.
type Job[A Args] struct {
	ID          int64
	Args        A
	Attempt     int // from 1
	MaxAttempts int
	// Complete marks the job as done in the transaction that also writes its result.
	Complete func(context.Context, *store.Tx) error
}

// Worker runs the jobs of one kind.
type Worker[A Args] struct {
	Run func(context.Context, Job[A]) error
	// Timeout bounds one try; 0 is DefaultTimeout.
	Timeout time.Duration
	// Retry is the wait after failed try number attempt; nil grows from a second.
	Retry func(attempt int) time.Duration
}

// DefaultTimeout bounds a try whose worker names no bound.
const DefaultTimeout = time.Minute

// Insert adjusts one job. The zero value goes to Upkeep with the lowest priority.
type Insert struct {
	Queue       Queue
	Priority    int       // 1 (first) to 4 (last); 0 is 4
	At          time.Time // not before; zero is now
	MaxAttempts int       // 0 is 25
}

// Options adjust New.
type Options struct {
	Log *slog.Logger
	// Workers is how many jobs of each queue run at once in this process; a queue
	// without an entry, or with 0, is not worked here.
	Workers map[Queue]int
}

// Jobs is safe for concurrent use. Register workers before Start.
type Jobs struct {
	db *store.DB
	o  Options
}

// New returns the queue on the database, whose schema Migrate has brought up to date.
func New(db *store.DB, o Options) (*Jobs, error) { return &Jobs{db: db, o: o}, nil }

// Migrate brings River's own tables up to date. It is safe in any number of processes
// at once.
func Migrate(ctx context.Context, db *store.DB) error { return errors.New("to be written") }

// Register adds the worker of a kind.
func Register[A Args](j *Jobs, w Worker[A]) {}

// Every runs fn on the leader of all processes, first at the start and then at the
// interval, as a job of the queue Upkeep.
func (j *Jobs) Every(name string, interval time.Duration, fn func(context.Context) error) {}

// Enqueue inserts a job in tx: it exists when tx commits, and only then.
func (j *Jobs) Enqueue(ctx context.Context, tx *store.Tx, args Args, o Insert) error { return nil }

// Start begins to work, and takes up what a process that died left behind.
func (j *Jobs) Start(ctx context.Context) error { return nil }

// Stop takes no more jobs, lets those that run finish until ctx is over, then cancels
// their contexts and waits for them. Work that was cut runs again elsewhere.
func (j *Jobs) Stop(ctx context.Context) error { return nil }

// Snooze, returned by a worker, runs the job again after d without counting a try.
func Snooze(d time.Duration) error { return nil }

// Discard, returned by a worker, ends the job for good.
func Discard(err error) error { return err }
