package ledger

import (
	"testing"
	"time"

	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// TestClockThatJumpedDeletesNothing sets the time that all go by years ahead: while it is in
// doubt nothing is deleted, no month dropped or made, and no hour settled; and what this
// machine's own clock says does not count.
func TestClockThatJumpedDeletesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		steady, now := true, time.Now()
		l := New(db, Options{Retention: 30 * 24 * time.Hour, AgesBy: func() time.Time { return now }, Steady: func() bool { return steady },
			Now: func() time.Time { return now.AddDate(2, 0, 0) }}) // this machine's clock is wrong all the time
		kept := logOld(t, db, now.Add(-time.Hour))
		look := func(when string, rows int, settled int64) {
			t.Helper()
			l.trimOnce()
			if _, err := l.rollOnce(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := number(t, db, `select count(*) from request_log`); got != int64(rows) {
				t.Errorf("%s: %d entries, want %d", when, got, rows)
			}
			if got := number(t, db, `select max(settled) from rollup`); settled >= 0 && got != settled {
				t.Errorf("%s: settled up to hour %d, want %d", when, got, settled)
			}
		}
		look("before", kept, settleable(now))
		partitions := months(t, l)
		settled := settleable(now)
		now, steady = now.AddDate(2, 0, 0), false
		look("in doubt", kept, settled)
		if got := months(t, l); got != partitions {
			t.Errorf("the months are %d, and were %d", got, partitions)
		}
		steady = true // its operator meant it
		look("trusted", 0, -1)
	})
}

// logOld logs an entry.
func logOld(t *testing.T, db *store.DB, at time.Time) int {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), `insert into request_log values ('req_a', $1, 'POST', '/v1/chat/completions', '', 200, '', '', 'acct_a', 'key_a', 'model', '', 0, 0, 0, 0, 0, 0, $2, '')`,
			store.Micros(at), false)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return 1
}

func number(t *testing.T, db *store.DB, query string) (n int64) {
	t.Helper()
	if err := db.Read(t.Context(), func(tx *store.Tx) error { return tx.QueryRow(t.Context(), query).Scan(&n) }); err != nil {
		t.Fatal(err)
	}
	return n
}

// months are how many partitions there are; none on SQLite.
func months(t *testing.T, l *Ledger) int {
	t.Helper()
	if l.db.Dialect() != store.Postgres {
		return 0
	}
	all, err := l.months(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
