// Package payment brings money in: checkouts at a payment processor, and what the
// processor tells of them afterwards.
//
// It knows no processor's protocol (Processor) and no ledger (Book): each event moves
// money through Book in the transaction that records the event. Its one invariant: an
// event is dealt with once, and what its account ends with depends on which events came,
// never on their order or on how often they came.
//
//	open ──► expired ──► failed ──► paid
//
// A checkout may skip states, and never goes back: who paid has paid, whatever else is
// told of the same checkout, earlier or later.
package payment

import (
	"context"
	"log/slog"
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
	Disputed       Kind = "disputed"        // Amount was taken back; 0: the whole payment
	DisputeWon     Kind = "dispute_won"     // Amount came back
	DisputeUpdated Kind = "dispute_updated" // nothing moved
)

// Event is one message of a processor.
type Event struct {
	ID      string // the processor's
	Type    string // its own word
	Kind    Kind
	Order   string // our id of the checkout, in events about a session
	Session string
	Payment string // in events about refunds and disputes, and about sessions that have one
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

// Options are what a Service is made of.
type Options struct {
	DB        *store.DB
	Processor Processor
	Book      Book
	Log       *slog.Logger // nil: slog.Default
	Now       func() time.Time

	// Least and Most bound one checkout; 0: a dollar, and ten thousand.
	Least, Most money.Nanos
	// MaxOpen is how many checkouts of one account may wait for their payers; 0: 20.
	MaxOpen int
}

// Bounds.
const (
	cent         = money.Dollar / 100
	defaultLeast = money.Dollar
	defaultMost  = 10_000 * money.Dollar

	defaultMaxOpen = 20
	// sessionLife is how long a processor waits for a payer (Stripe: 24 hours).
	sessionLife = 24 * time.Hour

	// beginTimeout bounds the processor's part of a checkout, noteTimeout what is noted
	// of it afterwards, handleTimeout the transaction of an event.
	beginTimeout  = 30 * time.Second
	noteTimeout   = 10 * time.Second
	handleTimeout = 20 * time.Second

	// maxID bounds the ids that a processor names, in bytes.
	maxID = 255
)

// Service is safe for concurrent use.
type Service struct{ o Options }

// New makes the room.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Least <= 0 {
		o.Least = defaultLeast
	}
	if o.Most <= 0 {
		o.Most = defaultMost
	}
	if o.MaxOpen <= 0 {
		o.MaxOpen = defaultMaxOpen
	}
	return &Service{o: o}
}
