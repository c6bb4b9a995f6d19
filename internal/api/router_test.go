package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
)

// keyring is an Authenticator with three keys.
type keyring struct{}

func (keyring) Authenticate(_ context.Context, key string, _ netip.Addr) (account.Principal, error) {
	switch key {
	case "sk-all":
		return account.Principal{Account: "acct_1", Key: "key_1", Scopes: account.Everything}, nil
	case "sk-models":
		return account.Principal{Account: "acct_2", Key: "key_2", Scopes: account.ModelsRead}, nil
	case "":
		return account.Principal{}, fault.New(fault.Unauthorized, "no key")
	}
	return account.Principal{}, fault.New(fault.Unauthorized, "wrong key "+key)
}

func (keyring) AuthenticateOperator(_ context.Context, key string) (account.Operator, error) {
	switch key {
	case "op-boss":
		return account.Operator{ID: "opr_1", Key: "opk_1", Role: account.RoleOperator}, nil
	case "op-audit":
		return account.Operator{ID: "opr_2", Key: "opk_2", Role: account.RoleAuditor}, nil
	}
	return account.Operator{}, fault.New(fault.Unauthorized, "wrong operator key "+key)
}

// site is a router with its records.
type site struct {
	http.Handler
	records []*httpx.Record
}

func newSite(rows []api.Route, pages http.Handler) *site {
	s := &site{}
	server := &httpx.Server{Done: func(r *httpx.Record) { s.records = append(s.records, r) }, Log: slog.New(slog.DiscardHandler)}
	s.Handler = api.NewRouter(server, keyring{}, rows, pages)
	return s
}

// says answers with who called, and with the path values.
func says(c *httpx.Call, who account.Principal) error {
	return c.JSON(200, map[string]string{"account": who.Account, "slug": c.Request.PathValue("slug"), "vendor": c.Request.PathValue("vendor")})
}

func sampleRows() []api.Route {
	admins := func(c *httpx.Call, o account.Operator) error { return c.JSON(200, o.ID) }
	return []api.Route{
		{Method: "GET", Pattern: "/v1/models", Surface: api.REST, Scope: account.ModelsRead, Key: says},
		{Method: "GET", Pattern: "/v1/models/{slug}", Aliases: []string{"/v1/model/{slug}", "/v1/models/{vendor}/{slug}"},
			Surface: api.REST, Scope: account.ModelsRead, Key: says},
		{Method: "POST", Pattern: "/v1/chat/completions", Surface: api.Inference, Scope: account.Inference, Key: says},
		{Method: "GET", Pattern: "/admin/v1/keys", Surface: api.Admin, Operator: admins},
		{Method: "POST", Pattern: "/admin/v1/keys", Surface: api.Admin, Operator: admins},
		{Method: "GET", Pattern: "/v1/open", Surface: api.REST, Public: func(c *httpx.Call) error { return c.JSON(200, "open") }},
	}
}

func request(method, target string, header ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func do(h http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, res *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestSlugsArriveWhole(t *testing.T) {
	t.Parallel()
	s := newSite(sampleRows(), nil)
	for path, want := range map[string][2]string{ // vendor, slug
		"/v1/models/FLUX.2-pro":                  {"", "FLUX.2-pro"},
		"/v1/model/skytells%2Ftruefusion":        {"", "skytells/truefusion"},
		"/v1/models/skytells%2ftruefusion":       {"", "skytells/truefusion"},
		"/v1/models/skytells/truefusion":         {"skytells", "truefusion"},
		"/v1/models/llama3.2:1b":                 {"", "llama3.2:1b"},
		"/v1/models/llama3.2%3A1b":               {"", "llama3.2:1b"},
		"/v1/models/org%2Fm?fields=input_schema": {"", "org/m"},
		"/v1/models/a%20b":                       {"", "a b"},
		"/v1/models/.hidden%2F.dots":             {"", ".hidden/.dots"},
		"/v1/models/50%25":                       {"", "50%"},
	} {
		res := do(s, request("GET", path, "X-Api-Key", "sk-all"))
		var got struct{ Slug, Vendor string }
		body := text(t, res)
		if err := json.Unmarshal([]byte(body), &got); err != nil || res.StatusCode != 200 || got.Slug != want[1] || got.Vendor != want[0] {
			t.Errorf("%s: got %d %s", path, res.StatusCode, body)
		}
	}
}

func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path string
		header       []string
		status       int
		holds        string
	}{
		"x-api-key":                  {"GET", "/v1/models", []string{"X-Api-Key", "sk-all"}, 200, "acct_1"},
		"bearer":                     {"GET", "/v1/models", []string{"Authorization", "Bearer sk-all"}, 200, "acct_1"},
		"bearer in lower case":       {"GET", "/v1/models", []string{"Authorization", "bearer  sk-all "}, 200, "acct_1"},
		"both, the same":             {"GET", "/v1/models", []string{"X-Api-Key", "sk-all", "Authorization", "Bearer sk-all"}, 200, "acct_1"},
		"both, x-api-key wins":       {"GET", "/v1/models", []string{"X-Api-Key", "sk-all", "Authorization", "Bearer sk-models"}, 200, "acct_1"},
		"both, x-api-key loses none": {"GET", "/v1/models", []string{"X-Api-Key", "sk-bad", "Authorization", "Bearer sk-all"}, 401, "wrong key sk-bad"},
		"an empty x-api-key":         {"GET", "/v1/models", []string{"X-Api-Key", "", "Authorization", "Bearer sk-all"}, 200, "acct_1"},
		"no key":                     {"GET", "/v1/models", nil, 401, "no key"},
		"basic":                      {"GET", "/v1/models", []string{"Authorization", "Basic c2stYWxs"}, 401, "no key"},
		"a scope too few":            {"POST", "/v1/chat/completions", []string{"X-Api-Key", "sk-models"}, 403, "FORBIDDEN"},
		"operator's key on /v1":      {"GET", "/v1/models", []string{"Authorization", "Bearer op-boss"}, 401, "wrong key"},
		"operator":                   {"POST", "/admin/v1/keys", []string{"Authorization", "Bearer op-boss"}, 200, "opr_1"},
		"operator as x-api-key":      {"POST", "/admin/v1/keys", []string{"X-Api-Key", "op-boss"}, 401, "UNAUTHORIZED"},
		"account key on /admin":      {"GET", "/admin/v1/keys", []string{"Authorization", "Bearer sk-all"}, 401, "UNAUTHORIZED"},
		"auditor reads":              {"GET", "/admin/v1/keys", []string{"Authorization", "Bearer op-audit"}, 200, "opr_2"},
		"auditor changes":            {"POST", "/admin/v1/keys", []string{"Authorization", "Bearer op-audit"}, 403, "FORBIDDEN"},
		"open to all":                {"GET", "/v1/open", nil, 200, "open"},
	} {
		s := newSite(sampleRows(), nil)
		res := do(s, request(c.method, c.path, c.header...))
		if body := text(t, res); res.StatusCode != c.status || !strings.Contains(body, c.holds) {
			t.Errorf("%s: got %d %s", name, res.StatusCode, body)
		}
	}
}

// Contract 1.1 and section 2: JSON and a request id on every reply; 9.1 and 9.2:
// the envelope by the path's family.
func TestWhatNoRowServes(t *testing.T) {
	t.Parallel()
	const inference, rest = "inference", "rest"
	for _, c := range []struct {
		method, path string
		status       int
		envelope     string
		allow        string
	}{
		{"GET", "/v1/nothing", 404, rest, ""},
		{"GET", "/v1", 404, rest, ""},
		{"GET", "/v1/", 404, rest, ""},
		{"GET", "/v1/models/", 404, rest, ""},
		{"GET", "/v1/models/a/b/c", 404, rest, ""},
		{"GET", "/nothing", 404, rest, ""},
		{"GET", "/models", 404, rest, ""},
		{"GET", "/", 404, rest, ""},
		{"POST", "/admin/v2/keys", 404, rest, ""},
		{"POST", "/v1/chat/completions/x", 404, inference, ""},
		{"POST", "/v1/chat/completions/", 404, inference, ""},
		{"GET", "/v1/chat/completions", 405, inference, "POST"},
		{"OPTIONS", "/v1/chat/completions", 405, inference, "POST"},
		{"DELETE", "/v1/models", 405, rest, "GET"},
		{"POST", "/v1/model/x", 405, rest, "GET"},
		{"BREW", "/v1/models/a/b", 405, rest, "GET"},
		{"DELETE", "/admin/v1/keys", 405, rest, "GET, POST"},
		// The mux would send these on with an HTML page.
		{"GET", "/v1//models", 404, rest, ""},
		{"GET", "//v1/models", 404, rest, ""},
		{"POST", "/v1//chat/completions", 404, rest, ""},
		{"POST", "/v1/chat/completions//", 404, inference, ""},
		{"GET", "/v1/../v1/models", 404, rest, ""},
		{"GET", "/v1/./models", 404, rest, ""},
		{"GET", "/v1/models/%2e%2e/models", 404, rest, ""},
		{"GET", "/v1/models/..%2fmodels", 404, rest, ""},
		{"GET", "/admin//v1/keys", 404, rest, ""},
	} {
		s := newSite(sampleRows(), nil)
		// Who asks for a route that is not there need not have a key.
		res := do(s, request(c.method, c.path))
		body := text(t, res)
		name := c.method + " " + c.path
		if res.StatusCode != c.status || res.Header.Get("Allow") != c.allow || !strings.Contains(body, `"error_id":"ENDPOINT_NOT_FOUND"`) {
			t.Errorf("%s: got %d %q %s", name, res.StatusCode, res.Header.Get("Allow"), body)
		}
		if strings.HasPrefix(body, `{"status":false`) != (c.envelope == rest) {
			t.Errorf("%s: not the %s envelope: %s", name, c.envelope, body)
		}
		checkReply(t, name, res, body)
		if len(s.records) != 1 {
			t.Errorf("%s: %d records", name, len(s.records))
		}
	}
}

func checkReply(t *testing.T, name string, res *http.Response, body string) {
	t.Helper()
	id := res.Header.Get("X-Request-Id")
	if !json.Valid([]byte(body)) || res.Header.Get("Content-Type") != "application/json" || !strings.HasPrefix(id, "req_") || !strings.Contains(body, id) {
		t.Errorf("%s: not JSON with its request id: %v %s", name, res.Header, body)
	}
}

func TestHeadIsAGetWithoutABody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newSite(sampleRows(), nil))
	defer server.Close()
	for path, status := range map[string]int{"/v1/models": 200, "/v1/chat/completions": 405, "/v1/none": 404} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodHead, server.URL+path, nil)
		req.Header.Set("X-Api-Key", "sk-all")
		res, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if body := text(t, res); res.StatusCode != status || body != "" || res.ContentLength <= 0 {
			t.Errorf("%s: got %d %q, length %d", path, res.StatusCode, body, res.ContentLength)
		}
		_ = res.Body.Close()
	}
}

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	s := newSite(sampleRows(), nil)
	res := do(s, request("OPTIONS", "/v1/chat/completions", "Origin", "https://page.example",
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,x-stainless-os"))
	want := map[string]string{
		"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "authorization,x-stainless-os",
		"Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, OPTIONS", "Vary": "Access-Control-Request-Headers",
	}
	got := map[string]string{}
	for name := range want {
		got[name] = res.Header.Get(name)
	}
	if diff := cmp.Diff(want, got); diff != "" || res.StatusCode/100 != 2 || !strings.HasPrefix(res.Header.Get("X-Request-Id"), "req_") {
		t.Errorf("preflight %d, id %q: %s", res.StatusCode, res.Header.Get("X-Request-Id"), diff)
	}
	if res.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Error("cookies are allowed")
	}
	// Also errors must be readable by the page.
	for _, path := range []string{"/v1/models", "/v1/none", "/v1//models"} {
		res := do(s, request("GET", path, "Origin", "https://page.example"))
		if res.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(res.Header.Get("Access-Control-Expose-Headers"), "x-request-id") {
			t.Errorf("%s: %v", path, res.Header)
		}
	}
	for _, path := range []string{"/admin/v1/keys", "/", "/docs"} {
		for _, method := range []string{"GET", "OPTIONS"} {
			res := do(s, request(method, path, "Origin", "https://page.example", "Access-Control-Request-Method", "POST"))
			if res.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s is open to other pages", method, path)
			}
		}
	}
}

func TestPagesServeTheRest(t *testing.T) {
	t.Parallel()
	pages := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("a page")) })
	s := newSite(sampleRows(), pages)
	for path, page := range map[string]bool{"/": true, "/docs": true, "/v1/none": false, "/admin/x": false, "/v1": false, "/admin": false} {
		if got := text(t, do(s, request("GET", path))) == "a page"; got != page {
			t.Errorf("%s: a page: %v, want %v", path, got, page)
		}
	}
}

func TestRecordNamesTheCaller(t *testing.T) {
	t.Parallel()
	s := newSite(sampleRows(), nil)
	do(s, request("GET", "/v1/model/vendor%2Fm?x=secret", "X-Api-Key", "sk-all"))
	do(s, request("GET", "/admin/v1/keys", "Authorization", "Bearer op-boss"))
	do(s, request("POST", "/v1/chat/completions", "X-Api-Key", "sk-models"))
	var got []string
	for _, r := range s.records {
		got = append(got, fmt.Sprintf("%s %s|%s|%s|%d|%s", r.Route, r.Path, r.Account, r.Key, r.Status, r.ErrorID))
	}
	want := []string{
		"/v1/models/{slug} /v1/model/vendor/m|acct_1|key_1|200|", "/admin/v1/keys /admin/v1/keys|operator|opk_1|200|",
		"/v1/chat/completions /v1/chat/completions|acct_2|key_2|403|FORBIDDEN",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// inferenceJSON and restJSON are the envelopes as contract 9 writes them.
func inferenceJSON(e fault.Entry, id string) string {
	return fmt.Sprintf(`{"error":{"message":"What is wrong.","type":%q,"code":%q,"error_id":%q,"status":%d,"param":null,"request_id":%q,"details":{"category":%q}}}`,
		e.Type, e.Code, e.ID, e.Status, id, e.Category)
}

func restJSON(e fault.Entry, id string) string {
	return fmt.Sprintf(`{"status":false,"response":"What is wrong.","error":{"http_status":%d,"message":"What is wrong.","details":"What is wrong.","error_id":%q,"request_id":%q}}`,
		e.Status, e.ID, id)
}

// twin is the name of the account's rate limit on the other surface.
func twin(s api.Surface, id fault.ID) fault.ID {
	if s == api.Inference && id == "RATE_LIMIT_EXCEEDED" {
		return "RATE_LIMITED"
	}
	if s != api.Inference && id == "RATE_LIMITED" {
		return "RATE_LIMIT_EXCEEDED"
	}
	return id
}

func TestBothEnvelopesOfEveryError(t *testing.T) {
	t.Parallel()
	for _, entry := range fault.Table() {
		fails := func(c *httpx.Call) error { return fault.New(entry.ID, "What is wrong.") }
		for surface, write := range map[api.Surface]func(fault.Entry, string) string{
			api.REST: restJSON, api.Admin: restJSON, api.Inference: inferenceJSON,
		} {
			s := newSite([]api.Route{{Method: "GET", Pattern: "/v1/x", Surface: surface, Public: fails}}, nil)
			res := do(s, request("GET", "/v1/x"))
			body := text(t, res)
			want := write(twin(surface, entry.ID).Entry(), res.Header.Get("X-Request-Id"))
			if body != want || res.StatusCode != entry.Status {
				t.Errorf("%s on surface %d, status %d:\n got %s\nwant %s", entry.ID, surface, res.StatusCode, body, want)
			}
			checkReply(t, string(entry.ID), res, body)
		}
	}
}

func TestFurtherPartsOfAnError(t *testing.T) {
	t.Parallel()
	full := &fault.Error{
		ID: fault.InvalidRequest, Status: 413, Message: "Too large.", Brief: "Large", Details: "Send less.", Param: "input",
		Code: "request_too_large", Err: errors.New("the secret cause"),
	}
	fails := func(*httpx.Call) error { return fmt.Errorf("read body: %w", full) }
	for surface, want := range map[api.Surface]string{
		api.REST: `{"status":false,"response":"Large","error":{"http_status":413,"message":"Too large.","details":"Send less.","error_id":"INVALID_REQUEST","request_id":"ID"}}`,
		api.Inference: `{"error":{"message":"Too large.","type":"invalid_request_error","code":"request_too_large","error_id":"INVALID_REQUEST","status":413,` +
			`"param":"input","request_id":"ID","details":{"category":"request"}}}`,
	} {
		s := newSite([]api.Route{{Method: "GET", Pattern: "/v1/x", Surface: surface, Public: fails}}, nil)
		res := do(s, request("GET", "/v1/x"))
		if body := text(t, res); body != withID(want, res) {
			t.Errorf("got %s", body)
		}
	}
}

func withID(want string, res *http.Response) string {
	return strings.Replace(want, `"request_id":"ID"`, `"request_id":"`+res.Header.Get("X-Request-Id")+`"`, 1)
}

func TestHeadersOfAnError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err                  fault.Error
		retryAfter, retrying string
	}{
		"a rate limit":                {fault.Error{ID: fault.RateLimited, RetryAfter: 1500e6}, "2", ""},
		"a rate limit, soon over":     {fault.Error{ID: fault.RateLimited, RetryAfter: 1}, "1", ""},
		"a rate limit without a time": {fault.Error{ID: fault.RateLimited}, "", ""},
		"away, for a known time":      {fault.Error{ID: fault.ServiceUnavailable, RetryAfter: 7e9}, "7", ""},
		"away, for who knows":         {fault.Error{ID: fault.ServiceUnavailable}, "5", ""},
		"away for good":               {fault.Error{ID: fault.ServiceUnavailable, NoRetry: true}, "", "false"},
		"nothing to wait for":         {fault.Error{ID: fault.InvalidRequest, RetryAfter: 5e9}, "", ""},
		"no use in trying again":      {fault.Error{ID: fault.InferenceError, NoRetry: true}, "", "false"},
	} {
		s := newSite([]api.Route{{Method: "GET", Pattern: "/v1/x", Surface: api.Inference, Public: func(*httpx.Call) error { return &c.err }}}, nil)
		h := do(s, request("GET", "/v1/x")).Header
		if h.Get("Retry-After") != c.retryAfter || h.Get("X-Should-Retry") != c.retrying {
			t.Errorf("%s: got %v", name, h)
		}
	}
}

// guard allows so many calls of an address (or reads of an account), and notes what it
// was asked.
type guard struct {
	left  map[string]int
	noted []string
}

func (g *guard) Allow(key string) (time.Duration, bool) {
	return 1500 * time.Millisecond, g.left[key] > 0
}

func (g *guard) Note(key string) {
	g.noted = append(g.noted, key)
	g.left[key]--
}

// counted is a keyring that counts its questions.
type counted struct {
	keyring
	asked int
	from  []netip.Addr
}

func (c *counted) Authenticate(ctx context.Context, key string, from netip.Addr) (account.Principal, error) {
	c.asked++
	c.from = append(c.from, from)
	return c.keyring.Authenticate(ctx, key, from)
}

func (c *counted) AuthenticateOperator(ctx context.Context, key string) (account.Operator, error) {
	c.asked++
	return c.keyring.AuthenticateOperator(ctx, key)
}

func TestWrongKeysOfAnAddressAreBounded(t *testing.T) {
	t.Parallel()
	keys := &counted{}
	g := &guard{left: map[string]int{"192.0.2.1": 2, "2001:db8:0:1::/64": 1, "198.51.100.7": 1, "10.0.0.1": 9}}
	server := &httpx.Server{Done: func(*httpx.Record) {}, Log: slog.New(slog.DiscardHandler), Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	rt := api.NewRouter(server, keys, sampleRows(), nil)
	rt.Refused = g
	for i, c := range []struct {
		from, path, key string
		status          int
		id              string
		asked           int
	}{
		{"192.0.2.1", "/v1/models", "sk-all", 200, "", 1},
		{"192.0.2.1", "/v1/models", "sk-wrong", 401, "UNAUTHORIZED", 2},
		{"192.0.2.1", "/v1/models", "sk-all", 200, "", 3},
		{"192.0.2.1", "/admin/v1/keys", "op-wrong", 401, "UNAUTHORIZED", 4},
		{"192.0.2.1", "/v1/models", "sk-all", 429, "RATE_LIMIT_EXCEEDED", 4}, // not even looked at
		{"192.0.2.1", "/v1/chat/completions", "sk-all", 429, "RATE_LIMITED", 4},
		{"192.0.2.1", "/admin/v1/keys", "op-boss", 429, "RATE_LIMIT_EXCEEDED", 4},
		{"192.0.2.1", "/v1/open", "", 200, "", 4},
		{"10.0.0.1", "/v1/chat/completions", "sk-models", 403, "FORBIDDEN", 5}, // a right key
		// Of IPv6 a caller has a network; IPv4 in another form is the same address.
		{"2001:db8:0:1::5", "/v1/models", "sk-wrong", 401, "UNAUTHORIZED", 6},
		{"2001:db8:0:1:ffff::9", "/v1/models", "sk-all", 429, "RATE_LIMIT_EXCEEDED", 6},
		{"::ffff:198.51.100.7", "/v1/models", "sk-wrong", 401, "UNAUTHORIZED", 7},
		{"198.51.100.7", "/v1/models", "sk-all", 429, "RATE_LIMIT_EXCEEDED", 7},
	} {
		method := http.MethodGet
		if strings.HasPrefix(c.path, "/v1/chat") {
			method = http.MethodPost
		}
		r := request(method, c.path, "Authorization", "Bearer "+c.key, "X-Forwarded-For", "203.0.113.99, "+c.from)
		r.RemoteAddr = "127.0.0.1:1000"
		res := do(rt, r)
		body := text(t, res)
		if res.StatusCode != c.status || !strings.Contains(body, c.id) || keys.asked != c.asked {
			t.Errorf("%d: %d %s after %d questions", i, res.StatusCode, body, keys.asked)
		}
		if retry := res.Header.Get("Retry-After"); (retry == "2") != (c.status == 429) {
			t.Errorf("%d: Retry-After %q", i, retry)
		}
	}
	if diff := cmp.Diff([]string{"192.0.2.1", "192.0.2.1", "2001:db8:0:1::/64", "198.51.100.7"}, g.noted); diff != "" {
		t.Error(diff)
	}
	if keys.from[0] != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("the keys' judge heard of %s", keys.from[0])
	}
}

func TestPollingIsBounded(t *testing.T) {
	t.Parallel()
	rows := sampleRows()
	rows[0].Poll = true
	s := &site{}
	server := &httpx.Server{Done: func(r *httpx.Record) { s.records = append(s.records, r) }, Log: slog.New(slog.DiscardHandler)}
	rt := api.NewRouter(server, keyring{}, rows, nil)
	rt.Polls = &guard{left: map[string]int{"acct_1": 1}}
	for _, c := range []struct {
		method, path, key string
		status            int
	}{
		{"GET", "/v1/models", "sk-all", 200},
		{"GET", "/v1/models", "sk-models", 429}, // of an account whose bucket is empty
		{"HEAD", "/v1/models", "sk-models", 429},
		{"GET", "/v1/models/x", "sk-models", 200}, // no row for polling
		{"GET", "/v1/models", "sk-wrong", 401},
	} {
		res := do(rt, request(c.method, c.path, "X-Api-Key", c.key))
		body := text(t, res)
		if res.StatusCode != c.status || c.status == 429 && (res.Header.Get("Retry-After") != "2" || !strings.Contains(body, "RATE_LIMIT_EXCEEDED")) {
			t.Errorf("%s %s with %s: %d %s", c.method, c.path, c.key, res.StatusCode, body)
		}
	}
	if r := s.records[1]; r.Account != "acct_2" || r.ErrorID != "RATE_LIMIT_EXCEEDED" {
		t.Errorf("record %+v", r)
	}
}

// Whoever has no key is told where keys are made, in the words of each surface.
func TestKeysPageIsNamed(t *testing.T) {
	t.Parallel()
	rows := sampleRows()
	rt := api.NewRouter(&httpx.Server{Done: func(*httpx.Record) {}, Log: slog.New(slog.DiscardHandler)}, keyring{}, rows, nil)
	rt.KeysPage = func(r *http.Request) string { return "https://" + r.Host + "/keys" }
	for _, c := range []struct{ method, path, key, want string }{
		{"GET", "/v1/models", "sk-wrong", `Keys are made at https://example.com/keys"`},
		{"POST", "/v1/chat/completions", "sk-wrong", `"help":"https://example.com/keys"`},
		{"GET", "/admin/v1/keys", "op-wrong", ``},
	} {
		body := text(t, do(rt, request(c.method, c.path, "Authorization", "Bearer "+c.key)))
		if !strings.Contains(body, "UNAUTHORIZED") || strings.Contains(body, "https://") != (c.want != "") || !strings.Contains(body, c.want) {
			t.Errorf("%s %s: %s", c.method, c.path, body)
		}
	}
}
