package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"skytower/internal/store"
)

const (
	// Rows of SQLite have parameters without names: its driver reads the name of each other
	// one, a copy and a number, for every row.
	insertBatch = `insert into charge_batch (id, at, lines) values (?, ?, ?)`
	insertLine  = `insert into charge_line (request, batch, at, account, api_key, model, target, price_version,
		units_in, units_out, units_cached, units_reasoning, amount, counted, outcome, cost, budget)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (request) do nothing`
	takeFromBucket = `update bucket set balance = balance - $2 where id = $1`
	insertPosting  = `insert into posting (transfer, source, dest, amount, at) values ($1, $2, 'revenue', $3, $4)`
	useLease       = `update lease set used = used + $2 where id = $1`
	insertEntry    = `insert into request_log (request, at, method, route, path, status, outcome, error_id, account, api_key,
		model, target, tokens_in, tokens_out, bytes_in, bytes_out, first_byte, duration, streamed, client)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (at, request) do nothing`
	// One round trip and no explicit transaction: on PostgreSQL that is the cost.
	insertLines = `insert into charge_line (request, batch, at, account, api_key, model, target, price_version,
		units_in, units_out, units_cached, units_reasoning, amount, counted, outcome, cost, budget)
	select request, $1::text, at, account, api_key, model, target, price_version, units_in, units_out, units_cached,
		units_reasoning, amount, counted, outcome, cost, budget
	from unnest($4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::bigint[],
		$12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::boolean[], $17::text[], $18::bigint[], $19::text[])
		as v(request, at, account, api_key, model, target, price_version, units_in, units_out, units_cached,
		units_reasoning, amount, counted, outcome, cost, budget)
	on conflict (request) do nothing`
	insertBatchAndLines = `with b as (insert into charge_batch (id, at, lines) values ($1::text, $2::bigint, $3::bigint)) ` + insertLines
	// Money moves for the lines that were inserted, and for no other. Buckets are locked
	// before leases, and each in the order of their ids, whatever the plan: several
	// transactions would wait for each other in a circle otherwise.
	insertPricedBatch = `with b as (insert into charge_batch (id, at, lines) values ($1::text, $2::bigint, $3::bigint)),
	l as (` + insertLines + ` returning request),
	d as materialized (select v.bucket, v.lease, v.budget, v.amount
		from unnest($20::text[], $21::text[], $22::text[], $23::boolean[], $24::bigint[]) as v(request, bucket, lease, budget, amount)
		join l on l.request = v.request),
	bs as materialized (select bucket, budget, cast(sum(amount) as bigint) as amount from d group by bucket, budget),
	ls as materialized (select lease, cast(sum(amount) as bigint) as amount from d where lease <> '' group by lease),
	bl as materialized (select id from bucket where id in (select bucket from bs) order by id for update),
	ll as materialized (select id from lease where id in (select lease from ls) and (select count(*) from bl) >= 0 order by id for update),
	bu as (update bucket set balance = balance - bs.amount from bs, bl where bl.id = bs.bucket and bucket.id = bl.id),
	lu as (update lease set used = used + ls.amount from ls, ll where ll.id = ls.lease and lease.id = ll.id),
	po as (insert into posting (transfer, source, dest, amount, at) select $1::text, bucket, 'revenue', amount, $2::bigint from bs where not budget)
	select count(*) from l`
	insertEntries = `insert into request_log (request, at, method, route, path, status, outcome, error_id, account, api_key,
		model, target, tokens_in, tokens_out, bytes_in, bytes_out, first_byte, duration, streamed, client)
	select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[],
		$9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],
		$17::bigint[], $18::bigint[], $19::boolean[], $20::text[])
	on conflict (at, request) do nothing`
)

func newBatchWriter(ctx context.Context, db *store.DB) (batchWriter, error) {
	if db.Dialect() == store.Postgres {
		return &postgresWriter{db: db}, nil
	}
	w := &sqliteWriter{db: db.Writer()}
	for text, stmt := range w.statements() {
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
	take, post, use    *sql.Stmt
	sums               sums // used by who has the one connection
}

func (w *sqliteWriter) statements() map[string]**sql.Stmt {
	return map[string]**sql.Stmt{
		insertBatch: &w.batch, insertLine: &w.line, insertEntry: &w.entry,
		takeFromBucket: &w.take, insertPosting: &w.post, useLease: &w.use,
	}
}

func (w *sqliteWriter) writeCharges(ctx context.Context, b *batch) error {
	return w.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.StmtContext(ctx, w.batch).ExecContext(ctx, b.id, b.at, len(b.pending)); err != nil {
			return fmt.Errorf("insert batch: %w", err)
		}
		line := tx.StmtContext(ctx, w.line)
		w.sums.clear()
		for _, p := range b.pending {
			c := &p.charge
			inserted, err := affected(line.ExecContext(ctx, c.Request, b.id, store.Micros(c.At), c.Account, c.Key, c.Model, c.Target, c.PriceVersion,
				c.Input, c.Output, c.Cached, c.Reasoning, c.Amount, c.Counted, c.Outcome, c.Cost, p.budget))
			if err != nil {
				return fmt.Errorf("insert charge line: %w", err)
			}
			p.repeated = !inserted
			if inserted {
				w.sums.add(p.pay)
			}
		}
		return w.move(ctx, tx, b)
	})
}

// move has buckets and leases pay the sums.
func (w *sqliteWriter) move(ctx context.Context, tx *sql.Tx, b *batch) error {
	if len(w.sums.payments) == 0 {
		return nil
	}
	take, post, use := tx.StmtContext(ctx, w.take), tx.StmtContext(ctx, w.post), tx.StmtContext(ctx, w.use)
	err := w.sums.each(bucketOf, func(y payment) error {
		if _, err := take.ExecContext(ctx, y.bucket, y.amount); err != nil {
			return fmt.Errorf("take from bucket: %w", err)
		}
		if y.budget {
			return nil
		}
		if _, err := post.ExecContext(ctx, b.id, y.bucket, y.amount, b.at); err != nil {
			return fmt.Errorf("insert posting: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.sums.each(leaseOf, func(y payment) error {
		if y.lease == "" {
			return nil
		}
		if _, err := use.ExecContext(ctx, y.lease, y.amount); err != nil {
			return fmt.Errorf("use lease: %w", err)
		}
		return nil
	})
}

// sums adds payments up by bucket and by lease.
type sums struct{ payments []payment }

func bucketOf(y *payment) string { return y.bucket }
func leaseOf(y *payment) string  { return y.lease }

func (s *sums) clear() { s.payments = s.payments[:0] }

func (s *sums) add(pay []payment) { s.payments = append(s.payments, pay...) }

// each calls fn with the sum of each name, in the order of names.
func (s *sums) each(name func(*payment) string, fn func(payment) error) error {
	slices.SortFunc(s.payments, func(a, b payment) int { return strings.Compare(name(&a), name(&b)) })
	for i := 0; i < len(s.payments); {
		sum := s.payments[i]
		for i++; i < len(s.payments) && name(&s.payments[i]) == name(&sum); i++ {
			sum.amount += s.payments[i].amount
		}
		if err := fn(sum); err != nil {
			return err
		}
	}
	return nil
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
	for _, stmt := range w.statements() {
		if *stmt != nil {
			errs = append(errs, (*stmt).Close())
		}
	}
	return errors.Join(errs...)
}

// postgresWriter sends the whole batch as one statement.
type postgresWriter struct {
	db     *store.DB
	sheets sync.Pool // of *sheet
}

// sheet is the memory of one statement, used again by the next.
type sheet struct {
	args store.Args
	pay  []paid
	seen map[string]struct{}
}

// paid is a payment with the request that it is for.
type paid struct {
	request string
	payment *payment
}

func (w *postgresWriter) writeCharges(ctx context.Context, b *batch) error {
	s := w.sheet()
	defer w.sheets.Put(s)
	s.args.Text(b.id)
	s.args.Int(b.at)
	s.args.Int(int64(len(b.pending)))
	s.lines(b.pending)
	if !b.priced() {
		if _, err := w.db.Send(ctx, insertBatchAndLines, &s.args); err != nil {
			return fmt.Errorf("insert batch: %w", err)
		}
		return nil
	}
	once := s.markTwins(b.pending)
	s.payments(b.pending)
	inserted, err := w.db.Send(ctx, insertPricedBatch, &s.args)
	if err != nil {
		return fmt.Errorf("insert priced batch: %w", err)
	}
	b.unclear = inserted != once
	return nil
}

func (w *postgresWriter) sheet() *sheet {
	s, _ := w.sheets.Get().(*sheet)
	if s == nil {
		s = &sheet{seen: map[string]struct{}{}}
	}
	s.args.Reset()
	return s
}

// markTwins marks the second of two charges of one request in a batch, and counts the
// requests.
func (s *sheet) markTwins(all []*pending) (requests int64) {
	clear(s.seen)
	for _, p := range all {
		_, p.repeated = s.seen[p.charge.Request]
		s.seen[p.charge.Request] = struct{}{}
	}
	return int64(len(s.seen))
}

// lines adds the columns of the batch's lines.
func (s *sheet) lines(all []*pending) {
	text := func(value func(*Charge) string) {
		s.args.Texts(len(all), func(i int) string { return value(&all[i].charge) })
	}
	number := func(value func(*Charge) int64) {
		s.args.Ints(len(all), func(i int) int64 { return value(&all[i].charge) })
	}
	text(func(c *Charge) string { return c.Request })
	number(func(c *Charge) int64 { return store.Micros(c.At) })
	text(func(c *Charge) string { return c.Account })
	text(func(c *Charge) string { return c.Key })
	text(func(c *Charge) string { return c.Model })
	text(func(c *Charge) string { return c.Target })
	number(func(c *Charge) int64 { return c.PriceVersion })
	number(func(c *Charge) int64 { return c.Input })
	number(func(c *Charge) int64 { return c.Output })
	number(func(c *Charge) int64 { return c.Cached })
	number(func(c *Charge) int64 { return c.Reasoning })
	number(func(c *Charge) int64 { return int64(c.Amount) })
	s.args.Bools(len(all), func(i int) bool { return all[i].charge.Counted })
	text(func(c *Charge) string { return c.Outcome })
	number(func(c *Charge) int64 { return int64(c.Cost) })
	s.args.Texts(len(all), func(i int) string { return all[i].budget })
}

// payments adds the columns of the batch's payments.
func (s *sheet) payments(all []*pending) {
	s.pay = s.pay[:0]
	for _, p := range all {
		for i := range p.pay {
			if !p.repeated {
				s.pay = append(s.pay, paid{p.charge.Request, &p.pay[i]})
			}
		}
	}
	s.args.Texts(len(s.pay), func(i int) string { return s.pay[i].request })
	s.args.Texts(len(s.pay), func(i int) string { return s.pay[i].payment.bucket })
	s.args.Texts(len(s.pay), func(i int) string { return s.pay[i].payment.lease })
	s.args.Bools(len(s.pay), func(i int) bool { return s.pay[i].payment.budget })
	s.args.Ints(len(s.pay), func(i int) int64 { return int64(s.pay[i].payment.amount) })
	clear(s.pay)
}

func (w *postgresWriter) writeEntries(ctx context.Context, entries []*Entry) error {
	s := w.sheet()
	defer w.sheets.Put(s)
	s.entries(entries)
	if _, err := w.db.Send(ctx, insertEntries, &s.args); err != nil {
		return fmt.Errorf("insert request-log entries: %w", err)
	}
	return nil
}

// entries adds the columns of the entries.
func (s *sheet) entries(all []*Entry) {
	text := func(value func(*Entry) string) {
		s.args.Texts(len(all), func(i int) string { return value(all[i]) })
	}
	number := func(value func(*Entry) int64) {
		s.args.Ints(len(all), func(i int) int64 { return value(all[i]) })
	}
	text(func(e *Entry) string { return e.Request })
	number(func(e *Entry) int64 { return store.Micros(e.At) })
	text(func(e *Entry) string { return e.Method })
	text(func(e *Entry) string { return e.Route })
	text(func(e *Entry) string { return e.Path })
	number(func(e *Entry) int64 { return int64(e.Status) })
	text(func(e *Entry) string { return e.Outcome })
	text(func(e *Entry) string { return e.ErrorID })
	text(func(e *Entry) string { return e.Account })
	text(func(e *Entry) string { return e.Key })
	text(func(e *Entry) string { return e.Model })
	text(func(e *Entry) string { return e.Target })
	number(func(e *Entry) int64 { return e.TokensIn })
	number(func(e *Entry) int64 { return e.TokensOut })
	number(func(e *Entry) int64 { return e.BytesIn })
	number(func(e *Entry) int64 { return e.BytesOut })
	number(func(e *Entry) int64 { return e.FirstByte.Microseconds() })
	number(func(e *Entry) int64 { return e.Duration.Microseconds() })
	s.args.Bools(len(all), func(i int) bool { return all[i].Streamed })
	text(func(e *Entry) string { return e.Client })
}

func (w *postgresWriter) close() error { return nil }
