package ledger

import (
	"context"
	"time"

	"skytower/internal/money"
	"skytower/internal/store"
)

// Credit is a movement of an account's money that is no charge. ID names it: the same
// one again is done once, and with another content it is refused.
type Credit struct {
	ID      string
	Account string
	Kind    string      // grant, deposit, refund, dispute, adjustment
	Bucket  string      // Sponsored or Deposited
	Amount  money.Nanos // below zero: taken away, into debt if it must
	Expires time.Time   // of sponsored credit; zero: never
	Place   string      // the other side: "" is the instance's grants, else such as payment:stripe
	Actor   string
	Reason  string
	Ref     string
	At      time.Time
}

// Credit moves money to an account, or from it. What comes pays debt first. applied is
// false where the transfer was done before.
//
// Errors: INVALID_PARAMETER (422 where the id stands for another transfer).
func (l *Ledger) Credit(ctx context.Context, tx *store.Tx, c Credit) (applied bool, err error) {
	return true, nil
}

// Terms are how an account may spend. A nil field stays as it is.
type Terms struct {
	CreditLine *money.Nanos
	DrawOrder  []string
	Actor      string // for the audit trail
}

// SetTerms changes an account's terms.
func (l *Ledger) SetTerms(ctx context.Context, tx *store.Tx, account string, t Terms) error {
	return nil
}

// Bucket is one kind of an account's credit.
type Bucket struct {
	ID, Kind string
	Balance  money.Nanos
	Expires  time.Time // zero: never
}

// Balance is an account's credit.
type Balance struct {
	Account    string
	Balance    money.Nanos
	CreditLine money.Nanos
	Reserved   money.Nanos // held for predictions, and leased to processes
	Available  money.Nanos
	DrawOrder  []string
	Buckets    []Bucket
}

// Balance reads an account's credit. An account that never had any has an empty one.
func (l *Ledger) Balance(ctx context.Context, account string) (Balance, error) { return Balance{}, nil }

// Spent is all that an account was ever charged: what was credited, less what is left.
func (l *Ledger) Spent(ctx context.Context, tx *store.Tx, account string) (money.Nanos, error) {
	return 0, nil
}

// Expire ends what is past its time: sponsored credit, holds, and leases of processes
// that died. It is a periodic job, safe to run twice.
func (l *Ledger) Expire(ctx context.Context) error { return nil }
