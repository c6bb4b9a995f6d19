package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"skytower/internal/store"
)

const (
	insertBatch = `insert into charge_batch (id, at, lines) values ($1, $2, $3)`
	insertLine  = `insert into charge_line (request, batch, at, account, api_key, model, target, price_version,
		units_in, units_out, units_cached, units_reasoning, amount, counted, outcome)
		values ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10, $11, 0, $12, $13) on conflict (request) do nothing`
	insertEntry = `insert into request_log (request, at, method, route, path, status, outcome, error_id, account, api_key,
		model, target, tokens_in, tokens_out, bytes_in, bytes_out, first_byte, duration, streamed, client)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
		on conflict (at, request) do nothing`
	// One round trip and no explicit transaction: on PostgreSQL that is the cost.
	insertBatchAndLines = `with b as (insert into charge_batch (id, at, lines) values ($1::text, $2::bigint, $3::bigint))
	insert into charge_line (request, batch, at, account, api_key, model, target, price_version,
		units_in, units_out, units_cached, units_reasoning, amount, counted, outcome)
	select request, $1::text, at, account, api_key, model, target, 0, units_in, units_out, units_cached, units_reasoning, 0, counted, outcome
	from unnest($4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
		$10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::boolean[], $15::text[])
		as v(request, at, account, api_key, model, target, units_in, units_out, units_cached, units_reasoning, counted, outcome)
	on conflict (request) do nothing`
	insertEntries = `insert into request_log (request, at, method, route, path, status, outcome, error_id, account, api_key,
		model, target, tokens_in, tokens_out, bytes_in, bytes_out, first_byte, duration, streamed, client)
	select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[],
		$9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],
		$17::bigint[], $18::bigint[], $19::boolean[], $20::text[])
	on conflict (at, request) do nothing`
)

func newBatchWriter(ctx context.Context, db *store.DB) (batchWriter, error) {
	if db.Dialect() == store.Postgres {
		return &postgresWriter{db: db.Writer()}, nil
	}
	w := &sqliteWriter{db: db.Writer()}
	for text, stmt := range map[string]**sql.Stmt{insertBatch: &w.batch, insertLine: &w.line, insertEntry: &w.entry} {
		var err error
		if *stmt, err = w.db.PrepareContext(ctx, text); err != nil {
			return nil, errors.Join(err, w.close())
		}
	}
	return w, nil
}

// sqliteWriter runs one prepared statement a row: the cheapest form there.
type sqliteWriter struct {
	db                 *sql.DB
	batch, line, entry *sql.Stmt
}

func (w *sqliteWriter) writeCharges(ctx context.Context, b *batch) error {
	return w.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.StmtContext(ctx, w.batch).ExecContext(ctx, b.id, b.at, len(b.pending)); err != nil {
			return fmt.Errorf("insert batch: %w", err)
		}
		line := tx.StmtContext(ctx, w.line)
		for _, p := range b.pending {
			c := &p.charge
			if _, err := line.ExecContext(ctx, c.Request, b.id, store.Micros(c.At), c.Account, c.Key, c.Model, c.Target,
				c.Input, c.Output, c.Cached, c.Reasoning, c.Counted, c.Outcome); err != nil {
				return fmt.Errorf("insert charge line: %w", err)
			}
		}
		return nil
	})
}

func (w *sqliteWriter) writeEntries(ctx context.Context, entries []*Entry) error {
	return w.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		entry := tx.StmtContext(ctx, w.entry)
		for _, e := range entries {
			if _, err := entry.ExecContext(ctx, e.Request, store.Micros(e.At), e.Method, e.Route, e.Path, e.Status, e.Outcome, e.ErrorID,
				e.Account, e.Key, e.Model, e.Target, e.TokensIn, e.TokensOut, e.BytesIn, e.BytesOut,
				e.FirstByte.Microseconds(), e.Duration.Microseconds(), e.Streamed, e.Client); err != nil {
				return fmt.Errorf("insert request-log entry: %w", err)
			}
		}
		return nil
	})
}

// transact runs fn in a transaction. ctx bounds the wait for the one connection and
// nothing after it: every statement with a context that can end costs a goroutine
// that watches it (a quarter of the whole), and a statement here waits for no more
// than the 5 s that the connection waits for a lock.
func (w *sqliteWriter) transact(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("wait for the writer: %w", err)
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool
	ctx = context.WithoutCancel(ctx)
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin batch: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing; otherwise the first error counts
	if err := fn(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit batch: %w", err)
	}
	return nil
}

func (w *sqliteWriter) close() error {
	var errs []error
	for _, stmt := range []*sql.Stmt{w.batch, w.line, w.entry} {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(errs...)
}

// postgresWriter sends the whole batch as one statement.
type postgresWriter struct{ db *sql.DB }

func (w *postgresWriter) writeCharges(ctx context.Context, b *batch) error {
	args := append([]any{b.id, b.at, int64(len(b.pending))}, lineColumns(b.pending)...)
	if _, err := w.db.ExecContext(ctx, insertBatchAndLines, args...); err != nil {
		return fmt.Errorf("insert batch: %w", err)
	}
	return nil
}

func (w *postgresWriter) writeEntries(ctx context.Context, entries []*Entry) error {
	if _, err := w.db.ExecContext(ctx, insertEntries, entryColumns(entries)...); err != nil {
		return fmt.Errorf("insert request-log entries: %w", err)
	}
	return nil
}

func (w *postgresWriter) close() error { return nil }

func column[R, V any](rows []*R, value func(*R) V) any {
	out := make([]V, len(rows))
	for i, row := range rows {
		out[i] = value(row)
	}
	return out
}

func lineColumns(p []*pending) []any {
	text := func(value func(*Charge) string) any {
		return column(p, func(p *pending) string { return value(&p.charge) })
	}
	number := func(value func(*Charge) int64) any {
		return column(p, func(p *pending) int64 { return value(&p.charge) })
	}
	return []any{
		text(func(c *Charge) string { return c.Request }), number(func(c *Charge) int64 { return store.Micros(c.At) }),
		text(func(c *Charge) string { return c.Account }), text(func(c *Charge) string { return c.Key }),
		text(func(c *Charge) string { return c.Model }), text(func(c *Charge) string { return c.Target }),
		number(func(c *Charge) int64 { return c.Input }), number(func(c *Charge) int64 { return c.Output }),
		number(func(c *Charge) int64 { return c.Cached }), number(func(c *Charge) int64 { return c.Reasoning }),
		column(p, func(p *pending) bool { return p.charge.Counted }), text(func(c *Charge) string { return c.Outcome }),
	}
}

func entryColumns(entries []*Entry) []any {
	text := func(value func(*Entry) string) any { return column(entries, value) }
	number := func(value func(*Entry) int64) any { return column(entries, value) }
	return []any{
		text(func(e *Entry) string { return e.Request }), number(func(e *Entry) int64 { return store.Micros(e.At) }),
		text(func(e *Entry) string { return e.Method }), text(func(e *Entry) string { return e.Route }),
		text(func(e *Entry) string { return e.Path }), number(func(e *Entry) int64 { return int64(e.Status) }),
		text(func(e *Entry) string { return e.Outcome }), text(func(e *Entry) string { return e.ErrorID }),
		text(func(e *Entry) string { return e.Account }), text(func(e *Entry) string { return e.Key }),
		text(func(e *Entry) string { return e.Model }), text(func(e *Entry) string { return e.Target }),
		number(func(e *Entry) int64 { return e.TokensIn }), number(func(e *Entry) int64 { return e.TokensOut }),
		number(func(e *Entry) int64 { return e.BytesIn }), number(func(e *Entry) int64 { return e.BytesOut }),
		number(func(e *Entry) int64 { return e.FirstByte.Microseconds() }), number(func(e *Entry) int64 { return e.Duration.Microseconds() }),
		column(entries, func(e *Entry) bool { return e.Streamed }), text(func(e *Entry) string { return e.Client }),
	}
}
