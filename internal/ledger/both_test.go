package ledger_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// TestRequestsAndPredictionsTogether has requests, predictions, grants, refunds, expiries
// and checks run at the same time, on the same accounts and a key's budget. The ledger is
// clean at every look, and all money is accounted for.
func TestRequestsAndPredictionsTogether(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		run := start(t, b.db, ledger.Options{})
		b.l = run // with the real clock
		b.now.Store(store.Micros(time.Now()))
		feed := b.db.NewFeed(store.FeedOptions{Poll: 20 * time.Millisecond})
		feed.Subscribe(ledger.FeedKind, run.Recalled)
		b.must(feed.Start(t.Context()))
		defer feed.Stop()
		accounts := []string{"acct_one", "acct_two"}
		for _, account := range accounts {
			_, err := b.credit(ledger.Credit{ID: "start of " + account, Account: account, Amount: dollars(20)})
			b.must(err)
		}
		var charged [2]atomic.Int64
		work := func(who int, id string) error {
			w := b.work(id, dollars(2))
			w.Account, w.Key, w.Budgeted, w.Budget = accounts[who], "key_of_"+accounts[who], true, dollars(18)
			err := b.hold(w)
			if ledger.IsShort(err) {
				if err := run.Gather(t.Context(), w); err != nil {
					return err
				}
				err = b.hold(w)
			}
			if err != nil {
				return err
			}
			if who == 0 {
				return b.void(w)
			}
			w.Amount = dollars(0.5)
			charged[who].Add(int64(w.Amount))
			return b.settle(w)
		}
		request := func(who int, id string) error {
			r, err := run.Reserve(t.Context(), ledger.Estimate{Request: id, Account: accounts[who], Key: "key_of_" + accounts[who], Amount: dollars(1), Budget: dollars(18), Budgeted: true})
			if err != nil {
				return err
			}
			c := charge(id)
			c.Account, c.Key, c.Amount, c.PriceVersion, c.At = accounts[who], "key_of_"+accounts[who], dollars(0.75), 1, time.Now()
			charged[who].Add(int64(c.Amount))
			return run.Commit(t.Context(), r, c)
		}
		var group sync.WaitGroup
		for who := range accounts {
			for caller := range 4 {
				group.Go(func() {
					for i := range 10 {
						act := request
						if caller == 0 {
							act = work
						}
						err := act(who, fmt.Sprint("r", who, "-", caller, "-", i))
						// What was taken back had been promised: it may leave a debt.
						if err != nil && !fault.Is(err, fault.InsufficientCredits) && !fault.Is(err, fault.PaymentRequired) {
							t.Error(err)
						}
					}
				})
			}
		}
		group.Go(func() {
			for i := range 5 {
				for who, sign := range []money.Nanos{1, -1} {
					_, err := b.credit(ledger.Credit{ID: fmt.Sprint("c", who, i), Account: accounts[who], Kind: "adjustment", Amount: sign * dollars(1)})
					err = errors.Join(err, run.Expire(t.Context()))
					if err != nil {
						t.Error(err)
					}
				}
				if r, err := run.Verify(t.Context()); err != nil || !r.Clean() {
					t.Errorf("not clean: %v, %v", r.Problems, err)
				}
			}
		})
		group.Wait()
		b.must(run.Stop(t.Context()))
		b.clean()
		for who, given := range []money.Nanos{dollars(25), dollars(15)} {
			got, err := b.l.Balance(t.Context(), accounts[who])
			b.must(err)
			if want := given - money.Nanos(charged[who].Load()); got.Balance != want || got.Reserved != 0 {
				t.Errorf("%s has %s, %s of it reserved; want %s", accounts[who], got.Balance, got.Reserved, want)
			}
		}
	})
}

// TestGatherAcrossProcesses takes back what another process has leased, for a prediction
// that needs all that there is.
func TestGatherAcrossProcesses(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	b := newBooks(t, storetest.Open(t, url))
	b.now.Store(store.Micros(time.Now()))
	b.give("d", ledger.Deposited, dollars(100), time.Time{})
	var all []*ledger.Ledger
	for range 2 {
		db := storetest.Open(t, url)
		l := start(t, db, ledger.Options{})
		feed := db.NewFeed(store.FeedOptions{Poll: 20 * time.Millisecond})
		feed.Subscribe(ledger.FeedKind, l.Recalled)
		b.must(feed.Start(t.Context()))
		t.Cleanup(feed.Stop)
		r, err := l.Reserve(t.Context(), ledger.Estimate{Request: newRequest(), Account: "acct_one", Amount: dollars(1)})
		b.must(err)
		l.Release(r)
		all = append(all, l)
	}
	b.l = all[0]
	w := b.work("p", dollars(100))
	if err := b.hold(w); !ledger.IsShort(err) {
		t.Fatalf("not short: %v", err)
	}
	b.must(b.l.Gather(t.Context(), w))
	b.must(b.hold(w))
	b.must(b.settle(w))
	b.has("deposited=0 payg=0")
	b.clean()
}
