package limit

import (
	"context"
	"maps"
	"time"
)

// Memory is the engine of one process: it counts what this process lets through.
type Memory struct {
	now    func() time.Time
	scopes *shards[usage]
}

// usage is one scope's.
type usage struct {
	windows [windows]*window
	slots   map[string]int64 // until when, in milliseconds, by call
	next    int64            // no slot ends before
}

// NewMemory returns an empty engine; now nil is time.Now.
func NewMemory(now func() time.Time) *Memory {
	if now == nil {
		now = time.Now
	}
	return &Memory{now: now, scopes: newShards[usage]()}
}

// Take implements Engine.
func (m *Memory) Take(_ context.Context, c *Call) (Outcome, error) {
	now := m.now().UnixMilli()
	sec := now / millis
	shard := m.scopes.of(c.Draws[0].Scope.Account)
	shard.Lock()
	defer shard.Unlock()
	o := Outcome{Allowed: true, At: Moment{Engine: sec, Own: sec}}
	var found [maxDraws]*usage
	for i := range c.Draws {
		found[i] = shard.entry(c.Draws[i].Scope)
		if !found[i].look(now, c, i, &o) {
			o.Allowed = false
		}
	}
	if o.Allowed {
		for i := range c.Draws {
			found[i].draw(now, c, i, &o)
		}
	}
	shard.sweep(now, func(u *usage) bool { return u.idle(now) })
	return o, nil
}

// look writes what is left of each dimension, and how long to wait where the call does
// not fit.
func (u *usage) look(now int64, c *Call, i int, o *Outcome) bool {
	fits := true
	o.Left[i] = noNumbers()
	for dim, limit := range c.Draws[i].Limits[:windows] {
		if limit < 0 {
			continue
		}
		w := u.window(dim)
		w.advance(now / millis)
		o.Left[i][dim] = limit - w.sum
		if c.counts(i, dim) {
			o.Wait[i][dim] = w.wait(now, limit, c.Costs[dim])
			fits = fits && o.Wait[i][dim] == 0
		}
	}
	if c.holds(i) {
		u.expire(now)
		o.Left[i][calls] = c.Draws[i].Limits[calls] - int64(len(u.slots))
		if o.Left[i][calls] < 1 {
			o.Wait[i][calls], fits = slotPause.Milliseconds(), false
		}
	}
	return fits
}

func (u *usage) draw(now int64, c *Call, i int, o *Outcome) {
	for dim := range windows {
		if c.counts(i, dim) {
			u.windows[dim].add(now/millis, c.Costs[dim])
			o.Left[i][dim] -= c.Costs[dim]
		}
	}
	if c.holds(i) {
		u.hold(c.ID, now)
		o.Left[i][calls]--
	}
}

func (u *usage) window(dim int) *window {
	if u.windows[dim] == nil {
		u.windows[dim] = new(window)
	}
	return u.windows[dim]
}

func (u *usage) hold(call string, now int64) {
	until := now + slotLifetime.Milliseconds()
	if u.slots == nil {
		u.slots = map[string]int64{}
	}
	if len(u.slots) == 0 {
		u.next = until
	}
	u.slots[call], u.next = until, min(u.next, until)
}

// expire frees the slots whose time is over.
func (u *usage) expire(now int64) {
	if len(u.slots) == 0 || now < u.next {
		return
	}
	u.next = now + slotLifetime.Milliseconds()
	maps.DeleteFunc(u.slots, func(_ string, until int64) bool {
		over := until <= now
		if !over {
			u.next = min(u.next, until)
		}
		return over
	})
}

func (u *usage) idle(now int64) bool {
	for _, w := range u.windows {
		if w != nil && w.last > now/millis-cellCount && w.sum > 0 {
			return false
		}
	}
	u.expire(now)
	return len(u.slots) == 0
}

// Settle implements Engine.
func (m *Memory) Settle(_ context.Context, c *Call, at Moment, more Numbers) error {
	now := m.now().UnixMilli()
	shard := m.scopes.of(c.Draws[0].Scope.Account)
	shard.Lock()
	defer shard.Unlock()
	for i := range c.Draws {
		u := shard.entries[c.Draws[i].Scope]
		if u == nil {
			u = shard.entry(c.Draws[i].Scope) // more may have been used than was thought
		}
		for dim, n := range more[:windows] {
			if n != 0 && c.Draws[i].Limits[dim] >= 0 {
				w := u.window(dim)
				w.advance(now / millis)
				w.add(at.Engine, n)
			}
		}
		delete(u.slots, c.ID)
	}
	return nil
}

// Renew implements Engine.
func (m *Memory) Renew(_ context.Context, open []*Call) error {
	now := m.now().UnixMilli()
	for _, c := range open {
		m.renew(now, c)
	}
	return nil
}

func (m *Memory) renew(now int64, c *Call) {
	shard := m.scopes.of(c.Draws[0].Scope.Account)
	shard.Lock()
	defer shard.Unlock()
	for i := range c.Draws {
		u := shard.entries[c.Draws[i].Scope]
		if u == nil {
			continue
		}
		u.expire(now)
		if _, held := u.slots[c.ID]; held {
			u.hold(c.ID, now)
		}
	}
}

// Tick implements Engine: it drops what is idle.
func (m *Memory) Tick(context.Context) error {
	now := m.now().UnixMilli()
	m.scopes.sweep(now, func(u *usage) bool { return u.idle(now) })
	return nil
}

// Close implements Engine.
func (m *Memory) Close(context.Context) error { return nil }
