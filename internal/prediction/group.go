package prediction

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
)

// maxTogether bounds what is written in one transaction.
const maxTogether = 64

// group lets callers write together. Who comes while nobody writes does so at once, and
// who comes meanwhile waits for the next batch, which one of them writes. There is no
// timer, so that a lone caller waits for nothing, and no goroutine of the group's own:
// whoever waits for the callers has waited for the group.
type group[T interface{ key() string }] struct {
	mu      sync.Mutex
	busy    bool
	waiting []*member[T]
}

// inOrder sorts a batch as its rows are locked.
func inOrder[T interface{ key() string }](batch []T) []T {
	return slices.SortedFunc(slices.Values(batch), func(a, b T) int { return cmp.Compare(a.key(), b.key()) })
}

type member[T any] struct {
	item T
	lead chan bool // true: write the next batch; false: it is written
}

// do returns when the item was written. Where this caller did that, batch is what it
// wrote; it has handed on the lead by then.
func (g *group[T]) do(item T, write func(batch []T)) (batch []T) {
	m := &member[T]{item: item, lead: make(chan bool, 1)}
	if !g.first(m) && !<-m.lead {
		return nil
	}
	// Callers that are ready come in first: a fuller batch for no wait, since on an idle
	// machine there is nobody to yield to.
	runtime.Gosched()
	members := g.take(m)
	for _, m := range members {
		batch = append(batch, m.item)
	}
	defer g.done(members, m) // after a panic too
	write(batch)
	return batch
}

// first reports whether m is to write; otherwise it waits now.
func (g *group[T]) first(m *member[T]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.busy {
		g.busy = true
		return true
	}
	g.waiting = append(g.waiting, m)
	return false
}

// take makes a batch of m and of those that wait, of which no two have the same key.
func (g *group[T]) take(m *member[T]) []*member[T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	taken := []*member[T]{m}
	keys := map[string]bool{m.item.key(): true}
	g.waiting = slices.DeleteFunc(g.waiting, func(m *member[T]) bool {
		key := m.item.key()
		if len(taken) == maxTogether || keys[key] {
			return false
		}
		keys[key] = true
		taken = append(taken, m)
		return true
	})
	return taken
}

// done gives the lead to the one that waits longest, and tells the members.
func (g *group[T]) done(members []*member[T], leader *member[T]) {
	g.mu.Lock()
	if len(g.waiting) > 0 {
		g.waiting[0].lead <- true
		g.waiting = slices.Delete(g.waiting, 0, 1)
	} else {
		g.busy = false
	}
	g.mu.Unlock()
	for _, m := range members {
		if m != leader {
			m.lead <- false
		}
	}
}
