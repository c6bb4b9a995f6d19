package ledger

import (
	"context"
	"time"

	"skytower/internal/money"
)

// Report is the result of Verify.
type Report struct {
	Checked  map[string]int64 // rows of each kind
	Problems []string         // at most a hundred sentences
}

// Clean reports whether nothing is wrong.
func (r Report) Clean() bool { return len(r.Problems) == 0 }

// Verify checks the whole ledger: postings and balances, holds, leases, budgets, and that
// charges, their batches and their postings agree.
func (l *Ledger) Verify(ctx context.Context) (Report, error) { return Report{}, nil }

// UsageFilter asks for totals.
type UsageFilter struct {
	Account  string    // "": all accounts
	From, To time.Time // From included, To not
	Key      string
	Model    string
	// By what the totals are grouped.
	ByDay, ByModel, ByKey bool
}

// UsageTotal is one total.
type UsageTotal struct {
	Day                              string // 2026-11-25, UTC
	Model, Key                       string
	Requests                         int64
	Input, Output, Cached, Reasoning int64
	Amount, Cost                     money.Nanos
}

// Usage adds up charges, in the order of day, model and key.
func (l *Ledger) Usage(ctx context.Context, f UsageFilter) ([]UsageTotal, error) { return nil, nil }

// Transfer is a movement that was no charge.
type Transfer struct {
	ID, Kind, Account  string
	Amount             money.Nanos
	At                 time.Time
	Actor, Reason, Ref string
}

// Transfer reads one transfer. One that does not exist is INVALID_PARAMETER with status
// 404. (The slow path's owner: make it real.)
func (l *Ledger) Transfer(ctx context.Context, id string) (Transfer, error) {
	return Transfer{}, nil
}

// Transfers lists an account's transfers, newest first.
func (l *Ledger) Transfers(ctx context.Context, account string, p Page) ([]Transfer, error) {
	return nil, nil
}

// Statement is an account's month.
type Statement struct {
	Account           string
	Month             time.Time // its first moment, UTC
	Opening, Closing  money.Nanos
	Charged, Credited money.Nanos
	Transfers         []Transfer // oldest first
	ByModel           []UsageTotal
}

// Statement reads a month of an account. Closing = Opening + Credited - Charged.
func (l *Ledger) Statement(ctx context.Context, account string, month time.Time) (Statement, error) {
	return Statement{}, nil
}
