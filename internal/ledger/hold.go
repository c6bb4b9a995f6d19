package ledger

import (
	"context"

	"skytower/internal/money"
	"skytower/internal/store"
)

// Work is what a prediction may cost at most, before it runs.
type Work struct {
	Prediction, Account, Key, Model string
}

// Hold sets credit aside for a prediction, in the transaction that creates it. Every
// model is free in this version, so nothing is set aside and nothing can be missing.
func (l *Ledger) Hold(context.Context, *store.Tx, Work) error { return nil }

// Settle charges a prediction that ended and gives the rest of its hold back, in the
// transaction that ends it. A second call for the same prediction changes nothing.
func (l *Ledger) Settle(context.Context, *store.Tx, Work) (money.Nanos, error) { return 0, nil }

// Void gives a prediction's whole hold back: it owes nothing.
func (l *Ledger) Void(context.Context, *store.Tx, Work) error { return nil }
