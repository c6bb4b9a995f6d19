package cache

import (
	"container/heap"
	"sync"
	"time"
)

// part counts what this process has in Redis, so that it is never more than its part: Redis
// itself can bound only all that it holds, limits included.
type part struct {
	most int64

	mu   sync.Mutex
	held ends
	sum  int64
}

// take counts n more bytes until a time, if there is room for them.
func (p *part) take(n int64, until, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.held) > 0 && !now.Before(p.held[0].until) {
		p.sum -= p.held[0].bytes
		heap.Pop(&p.held)
	}
	if p.sum+n > p.most {
		return false
	}
	p.sum += n
	heap.Push(&p.held, end{until, n})
	return true
}

// end is when bytes go.
type end struct {
	until time.Time
	bytes int64
}

// ends is a heap, the first to go on top.
type ends []end

func (e ends) Len() int           { return len(e) }
func (e ends) Less(i, j int) bool { return e[i].until.Before(e[j].until) }
func (e ends) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }

// Push and Pop are for package heap.
func (e *ends) Push(x any) {
	one, _ := x.(end)
	*e = append(*e, one)
}

// Pop gives the last one.
func (e *ends) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}
