package webhook

import (
	"context"
	"fmt"
	"time"

	"skytower/internal/store"
)

const (
	kept      = 30 * 24 * time.Hour // of deliveries that have ended
	trimSlice = 100                 // rows of one deletion, which holds SQLite's writer
	// rescueSlice bounds one run of Rescue; the rest waits for the next.
	rescueSlice = 1000
)

// Pending reports whether anything is left to be delivered for the prediction.
func (s *Service) Pending(ctx context.Context, tx *store.Tx, prediction string) (bool, error) {
	var pending bool
	err := tx.QueryRow(ctx, `select exists (select 1 from webhook_delivery where prediction = $1 and `+isOpen+`)`,
		prediction).Scan(&pending)
	if err != nil {
		return false, fmt.Errorf("look for webhook deliveries of prediction %s: %w", prediction, err)
	}
	return pending, nil
}

// Forget drops the bodies of a prediction's deliveries that have ended, since they repeat
// its data; they can't be redelivered any more.
func (s *Service) Forget(ctx context.Context, tx *store.Tx, prediction string) error {
	_, err := tx.Exec(ctx, `update webhook_delivery set body = $2, signature = '' where prediction = $1 and not (`+isOpen+`)`,
		prediction, []byte{})
	if err != nil {
		return fmt.Errorf("forget webhook bodies of prediction %s: %w", prediction, err)
	}
	return nil
}

// Rescue makes new jobs for deliveries whose process died between the call and its
// record. Their receivers may hear of the event twice.
func (s *Service) Rescue(ctx context.Context) error {
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		now := s.o.Now()
		lost, err := expired(ctx, tx, now)
		if err != nil {
			return err
		}
		for _, d := range lost {
			if err := setPending(ctx, tx, d.id, d.tries, now); err != nil {
				return err
			}
			if err := s.enqueue(ctx, tx, d.id, d.terminal, time.Time{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("rescue webhook deliveries: %w", err)
	}
	return nil
}

// expired locks and returns the deliveries whose lease is over.
func expired(ctx context.Context, tx *store.Tx, now time.Time) ([]openDelivery, error) {
	var lost []openDelivery
	err := tx.Each(ctx, `select id, attempts, terminal from webhook_delivery where state = 'sending' and next_at < $1
		order by next_at, id limit $2`+tx.Dialect().Pick("", " for update skip locked"), func(scan func(...any) error) error {
		var d openDelivery
		err := scan(&d.id, &d.tries, &d.terminal)
		lost = append(lost, d)
		return err
	}, store.Micros(now), rescueSlice)
	return lost, err
}

// Trim deletes deliveries older than 30 days that have ended, with their attempts, in
// slices that leave the writer free between them.
func (s *Service) Trim(ctx context.Context) error {
	before := store.Micros(s.o.Now().Add(-kept))
	for {
		var n int64
		err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
			result, err := tx.Exec(ctx, `delete from webhook_delivery where id in (select id from webhook_delivery
				where created_at < $1 and not (`+isOpen+`) order by created_at limit $2)`, before, trimSlice)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err != nil {
			return fmt.Errorf("trim webhook deliveries: %w", err)
		}
		if n < trimSlice {
			return nil
		}
	}
}
