package inference

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"skytower/internal/cache"
	"skytower/internal/provider"
)

// followPatience is how long a request waits for an answer to an equal one that is being made:
// less than the minute of silence after which proxies give a call up.
const followPatience = 45 * time.Second

// flights are the answers that are being made in this process, and that equal requests may
// wait for. The first of several leads; the others follow.
type flights struct {
	landings atomic.Uint64 // how many have ended

	mu     sync.Mutex
	air    map[cache.Key]chan struct{} // closed when the answer is kept, or will not be
	joined func()                      // hears of each who follows, in tests; nil: nobody
}

// join makes the caller the one who makes the answer, or gives him what is closed when
// another one has.
func (f *flights) join(k cache.Key) (over <-chan struct{}, leads bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if over, ok := f.air[k]; ok {
		if f.joined != nil {
			f.joined()
		}
		return over, false
	}
	if f.air == nil {
		f.air = map[cache.Key]chan struct{}{}
	}
	f.air[k] = make(chan struct{})
	return nil, true
}

// land ends a flight: whoever follows looks for the answer again.
func (f *flights) land(k cache.Key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.landings.Add(1)
	close(f.air[k])
	delete(f.air, k)
}

// look looks for the answer. Where it is not there and an equal request is making it, this
// one waits for that, and looks again: once, so that nobody waits for one failure after
// another. The error is that the call ended meanwhile.
func (r *run) look(ctx context.Context) (cache.Found, error) {
	recall, key := r.svc.Recall, r.tape.key
	landings := recall.flights.landings.Load()
	found := recall.Answers.Find(ctx, key)
	if r.fits(found) || r.req.Cache.Mode == CacheRefresh {
		return found, nil
	}
	over, leads := recall.flights.join(key)
	if leads {
		r.tape.leads = true
		if recall.flights.landings.Load() == landings {
			return found, nil
		}
		return recall.Answers.Find(ctx, key), nil // it may have come between look and join
	}
	if err := recall.await(ctx, over); err != nil {
		return found, err
	}
	return recall.Answers.Find(ctx, key), nil
}

// await waits until an answer is made, or for as long as equal requests wait.
func (recall *Recall) await(ctx context.Context, over <-chan struct{}) error {
	bound := recall.Patience
	if bound <= 0 {
		bound = followPatience
	}
	timer := time.NewTimer(bound)
	defer timer.Stop()
	select {
	case <-over:
	case <-timer.C:
	case <-ctx.Done():
		if told, cut := cutBy(ctx); cut {
			return told
		}
		return &provider.Error{Class: provider.Cancelled, Err: ctx.Err()}
	}
	return nil
}

// fits reports whether what was found may be given: it is there, and not older than the
// request wants it.
func (r *run) fits(found cache.Found) bool {
	wish := r.req.Cache
	return found.Body != nil && wish.Mode != CacheRefresh && (wish.TTL == 0 || r.age(found) < wish.TTL)
}

// age is how long an answer has been kept.
func (r *run) age(found cache.Found) time.Duration {
	return max(r.svc.Now().Sub(found.Kept), 0)
}

// land lets those who follow this request go on: its answer is kept by now, or will not be.
func (r *run) land() {
	if r.tape != nil && r.tape.leads {
		r.tape.leads = false
		r.svc.Recall.flights.land(r.tape.key)
	}
}
