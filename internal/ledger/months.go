package ledger

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"

	"skytower/internal/store"
)

// On PostgreSQL the request log has a partition for each month (UTC): a month that is past
// the retention goes by dropping its table. Rows of no month lie in a default partition,
// and those from before there were partitions in one of their own, request_log_old.
const (
	monthsAhead = 3 // besides the present one
	// monthsLock is the key of the advisory lock of whoever changes partitions.
	monthsLock = 0x736b7903
	// dropFrom is the retention from which months are only dropped whole: their rows stay up
	// to a month longer then, and are not shown. With a shorter one rows are deleted as well.
	dropFrom = 28 * 24 * time.Hour
	// monthWait is how long a change of partitions may keep others waiting who come after it.
	monthWait = "1s"
)

// partition is one of the request log with its bounds in microseconds: from the first,
// to before the second.
type partition struct {
	name     string
	from, to int64
	rest     bool // the default partition
}

// keepMonths makes the partitions of the months to come, and drops those past the
// retention. It may run in any number of processes. Where another session uses the table
// for longer than monthWait, it leaves the rest to the next time.
func (l *Ledger) keepMonths(ctx context.Context, now time.Time) error {
	for {
		months, err := l.months(ctx)
		if err != nil {
			return err
		}
		if drop, ok := l.pastMonth(months, now); ok {
			err = l.changeMonths(ctx, func(tx *store.Tx) error { return dropMonth(ctx, tx, drop) })
		} else if add, ok := missingMonth(months, now); ok {
			err = l.changeMonths(ctx, func(tx *store.Tx) error { return addMonth(ctx, tx, add) })
		} else {
			return nil
		}
		if errors.Is(err, errOthersWork) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("change the months of the request log: %w", err)
		}
	}
}

// months are the partitions that there are.
func (l *Ledger) months(ctx context.Context) (all []partition, err error) {
	err = l.db.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = readMonths(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the months of the request log: %w", err)
	}
	return all, nil
}

func readMonths(ctx context.Context, tx *store.Tx) (all []partition, err error) {
	err = tx.Each(ctx, `select c.relname, pg_get_expr(c.relpartbound, c.oid) from pg_inherits i join pg_class c on c.oid = i.inhrelid
		where i.inhparent = 'request_log'::regclass order by c.relname`, func(scan func(...any) error) error {
		var name, bounds string
		if err := scan(&name, &bounds); err != nil {
			return err
		}
		m, err := parseMonth(name, bounds)
		all = append(all, m)
		return err
	})
	return all, err
}

// parseMonth reads bounds as PostgreSQL writes them: DEFAULT, or FOR VALUES FROM (…) TO (…).
func parseMonth(name, bounds string) (m partition, err error) {
	m = partition{name: name, from: math.MinInt64, to: math.MaxInt64}
	if bounds == "DEFAULT" {
		m.rest = true
		return m, nil
	}
	parts := regexp.MustCompile(`^FOR VALUES FROM \((?:MINVALUE|'?(-?\d+)'?)\) TO \((?:MAXVALUE|'?(-?\d+)'?)\)$`).FindStringSubmatch(bounds)
	if parts == nil {
		return m, fmt.Errorf("partition %s has unknown bounds: %s", name, bounds)
	}
	for i, to := range []*int64{&m.from, &m.to} {
		if text := parts[i+1]; text != "" {
			if *to, err = strconv.ParseInt(text, 10, 64); err != nil {
				return m, fmt.Errorf("partition %s has unknown bounds: %w", name, err)
			}
		}
	}
	return m, nil
}

// pastMonth is a partition all of whose rows are past the retention.
func (l *Ledger) pastMonth(months []partition, now time.Time) (partition, bool) {
	if l.o.Retention <= 0 {
		return partition{}, false
	}
	before := store.Micros(now.Add(-l.o.Retention))
	for _, m := range months {
		if !m.rest && m.to <= before {
			return m, true
		}
	}
	return partition{}, false
}

// missingMonth is the first month, of the present one and those to come, that no partition has.
func missingMonth(months []partition, now time.Time) (partition, bool) {
	now = now.UTC()
	for i := range 1 + monthsAhead {
		first := time.Date(now.Year(), now.Month()+time.Month(i), 1, 0, 0, 0, 0, time.UTC)
		want := partition{name: "request_log_" + first.Format("2006_01"), from: store.Micros(first), to: store.Micros(first.AddDate(0, 1, 0))}
		if !covered(want, months) {
			return want, true
		}
	}
	return partition{}, false
}

func covered(want partition, months []partition) bool {
	for _, m := range months {
		if !m.rest && m.from < want.to && want.from < m.to {
			return true
		}
	}
	return false
}

// errOthersWork is a change that waits for the next time: another process is at it, or
// somebody uses the table.
var errOthersWork = errors.New("others use the request log")

// changeMonths runs one change of partitions, alone, and not for long.
func (l *Ledger) changeMonths(ctx context.Context, change func(*store.Tx) error) error {
	err := l.db.Write(ctx, func(tx *store.Tx) error {
		mine := false
		if err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock($1)`, monthsLock).Scan(&mine); err != nil {
			return err
		}
		if !mine {
			return errOthersWork
		}
		if _, err := tx.Exec(ctx, `set local lock_timeout = '`+monthWait+`'`); err != nil {
			return err
		}
		return change(tx)
	})
	if l.db.IsLockTimeout(err) {
		return errOthersWork
	}
	return err
}

// still reports whether a partition is there, now that nobody else changes any.
func still(ctx context.Context, tx *store.Tx, m partition) (bool, error) {
	months, err := readMonths(ctx, tx)
	for _, have := range months {
		if have == m {
			return true, err
		}
	}
	return false, err
}

func dropMonth(ctx context.Context, tx *store.Tx, m partition) error {
	there, err := still(ctx, tx, m)
	if err != nil || !there {
		return err
	}
	if _, err := tx.Exec(ctx, `drop table `+m.name); err != nil {
		return fmt.Errorf("drop %s: %w", m.name, err)
	}
	return nil
}

// addMonth makes a partition; rows of the default one that belong there go there. It is
// made as a table and attached, since writers go on meanwhile: the other way keeps them out.
func addMonth(ctx context.Context, tx *store.Tx, m partition) error {
	months, err := readMonths(ctx, tx)
	if err != nil || covered(m, months) {
		return err
	}
	span := fmt.Sprintf("at >= %d and at < %d", m.from, m.to)
	for _, statement := range []string{
		`create table ` + m.name + ` (like request_log including defaults including indexes)`,
		`lock table request_log_default in access exclusive mode`,
		`with late as (delete from request_log_default where ` + span + ` returning *) insert into ` + m.name + ` select * from late`,
		fmt.Sprintf(`alter table request_log attach partition %s for values from (%d) to (%d)`, m.name, m.from, m.to),
	} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("add %s: %w", m.name, err)
		}
	}
	return nil
}

// trimmed are the tables of the request log whose old rows are deleted one by one.
func (l *Ledger) trimmed(ctx context.Context) ([]string, error) {
	if l.db.Dialect() != store.Postgres || l.o.Retention < dropFrom {
		return []string{"request_log"}, nil
	}
	months, err := l.months(ctx)
	if err != nil {
		return nil, err
	}
	var tables []string
	for _, m := range months {
		if m.rest || m.from == math.MinInt64 {
			tables = append(tables, m.name)
		}
	}
	return tables, nil
}
