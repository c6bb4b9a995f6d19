package ledger

import (
	"context"
	"fmt"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
)

// Estimate is what a request may cost at most, before it runs.
type Estimate struct {
	Request, Account, Key, Model string
	// Amount is what the request wants set aside; Least, at most that, is what it can do
	// with (0 means all of it). A free request has Amount 0: nothing is set aside and
	// nothing can be missing.
	Amount, Least money.Nanos
	// Budget is what the key may spend in this month, where Budgeted is set.
	Budget   money.Nanos
	Budgeted bool
}

// Reservation is credit set aside for one request; nil is none. It is for one goroutine.
type Reservation struct {
	amount       money.Nanos
	account, key share // key has no till where there is no budget
	budget       money.Nanos
	done         bool
}

// Amount is what is set aside: at least Estimate.Least, at most Estimate.Amount, and what
// Grow added.
func (r *Reservation) Amount() money.Nanos {
	if r == nil {
		return 0
	}
	return r.amount
}

// maxPromise bounds one reservation and one charge: about a million dollars. Sums of
// thousands of them fit.
const maxPromise money.Nanos = 1 << 50

// Reserve sets credit aside for the request: from what this process has leased, in
// memory, or else from the database.
//
// Errors: PAYMENT_REQUIRED where the account's balance is below its credit line already;
// INSUFFICIENT_CREDITS, with what is available and what was needed, for the account or
// the key's budget; SERVICE_UNAVAILABLE where the database had to be asked and is away.
func (l *Ledger) Reserve(ctx context.Context, e Estimate) (*Reservation, error) {
	if e.Amount <= 0 {
		return nil, nil
	}
	if e.Amount > maxPromise {
		return nil, fault.Newf(fault.InsufficientCredits, "This request may cost $%s, more than any account can set aside.", e.Amount)
	}
	least := e.Least
	if least <= 0 || least > e.Amount {
		least = e.Amount
	}
	r := &Reservation{budget: e.Budget}
	now := l.o.Now()
	r.account.till = l.till(e.Account, e.Account, "", now)
	if e.Budgeted {
		r.key.till = l.till(budgetPurse(e.Key, now), e.Account, e.Key, now)
	}
	got, err := l.promise(ctx, r, e.Amount, least)
	if err != nil {
		return nil, err
	}
	r.amount = got
	return r, nil
}

// Grow sets more aside for a request that runs; false where there is no more. It
// waits for the database only where nothing leased is left.
func (l *Ledger) Grow(ctx context.Context, r *Reservation, by money.Nanos) bool {
	if r == nil || by <= 0 {
		return true
	}
	if r.done || by > maxPromise-r.amount {
		return false
	}
	got, err := l.promise(ctx, r, by, by)
	if err != nil {
		return false
	}
	r.amount += got
	return true
}

// Release gives a reservation back for a request that owes nothing. A second call does
// nothing.
func (l *Ledger) Release(r *Reservation) {
	if r == nil || r.done {
		return
	}
	r.done, r.amount = true, 0
	r.key.giveBack(0)
	r.account.giveBack(0)
}

// promise takes from the key's budget and the account, from both or none. The budget
// comes first: it is the key's own, so what one request takes and gives back stands in
// the way of no other account's or key's.
func (l *Ledger) promise(ctx context.Context, r *Reservation, most, least money.Nanos) (money.Nanos, error) {
	before := r.key.amount()
	if r.key.till != nil {
		got, err := l.draw(ctx, &r.key, wish{most: most, least: least, budget: r.budget})
		if err != nil {
			return 0, err
		}
		most = got
	}
	got, err := l.draw(ctx, &r.account, wish{most: most, least: least})
	if err != nil {
		r.key.giveBack(before)
		return 0, err
	}
	if r.key.till != nil && got < most {
		r.key.giveBack(before + got)
	}
	return got, nil
}

// wish is what one request wants of one purse.
type wish struct {
	most, least money.Nanos
	budget      money.Nanos // of a key's purse: as its request knows it
}

// draw takes credit from the share's till, asking the database where that is short.
// It returns how much, or the error of Reserve.
func (l *Ledger) draw(ctx context.Context, h *share, w wish) (money.Nanos, error) {
	for {
		t := h.till
		now := l.o.Now()
		t.mu.Lock()
		if t.dead {
			t.mu.Unlock()
			h.till = l.till(t.purse, t.account, t.key, t.at)
			continue
		}
		if t.key == "" || t.budget == w.budget {
			if got := t.take(h, w.most, w.most, now); got > 0 {
				top := t.wantsMore(now)
				t.mu.Unlock()
				if top {
					l.queueTopUp(t)
				}
				return got, nil
			}
		}
		a, leads := t.join(w)
		t.mu.Unlock()
		if got, err := l.wait(ctx, h, a, leads, w); got > 0 || err != nil {
			return got, err
		}
		if err := ctx.Err(); err != nil {
			return 0, fmt.Errorf("wait for credit: %w", err)
		}
	}
}

// wait leads an asking of the database, or waits for another's. 0 without an error
// means: others were quicker, try again.
func (l *Ledger) wait(ctx context.Context, h *share, a *asking, leads bool, w wish) (money.Nanos, error) {
	t := h.till
	if leads {
		return l.lead(ctx, h, a, w)
	}
	select {
	case <-a.done:
	case <-ctx.Done():
		return 0, fmt.Errorf("wait for credit: %w", ctx.Err())
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.collect(h, a, w, l.o.Now())
}

// collect takes what an asking that has ended allows.
func (t *till) collect(h *share, a *asking, w wish, now time.Time) (money.Nanos, error) {
	if got := t.take(h, w.most, w.most, now); got > 0 {
		return got, nil
	}
	if a.err == nil && a.refused == nil {
		return 0, nil
	}
	// There is no more, or nobody knows of more: then less than wished must do.
	if got := t.take(h, w.most, w.least, now); got > 0 {
		return got, nil
	}
	if a.err != nil {
		return 0, a.err
	}
	return 0, a.refused(t.left(now), w.least)
}
