package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestHoldAndSettle(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("s", ledger.Sponsored, dollars(1), time.Time{})
		b.give("d", ledger.Deposited, dollars(4), time.Time{})
		for _, c := range []struct {
			name          string
			hold, charge  money.Nanos
			has           string
			during, after money.Nanos
		}{
			{"less", dollars(3), dollars(2), "deposited=3 payg=0", dollars(2), dollars(3)},
			{"all", dollars(1), dollars(1), "deposited=2 payg=0", dollars(2), dollars(2)},
			{"nothing", dollars(2), 0, "deposited=2 payg=0", 0, dollars(2)},
			{"more", dollars(1), dollars(5), "deposited=0 payg=-3", dollars(1), -dollars(3)},
		} {
			b.must(b.hold(b.work(c.name, c.hold)))
			b.available(c.during)
			if got := b.balance().Reserved; got != c.hold {
				t.Errorf("%s: %s is reserved", c.name, got)
			}
			b.clean()
			b.must(b.settle(b.work(c.name, c.charge)))
			b.has(c.has)
			b.available(c.after)
			b.clean()
		}
		lines, err := b.l.Charges(b.ctx(), "acct_one", time.Time{}, time.Time{}, ledger.Page{})
		b.must(err)
		more := lines[slices.IndexFunc(lines, func(n ledger.Line) bool { return n.Request == "more" })]
		want := ledger.Line{
			Charge: ledger.Charge{
				Request: "more", Account: "acct_one", Key: "key_one", Model: "painter", Target: "local/painter", Amount: dollars(5),
				PriceVersion: 7, Cost: dollars(5) / 3, Outcome: "succeeded", At: b.time(),
			},
			Batch: "prediction", Kind: "prediction", Quantity: 2_000_000, Unit: "image", Rate: dollars(2.5),
		}
		if diff := cmp.Diff(want, more); diff != "" || len(lines) != 4 {
			t.Errorf("%d lines; (-want +got):\n%s", len(lines), diff)
		}
	})
}

func TestHoldRefuses(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		err := b.hold(b.work("p", 1))
		b.refused(err, fault.InsufficientCredits, "0.00", "0.000000001")
		if ledger.IsShort(err) {
			t.Error("nothing is leased")
		}
		b.give("d", ledger.Deposited, dollars(10), time.Time{})
		b.lease("lease", "acct_one:deposited", dollars(7), dollars(0))
		err = b.hold(b.work("p", dollars(11)))
		b.refused(err, fault.InsufficientCredits, "3.00", "11.00")
		if ledger.IsShort(err) {
			t.Error("what is leased is not enough")
		}
		err = b.hold(b.work("p", dollars(10)))
		b.refused(err, fault.InsufficientCredits, "3.00", "10.00")
		if !ledger.IsShort(err) {
			t.Error("what is leased would do")
		}
		budgeted := b.work("p", dollars(2))
		budgeted.Budgeted, budgeted.Budget = true, dollars(1)
		b.refused(b.hold(budgeted), fault.InsufficientCredits, "2026-03", "1.00", "2.00")
		b.must(b.settle(b.work("debt", dollars(11))))
		b.refused(b.hold(b.work("p", 1)), fault.PaymentRequired)
		if ledger.IsShort(b.hold(b.work("p", 1))) {
			t.Error("no lease helps a debtor")
		}
		b.must(b.terms(ledger.Terms{CreditLine: pointer(dollars(100))}))
		b.must(b.hold(b.work("p", 1)))
		b.clean()
	})
}

func TestHoldsInParallel(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("d", ledger.Deposited, dollars(10), time.Time{})
		parallel := func(name string, work func(id string) ledger.Work) (held int64) {
			var n atomic.Int64
			var group sync.WaitGroup
			for i := range 40 {
				group.Go(func() {
					err := b.hold(work(fmt.Sprint(name, i)))
					if err == nil {
						n.Add(1)
					} else if !fault.Is(err, fault.InsufficientCredits) {
						t.Error(err)
					}
				})
			}
			group.Wait()
			return n.Load()
		}
		budgeted := func(id string) ledger.Work {
			w := b.work(id, dollars(1))
			w.Budgeted, w.Budget = true, dollars(4)
			return w
		}
		if n := parallel("budget", budgeted); n != 4 {
			t.Errorf("%d holds on a budget for 4", n)
		}
		if n := parallel("account", func(id string) ledger.Work { return b.work(id, dollars(1)) }); n != 6 {
			t.Errorf("%d holds on a balance for 6 more", n)
		}
		b.available(0)
		b.clean()
	})
}

func TestPredictionsEndOnce(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("d", ledger.Deposited, dollars(10), time.Time{})
		one := b.work("one", dollars(2))
		b.must(b.hold(one))
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if err := b.settle(one); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		b.must(b.void(one))
		b.has("deposited=8 payg=0")
		b.available(dollars(8))

		two := b.work("two", dollars(2))
		b.must(b.hold(two))
		b.must(b.void(two))
		b.must(b.void(two))
		b.must(b.settle(two)) // it was given back: it owes nothing any more
		b.has("deposited=8 payg=0")
		b.available(dollars(8))

		three := b.work("three", dollars(2))
		b.must(b.hold(three))
		for i := range 8 { // whichever is first, the other changes nothing
			group.Go(func() {
				end := b.settle
				if i%2 == 0 {
					end = b.void
				}
				if err := end(three); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		four := b.work("four", dollars(1)) // without a hold
		for range 4 {
			group.Go(func() {
				if err := b.settle(four); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := b.number(`select amount from charge_line where request = 'four'`); got != int64(dollars(1)) {
			t.Errorf("charged %d", got)
		}
		if got := b.balance(); got.Reserved != 0 || got.Balance != dollars(7) && got.Balance != dollars(5) {
			t.Errorf("%+v", got)
		}
		b.clean()
	})
}

func TestAPredictionIsChargedAfterItsHoldExpired(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("d", ledger.Deposited, dollars(10), time.Time{})
		b.must(b.hold(b.work("late", dollars(4))))
		b.pass(time.Hour)
		b.must(b.l.Expire(b.ctx()))
		b.available(dollars(10))
		for range 2 {
			b.must(b.settle(b.work("late", dollars(4))))
			b.has("deposited=6 payg=0")
			b.clean()
		}
		b.must(b.void(b.work("late", dollars(4))))
		b.available(dollars(6))
		b.clean()
	})
}

// A free prediction needs no transaction at all.
func TestFreePredictionsTouchNothing(t *testing.T) {
	t.Parallel()
	l := ledger.New(storetest.Open(t, storetest.SQLite(t)), ledger.Options{})
	free := ledger.Work{Prediction: "p", Account: "acct_one"}
	if err := l.Hold(t.Context(), nil, free); err != nil {
		t.Error(err)
	}
	if err := l.Settle(t.Context(), nil, free); err != nil {
		t.Error(err)
	}
}

func TestAPricedPredictionThatOwesNothingLeavesItsLine(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.must(b.settle(b.work("p", 0)))
		b.must(b.settle(b.work("p", 0)))
		b.must(b.void(b.work("q", 0)))
		if lines, purses := b.number(`select count(*) from charge_line`), b.number(`select count(*) from purse`); lines != 1 || purses != 0 {
			t.Errorf("%d lines, %d purses", lines, purses)
		}
		b.clean()
	})
}

// A prediction that is deleted leaves its id free, and whoever used it again would run
// for nothing: its charge is there already.
func TestAnIdIsPaidForOnce(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("d", ledger.Deposited, dollars(10), time.Time{})
		b.must(b.settle(b.work("line", 0)))
		b.must(b.hold(b.work("hold", 1)))
		for _, id := range []string{"line", "hold"} {
			err := b.hold(b.work(id, 1))
			b.refused(err, fault.InvalidParameter)
			if got := fault.From(err).HTTPStatus(); got != 422 {
				t.Errorf("status %d", got)
			}
		}
		b.available(dollars(10) - 1)
		b.clean()
	})
}

func TestImpossibleWork(t *testing.T) {
	t.Parallel()
	b := newBooks(t, storetest.Open(t, storetest.SQLite(t)))
	b.give("d", ledger.Deposited, dollars(10), time.Time{})
	for name, spoil := range map[string]func(*ledger.Work){
		"no id":        func(w *ledger.Work) { w.Prediction = "" },
		"no account":   func(w *ledger.Work) { w.Account = "" },
		"below zero":   func(w *ledger.Work) { w.Amount = -1 },
		"too much":     func(w *ledger.Work) { w.Amount = 1_000_000_001 * money.Dollar },
		"cost":         func(w *ledger.Work) { w.Cost = -1 },
		"quantity":     func(w *ledger.Work) { w.Quantity = -1 },
		"tokens":       func(w *ledger.Work) { w.Output = 1<<50 + 1 },
		"key not text": func(w *ledger.Work) { w.Key = "\xff" },
	} {
		w := b.work("p", 5)
		spoil(&w)
		if b.hold(w) == nil || b.settle(w) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	over := b.work("p", 5)
	over.Expires = b.time()
	if b.hold(over) == nil {
		t.Error("a hold that is over was accepted")
	}
	b.must(b.hold(b.work("mine", 5)))
	others := b.work("mine", 5)
	others.Account = "acct_two"
	if b.settle(others) == nil {
		t.Error("charged to another account")
	}
	b.clean()
}

func TestKeyBudgets(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("d", ledger.Deposited, dollars(100), time.Time{})
		work := func(id string, amount, budget money.Nanos) ledger.Work {
			w := b.work(id, amount)
			w.Budgeted, w.Budget = true, budget
			return w
		}
		b.paid(ledger.Charge{Request: "before", Account: "acct_one", Key: "key_one", Amount: dollars(3), At: b.time()}, "acct_one:deposited")
		b.paid(ledger.Charge{Request: "last month", Account: "acct_one", Key: "key_one", Amount: dollars(50), At: b.time().AddDate(0, -1, 0)}, "acct_one:deposited")
		b.must(b.hold(work("one", dollars(4), dollars(10))))
		if got := b.budget("2026-03"); got != dollars(7) { // what was spent before there was a budget counts
			t.Errorf("%s is left", got)
		}
		b.clean()
		b.refused(b.hold(work("two", dollars(4), dollars(10))), fault.InsufficientCredits, "3.00", "4.00")
		b.must(b.hold(work("two", dollars(4), dollars(12)))) // the budget was raised
		b.must(b.settle(work("two", dollars(1), dollars(12))))
		if got := b.budget("2026-03"); got != dollars(8) {
			t.Errorf("%s is left", got)
		}
		b.clean()
		b.pass(31 * 24 * time.Hour) // a prediction counts in the month of its creation
		b.must(b.settle(work("one", dollars(4), dollars(12))))
		if got := b.budget("2026-03"); got != dollars(4) {
			t.Errorf("%s is left", got)
		}
		b.clean()
		b.must(b.hold(work("three", dollars(12), dollars(12))))
		b.must(b.void(work("three", 0, 0)))
		b.must(b.hold(work("four", dollars(12), dollars(12))))
		b.must(b.settle(work("five", dollars(2), dollars(12)))) // without a hold
		b.must(b.hold(work("six", 1, dollars(15))))
		b.refused(b.hold(work("seven", 1, dollars(5))), fault.InsufficientCredits, "2026-04") // lowered below what is promised
		if got := b.budget("2026-04"); got != dollars(13) {                                   // a refused hold changes nothing
			t.Errorf("%s is left", got)
		}
		b.clean()
	})
}

// TestGather has the other processes' part in it: who hears of the recall gives back.
func TestGather(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("d", ledger.Deposited, dollars(10), time.Time{})
		w := b.work("p", dollars(9))
		w.Budgeted, w.Budget = true, dollars(9)
		b.must(b.hold(w))
		b.must(b.void(w))
		b.lease("credit", "acct_one:deposited", dollars(7), dollars(0))
		b.lease("budget", "key_one/2026-03:budget", dollars(7), dollars(0))
		feed := b.db.NewFeed(store.FeedOptions{Poll: 10 * time.Millisecond})
		feed.Subscribe("lease", func(ctx context.Context, refs []string) error {
			for _, purse := range refs {
				err := b.db.Write(ctx, func(tx *store.Tx) error {
					_, err := tx.Exec(ctx, `update lease set amount = used, recall = 0 where purse = $1 and recall > 0`, purse)
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		b.must(feed.Start(b.ctx()))
		defer feed.Stop()
		w.Prediction = "q"
		err := b.hold(w)
		if !ledger.IsShort(err) {
			t.Fatalf("not short: %v", err)
		}
		b.must(b.l.Gather(b.ctx(), w))
		b.must(b.hold(w))
		b.clean()
	})
}

func TestGatherDoesNotWaitForTheDead(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("d", ledger.Deposited, dollars(10), time.Time{})
		b.must(b.l.Gather(b.ctx(), b.work("p", 1))) // nothing is leased
		b.lease("credit", "acct_one:deposited", dollars(7), dollars(0))
		started := time.Now()
		b.must(b.l.Gather(b.ctx(), b.work("p", 1)))
		if took := time.Since(started); took < time.Second || took > 20*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// TestSettlesTogether ends many predictions in few transactions, in the order that the
// callers owe, while others do the same.
func TestSettlesTogether(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		accounts := []string{"acct_a", "acct_b", "acct_c"}
		const rounds = 6
		for _, account := range accounts {
			_, err := b.credit(ledger.Credit{ID: account, Account: account, Amount: dollars(100)})
			b.must(err)
			for i := range rounds {
				w := b.work(fmt.Sprint(account, i), dollars(2))
				w.Account, w.Key, w.Budgeted, w.Budget = account, "key_of_"+account, true, dollars(50)
				b.must(b.hold(w))
			}
		}
		var group sync.WaitGroup
		for i := range rounds {
			group.Go(func() {
				err := b.write(func(tx *store.Tx) error {
					for _, account := range accounts {
						w := b.work(fmt.Sprint(account, i), dollars(1))
						w.Account, w.Key = account, "key_of_"+account
						if err := b.l.Settle(b.ctx(), tx, w); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		for _, account := range accounts {
			got, err := b.l.Balance(b.ctx(), account)
			if err != nil || got.Available != dollars(100-rounds) {
				t.Errorf("%s: %s, %v", account, got.Available, err)
			}
		}
		b.clean()
	})
}
