package billing

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/payment"
	"skytower/internal/skytells"
)

// Payments begins payments, and deals with what the processor tells of them.
type Payments interface {
	Begin(ctx context.Context, account, base string, r skytells.CheckoutRequest) (skytells.Checkout, error)
	Get(ctx context.Context, account, id string) (skytells.Checkout, error)
	List(ctx context.Context, account string, p payment.Page) ([]skytells.Checkout, error)
	Handle(ctx context.Context, body []byte, header http.Header) error
}

// PaymentHandlers holds what the routes of payments need.
type PaymentHandlers struct {
	Payments Payments // nil: no processor is set up
	Public   *url.URL // start of absolute links; nil: from the request
}

// Bounds of bodies, in bytes.
const (
	maxCheckout = 16 << 10
	maxEvent    = 1 << 20
)

// Rows are the routes. They are there without a processor, too, to say so.
func (h *PaymentHandlers) Rows() []api.Route {
	rows := []api.Route{
		{Method: http.MethodPost, Pattern: "/v1/checkouts", ID: "createCheckout", Summary: "Begin a payment",
			Description: "The answer's `url` is where the payer goes; it is told this once. The account gets the credit when the payment processor says that it was paid. " +
				"The payer returns to `success_url` or `cancel_url`; both begin with https://, and are this server's start if they are left out.",
			Scope: account.BillingWrite, Request: skytells.CheckoutRequest{}, Response: skytells.Checkout{},
			Example: `{"amount": 25, "success_url": "https://app.example.com/paid"}`,
			Errors:  []fault.ID{fault.InvalidRequest}, Key: h.begin},
		{Method: http.MethodGet, Pattern: "/v1/checkouts", ID: "listCheckouts", Summary: "List payments",
			Description: "The account's checkouts, newest first.",
			Scope:       account.BillingRead, Poll: true, Response: skytells.List[skytells.Checkout]{},
			Params: []api.Param{
				{Name: "after", In: "query", Description: "Id of the last checkout of the page before."},
				{Name: "limit", In: "query", Description: "1 to 500; 50 if it is left out."},
			}, Key: h.list},
		{Method: http.MethodGet, Pattern: "/v1/checkouts/{id}", ID: "getCheckout", Summary: "Get a payment",
			Scope: account.BillingRead, Poll: true, Response: skytells.Checkout{},
			Params: []api.Param{{Name: "id", In: "path", Description: "The checkout's id.", Required: true}}, Key: h.get},
	}
	for i := range rows {
		rows[i].Surface, rows[i].Tag = api.REST, "Billing"
		rows[i].Errors = append([]fault.ID{
			fault.Unauthorized, fault.AccountSuspended, fault.Forbidden, fault.EndpointNotFound, fault.InvalidParameter,
			fault.RateLimitExceeded, fault.InternalError, fault.ServiceUnavailable,
		}, rows[i].Errors...)
	}
	return append(rows, h.eventRow())
}

// eventRow is for the processor alone and stands in no document. Its authority is the
// signature of the body.
func (h *PaymentHandlers) eventRow() api.Route {
	return api.Route{Method: http.MethodPost, Pattern: "/payments/stripe", ID: "handleStripeEvent", Tag: "Billing", Surface: api.REST, Hidden: true,
		Summary: "Hear of a payment", Description: "For Stripe: the address of the webhook.",
		Response: skytells.Done{}, Errors: []fault.ID{fault.Unauthorized, fault.InvalidRequest, fault.InternalError, fault.ServiceUnavailable}, Public: h.event}
}

func notSetUp() error {
	return fault.New(fault.EndpointNotFound, "Payments are not set up on this server.")
}

func (h *PaymentHandlers) begin(c *httpx.Call, who account.Principal) error {
	if h.Payments == nil {
		return notSetUp()
	}
	base, err := httpx.Base(h.Public, c.Request)
	if err != nil {
		return err
	}
	var r skytells.CheckoutRequest
	if err := c.Decode(maxCheckout, &r); err != nil {
		return err
	}
	checkout, err := h.Payments.Begin(c.Request.Context(), who.Account, base, r)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, checkout)
}

func (h *PaymentHandlers) list(c *httpx.Call, who account.Principal) error {
	if h.Payments == nil {
		return notSetUp()
	}
	q := c.Request.URL.Query()
	page := payment.Page{After: q.Get("after")}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fault.Invalid("limit", "'limit' must be a whole number above 0.")
		}
		page.Limit = n
	}
	checkouts, err := h.Payments.List(c.Request.Context(), who.Account, page)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, skytells.List[skytells.Checkout]{Data: checkouts})
}

func (h *PaymentHandlers) get(c *httpx.Call, who account.Principal) error {
	if h.Payments == nil {
		return notSetUp()
	}
	checkout, err := h.Payments.Get(c.Request.Context(), who.Account, c.Request.PathValue("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, checkout)
}

func (h *PaymentHandlers) event(c *httpx.Call) error {
	if h.Payments == nil {
		return notSetUp()
	}
	body, err := c.Body(maxEvent)
	if err != nil {
		return err
	}
	if err := h.Payments.Handle(c.Request.Context(), body, c.Request.Header); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, skytells.Done{Success: true})
}
