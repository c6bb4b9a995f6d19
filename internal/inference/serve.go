package inference

import (
	"context"
	"errors"
	"io"
	"time"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
	"skytower/internal/route"
)

// serve tries the targets in order. Another target is tried only where the
// failure proves, or the upstream said, that this one did no work, and never after
// the first event of an answer (design, Routing).
func (r *run) serve(ctx context.Context, sink Sink) error {
	if r.req.Stream && r.req.MaxStream > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, r.req.MaxStream, errTooLong)
		defer cancel()
	}
	return r.travel(ctx, sink)
}

// travel goes from target to target until one has answered, or none may be tried.
func (r *run) travel(ctx context.Context, sink Sink) error {
	m := r.model.Model
	trip := r.svc.Routes.Begin(m.Slug, (*targetSet)(m), r.affinity())
	var last error
	for {
		i, err := trip.Next()
		if err != nil {
			return noTarget(err, last)
		}
		t := attempt{began: r.svc.Now()}
		started, err := r.tracedTry(ctx, &m.Targets[i], &t, sink)
		report := r.report(&t, err)
		trip.Done(report)
		r.svc.tried(m.Targets[i].Provider, r.result.Tries, report, err)
		if err == nil {
			return nil
		}
		if errors.Is(context.Cause(ctx), errTooLong) {
			return errTooLong
		}
		last = err
		r.svc.failed(m.Targets[i].Provider, err)
		if started || ctx.Err() != nil || !mayMoveOn(err) {
			return err
		}
	}
}

// noTarget is the error where no target may be tried: what the last one said, or why
// there was none.
func noTarget(err, last error) error {
	var refused *route.Refused
	switch {
	case last != nil:
		return last
	case !errors.As(err, &refused):
		return &provider.Error{Class: provider.Unreachable, Err: err}
	case refused.Reason == route.Busy:
		return &provider.Error{Class: provider.Busy, RetryAfter: refused.After, Err: err}
	}
	return &provider.Error{Class: provider.Unreachable, RetryAfter: refused.After, Err: err}
}

// attempt is one try at a target, on the clock.
type attempt struct {
	began, first time.Time // first: when the answer's first event came; zero: it has none
}

// report tells the board what a try says of its target.
func (r *run) report(t *attempt, err error) route.Report {
	now := r.svc.Now()
	rep := route.Report{Verdict: verdict(err), Took: now.Sub(t.began)}
	if !t.first.IsZero() {
		rep.FirstByte = t.first.Sub(t.began)
	}
	if err == nil {
		rep.Tokens = r.usage.Output
	}
	var up *provider.Error
	if errors.As(err, &up) {
		rep.RetryAfter = up.RetryAfter
	}
	return rep
}

// verdict is what an error says of the target.
func verdict(err error) route.Verdict {
	var up *provider.Error
	switch {
	case err == nil:
		return route.Good
	case !errors.As(err, &up):
		return route.Neutral // the request's own, or ours
	}
	switch up.Class {
	case provider.Busy:
		return route.Overloaded
	case provider.Rejected, provider.Unsupported, provider.Forbidden, provider.Cancelled:
		return route.Neutral
	}
	if resting(up) {
		return route.Overloaded
	}
	return route.Bad
}

// errTooLong ends a stream that took as long as the surface allows.
var errTooLong = errors.New("the stream reached its longest time")

// failed reports an upstream's failure. The caller's own leaving is none, nor is a request
// that could not be put into the upstream's form.
func (s *Service) failed(name string, err error) {
	var up *provider.Error
	if _, ours := errors.AsType[*fault.Error](err); ours {
		return
	}
	if s.OnFailure != nil && errors.As(err, &up) && up.Class != provider.Cancelled {
		s.OnFailure(name, up.Class)
	}
}

// tried reports an ended call, but for one that its caller gave up.
func (s *Service) tried(name string, nth int, report route.Report, err error) {
	if s.OnTry == nil || err != nil && provider.ClassOf(err) == provider.Cancelled {
		return
	}
	first := report.FirstByte
	if first == 0 {
		first = report.Took
	}
	s.OnTry(name, nth, err == nil, first)
}

// mayMoveOn reports whether another target may be tried after err.
func mayMoveOn(err error) bool {
	var up *provider.Error
	if !errors.As(err, &up) {
		return false
	}
	switch up.Class {
	case provider.Unreachable, provider.Busy, provider.Unsupported, provider.Denied:
		return true
	case provider.Timeout:
		return up.Status != 0 // it said 408; silence may hide work under way
	case provider.Broken:
		return up.Status >= 500
	}
	return false
}

// try calls one target. started is whether the caller got a part of its answer.
func (r *run) try(ctx context.Context, target *catalog.Target, t *attempt, sink Sink) (started bool, err error) {
	r.result.Tries++
	r.target = target
	r.result.Target = target.Name
	adapter, err := r.svc.Adapters.Adapter(target.Provider)
	if err != nil {
		return false, &provider.Error{Class: provider.Unreachable, Err: err}
	}
	adapter = r.guarded(adapter)
	body, err := r.inputs(ctx, target.FetchInputs)
	if err != nil {
		return false, err
	}
	call := &provider.Call{
		Body: body, Model: target.Model, Show: r.model.Show, MaxTokens: r.maxTokens, Header: r.req.Header, RequestID: r.req.ID,
		FirstByte: target.FirstByte, Idle: target.Idle,
	}
	if r.req.Stream {
		return r.stream(ctx, adapter, call, t, sink)
	}
	return false, r.plain(ctx, adapter, call)
}

// inputs is the request's body for targets of the policy; what was fetched for one
// serves the next.
func (r *run) inputs(ctx context.Context, policy catalog.Policy) (*rawjson.Object, error) {
	if r.prepared != nil && r.preparedFor == policy {
		return r.prepared, nil
	}
	body, err := r.svc.prepareInputs(ctx, r.req, policy)
	if err != nil {
		return nil, err
	}
	r.prepared, r.preparedFor = body, policy
	return body, nil
}

func (r *run) plain(ctx context.Context, adapter any, call *provider.Call) error {
	if r.price != nil {
		call := r.svc.outlive(ctx)
		defer call.cancel()
		ctx = call
	}
	answer, err := r.plainAnswer(ctx, adapter, call)
	if err != nil {
		return err
	}
	r.answer, r.usage, r.delivered = answer.Body, answer.Usage, answer.Bytes
	if r.req.API != Responses { // those are kept for the conversation
		r.free = answer.Free
	}
	r.failed = r.req.API == Responses && !answer.Usage.Reported && saysFailed(answer.Body)
	return nil
}

// saysFailed reports whether a response object tells of a failure.
func saysFailed(response []byte) bool {
	status, _ := rawjson.Get(response, "status")
	return string(status) == `"failed"`
}

// defaultPatience is long enough for nearly every answer, and short enough that nobody
// piles up calls without end.
const defaultPatience = 2 * time.Minute

// outlive is a context that ends some time after its parent: an answer that costs is
// waited for although its caller left. Until then nobody knows what was generated, and
// leaving just before the end must not make an answer free.
func (s *Service) outlive(parent context.Context) *lasting {
	return s.calls.open(parent, s.patience(), true, s.lookInterval())
}

func (s *Service) patience() time.Duration {
	if s.Patience > 0 {
		return s.Patience
	}
	return defaultPatience
}

// lookInterval is how often the service's contexts are looked after.
func (s *Service) lookInterval() time.Duration {
	return max(min(s.patience(), s.SettleTimeout)/looks, time.Millisecond)
}

// plainAnswer asks for the whole answer of the API.
func (r *run) plainAnswer(ctx context.Context, adapter any, call *provider.Call) (*provider.Answer, error) {
	switch r.req.API {
	case Embeddings:
		if e, ok := adapter.(provider.Embedder); ok {
			return e.Embed(ctx, call)
		}
	case Responses, Messages:
		return carried(r, adapter, func(w way) (*provider.Answer, error) { return w.whole(ctx, call) })
	case Chat:
		if c, ok := adapter.(provider.Chatter); ok {
			return c.Chat(ctx, call)
		}
	}
	return nil, errUnsupported(r.req.API)
}

func errUnsupported(api API) error {
	return &provider.Error{Class: provider.Unsupported, Err: errors.New("provider does not serve " + string(api))}
}

// openStream asks for the streamed answer of the API.
func (r *run) openStream(ctx context.Context, adapter any, call *provider.Call) (provider.Stream, error) {
	switch r.req.API {
	case Responses, Messages:
		return carried(r, adapter, func(w way) (provider.Stream, error) { return w.stream(ctx, call) })
	case Chat:
		if c, ok := adapter.(provider.Chatter); ok {
			return c.ChatStream(ctx, call)
		}
	}
	return nil, errUnsupported(r.req.API)
}

func (r *run) stream(ctx context.Context, adapter any, call *provider.Call, t *attempt, sink Sink) (started bool, err error) {
	events, err := r.openStream(ctx, adapter, call)
	if err != nil {
		return false, err
	}
	defer events.Close()
	r.watch(events)
	for {
		event, err := events.Next()
		if err == io.EOF {
			return started, nil
		}
		if err != nil {
			return started, err
		}
		first := t.first.IsZero()
		if first {
			t.first = r.svc.Now()
		}
		sent, err := r.relay(ctx, &event, sink)
		if err == errOutOfCredit {
			r.ending = r.stop(events, &event)
			return true, nil
		}
		started = started || sent
		if err != nil {
			return started, err
		}
		// A flush costs a system call: one for the first event, which callers wait for, and
		// one before each wait; none between.
		if first || !events.Ready() {
			if err := sink.Flush(); err != nil {
				return started, &provider.Error{Class: provider.Cancelled, Err: err}
			}
		}
	}
}

// watch makes ready what keeps the parts of a stream that its end may have to repeat.
func (r *run) watch(events provider.Stream) {
	if r.price == nil {
		return
	}
	_, translated := events.(translatedStream)
	switch {
	case r.req.API == Chat:
		r.choices = newChoices(r.req.Choices)
	case translated:
	case r.req.API == Messages:
		r.blocks = &openBlock{index: -1}
	default:
		r.native = &nativeEnd{}
	}
}

// relay passes one event on, reading usage on the way. It costs a free model's stream
// two comparisons more.
func (r *run) relay(ctx context.Context, event *provider.Event, sink Sink) (sent bool, err error) {
	if event.Output && r.price != nil && !r.afford(ctx, event) {
		return false, errOutOfCredit
	}
	if event.Usage.Reported {
		r.usage = event.Usage
	}
	if r.reasons != nil {
		r.reasons.event(event.Data, r.req.API)
	}
	if event.Final || r.req.API == Messages && event.Name == "message_delta" { // why it ended, and the usage
		if r.held != nil { // the Messages API has two
			r.before = append(r.before, *r.held)
		}
		r.held = &heldEvent{name: event.Name, data: append([]byte(nil), event.Data...)}
		r.failed = event.Name == "response.failed"
		return false, nil
	}
	if event.UsageOnly && !r.req.IncludeUsage {
		return false, nil
	}
	if ctx.Err() != nil { // an upstream that never waits sees no end
		return false, &provider.Error{Class: provider.Cancelled, Err: ctx.Err()}
	}
	if err := sink.Event(event.Name, event.Data); err != nil {
		return true, &provider.Error{Class: provider.Cancelled, Err: err}
	}
	r.delivered += event.Bytes
	switch {
	case r.choices != nil:
		r.choices.note(event.Data)
	case r.native != nil:
		r.native.note(event)
	case r.blocks != nil:
		r.blocks.note(event)
	}
	return true, nil
}
