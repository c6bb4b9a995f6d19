package prediction

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"skytower/internal/store"
)

const (
	// staleBeats is after how many missed beats a run counts as abandoned.
	staleBeats = 4
	// noBeat is the beat of a run that was handed back: older than any.
	noBeat = 1
	// rescueBatch bounds the runs that one look queues again.
	rescueBatch = 100
	// rescuePriority is of jobs that were queued once more because nobody took the first:
	// behind those that are someone's first.
	rescuePriority = 3
	// resumePriority is of runs whose worker died.
	resumePriority = 1
)

// runs are those of this process.
type runs struct {
	mu   sync.Mutex
	byID map[string]*run
}

func (l *runs) add(r *run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byID == nil {
		l.byID = map[string]*run{}
	}
	l.byID[r.rec.ID] = r
}

func (l *runs) remove(r *run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byID[r.rec.ID] == r { // else a later attempt in the same process
		delete(l.byID, r.rec.ID)
	}
}

func (l *runs) all() []*run {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*run, 0, len(l.byID))
	for _, r := range l.byID {
		all = append(all, r)
	}
	return all
}

// cancel ends the context of a run in this process.
func (l *runs) cancel(id string, cause error) {
	l.mu.Lock()
	r := l.byID[id]
	l.mu.Unlock()
	if r != nil {
		r.cancel(cause)
	}
}

// stale is how old the last sign of life of an abandoned run is.
func (s *Service) stale() time.Duration { return staleBeats * s.o.Heartbeat }

// live shows the life of this process's runs, and looks for those that show none.
func (s *Service) live(ctx context.Context) {
	tick := time.NewTicker(s.o.Heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := s.look(ctx); err != nil && ctx.Err() == nil && s.said.may() {
			s.o.Log.Warn("signs of life of predictions could not be written or read", "error", err)
		}
	}
}

// look shows life, and looks for those that show none.
func (s *Service) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	err := s.beat(ctx)
	s.noteBlind(err)
	if err != nil {
		return err
	}
	err = s.rescue(ctx)
	s.noteBlind(err)
	return err
}

// beat writes one sign of life for each run that wrote nothing else lately. A run whose
// row is somebody else's ends.
func (s *Service) beat(ctx context.Context) error {
	now := s.o.Now()
	var due []*run
	for _, r := range s.runs.all() {
		r.mu.Lock()
		if now.Sub(r.beaten) >= s.o.Heartbeat/2 {
			due = append(due, r)
		}
		r.mu.Unlock()
	}
	if len(due) == 0 {
		return nil
	}
	slices.SortFunc(due, func(a, b *run) int { return cmp.Compare(a.rec.ID, b.rec.ID) }) // as ends lock them
	var lost []*run
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		lost = nil
		for _, r := range due {
			n, err := affected(tx.Exec(ctx, `update prediction set beat = $3 where id = $1 and attempt = $2 and `+live,
				r.rec.ID, r.rec.Attempt, store.Micros(now)))
			if err != nil {
				return err
			}
			if n == 0 {
				lost = append(lost, r)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range lost {
		r.cancel(errLost)
	}
	return nil
}

// hearCancels ends the runs of this process that another one was asked to cancel.
func (s *Service) hearCancels(ctx context.Context) error {
	all := s.runs.all()
	if len(all) == 0 {
		return nil
	}
	ids := make([]string, len(all))
	for i, r := range all {
		ids[i] = r.rec.ID
	}
	var flagged []string
	err := s.o.DB.Read(ctx, func(tx *store.Tx) error {
		flagged = nil
		d := tx.Dialect()
		return tx.Each(ctx, `select id from prediction where `+d.In("id", 1)+` and cancel`, func(row func(...any) error) error {
			var id string
			err := row(&id)
			flagged = append(flagged, id)
			return err
		}, d.Strings(ids))
	})
	for _, id := range flagged {
		s.runs.cancel(id, errCancelled)
	}
	return err
}

// abandoned is a run without a sign of life.
type abandoned struct {
	id, model string
	attempt   int64
	beat      int64
}

// rescue queues runs again whose worker shows no life, and runs that nobody took: a
// process may die between taking a job and taking its run. The latter may just have to
// wait, so it is done after 20 s, 40 s, 80 s and so on.
//
// Any process does it at any time: one of them wins the row, and where the first job
// comes after all, it finds the run taken. After the database was away, all have a while
// to show life again before silence counts.
func (s *Service) rescue(ctx context.Context) error {
	now := s.o.Now()
	found, err := s.abandoned(ctx, now)
	if err != nil {
		return err
	}
	for _, a := range found {
		err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
			n, err := affected(tx.Exec(ctx, `update prediction set beat = $4 where id = $1 and attempt = $2 and beat = $3 and handed and `+live,
				a.id, a.attempt, a.beat, store.Micros(now)))
			if err != nil || n == 0 {
				return err
			}
			priority := resumePriority
			if a.attempt == 0 {
				priority = rescuePriority
			}
			return s.enqueue(ctx, tx, RunArgs{ID: a.id, Model: a.model, Attempt: a.attempt}, priority)
		})
		if err != nil {
			return fmt.Errorf("queue prediction %s again: %w", a.id, err)
		}
	}
	return nil
}

const abandonedQuery = `select id, model, attempt, beat from prediction
			where handed and beat < $1 and (attempt > 0 or beat + beat - updated_at < $2) order by beat limit $3`

func (s *Service) abandoned(ctx context.Context, now time.Time) (found []abandoned, err error) {
	silent := store.Micros(now.Add(-s.stale()))
	if s.blindLately(now) {
		silent = noBeat + 1 // those that were handed back
	}
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		found = nil
		return tx.Each(ctx, abandonedQuery,
			func(row func(...any) error) error {
				var a abandoned
				err := row(&a.id, &a.model, &a.attempt, &a.beat)
				found = append(found, a)
				return err
			}, silent, store.Micros(now), rescueBatch)
	})
	if err != nil {
		return nil, fmt.Errorf("look for abandoned runs: %w", err)
	}
	return found, nil
}

// abandonAll marks every run as abandoned.
func (s *Service) abandonAll(ctx context.Context) error {
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `update prediction set beat = $1 where handed and attempt > 0 and `+live, noBeat)
		return err
	})
	if err != nil {
		return fmt.Errorf("mark abandoned runs: %w", err)
	}
	return nil
}
