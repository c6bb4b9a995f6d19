package webhook

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"skytower/internal/store"
)

// tracedCall is call within a span, in the trace of its prediction. Of the receiver's
// address it has the host alone: paths and queries may hold secrets. The receiver does not
// hear of the trace.
func (s *Service) tracedCall(ctx context.Context, d delivery) attempt {
	ctx, span := s.o.Trace.Work(ctx, "webhook "+d.event, d.prediction, false)
	defer span.End()
	a := s.call(ctx, d)
	if !span.On() {
		return a
	}
	span.Text("skytower.prediction", d.prediction)
	span.Text("skytower.delivery", d.id)
	span.Text("skytower.event", d.event)
	span.Text("http.request.method", "POST")
	if u, err := url.Parse(d.url); err == nil {
		span.Text("server.address", u.Hostname())
	}
	if a.status > 0 {
		span.Int("http.response.status_code", int64(a.status))
	}
	if !a.ok() {
		span.Fail("not_delivered")
	}
	return a
}

// Open counts the deliveries that have not ended, and says when the oldest of them was
// asked for; the zero time where there is none.
func (s *Service) Open(ctx context.Context) (n int64, oldest time.Time, err error) {
	var since int64
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `select count(*), coalesce(min(created_at), 0) from webhook_delivery where state in ('pending', 'sending')`).Scan(&n, &since)
	})
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("count open webhook deliveries: %w", err)
	}
	return n, store.Time(since), nil
}
