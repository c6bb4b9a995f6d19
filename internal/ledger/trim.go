package ledger

import (
	"context"
	"fmt"
	"strings"
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

// trimOnce does nothing while the time is in doubt: by a clock that jumped ahead, all would
// be past its retention.
func (l *Ledger) trimOnce() {
	now, ok := l.age()
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(l.stopping, max(l.o.TrimEvery/2, tryTimeout))
	defer cancel()
	if err := l.Trim(ctx, now); err != nil && l.stopping.Err() == nil {
		l.o.Log.Warn("old records could not be deleted", "error", err)
	}
}

// Trim deletes request-log entries past the retention, and batches that no commit can
// repeat any more, in slices that leave the writer free between them; on PostgreSQL, months
// of the request log are dropped whole, and those to come are made. Charge lines are never
// deleted.
func (l *Ledger) Trim(ctx context.Context, now time.Time) error {
	if err := l.trim(ctx, &l.trimming[0], "charge_batch", "id", batchTime(now.Add(-batchKept))); err != nil {
		return err
	}
	if l.db.Dialect() == store.Postgres {
		if err := l.keepMonths(ctx, now); err != nil {
			return err
		}
	}
	if l.o.Retention <= 0 {
		return nil
	}
	tables, err := l.trimmed(ctx)
	for i := 0; err == nil && i < len(tables); i++ {
		err = l.trim(ctx, &l.trimming[1], tables[i], "at", store.Micros(now.Add(-l.o.Retention)))
	}
	return err
}

// trim deletes the rows whose column, the first of the table's key, lies below the
// bound: a slice of the lowest at a time (a little more where several are equal). Which
// those are, is read before the writer is held.
func (l *Ledger) trim(ctx context.Context, pace *store.Pace, table, column string, bound any) error {
	look := fmt.Sprintf(`select max(%[2]s), count(*) from (select %[2]s from %[1]s where %[2]s < $1 order by %[2]s limit $2) as lowest`, table, column)
	statement := fmt.Sprintf(`delete from %[1]s where %[2]s <= $1`, table, column)
	for {
		slice, n := pace.Rows(l.db), 0
		var last any
		err := l.db.Read(ctx, func(tx *store.Tx) error { return tx.QueryRow(ctx, look, bound, slice).Scan(&last, &n) })
		if err == nil && n > 0 {
			err = pace.Write(ctx, l.db, n, func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, statement, last)
				return err
			})
		}
		if err != nil {
			return fmt.Errorf("trim %s: %w", table, err)
		}
		if n < slice {
			return nil
		}
	}
}

// hoursKept is how long sums by hour stay: charts have hours for 31 days.
const hoursKept = 35 * dayHours

// trimHours deletes a rollup's old sums by hour, for a moment, by the process that settles:
// a day that is settled again is added up from its hours. Sums by day stay for the
// account's life.
func (l *Ledger) trimHours(ctx context.Context, r *rollup, now time.Time) (more bool, err error) {
	var p progress
	err = l.db.Read(ctx, func(tx *store.Tx) (err error) {
		p, err = r.progress(ctx, tx)
		return err
	})
	if err != nil {
		return false, err
	}
	if before := min(l.firstKept(r, now), p.days*dayHours); before > p.kept {
		if err := l.advance(ctx, r, "kept", p.kept, before); err != nil {
			return false, err
		}
		p.kept = before
	}
	for began := time.Now(); ; {
		all, err := l.trimHourSlice(ctx, r, p.kept)
		if err != nil || all {
			return false, err
		}
		if time.Since(began) > rollSpan {
			return true, nil
		}
	}
}

// firstKept is the hour from which sums by hour are kept, at a day's start. Those of
// requests stay as long as the requests: they tell where those are.
func (l *Ledger) firstKept(r *rollup, now time.Time) int64 {
	age := int64(hoursKept)
	if r == l.traffic {
		if l.o.Retention <= 0 {
			return 0
		}
		age = max(age, int64(l.o.Retention/time.Hour)+dayHours)
	}
	return floorDiv(hourOf(now)-age, dayHours) * dayHours
}

// trimHourSlice deletes a slice of the lowest sums by hour before one; all tells that there
// are none left.
func (l *Ledger) trimHourSlice(ctx context.Context, r *rollup, before int64) (all bool, err error) {
	slice := r.trimming.Rows(l.db)
	columns := append([]string{"at"}, r.keys...)
	names := strings.Join(columns, ", ")
	where, args, n := "hours = 1 and at < $1", []any{before}, 0
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		n = 0
		var last []any // of the slice
		look := fmt.Sprintf("select %s from %s where %s order by hours, %[1]s limit $2", names, r.table, where)
		err := tx.Each(ctx, look, func(scan func(...any) error) error {
			n++
			if n < slice {
				return nil
			}
			into := []any{new(int64)}
			for range r.keys {
				into = append(into, new(string))
			}
			err := scan(into...)
			last = into
			return err
		}, before, slice)
		if err == nil && last != nil {
			where, args = "hours = 1 and at <= $1 and ("+names+") <= ("+places(1, len(columns))+")", last
		}
		return err
	})
	if err == nil && n > 0 {
		err = r.trimming.Write(ctx, l.db, n, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, "delete from "+r.table+" where "+where, args...)
			return err
		})
	}
	if err != nil {
		return false, fmt.Errorf("trim the hours of %s: %w", r.table, err)
	}
	return n < slice, nil
}

// places are placeholders of n arguments.
func places(from, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint("$", from+i)
	}
	return strings.Join(all, ", ")
}
