// Package http1 is Skytower's own HTTP/1.1 client, plain or over TLS. It exists because it costs about half
// of http.Transport's CPU for a proxied call: no goroutines per connection, head
// and body in one write, a few allocations.
//
// It knows how to send one request whose body is in memory and how to read one
// answer bit by bit (RFC 9112). It refuses to know addresses (its Dial is handed
// in), redirects, proxies, compression, cookies and upgrades.
//
// Its one invariant: a request is never sent twice on a guess. Another connection
// is tried only where the first one took not a single byte.
package http1

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"os"
	"sync"
	"time"
)

// Defaults of Options.
const (
	// DefaultIdleTime is below the five seconds after which common Python and Node
	// servers close an idle connection, so that a request seldom meets one that is
	// just being closed.
	DefaultIdleTime = 4 * time.Second
	// DefaultMaxIdlePerHost bounds the idle connections to one host.
	DefaultMaxIdlePerHost = 256
	// DefaultMaxHead bounds an answer's head, interim heads included, in bytes.
	DefaultMaxHead = 64 << 10
	// DefaultReadBuffer is the read buffer of a connection in bytes: the head and
	// body of a short answer fit in it together.
	DefaultReadBuffer = 4 << 10

	minReadBuffer = 512
)

// Options are the bounds of a Client. A duration of 0 means no bound; the other
// fields have the defaults above.
type Options struct {
	// Dial opens a connection to a "host:port". It is where an address policy
	// stands. Required.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// TLS makes it a client for https, and for nothing else. Names are always checked,
	// and HTTP/1.1 is all that is offered.
	TLS *tls.Config

	DialTimeout time.Duration // until the connection stands, TLS included
	FirstByte   time.Duration // from there until the answer's whole head; up to a quarter more
	Idle        time.Duration // longest wait for more of the body; up to a quarter more

	IdleTime       time.Duration // how long a connection may wait for its next request
	MaxIdlePerHost int           // negative: keep none
	MaxHead        int           // bytes of the answer's head
	ReadBuffer     int           // bytes
	UserAgent      string        // sent where the request names none; "" sends none
}

func (o Options) withDefaults() Options {
	if o.IdleTime <= 0 {
		o.IdleTime = DefaultIdleTime
	}
	if o.MaxIdlePerHost == 0 {
		o.MaxIdlePerHost = DefaultMaxIdlePerHost
	}
	if o.MaxHead <= 0 {
		o.MaxHead = DefaultMaxHead
	}
	if o.ReadBuffer <= 0 {
		o.ReadBuffer = DefaultReadBuffer
	}
	o.ReadBuffer = max(o.ReadBuffer, minReadBuffer)
	return o
}

// Client sends requests over pooled connections. It is safe for concurrent use.
type Client struct {
	opts  Options
	tls   *tls.Config // nil: plain
	idle  pool
	heads sync.Pool // *[]byte, buffers for outgoing heads and small bodies
	reads spares    // read buffers of connections that do not wait
}

// New returns a client. It opens nothing.
func New(o Options) *Client {
	o = o.withDefaults()
	c := &Client{
		opts: o,
		idle: pool{perHost: o.MaxIdlePerHost, hosts: map[string][]*conn{}},
		heads: sync.Pool{New: func() any {
			b := make([]byte, 0, 2<<10)
			return &b
		}},
	}
	if o.TLS != nil {
		c.tls = tlsConfig(o.TLS)
	}
	return c
}

// scheme is that of the URLs that the client serves, and port its default.
func (c *Client) scheme() (name, port string) {
	if c.tls != nil {
		return "https", "443"
	}
	return "http", "80"
}

// CloseIdle closes the connections that wait for a next request.
func (c *Client) CloseIdle() { c.idle.closeAll() }

// Do sends r and returns once the answer's head is there. Redirects are answers
// like any other. The caller must read Response.Body to io.EOF or close it; only a
// body that was read to io.EOF gives its connection back for reuse. Cancelling ctx
// ends the call at any time, also while the body is being read.
//
// Every error is an *Error.
func (c *Client) Do(ctx context.Context, r *Request) (*Response, error) {
	if err := Check(r); err != nil {
		return nil, err
	}
	if scheme, _ := c.scheme(); r.URL.Scheme != scheme {
		return nil, &Error{Kind: ErrRequest, Err: errors.New("the scheme is not " + scheme)}
	}
	firstByte, _ := r.Bounds(c.opts.FirstByte, c.opts.Idle)
	cn, err := c.acquire(ctx, r.URL, firstByte)
	if err != nil {
		return nil, err
	}
	resp, err := c.exchange(ctx, cn, r)
	if !cn.reused || !unsent(err) {
		return resp, err
	}
	// The idle connection died without taking a byte, so the request can not have
	// been seen: one more try, on a fresh connection.
	if cn, err = c.dial(ctx, r.URL, firstByte); err != nil {
		return nil, err
	}
	return c.exchange(ctx, cn, r)
}

// unsent reports whether err proves that the connection took nothing of the
// request, and that another connection may do better.
func unsent(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == ErrDial && !e.Sent
}

// acquire returns an idle connection that is alive, or a new one.
func (c *Client) acquire(ctx context.Context, u *url.URL, firstByte time.Duration) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, &Error{Kind: ErrCancelled, Err: err}
	}
	for {
		cn := c.idle.get(u.Host, time.Now())
		if cn == nil {
			return c.dial(ctx, u, firstByte)
		}
		// The deadline comes first: an old one that has passed would make the
		// check fail.
		cn.startDeadline(firstByte)
		if cn.alive() {
			return cn, nil
		}
		cn.close()
	}
}

// dial opens a new connection to u's host.
func (c *Client) dial(ctx context.Context, u *url.URL, firstByte time.Duration) (*conn, error) {
	dctx, cancel := ctx, context.CancelFunc(func() {})
	if c.opts.DialTimeout > 0 {
		dctx, cancel = context.WithTimeout(ctx, c.opts.DialTimeout)
	}
	defer cancel()
	nc, err := c.connect(dctx, u)
	switch {
	case err == nil:
		cn := newConn(nc, u.Host, c.opts.ReadBuffer, &c.reads)
		cn.startDeadline(firstByte)
		return cn, nil
	case ctx.Err() != nil:
		return nil, &Error{Kind: ErrCancelled, Err: ctx.Err()}
	case dctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &Error{Kind: ErrTimeout, Phase: PhaseDial, Err: err}
	}
	return nil, &Error{Kind: ErrDial, Err: err}
}

// connect dials, and makes the handshake.
func (c *Client) connect(ctx context.Context, u *url.URL) (net.Conn, error) {
	port := u.Port()
	if port == "" {
		_, port = c.scheme()
	}
	nc, err := c.opts.Dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil || c.tls == nil {
		return nc, err
	}
	return c.secure(ctx, nc, u.Hostname())
}

// exchange sends r on cn and reads the answer's head. On error cn is closed.
func (c *Client) exchange(ctx context.Context, cn *conn, r *Request) (*Response, error) {
	stop := atEnd(ctx, cn.abort)
	s := c.send(cn, r)
	resp, err := c.receive(cn, r, s)
	if err != nil {
		cn.close() // also ends a write that is still going on
		s.wait()
		stop()
		return nil, headError(ctx, cn, s, err)
	}
	s.answered(resp.Status)
	b := resp.Body.(*body)
	b.client, b.conn, b.ctx, b.stop, b.send = c, cn, ctx, stop, s
	_, idle := r.Bounds(c.opts.FirstByte, c.opts.Idle)
	cn.bodyDeadline(idle)
	b.begin()
	return resp, nil
}

// atEnd is context.AfterFunc without the cost of a context between, where ctx has a
// method for it as that function knows it.
func atEnd(ctx context.Context, f func()) (stop func() bool) {
	if own, ok := ctx.(interface {
		AfterFunc(func()) func() bool
	}); ok {
		return own.AfterFunc(f)
	}
	if ctx.Done() == nil {
		return func() bool { return true }
	}
	return context.AfterFunc(ctx, f)
}

// receive reads the answer's head, also where the request could not be written to
// its end: an upstream that refuses a body answers first and closes then.
func (c *Client) receive(cn *conn, r *Request, s *sending) (*Response, error) {
	if err := s.failed(); err != nil && (s.n == 0 && cn.reused || errors.Is(err, os.ErrDeadlineExceeded)) {
		return nil, err
	}
	return readResponse(&cn.rd, r.Method, c.opts.MaxHead)
}

// headError says what became of a request that got no whole head. The writing of
// the request has ended.
func headError(ctx context.Context, cn *conn, s *sending, err error) *Error {
	sent := s.n > 0
	var malformed *malformedError
	switch {
	case ctx.Err() != nil:
		return &Error{Kind: ErrCancelled, Sent: sent, Err: ctx.Err()}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &Error{Kind: ErrTimeout, Phase: PhaseFirstByte, Sent: sent, Err: err}
	case errors.As(err, &malformed):
		return &Error{Kind: ErrMalformed, Sent: sent, Err: err}
	case !sent:
		return &Error{Kind: ErrDial, Err: errors.Join(s.err, err)}
	case cn.rd.buffered() > 0:
		return &Error{Kind: ErrCut, Sent: true, Err: err}
	}
	return &Error{Kind: ErrAmbiguous, Sent: true, Err: err}
}
