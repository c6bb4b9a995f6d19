package route

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"
)

const (
	nearCost  = 1.01 // costs that are as good as equal
	nearScore = 1.10 // and scores that are

	usualOutput = 256 // tokens, where the option doesn't say

	exploreEvery = 5 * time.Second  // a model that is not measured gets one request in so long,
	exploreMost  = 80 * time.Second // and half as many after each that measured nothing
	staleAfter   = time.Minute      // figures are old
	measureShare = 0.02             // of the requests measure a model with old ones
)

// What puts an option behind others, for people.
const (
	noTargets   = "it has no target"
	allBusy     = "every target asked to be left alone"
	allOpen     = "every target failed too often"
	costUnknown = "its cost is not known"
	notMeasured = "its speed is not measured yet"
)

// exploration spaces the requests that measure a model. The interval grows, so that one
// that answers slowly or not at all does not collect them.
type exploration struct {
	next, interval atomic.Int64
}

// due says that a request may be spent; take spends it.
func (e *exploration) due(now int64, take bool) bool {
	next := e.next.Load()
	if now < next || !take {
		return now >= next
	}
	interval := min(max(2*e.interval.Load(), int64(exploreEvery)), int64(exploreMost))
	if !e.next.CompareAndSwap(next, now+interval) {
		return false
	}
	e.interval.Store(interval)
	return true
}

// measured makes the next exploration, once the figures are forgotten, a prompt one.
func (e *exploration) measured() {
	if e.interval.Load() != 0 {
		e.interval.Store(0)
		e.next.Store(0)
	}
}

// candidate is an option that is being ranked.
type candidate struct {
	Ranked
	group *group
	known bool    // the policy has what it needs to know
	cost  float64 // negative: not known
	time  float64 // seconds for the expected output; negative: not known
	at    int64   // of the newest figure
}

// Choose ranks all options, the best first and those that are out last. Among options that
// are about as good as the best one, a sticky key other than 0 leads to the same in each
// process. It may put a model first to measure it, and counts that.
//
// An option is healthy too where a target is due for its probe: if no router asked, such
// a model would never come back. Its other callers learn by Trip.Next that it is out.
func (b *Board) Choose(policy Policy, options []Option, sticky uint64) []Ranked {
	return b.rank(policy, options, sticky, true)
}

// Preview ranks as Choose would now, but takes nothing, and leaves out the few requests
// that measure again.
func (b *Board) Preview(policy Policy, options []Option, sticky uint64) []Ranked {
	return b.rank(policy, options, sticky, false)
}

func (b *Board) rank(policy Policy, options []Option, sticky uint64, take bool) []Ranked {
	now := b.clock()
	list := make([]candidate, len(options))
	for i := range options {
		list[i] = b.candidate(&options[i], now)
		list[i].Index = i
	}
	near := score(policy, list)
	slices.SortStableFunc(list, func(a, b candidate) int {
		return cmp.Or(-compareBool(a.Healthy, b.Healthy), -compareBool(a.known, b.known), cmp.Compare(a.Score, b.Score))
	})
	if sticky != 0 && near > 0 {
		stick(list, sticky, near)
	}
	if policy == Fastest || policy == Balanced {
		b.explore(policy, list, now, take)
	}
	out := make([]Ranked, len(list))
	for i := range list {
		out[i] = list[i].Ranked
	}
	return out
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// candidate gathers what is known of the option.
func (b *Board) candidate(o *Option, now int64) candidate {
	p := b.planOf(o.Model, o.Targets)
	b.touch(p.group, now)
	c := candidate{group: p.group, cost: float64(o.Cost), time: -1, Ranked: Ranked{NotCounted: noTargets}}
	var f figures
	for _, r := range p.tiers {
		if c.look(r, now, &f); c.Healthy {
			break
		}
	}
	c.FirstByte, c.PerSecond, c.at = seconds(f.firstByte.mean()), f.perSecond.mean(), f.at
	if c.FirstByte <= 0 {
		return c
	}
	c.group.explore.measured()
	c.time = c.FirstByte.Seconds()
	if c.PerSecond > 0 {
		output := o.Output
		if output <= 0 {
			output = usualOutput
		}
		c.time += float64(output) / c.PerSecond
	}
	return c
}

// figures sum up averages over targets, each by its weight.
type figures struct {
	firstByte, perSecond weighted
	at                   int64
}

type weighted struct{ sum, weight float64 }

func (w *weighted) add(value, weight float64) {
	if value > 0 {
		w.sum, w.weight = w.sum+value*weight, w.weight+weight
	}
}

func (w *weighted) mean() float64 {
	if w.weight == 0 {
		return 0
	}
	return w.sum / w.weight
}

// look reads a tier: its usable targets, or all where none is.
func (c *candidate) look(r *tier, now int64, all *figures) {
	var usable figures
	for i := range r.members {
		m := &r.members[i]
		if m.target.look(now) != out {
			c.Healthy = true
			m.read(now, &usable)
		} else if !m.target.hope(now).busy {
			c.NotCounted = allOpen
		} else if c.NotCounted != allOpen {
			c.NotCounted = allBusy
		}
		m.read(now, all)
	}
	if c.Healthy {
		*all, c.NotCounted = usable, ""
	}
}

func (m *member) read(now int64, f *figures) {
	x := m.target
	x.mu.Lock()
	defer x.mu.Unlock()
	f.firstByte.add(x.firstByte.read(now), float64(m.weight))
	f.perSecond.add(x.perSecond.read(now), float64(m.weight))
	f.at = max(f.at, x.firstByte.at)
}

// score fills in the scores, and returns by how much one may be above the best and still
// be as good; 0: nothing is as good as the first.
func score(policy Policy, list []candidate) (near float64) {
	switch policy {
	case Cheapest:
		scoreBy(list, costUnknown, func(c *candidate) float64 { return c.cost })
		return nearCost
	case Fastest:
		scoreBy(list, notMeasured, func(c *candidate) float64 { return c.time })
		return nearScore
	case Balanced:
		scoreBalanced(list)
		return nearScore
	}
	for i := range list {
		list[i].Score, list[i].known = float64(i), true
	}
	return 0
}

// scoreBy takes one figure as the score. Options without it get the worst, so that scores
// stay finite, and stand behind those that have it.
func scoreBy(list []candidate, unknown string, figure func(*candidate) float64) {
	worst := 0.0
	for i := range list {
		c := &list[i]
		c.Score = figure(c)
		c.known = c.Score >= 0
		worst = max(worst, c.Score)
	}
	for i := range list {
		if c := &list[i]; !c.known {
			c.Score = worst
			c.NotCounted = cmp.Or(c.NotCounted, unknown)
		}
	}
}

// scoreBalanced adds the cost as a multiple of the cheapest and the time as one of the
// fastest. What is not known counts as the median of what is.
func scoreBalanced(list []candidate) {
	cost := multiples(list, func(c *candidate) float64 { return c.cost })
	time := multiples(list, func(c *candidate) float64 { return c.time })
	for i := range list {
		list[i].Score, list[i].known = cost[i]+time[i], true
	}
}

// multiples are the figures over the least one of a healthy option. What costs nothing
// counts 0, and the least is the least above it then.
func multiples(list []candidate, figure func(*candidate) float64) []float64 {
	least := 0.0
	for i := range list {
		if f := figure(&list[i]); f > 0 && list[i].Healthy && (least == 0 || f < least) {
			least = f
		}
	}
	if least == 0 {
		least = 1
	}
	out := make([]float64, len(list))
	var known []float64
	for i := range list {
		if out[i] = figure(&list[i]) / least; out[i] >= 0 {
			known = append(known, out[i])
		}
	}
	middle := median(known)
	for i := range out {
		if out[i] < 0 {
			out[i] = middle
		}
	}
	return out
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return 1
	}
	slices.Sort(list)
	half := len(list) / 2
	if len(list)%2 == 1 {
		return list[half]
	}
	return (list[half-1] + list[half]) / 2
}

// stick orders the options that are about as good as the best by the key's affinity, so
// that the second one is where the key goes when the first is out.
func stick(list []candidate, sticky uint64, near float64) {
	n := 0
	for n < len(list) && list[n].Healthy && list[n].known == list[0].known && list[n].Score <= list[0].Score*near {
		n++
	}
	if n < 2 {
		return
	}
	slices.SortStableFunc(list[:n], func(a, b candidate) int {
		return cmp.Compare(affinity(sticky, b.group.hash, 1), affinity(sticky, a.group.hash, 1))
	})
	list[0].Preferred = true
}

// explore puts an option first that is to be measured, if there is one.
func (b *Board) explore(policy Policy, list []candidate, now int64, take bool) {
	if len(list) < 2 || !list[1].Healthy { // there is no choice
		return
	}
	found := -1
	if policy == Fastest {
		found = slices.IndexFunc(list, func(c candidate) bool {
			return c.Healthy && c.time < 0 && c.group.explore.due(now, take)
		})
	}
	if found < 0 && take {
		found = b.stale(policy, list, now)
	}
	if found < 0 {
		return
	}
	c := list[found]
	c.Exploring, c.NotCounted = true, ""
	copy(list[1:found+1], list[:found])
	list[0] = c
}

// stale is the option whose figures are oldest, for a few requests; -1: for the others.
// Balanced takes what is not measured at its word of the median, and would never find out
// otherwise.
func (b *Board) stale(policy Policy, list []candidate, now int64) int {
	found := -1
	for i := 1; i < len(list) && list[i].Healthy; i++ {
		c := &list[i]
		if c.time < 0 && policy != Balanced || c.time >= 0 && now-c.at < int64(staleAfter) {
			continue
		}
		if found < 0 || age(c, now) > age(&list[found], now) {
			found = i
		}
	}
	if found < 0 || b.random() >= measureShare {
		return -1
	}
	return found
}

func age(c *candidate, now int64) int64 {
	if c.time < 0 {
		return int64(unknownAfter)
	}
	return now - c.at
}
