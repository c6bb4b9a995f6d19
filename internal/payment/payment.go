// Package payment brings money in: checkouts at a payment processor, and what the
// processor tells of them afterwards.
//
// It knows no processor's protocol (Processor) and no ledger (Book): each event moves
// money through Book in the transaction that records the event. Its one invariant: an
// event is dealt with once, whatever order events come in and however often.
package payment

import (
	"context"
	"net/http"
	"time"

	"skytower/internal/money"
	"skytower/internal/store"
)

// Processor takes payments. Its one implementation is package payment/stripe.
type Processor interface {
	// Name stands in places and rows, such as stripe.
	Name() string
	// Begin makes a checkout at the processor. The same id again gives the same session.
	Begin(context.Context, Order) (Session, error)
	// Event reads and verifies what the processor sent. A wrong signature, or one too
	// old, is UNAUTHORIZED; an event that means nothing to us has Kind Ignored.
	Event(body []byte, header http.Header) (Event, error)
}

// Order is a checkout as it is begun.
type Order struct {
	ID, Account           string
	Amount                money.Nanos
	SuccessURL, CancelURL string
}

// Session is a checkout at the processor.
type Session struct {
	ID  string
	URL string // where the payer goes
}

// Kind is what an event means.
type Kind string

// The kinds.
const (
	Ignored        Kind = "ignored"
	Paid           Kind = "paid"    // completed and paid, or paid later
	Pending        Kind = "pending" // completed, and paid later
	Failed         Kind = "failed"  // not paid after all
	Expired        Kind = "expired"
	Refunded       Kind = "refunded"        // Amount is the sum of all refunds so far
	Disputed       Kind = "disputed"        // Amount was taken back
	DisputeWon     Kind = "dispute_won"     // Amount came back
	DisputeUpdated Kind = "dispute_updated" // nothing moved
)

// Event is one message of a processor.
type Event struct {
	ID      string // the processor's
	Type    string // its own word
	Kind    Kind
	Order   string // our id of the checkout, "" where the event does not say
	Session string
	Payment string
	Dispute string
	Amount  money.Nanos
	At      time.Time
}

// Book moves money; the ledger, through app.
type Book interface {
	// Deposit gives an account money that came from the place, or takes it back where the
	// amount is below zero. The same name again changes nothing.
	Deposit(ctx context.Context, tx *store.Tx, d Deposit) error
}

// Deposit is one movement.
type Deposit struct {
	Name    string // names the transfer
	Account string
	Kind    string // deposit, refund, dispute
	Amount  money.Nanos
	Place   string // payment:stripe
	Reason  string
	Ref     string // the processor's id of the cause
	At      time.Time
}
