package egress

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// transport is the Upstream over http.Transport: HTTP/2, proxies, and foreign calls.
type transport struct {
	rt   *http.Transport
	opts Options
}

func newTransport(p *Policy, o Options) *transport {
	rt := &http.Transport{
		DialContext:            p.DialContext,
		TLSClientConfig:        o.TLS,
		TLSHandshakeTimeout:    o.DialTimeout,
		MaxIdleConnsPerHost:    o.MaxIdlePerHost,
		IdleConnTimeout:        o.IdleTime,
		MaxResponseHeaderBytes: int64(o.MaxHead),
		DisableCompression:     true, // bodies pass through byte for byte
		ForceAttemptHTTP2:      true,
	}
	if !p.foreign {
		rt.Proxy = http.ProxyFromEnvironment
	}
	if o.MaxIdlePerHost < 0 {
		rt.MaxIdleConnsPerHost, rt.DisableKeepAlives = 0, true
	}
	return &transport{rt: rt, opts: o}
}

func (t *transport) CloseIdle() { t.rt.CloseIdleConnections() }

// errWait is the cause with which a call's own clock ends its context.
var errWait = errors.New("waited too long")

// call is one running call: its clock, and what it is waiting for.
type call struct {
	ctx       context.Context // the caller's
	cancel    context.CancelCauseFunc
	clock     *time.Timer // nil: no bound
	connected atomic.Bool
	run       context.Context
}

// Do is as Upstream says.
func (t *transport) Do(ctx context.Context, r *Request) (*Response, error) {
	c := &call{ctx: ctx}
	firstByte, idle := r.Bounds(t.opts.FirstByte, t.opts.Idle)
	c.run, c.cancel = context.WithCancelCause(ctx)
	if firstByte > 0 {
		// Starts anew when the connection stands; until then the dialer's own
		// bounds hold (twice: connect and TLS handshake), and this one is a backstop.
		c.clock = time.AfterFunc(2*t.opts.DialTimeout+firstByte, func() { c.cancel(errWait) })
	}
	run := httptrace.WithClientTrace(c.run, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		c.connected.Store(true)
		if c.clock != nil {
			c.clock.Reset(firstByte)
		}
	}})
	resp, err := t.rt.RoundTrip(t.request(run, r))
	if err != nil {
		c.end()
		return nil, c.classify(err)
	}
	if c.givenUp() {
		resp.Body.Close()
		c.end()
		return nil, c.classify(context.Cause(c.run))
	}
	return &Response{
		Status: resp.StatusCode, Header: headerFrom(resp), ContentLength: resp.ContentLength,
		Body: &transportBody{call: c, body: resp.Body, idle: idle},
	}, nil
}

// request translates r.
func (t *transport) request(ctx context.Context, r *Request) *http.Request {
	req := &http.Request{
		Method: r.Method, URL: r.URL, Host: r.URL.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, len(r.Header)+1),
	}
	req.Header.Set("User-Agent", t.opts.UserAgent)
	if r.Header.Has("User-Agent") {
		req.Header.Del("User-Agent")
	}
	for _, f := range r.Header {
		req.Header.Add(f.Name, f.Value)
	}
	if len(r.Body) > 0 {
		// This very type lets the transport put head and body in one write.
		req.Body = io.NopCloser(bytes.NewReader(r.Body))
		req.ContentLength = int64(len(r.Body))
		// With GetBody the transport sends again what had not left at all. It would
		// also send again what may have been seen if an idempotency key is named:
		// not every upstream honours one, so then it gets no GetBody.
		if !r.Header.Has("Idempotency-Key") && !r.Header.Has("X-Idempotency-Key") {
			req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.Body)), nil }
		}
	}
	return req.WithContext(ctx)
}

func headerFrom(resp *http.Response) Header {
	h := make(Header, 0, len(resp.Header))
	for name, values := range resp.Header {
		for _, v := range values {
			h = append(h, Field{Name: name, Value: v})
		}
	}
	return h
}

// givenUp stops the clock that waited for the head, and reports whether the call had
// ended before it. The server hears of our leaving first, and a head that it then
// still sends is no answer.
func (c *call) givenUp() bool {
	if c.clock != nil && !c.clock.Stop() {
		c.cancel(errWait)
	}
	return c.run.Err() != nil
}

// end stops the clock and frees what the call holds.
func (c *call) end() {
	if c.clock != nil {
		c.clock.Stop()
	}
	c.cancel(nil)
}

// classify says what became of a call without an answer.
func (c *call) classify(err error) *Error {
	sent := c.connected.Load()
	var refused *Refused
	var slow interface{ Timeout() bool }
	switch {
	case errors.As(err, &refused):
		return &Error{Kind: ErrDial, Err: refused}
	case c.ctx.Err() != nil:
		return &Error{Kind: ErrCancelled, Sent: sent, Err: c.ctx.Err()}
	case !sent && errors.As(err, &slow) && slow.Timeout():
		return &Error{Kind: ErrTimeout, Phase: PhaseDial, Err: err}
	case !sent && errors.Is(context.Cause(c.run), errWait):
		return &Error{Kind: ErrTimeout, Phase: PhaseDial, Err: err}
	case !sent:
		return &Error{Kind: ErrDial, Err: err}
	case errors.Is(context.Cause(c.run), errWait):
		return &Error{Kind: ErrTimeout, Phase: PhaseFirstByte, Sent: true, Err: err}
	}
	return &Error{Kind: ErrAmbiguous, Sent: true, Err: err}
}

// transportBody adds the idle bound and typed errors to the transport's body.
type transportBody struct {
	call *call
	body io.ReadCloser
	idle time.Duration
	err  error
}

// Buffered is 0: the transport does not say what it holds, and a relay that
// flushes once too often is right, one that waits with unsent bytes is not.
func (b *transportBody) Buffered() int { return 0 }

func (b *transportBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.idle > 0 {
		if b.call.clock == nil {
			c := b.call
			c.clock = time.AfterFunc(b.idle, func() { c.cancel(errWait) })
		} else {
			b.call.clock.Reset(b.idle)
		}
	}
	n, err := b.body.Read(p)
	if b.call.clock != nil {
		b.call.clock.Stop() // the reader's own pauses don't count
	}
	if err != nil {
		b.err = b.classify(err)
		b.body.Close()
		b.call.end()
	}
	if n > 0 {
		return n, nil
	}
	return 0, b.err
}

// classify asks first whether the call was given up. Over TLS the other side hears of
// that before our side of the connection is closed, and a server that then ends its
// answer in order would make a cut look like the end.
func (b *transportBody) classify(err error) error {
	switch {
	case b.call.ctx.Err() != nil:
		return &Error{Kind: ErrCancelled, Sent: true, Err: b.call.ctx.Err()}
	case errors.Is(context.Cause(b.call.run), errWait):
		return &Error{Kind: ErrTimeout, Phase: PhaseIdle, Sent: true, Err: err}
	case err == io.EOF:
		return io.EOF
	}
	return &Error{Kind: ErrCut, Sent: true, Err: err}
}

func (b *transportBody) Close() error {
	if b.err == nil {
		b.err = &Error{Kind: ErrClosed, Sent: true}
		b.body.Close()
		b.call.end()
	}
	return nil
}
