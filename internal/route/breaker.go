package route

import (
	"cmp"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxDoubling   = 3                // an open breaker waits for at most 2^3 times Options.Open
	probeLifetime = 30 * time.Second // a probe that was not heard of is not waited for longer
	trickleEvery  = time.Second      // how often an open target is tried where nothing else is left
	maxBusy       = time.Minute      // bound of Report.RetryAfter
	defaultBusy   = time.Second
)

// Bits of target.gate.
const (
	gateBroken = 1 << iota // the breaker is not closed
	gateBusy
	gateOut   = gateBroken | gateBusy
	gateEpoch = 2 // the rest: how often the breaker opened
)

// rules are what all targets have in common.
type rules struct {
	failures int
	open     time.Duration
	random   func() float64
	change   func(target string, s State)
}

// target is what is known of one target: its breaker, how long it is to be left alone, and
// how fast it is.
//
//	closed    --failures in a row, or half of the window--> open
//	open      --its time is over, and a request probes it--> half-open
//	half-open --the probe was bad--> open, for longer
//	half-open, open --a try that began since was good--> closed
//
// What a try says that began before the breaker last opened is no news. Breakers of
// libraries take a lock for each call that they let through, and have no clock to hand in.
type target struct {
	name  string
	hash  uint64
	rules *rules
	seen  int64 // under Board.mu

	// gate is all that the usual case reads: with no bit of gateOut the target serves.
	gate atomic.Uint64

	mu       sync.Mutex
	state    State
	epoch    uint64
	row      int    // bad verdicts
	doubled  int    // times that the wait was
	until    int64  // of open
	busy     int64  // until
	failed   int64  // last
	trickled int64  // when it was last tried though it is out
	probe    uint64 // number of the one that runs; 0: none
	probes   uint64
	probeEnd int64 // when it is given up

	window    window
	firstByte average // seconds
	perSecond average
}

// ticket goes with a try and comes back with its report.
type ticket struct {
	epoch uint64
	probe uint64 // 0: it is none
}

// standing is what a target can be used for.
type standing int

const (
	ready standing = iota // it serves
	due                   // it may be probed
	out
)

func newTarget(name string, r *rules) *target {
	return &target{name: name, hash: hash(name), rules: r, state: Closed, trickled: math.MinInt64 / 2}
}

// look says what the target can be used for now.
func (x *target) look(now int64) standing {
	if x.gate.Load()&gateOut == 0 {
		return ready
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.standing(now)
}

func (x *target) standing(now int64) standing {
	if x.busy > now {
		return out
	}
	x.setGate(now) // the time of a busy one is over
	switch x.state {
	case Closed:
		return ready
	case Open:
		if now >= x.until {
			return due
		}
	case HalfOpen:
		if x.probe == 0 || now >= x.probeEnd {
			return due
		}
	}
	return out
}

// claim takes the target for a try, as its probe where it is due; false: it is out.
func (x *target) claim(now int64) (ticket, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch x.standing(now) {
	case ready:
		return ticket{epoch: x.epoch}, true
	case due:
		return x.startProbe(now), true
	}
	return ticket{}, false
}

// force takes the target for a try where none is usable: one a second passes an open
// breaker. None passes where the upstream asked to be left alone: it would count the call,
// the time is bounded by maxBusy, and callers are told how long to wait.
func (x *target) force(now int64) (ticket, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.prospect(now).wait > 0 {
		return ticket{}, false
	}
	if x.standing(now) == due {
		return x.startProbe(now), true
	}
	x.trickled = now
	return ticket{epoch: x.epoch}, true
}

func (x *target) startProbe(now int64) ticket {
	x.probes++
	x.probe, x.probeEnd, x.trickled = x.probes, now+int64(probeLifetime), now
	x.enter(HalfOpen, now)
	return ticket{epoch: x.epoch, probe: x.probe}
}

// hope is the prospect of a target that is out.
type hope struct {
	wait   int64 // until force would take it
	busy   bool  // it waits only because it asked to be left alone
	failed int64 // last
}

func (x *target) hope(now int64) hope {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.prospect(now)
}

func (x *target) prospect(now int64) hope {
	h := hope{failed: x.failed}
	switch {
	case x.busy > now:
		h.wait, h.busy = x.busy-now, true
	case x.standing(now) == out:
		h.wait = max(x.trickled+int64(trickleEvery)-now, 0)
		if x.state == Open {
			h.wait = min(h.wait, x.until-now)
		}
	}
	return h
}

// compare puts first what would be tried first.
func (h hope) compare(o hope) int {
	if h.busy || o.busy {
		return cmp.Or(compareBool(h.busy, o.busy), cmp.Compare(h.wait, o.wait))
	}
	return cmp.Or(compareBool(h.wait > 0, o.wait > 0), cmp.Compare(h.failed, o.failed))
}

// report tells how a try ended.
func (x *target) report(now int64, t ticket, r *Report) {
	x.mu.Lock()
	defer x.mu.Unlock()
	probed := t.probe != 0 && t.probe == x.probe
	if probed {
		x.probe = 0
	}
	switch r.Verdict {
	case Good:
		x.good(now, t, r)
	case Bad:
		x.bad(now, t, probed)
	case Overloaded:
		x.overloaded(now, r.RetryAfter)
	}
}

func (x *target) good(now int64, t ticket, r *Report) {
	if r.FirstByte > 0 {
		x.firstByte.add(now, r.FirstByte.Seconds())
	}
	if speed, ok := r.speed(); ok {
		x.perSecond.add(now, speed)
	}
	if x.state == Closed {
		x.row = 0
		x.window.count(now, 0)
	} else if t.epoch == x.epoch {
		x.row, x.doubled, x.probe, x.window = 0, 0, 0, window{}
		x.enter(Closed, now)
	}
}

func (x *target) bad(now int64, t ticket, probed bool) {
	if t.epoch != x.epoch {
		return
	}
	x.row++
	x.failed = now
	switch {
	case x.state == Closed:
		x.window.count(now, 1)
		if x.rules.failures > 0 && (x.row >= x.rules.failures || x.window.broken(now)) {
			x.open(now)
		}
	case x.state == HalfOpen && probed:
		x.doubled = min(x.doubled+1, maxDoubling)
		x.open(now)
	}
}

// open spreads the wait by a tenth, so that replicas don't probe at the same moment.
func (x *target) open(now int64) {
	wait := float64(x.rules.open<<x.doubled) * (0.9 + 0.2*x.rules.random())
	x.until = now + int64(wait)
	x.epoch++
	x.enter(Open, now)
}

func (x *target) overloaded(now int64, wait time.Duration) {
	if wait <= 0 {
		wait = defaultBusy
	}
	x.busy = max(x.busy, now+int64(min(wait, maxBusy)))
	x.setGate(now)
}

func (x *target) enter(s State, now int64) {
	changed := s != x.state
	x.state = s
	x.setGate(now)
	if changed && x.rules.change != nil {
		x.rules.change(x.name, s) // under the lock: in the order of the changes
	}
}

func (x *target) setGate(now int64) {
	gate := x.epoch << gateEpoch
	if x.state != Closed {
		gate |= gateBroken
	}
	if x.busy > now {
		gate |= gateBusy
	}
	x.gate.Store(gate)
}

func (x *target) health(now int64, wall time.Time) Health {
	x.mu.Lock()
	defer x.mu.Unlock()
	h := Health{Target: x.name, State: x.state, Failures: x.row,
		FirstByte: seconds(x.firstByte.read(now)), PerSecond: x.perSecond.read(now)}
	until := x.busy
	if x.state == Closed && x.busy > now {
		h.State = Busy
	} else if x.state == Open {
		until = max(until, x.until)
	}
	if until > now {
		h.Until = wall.Add(time.Duration(until - now))
	}
	return h
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

const (
	windowSeconds = 10
	windowTries   = 20 // fewer in the window don't count: a pause would make one failure half
)

// window counts tries by the second, so that a target that fails every other time, and
// never often enough in a row, is found out too.
type window [windowSeconds]struct {
	second     int64
	tries, bad int32
}

func (w *window) count(now int64, bad int32) {
	second := now / int64(time.Second)
	slot := &w[second%windowSeconds]
	if slot.second != second {
		slot.second, slot.tries, slot.bad = second, 0, 0
	}
	slot.tries++
	slot.bad += bad
}

// broken says that half of the tries were bad.
func (w *window) broken(now int64) bool {
	var tries, bad int32
	for i := range w {
		if now/int64(time.Second)-w[i].second < windowSeconds {
			tries, bad = tries+w[i].tries, bad+w[i].bad
		}
	}
	return tries >= windowTries && 2*bad >= tries
}
