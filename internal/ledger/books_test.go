package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// books is a ledger of which nothing but the slow path is used, with one clock for the
// process and the database.
type books struct {
	t   testing.TB
	db  *store.DB
	l   *ledger.Ledger
	now *atomic.Int64 // microseconds
}

func newBooks(t testing.TB, db *store.DB) *books {
	b := &books{t: t, db: db, now: &atomic.Int64{}}
	b.now.Store(store.Micros(base))
	clock := func() time.Time { return store.Time(b.now.Load()) }
	b.l = ledger.New(db, ledger.Options{Now: clock, DatabaseNow: clock})
	return b
}

// eachBooks runs a test on both engines.
func eachBooks(t *testing.T, fn func(t *testing.T, b *books)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { fn(t, newBooks(t, db)) })
}

func (b *books) time() time.Time      { return store.Time(b.now.Load()) }
func (b *books) pass(d time.Duration) { b.now.Add(d.Microseconds()) }
func (b *books) ctx() context.Context { return b.t.Context() }
func dollars(n float64) money.Nanos   { return money.Nanos(n * float64(money.Dollar)) }
func pointer[T any](v T) *T           { return &v }

func (b *books) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *books) refused(err error, id fault.ID, words ...string) {
	b.t.Helper()
	if !fault.Is(err, id) {
		b.t.Fatalf("got %v, want %s", err, id)
	}
	for _, word := range words {
		if f := fault.From(err); !strings.Contains(f.Message+f.Details, word) {
			b.t.Errorf("%q doesn't say %q", f.Message, word)
		}
	}
}

// write runs the function in a transaction.
func (b *books) write(fn func(tx *store.Tx) error) error { return b.db.Write(b.ctx(), fn) }

func (b *books) exec(query string, args ...any) {
	b.t.Helper()
	b.must(b.write(func(tx *store.Tx) error {
		_, err := tx.Exec(b.ctx(), query, args...)
		return err
	}))
}

// number reads one number.
func (b *books) number(query string, args ...any) (n int64) {
	b.t.Helper()
	b.must(b.db.Read(b.ctx(), func(tx *store.Tx) error { return tx.QueryRow(b.ctx(), query, args...).Scan(&n) }))
	return n
}

func (b *books) credit(c ledger.Credit) (applied bool, err error) {
	if c.Account == "" {
		c.Account = "acct_one"
	}
	if c.Kind == "" {
		c.Kind = "grant"
	}
	err = b.write(func(tx *store.Tx) (err error) {
		applied, err = b.l.Credit(b.ctx(), tx, c)
		return err
	})
	return applied, err
}

// give credits, for tests about something else.
func (b *books) give(id, kind string, amount money.Nanos, expires time.Time) {
	b.t.Helper()
	if applied, err := b.credit(ledger.Credit{ID: id, Bucket: kind, Amount: amount, Expires: expires}); err != nil || !applied {
		b.t.Fatalf("credit %s: %v, %v", id, applied, err)
	}
}

func (b *books) terms(t ledger.Terms) error {
	return b.write(func(tx *store.Tx) error { return b.l.SetTerms(b.ctx(), tx, "acct_one", t) })
}

func (b *books) balance() ledger.Balance {
	b.t.Helper()
	got, err := b.l.Balance(b.ctx(), "acct_one")
	b.must(err)
	return got
}

// has compares what the buckets hold, in dollars: "sponsored:3=2 deposited=5 payg=0".
func (b *books) has(want string) {
	b.t.Helper()
	var got []string
	for _, each := range b.balance().Buckets {
		got = append(got, fmt.Sprintf("%s=%s", strings.TrimPrefix(each.ID, "acct_one:"), strings.TrimSuffix(each.Balance.String(), ".00")))
	}
	if strings.Join(got, " ") != want {
		b.t.Errorf("buckets are %s, want %s", strings.Join(got, " "), want)
	}
}

func (b *books) available(want money.Nanos) {
	b.t.Helper()
	if got := b.balance().Available; got != want {
		b.t.Errorf("%s is available, want %s", got, want)
	}
}

// work is a prediction of an amount.
func (b *books) work(id string, amount money.Nanos) ledger.Work {
	return ledger.Work{
		Prediction: id, Account: "acct_one", Key: "key_one", Model: "painter", Target: "local/painter", Amount: amount,
		Expires: b.time().Add(time.Hour), PriceVersion: 7, Quantity: 2_000_000, Unit: "image", Rate: amount / 2, Cost: amount / 3,
		Outcome: "succeeded", At: b.time(),
	}
}

func (b *books) hold(w ledger.Work) error {
	return b.write(func(tx *store.Tx) error { return b.l.Hold(b.ctx(), tx, w) })
}

func (b *books) settle(w ledger.Work) error {
	return b.write(func(tx *store.Tx) error { return b.l.Settle(b.ctx(), tx, w) })
}

func (b *books) void(w ledger.Work) error {
	return b.write(func(tx *store.Tx) error { return b.l.Void(b.ctx(), tx, w) })
}

// clean fails the test where Verify finds something.
func (b *books) clean() {
	b.t.Helper()
	if problems := b.problems(); len(problems) > 0 {
		b.t.Fatalf("the ledger is not clean:\n%s", strings.Join(problems, "\n"))
	}
}

func (b *books) problems() []string {
	b.t.Helper()
	r, err := b.l.Verify(b.ctx())
	b.must(err)
	if r.Clean() != (len(r.Problems) == 0) {
		b.t.Errorf("clean: %v with %d problems", r.Clean(), len(r.Problems))
	}
	return r.Problems
}

// lease puts down what a process has leased of a bucket.
func (b *books) lease(id, bucket string, amount, used money.Nanos) {
	b.t.Helper()
	purse, _, _ := strings.Cut(bucket, ":")
	b.exec(`insert into lease (id, purse, bucket, replica, amount, used, state, recall, created_at, expires_at)
		values ($1, $2, $3, 'other', $4, $5, 'live', 0, $6, $7)`, id, purse, bucket, amount, used, b.now.Load(), b.now.Load()+time.Minute.Microseconds())
}

// budget is what is left of key_one's budget of a month.
func (b *books) budget(month string) money.Nanos {
	b.t.Helper()
	return money.Nanos(b.number(`select balance from bucket where id = $1`, "key_one/"+month+":budget"))
}

// paid puts down a charge as the writers do: a batch of one line.
func (b *books) paid(c ledger.Charge, bucket string) {
	b.t.Helper()
	batch := "batch-" + c.Request
	b.exec(`insert into charge_line (request, batch, at, account, api_key, model, target, price_version, units_in, units_out,
		units_cached, units_reasoning, amount, counted, outcome, cost) values ($1, $2, $3, $4, $5, $6, '', 1, $7, $8, $9, $10, $11, false, 'complete', $12)`,
		c.Request, batch, store.Micros(c.At), c.Account, c.Key, c.Model, c.Input, c.Output, c.Cached, c.Reasoning, c.Amount, c.Cost)
	if c.Amount > 0 {
		b.exec(`insert into posting (transfer, source, dest, amount, at) values ($1, $2, 'revenue', $3, $4)`, batch, bucket, c.Amount, store.Micros(c.At))
		b.exec(`update bucket set balance = balance - $2 where id = $1`, bucket, c.Amount)
	}
}
