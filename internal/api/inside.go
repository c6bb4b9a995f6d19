package api

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"skytower/internal/account"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// Inside lets the console call this very API in process, as the person who is signed
// in: the same rows, scopes, validation and audit as over the network, with no key.
// Handler is set before the first call.
//
// Who calls travels in the context of the request, under a type that only this package
// can name: no request from the network has it.
type Inside struct{ Handler http.Handler }

// insider is the context's key for a caller of the type P.
type insider[P any] struct{}

func inside[P any](c *httpx.Call) (P, bool) {
	p, ok := c.Request.Context().Value(insider[P]{}).(P)
	c.Record.Inside = c.Record.Inside || ok
	return p, ok
}

// Member returns a client that acts on /v1 as the principal. Base is the address that
// links in answers begin with.
func (in *Inside) Member(base string, p account.Principal) (*skytells.Client, error) {
	return in.client(base, context.WithValue(context.Background(), insider[account.Principal]{}, p))
}

// Operator returns a client that acts on /admin/v1.
func (in *Inside) Operator(base string, o account.Operator) (*skytells.Client, error) {
	return in.client(base, context.WithValue(context.Background(), insider[account.Operator]{}, o))
}

func (in *Inside) client(base string, who context.Context) (*skytells.Client, error) {
	return skytells.NewClient(skytells.ClientOptions{BaseURL: base, UserAgent: "skytower-console", Transport: insideTransport{in.Handler, who}})
}

// insideTransport answers from the handler.
type insideTransport struct {
	handler http.Handler
	who     context.Context //nolint:containedctx // whose only value is the caller
}

// RoundTrip implements http.RoundTripper. The answer is held in memory: what is called
// so is lists and single things.
func (t insideTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &heldAnswer{header: http.Header{}, status: http.StatusOK}
	call := r.Clone(whoIn{r.Context(), t.who})
	call.RequestURI, call.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:0"
	if call.Body == nil {
		call.Body = http.NoBody
	}
	call.Host = r.URL.Host
	t.handler.ServeHTTP(w, call)
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// whoIn ends when the page's request does, and has the caller as its only value: not
// the page's connection, which is no place for this answer.
type whoIn struct {
	context.Context
	who context.Context //nolint:containedctx // whose only value is the caller
}

// Value is the caller's alone.
func (w whoIn) Value(key any) any { return w.who.Value(key) }

// heldAnswer is a response in memory.
type heldAnswer struct {
	header http.Header
	body   bytes.Buffer
	status int
	wrote  bool
}

func (a *heldAnswer) Header() http.Header { return a.header }

func (a *heldAnswer) WriteHeader(status int) {
	if !a.wrote {
		a.status, a.wrote = status, true
	}
}

func (a *heldAnswer) Write(p []byte) (int, error) {
	a.wrote = true
	return a.body.Write(p)
}

// Flush implements http.Flusher.
func (*heldAnswer) Flush() {}
