package webhook

import (
	"context"
	"fmt"
	"slices"
	"time"

	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// maxListed bounds a list: the newest deliveries of a prediction.
const maxListed = 500

// List returns a prediction's deliveries, oldest first, with their attempts; of more than
// 500 the newest. Never nil.
func (s *Service) List(ctx context.Context, account, prediction string) ([]skytells.WebhookDelivery, error) {
	list := []skytells.WebhookDelivery{}
	err := s.o.DB.Read(ctx, func(tx *store.Tx) (err error) {
		list, err = shown(ctx, tx, `account = $1 and prediction = $2`, account, prediction)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list webhook deliveries of prediction %s: %w", prediction, err)
	}
	return list, nil
}

// shown reads the deliveries that the condition names.
func shown(ctx context.Context, tx *store.Tx, where string, args ...any) ([]skytells.WebhookDelivery, error) {
	list, places := []skytells.WebhookDelivery{}, map[string]int{}
	query := fmt.Sprintf(`select id, prediction, event, url, state, created_at, next_at from webhook_delivery
		where %s order by seq desc limit %d`, where, maxListed)
	err := tx.Each(ctx, query, func(scan func(...any) error) error {
		d := skytells.WebhookDelivery{Attempts: []skytells.WebhookAttempt{}}
		var created, next int64
		err := scan(&d.ID, &d.Prediction, &d.Event, &d.URL, &d.State, &created, &next)
		d.CreatedAt = skytells.Timestamp{Time: store.Time(created)}
		if d.State == statePending && next > 0 {
			d.NextAt = &skytells.Timestamp{Time: store.Time(next)}
		}
		if d.State == stateSending {
			d.State = statePending
		}
		list = append(list, d)
		return err
	}, args...)
	if err != nil {
		return nil, err
	}
	slices.Reverse(list)
	for i := range list {
		places[list[i].ID] = i
	}
	query = fmt.Sprintf(`select delivery, at, status, took, error, answer from webhook_attempt
		where delivery in (select id from webhook_delivery where %s) order by delivery, n`, where)
	err = tx.Each(ctx, query, func(scan func(...any) error) error {
		var id string
		var at, took int64
		var a skytells.WebhookAttempt
		err := scan(&id, &at, &a.Status, &took, &a.Error, &a.Answer)
		a.At = skytells.Timestamp{Time: store.Time(at)}
		a.Duration = (time.Duration(took) * time.Microsecond).Seconds()
		if i, ok := places[id]; ok {
			list[i].Attempts = append(list[i].Attempts, a)
		}
		return err
	}, args...)
	return list, err
}

// Redeliver queues a delivery again, at once: the same bytes, on the whole schedule. One
// that waits for its next try is tried now; one that is being sent, or waits for an
// earlier event, stays as it is. ENDPOINT_NOT_FOUND where there is none, INVALID_REQUEST
// where its data was removed.
func (s *Service) Redeliver(ctx context.Context, account, prediction, delivery string) (skytells.WebhookDelivery, error) {
	var out skytells.WebhookDelivery
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		if err := s.o.Lock(ctx, tx, prediction); err != nil {
			return err
		}
		if err := s.again(ctx, tx, account, prediction, delivery); err != nil {
			return err
		}
		list, err := shown(ctx, tx, `id = $1`, delivery)
		if err != nil {
			return err
		}
		out = list[0]
		return nil
	})
	if err != nil {
		return skytells.WebhookDelivery{}, fmt.Errorf("redeliver webhook %s: %w", delivery, err)
	}
	return out, nil
}

func (s *Service) again(ctx context.Context, tx *store.Tx, account, prediction, id string) error {
	if _, err := openOf(ctx, tx, prediction); err != nil {
		return err
	}
	d, ok, err := readDelivery(ctx, tx, id, tx.Dialect().ForUpdate())
	switch {
	case err != nil:
		return err
	case !ok || d.account != account || d.prediction != prediction:
		return fault.New(fault.EndpointNotFound, "The prediction has no webhook delivery with this id.")
	case d.state == stateSending, d.state == statePending && d.next.IsZero():
		return nil
	case len(d.body) == 0:
		return &fault.Error{ID: fault.InvalidRequest, Status: statusGone,
			Message: "The delivery can't be sent again: its data was removed.",
			Details: "Data is kept for the account's retention after the last attempt."}
	}
	now := s.o.Now()
	if err := setPending(ctx, tx, id, 0, now); err != nil {
		return err
	}
	if err := s.o.Attempted(ctx, tx, prediction, now, false); err != nil {
		return err
	}
	return s.enqueue(ctx, tx, id, d.terminal, time.Time{})
}

const statusGone = 410
