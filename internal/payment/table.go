package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"skytower/internal/money"
	"skytower/internal/store"
)

// state of a checkout.
type state string

const (
	stateOpen    state = "open"
	stateExpired state = "expired"
	stateFailed  state = "failed"
	statePaid    state = "paid"
)

// rank orders the states: a checkout only rises.
func (s state) rank() int {
	switch s {
	case stateExpired:
		return 1
	case stateFailed:
		return 2
	case statePaid:
		return 3
	}
	return 0
}

// rise is the state after something was told that alone would make it to.
func (s state) rise(to state) state {
	if to.rank() > s.rank() {
		return to
	}
	return s
}

// checkout is a row.
type checkout struct {
	id, account, processor string
	session, payment       string // "" until they are known
	amount                 money.Nanos
	state                  state
	refunded, disputed     money.Nanos // what was taken back
	created, changed       time.Time
}

const checkoutColumns = `id, account, processor, session, payment, amount, state, refunded, disputed, created_at, changed_at`

func insertCheckout(ctx context.Context, tx *store.Tx, c checkout) error {
	_, err := tx.Exec(ctx, `insert into checkout (`+checkoutColumns+`) values ($1, $2, $3, '', '', $4, $5, 0, 0, $6, $6)`,
		c.id, c.account, c.processor, int64(c.amount), string(c.state), store.Micros(c.created))
	return err
}

// countOpen counts the account's checkouts since then that wait for their payers.
func countOpen(ctx context.Context, tx *store.Tx, account string, since time.Time) (n int, err error) {
	err = tx.QueryRow(ctx, `select count(*) from checkout where account = $1 and created_at > $2 and state = 'open'`,
		account, store.Micros(since)).Scan(&n)
	return n, err
}

var errOtherSession = errors.New("the checkout has another session")

// noteSession keeps the processor's id, unless an event brought it before.
func noteSession(ctx context.Context, tx *store.Tx, id, session string) error {
	result, err := tx.Exec(ctx, `update checkout set session = $2 where id = $1 and session in ('', $2)`, id, session)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errOtherSession, err)
	}
	return nil
}

// abandon ends a checkout whose session nobody was sent to.
func abandon(ctx context.Context, tx *store.Tx, id string, now time.Time) error {
	_, err := tx.Exec(ctx, `update checkout set state = 'failed', changed_at = $2 where id = $1 and state = 'open'`, id, store.Micros(now))
	return err
}

// update writes what an event has changed of a row that is locked.
func (c checkout) update(ctx context.Context, tx *store.Tx) error {
	_, err := tx.Exec(ctx, `update checkout set session = $2, payment = $3, state = $4, refunded = $5, disputed = $6, changed_at = $7 where id = $1`,
		c.id, c.session, c.payment, string(c.state), int64(c.refunded), int64(c.disputed), store.Micros(c.changed))
	return err
}

// ownCheckout reads a row of the account; a zero one where there is none.
func ownCheckout(ctx context.Context, tx *store.Tx, account, id string) (checkout, error) {
	return one(ctx, tx, `id = $1 and account = $2`, id, account)
}

// one reads the row that the condition names; a zero one where there is none.
func one(ctx context.Context, tx *store.Tx, where string, args ...any) (checkout, error) {
	c, err := scanCheckout(tx.QueryRow(ctx, `select `+checkoutColumns+` from checkout where `+where, args...).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return checkout{}, nil
	}
	return c, err
}

func scanCheckout(scan func(...any) error) (c checkout, err error) {
	var created, changed int64
	err = scan(&c.id, &c.account, &c.processor, &c.session, &c.payment, &c.amount, &c.state, &c.refunded, &c.disputed, &created, &changed)
	c.created, c.changed = store.Time(created), store.Time(changed)
	return c, err
}

// newest stands before every checkout of a list.
func newest() checkout { return checkout{created: time.UnixMicro(math.MaxInt64)} }

// checkoutsBefore reads the account's rows that are older than from.
func checkoutsBefore(ctx context.Context, tx *store.Tx, account string, from checkout, n int) (rows []checkout, err error) {
	query := fmt.Sprintf(`select %s from checkout where account = $1 and (created_at, id) < ($2, $3)
		order by created_at desc, id desc limit %d`, checkoutColumns, n)
	err = tx.Each(ctx, query, func(scan func(...any) error) error {
		c, err := scanCheckout(scan)
		rows = append(rows, c)
		return err
	}, account, from.created.UnixMicro(), from.id)
	return rows, err
}

// lockEvents lets one event after the other in. They are few, and two of them may be
// about one payment without knowing a row in common: of a refund and of the payment that
// it is of, told at the same moment, neither would see the other. SQLite has one writer
// anyway.
func lockEvents(ctx context.Context, tx *store.Tx) error {
	if tx.Dialect() != store.Postgres {
		return nil
	}
	_, err := tx.Exec(ctx, `lock table payment_event in share row exclusive mode`)
	return err
}

// isKnown reports whether the event was dealt with.
func isKnown(ctx context.Context, tx *store.Tx, processor, id string) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, `select count(*) from payment_event where processor = $1 and id = $2`, processor, id).Scan(&n)
	return n > 0, err
}

func insertEvent(ctx context.Context, tx *store.Tx, processor string, e Event, outcome string, now time.Time) error {
	_, err := tx.Exec(ctx, `insert into payment_event (processor, id, kind, payment, dispute, amount, at, outcome) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		processor, e.ID, string(e.Kind), e.Payment, e.Dispute, int64(e.Amount), store.Micros(now), outcome)
	return err
}

// factsOf adds up what was told of a payment before.
func factsOf(ctx context.Context, tx *store.Tx, processor, payment string) (facts, error) {
	f := facts{disputes: map[string]dispute{}}
	if payment == "" {
		return f, nil
	}
	err := tx.Each(ctx, `select kind, dispute, max(amount), min(amount) from payment_event
		where processor = $1 and payment = $2 and payment <> '' and kind in ('refunded', 'disputed', 'dispute_won') group by kind, dispute`,
		func(scan func(...any) error) error {
			var e Event
			var least money.Nanos
			if err := scan(&e.Kind, &e.Dispute, &e.Amount, &least); err != nil {
				return err
			}
			f.add(e)
			if least == 0 { // the whole payment
				e.Amount = 0
				f.add(e)
			}
			return nil
		}, processor, payment)
	return f, err
}
