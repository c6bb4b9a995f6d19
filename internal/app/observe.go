package app

import (
	"context"
	"log/slog"
	"net/http"

	"skytower/internal/api"
	"skytower/internal/httpx"
	"skytower/internal/ledger"
	"skytower/internal/telemetry"
)

// observer makes the one place where a finished request is written down: metrics,
// the request log, and a line in the log.
func (a *App) observer(rows []api.Route) func(*httpx.Record) {
	routes := map[string]*telemetry.Route{}
	for _, row := range rows {
		routes[row.Pattern] = a.metrics.Route(surfaceOf(row.Surface), row.Pattern)
	}
	other := a.metrics.Route(telemetry.SurfaceConsole, "other")
	return func(r *httpx.Record) {
		if r.Inside {
			a.logInside(r)
			return
		}
		route := routes[r.Route]
		if route == nil {
			route = other
		}
		a.count(route, r)
		if routes[r.Route] != nil || r.Route == "unknown" {
			a.ledger.Log(logEntry(r))
		}
		a.logRequest(r)
	}
}

// logInside tells of a page's own call only where it broke.
func (a *App) logInside(r *httpx.Record) {
	if r.Status >= http.StatusInternalServerError {
		a.logRequest(r)
	}
}

func surfaceOf(s api.Surface) telemetry.Surface {
	switch s {
	case api.Inference:
		return telemetry.SurfaceInference
	case api.Admin:
		return telemetry.SurfaceAdmin
	default:
		return telemetry.SurfaceREST
	}
}

func (a *App) count(route *telemetry.Route, r *httpx.Record) {
	route.Ended(r.Status, outcomeOf(r), r.Duration)
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

// logRequest writes what an operator must look at: our failures as errors, with
// the cause that the caller is not told. The rest is in the request log; at level
// debug it is here too.
func (a *App) logRequest(r *httpx.Record) {
	switch {
	case r.Status >= http.StatusInternalServerError || r.Err != nil && r.Status < http.StatusBadRequest && r.Outcome != "hang_up":
		a.log.Error("request failed", "request_id", r.ID, "route", r.Route, "status", r.Status, "error_id", r.ErrorID,
			"account", r.Account, "model", r.Model, "target", r.Target, "error", r.Err)
	case a.log.Enabled(context.Background(), slog.LevelDebug): // its arguments cost more than the question
		a.log.Debug("request", "request_id", r.ID, "route", r.Route, "status", r.Status, "error_id", r.ErrorID,
			"account", r.Account, "model", r.Model, "target", r.Target, "took", r.Duration, "error", r.Err)
	}
}
