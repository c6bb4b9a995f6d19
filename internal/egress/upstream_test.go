package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"skytower/internal/egress/http1"
)

// each runs fn against a server and an Upstream of each sort.
func each(t *testing.T, h http.HandlerFunc, o Options, fn func(*testing.T, Upstream, *url.URL)) {
	t.Helper()
	for _, sort := range []string{"http", "https", "transport", "http2", "foreign"} {
		t.Run(sort, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewUnstartedServer(h)
			s.EnableHTTP2 = sort == "http2"
			o, p := o, Operator(Rules{Log: quiet()})
			switch sort {
			case "http":
				s.Start()
			case "foreign":
				s.Start()
				p = Foreign(Rules{Log: quiet(), AllowPrefixes: loopback()})
			default:
				s.StartTLS()
				o.TLS = trusting(s)
			}
			t.Cleanup(s.Close)
			u, err := url.Parse(s.URL + "/v1/chat?a=b")
			if err != nil {
				t.Fatal(err)
			}
			up := New(p, o)
			if sort == "transport" || sort == "http2" {
				up.(*upstream).others.Store(u.Host, true)
			}
			t.Cleanup(up.CloseIdle)
			fn(t, up, u)
		})
	}
}

func trusting(s *httptest.Server) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{RootCAs: pool}
}

func kindOf(err error) (Kind, Phase, bool) {
	var e *Error
	if !errors.As(err, &e) {
		return Kind(fmt.Sprintf("%T", err)), "", false
	}
	return e.Kind, e.Phase, e.Sent
}

func TestUpstreamPicksTheClientByScheme(t *testing.T) {
	t.Parallel()
	u := New(Operator(Rules{}), Options{}).(*upstream)
	if _, ok := u.plain.(*http1.Client); !ok {
		t.Errorf("an operator's http goes through %T", u.plain)
	}
	if _, ok := u.secure.(*http1.Client); !ok {
		t.Errorf("an operator's https goes through %T", u.secure)
	}
	u = New(Foreign(Rules{}), Options{}).(*upstream)
	if _, ok := u.plain.(*transport); !ok {
		t.Errorf("a foreign http goes through %T", u.plain)
	}
	if !u.needsOther(&url.URL{Scheme: "https", Host: "a"}) {
		t.Error("a foreign https goes through our own client")
	}
}

// A server that refuses HTTP/1.1 is called through http.Transport, and not asked again.
func TestUpstreamFallsBackToHTTP2(t *testing.T) {
	t.Parallel()
	var handshakes atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	var refusing atomic.Pointer[tls.Config]
	s.TLS = &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		handshakes.Add(1)
		if slices.Contains(hello.SupportedProtos, "h2") {
			return nil, nil
		}
		return refusing.Load(), nil
	}}
	s.StartTLS()
	t.Cleanup(s.Close)
	config := s.TLS.Clone()
	// Go's server lets a client without h2 in where h2 is all that it names.
	config.NextProtos, config.GetConfigForClient = []string{"other"}, nil
	refusing.Store(config)
	u, _ := url.Parse(s.URL)
	up := New(Operator(Rules{Log: quiet()}), Options{TLS: trusting(s)})
	t.Cleanup(up.CloseIdle)
	for range 2 {
		resp, err := up.Do(t.Context(), &Request{Method: "POST", URL: u})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(resp.Body); err != nil || string(got) != "HTTP/2.0" {
			t.Errorf("%q, %v", got, err)
		}
	}
	if n := handshakes.Load(); n != 2 {
		t.Errorf("%d handshakes, want the refused one and one more", n)
	}
}

func TestUpstreamAnswers(t *testing.T) {
	t.Parallel()
	echo := func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Saw", r.Method+" "+r.URL.String()+" "+r.Header.Get("X-A")+" "+r.UserAgent()+r.Header.Get("Accept-Encoding"))
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusFound) // is not followed
		w.Write(b)
	}
	each(t, echo, Options{}, func(t *testing.T, up Upstream, u *url.URL) {
		for _, body := range []string{"", "hello", strings.Repeat("x", 200<<10)} {
			resp, err := up.Do(t.Context(), &Request{Method: "POST", URL: u, Header: Header{{Name: "X-A", Value: "1"}}, Body: []byte(body)})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			if err != nil || string(got) != body || resp.Status != http.StatusFound {
				t.Errorf("status %d, %d bytes, error %v", resp.Status, len(got), err)
			}
			if saw := resp.Header.Get("x-saw"); saw != "POST /v1/chat?a=b 1 skytower" {
				t.Errorf("the server saw %q", saw)
			}
		}
	})
}

func TestUpstreamTimeouts(t *testing.T) {
	t.Parallel()
	hang := func(w http.ResponseWriter, r *http.Request) {
		io.ReadAll(r.Body)
		if r.Method == "POST" {
			io.WriteString(w, "hello")
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}
	// Long enough for a TLS handshake on a busy machine to matter only to the
	// dial's own bound.
	o := Options{FirstByte: 500 * time.Millisecond, Idle: 50 * time.Millisecond}
	check := func(t *testing.T, up Upstream, u *url.URL, own Request) {
		own.URL, own.Method = u, "GET"
		_, err := up.Do(t.Context(), &own)
		if kind, phase, sent := kindOf(err); kind != ErrTimeout || phase != PhaseFirstByte || !sent {
			t.Errorf("no head: error %v", err)
		}
		own.Method = "POST"
		resp, err := up.Do(t.Context(), &own)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if kind, phase, _ := kindOf(err); kind != ErrTimeout || phase != PhaseIdle || string(got) != "hello" {
			t.Errorf("mid-stream: got %q, error %v", got, err)
		}
	}
	each(t, hang, o, func(t *testing.T, up Upstream, u *url.URL) { check(t, up, u, Request{}) })
	// A call's own bounds count.
	own := Request{FirstByte: o.FirstByte, Idle: o.Idle}
	each(t, hang, Options{FirstByte: time.Hour, Idle: time.Hour}, func(t *testing.T, up Upstream, u *url.URL) { check(t, up, u, own) })
	each(t, hang, Options{}, func(t *testing.T, up Upstream, u *url.URL) { check(t, up, u, own) })
}

// A server may end its answer in order when it hears that we gave up.
func TestEndAfterGivingUpIsNoEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		giveUp func(*call, context.CancelFunc)
		want   error
	}{
		"too long a wait": {func(c *call, _ context.CancelFunc) { c.cancel(errWait) }, ErrTimeout},
		"the caller left": {func(_ *call, leave context.CancelFunc) { leave() }, ErrCancelled},
		"neither":         {func(*call, context.CancelFunc) {}, io.EOF},
	} {
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		calling := &call{ctx: ctx}
		calling.run, calling.cancel = context.WithCancelCause(ctx)
		b := &transportBody{call: calling, body: io.NopCloser(strings.NewReader(""))}
		c.giveUp(calling, leave)
		if _, err := b.Read(make([]byte, 1)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// A head that comes after we gave up waiting for it is no answer.
func TestHeadAfterGivingUpIsNoAnswer(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	for name, c := range map[string]struct {
		giveUp func(*call)
		want   bool
	}{
		"too long a wait": {func(c *call) { c.cancel(errWait) }, true},
		"clock has rung":  {func(c *call) { c.clock.Stop() }, true},
		"caller left":     {func(*call) { leave() }, true},
		"neither":         {func(*call) {}, false},
	} {
		calling := &call{ctx: t.Context(), clock: time.NewTimer(time.Hour)}
		if name == "caller left" {
			calling.ctx = ctx
		}
		calling.run, calling.cancel = context.WithCancelCause(calling.ctx)
		c.giveUp(calling)
		if got := calling.givenUp(); got != c.want {
			t.Errorf("%s: given up is %v", name, got)
		}
		if c.want && name != "caller left" && !errors.Is(calling.classify(io.EOF), ErrTimeout) && calling.connected.Load() {
			t.Errorf("%s: not a timeout", name)
		}
		calling.cancel(nil)
	}
}

func TestUpstreamCancel(t *testing.T) {
	t.Parallel()
	hang := func(w http.ResponseWriter, r *http.Request) {
		io.ReadAll(r.Body)
		io.WriteString(w, "hello")
		w.(http.Flusher).Flush()
		<-r.Context().Done() // the server sees the hang-up, or the test never ends
	}
	each(t, hang, Options{}, func(t *testing.T, up Upstream, u *url.URL) {
		ctx, cancel := context.WithCancel(t.Context())
		resp, err := up.Do(ctx, &Request{Method: "POST", URL: u})
		if err != nil {
			t.Fatal(err)
		}
		io.ReadFull(resp.Body, make([]byte, 5))
		cancel()
		_, err = io.ReadAll(resp.Body)
		if kind, _, _ := kindOf(err); kind != ErrCancelled || !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		closed, err := up.Do(t.Context(), &Request{Method: "POST", URL: u})
		if err != nil {
			t.Fatal(err)
		}
		closed.Body.Close()
		if _, err := closed.Body.Read(make([]byte, 1)); !errors.Is(err, ErrClosed) {
			t.Errorf("error %v", err)
		}
	})
}

func TestUpstreamCutAndAmbiguous(t *testing.T) {
	t.Parallel()
	cut := func(w http.ResponseWriter, r *http.Request) {
		io.ReadAll(r.Body)
		if r.Method == "POST" {
			io.WriteString(w, "hello")
			w.(http.Flusher).Flush()
		}
		panic(http.ErrAbortHandler)
	}
	each(t, cut, Options{}, func(t *testing.T, up Upstream, u *url.URL) {
		resp, err := up.Do(t.Context(), &Request{Method: "POST", URL: u})
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(resp.Body)
		if kind, _, _ := kindOf(err); kind != ErrCut {
			t.Errorf("cut: error %v", err)
		}
		_, err = up.Do(t.Context(), &Request{Method: "DELETE", URL: u, Body: []byte("x")})
		if kind, _, sent := kindOf(err); kind != ErrAmbiguous || !sent {
			t.Errorf("no answer: error %v", err)
		}
	})
}

func TestUpstreamDialErrors(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := ln.Addr().String()
	ln.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	for name, raw := range map[string]string{"http": "http://" + closed, "https": "https://" + closed, "untrusted": untrusted.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, _ := url.Parse(raw)
			up := New(Operator(Rules{Log: quiet()}), Options{})
			t.Cleanup(up.CloseIdle)
			_, err := up.Do(t.Context(), &Request{Method: "POST", URL: u, Body: []byte("x")})
			if kind, _, sent := kindOf(err); kind != ErrDial || sent {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestUpstreamRefusals(t *testing.T) {
	t.Parallel()
	up := New(Foreign(Rules{Log: quiet()}), Options{})
	t.Cleanup(up.CloseIdle)
	for raw, want := range map[string]Verdict{
		"http://169.254.169.254/": DeniedMetadata, "https://10.0.0.1/": DeniedPrivate, "ftp://example.com/": DeniedScheme,
		"http://localhost:1/": DeniedLoopback,
	} {
		u, _ := url.Parse(raw)
		_, err := up.Do(t.Context(), &Request{Method: "POST", URL: u})
		wantRefused(t, err, want)
		if _, _, sent := kindOf(err); sent {
			t.Errorf("%s: said to be sent", raw)
		}
	}
}

// countingConn counts the writes on a connection.
type countingConn struct {
	net.Conn
	writes *atomic.Int32
}

func (c countingConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

// Pitfall 5: http.Transport puts head and body in one write only if it knows the
// body's type.
func TestPitfall5TransportSendsHeadAndBodyInOneWrite(t *testing.T) {
	t.Parallel()
	s := server(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	u, _ := url.Parse(s.URL)
	tr := newTransport(Operator(Rules{Log: quiet()}), Options{DialTimeout: time.Minute})
	t.Cleanup(tr.CloseIdle)
	var writes atomic.Int32
	tr.rt.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, network, addr)
		return countingConn{nc, &writes}, err
	}
	resp, err := tr.Do(t.Context(), &Request{Method: "POST", URL: u, Body: []byte("hello")})
	if err != nil {
		t.Fatal(err)
	}
	io.ReadAll(resp.Body)
	if n := writes.Load(); n != 1 {
		t.Errorf("%d writes, want 1", n)
	}
}

// Pitfall 3 for http.Transport: it repeats a POST with an idempotency key unless it
// is kept from it.
func TestPitfall3TransportDoesNotRepeat(t *testing.T) {
	t.Parallel()
	for _, header := range []Header{nil, {{Name: "Idempotency-Key", Value: "1"}}, {{Name: "X-Idempotency-Key", Value: "1"}}} {
		t.Run(fmt.Sprint(header), func(t *testing.T) {
			t.Parallel()
			var seen atomic.Int32
			s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.ReadAll(r.Body)
				if seen.Add(1) == 2 {
					panic(http.ErrAbortHandler)
				}
			}))
			t.Cleanup(s.Close)
			u, _ := url.Parse(s.URL)
			up := New(Operator(Rules{Log: quiet()}), Options{TLS: trusting(s)})
			t.Cleanup(up.CloseIdle)
			r := &Request{Method: "POST", URL: u, Header: header, Body: []byte("x")}
			resp, err := up.Do(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			io.ReadAll(resp.Body)
			_, err = up.Do(t.Context(), r)
			if kind, _, _ := kindOf(err); kind != ErrAmbiguous {
				t.Errorf("error %v", err)
			}
			if n := seen.Load(); n != 2 {
				t.Errorf("the server saw %d requests, want 2", n)
			}
		})
	}
}
