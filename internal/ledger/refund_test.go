package ledger_test

import (
	"testing"
	"time"

	"skytower/internal/ledger"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func unanswered(request string) ledger.Unanswered {
	return ledger.Unanswered{Request: request, Account: "acct_one", Key: "key_one", Model: "skytower-docs", Reason: "Nobody got the answer"}
}

// What was charged comes back once, to the account and to the key's budget; what was not
// is never charged afterwards.
func TestRefund(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		l := start(t, db, ledger.Options{Now: func() time.Time { return base }, DatabaseNow: func() time.Time { return base }})
		b := &books{t: t, db: db, l: l}
		b.give("start", ledger.Deposited, dollars(10), time.Time{})
		charged := charge(newRequest())
		charged.Amount, charged.PriceVersion = dollars(3), 1
		hold, err := l.Reserve(t.Context(), ledger.Estimate{Account: "acct_one", Key: "key_one", Budgeted: true, Budget: dollars(5), Amount: dollars(3)})
		b.must(err)
		b.must(l.Commit(t.Context(), hold, charged))
		if b.balance().Balance != dollars(7) || b.budget("2026-03") != dollars(2) {
			t.Fatalf("after the charge: %s, budget %s", b.balance().Balance, b.budget("2026-03"))
		}
		for range 3 {
			given, err := l.Refund(t.Context(), unanswered(charged.Request))
			if err != nil || given != dollars(3) || b.balance().Balance != dollars(10) || b.budget("2026-03") != dollars(5) {
				t.Errorf("given %s, %v: the balance is %s, the budget %s", given, err, b.balance().Balance, b.budget("2026-03"))
			}
			b.clean()
		}
		late := charge(newRequest())
		late.Amount, late.PriceVersion = dollars(2), 1
		given, err := l.Refund(t.Context(), unanswered(late.Request))
		if err != nil || given != 0 {
			t.Errorf("given %s for what was not charged: %v", given, err)
		}
		b.must(l.Commit(t.Context(), nil, late)) // as by a process that was believed to be dead
		if given, err := l.Refund(t.Context(), unanswered(late.Request)); err != nil || given != 0 || b.balance().Balance != dollars(10) {
			t.Errorf("a late charge moved money: %s, given %s, %v", b.balance().Balance, given, err)
		}
		b.clean()
		transfers, err := l.Transfers(t.Context(), "acct_one", ledger.Page{})
		if err != nil || len(transfers) != 2 || transfers[0].Amount != dollars(3) || transfers[0].Ref != charged.Request {
			t.Errorf("transfers %+v, %v", transfers, err)
		}
	})
}
