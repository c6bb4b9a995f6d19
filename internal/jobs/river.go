package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"skytower/internal/store"
)

const (
	// fetchCooldown is the least time between two looks for jobs. At River's 100 ms
	// a job that just missed a look would wait.
	fetchCooldown = 10 * time.Millisecond
	// fetchPoll finds what nobody was woken for.
	fetchPoll = time.Second
	// never keeps River from sending notices itself; the waker does, see there.
	never = 24 * time.Hour

	keepCompleted = time.Hour
	keepCancelled = 24 * time.Hour
	keepDiscarded = 7 * 24 * time.Hour

	// rescueAfter is when a running job may be taken for lost, if the time of its kind
	// is over too. Long kinds have a sign of life of their own.
	rescueAfter = DefaultTimeout + leaveGrace
)

// Migrate brings River's own tables up to date. It is safe in any number of processes
// at once, and asks a few questions when nothing is to be done.
func Migrate(ctx context.Context, db *store.DB) error {
	migrator, err := rivermigrate.New(plainDriver(db), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	err = db.WithMigrationLock(ctx, func(ctx context.Context) error {
		_, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	return nil
}

// plainDriver is River's driver without a listener.
func plainDriver(db *store.DB) riverdriver.Driver[*sql.Tx] {
	if db.Dialect() == store.Postgres {
		return riverdatabasesql.New(db.Writer())
	}
	return riversqlite.New(db.Writer())
}

// listeningDriver is River's driver for a process that works.
func (j *Jobs) listeningDriver(ctx context.Context, r *run) (riverdriver.Driver[*sql.Tx], error) {
	if own, ok := j.waker.(*doorbell); ok {
		return &sqliteDriver{Driver: riversqlite.New(j.db.Writer()), bell: own, reader: j.db.Reader()}, nil
	}
	var err error
	if r.listener, err = j.db.ListenerPool(context.WithoutCancel(ctx), "jobs"); err != nil {
		return nil, err
	}
	return riverdatabasesql.NewWithPgxListener(j.db.Writer(), r.listener), nil
}

// config is for a client that works the queues, or that only inserts when there are none.
func (j *Jobs) config(queues map[string]river.QueueConfig) *river.Config {
	c := &river.Config{
		CancelledJobRetentionPeriod: keepCancelled,
		CompletedJobRetentionPeriod: keepCompleted,
		DiscardedJobRetentionPeriod: keepDiscarded,
		ErrorHandler:                failures{j.log},
		FetchCooldown:               never,
		FetchPollInterval:           never,
		JobTimeout:                  DefaultTimeout,
		Logger:                      slog.New(quiet{j.log.Handler()}),
		MaxAttempts:                 maxAttempts,
		Queues:                      queues,
		RescueStuckJobsAfter:        rescueAfter,
		SkipUnknownJobCheck:         true, // another process may know it
		// Its one effect: a new leader begins its seven services at once, and not each
		// up to a second after the one before.
		TestOnly: true,
		Test:     river.TestConfig{Time: sharedTime{j.o.Now}},
		Workers:  j.workers,
	}
	if j.db.Dialect() == store.SQLite {
		c.ReindexerIndexNames = []string{} // nightly, and all writers would wait for it
	}
	return c
}

// sharedTime has River count by the time that all processes share: one whose clock is
// ahead would take the jobs of all others for lost. In statements it is the database's.
type sharedTime struct{ now func() time.Time }

// Now implements rivertype.TimeGenerator.
func (t sharedTime) Now() time.Time { return t.now() }

// NowOrNil implements rivertype.TimeGenerator: nil is the database's now().
func (sharedTime) NowOrNil() *time.Time { return nil }

func (j *Jobs) queues() map[string]river.QueueConfig {
	queues := map[string]river.QueueConfig{}
	for queue, workers := range j.o.Workers {
		if workers > 0 {
			queues[string(queue)] = river.QueueConfig{MaxWorkers: workers, FetchCooldown: fetchCooldown, FetchPollInterval: j.o.poll}
		}
	}
	return queues
}

// quiet lets River's warnings and errors through, and makes the rest debug.
type quiet struct{ slog.Handler }

// resigning is what River's elector says when it has to try once more to give up the
// lead. That is no problem: the lead ends by itself, and on SQLite with the next start.
const resigning = "Error attempting to resign"

func (q quiet) level(l slog.Level) slog.Level {
	if l < slog.LevelWarn {
		return slog.LevelDebug
	}
	return l
}

// Enabled implements slog.Handler.
func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return q.Handler.Enabled(ctx, q.level(l))
}

// Handle implements slog.Handler.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	r.Level = q.level(r.Level)
	if strings.HasSuffix(r.Message, resigning) {
		r.Level = slog.LevelDebug
	}
	if !q.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return q.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }
