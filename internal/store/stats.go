package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"time"
)

// Stats are what has become of this process's transactions, and how its connections are.
type Stats struct {
	Writes, Reads Ended
	Writer        sql.DBStats
	Reader        *sql.DBStats // nil on PostgreSQL, where both are one pool
}

// Ended counts transactions. RolledBack are those that a function of ours gave up, too,
// and those that ran again since another was in their way, once for each try.
type Ended struct{ Committed, RolledBack int64 }

// tally counts transactions as they end.
type tally struct{ committed, rolledBack atomic.Int64 }

func (t *tally) note(err error) {
	if err != nil {
		t.rolledBack.Add(1)
		return
	}
	t.committed.Add(1)
}

func (t *tally) read() Ended { return Ended{t.committed.Load(), t.rolledBack.Load()} }

// Stats costs no question to the database.
func (db *DB) Stats() Stats {
	s := Stats{Writes: db.writes.read(), Reads: db.reads.read(), Writer: db.writer.Stats()}
	if db.reader != db.writer {
		reader := db.reader.Stats()
		s.Reader = &reader
	}
	return s
}

// Ping asks the database a small question: how long that took, and how far its clock is
// before ours. On SQLite, which has none of its own, that is 0.
func (db *DB) Ping(ctx context.Context) (took, offset time.Duration, err error) {
	began := time.Now()
	if db.dialect == SQLite {
		var one int
		err = db.reader.QueryRowContext(ctx, `select 1`).Scan(&one)
		return time.Since(began), 0, err
	}
	var now time.Time
	if err = db.reader.QueryRowContext(ctx, `select clock_timestamp()`).Scan(&now); err != nil {
		return 0, 0, fmt.Errorf("ask the database for its time: %w", err)
	}
	took = time.Since(began)
	return took, now.Sub(began.Add(took / 2)), nil
}
