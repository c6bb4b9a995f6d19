package prediction

import (
	"context"
	"sync/atomic"
	"time"

	"skytower/internal/provider"
	"skytower/internal/store"
)

// What a run has in its hands is worth more than the time that it waits: while the
// database or the storage is away it keeps its work, and goes on when they are back. It
// gives up when its process stops; then the work goes back, if it can be gone on with.

// awayWaits are the waits between tries of a write for which the database is away.
func awayWaits() []time.Duration {
	return []time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second}
}

// saveWaits are the waits between tries to save a result's files: a disk may be made
// room on, a storage may come back.
func saveWaits() []time.Duration {
	return []time.Duration{500 * time.Millisecond, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, time.Minute}
}

const (
	// maxSaving is how long a result waits for the storage.
	maxSaving = 6 * time.Hour
	// seldomly is between two lines of the log that say the same of an outage.
	seldomly = time.Minute
)

// waitOf is the wait after try number n, from 0; the last goes on.
func waitOf(waits []time.Duration, n int) time.Duration { return waits[min(n, len(waits)-1)] }

// seldom keeps an outage from filling the log.
type seldom struct{ last atomic.Int64 }

// may reports whether it is time to say it again.
func (s *seldom) may() bool {
	now, last := time.Now().UnixNano(), s.last.Load()
	return now-last >= int64(seldomly) && s.last.CompareAndSwap(last, now)
}

// persist repeats a write for as long as the database is away, until ctx is over. The
// write is tried at least once.
func (r *run) persist(ctx context.Context, what string, write func() error) error {
	for try := 0; ; try++ {
		err := write()
		if err == nil || !r.s.unavailable(err) {
			return err
		}
		if r.s.said.may() {
			r.s.o.Log.Warn("predictions wait for the database", "what", what, "prediction", r.rec.ID, "error", err)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(waitOf(r.s.awayWaits, try)):
		}
	}
}

// leave hands the run back if another process can go on with it.
func (r *run) leave() {
	if r.s.leaving.Load() && !r.made.Load() && r.marked().submission == submitted {
		r.cancel(provider.ErrHandBack)
	}
}

// noteBlind notes that signs of life could not be read, or written.
func (s *Service) noteBlind(err error) {
	if err != nil && s.unavailable(err) {
		s.blind.Store(store.Micros(s.o.Now()))
	}
}

// blindLately reports whether others had no chance to show life: the database was away
// for us, so it may have been for them.
func (s *Service) blindLately(now time.Time) bool {
	return now.Sub(store.Time(s.blind.Load())) < s.stale()
}
