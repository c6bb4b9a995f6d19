package ledger

import (
	"context"
	"time"

	"skytower/internal/money"
	"skytower/internal/store"
)

// Work is a prediction as the ledger sees it: before it runs, Amount is what to set
// aside; at its end, what it owes, with what explains it.
type Work struct {
	Prediction, Account, Key, Model, Target string

	Amount   money.Nanos
	Budget   money.Nanos // of the key in this month, where Budgeted is set
	Budgeted bool
	Expires  time.Time // when the hold ends by itself, whatever became of the prediction

	PriceVersion int64
	Quantity     int64 // millionths of Unit
	Unit         string
	Rate         money.Nanos
	Input        int64 // tokens, where the price has them
	Output       int64
	Cost         money.Nanos // what the upstream takes
	Outcome      string
	At           time.Time
}

// Hold sets credit aside for a prediction, in the transaction that creates it. A Work
// without an amount changes nothing.
//
// Errors: those of Reserve, of which INSUFFICIENT_CREDITS may come from credit that
// processes have leased and do not use: then IsShort reports true, and after Gather a
// second try may succeed.
func (l *Ledger) Hold(context.Context, *store.Tx, Work) error { return nil }

// IsShort reports whether an error of Hold may pass after Gather.
func IsShort(error) bool { return false }

// Gather makes the processes give back what they have leased of the account, and of the
// key's budget, and do not use. It returns when they did, or after two seconds. It runs
// outside of any transaction.
func (l *Ledger) Gather(context.Context, Work) error { return nil }

// Settle charges a prediction that ended what it owes, and gives the rest of its hold
// back, in the transaction that ends it. A second call for the same prediction changes
// nothing. A prediction without a hold and an amount leaves its charge line all the same.
func (l *Ledger) Settle(context.Context, *store.Tx, Work) error { return nil }

// Void gives a prediction's whole hold back: it owes nothing. A second call, and one
// after Settle, changes nothing.
func (l *Ledger) Void(context.Context, *store.Tx, Work) error { return nil }
