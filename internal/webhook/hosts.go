package webhook

import (
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// firstGuess is how long a call of a host is taken for before any has ended.
	firstGuess = 200 * time.Millisecond
	// longestLine bounds how long a delivery is sent away for where its host is full.
	longestLine = 5 * time.Minute
)

// hosts lets so many calls of one host run at a time in this process. Who finds no place
// is told when to come back, one after the other at the pace of that host: a slow one
// keeps no worker from other hosts' deliveries, and a thousand deliveries do not come
// back all at once.
type hosts struct {
	most int
	now  func() time.Time

	mu     sync.Mutex
	byName map[string]*host
}

// host is one that is being called; it is forgotten when nothing is.
type host struct {
	busy int
	mean time.Duration // of the calls, the last ones counting most
	last time.Time     // place of the last one in line
}

// take gives a place, and free to give it back; or none, and how long to stay away.
func (h *hosts) take(name string) (free func(), wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	x := h.byName[name]
	if x == nil {
		if h.byName == nil {
			h.byName = map[string]*host{}
		}
		x = &host{mean: firstGuess}
		h.byName[name] = x
	}
	if x.busy >= h.most {
		return nil, x.queue(now, h.most)
	}
	x.busy++
	return func() { h.leave(name, x, now) }, 0
}

func (h *hosts) leave(name string, x *host, began time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	const weight = 4
	x.mean += (h.now().Sub(began) - x.mean) / weight
	if x.busy--; x.busy == 0 {
		delete(h.byName, name)
	}
}

// queue gives the next place in line.
func (x *host) queue(now time.Time, most int) time.Duration {
	pace := max(x.mean/time.Duration(most), time.Millisecond)
	if x.last.Before(now) {
		x.last = now
	}
	if wait := x.last.Add(pace).Sub(now); wait < longestLine {
		x.last = x.last.Add(pace)
		return wait
	}
	return longestLine - rand.N(longestLine/4) // past the end of the line: spread
}
