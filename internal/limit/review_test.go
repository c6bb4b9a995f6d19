package limit

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"skytower/internal/money"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// spending is what accounts have spent, as the ledger would say.
type spending map[string]money.Nanos

func (s spending) Spent(_ context.Context, _ *store.Tx, account string) (money.Nanos, error) {
	if s[account] < 0 {
		return 0, errors.New("the ledger is upset")
	}
	return s[account], nil
}

type reviewRig struct {
	t     *testing.T
	db    *store.DB
	now   time.Time
	spent spending
	tiers *Tiers
}

func newReview(t *testing.T, db *store.DB) *reviewRig {
	t.Helper()
	table, err := ParseTiers("0:25/10/2 100:50/25/5 500:150/75/10 2000:600/300/40")
	if err != nil {
		t.Fatal(err)
	}
	r := &reviewRig{t: t, db: db, now: time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC), spent: spending{}}
	r.tiers = &Tiers{DB: db, Table: table, Spending: r.spent, Now: func() time.Time { return r.now }}
	return r
}

func (r *reviewRig) add(account string, opened time.Time) {
	r.t.Helper()
	newAccount(r.t, r.db, account)
	exec(r.t, r.db, `insert into purse (id, kind, owner, credit_line, draw_order, held, seq, created_at) values ($1, 'account', $1, 0, '', 0, 0, $2)`,
		account, store.Micros(opened))
}

func (r *reviewRig) review() {
	r.t.Helper()
	if err := r.tiers.Review(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// want reviews, and checks the tier of acct_a and how often it was published in all.
func (r *reviewRig) want(tier, published int64) {
	r.t.Helper()
	r.review()
	var got, n int64
	err := r.db.Read(r.t.Context(), func(tx *store.Tx) error {
		if err := tx.QueryRow(r.t.Context(), `select auto_tier from account where id = 'acct_a'`).Scan(&got); err != nil {
			return err
		}
		return tx.QueryRow(r.t.Context(), `select count(*) from change where kind = 'account' and ref = 'acct_a'`).Scan(&n)
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if got != tier || n != published {
		r.t.Errorf("%s: tier %d, told %d times; want %d, %d", r.now.Format("01-02 15:04"), got, n, tier, published)
	}
}

func TestTiersFollowSpending(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newReview(t, db)
		r.add("acct_a", r.now.Add(-time.Hour))
		newAccount(t, db, "acct_without_credit")
		r.spent["acct_a"] = 99 * money.Dollar
		r.want(1, 0)
		r.spent["acct_a"] = 100 * money.Dollar
		r.want(2, 1)
		r.want(2, 1)
		r.spent["acct_a"] = 700 * money.Dollar
		r.want(3, 2)
		r.spent["acct_a"] = 400 * money.Dollar // a refund
		r.want(3, 2)
		r.spent["acct_a"] = 710 * money.Dollar
		r.want(3, 2)
		r.spent["acct_a"] = 2000 * money.Dollar // in the last minute of the month
		r.now = time.Date(2026, 12, 1, 0, 0, 20, 0, time.UTC)
		r.want(4, 3)
		r.now = time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)
		r.spent["acct_a"] = 2120 * money.Dollar
		r.want(4, 3)
		r.now = time.Date(2027, 1, 1, 0, 0, 20, 0, time.UTC)
		r.want(2, 4) // 120 in December
		r.now = time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
		r.want(1, 5)
	})
}

// Of an account that is older than the tiers, only what it spends from now on is known.
func TestTiersBeginWithOldAccounts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newReview(t, db)
		r.add("acct_a", r.now.AddDate(-1, 0, 0))
		r.spent["acct_a"] = 5000 * money.Dollar
		r.want(1, 0)
		r.spent["acct_a"] = 5600 * money.Dollar
		r.want(3, 1)
	})
}

func TestReviewGoesThroughAll(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newReview(t, db)
		const accounts = reviewBatch + 5
		fill(t, db, accounts, `insert into account (id, name, created_at) values ($1, 'A', 1)`, "acct_%03d")
		fill(t, db, accounts, `insert into purse (id, kind, owner, credit_line, draw_order, held, seq, created_at)
			values ($1, 'account', $1, 0, '', 0, 0, 9000000000000000)`, "acct_%03d") // in this month
		for i := range accounts {
			r.spent[fmt.Sprintf("acct_%03d", i)] = 150 * money.Dollar
		}
		r.review()
		var n int64
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			return tx.QueryRow(t.Context(), `select count(*) from account where auto_tier = 2`).Scan(&n)
		})
		if err != nil || n != accounts {
			t.Errorf("%d accounts rose, %v", n, err)
		}
		r.spent["acct_000"] = -1
		if err := r.tiers.Review(t.Context()); err == nil {
			t.Error("the ledger's error is lost")
		}
	})
}
