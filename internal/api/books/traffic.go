package books

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/skytells"
)

// Traffic reads sums for charts, and the request log.
type Traffic interface {
	Summary(ctx context.Context, account, key, model string, now time.Time) (ledger.Summary, error)
	Series(context.Context, ledger.SeriesFilter) (ledger.Series, error)
	Requests(context.Context, ledger.Filter, ledger.Page) ([]ledger.Entry, error)
	Request(ctx context.Context, account, id string) (ledger.Entry, *ledger.Line, error)
}

// Figures give sums the form of the wire. Costs are for operators alone.
func Figures(f ledger.Figures, costs bool) skytells.UsageFigures {
	out := skytells.UsageFigures{
		Requests: f.Requests, Errors: f.Errors, Failed: f.Failed, Charges: f.Charges, TokensIn: f.Input, TokensOut: f.Output, Cached: f.Cached,
		Reasoning: f.Reasoning, Amount: Amount(f.Amount), P50: millis(f.P50), P95: millis(f.P95), Mean: millis(f.Mean), FirstByte: millis(f.FirstByte),
	}
	if costs {
		out.Cost = Amount(f.Cost)
	}
	return out
}

// millis is a duration in milliseconds, to the microsecond.
func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// SendSummary answers with the present day and month of an account, or ("") of all.
func SendSummary(c *httpx.Call, from Traffic, account string, costs bool, now time.Time) error {
	q := c.Request.URL.Query()
	s, err := from.Summary(c.Request.Context(), account, q.Get("key"), q.Get("model"), now)
	if err != nil {
		return err
	}
	period := func(p ledger.Period) skytells.UsagePeriod {
		return skytells.UsagePeriod{From: p.From, To: p.To, Now: Figures(p.Now, costs), Before: Figures(p.Before, costs), BeforeFull: Figures(p.BeforeFull, costs)}
	}
	return c.JSON(http.StatusOK, skytells.UsageSummary{Account: account, Today: period(s.Today), Month: period(s.Month)})
}

// SendSeries answers with what a chart of an account, or ("") of all, draws.
func SendSeries(c *httpx.Call, from Traffic, account string, costs bool, now time.Time) error {
	f, err := SeriesFilter(c.Request.URL.Query(), account, now)
	if err != nil {
		return err
	}
	if f.By == "account" && !costs {
		return fault.Invalid("by", "'by' must be model or key, or left out.")
	}
	s, err := from.Series(c.Request.Context(), f)
	if err != nil {
		return err
	}
	points := func(all []ledger.Point) []skytells.UsagePoint {
		out := make([]skytells.UsagePoint, 0, len(all))
		for _, p := range all {
			out = append(out, skytells.UsagePoint{At: p.At, Group: p.Group, UsageFigures: Figures(p.Figures, costs)})
		}
		return out
	}
	step := "hour"
	if f.Daily {
		step = "day"
	}
	return c.JSON(http.StatusOK, skytells.UsageSeries{
		Account: account, From: f.From, To: f.To, Step: step, By: f.By, Data: points(s.Points), Groups: points(s.Groups), Total: Figures(s.Total, costs),
	})
}

// SeriesFilter reads from, to, step, by, model and key. Without a time, hours are those of
// the last day, and days those of the last 30.
func SeriesFilter(q url.Values, account string, now time.Time) (ledger.SeriesFilter, error) {
	f := ledger.SeriesFilter{Account: account, Key: q.Get("key"), Model: q.Get("model"), By: q.Get("by"), To: now.UTC()}
	length := 24 * time.Hour
	switch q.Get("step") {
	case "", "hour":
		f.From = f.To.Add(time.Hour - length)
	case "day":
		f.Daily, length = true, usageDays*24*time.Hour
		f.From = f.To.AddDate(0, 0, 1-usageDays)
	default:
		return f, fault.Invalid("step", "'step' must be hour or day.")
	}
	var err error
	if q.Get("to") != "" {
		if f.To, err = moment(q, "to", true); err != nil {
			return f, err
		}
		f.From = f.To.Add(-length)
	}
	if q.Get("from") != "" {
		f.From, err = moment(q, "from", false)
	}
	return f, err
}

// moment reads a day or a time; zero where it is missing. The last day of a span is meant
// as a whole.
func moment(q url.Values, name string, last bool) (time.Time, error) {
	text := q.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		if last {
			day = day.AddDate(0, 0, 1)
		}
		return day, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, &fault.Error{ID: fault.InvalidDateFormat, Param: name, Message: "'" + name + "' must be a day such as 2026-11-25, or a time such as 2026-11-25T13:00:00Z."}
	}
	return at, nil
}

// RequestFilter reads status, model, key, error_id, request, from and to.
func RequestFilter(q url.Values, account string) (f ledger.Filter, err error) {
	f = ledger.Filter{Account: account, Model: q.Get("model"), Key: q.Get("key"), ErrorID: q.Get("error_id"), Request: q.Get("request")}
	if f.Request != "" {
		if _, made := httpx.IDTime("req_", f.Request); !made {
			return f, fault.Invalid("request", "'request' must be the id of a request, such as req_01hq…, as the answer's X-Request-Id has it.")
		}
	}
	if f.Status, f.Class, err = status(q.Get("status")); err != nil {
		return f, err
	}
	if f.From, err = moment(q, "from", false); err != nil {
		return f, err
	}
	if f.To, err = moment(q, "to", true); err != nil {
		return f, err
	}
	if !f.To.IsZero() && !f.From.Before(f.To) {
		return f, &fault.Error{ID: fault.InvalidDateRange, Param: "from", Message: "'from' must be before 'to'."}
	}
	return f, nil
}

// status reads a status such as 429 or a class such as 4xx.
func status(text string) (exact, class int, err error) {
	if text == "" {
		return 0, 0, nil
	}
	if len(text) == 3 && text[1:] == "xx" && text[0] >= '1' && text[0] <= '5' {
		return 0, int(text[0] - '0'), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 || n > 599 {
		return 0, 0, fault.Invalid("status", "'status' must be a status such as 429, or a class such as 4xx.")
	}
	return n, 0, nil
}

// SendRequests answers with a page of the log of an account, or ("") of all.
func SendRequests(c *httpx.Call, from Traffic, account string, inside bool) error {
	q := c.Request.URL.Query()
	f, err := RequestFilter(q, account)
	if err != nil {
		return err
	}
	var page ledger.Page
	if page.Limit, err = Limit(q); err != nil {
		return err
	}
	if text := q.Get("cursor"); text != "" {
		at, id, ok := skytells.ParseCursor(text)
		if !ok {
			return fault.Invalid("cursor", "'cursor' must be the 'next' of the page before.")
		}
		page.Before = ledger.Position{At: at, Request: id}
	}
	entries, err := from.Requests(c.Request.Context(), f, page)
	if err != nil {
		return err
	}
	out := skytells.LoggedRequests{Data: make([]skytells.LoggedRequest, 0, len(entries))}
	for _, e := range entries {
		out.Data = append(out.Data, logged(e, inside))
	}
	if n := len(entries); n == page.Limit {
		out.Next = skytells.Cursor(entries[n-1].At, entries[n-1].Request)
	}
	return c.JSON(http.StatusOK, out)
}

// logged is an entry on the wire. What stands behind a model is for operators (inside).
func logged(e ledger.Entry, inside bool) skytells.LoggedRequest {
	r := skytells.LoggedRequest{
		ID: e.Request, CreatedAt: e.At, Method: e.Method, Route: e.Route, Path: e.Path, Status: e.Status, Outcome: e.Outcome, ErrorID: e.ErrorID,
		Key: e.Key, Model: e.Model, TokensIn: e.TokensIn, TokensOut: e.TokensOut, BytesIn: e.BytesIn, BytesOut: e.BytesOut,
		FirstByte: millis(e.FirstByte), Duration: millis(e.Duration), Streamed: e.Streamed, Client: e.Client,
	}
	if inside {
		r.Account, r.Target = e.Account, e.Target
	}
	return r
}

// SendRequest answers with one request of an account, or ("") of any, and its charge.
func SendRequest(c *httpx.Call, from Traffic, prices Prices, account string, inside bool) error {
	e, line, err := from.Request(c.Request.Context(), account, c.Request.PathValue("id"))
	if err != nil {
		return err
	}
	r := logged(e, inside)
	if line != nil {
		charge, err := chargeLine(c.Request.Context(), prices, *line)
		if err != nil {
			return err
		}
		r.Charge = &charge
		if inside {
			r.Cost = Amount(line.Cost)
		}
	}
	return c.JSON(http.StatusOK, r)
}

// Limits look at limits without taking anything.
type Limits interface {
	Peek(context.Context, limit.Whose) (limit.View, error)
}

// Places say how many predictions of an account run, and how many may.
type Places interface {
	Places(ctx context.Context, account string) (taken, most int64, err error)
}

// SendLimits answers with an account's limits; key is "" for all of its keys.
func SendLimits(c *httpx.Call, limits Limits, places Places, who limit.Whose) error {
	view, err := limits.Peek(c.Request.Context(), who)
	if err != nil {
		return err
	}
	taken, most, err := places.Places(c.Request.Context(), who.Account)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, skytells.Limits{
		Account: who.Account, Tier: view.Tier, Window: int(limit.Window / time.Second), General: scopes(view.General), Data: scopes(view.Scopes),
		Predictions: &skytells.LimitUse{Limit: most, Used: taken, Remaining: max(most-taken, 0)},
	})
}

func scopes(all []limit.Standing) []skytells.LimitScope {
	out := []skytells.LimitScope{}
	for _, s := range all {
		out = append(out, skytells.LimitScope{
			Key: s.Key, Surface: s.Surface, Route: s.Route, Model: s.Model,
			Requests: use(s.Requests), TokensIn: use(s.TokensIn), TokensOut: use(s.TokensOut), Concurrency: use(s.Calls),
		})
	}
	return out
}

func use(g limit.Gauge) *skytells.LimitUse {
	if !g.Limited {
		return nil
	}
	return &skytells.LimitUse{Limit: g.Limit, Used: g.Used, Remaining: max(g.Limit-g.Used, 0), Reset: g.Reset.Seconds()}
}
