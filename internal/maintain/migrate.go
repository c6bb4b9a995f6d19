package maintain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"skytower/internal/config"
	"skytower/internal/jobs"
	"skytower/internal/store"
)

// Migrate brings the schema up to date. A server does so too when it starts.
func Migrate(ctx context.Context, cfg *config.Config, t Terminal) error {
	db, err := store.Open(ctx, cfg.Database.Reveal(), store.Options{})
	if err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	defer db.Close() //nolint:errcheck // what was written is committed
	if err := jobs.Migrate(ctx, db); err != nil {
		return err
	}
	version, err := db.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	return t.result(map[string]int64{"schema": version}, func(w io.Writer) {
		fmt.Fprintln(w, "The schema is up to date.")
	})
}

// MigrationPlan is what a migration would do, as `migrate --dry-run --json` prints it.
type MigrationPlan struct {
	Engine      string          `json:"engine"`
	Schema      int64           `json:"schema"`       // of the database; 0: it has none
	Newest      int64           `json:"newest"`       // after it
	Oldest      int64           `json:"oldest"`       // oldest schema whose servers may run on it
	OldestAfter int64           `json:"oldest_after"` // likewise after it
	Beside      bool            `json:"beside"`       // servers of the schema that it has may stay beside
	Migrations  []MigrationStep `json:"migrations"`
	JobQueue    []string        `json:"job_queue"` // migrations of the job queue's own tables
}

// MigrationStep is one migration.
type MigrationStep struct {
	Version int64            `json:"version"`
	File    string           `json:"file"`
	Kind    string           `json:"kind"` // expanding or contracting
	Rows    map[string]int64 `json:"rows"` // of the tables that it names
	SQL     string           `json:"sql"`
}

// PlanMigration tells what Migrate would do. The database is only read.
func PlanMigration(ctx context.Context, cfg *config.Config, t Terminal) error {
	p, err := planMigration(ctx, configured(cfg))
	if err != nil {
		return fmt.Errorf("look what a migration would do: %w", err)
	}
	return t.result(p, p.print)
}

func planMigration(ctx context.Context, at place) (MigrationPlan, error) {
	out := MigrationPlan{Engine: at.engine(), Migrations: []MigrationStep{}, JobQueue: []string{}}
	var plan store.Plan
	db, err := store.Inspect(ctx, at.address)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if plan, err = store.PlanNew(store.SQLite); err != nil {
			return out, err
		}
		out.JobQueue = append(out.JobQueue, "all")
	case err != nil:
		return out, err
	default:
		defer db.Close() //nolint:errcheck // only read
		if plan, err = db.Plan(ctx); err != nil {
			return out, err
		}
		pending, err := jobs.Pending(ctx, db)
		if err != nil {
			return out, err
		}
		out.JobQueue = append(out.JobQueue, pending...)
	}
	out.Schema, out.Newest, out.Oldest, out.OldestAfter = plan.Schema, plan.Newest, plan.Oldest, plan.OldestAfter
	out.Beside = plan.Schema >= plan.OldestAfter
	for _, s := range plan.Steps {
		kind := "expanding"
		if s.Contracting {
			kind = "contracting"
		}
		rows := s.Rows
		if rows == nil {
			rows = map[string]int64{}
		}
		out.Migrations = append(out.Migrations, MigrationStep{Version: s.Version, File: s.File, Kind: kind, Rows: rows, SQL: s.SQL})
	}
	return out, nil
}

func (p MigrationPlan) print(w io.Writer) {
	if len(p.Migrations) == 0 && len(p.JobQueue) == 0 {
		fmt.Fprintf(w, "Nothing is to be done: the schema is at %d, the newest.\n", p.Schema)
		return
	}
	for _, m := range p.Migrations {
		fmt.Fprintf(w, "-- %s (%s)%s\n%s\n\n", m.File, m.Kind, rowsText(m.Rows), m.SQL)
	}
	if len(p.JobQueue) > 0 {
		fmt.Fprintf(w, "-- The job queue's own tables: %s\n\n", strings.Join(p.JobQueue, ", "))
	}
	fmt.Fprintf(w, "%d migrations bring the schema from %d to %d. Nothing was changed.\n", len(p.Migrations), p.Schema, p.Newest)
	switch {
	case p.Schema == 0:
		fmt.Fprintln(w, "The database is new.")
	case p.Beside:
		fmt.Fprintf(w, "Servers that run on it now may stay beside the new ones: it takes those of schema %d and newer.\n", p.OldestAfter)
	default:
		fmt.Fprintf(w, "Servers of schema %d can't stay beside the new ones (they must know schema %d): stop them before. Make a backup first: there is no way back.\n", p.Schema, p.OldestAfter)
	}
}

func rowsText(rows map[string]int64) string {
	var texts []string
	for _, table := range slices.Sorted(maps.Keys(rows)) {
		texts = append(texts, fmt.Sprintf("%s has %d rows", table, rows[table]))
	}
	if len(texts) == 0 {
		return ""
	}
	return "; " + strings.Join(texts, ", ")
}
