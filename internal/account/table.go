package account

import (
	"maps"
	"sync/atomic"
)

// shardCount bounds what one change copies: with a million keys, about 250 map
// entries.
const shardCount = 4096

// digest is the SHA-256 of a raw key.
//
// Looking it up in a map takes a time that depends on the digest. That gives a
// guesser nothing: keys carry 256 random bits, so there is no way to steer a digest
// towards a stored one, and knowing part of a digest does not give the key.
type digest = [32]byte

// table maps digests to entries. Readers take no lock and allocate nothing: each
// shard is an immutable map that a writer replaces. Writers must exclude each other.
type table[T any] struct {
	shards [shardCount]atomic.Pointer[map[digest]*T]
}

func shardOf(d digest) int { return (int(d[0])<<8 | int(d[1])) % shardCount }

func (t *table[T]) get(d digest) *T {
	m := t.shards[shardOf(d)].Load()
	if m == nil {
		return nil
	}
	return (*m)[d]
}

// set replaces the entry of one digest; nil removes it.
func (t *table[T]) set(d digest, e *T) {
	shard := &t.shards[shardOf(d)]
	var old map[digest]*T
	if m := shard.Load(); m != nil {
		old = *m
	}
	next := maps.Clone(old)
	if next == nil {
		next = map[digest]*T{}
	}
	if next[d] = e; e == nil {
		delete(next, d)
	}
	shard.Store(&next)
}

// replace puts all in place of everything that the table holds.
func (t *table[T]) replace(all map[digest]*T) {
	var parts [shardCount]map[digest]*T
	for d, e := range all {
		i := shardOf(d)
		if parts[i] == nil {
			parts[i] = make(map[digest]*T, len(all)/shardCount+1)
		}
		parts[i][d] = e
	}
	for i, part := range parts {
		t.shards[i].Store(&part)
	}
}

// find returns the digest of the first entry that match accepts. It walks the whole
// table: for rare cases only.
func (t *table[T]) find(match func(*T) bool) (digest, bool) {
	for i := range t.shards {
		m := t.shards[i].Load()
		if m == nil {
			continue
		}
		for d, e := range *m {
			if match(e) {
				return d, true
			}
		}
	}
	return digest{}, false
}
