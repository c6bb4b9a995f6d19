package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"skytower/internal/ledger"
	"skytower/internal/store"
)

// everything makes a ledger that has something of each kind.
func (b *books) everything() {
	b.t.Helper()
	b.give("s", ledger.Sponsored, dollars(5), b.time().Add(time.Hour))
	b.give("d", ledger.Deposited, dollars(50), time.Time{})
	if _, err := b.credit(ledger.Credit{ID: "r", Kind: "refund", Amount: -dollars(5)}); err != nil {
		b.t.Fatal(err)
	}
	budgeted := b.work("settled", dollars(4))
	budgeted.Budgeted, budgeted.Budget = true, dollars(30)
	b.must(b.hold(budgeted))
	b.must(b.settle(budgeted))
	b.must(b.hold(b.work("void", dollars(4))))
	b.must(b.void(b.work("void", dollars(4))))
	b.must(b.hold(b.work("open", dollars(3))))
	b.paid(ledger.Charge{Request: "r1", Account: "acct_one", Key: "key_one", Amount: dollars(2), At: b.time()}, "acct_one:deposited")
	b.paid(ledger.Charge{Request: "free", Account: "acct_one", At: b.time()}, "")
	b.lease("lease", "acct_one:deposited", dollars(3), dollars(1))
	if _, err := b.credit(ledger.Credit{ID: "two", Account: "acct_two", Amount: dollars(9)}); err != nil {
		b.t.Fatal(err)
	}
}

func TestVerifyCounts(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.clean() // an empty one
		b.everything()
		b.clean()
		r, err := b.l.Verify(b.ctx())
		b.must(err)
		for table, want := range map[string]int64{"purse": 3, "bucket": 6, "transfer": 4, "lease": 1, "hold": 3, "charge_line": 3, "posting": 6} {
			if r.Checked[table] != want {
				t.Errorf("%d rows of %s, want %d", r.Checked[table], table, want)
			}
		}
	})
}

// errUndo ends a transaction that must leave nothing behind.
var errUndo = errors.New("undo")

func TestVerifyFindsDamage(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.everything()
		b.clean()
		for name, c := range damages() {
			err := b.write(func(tx *store.Tx) error {
				for _, statement := range strings.Split(c.damage, ";") {
					if _, err := tx.Exec(b.ctx(), statement); err != nil {
						return err
					}
				}
				r, err := b.l.VerifyIn(b.ctx(), tx)
				if err != nil {
					return err
				}
				c.compare(t, name, r.Problems)
				return errUndo
			})
			if !errors.Is(err, errUndo) {
				t.Errorf("%s: %v", name, err)
			}
		}
		b.clean()
	})
}

// damage is what somebody did to the tables, and what Verify must say.
type damage struct{ damage, words string }

func (d damage) compare(t *testing.T, name string, problems []string) {
	t.Helper()
	words := strings.Split(d.words, "|")
	got := strings.Join(problems, "\n")
	wrong := len(problems) != len(words)
	for _, each := range words {
		wrong = wrong || !strings.Contains(got, each)
	}
	if wrong {
		t.Errorf("%s: found\n%s\nwant %q", name, got, words)
	}
}

// damages has one of each kind: statements with ; between, and what the sentences say
// with | between, all of them.
func damages() map[string]damage {
	return map[string]damage{
		"a balance": {`update bucket set balance = balance + 1 where id = 'acct_one:deposited'`,
			`Bucket acct_one:deposited has a balance of`},
		"a lost posting": {`delete from posting where transfer = 'd'`,
			`Bucket acct_one:deposited has a balance of|Transfer d of acct_one is recorded as 50.00 USD, but its postings add up to 0.00 USD`},
		"a changed posting": {`update posting set amount = amount + 1 where transfer = 'batch-r1'`,
			`Bucket acct_one:deposited has a balance of|The charges of batch-r1 of acct_one add up to 2.00 USD, but 2.000000001 USD was paid`},
		"a doubled posting": {`insert into posting (transfer, source, dest, amount, at) values ('again', 'acct_one:deposited', 'revenue', 5, 1);
			update bucket set balance = balance - 5 where id = 'acct_one:deposited'`,
			`The charges of again of acct_one add up to 0.00 USD, but 0.000000005 USD was paid`},
		"a posting of nobody's": {`insert into posting (transfer, source, dest, amount, at) values ('x', 'granted', 'revenue', 5, 1)`,
			`of transfer x is not between an account and the instance|The charges of x of nobody`},
		"a posting between accounts": {`insert into posting (transfer, source, dest, amount, at) values ('x', 'acct_one:deposited', 'acct_two:deposited', 5, 1);
			update bucket set balance = balance - 5 where id = 'acct_one:deposited'; update bucket set balance = balance + 5 where id = 'acct_two:deposited'`,
			`of transfer x is not between an account and the instance|Transfer x of acct_one|Transfer x of acct_two`},
		"the wrong payer": {`update posting set source = 'acct_two:deposited' where transfer = 'batch-r1';
			update bucket set balance = balance + 2000000000 where id = 'acct_one:deposited'; update bucket set balance = balance - 2000000000 where id = 'acct_two:deposited'`,
			`The charges of batch-r1 of acct_one add up to 2.00 USD, but 0.00|The charges of batch-r1 of acct_two add up to 0.00 USD, but 2.00|The leases of bucket acct_one:deposited`},
		"credit where debt is": {`update bucket set balance = 7 where id = 'acct_two:payg';
			insert into posting (transfer, source, dest, amount, at) values ('two', 'granted', 'acct_two:payg', 7, 1); update transfer set amount = amount + 7 where id = 'two'`,
			`Bucket acct_two:payg is what an account owes`},
		"a transfer's amount": {`update transfer set amount = 49000000000 where id = 'd'`,
			`Transfer d of acct_one is recorded as 49.00 USD, but its postings add up to 50.00 USD`},
		"a lost transfer": {`delete from transfer where id = 'r'`,
			`Transfer r of acct_one is recorded as 0.00 USD, but its postings add up to -5.00 USD`},
		"a lost bucket": {`delete from bucket where id = 'acct_two:payg'`,
			`Purse acct_two lacks a bucket`},
		"a charge": {`update charge_line set amount = amount + 1 where request = 'r1'`,
			`The charges of batch-r1 of acct_one add up to 2.000000001 USD, but 2.00 USD was paid`},
		"a lost charge": {`delete from charge_line where request = 'r1'`,
			`The charges of batch-r1 of acct_one add up to 0.00 USD, but 2.00 USD was paid`},
		"a charge below zero": {`update charge_line set amount = -5 where request = 'free'`,
			`The charge of request free is below zero|The charges of batch-free of acct_one`},
		"a cost below zero": {`update charge_line set cost = -5 where request = 'free'`,
			`The charge of request free is below zero`},
		"a prediction's charge": {`update charge_line set amount = amount + 1 where request = 'settled'`,
			`The charges of prediction/settled of acct_one|Of budget key_one/2026-03:budget|The hold of prediction settled ended with 4.00 USD, but it was charged 4.000000001 USD`},
		"a prediction's lost posting": {`delete from posting where transfer = 'prediction/settled'`,
			`Bucket acct_one:sponsored:3 has a balance of|The charges of prediction/settled of acct_one add up to 4.00 USD, but 0.00`},
		"a budget": {`update bucket set balance = balance - 1 where kind = 'budget'`,
			`Of budget key_one/2026-03:budget, 25.999999999 USD is left, but by its charges it should be 26.00 USD`},
		"a charge of no budget": {`update charge_line set budget = 'key_x/2026-03' where request = 'r1'`,
			`Charges of 2.00 USD name the budget key_x/2026-03, which does not exist`},
		"what is held": {`update purse set held = held - 1 where id = 'acct_one'`,
			`Purse acct_one holds 2.999999999 USD, but its open holds add up to 3.00 USD`},
		"what a budget holds": {`update purse set held = 5 where kind = 'key'`,
			`Purse key_one/2026-03 holds 0.000000005 USD, but its open holds add up to 0.00 USD`},
		"a hold past its time": {`update hold set expires_at = 1000000 where id = 'open'`,
			`The hold of prediction open is open, though its time ended at 1970-01-01T00:00:01Z`},
		"a hold of nobody's": {`insert into hold (id, purse, key_purse, account, api_key, model, amount, created_at, expires_at) values ('h', 'nobody', '', '', '', '', 5, 1, 9000000000000000)`,
			`The hold of prediction h of 0.000000005 USD is on a purse that does not exist`},
		"an end without a hold": {`insert into hold_end (hold, how, amount, at) values ('h', 'void', 0, 1)`,
			`The hold of prediction h ended`},
		"an end without a charge": {`update hold_end set how = 'settled' where hold = 'void'`,
			`The hold of prediction void ended`},
		"an end with another charge": {`update hold_end set amount = 5 where hold = 'settled'`,
			`The hold of prediction settled ended with 0.000000005 USD, but it was charged 4.00 USD`},
		"a charge after the end": {`update hold_end set how = 'void', amount = 0 where hold = 'settled'`,
			`The hold of prediction settled ended with 0.00 USD, but it was charged 4.00 USD`},
		"a lease past its time": {`update lease set expires_at = 1000000`,
			`Lease lease is live, though its time ended at 1970-01-01T00:00:01Z`},
		"a lease below zero": {`update lease set amount = -5`,
			`Lease lease has impossible numbers`},
		"a lease of another's": {`update lease set purse = 'acct_two'`,
			`Lease lease has impossible numbers`},
		"the use of a lease": {`update lease set used = 2000000001`,
			`The leases of bucket acct_one:deposited say that 2.000000001 USD is used, but only 2.00 USD was charged to it`},
	}
}

func TestVerifyNamesAHundredProblems(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		for i := range 150 {
			b.exec(`insert into charge_line (request, batch, at, account, api_key, model, target, price_version, units_in, units_out,
				units_cached, units_reasoning, amount, counted, outcome) values ($1, $1, 1, 'a', '', '', '', 1, 0, 0, 0, 0, -5, false, '')`, fmt.Sprint(i))
		}
		if got := len(b.problems()); got != 100 {
			t.Errorf("%d problems", got)
		}
	})
}
