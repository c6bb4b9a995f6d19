package jobs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"skytower/internal/jobs"
	"skytower/internal/jobs/jobstest"
	"skytower/internal/store"
)

// oneJob starts workers with w, and enqueues one job for them.
func oneJob(t *testing.T, db *store.DB, log *record, w jobs.Worker[task], o jobs.Insert) *jobs.Jobs {
	t.Helper()
	options := jobs.Options{Workers: all}
	if log != nil {
		options.Log = log.logger()
	}
	j := open(t, db, options)
	jobs.Register(j, w)
	start(t, j)
	enqueue(t, db, j, "a secret", o)
	return j
}

func TestCompleteSharesTheTransaction(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		exec(t, db, `create table note (attempt bigint not null)`)
		done := make(chan struct{})
		log := &record{}
		j := oneJob(t, db, log, jobs.Worker[task]{Retry: atOnce, Run: func(ctx context.Context, job jobs.Job[task]) error {
			settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			defer cancel()
			err := db.Write(settle, func(tx *store.Tx) error {
				if _, err := tx.Exec(settle, `insert into note (attempt) values ($1)`, job.Attempt); err != nil {
					return err
				}
				if err := job.Complete(settle, tx); err != nil {
					return err
				}
				if job.Attempt == 1 {
					return errTest // after which neither has happened
				}
				return nil
			})
			if job.Attempt == 1 {
				return err
			}
			wantState(t, db, "completed", 2)
			close(done)
			return errTest // too late to matter
		}}, jobs.Insert{})
		<-done
		stop(t, j)
		wantState(t, db, "completed", 2)
		if n := count(t, db, `select sum(attempt) from note`); n != 2 {
			t.Errorf("the notes of tries add up to %d, want 2", n)
		}
	})
}

func TestSnoozeCountsNoTry(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		tries := make(chan int, 2)
		snoozed := false
		j := oneJob(t, db, nil, jobs.Worker[task]{Run: func(_ context.Context, job jobs.Job[task]) error {
			tries <- job.Attempt
			if !snoozed {
				snoozed = true
				return jobs.Snooze(-time.Second)
			}
			return nil
		}}, jobs.Insert{MaxAttempts: 1})
		if first, second := <-tries, <-tries; first != 1 || second != 1 {
			t.Errorf("tries %d and %d", first, second)
		}
		stop(t, j)
		wantState(t, db, "completed", 1)
	})
}

func TestSnoozeForLong(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		ran := make(chan struct{})
		j := oneJob(t, db, nil, jobs.Worker[task]{Run: func(context.Context, jobs.Job[task]) error {
			close(ran)
			return jobs.Snooze(time.Hour)
		}}, jobs.Insert{})
		<-ran
		stop(t, j)
		wantState(t, db, "scheduled", 0)
	})
}

func TestDiscardEndsTheJob(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		ran := make(chan struct{})
		log := &record{}
		j := oneJob(t, db, log, jobs.Worker[task]{Run: func(context.Context, jobs.Job[task]) error {
			close(ran)
			return jobs.Discard(errTest)
		}}, jobs.Insert{})
		<-ran
		stop(t, j)
		wantState(t, db, "cancelled", 1)
		wantOneLine(t, log, "job given up", "kind=task", "attempt=1", errTest.Error())
	})
}

func TestErrorIsRetried(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		tries := make(chan int, 2)
		log := &record{}
		j := oneJob(t, db, log, jobs.Worker[task]{Retry: atOnce, Run: func(_ context.Context, job jobs.Job[task]) error {
			tries <- job.Attempt
			if job.Attempt == 1 {
				return errTest
			}
			return nil
		}}, jobs.Insert{})
		if first, second := <-tries, <-tries; first != 1 || second != 2 {
			t.Errorf("tries %d and %d", first, second)
		}
		stop(t, j)
		wantState(t, db, "completed", 2)
		wantOneLine(t, log, "job failed, and is tried again", "level=WARN", "kind=task", "attempt=1", errTest.Error())
	})
}

func TestPanicIsAnError(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		ran := make(chan struct{})
		log := &record{}
		j := oneJob(t, db, log, jobs.Worker[task]{Run: func(context.Context, jobs.Job[task]) error {
			defer close(ran)
			panic("out of cheese")
		}}, jobs.Insert{MaxAttempts: 1})
		<-ran
		stop(t, j)
		wantState(t, db, "discarded", 1)
		wantOneLine(t, log, "job failed for good", "level=ERROR", "kind=task", "attempt=1", "panic: out of cheese", "work_test.go")
	})
}

func TestTimeoutEndsATry(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		ran := make(chan struct{})
		log := &record{}
		j := oneJob(t, db, log, jobs.Worker[task]{Timeout: time.Millisecond, Run: func(ctx context.Context, _ jobs.Job[task]) error {
			defer close(ran)
			<-ctx.Done()
			return ctx.Err()
		}}, jobs.Insert{MaxAttempts: 1})
		<-ran
		stop(t, j)
		wantState(t, db, "discarded", 1)
		wantOneLine(t, log, context.DeadlineExceeded.Error())
	})
}

// wantOneLine wants one line with all the words, and nothing of the arguments.
func wantOneLine(t *testing.T, log *record, words ...string) {
	t.Helper()
	lines := log.lines()
	if len(lines) != 1 {
		t.Errorf("logged %d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	for _, word := range words {
		if !strings.Contains(lines[0], word) {
			t.Errorf("%q is not in the line\n%s", word, lines[0])
		}
	}
	if strings.Contains(lines[0], "a secret") {
		t.Errorf("arguments in the log:\n%s", lines[0])
	}
}
