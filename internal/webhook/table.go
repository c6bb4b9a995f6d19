package webhook

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"skytower/internal/store"
)

// The states of a delivery. Callers see sending as pending.
const (
	statePending    = "pending"
	stateSending    = "sending"
	stateDelivered  = "delivered"
	stateGivenUp    = "given_up"
	stateSuperseded = "superseded"
)

// isOpen is the condition of the index webhook_delivery_open; SQLite uses that only for
// the very same words.
const isOpen = `state in ('pending', 'sending')`

// delivery is a row of webhook_delivery. next is zero where it waits for an earlier one,
// or has ended; while it is being sent it is the end of the lease.
type delivery struct {
	id, account, prediction string
	seq                     int64
	event                   string
	terminal                bool
	url, host               string
	body                    []byte
	signature, state        string
	tries                   int64 // in this round; a redelivery begins a new one
	created, next           time.Time
}

func insert(ctx context.Context, tx *store.Tx, d delivery) error {
	_, err := tx.Exec(ctx, `insert into webhook_delivery
		(id, account, prediction, seq, event, terminal, url, host, body, signature, state, attempts, created_at, next_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		d.id, d.account, d.prediction, d.seq, d.event, d.terminal, d.url, d.host, d.body, d.signature, d.state, d.tries,
		store.Micros(d.created), store.Micros(d.next))
	return err
}

const selectDelivery = `select id, account, prediction, seq, event, terminal, url, host, body, signature, state,
	attempts, created_at, next_at from webhook_delivery`

// readDelivery reads one, with lock behind the query; ok is false where there is none.
func readDelivery(ctx context.Context, tx *store.Tx, id, lock string) (d delivery, ok bool, err error) {
	var created, next int64
	err = tx.QueryRow(ctx, selectDelivery+` where id = $1`+lock, id).Scan(&d.id, &d.account, &d.prediction, &d.seq,
		&d.event, &d.terminal, &d.url, &d.host, &d.body, &d.signature, &d.state, &d.tries, &created, &next)
	if errors.Is(err, sql.ErrNoRows) {
		return d, false, nil
	}
	d.created, d.next = store.Time(created), store.Time(next)
	return d, err == nil, err
}

// openDelivery is one that has not ended.
type openDelivery struct {
	id, event, state string
	seq, tries, next int64
	terminal         bool
}

// waits reports whether an earlier one must end first.
func (o openDelivery) waits() bool { return o.state == statePending && o.next == 0 }

// openOf locks and returns a prediction's deliveries that have not ended, in order. All
// who change which of them is under way lock them here: else, on PostgreSQL, a new one
// could begin to wait for one that has just ended, for ever.
func openOf(ctx context.Context, tx *store.Tx, prediction string) ([]openDelivery, error) {
	var open []openDelivery
	err := tx.Each(ctx, `select id, event, state, seq, attempts, next_at, terminal from webhook_delivery
		where prediction = $1 and `+isOpen+` order by seq`+tx.Dialect().ForUpdate(), func(scan func(...any) error) error {
		var o openDelivery
		err := scan(&o.id, &o.event, &o.state, &o.seq, &o.tries, &o.next, &o.terminal)
		open = append(open, o)
		return err
	}, prediction)
	if err != nil {
		return nil, fmt.Errorf("lock deliveries: %w", err)
	}
	return open, nil
}

func nextSeq(ctx context.Context, tx *store.Tx, prediction string) (int64, error) {
	var last int64
	err := tx.QueryRow(ctx, `select coalesce(max(seq), 0) from webhook_delivery where prediction = $1`, prediction).Scan(&last)
	return last + 1, err
}

// setState ends a delivery.
func setState(ctx context.Context, tx *store.Tx, id, state string) error {
	_, err := tx.Exec(ctx, `update webhook_delivery set state = $2, next_at = 0 where id = $1`, id, state)
	return err
}

// setPending makes a delivery due, with so many tries behind it.
func setPending(ctx context.Context, tx *store.Tx, id string, tries int64, at time.Time) error {
	_, err := tx.Exec(ctx, `update webhook_delivery set state = 'pending', attempts = $2, next_at = $3 where id = $1`,
		id, tries, store.Micros(at))
	return err
}

// empty drops the body: the delivery can't be repeated any more.
func empty(ctx context.Context, tx *store.Tx, id string) error {
	_, err := tx.Exec(ctx, `update webhook_delivery set body = $2, signature = '' where id = $1`, id, []byte{})
	return err
}

// forgetOld drops the body of the prediction's event number seq if that told of progress
// and has ended.
func forgetOld(ctx context.Context, tx *store.Tx, prediction string, seq int64) error {
	if seq < 1 {
		return nil
	}
	_, err := tx.Exec(ctx, `update webhook_delivery set body = $3, signature = '' where prediction = $1 and seq = $2
		and event in ('output', 'logs') and not (`+isOpen+`)`, prediction, seq, []byte{})
	return err
}
