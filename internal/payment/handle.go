package payment

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/store"
)

// Handle deals with what the processor sent. Nil means that it must not send it again:
// the event was dealt with, now or before, or is of no concern to this server. UNAUTHORIZED
// is a signature that is not the processor's. After any other error nothing was recorded
// and the processor is to try again.
func (s *Service) Handle(ctx context.Context, body []byte, header http.Header) error {
	e, err := s.o.Processor.Event(body, header)
	if err != nil {
		return err
	}
	if e.Kind == Ignored {
		return nil
	}
	if err := e.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, handleTimeout)
	defer cancel()
	var done outcome
	err = s.o.DB.Write(ctx, func(tx *store.Tx) (err error) {
		done, err = s.once(ctx, tx, e)
		return err
	})
	if err != nil {
		return s.broken(err, e)
	}
	s.log(ctx, e, done)
	return nil
}

// broken is an error of this server, whatever the ledger called it: a processor must not
// read it as a mistake of its own.
func (s *Service) broken(err error, e Event) error {
	id := fault.InternalError
	if s.o.DB.IsUnavailable(err) || fault.Is(err, fault.ServiceUnavailable) {
		id = fault.ServiceUnavailable
	}
	return fault.Wrap(fmt.Errorf("payment event %s: %w", e.ID, err), id, "The event could not be dealt with; send it again.")
}

// check holds events to what rows can hold.
func (e Event) check() error {
	for _, id := range []string{e.ID, e.Type, e.Order, e.Session, e.Payment, e.Dispute} {
		if len(id) > maxID {
			return fault.New(fault.InvalidRequest, "An id of the event is too long.")
		}
	}
	if e.ID == "" || e.Amount < 0 {
		return fault.New(fault.InvalidRequest, "The event has no id, or an amount below zero.")
	}
	return nil
}

// outcome is what became of an event.
type outcome struct {
	text    string // as recorded; "" for one that was known
	account string
	level   slog.Level // of its line in the log
}

func ignored(why string) outcome {
	return outcome{text: "ignored: " + why, level: slog.LevelWarn}
}

// once deals with an event unless that was done before.
func (s *Service) once(ctx context.Context, tx *store.Tx, e Event) (outcome, error) {
	if err := lockEvents(ctx, tx); err != nil {
		return outcome{}, err
	}
	known, err := isKnown(ctx, tx, s.o.Processor.Name(), e.ID)
	if known || err != nil {
		return outcome{}, err
	}
	done, err := s.apply(ctx, tx, e)
	if err != nil {
		return outcome{}, err
	}
	return done, insertEvent(ctx, tx, s.o.Processor.Name(), e, done.text, s.o.Now())
}

// apply finds the checkout that the event is about, and brings it to where all that was
// told leads.
func (s *Service) apply(ctx context.Context, tx *store.Tx, e Event) (outcome, error) {
	if e.Kind == DisputeUpdated {
		return outcome{text: "noted"}, nil
	}
	row, why, err := s.find(ctx, tx, e)
	if err != nil || why.text != "" {
		return why, err
	}
	next := row
	next.state = row.state.rise(e.Kind.state())
	next.changed = s.o.Now()
	if e.Session != "" {
		next.session = e.Session
	}
	if e.Payment != "" {
		next.payment = e.Payment
	}
	before, err := s.told(ctx, tx, row)
	if err != nil {
		return outcome{}, err
	}
	after, err := s.told(ctx, tx, next)
	if err != nil {
		return outcome{}, err
	}
	if next.state == statePaid {
		after = after.with(e)
	}
	return s.move(ctx, tx, row, next, after.since(before, next.payment, row.amount))
}

// told is what counts of what was told of the checkout's payment: nothing until it is
// paid.
func (s *Service) told(ctx context.Context, tx *store.Tx, c checkout) (facts, error) {
	if c.state != statePaid {
		return none(), nil
	}
	return factsOf(ctx, tx, s.o.Processor.Name(), c.payment)
}

// state is what an event alone would make of a checkout.
func (k Kind) state() state {
	switch k {
	case Paid:
		return statePaid
	case Failed:
		return stateFailed
	case Expired:
		return stateExpired
	}
	return stateOpen
}

// find locks the checkout that the event is about, or says why there is none.
func (s *Service) find(ctx context.Context, tx *store.Tx, e Event) (checkout, outcome, error) {
	if e.Kind.afterwards() {
		return s.findPayment(ctx, tx, e)
	}
	if e.Order == "" {
		return checkout{}, ignored("it is about no checkout of this server"), nil
	}
	row, err := one(ctx, tx, `id = $1`+tx.Dialect().ForUpdate(), e.Order)
	switch {
	case err != nil:
		return row, outcome{}, err
	case row.id == "":
		return row, ignored("the checkout is unknown"), nil
	}
	if why := s.mismatch(row, e); why != "" {
		out := ignored(why)
		out.account = row.account
		if e.Kind == Paid {
			out.level = slog.LevelError // money came that no account gets
		}
		return row, out, nil
	}
	return row, outcome{}, nil
}

// afterwards reports whether such events are about a payment that was made.
func (k Kind) afterwards() bool { return k == Refunded || k == Disputed || k == DisputeWon }

// mismatch says why an event that names a checkout is not of it. The name alone proves
// nothing: the processor signs whatever was made on the operator's account there, and
// some of that can be made by anyone with a price and a reference of their own.
func (s *Service) mismatch(row checkout, e Event) string {
	switch {
	case row.processor != s.o.Processor.Name():
		return "the checkout is another processor's"
	case row.session != "" && e.Session != row.session:
		return "the checkout has another session"
	case row.payment != "" && e.Payment != "" && e.Payment != row.payment:
		return "the checkout has another payment"
	case e.Kind == Paid && e.Amount != row.amount:
		return "another amount was paid than the checkout's"
	}
	return ""
}

// findPayment locks the checkout of a payment. Where there is none, the event may be early:
// its record is what the checkout's payment will take into account.
func (s *Service) findPayment(ctx context.Context, tx *store.Tx, e Event) (checkout, outcome, error) {
	if e.Payment == "" || e.Kind != Refunded && e.Dispute == "" {
		return checkout{}, ignored("it names no payment"), nil
	}
	row, err := one(ctx, tx, `processor = $1 and payment = $2 and payment <> ''`+tx.Dialect().ForUpdate(), s.o.Processor.Name(), e.Payment)
	if err == nil && row.id == "" {
		return row, outcome{text: "ignored until the payment is known"}, nil
	}
	return row, outcome{}, err
}

// move books what separates two states of a checkout, and writes the later one.
func (s *Service) move(ctx context.Context, tx *store.Tx, row, next checkout, moves []movement) (outcome, error) {
	done := outcome{text: "noted", account: row.account}
	if row.state != next.state {
		done.text = string(next.state)
	}
	if row.state != statePaid && next.state == statePaid {
		deposit := movement{kindDeposit, "checkout/" + row.id, row.id, row.amount}
		moves = append([]movement{deposit}, moves...)
	}
	var sum money.Nanos
	for _, m := range moves {
		if err := s.book(ctx, tx, row, m); err != nil {
			return done, err
		}
		switch m.kind {
		case kindRefund:
			next.refunded -= m.amount
		case kindDispute:
			next.disputed -= m.amount
		}
		sum += m.amount
	}
	if len(moves) > 0 {
		done.text += ", moved " + sum.String()
	}
	return done, next.update(ctx, tx)
}

func (s *Service) book(ctx context.Context, tx *store.Tx, row checkout, m movement) error {
	err := s.o.Book.Deposit(ctx, tx, Deposit{
		Name: row.processor + "/" + m.name, Account: row.account, Kind: m.kind, Amount: m.amount,
		Place: "payment:" + row.processor, Reason: reason(m) + " of checkout " + row.id, Ref: m.ref, At: s.o.Now(),
	})
	if err != nil {
		return fmt.Errorf("book %s of checkout %s: %w", m.kind, row.id, err)
	}
	return nil
}

func reason(m movement) string {
	switch {
	case m.kind == kindRefund:
		return "Refund"
	case m.kind == kindDeposit:
		return "Payment"
	case m.amount > 0:
		return "Won dispute"
	}
	return "Dispute"
}

// log tells of an event that was new.
func (s *Service) log(ctx context.Context, e Event, done outcome) {
	if done.text == "" {
		return
	}
	s.o.Log.Log(ctx, done.level, "payment event", "processor", s.o.Processor.Name(), "event", e.ID, "type", e.Type,
		"checkout", e.Order, "payment", e.Payment, "account", done.account, "amount", e.Amount.String(), "sent", e.At, "outcome", done.text)
}
