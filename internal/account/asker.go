package account

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	unknownFor  = 2 * time.Second // how long a key that the database does not know is refused from memory
	maxUnknown  = 8192            // entries of that memory
	maxAsking   = 8               // questions to the database at one time
	askDeadline = 3 * time.Second // for a place among them and the answer
)

// asker asks the database about keys that the tables do not hold. A flood of made-up
// keys costs at most maxAsking connections, and each key one question in two seconds.
type asker[T any] struct {
	find    func(context.Context, digest) (*T, error) // nil, nil: there is no such key
	flight  singleflight.Group
	places  chan struct{}
	unknown unknownKeys
}

func newAsker[T any](find func(context.Context, digest) (*T, error)) *asker[T] {
	return &asker[T]{find: find, places: make(chan struct{}, maxAsking),
		unknown: unknownKeys{until: map[digest]time.Time{}}}
}

// ask returns nil, nil for a key that does not exist.
func (a *asker[T]) ask(ctx context.Context, d digest, now time.Time) (*T, error) {
	if a.unknown.has(d, now) {
		return nil, nil
	}
	v, err, _ := a.flight.Do(string(d[:]), func() (any, error) { return a.query(ctx, d, now) })
	if err != nil {
		return nil, err
	}
	return v.(*T), nil
}

// query does not end with the caller: others wait for the same answer.
func (a *asker[T]) query(ctx context.Context, d digest, now time.Time) (*T, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askDeadline)
	defer cancel()
	select {
	case a.places <- struct{}{}:
		defer func() { <-a.places }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to look up a key: %w", ctx.Err())
	}
	e, err := a.find(ctx, d)
	if err == nil && e == nil {
		a.unknown.add(d, now.Add(unknownFor))
	}
	return e, err
}

// unknownKeys remembers digests that the database does not know.
type unknownKeys struct {
	mu    sync.Mutex
	until map[digest]time.Time
}

func (u *unknownKeys) has(d digest, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return now.Before(u.until[d])
}

// add makes room first: what is over goes, then, in a flood, everything. Forgetting
// costs a question to the database, which askers bound by themselves.
func (u *unknownKeys) add(d digest, until time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.until) >= maxUnknown {
		now := until.Add(-unknownFor)
		for k, t := range u.until {
			if !now.Before(t) {
				delete(u.until, k)
			}
		}
		if len(u.until) >= maxUnknown {
			clear(u.until)
		}
	}
	u.until[d] = until
}
