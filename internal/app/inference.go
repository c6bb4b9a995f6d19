package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"skytower/internal/api"
	"skytower/internal/api/infer"
	"skytower/internal/inference"
	"skytower/internal/jobs"
	"skytower/internal/limit"
	"skytower/internal/response"
	"skytower/internal/route"
)

// responsesInterval is how often stored responses that may go, and those whose process
// died, are looked for.
const responsesInterval = 10 * time.Second

// makeInference makes the room that answers, with what it keeps: the health of targets,
// stored responses, and the work in the background.
func (a *App) makeInference(context.Context) error {
	s := a.cfg.Inference
	a.routes = route.New(route.Options{
		Failures: s.BreakerFailures, Open: s.BreakerOpen, RetryPercent: s.RetryPercent, OnChange: a.targetChanged,
	})
	a.responses = response.New(response.Options{
		DB: a.db, Jobs: a.jobs, Retention: s.ResponsesRetention, Linger: s.ResponsesLinger, Log: a.log, Now: a.clock.Now,
	})
	a.responses.Watch(a.feed)
	a.inference = &inference.Service{
		Catalog: a.catalog, Adapters: a.adapters, Limits: a.limits, Meter: a.ledger, Inputs: a.foreign(), Routes: a.routes,
		Parser: inference.NewParser(), Conversations: a.responses, Tasks: a.responses, Closing: a.closing,
		Log: a.log, Now: a.clock.Now, SettleTimeout: settleTimeout, OnFailure: a.adapters.failed,
		OnTry: a.triedTarget, OnCharge: a.charged, Trace: a.tracer, Recall: a.recall, OnGuard: a.guardTold,
	}
	jobs.Register(a.jobs, jobs.Worker[response.Run]{Run: a.runResponse, Timeout: inference.TaskTime + settleTimeout})
	a.jobs.EverySteadily("sweep responses", responsesInterval, a.sweepResponses)
	return nil
}

// afterOutage is how long a database that was away must be back before the silence of a
// runner counts: it has shown life by then.
const afterOutage = time.Minute

func (a *App) sweepResponses(ctx context.Context) error {
	if !a.clock.Unbroken(afterOutage) {
		return nil
	}
	return a.responses.Sweep(ctx)
}

// targetChanged tells of a breaker.
func (a *App) targetChanged(target string, s route.State) {
	a.metrics.Breaker(string(s))
	switch s {
	case route.Open:
		a.log.Warn("a target failed too often and gets no calls for a while", "target", target)
	case route.Closed:
		a.log.Info("a target serves again", "target", target)
	}
}

// runResponse makes a response in the background.
func (a *App) runResponse(ctx context.Context, job jobs.Job[response.Run]) error {
	ctx, span := a.tracer.Work(ctx, "response", job.Args.ID, true)
	defer span.End()
	span.Text("skytower.account", job.Args.Account)
	span.Text("skytower.response", job.Args.ID)
	err := a.inference.RunTask(ctx, job.Args.Account, job.Args.ID)
	if later, ok := errors.AsType[*inference.Later](err); ok {
		return jobs.Snooze(later.After)
	}
	if err != nil {
		return fmt.Errorf("make response %s: %w", job.Args.ID, err)
	}
	return nil
}

func (a *App) inferRows(surface string) []api.Route {
	h := &infer.Handlers{
		Service: a.inference, Parser: a.inference.Parser, MaxBody: a.cfg.MaxBody, KeepAlive: a.cfg.KeepAlive, OpenStreams: a.metrics.OpenStreams, Surface: surface,
		Stored: a.responses, Follower: a.inference, Bodies: a.keeper(),
	}
	if surface == limit.Edge {
		h.MaxStream, h.Stored = a.cfg.Money.EdgeMaxTime, nil
	}
	return h.Rows()
}
