package ledger

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestReserve(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, s *stage) {
		l := s.ledger(Options{})
		if r := s.reserve(l, Estimate{Account: "acct_one"}); r != nil || r.Amount() != 0 {
			t.Errorf("a free request has a reservation of %s", r.Amount())
		}
		s.refused(l, wants(unit), fault.InsufficientCredits) // no purse until now
		s.give("acct_one", Deposited, 10*unit)
		all := s.reserve(l, Estimate{Account: "acct_one", Amount: 100 * unit, Least: 4 * unit})
		if all.Amount() != 10*unit {
			t.Errorf("%s is set aside of ten", all.Amount())
		}
		if _, err := l.Reserve(t.Context(), wants(unit)); !strings.Contains(fault.From(err).Details, "available: 0.00 USD, needed: 0.001 USD") {
			t.Errorf("the refusal says %q", fault.From(err).Details)
		}
		if l.Grow(t.Context(), all, unit) {
			t.Error("it grew beyond the balance")
		}
		l.Release(all)
		l.Release(all)
		r := s.reserve(l, wants(6*unit))
		if !l.Grow(t.Context(), r, 4*unit) || r.Amount() != 10*unit || l.Grow(t.Context(), r, 1) {
			t.Errorf("it grew to %s, want ten", r.Amount())
		}
		s.commit(l, r, 13*unit) // more than was promised: it is owed
		if got := s.balance("acct_one").Balance; got != -3*unit {
			t.Errorf("balance %s", got)
		}
		s.refused(l, wants(unit), fault.PaymentRequired)
		s.exec(`update purse set credit_line = $1`, 5*unit)
		s.commit(l, s.reserve(l, wants(2*unit)), 2*unit)
		s.refused(l, wants(unit), fault.InsufficientCredits)
		s.clean()
	})
}

func TestBudgetOfAKey(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, s *stage) {
		s.freeze()
		s.give("acct_one", Deposited, 100*unit)
		l := s.ledger(Options{})
		e := wants(4 * unit)
		e.Budgeted, e.Budget = true, 10*unit
		first, second := s.reserve(l, e), s.reserve(l, e)
		if _, err := l.Reserve(t.Context(), e); !fault.Is(err, fault.InsufficientCredits) || !strings.Contains(fault.From(err).Message, "2026-03") {
			t.Errorf("beyond the budget: %v", err)
		}
		s.commit(l, first, 3*unit)
		l.Release(second)
		if got := s.number(`select balance from bucket where kind = 'budget'`); money.Nanos(got) != 7*unit {
			t.Errorf("%d is left of the budget", got)
		}
		e.Budget = 5 * unit // the operator lowers it
		s.refused(l, e, fault.InsufficientCredits)
		e.Amount = 2 * unit
		l.Release(s.reserve(l, e))
		e.Amount, e.Budget = 30*unit, 33*unit // and raises it
		s.commit(l, s.reserve(l, e), 30*unit)
		s.pass(31 * 24 * time.Hour) // another month
		l2 := s.ledger(Options{})
		s.commit(l2, s.reserve(l2, e), unit)
		if err := l2.Expire(t.Context()); err != nil { // nobody renewed meanwhile
			t.Fatal(err)
		}
		s.clean()
	})
}

// TestRecall has one process lease what another needs.
func TestRecall(t *testing.T) {
	t.Parallel()
	s := newStage(t, storetest.Postgres(t))
	s.give("acct_one", Deposited, 100*unit)
	a, b := s.ledger(Options{}), s.ledger(Options{})
	kept := s.reserve(a, wants(unit))
	if leased := s.leases("acct_one"); leased <= unit {
		t.Fatalf("%s is leased: nothing to recall", leased)
	}
	started := time.Now()
	s.commit(b, s.reserve(b, wants(99*unit)), 99*unit)
	if took := time.Since(started); took >= recallWait {
		t.Errorf("it took %s: no answer came", took)
	}
	s.refused(b, wants(unit), fault.InsufficientCredits)
	s.commit(a, kept, unit)
	s.covered("acct_one", a, b)
	s.clean()
}

// TestRecallOfTheDead has a process vanish with credit: it is missing for as long as
// leases live, and nobody waits for it twice.
func TestRecallOfTheDead(t *testing.T) {
	t.Parallel()
	s := newStage(t, storetest.Postgres(t))
	s.give("acct_one", Deposited, 100*unit)
	s.freeze()
	dead := New(storetest.Open(t, s.url), Options{Now: s.time, DatabaseNow: s.time}) // it hears nothing
	r, err := dead.Reserve(t.Context(), wants(unit))
	if err != nil {
		t.Fatal(err)
	}
	l := s.ledger(Options{})
	s.refused(l, wants(99*unit), fault.InsufficientCredits)
	s.pass(recallWait + time.Second)
	started := time.Now()
	s.refused(l, wants(99*unit), fault.InsufficientCredits)
	if took := time.Since(started); took >= recallWait {
		t.Errorf("it waited again, for %s", took)
	}
	s.pass(leaseLife + leaseGrace)
	if err := l.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.commit(l, s.reserve(l, wants(99*unit)), 99*unit)
	// It was not dead after all: what it served is charged, and owed.
	if err := dead.renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := dead.Reserve(t.Context(), wants(unit*2)); !fault.Is(err, fault.InsufficientCredits) {
		t.Errorf("its lease was reclaimed, and it promises on: %v", err)
	}
	s.commit(l, nil, unit)
	s.commit(l, nil, unit)
	dead.Release(r)
	if got := s.balance("acct_one").Balance; got != -unit {
		t.Errorf("balance %s", got)
	}
	s.clean()
}

func TestLeaseIsTrustedForFortySeconds(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, s *stage) {
		s.freeze()
		s.give("acct_one", Deposited, 100*unit)
		l := s.ledger(Options{})
		l.Release(s.reserve(l, wants(unit)))
		s.pass(35 * time.Second)
		if err := l.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		if ends := store.Time(s.number(`select expires_at from lease`)); !ends.Equal(s.time().Add(leaseLife)) {
			t.Errorf("renewed until %s, at %s", ends, s.time())
		}
		if err := l.db.Close(); err != nil { // it is away now
			t.Fatal(err)
		}
		s.pass(39 * time.Second)
		l.Release(s.reserve(l, wants(unit)))
		s.pass(time.Second)
		_, err := l.Reserve(t.Context(), wants(unit))
		if f := fault.From(err); f.ID != fault.ServiceUnavailable || f.RetryAfter == 0 {
			t.Errorf("an old lease: %v", err)
		}
	})
}

func TestEndedLeaseIsForgotten(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, s *stage) {
		s.freeze()
		s.give("acct_one", Deposited, 100*unit)
		l := s.ledger(Options{})
		r := s.reserve(l, wants(unit))
		s.exec(`update lease set state = 'ended'`)
		if err := l.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.Release(r)
		s.reserve(l, wants(unit))
		if n := s.number(`select count(*) from lease where state = 'live'`); n != 1 {
			t.Errorf("%d live leases", n)
		}
		s.covered("acct_one", l)
		s.clean()
	})
}

func TestIdleLeasesAreReturned(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, s *stage) {
		s.freeze()
		s.give("acct_one", Deposited, 100*unit)
		l := s.ledger(Options{})
		r := s.reserve(l, wants(unit))
		tidy := func(want money.Nanos, live int64) {
			t.Helper()
			if err := l.tidy(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := s.number(`select count(*) from lease where state = 'live'`); s.leases("acct_one") != want || n != live {
				t.Errorf("%s leased by %d leases, want %s by %d", s.leases("acct_one"), n, want, live)
			}
		}
		tidy(s.leases("acct_one"), 1)
		s.pass(leaseIdle)
		tidy(unit, 1)
		l.Release(r)
		tidy(0, 0)
		if len(l.allTills()) != 1 {
			t.Error("the till is gone while its slices have only just gone")
		}
		tidy(0, 0)
		if len(l.allTills()) != 0 {
			t.Error("an empty till is kept")
		}
		l.Release(s.reserve(l, wants(unit)))
		if err := l.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s.leases("acct_one") != 0 {
			t.Error("the end left credit leased")
		}
		s.clean()
	})
}

// TestSponsoredCreditEnds has leased credit expire: nothing more is promised from it.
func TestSponsoredCreditEnds(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, s *stage) {
		s.freeze()
		s.give("acct_one", Sponsored, 100*unit)
		s.exec(`update bucket set expires_at = $1 where kind = 'sponsored'`, store.Micros(s.time().Add(10*time.Second)))
		s.give("acct_one", Deposited, 7*unit)
		l := s.ledger(Options{})
		kept := s.reserve(l, wants(unit))
		s.pass(10 * time.Second)
		s.refused(l, wants(8*unit), fault.InsufficientCredits)
		if err := l.tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.commit(l, kept, unit)
		s.commit(l, s.reserve(l, wants(7*unit)), 7*unit)
		if err := l.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.balance("acct_one").Balance; got != 0 {
			t.Errorf("balance %s", got)
		}
		s.clean()
	})
}

// TestOneAsks has many callers be short at once.
func TestOneAsks(t *testing.T) {
	t.Parallel()
	s := newStage(t, storetest.SQLite(t))
	s.give("acct_one", Deposited, 10_000*unit)
	l := s.ledger(Options{})
	var group sync.WaitGroup
	for range 300 {
		group.Go(func() { l.Release(s.reserve(l, wants(unit))) })
	}
	group.Wait()
	if n := s.number(`select count(*) from lease`); n != 1 {
		t.Errorf("%d leases for one account", n)
	}
	s.covered("acct_one", l)
}

// TestCallerWhoLeavesHoldsNobodyUp has the one who asks give up.
func TestCallerWhoLeavesHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	s := newStage(t, storetest.SQLite(t))
	s.give("acct_one", Deposited, 10*unit)
	l := s.ledger(Options{})
	gone, leave := context.WithCancel(t.Context())
	leave()
	r, err := l.Reserve(gone, wants(unit))
	if err != nil {
		t.Errorf("the asking went on, and what it brought is the caller's: %v", err)
	}
	l.Release(r)
	s.commit(l, s.reserve(l, wants(10*unit)), 10*unit)
	s.clean()
}

func TestSlicesAreLeasedAhead(t *testing.T) {
	t.Parallel()
	s := newStage(t, storetest.SQLite(t))
	s.give("acct_one", Deposited, 10_000*unit)
	l := New(s.db, Options{}) // its lease loop does not run: the test is it
	l.Release(s.reserve(l, wants(unit)))
	tl := l.till("acct_one", "acct_one", "", s.time())
	size := tl.left(s.time())
	most := s.reserve(l, wants(size-size/8))
	l.Release(s.reserve(l, wants(unit))) // sees that little is left
	l.topUp(t.Context(), <-l.topUps)
	if tl.left(s.time()) < size {
		t.Errorf("%s is leased ahead, after slices of %s", tl.left(s.time()), size)
	}
	l.Release(most)
	s.covered("acct_one", l)
}

func BenchmarkReserve(b *testing.B) {
	s := newStage(b, storetest.SQLite(b))
	s.give("acct_one", Deposited, money.Dollar*1000)
	l := s.ledger(Options{})
	b.ReportAllocs()
	for b.Loop() {
		r, err := l.Reserve(b.Context(), wants(unit))
		if err != nil {
			b.Fatal(err)
		}
		l.Release(r)
	}
}

// What an account loses is called back from the process that has leased it.
func TestDebtCallsBackWhatIsLeased(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, s *stage) {
		s.give("acct_one", Deposited, 100*unit)
		l := s.ledger(Options{})
		l.Release(s.reserve(l, wants(unit)))
		if s.leases("acct_one") == 0 {
			t.Fatal("nothing is leased: nothing to call back")
		}
		s.give("acct_one", Deposited, -200*unit)
		for deadline := time.Now().Add(time.Minute); s.leases("acct_one") > 0; {
			if time.Now().After(deadline) {
				t.Fatal("the credit never came back")
			}
			<-time.After(5 * time.Millisecond) // between two looks
		}
		s.refused(l, wants(unit), fault.PaymentRequired)
		s.clean()
	})
}
