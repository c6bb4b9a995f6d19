package jobs_test

import (
	"context"
	"testing"
	"time"

	"skytower/internal/jobs"
	"skytower/internal/jobs/jobstest"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestStopLetsWorkFinish(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		begun, finish := make(chan struct{}), make(chan struct{})
		j := oneJob(t, db, nil, jobs.Worker[task]{Run: func(ctx context.Context, _ jobs.Job[task]) error {
			close(begun)
			<-finish
			return ctx.Err()
		}}, jobs.Insert{})
		<-begun
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			stop(t, j)
		}()
		close(finish)
		<-stopped
		wantState(t, db, "completed", 1)
	})
}

func TestStopHandsBack(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		begun := make(chan struct{})
		j := oneJob(t, db, nil, jobs.Worker[task]{Run: func(ctx context.Context, _ jobs.Job[task]) error {
			close(begun)
			<-ctx.Done()
			return errTest // whatever it says: it is not its fault
		}}, jobs.Insert{MaxAttempts: 1})
		<-begun
		cut(t, j)
		wantState(t, db, "available", 0)
		if t.Failed() {
			return // nobody would run it
		}

		next := open(t, db, jobs.Options{Workers: all})
		tries := make(chan jobs.Job[task], 1)
		jobs.Register(next, tell(tries))
		start(t, next)
		if job := <-tries; job.Attempt != 1 {
			t.Errorf("try %d", job.Attempt)
		}
	})
}

func TestStopKeepsWhatWorkersDecide(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		begun := make(chan struct{})
		log := &record{}
		j := oneJob(t, db, log, jobs.Worker[task]{Run: func(ctx context.Context, _ jobs.Job[task]) error {
			close(begun)
			<-ctx.Done()
			return jobs.Discard(errTest)
		}}, jobs.Insert{})
		<-begun
		cut(t, j)
		wantState(t, db, "cancelled", 1)
	})
}

func TestStopCutsUpkeep(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		j := open(t, db, jobs.Options{Workers: all})
		jobs.Register(j, tell(nil))
		begun, ended := make(chan struct{}), make(chan struct{})
		j.Every("wait", time.Hour, func(ctx context.Context) error {
			close(begun)
			<-ctx.Done()
			close(ended)
			return ctx.Err()
		})
		start(t, j)
		<-begun
		cut(t, j)
		select {
		case <-ended:
		default:
			t.Error("Stop did not wait")
		}
	})
}

func TestSQLiteTakesUpWhatDiedAtOnce(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, jobstest.SQLite(t))
	j := open(t, db, jobs.Options{Workers: all, Log: (&record{}).logger()})
	tries := make(chan jobs.Job[task], 2)
	jobs.Register(j, tell(tries))
	enqueue(t, db, j, "killed", jobs.Insert{MaxAttempts: 1})
	enqueue(t, db, j, "killer", jobs.Insert{MaxAttempts: 25})
	// As a killed process leaves them.
	exec(t, db, `update river_job set state = 'running', attempt = max_attempts, attempted_at = datetime('now', 'subsec')`)
	exec(t, db, `insert into river_leader (leader_id, elected_at, expires_at) values ('dead', datetime('now'), datetime('now', '+1 hour'))`)
	lead := make(chan struct{})
	j.Every("lead", time.Hour, func(context.Context) error {
		close(lead)
		return nil
	})
	start(t, j)
	if job := <-tries; job.Args.Name != "killed" || job.Attempt != 2 {
		t.Errorf("ran %+v", job)
	}
	<-lead
	stop(t, j)
	if n := count(t, db, `select count(*) from river_job where state = 'completed' and max_attempts = 1
		or state = 'discarded' and max_attempts = 25`); n != 2 {
		t.Error("the job that kills was not given up")
	}
}
