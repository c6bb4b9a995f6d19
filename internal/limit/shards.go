package limit

import (
	"hash/maphash"
	"sync"
)

const (
	shardCount = 256
	// sweepEvery is how many milliseconds lie between two looks for idle entries of a
	// shard. Each of them walks a 256th of all.
	sweepEvery = 10 * millis
)

// shards are entries by scope. All scopes of an account are in one shard, so that one
// lock, which few others want, makes a take of several scopes whole.
type shards[E any] struct {
	seed maphash.Seed
	list [shardCount]shard[E]
}

type shard[E any] struct {
	sync.Mutex
	entries map[Scope]*E
	swept   int64 // milliseconds
}

func newShards[E any]() *shards[E] {
	s := &shards[E]{seed: maphash.MakeSeed()}
	for i := range s.list {
		s.list[i].entries = map[Scope]*E{}
	}
	return s
}

func (s *shards[E]) of(account string) *shard[E] {
	return &s.list[maphash.String(s.seed, account)%shardCount]
}

// entry finds a scope's entry, or makes it. The caller holds the lock.
func (s *shard[E]) entry(scope Scope) *E {
	e := s.entries[scope]
	if e == nil {
		e = new(E)
		s.entries[scope] = e
	}
	return e
}

// sweep drops what is idle, if it is time to look: memory is bounded by what was used
// in the last minute or so. The caller holds the lock.
func (s *shard[E]) sweep(now int64, idle func(e *E) bool) {
	if now-s.swept < sweepEvery && now >= s.swept {
		return
	}
	s.swept = now
	for scope, e := range s.entries {
		if idle(e) {
			delete(s.entries, scope)
		}
	}
}

// each visits the entries of all shards, under their locks.
func (s *shards[E]) each(visit func(Scope, *E)) {
	for i := range s.list {
		shard := &s.list[i]
		shard.Lock()
		for scope, e := range shard.entries {
			visit(scope, e)
		}
		shard.Unlock()
	}
}

// sweep looks through all shards.
func (s *shards[E]) sweep(now int64, idle func(e *E) bool) {
	for i := range s.list {
		shard := &s.list[i]
		shard.Lock()
		shard.sweep(now, idle)
		shard.Unlock()
	}
}
