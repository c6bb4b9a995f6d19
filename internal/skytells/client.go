package skytells

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Bounds of one call.
const (
	dialTimeout = 10 * time.Second
	// callTimeout bounds a whole call. It is long because an import waits for the
	// upstream's list.
	callTimeout = 2 * time.Minute
	// maxReply bounds an answer; the largest is a list of some thousand models.
	maxReply = 64 << 20
)

// ClientOptions say where the server is and who calls.
type ClientOptions struct {
	BaseURL string // such as http://127.0.0.1:8080; a path before /v1 is kept
	// Key is an operator key (op-…) for the admin API, or an API key (sk-…) for
	// /v1.
	Key string
	// Insecure allows sending the key over plain http to another machine, where
	// anybody on the way can read it.
	Insecure  bool
	UserAgent string
	Transport http.RoundTripper // nil: one of its own
}

// Client calls one server with one key. It never follows a redirect, since the key
// would go with it. Its methods return *APIError where the server said no,
// *UnreachableError where no answer came. It may be used by many goroutines.
type Client struct {
	base, key, agent string
	http             *http.Client
}

// NewClient checks the options; it calls nothing. The error is *InsecureError
// where the key would travel readable.
func NewClient(o ClientOptions) (*Client, error) {
	u, err := parseBase(o.BaseURL)
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(o.Key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the key has spaces or other characters in it that no key has")
	}
	if o.Key != "" && !o.Insecure && u.Scheme == "http" && !IsLoopback(u) {
		return nil, &InsecureError{Host: u.Host}
	}
	transport := o.Transport
	if transport == nil {
		transport = newTransport()
	}
	return &Client{
		base: u.String(), key: o.Key, agent: o.UserAgent,
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
	}, nil
}

func newTransport() http.RoundTripper {
	return &http.Transport{
		Proxy:       http.ProxyFromEnvironment, // leaves loopback alone
		DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext, TLSHandshakeTimeout: dialTimeout,
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute,
	}
}

// parseBase wants a bare http or https URL. What it says never quotes the text,
// which may hold a password.
func parseBase(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("the server's address must be an http:// or https:// URL, such as http://127.0.0.1:8080")
	case u.User != nil:
		return nil, errors.New("the server's address must not hold a user or password")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("the server's address must not have a query or a fragment")
	}
	u.Path, u.RawPath = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v1"), ""
	return u, nil
}

// IsLoopback reports whether the URL names this very machine.
func IsLoopback(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// URL is the server's address, without a slash at its end.
func (c *Client) URL() string { return c.base }

// CloseIdle closes the connections that are not in use.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// call sends one request and decodes the answer into out. The path is escaped
// already.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	return c.callWith(ctx, method, path, in, out, func(http.Header) {})
}

// callWith is call with further headers.
func (c *Client) callWith(ctx context.Context, method, path string, in, out any, headers func(http.Header)) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	r, err := c.request(ctx, method, path, in)
	if err != nil {
		return err
	}
	headers(r.Header)
	reply, err := c.http.Do(r)
	if err != nil {
		return c.failed(err)
	}
	defer reply.Body.Close() //nolint:errcheck // nothing was written
	return c.decode(reply, nil, out)
}

// text asks for an answer that is not JSON.
func (c *Client) text(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	r, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	reply, err := c.http.Do(r)
	if err != nil {
		return nil, c.failed(err)
	}
	defer reply.Body.Close() //nolint:errcheck // nothing was written
	return c.whole(reply, nil)
}

// decode reads an answer as a whole.
func (c *Client) decode(reply *http.Response, s *stall, out any) error {
	body, err := c.whole(reply, s)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s: the answer is not what a Skytower server sends; is %s one?", actOf(reply), c.base)
	}
	return nil
}

// whole reads the body of an answer, or the error that it is.
func (c *Client) whole(reply *http.Response, s *stall) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxReply+1))
	if err != nil {
		return nil, c.failed(s.cause(err))
	}
	if len(body) > maxReply {
		return nil, fmt.Errorf("%s: the answer is larger than %d MiB", actOf(reply), maxReply>>20)
	}
	if reply.StatusCode/100 != 2 {
		return nil, apiError(reply, body)
	}
	return body, nil
}

func actOf(reply *http.Response) string { return reply.Request.Method + " " + reply.Request.URL.Path }

func (c *Client) request(ctx context.Context, method, path string, in any) (*http.Request, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept", "application/json")
	if c.agent != "" {
		r.Header.Set("User-Agent", c.agent)
	}
	switch {
	case c.key == "":
	case strings.HasPrefix(path, "/v1/"):
		r.Header.Set("X-Api-Key", c.key)
	default:
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	return r, nil
}

// failed is the error of a call that got no whole answer.
func (c *Client) failed(err error) error { return c.failedAt(c.base, err) }

func (c *Client) failedAt(address string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // its text repeats method and address
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %s", callTimeout)
	}
	return &UnreachableError{URL: address, Err: err}
}
