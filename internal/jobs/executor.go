package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// executor is River's on SQLite, with two costly habits broken.
type executor struct {
	riverdriver.Executor
	reader *sql.DB
}

// GetExecutor implements riverdriver.Driver.
func (d *sqliteDriver) GetExecutor() riverdriver.Executor {
	return executor{Executor: d.Driver.GetExecutor(), reader: d.reader}
}

// JobGetAvailable implements riverdriver.Executor. River looks by an update, which
// takes the one place of writers and a hundred times the work: on an idle server, most
// of what it does. So it is asked only where something may be there.
func (e executor) JobGetAvailable(ctx context.Context, p *riverdriver.JobGetAvailableParams) (*riverdriver.JobGetAvailableResult, error) {
	var some bool
	err := e.reader.QueryRowContext(ctx, `select exists (select 1 from river_job where state = 'available' and queue = $1)`, p.Queue).Scan(&some)
	if err == nil && !some {
		return &riverdriver.JobGetAvailableResult{}, nil
	}
	return e.Executor.JobGetAvailable(ctx, p)
}

// JobSetStateIfRunningMany implements riverdriver.Executor. River completes jobs one by
// one and reads each back. Here those that are simply done are so in one statement: that
// is a fifth of what a small job costs. Nobody subscribes to River's events, which the
// rows would be for.
func (e executor) JobSetStateIfRunningMany(ctx context.Context, p *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	if !plainlyDone(p) {
		return e.Executor.JobSetStateIfRunningMany(ctx, p)
	}
	ids, err := json.Marshal(p.ID)
	if err != nil {
		return nil, fmt.Errorf("encode the ids of jobs: %w", err)
	}
	// The moment is that of River's cleaner, whose words these are.
	err = e.Exec(ctx, `update river_job set state = 'completed', finalized_at = datetime('now', 'subsec')
		where id in (select value from json_each($1)) and state = 'running'`, string(ids))
	if err != nil {
		return nil, fmt.Errorf("complete %d jobs: %w", len(p.ID), err)
	}
	return nil, nil
}

// plainlyDone reports whether nothing but their end is said of the jobs.
func plainlyDone(p *riverdriver.JobSetStateIfRunningManyParams) bool {
	for i := range p.ID {
		if p.State[i] != rivertype.JobStateCompleted || p.Attempt[i] != nil || p.ErrData[i] != nil || p.ScheduledAt[i] != nil {
			return false
		}
	}
	return len(p.ID) > 0 && p.Schema == "" && !slices.Contains(p.MetadataDoMerge, true)
}
