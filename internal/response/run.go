package response

import (
	"context"
	"fmt"
	"sync"
	"time"

	"skytower/internal/store"
)

const (
	beatEvery = 5 * time.Second
	// staleAfter is how old the last beat of a response is whose runner is dead.
	staleAfter = 30 * time.Second
	// noBeat is older than any beat.
	noBeat = 1
)

// runs are the responses that run in this process.
type runs struct {
	mu  sync.Mutex
	all map[*run]struct{}
}

// run is one response that a runner has, or is about to take.
type run struct {
	key
	attempt int64         // 0: not yet taken
	gone    chan struct{} // closed when it is to end
	ended   bool          // gone is closed
}

func (l *runs) add(k key) *run {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[*run]struct{}{}
	}
	r := &run{key: k, gone: make(chan struct{})}
	l.all[r] = struct{}{}
	return r
}

func (l *runs) won(r *run, attempt int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.attempt = attempt
}

func (l *runs) remove(r *run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.all, r)
}

// end tells the runners of these responses to end.
func (l *runs) end(refs map[key]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range l.all {
		if refs[r.key] && !r.ended {
			r.ended = true
			close(r.gone)
		}
	}
}

// of is the run of a response that was taken here, or nil.
func (l *runs) of(k key) *run {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range l.all {
		if r.key == k && r.attempt > 0 {
			return r
		}
	}
	return nil
}

// taken lists those whose rows say that they run here.
func (l *runs) taken() (all []named) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range l.all {
		if r.attempt > 0 {
			all = append(all, named{r.account, r.id, r.attempt})
		}
	}
	return all
}

// Cancelled gives a runner what is closed when its response is to end: a cancel was asked
// for, in any process, or it was deleted, or given up. release says that the runner has
// left; one that has not finished then is failed by Sweep. The channel of a response that
// was not claimed here is closed.
func (s *Store) Cancelled(account, id string) (gone <-chan struct{}, release func()) {
	r := s.runs.of(key{account, id})
	if r == nil {
		closed := make(chan struct{})
		close(closed)
		return closed, func() {}
	}
	return r.gone, func() { s.runs.remove(r) }
}

// keepBeating shows the life of this process's runs, until ctx is over.
func (s *Store) keepBeating(ctx context.Context) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := s.Beat(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.Warn("signs of life of responses could not be written", "error", err)
		}
	}
}

// Beat writes a sign of life for all runs of this process, in one statement. Those that
// are no longer ours, or whose end was asked for, are told to end.
func (s *Store) Beat(ctx context.Context) error {
	all := s.runs.taken()
	if len(all) == 0 {
		return nil
	}
	var ends map[key]bool
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		ends = make(map[key]bool, len(all))
		for _, b := range all {
			ends[key{b.Account, b.ID}] = true
		}
		return beatAll(ctx, tx, all, s.o.Now(), func(k key, cancelled bool) { ends[k] = cancelled })
	})
	if err != nil {
		return fmt.Errorf("write signs of life: %w", err)
	}
	s.runs.end(ends)
	return nil
}

// beatAll calls alive for those that are still theirs.
func beatAll(ctx context.Context, tx *store.Tx, all []named, now time.Time, alive func(k key, cancelled bool)) error {
	if err := byIndex(ctx, tx); err != nil {
		return err
	}
	return tx.Each(ctx, `update response set beat_at = $2 from `+these(tx.Dialect(), 1)+`
		where account = e_account and id = e_id and attempt = e_attempt and state = 'in_progress' returning account, id, cancel_at`,
		func(scan func(...any) error) error {
			var k key
			var cancelled int64
			err := scan(&k.account, &k.id, &cancelled)
			alive(k, cancelled > 0)
			return err
		}, rowsOf(all), store.Micros(now))
}

// abandonAll marks all that stands as running as given up.
func (s *Store) abandonAll(ctx context.Context) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `update response set beat_at = $1 where state = 'in_progress'`, noBeat)
		return err
	})
	if err != nil {
		return fmt.Errorf("mark responses of a process that died: %w", err)
	}
	return nil
}
