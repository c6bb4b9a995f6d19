package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"skytower/internal/store"
)

// Depth is how much there is in a queue.
type Depth struct {
	Queue   Queue
	Waiting int64     // ready to run
	Running int64     // by any process
	Later   int64     // not due yet, failed tries included
	Failed  int64     // given up, as long as that is kept
	Oldest  time.Time // since when the oldest one that is ready could run; zero: none is
	Workers int       // of this process
}

// Depths counts what is in the queues, ours first, each in its place.
func (j *Jobs) Depths(ctx context.Context) ([]Depth, error) {
	depths := map[Queue]*Depth{}
	order := []Queue{Remote, Local, Responses, Webhooks, Upkeep}
	for _, q := range order {
		depths[q] = &Depth{Queue: q, Workers: j.o.Workers[q]}
	}
	err := j.db.Read(ctx, func(tx *store.Tx) error {
		return tx.Each(ctx, depthQuery(tx.Dialect()), func(scan func(...any) error) error {
			var queue, state string
			var n, oldest int64
			if err := scan(&queue, &state, &n, &oldest); err != nil {
				return err
			}
			d := depths[Queue(queue)]
			if d == nil {
				d = &Depth{Queue: Queue(queue)}
				depths[Queue(queue)] = d
				order = append(order, Queue(queue))
			}
			d.add(state, n, oldest)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("count the jobs in the queues: %w", err)
	}
	slices.Sort(order[5:])
	out := make([]Depth, len(order))
	for i, q := range order {
		out[i] = *depths[q]
	}
	return out, nil
}

// depthQuery leaves completed jobs alone: they are most of the table.
func depthQuery(d store.Dialect) string {
	return `select queue, cast(state as text), count(*), ` + d.Pick(
		`coalesce(cast(unixepoch(min(scheduled_at), 'subsec') * 1000000 as integer), 0)`,
		`coalesce(cast(extract(epoch from min(scheduled_at)) * 1000000 as bigint), 0)`) + `
		from river_job where state in ('available', 'pending', 'running', 'retryable', 'scheduled', 'discarded') group by queue, state`
}

func (d *Depth) add(state string, n, oldest int64) {
	switch state {
	case "available":
		d.Waiting += n
		d.Oldest = store.Time(oldest)
	case "running":
		d.Running += n
	case "discarded":
		d.Failed += n
	default:
		d.Later += n
	}
}

// Leader is the id of the process that does what one does for all, as [Jobs.ID] gives
// it; "" where nobody leads.
func (j *Jobs) Leader(ctx context.Context) (id string, err error) {
	now := j.db.Dialect().Pick(`datetime('now', 'subsec')`, `now()`)
	err = j.db.Reader().QueryRowContext(ctx, `select leader_id from river_leader where expires_at > `+now).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look who leads: %w", err)
	}
	return id, nil
}

// ID is how this process is known to the others of the queue; "" where it works nothing
// or is not started, and so never leads.
func (j *Jobs) ID() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.running == nil || j.running.client == nil {
		return ""
	}
	return j.running.client.ID()
}

// Viewer is a client of River for those who only look: on SQLite its connections refuse to
// write, on PostgreSQL it is its user who must not. It works nothing and is not started.
func (j *Jobs) Viewer() (*river.Client[*sql.Tx], error) {
	var driver riverdriver.Driver[*sql.Tx] = riversqlite.New(j.db.Reader())
	if j.db.Dialect() == store.Postgres {
		driver = riverdatabasesql.New(j.db.Reader())
	}
	c, err := river.NewClient(driver, &river.Config{Logger: slog.New(quiet{j.log.Handler()})})
	if err != nil {
		return nil, fmt.Errorf("make a client to look at the job queue: %w", err)
	}
	return c, nil
}
