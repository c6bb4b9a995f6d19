package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"skytower/internal/store"
)

// DefaultTimeout bounds a try whose worker names no bound.
const DefaultTimeout = time.Minute

const (
	// leaveGrace is how much later than the worker's own bound River takes a job for
	// lost: a worker that is just putting its result away is not given a twin.
	leaveGrace = 30 * time.Second
	maxRetry   = 10 * time.Minute
)

// Job is one try of a job.
type Job[A Args] struct {
	ID          int64
	Args        A
	Attempt     int // from 1
	MaxAttempts int
	// Complete marks the job as done in the transaction that also writes its result.
	// Its context must come from the one that the worker was given.
	Complete func(context.Context, *store.Tx) error
}

// Worker runs the jobs of one kind.
type Worker[A Args] struct {
	Run func(context.Context, Job[A]) error
	// Timeout bounds one try; 0 is DefaultTimeout. On PostgreSQL the job of a process
	// that died runs again only after it.
	Timeout time.Duration
	// Retry is the wait after failed try number attempt; nil grows from a second.
	Retry func(attempt int) time.Duration
}

// Register adds the worker of a kind. Two of one kind are a mistake, and panic.
func Register[A Args](j *Jobs, w Worker[A]) {
	if w.Timeout <= 0 {
		w.Timeout = DefaultTimeout
	}
	if w.Retry == nil {
		w.Retry = retry
	}
	river.AddWorker(j.workers, &adapter[A]{j: j, w: w})
}

// Snooze, returned by a worker, runs the job again after d without counting a try.
func Snooze(d time.Duration) error { return river.JobSnooze(max(d, 0)) }

// Discard, returned by a worker, ends the job for good.
func Discard(err error) error { return river.JobCancel(err) }

// retry doubles from a second, and never lets a crowd of failures return at once.
func retry(attempt int) time.Duration {
	wait := maxRetry
	if doublings := max(attempt-1, 0); doublings < 10 {
		wait = min(time.Second<<doublings, maxRetry)
	}
	return wait/2 + rand.N(wait)
}

// adapter is a Worker in River's eyes.
type adapter[A Args] struct {
	river.WorkerDefaults[A]
	j *Jobs
	w Worker[A]
}

func (a *adapter[A]) Timeout(*river.Job[A]) time.Duration { return a.w.Timeout + leaveGrace }

func (a *adapter[A]) NextRetry(job *river.Job[A]) time.Time {
	return a.j.o.Now().Add(max(a.w.Retry(job.Attempt), 0))
}

func (a *adapter[A]) Work(ctx context.Context, job *river.Job[A]) error {
	bounded, cancel := context.WithTimeout(ctx, a.w.Timeout)
	defer cancel()
	err := guard(func() error {
		return a.w.Run(bounded, Job[A]{
			ID: job.ID, Args: job.Args, Attempt: job.Attempt, MaxAttempts: job.MaxAttempts,
			Complete: func(ctx context.Context, tx *store.Tx) error { return complete(ctx, tx, job) },
		})
	})
	return a.j.outcome(ctx, job.JobRow, err)
}

// outcome turns what a worker returned into what River should do.
func (j *Jobs) outcome(ctx context.Context, job *rivertype.JobRow, err error) error {
	if _, later := errors.AsType[*river.JobSnoozeError](err); err == nil || later {
		return err
	}
	if _, discarded := errors.AsType[*river.JobCancelError](err); discarded {
		j.log.WarnContext(ctx, "job given up", append(about(job), "error", err)...)
		return err
	}
	if j.cut.Load() && ctx.Err() != nil {
		// River makes it available at once and counts no try, if it hears that the
		// worker left because of the stop.
		return context.Canceled
	}
	return err
}

func complete[A Args](ctx context.Context, tx *store.Tx, job *river.Job[A]) error {
	_, err := river.JobCompleteTx[riverdriver.Driver[*sql.Tx]](ctx, tx.SQL(), job)
	if err != nil && !errors.Is(err, river.ErrNotFound) { // deleted: nothing is left to be done twice
		return fmt.Errorf("complete job %d: %w", job.ID, err)
	}
	return nil
}

// panicked is a panic as an error.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// guard keeps a panic from River, which would log it once more.
func guard(fn func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicked{value: value, stack: debug.Stack()}
		}
	}()
	return fn()
}

// failures logs each failed try, once.
type failures struct{ log *slog.Logger }

// HandleError is called by River for every error that is not an outcome.
func (f failures) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	if _, unknown := errors.AsType[*river.UnknownJobKindError](err); unknown {
		return nil // River has said so
	}
	attrs := append(about(job), "error", err)
	if p, ok := errors.AsType[*panicked](err); ok {
		attrs = append(attrs, "stack", string(p.stack))
	}
	if job.Attempt >= job.MaxAttempts {
		f.log.ErrorContext(ctx, "job failed for good", attrs...)
	} else {
		f.log.WarnContext(ctx, "job failed, and is tried again", attrs...)
	}
	return nil
}

// HandlePanic is for panics outside of our workers, which River has logged.
func (failures) HandlePanic(context.Context, *rivertype.JobRow, any, string) *river.ErrorHandlerResult {
	return nil
}

// about names a job without what its arguments say.
func about(job *rivertype.JobRow) []any {
	return []any{"kind", job.Kind, "job", job.ID, "attempt", job.Attempt}
}
