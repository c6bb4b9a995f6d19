package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// maxAttempts bounds how often one Write or Read runs. On SQLite each
	// attempt has waited up to 5 s for the lock already (busy_timeout).
	maxAttempts = 6
	// firstPause is the mean wait before the second attempt; it doubles.
	firstPause = 5 * time.Millisecond
)

// Tx is one transaction. It is for one goroutine, and ends with the function
// that received it.
type Tx struct {
	db          *DB
	tx          *sql.Tx
	afterCommit []func()
	changes     []change
}

type change struct{ kind, ref string }

// Write runs fn in a transaction and commits it when fn returns nil. It rolls
// back on an error or a panic. On SQLite the transaction holds the one writer
// from its beginning; on PostgreSQL it is read committed, so lock with
// [Dialect.ForUpdate] or write conditions into the update.
//
// When the transaction failed only because of another one ([DB.IsRetryable]),
// fn runs again, at most six times: what fn does outside the transaction must
// be safe to repeat, or wait for [Tx.AfterCommit]. Never call Write inside
// Write, nor the network.
//
// Where the database is to blame ([DB.IsUnavailable]), the error carries
// SERVICE_UNAVAILABLE for callers of the API.
func (db *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	return db.retry(ctx, func() error { return db.once(ctx, db.writer, nil, fn) })
}

// Read runs fn in a read-only transaction that sees one state of the database
// throughout. It may run fn again, as Write does.
func (db *DB) Read(ctx context.Context, fn func(tx *Tx) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if db.dialect == Postgres {
		// What a SQLite reader has anyway: the same rows from first query to last.
		options.Isolation = sql.LevelRepeatableRead
	}
	return db.retry(ctx, func() error { return db.once(ctx, db.reader, options, fn) })
}

func (db *DB) retry(ctx context.Context, run func() error) error {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		err := run()
		if err == nil || !db.IsRetryable(err) || attempt == maxAttempts {
			return db.told(err)
		}
		db.log.DebugContext(ctx, "transaction runs again", "attempt", attempt, "error", err)
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause/2 + rand.N(pause)):
		}
		pause *= 2
	}
}

func (db *DB) once(ctx context.Context, pool *sql.DB, options *sql.TxOptions, fn func(tx *Tx) error) (err error) {
	ended := &db.writes
	if options != nil && options.ReadOnly {
		ended = &db.reads
	}
	defer func() { ended.note(err) }()
	raw, err := pool.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer raw.Rollback() //nolint:errcheck // after a commit it does nothing; otherwise the first error counts
	tx := &Tx{db: db, tx: raw}
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.writeChanges(ctx); err != nil {
		return err
	}
	if err := raw.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for _, f := range tx.afterCommit {
		f()
	}
	return nil
}

// Exec runs a statement that returns no rows.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return tx.tx.ExecContext(ctx, query, args...)
}

// Query runs a statement that returns rows; the caller closes them before the
// next statement (PostgreSQL sends one answer at a time on a connection).
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return tx.tx.QueryContext(ctx, query, args...)
}

// Each runs a statement that returns rows and calls row for each of them with the
// scanner of its columns, until row fails.
func (tx *Tx) Each(ctx context.Context, query string, row func(scan func(...any) error) error, args ...any) error {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// QueryRow runs a statement that returns at most one row; Scan reports
// [sql.ErrNoRows] when there is none.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return tx.tx.QueryRowContext(ctx, query, args...)
}

// Stmt is a statement prepared on [DB.Writer] (or, inside Read, [DB.Reader]),
// for use in this transaction.
func (tx *Tx) Stmt(ctx context.Context, prepared *sql.Stmt) *sql.Stmt {
	return tx.tx.StmtContext(ctx, prepared)
}

// SQL is the transaction itself, for the job queue.
func (tx *Tx) SQL() *sql.Tx { return tx.tx }

// Dialect says which engine this is.
func (tx *Tx) Dialect() Dialect { return tx.db.dialect }

// AfterCommit runs f once the transaction is durable, in the goroutine of
// Write, in the order of the calls; never after a rollback.
func (tx *Tx) AfterCommit(f func()) { tx.afterCommit = append(tx.afterCommit, f) }
