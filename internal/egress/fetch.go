package egress

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Failures of Fetch and Open, besides *Refused and *StatusError.
const (
	// ErrTooLarge is content of more than FetchLimits.MaxBytes.
	ErrTooLarge fetchError = "the content is too large"
	// ErrContentType is content of a type that FetchLimits.Types does not name.
	ErrContentType fetchError = "the content is of another type than asked for"
)

type fetchError string

func (e fetchError) Error() string { return string(e) }

// StatusError is an answer other than 200.
type StatusError struct{ Status int }

// Error is the text for the log.
func (e *StatusError) Error() string {
	return fmt.Sprintf("the server answered with status %d", e.Status)
}

// FetchLimits bound one Fetch.
type FetchLimits struct {
	MaxBytes  int64         // of content; 0 means DefaultFetchBytes
	Timeout   time.Duration // for everything, redirects included; 0 means DefaultFetchTimeout
	Redirects int           // 0 means DefaultRedirects, negative none
	// Types are the beginnings of the content types that are wanted, such as
	// "image/"; none means any.
	Types []string
}

// Defaults of FetchLimits.
const (
	DefaultFetchBytes   = 20 << 20
	DefaultFetchTimeout = 30 * time.Second
	DefaultRedirects    = 5
)

func (l FetchLimits) withDefaults() FetchLimits {
	if l.MaxBytes <= 0 {
		l.MaxBytes = DefaultFetchBytes
	}
	if l.Timeout <= 0 {
		l.Timeout = DefaultFetchTimeout
	}
	if l.Redirects == 0 {
		l.Redirects = DefaultRedirects
	}
	return l
}

// Fetched is content that came whole.
type Fetched struct {
	Body []byte
	// ContentType is found in the first bytes, whatever the server said.
	ContentType string
	URL         *url.URL // after redirects
}

// Fetcher gets content from URLs of strangers. It is safe for concurrent use.
type Fetcher struct {
	policy *Policy
	rt     *http.Transport
	// Bounds of Open.
	openTime, openIdle time.Duration
}

// NewFetcher returns a Fetcher under the policy, which is Foreign for all that did
// not come from an operator.
func NewFetcher(p *Policy) *Fetcher {
	return &Fetcher{policy: p, openTime: openTime, openIdle: openIdle, rt: &http.Transport{
		DialContext:            p.DialContext,
		TLSHandshakeTimeout:    p.rules.DialTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true, // a small answer must not unpack to a large one
		DisableKeepAlives:      true, // another caller's host is seldom the next one's
		ForceAttemptHTTP2:      true,
	}}
}

// Fetch gets the content behind rawURL with GET. It sends no cookies, credentials
// or referrer. Errors wrap *Refused, *StatusError, ErrTooLarge, ErrContentType, or
// the context's or network's error; none holds the URL's path or query.
func (f *Fetcher) Fetch(ctx context.Context, rawURL string, l FetchLimits) (Fetched, error) {
	l = l.withDefaults()
	u, err := url.Parse(rawURL)
	if err != nil {
		// url.Error repeats the URL; the cause behind it may, too.
		return Fetched{}, f.policy.refuse(&Refused{Verdict: DeniedHost})
	}
	ctx, cancel := context.WithTimeout(ctx, l.Timeout)
	defer cancel()
	resp, err := f.get(ctx, u, l)
	if err != nil {
		return Fetched{}, fmt.Errorf("fetch from %q: %w", u.Hostname(), err)
	}
	defer resp.Body.Close()
	out, err := receive(resp, l)
	if err != nil {
		return Fetched{}, fmt.Errorf("fetch from %q: %w", resp.Request.URL.Hostname(), err)
	}
	return out, nil
}

// get follows redirects itself, so that each is checked before anything is looked
// up, and so that no error repeats a Location.
func (f *Fetcher) get(ctx context.Context, u *url.URL, l FetchLimits) (*http.Response, error) {
	for hop := 0; ; hop++ {
		if err := f.policy.CheckURL(u); err != nil {
			return nil, err
		}
		req := (&http.Request{
			Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{"User-Agent": {"skytower"}},
		}).WithContext(ctx)
		resp, err := f.rt.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		resp.Request = req
		location := resp.Header.Get("Location")
		if !isRedirect(resp.StatusCode) || location == "" {
			return resp, nil
		}
		resp.Body.Close()
		next, err := u.Parse(location)
		if err != nil {
			return nil, f.policy.refuse(&Refused{Host: u.Hostname(), Verdict: DeniedHost})
		}
		if hop >= l.Redirects {
			return nil, f.policy.refuse(&Refused{Host: next.Hostname(), Verdict: DeniedRedirects})
		}
		u = next
	}
}

// isRedirect reports whether a GET goes on at Location with this status.
func isRedirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

func receive(resp *http.Response, l FetchLimits) (Fetched, error) {
	if resp.StatusCode != http.StatusOK {
		return Fetched{}, &StatusError{resp.StatusCode}
	}
	if resp.ContentLength > l.MaxBytes {
		return Fetched{}, ErrTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, l.MaxBytes+1))
	if err != nil {
		return Fetched{}, err
	}
	if int64(len(body)) > l.MaxBytes {
		return Fetched{}, ErrTooLarge
	}
	kind := http.DetectContentType(body)
	if !wanted(kind, l.Types) {
		return Fetched{}, ErrContentType
	}
	return Fetched{Body: body, ContentType: kind, URL: resp.Request.URL}, nil
}

func wanted(kind string, types []string) bool {
	for _, t := range types {
		if strings.HasPrefix(kind, t) {
			return true
		}
	}
	return len(types) == 0
}
