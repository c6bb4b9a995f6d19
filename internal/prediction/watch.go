package prediction

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"skytower/internal/store"
)

const (
	// watchInterval is between two looks at the versions of what is watched here: a
	// change in another process is noticed that late.
	watchInterval = 250 * time.Millisecond
	// watchBatch bounds the ids of one query.
	watchBatch = 1000
)

// hub knows who watches which prediction in this process.
type hub struct {
	mu      sync.Mutex
	watched map[string]*watched
}

type watched struct {
	version  int64 // last seen in the database; unseen at first
	watchers map[chan struct{}]struct{}
}

const (
	unseen  = -1
	deleted = -2
)

// Watch tells when a prediction's version changes: the channel gets a value after each
// change (or several at once), in this process at once and from other processes within
// a quarter of a second. It may get one without a change, so that nothing is missed
// between the caller's own reading and the first look; read after Watch. stop gives it
// back.
func (s *Service) Watch(id string) (changed <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	h := &s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watched == nil {
		h.watched = map[string]*watched{}
	}
	w := h.watched[id]
	if w == nil {
		w = &watched{version: unseen, watchers: map[chan struct{}]struct{}{}}
		h.watched[id] = w
	}
	w.watchers[c] = struct{}{}
	return c, func() { h.leave(id, c) }
}

func (h *hub) leave(id string, c chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.watched[id]; w != nil {
		if delete(w.watchers, c); len(w.watchers) == 0 {
			delete(h.watched, id)
		}
	}
}

// wake tells this process's watchers that the prediction changed; after the commit.
func (s *Service) wake(id string) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if w := s.hub.watched[id]; w != nil {
		w.tell()
	}
}

// tell leaves at most one value in each channel: one says it all.
func (w *watched) tell() {
	for c := range w.watchers {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (h *hub) ids() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.watched))
}

// saw tells the watchers of a prediction whose version is another than before.
func (h *hub) saw(id string, version int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.watched[id]; w != nil && w.version != version {
		w.version = version
		w.tell()
	}
}

// listen hears what other processes do to what is watched and what runs here.
func (s *Service) listen(ctx context.Context) {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := s.lookAtWatched(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.Warn("watched predictions could not be read", "error", err)
		}
		if err := s.hearCancels(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.Warn("cancelled predictions could not be read", "error", err)
		}
	}
}

// lookAtWatched reads the versions of all that is watched.
func (s *Service) lookAtWatched(ctx context.Context) error {
	for ids := range slices.Chunk(s.hub.ids(), watchBatch) {
		versions := make(map[string]int64, len(ids))
		err := s.o.DB.Read(ctx, func(tx *store.Tx) error {
			clear(versions)
			d := tx.Dialect()
			return tx.Each(ctx, `select id, version from prediction where `+d.In("id", 1), func(row func(...any) error) error {
				var id string
				var version int64
				err := row(&id, &version)
				versions[id] = version
				return err
			}, d.Strings(ids))
		})
		if err != nil {
			return fmt.Errorf("read versions: %w", err)
		}
		for _, id := range ids {
			version, ok := versions[id]
			if !ok {
				version = deleted
			}
			s.hub.saw(id, version)
		}
	}
	return nil
}

// Get returns an account's prediction. Unknown, another account's and deleted ones are
// PREDICTION_FAILED (contract 6.4).
func (s *Service) Get(ctx context.Context, account, id string) (rec Record, err error) {
	var ok bool
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		rec, ok, err = read(ctx, tx, id, false)
		return err
	})
	if err != nil {
		return Record{}, err
	}
	if !ok || rec.Account != account {
		return Record{}, notFound()
	}
	return rec, nil
}

// Wait returns the prediction when it has ended, or as it stands when ctx is over.
func (s *Service) Wait(ctx context.Context, account, id string) (Record, error) {
	changed, stop := s.Watch(id)
	defer stop()
	// However short the wait: there is something to return.
	first, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	rec, err := s.Get(first, account, id)
	cancel()
	for err == nil && !rec.Status.Terminal() {
		select {
		case <-ctx.Done():
			return rec, nil
		case <-changed:
		}
		now, failed := s.Get(ctx, account, id)
		if failed != nil && ctx.Err() != nil {
			return rec, nil // cut while reading
		}
		rec, err = now, failed
	}
	return rec, err
}
