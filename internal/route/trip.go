package route

import (
	"slices"
	"time"
)

// Trip is the tries of one request at a model's targets. It belongs to one goroutine.
type Trip struct {
	board   *Board
	plan    *plan
	sticky  uint64
	tried   bits
	lost    bits // to others, while Next chose
	tries   int
	current int // index of the target that is tried; -1: none
	ticket  ticket

	at    int64 // the time of Next, read once and only where it matters
	timed bool
}

// Begin starts the tries of one request at a model's targets. A sticky key other than 0
// brings requests to the same target as long as that is usable. It takes nothing: a trip
// may be dropped.
func (b *Board) Begin(model string, set Set, sticky uint64) Trip {
	return Trip{board: b, plan: b.planOf(model, set), sticky: sticky, current: -1}
}

// Next gives the index of the target to try next, never the same one twice. The error is a
// *Refused where there is none. Done tells of the try; without it the try says nothing, and
// a probe is given up after half a minute.
func (t *Trip) Next() (int, error) {
	if t.current >= 0 {
		t.Done(Report{Verdict: Neutral})
	}
	t.timed = false
	if t.tries > 0 && (t.tries == len(t.plan.targets) || !t.board.budget.take(t.now())) {
		return -1, &Refused{}
	}
	i := t.claim()
	if i < 0 {
		return -1, t.refused()
	}
	if t.tries == 0 {
		t.board.budget.earn()
	}
	t.tries++
	t.tried.add(i)
	t.current = i
	return i, nil
}

// Done tells how the try ended that Next gave last.
func (t *Trip) Done(r Report) {
	if t.current < 0 {
		return
	}
	x := t.plan.targets[t.current]
	t.current = -1
	now := t.board.clock()
	if r.Verdict != Neutral || t.ticket.probe != 0 {
		x.report(now, t.ticket, &r)
	}
	t.board.touch(t.plan.group, now)
}

// Peek is the order in which the targets would be tried now, those that are out last. It
// takes nothing.
func (b *Board) Peek(model string, set Set, sticky uint64) []int {
	t := b.Begin(model, set, sticky)
	t.plan = t.plan.peek()
	var order []int
	for m := t.choose(); m != nil; m = t.choose() {
		t.tried.add(m.index)
		t.tries++
		order = append(order, m.index)
	}
	usable := len(order)
	for i := range t.plan.targets {
		if !t.tried.has(i) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order[usable:], func(i, j int) int {
		a, b := t.plan.targets[i].hope(t.now()), t.plan.targets[j].hope(t.now())
		return a.compare(b)
	})
	return order
}

func (t *Trip) now() int64 {
	if !t.timed {
		t.at, t.timed = t.board.clock(), true
	}
	return t.at
}

// claim takes a target; -1: there is none to take.
func (t *Trip) claim() int {
	t.lost = bits{}
	for m := t.choose(); m != nil; m = t.choose() {
		if gate := m.target.gate.Load(); gate&gateOut == 0 {
			t.ticket = ticket{epoch: gate >> gateEpoch}
			return m.index
		}
		ok := false
		if t.ticket, ok = m.target.claim(t.now()); ok {
			return m.index
		}
		t.lost.add(m.index)
	}
	return t.force()
}

func (t *Trip) choose() *member {
	for _, r := range t.plan.tiers {
		if m := r.choose(t); m != nil {
			return m
		}
	}
	return nil
}

// may says whether the trip can go to the member. One that is to be probed is offered to
// first tries alone, and where another one can make good a failure.
func (t *Trip) may(m *member) bool {
	if t.tried.has(m.index) || t.lost.has(m.index) {
		return false
	}
	if m.target.gate.Load()&gateOut == 0 {
		return true
	}
	s := m.target.look(t.now())
	return s == ready || s == due && t.tries == 0 && t.spare()
}

// spare says whether a target is usable that was not tried.
func (t *Trip) spare() bool {
	for i, x := range t.plan.targets {
		if !t.tried.has(i) && x.look(t.now()) == ready {
			return true
		}
	}
	return false
}

// force takes a target though none is usable: the one that failed least recently, of those
// that let one through now. -1: none does.
func (t *Trip) force() int {
	t.lost = bits{}
	for {
		best, least := -1, int64(0)
		for i, x := range t.plan.targets {
			if t.tried.has(i) || t.lost.has(i) {
				continue
			}
			h := x.hope(t.now())
			if h.wait == 0 && (best < 0 || h.failed < least) {
				best, least = i, h.failed
			}
		}
		if best < 0 {
			return -1
		}
		ok := false
		if t.ticket, ok = t.plan.targets[best].force(t.now()); ok {
			return best
		}
		t.lost.add(best)
	}
}

// refused says why there is no target, and when there may be one.
func (t *Trip) refused() *Refused {
	if t.tries > 0 {
		t.board.budget.giveBack()
	}
	r := &Refused{}
	for i, x := range t.plan.targets {
		if t.tried.has(i) {
			continue
		}
		h := x.hope(t.now())
		if after := time.Duration(h.wait); r.Reason == "" || after < r.After {
			r.After = after
		}
		if !h.busy {
			r.Reason = Open
		} else if r.Reason == "" {
			r.Reason = Busy
		}
	}
	return r
}
