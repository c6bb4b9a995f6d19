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
	"skytower/internal/limit"
	"skytower/internal/skytells"
)

// Owners give an account's tier, and whose a key is.
type Owners interface {
	Account(ctx context.Context, id string) (skytells.Account, error)
	Key(ctx context.Context, id string) (skytells.Key, error)
}

// TrafficHandlers holds what the routes about requests and live limits need.
type TrafficHandlers struct {
	Traffic books.Traffic
	Prices  books.Prices
	Limits  books.Limits
	Places  books.Places
	Owners  Owners
	Now     func() time.Time
}

// Rows are the routes.
func (h *TrafficHandlers) Rows() []api.Route {
	query := func(name, text string, words ...string) api.Param {
		return api.Param{Name: name, In: "query", Description: text, Enum: words}
	}
	whose, model, key := query("account", "Only this account."), query("model", "Only this model."), query("key", "Only this key.")
	from, to := query("from", "A day or a time, UTC."), query("to", "A day, included, or a time, not included.")
	return dress([]api.Route{
		{Method: http.MethodGet, Pattern: "/admin/v1/usage/summary", ID: "getAllUsageSummary", Summary: "Get the usage of today and this month, of one account or of all",
			Params: []api.Param{whose, model, key}, Response: skytells.UsageSummary{}, Operator: h.summary},
		{Method: http.MethodGet, Pattern: "/admin/v1/usage/series", ID: "getAllUsageSeries", Summary: "Get usage over time, of one account or of all",
			Params:   []api.Param{whose, from, to, query("step", "hour if missing.", "hour", "day"), query("by", "What is told apart.", "model", "key", "account"), model, key},
			Response: skytells.UsageSeries{}, Errors: []fault.ID{fault.InvalidDateFormat, fault.InvalidDateRange}, Operator: h.series},
		{Method: http.MethodGet, Pattern: "/admin/v1/requests", ID: "listAllRequests", Summary: "List requests, of one account or of all, with their targets",
			Params: []api.Param{
				whose, query("status", "A status, such as 429, or a class, such as 4xx."), model, key, query("error_id", "Such as RATE_LIMIT_EXCEEDED."), query("request", "Only the request of this id."),
				from, to, query("cursor", "`next` of the page before."), query("limit", "Requests a page."),
			},
			Response: skytells.LoggedRequests{}, Errors: []fault.ID{fault.InvalidDateFormat, fault.InvalidDateRange}, Operator: h.requests},
		{Method: http.MethodGet, Pattern: "/admin/v1/requests/{id}", ID: "getAnyRequest", Summary: "Get a request with its charge and cost",
			Params: idParam(), Response: skytells.LoggedRequest{}, Operator: h.request},
		{Method: http.MethodGet, Pattern: "/admin/v1/accounts/{id}/limits", ID: "getAccountLimits", Summary: "Get an account's limits with their use now",
			Params: idParam(), Response: skytells.Limits{}, Operator: h.limits},
	})
}

// account is the account that the query names, or whose the key is that it names: with
// that it is found faster.
func (h *TrafficHandlers) account(c *httpx.Call) (string, error) {
	q := c.Request.URL.Query()
	if q.Get("account") != "" || q.Get("key") == "" {
		return q.Get("account"), nil
	}
	key, err := h.Owners.Key(c.Request.Context(), q.Get("key"))
	if err != nil {
		return "", err
	}
	return key.Account, nil
}

func (h *TrafficHandlers) summary(c *httpx.Call, _ account.Operator) error {
	whose, err := h.account(c)
	if err != nil {
		return err
	}
	return books.SendSummary(c, h.Traffic, whose, true, h.Now())
}

func (h *TrafficHandlers) series(c *httpx.Call, _ account.Operator) error {
	whose, err := h.account(c)
	if err != nil {
		return err
	}
	return books.SendSeries(c, h.Traffic, whose, true, h.Now())
}

func (h *TrafficHandlers) requests(c *httpx.Call, _ account.Operator) error {
	whose, err := h.account(c)
	if err != nil {
		return err
	}
	return books.SendRequests(c, h.Traffic, whose, true)
}

func (h *TrafficHandlers) request(c *httpx.Call, _ account.Operator) error {
	return books.SendRequest(c, h.Traffic, h.Prices, "", true)
}

func (h *TrafficHandlers) limits(c *httpx.Call, _ account.Operator) error {
	id := c.Request.PathValue("id")
	owner, err := h.Owners.Account(c.Request.Context(), id)
	if err != nil {
		return err
	}
	return books.SendLimits(c, h.Limits, h.Places, limit.Whose{Account: id, Tier: owner.Tier})
}
