package limit

import (
	"math"
	"slices"
)

const (
	// unseen stands for a remainder that is not known.
	unseen = math.MinInt64
	// freshFor is how old a remainder may be, in milliseconds, to go on from when Redis
	// goes away, where other processes draw from the same windows: what they took since is
	// not in it. An older one counts as unknown.
	freshFor = 2 * millis
)

// trace is what this process knows of a scope by itself: what it let through, and what
// Redis said last. It is kept while all is well, to go on from when Redis goes away.
type trace struct {
	own    [windows]*window
	unsaid [windows]map[int64]int64 // of own, what Redis does not know: by second
	open   map[string]bool          // calls with a slot: whether Redis knows of it

	seen   Numbers // what Redis said was left
	seenAt int64   // milliseconds; 0: never

	touched int64 // milliseconds: when a call came last

	// Since Redis went away for the epoch-th time:
	epoch  int64
	budget Numbers // what may be drawn in the first minute; unseen: one call
	drawn  int64   // calls
	before int64   // calls that were open already
}

func (t *trace) window(dim int) *window {
	if t.own[dim] == nil {
		t.own[dim] = new(window)
	}
	return t.own[dim]
}

// enter begins an epoch.
func (t *trace) enter(r *regime) {
	if t.epoch == r.epoch {
		return
	}
	t.epoch, t.drawn, t.before = r.epoch, 0, int64(len(t.open))
	known := r.replicas > 0 && t.seenAt > 0 && t.seenAt >= r.since-windowMillis &&
		(r.replicas == 1 || t.seenAt >= r.since-freshFor)
	for dim, left := range t.seen {
		t.budget[dim] = unseen
		if known && left != unseen {
			t.budget[dim] = max(left, 0) / r.replicas
		}
	}
}

// left is what this process may draw of a dimension now, and how many milliseconds to
// wait where the cost is more.
func (t *trace) left(r *regime, now int64, dim int, limit, cost int64) (left, wait int64) {
	switch {
	case !r.firstMinute(now):
		return t.leftOfShare(r, now, dim, limit, cost)
	case t.budget[dim] != unseen:
		left = t.budget[dim]
		if dim == calls {
			left += t.before - int64(len(t.open))
		}
	case t.drawn == 0:
		left = min(cost, limit)
	}
	if left < max(cost, 0) {
		wait = r.since + windowMillis - now
	}
	return left, wait
}

// leftOfShare is left after the first minute: a rolling window of the process' own.
func (t *trace) leftOfShare(r *regime, now int64, dim int, limit, cost int64) (left, wait int64) {
	used := int64(len(t.open))
	if dim < windows {
		w := t.window(dim)
		w.advance(now / millis)
		used = w.sum
	}
	share := min(limit, max(cost, 1)) // never heard how many there are: one call at a time
	if r.replicas > 0 {
		share = r.share(limit)
	}
	switch left = share - used; {
	case left >= cost:
		return left, 0
	case dim == calls:
		return left, slotPause.Milliseconds()
	}
	return left, t.own[dim].wait(now, share, cost)
}

// add draws from the process' own windows, or corrects them.
func (t *trace) add(dim int, sec, n int64, isSaid bool) {
	t.window(dim).add(sec, n)
	if !isSaid {
		t.keep(dim, sec, n)
	}
}

// keep keeps something to tell Redis. It may be less than zero.
func (t *trace) keep(dim int, sec, n int64) {
	if t.unsaid[dim] == nil {
		t.unsaid[dim] = map[int64]int64{}
	}
	t.unsaid[dim][sec] += n
}

func (t *trace) hold(call string, isSaid bool) {
	if t.open == nil {
		t.open = map[string]bool{}
	}
	t.open[call] = isSaid
}

// spend takes from what the epoch allows.
func (t *trace) spend(dim int, n int64) {
	if t.budget[dim] != unseen && dim < windows {
		t.budget[dim] -= n
	}
}

// sayAll marks everything within the window as unknown to Redis.
func (t *trace) sayAll(now int64) {
	for dim, w := range t.own {
		t.unsaid[dim] = nil
		if w == nil {
			continue
		}
		w.advance(now / millis)
		for s := w.last - windowSeconds; s <= w.last; s++ {
			if n := w.cells[(s+cellCount)%cellCount]; n != 0 {
				t.keep(dim, s, n)
			}
		}
	}
	for call := range t.open {
		t.open[call] = false
	}
}

func (t *trace) idle(now int64) bool { return t.touched < now-windowMillis-millis && len(t.open) == 0 }

// Whether Redis knows of a draw.
type telling bool

const (
	said   telling = true
	unsaid telling = false
)

// note remembers what Redis let through, and what it said was left.
func (s *Shared) note(r *regime, c *Call, o *Outcome) {
	now := s.millis()
	o.At.Own = now / millis
	shard := s.traces.of(c.Draws[0].Scope.Account)
	shard.Lock()
	defer shard.Unlock()
	current := s.regime.Load()
	for i := range c.Draws {
		t := shard.entry(c.Draws[i].Scope)
		t.touched = now
		if current.epoch != r.epoch {
			t.enter(current) // Redis went away after it had answered: the draw is one of the new epoch
		}
		if o.Allowed {
			t.draw(c, i, o.At.Own, said)
		}
		if current.epoch == r.epoch {
			t.see(c, i, o, now)
		}
	}
}

func (t *trace) see(c *Call, i int, o *Outcome, now int64) {
	if t.seenAt == 0 {
		t.seen = Numbers{unseen, unseen, unseen, unseen}
	}
	t.seenAt = now
	for dim, left := range o.Left[i] {
		switch {
		case c.asks(i, dim):
			t.seen[dim] = left
		case dim < windows:
			t.seen[dim] = unseen
		}
	}
}

// draw takes one scope's part of a call.
func (t *trace) draw(c *Call, i int, sec int64, tell telling) {
	t.drawn++
	for dim := range windows {
		if c.counts(i, dim) {
			t.add(dim, sec, c.Costs[dim], bool(tell))
			t.spend(dim, c.Costs[dim])
		}
	}
	if c.holds(i) {
		t.hold(c.ID, bool(tell))
	}
}

// reserve lets a call through by this process' own part, or refuses it.
func (s *Shared) reserve(r *regime, c *Call, tell telling) Outcome {
	now := s.millis()
	o := Outcome{Allowed: true, At: Moment{Own: now / millis}}
	shard := s.traces.of(c.Draws[0].Scope.Account)
	shard.Lock()
	defer shard.Unlock()
	var found [maxDraws]*trace
	for i := range c.Draws {
		t := shard.entry(c.Draws[i].Scope)
		t.touched, found[i] = now, t
		t.enter(r)
		o.Left[i] = noNumbers()
		for dim, limit := range c.Draws[i].Limits {
			if !c.asks(i, dim) {
				continue
			}
			o.Left[i][dim], o.Wait[i][dim] = t.left(r, now, dim, limit, c.Costs[dim])
			if c.Costs[dim] == 0 {
				o.Wait[i][dim] = 0
			}
			o.Allowed = o.Allowed && o.Wait[i][dim] == 0
		}
	}
	if !o.Allowed {
		return o
	}
	if tell == unsaid {
		s.untold.Store(true)
	}
	for i := range c.Draws {
		found[i].draw(c, i, o.At.Own, tell)
		for dim := range dimensions {
			if c.asks(i, dim) {
				o.Left[i][dim] -= c.Costs[dim]
			}
		}
	}
	return o
}

// visit calls fn for the traces of a call's scopes, under their lock.
func (s *Shared) visit(c *Call, fn func(i int, t *trace)) {
	shard := s.traces.of(c.Draws[0].Scope.Account)
	shard.Lock()
	defer shard.Unlock()
	for i := range c.Draws {
		fn(i, shard.entry(c.Draws[i].Scope))
	}
}

// undo gives back what was reserved of a call that Redis then refused.
func (s *Shared) undo(r *regime, c *Call, at Moment) {
	s.visit(c, func(i int, t *trace) {
		for dim := range windows {
			if c.counts(i, dim) {
				t.add(dim, at.Own, -c.Costs[dim], true)
				if t.epoch == r.epoch {
					t.spend(dim, -c.Costs[dim])
				}
			}
		}
		delete(t.open, c.ID)
		if t.epoch == r.epoch {
			t.drawn--
		}
	})
}

// unsay marks what was reserved as unknown to Redis, which did not answer.
func (s *Shared) unsay(c *Call, at Moment) {
	s.sayLater(c, at, c.Costs)
	s.visit(c, func(i int, t *trace) {
		if c.holds(i) {
			t.hold(c.ID, false)
		}
	})
}

// sayLater keeps for Redis what it did not hear. The process' own windows have it already.
func (s *Shared) sayLater(c *Call, at Moment, more Numbers) {
	s.untold.Store(true)
	s.visit(c, func(i int, t *trace) {
		for dim, n := range more[:windows] {
			if n != 0 && c.Draws[i].Limits[dim] >= 0 {
				t.keep(dim, at.Own, n)
			}
		}
	})
}

// settle corrects the process' own windows and gives the slots back. It reports whether
// Redis knows of one of them.
func (s *Shared) settle(r *regime, c *Call, at Moment, more Numbers, later bool) (known bool) {
	now := s.millis()
	if later {
		s.untold.Store(true)
	}
	s.visit(c, func(i int, t *trace) {
		t.touched = now
		for dim, n := range more[:windows] {
			if n == 0 || c.Draws[i].Limits[dim] < 0 {
				continue
			}
			t.add(dim, at.Own, n, !later)
			if t.epoch == r.epoch && at.Own*millis >= r.since {
				t.spend(dim, n)
			}
		}
		known = known || t.open[c.ID]
		delete(t.open, c.ID)
	})
	return known
}

// news is what Redis does not know of one scope.
type news struct {
	scope Scope
	cells [windows][]cell
	calls []string
}

func (n *news) batch(shift int64) batch {
	var b batch
	for dim, cells := range n.cells {
		if len(cells) > 0 {
			moved := slices.Clone(cells)
			for i := range moved {
				moved[i].second += shift
			}
			b.window(redisKey(n.scope, dim), moved)
		}
	}
	for _, call := range n.calls {
		b.slot(redisKey(n.scope, calls), "add", call)
	}
	return b
}

// collect takes all news. What has left the window is news no more.
func (s *Shared) collect(now int64) []news {
	var list []news
	oldest := now/millis - windowSeconds
	s.traces.each(func(scope Scope, t *trace) {
		n := news{scope: scope}
		some := false
		for dim := range windows {
			for sec, amount := range t.unsaid[dim] {
				if sec >= oldest && amount != 0 {
					n.cells[dim] = append(n.cells[dim], cell{sec, amount})
					some = true
				}
			}
			t.unsaid[dim] = nil
		}
		for call, isSaid := range t.open {
			if !isSaid {
				n.calls = append(n.calls, call)
				t.open[call], some = true, true
			}
		}
		if some {
			list = append(list, n)
		}
	})
	return list
}

// giveBack keeps news that did not reach Redis, or of which that is not sure: twice
// counted is better than not at all.
func (s *Shared) giveBack(list []news) {
	s.untold.Store(true)
	for _, n := range list {
		shard := s.traces.of(n.scope.Account)
		shard.Lock()
		t := shard.entry(n.scope)
		for dim, cells := range n.cells {
			for _, c := range cells {
				t.keep(dim, c.second, c.n)
			}
		}
		for _, call := range n.calls {
			if _, open := t.open[call]; open {
				t.open[call] = false
			}
		}
		shard.Unlock()
	}
}
