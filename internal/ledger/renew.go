package ledger

import (
	"context"
	"fmt"
	"time"

	"skytower/internal/store"
)

// till finds the till of a purse, or makes it.
func (l *Ledger) till(purse, account, key string, at time.Time) *till {
	for {
		found, ok := l.tills.Load(purse)
		if !ok {
			found, _ = l.tills.LoadOrStore(purse, newTill(purse, account, key, at))
		}
		t, _ := found.(*till)
		t.mu.Lock()
		if t.account == "" { // known by its purse alone until now
			t.account, t.key, t.at = account, key, at
		}
		dead := t.dead
		t.mu.Unlock()
		if !dead {
			return t
		}
		l.tills.CompareAndDelete(purse, t)
	}
}

func (l *Ledger) allTills() (all []*till) {
	l.tills.Range(func(_, value any) bool {
		t, _ := value.(*till)
		all = append(all, t)
		return true
	})
	return all
}

// leaseLoop keeps leases alive, tops tills up, and gives back what is idle; no request
// waits for it.
func (l *Ledger) leaseLoop() {
	renew := time.NewTicker(renewEvery)
	defer renew.Stop()
	tidy := time.NewTicker(tidyEvery)
	defer tidy.Stop()
	for {
		var err error
		select {
		case t := <-l.topUps:
			l.topUp(l.stopping, t)
		case <-renew.C:
			err = l.renew(l.stopping)
		case <-tidy.C:
			err = l.tidy(l.stopping)
		case <-l.stopping.Done():
			return
		}
		if err != nil && l.stopping.Err() == nil {
			l.o.Log.Warn("leases of credit could not be kept", "error", err)
		}
	}
}

// renew renews all leases of this process. One that is not live any more is forgotten.
func (l *Ledger) renew(ctx context.Context) error {
	known := map[string]*slice{}
	owner := map[*slice]*till{}
	for _, t := range l.allTills() {
		t.mu.Lock()
		for _, s := range t.slices {
			known[s.lease], owner[s] = s, t
		}
		t.mu.Unlock()
	}
	if len(known) == 0 {
		return nil
	}
	asked := l.o.Now()
	live, err := l.renewRows(ctx)
	if err != nil {
		return err
	}
	for id, s := range known {
		t := owner[s]
		t.mu.Lock()
		if live[id] {
			s.renewed = later(s.renewed, asked)
		} else {
			t.lose(s)
		}
		t.mu.Unlock()
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (l *Ledger) renewRows(ctx context.Context) (live map[string]bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	err = l.db.Write(ctx, func(tx *store.Tx) error {
		live = map[string]bool{}
		now, err := l.clock(ctx, tx)
		if err != nil {
			return err
		}
		// In order, as everywhere: a batch of charges locks several of these rows.
		return tx.Each(ctx, `update lease set expires_at = $2 where id in (select id from lease
			where replica = $1 and state = 'live' order by id`+tx.Dialect().ForUpdate()+`) returning id`,
			func(scan func(...any) error) error {
				var id string
				err := scan(&id)
				live[id] = true
				return err
			}, l.o.Replica, now+leaseLife.Microseconds())
	})
	if err != nil {
		return nil, fmt.Errorf("renew leases: %w", err)
	}
	return live, nil
}

// tidy gives back what is idle, puts right what is not known, and forgets empty tills.
func (l *Ledger) tidy(ctx context.Context) error {
	if err := l.orphans.end(ctx, l.db); err != nil {
		return fmt.Errorf("end leases: %w", err)
	}
	now := l.o.Now()
	for _, t := range l.allTills() {
		back, end := t.due(now)
		if !back {
			l.forget(t)
			continue
		}
		if err := l.giveBack(ctx, t, end); err != nil {
			return err
		}
	}
	return nil
}

// due reports whether the till must give back, and whether its leases may end.
func (t *till) due(now time.Time) (back, end bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.slices) == 0 || t.asking != nil {
		return false, false
	}
	idle := now.Sub(t.taken) >= leaseIdle && now.Sub(t.leased) >= leaseIdle
	for _, s := range t.slices {
		lapsed := !s.ends.IsZero() && !now.Before(s.ends)
		free := s.free > 0 || s.promised == 0
		back = back || s.dirty || free && (idle || lapsed)
	}
	return back, idle
}

// forget drops a till that holds nothing.
func (l *Ledger) forget(t *till) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.slices) == 0 && t.asking == nil && t.next == nil && l.o.Now().Sub(t.taken) >= leaseIdle {
		t.dead = true
		l.tills.CompareAndDelete(t.purse, t)
	}
}

// endEarlier ends the leases that processes before this one left: those under its name
// or, on SQLite where there is no other process, all.
func (l *Ledger) endEarlier(ctx context.Context) error {
	return l.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `update lease set state = 'ended' where id in (select id from lease
			where state = 'live' and (replica = $1 or $2) order by id`+tx.Dialect().ForUpdate()+`)`, l.o.Replica, tx.Dialect() == store.SQLite)
		if err != nil {
			return fmt.Errorf("end leases of processes before: %w", err)
		}
		return nil
	})
}

// returnAll gives everything back, at the end.
func (l *Ledger) returnAll(ctx context.Context) error {
	for _, t := range l.allTills() {
		t.mu.Lock()
		none := len(t.slices) == 0
		t.mu.Unlock()
		if none {
			continue
		}
		if err := l.giveBack(ctx, t, true); err != nil {
			return err
		}
	}
	return l.orphans.end(ctx, l.db)
}
