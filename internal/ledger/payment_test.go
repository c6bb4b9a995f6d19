package ledger

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"skytower/internal/money"
)

// faultyStage has a process whose writer is between the committer and the database.
func (s *stage) faultyLedger(o Options, f *faulty) *Ledger {
	s.t.Helper()
	o.Now, o.DatabaseNow = s.time, s.time
	writer, err := newBatchWriter(s.t.Context(), s.db)
	if err != nil {
		s.t.Fatal(err)
	}
	f.batchWriter = writer
	l := New(s.db, o)
	l.start(f)
	s.t.Cleanup(func() { _ = l.Stop(context.WithoutCancel(s.t.Context())) })
	return l
}

// bucketsSay checks the balances of acct_one's kinds.
func (s *stage) bucketsSay(deposited, payg money.Nanos) {
	s.t.Helper()
	for kind, want := range map[string]money.Nanos{Deposited: deposited, PayAsYouGo: payg} {
		if got := money.Nanos(s.number(`select balance from bucket where id = $1`, bucketID("acct_one", kind))); got != want {
			s.t.Errorf("%s holds %s, want %s", kind, got, want)
		}
	}
}

// TestRepeatMovesNoMoney charges one request several times, in one batch and in several.
func TestRepeatMovesNoMoney(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, s *stage) {
		s.give("acct_one", Deposited, 100*unit)
		l := s.ledger(Options{})
		c := s.charge(3 * unit)
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if err := l.Commit(t.Context(), s.reserve(l, wants(4*unit)), c); err != nil {
					t.Error(err)
				}
				s.commit(l, s.reserve(l, wants(unit)), unit)
			})
		}
		group.Wait()
		s.bucketsSay(77*unit, 0)
		l.Release(s.reserve(l, wants(77*unit)))
		s.covered("acct_one", l)
		if err := l.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.clean()
	})
}

// TestLostAnswerMovesMoneyOnce has the answer to a priced batch get lost, of which one
// line had been charged before.
func TestLostAnswerMovesMoneyOnce(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, s *stage) {
		s.give("acct_one", Deposited, 100*unit)
		before := s.charge(unit)
		first := s.ledger(Options{})
		if err := first.Commit(t.Context(), nil, before); err != nil {
			t.Fatal(err)
		}
		gate := make(chan struct{})
		var ids []string
		l := s.faultyLedger(Options{}, &faulty{charges: func(_ context.Context, b *batch, write func() error) error {
			<-gate
			ids = append(ids, b.id)
			err := write()
			if err == nil && len(ids)%2 == 1 {
				return lost()
			}
			return err
		}})
		r, again := s.reserve(l, wants(5*unit)), s.reserve(l, wants(5*unit))
		var group sync.WaitGroup
		group.Go(func() {
			if err := l.Commit(t.Context(), again, before); err != nil {
				t.Error(err)
			}
		})
		group.Go(func() { s.commit(l, r, 2*unit) })
		close(gate)
		group.Wait()
		// The unit that was charged without a reservation is owed; the rest was deposited.
		s.bucketsSay(98*unit, -unit)
		s.covered("acct_one", l)
		if err := l.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s.leases("acct_one") != 0 {
			t.Errorf("%s is still leased", s.leases("acct_one"))
		}
		s.clean()
	})
}

// TestRefusedChargeGivesBack has the database refuse a line.
func TestRefusedChargeGivesBack(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, s *stage) {
		s.give("acct_one", Deposited, 10*unit)
		no := &pgconn.PgError{Code: "22021", Message: "refused"}
		l := s.faultyLedger(Options{}, &faulty{charges: func(context.Context, *batch, func() error) error { return no }})
		if err := l.Commit(t.Context(), s.reserve(l, wants(10*unit)), s.charge(8*unit)); !errors.Is(err, no) {
			t.Errorf("got %v", err)
		}
		if r := s.reserve(l, wants(10*unit)); r.Amount() != 10*unit {
			t.Errorf("only %s came back", r.Amount())
		}
		s.clean()
	})
}

// TestMoreThanReserved takes what a charge lacks from what else is leased, then owes it.
func TestMoreThanReserved(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, s *stage) {
		s.give("acct_one", Deposited, 100*unit)
		l := s.ledger(Options{})
		r := s.reserve(l, wants(10*unit))
		leased := s.leases("acct_one")
		s.commit(l, r, leased+3*unit)
		s.bucketsSay(100*unit-leased, -3*unit)
		s.covered("acct_one", l)
		other := s.charge(unit)
		other.Account = "acct_two"
		if err := l.Commit(t.Context(), s.reserve(l, wants(unit)), other); err == nil {
			t.Error("one account paid for another")
		}
		s.clean()
	})
}

func TestChargeWithoutAPurse(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, s *stage) {
		l := s.ledger(Options{})
		s.commit(l, nil, 0)
		if n := s.number(`select count(*) from purse`); n != 0 {
			t.Error("a free request made a purse")
		}
		s.commit(l, nil, 2*unit)
		s.bucketsSay(0, -2*unit)
		s.clean()
	})
}
