package route

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	forgetAfter = time.Hour   // what is gone for so long is forgotten
	sweepEvery  = time.Minute // how often that is looked at, where there are calls
	defaultOpen = 10 * time.Second
)

// Board is what this process has seen of the targets of all models. Its methods may be
// called at the same time.
//
// Reading costs no lock that models share: groups are found in a map that is copied when a
// model is added, which is rare.
type Board struct {
	rules  rules
	wall   func() time.Time
	clock  func() int64 // nanoseconds since New
	random func() float64
	budget budget
	groups atomic.Pointer[map[string]*group]

	mu      sync.Mutex // of changes of the groups, and of what follows
	targets map[string]*target
	swept   int64
}

// group is what is kept of one model, through all changes of its targets.
type group struct {
	hash    uint64
	plan    atomic.Pointer[plan]
	seen    atomic.Int64 // roughly when it was used last
	explore exploration
}

// New returns a board that has seen nothing.
func New(o Options) *Board {
	b := &Board{wall: o.Now, random: o.Random, targets: map[string]*target{}}
	if b.wall == nil {
		b.wall = time.Now
	}
	if b.random == nil {
		b.random = rand.Float64
	}
	if o.Open <= 0 {
		o.Open = defaultOpen
	}
	start := b.wall()
	b.clock = func() int64 { return max(int64(b.wall().Sub(start)), 0) }
	if o.Now == nil {
		b.clock = func() int64 { return int64(time.Since(start)) } // half of time.Now's cost
	}
	b.rules = rules{failures: o.Failures, open: o.Open, random: b.random, change: o.OnChange}
	b.budget.start(o.RetryPercent)
	b.groups.Store(&map[string]*group{})
	return b
}

// Health is what is known of the target; one that was never used is closed.
func (b *Board) Health(name string) Health {
	b.mu.Lock()
	x := b.targets[name]
	b.mu.Unlock()
	if x == nil {
		return Health{Target: name, State: Closed}
	}
	return x.health(b.clock(), b.wall())
}

// Known is the health of all targets that were used within the hour, by name.
func (b *Board) Known() []Health {
	now, wall := b.clock(), b.wall()
	b.mu.Lock()
	b.sweep(now)
	all := slices.Collect(maps.Values(b.targets))
	b.mu.Unlock()
	out := make([]Health, len(all))
	for i, x := range all {
		out[i] = x.health(now, wall)
	}
	slices.SortFunc(out, func(a, b Health) int { return cmp.Compare(a.Target, b.Target) })
	return out
}

// planOf is the model's plan for the set. The usual case is one look-up and one comparison
// of pointers.
func (b *Board) planOf(model string, set Set) *plan {
	if g := (*b.groups.Load())[model]; g != nil {
		p := g.plan.Load()
		if p.set != nil && p.set == set {
			return p
		}
		if p.matches(set) { // another pointer to the same targets: turns go on where they are
			q := &plan{set: identity(set), parts: p.parts}
			g.plan.CompareAndSwap(p, q)
			return q
		}
	}
	return b.build(model, set)
}

// build makes a plan of a model that is new, or whose targets changed.
func (b *Board) build(model string, set Set) *plan {
	now := b.clock()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweep(now)
	g := (*b.groups.Load())[model]
	if g == nil {
		g = &group{hash: hash(model)}
		defer b.add(model, g) // once it has its plan
	} else if p := g.plan.Load(); p.matches(set) {
		return p
	}
	g.seen.Store(now)
	p := newPlan(set, g, func(name string) *target { return b.target(name, now) })
	g.plan.Store(p)
	return p
}

func (b *Board) add(model string, g *group) {
	groups := maps.Clone(*b.groups.Load())
	groups[model] = g
	b.groups.Store(&groups)
}

func (b *Board) target(name string, now int64) *target {
	x := b.targets[name]
	if x == nil {
		x = newTarget(name, &b.rules)
		b.targets[name] = x
	}
	x.seen = now
	return x
}

// touch notes that a model is in use.
func (b *Board) touch(g *group, now int64) {
	if now-g.seen.Load() < int64(sweepEvery) {
		return
	}
	g.seen.Store(now)
	b.mu.Lock()
	b.sweep(now)
	b.mu.Unlock()
}

// sweep forgets models that were not used for an hour, and targets that belong to no model
// in use for as long.
func (b *Board) sweep(now int64) {
	if now-b.swept < int64(sweepEvery) {
		return
	}
	b.swept = now
	groups := *b.groups.Load()
	live := make(map[string]*group, len(groups))
	for model, g := range groups {
		if now-g.seen.Load() < int64(forgetAfter) {
			live[model] = g
			for _, x := range g.plan.Load().targets {
				x.seen = now
			}
		}
	}
	if len(live) < len(groups) {
		b.groups.Store(&live)
	}
	maps.DeleteFunc(b.targets, func(_ string, x *target) bool { return now-x.seen >= int64(forgetAfter) })
}

// identity is the set where it can be compared, else nil: comparing it would panic.
func identity(set Set) Set {
	if set == nil || !reflect.TypeOf(set).Comparable() {
		return nil
	}
	return set
}
