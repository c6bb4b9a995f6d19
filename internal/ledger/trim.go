package ledger

import (
	"context"
	"fmt"
	"time"

	"skytower/internal/store"
)

const (
	trimInterval = 5 * time.Minute
	// batchKept is far longer than a batch is tried.
	batchKept = 24 * time.Hour
)

// trimLoop deletes what is past its retention, in the background.
func (l *Ledger) trimLoop() {
	tick := time.NewTicker(l.o.TrimEvery)
	defer tick.Stop()
	for {
		l.trimOnce()
		select {
		case <-tick.C:
		case <-l.stopping.Done():
			return
		}
	}
}

func (l *Ledger) trimOnce() {
	ctx, cancel := context.WithTimeout(l.stopping, max(l.o.TrimEvery/2, tryTimeout))
	defer cancel()
	if err := l.Trim(ctx, l.o.Now()); err != nil && l.stopping.Err() == nil {
		l.o.Log.Warn("old records could not be deleted", "error", err)
	}
}

// Trim deletes request-log entries past the retention, and batches that no commit
// can repeat any more, in slices that leave the writer free between them. Charge
// lines are never deleted.
func (l *Ledger) Trim(ctx context.Context, now time.Time) error {
	if err := l.trim(ctx, "charge_batch", "id", batchTime(now.Add(-batchKept))); err != nil {
		return err
	}
	if l.o.Retention <= 0 {
		return nil
	}
	return l.trim(ctx, "request_log", "at", store.Micros(now.Add(-l.o.Retention)))
}

// trim deletes the rows whose column, the first of the table's key, lies below the
// bound: a slice of the lowest at a time (a little more where several are equal).
func (l *Ledger) trim(ctx context.Context, table, column string, bound any) error {
	statement := fmt.Sprintf(`delete from %[1]s where %[2]s <= (select max(%[2]s) from
		(select %[2]s from %[1]s where %[2]s < $1 order by %[2]s limit $2) as lowest)`, table, column)
	for {
		slice := l.slice()
		var n int64
		err := l.paced(ctx, slice, func(tx *store.Tx) error {
			result, err := tx.Exec(ctx, statement, bound, slice)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err != nil {
			return fmt.Errorf("trim %s: %w", table, err)
		}
		if n < int64(slice) {
			return nil
		}
	}
}
