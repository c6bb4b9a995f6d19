package skytells

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// UsageFigures are what some time comes to. They lag by a few seconds. Requests are those
// that a model works for: reading does not count.
type UsageFigures struct {
	Requests  int64  `json:"requests"`
	Errors    int64  `json:"errors" doc:"Of the requests, those with a status of 400 or above."`
	Failed    int64  `json:"failed" doc:"Of the errors, those with a status of 500 or above."`
	Charges   int64  `json:"charges"`
	TokensIn  int64  `json:"tokens_in"`
	TokensOut int64  `json:"tokens_out"`
	Cached    int64  `json:"tokens_cached"`
	Reasoning int64  `json:"tokens_reasoning"`
	Amount    Amount `json:"amount"`
	// Cost is what the upstreams took; operators see it.
	Cost      Amount  `json:"cost,omitempty"`
	P50       float64 `json:"p50_ms" doc:"Duration that half of the requests without an error did not exceed, in milliseconds: an estimate, off by a fifth at most. 0 without any."`
	P95       float64 `json:"p95_ms" doc:"Likewise, of 95 in 100."`
	Mean      float64 `json:"mean_ms"`
	FirstByte float64 `json:"first_byte_ms" doc:"Mean time to the first byte of an answer."`
}

// UsagePeriod is a day or a month so far, and the one before.
type UsagePeriod struct {
	From       time.Time    `json:"from"`
	To         time.Time    `json:"to"`
	Now        UsageFigures `json:"now"`
	Before     UsageFigures `json:"before" doc:"Of the period before, until the same hour."`
	BeforeFull UsageFigures `json:"before_full" doc:"Of the whole period before."`
}

// UsageSummary is what a first page shows (GET /v1/usage/summary).
type UsageSummary struct {
	Account string      `json:"account,omitempty"`
	Today   UsagePeriod `json:"today"`
	Month   UsagePeriod `json:"month"`
}

// UsagePoint is a group's figures of an hour or a day. Group is "" where nothing is told
// apart, and "*" for all that have no group of their own.
type UsagePoint struct {
	At    time.Time `json:"at"`
	Group string    `json:"group"`
	UsageFigures
}

// UsageSeries is what a chart draws (GET /v1/usage/series).
type UsageSeries struct {
	Account string       `json:"account,omitempty"`
	From    time.Time    `json:"from"`
	To      time.Time    `json:"to"`
	Step    string       `json:"step" enum:"hour,day"`
	By      string       `json:"by,omitempty" enum:"model,key,account"`
	Data    []UsagePoint `json:"data" doc:"By time, and then in the order of the groups; each group has a point for each step."`
	Groups  []UsagePoint `json:"groups" doc:"Sums of the groups, the largest first; the ninth and all smaller ones are one group, *."`
	Total   UsageFigures `json:"total"`
}

// LoggedRequest is a request of the log (GET /v1/requests).
type LoggedRequest struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	Method    string    `json:"method"`
	Route     string    `json:"route" doc:"The route's pattern."`
	Path      string    `json:"path"`
	Status    int       `json:"status"`
	Outcome   string    `json:"outcome"`
	ErrorID   string    `json:"error_id,omitempty"`
	Key       string    `json:"key,omitempty" doc:"Id of the key."`
	Model     string    `json:"model,omitempty"`
	TokensIn  int64     `json:"tokens_in"`
	TokensOut int64     `json:"tokens_out"`
	BytesIn   int64     `json:"bytes_in"`
	BytesOut  int64     `json:"bytes_out"`
	FirstByte float64   `json:"first_byte_ms"`
	Duration  float64   `json:"duration_ms"`
	Streamed  bool      `json:"streamed"`
	Client    string    `json:"client" doc:"Address that it came from."`
	// Account and Target are for operators.
	Account string `json:"account,omitempty"`
	Target  string `json:"target,omitempty"`
	// Charge is what the request cost, where one was asked for by its id.
	Charge *ChargeLine `json:"charge,omitempty"`
	// Cost is what the upstream took; operators see it.
	Cost Amount `json:"cost,omitempty"`
}

// LoggedRequests is a page of the log, newest first.
type LoggedRequests struct {
	Data []LoggedRequest `json:"data"`
	Next string          `json:"next,omitempty" doc:"The cursor of the next page; missing on the last one."`
}

// LimitUse is one limit with its use in the window now.
type LimitUse struct {
	Limit     int64   `json:"limit"`
	Used      int64   `json:"used"`
	Remaining int64   `json:"remaining"`
	Reset     float64 `json:"reset_seconds" doc:"Until all that is used now has left the window; 0 where nothing is used, and for concurrency, of which nobody knows."`
}

// LimitScope is what one set of limits belongs to. A missing limit is none.
type LimitScope struct {
	Key         string    `json:"key,omitempty" doc:"Id of the key; missing where the account's calls are counted."`
	Surface     string    `json:"surface" enum:"standard,edge"`
	Route       string    `json:"route" doc:"chat, responses, messages, embeddings or predictions; * for each of them apart, without any use."`
	Model       string    `json:"model" doc:"A slug; * for all models together, and empty for each of them apart, without any use."`
	Requests    *LimitUse `json:"requests,omitempty"`
	TokensIn    *LimitUse `json:"tokens_in,omitempty"`
	TokensOut   *LimitUse `json:"tokens_out,omitempty"`
	Concurrency *LimitUse `json:"concurrency,omitempty"`
}

// Limits are an account's limits with their live use (GET /v1/limits).
type Limits struct {
	Account     string       `json:"account"`
	Tier        string       `json:"tier,omitempty" doc:"Missing where tiers are off."`
	Window      int          `json:"window_seconds"`
	General     []LimitScope `json:"general" doc:"What holds for each model that has no numbers of its own, without use."`
	Data        []LimitScope `json:"data" doc:"What was used in the last minute by way of the answering server, and what rules name, with the use now."`
	Predictions *LimitUse    `json:"predictions,omitempty" doc:"Predictions that run at the same time."`
}

// UsageView asks for a summary or a series. Account is for operators. From and To are days or times (RFC 3339).
type UsageView struct{ Account, From, To, Step, By, Model, Key string }

func (v UsageView) query() url.Values {
	return some(map[string]string{"account": v.Account, "from": v.From, "to": v.To, "step": v.Step, "by": v.By, "model": v.Model, "key": v.Key})
}

// RequestFilter narrows the log. Status is a status, such as 429, or a class, such as 4xx.
type RequestFilter struct {
	Account, Status, Model, Key, ErrorID, Request, From, To string
	Cursor                                                  string // Next of the page before
	Limit                                                   int    // 0: 100
}

func (f RequestFilter) query() url.Values {
	q := some(map[string]string{"account": f.Account, "status": f.Status, "model": f.Model, "key": f.Key, "error_id": f.ErrorID,
		"request": f.Request, "from": f.From, "to": f.To, "cursor": f.Cursor})
	if f.Limit > 0 {
		q.Set("limit", strconv.Itoa(f.Limit))
	}
	return q
}

// some are the parameters that have a value.
func some(values map[string]string) url.Values {
	q := url.Values{}
	for name, value := range values {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

func asked(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// MyUsage reads the account's usage.
func (c *Client) MyUsage(ctx context.Context, u UsageQuery) (Usage, error) {
	u.Account = ""
	return call[Usage](ctx, c, http.MethodGet, asked("/v1/usage", u.query()), nil)
}

// MyUsageCSV reads the account's usage as a table.
func (c *Client) MyUsageCSV(ctx context.Context, u UsageQuery) ([]byte, error) {
	u.Account = ""
	q := u.query()
	q.Set("format", "csv")
	return c.text(ctx, asked("/v1/usage", q))
}

// MySummary reads the present day and month of the account.
func (c *Client) MySummary(ctx context.Context, v UsageView) (UsageSummary, error) {
	return call[UsageSummary](ctx, c, http.MethodGet, asked("/v1/usage/summary", v.query()), nil)
}

// MySeries reads what a chart of the account's usage draws.
func (c *Client) MySeries(ctx context.Context, v UsageView) (UsageSeries, error) {
	return call[UsageSeries](ctx, c, http.MethodGet, asked("/v1/usage/series", v.query()), nil)
}

// MyRequests reads a page of the account's request log.
func (c *Client) MyRequests(ctx context.Context, f RequestFilter) (LoggedRequests, error) {
	return call[LoggedRequests](ctx, c, http.MethodGet, asked("/v1/requests", f.query()), nil)
}

// MyRequest reads one of the account's requests with its charge.
func (c *Client) MyRequest(ctx context.Context, id string) (LoggedRequest, error) {
	return call[LoggedRequest](ctx, c, http.MethodGet, "/v1/requests/"+url.PathEscape(id), nil)
}

// MyLimits reads the account's limits with their live use.
func (c *Client) MyLimits(ctx context.Context) (Limits, error) {
	return call[Limits](ctx, c, http.MethodGet, "/v1/limits", nil)
}

// MyBalance reads the account's credit.
func (c *Client) MyBalance(ctx context.Context) (Balance, error) {
	return call[Balance](ctx, c, http.MethodGet, "/v1/balance", nil)
}

// ChargeQuery asks for charges. Days are in UTC; Before and BeforeID are those of the
// last charge seen.
type ChargeQuery struct {
	From, To, Before, BeforeID string
	Request                    string // only the charge of this request or prediction, whenever it was
	Limit                      int
}

// MyCharges reads a page of the account's charges, newest first.
func (c *Client) MyCharges(ctx context.Context, u ChargeQuery) ([]ChargeLine, error) {
	q := some(map[string]string{"from": u.From, "to": u.To, "before": u.Before, "before_id": u.BeforeID, "request": u.Request})
	if u.Limit > 0 {
		q.Set("limit", strconv.Itoa(u.Limit))
	}
	list, err := call[List[ChargeLine]](ctx, c, http.MethodGet, asked("/v1/charges", q), nil)
	return list.Data, err
}

// MyStatement reads a month of the account; "" is the present one.
func (c *Client) MyStatement(ctx context.Context, month string) (Statement, error) {
	return call[Statement](ctx, c, http.MethodGet, asked("/v1/statement", some(map[string]string{"month": month})), nil)
}

// MyStatementAs reads a statement as csv or html.
func (c *Client) MyStatementAs(ctx context.Context, month, format string) ([]byte, error) {
	return c.text(ctx, asked("/v1/statement", some(map[string]string{"month": month, "format": format})))
}

// Summary reads the present day and month of one account or of all, as operators see them.
func (c *Client) Summary(ctx context.Context, v UsageView) (UsageSummary, error) {
	return call[UsageSummary](ctx, c, http.MethodGet, asked("/admin/v1/usage/summary", v.query()), nil)
}

// Series reads what a chart of the usage of one account or of all draws.
func (c *Client) Series(ctx context.Context, v UsageView) (UsageSeries, error) {
	return call[UsageSeries](ctx, c, http.MethodGet, asked("/admin/v1/usage/series", v.query()), nil)
}

// Requests reads a page of the request log of one account or of all.
func (c *Client) Requests(ctx context.Context, f RequestFilter) (LoggedRequests, error) {
	return call[LoggedRequests](ctx, c, http.MethodGet, asked("/admin/v1/requests", f.query()), nil)
}

// Request reads one request with its charge, as operators see it.
func (c *Client) Request(ctx context.Context, id string) (LoggedRequest, error) {
	return call[LoggedRequest](ctx, c, http.MethodGet, "/admin/v1/requests/"+url.PathEscape(id), nil)
}

// Limits reads an account's limits with their live use.
func (c *Client) Limits(ctx context.Context, account string) (Limits, error) {
	return call[Limits](ctx, c, http.MethodGet, accountPath(account, "/limits"), nil)
}

// Cursor is where a page of the log ends.
func Cursor(at time.Time, id string) string { return at.UTC().Format(time.RFC3339Nano) + "," + id }

// ParseCursor reads a Cursor.
func ParseCursor(text string) (at time.Time, id string, ok bool) {
	when, id, found := strings.Cut(text, ",")
	at, err := time.Parse(time.RFC3339Nano, when)
	return at, id, found && err == nil && id != ""
}
