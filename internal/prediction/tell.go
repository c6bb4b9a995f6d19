package prediction

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"skytower/internal/account"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/webhook"
)

func wants(rec Record, kind webhook.Kind) bool {
	if rec.WebhookURL == "" {
		return false
	}
	_, ok := subscribed(rec).Wants(kind)
	return ok
}

func subscribed(rec Record) webhook.Subscription {
	return webhook.Subscription{URL: rec.WebhookURL, Events: rec.WebhookEvents}
}

// tell queues a webhook with the prediction as it stands in tx, if it was asked for.
func (s *Service) tell(ctx context.Context, tx *store.Tx, rec Record, kind webhook.Kind) error {
	if !wants(rec, kind) {
		return nil
	}
	settings, err := s.o.Accounts.PredictionSettings(ctx, tx, rec.Account)
	if err != nil {
		return fmt.Errorf("read settings of account %s: %w", rec.Account, err)
	}
	return s.tellWith(ctx, tx, rec, kind, settings)
}

func (s *Service) tellWith(ctx context.Context, tx *store.Tx, rec Record, kind webhook.Kind, settings account.PredictionSettings) error {
	base := s.o.Public
	if base == "" {
		base = rec.WebhookBase
	}
	rec.Spelling = skytells.StatusCancelled // contract 15.1
	shown, err := s.show(ctx, tx, []Record{rec}, base)
	if err != nil {
		return fmt.Errorf("render prediction %s: %w", rec.ID, err)
	}
	body, err := json.Marshal(shown[0])
	if err != nil {
		return fmt.Errorf("encode prediction %s: %w", rec.ID, err)
	}
	return s.o.Webhooks.Tell(ctx, tx, subscribed(rec), webhook.Event{
		Prediction: rec.ID, Account: rec.Account, Kind: kind, Object: body, Key: s.signingKey(rec, settings), At: rec.Updated,
	})
}

// signingKey is the account's webhook secret, or the API key that created the
// prediction. Where neither can be had any more (the secret was removed meanwhile, or
// the master key changed) it is "", and the webhook goes without a signature: that must
// not keep a prediction from ending.
func (s *Service) signingKey(rec Record, settings account.PredictionSettings) string {
	if settings.WebhookErr != nil {
		s.o.Log.Warn("the webhook secret of an account can't be used", "account", rec.Account, "error", settings.WebhookErr)
	}
	if settings.WebhookKey != "" || rec.WebhookKey == "" {
		return settings.WebhookKey
	}
	key, err := s.o.Sealer.Open(rec.WebhookKey, sealContext(rec.ID))
	if err != nil {
		s.o.Log.Warn("the key of a webhook could not be opened", "prediction", rec.ID, "error", err)
	}
	return string(key)
}

// WebhookLock locks a prediction before its deliveries are: the end of a run takes the
// two in that order.
func (s *Service) WebhookLock(ctx context.Context, tx *store.Tx, prediction string) error {
	if tx.Dialect() == store.SQLite {
		return nil // one writer
	}
	var one int
	err := tx.QueryRow(ctx, `select 1 from prediction where id = $1`+tx.Dialect().ForUpdate(), prediction).Scan(&one)
	if err != nil && !missing(err) {
		return fmt.Errorf("lock prediction %s: %w", prediction, err)
	}
	return nil
}

// WebhookAttempted moves the clock of retention: it starts at the last attempt to tell
// the end, and does not run while there may be another.
func (s *Service) WebhookAttempted(ctx context.Context, tx *store.Tx, prediction string, at time.Time, settled bool) error {
	var who string
	var completed int64
	var removed bool
	err := tx.QueryRow(ctx, `select account, completed_at, removed from prediction where id = $1`+tx.Dialect().ForUpdate(), prediction).
		Scan(&who, &completed, &removed)
	if settled && (missing(err) || err == nil && removed) {
		return s.o.Webhooks.Forget(ctx, tx, prediction) // its data is gone, and what repeats it goes too
	}
	if missing(err) || err == nil && (completed == 0 || removed) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read prediction %s: %w", prediction, err)
	}
	var until time.Time
	if settled {
		settings, err := s.o.Accounts.PredictionSettings(ctx, tx, who)
		if err != nil {
			return fmt.Errorf("read settings of account %s: %w", who, err)
		}
		until = s.keptUntil(at, settings)
	}
	if _, err := tx.Exec(ctx, `update prediction set purge_at = $2 where id = $1`, prediction, store.Micros(until)); err != nil {
		return fmt.Errorf("move retention of prediction %s: %w", prediction, err)
	}
	return s.o.Files.Expire(ctx, tx, prediction, until)
}

// keptUntil is when data goes whose clock starts at a moment; zero is never.
func (s *Service) keptUntil(start time.Time, settings account.PredictionSettings) time.Time {
	retention := settings.Retention
	if retention < 0 {
		retention = s.o.Retention
	}
	if retention == 0 {
		return time.Time{}
	}
	return start.Add(retention)
}
