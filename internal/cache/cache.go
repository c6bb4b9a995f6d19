// Package cache keeps answers for equal requests of one account, for a time, in bounded
// memory or in Redis.
//
// It knows keys and bytes, no request and no price. Its one invariant: an answer is found
// only by the whole key that it was kept under.
package cache

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"time"

	"skytower/internal/secret"
)

// Key names an answer.
type Key struct {
	Account string            // whose it is
	Model   string            // slug of the model that gave it: answers are forgotten by it
	Digest  [sha256.Size]byte // of the whole request, keyed
}

// Answer is what is kept: bytes that must not be changed, since when, and until when.
type Answer struct {
	Body        []byte
	Kept, Until time.Time // to the microsecond
}

// Found is what a look for an answer brought. A nil Body: there is none.
type Found struct {
	Answer
	Since Mark // for keeping what is made in its place
}

// Mark is a point in the order of lookings and forgettings: an answer that began before
// everything was forgotten is not kept after it.
type Mark struct {
	memory uint64
	shared string // "" is not known
}

// State is what this process holds.
type State struct {
	Answers     int
	Bytes, Size int64 // Size: the most
}

// MostBytes bounds one answer.
const MostBytes = 1 << 20

const (
	// lookAgain is how long an answer in memory counts where others could have replaced it
	// in Redis (a refresh at another process).
	lookAgain = 5 * time.Second
	// writers is how many answers are written to Redis at the same time; further ones stay
	// in memory alone.
	writers = 16
)

// Options are what a Cache is made from.
type Options struct {
	Size   int64            // bytes of memory, and this process' part of Redis
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: nothing is logged
	Redis  string           // redis://USER:PASSWORD@HOST:6379/0; "": memory alone
	Sealer *secret.Sealer   // of the use secret.KeptAnswers; with Redis
	// Patience is how long a call waits for Redis; 0: 100 ms.
	Patience time.Duration
}

// Cache is memory, with a Redis behind it that several processes share, or without. It is
// safe for concurrent use.
type Cache struct {
	memory *Memory
	redis  *Redis // nil: none
	now    func() time.Time
	slots  chan struct{} // one for each write to Redis that is under way
}

// New returns a cache that has not spoken to Redis yet. The error is about its address.
func New(o Options) (*Cache, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Cache{memory: NewMemory(o.Size, o.Now), now: o.Now, slots: make(chan struct{}, writers)}
	if o.Redis == "" {
		return c, nil
	}
	if o.Sealer == nil {
		return nil, errors.New("answers in Redis need a sealer")
	}
	var err error
	c.redis, err = NewRedis(o)
	return c, err
}

// Start makes the connection to Redis. One that is away is told in the log and tried again
// when answers are looked for.
func (c *Cache) Start() {
	if c.redis != nil {
		c.redis.Start()
	}
}

// Find looks for an answer, in memory first. A Redis that is away has none.
func (c *Cache) Find(ctx context.Context, k Key) Found {
	own, looked := c.memory.find(k)
	if c.redis == nil || own.Body != nil && own.Since.shared != "" && c.now().Sub(looked) < lookAgain {
		return own
	}
	there := c.redis.Find(ctx, k)
	there.Since.memory = own.Since.memory
	if there.Body != nil && (own.Body == nil || !there.Kept.Before(own.Kept)) {
		c.memory.Keep(ctx, k, there.Answer, there.Since)
		return there
	}
	if own.Body != nil && there.Since.shared != "" {
		c.memory.looked(k, there.Since.shared)
	}
	own.Since.shared = there.Since.shared
	return own
}

// Keep keeps an answer in place of what stands under the key. Since is of the look before
// it was made: where anything was forgotten since, it is not kept. Redis is told meanwhile:
// nobody waits for it.
func (c *Cache) Keep(ctx context.Context, k Key, a Answer, since Mark) {
	c.memory.Keep(ctx, k, a, since)
	if c.redis == nil || since.shared == "" || !c.memory.stands(since) {
		return
	}
	select {
	case c.slots <- struct{}{}:
	default:
		return
	}
	go func() { // Close waits for it
		defer func() { <-c.slots }()
		c.redis.Keep(context.WithoutCancel(ctx), k, a, since)
	}()
}

// State is what this process holds in memory.
func (c *Cache) State() State { return c.memory.State() }

// Close waits for what is being written, and ends the connection.
func (c *Cache) Close() {
	for range writers {
		c.slots <- struct{}{}
	}
	if c.redis != nil {
		c.redis.Close()
	}
}
