package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"skytower/internal/money"
	"skytower/internal/store"
)

const (
	// leaseGrace is how long after its end a lease is kept, for clocks and commits that
	// are late.
	leaseGrace = 10 * time.Second
	// leaseKept is how long an ended lease is remembered: longer than any charge is late.
	leaseKept = 30 * 24 * time.Hour
	// expirySlice bounds the rows of one look and of one change.
	expirySlice = 200
	// holdsAgain is how far back a round looks once more: a hold is seen when the
	// transaction that made it ends.
	holdsAgain = time.Hour
)

// Expire ends what is past its time: sponsored credit, holds, and leases of processes
// that died. It is a periodic job, safe to run twice.
//
// Credit that is leased, or that holds count on, expires in a later round: it was
// promised before.
func (l *Ledger) Expire(ctx context.Context) error {
	var now int64
	err := l.db.Read(ctx, func(tx *store.Tx) (err error) {
		now, err = l.clock(ctx, tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("expire: %w", err)
	}
	return errors.Join(l.expireLeases(ctx, now), l.expireHolds(ctx, now), l.expireCredit(ctx, now))
}

// expireLeases ends the leases that were not renewed, and forgets old ones. Their credit
// is free again by that: it never left the bucket.
func (l *Ledger) expireLeases(ctx context.Context, now int64) error {
	// In order, as everywhere: a batch of charges locks several of these rows.
	err := l.inSlices(ctx, `update lease set state = 'ended' where id in (select id from lease
		where state = 'live' and expires_at < $1 order by id limit $2`+l.db.Dialect().ForUpdate()+`) and state = 'live' and expires_at < $1`,
		now-leaseGrace.Microseconds())
	if err != nil {
		return fmt.Errorf("end leases: %w", err)
	}
	err = l.inSlices(ctx, `delete from lease where id in (select id from lease
		where state = 'ended' and expires_at < $1 order by id limit $2`+l.db.Dialect().ForUpdate()+`)`,
		now-leaseKept.Microseconds())
	if err != nil {
		return fmt.Errorf("forget leases: %w", err)
	}
	return nil
}

// inSlices runs a statement until it changes less than a slice. Its arguments are the
// time and the size of a slice.
func (l *Ledger) inSlices(ctx context.Context, statement string, before int64) error {
	for {
		var n int64
		err := l.db.Write(ctx, func(tx *store.Tx) error {
			result, err := tx.Exec(ctx, statement, before, expirySlice)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err != nil || n < expirySlice {
			return err
		}
	}
}

// due is a row that is past its time.
type due struct {
	id, purse string
	expires   int64
}

// eachDue calls fn for the rows that a query finds, in the order of their time. The
// query's arguments are now, the last row seen, and the size of a slice.
func (l *Ledger) eachDue(ctx context.Context, query string, now, from int64, fn func(due) error) error {
	last := due{expires: from}
	for {
		var found []due
		err := l.db.Read(ctx, func(tx *store.Tx) error {
			found = nil
			return tx.Each(ctx, query, func(scan func(...any) error) error {
				var d due
				err := scan(&d.id, &d.purse, &d.expires)
				found = append(found, d)
				return err
			}, now, last.expires, last.id, expirySlice)
		})
		if err != nil {
			return err
		}
		for _, d := range found {
			if err := fn(d); err != nil {
				return err
			}
			last = d
		}
		if len(found) < expirySlice {
			return nil
		}
	}
}

const (
	dueHolds = `select h.id, h.purse, h.expires_at from hold h where h.expires_at <= $1 and (h.expires_at, h.id) > ($2, $3)
		and not exists (select 1 from hold_end e where e.hold = h.id) order by h.expires_at, h.id limit $4`
	dueCredit = `select id, purse, expires_at from bucket where expires_at > 0 and balance > 0 and expires_at <= $1
		and (expires_at, id) > ($2, $3) order by expires_at, id limit $4`
)

// expireHolds gives back what was held for predictions whose time is over. Holds stay for
// good, so a round begins where the last complete one of this process ended.
func (l *Ledger) expireHolds(ctx context.Context, now int64) error {
	err := l.eachDue(ctx, dueHolds, now, l.holdsDone.Load(), func(d due) error {
		return l.db.Write(ctx, func(tx *store.Tx) error { return endHold(ctx, tx, d.id, expired, store.Time(now)) })
	})
	if err != nil {
		return fmt.Errorf("expire holds: %w", err)
	}
	l.holdsDone.Store(now - holdsAgain.Microseconds())
	return nil
}

// expireCredit takes back sponsored credit whose time is over.
func (l *Ledger) expireCredit(ctx context.Context, now int64) error {
	err := l.eachDue(ctx, dueCredit, now, math.MinInt64, func(d due) error {
		return l.db.Write(ctx, func(tx *store.Tx) error { return expireBucket(ctx, tx, d, now) })
	})
	if err != nil {
		return fmt.Errorf("expire credit: %w", err)
	}
	return nil
}

func expireBucket(ctx context.Context, tx *store.Tx, d due, now int64) error {
	p, err := lockPurse(ctx, tx, d.purse, 0)
	if err != nil {
		return err
	}
	b, amount := p.expirable(d.id, now)
	if amount <= 0 {
		return nil
	}
	// What is left of it only falls from here, so this names the round.
	id := expiryPrefix + b.id + "/" + strconv.FormatInt(int64(b.balance), 10)
	t := Transfer{id, "expiry", p.id, -amount, store.Time(now), "system", "sponsored credit has expired", b.id}
	digest := sha256.Sum256(fmt.Appendf(nil, "%q %q %d", id, p.id, amount))
	if _, err := insertTransfer(ctx, tx, t, digest[:]); err != nil {
		return err
	}
	return post(ctx, tx, id, b.id, placeExpired, amount, now)
}

// expirable is what may expire of a bucket: neither what is leased, nor what holds count
// on. They count on the first credit that is drawn.
func (p *purse) expirable(id string, now int64) (b bucket, amount money.Nanos) {
	held := p.held
	for _, b = range p.buckets {
		if b.expires == 0 || b.expires > now {
			continue
		}
		kept := max(0, min(held, b.free(p.line)))
		if b.id == id {
			return b, b.free(p.line) - kept
		}
		held -= kept
	}
	return bucket{}, 0
}
