package batch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"skytower/internal/store"
)

// tends are the batches whose input this process checks, or whose files it writes.
type tends struct {
	mu   sync.Mutex
	open map[string]bool
	all  sync.WaitGroup
}

// begin reports whether there is room for another.
func (t *tends) begin(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open[id] || len(t.open) >= tendAtOnce {
		return false
	}
	t.open[id] = true
	return true
}

func (t *tends) end(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, id)
}

// tend has this process check a batch, or write its files, in the background; where
// another process does it, or too many are open here, it does nothing.
func (s *Service) tend(ctx context.Context, b Batch, act func(context.Context, Batch) error) error {
	if !s.tends.begin(b.ID) {
		return nil
	}
	ours, err := s.lease(ctx, b)
	if err != nil || !ours {
		s.tends.end(b.ID)
		return err
	}
	s.tends.all.Go(func() {
		// What stands for long, a stop breaks off: another process does it again.
		err := act(s.working, b)
		s.tends.end(b.ID)
		if err != nil && !errors.Is(err, errLost) {
			s.o.Log.Warn("a batch could not be tended; it is tried again", "batch", b.ID, "state", string(b.State), "error", err)
			s.unlease(b)
		}
		s.rouse()
	})
	return nil
}

// lease takes the batch for this process, unless another one has it, or it has lines in
// flight that have to end first.
func (s *Service) lease(ctx context.Context, b Batch) (ours bool, err error) {
	now := s.o.Now()
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		ours = false
		n, err := affected(tx.Exec(ctx, `update batch set runner = $3, lease_until = $4 where id = $1 and state = $2 and lease_until < $5`,
			b.ID, b.State, s.id, store.Micros(now.Add(s.o.lease)), store.Micros(now)))
		if err != nil || n == 0 {
			return err
		}
		var running int64
		if err := tx.QueryRow(ctx, `select count(*) from `+linesIn(tx.Dialect(), "running")+` and batch = $1`, b.ID).Scan(&running); err != nil {
			return err
		}
		if ours = running == 0; ours {
			return nil
		}
		_, err = tx.Exec(ctx, `update batch set runner = '', lease_until = 0 where id = $1`, b.ID)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("take batch %s: %w", b.ID, err)
	}
	return ours, nil
}

// unlease lets the batch be taken again in a while.
func (s *Service) unlease(b Batch) {
	ctx, cancel := context.WithTimeout(s.abandoned, lastWrites)
	defer cancel()
	// Where it fails, the lease ends by itself.
	_ = s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `update batch set runner = '', lease_until = $3 where id = $1 and runner = $2`, b.ID, s.id, store.Micros(s.o.Now().Add(tendAgain)))
		return err
	})
}

// hold fails with errLost unless the batch is still this process's, and keeps it so until
// the end of tx.
func (s *Service) hold(ctx context.Context, tx *store.Tx, b Batch) error {
	n, err := affected(tx.Exec(ctx, `update batch set lease_until = $4 where id = $1 and state = $2 and runner = $3`,
		b.ID, b.State, s.id, store.Micros(s.o.Now().Add(s.o.lease))))
	if err == nil && n == 0 {
		err = errLost
	}
	return err
}

// keepLooking looks at the open batches until the service stops.
func (s *Service) keepLooking() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	failing := false
	for {
		err := s.look(s.leaving)
		if err != nil && !failing && s.leaving.Err() == nil {
			s.o.Log.Warn("open batches could not be looked at; it is tried again", "error", err)
		}
		failing = err != nil
		select {
		case <-s.leaving.Done():
			return
		case <-tick.C:
		case <-s.wake:
		}
	}
}

// look finds what there is to do.
func (s *Service) look(ctx context.Context) error {
	all, err := s.openBatches(ctx)
	if err != nil {
		return err
	}
	s.open.Store(len(all) > 0)
	if len(all) > 0 && s.o.Trusted() {
		if err := s.reclaim(ctx); err != nil {
			return err
		}
	}
	now := s.o.Now()
	var lines []Batch
	var errs []error
	for _, b := range all {
		switch {
		case b.State == InProgress && b.Expires.After(now):
			lines = append(lines, b)
		case b.State == InProgress:
			errs = append(errs, s.expire(ctx, b))
		case b.lease.Before(now):
			errs = append(errs, s.tend(ctx, b, s.next(b.State)))
		}
	}
	if gone := s.board.set(lines); len(gone) > 0 {
		s.giveBack(gone)
	}
	return errors.Join(errs...)
}

// next is what a batch in a state waits for.
func (s *Service) next(state State) func(context.Context, Batch) error {
	if state == Validating {
		return s.check
	}
	return s.finish
}

func (s *Service) openBatches(ctx context.Context) (all []Batch, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		all = nil
		return tx.Each(ctx, `select `+columns+` from batch where ended_at = 0 order by created_at, id limit $1`, collect(&all), openMost)
	})
	if err != nil {
		return nil, fmt.Errorf("list open batches: %w", err)
	}
	return all, nil
}

// expire ends the running of lines at the end of the window.
func (s *Service) expire(ctx context.Context, b Batch) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := s.move(ctx, tx, b.ID, InProgress, Finalizing)
		return err
	})
	if err != nil {
		return fmt.Errorf("end the window of batch %s: %w", b.ID, err)
	}
	return nil
}

// keepBeating shows that this process lives, as long as it has lines.
func (s *Service) keepBeating() {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.living.Done():
			return
		case <-tick.C:
		}
		if !s.open.Load() {
			continue
		}
		if err := s.beat(s.living); err != nil && s.living.Err() == nil {
			s.o.Log.Warn("signs of life of batches could not be written", "error", err)
		}
	}
}

func (s *Service) beat(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		until := store.Micros(s.o.Now().Add(s.o.lease))
		if err := byIndex(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update batch set lease_until = $2 where runner = $1 and ended_at = 0`, s.id, until); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update batch_line set lease_until = $2 where runner = $1 and state = 'running' and (batch, line) in
			(select batch, line from `+linesIn(tx.Dialect(), "running")+` and runner = $1`+unlocked(tx.Dialect())+`)`, s.id, until)
		return err
	})
}
