package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"time"

	"skytower/internal/money"
	"skytower/internal/store"
)

// affected reports whether a statement changed a row.
func affected(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

func sorted(s []*slice) []*slice {
	slices.SortFunc(s, func(a, b *slice) int { return cmp.Compare(a.lease, b.lease) })
	return s
}

// shrink lowers a live lease to what is still promised of it, as the till knows it. A
// charge that is being written counts as promised, so at worst the row stays too large.
// Its answer to a recall, if there was one, is given by it.
func shrink(ctx context.Context, tx *store.Tx, lease string, held money.Nanos, end bool) error {
	state := "live"
	if end {
		state = "ended"
	}
	_, err := tx.Exec(ctx, `update lease set amount = case when used + $2 < amount then used + $2 else amount end, recall = 0, state = $3
		where id = $1 and state = 'live'`, lease, held, state)
	if err != nil {
		return fmt.Errorf("give back of lease %s: %w", lease, err)
	}
	return nil
}

// recallOthers asks the other processes for what they have leased of a purse and do not
// use. It returns the leases to wait for: those of processes that left an earlier asking
// without an answer are not among them.
func (l *Ledger) recallOthers(ctx context.Context, tx *store.Tx, purse string, now int64) (ids []string, err error) {
	var fresh []string
	err = tx.Each(ctx, `select id, recall from lease where purse = $1 and replica <> $2 and state = 'live' and amount > used
		order by id`+tx.Dialect().ForUpdate(), func(scan func(...any) error) error {
		var id string
		var asked int64
		if err := scan(&id, &asked); err != nil {
			return err
		}
		switch {
		case asked == 0:
			fresh = append(fresh, id)
			ids = append(ids, id)
		case asked > now-l.recallWait.Microseconds():
			ids = append(ids, id)
		}
		return nil
	}, purse, l.o.Replica)
	if err != nil {
		return nil, fmt.Errorf("find leases of %s: %w", purse, err)
	}
	for _, id := range fresh {
		if _, err := tx.Exec(ctx, `update lease set recall = $2 where id = $1`, id, now); err != nil {
			return nil, fmt.Errorf("recall lease %s: %w", id, err)
		}
	}
	if len(fresh) == 0 {
		return ids, nil
	}
	return ids, tx.Publish(ctx, FeedKind, purse)
}

// idleElsewhere reports whether other processes have leased credit of a purse that they do
// not use and can be waited for.
func (l *Ledger) idleElsewhere(ctx context.Context, tx *store.Tx, purse string, now int64) (some bool, err error) {
	var n int64
	err = tx.QueryRow(ctx, `select count(*) from lease where purse = $1 and replica <> $2 and state = 'live' and amount > used
		and (recall = 0 or recall > $3)`, purse, l.o.Replica, now-l.recallWait.Microseconds()).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for idle leases of %s: %w", purse, err)
	}
	return n > 0, nil
}

// awaitReturns waits until the leases have answered, for recallWait at most. The change
// feed tells; a look now and then helps where it does not.
func (l *Ledger) awaitReturns(ctx context.Context, t *till, ids []string) error {
	over := time.NewTimer(l.recallWait)
	defer over.Stop()
	again := time.NewTicker(recallPoll)
	defer again.Stop()
	for {
		t.mu.Lock()
		heard := t.heard
		t.mu.Unlock()
		open, err := l.unanswered(ctx, ids)
		if err != nil || open == 0 {
			return err
		}
		select {
		case <-heard:
		case <-again.C:
		case <-over.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *Ledger) unanswered(ctx context.Context, ids []string) (open int, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		query := `select count(*) from lease where state = 'live' and recall > 0 and ` + tx.Dialect().In("id", 1)
		return tx.QueryRow(ctx, query, tx.Dialect().Strings(ids)).Scan(&open)
	})
	if err != nil {
		return 0, fmt.Errorf("look for returned leases: %w", err)
	}
	return open, nil
}

// recall makes all processes, this one included, give back what they have leased of a
// purse and do not use. It returns when they did, or after two seconds.
func (l *Ledger) recall(ctx context.Context, purse string) error {
	t := l.till(purse, "", "", time.Time{})
	if err := l.giveBack(ctx, t, false); err != nil {
		return unchecked(err)
	}
	if err := l.recallAndWait(ctx, t); err != nil {
		return unchecked(err)
	}
	return nil
}

// recallAndWait asks the other processes for what they do not use of a purse, and waits for
// their answers.
func (l *Ledger) recallAndWait(ctx context.Context, t *till) error {
	asking, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var ids []string
	err := l.db.Write(asking, func(tx *store.Tx) error {
		now, err := l.clock(asking, tx)
		if err != nil {
			return err
		}
		ids, err = l.recallOthers(asking, tx, t.purse, now)
		return err
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	return l.awaitReturns(ctx, t, ids)
}

// Recalled hears from the change feed which purses' leases have changed (nil: any), as
// its subscriber for [FeedKind]. What this process was asked for and does not use goes
// back; who waits for others looks again.
func (l *Ledger) Recalled(ctx context.Context, refs []string) error {
	var here []string
	for _, t := range l.allTills() {
		if refs == nil || slices.Contains(refs, t.purse) {
			t.hear()
			here = append(here, t.purse)
		}
	}
	if len(here) == 0 {
		return nil
	}
	asked, err := l.askedFor(ctx, here)
	if err != nil {
		return err
	}
	for _, purse := range asked {
		if err := l.giveBack(ctx, l.till(purse, "", "", time.Time{}), false); err != nil {
			return err
		}
	}
	return nil
}

// askedFor finds those of the purses that this process was asked to give back.
func (l *Ledger) askedFor(ctx context.Context, purses []string) (asked []string, err error) {
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		asked = nil
		query := `select distinct purse from lease where replica = $1 and state = 'live' and recall > 0 and ` + tx.Dialect().In("purse", 2)
		return tx.Each(ctx, query, func(scan func(...any) error) error {
			var purse string
			err := scan(&purse)
			asked = append(asked, purse)
			return err
		}, l.o.Replica, tx.Dialect().Strings(purses))
	})
	if err != nil {
		return nil, fmt.Errorf("look for recalled leases: %w", err)
	}
	return asked, nil
}

// giveBack returns what the till does not use. With end, leases of which nothing is
// promised end.
func (l *Ledger) giveBack(ctx context.Context, t *till, end bool) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if err := t.change(ctx); err != nil {
		return err
	}
	defer t.changed()
	back := t.empty()
	if len(back) == 0 {
		return nil
	}
	err := l.db.Write(ctx, func(tx *store.Tx) error {
		for i := range back {
			b := &back[i]
			if err := shrink(ctx, tx, b.slice.lease, b.held, end && b.held == 0); err != nil {
				return err
			}
		}
		return tx.Publish(ctx, FeedKind, t.purse)
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range back {
		t.gaveBack(b, err, l.unavailable(err), end)
	}
	if err != nil {
		return fmt.Errorf("give back credit of %s: %w", t.purse, err)
	}
	return nil
}

// returning is what one slice gives back.
type returning struct {
	slice      *slice
	free, held money.Nanos
}

// empty takes what is free out of the till.
func (t *till) empty() (back []returning) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range sorted(slices.Clone(t.slices)) {
		back = append(back, returning{s, s.free, s.promised})
		s.free = 0
	}
	t.size = 0 // nothing is leased ahead until it is used again
	return back
}

// gaveBack notes how a return ended. Where that is not known, the credit stays out of
// the till, and its row is put right by the next change.
func (t *till) gaveBack(b returning, err error, unknown, end bool) {
	switch s := b.slice; {
	case s.gone:
	case err == nil:
		s.dirty = false
		if end && b.held == 0 {
			t.lose(s)
		}
	case unknown:
		s.dirty = true
	default:
		s.free += b.free
	}
}

// orphans are leases that we may have made without hearing so.
type orphans struct {
	mu  sync.Mutex
	ids []string
}

// maxOrphans bounds the list; leases beyond it end with this process.
const maxOrphans = 10_000

func (o *orphans) add(ids []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.ids) < maxOrphans {
		o.ids = append(o.ids, ids...)
	}
}

// end ends them in the database.
func (o *orphans) end(ctx context.Context, db *store.DB) error {
	o.mu.Lock()
	ids := slices.Clone(o.ids)
	o.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	err := db.Write(ctx, func(tx *store.Tx) error {
		for _, id := range ids {
			if err := shrink(ctx, tx, id, 0, true); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ids = o.ids[len(ids):]
	return nil
}
