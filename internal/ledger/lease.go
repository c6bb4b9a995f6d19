package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/store"
)

// FeedKind is what changes of leases are published as; the ref is the purse.
const FeedKind = "lease"

// Times of a lease. It lives for leaseLife by the database's clock unless renewed;
// leaseTrust counts by this process's, from before the renewal was asked for, so that it
// ends first whatever the clocks show.
const (
	leaseLife  = 60 * time.Second
	leaseTrust = 40 * time.Second
	renewEvery = 20 * time.Second
	tidyEvery  = 5 * time.Second
	leaseIdle  = 2 * time.Minute // without a taker: the credit goes back

	askTimeout    = 15 * time.Second // a database that is slow, not away: that shows at once
	recallWait    = 2 * time.Second
	recallPoll    = 100 * time.Millisecond // where no notice comes
	unavailableIn = 5 * time.Second        // Retry-After

	// Slices: so many requests' worth, more where they are soon used up; never more
	// than a share of what is there, and no more than asked for where it is scarce.
	leastScale = 8192
	mostScale  = 65_536
	scaleUp    = 20 * time.Second // leased again sooner than this: twice as much
	shareOf    = 4
	scarce     = 3
	maxTopUps  = 64 // that wait; more are dropped
)

// asking is one question to the database, for all who were short when it began.
type asking struct {
	demand money.Nanos   // of all who wait for it
	most   money.Nanos   // of its leader
	least  money.Nanos   // of who can do with the least
	after  chan struct{} // of the asking before; nil: there is none
	done   chan struct{}
	budget money.Nanos
	topUp  bool

	// Set before done is closed. refused makes the error for those who get nothing,
	// where there is no more credit.
	refused func(available, needed money.Nanos) error
	err     error
}

// join makes the caller wait for an asking that has not begun: one that runs may have
// looked before something changed that the caller relies on. The first to join leads.
func (t *till) join(w wish) (a *asking, leads bool) {
	if t.next != nil {
		t.next.demand += min(w.most, maxPromise-t.next.demand)
		t.next.least = min(w.least, t.next.least)
		t.next.budget = w.budget
		return t.next, false
	}
	a = &asking{demand: w.most, most: w.most, least: w.least, budget: w.budget, done: make(chan struct{})}
	if t.asking == nil {
		t.asking = a
	} else {
		a.after, t.next = t.asking.done, a
	}
	return a, true
}

// lead asks on behalf of all who joined. It goes on when the leader's caller has gone,
// since others wait; it is bounded by askTimeout and recallWait.
func (l *Ledger) lead(ctx context.Context, h *share, a *asking, w wish) (money.Nanos, error) {
	t := h.till
	if a.after != nil {
		<-a.after
		t.mu.Lock()
		t.asking, t.next = a, nil
		t.mu.Unlock()
	}
	ctx = context.WithoutCancel(ctx)
	out := l.ask(ctx, t, a)
	t.mu.Lock()
	defer t.mu.Unlock()
	defer close(a.done)
	t.asking = nil
	if t.next != nil {
		t.asking = t.next // its leader sets it again; until then nobody else begins
	}
	a.err, a.refused = out.err, out.refused
	return t.collect(h, a, w, l.o.Now())
}

// answer is what an asking came to.
type answer struct {
	refused   func(available, needed money.Nanos) error
	err       error
	elsewhere bool // others have what they may not need, and are to be asked for it
}

func (l *Ledger) ask(ctx context.Context, t *till, a *asking) answer {
	if l.stopping.Err() != nil {
		return answer{err: unchecked(ErrStopped)} // nobody would renew or return it
	}
	out := l.lease(ctx, t, a, !a.topUp)
	if out.err != nil || !out.elsewhere {
		return out
	}
	// In a transaction of its own: this one has leases locked, and must not wait for those
	// of others.
	if err := l.recallAndWait(ctx, t); err != nil {
		return answer{err: unchecked(err)}
	}
	return l.lease(ctx, t, a, false)
}

// unchecked is the error where the database had to be asked and could not.
func unchecked(err error) error {
	return &fault.Error{
		ID: fault.ServiceUnavailable, RetryAfter: unavailableIn, Err: err,
		Message: "Credit cannot be checked at the moment; try again shortly.",
	}
}

// change lets one at a time change the till's leases in the database: what is free and
// promised is told to it in absolute numbers.
func (t *till) change(ctx context.Context) error {
	select {
	case t.changing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the leases of %s: %w", t.purse, ctx.Err())
	}
}

func (t *till) changed() { <-t.changing }

// grant is one lease as a transaction makes or extends it.
type grant struct {
	slice  *slice // nil: a new one
	lease  string
	bucket string
	amount money.Nanos
	rank   int
	ends   time.Time
}

// leasing is one transaction that leases credit of a purse.
type leasing struct {
	l      *Ledger
	t      *till
	a      *asking
	recall bool
	stale  []*slice // to renew, since we may not promise from them
	idle   []*slice // whose row is to be made what we know first
	left   money.Nanos

	// Set by the transaction, anew in each of its tries.
	purse  *purse
	lost   []*slice
	grants []grant
	made   []string // lease ids of all tries
	out    answer
}

// lease leases a slice from the database: once, without waiting for others.
func (l *Ledger) lease(ctx context.Context, t *till, a *asking, recall bool) answer {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if err := t.change(ctx); err != nil {
		return answer{err: unchecked(err)}
	}
	defer t.changed()
	x := &leasing{l: l, t: t, a: a, recall: recall}
	x.look()
	if x.left >= a.demand && len(x.idle) == 0 {
		return answer{} // what came back meanwhile is enough
	}
	asked := l.o.Now()
	err := l.db.Write(ctx, func(tx *store.Tx) error { return x.run(ctx, tx) })
	if err != nil {
		x.fail(err)
		return answer{err: l.explain(err)}
	}
	x.apply(asked)
	return x.out
}

// explain keeps what callers can act on apart from a database that is away.
func (l *Ledger) explain(err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	return unchecked(err)
}

// look notes what the till has.
func (x *leasing) look() {
	t, now := x.t, x.l.o.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	changed := t.key != "" && t.opened && t.budget != x.a.budget
	for _, s := range t.slices {
		if changed {
			s.dirty, s.free = true, 0
		}
		if s.dirty {
			x.idle = append(x.idle, s)
		}
		if !s.usable(now) {
			x.stale = append(x.stale, s)
		}
	}
	t.budget = x.a.budget
	x.left = t.left(now)
}

func (x *leasing) run(ctx context.Context, tx *store.Tx) error {
	x.lost, x.grants, x.out = nil, nil, answer{}
	now, err := x.l.clock(ctx, tx)
	if err != nil {
		return err
	}
	if err := x.open(ctx, tx, now); err != nil {
		return err
	}
	left, err := x.revive(ctx, tx, now)
	if err != nil {
		return err
	}
	return x.decide(ctx, tx, now, left)
}

// open locks the purse, and makes it where it is not there, and then our leases of it.
// What rows hold too much is given back before the purse is read for good.
func (x *leasing) open(ctx context.Context, tx *store.Tx, now int64) (err error) {
	if x.t.key != "" {
		if err := openBudget(ctx, tx, x.t.key, x.t.account, x.a.budget, x.t.at); err != nil {
			return err
		}
	}
	x.purse, err = lockPurse(ctx, tx, x.t.purse, now)
	if errors.Is(err, errNoPurse) && x.t.key == "" {
		if err := openPurse(ctx, tx, x.t.account, now); err != nil {
			return err
		}
		x.purse, err = lockPurse(ctx, tx, x.t.purse, now)
	}
	if err != nil {
		return err
	}
	if err := x.lockLeases(ctx, tx); err != nil || len(x.idle) == 0 {
		return err
	}
	for _, s := range sorted(x.idle) {
		if err := shrink(ctx, tx, s.lease, x.t.held(s), false); err != nil {
			return err
		}
	}
	x.purse, err = readPurse(ctx, tx, x.t.purse, now)
	return err
}

// lockLeases locks our leases of the purse at once: they are changed one by one later, in
// the order of drawing, and a batch of charges or a renewal that has one of them would wait
// for us while we wait for it.
//
// All transactions lock purses before buckets and buckets before leases, each in the order
// of their ids.
func (x *leasing) lockLeases(ctx context.Context, tx *store.Tx) error {
	lock := tx.Dialect().ForUpdate()
	x.t.mu.Lock()
	several := len(x.t.slices) > 1
	x.t.mu.Unlock()
	if lock == "" || !several {
		return nil
	}
	err := tx.Each(ctx, `select id from lease where purse = $1 and replica = $2 and state = 'live' order by id`+lock,
		func(func(...any) error) error { return nil }, x.t.purse, x.l.o.Replica)
	if err != nil {
		return fmt.Errorf("lock the leases of %s: %w", x.t.purse, err)
	}
	return nil
}

// held is what the lease must still cover.
func (t *till) held(s *slice) money.Nanos {
	t.mu.Lock()
	defer t.mu.Unlock()
	return s.promised + s.free
}

// revive renews slices that may not be promised from any more, and says what is left
// with them.
func (x *leasing) revive(ctx context.Context, tx *store.Tx, now int64) (left money.Nanos, err error) {
	left = x.left
	for _, s := range sorted(x.stale) {
		live, err := affected(tx.Exec(ctx, `update lease set expires_at = $2 where id = $1 and state = 'live'`, s.lease, now+leaseLife.Microseconds()))
		if err != nil {
			return 0, fmt.Errorf("renew lease %s: %w", s.lease, err)
		}
		if !live {
			x.lost = append(x.lost, s)
			continue
		}
		x.t.mu.Lock()
		if s.ends.IsZero() || x.l.o.Now().Before(s.ends) {
			left += s.free
		}
		x.t.mu.Unlock()
	}
	return left, nil
}

// decide leases what is needed, has others asked for what they do not use, or refuses.
func (x *leasing) decide(ctx context.Context, tx *store.Tx, now int64, left money.Nanos) error {
	need := x.a.demand - left
	if need <= 0 {
		return nil
	}
	p := x.purse
	available := p.available()
	broke := p.kind != "key" && p.balance()+p.line < 0
	short := broke || available+left < x.a.most
	switch {
	case x.a.topUp && (short || available < scarce*need):
		return nil
	case short && x.recall && !broke:
		elsewhere, err := x.l.idleElsewhere(ctx, tx, p.id, now)
		if err != nil || elsewhere {
			x.out.elsewhere = elsewhere
			return err
		}
	}
	if short {
		x.out.refused = p.refusal
	}
	// What helps nobody here is left for other processes.
	if broke || available <= 0 || available+left < x.a.least {
		return nil
	}
	return x.grant(ctx, tx, now, x.amount(available, need))
}

// amount is how much to lease.
func (x *leasing) amount(available, need money.Nanos) money.Nanos {
	if available < scarce*need {
		return min(available, need)
	}
	wanted := x.scale() * min(x.a.most, maxPromise/mostScale)
	slice := min(available/shareOf, wanted)
	return max(need, slice-slice%max(1, x.a.most)) // whole requests: a rest would lie idle
}

func (x *leasing) scale() money.Nanos {
	x.t.mu.Lock()
	defer x.t.mu.Unlock()
	return x.t.scale
}

// grant writes the leases.
func (x *leasing) grant(ctx context.Context, tx *store.Tx, now int64, amount money.Nanos) error {
	expires := now + leaseLife.Microseconds()
	for _, part := range x.purse.draw(amount) {
		g := grant{bucket: part.bucket, amount: part.amount}
		g.rank = slices.IndexFunc(x.purse.buckets, func(b bucket) bool { return b.id == part.bucket })
		if g.rank >= 0 {
			g.ends = store.Time(x.purse.buckets[g.rank].expires)
		}
		if err := x.write(ctx, tx, &g, now, expires); err != nil {
			return err
		}
		x.grants = append(x.grants, g)
	}
	return nil
}

// write extends our lease of the bucket, or makes one.
func (x *leasing) write(ctx context.Context, tx *store.Tx, g *grant, now, expires int64) error {
	x.t.mu.Lock()
	s := x.t.of(g.bucket)
	x.t.mu.Unlock()
	if s != nil && !slices.Contains(x.lost, s) {
		live, err := affected(tx.Exec(ctx, `update lease set amount = amount + $2, expires_at = $3 where id = $1 and state = 'live'`, s.lease, g.amount, expires))
		if err != nil {
			return fmt.Errorf("extend lease %s: %w", s.lease, err)
		}
		if live {
			g.slice, g.lease = s, s.lease
			return nil
		}
		x.lost = append(x.lost, s)
	}
	g.lease = "lease_" + rand.Text()
	x.made = append(x.made, g.lease)
	_, err := tx.Exec(ctx, `insert into lease (id, purse, bucket, replica, amount, used, state, recall, created_at, expires_at)
		values ($1, $2, $3, $4, $5, 0, 'live', 0, $6, $7)`, g.lease, x.t.purse, g.bucket, x.l.o.Replica, g.amount, now, expires)
	if err != nil {
		return fmt.Errorf("lease of %s: %w", g.bucket, err)
	}
	return nil
}

// apply brings the till to what the transaction did.
func (x *leasing) apply(asked time.Time) {
	t := x.t
	t.mu.Lock()
	defer t.mu.Unlock()
	t.opened = true
	for _, s := range x.lost {
		t.lose(s)
	}
	for _, s := range x.stale {
		if !s.gone {
			s.renewed = asked
		}
	}
	for _, s := range x.idle {
		s.dirty = false
	}
	for _, s := range t.slices {
		if rank := slices.IndexFunc(x.purse.buckets, func(b bucket) bool { return b.id == s.bucket }); rank >= 0 {
			s.rank = rank
		}
	}
	var sum money.Nanos
	for _, g := range x.grants {
		sum += g.amount
		if g.slice == nil {
			t.put(&slice{lease: g.lease, bucket: g.bucket, rank: g.rank, free: g.amount, renewed: asked, ends: g.ends})
			continue
		}
		g.slice.free += g.amount
		g.slice.renewed, g.slice.ends = asked, g.ends
	}
	t.put(nil)
	t.grew(sum, x.a.demand, asked)
}

// grew fits the size of slices to how soon they are used up.
func (t *till) grew(sum, demand money.Nanos, now time.Time) {
	if sum == 0 {
		return
	}
	t.size = 0
	if sum > demand { // else credit is scarce
		t.size = sum
	}
	switch since := now.Sub(t.leased); {
	case since < scaleUp:
		t.scale = min(2*t.scale, mostScale)
	case since > 12*scaleUp:
		t.scale = max(t.scale/2, leastScale)
	}
	t.leased = now
}

// fail notes what is not known after an error. The transaction may have been committed
// all the same, so rows may hold more than we know of: that is put right later.
func (x *leasing) fail(err error) {
	if !x.l.unavailable(err) {
		return
	}
	x.l.orphans.add(x.made)
	x.t.mu.Lock()
	defer x.t.mu.Unlock()
	for _, s := range x.t.slices {
		s.dirty = true
	}
}

// wantsMore reports whether the till should be topped up before it is empty.
func (t *till) wantsMore(now time.Time) bool {
	if t.size == 0 || t.topping || t.asking != nil || t.left(now) > t.size/shareOf {
		return false
	}
	t.topping = true
	return true
}

func (l *Ledger) queueTopUp(t *till) {
	select {
	case l.topUps <- t:
	default:
		t.mu.Lock()
		t.topping = false
		t.mu.Unlock()
	}
}

// topUp leases the next slice, in the background.
func (l *Ledger) topUp(ctx context.Context, t *till) {
	t.mu.Lock()
	t.topping = false
	if t.asking != nil || t.dead || t.size == 0 {
		t.mu.Unlock()
		return
	}
	a, _ := t.join(wish{most: t.size, least: t.size, budget: t.budget})
	a.topUp, a.most = true, max(1, t.size/t.scale)
	t.mu.Unlock()
	if _, err := l.lead(ctx, &share{till: t}, a, wish{}); err != nil && ctx.Err() == nil {
		l.o.Log.Debug("credit could not be leased ahead", "purse", t.purse, "error", err)
	}
}
