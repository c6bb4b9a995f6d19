package ledger

import (
	"context"
	"fmt"
	"time"

	"skytower/internal/money"
	"skytower/internal/store"
)

// payment is what one bucket pays of a charge: from a lease, or without one what was
// charged beyond all that was promised.
type payment struct {
	till   *till
	slice  *slice // nil: without a lease, or of a process that died
	lease  string // or ""
	bucket string
	amount money.Nanos
	budget bool // it lowers a key's budget, and moves no money
}

// How a batch ended, for what its charges took.
const (
	written = iota
	refused // nothing was written
	unknown // it may be written
	waiting // in the spool
)

// prepay turns the reservation into payments of the charge, and frees the rest of it.
func (l *Ledger) prepay(ctx context.Context, p *pending, r *Reservation) error {
	c := &p.charge
	if c.Amount == 0 {
		l.Release(r)
		return nil
	}
	now := l.o.Now()
	if r == nil || r.done {
		r = &Reservation{account: share{till: l.till(c.Account, c.Account, "", now)}}
	}
	if r.account.till.purse != c.Account {
		l.Release(r)
		return fmt.Errorf("the charge of request %s is another account's than its reservation", c.Request)
	}
	if err := l.ensurePurse(ctx, r.account.till); err != nil {
		l.Release(r)
		return err
	}
	r.done, r.amount = true, 0
	p.pay = p.buf[:0]
	p.spend(&r.account, c.Amount, false, now)
	if r.key.till != nil {
		p.budget = r.key.till.purse
		p.spend(&r.key, c.Amount, true, now)
	}
	return nil
}

// ensurePurse makes sure that there is a purse to charge, which is there already if
// anything was reserved.
func (l *Ledger) ensurePurse(ctx context.Context, t *till) error {
	t.mu.Lock()
	opened := t.opened
	t.mu.Unlock()
	if opened {
		return nil
	}
	err := l.db.Write(ctx, func(tx *store.Tx) error {
		return openPurse(ctx, tx, t.purse, store.Micros(l.o.Now()))
	})
	if err != nil {
		return l.explain(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.opened = true
	return nil
}

// spend has the share pay the amount, then what else its till has, then nobody: the last
// of the purse's buckets goes below zero.
func (p *pending) spend(h *share, amount money.Nanos, budget bool, now time.Time) {
	t := h.till
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, part := range h.parts {
		x := min(amount, part.amount)
		amount -= x
		if x > 0 {
			p.pay = append(p.pay, payment{t, part.slice, part.slice.lease, part.slice.bucket, x, budget})
		}
		part.slice.unpromise(part.amount - x)
	}
	h.parts = nil
	var more share
	amount -= t.take(&more, amount, 1, now)
	for _, part := range more.parts {
		p.pay = append(p.pay, payment{t, part.slice, part.slice.lease, part.slice.bucket, part.amount, budget})
	}
	if amount > 0 {
		p.pay = append(p.pay, payment{till: t, bucket: bucketID(t.purse, t.lastKind()), amount: amount, budget: budget})
	}
}

func (t *till) lastKind() string {
	if t.key != "" {
		return budgetKind
	}
	return PayAsYouGo
}

// settle brings the tills to how the charge's batch ended.
func (p *pending) settle(how int) {
	if p.repeated && how == written {
		how = refused
	}
	settle(p.pay, how)
}

func settle(pay []payment, how int) {
	if how == waiting {
		return
	}
	for i := range pay {
		if pay[i].slice != nil {
			pay[i].settle(how)
		}
	}
}

func (y *payment) settle(how int) {
	y.till.mu.Lock()
	defer y.till.mu.Unlock()
	switch s := y.slice; {
	case how == refused:
		s.unpromise(y.amount)
	case !s.gone:
		s.promised -= y.amount
		s.dirty = s.dirty || how == unknown
	}
}

// reset makes the charge ready for the next one's use.
func (p *pending) reset() {
	p.charge, p.budget, p.pay, p.buf, p.repeated = Charge{}, "", nil, [3]payment{}, false
}

// markRepeated finds those lines of a batch that was written that are not of it.
func (l *Ledger) markRepeated(ctx context.Context, b *batch) error {
	requests := make([]string, len(b.pending))
	for i, p := range b.pending {
		requests[i] = p.charge.Request
	}
	mine := make(map[string]bool, len(requests))
	err := l.db.Read(ctx, func(tx *store.Tx) error {
		clear(mine)
		query := `select request from charge_line where batch = $1 and ` + tx.Dialect().In("request", 2)
		return tx.Each(ctx, query, func(scan func(...any) error) error {
			var request string
			err := scan(&request)
			mine[request] = true
			return err
		}, b.id, tx.Dialect().Strings(requests))
	})
	if err != nil {
		return fmt.Errorf("look for the lines of batch %s: %w", b.id, err)
	}
	for _, p := range b.pending {
		p.repeated = !mine[p.charge.Request]
		delete(mine, p.charge.Request) // the same request again in this batch came second
	}
	b.unclear = false
	return nil
}
