package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"skytower/internal/store"
)

const (
	// rollPause is how long nothing is looked for once all is settled.
	rollPause = 30 * time.Second
	// rollSpan is how long one look works; an upgraded database has months to add up.
	rollSpan = time.Second
	// rollLease is how long a process that stopped answering keeps others from settling.
	rollLease = time.Minute

	dayHours    = 24
	hourSeconds = 60 * 60
	hourMicros  = int64(time.Hour / time.Microsecond)
)

// progress is how far a rollup is final: hours and days before these. Sums by hour before
// kept may be deleted.
type progress struct{ settled, days, kept int64 }

func (r *rollup) progress(ctx context.Context, tx *store.Tx) (p progress, err error) {
	err = tx.QueryRow(ctx, `select settled, days, kept from rollup where source = $1`, r.source).Scan(&p.settled, &p.days, &p.kept)
	if err != nil {
		return p, fmt.Errorf("read the progress of %s: %w", r.source, err)
	}
	return p, nil
}

// Roll writes the sums in memory and settles all that can be settled, however long it
// takes. The ledger does it by itself, in small steps.
func (l *Ledger) Roll(ctx context.Context, now time.Time) error {
	if err := l.flush(ctx); err != nil {
		return err
	}
	for {
		more, err := l.roll(ctx, now)
		if err != nil || !more {
			return err
		}
	}
}

// roll settles for a moment; more tells that there is more to do.
func (l *Ledger) roll(ctx context.Context, now time.Time) (more bool, err error) {
	for _, r := range []*rollup{l.usage, l.traffic} {
		mine, err := l.claimRollup(ctx, r, now)
		if err != nil {
			return false, err
		}
		if !mine {
			continue
		}
		unfinished, err := l.settleHours(ctx, r, now)
		if err == nil && !unfinished {
			err = l.settleMarks(ctx, r, now)
		}
		if err == nil && !unfinished {
			unfinished, err = l.settleDays(ctx, r)
		}
		if err == nil && !unfinished {
			unfinished, err = l.trimHours(ctx, r, now)
		}
		if err != nil {
			return false, fmt.Errorf("settle %s: %w", r.table, err)
		}
		more = more || unfinished
	}
	return more, nil
}

// claimRollup makes this process the one that settles, and reports whether it is.
func (l *Ledger) claimRollup(ctx context.Context, r *rollup, now time.Time) (mine bool, err error) {
	due := false
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		due = true
		p, err := r.progress(ctx, tx)
		if err != nil || p.settled < settleable(now) || (p.days+1)*dayHours <= p.settled {
			return err
		}
		var marks int64
		err = tx.QueryRow(ctx, `select count(*) from rollup_dirty where source = $1 and at < $2`, r.source, store.Micros(now.Add(-markAge))).Scan(&marks)
		due = marks > 0
		return err
	})
	if err != nil || !due {
		return false, err
	}
	err = l.db.Write(ctx, func(tx *store.Tx) error {
		mine, err = affected(tx.Exec(ctx, `update rollup set owner = $2, until = $3 where source = $1 and (owner = $2 or until < $4)`,
			r.source, l.o.Replica, store.Micros(now.Add(rollLease)), store.Micros(now)))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("claim rollup %s: %w", r.source, err)
	}
	return mine, nil
}

// settleable is the first hour that is not to be settled yet.
func settleable(now time.Time) int64 { return hourOf(now.Add(-settleAfter)) }

// settleHours settles hours in their order, for a moment.
func (l *Ledger) settleHours(ctx context.Context, r *rollup, now time.Time) (more bool, err error) {
	began, end := time.Now(), settleable(now)
	for {
		var p progress
		next := end
		err := l.db.Read(ctx, func(tx *store.Tx) (err error) {
			if p, err = r.progress(ctx, tx); err != nil || p.settled >= end {
				return err
			}
			if next = p.settled; next == 0 {
				next, err = firstHour(ctx, tx, r.raw, end)
			}
			return err
		})
		if err != nil || p.settled >= end {
			return false, err
		}
		done := end
		if next < end {
			if !l.beyond(r, next, now) {
				if err := l.settleHour(ctx, r, next); err != nil {
					return false, err
				}
			}
			done = next + 1
		}
		if err := l.advance(ctx, r, "settled", p.settled, done); err != nil {
			return false, err
		}
		if time.Since(began) > rollSpan {
			return done < end, nil
		}
	}
}

// firstHour is the hour of a table's first row, or end where there is none before.
func firstHour(ctx context.Context, tx *store.Tx, table string, end int64) (int64, error) {
	var first sql.NullInt64
	if err := tx.QueryRow(ctx, `select min(at) from `+table).Scan(&first); err != nil {
		return 0, fmt.Errorf("find the first row of %s: %w", table, err)
	}
	if !first.Valid {
		return end, nil
	}
	return min(max(floorDiv(first.Int64, hourMicros), 0), end), nil
}

// advance moves a mark of progress on, unless another process has.
func (l *Ledger) advance(ctx context.Context, r *rollup, column string, from, to int64) error {
	err := l.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, fmt.Sprintf(`update rollup set %[1]s = $3 where source = $1 and %[1]s = $2`, column), r.source, from, to)
		return err
	})
	if err != nil {
		return fmt.Errorf("move the progress of %s: %w", r.source, err)
	}
	return nil
}

// settleMarks adds up again the hours that were marked, and their days.
func (l *Ledger) settleMarks(ctx context.Context, r *rollup, now time.Time) error {
	type marked struct{ hour, at int64 }
	var marks []marked
	var p progress
	err := l.db.Read(ctx, func(tx *store.Tx) (err error) {
		if p, err = r.progress(ctx, tx); err != nil {
			return err
		}
		marks = nil
		return tx.Each(ctx, `select hour, max(at) from rollup_dirty where source = $1 and at < $2 group by hour order by hour`, func(scan func(...any) error) error {
			var m marked
			err := scan(&m.hour, &m.at)
			marks = append(marks, m)
			return err
		}, r.source, store.Micros(now.Add(-markAge)))
	})
	if err != nil {
		return err
	}
	for _, m := range marks {
		if err := l.settleMark(ctx, r, p, m.hour, now); err != nil {
			return err
		}
		err := l.db.Write(ctx, func(tx *store.Tx) error { // but for newer marks
			_, err := tx.Exec(ctx, `delete from rollup_dirty where source = $1 and hour = $2 and at <= $3`, r.source, m.hour, m.at)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// settleMark adds up an hour again, and its day. Where the other hours of the day have no
// sums any more, they are added up as well.
func (l *Ledger) settleMark(ctx context.Context, r *rollup, p progress, hour int64, now time.Time) error {
	day := floorDiv(hour, dayHours)
	first, last := hour, hour
	if hour < p.kept {
		first, last = day*dayHours, day*dayHours+dayHours-1
	}
	if hour < p.settled && !l.beyond(r, first, now) {
		for at := first; at <= last; at++ {
			if err := l.settleHour(ctx, r, at); err != nil {
				return err
			}
		}
	} else if hour < p.kept {
		return nil // neither its rows nor its sums are there: the day stays what it was
	}
	if day < p.days {
		return l.settleDay(ctx, r, day)
	}
	return nil
}

// settleDays makes the sums of days whose hours are all settled, for a moment.
func (l *Ledger) settleDays(ctx context.Context, r *rollup) (more bool, err error) {
	for began := time.Now(); ; {
		var p progress
		var next, end int64
		err := l.db.Read(ctx, func(tx *store.Tx) (err error) {
			if p, err = r.progress(ctx, tx); err != nil {
				return err
			}
			end = floorDiv(p.settled, dayHours)
			next = end
			return tx.Each(ctx, `select at from `+r.table+` where hours = 1 and at >= $1 order by at limit 1`, func(scan func(...any) error) error {
				var at int64
				err := scan(&at)
				next = min(end, floorDiv(at, dayHours))
				return err
			}, p.days*dayHours)
		})
		if err != nil || p.days >= end {
			return false, err
		}
		done := end
		if next < end {
			if err := l.settleDay(ctx, r, next); err != nil {
				return false, err
			}
			done = next + 1
		}
		if err := l.advance(ctx, r, "days", p.days, done); err != nil {
			return false, err
		}
		if time.Since(began) > rollSpan {
			return done < end, nil
		}
	}
}

// settleHour makes the hour's rows what the rows that they sum up say.
func (l *Ledger) settleHour(ctx context.Context, r *rollup, hour int64) error {
	read := l.readUsageHour
	if r == l.traffic {
		read = l.readTrafficHour
	}
	return l.settleCells(ctx, r, 1, hour, func(ctx context.Context, tx *store.Tx, add func(cell, figures)) error {
		return read(ctx, tx, hour, func(c cell, s figures) {
			if c.account != "" {
				add(c, s)
			}
			add(c.together(), s)
		})
	})
}

// settleDay makes the day's rows the sums of its hours'.
func (l *Ledger) settleDay(ctx context.Context, r *rollup, day int64) error {
	at := day * dayHours
	return l.settleCells(ctx, r, dayHours, at, func(ctx context.Context, tx *store.Tx, add func(cell, figures)) error {
		query := fmt.Sprintf(`select %s, %s from %s where hours = 1 and at >= $1 and at < $2 group by %[1]s`, strings.Join(r.keys, ", "), r.added(), r.table)
		return r.each(ctx, tx, at, query, add, at, at+dayHours)
	})
}

// added are the sums of all columns.
func (r *rollup) added() string {
	all := make([]string, len(r.columns))
	for i, column := range r.columns {
		all[i] = "cast(coalesce(sum(" + column + "), 0) as bigint)"
	}
	return strings.Join(all, ", ")
}

// each reads rows of keys and numbers.
func (r *rollup) each(ctx context.Context, tx *store.Tx, at int64, query string, add func(cell, figures), args ...any) error {
	c, s := cell{at: at}, make(figures, len(r.columns))
	into := []any{&c.account, &c.model, &c.key, &c.family}[:len(r.keys)]
	for i := range s {
		into = append(into, &s[i])
	}
	return tx.Each(ctx, query, func(scan func(...any) error) error {
		if err := scan(into...); err != nil {
			return err
		}
		add(c, s)
		return nil
	}, args...)
}

// settleCells compares what should be with what is there, and writes the difference:
// mostly none.
func (l *Ledger) settleCells(ctx context.Context, r *rollup, hours, at int64, read func(context.Context, *store.Tx, func(cell, figures)) error) error {
	var want, have map[cell]figures
	err := l.db.Read(ctx, func(tx *store.Tx) error {
		want, have = map[cell]figures{}, map[cell]figures{}
		into := func(m map[cell]figures) func(cell, figures) {
			return func(c cell, s figures) {
				if m[c] == nil {
					m[c] = make(figures, len(s))
				}
				m[c].add(s)
			}
		}
		if err := read(ctx, tx, into(want)); err != nil {
			return err
		}
		query := fmt.Sprintf(`select %s, %s from %s where hours = $1 and at = $2`, strings.Join(r.keys, ", "), strings.Join(r.columns, ", "), r.table)
		return r.each(ctx, tx, at, query, into(have), hours, at)
	})
	if err != nil {
		return err
	}
	var rows, gone []row
	for c, s := range want {
		if !slices.Equal(s, have[c]) {
			rows = append(rows, row{c, s})
		}
		delete(have, c)
	}
	for c := range have {
		gone = append(gone, row{c, make(figures, len(r.columns))}) // a row of nothing is none
	}
	rows = append(rows, gone...)
	slices.SortFunc(rows, func(a, b row) int { return compareCells(a.cell, b.cell) })
	_, err = l.writeRows(ctx, r, hours, rows, false)
	return err
}

// readUsageHour adds up the charges of an hour.
func (l *Ledger) readUsageHour(ctx context.Context, tx *store.Tx, hour int64, add func(cell, figures)) error {
	query := `select account, model, api_key, count(*), ` + usageSums() + ` from charge_line
		where at >= $1 and at < $2 group by account, model, api_key`
	return l.usage.each(ctx, tx, hour, query, add, hour*hourMicros, (hour+1)*hourMicros)
}

// usageSums are the sums of charge lines, but for their number.
func usageSums() string {
	var sums []string
	for _, column := range []string{inputTokens, "units_out", "units_cached", "units_reasoning", "amount", "cost"} {
		sums = append(sums, "cast(coalesce(sum("+column+"), 0) as bigint)")
	}
	return strings.Join(sums, ", ")
}

// readTrafficHour adds up the requests of an hour.
func (l *Ledger) readTrafficHour(ctx context.Context, tx *store.Tx, hour int64, add func(cell, figures)) error {
	var e Entry
	var firstByte, duration int64
	e.At = hourStart(hour)
	return tx.Each(ctx, `select method, route, status, account, api_key, model, first_byte, duration from request_log
		where at >= $1 and at < $2`, func(scan func(...any) error) error {
		if err := scan(&e.Method, &e.Route, &e.Status, &e.Account, &e.Key, &e.Model, &firstByte, &duration); err != nil {
			return err
		}
		e.FirstByte, e.Duration = time.Duration(firstByte)*time.Microsecond, time.Duration(duration)*time.Microsecond
		c, s := trafficOf(&e)
		add(c, s[:])
		return nil
	}, hour*hourMicros, (hour+1)*hourMicros)
}
