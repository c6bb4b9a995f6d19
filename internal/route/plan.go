package route

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	maxSequence = 4096 // turns that are laid down beforehand
	maxWeight   = 1 << 30
)

// plan is a set of targets, prepared.
type plan struct {
	set Set // for comparison alone; nil: it can't be compared
	*parts
}

// parts are what plans of equal sets share.
type parts struct {
	group   *group
	spec    []Target
	targets []*target // by their index in the set
	tiers   []*tier
}

// tier is the targets of one priority, and whose turn it is.
//
// Turns follow the smooth weighted round robin of nginx: each target gets exactly its
// weight out of as many turns as all weights together, spread out. They are laid down in
// sequence where that is short enough, and a turn costs one atomic addition then. A turn
// whose target is out is skipped for good: so the others keep their shares exactly.
type tier struct {
	members  []member
	sequence []uint16
	turn     atomic.Uint64

	mu      sync.Mutex // where there is no sequence
	current []int64
}

type member struct {
	index  int // in the set
	target *target
	weight int64
}

// newPlan prepares the set; find gives the target of a name.
func newPlan(set Set, g *group, find func(string) *target) *plan {
	p := &parts{group: g}
	for i := range size(set) {
		spec := set.Target(i)
		p.spec = append(p.spec, spec)
		p.targets = append(p.targets, find(spec.Name))
	}
	order := make([]int, len(p.spec))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.spec[a].Priority, p.spec[b].Priority) })
	for len(order) > 0 {
		n := 1
		for n < len(order) && p.spec[order[n]].Priority == p.spec[order[0]].Priority {
			n++
		}
		p.tiers = append(p.tiers, p.newTier(order[:n]))
		order = order[n:]
	}
	return &plan{set: identity(set), parts: p}
}

func (p *parts) newTier(indexes []int) *tier {
	r := &tier{current: make([]int64, len(indexes))}
	var sum, divisor int64
	for _, i := range indexes {
		w := int64(min(max(p.spec[i].Weight, 1), maxWeight))
		r.members = append(r.members, member{index: i, target: p.targets[i], weight: w})
		sum, divisor = sum+w, gcd(w, divisor)
	}
	if turns := sum / divisor; len(indexes) > 1 && turns <= maxSequence {
		r.sequence = make([]uint16, turns)
		for i := range r.sequence {
			r.sequence[i] = uint16(r.smooth(func(*member) bool { return true }))
		}
	}
	return r
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// matches says whether the plan is one of the set.
func (p *plan) matches(set Set) bool {
	if len(p.spec) != size(set) {
		return false
	}
	for i := range p.spec {
		if p.spec[i] != set.Target(i) {
			return false
		}
	}
	return true
}

func size(set Set) int {
	if set == nil {
		return 0
	}
	return set.Len()
}

// peek is a copy whose turns may be taken without effect.
func (p *plan) peek() *plan {
	q := &parts{group: p.group, spec: p.spec, targets: p.targets}
	for _, r := range p.tiers {
		r.mu.Lock()
		c := &tier{members: r.members, sequence: r.sequence, current: slices.Clone(r.current)}
		r.mu.Unlock()
		c.turn.Store(r.turn.Load())
		q.tiers = append(q.tiers, c)
	}
	return &plan{parts: q}
}

// choose is the member that the trip should go to; nil: none may be used.
func (r *tier) choose(t *Trip) *member {
	switch {
	case len(r.members) == 1:
		if m := &r.members[0]; t.may(m) {
			return m
		}
		return nil
	case t.sticky != 0:
		return r.nearest(t)
	case r.sequence != nil:
		return r.next(t)
	}
	if i := r.smooth(t.may); i >= 0 {
		return &r.members[i]
	}
	return nil
}

// nearest is the member that the trip's key belongs to.
func (r *tier) nearest(t *Trip) *member {
	var best *member
	var most float64
	for i := range r.members {
		m := &r.members[i]
		if !t.may(m) {
			continue
		}
		if a := affinity(t.sticky, m.target.hash, float64(m.weight)); best == nil || a > most {
			best, most = m, a
		}
	}
	return best
}

// next takes the next turn of a member that may be used.
func (r *tier) next(t *Trip) *member {
	n := uint64(len(r.sequence))
	if m := &r.members[r.sequence[(r.turn.Add(1)-1)%n]]; t.may(m) {
		return m
	}
	var usable bits
	found := false
	for i := range r.members {
		if t.may(&r.members[i]) {
			usable.add(i)
			found = true
		}
	}
	for found {
		from := r.turn.Load()
		to := from
		for !usable.has(int(r.sequence[to%n])) {
			to++
		}
		if r.turn.CompareAndSwap(from, to+1) {
			return &r.members[r.sequence[to%n]]
		}
	}
	return nil
}

// smooth is a step of the smooth weighted round robin among the members that may be used:
// the index of one, or -1.
func (r *tier) smooth(may func(*member) bool) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	best, sum := -1, int64(0)
	for i := range r.members {
		m := &r.members[i]
		if !may(m) {
			continue
		}
		r.current[i] += m.weight
		sum += m.weight
		if best < 0 || r.current[i] > r.current[best] {
			best = i
		}
	}
	if best >= 0 {
		r.current[best] -= sum
	}
	return best
}
