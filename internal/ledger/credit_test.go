package ledger_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/store"
)

func TestCreditGoesToItsBucket(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		empty := b.balance()
		if empty.Balance != 0 || empty.Available != 0 || len(empty.Buckets) != 0 || len(empty.DrawOrder) != 3 {
			t.Errorf("of nobody: %+v", empty)
		}
		b.give("late", ledger.Sponsored, dollars(3), b.time().Add(48*time.Hour))
		b.give("never", ledger.Sponsored, dollars(1), time.Time{})
		b.give("early", ledger.Sponsored, dollars(2), b.time().Add(24*time.Hour))
		b.give("paid", ledger.Deposited, dollars(10), time.Time{})
		b.give("more", "", dollars(5), time.Time{})
		b.has("sponsored:5=2 sponsored:3=3 sponsored:4=1 deposited=15 payg=0")
		b.available(dollars(21))
		if got := b.balance().Buckets[0].Expires; !got.Equal(b.time().Add(24 * time.Hour)) {
			t.Errorf("expires at %v", got)
		}
		b.clean()
	})
}

func TestCreditPaysDebtFirst(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("first", ledger.Deposited, dollars(1), time.Time{})
		b.must(b.settle(b.work("p1", dollars(8))))
		b.has("deposited=0 payg=-7")
		b.give("little", ledger.Sponsored, dollars(4), time.Time{})
		b.has("deposited=0 payg=-3") // no empty bucket is made
		b.give("more", ledger.Sponsored, dollars(4), time.Time{})
		b.has("sponsored:3=1 deposited=0 payg=0")
		b.exec(`update bucket set balance = -2000000000 where id = 'acct_one:deposited'`) // a late charge
		b.exec(`insert into posting (transfer, source, dest, amount, at) values ('late', 'acct_one:deposited', 'revenue', 2000000000, 1)`)
		b.exec(`insert into charge_line (request, batch, at, account, api_key, model, target, price_version, units_in, units_out,
			units_cached, units_reasoning, amount, counted, outcome) values ('late', 'late', 1, 'acct_one', '', '', '', 1, 0, 0, 0, 0, 2000000000, false, '')`)
		b.give("raised", ledger.Deposited, dollars(5), time.Time{})
		b.has("sponsored:3=1 deposited=3 payg=0")
		b.clean()
	})
}

func TestCreditIsTakenBack(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("old", ledger.Sponsored, dollars(3), time.Time{})
		b.give("new", ledger.Sponsored, dollars(2), time.Time{})
		b.give("paid", ledger.Deposited, dollars(10), time.Time{})
		take := func(id, bucket string, amount money.Nanos) {
			t.Helper()
			c := ledger.Credit{ID: id, Kind: "refund", Bucket: bucket, Amount: -amount, Place: "payment:stripe"}
			if applied, err := b.credit(c); err != nil || !applied {
				t.Fatalf("%s: %v, %v", id, applied, err)
			}
			b.clean()
		}
		take("a", ledger.Sponsored, dollars(2.5))
		b.has("sponsored:3=2.50 deposited=10 payg=0") // the newest first
		take("b", "", dollars(4))
		b.has("sponsored:3=2.50 deposited=6 payg=0")
		b.lease("lease", "acct_one:deposited", dollars(5), 0)
		take("c", ledger.Deposited, dollars(4)) // what is leased has been promised
		b.has("sponsored:3=2.50 deposited=5 payg=-3")
		take("d", ledger.Sponsored, dollars(20))
		b.has("deposited=5 payg=-20.50")
		if got := b.number(`select sum(amount) from posting where dest = 'payment:stripe'`); got != int64(dollars(30.5)) {
			t.Errorf("%d went to the processor", got)
		}
	})
}

func TestCreditIsDoneOnce(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		c := ledger.Credit{ID: "once", Account: "acct_one", Kind: "grant", Bucket: ledger.Sponsored, Amount: dollars(5), Actor: "op", Reason: "hello", Ref: "ref"}
		var applied atomic.Int64
		var group sync.WaitGroup
		for range 12 {
			group.Go(func() {
				first, err := b.credit(c)
				if err != nil {
					t.Error(err)
				}
				if first {
					applied.Add(1)
				}
			})
		}
		group.Wait()
		if applied.Load() != 1 {
			t.Errorf("applied %d times", applied.Load())
		}
		b.has("sponsored:3=5 deposited=0 payg=0")
		again := c
		again.Reason, again.Ref, again.Actor, again.At = "other words", "other event", "somebody", b.time().Add(time.Second)
		if first, err := b.credit(again); first || err != nil {
			t.Errorf("again: %v, %v", first, err)
		}
		for name, change := range map[string]func(*ledger.Credit){
			"account": func(c *ledger.Credit) { c.Account = "acct_two" },
			"amount":  func(c *ledger.Credit) { c.Amount++ },
			"kind":    func(c *ledger.Credit) { c.Kind = "adjustment" },
			"bucket":  func(c *ledger.Credit) { c.Bucket = ledger.Deposited },
			"expiry":  func(c *ledger.Credit) { c.Expires = b.time().Add(time.Hour) },
			"place":   func(c *ledger.Credit) { c.Place = "payment:stripe" },
		} {
			other := c
			change(&other)
			first, err := b.credit(other)
			if f := fault.From(err); first || f == nil || f.ID != fault.InvalidParameter || f.HTTPStatus() != 422 {
				t.Errorf("another %s: %v, %v", name, first, err)
			}
		}
		b.clean()
		if got := b.number(`select count(*) from audit`); got != 1 {
			t.Errorf("%d rows in the audit trail", got)
		}
	})
}

func TestImpossibleCredits(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		for name, spoil := range map[string]func(*ledger.Credit){
			"no id":             func(c *ledger.Credit) { c.ID = "" },
			"long id":           func(c *ledger.Credit) { c.ID = strings.Repeat("x", 513) },
			"an expiry's id":    func(c *ledger.Credit) { c.ID = "expiry/x" },
			"a prediction's id": func(c *ledger.Credit) { c.ID = "prediction/x" },
			"account with zero": func(c *ledger.Credit) { c.Account = "a\x00" },
			"unknown kind":      func(c *ledger.Credit) { c.Kind = "gift" },
			"unknown bucket":    func(c *ledger.Credit) { c.Bucket = ledger.PayAsYouGo },
			"nothing":           func(c *ledger.Credit) { c.Amount = 0 },
			"too much":          func(c *ledger.Credit) { c.Amount = 1_000_000_000*money.Dollar + 1 },
			"too little":        func(c *ledger.Credit) { c.Amount = -1_000_000_000*money.Dollar - 1 },
			"from revenue":      func(c *ledger.Credit) { c.Place = "revenue" },
			"deposit that ends": func(c *ledger.Credit) { c.Bucket, c.Expires = ledger.Deposited, b.time().Add(time.Hour) },
			"ended":             func(c *ledger.Credit) { c.Expires = b.time() },
			"taken with expiry": func(c *ledger.Credit) { c.Amount, c.Expires = -1, b.time().Add(time.Hour) },
			"text that is not":  func(c *ledger.Credit) { c.ID = "\xff" },
		} {
			c := ledger.Credit{ID: "id", Bucket: ledger.Sponsored, Amount: 1}
			spoil(&c)
			if applied, err := b.credit(c); applied || !fault.Is(err, fault.InvalidParameter) {
				t.Errorf("%s: %v, %v", name, applied, err)
			}
		}
		for i := range 4 {
			b.give(fmt.Sprint(i), ledger.Deposited, 1_000_000_000*money.Dollar, time.Time{})
		}
		_, err := b.credit(ledger.Credit{ID: "full", Amount: 1})
		b.refused(err, fault.InvalidParameter, "4000000000.00")
		b.clean()
	})
}

func TestCreditIsAudited(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		c := ledger.Credit{ID: "x", Kind: "adjustment", Amount: -dollars(1.5), Actor: "op_1", Reason: "a mistake", At: b.time()}
		if _, err := b.credit(c); err != nil {
			t.Fatal(err)
		}
		b.must(b.terms(ledger.Terms{CreditLine: pointer(dollars(20)), DrawOrder: []string{"payg", "deposited", "sponsored"}, Actor: "op_2"}))
		b.must(b.terms(ledger.Terms{CreditLine: pointer(dollars(20)), Actor: "op_2"})) // changes nothing
		var rows []string
		b.must(b.db.Read(b.ctx(), func(tx *store.Tx) error {
			rows = nil
			return tx.Each(b.ctx(), `select actor, action, subject, detail from audit order by seq`, func(scan func(...any) error) error {
				var actor, action, subject, detail string
				err := scan(&actor, &action, &subject, &detail)
				rows = append(rows, strings.Join([]string{actor, action, subject, detail}, "|"))
				return err
			})
		}))
		want := []string{
			"op_1|credit.adjustment|acct_one|-1.50 USD: a mistake",
			"op_2|credit.terms|acct_one|credit_line: 0.00 -> 20.00 USD; draw_order: sponsored deposited payg -> payg deposited sponsored",
		}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTerms(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		for name, terms := range map[string]ledger.Terms{
			"below zero": {CreditLine: pointer(money.Nanos(-1))},
			"too much":   {CreditLine: pointer(1_000_000_000*money.Dollar + 1)},
			"too few":    {DrawOrder: []string{"payg", "deposited"}},
			"none":       {DrawOrder: []string{}},
			"twice":      {DrawOrder: []string{"payg", "payg", "deposited"}},
			"unknown":    {DrawOrder: []string{"payg", "deposited", "budget"}},
		} {
			if err := b.terms(terms); !fault.Is(err, fault.InvalidParameter) {
				t.Errorf("%s: %v", name, err)
			}
		}
		b.give("s", ledger.Sponsored, dollars(2), time.Time{})
		b.give("d", ledger.Deposited, dollars(3), time.Time{})
		b.must(b.terms(ledger.Terms{CreditLine: pointer(dollars(4)), DrawOrder: []string{"payg", "deposited", "sponsored"}}))
		b.available(dollars(9))
		b.must(b.settle(b.work("p", dollars(6))))
		b.has("payg=-4 deposited=1 sponsored:3=2") // payg up to its line, then what comes next
		b.must(b.terms(ledger.Terms{CreditLine: pointer(money.Nanos(0))}))
		b.available(-dollars(1))
		b.clean()
	})
}

func TestSpent(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		expect := func(want money.Nanos) {
			t.Helper()
			var got money.Nanos
			b.must(b.db.Read(b.ctx(), func(tx *store.Tx) (err error) {
				got, err = b.l.Spent(b.ctx(), tx, "acct_one")
				return err
			}))
			if got != want {
				t.Errorf("spent %s, want %s", got, want)
			}
		}
		expect(0)
		b.give("s", ledger.Sponsored, dollars(5), b.time().Add(time.Hour))
		b.give("d", ledger.Deposited, dollars(5), time.Time{})
		expect(0)
		b.must(b.settle(b.work("p", dollars(3))))
		b.paid(ledger.Charge{Request: "r", Account: "acct_one", Amount: dollars(1), At: b.time()}, "acct_one:deposited")
		expect(dollars(4))
		if _, err := b.credit(ledger.Credit{ID: "refund", Kind: "refund", Amount: -dollars(4)}); err != nil {
			t.Fatal(err)
		}
		expect(dollars(4))
		b.pass(2 * time.Hour)
		b.must(b.l.Expire(b.ctx()))
		b.has("deposited=0 payg=0")
		expect(dollars(4))
		b.clean()
	})
}

func TestTransfers(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		for i := range 5 {
			if _, err := b.credit(ledger.Credit{ID: fmt.Sprint("t", i), Amount: money.Nanos(i + 1), At: base.Add(time.Duration(i/2) * time.Second), Actor: "op", Reason: "why", Ref: "ref"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.credit(ledger.Credit{ID: "other", Account: "acct_two", Amount: 1}); err != nil {
			t.Fatal(err)
		}
		var seen []string
		page := ledger.Page{Limit: 2}
		for {
			found, err := b.l.Transfers(b.ctx(), "acct_one", page)
			b.must(err)
			if len(found) == 0 {
				break
			}
			for _, each := range found {
				seen = append(seen, each.ID)
				page.Before = ledger.Position{At: each.At, Request: each.ID}
			}
		}
		if diff := cmp.Diff([]string{"t4", "t3", "t2", "t1", "t0"}, seen); diff != "" {
			t.Error(diff)
		}
		got, err := b.l.Transfer(b.ctx(), "t1")
		b.must(err)
		if diff := cmp.Diff(ledger.Transfer{ID: "t1", Kind: "grant", Account: "acct_one", Amount: 2, At: base, Actor: "op", Reason: "why", Ref: "ref"}, got); diff != "" {
			t.Error(diff)
		}
		_, err = b.l.Transfer(b.ctx(), "nothing")
		b.refused(err, fault.InvalidParameter)
		if got := fault.From(err).HTTPStatus(); got != 404 {
			t.Errorf("status %d", got)
		}
	})
}
