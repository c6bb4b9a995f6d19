package admin

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

// Ledger is the part of the ledger that the routes use.
type Ledger interface {
	books.Charges
	books.Statements
	Balance(ctx context.Context, account string) (ledger.Balance, error)
	books.Usages
	Transfers(ctx context.Context, account string, p ledger.Page) ([]ledger.Transfer, error)
	Verify(context.Context) (ledger.Report, error)
}

// Credits gives and takes credit: acts of several rooms, each in one transaction.
type Credits interface {
	GiveCredit(ctx context.Context, by account.Operator, account string, r skytells.CreditRequest) (ledger.Transfer, error)
	SetTerms(ctx context.Context, by account.Operator, account string, t skytells.CreditTerms) error
}

// MoneyHandlers holds what the routes about credit need.
type MoneyHandlers struct {
	Ledger   Ledger
	Credits  Credits
	Accounts books.Accounts
	Prices   books.Prices
	Now      func() time.Time
	// Sync waits until this process has seen its own change.
	Sync func(context.Context) error
}

// Rows are the routes.
func (h *MoneyHandlers) Rows() []api.Route {
	id := api.Param{Name: "id", In: "path", Required: true}
	query := func(name, text string) api.Param { return api.Param{Name: name, In: "query", Description: text} }
	span := []api.Param{query("from", "First day (UTC)."), query("to", "Last day."), query("by", "day, model, key, with commas."), query("model", "Only this model."), query("key", "Only this key.")}
	rows := []api.Route{
		{Method: http.MethodPost, Pattern: "/admin/v1/accounts/{id}/credit", ID: "giveCredit", Summary: "Give an account credit, or take some away",
			Description: "A negative amount takes away, into debt if it must. The same `reference` again is done once.",
			Params:      []api.Param{id}, Request: skytells.CreditRequest{}, Response: skytells.Transfer{}, Example: `{"amount": 10, "reason": "Welcome"}`, Operator: h.give},
		{Method: http.MethodGet, Pattern: "/admin/v1/accounts/{id}/balance", ID: "getAccountBalance", Summary: "Get an account's balance",
			Params: []api.Param{id}, Response: skytells.Balance{}, Operator: h.balance},
		{Method: http.MethodPatch, Pattern: "/admin/v1/accounts/{id}/terms", ID: "setTerms", Summary: "Set an account's credit line and its order of drawing",
			Params: []api.Param{id}, Request: skytells.CreditTerms{}, Response: skytells.Balance{}, Example: `{"credit_line": 50}`, Operator: h.terms},
		{Method: http.MethodGet, Pattern: "/admin/v1/accounts/{id}/transfers", ID: "listTransfers", Summary: "List an account's credits and corrections",
			Params:   []api.Param{id, query("before", "created_at of the last one seen."), query("before_id", "Its id."), query("limit", "Items a page.")},
			Response: skytells.List[skytells.Transfer]{}, Errors: []fault.ID{fault.InvalidDateFormat}, Operator: h.transfers},
		{Method: http.MethodGet, Pattern: "/admin/v1/accounts/{id}/charges", ID: "listAccountCharges", Summary: "List an account's charges with what explains them",
			Params:   []api.Param{id, span[0], span[1], query("before", "created_at of the last one seen."), query("before_id", "Its request."), query("limit", "Items a page.")},
			Response: skytells.List[skytells.ChargeLine]{}, Errors: []fault.ID{fault.InvalidDateFormat, fault.InvalidDateRange}, Operator: h.charges},
		{Method: http.MethodGet, Pattern: "/admin/v1/accounts/{id}/statement", ID: "getAccountStatement", Summary: "Get an account's statement of a month",
			Params:   []api.Param{id, query("month", "Such as 2026-11; the present one if missing."), {Name: "format", In: "query", Enum: []string{"json", "csv", "html"}}},
			Response: skytells.Statement{}, Errors: []fault.ID{fault.InvalidDateFormat}, Operator: h.statement},
		{Method: http.MethodGet, Pattern: "/admin/v1/usage", ID: "getAllUsage", Summary: "Get usage, of one account or of all, with what the upstreams took",
			Params:   append([]api.Param{query("account", "Only this account."), {Name: "format", In: "query", Enum: []string{"json", "csv"}}}, span...),
			Response: skytells.Usage{}, Errors: []fault.ID{fault.InvalidDateFormat, fault.InvalidDateRange}, Operator: h.usage},
		{Method: http.MethodGet, Pattern: "/admin/v1/ledger/verify", ID: "verifyLedger", Summary: "Check the whole ledger",
			Description: "Balances against postings, holds, leases, budgets, and charges against their postings.",
			Response:    skytells.Verification{}, Operator: h.verify},
	}
	return dress(rows)
}

func (h *MoneyHandlers) give(c *httpx.Call, by account.Operator) error {
	var r skytells.CreditRequest
	if err := c.Decode(maxBody, &r); err != nil {
		return err
	}
	t, err := h.Credits.GiveCredit(c.Request.Context(), by, c.Request.PathValue("id"), r)
	return answer(c, h.Sync, books.Transfer(t), err)
}

func (h *MoneyHandlers) balance(c *httpx.Call, _ account.Operator) error {
	id := c.Request.PathValue("id")
	if _, err := h.Accounts.Account(c.Request.Context(), id); err != nil {
		return err
	}
	b, err := h.Ledger.Balance(c.Request.Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, books.Balance(b))
}

func (h *MoneyHandlers) terms(c *httpx.Call, by account.Operator) error {
	var t skytells.CreditTerms
	if err := c.Decode(maxBody, &t); err != nil {
		return err
	}
	if err := h.Credits.SetTerms(c.Request.Context(), by, c.Request.PathValue("id"), t); err != nil {
		return err
	}
	return h.balance(c, by)
}

func (h *MoneyHandlers) transfers(c *httpx.Call, _ account.Operator) error {
	page, err := books.Page(c.Request.URL.Query())
	if err != nil {
		return err
	}
	all, err := h.Ledger.Transfers(c.Request.Context(), c.Request.PathValue("id"), page)
	return list(c, books.Transfers(all), err)
}

func (h *MoneyHandlers) charges(c *httpx.Call, _ account.Operator) error {
	return books.SendCharges(c, h.Ledger, h.Prices, c.Request.PathValue("id"), h.Now())
}

func (h *MoneyHandlers) statement(c *httpx.Call, _ account.Operator) error {
	return books.SendStatement(c, h.Ledger, h.Accounts, c.Request.PathValue("id"), h.Now())
}

func (h *MoneyHandlers) usage(c *httpx.Call, _ account.Operator) error {
	return books.SendUsage(c, h.Ledger, c.Request.URL.Query().Get("account"), true, h.Now())
}

func (h *MoneyHandlers) verify(c *httpx.Call, _ account.Operator) error {
	r, err := h.Ledger.Verify(c.Request.Context())
	if err != nil {
		return err
	}
	problems := r.Problems
	if problems == nil {
		problems = []string{}
	}
	return c.JSON(http.StatusOK, skytells.Verification{Clean: r.Clean(), Checked: r.Checked, Problems: problems})
}
