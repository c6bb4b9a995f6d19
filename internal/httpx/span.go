package httpx

import (
	"cmp"
	"net/http"
	"strconv"

	"skytower/internal/telemetry"
)

// beginSpan puts the call into the caller's trace, or into a new one.
func (c *Call) beginSpan(t *telemetry.Tracer) {
	ctx, span := t.Server(c.Request, c.Record.Route)
	c.Request, c.span, c.Record.TraceID = c.Request.WithContext(ctx), span, span.TraceID()
}

// endSpan says of the request what its record says (OpenTelemetry's conventions for HTTP
// servers): no query, no body, no key.
func (c *Call) endSpan() {
	if !c.span.On() {
		c.span.End()
		return
	}
	r, s := &c.Record, c.span
	s.Text("http.request.method", r.Method)
	s.Text("http.route", r.Route)
	s.Text("url.path", r.Path)
	s.Text("url.scheme", cmp.Or(c.Request.URL.Scheme, "http"))
	s.Text("server.address", c.Request.Host)
	s.Text("client.address", r.Client)
	s.Text("user_agent.original", c.Request.UserAgent())
	s.Int("http.response.status_code", int64(r.Status))
	s.Int("http.request.body.size", r.BytesIn)
	s.Int("http.response.body.size", r.BytesOut)
	s.Text("skytower.request_id", r.ID)
	s.Text("skytower.account", r.Account)
	s.Text("skytower.key_id", r.Key)
	s.Text("skytower.model", r.Model)
	s.Text("skytower.target", r.Target)
	s.Text("skytower.outcome", r.Outcome)
	s.Text("skytower.error_id", r.ErrorID)
	s.Flag("skytower.streamed", r.Streamed)
	if r.Status >= http.StatusInternalServerError || r.Err != nil && r.Status < http.StatusBadRequest {
		s.Fail(cmp.Or(r.ErrorID, strconv.Itoa(r.Status)))
	}
	s.End()
}
