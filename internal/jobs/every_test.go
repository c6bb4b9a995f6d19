package jobs_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"skytower/internal/jobs"
	"skytower/internal/jobs/jobstest"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestEveryRunsOneAtATime(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		j := open(t, db, jobs.Options{Workers: all})
		jobs.Register(j, tell(nil))
		runs := make(chan struct{})
		var active atomic.Int64
		j.Every("sweep", 10*time.Millisecond, func(ctx context.Context) error {
			if active.Add(1) > 1 {
				t.Error("two runs at once")
			}
			j.Ring()
			j.Ring() // both are one more run
			runs <- struct{}{}
			active.Add(-1)
			return nil
		})
		start(t, j)
		for range 5 {
			<-runs
		}
		go func() { // for those who still want to tell
			for range runs {
			}
		}()
		stop(t, j)
		close(runs)
		if n := count(t, db, `select count(*) from river_job`); n != 0 {
			t.Errorf("%d rows, want none", n)
		}
	})
}

func TestEveryGoesOnAfterFailures(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		log := &record{}
		j := open(t, db, jobs.Options{Workers: all, Log: log.logger()})
		jobs.Register(j, tell(nil))
		third := make(chan struct{})
		var runs int
		j.Every("sweep", time.Hour, func(context.Context) error {
			switch runs++; runs {
			case 1:
				j.Ring()
				return errTest
			case 2:
				j.Ring()
				panic("out of cheese")
			}
			close(third)
			return nil
		})
		start(t, j)
		<-third
		stop(t, j)
		lines := log.lines()
		if len(lines) != 2 || !strings.Contains(lines[0], errTest.Error()) || !strings.Contains(lines[1], "every_test.go") {
			t.Errorf("logged\n%s", strings.Join(lines, "\n"))
		}
	})
}

func TestEveryPassesToTheNextLeader(t *testing.T) {
	t.Parallel()
	url := jobstest.Postgres(t)
	var processes []*jobs.Jobs
	runs := make(chan int, 10)
	for i := range 2 {
		db := storetest.Open(t, url)
		j := open(t, db, jobs.Options{Workers: all})
		jobs.Register(j, tell(nil))
		j.Every("sweep", time.Hour, func(context.Context) error {
			runs <- i
			return nil
		})
		start(t, j)
		if i == 0 && <-runs != 0 {
			t.Error("the only process does not lead")
		}
		processes = append(processes, j)
	}
	stop(t, processes[0])
	if <-runs != 1 {
		t.Error("the process that remains does not lead")
	}
}
