package jobs

import (
	"context"

	"skytower/internal/store"
)

// recoverRunning makes available at once what a dead process left running. One process
// owns a SQLite file, so what is running before our workers began is nobody's. On
// PostgreSQL others are at work; there River's rescuer decides by time.
//
// A job that has taken the process down with it as often as any job is tried is given
// up, so that it does not do so for ever.
func (j *Jobs) recoverRunning(ctx context.Context) error {
	if j.db.Dialect() != store.SQLite {
		return nil
	}
	var taken, given int64
	err := j.db.Write(ctx, func(tx *store.Tx) error {
		gone, err := tx.Exec(ctx, `update river_job set state = 'discarded', finalized_at = datetime('now', 'subsec')
			where state = 'running' and attempt >= max_attempts and attempt >= $1`, maxAttempts)
		if err != nil {
			return err
		}
		back, err := tx.Exec(ctx, `update river_job set state = 'available' where state = 'running'`)
		if err != nil {
			return err
		}
		// Nobody leads either: do not wait until the dead leader's term is over.
		if _, err := tx.Exec(ctx, `delete from river_leader`); err != nil {
			return err
		}
		taken, _ = back.RowsAffected() // SQLite always knows
		given, _ = gone.RowsAffected()
		return nil
	})
	if err != nil {
		return err
	}
	if taken > 0 {
		j.log.InfoContext(ctx, "jobs of a process that died run again", "jobs", taken)
	}
	if given > 0 {
		j.log.ErrorContext(ctx, "jobs given up, since the process died in each of their tries", "jobs", given)
	}
	return nil
}
