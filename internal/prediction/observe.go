package prediction

import (
	"context"
	"fmt"
	"time"

	"skytower/internal/catalog"
	"skytower/internal/money"
	"skytower/internal/provider"
	"skytower/internal/store"
	"skytower/internal/telemetry"
)

// Observer hears what becomes of predictions in this process. Its methods must not wait.
type Observer interface {
	// Began hears of a first run, and how long it was waited for.
	Began(waited time.Duration)
	// Ended hears of an end that is durable, how long its run took (0: none did), what was
	// charged, and what the upstream takes.
	Ended(status Status, took time.Duration, charged, cost money.Nanos)
	// Called hears of a call to a provider that ended.
	Called(provider string, err error, took time.Duration)
}

// begun tells of a run.
func (s *Service) began(rec Record) {
	if s.o.Observer != nil && rec.Attempt == 1 {
		s.o.Observer.Began(max(s.o.Now().Sub(rec.Created), 0))
	}
}

// ended tells of an exit that is written.
func (s *Service) ended(x *exit) {
	if s.o.Observer != nil && x.err == nil {
		s.o.Observer.Ended(x.end.status, max(x.end.took, 0), x.bill.charge.Amount, x.bill.cost)
	}
}

// traceRun begins the span of a run. All runs of a prediction, and the deliveries of its
// webhooks, are in one trace, whatever process they are of.
func (s *Service) traceRun(ctx context.Context, rec Record) (context.Context, telemetry.Span) {
	ctx, span := s.o.Trace.Work(ctx, "prediction", rec.ID, rec.Attempt == 1)
	if span.On() {
		span.Text("skytower.prediction", rec.ID)
		span.Text("skytower.account", rec.Account)
		span.Text("skytower.model", rec.Model)
		span.Int("skytower.attempt", rec.Attempt)
	}
	return ctx, span
}

// overRun ends it.
func (r *run) overRun(span telemetry.Span, err error) {
	switch r.outcome {
	case "": // handed back, or lost: another run goes on
		span.Text("skytower.outcome", "left")
		err = nil
	case Failed:
		span.Fail("failed")
	}
	span.Text("skytower.outcome", string(r.outcome))
	provider.EndSpan(span, err)
}

// observed is predict within a span, and counted.
func (r *run) observed(t catalog.Target, p provider.Predictor, run *provider.Run) (*provider.Result, error) {
	began := r.s.o.Now()
	ctx, span := r.s.o.Trace.Call(r.ctx, telemetry.ModelCall{Operation: "generate_content", Provider: t.Provider, Model: t.Model})
	span.Text("gen_ai.response.model", run.Show)
	span.Text("gen_ai.output.type", outputType(r.rec.Type))
	result, err := r.predict(ctx, p, run)
	provider.EndSpan(span, err)
	if r.s.o.Observer != nil && r.ctx.Err() == nil {
		r.s.o.Observer.Called(t.Provider, err, max(r.s.o.Now().Sub(began), 0))
	}
	return result, err
}

// outputType is the kind of output in the words of the GenAI conventions; "": they have
// none for it.
func outputType(kind string) string {
	switch kind {
	case "image", "text":
		return kind
	case "audio":
		return "speech"
	}
	return ""
}

// drawn is drawLimits within a span.
func (s *Service) drawn(ctx context.Context, c Create, model *catalog.Model) (err error) {
	ctx, span := s.o.Trace.Inside(ctx, "limits")
	defer func() { provider.EndSpan(span, err) }()
	return s.drawLimits(ctx, c, model)
}

// born is bear within a span. The request's span says which prediction it made.
func (s *Service) born(ctx context.Context, b *birth) (err error) {
	s.o.Trace.Link(ctx, b.rec.ID)
	ctx, span := s.o.Trace.Inside(ctx, "reserve")
	defer func() { provider.EndSpan(span, err) }()
	span.Text("skytower.prediction", b.rec.ID)
	return s.bear(ctx, b)
}

// left is leave within a span, for an end that is charged.
func (r *run) left(ctx context.Context, x *exit) (err error) {
	ctx, span := r.s.o.Trace.Inside(ctx, "charge")
	defer func() { provider.EndSpan(span, err) }()
	if err = r.s.leave(ctx, x); err != nil {
		return err
	}
	span.Int("skytower.charged_nanodollars", int64(x.bill.charge.Amount))
	return nil
}

// Counts are the predictions of all accounts that have not ended.
type Counts struct {
	Waiting  int64     // for a place of their account or model
	Oldest   time.Time // since when the oldest of them does; zero: none does
	Queued   int64     // with a place, for a worker
	Starting int64
	Running  int64
}

// Count counts them, by indexes that hold those alone.
func (s *Service) Count(ctx context.Context) (c Counts, err error) {
	if c.Waiting, c.Oldest, err = s.Waiting(ctx); err != nil {
		return c, err
	}
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		c.Queued, c.Starting, c.Running = 0, 0, 0
		return tx.Each(ctx, `select status, count(*) from prediction where handed and `+live+` group by status`, func(row func(...any) error) error {
			var status Status
			var n int64
			if err := row(&status, &n); err != nil {
				return err
			}
			switch status {
			case Pending:
				c.Queued = n
			case Starting:
				c.Starting = n
			default:
				c.Running = n
			}
			return nil
		})
	})
	if err != nil {
		return c, fmt.Errorf("count predictions: %w", err)
	}
	return c, nil
}
