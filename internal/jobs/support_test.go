package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"skytower/internal/jobs"
	"skytower/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type task struct {
	Name string `json:"name"`
}

func (task) Kind() string { return "task" }

// record is a log for tests: its lines, but for debug.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Split(strings.TrimSuffix(r.text.String(), "\n"), "\n")
}

func (r *record) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// two workers for each queue.
var all = map[jobs.Queue]int{jobs.Remote: 2, jobs.Local: 2, jobs.Webhooks: 2, jobs.Upkeep: 2}

// open returns a queue that is stopped when the test ends. A test that gives no log
// expects nothing in it.
func open(t *testing.T, db *store.DB, o jobs.Options) *jobs.Jobs {
	t.Helper()
	log := &record{}
	if o.Log == nil {
		o.Log = log.logger()
	}
	j, err := jobs.New(db, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop(t, j)
		if said := log.lines(); said[0] != "" {
			t.Errorf("logged: %s", strings.Join(said, "\n"))
		}
	})
	return j
}

func start(t *testing.T, j *jobs.Jobs) {
	t.Helper()
	if err := j.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func stop(t *testing.T, j *jobs.Jobs) {
	t.Helper()
	if err := j.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// cut stops without waiting for anybody.
func cut(t *testing.T, j *jobs.Jobs) {
	t.Helper()
	over, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cancel()
	if err := j.Stop(over); err != nil {
		t.Error(err)
	}
}

func enqueue(t *testing.T, db *store.DB, j *jobs.Jobs, name string, o jobs.Insert) {
	t.Helper()
	write(t, db, func(tx *store.Tx) error { return j.Enqueue(t.Context(), tx, task{name}, o) })
}

func write(t *testing.T, db *store.DB, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func exec(t *testing.T, db *store.DB, query string, args ...any) {
	t.Helper()
	write(t, db, func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), query, args...)
		return err
	})
}

func count(t *testing.T, db *store.DB, query string, args ...any) (n int) {
	t.Helper()
	if err := db.Reader().QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// state is the one job's state and how many tries it has had.
func state(t *testing.T, db *store.DB) (state string, attempt int) {
	t.Helper()
	err := db.Reader().QueryRowContext(t.Context(), `select cast(state as text), attempt from river_job`).Scan(&state, &attempt)
	if err != nil {
		t.Fatal(err)
	}
	return state, attempt
}

func wantState(t *testing.T, db *store.DB, want string, tries int) {
	t.Helper()
	if got, attempt := state(t, db); got != want || attempt != tries {
		t.Errorf("the job is %s after %d tries, want %s after %d", got, attempt, want, tries)
	}
}

// tell is a worker that reports each try.
func tell(tries chan<- jobs.Job[task]) jobs.Worker[task] {
	return jobs.Worker[task]{Run: func(_ context.Context, job jobs.Job[task]) error {
		tries <- job
		return nil
	}}
}

func atOnce(int) time.Duration { return 0 }

var errTest = errors.New("it did not work")
