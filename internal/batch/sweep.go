package batch

import (
	"context"
	"errors"
	"fmt"

	"skytower/internal/store"
)

// sweepLines and sweepBatches bound one transaction of a sweep.
const (
	sweepLines   = 500
	sweepBatches = 50
)

// Sweep deletes the lines of batches that have ended, and batches past their retention;
// their files go by times of their own. It is safe to run anywhere at any time.
func (s *Service) Sweep(ctx context.Context) error {
	return errors.Join(s.clear(ctx), s.purge(ctx))
}

// clear deletes lines, whose answers lie in the files now.
func (s *Service) clear(ctx context.Context) error {
	ids, err := s.ids(ctx, `select id from batch where ended_at > 0 and not cleared order by ended_at limit $1`, sweepBatches)
	for _, id := range ids {
		err = errors.Join(err, s.clearOne(ctx, id))
	}
	return err
}

func (s *Service) clearOne(ctx context.Context, id string) error {
	if err := s.deleteLines(ctx, id); err != nil {
		return err
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `update batch set cleared = true where id = $1`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("clear batch %s: %w", id, err)
	}
	return nil
}

func (s *Service) deleteLines(ctx context.Context, id string) error {
	for {
		var n int64
		err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
			n, err = affected(tx.Exec(ctx, `delete from batch_line where batch = $1 and line in
				(select line from batch_line where batch = $1 order by line limit $2)`, id, sweepLines))
			return err
		})
		if err != nil {
			return fmt.Errorf("delete lines of batch %s: %w", id, err)
		}
		if n < sweepLines {
			return nil
		}
	}
}

// purge deletes batches past their time.
func (s *Service) purge(ctx context.Context) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `delete from batch where cleared and id in
			(select id from batch where purge_at > 0 and purge_at <= $1 order by purge_at limit $2)`, store.Micros(s.o.Now()), sweepLines)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete old batches: %w", err)
	}
	return nil
}

func (s *Service) ids(ctx context.Context, query string, args ...any) (ids []string, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		ids = nil
		return tx.Each(ctx, query, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		}, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	return ids, nil
}

// RemoveAccount deletes all batches of an account; what is in flight gets its charge, and
// nobody its answer. Files go with the account's uploads. It may be called again.
func (s *Service) RemoveAccount(ctx context.Context, account string) error {
	for {
		ids, err := s.ids(ctx, `select id from batch where account = $1 order by created_at, id limit $2`, account, sweepBatches)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if err := s.remove(ctx, id); err != nil {
				return err
			}
		}
	}
}

// remove cancels a batch first, so that nobody takes a line of it any more.
func (s *Service) remove(ctx context.Context, id string) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		for _, from := range [...]State{Validating, InProgress} {
			if _, err := s.move(ctx, tx, id, from, Cancelling); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = s.deleteLines(ctx, id)
	}
	if err != nil {
		return fmt.Errorf("remove batch %s: %w", id, err)
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `delete from batch where id = $1`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("remove batch %s: %w", id, err)
	}
	return nil
}

// Each calls fn with all batches of an account, newest first, some at a time.
func (s *Service) Each(ctx context.Context, account string, fn func([]Batch) error) error {
	after := ""
	for {
		all, err := s.List(ctx, account, after, sweepBatches)
		if err != nil || len(all) == 0 {
			return err
		}
		if err := fn(all); err != nil {
			return err
		}
		after = all[len(all)-1].ID
	}
}
