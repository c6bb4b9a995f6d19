package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"skytower/internal/store"
)

// moveBatch is how many jobs are moved at once.
const moveBatch = 500

// Move makes the jobs that are still to be done in one database, of which no process
// works, anew in another one, in tx. Those that run nowhere any more can run at once.
// What has ended stays behind. It returns how many there were.
func Move(ctx context.Context, from *store.DB, to *store.DB, tx *store.Tx) (moved int, err error) {
	source, target := plainDriver(from).GetExecutor(), plainDriver(to).UnwrapExecutor(tx.SQL())
	for last := int64(0); ; {
		batch, err := source.JobList(ctx, &riverdriver.JobListParams{
			Max: moveBatch, OrderByClause: "id", NamedArgs: map[string]any{"last": last},
			WhereClause: "id > @last and state in ('available', 'pending', 'retryable', 'running', 'scheduled')",
		})
		if err != nil {
			return 0, fmt.Errorf("read the job queue: %w", err)
		}
		if len(batch) == 0 {
			return moved, nil
		}
		rows := make([]*riverdriver.JobInsertFullParams, len(batch))
		for i, job := range batch {
			if rows[i], err = again(job); err != nil {
				return 0, err
			}
			last = job.ID
		}
		if _, err := target.JobInsertFullMany(ctx, &riverdriver.JobInsertFullManyParams{Jobs: rows}); err != nil {
			return 0, fmt.Errorf("make %d jobs anew: %w", len(rows), err)
		}
		moved += len(rows)
	}
}

// again is a job as it is made anew.
func again(job *rivertype.JobRow) (*riverdriver.JobInsertFullParams, error) {
	p := &riverdriver.JobInsertFullParams{
		Attempt: job.Attempt, AttemptedAt: job.AttemptedAt, AttemptedBy: job.AttemptedBy, CreatedAt: &job.CreatedAt,
		EncodedArgs: job.EncodedArgs, Kind: job.Kind, MaxAttempts: job.MaxAttempts, Metadata: job.Metadata,
		Priority: job.Priority, Queue: job.Queue, ScheduledAt: &job.ScheduledAt, State: job.State, Tags: job.Tags,
	}
	if job.State == rivertype.JobStateRunning { // its process is gone
		now := time.Now()
		p.State, p.ScheduledAt = rivertype.JobStateAvailable, &now
	}
	for _, e := range job.Errors {
		text, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("encode an error of job %d: %w", job.ID, err)
		}
		p.Errors = append(p.Errors, text)
	}
	return p, nil
}

// Pending names the migrations of River's own tables that Migrate would run. It only
// reads.
func Pending(ctx context.Context, db *store.DB) (names []string, err error) {
	migrator, err := rivermigrate.New(plainDriver(db), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("look at the job queue's tables: %w", err)
	}
	there, err := migrator.ExistingVersions(ctx)
	if err != nil {
		return nil, fmt.Errorf("look at the job queue's tables: %w", err)
	}
	have := map[int]bool{}
	for _, v := range there {
		have[v.Version] = true
	}
	for _, v := range migrator.AllVersions() {
		if !have[v.Version] {
			names = append(names, fmt.Sprintf("%d %s", v.Version, v.Name))
		}
	}
	return names, nil
}
