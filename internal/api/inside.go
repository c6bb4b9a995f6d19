package api

import (
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

// RoundTrip implements http.RoundTripper. The answer is read as it is written, so that a
// large one (an export) is never whole in memory. The handler ends when its request's
// context does, or when nobody reads on.
func (t insideTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, out := io.Pipe()
	w := &pipedAnswer{header: http.Header{}, body: out, begun: make(chan int, 1)}
	call := r.Clone(whoIn{r.Context(), t.who})
	call.RequestURI, call.RemoteAddr, call.Host = r.URL.RequestURI(), "127.0.0.1:0", r.URL.Host
	if call.Body == nil {
		call.Body = http.NoBody
	}
	go w.serve(t.handler, call)
	status := <-w.begun
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: body, ContentLength: -1, Request: r,
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

// pipedAnswer is a response that is read while it is written.
type pipedAnswer struct {
	header, sent http.Header // what is set, and what it was when the answer began
	body         *io.PipeWriter
	begun        chan int // the status, once
	wrote        bool
}

// serve runs the handler to its end. A handler that cuts its connection ends the body
// with an error.
func (a *pipedAnswer) serve(handler http.Handler, r *http.Request) {
	defer func() {
		err := error(io.EOF)
		if recover() != nil { // httpx has logged whatever else it was
			err = io.ErrUnexpectedEOF
		}
		a.WriteHeader(http.StatusOK)
		_ = a.body.CloseWithError(err)
	}()
	handler.ServeHTTP(a, r)
}

// Header implements http.ResponseWriter.
func (a *pipedAnswer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *pipedAnswer) WriteHeader(status int) {
	if a.wrote {
		return
	}
	a.wrote, a.sent = true, a.header.Clone()
	a.begun <- status
}

// Write implements http.ResponseWriter.
func (a *pipedAnswer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// Flush implements http.Flusher: nothing is held back.
func (*pipedAnswer) Flush() {}
