// Package providertest checks adapters of model upstreams. Upstream is an HTTP
// server that follows a script and records what it is asked; Suite holds the cases
// that every adapter has to pass, whatever its protocol.
//
// It knows no adapter and no protocol: a Dialect says how an upstream of that kind
// would write its answers. Its one invariant: nothing in it waits for time to
// pass; every wait ends with an event.
package providertest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"skytower/internal/egress"
)

// Wire is how an Upstream is reached.
type Wire string

// The wires: each one of the data path's clients.
const (
	HTTP1 Wire = "http1" // plain HTTP/1.1, our own client
	TLS   Wire = "tls"   // HTTP/1.1 over TLS, http.Transport
	HTTP2 Wire = "http2" // HTTP/2 over TLS, http.Transport
)

// Wires are all of them.
func Wires() []Wire { return []Wire{HTTP1, TLS, HTTP2} }

// Script answers one request.
type Script func(*Exchange)

// Recorded is a request that an Upstream got.
type Recorded struct {
	Method string
	URL    *url.URL
	Header http.Header
	Body   string
	From   string // the caller's address, which tells connections apart
}

// Upstream is a server that follows scripts. It ends with the test.
type Upstream struct {
	URL    *url.URL        // its root
	Client egress.Upstream // reaches it

	t       testing.TB
	server  *httptest.Server
	mu      sync.Mutex
	scripts map[string]Script
	got     []Recorded
}

// NewUpstream starts a server that answers 404 until it is told otherwise.
func NewUpstream(t testing.TB, wire Wire) *Upstream {
	t.Helper()
	u := &Upstream{t: t, scripts: map[string]Script{}}
	u.server = httptest.NewUnstartedServer(http.HandlerFunc(u.serve))
	u.server.EnableHTTP2 = wire == HTTP2
	u.server.Config.ErrorLog = log.New(io.Discard, "", 0) // cut connections are no news
	options := egress.Options{}
	if wire == HTTP1 {
		u.server.Start()
	} else {
		u.server.StartTLS()
		roots := x509.NewCertPool()
		roots.AddCert(u.server.Certificate())
		options.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	u.Client = egress.New(egress.Operator(egress.Rules{}), options)
	t.Cleanup(func() {
		u.Client.CloseIdle()
		u.server.CloseClientConnections()
		u.server.Close()
	})
	var err error
	if u.URL, err = url.Parse(u.server.URL); err != nil {
		t.Fatal(err)
	}
	u.URL.Path = "/"
	return u
}

// On sets what answers the path from now on; "GET /path" is for one method, and goes
// before the path alone.
func (u *Upstream) On(path string, s Script) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.scripts[path] = s
}

// Requests returns what came so far.
func (u *Upstream) Requests() []Recorded {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]Recorded(nil), u.got...)
}

// Last returns the last request; without one the test ends.
func (u *Upstream) Last() Recorded {
	u.t.Helper()
	got := u.Requests()
	if len(got) == 0 {
		u.t.Fatal("the upstream got no request")
	}
	return got[len(got)-1]
}

func (u *Upstream) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller left
	}
	got := Recorded{Method: r.Method, URL: r.URL, Header: r.Header, Body: string(body), From: r.RemoteAddr}
	u.mu.Lock()
	u.got = append(u.got, got)
	script := u.scripts[r.Method+" "+r.URL.Path]
	if script == nil {
		script = u.scripts[r.URL.Path]
	}
	u.mu.Unlock()
	if script == nil {
		http.NotFound(w, r)
		return
	}
	script(&Exchange{Request: got, w: w, r: r})
}

// Exchange is one request being answered.
type Exchange struct {
	Request Recorded

	w http.ResponseWriter
	r *http.Request
}

// Head begins the answer; fields are names and values in turn.
func (x *Exchange) Head(status int, fields ...string) {
	for i := 0; i+1 < len(fields); i += 2 {
		x.w.Header().Add(fields[i], fields[i+1])
	}
	x.w.WriteHeader(status)
	x.flush()
}

// Say sends a piece of the body at once.
func (x *Exchange) Say(text string) {
	_, _ = io.WriteString(x.w, text) // a caller that left is seen by Wait
	x.flush()
}

func (x *Exchange) flush() { _ = http.NewResponseController(x.w).Flush() }

// Wait waits for the gate to open; it is false where the caller left before.
func (x *Exchange) Wait(gate <-chan struct{}) bool {
	select {
	case <-gate:
		return true
	case <-x.r.Context().Done():
		return false
	}
}

// Left waits until the caller has ended the call.
func (x *Exchange) Left() { <-x.r.Context().Done() }

// Cut ends the connection, or the HTTP/2 stream, before the answer's end.
func (x *Exchange) Cut() { panic(http.ErrAbortHandler) }

// JSON answers with a document.
func JSON(status int, body string) Script {
	return func(x *Exchange) {
		x.w.Header().Set("Content-Type", "application/json")
		x.w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		x.w.WriteHeader(status)
		_, _ = io.WriteString(x.w, body)
	}
}

// Page answers with HTML, as a server in between does.
func Page(status int) Script {
	return func(x *Exchange) {
		x.Head(status, "Content-Type", "text/html")
		x.Say("<html><body><h1>An error occurred</h1></body></html>\n")
	}
}

// Events answers with a stream, one piece after the other.
func Events(pieces ...string) Script {
	return func(x *Exchange) {
		x.Head(http.StatusOK, "Content-Type", "text/event-stream")
		for _, p := range pieces {
			x.Say(p)
		}
	}
}
