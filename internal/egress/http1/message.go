package http1

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Field is one header line.
type Field struct{ Name, Value string }

// Header is a message's header in its order. Names are compared without regard
// to case and are not rewritten.
type Header []Field

// HeaderFrom copies a net/http header.
func HeaderFrom(h http.Header) Header {
	out := make(Header, 0, len(h))
	for name, values := range h {
		for _, v := range values {
			out = append(out, Field{name, v})
		}
	}
	return out
}

// Get returns the first value of name, or "".
func (h Header) Get(name string) string {
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			return h[i].Value
		}
	}
	return ""
}

// Has reports whether name occurs.
func (h Header) Has(name string) bool {
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			return true
		}
	}
	return false
}

// Values yields every value of name, in order.
func (h Header) Values(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range h {
			if strings.EqualFold(h[i].Name, name) && !yield(h[i].Value) {
				return
			}
		}
	}
}

// Request is one outgoing call.
type Request struct {
	Method string
	URL    *url.URL
	// Header holds what the caller adds. Fields that belong to the connection
	// (Host, Content-Length, Connection, …) are refused: the client writes them.
	Header Header
	// Body is the whole body. It may still be read after Do returned, so it must
	// not come from a pool and must never be changed afterwards.
	Body []byte
	// FirstByte and Idle replace the client's own bounds where they are above 0.
	FirstByte, Idle time.Duration
}

// bound is the call's own bound where it has one.
func bound(own, general time.Duration) time.Duration {
	if own > 0 {
		return own
	}
	return general
}

// Bounds returns the bounds of the call, given those of the client.
func (r *Request) Bounds(firstByte, idle time.Duration) (time.Duration, time.Duration) {
	return bound(r.FirstByte, firstByte), bound(r.Idle, idle)
}

// Body is an answer's body. One goroutine uses it; to end a Read from elsewhere,
// cancel the call's context.
type Body interface {
	// Read never waits while it has something to give. It returns io.EOF only
	// after the proper end of the body, and an *Error otherwise.
	io.Reader
	// Close ends the call. It never fails and may be repeated.
	io.Closer
	// Buffered is the number of bytes that the next Read can return without
	// waiting for the upstream. A relay flushes what it wrote before a Read with
	// Buffered() == 0, and only then.
	Buffered() int
}

// Response is the head of an answer, and its body to be read.
type Response struct {
	Status        int
	Header        Header
	ContentLength int64 // bytes; -1: not known beforehand
	Body          Body
}

// Check returns an *Error of kind ErrRequest where r must not be sent: the URL
// carries credentials or isn't absolute, or a name or value could change the
// message's meaning.
func Check(r *Request) error {
	if err := check(r); err != nil {
		return &Error{Kind: ErrRequest, Err: err}
	}
	return nil
}

func check(r *Request) error {
	switch u := r.URL; {
	case u == nil || u.Host == "" || u.Opaque != "":
		return errors.New("the URL is not absolute")
	case u.User != nil:
		return errors.New("the URL carries credentials")
	case !validTarget(u.Host) || !validTarget(u.RawQuery):
		// The path is escaped when it is written; these two are not.
		return errors.New("the URL's host or query is malformed")
	}
	if !validToken(r.Method) {
		return errors.New("the method is not a token")
	}
	for _, f := range r.Header {
		switch {
		case !validToken(f.Name):
			return errors.New("a header name is not a token")
		case reserved(f.Name):
			return fmt.Errorf("the header %s belongs to the connection", f.Name)
		case !validValue(f.Value):
			return fmt.Errorf("the header %s has a control character", f.Name)
		}
	}
	return nil
}

// reserved reports whether a header decides about framing or the connection, so
// that only the client may write it.
func reserved(name string) bool {
	for _, own := range [...]string{
		"Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive",
		"Proxy-Connection", "Upgrade", "TE", "Trailer", "Expect",
	} {
		if len(own) == len(name) && strings.EqualFold(own, name) {
			return true
		}
	}
	return false
}

// validToken reports whether s is a token (RFC 9110, section 5.6.2).
func validToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !tokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func tokenByte(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
}

// validValue reports whether s may be a field value: no control character but
// the tab (RFC 9110, section 5.5).
func validValue(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// validTarget reports whether s can stand in the request line.
func validTarget(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}
