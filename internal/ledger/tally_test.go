package ledger_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"skytower/internal/fault"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/store"
)

// step is one thing that happens to an account: what, how much of it, and to which of the
// predictions that there were.
type step struct {
	what   string
	amount money.Nanos
	pick   int
}

func steps() *rapid.Generator[[]step] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			what: rapid.SampledFrom([]string{
				"grant", "grant that expires", "deposit", "take", "line", "hold", "hold", "hold", "budgeted", "settle", "settle", "void",
				"charge", "again", "lease", "return", "pass", "pass long", "expire",
			}).Draw(t, "what"),
			amount: money.Nanos(rapid.Int64Range(1, 10).Draw(t, "amount")),
			pick:   rapid.IntRange(0, 5).Draw(t, "pick"),
		}
	}), 4, 16)
}

// tally is what an account should have, by its own reckoning.
type tally struct {
	*books
	account, key      string
	n                 int
	credited, charged money.Nanos
	works             []ledger.Work
	open              map[string]money.Nanos // holds
	ended             map[string]bool
	lastCredit        ledger.Credit
}

// TestAnySequenceKeepsTheSums does whatever comes to a few accounts. After each step the
// ledger is clean, and the account has what it should.
func TestAnySequenceKeepsTheSums(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		var accounts int
		rapid.Check(t, func(rt *rapid.T) {
			if accounts++; accounts > sequences() { // each has its own in the one database
				return
			}
			y := &tally{
				books: b, account: fmt.Sprint("acct_", accounts), key: fmt.Sprint("key_", accounts),
				open: map[string]money.Nanos{}, ended: map[string]bool{},
			}
			for _, s := range steps().Draw(rt, "steps") {
				if err := errors.Join(y.do(s), y.check()); err != nil {
					rt.Fatalf("after %+v: %v", s, err)
				}
			}
		})
	})
}

// sequences is 20, and as many as rapid has in the long form of the tests.
func sequences() int {
	if os.Getenv("SKYTOWER_PROOF") != "" {
		return math.MaxInt
	}
	return 20
}

func (y *tally) name(kind string) string {
	y.n++
	return fmt.Sprintf("%s/%s/%d", y.account, kind, y.n)
}

func (y *tally) do(s step) error {
	switch s.what {
	case "grant":
		return y.credits(ledger.Credit{Bucket: ledger.Sponsored, Amount: s.amount})
	case "grant that expires":
		return y.credits(ledger.Credit{Bucket: ledger.Sponsored, Amount: s.amount, Expires: y.time().Add(time.Duration(s.amount) * time.Minute)})
	case "deposit":
		return y.credits(ledger.Credit{Bucket: ledger.Deposited, Amount: s.amount, Kind: "deposit", Place: "payment:stripe"})
	case "take":
		bucket := []string{ledger.Sponsored, ledger.Deposited}[s.pick%2]
		return y.credits(ledger.Credit{Bucket: bucket, Amount: -s.amount, Kind: "refund", Place: "payment:stripe"})
	case "again":
		return y.again()
	case "line":
		return y.write(func(tx *store.Tx) error {
			return y.l.SetTerms(y.ctx(), tx, y.account, ledger.Terms{CreditLine: pointer(s.amount), DrawOrder: orders()[s.pick%3]})
		})
	case "hold", "budgeted":
		return y.holds(s)
	case "settle", "void":
		return y.ends(s)
	case "charge":
		y.works = append(y.works, y.priced(s.amount))
		return y.ends(step{"settle", s.amount, len(y.works) - 1})
	case "lease":
		return y.leases(s.amount)
	case "return":
		return y.write(func(tx *store.Tx) error {
			_, err := tx.Exec(y.ctx(), `update lease set amount = used where purse = $1`, y.account)
			return err
		})
	case "pass":
		y.pass(time.Duration(s.amount) * 30 * time.Second)
	case "pass long":
		y.pass(45 * time.Minute)
		return y.l.Expire(y.ctx()) // it runs every minute: Verify may count on it
	}
	return y.l.Expire(y.ctx())
}

func orders() [][]string {
	return [][]string{{"sponsored", "deposited", "payg"}, {"deposited", "payg", "sponsored"}, {"payg", "sponsored", "deposited"}}
}

func (y *tally) credits(c ledger.Credit) error {
	c.ID, c.Account = y.name("credit"), y.account
	applied, err := y.credit(c)
	if err == nil && !applied {
		return errors.New("not applied")
	}
	y.credited += c.Amount
	y.lastCredit = c
	return err
}

// again repeats the last credit.
func (y *tally) again() error {
	if y.lastCredit.ID == "" {
		return nil
	}
	applied, err := y.credit(y.lastCredit)
	if applied {
		return errors.New("applied twice")
	}
	return err
}

func (y *tally) priced(amount money.Nanos) ledger.Work {
	w := y.work(y.name("work"), amount)
	w.Account, w.Key = y.account, y.key
	return w
}

// holds promises credit, just where there is enough.
func (y *tally) holds(s step) error {
	before, err := y.l.Balance(y.ctx(), y.account)
	if err != nil {
		return err
	}
	w := y.priced(s.amount)
	enough := before.Available >= w.Amount
	// The process that these leases are of is no more: it gives nothing back when asked.
	idle := money.Nanos(y.number(`select cast(coalesce(sum(amount - used), 0) as bigint) from lease where purse = $1 and state = 'live'`, y.account))
	if s.what == "budgeted" {
		w.Budgeted, w.Budget = true, money.Nanos(10+s.pick)
	}
	err = y.hold(w)
	refused := fault.Is(err, fault.InsufficientCredits) || fault.Is(err, fault.PaymentRequired)
	switch {
	case refused && (before.Available-idle < w.Amount || w.Budgeted):
		return nil
	case err != nil:
		return err
	case !enough:
		return fmt.Errorf("%d of %d was held", w.Amount, before.Available)
	}
	y.works = append(y.works, w)
	y.open[w.Prediction] = w.Amount
	return nil
}

// ends settles or voids one of the predictions, perhaps once more.
func (y *tally) ends(s step) error {
	if len(y.works) == 0 {
		return nil
	}
	w := y.works[s.pick%len(y.works)]
	_, held := y.open[w.Prediction]
	if s.what == "void" {
		if held && y.number(`select count(*) from hold_end where hold = $1`, w.Prediction) == 0 { // it has not expired
			y.ended[w.Prediction] = true
		}
		delete(y.open, w.Prediction)
		return y.void(w)
	}
	w.Amount = s.amount - 1 // at times more than the hold, at times nothing
	if !y.ended[w.Prediction] {
		y.charged += w.Amount
	}
	y.ended[w.Prediction] = true
	delete(y.open, w.Prediction)
	return y.settle(w)
}

// leases is a process that leases of what is free in a bucket, and charges a part.
func (y *tally) leases(amount money.Nanos) error {
	b, err := y.l.Balance(y.ctx(), y.account)
	if err != nil || b.Available < amount {
		return err
	}
	free := slices.IndexFunc(b.Buckets, func(each ledger.Bucket) bool { return each.Balance > 0 && each.Kind == ledger.Deposited })
	if free < 0 || b.Buckets[free].Balance < amount || b.Reserved > 0 {
		return nil
	}
	bucket, used := b.Buckets[free].ID, amount/2
	y.n++
	y.charged += used
	return y.write(func(tx *store.Tx) error {
		now := y.now.Load()
		_, err := tx.Exec(y.ctx(), `insert into lease (id, purse, bucket, replica, amount, used, state, recall, created_at, expires_at)
			values ($1, $2, $3, 'x', $4, $5, 'live', 0, $6, $7)`, y.name("lease"), y.account, bucket, amount, used, now, now+time.Minute.Microseconds())
		if err != nil || used == 0 {
			return err
		}
		id := y.name("batch")
		for _, statement := range []string{
			`insert into charge_line (request, batch, at, account, api_key, model, target, price_version, units_in, units_out,
				units_cached, units_reasoning, amount, counted, outcome) values ($1, $1, $2, $3, '', 'm', '', 1, 0, 0, 0, 0, $4, false, '')`,
			`insert into posting (transfer, at, source, dest, amount) select $1, $2, cast($3 as text) || ':deposited', 'revenue', $4`,
		} {
			if _, err := tx.Exec(y.ctx(), statement, id, now, y.account, used); err != nil {
				return err
			}
		}
		_, err = tx.Exec(y.ctx(), `update bucket set balance = balance - $2 where id = $1`, bucket, used)
		return err
	})
}

// check compares the account with the reckoning, and verifies the ledger.
func (y *tally) check() error {
	r, err := y.l.Verify(y.ctx())
	if err != nil {
		return err
	}
	if !r.Clean() {
		return fmt.Errorf("not clean: %q", r.Problems)
	}
	b, err := y.l.Balance(y.ctx(), y.account)
	if err != nil {
		return err
	}
	var spent money.Nanos
	var lapsed money.Nanos
	err = y.db.Read(y.ctx(), func(tx *store.Tx) (err error) {
		if spent, err = y.l.Spent(y.ctx(), tx, y.account); err != nil {
			return err
		}
		return tx.QueryRow(y.ctx(), `select cast(coalesce(sum(amount), 0) as bigint) from transfer where account = $1 and kind = 'expiry'`, y.account).Scan(&lapsed)
	})
	if err != nil {
		return err
	}
	if want := y.credited + lapsed - y.charged; spent != y.charged || b.Balance != want {
		return fmt.Errorf("spent %d, want %d; balance %d, want %d", spent, y.charged, b.Balance, want)
	}
	return nil
}
