package llama

import (
	"context"
	"slices"
	"sync"
	"time"

	"skytower/internal/provider"
)

// queue hands out places in the order of arrival, to a bounded number of waiting calls.
type queue struct {
	mu      sync.Mutex
	free    int
	most    int // waiting
	waiting []chan struct{}
}

func newQueue(places, most int) *queue { return &queue{free: places, most: most} }

// fullRetry is when a call that found no room to wait may come back.
const fullRetry = 2 * time.Second

// enter waits for a place, until ctx ends. leave gives it back, and is called once.
func (q *queue) enter(ctx context.Context) (leave func(), err error) {
	q.mu.Lock()
	if q.free > 0 {
		q.free--
		q.mu.Unlock()
		return q.leave, nil
	}
	if len(q.waiting) >= q.most {
		q.mu.Unlock()
		return nil, &provider.Error{Class: provider.Busy, RetryAfter: fullRetry}
	}
	mine := make(chan struct{})
	q.waiting = append(q.waiting, mine)
	q.mu.Unlock()
	select {
	case <-mine:
		return q.leave, nil
	case <-ctx.Done():
		q.giveUp(mine)
		return nil, &provider.Error{Class: provider.Cancelled, Err: context.Cause(ctx)}
	}
}

// leave hands the place to the next in line.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.free++
		return
	}
	next := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	close(next)
}

// giveUp ends a wait. A place that came at the same moment goes on to the next.
func (q *queue) giveUp(mine chan struct{}) {
	q.mu.Lock()
	at := slices.Index(q.waiting, mine)
	if at >= 0 {
		q.waiting = slices.Delete(q.waiting, at, at+1)
	}
	q.mu.Unlock()
	if at < 0 {
		q.leave()
	}
}

// waits is how many calls wait.
func (q *queue) waits() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}
