package store

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// Dialect holds the few words in which the two engines differ.
type Dialect int

// The two engines.
const (
	SQLite Dialect = iota + 1
	Postgres
)

// String is "sqlite" or "postgres".
func (d Dialect) String() string { return d.Pick("sqlite", "postgres") }

// Pick returns the text for this engine. Keep its uses few.
func (d Dialect) Pick(sqlite, postgres string) string {
	if d == Postgres {
		return postgres
	}
	return sqlite
}

// ForUpdate locks the selected rows on PostgreSQL. SQLite has one writer, and
// no such words.
func (d Dialect) ForUpdate() string { return d.Pick("", " for update") }

// In is the condition "col is one of a set", where argument number n is the
// set, made by [Dialect.Strings] or [Dialect.Int64s]:
//
//	tx.Query(ctx, `select … where `+d.In("slug", 1), d.Strings(slugs))
func (d Dialect) In(col string, n int) string {
	return fmt.Sprintf(d.Pick("%s in (select value from json_each($%d))", "%s = any($%d)"), col, n)
}

// Strings makes the set argument of [Dialect.In] for a text column.
func (d Dialect) Strings(values []string) any { return setArg(d, values) }

// Int64s makes the set argument of [Dialect.In] for a bigint column.
func (d Dialect) Int64s(values []int64) any { return setArg(d, values) }

func setArg[T string | int64](d Dialect, values []T) any {
	if values == nil {
		values = []T{} // a NULL set would make "not in" unknown instead of true
	}
	if d == Postgres {
		return values
	}
	text, err := json.Marshal(values)
	if err != nil { // strings and integers always marshal
		panic(err)
	}
	return string(text)
}

// IsUnique reports whether err is a violated primary key or unique index.
func (db *DB) IsUnique(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "23505"
	}
	const primaryKey, unique, rowID = 1555, 2067, 2579 // extended codes of SQLITE_CONSTRAINT
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code() == primaryKey || lite.Code() == unique || lite.Code() == rowID
	}
	return false
}

// IsLockTimeout reports whether a statement gave up waiting for a lock of PostgreSQL's,
// after its lock_timeout.
func (db *DB) IsLockTimeout(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "55P03"
}

// IsRetryable reports whether the transaction failed only because of another
// one and may succeed when run again: busy, serialization failure, deadlock, or
// a prepared statement that a migration on another machine has outdated.
func (db *DB) IsRetryable(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pg.Code {
		case "40001", "40P01":
			return true
		case "0A000": // feature_not_supported, of which this one is temporary
			return pg.Routine == "RevalidateCachedQuery"
		}
		return false
	}
	const busy, primaryCode = 5, 0xff
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code()&primaryCode == busy
	}
	return false
}
