package ledger

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/store/storetest"
)

// TestOverdraw has a thousand requests at a balance, or a budget, for ten: exactly ten
// are served, on one process and on three.
func TestOverdraw(t *testing.T) {
	t.Parallel()
	for name, budgeted := range map[string]bool{"account": false, "key": true} {
		for engine, processes := range map[string]int{"sqlite": 1, "postgres": 3} {
			t.Run(name+"/"+engine, func(t *testing.T) {
				t.Parallel()
				overdraw(t, engine, processes, budgeted)
			})
		}
	}
}

func overdraw(t *testing.T, engine string, processes int, budgeted bool) {
	t.Helper()
	url := storetest.SQLite
	if engine == "postgres" {
		url = storetest.Postgres
	}
	s := newStage(t, url(t))
	estimate := wants(unit)
	s.give("acct_one", Deposited, 10*unit)
	if budgeted {
		s.give("acct_one", Sponsored, 1000*unit)
		estimate.Budgeted, estimate.Budget = true, 10*unit
	}
	var ledgers []*Ledger
	for range processes {
		ledgers = append(ledgers, s.ledger(Options{}))
	}
	var served, refused atomic.Int64
	var group sync.WaitGroup
	started := time.Now()
	for n := range 1000 {
		group.Go(func() {
			l := ledgers[n%processes]
			r, err := l.Reserve(t.Context(), estimate)
			if fault.Is(err, fault.InsufficientCredits) {
				refused.Add(1)
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			served.Add(1)
			if err := l.Commit(t.Context(), r, s.charge(unit)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	t.Logf("a thousand requests in %s", time.Since(started))
	if served.Load() != 10 || refused.Load() != 990 {
		t.Errorf("%d were served and %d refused, want 10 and 990", served.Load(), refused.Load())
	}
	want := money.Nanos(0)
	if budgeted {
		want = 1000 * unit
	}
	if got := s.balance("acct_one").Balance; got != want {
		t.Errorf("balance %s, want %s", got, want)
	}
	s.clean()
}

// TestManySpendItAll has three processes spend an account to the last unit, with slices
// and returns going back and forth.
func TestManySpendItAll(t *testing.T) {
	t.Parallel()
	s := newStage(t, storetest.Postgres(t))
	const units = 600
	s.give("acct_one", Sponsored, units/2*unit)
	s.give("acct_one", Deposited, units/2*unit)
	var served atomic.Int64
	var group sync.WaitGroup
	for range 3 {
		l := s.ledger(Options{})
		for range 8 {
			group.Go(func() {
				for {
					r, err := l.Reserve(t.Context(), wants(2*unit))
					if err != nil && !fault.Is(err, fault.InsufficientCredits) {
						t.Error(err)
					}
					if err != nil {
						return
					}
					if err := l.Commit(t.Context(), r, s.charge(unit)); err != nil {
						t.Error(err)
						return
					}
					served.Add(1)
				}
			})
		}
	}
	group.Wait()
	// The last unit is not enough for a reservation of two; who had two set aside when
	// another gave up may have left a few more.
	if left := units - served.Load(); left < 1 || left > 48 {
		t.Errorf("%d of %d were served", served.Load(), units)
	}
	s.clean()
}

// TestChargesDoNotWaitInACircle has three processes charge the same accounts while they
// renew and recall: no two of their transactions may wait for each other.
func TestChargesDoNotWaitInACircle(t *testing.T) {
	t.Parallel()
	s := newStage(t, storetest.Postgres(t))
	accounts := []string{"acct_a", "acct_b", "acct_c", "acct_d", "acct_e"}
	for _, account := range accounts {
		s.give(account, Sponsored, 50*unit)
		s.give(account, Deposited, 1000*unit)
	}
	var group sync.WaitGroup
	var served atomic.Int64
	const callers, each = 8, 12
	for range 3 {
		l := s.ledger(Options{})
		for caller := range callers {
			group.Go(func() {
				for n := range each {
					c := s.charge(unit)
					c.Account = accounts[(caller+n)%len(accounts)]
					e := wants(2 * unit)
					e.Account = c.Account
					if err := l.Commit(t.Context(), s.reserve(l, e), c); err != nil {
						t.Error(err)
					}
					served.Add(1)
				}
			})
		}
		group.Go(func() {
			for served.Load() < 3*callers*each && !t.Failed() {
				for _, account := range accounts {
					if err := l.recall(t.Context(), account); err != nil {
						t.Error(err)
					}
				}
				if err := l.renew(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if n := s.number(`select deadlocks from pg_stat_database where datname = current_database()`); n != 0 {
		t.Errorf("%d deadlocks", n)
	}
	s.clean()
}

func TestStoreIsNotAskedForLeasedCredit(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, s *stage) {
		s.give("acct_one", Deposited, 1000*unit)
		l := s.ledger(Options{})
		l.Release(s.reserve(l, wants(unit)))
		before := s.leases("acct_one")
		if err := l.db.Close(); err != nil { // nothing can be asked
			t.Fatal(err)
		}
		for range 50 {
			l.Release(s.reserve(l, wants(unit)))
		}
		if l.db == s.db {
			return
		}
		if after := s.leases("acct_one"); after != before {
			t.Errorf("leased %s, and %s before", after, before)
		}
	})
}
