package response

import (
	"context"
	"sync"

	"skytower/internal/store"
)

// hub wakes those who listen to responses.
type hub struct {
	mu       sync.Mutex
	watchers map[key]map[chan struct{}]struct{}
}

// Changed gives a channel that holds a value when a response has told something or
// ended, in any process, or is gone. Read the response after the call, not before. stop
// gives it back.
func (s *Store) Changed(account, id string) (changed <-chan struct{}, stop func()) {
	k, c, h := key{account, id}, make(chan struct{}, 1), &s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers == nil {
		h.watchers = map[key]map[chan struct{}]struct{}{}
	}
	if h.watchers[k] == nil {
		h.watchers[k] = map[chan struct{}]struct{}{}
	}
	h.watchers[k][c] = struct{}{}
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if delete(h.watchers[k], c); len(h.watchers[k]) == 0 {
			delete(h.watchers, k)
		}
	}
}

// wake tells the watchers of a response; after the commit. One value says it all.
func (h *hub) wake(k key) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ring(h.watchers[k])
}

func (h *hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, watchers := range h.watchers {
		ring(watchers)
	}
}

func ring(watchers map[chan struct{}]struct{}) {
	for c := range watchers {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Watch hears of what other processes do. Call it before the feed starts.
func (s *Store) Watch(feed *store.Feed) {
	feed.Subscribe(FeedKind, func(_ context.Context, refs []string) error {
		if refs == nil {
			s.hub.wakeAll()
		}
		for _, ref := range refs {
			s.hub.wake(keyOf(ref))
		}
		return nil
	})
	feed.Subscribe(stopKind, func(ctx context.Context, refs []string) error {
		if refs == nil {
			return s.Beat(ctx) // which finds out
		}
		ends := make(map[key]bool, len(refs))
		for _, ref := range refs {
			ends[keyOf(ref)] = true
		}
		s.runs.end(ends)
		return nil
	})
}

// publish tells all processes that a response has changed; this one's watchers at once.
func (s *Store) publish(ctx context.Context, tx *store.Tx, k key) error {
	tx.AfterCommit(func() { s.hub.wake(k) })
	return tx.Publish(ctx, FeedKind, k.ref())
}

// publishStop tells the runner of a response to end it, in whatever process it is.
func (s *Store) publishStop(ctx context.Context, tx *store.Tx, k key) error {
	tx.AfterCommit(func() { s.runs.end(map[key]bool{k: true}) })
	return tx.Publish(ctx, stopKind, k.ref())
}
