// Package billing holds the rows about an account's money under /v1: balance, usage,
// charges, statements and payments, and the address that a payment processor tells its
// events to.
package billing

import (
	"context"
	"net/http"
	"time"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/api/books"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/ledger"
	"skytower/internal/skytells"
)

// Ledger is the part of the ledger that the routes read.
type Ledger interface {
	Balance(ctx context.Context, account string) (ledger.Balance, error)
	books.Usages
	books.Charges
	books.Statements
}

// Handlers holds what the routes about money need.
type Handlers struct {
	Ledger   Ledger
	Terms    Terms
	Accounts books.Accounts
	Prices   books.Prices
	Now      func() time.Time
}

// Rows are the routes.
func (h *Handlers) Rows() []api.Route {
	day := func(name, text string) api.Param { return api.Param{Name: name, In: "query", Description: text} }
	span := []api.Param{day("from", "First day, such as 2026-11-01 (UTC); 30 days ago if missing."), day("to", "Last day; today if missing.")}
	form := api.Param{Name: "format", In: "query", Enum: []string{"json", "csv"}}
	rows := []api.Route{
		{Method: http.MethodGet, Pattern: "/v1/balance", Poll: true, ID: "getBalance", Summary: "Get the account's balance", Scope: account.BillingRead,
			Description: "What there is of each kind of credit, what is set aside for work that runs, and what a new request may take.",
			Response:    skytells.Balance{}, Key: h.balance},
		{Method: http.MethodGet, Pattern: "/v1/usage", Poll: true, ID: "getUsage", Summary: "Get the account's usage", Scope: account.UsageRead,
			Description: "Requests, tokens and charges, added up.",
			Params:      append(span, day("by", "What is told apart: `day`, `model`, `key`, with commas; `day,model` if missing."), day("model", "Only this model."), day("key", "Only this key's id."), form),
			Response:    skytells.Usage{}, Errors: []fault.ID{fault.InvalidDateFormat, fault.InvalidDateRange}, Key: h.usage},
		{Method: http.MethodGet, Pattern: "/v1/charges", Poll: true, ID: "listCharges", Summary: "List charges with what explains them", Scope: account.UsageRead,
			Description: "Newest first. Each charge is the sum of its lines, quantity × rate, rounded once. `before` and `before_id` go on after the last charge of a page.",
			Params:      append(span[:2:2], day("before", "`created_at` of the last charge seen."), day("before_id", "`request` of the last charge seen."), day("request", "Only the charge of this request or prediction, whenever it was."), day("limit", "Charges a page, at most 1,000.")),
			Response:    skytells.List[skytells.ChargeLine]{}, Errors: []fault.ID{fault.InvalidDateFormat, fault.InvalidDateRange}, Key: h.charges},
		{Method: http.MethodGet, Pattern: "/v1/statement", Poll: true, ID: "getStatement", Summary: "Get the statement of a month", Scope: account.BillingRead,
			Params:   []api.Param{day("month", "Such as 2026-11 (UTC); the present one if missing."), {Name: "format", In: "query", Description: "`html` is a page to print.", Enum: []string{"json", "csv", "html"}}},
			Response: skytells.Statement{}, Errors: []fault.ID{fault.InvalidDateFormat}, Key: h.statement},
	}
	rows = append(rows, h.orderRow())
	for i := range rows {
		rows[i].Surface, rows[i].Tag, rows[i].Poll = api.REST, "Billing", rows[i].Method == http.MethodGet
		rows[i].Errors = append([]fault.ID{
			fault.Unauthorized, fault.AccountSuspended, fault.Forbidden, fault.InvalidParameter, fault.RateLimitExceeded, fault.InternalError, fault.ServiceUnavailable,
		}, rows[i].Errors...)
	}
	return rows
}

func (h *Handlers) balance(c *httpx.Call, who account.Principal) error {
	b, err := h.Ledger.Balance(c.Request.Context(), who.Account)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, books.Balance(b))
}

func (h *Handlers) usage(c *httpx.Call, who account.Principal) error {
	return books.SendUsage(c, h.Ledger, who.Account, false, h.Now())
}

func (h *Handlers) charges(c *httpx.Call, who account.Principal) error {
	return books.SendCharges(c, h.Ledger, h.Prices, who.Account, h.Now())
}

func (h *Handlers) statement(c *httpx.Call, who account.Principal) error {
	return books.SendStatement(c, h.Ledger, h.Accounts, who.Account, h.Now())
}
