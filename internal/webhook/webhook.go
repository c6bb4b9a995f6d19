// Package webhook tells receivers what became of predictions (contract 11): it reads
// subscriptions, fixes body and signature of each event, and delivers them as jobs.
//
// It refuses to know what a prediction is beyond its id and its JSON. Its one
// invariant: what was fixed for a delivery is sent byte for byte the same in every try,
// and every delivery ends as delivered, given up or superseded.
package webhook

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"skytower/internal/jobs"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// Kind is what happened to a prediction.
type Kind string

// The kinds.
const (
	Started   Kind = "started"
	Output    Kind = "output"
	Logs      Kind = "logs"
	Succeeded Kind = "succeeded"
	Failed    Kind = "failed"
	Cancelled Kind = "cancelled"
)

// Subscription is what a caller asked for, with its own words for the events.
type Subscription struct {
	URL    string
	Events []string // as written; empty: every event
}

// ParseSubscription reads a create's `webhook` (an address, or {url, events}) and
// `webhook_events_filter`. No address is a zero Subscription. Errors are
// INVALID_PARAMETER about the field.
func ParseSubscription(webhook json.RawMessage, filter []string) (Subscription, error) {
	return Subscription{}, nil
}

// Event is one thing to tell. Object is the prediction's JSON, with the word
// `cancelled` for a cancellation.
type Event struct {
	Prediction, Account string
	Kind                Kind
	Object              []byte
	// Key signs: the account's webhook secret, or the raw API key.
	Key string
	At  time.Time
}

// Options are what a Service is made of.
type Options struct {
	DB   *store.DB
	Jobs *jobs.Jobs
	Log  *slog.Logger
	Now  func() time.Time
	// Attempted hears of every try, in the transaction that records it: the retention
	// clock of the prediction starts at the last one. settled says that nothing is left
	// to be delivered for it.
	Attempted func(ctx context.Context, tx *store.Tx, prediction string, at time.Time, settled bool) error
}

// Service is safe for concurrent use.
type Service struct{ o Options }

// Wants reports whether the subscription asks for the kind, and under which word.
func (s Subscription) Wants(k Kind) (word string, ok bool) { return "", false }

// Tell fixes the event's body and signature and queues its delivery, in tx; nothing is
// done where the subscription does not want it. An event of an end supersedes what is
// still undelivered.
func (s *Service) Tell(ctx context.Context, tx *store.Tx, sub Subscription, e Event) error {
	return nil
}

// Sign is the lowercase hex HMAC-SHA256 of the body.
func Sign(key string, body []byte) string { return "" }

// List returns a prediction's deliveries, oldest first, with their attempts.
func (s *Service) List(ctx context.Context, account, prediction string) ([]skytells.WebhookDelivery, error) {
	return nil, nil
}

// Redeliver queues a delivery again, at once: the same bytes. ENDPOINT_NOT_FOUND where
// there is none.
func (s *Service) Redeliver(ctx context.Context, account, prediction, delivery string) (skytells.WebhookDelivery, error) {
	return skytells.WebhookDelivery{}, nil
}
