package account

import (
	"net/netip"
	"sync"
	"time"

	"skytower/internal/fault"
)

const (
	triesWindow   = 15 * time.Minute
	triesOfEmail  = 5  // wrong ones before the first wait
	triesOfSource = 20 // of one address, which an office may share
	firstWait     = 5 * time.Second
	maxTriesKept  = 10_000
)

// throttle makes those wait who try again and again. It is in memory: each replica counts
// for itself.
type throttle struct {
	mu   sync.Mutex
	kept map[string]*tries
}

// tries are those of one e-mail, person or address.
type tries struct {
	count       int
	last, until time.Time
}

func newThrottle() *throttle { return &throttle{kept: map[string]*tries{}} }

// attempt is one try, counted from its beginning: many at the same time don't all pass.
type attempt struct {
	throttle *throttle
	who      []string
}

// begin counts a try or refuses it with RATE_LIMIT_EXCEEDED. who is an e-mail or a person,
// or ""; address may be "".
func (t *throttle) begin(now time.Time, who, address string) (attempt, error) {
	a := attempt{throttle: t}
	if who != "" {
		a.who = append(a.who, "who "+who)
	}
	if source := sourceOf(address); source != "" {
		a.who = append(a.who, "from "+source)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var wait time.Duration
	for _, key := range a.who {
		if k := t.kept[key]; k != nil {
			wait = max(wait, k.until.Sub(now))
		}
	}
	if wait > 0 {
		return a, &fault.Error{ID: fault.RateLimitExceeded, Message: "There were too many tries.",
			Details: "Wait, then try again.", RetryAfter: wait}
	}
	for _, key := range a.who {
		t.count(key, now)
	}
	return a, nil
}

// count adds one try; each beyond the bound doubles the wait. The caller holds mu.
func (t *throttle) count(key string, now time.Time) {
	k := t.kept[key]
	if k == nil {
		t.makeRoom(now)
		k = &tries{}
		t.kept[key] = k
	}
	if now.Sub(k.last) > triesWindow {
		*k = tries{}
	}
	k.count++
	k.last = now
	bound := triesOfSource
	if key[0] == 'w' {
		bound = triesOfEmail
	}
	if over := k.count - bound; over >= 0 {
		k.until = now.Add(min(firstWait<<min(over, 10), triesWindow))
	}
}

// makeRoom forgets what is over, then, in a flood, whoever waits for nothing.
func (t *throttle) makeRoom(now time.Time) {
	if len(t.kept) < maxTriesKept {
		return
	}
	for key, k := range t.kept {
		if now.Sub(k.last) > triesWindow {
			delete(t.kept, key)
		}
	}
	if len(t.kept) < maxTriesKept {
		return
	}
	for key, k := range t.kept {
		if !now.Before(k.until) {
			delete(t.kept, key)
		}
	}
	if len(t.kept) >= maxTriesKept {
		clear(t.kept)
	}
}

// good forgets the tries of the e-mail, and takes this one from those of the address.
func (a attempt) good() { a.undo(true) }

// undone takes the try back: it came to no answer.
func (a attempt) undone() { a.undo(false) }

func (a attempt) undo(forget bool) {
	a.throttle.mu.Lock()
	defer a.throttle.mu.Unlock()
	for _, key := range a.who {
		k := a.throttle.kept[key]
		if k == nil {
			continue
		}
		k.count--
		if k.until = (time.Time{}); k.count <= 0 || forget && key[0] == 'w' {
			delete(a.throttle.kept, key)
		}
	}
}

// forget lets somebody in at once who has shown in another way who they are.
func (t *throttle) forget(who string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.kept, "who "+who)
}

// sourceOf is an IPv4 address, or the network of 64 bits of an IPv6 one.
func sourceOf(address string) string {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		network, _ := addr.Prefix(64)
		return network.String()
	}
	return addr.String()
}
