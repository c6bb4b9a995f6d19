package prediction

import (
	"context"
	"fmt"

	"skytower/internal/store"
)

// Bounds of one purge. What is left over goes a minute later.
const (
	purgeBatch   = 100
	purgeBatches = 100
)

// purge removes the data of predictions whose time has come: input, outputs, logs,
// events, files, and the webhook bodies that repeat them. The rows stay, with what
// lists, bills and totals need (contract 13). It is safe to run anywhere at any time.
func (s *Service) purge(ctx context.Context) error {
	for range purgeBatches {
		n := 0
		err := s.o.DB.Write(ctx, func(tx *store.Tx) (err error) {
			n, err = s.purgeSome(ctx, tx)
			return err
		})
		if err != nil {
			return fmt.Errorf("remove the data of predictions: %w", err)
		}
		if n < purgeBatch {
			return nil
		}
	}
	return nil
}

func (s *Service) purgeSome(ctx context.Context, tx *store.Tx) (n int, err error) {
	ids, err := due(ctx, tx, store.Micros(s.o.Now()))
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	set := tx.Dialect().Strings(ids)
	// updated_at stays: it tells of the work. webhook_key has been cleared at the end.
	_, err = tx.Exec(ctx, `update prediction set input = '{}', output = 'null', logs = '', removed = true, purge_at = 0, version = version + 1
		where `+tx.Dialect().In("id", 1), set)
	if err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, `delete from prediction_event where `+tx.Dialect().In("prediction", 1), set); err != nil {
		return 0, err
	}
	for _, id := range ids {
		if err := s.o.Files.DropOf(ctx, tx, id, 0); err != nil {
			return 0, err
		}
		if err := s.o.Webhooks.Forget(ctx, tx, id); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// due locks some predictions whose data is to go, the longest due first. One whose clock
// a webhook's attempt has just moved on is left out: the lock reads it again.
func due(ctx context.Context, tx *store.Tx, now int64) (ids []string, err error) {
	err = tx.Each(ctx, `select id from prediction where purge_at > 0 and purge_at <= $1 order by purge_at limit $2`+tx.Dialect().ForUpdate(),
		func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		}, now, purgeBatch)
	return ids, err
}
