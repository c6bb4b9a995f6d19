package inference

import (
	"context"
	"errors"
	"fmt"
	"time"

	"skytower/internal/account"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// run is one call in progress.
type run struct {
	svc     *Service
	who     account.Principal
	req     *Request
	started time.Time

	model  catalog.Resolved
	limits limit.Decision
	hold   *ledger.Reservation
	ticket limit.Ticket // what was taken of the limits, an estimate

	prepared    *rawjson.Object // the body with its addresses dealt with,
	preparedFor catalog.Policy  // by this policy

	held      *heldEvent // the last event, kept back until the charge is durable
	answer    []byte     // a plain answer, likewise
	delivered int        // bytes of generated content that a caller got
	usage     provider.Usage
	result    Result
}

type heldEvent struct {
	name string
	data []byte
}

// admit resolves the model, checks the fields, takes from the limits and reserves:
// nothing goes upstream before all four agreed.
func (r *run) admit(ctx context.Context) error {
	model, err := r.svc.Catalog.Resolve(r.req.Model, catalog.Viewer{Account: r.who.Account, Only: r.who.Models, Edge: r.req.Surface == limit.Edge}, catalogAPI(r.req.API))
	if err != nil {
		return err
	}
	r.model, r.result.Model = model, model.Model.Slug
	if err := r.req.Check(); err != nil {
		return err
	}
	if r.ticket, r.limits, err = r.svc.Limits.Take(ctx, r.draw()); err != nil {
		return fmt.Errorf("take from limits: %w", err)
	}
	if !r.limits.Allowed {
		return denied(r.limits)
	}
	if r.hold, err = r.svc.Meter.Reserve(ctx, r.estimate()); err != nil {
		r.settle(ctx, provider.Usage{Reported: true})
		return err
	}
	return nil
}

// catalogAPI is the kind of model that serves an API.
func catalogAPI(api API) string {
	if api == Embeddings {
		return string(Embeddings)
	}
	return string(Chat)
}

func denied(d limit.Decision) error {
	return &fault.Error{
		ID: fault.RateLimited, RetryAfter: d.RetryAfter,
		Message: fmt.Sprintf("The limit on %s is used up; try again in %s.", d.Dimension, d.RetryAfter.Round(time.Second)),
	}
}

// inputBytesPerToken is the estimate of the design ("Money", Reserving): it errs
// high, so that a reservation covers the input.
const inputBytesPerToken = 3

func (r *run) draw() limit.Request {
	return limit.Request{
		ID: r.req.ID, Account: r.who.Account, Key: r.who.Key, Tier: r.who.Tier, Surface: r.req.Surface, Route: string(r.req.API),
		Model: r.model.Model.Slug, TokensIn: int64(len(r.req.Body.Bytes())) / inputBytesPerToken, TokensOut: r.req.MaxTokens, Slot: true,
	}
}

func (r *run) estimate() ledger.Estimate {
	return ledger.Estimate{
		Request: r.req.ID, Account: r.who.Account, Key: r.who.Key, Model: r.model.Model.Slug,
	}
}

// finish is the one exit of an admitted request. The caller's context may be
// gone, and what is owed must be written all the same.
func (r *run) finish(ctx context.Context, err error, sink Sink) error {
	err = hangUp(ctx, err)
	r.result.Outcome = outcome(err)
	r.count(err)
	settled, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.svc.SettleTimeout)
	defer cancel()
	defer r.settle(settled, r.usage)
	if !r.owes(err) {
		r.svc.Meter.Release(r.hold)
		return r.explain(err)
	}
	if failed := r.svc.Meter.Commit(settled, r.hold, r.charge()); failed != nil {
		r.result.Outcome = Refused
		return fault.Wrap(failed, fault.ServiceUnavailable, "The server cannot record usage at the moment; try again later.")
	}
	if err != nil {
		return r.explain(err)
	}
	return r.deliverEnd(sink)
}

// hangUp marks an error that came from the caller's leaving, wherever it surfaced.
func hangUp(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return &provider.Error{Class: provider.Cancelled, Err: err}
	}
	return err
}

func outcome(err error) Outcome {
	if err == nil {
		return Complete
	}
	var up *provider.Error
	if errors.As(err, &up) {
		switch up.Class {
		case provider.Cancelled:
			return HungUp
		case provider.Cut:
			return Cut
		}
	}
	return Refused
}

// owes says whether anything was delivered or generated (contract 12's table): a
// complete answer always, else what a caller got.
func (r *run) owes(err error) bool {
	return err == nil || r.delivered > 0 || r.usage.Reported && r.usage.Output > 0
}

// bytesPerToken turns delivered bytes into tokens where no usage was reported.
const bytesPerToken = 4

// count fills the usage that an upstream did not report, and labels it.
func (r *run) count(err error) {
	r.result.Usage = r.usage
	if r.usage.Reported || !r.owes(err) {
		return
	}
	r.usage.Input = int64(len(r.req.Body.Bytes())) / bytesPerToken
	r.usage.Output = int64(r.delivered+bytesPerToken-1) / bytesPerToken
	r.result.Usage, r.result.Counted = r.usage, true
}

func (r *run) charge() ledger.Charge {
	return ledger.Charge{
		Request: r.req.ID, Account: r.who.Account, Key: r.who.Key, Model: r.result.Model, Target: r.result.Target,
		Input: r.usage.Input, Output: r.usage.Output, Cached: r.usage.Cached, Reasoning: r.usage.Reasoning,
		Counted: r.result.Counted, Outcome: string(r.result.Outcome), At: r.svc.Now(), Patient: r.req.Stream,
	}
}

// settle corrects the limits from the estimate to what was used. A failure costs
// accuracy for one window and nothing else, so it is logged and not returned.
func (r *run) settle(ctx context.Context, used provider.Usage) {
	if err := r.svc.Limits.Settle(ctx, r.ticket, limit.Use{TokensIn: used.Input, TokensOut: used.Output}); err != nil {
		r.svc.Log.Warn("limits could not be settled", "request_id", r.req.ID, "error", err)
	}
}

// deliverEnd gives the caller what was held back until the charge was durable. A
// stream's last event is not flushed by itself: it leaves with the response's end.
func (r *run) deliverEnd(sink Sink) error {
	switch {
	case !r.req.Stream:
		return sink.Answer(r.answer)
	case r.held != nil:
		return sink.Event(r.held.name, r.held.data)
	default:
		return sink.Event("", []byte("[DONE]"))
	}
}
