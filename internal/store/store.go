// Package store opens the database, SQLite or PostgreSQL, brings its schema up
// to date, runs transactions, and tells every process what changed.
//
// It refuses to know what the tables mean: each domain owns its SQL and adds
// its own file to migrations. The SQL is one text for both engines, with $1, $2
// placeholders; where the engines truly differ, [Dialect] has the few words.
//
// Its invariant: a change is published in the transaction that makes it, and
// change rows become visible in the order of their numbers, so a [Feed] that
// has read up to a number has missed nothing below it.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// defaultReaders is the number of SQLite connections that only read.
	defaultReaders = 8
	// defaultMaxConns bounds the connections of one process to PostgreSQL,
	// which allows 100 in all unless told otherwise.
	defaultMaxConns = 20
)

// Options adjust [Open]. The zero value works.
type Options struct {
	Logger   *slog.Logger     // nil: nothing is logged
	Now      func() time.Time // nil: time.Now
	Readers  int              // SQLite: connections for reading; 0 means 8
	MaxConns int              // PostgreSQL: connections in all; 0 means 20
	Copying  bool             // also open what a copy has not filled yet: for the copy

	migrations fs.FS // tests replace the built-in migrations
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	dialect Dialect
	writer  *sql.DB
	reader  *sql.DB
	pg      *pgx.ConnConfig // nil on SQLite; the feed's own LISTEN connection
	log     *slog.Logger
	now     func() time.Time

	writes, reads tally

	mu    sync.Mutex
	feeds map[*Feed]struct{}
}

// Open opens the database that url names and migrates it to the newest schema:
//
//	sqlite:/var/lib/skytower/skytower.db   (the folder must exist)
//	postgres://user:password@host:5432/name
//
// It fails with [ErrTooOld] when a newer server has made the database unusable
// for this one. No error holds the password.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	o = o.withDefaults()
	db, err := connect(url, o)
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx, o.migrations, o.Copying); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate database: %w", err), db.Close())
	}
	if db.dialect == Postgres {
		// Only now: migrating holds one connection, for the lock, and uses another.
		db.writer.SetMaxOpenConns(o.MaxConns)
	}
	return db, nil
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Readers <= 0 {
		o.Readers = defaultReaders
	}
	if o.MaxConns <= 0 {
		o.MaxConns = defaultMaxConns
	}
	if o.migrations == nil {
		o.migrations = builtin()
	}
	return o
}

// Close closes all connections. Feeds must have been stopped before.
func (db *DB) Close() error {
	// The writer closes last: on SQLite the last connection folds the
	// write-ahead log into the file, which a query_only connection cannot do.
	var err error
	if db.reader != db.writer {
		err = db.reader.Close()
	}
	return errors.Join(err, db.writer.Close())
}

// Dialect says which engine this is.
func (db *DB) Dialect() Dialect { return db.dialect }

// Writer is the pool behind [DB.Write]: one connection on SQLite. It is there
// for statements that are prepared once, and for the job queue. On SQLite,
// using it inside Write waits forever for the connection that Write holds.
func (db *DB) Writer() *sql.DB { return db.writer }

// Reader is the pool behind [DB.Read]. On PostgreSQL it is the same as Writer.
func (db *DB) Reader() *sql.DB { return db.reader }

// Micros is how times are stored: microseconds since 1970 in a bigint column.
// The zero time is 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time reads what [Micros] stored, in UTC; 0 is the zero time.
func Time(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
