package egress

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"skytower/internal/egress/http1"
	"skytower/internal/telemetry"
)

// The messages and errors of the data path. They stand in http1, which can not
// import this package; both implementations of Upstream speak them.
type (
	Request  = http1.Request
	Response = http1.Response
	Body     = http1.Body
	Header   = http1.Header
	Field    = http1.Field
	Error    = http1.Error
	Kind     = http1.Kind
	Phase    = http1.Phase
)

// Kinds of *Error, to be asked for with errors.Is, and the phases of ErrTimeout.
const (
	ErrRequest   = http1.ErrRequest
	ErrDial      = http1.ErrDial
	ErrTimeout   = http1.ErrTimeout
	ErrAmbiguous = http1.ErrAmbiguous
	ErrCut       = http1.ErrCut
	ErrMalformed = http1.ErrMalformed
	ErrCancelled = http1.ErrCancelled
	ErrClosed    = http1.ErrClosed

	PhaseDial      = http1.PhaseDial
	PhaseFirstByte = http1.PhaseFirstByte
	PhaseIdle      = http1.PhaseIdle
)

// Upstream is the data path's view of whatever answers HTTP. Do returns once the
// answer's head is there; it follows no redirect, asks for no compression, and
// never sends a request a second time unless nothing of it had left. The caller
// reads Response.Body to io.EOF (only then can the connection be used again) or
// closes it. Every error is an *Error or, from the address policy, wraps a
// *Refused.
type Upstream interface {
	Do(ctx context.Context, r *Request) (*Response, error)
	// CloseIdle closes the connections that are not in use.
	CloseIdle()
}

// Options are the bounds of an Upstream. A duration of 0 means no bound, but for
// DialTimeout (ten seconds) and IdleTime (http1.DefaultIdleTime).
type Options struct {
	DialTimeout time.Duration // until the connection stands, TLS included
	FirstByte   time.Duration // from there until the answer's head
	Idle        time.Duration // longest wait for more of the body

	IdleTime       time.Duration // how long an unused connection is kept
	MaxIdlePerHost int           // 0: http1.DefaultMaxIdlePerHost
	MaxHead        int           // bytes of the answer's head; 0: http1.DefaultMaxHead
	UserAgent      string        // where the request names none; "": "skytower"
	TLS            *tls.Config   // nil: the system's roots
	// Trace tells the other side which trace a call belongs to, by the header traceparent;
	// nil: it hears of none.
	Trace *telemetry.Tracer
}

// New returns an Upstream under the policy. What an operator configured goes through
// Skytower's own client, but for hosts behind a proxy and for servers that refuse
// HTTP/1.1; those, and all foreign calls, go through http.Transport.
func New(p *Policy, o Options) Upstream {
	if o.DialTimeout <= 0 {
		o.DialTimeout = defaultDialTimeout
	}
	if o.IdleTime <= 0 {
		o.IdleTime = http1.DefaultIdleTime
	}
	if o.MaxIdlePerHost == 0 {
		o.MaxIdlePerHost = http1.DefaultMaxIdlePerHost
	}
	if o.MaxHead <= 0 {
		o.MaxHead = http1.DefaultMaxHead
	}
	if o.UserAgent == "" {
		o.UserAgent = "skytower"
	}
	u := &upstream{policy: p, trace: o.Trace, other: newTransport(p, o)}
	u.plain, u.secure = u.other, u.other
	if !p.foreign {
		own := http1.Options{
			Dial: p.DialContext, DialTimeout: o.DialTimeout, FirstByte: o.FirstByte, Idle: o.Idle,
			IdleTime: o.IdleTime, MaxIdlePerHost: o.MaxIdlePerHost, MaxHead: o.MaxHead, UserAgent: o.UserAgent,
		}
		u.plain = http1.New(own)
		if own.TLS = o.TLS; own.TLS == nil {
			own.TLS = &tls.Config{}
		}
		u.secure = http1.New(own)
	}
	return u
}

// upstream picks the client by scheme, and by what was learned of the host.
type upstream struct {
	policy *Policy
	trace  *telemetry.Tracer
	plain  Upstream // http
	secure Upstream // https
	other  Upstream // https that secure can't serve

	// others holds the hosts ("host:port", as in the URL) that only other can serve,
	// and those that need not be asked again: a string to a bool.
	others sync.Map
}

func (u *upstream) Do(ctx context.Context, r *Request) (*Response, error) {
	if err := http1.Check(r); err != nil {
		return nil, err
	}
	if err := u.policy.CheckURL(r.URL); err != nil {
		return nil, &Error{Kind: ErrRequest, Err: err}
	}
	if u.trace != nil {
		r = traced(r, u.trace.Outgoing(ctx))
	}
	if r.URL.Scheme == "http" {
		return u.plain.Do(ctx, r)
	}
	if u.needsOther(r.URL) {
		return u.other.Do(ctx, r)
	}
	resp, err := u.secure.Do(ctx, r)
	if err != nil && http1.OtherProtocol(err) {
		u.others.Store(r.URL.Host, true)
		return u.other.Do(ctx, r)
	}
	return resp, err
}

// traced is the request with the trace that it belongs to.
func traced(r *Request, parent string) *Request {
	if parent == "" || r.Header.Has("Traceparent") {
		return r
	}
	own := *r
	own.Header = append(slices.Clip(r.Header), Field{Name: "Traceparent", Value: parent})
	return &own
}

// needsOther reports whether the host is reached through a proxy, or is known to
// refuse HTTP/1.1. The proxy's settings are the environment's and don't change.
func (u *upstream) needsOther(to *url.URL) bool {
	if u.policy.foreign {
		return true
	}
	if known, ok := u.others.Load(to.Host); ok {
		return known.(bool)
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: to})
	proxied := proxy != nil || err != nil
	u.others.Store(to.Host, proxied)
	return proxied
}

func (u *upstream) CloseIdle() {
	u.plain.CloseIdle()
	u.secure.CloseIdle()
	u.other.CloseIdle()
}
