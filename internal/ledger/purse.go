package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/store"
)

// Kinds of buckets.
const (
	Sponsored  = "sponsored"
	Deposited  = "deposited"
	PayAsYouGo = "payg"
	budgetKind = "budget"
)

// defaultOrder is contract 12's order of drawing.
const defaultOrder = Sponsored + " " + Deposited + " " + PayAsYouGo

// Places of the instance's own, on the other side of an account's postings.
const (
	placeRevenue = "revenue"
	placeGranted = "granted"
	placeExpired = "expired"
)

// purse is a purse as its locked row and its buckets say. lapsed is what is free in
// buckets that were left out: it still covers holds, and nothing new.
type purse struct {
	id, kind, owner    string
	line, held, lapsed money.Nanos
	order              []string
	seq                int64
	buckets            []bucket // in the order of drawing
}

// bucket is one of a purse's buckets. leased is what processes may still take of it.
type bucket struct {
	id, kind        string
	seq             int64
	balance, leased money.Nanos
	expires         int64
}

// budgetPurse names the purse of a key's budget in the month of a moment (UTC).
// A charge line that is taken from it names it in its column budget, so that Verify can
// tell: what is left = the budget - purse.earlier - the lines that name it.
func budgetPurse(key string, at time.Time) string { return key + "/" + at.UTC().Format("2006-01") }

func bucketID(purse, kind string) string { return purse + ":" + kind }

// free is what may be taken from the bucket; less than zero where more was charged than
// was promised.
func (b *bucket) free(line money.Nanos) money.Nanos {
	if b.kind == PayAsYouGo {
		return line + b.balance - b.leased
	}
	return b.balance - b.leased
}

// balance is the sum of the buckets.
func (p *purse) balance() (sum money.Nanos) {
	for i := range p.buckets {
		sum += p.buckets[i].balance
	}
	return sum
}

// available is what a new promise may take.
func (p *purse) available() money.Nanos {
	sum := -max(0, p.held-p.lapsed)
	for i := range p.buckets {
		sum += p.buckets[i].free(p.line)
	}
	return sum
}

// lockPurse locks a purse and reads it as it stands: no other promise is made of it
// until the transaction ends. Charges go on meanwhile: they take what was promised.
//
// Balances and leases are read in one statement, since a charge changes both at once.
// A bucket that expires before `until` is left out.
func lockPurse(ctx context.Context, tx *store.Tx, id string, until int64) (*purse, error) {
	return findPurse(ctx, tx, id, until, tx.Dialect().ForUpdate())
}

// readPurse is lockPurse without the lock.
func readPurse(ctx context.Context, tx *store.Tx, id string, until int64) (*purse, error) {
	return findPurse(ctx, tx, id, until, "")
}

func findPurse(ctx context.Context, tx *store.Tx, id string, until int64, lock string) (*purse, error) {
	p := &purse{id: id}
	var order string
	err := tx.QueryRow(ctx, `select kind, owner, credit_line, held, draw_order, seq from purse where id = $1`+lock, id).
		Scan(&p.kind, &p.owner, &p.line, &p.held, &order, &p.seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoPurse
	}
	if err != nil {
		return nil, fmt.Errorf("read purse %s: %w", id, err)
	}
	p.order = strings.Fields(order)
	return p, p.readBuckets(ctx, tx, until)
}

var errNoPurse = errors.New("there is no such purse")

func (p *purse) readBuckets(ctx context.Context, tx *store.Tx, until int64) error {
	err := tx.Each(ctx, `select b.id, b.kind, b.seq, b.balance, b.expires_at, cast(coalesce((select
			sum(case when l.amount > l.used then l.amount - l.used else 0 end) from lease l
			where l.purse = b.purse and l.bucket = b.id and l.state = 'live'), 0) as bigint)
		from bucket b where b.purse = $1 order by b.seq`, func(scan func(...any) error) error {
		var b bucket
		err := scan(&b.id, &b.kind, &b.seq, &b.balance, &b.expires, &b.leased)
		if b.expires == 0 || b.expires > until || b.balance < 0 {
			p.buckets = append(p.buckets, b)
		} else {
			p.lapsed += max(0, b.free(p.line))
		}
		return err
	}, p.id)
	if err != nil {
		return fmt.Errorf("read the buckets of %s: %w", p.id, err)
	}
	slices.SortStableFunc(p.buckets, func(a, b bucket) int {
		return cmp.Or(cmp.Compare(p.rank(a.kind), p.rank(b.kind)), compareExpiry(a, b), cmp.Compare(a.seq, b.seq))
	})
	return nil
}

// rank is a kind's place in the order of drawing.
func (p *purse) rank(kind string) int { return slices.Index(p.order, kind) }

// compareExpiry puts first what expires first.
func compareExpiry(a, b bucket) int {
	switch {
	case a.expires == b.expires:
		return 0
	case a.expires == 0:
		return 1
	case b.expires == 0:
		return -1
	}
	return cmp.Compare(a.expires, b.expires)
}

// part is what one bucket gives.
type part struct {
	bucket string
	amount money.Nanos
}

// refusal is the error for a promise that the purse cannot make: needed is the least
// that would do, available what there is.
func (p *purse) refusal(available, needed money.Nanos) error {
	available = max(0, available)
	numbers := fmt.Sprintf("available: %s USD, needed: %s USD", available, needed)
	if p.kind == "key" {
		_, month, _ := strings.Cut(p.id, "/")
		return &fault.Error{
			ID: fault.InsufficientCredits, Details: numbers,
			Message: fmt.Sprintf("The budget of this API key for %s has $%s left, and this request needs $%s.", month, available, needed),
		}
	}
	if balance := p.balance(); balance+p.line < 0 {
		return &fault.Error{
			ID: fault.PaymentRequired, Details: numbers,
			Message: fmt.Sprintf("The balance of this account is $%s; add credit to go on.", balance),
		}
	}
	return &fault.Error{
		ID: fault.InsufficientCredits, Details: numbers,
		Message: fmt.Sprintf("This account has $%s of credit available, and this request needs $%s.", available, needed),
	}
}

// idle is what processes have leased and not used: a part of it may come back.
func (p *purse) idle() (sum money.Nanos) {
	for i := range p.buckets {
		sum += p.buckets[i].leased
	}
	return sum
}

// draw takes an amount from the buckets in their order: from each what is free, and from
// the last resort (payg, or the last there is) what is left.
func (p *purse) draw(amount money.Nanos) []part {
	var parts []part
	for i := range p.buckets {
		if take := min(amount, p.buckets[i].free(p.line)); take > 0 {
			parts = append(parts, part{p.buckets[i].id, take})
			amount -= take
		}
	}
	if amount > 0 {
		parts = addPart(parts, bucketID(p.id, p.lastKind()), amount)
	}
	return parts
}

func (p *purse) lastKind() string {
	if p.kind == "key" {
		return budgetKind
	}
	return PayAsYouGo
}

func addPart(parts []part, bucket string, amount money.Nanos) []part {
	for i := range parts {
		if parts[i].bucket == bucket {
			parts[i].amount += amount
			return parts
		}
	}
	return append(parts, part{bucket, amount})
}

// openPurse makes an account's purse with its two lasting buckets, where it is not there.
func openPurse(ctx context.Context, tx *store.Tx, account string, now int64) error {
	made, err := tx.Exec(ctx, `insert into purse (id, kind, owner, credit_line, draw_order, held, seq, created_at)
		values ($1, 'account', $1, 0, $2, 0, 2, $3) on conflict (id) do nothing`, account, defaultOrder, now)
	if err != nil {
		return fmt.Errorf("open the purse of %s: %w", account, err)
	}
	if n, err := made.RowsAffected(); err != nil || n == 0 {
		return err
	}
	for seq, kind := range []string{Deposited, PayAsYouGo} {
		if err := insertBucket(ctx, tx, account, bucketID(account, kind), kind, int64(seq+1), 0, 0, now); err != nil {
			return err
		}
	}
	return nil
}

// openBudget makes the purse of a key's budget in the month of a moment, where it is not
// there, and brings it to the budget as it stands now: a change of it changes what is
// left by the difference. What the key was charged in the month before it had a budget
// counts; what it is charged while it has none again does not. The purse is locked when
// it returns.
func openBudget(ctx context.Context, tx *store.Tx, key, account string, budget money.Nanos, at time.Time) error {
	id, now := budgetPurse(key, at), store.Micros(at)
	var line money.Nanos
	for {
		err := tx.QueryRow(ctx, `select credit_line from purse where id = $1`+tx.Dialect().ForUpdate(), id).Scan(&line)
		if err == nil {
			break
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("lock the budget %s: %w", id, err)
		}
		made, err := tx.Exec(ctx, `insert into purse (id, kind, owner, credit_line, draw_order, held, seq, created_at)
			values ($1, 'key', $2, $3, $4, 0, 1, $5) on conflict (id) do nothing`, id, account, budget, budgetKind, now)
		if err != nil {
			return fmt.Errorf("open the budget %s: %w", id, err)
		}
		if n, err := made.RowsAffected(); err != nil {
			return err
		} else if n > 0 {
			return fillBudget(ctx, tx, id, key, budget, at)
		}
	}
	if line == budget {
		return nil
	}
	if _, err := tx.Exec(ctx, `update purse set credit_line = $2 where id = $1`, id, budget); err != nil {
		return fmt.Errorf("change the budget %s: %w", id, err)
	}
	return addToBucket(ctx, tx, bucketID(id, budgetKind), budget-line)
}

// keySpent is what a key was charged in some time while it had no budget.
const keySpent = `select cast(coalesce(sum(amount), 0) as bigint) from charge_line
	where api_key = $1 and at >= $2 and at < $3 and amount > 0 and budget = ''`

// fillBudget makes the bucket of a budget's new purse.
func fillBudget(ctx context.Context, tx *store.Tx, purse, key string, budget money.Nanos, at time.Time) error {
	from, to := month(at)
	var earlier money.Nanos
	err := tx.QueryRow(ctx, keySpent, key, store.Micros(from), store.Micros(to)).Scan(&earlier)
	if err != nil {
		return fmt.Errorf("add up what key %s spent: %w", key, err)
	}
	if earlier > 0 {
		if _, err := tx.Exec(ctx, `update purse set earlier = $2 where id = $1`, purse, earlier); err != nil {
			return fmt.Errorf("open the budget %s: %w", purse, err)
		}
	}
	return insertBucket(ctx, tx, purse, bucketID(purse, budgetKind), budgetKind, 1, budget-earlier, 0, store.Micros(at))
}

// month is the month of a moment, in UTC: its first moment and that of the next one.
func month(at time.Time) (from, to time.Time) {
	at = at.UTC()
	from = time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
	return from, from.AddDate(0, 1, 0)
}

func insertBucket(ctx context.Context, tx *store.Tx, purse, id, kind string, seq int64, balance money.Nanos, expires, now int64) error {
	_, err := tx.Exec(ctx, `insert into bucket (id, purse, kind, seq, balance, expires_at, created_at) values ($1, $2, $3, $4, $5, $6, $7)`,
		id, purse, kind, seq, balance, expires, now)
	if err != nil {
		return fmt.Errorf("add bucket %s: %w", id, err)
	}
	return nil
}

// post moves money from one place to another, in the name of a transfer. Of the two,
// those that are buckets change their balance.
func post(ctx context.Context, tx *store.Tx, transfer, source, dest string, amount money.Nanos, at int64) error {
	if amount <= 0 {
		return fmt.Errorf("transfer %s of %s would move %d", transfer, source, amount)
	}
	_, err := tx.Exec(ctx, `insert into posting (transfer, source, dest, amount, at) values ($1, $2, $3, $4, $5)`,
		transfer, source, dest, amount, at)
	if err != nil {
		return fmt.Errorf("post %s: %w", transfer, err)
	}
	if err := addToBucket(ctx, tx, source, -amount); err != nil {
		return err
	}
	return addToBucket(ctx, tx, dest, amount)
}

// addToBucket changes a bucket's balance. A place that is no bucket has none to change.
func addToBucket(ctx context.Context, tx *store.Tx, id string, amount money.Nanos) error {
	if _, err := tx.Exec(ctx, `update bucket set balance = balance + $2 where id = $1`, id, amount); err != nil {
		return fmt.Errorf("change bucket %s: %w", id, err)
	}
	return nil
}
