package app

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/prediction"
	"skytower/internal/provider"
	"skytower/internal/telemetry"
)

// observer makes the one place where a finished request is written down: metrics,
// the request log, the list of failures, and a line in the log.
func (a *App) observer(rows []api.Route) func(*httpx.Record) {
	seen := map[string]*watchedRoute{}
	errors := map[telemetry.Surface]*telemetry.Counts{}
	watch := func(surface telemetry.Surface, pattern string) *watchedRoute {
		if errors[surface] == nil {
			errors[surface] = a.metrics.Errors(surface, errorIDs())
		}
		return &watchedRoute{Route: a.metrics.Route(surface, pattern), errors: errors[surface]}
	}
	for _, row := range rows {
		seen[row.Pattern] = watch(surfaceOf(row.Surface), row.Pattern)
	}
	other := watch(telemetry.SurfaceConsole, "other")
	return func(r *httpx.Record) {
		if r.Inside {
			a.logInside(r)
			return
		}
		route := seen[r.Route]
		if route == nil {
			route = other
		}
		a.count(route, r)
		if seen[r.Route] != nil || r.Route == "unknown" {
			a.ledger.Log(logEntry(r))
		}
		if broke(r) {
			a.failures.add(r)
		}
		a.logRequest(r)
	}
}

// watchedRoute is what is counted of a route.
type watchedRoute struct {
	*telemetry.Route
	errors *telemetry.Counts
}

// errorIDs are all that an answer may have.
func errorIDs() []string {
	var ids []string
	for _, e := range fault.Table() {
		ids = append(ids, string(e.ID))
	}
	return ids
}

// logInside tells of a page's own call only where it broke.
func (a *App) logInside(r *httpx.Record) {
	if r.Status >= http.StatusInternalServerError {
		a.logRequest(r)
	}
}

func surfaceOf(s api.Surface) telemetry.Surface {
	switch s {
	case api.Inference, api.Messages:
		return telemetry.SurfaceInference
	case api.Admin:
		return telemetry.SurfaceAdmin
	default:
		return telemetry.SurfaceREST
	}
}

func (a *App) count(route *watchedRoute, r *httpx.Record) {
	route.Ended(r.Status, outcomeOf(r), r.Duration)
	if r.ErrorID != "" {
		route.errors.Inc(r.ErrorID)
	}
	if r.FirstByte > 0 {
		route.FirstByte(r.FirstByte)
	}
	if r.TokensIn > 0 {
		a.metrics.TokensIn.Add(float64(r.TokensIn))
	}
	if r.TokensOut > 0 {
		a.metrics.TokensOut.Add(float64(r.TokensOut))
	}
}

func outcomeOf(r *httpx.Record) telemetry.Outcome {
	switch {
	case r.Outcome == "hang_up" || r.Status == httpx.StatusHangUp:
		return telemetry.Cancelled
	case r.Status >= 500, r.Err != nil && r.Status < 400:
		return telemetry.Failed
	case r.Status >= 400:
		return telemetry.Refused
	default:
		return telemetry.OK
	}
}

func logEntry(r *httpx.Record) ledger.Entry {
	return ledger.Entry{
		Request: r.ID, At: r.Start, Method: r.Method, Route: r.Route, Path: r.Path, Status: r.Status, Outcome: r.Outcome,
		ErrorID: r.ErrorID, Account: r.Account, Key: r.Key, Model: r.Model, Target: r.Target, TokensIn: r.TokensIn,
		TokensOut: r.TokensOut, BytesIn: r.BytesIn, BytesOut: r.BytesOut, FirstByte: r.FirstByte, Duration: r.Duration,
		Streamed: r.Streamed, Client: r.Client,
	}
}

// broke reports whether the request failed by our side's fault, an upstream's included.
func broke(r *httpx.Record) bool {
	return r.Status >= http.StatusInternalServerError || r.Err != nil && r.Status < http.StatusBadRequest && r.Outcome != "hang_up"
}

// logRequest writes what an operator must look at: our failures as errors, with the cause
// that the caller is not told. Where `log_requests` is `all`, or at level debug, every
// request has its record; all are in the request log besides.
func (a *App) logRequest(r *httpx.Record) {
	level, message := slog.LevelDebug, "request"
	switch {
	case broke(r):
		level, message = slog.LevelError, "request failed"
	case a.cfg.Fleet.LogRequests == "all":
		level = slog.LevelInfo
	}
	ctx := context.Background()
	if !a.log.Enabled(ctx, level) { // what follows costs more than the question
		return
	}
	a.log.LogAttrs(ctx, level, message, recordAttrs(r)...)
}

// recordAttrs is a request's record as the log has it (docs/operations.md, Logs). The
// names are stable. What does not apply to a request is left out.
func recordAttrs(r *httpx.Record) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("request_id", r.ID), slog.String("method", r.Method), slog.String("route", r.Route), slog.String("path", r.Path),
		slog.Int("status", r.Status), slog.String("outcome", r.Outcome), slog.String("client", r.Client),
		slog.Float64("duration_ms", milliseconds(r.Duration)), slog.Int64("bytes_in", r.BytesIn), slog.Int64("bytes_out", r.BytesOut),
	}
	for _, text := range [...][2]string{
		{"error_id", r.ErrorID}, {"account", r.Account}, {"key_id", r.Key}, {"model", r.Model}, {"target", r.Target}, {"trace_id", r.TraceID},
	} {
		if text[1] != "" {
			attrs = append(attrs, slog.String(text[0], text[1]))
		}
	}
	if r.FirstByte > 0 {
		attrs = append(attrs, slog.Float64("first_byte_ms", milliseconds(r.FirstByte)))
	}
	if r.Model != "" {
		attrs = append(attrs, slog.Int64("tokens_in", r.TokensIn), slog.Int64("tokens_out", r.TokensOut),
			slog.Int64("charged_nanodollars", r.Charged), slog.Bool("streamed", r.Streamed))
	}
	if r.Err != nil {
		attrs = append(attrs, slog.Any("error", r.Err))
	}
	return attrs
}

// dollars is an amount as metrics have it: they are for looking at, and no books.
func dollars(n money.Nanos) float64 { return float64(n) / float64(money.Dollar) }

// charged counts what inference earns.
func (a *App) charged(amount, cost money.Nanos) {
	a.metrics.Charged.Add("inference", dollars(amount))
	a.metrics.Cost.Add("inference", dollars(cost))
}

// triedTarget counts a call to an upstream.
func (a *App) triedTarget(name string, nth int, ok bool, first time.Duration) {
	a.adapters.called(name, ok, first)
	if nth > 1 {
		a.metrics.Failovers.Inc()
	}
}

// called counts a call to a provider.
func (a *adapters) called(name string, ok bool, first time.Duration) {
	if e := (*a.current.Load())[name]; e.failures != nil {
		e.failures.Called(ok, first)
	}
}

// predicting counts what becomes of predictions.
type predicting struct{ app *App }

// Began is prediction.Observer's.
func (p predicting) Began(waited time.Duration) {
	p.app.metrics.PredictionsStarted.Inc()
	p.app.metrics.PredictionWait.Observe(waited.Seconds())
}

// Ended is prediction.Observer's.
func (p predicting) Ended(status prediction.Status, took time.Duration, charged, cost money.Nanos) {
	p.app.metrics.PredictionsEnded.Inc(string(status))
	if took > 0 {
		p.app.metrics.PredictionRun.Observe(took.Seconds())
	}
	p.app.metrics.Charged.Add("prediction", dollars(charged))
	p.app.metrics.Cost.Add("prediction", dollars(cost))
}

// Called is prediction.Observer's.
func (p predicting) Called(name string, err error, took time.Duration) {
	p.app.adapters.called(name, err == nil, took)
	if err != nil {
		p.app.adapters.failed(name, provider.ClassOf(err))
	}
}

// delivered counts a call of a webhook's receiver.
func (a *App) delivered(result string, took time.Duration) {
	a.metrics.Webhooks.Inc(result)
	a.metrics.WebhookSeconds.Observe(took.Seconds())
}

// notWritten counts a batch of charges that the database did not take.
func (a *App) notWritten(spooled bool) {
	if spooled {
		a.metrics.LedgerErrors.Inc("spooled")
		return
	}
	a.metrics.LedgerErrors.Inc("failed")
}

// connection counts the connections of callers.
func (a *App) connection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		a.metrics.OpenConnections.Inc()
	case http.StateHijacked, http.StateClosed:
		a.metrics.OpenConnections.Dec()
	}
}
