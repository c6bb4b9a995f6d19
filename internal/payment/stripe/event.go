package stripe

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	api "github.com/stripe/stripe-go/v84"
	"github.com/stripe/stripe-go/v84/webhook"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/payment"
)

// tolerance is how old a signature may be.
const tolerance = 5 * time.Minute

// Event verifies what Stripe sent and reads it. Events of types that mean nothing here,
// and those in another currency, are Ignored. Of the objects only the few fields are read
// that have been the same in all of the API's versions, so that the version in which a
// Stripe account tells its events does not matter.
//
// Errors: UNAUTHORIZED, INVALID_REQUEST where the body is none of an event.
func (p *Processor) Event(body []byte, header http.Header) (payment.Event, error) {
	if p.secret == "" { // one that New did not make
		return payment.Event{}, unauthorized(errNoSecret)
	}
	if len(body) > MaxEvent {
		return payment.Event{}, invalid(fmt.Errorf("%d bytes", len(body)))
	}
	e, err := webhook.ConstructEventWithOptions(body, header.Get("Stripe-Signature"), p.secret,
		webhook.ConstructEventOptions{Tolerance: tolerance, IgnoreAPIVersionMismatch: true})
	switch {
	case errors.Is(err, webhook.ErrNotSigned), errors.Is(err, webhook.ErrInvalidHeader),
		errors.Is(err, webhook.ErrNoValidSignature), errors.Is(err, webhook.ErrTooOld):
		return payment.Event{}, unauthorized(err)
	case err != nil:
		return payment.Event{}, invalid(err)
	}
	out := payment.Event{ID: e.ID, Type: string(e.Type), Kind: payment.Ignored, At: time.Unix(e.Created, 0).UTC()}
	if e.Data == nil {
		return out, nil
	}
	if err := read(&out, e.Type, e.Data.Raw); err != nil {
		return payment.Event{}, invalid(fmt.Errorf("event %s: %w", e.ID, err))
	}
	return out, nil
}

// read fills in what the event's object says.
func read(out *payment.Event, kind api.EventType, object json.RawMessage) error {
	switch {
	case strings.HasPrefix(string(kind), "checkout.session."):
		return readSession(out, kind, object)
	case kind == api.EventTypeChargeRefunded:
		return readCharge(out, object)
	case strings.HasPrefix(string(kind), "charge.dispute."):
		return readDispute(out, kind, object)
	}
	return nil
}

func readSession(out *payment.Event, kind api.EventType, object json.RawMessage) error {
	var s struct {
		ID            string
		PaymentIntent reference `json:"payment_intent"`
		PaymentStatus string    `json:"payment_status"`
		AmountTotal   int64     `json:"amount_total"`
		Currency      string
		Metadata      map[string]string
	}
	if err := json.Unmarshal(object, &s); err != nil {
		return err
	}
	amount, err := amountOf(s.AmountTotal)
	if err != nil {
		return err
	}
	switch {
	case kind == api.EventTypeCheckoutSessionExpired:
		out.Kind = payment.Expired
	case kind == api.EventTypeCheckoutSessionAsyncPaymentFailed:
		out.Kind = payment.Failed
	case kind != api.EventTypeCheckoutSessionCompleted && kind != api.EventTypeCheckoutSessionAsyncPaymentSucceeded, s.Currency != dollars:
		return nil
	case s.PaymentStatus == "paid":
		out.Kind = payment.Paid
	default:
		out.Kind = payment.Pending
	}
	out.Order, out.Session, out.Payment, out.Amount = s.Metadata[metaCheckout], s.ID, string(s.PaymentIntent), amount
	return nil
}

func readCharge(out *payment.Event, object json.RawMessage) error {
	var c struct {
		PaymentIntent  reference `json:"payment_intent"`
		AmountRefunded int64     `json:"amount_refunded"`
		Currency       string
	}
	if err := json.Unmarshal(object, &c); err != nil {
		return err
	}
	amount, err := amountOf(c.AmountRefunded)
	if err != nil || c.Currency != dollars {
		return err
	}
	out.Kind, out.Payment, out.Amount = payment.Refunded, string(c.PaymentIntent), amount
	return nil
}

func readDispute(out *payment.Event, kind api.EventType, object json.RawMessage) error {
	var d struct {
		ID            string
		PaymentIntent reference `json:"payment_intent"`
		Amount        int64
		Currency      string
		Status        string
	}
	if err := json.Unmarshal(object, &d); err != nil {
		return err
	}
	amount, err := amountOf(d.Amount)
	if err != nil {
		return err
	}
	if d.Currency != dollars {
		amount = 0 // the whole payment: a rate that we don't know is no reason to take nothing back
	}
	out.Kind = disputed(kind, d.Status)
	out.Dispute, out.Payment, out.Amount = d.ID, string(d.PaymentIntent), amount
	return nil
}

// disputed is what an event means for the money. A warning is a bank's question: nothing
// moves until it becomes a dispute, whose withdrawal is told.
func disputed(kind api.EventType, status string) payment.Kind {
	switch kind {
	case api.EventTypeChargeDisputeFundsWithdrawn:
		return payment.Disputed
	case api.EventTypeChargeDisputeFundsReinstated:
		return payment.DisputeWon
	case api.EventTypeChargeDisputeCreated:
		if !strings.HasPrefix(status, "warning_") && status != "prevented" {
			return payment.Disputed
		}
	case api.EventTypeChargeDisputeClosed:
		switch status {
		case "won":
			return payment.DisputeWon
		case "lost":
			return payment.Disputed
		}
	}
	return payment.DisputeUpdated
}

// amountOf translates cents, within what Stripe takes.
func amountOf(cents int64) (money.Nanos, error) {
	if cents < 0 || cents > maxCents {
		return 0, errors.New("an amount out of range")
	}
	return money.Nanos(cents) * cent, nil
}

// reference is another object's id: Stripe writes it alone, as an object that has it, or
// as null.
type reference string

// UnmarshalJSON reads all three forms.
func (r *reference) UnmarshalJSON(text []byte) error {
	if id, ok := api.ParseID(text); ok {
		*r = reference(id)
		return nil
	}
	var object struct{ ID string }
	if err := json.Unmarshal(text, &object); err != nil {
		return err
	}
	*r = reference(object.ID)
	return nil
}

func unauthorized(cause error) error {
	return &fault.Error{ID: fault.Unauthorized, Err: cause,
		Message: "The event's signature is missing, wrong, or too old.", Brief: "Invalid signature"}
}

// invalid leaves the cause to the log: it may repeat the body.
func invalid(cause error) error {
	return fault.Wrap(cause, fault.InvalidRequest, "The body is not an event that can be read.")
}
