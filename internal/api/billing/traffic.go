package billing

import (
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

// TrafficHandlers holds what the routes about requests and limits need.
type TrafficHandlers struct {
	Traffic books.Traffic
	Prices  books.Prices
	Limits  books.Limits
	Places  books.Places
	Now     func() time.Time
}

// Rows are the routes.
func (h *TrafficHandlers) Rows() []api.Route {
	query := func(name, text string, words ...string) api.Param {
		return api.Param{Name: name, In: "query", Description: text, Enum: words}
	}
	model, key := query("model", "Only this model's slug."), query("key", "Only this key's id.")
	from, to := query("from", "A day or a time (RFC 3339), UTC."), query("to", "A day, included, or a time, not included.")
	rows := []api.Route{
		{Method: http.MethodGet, Pattern: "/v1/usage/summary", ID: "getUsageSummary", Tag: "Billing", Summary: "Get the usage of today and this month", Scope: account.UsageRead,
			Description: "Each beside the period before, until the same hour. Figures lag by a few seconds, and days are those of UTC.",
			Params:      []api.Param{model, key}, Response: skytells.UsageSummary{}, Key: h.summary},
		{Method: http.MethodGet, Pattern: "/v1/usage/series", ID: "getUsageSeries", Tag: "Billing", Summary: "Get usage over time", Scope: account.UsageRead,
			Description: "By hour (31 days at most; the last 24 hours if no time is named) or by day (366; the last 30). Figures lag by a few seconds.",
			Params:      []api.Param{from, to, query("step", "hour if missing.", "hour", "day"), query("by", "What is told apart; nothing if missing.", "model", "key"), model, key},
			Response:    skytells.UsageSeries{}, Errors: []fault.ID{fault.InvalidDateFormat, fault.InvalidDateRange}, Key: h.series},
		{Method: http.MethodGet, Pattern: "/v1/requests", ID: "listRequests", Tag: "Requests", Summary: "List the account's requests", Scope: account.UsageRead,
			Description: "Newest first, as long as the log keeps them (30 days, unless the operator chose otherwise). Bodies are kept only for accounts that ask for it (`PUT /v1/account/bodies`). A request appears half a second after its answer.",
			Params: []api.Param{
				query("status", "A status, such as 429, or a class, such as 4xx."), model, key, query("error_id", "Such as RATE_LIMIT_EXCEEDED."), query("request", "Only the request of this id."),
				from, to, query("cursor", "`next` of the page before."), query("limit", "Requests a page, at most 1,000; 100 if missing."),
			},
			Response: skytells.LoggedRequests{}, Errors: []fault.ID{fault.InvalidDateFormat, fault.InvalidDateRange}, Key: h.requests},
		{Method: http.MethodGet, Pattern: "/v1/requests/{id}", ID: "getRequest", Tag: "Requests", Summary: "Get one of the account's requests", Scope: account.UsageRead,
			Description: "With its charge, line by line, where it was charged.",
			Params:      []api.Param{{Name: "id", In: "path", Required: true, Description: "As the header X-Request-Id of the answer has it."}}, Response: skytells.LoggedRequest{}, Key: h.request},
		{Method: http.MethodGet, Pattern: "/v1/limits", ID: "getLimits", Tag: "Requests", Summary: "Get the account's limits with their use now", Scope: account.UsageRead,
			Description: "What the tier and rules allow in any 60 seconds, and what is used of it. Nothing is taken.",
			Response:    skytells.Limits{}, Key: h.limits},
	}
	for i := range rows {
		rows[i].Surface, rows[i].Poll = api.REST, true
		rows[i].Errors = append([]fault.ID{
			fault.Unauthorized, fault.AccountSuspended, fault.Forbidden, fault.InvalidParameter, fault.RateLimitExceeded, fault.InternalError, fault.ServiceUnavailable,
		}, rows[i].Errors...)
	}
	return rows
}

func (h *TrafficHandlers) summary(c *httpx.Call, who account.Principal) error {
	return books.SendSummary(c, h.Traffic, who.Account, false, h.Now())
}

func (h *TrafficHandlers) series(c *httpx.Call, who account.Principal) error {
	return books.SendSeries(c, h.Traffic, who.Account, false, h.Now())
}

func (h *TrafficHandlers) requests(c *httpx.Call, who account.Principal) error {
	return books.SendRequests(c, h.Traffic, who.Account, false)
}

func (h *TrafficHandlers) request(c *httpx.Call, who account.Principal) error {
	return books.SendRequest(c, h.Traffic, h.Prices, who.Account, false)
}

func (h *TrafficHandlers) limits(c *httpx.Call, who account.Principal) error {
	return books.SendLimits(c, h.Limits, h.Places, limit.Whose{Account: who.Account, Key: who.Key, Tier: who.Tier})
}
