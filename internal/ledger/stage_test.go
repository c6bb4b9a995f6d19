package ledger

import (
	"sync/atomic"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// stage is one database with processes on it: ledgers with a change feed each, all in
// this process and on one clock.
type stage struct {
	t   testing.TB
	url string
	db  *store.DB
	now atomic.Int64 // microseconds; 0: the real clock
	ids atomic.Int64
}

// unit is one request's worth in these tests.
const unit money.Nanos = 1_000_000

func newStage(t testing.TB, url string) *stage {
	return &stage{t: t, url: url, db: storetest.Open(t, url)}
}

// each runs a test on both engines.
func eachStage(t *testing.T, test func(t *testing.T, s *stage)) {
	t.Helper()
	storetest.EachURL(t, func(t *testing.T, url string) { test(t, newStage(t, url)) })
}

func (s *stage) freeze()              { s.now.Store(store.Micros(time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC))) }
func (s *stage) pass(d time.Duration) { s.now.Add(d.Microseconds()) }

func (s *stage) time() time.Time {
	if now := s.now.Load(); now != 0 {
		return store.Time(now)
	}
	return time.Now()
}

// ledger starts a process. It stops at the end of the test unless it has before.
func (s *stage) ledger(o Options) *Ledger {
	s.t.Helper()
	o.Now, o.DatabaseNow = s.time, s.time
	db := s.db
	if db.Dialect() == store.Postgres {
		db = storetest.Open(s.t, s.url)
	}
	l := New(db, o)
	feed := db.NewFeed(store.FeedOptions{Poll: 20 * time.Millisecond})
	feed.Subscribe(FeedKind, l.Recalled)
	if err := feed.Start(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	if err := l.Start(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = l.Stop(s.t.Context()) // some tests end it in their own way
		feed.Stop()
	})
	return l
}

// give credits an account. It uses a ledger that leases nothing.
func (s *stage) give(account, kind string, amount money.Nanos) {
	s.t.Helper()
	l := New(s.db, Options{Now: s.time, DatabaseNow: s.time})
	err := s.db.Write(s.t.Context(), func(tx *store.Tx) error {
		_, err := l.Credit(s.t.Context(), tx, Credit{
			ID: "grant/" + time.Duration(s.ids.Add(1)).String(), Account: account, Kind: "adjustment", Bucket: kind, Amount: amount, Actor: "test", At: s.time(),
		})
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) balance(account string) Balance {
	s.t.Helper()
	b, err := New(s.db, Options{Now: s.time, DatabaseNow: s.time}).Balance(s.t.Context(), account)
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

// clean fails the test where the books are not right.
func (s *stage) clean() {
	s.t.Helper()
	report, err := New(s.db, Options{Now: s.time, DatabaseNow: s.time}).Verify(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, problem := range report.Problems {
		s.t.Error(problem)
	}
}

func (s *stage) number(query string, args ...any) (n int64) {
	s.t.Helper()
	err := s.db.Read(s.t.Context(), func(tx *store.Tx) error { return tx.QueryRow(s.t.Context(), query, args...).Scan(&n) })
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *stage) exec(query string, args ...any) {
	s.t.Helper()
	err := s.db.Write(s.t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(s.t.Context(), query, args...)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) request() string { return "req_" + time.Duration(s.ids.Add(1)).String() }

// wants is an estimate of an amount of acct_one, all or nothing.
func wants(amount money.Nanos) Estimate {
	return Estimate{Request: "req", Account: "acct_one", Key: "key_one", Amount: amount}
}

func (s *stage) reserve(l *Ledger, e Estimate) *Reservation {
	s.t.Helper()
	r, err := l.Reserve(s.t.Context(), e)
	if err != nil {
		s.t.Fatalf("reserve %s: %v", e.Amount, err)
	}
	return r
}

func (s *stage) refused(l *Ledger, e Estimate, id fault.ID) {
	s.t.Helper()
	if r, err := l.Reserve(s.t.Context(), e); !fault.Is(err, id) {
		s.t.Fatalf("reserve %s: got %v, %v; want %s", e.Amount, r.Amount(), err, id)
	}
}

func (s *stage) commit(l *Ledger, r *Reservation, amount money.Nanos) {
	s.t.Helper()
	if err := l.Commit(s.t.Context(), r, s.charge(amount)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) charge(amount money.Nanos) Charge {
	return Charge{
		Request: s.request(), Account: "acct_one", Key: "key_one", Model: "m", Target: "t", Output: 10, Amount: amount, PriceVersion: 1,
		Cost: amount / 2, Outcome: "complete", At: s.time(),
	}
}

// leases is what processes may still take of the account, by the database.
func (s *stage) leases(purse string) money.Nanos {
	return money.Nanos(s.number(`select cast(coalesce(sum(amount - used), 0) as bigint) from lease where purse = $1 and state = 'live'`, purse))
}

// promised checks that no live lease of the purse holds less than the ledgers promise.
func (s *stage) covered(purse string, ledgers ...*Ledger) {
	s.t.Helper()
	var sum money.Nanos
	for _, l := range ledgers {
		for _, t := range l.allTills() {
			if t.purse != purse {
				continue
			}
			t.mu.Lock()
			for _, each := range t.slices {
				sum += each.free + each.promised
			}
			t.mu.Unlock()
		}
	}
	if leased := s.leases(purse); leased < sum {
		s.t.Errorf("%s is leased of %s, and %s promised", leased, purse, sum)
	}
}
