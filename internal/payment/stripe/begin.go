package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	api "github.com/stripe/stripe-go/v84"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/payment"
)

// cent in nano-dollars: Stripe counts in cents.
const cent = money.Dollar / 100

// The keys of the metadata by which events are known again. Nobody but who holds the
// secret key can set them; a session's client_reference_id is there for people alone,
// since whoever pays by a payment link may choose it.
const (
	metaCheckout = "checkout"
	metaAccount  = "account"
)

// Begin makes a Checkout Session.
//
// Errors: INVALID_PARAMETER where Stripe refuses a return address, SERVICE_UNAVAILABLE
// where it can't be reached or is busy, INTERNAL_ERROR where it refuses this server. None
// shows Stripe's words: they may hold parts of keys.
func (p *Processor) Begin(ctx context.Context, o payment.Order) (payment.Session, error) {
	if o.Amount <= 0 || o.Amount%cent != 0 || o.Amount/cent > maxCents {
		return payment.Session{}, fault.Invalid("amount", "Stripe does not take an amount of %s dollars.", o.Amount)
	}
	session, err := p.client.V1CheckoutSessions.Create(ctx, params(o))
	if err != nil {
		return payment.Session{}, refused(err)
	}
	return payment.Session{ID: session.ID, URL: session.URL}, nil
}

func params(o payment.Order) *api.CheckoutSessionCreateParams {
	meta := map[string]string{metaCheckout: o.ID, metaAccount: o.Account}
	out := &api.CheckoutSessionCreateParams{
		Mode:              api.String("payment"),
		ClientReferenceID: api.String(o.ID),
		SuccessURL:        api.String(o.SuccessURL),
		CancelURL:         api.String(o.CancelURL),
		// What is paid and what comes back stays in dollars.
		AdaptivePricing: &api.CheckoutSessionCreateAdaptivePricingParams{Enabled: api.Bool(false)},
		LineItems: []*api.CheckoutSessionCreateLineItemParams{{
			Quantity: api.Int64(1),
			PriceData: &api.CheckoutSessionCreateLineItemPriceDataParams{
				Currency: api.String(dollars), UnitAmount: api.Int64(int64(o.Amount / cent)),
				ProductData: &api.CheckoutSessionCreateLineItemPriceDataProductDataParams{Name: api.String(product)},
			},
		}},
		PaymentIntentData: &api.CheckoutSessionCreatePaymentIntentDataParams{Metadata: meta},
	}
	out.Metadata = meta
	out.SetIdempotencyKey(o.ID)
	out.Headers = http.Header{"X-Stripe-Client-User-Agent": {clientInfo}}
	return out
}

const dollars = "usd"

// retryAfter is what callers are told where Stripe is away.
const retryAfter = 10 * time.Second

// refused translates an error of the library.
func refused(err error) error {
	var e *api.Error
	if !errors.As(err, &e) {
		return &fault.Error{ID: fault.ServiceUnavailable, RetryAfter: retryAfter, Err: unreachable(err),
			Message: "The payment processor cannot be reached now."}
	}
	cause := fmt.Errorf("stripe answered %d: type %q, code %q, parameter %q, request %q", e.HTTPStatusCode, e.Type, e.Code, e.Param, e.RequestID)
	switch {
	case e.HTTPStatusCode == http.StatusTooManyRequests, e.HTTPStatusCode >= http.StatusInternalServerError:
		return &fault.Error{ID: fault.ServiceUnavailable, RetryAfter: retryAfter, Err: cause,
			Message: "The payment processor is busy or out of order now."}
	case e.Param == "success_url", e.Param == "cancel_url":
		f := fault.Invalid(e.Param, "The payment processor does not take the address in '%s'.", e.Param)
		f.Err = cause
		return f
	}
	return fault.Wrap(cause, fault.InternalError, "The payment processor refused the checkout; the operator of this server finds the reason in its log.")
}

// unreachable is a failure without an answer of Stripe's API. What was not JSON is left
// out: it may repeat the request.
func unreachable(err error) error {
	var network *url.Error
	if errors.As(err, &network) {
		return network
	}
	return fmt.Errorf("stripe gave no answer of its API (%T)", err)
}
