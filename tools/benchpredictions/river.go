package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"skytower/internal/jobs"
	"skytower/internal/store"
)

const (
	callers = 16
	workers = 100
)

// alone is River by itself.
type alone struct {
	db      *store.DB
	insert  *river.Client[*sql.Tx]
	working *river.Client[*sql.Tx]
	stop    func()

	ended   atomic.Int64
	want    atomic.Int64
	reached chan struct{}
	started chan struct{}
}

// empty is a job that does nothing.
type empty struct {
	N int `json:"n"`
}

func (empty) Kind() string { return "empty" }

type emptyWorker struct {
	river.WorkerDefaults[empty]
	r *alone
}

func (w *emptyWorker) Work(context.Context, *river.Job[empty]) error {
	select {
	case w.r.started <- struct{}{}:
	default:
	}
	if w.r.ended.Add(1) == w.r.want.Load() {
		close(w.r.reached)
	}
	return nil
}

func newAlone(ctx context.Context, db *store.DB) (*alone, error) {
	if err := jobs.Migrate(ctx, db); err != nil {
		return nil, err
	}
	r := &alone{db: db, started: make(chan struct{}, 1), stop: func() {}}
	driver, err := r.driver(ctx)
	if err != nil {
		return nil, err
	}
	r.insert, err = river.NewClient(driver, &river.Config{FetchCooldown: fetchCooldown, Logger: slog.New(slog.DiscardHandler)})
	return r, err
}

const fetchCooldown = 10 * time.Millisecond

// driver is what the findings recommend for each database.
func (r *alone) driver(ctx context.Context) (riverdriver.Driver[*sql.Tx], error) {
	if r.db.Dialect() == store.SQLite {
		return riversqlite.New(r.db.Writer()), nil
	}
	pool, err := r.db.ListenerPool(ctx, "bench")
	if err != nil {
		return nil, err
	}
	return riverdatabasesql.NewWithPgxListener(r.db.Writer(), pool), nil
}

func (r *alone) create(ctx context.Context, n int) error {
	return share(n, func() error { return r.one(ctx) })
}

func (r *alone) one(ctx context.Context) error {
	return r.db.Write(ctx, func(tx *store.Tx) error {
		_, err := r.insert.InsertTx(ctx, tx.SQL(), empty{}, nil)
		return err
	})
}

func (r *alone) begin(ctx context.Context) error {
	list := river.NewWorkers()
	river.AddWorker(list, &emptyWorker{r: r})
	driver, err := r.driver(ctx)
	if err != nil {
		return err
	}
	r.working, err = river.NewClient(driver, &river.Config{
		FetchCooldown: fetchCooldown, FetchPollInterval: time.Second, Workers: list, Logger: slog.New(slog.DiscardHandler),
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
	})
	if err != nil {
		return err
	}
	return r.working.Start(ctx)
}

func (r *alone) end() { _ = r.working.Stop(context.Background()) }

func (r *alone) work(ctx context.Context, n int) (time.Duration, error) {
	waiting := 0
	if err := r.count(ctx, &waiting); err != nil {
		return 0, err
	}
	if waiting < n {
		if err := r.create(ctx, n-waiting); err != nil {
			return 0, err
		}
		waiting = n
	}
	r.ended.Store(0)
	r.want.Store(int64(waiting))
	r.reached = make(chan struct{})
	began := time.Now()
	if err := r.begin(ctx); err != nil {
		return 0, err
	}
	<-r.reached
	// The completions are part of the work.
	for left := 1; left > 0; {
		if err := r.count(ctx, &left); err != nil {
			return 0, err
		}
	}
	took := time.Since(began) * time.Duration(n) / time.Duration(waiting)
	r.end()
	return took, nil
}

func (r *alone) count(ctx context.Context, n *int) error {
	return r.db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `select count(*) from river_job where queue = 'default' and state in ('available', 'running')`).Scan(n)
	})
}

func (r *alone) start(ctx context.Context) (time.Duration, error) {
	select {
	case <-r.started:
	default:
	}
	began := time.Now()
	if err := r.one(ctx); err != nil {
		return 0, err
	}
	<-r.started
	return time.Since(began), nil
}

// wait fills another queue, which nobody works.
func (r *alone) wait(ctx context.Context, n int) error {
	const batch = 1000
	for i := 0; i < n; i += batch {
		params := make([]river.InsertManyParams, batch)
		for j := range params {
			params[j] = river.InsertManyParams{Args: empty{N: j}, InsertOpts: &river.InsertOpts{Queue: "another"}}
		}
		if _, err := r.insert.InsertManyFast(ctx, params); err != nil {
			return fmt.Errorf("fill the queue: %w", err)
		}
	}
	return nil
}

// share calls fn n times from several callers.
func share(n int, fn func() error) error {
	var group sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(n))
	errs := make(chan error, callers)
	for range callers {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				if err := fn(); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	group.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}
