package ledger

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"skytower/internal/money"
)

// till is the memory of what this process has leased from one purse. Requests take from
// it under its lock alone; what it asks of the database is asked by one at a time.
type till struct {
	purse, account string
	key            string    // whose budget it is; "" where it is the account's credit
	at             time.Time // in the month of the budget

	changing chan struct{} // holds one token while rows of its leases are being changed

	mu      sync.Mutex
	slices  []*slice // in the purse's order of drawing
	budget  money.Nanos
	asking  *asking       // runs
	next    *asking       // begins when that one has ended
	heard   chan struct{} // closed and replaced when the change feed names the purse
	taken   time.Time     // when credit was last taken, by our clock
	leased  time.Time     // when credit was last leased
	size    money.Nanos   // of the last slice
	scale   money.Nanos   // of slices, in requests
	opened  bool          // the purse is there
	topping bool          // a top-up is queued
	dead    bool          // forgotten: there is another one, or none
}

// slice is a lease: credit of one bucket that this process may promise.
type slice struct {
	lease, bucket string
	rank          int         // the bucket's place in the order of drawing
	free          money.Nanos // may be promised
	promised      money.Nanos // set aside for requests, or charged and not known to be written yet
	renewed       time.Time   // by our clock, just before the database was asked
	ends          time.Time   // of the bucket's credit; zero: never
	gone          bool        // the lease has ended: nothing returns to it
	dirty         bool        // the database may count more as leased than free + promised
}

// taken is what one slice gives to a request.
type taken struct {
	slice  *slice
	amount money.Nanos
}

// share is what one purse gives to a request.
type share struct {
	till  *till
	parts []taken
	buf   [2]taken // for parts, which are hardly ever more
}

func newTill(purse, account, key string, at time.Time) *till {
	return &till{
		purse: purse, account: account, key: key, at: at, changing: make(chan struct{}, 1),
		heard: make(chan struct{}), scale: leastScale,
	}
}

// usable reports whether the slice may still be promised from.
func (s *slice) usable(now time.Time) bool {
	return !s.gone && now.Sub(s.renewed) < leaseTrust && (s.ends.IsZero() || now.Before(s.ends))
}

// left is what may be promised without asking.
func (t *till) left(now time.Time) (sum money.Nanos) {
	for _, s := range t.slices {
		if s.usable(now) {
			sum += s.free
		}
	}
	return sum
}

// take moves up to `most` from the till's slices to the share, but nothing where less
// than `least` is left. It returns what it moved.
func (t *till) take(to *share, most, least money.Nanos, now time.Time) money.Nanos {
	left := t.left(now)
	if left < least || left <= 0 || most <= 0 {
		return 0
	}
	amount := min(most, left)
	rest := amount
	for _, s := range t.slices {
		if rest == 0 {
			break
		}
		if x := min(rest, s.free); x > 0 && s.usable(now) {
			s.free -= x
			s.promised += x
			rest -= x
			to.add(s, x)
		}
	}
	t.taken = now
	return amount
}

func (h *share) add(s *slice, amount money.Nanos) {
	for i := range h.parts {
		if h.parts[i].slice == s {
			h.parts[i].amount += amount
			return
		}
	}
	if h.parts == nil {
		h.parts = h.buf[:0]
	}
	h.parts = append(h.parts, taken{s, amount})
}

func (h *share) amount() (sum money.Nanos) {
	for _, p := range h.parts {
		sum += p.amount
	}
	return sum
}

// giveBack returns all but `keep` of the share to the till, the last taken first.
func (h *share) giveBack(keep money.Nanos) {
	if h.till == nil || len(h.parts) == 0 {
		return
	}
	h.till.mu.Lock()
	defer h.till.mu.Unlock()
	surplus := h.amount() - keep
	for i := len(h.parts) - 1; i >= 0 && surplus > 0; i-- {
		x := min(surplus, h.parts[i].amount)
		h.parts[i].slice.unpromise(x)
		h.parts[i].amount -= x
		surplus -= x
	}
	h.parts = slices.DeleteFunc(h.parts, func(p taken) bool { return p.amount == 0 })
}

// unpromise makes a promised amount free again.
func (s *slice) unpromise(amount money.Nanos) {
	if !s.gone { // else nobody counts any more
		s.promised -= amount
		s.free += amount
	}
}

// of finds the slice of a bucket.
func (t *till) of(bucket string) *slice {
	for _, s := range t.slices {
		if s.bucket == bucket && !s.gone {
			return s
		}
	}
	return nil
}

// put adds a slice, or moves those there are, in the order of drawing.
func (t *till) put(s *slice) {
	if s != nil {
		t.slices = append(t.slices, s)
	}
	slices.SortStableFunc(t.slices, func(a, b *slice) int { return cmp.Compare(a.rank, b.rank) })
}

// lose forgets the slice: its lease has ended.
func (t *till) lose(s *slice) {
	s.gone, s.free = true, 0
	t.slices = slices.DeleteFunc(t.slices, func(other *slice) bool { return other == s })
}

// hear wakes who waits for other processes to give credit back.
func (t *till) hear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.heard)
	t.heard = make(chan struct{})
}
