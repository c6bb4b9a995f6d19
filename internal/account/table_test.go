package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func sum(i int) digest { return sha256.Sum256([]byte{byte(i), byte(i >> 8), byte(i >> 16)}) }

// A table behaves as a map does, whatever is done to it.
func TestTableIsAMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var table table[int]
		model := map[digest]*int{}
		key := rapid.Custom(func(t *rapid.T) digest { // few shards, so that entries meet
			return digest{0, byte(rapid.IntRange(0, 2).Draw(t, "shard")), byte(rapid.IntRange(0, 5).Draw(t, "key"))}
		})
		value := rapid.Custom(func(t *rapid.T) *int { n := rapid.Int().Draw(t, "n"); return &n })
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				d, v := key.Draw(t, "d"), value.Draw(t, "v")
				table.set(d, v)
				model[d] = v
			},
			"remove": func(t *rapid.T) {
				d := key.Draw(t, "d")
				table.set(d, nil)
				delete(model, d)
			},
			"replace": func(t *rapid.T) {
				all := rapid.MapOf(key, value).Draw(t, "all")
				table.replace(all)
				model = map[digest]*int{}
				for d, v := range all {
					model[d] = v
				}
			},
			"": func(t *rapid.T) {
				d := key.Draw(t, "d")
				if table.get(d) != model[d] {
					t.Fatalf("get %x: %v, want %v", d[:3], table.get(d), model[d])
				}
				found, ok := table.find(func(v *int) bool { return v == model[d] })
				if ok != (model[d] != nil) || ok && found != d {
					t.Fatalf("find %x: %x, %v", d[:3], found[:3], ok)
				}
			},
		})
	})
}

func TestAskerAsksOncePerKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		answer := make(chan struct{})
		a := newAsker(func(context.Context, digest) (*int, error) {
			asked.Add(1)
			<-answer
			return new(int), nil
		})
		leaving, leave := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for i := range 50 {
			ctx := t.Context()
			if i == 0 {
				ctx = leaving
			}
			group.Go(func() {
				if e, err := a.ask(ctx, sum(1), time.Now()); err != nil || e == nil {
					t.Errorf("ask: %v, %v", e, err)
				}
			})
		}
		synctest.Wait()
		leave() // whoever asked first may go; the others still get the answer
		close(answer)
		group.Wait()
		if n := asked.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestAskerBoundsItsQuestions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var open, most atomic.Int32
		a := newAsker(func(ctx context.Context, _ digest) (*int, error) {
			most.Store(max(most.Load(), open.Add(1)))
			defer open.Add(-1)
			<-ctx.Done()
			return nil, ctx.Err()
		})
		var group sync.WaitGroup
		for i := range 3 * maxAsking {
			group.Go(func() {
				if e, err := a.ask(t.Context(), sum(i), time.Now()); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("ask: %v, %v; want the deadline's error", e, err)
				}
			})
		}
		group.Wait()
		if n := most.Load(); n > maxAsking {
			t.Errorf("%d questions at one time, at most %d are allowed", n, maxAsking)
		}
	})
}

func TestUnknownKeysAreForgotten(t *testing.T) {
	t.Parallel()
	now := newClock().now()
	u := unknownKeys{until: map[digest]time.Time{}}
	u.add(sum(0), now.Add(unknownFor))
	if !u.has(sum(0), now.Add(unknownFor-1)) || u.has(sum(0), now.Add(unknownFor)) || u.has(sum(1), now) {
		t.Error("an unknown key is remembered for exactly its time")
	}
	later := now.Add(time.Second)
	for i := range 3 * maxUnknown {
		u.add(sum(i+1), later.Add(unknownFor))
		if len(u.until) > maxUnknown {
			t.Fatalf("%d keys remembered", len(u.until))
		}
	}
	u = unknownKeys{until: map[digest]time.Time{}}
	for i := range maxUnknown {
		u.add(sum(i), now.Add(unknownFor+time.Duration(i)))
	}
	u.add(sum(maxUnknown), now.Add(2*unknownFor+maxUnknown/2))
	if n := len(u.until); n != maxUnknown/2 {
		t.Errorf("%d keys left, want the %d that are not over, and the new one", n, maxUnknown/2-1)
	}
}
