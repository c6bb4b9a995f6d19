package api

import (
	"context"
	"net/http"
	"net/netip"
	"path"
	"sort"
	"strings"
	"time"

	"skytower/internal/account"
	"skytower/internal/fault"
	"skytower/internal/httpx"
)

// Authenticator knows the keys. From is the caller's address; the zero one is not known.
type Authenticator interface {
	Authenticate(ctx context.Context, key string, from netip.Addr) (account.Principal, error)
	AuthenticateOperator(ctx context.Context, key string) (account.Operator, error)
}

// Refused bounds the calls with wrong keys that come from one address. Its methods are
// called by many goroutines.
type Refused interface {
	// Allow reports whether a key from the address may still be looked at, or when again.
	Allow(address string) (retryAfter time.Duration, ok bool)
	// Note counts a wrong key.
	Note(address string)
}

// Polls bounds how often an account reads. Its method is called by many goroutines.
type Polls interface {
	// Allow counts a read, or says when the next one may come.
	Allow(account string) (retryAfter time.Duration, ok bool)
}

// Router serves the rows.
type Router struct {
	// Refused and Polls are optional; they are set before the first request.
	Refused Refused
	Polls   Polls
	// KeysPage is the address of the page where keys are made, as the caller reaches this
	// server; "" where none is known. It is optional, and set before the first request.
	KeysPage func(*http.Request) string

	server *httpx.Server
	auth   Authenticator
	mux    *http.ServeMux
	// families are the path prefixes that get another envelope than REST's when no row
	// matches.
	families []family
}

// family is a prefix of paths with the envelope of its routes.
type family struct {
	prefix  string
	surface Surface
}

// NewRouter returns a router of the rows. Pages serves what lies outside /v1 and
// /admin (the console); it may be nil.
func NewRouter(server *httpx.Server, auth Authenticator, rows []Route, pages http.Handler) *Router {
	rt := &Router{server: server, auth: auth, mux: http.NewServeMux()}
	for pattern, methods := range rt.group(rows) {
		rt.mux.Handle(pattern, methods)
	}
	if pages != nil {
		rt.mux.Handle("/", pages)
	}
	for _, prefix := range []string{"/v1/", "/v1", "/admin/", "/admin"} {
		rt.mux.Handle(prefix, http.HandlerFunc(rt.unknown))
	}
	if pages == nil {
		rt.mux.Handle("/", http.HandlerFunc(rt.unknown))
	}
	return rt
}

// ServeHTTP answers preflights, refuses paths that the mux would redirect (every
// reply here is JSON, contract 1.1), and leaves the rest to the rows.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	api := strings.HasPrefix(r.URL.Path, "/v1")
	if api && r.Header["Origin"] != nil {
		allowOrigin(w.Header())
		if r.Method == http.MethodOptions {
			rt.server.Handle("preflight", preflight, nil).ServeHTTP(w, r)
			return
		}
	}
	if unclean(r.URL.Path) {
		rt.unknown(w, r)
		return
	}
	rt.mux.ServeHTTP(w, r)
}

func unclean(p string) bool {
	return strings.Contains(p, "//") || strings.Contains(p, "/.") && path.Clean(p) != strings.TrimSuffix(p, "/")
}

// group makes one handler a pattern, so that a known path with a wrong method is
// ours to answer.
func (rt *Router) group(rows []Route) map[string]methodSet {
	patterns := map[string]methodSet{}
	for _, row := range rows {
		handler := rt.handler(row)
		for _, pattern := range append([]string{row.Pattern}, row.Aliases...) {
			set := patterns[pattern]
			if set.byMethod == nil {
				set = methodSet{router: rt, surface: row.Surface, pattern: pattern, byMethod: map[string]http.Handler{}}
			}
			set.byMethod[row.Method] = handler
			patterns[pattern] = set
		}
		if row.Surface == Inference || row.Surface == Messages {
			rt.families = append(rt.families, family{row.Pattern, row.Surface})
		}
	}
	return patterns
}

func (rt *Router) handler(row Route) http.Handler {
	var h httpx.Handler
	switch {
	case row.Key != nil:
		h = httpx.With(rt.authenticate(row), row.Key)
	case row.Operator != nil:
		h = httpx.With(rt.authenticateOperator(row), row.Operator)
	default:
		h = row.Public
	}
	return rt.server.Handle(row.Pattern, h, func(c *httpx.Call, err *fault.Error) { Fail(row.Surface, c, rt.helped(row, c, err)) })
}

// helped tells a caller without a valid account key where keys are made.
func (rt *Router) helped(row Route, c *httpx.Call, err *fault.Error) *fault.Error {
	if err.ID != fault.Unauthorized || row.Key == nil || rt.KeysPage == nil {
		return err
	}
	out := *err
	out.Help = rt.KeysPage(c.Request)
	return &out
}

// authenticate makes the check of an account key with the scope of one row.
func (rt *Router) authenticate(row Route) func(*httpx.Call) (account.Principal, error) {
	return func(c *httpx.Call) (account.Principal, error) {
		if p, ok := inside[account.Principal](c); ok {
			c.Record.Account = p.Account
			return p, p.Require(row.Scope)
		}
		from, _ := netip.ParseAddr(c.Record.Client) // the zero one where it is none
		p, err := guarded(rt.Refused, c.Record.Client, from, func() (account.Principal, error) {
			return rt.auth.Authenticate(c.Request.Context(), Key(c.Request), from)
		})
		if err != nil {
			return p, err
		}
		c.Record.Account, c.Record.Key = p.Account, p.Key
		if err := p.Require(row.Scope); err != nil {
			return p, err
		}
		return p, rt.checkPolls(row, p.Account)
	}
}

func (rt *Router) authenticateOperator(row Route) func(*httpx.Call) (account.Operator, error) {
	return func(c *httpx.Call) (account.Operator, error) {
		if o, ok := inside[account.Operator](c); ok {
			c.Record.Account = "operator"
			return o, mayCall(row, o)
		}
		from, _ := netip.ParseAddr(c.Record.Client)
		o, err := guarded(rt.Refused, c.Record.Client, from, func() (account.Operator, error) {
			return rt.auth.AuthenticateOperator(c.Request.Context(), bearer(c.Request))
		})
		if err != nil {
			return o, err
		}
		c.Record.Account, c.Record.Key = "operator", o.Key
		return o, mayCall(row, o)
	}
}

func mayCall(row Route, o account.Operator) error {
	if row.Method == http.MethodGet || row.Poll {
		return nil
	}
	return o.MayChange()
}

// guarded looks at a key unless too many wrong ones have come from the address.
func guarded[P any](g Refused, client string, from netip.Addr, look func() (P, error)) (P, error) {
	if g == nil {
		return look()
	}
	origin := originOf(client, from)
	if retryAfter, ok := g.Allow(origin); !ok {
		var nobody P
		return nobody, &fault.Error{ID: fault.RateLimitExceeded, RetryAfter: retryAfter,
			Message: "Too many calls with a wrong API key have come from this address.",
			Details: "Wait for the time that Retry-After says, and check the key."}
	}
	who, err := look()
	if err != nil && fault.Is(err, fault.Unauthorized) {
		g.Note(origin)
	}
	return who, err
}

// originOf is what counts as one address: of IPv6 the network of 64 bits, all of which
// one caller may have.
func originOf(client string, from netip.Addr) string {
	if from.Is4In6() {
		return from.Unmap().String()
	}
	if !from.Is6() {
		return client
	}
	const network = 64
	p, err := from.WithZone("").Prefix(network)
	if err != nil {
		return client
	}
	return p.String()
}

// checkPolls draws a call that only reads from the account's bucket for that.
func (rt *Router) checkPolls(row Route, account string) error {
	if !row.Poll || rt.Polls == nil {
		return nil
	}
	retryAfter, ok := rt.Polls.Allow(account)
	if ok {
		return nil
	}
	return &fault.Error{ID: fault.RateLimitExceeded, RetryAfter: retryAfter,
		Message: "This account reads too often.",
		Details: "Poll less often, or let a stream or a webhook tell what happens."}
}

// Key is the caller's API key: x-api-key where it is sent, else the bearer token
// (contract section 3). "" if there is none.
func Key(r *http.Request) string {
	if k := r.Header["X-Api-Key"]; len(k) > 0 && k[0] != "" {
		return k[0]
	}
	return bearer(r)
}

func bearer(r *http.Request) string {
	const scheme = "bearer "
	a := r.Header["Authorization"]
	if len(a) == 0 || len(a[0]) < len(scheme) || !strings.EqualFold(a[0][:len(scheme)], scheme) {
		return ""
	}
	return strings.TrimSpace(a[0][len(scheme):])
}

// unknown answers a path that no row serves.
func (rt *Router) unknown(w http.ResponseWriter, r *http.Request) {
	surface := rt.family(r.URL.Path)
	rt.server.Handle("unknown", func(*httpx.Call) error {
		return NotFound(r.Method, r.URL.Path)
	}, func(c *httpx.Call, err *fault.Error) { Fail(surface, c, err) }).ServeHTTP(w, r)
}

// family picks the envelope of an unknown path: that of the inference routes under them,
// else REST (contract section 2).
func (rt *Router) family(p string) Surface {
	for _, f := range rt.families {
		if strings.HasPrefix(p, f.prefix) {
			return f.surface
		}
	}
	return REST
}

// methodSet serves one pattern.
type methodSet struct {
	router   *Router
	surface  Surface
	pattern  string
	byMethod map[string]http.Handler
}

func (m methodSet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h, ok := m.byMethod[r.Method]; ok {
		h.ServeHTTP(w, r)
		return
	}
	if h, ok := m.byMethod[http.MethodGet]; ok && r.Method == http.MethodHead {
		h.ServeHTTP(w, r)
		return
	}
	m.router.server.Handle(m.pattern, func(*httpx.Call) error {
		return methodNotAllowed(r.Method, m.allow())
	}, func(c *httpx.Call, err *fault.Error) { Fail(m.surface, c, err) }).ServeHTTP(w, r)
}

func (m methodSet) allow() string {
	methods := make([]string, 0, len(m.byMethod))
	for method := range m.byMethod {
		methods = append(methods, method)
	}
	sort.Strings(methods)
	return strings.Join(methods, ", ")
}

// allowOrigin opens /v1 to any web page: keys travel in headers, never in cookies.
func allowOrigin(h http.Header) {
	h["Access-Control-Allow-Origin"] = []string{"*"}
	h["Access-Control-Expose-Headers"] = []string{
		"x-request-id, request-id, retry-after, x-should-retry, x-skytells-model, x-skytells-prediction, x-skytells-cache, age, x-skytells-ratelimit-limit-requests, " +
			"x-skytells-ratelimit-remaining-requests, x-skytells-ratelimit-window, x-skytells-ratelimit-limit-tokens-in, " +
			"x-skytells-ratelimit-remaining-tokens-in, x-skytells-ratelimit-limit-tokens-out, x-skytells-ratelimit-remaining-tokens-out",
	}
}

// preflight allows whatever headers the browser asks for: OpenAI's clients add
// several of their own (contract section 2).
func preflight(c *httpx.Call) error {
	w, r := c.Sub()
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	h.Set("Access-Control-Max-Age", "86400")
	h.Add("Vary", "Access-Control-Request-Headers")
	c.Record.Status = http.StatusNoContent
	w.WriteHeader(http.StatusNoContent)
	return nil
}
