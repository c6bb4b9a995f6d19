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

// A job that was made on one engine runs on the other, with all that it says; one that ran
// runs again, and one of the future waits.
func TestMovedJobsRun(t *testing.T) {
	t.Parallel()
	for name, urls := range map[string][2]func(testing.TB) string{
		"to postgres": {jobstest.SQLite, jobstest.Postgres}, "to sqlite": {jobstest.Postgres, jobstest.SQLite},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := storetest.Open(t, urls[0](t)), storetest.Open(t, urls[1](t))
			old := open(t, from, jobs.Options{})
			enqueue(t, from, old, "first", jobs.Insert{Queue: jobs.Remote})
			enqueue(t, from, old, "second", jobs.Insert{Queue: jobs.Remote})
			enqueue(t, from, old, "later", jobs.Insert{Queue: jobs.Remote, At: time.Now().Add(time.Hour)})
			_, err := from.Writer().ExecContext(t.Context(), `update river_job set state = 'running', attempt = 2 where id = (select max(id) - 1 from river_job)`)
			if err != nil {
				t.Fatal(err)
			}
			moved := 0
			err = to.Write(t.Context(), func(tx *store.Tx) (err error) {
				moved, err = jobs.Move(t.Context(), from, to, tx)
				return err
			})
			if err != nil || moved != 3 {
				t.Fatalf("%d moved, %v", moved, err)
			}
			ran := make(chan int, 3)
			j := open(t, to, jobs.Options{Workers: all})
			jobs.Register(j, jobs.Worker[task]{Run: func(_ context.Context, job jobs.Job[task]) error {
				ran <- job.Attempt
				return nil
			}})
			start(t, j)
			if sum := <-ran + <-ran; sum != 1+3 {
				t.Errorf("the tries add up to %d, want the first of one and the third of the other", sum)
			}
			stop(t, j)
			if n := count(t, to, `select count(*) from river_job where state = 'scheduled'`); n != 1 {
				t.Errorf("%d jobs of the future", n)
			}
			if pending, err := jobs.Pending(t.Context(), to); err != nil || len(pending) != 0 {
				t.Errorf("pending migrations %v, %v", pending, err)
			}
		})
	}
}
