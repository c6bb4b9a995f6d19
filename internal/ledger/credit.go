package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/store"
)

// Bounds of amounts. A balance stays far enough below int64's end for what is charged
// and granted at the same time.
const (
	mostAmount  = 1_000_000_000 * money.Dollar
	mostBalance = 4 * mostAmount
)

// Names of transfers that the ledger makes itself.
const (
	predictionPrefix = "prediction/"
	expiryPrefix     = "expiry/"
)

// Credit is a movement of an account's money that is no charge. ID names it: the same
// one again is done once, and with another content it is refused. (The content is who
// gets how much, of which kind, until when and from where; not the words about it.)
type Credit struct {
	ID      string
	Account string
	Kind    string      // grant, deposit, refund, dispute, adjustment
	Bucket  string      // Sponsored or Deposited; "" is Deposited
	Amount  money.Nanos // below zero: taken away, into debt if it must
	Expires time.Time   // of sponsored credit; zero: never
	Place   string      // the other side: "" is the instance's grants, else such as payment:stripe
	Actor   string
	Reason  string
	Ref     string
	At      time.Time // zero: now
}

// Credit moves money to an account, or from it. What comes pays debt first. applied is
// false where the transfer was done before.
//
// Errors: INVALID_PARAMETER (422 where the id stands for another transfer).
func (l *Ledger) Credit(ctx context.Context, tx *store.Tx, c Credit) (applied bool, err error) {
	if c, err = c.complete(l.o.Now()); err != nil {
		return false, err
	}
	applied, err = recordTransfer(ctx, tx, c)
	if err != nil || !applied {
		return false, err
	}
	now, err := l.clock(ctx, tx)
	if err != nil {
		return false, err
	}
	if !c.Expires.IsZero() && store.Micros(c.Expires) <= now {
		return false, fault.Invalid("expires_at", "The time at which credit expires must lie in the future.")
	}
	if err := openPurse(ctx, tx, c.Account, now); err != nil {
		return false, err
	}
	p, err := lockPurse(ctx, tx, c.Account, 0)
	if err != nil {
		return false, err
	}
	if after := p.balance() + c.Amount; after > mostBalance || after < -mostBalance {
		return false, fault.Invalid("amount", "The account's balance would be %s USD; %s USD is the most that fits.", after, mostBalance)
	}
	if c.Amount > 0 {
		err = p.give(ctx, tx, c, now)
	} else {
		err = errors.Join(p.takeBack(ctx, tx, c), callBack(ctx, tx, c.Account, now))
	}
	if err != nil {
		return false, err
	}
	return true, writeAudit(ctx, tx, c.At, c.Actor, "credit."+c.Kind, c.Account, fmt.Sprintf("%s USD: %s", c.Amount, c.Reason))
}

// complete fills in what is left out, and refuses what can't be.
func (c Credit) complete(now time.Time) (Credit, error) {
	if c.Bucket == "" {
		c.Bucket = Deposited
	}
	if c.Place == "" {
		c.Place = placeGranted
	}
	if c.At.IsZero() {
		c.At = now
	}
	c.Reason, c.Ref = fit(c.Reason), fit(c.Ref)
	kinds := []string{"grant", "deposit", "refund", "dispute", "adjustment"}
	switch {
	case !isID(c.Account):
		return c, fault.Invalid("account", "An account is needed, by its id.")
	case !isID(c.ID) || strings.HasPrefix(c.ID, predictionPrefix) || strings.HasPrefix(c.ID, expiryPrefix):
		return c, fault.Invalid("reference", "A reference is needed: text of at most %d bytes that doesn't begin with %q or %q.", maxText, predictionPrefix, expiryPrefix)
	case !slices.Contains(kinds, c.Kind):
		return c, fault.Invalid("kind", "A transfer is one of %s, not %.40q.", strings.Join(kinds, ", "), c.Kind)
	case c.Bucket != Sponsored && c.Bucket != Deposited:
		return c, fault.Invalid("kind", "Credit is sponsored or deposited, not %.40q.", c.Bucket)
	case c.Amount == 0 || c.Amount > mostAmount || c.Amount < -mostAmount:
		return c, fault.Invalid("amount", "An amount is needed: not 0, and at most %s USD.", mostAmount)
	case !c.Expires.IsZero() && (c.Bucket != Sponsored || c.Amount < 0):
		return c, fault.Invalid("expires_at", "Only sponsored credit that is given can expire.")
	case !isID(c.Place) || c.Place == placeRevenue || c.Place == placeExpired:
		return c, fault.Invalid("place", "Credit can't come from %.40q.", c.Place)
	}
	return c, nil
}

// isID reports whether a text can name something: all of it is kept.
func isID(text string) bool { return text != "" && fit(text) == text }

func (c Credit) digest() []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d %d %q", c.Account, c.Kind, c.Bucket, c.Amount, store.Micros(c.Expires), c.Place))
	return sum[:]
}

// recordTransfer writes the transfer's row; false where it is there already.
func recordTransfer(ctx context.Context, tx *store.Tx, c Credit) (first bool, err error) {
	first, err = insertTransfer(ctx, tx, Transfer{c.ID, c.Kind, c.Account, c.Amount, c.At, c.Actor, c.Reason, c.Ref}, c.digest())
	if err != nil || first {
		return first, err
	}
	var digest []byte
	if err := tx.QueryRow(ctx, `select digest from transfer where id = $1`, c.ID).Scan(&digest); err != nil {
		return false, fmt.Errorf("read transfer %s: %w", c.ID, err)
	}
	if !slices.Equal(digest, c.digest()) {
		return false, &fault.Error{
			ID: fault.InvalidParameter, Status: http.StatusUnprocessableEntity, Param: "reference",
			Message: fmt.Sprintf("The reference %q stands for another transfer already.", c.ID),
		}
	}
	return false, nil
}

func insertTransfer(ctx context.Context, tx *store.Tx, t Transfer, digest []byte) (first bool, err error) {
	first, err = affected(tx.Exec(ctx, `insert into transfer (id, kind, account, amount, at, actor, reason, ref, digest)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing`,
		t.ID, t.Kind, t.Account, t.Amount, store.Micros(t.At), t.Actor, t.Reason, t.Ref, digest))
	if err != nil {
		return false, fmt.Errorf("write transfer %s: %w", t.ID, err)
	}
	return first, nil
}

// give raises every bucket that is below zero, and puts the rest where it belongs.
func (p *purse) give(ctx context.Context, tx *store.Tx, c Credit, now int64) error {
	var parts []part
	rest := c.Amount
	for _, b := range p.buckets {
		if pays := min(rest, -b.balance); pays > 0 {
			parts = append(parts, part{b.id, pays})
			rest -= pays
		}
	}
	if rest > 0 {
		to := bucketID(p.id, Deposited)
		if c.Bucket == Sponsored {
			var err error
			if to, err = p.addSponsored(ctx, tx, store.Micros(c.Expires), now); err != nil {
				return err
			}
		}
		parts = addPart(parts, to, rest)
	}
	sortParts(parts)
	for _, part := range parts {
		if err := post(ctx, tx, c.ID, c.Place, part.bucket, part.amount, store.Micros(c.At)); err != nil {
			return err
		}
	}
	return nil
}

// addSponsored makes a bucket of its own for sponsored credit.
func (p *purse) addSponsored(ctx context.Context, tx *store.Tx, expires, now int64) (id string, err error) {
	p.seq++
	if _, err := tx.Exec(ctx, `update purse set seq = $2 where id = $1`, p.id, p.seq); err != nil {
		return "", fmt.Errorf("number a bucket of %s: %w", p.id, err)
	}
	id = bucketID(p.id, Sponsored) + ":" + strconv.FormatInt(p.seq, 10)
	return id, insertBucket(ctx, tx, p.id, id, Sponsored, p.seq, 0, expires, now)
}

// takeBack takes what is free in the named kind, the newest bucket first, and owes the
// rest: what is leased has been promised to others.
func (p *purse) takeBack(ctx context.Context, tx *store.Tx, c Credit) error {
	parts, rest := []part(nil), -c.Amount
	newest := slices.Clone(p.buckets)
	slices.SortFunc(newest, func(a, b bucket) int { return int(b.seq - a.seq) })
	for _, b := range newest {
		if take := min(rest, b.free(p.line)); b.kind == c.Bucket && take > 0 {
			parts = append(parts, part{b.id, take})
			rest -= take
		}
	}
	if rest > 0 {
		parts = append(parts, part{bucketID(p.id, PayAsYouGo), rest})
	}
	return postParts(ctx, tx, c.ID, parts, c.Place, c.At)
}

// postParts moves what several buckets give to one place.
func postParts(ctx context.Context, tx *store.Tx, transfer string, parts []part, dest string, at time.Time) error {
	sortParts(parts)
	for _, part := range parts {
		if err := post(ctx, tx, transfer, part.bucket, dest, part.amount, store.Micros(at)); err != nil {
			return err
		}
	}
	return nil
}

// sortParts brings buckets into the order in which all change them: nobody waits for one
// that waits for him.
func sortParts(parts []part) {
	slices.SortFunc(parts, func(a, b part) int { return strings.Compare(a.bucket, b.bucket) })
}

// writeAudit adds a row to the audit trail, which the accounts' migration created.
func writeAudit(ctx context.Context, tx *store.Tx, at time.Time, actor, action, subject, detail string) error {
	_, err := tx.Exec(ctx, `insert into audit (at, actor, action, subject, detail) values ($1, $2, $3, $4, $5)`,
		store.Micros(at), actor, action, subject, fit(detail))
	if err != nil {
		return fmt.Errorf("write the audit trail: %w", err)
	}
	return nil
}

// Terms are how an account may spend. A nil field stays as it is.
type Terms struct {
	CreditLine *money.Nanos // how far below zero the balance may go: 0 or more
	DrawOrder  []string     // Sponsored, Deposited and PayAsYouGo, in the wished order
	Actor      string       // for the audit trail
}

// SetTerms changes an account's terms.
//
// Errors: INVALID_PARAMETER.
func (l *Ledger) SetTerms(ctx context.Context, tx *store.Tx, account string, t Terms) error {
	if err := t.check(); err != nil {
		return err
	}
	now, err := l.clock(ctx, tx)
	if err != nil {
		return err
	}
	if err := openPurse(ctx, tx, account, now); err != nil {
		return err
	}
	p, err := lockPurse(ctx, tx, account, 0)
	if err != nil {
		return err
	}
	line, order, detail := p.line, p.order, []string(nil)
	if t.CreditLine != nil && *t.CreditLine != line {
		detail = append(detail, fmt.Sprintf("credit_line: %s -> %s USD", line, *t.CreditLine))
		line = *t.CreditLine
	}
	if t.DrawOrder != nil && !slices.Equal(t.DrawOrder, order) {
		detail = append(detail, fmt.Sprintf("draw_order: %s -> %s", strings.Join(order, " "), strings.Join(t.DrawOrder, " ")))
		order = t.DrawOrder
	}
	if detail == nil {
		return nil
	}
	if _, err := tx.Exec(ctx, `update purse set credit_line = $2, draw_order = $3 where id = $1`, account, line, strings.Join(order, " ")); err != nil {
		return fmt.Errorf("change the terms of %s: %w", account, err)
	}
	if line < p.line {
		if err := callBack(ctx, tx, account, now); err != nil {
			return err
		}
	}
	return writeAudit(ctx, tx, l.o.Now(), t.Actor, "credit.terms", account, strings.Join(detail, "; "))
}

// callBack asks all processes for what they have leased of an account that has less now,
// so that nobody goes on with what is not there any more.
func callBack(ctx context.Context, tx *store.Tx, account string, now int64) error {
	_, err := tx.Exec(ctx, `update lease set recall = $2 where id in (select id from lease
		where purse = $1 and state = 'live' and recall = 0 order by id`+tx.Dialect().ForUpdate()+`)`, account, now)
	if err != nil {
		return fmt.Errorf("call back the credit of %s: %w", account, err)
	}
	return tx.Publish(ctx, FeedKind, account)
}

func (t Terms) check() error {
	if t.CreditLine != nil && (*t.CreditLine < 0 || *t.CreditLine > mostAmount) {
		return fault.Invalid("credit_line", "A credit line is 0 or more, and at most %s USD.", mostAmount)
	}
	if t.DrawOrder == nil {
		return nil
	}
	sorted := slices.Sorted(slices.Values(t.DrawOrder))
	if !slices.Equal(sorted, []string{Deposited, PayAsYouGo, Sponsored}) {
		return fault.Invalid("draw_order", "The order must name each of %s, %s and %s once.", Sponsored, Deposited, PayAsYouGo)
	}
	return nil
}

// Bucket is one kind of an account's credit.
type Bucket struct {
	ID, Kind string
	Balance  money.Nanos
	Expires  time.Time // zero: never
}

// Balance is an account's credit.
type Balance struct {
	Account    string
	Balance    money.Nanos
	CreditLine money.Nanos
	Reserved   money.Nanos // held for predictions
	// Available is what is neither reserved nor expired. What processes have leased and do
	// not use counts: they give it back where it is needed.
	Available money.Nanos
	DrawOrder []string
	Buckets   []Bucket // in the order of drawing, without sponsored ones that are used up
}

// Balance reads an account's credit. An account that never had any has an empty one.
func (l *Ledger) Balance(ctx context.Context, account string) (Balance, error) {
	var out Balance
	err := l.db.Read(ctx, func(tx *store.Tx) error {
		now, err := l.clock(ctx, tx)
		if err != nil {
			return err
		}
		out = Balance{Account: account, DrawOrder: strings.Fields(defaultOrder), Buckets: []Bucket{}}
		usable, err := readPurse(ctx, tx, account, now)
		if errors.Is(err, errNoPurse) {
			return nil
		}
		if err != nil {
			return err
		}
		all, err := readPurse(ctx, tx, account, 0)
		if err != nil {
			return err
		}
		out.fill(all, usable.available()+usable.idle())
		return nil
	})
	if err != nil {
		return Balance{}, fmt.Errorf("read the balance of %s: %w", account, err)
	}
	return out, nil
}

func (b *Balance) fill(p *purse, available money.Nanos) {
	b.Balance, b.CreditLine, b.Available, b.DrawOrder = p.balance(), p.line, available, p.order
	b.Reserved = p.held
	for _, each := range p.buckets {
		if each.kind == Sponsored && each.balance == 0 {
			continue
		}
		b.Buckets = append(b.Buckets, Bucket{each.id, each.kind, each.balance, store.Time(each.expires)})
	}
}

// Spent is all that an account was ever charged: what was credited, less what is left. It
// reads no charges.
func (l *Ledger) Spent(ctx context.Context, tx *store.Tx, account string) (money.Nanos, error) {
	var spent money.Nanos
	// One statement, for one state of both tables.
	err := tx.QueryRow(ctx, `select cast(coalesce((select sum(amount) from transfer where account = $1), 0)
		- coalesce((select sum(balance) from bucket where purse = $1), 0) as bigint)`, account).Scan(&spent)
	if err != nil {
		return 0, fmt.Errorf("read what %s has spent: %w", account, err)
	}
	return spent, nil
}
