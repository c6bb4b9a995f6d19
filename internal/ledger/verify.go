package ledger

import (
	"context"
	"fmt"
	"time"

	"skytower/internal/money"
	"skytower/internal/store"
)

const (
	// mostProblems bounds a report.
	mostProblems = 100
	// expirySlack is how long Expire, which runs every minute, may be late.
	expirySlack = 10 * time.Minute
)

// Report is the result of Verify.
type Report struct {
	Checked  map[string]int64 // rows of each kind
	Problems []string         // at most a hundred sentences
}

// Clean reports whether nothing is wrong.
func (r Report) Clean() bool { return len(r.Problems) == 0 }

// Verify checks the whole ledger: postings and balances, holds, leases, budgets, and that
// charges, their batches and their postings agree. It sees one state of the database, in
// which all of that is always true, whatever runs meanwhile.
func (l *Ledger) Verify(ctx context.Context) (r Report, err error) {
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		r, err = l.verify(ctx, tx)
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("verify the ledger: %w", err)
	}
	return r, nil
}

func (l *Ledger) verify(ctx context.Context, tx *store.Tx) (Report, error) {
	r := Report{Checked: map[string]int64{}}
	now, err := l.clock(ctx, tx)
	if err != nil {
		return r, err
	}
	for _, table := range []string{"purse", "bucket", "posting", "transfer", "lease", "hold", "charge_line"} {
		var n int64
		if err := tx.QueryRow(ctx, `select count(*) from `+table).Scan(&n); err != nil {
			return r, fmt.Errorf("count %s: %w", table, err)
		}
		r.Checked[table] = n
	}
	for _, c := range checks(now) {
		if err := r.run(ctx, tx, c); err != nil {
			return r, fmt.Errorf("check %s: %w", c.name, err)
		}
	}
	return r, nil
}

// check is one thing that must hold. The query finds where it does not: an id, and two
// numbers that tell the sentence from the database.
type check struct {
	name, query string
	args        []any
	tell        func(id string, a, b int64) string
}

func (r *Report) run(ctx context.Context, tx *store.Tx, c check) error {
	room := mostProblems - len(r.Problems)
	if room == 0 {
		return nil
	}
	query := c.query + fmt.Sprintf(" order by 1 limit %d", room)
	return tx.Each(ctx, query, func(scan func(...any) error) error {
		var id string
		var a, b int64
		err := scan(&id, &a, &b)
		r.Problems = append(r.Problems, c.tell(id, a, b))
		return err
	}, c.args...)
}

// amounts makes sentences with an id and two amounts of dollars, in that order.
func amounts(format string) func(string, int64, int64) string {
	return func(id string, a, b int64) string { return fmt.Sprintf(format, id, money.Nanos(a), money.Nanos(b)) }
}

// names makes sentences with an id alone.
func names(format string) func(string, int64, int64) string {
	return func(id string, _, _ int64) string { return fmt.Sprintf(format, id) }
}

// times makes sentences with an id and a time.
func times(format string) func(string, int64, int64) string {
	return func(id string, a, _ int64) string { return fmt.Sprintf(format, id, store.Time(a).Format(time.RFC3339)) }
}

// checks are all that Verify looks at. Each is one statement that adds up inside the
// database: nothing is read but what is wrong.
func checks(now int64) []check {
	all := append(balanceChecks(), chargeChecks()...)
	all = append(all, budgetChecks()...)
	all = append(all, holdChecks(now)...)
	return append(all, leaseChecks(now)...)
}

func balanceChecks() []check {
	return []check{
		{
			name: "balances", query: `select b.id, b.balance, cast(coalesce(i.total, 0) - coalesce(o.total, 0) as bigint) from bucket b
				left join (select p.dest as id, sum(p.amount) as total from posting p join bucket d on d.id = p.dest
					where p.dest <> 'revenue' group by p.dest) i on i.id = b.id
				left join (select p.source as id, sum(p.amount) as total from posting p join bucket s on s.id = p.source
					group by p.source) o on o.id = b.id
				where b.kind <> 'budget' and b.balance <> coalesce(i.total, 0) - coalesce(o.total, 0)`,
			tell: amounts("Bucket %s has a balance of %s USD, but its postings add up to %s USD."),
		},
		{
			name: "debts", query: `select id, balance, 0 from bucket where kind = 'payg' and balance > 0`,
			tell: amounts("Bucket %s is what an account owes, but has %s USD of credit (it may have %s)."),
		},
		{
			name: "places", query: `select p.transfer, p.amount, 0 from posting p
				left join bucket s on s.id = p.source and s.kind <> 'budget' left join bucket d on d.id = p.dest and d.kind <> 'budget'
				where (s.id is null and d.id is null) or (s.id is not null and d.id is not null)`,
			tell: func(id string, a, _ int64) string {
				return fmt.Sprintf("A posting of %s USD of transfer %s is not between an account and the instance.", money.Nanos(a), id)
			},
		},
		{
			name: "transfers", query: `select id || ' of ' || account, cast(sum(told) as bigint), cast(sum(posted) as bigint) from (
					select id, account, amount as told, 0 as posted from transfer
					union all select p.transfer, b.purse, 0, -p.amount from posting p join bucket b on b.id = p.source where p.dest <> 'revenue'
					union all select p.transfer, b.purse, 0, p.amount from posting p join bucket b on b.id = p.dest where p.dest <> 'revenue'
				) moved group by id, account having sum(told) <> sum(posted)`,
			tell: amounts("Transfer %s is recorded as %s USD, but its postings add up to %s USD."),
		},
		{
			name: "purses", query: `select p.id, 0, 0 from purse p left join bucket b on b.purse = p.id and b.kind <> 'sponsored' group by p.id, p.kind
				having (p.kind = 'account' and (count(case when b.kind = 'deposited' then 1 end) <> 1 or count(case when b.kind = 'payg' then 1 end) <> 1))
					or (p.kind = 'key' and count(case when b.kind = 'budget' then 1 end) <> 1)`,
			tell: names("Purse %s lacks a bucket, or has one too many."),
		},
	}
}

func chargeChecks() []check {
	return []check{
		{
			name: "amounts of charges", query: `select request, amount, cost from charge_line where amount < 0 or cost < 0`,
			tell: amounts("The charge of request %s is below zero: %s USD, at a cost of %s USD."),
		},
		{
			// A prediction is a batch of its own. Of a batch, each account must have paid
			// just what it was charged.
			name: "charges", query: `select id || ' of ' || account, cast(sum(charged) as bigint), cast(sum(paid) as bigint) from (
					select case when batch = 'prediction' then 'prediction/' || request else batch end as id, account, amount as charged, 0 as paid
					from charge_line where amount <> 0
					union all select p.transfer, coalesce(b.purse, 'nobody'), 0, p.amount
					from posting p left join bucket b on b.id = p.source where p.dest = 'revenue'
				) moved group by id, account having sum(charged) <> sum(paid)`,
			tell: amounts("The charges of %s add up to %s USD, but %s USD was paid."),
		},
	}
}

// budgetChecks are about the budgets of keys, which have no postings: what is left is the
// budget less what was charged. A line names the budget that it was taken from, so one at
// the edge of a month is no question.
func budgetChecks() []check {
	const charged = `(select budget as id, sum(amount) as total from charge_line where budget <> '' group by budget)`
	return []check{
		{
			name: "budgets", query: `select b.id, b.balance, cast(p.credit_line - p.earlier - coalesce(c.total, 0) as bigint)
				from purse p join bucket b on b.purse = p.id left join ` + charged + ` c on c.id = p.id
				where p.kind = 'key' and b.balance <> p.credit_line - p.earlier - coalesce(c.total, 0)`,
			tell: amounts("Of budget %s, %s USD is left, but by its charges it should be %s USD."),
		},
		{
			name: "charges of budgets", query: `select c.id, cast(c.total as bigint), 0 from ` + charged + ` c
				left join purse p on p.id = c.id and p.kind = 'key' where p.id is null`,
			tell: func(id string, a, _ int64) string {
				return fmt.Sprintf("Charges of %s USD name the budget %s, which does not exist.", money.Nanos(a), id)
			},
		},
	}
}

func holdChecks(now int64) []check {
	const openHolds = `hold h left join hold_end e on e.hold = h.id where e.hold is null`
	return []check{
		{
			name: "held credit", query: `select p.id, p.held, cast(coalesce(o.total, 0) as bigint) from purse p
				left join (select purse, sum(amount) as total from (
					select h.purse as purse, h.amount as amount from ` + openHolds + `
					union all select h.key_purse, h.amount from ` + openHolds + ` and h.key_purse <> '') each_hold group by purse) o on o.purse = p.id
				where p.held <> coalesce(o.total, 0)`,
			tell: amounts("Purse %s holds %s USD, but its open holds add up to %s USD."),
		},
		{
			name: "holds past their time", query: `select h.id, h.expires_at, 0 from ` + openHolds + ` and h.expires_at < $1`,
			args: []any{now - expirySlack.Microseconds()},
			tell: times("The hold of prediction %s is open, though its time ended at %s."),
		},
		{
			name: "holds without a purse", query: `select h.id, h.amount, 0 from hold h left join purse p on p.id = h.purse
				left join purse k on k.id = h.key_purse where p.id is null or (h.key_purse <> '' and k.id is null)`,
			tell: amounts("The hold of prediction %s of %s USD is on a purse that does not exist (%s)."),
		},
		{
			name: "ends of holds", query: `select e.hold, e.amount, coalesce(l.amount, 0) from hold_end e
				left join hold h on h.id = e.hold left join charge_line l on l.request = e.hold
				where h.id is null or (e.how = 'settled' and (l.request is null or l.amount <> e.amount))
					or (e.how = 'void' and (e.amount <> 0 or l.amount > 0)) or (e.how = 'expired' and e.amount <> 0)`,
			tell: amounts("The hold of prediction %s ended with %s USD, but it was charged %s USD, or there was no hold."),
		},
	}
}

func leaseChecks(now int64) []check {
	return []check{
		{
			name: "leases past their time", query: `select id, expires_at, 0 from lease where state = 'live' and expires_at < $1`,
			args: []any{now - (leaseGrace + expirySlack).Microseconds()},
			tell: times("Lease %s is live, though its time ended at %s."),
		},
		{
			name: "amounts of leases", query: `select l.id, l.amount, l.used from lease l left join bucket b on b.id = l.bucket and b.purse = l.purse
				where l.amount < 0 or l.used < 0 or b.id is null`,
			tell: amounts("Lease %s has impossible numbers, or is on another purse's bucket: %s USD, of which %s USD is used."),
		},
		{
			// Charges come from leases or from buckets themselves, so there may be more.
			name: "use of leases", query: `select u.id, cast(u.total as bigint), cast(coalesce(c.total, 0) as bigint)
				from (select bucket as id, sum(used) as total from lease group by bucket) u
				left join (select id, sum(amount) as total from (
					select source as id, amount from posting where dest = 'revenue'
					union all select budget || ':budget', amount from charge_line where budget <> '' and amount > 0) each_charge group by id) c on c.id = u.id
				where u.total > coalesce(c.total, 0)`,
			tell: amounts("The leases of bucket %s say that %s USD is used, but only %s USD was charged to it."),
		},
	}
}
