// Package remote holds what adapters of upstreams over HTTP share: what a call's failure
// means and the texts that no caller may read; and for those of predictions one call,
// waiting, and the reading of outputs, logs and schemas in the forms that Cog made common.
//
// It refuses to know any upstream's routes, and which answer ends a prediction:
// that is what the adapters are for. It knows no account and no price.
//
// Its one invariant: an *provider.Error that leaves it has no name of the upstream,
// no address and no credential in the texts that a caller may read.
package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// Options describe one upstream.
type Options struct {
	BaseURL    *url.URL // what routes are appended to; its query goes along
	Credential string   // hidden from every text; Header sends it
	Header     egress.Header
	Upstream   egress.Upstream
	MaxAnswer  int64            // bytes of a whole answer; 0: 64 MiB
	Now        func() time.Time // nil: time.Now
	Wait       Wait             // nil: waits by the clock
}

const defaultMaxAnswer = 64 << 20

// Client calls one upstream. It is safe for concurrent use.
type Client struct {
	base      url.URL
	header    egress.Header
	upstream  egress.Upstream
	maxAnswer int64
	now       func() time.Time
	wait      Wait
	hidden    []string
}

// New returns the client; nothing is sent.
func New(o Options) *Client {
	if o.MaxAnswer <= 0 {
		o.MaxAnswer = defaultMaxAnswer
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = byTheClock
	}
	base := *o.BaseURL
	if base.Path == "" {
		base.Path = "/" // else JoinPath makes a relative one
	}
	c := &Client{
		base: base, upstream: o.Upstream, maxAnswer: o.MaxAnswer, now: o.Now, wait: o.Wait,
		hidden: []string{strings.TrimSuffix(o.BaseURL.String(), "/"), base.Host, base.Hostname(), o.Credential},
	}
	// Answers are read whole, so a coded one would only cost.
	c.header = append(slices.Clone(o.Header), egress.Field{Name: "Accept-Encoding", Value: "identity"})
	return c
}

// URL is the address of a route. Each element is one step of the path, whatever
// characters it has.
func (c *Client) URL(elements ...string) *url.URL {
	escaped := make([]string, len(elements))
	for i, e := range elements {
		escaped[i] = url.PathEscape(e)
	}
	return c.base.JoinPath(escaped...)
}

// maxID bounds an upstream's id of a work, in bytes.
const maxID = 200

// PlainID reports whether an id can be a step of a path: one that came in an answer
// must not lead elsewhere.
func PlainID(id string) bool {
	if id == "" || len(id) > maxID || strings.Trim(id, ".") == "" {
		return false
	}
	return strings.IndexFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
	}) < 0
}

// Request is one call.
type Request struct {
	Names  Names
	Method string
	URL    *url.URL
	Header egress.Header // besides the client's own
	Body   []byte
	// Bare leaves the client's header out, and with it the credential.
	Bare bool
}

// Answer is an answer of a 2xx status, read whole.
type Answer struct {
	Status int
	Header egress.Header
	Body   []byte
}

// Open makes one call. The answer is a 2xx whose content is not coded; the caller
// closes its body.
func (c *Client) Open(ctx context.Context, r *Request) (*egress.Response, error) {
	header := slices.Clone(r.Header)
	if !r.Bare {
		header = append(header, c.header...)
	}
	resp, err := c.upstream.Do(ctx, &egress.Request{Method: r.Method, URL: r.URL, Header: header, Body: r.Body})
	if err != nil {
		return nil, callError(err)
	}
	if resp.Status < 200 || resp.Status > 299 {
		defer resp.Body.Close()
		return nil, c.refusal(r.Names, resp)
	}
	if coding := resp.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		resp.Body.Close()
		return nil, Broken("the answer has the content coding %q, which nobody asked for", coding)
	}
	return resp, nil
}

// Do makes one call and reads all of its answer.
func (c *Client) Do(ctx context.Context, r *Request) (*Answer, error) {
	resp, err := c.Open(ctx, r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return c.ReadAll(resp)
}

// ReadAll reads the rest of an answer, within the client's bound.
func (c *Client) ReadAll(resp *egress.Response) (*Answer, error) {
	if resp.ContentLength > c.maxAnswer {
		return nil, Broken("the answer has %d bytes, more than %d", resp.ContentLength, c.maxAnswer)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.maxAnswer+1))
	if err != nil {
		return nil, callError(fmt.Errorf("read answer: %w", err))
	}
	if int64(len(body)) > c.maxAnswer {
		return nil, Broken("the answer has more than %d bytes", c.maxAnswer)
	}
	return &Answer{Status: resp.Status, Header: resp.Header, Body: body}, nil
}

// ReadWhole reads an answer of at most limit bytes, into buf where that is large enough.
func ReadWhole(resp *egress.Response, buf []byte, limit int64) ([]byte, error) {
	if resp.ContentLength > limit {
		return nil, Broken("the answer has %d bytes, more than %d", resp.ContentLength, limit)
	}
	size := resp.ContentLength
	if size < 0 {
		size = 4 << 10
	}
	if buf = buf[:0]; int64(cap(buf)) < size+spare {
		buf = make([]byte, 0, size+spare)
	}
	for {
		n, err := resp.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > limit:
			return nil, Broken("the answer has more than %d bytes", limit)
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return nil, CallError(fmt.Errorf("read answer: %w", err), provider.Broken)
		case len(buf) == cap(buf):
			buf = slices.Grow(buf, len(buf))
		}
	}
}

// spare is how many bytes more than announced are made room for: the end is seen
// without growing, and a longer name can be put in without a copy.
const spare = 128

// Object checks that the answer is one JSON object.
func (a *Answer) Object() error {
	if !rawjson.Valid(a.Body) || rawjson.KindOf(a.Body) != rawjson.KindObject {
		return Broken("the answer is not a JSON object")
	}
	return nil
}

// Member is a text member of an object, "" where there is none.
func Member(object []byte, path ...string) string {
	v, _ := rawjson.Get(object, path...)
	return Text(v)
}

// Seconds is a member that counts seconds, 0 where there is none.
func Seconds(object []byte, path ...string) time.Duration {
	v, _ := rawjson.Get(object, path...)
	n, ok := rawjson.Float(v)
	if !ok || !(n > 0) || n > maxSeconds {
		return 0
	}
	return time.Duration(n * float64(time.Second))
}

// maxSeconds bounds what is believed of a time that an upstream tells.
const maxSeconds = 366 * 24 * 3600

// Text is what a JSON string says, "" where value is none.
func Text(value []byte) string {
	s, err := rawjson.Unquote(value)
	if err != nil {
		return ""
	}
	return s
}

// Broken is an answer that is not what was asked for.
func Broken(format string, args ...any) error {
	return &provider.Error{Class: provider.Broken, Err: fmt.Errorf(format, args...)}
}

// Failed is work that failed upstream, with the sentence that the caller reads.
func (c *Client) Failed(n Names, message string) error {
	if strings.TrimSpace(message) == "" {
		message = "The model failed and did not say why."
	}
	return &provider.Error{Class: provider.Failed, Message: c.Scrub(n, message)}
}

// StatusOf is the upstream's status in err, 0 where it has none.
func StatusOf(err error) int {
	var e *provider.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Status
}
