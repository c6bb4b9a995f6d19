package jobs_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"skytower/internal/jobs"
	"skytower/internal/jobs/jobstest"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestRollbackLeavesNone(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		j := open(t, db, jobs.Options{Workers: all})
		tries := make(chan jobs.Job[task], 2)
		jobs.Register(j, tell(tries))
		start(t, j)
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			if err := j.Enqueue(t.Context(), tx, task{"never"}, jobs.Insert{}); err != nil {
				return err
			}
			return errTest
		})
		if err == nil {
			t.Fatal("the transaction was committed")
		}
		enqueue(t, db, j, "after", jobs.Insert{})
		if job := <-tries; job.Args.Name != "after" || job.Attempt != 1 || job.MaxAttempts != 25 {
			t.Errorf("ran %+v", job)
		}
		stop(t, j)
		wantState(t, db, "completed", 1)
	})
}

func TestInsertOptions(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		j := open(t, db, jobs.Options{})
		future := time.Now().Add(time.Hour)
		past := time.Now().Add(-time.Hour)
		write(t, db, func(tx *store.Tx) error {
			return j.EnqueueMany(t.Context(), tx, []jobs.Request{
				{Args: task{"zero"}},
				{Args: task{"set"}, Insert: jobs.Insert{Queue: jobs.Remote, Priority: 2, At: future, MaxAttempts: 3}},
				{Args: task{"past"}, Insert: jobs.Insert{Queue: jobs.Local, Priority: 1, At: past}},
			})
		})
		write(t, db, func(tx *store.Tx) error { return j.EnqueueMany(t.Context(), tx, nil) })
		for _, want := range []string{
			"queue = 'upkeep' and priority = 4 and max_attempts = 25 and state = 'available'",
			"queue = 'remote' and priority = 2 and max_attempts = 3 and state = 'scheduled'",
			"queue = 'local' and priority = 1 and max_attempts = 25 and state = 'available'",
		} {
			if n := count(t, db, `select count(*) from river_job where kind = 'task' and `+want); n != 1 {
				t.Errorf("%d jobs with %s", n, want)
			}
		}
	})
}

func TestPriorityGoesFirst(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		j := open(t, db, jobs.Options{Workers: map[jobs.Queue]int{jobs.Local: 1}})
		tries := make(chan jobs.Job[task], 4)
		jobs.Register(j, tell(tries))
		for _, priority := range []int{4, 2, 3, 1} {
			enqueue(t, db, j, fmt.Sprint(priority), jobs.Insert{Queue: jobs.Local, Priority: priority})
		}
		start(t, j)
		var order []string
		for range 4 {
			order = append(order, (<-tries).Args.Name)
		}
		if !slices.IsSorted(order) {
			t.Errorf("ran in the order %v", order)
		}
	})
}

// Each wake counts: River alone leaves out the notice of a job that is inserted
// within the cooldown of another's.
func TestWakesForEachJob(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		j := open(t, db, jobs.WithoutPoll(jobs.Options{Workers: all}))
		tries := make(chan jobs.Job[task])
		jobs.Register(j, tell(tries))
		start(t, j)
		for i := range 30 {
			enqueue(t, db, j, fmt.Sprint(i), jobs.Insert{Queue: []jobs.Queue{jobs.Remote, jobs.Webhooks}[i%2]})
			if job := <-tries; job.Args.Name != fmt.Sprint(i) {
				t.Fatalf("ran %q, want %d", job.Args.Name, i)
			}
		}
	})
}

func TestWakesForOverlappingTransactions(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		j := open(t, db, jobs.WithoutPoll(jobs.Options{Workers: map[jobs.Queue]int{jobs.Remote: 10}}))
		tries := make(chan jobs.Job[task], 50)
		jobs.Register(j, tell(tries))
		start(t, j)
		var group sync.WaitGroup
		for i := range 50 {
			group.Go(func() {
				err := db.Write(t.Context(), func(tx *store.Tx) error {
					return j.Enqueue(t.Context(), tx, task{fmt.Sprint(i)}, jobs.Insert{Queue: jobs.Remote})
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		for range 50 {
			<-tries
		}
	})
}

// On PostgreSQL API and workers run apart. (On SQLite a process of its own finds the
// work with its poll.)
func TestInsertOnlyProcessWakesWorkers(t *testing.T) {
	t.Parallel()
	for _, url := range []string{jobstest.SQLite(t), jobstest.Postgres(t)} {
		db, other := storetest.Open(t, url), storetest.Open(t, url)
		t.Run(db.Dialect().String(), func(t *testing.T) {
			o := jobs.Options{Workers: all}
			if db.Dialect() == store.Postgres {
				o = jobs.WithoutPoll(o)
			}
			worker := open(t, db, o)
			tries := make(chan jobs.Job[task])
			jobs.Register(worker, tell(tries))
			start(t, worker)
			api := open(t, other, jobs.Options{})
			jobs.Register(api, tell(nil))
			api.Every("nothing", time.Second, func(context.Context) error { panic("it leads") })
			start(t, api)
			for i := range 3 {
				enqueue(t, other, api, fmt.Sprint(i), jobs.Insert{Queue: jobs.Remote})
				<-tries
			}
			stop(t, api)
			stop(t, worker)
		})
	}
}

func TestStartAndStopInAnyOrder(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		for _, o := range []jobs.Options{{}, {Workers: all}} {
			j := open(t, db, o)
			tries := make(chan jobs.Job[task], 1)
			jobs.Register(j, tell(tries))
			stop(t, j)
			for range 2 {
				start(t, j)
				if err := j.Start(t.Context()); err == nil {
					t.Error("started twice")
				}
				stop(t, j)
				stop(t, j)
			}
		}
	})
}

func TestStartWithoutTables(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		j := open(t, db, jobs.Options{Workers: all, Log: (&record{}).logger()})
		jobs.Register(j, tell(nil))
		if err := j.Start(t.Context()); err == nil {
			t.Error("started on a database without the queue's tables")
		}
	})
}

func TestMigrateInManyProcesses(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	var group sync.WaitGroup
	for range 4 {
		db := storetest.Open(t, url)
		group.Go(func() {
			if err := jobs.Migrate(t.Context(), db); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}
