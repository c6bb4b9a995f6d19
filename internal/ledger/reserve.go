package ledger

import (
	"context"

	"skytower/internal/money"
)

// Estimate is what a request may cost at most, before it runs.
type Estimate struct {
	Request, Account, Key, Model string
	// Amount is what the request wants set aside; Least, at most that, is what it can do
	// with. A free request has Amount 0: nothing is set aside and nothing can be missing.
	Amount, Least money.Nanos
	// Budget is what the key may spend in this month, where Budgeted is set.
	Budget   money.Nanos
	Budgeted bool
}

// Reservation is credit set aside for one request; nil is none. It is for one goroutine.
type Reservation struct {
	amount money.Nanos
}

// Amount is what is set aside: at least Estimate.Least, at most Estimate.Amount, and what
// Grow added.
func (r *Reservation) Amount() money.Nanos {
	if r == nil {
		return 0
	}
	return r.amount
}

// Reserve sets credit aside for the request: from what this process has leased, in
// memory, or else from the database.
//
// Errors: PAYMENT_REQUIRED where the account's balance is below its credit line already;
// INSUFFICIENT_CREDITS, with what is available and what was needed, for the account or
// the key's budget; SERVICE_UNAVAILABLE where the database had to be asked and is away.
func (l *Ledger) Reserve(ctx context.Context, e Estimate) (*Reservation, error) {
	return &Reservation{}, nil
}

// Grow sets more aside for a request that runs; false where there is no more. It
// waits for the database only where nothing leased is left.
func (l *Ledger) Grow(ctx context.Context, r *Reservation, by money.Nanos) bool { return true }

// Release gives a reservation back for a request that owes nothing. A second call does
// nothing.
func (l *Ledger) Release(r *Reservation) {}
