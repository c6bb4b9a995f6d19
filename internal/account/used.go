package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"skytower/internal/store"
)

const (
	// usedStep is how exact the time of a key's last use is in memory.
	usedStep = time.Minute
	// flushEvery is how often it is written.
	flushEvery = 3 * time.Minute
	// flushTimeout bounds one writing.
	flushTimeout = 10 * time.Second
	// maxUsedBatch are the keys of one statement.
	maxUsedBatch = 1000
)

// use is the part of a key's entry that notes its last use.
type use struct {
	used   atomic.Int64 // microseconds since 1970, to usedStep
	queued atomic.Bool  // in the list of usedKeys
	next   *keyEntry    // of that list; belongs to who set queued
}

// usedKeys is the list of keys whose last use is to be written. It is made of the entries
// themselves, so that a request takes no lock, allocates nothing and, but once in
// usedStep a key, writes nothing.
type usedKeys struct{ head atomic.Pointer[keyEntry] }

func (u *usedKeys) note(e *keyEntry, now int64) {
	last := e.used.Load()
	if now-last < usedStep.Microseconds() || !e.used.CompareAndSwap(last, now) {
		return
	}
	u.push(e)
}

func (u *usedKeys) push(e *keyEntry) {
	if !e.queued.CompareAndSwap(false, true) {
		return
	}
	for {
		head := u.head.Load()
		e.next = head
		if u.head.CompareAndSwap(head, e) {
			return
		}
	}
}

// take empties the list into at most limit pairs of id and time, one a key, and puts the
// rest back.
func (u *usedKeys) take(limit int) map[string]int64 {
	times := map[string]int64{}
	for e := u.head.Swap(nil); e != nil; {
		next := e.next // before others may queue it again
		e.next = nil
		e.queued.Store(false)
		if id := e.principal.Key; len(times) < limit || times[id] != 0 {
			times[id] = max(times[id], e.used.Load())
		} else {
			u.push(e)
		}
		e = next
	}
	return times
}

// FlushUsed writes when keys were used last, in batches. What could not be written is
// lost until the next use: it is for people, to a few minutes.
func (ix *Index) FlushUsed(ctx context.Context) error {
	for {
		times := ix.used.take(maxUsedBatch)
		if len(times) == 0 {
			return nil
		}
		if err := writeUsed(ctx, ix.db, times); err != nil {
			return fmt.Errorf("write when %d keys were used: %w", len(times), err)
		}
		if len(times) < maxUsedBatch {
			return nil
		}
	}
}

// writeUsed is one statement. Several processes write the same keys: the latest counts.
func writeUsed(ctx context.Context, db *store.DB, times map[string]int64) error {
	pairs := make([][2]any, 0, len(times))
	for id, at := range times {
		pairs = append(pairs, [2]any{id, at})
	}
	text, err := json.Marshal(pairs)
	if err != nil {
		return err
	}
	return db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `update api_key set last_used_at = u.at from (`+tx.Dialect().Pick(
			`select json_extract(value, '$[0]') as id, json_extract(value, '$[1]') as at from json_each($1)`,
			`select value->>0 as id, (value->>1)::bigint as at from json_array_elements($1::json)`)+
			`) u where api_key.id = u.id and api_key.last_used_at < u.at`, string(text))
		return err
	})
}

// usedWriter runs FlushUsed now and then.
type usedWriter struct {
	mu   sync.Mutex
	stop context.CancelFunc // nil: not running
	done chan struct{}
}

// Start begins to write in the background when keys were used. A second call does nothing.
func (ix *Index) Start() {
	w := &ix.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	w.stop, w.done = stop, make(chan struct{})
	go ix.flushNowAndThen(ctx, w.done)
}

func (ix *Index) flushNowAndThen(ctx context.Context, done chan struct{}) {
	defer close(done)
	again := time.NewTicker(flushEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			bounded, cancel := context.WithTimeout(ctx, flushTimeout)
			// A database that is away is told by others; the uses come again.
			_ = ix.FlushUsed(bounded)
			cancel()
		}
	}
}

// Stop ends the background writing and writes what is left. It may be called twice, and
// without Start.
func (ix *Index) Stop(ctx context.Context) error {
	w := &ix.writer
	w.mu.Lock()
	stop, done := w.stop, w.done
	w.stop = nil
	w.mu.Unlock()
	if stop != nil {
		stop()
		select {
		case <-done:
		case <-ctx.Done():
			return errors.Join(errStillWriting, ctx.Err())
		}
	}
	return ix.FlushUsed(ctx)
}

var errStillWriting = errors.New("the last uses of keys are still being written")
