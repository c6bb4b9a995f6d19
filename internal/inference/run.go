package inference

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"skytower/internal/account"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/money"
	"skytower/internal/price"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// run is one call in progress.
type run struct {
	svc *Service
	who account.Principal
	req *Request

	model    catalog.Resolved
	price    *price.Price    // of the model; nil: free
	target   *catalog.Target // the last one tried
	chosen   *choice         // behind a router that chooses by the request; nil: of no such
	preview  bool            // only the choice is asked for
	counting bool            // only the input's tokens are
	size     size
	need     need
	limits   limit.Decision
	ticket   limit.Ticket // what was taken of the limits, an estimate
	tape     *tape        // what it has to do with kept answers; nil: nothing
	guards   *guarding    // of the model; nil: it has none, or none was needed yet

	hold      *ledger.Reservation
	reserved  money.Nanos // what hold sets aside
	maxTokens int64       // the output limit of each choice that goes upstream; 0: the caller's stays
	covered   int64       // tokens of output that are reserved
	allowed   int64       // tokens of output, by our count, that may be delivered on it
	pieces    int64       // events with output

	prepared    *rawjson.Object // the body with its addresses dealt with,
	preparedFor catalog.Policy  // by this policy

	talk       talk      // of the Responses API
	began      time.Time // when it was queued; zero: of a call
	background string    // id of the response that is made in the background; "": of a call

	reasons *reasons // why it ended, for the span of a call; nil: nobody asks

	choices *choices         // of a chat stream that costs
	native  *nativeEnd       // of an upstream's own Responses stream that costs
	blocks  *openBlock       // likewise, of a Messages stream
	ending  lastWords        // set where credit ran out
	last    []provider.Event // what it made of that

	before    []heldEvent // final events before the last one, kept back until the charge is durable
	held      *heldEvent  // the last event, likewise
	failed    bool        // the upstream says in its last event, or its answer, that it failed
	answer    []byte      // a plain answer, likewise
	free      func()      // gives back the memory of answer; nil: nobody waits for it
	delivered int         // bytes of generated content that a caller got
	usage     provider.Usage
	result    Result
	finished  bool
}

type heldEvent struct {
	name string
	data []byte
}

// admit resolves the model, checks the fields, takes from the limits and reserves:
// nothing goes upstream before all four agreed.
func (r *run) admit(ctx context.Context) error {
	if err := r.check(ctx); err != nil {
		return err
	}
	estimate, err := r.estimate()
	if err != nil {
		return err
	}
	if err := r.take(ctx); err != nil {
		return fmt.Errorf("take from limits: %w", err)
	}
	if !r.limits.Allowed {
		return denied(r.limits)
	}
	if r.svc.Recall != nil {
		err = r.recall(ctx, &estimate)
	}
	if err == nil {
		err = r.reserve(ctx, estimate)
	}
	if err != nil {
		settled, cancel := r.afterwards(ctx)
		defer cancel()
		r.settle(settled, provider.Usage{}) // a refused call used no token; it stays a request
	}
	return err
}

// check resolves the model and checks the fields. It fills what the estimates need.
func (r *run) check(ctx context.Context) error {
	viewer := catalog.Viewer{Account: r.who.Account, Only: r.who.Models, Edge: r.req.Surface == limit.Edge}
	model, err := r.svc.Catalog.Resolve(r.req.Model, viewer, catalogAPI(r.req.API))
	if err != nil {
		return err
	}
	r.resolved(model)
	if err := r.checkFields(); err != nil {
		return err
	}
	if err := r.converse(ctx); err != nil {
		return err
	}
	r.size = r.req.measure()
	if model.Router != nil {
		if r.chosen, err = r.choose(model.Router, viewer); err != nil {
			return err
		}
		first := r.chosen.first()
		model.Model, model.Show = first, first.Slug
		r.resolved(model)
	}
	r.need = r.needsOf(r.model.Model)
	return nil
}

func (r *run) checkFields() error {
	if r.counting {
		return r.req.checkCount()
	}
	return r.req.Check()
}

// resolved notes the model; behind a router that chooses by the request it comes later.
func (r *run) resolved(model catalog.Resolved) {
	r.model = model
	if model.Model != nil {
		r.price, r.result.Model = model.Model.Price, model.Model.Slug
	}
}

// catalogAPI is the kind of model that serves an API.
func catalogAPI(api API) string {
	if api == Embeddings {
		return string(Embeddings)
	}
	return string(Chat)
}

// concurrency is the dimension of limits that is not counted by the minute.
const concurrency = "concurrent calls"

// denied says which limit refused, and when to come again.
func denied(d limit.Decision) error {
	if d.NoEdge {
		return fault.New(fault.Forbidden, "The account's tier does not include the edge surface.")
	}
	return &fault.Error{
		ID: fault.RateLimited, RetryAfter: d.RetryAfter, Message: sentence(d), NoRetry: d.TooLarge,
		Limit: &fault.Limit{Dimension: d.Dimension, Scope: d.Scope, Size: d.Limit},
	}
}

func sentence(d limit.Decision) string {
	scope := ""
	if d.Scope != "" {
		scope = " " + d.Scope
	}
	wait := max(1, int(math.Ceil(d.RetryAfter.Seconds())))
	switch {
	case d.TooLarge:
		return fmt.Sprintf("This request may take more than the whole limit of %d %s a minute%s; ask for less.", d.Limit, d.Dimension, scope)
	case d.Dimension == concurrency:
		return fmt.Sprintf("The limit of %d %s%s is reached; try again in %d s.", d.Limit, d.Dimension, scope, wait)
	}
	return fmt.Sprintf("The limit of %d %s a minute%s is used up; try again in %d s.", d.Limit, d.Dimension, scope, wait)
}

// finish is the one exit of an admitted request. The caller's context may be
// gone, and what is owed must be written all the same.
func (r *run) finish(ctx context.Context, err error, sink Sink) error {
	r.finished = true
	gone := ctx.Err() != nil
	if told, cut := cutBy(ctx); cut {
		gone = false // the caller is there, and is told
		if err != nil {
			err = told
		}
	}
	err = hangUp(gone, err)
	r.result.Outcome = r.outcome(gone, err)
	r.count(err)
	settled, cancel := r.afterwards(ctx)
	defer cancel()
	defer func() { r.settle(settled, r.drawn()) }()
	r.end(err)
	if !r.owes(err) {
		r.svc.Meter.Release(r.hold)
		if err != nil {
			return r.explain(err)
		}
		r.keep(settled)
		return r.deliverEnd(sink)
	}
	if r.req.Stream { // the text does not wait for the charge, only the end does
		_ = sink.Flush() // a caller who has gone owes all the same
	}
	charge, priced := r.charge()
	if failed := r.commit(settled, charge); failed != nil {
		r.result.Outcome = Refused
		return fault.Wrap(failed, fault.ServiceUnavailable, "The server cannot record usage at the moment; try again later.")
	}
	switch {
	case priced != nil:
		r.result.Outcome = Refused
		return priced
	case err != nil:
		return r.explain(err)
	}
	r.keep(settled)
	if r.tape != nil {
		r.remember(settled)
		r.land()
	}
	return r.deliverEnd(sink)
}

// commit makes the charge durable, and tells of it.
func (r *run) commit(ctx context.Context, c ledger.Charge) (err error) {
	ctx, span := r.part(ctx, "charge")
	defer func() { provider.EndSpan(span, err) }()
	if err = r.svc.Meter.Commit(ctx, r.hold, c); err != nil {
		return err
	}
	span.Int("skytower.charged_nanodollars", int64(c.Amount))
	r.result.Charged = c.Amount
	if r.svc.OnCharge != nil {
		r.svc.OnCharge(c.Amount, c.Cost)
	}
	return nil
}

// end makes the last events of a stream for which credit ran out.
func (r *run) end(err error) {
	if err == nil && r.ending != nil {
		r.last = r.ending.events(r.usage)
	}
}

// afterwards is the context of what has to be done although the caller may be gone.
func (r *run) afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	l := r.svc.calls.open(ctx, r.svc.SettleTimeout, false, r.svc.lookInterval())
	return l, l.cancel
}

// errCut is a call that this server ended, since it stops: not the caller's leaving.
type errCut struct{ told *fault.Error }

// Error is for the log.
func (e errCut) Error() string { return e.told.Error() }

// Unwrap gives what the caller is told.
func (e errCut) Unwrap() error { return e.told }

// cutBy reports whether this server ended the call: what it tells the caller is the cause
// with which the call's context ended.
func cutBy(ctx context.Context) (told error, cut bool) {
	f, cut := errors.AsType[*fault.Error](context.Cause(ctx))
	return errCut{f}, cut
}

// hangUp marks an error that came from the caller's leaving, wherever it surfaced.
func hangUp(gone bool, err error) error {
	if err != nil && gone {
		return &provider.Error{Class: provider.Cancelled, Err: err}
	}
	return err
}

func (r *run) outcome(gone bool, err error) Outcome {
	switch {
	case err == nil && r.ending != nil:
		return OutOfCredit
	case err == nil && r.failed:
		return Refused
	case err == nil && gone && !r.req.Stream:
		return HungUp
	case err == nil:
		return Complete
	case errors.Is(err, errTooLong):
		return Cut
	}
	if _, cut := errors.AsType[errCut](err); cut && r.delivered > 0 {
		return Cut
	}
	var up *provider.Error
	switch {
	case !errors.As(err, &up):
		return Refused
	case up.Class == provider.Cancelled:
		return HungUp
	case up.Class == provider.Cut, r.req.Stream && r.delivered > 0:
		return Cut
	}
	return Refused
}

// owes says whether anything was delivered or generated (contract 12's table): a
// complete answer always, else what a caller got.
func (r *run) owes(err error) bool {
	return err == nil && !r.failed || r.delivered > 0 || r.usage.Reported && r.usage.Output > 0
}

// count fills the usage that an upstream did not report, and labels it.
func (r *run) count(err error) {
	r.result.Usage = r.usage
	if r.usage.Reported || !r.owes(err) {
		return
	}
	r.usage.Input = r.size.counted()
	r.usage.Output = outputTokens(r.delivered)
	r.result.Usage, r.result.Counted = r.usage, true
}

// outputTokens counts generated text by its size.
func outputTokens(bytes int) int64 { return int64(bytes+bytesPerToken-1) / bytesPerToken }

// charge is what the request used, at its share of the resolved model's price. The error is
// an amount beyond all bounds: the tokens are recorded all the same.
func (r *run) charge() (ledger.Charge, error) {
	u := r.usage
	c := ledger.Charge{
		Request: r.req.ID, Account: r.who.Account, Key: r.who.Key, Model: r.result.Model, Target: r.result.Target,
		Input: u.Input, Output: u.Output, Cached: u.Cached, Reasoning: u.Reasoning,
		Counted: r.result.Counted, Outcome: string(r.result.Outcome), At: r.svc.Now(), Patient: r.req.Stream,
	}
	if !r.hit() { // which no upstream is paid for
		if cost, err := r.target.Cost.Tokens(tokensOf(u)); err == nil {
			c.Cost = cost // of an unknown cost, 0
		}
	}
	if r.price == nil {
		return c, nil
	}
	amount, err := r.owed(u)
	if err != nil {
		c.Outcome = string(Refused)
		return c, fmt.Errorf("price %d and %d tokens of %s: %w", u.Input, u.Output, c.Model, err)
	}
	if c.Amount = amount; amount > 0 || r.share() == whole { // else its products would not explain it
		c.PriceVersion = r.price.Version
	}
	return c, nil
}

// whole is what the shares of a price are parts of, for a hundredth of a hundredth.
const whole = 100 * 100

// share is how many ten-thousandths of the price are charged.
func (r *run) share() int64 {
	share := int64(whole - 100*r.req.Discount)
	if r.hit() {
		share = share / 100 * int64(r.tape.percent)
	}
	return share
}

// owed is the request's share of the price of what was used, rounded once.
func (r *run) owed(u provider.Usage) (money.Nanos, error) {
	if share := r.share(); share != whole {
		return r.price.ShareOfTokens(tokensOf(u), share)
	}
	return r.price.Tokens(tokensOf(u))
}

func tokensOf(u provider.Usage) price.Tokens {
	return price.Tokens{In: u.Input, Out: u.Output, Cached: u.Cached, Reasoning: u.Reasoning}
}

// settle corrects the limits from the estimate to what was used. A failure costs
// accuracy for one window and nothing else, so it is logged and not returned.
func (r *run) settle(ctx context.Context, used provider.Usage) {
	if err := r.svc.Limits.Settle(ctx, r.ticket, limit.Use{TokensIn: used.Input, TokensOut: used.Output}); err != nil {
		r.svc.Log.Warn("limits could not be settled", "request_id", r.req.ID, "error", err)
	}
}

// deliverEnd gives the caller what was held back until the charge was durable. A
// stream's last events are not flushed by themselves: they leave with the response's end.
func (r *run) deliverEnd(sink Sink) error {
	switch {
	case !r.req.Stream:
		err := sink.Answer(r.answer)
		if r.free != nil {
			r.free()
		}
		return err
	case r.ending != nil:
		for _, event := range r.last {
			if err := sink.Event(event.Name, event.Data); err != nil {
				return err
			}
		}
		return nil
	case r.held != nil:
		for _, event := range r.before {
			if err := sink.Event(event.name, event.data); err != nil {
				return err
			}
		}
		return sink.Event(r.held.name, r.held.data)
	default:
		return sink.Event("", []byte("[DONE]"))
	}
}
