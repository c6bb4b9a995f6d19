package app_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/console/desk"
	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// What callers write where they can. Pages must show it as text.
const (
	evil     = `"><script>alert(1)</script>`
	evilLink = `javascript:alert(1)`
)

// world is a server with two accounts that have a thing of every kind, and with people in
// every role.
type world struct {
	*server
	a, b   *tenant
	routes []api.Route
	pages  []desk.Row

	owner, developer, billing, viewer *guest // of b
	alpha                             *guest // owner of a
	operator, auditor                 *guest
	nobody                            *guest
	auditorKey                        string
}

// tenant is an account.
type tenant struct {
	mark string            // stands in the texts of all its things
	key  string            // an API key with all scopes
	ids  map[string]string // of its things, by kind
}

// ofNobody are kinds of things that belong to no account.
func ofNobody() []string {
	return []string{"model", "month", "page", "token", "provider", "operator", "folder"}
}

// kinds tells what each parameter of a path names, by the pattern as far as the
// parameter. A route that is not here fails the tests: say what it is about.
func kinds() map[string]string {
	return map[string]string{
		"/v1/predictions/{id}": "prediction", "/v1/predictions/{id}/webhooks/{delivery}": "delivery",
		"/v1/files/{id}": "file", "/files/{id}": "file", "/files/{id}/{name}": "filename",
		"/v1/responses/{id}": "response", "/v1/requests/{id}": "request", "/v1/checkouts/{id}": "checkout", "/v1/batches/{id}": "batch",
		"/v1/models/{slug}": "model", "/v1/model/{slug}": "model", "/v1/models/{vendor}": "folder", "/v1/model/{vendor}": "folder", "/v1/models/{owner}": "folder",
		"/v1/models/{vendor}/{slug}": "model", "/v1/model/{vendor}/{slug}": "model", "/v1/models/{owner}/{name}": "model", "/v1/models/{namespace}": "model",

		"/admin/v1/accounts/{id}": "account", "/admin/v1/members/{id}": "member", "/admin/v1/keys/{id}": "key", "/admin/v1/limits/{id}": "limit",
		"/admin/v1/models/{slug}": "model", "/admin/v1/operators/{id}": "operator", "/admin/v1/providers/{name}": "provider", "/admin/v1/guards/{name}": "provider", "/admin/v1/requests/{id}": "request",
		"/admin/v1/predictions/{id}": "prediction", "/admin/v1/predictions/{id}/webhooks/{delivery}": "delivery",

		"/keys/{id}": "key", "/predictions/{id}": "prediction", "/predictions/{id}/webhooks/{delivery}": "delivery", "/requests/{id}": "request", "/batches/{id}": "batch",
		"/members/{id}": "member", "/billing/statements/{month}": "month", "/models/{slug...}": "model", "/playground/{slug...}": "model", "/docs/{page...}": "page",
		"/setup/{token}": "token", "/invite/{token}": "token", "/reset/{token}": "token", "/check/{token}": "token",
		"/playground/predictions/{id}": "prediction", "/playground/{id}": "prediction",

		"/operator/accounts/{id}": "account", "/operator/accounts/{id}/keys/{key}": "key", "/operator/accounts/{id}/members/{member}": "member",
		"/operator/accounts/{id}/limits/{limit}": "limit", "/operator/models/{slug...}": "model", "/operator/providers/{name}": "provider", "/operator/guards/{name}": "provider",
		"/operator/predictions/{id}": "prediction", "/operator/predictions/{id}/webhooks/{delivery}": "delivery", "/operator/requests/{id}": "request",
		"/operator/people/{id}": "operator",
	}
}

// param is a parameter of a pattern.
type param struct{ whole, kind string }

// params lists the parameters of a pattern.
func params(t *testing.T, pattern string) []param {
	t.Helper()
	var list []param
	for _, at := range regexp.MustCompile(`\{[a-z_]+(\.\.\.)?\}`).FindAllStringIndex(pattern, -1) {
		kind, ok := kinds()[pattern[:at[1]]]
		if !ok {
			t.Errorf("%s: say in kinds() what %s names, so that tests of security can fill it", pattern, pattern[at[0]:at[1]])
			kind = "model"
		}
		list = append(list, param{pattern[at[0]:at[1]], kind})
	}
	return list
}

// own are the parameters that name things of an account.
func own(t *testing.T, pattern string) []param {
	t.Helper()
	return slices.DeleteFunc(params(t, pattern), func(p param) bool { return slices.Contains(ofNobody(), p.kind) })
}

// fill puts ids into a pattern.
func fill(t *testing.T, pattern string, id func(kind string) string) string {
	t.Helper()
	path := strings.TrimSuffix(pattern, "{$}")
	for _, p := range params(t, pattern) {
		path = strings.Replace(path, p.whole, url.PathEscape(id(p.kind)), 1)
	}
	return path
}

// id of a thing of the tenant.
func (x *tenant) id(kind string) string { return x.ids[kind] }

// missing is an id like the tenant's that nothing has.
func (x *tenant) missing(kind string) string {
	id := x.ids[kind]
	if slices.Contains(ofNobody(), kind) {
		return id
	}
	return regexp.MustCompile(`[1-9a-zA-Z]`).ReplaceAllString(id[strings.Index(id, "_")+1:], "0")
}

// absent is missing with the kind's prefix, so that nothing but the thing is wrong.
func (x *tenant) absent(kind string) string {
	id := x.ids[kind]
	if slices.Contains(ofNobody(), kind) {
		return id
	}
	if len(id) == 36 && strings.Count(id, "-") == 4 {
		return "00000000-0000-4000-8000-000000000000"
	}
	return id[:strings.Index(id, "_")+1] + x.missing(kind)
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// newWorld takes a few seconds: tests share one where they can.
func newWorld(t *testing.T, o options) *world {
	t.Helper()
	if o.flags == nil {
		o.flags = map[string]string{}
	}
	o.flags["egress-allow"], o.flags["stripe-url"] = "127.0.0.0/8", till(t)
	o.flags["refused-a-minute"], o.flags["polls-a-minute"] = "0", "0"
	o.env = append(o.env, "SKYTOWER_STRIPE_KEY=sk_test_4eC39HqLyjWDarjtT1zdp7dc", "SKYTOWER_STRIPE_WEBHOOK_SECRET=whsec_0123456789abcdef0123456789abcdef")
	w := &world{server: start(t, o)}
	w.routes, w.pages = w.app.Routes(), must[[]desk.Row](t)(w.app.Pages())
	w.offer()
	hook, heard := w.receiver()
	w.a, w.b = w.tenant("Alpha", hook, heard), w.tenant("Beta", hook, heard)
	w.nobody = &guest{w: w}
	w.alpha = w.member(w.a, "owner")
	w.owner, w.developer, w.billing, w.viewer = w.member(w.b, "owner"), w.member(w.b, "developer"), w.member(w.b, "billing"), w.member(w.b, "viewer")
	w.operator, w.auditor = w.runs(account.RoleOperator), w.runs(account.RoleAuditor)
	_, key, err := w.app.People().CreateOperator(t.Context(), account.System(), "auditor", account.RoleAuditor)
	if err != nil {
		t.Fatal(err)
	}
	w.auditorKey = key
	w.settled()
	return w
}

// settled waits until this process knows what was changed.
func (w *world) settled() {
	w.t.Helper()
	if err := w.app.Sync(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// till stands for the payment processor.
func till(t *testing.T) string {
	var sessions atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"id":"cs_test_%d","object":"checkout.session","url":"https://checkout.stripe.com/c/pay/x"}`, sessions.Add(1))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// offer adds the models, whose texts and answers are evil.
func (w *world) offer() {
	w.t.Helper()
	up := providertest.NewUpstream(w.t, providertest.HTTP1)
	quoted, _ := json.Marshal(evil)
	up.On(chatPath, jsonScript(strings.Replace(chatAnswer, `"Hello!"`, string(quoted), 1)))
	painter := httptest.NewServer(http.HandlerFunc(paintEvil))
	w.t.Cleanup(painter.Close)
	_, err := w.admin().Apply(w.t.Context(), skytells.ApplyRequest{Source: evil, Resources: skytells.Resources{
		Guards: []skytells.GuardSpec{{Name: "mock", Kind: "rules", Words: []string{"a word that nobody says"}}}, // named as the provider: kinds
		Providers: []skytells.ProviderSpec{
			{Name: "mock", Kind: "openai", BaseURL: up.URL.JoinPath("v1").String(), Credential: upKey, Responses: "chat"},
			{Name: "container", Kind: "cog", BaseURL: painter.URL},
		},
		Models: []skytells.ModelSpec{
			{Slug: chatModel, Name: "Chat" + evil, Description: evil + evilLink, ImgURL: "https://img.example/x.png", Type: "text", API: "chat", Capabilities: []string{evil},
				Vendor: skytells.Vendor{Name: evil, Description: evil}, Pricing: &skytells.PricingSpec{Unit: "million_token", Input: inputPrice, Output: outputPrice},
				Targets: []skytells.TargetSpec{{Provider: "mock", Model: evil}}},
			{Slug: paintModel, Name: "Paint" + evil, Description: evil, Type: "image", API: "prediction", Free: true, Targets: []skytells.TargetSpec{{Provider: "container", Model: evil}},
				InputSchema: skytells.Schema(`{"type":"object","title":` + string(quoted) + `,"required":["prompt"],"properties":{"prompt":{"type":"string","title":` + string(quoted) +
					`,"description":` + string(quoted) + `,"examples":[` + string(quoted) + `]},"kind":{"enum":[` + string(quoted) + `]}}}`)},
		},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
}

// paintEvil is a container of Cog; what it says is evil, whether it fails or not.
func paintEvil(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Method != http.MethodPut {
		_, _ = io.WriteString(w, `{"status":"READY"}`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	answer := map[string]any{"status": "failed", "error": evil + " " + evilLink, "logs": evil + "\n"}
	if !bytes.Contains(body, []byte("fail")) {
		picture := "data:image/png;base64," + base64.StdEncoding.EncodeToString([]byte(pngHead))
		answer = map[string]any{"status": "succeeded", "output": []string{picture, evil, evilLink}, "logs": evil}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// receiver gets webhooks, and answers with what would run.
func (w *world) receiver() (address string, heard chan struct{}) {
	heard = make(chan struct{}, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, evil)
		heard <- struct{}{}
	}))
	w.t.Cleanup(s.Close)
	return s.URL + "/hook?q=" + evil, heard
}

// tenant makes an account with a thing of every kind.
func (w *world) tenant(mark, hook string, heard chan struct{}) *tenant {
	w.t.Helper()
	ctx, admin := w.t.Context(), w.admin()
	acct := must[skytells.Account](w.t)(admin.CreateAccount(ctx, skytells.AccountRequest{Name: mark + evil}))
	aDay := "24h"
	must[skytells.Account](w.t)(admin.UpdateAccount(ctx, acct.ID, skytells.AccountRequest{KeepBodies: &aDay}))
	key := must[skytells.Key](w.t)(admin.CreateKey(ctx, skytells.KeyRequest{Account: acct.ID, Name: mark + evil}))
	x := &tenant{mark: mark, key: key.Secret, ids: map[string]string{
		"account": acct.ID, "key": key.ID, "model": paintModel, "month": acct.CreatedAt.UTC().Format("2006-01"), "page": "errors", "token": strings.Repeat("x", 26),
		"provider": "mock", "folder": "acme",
	}}
	_, err := admin.GiveCredit(ctx, acct.ID, skytells.CreditRequest{Amount: "10", Reason: mark + evil})
	if err != nil {
		w.t.Fatal(err)
	}
	most := int64(10_000)
	x.ids["limit"] = must[skytells.LimitRule](w.t)(admin.PutLimit(ctx, skytells.LimitRule{Account: acct.ID, Model: chatModel, Requests: &most})).ID
	must[skytells.Invitation](w.t)(admin.InviteOperator(ctx, skytells.OperatorRequest{Email: strings.ToLower(mark) + "@operators.example", Name: evil, Role: "auditor"}))
	operators := must[[]skytells.Operator](w.t)(admin.Operators(ctx))
	x.ids["operator"] = operators[len(operators)-1].ID
	w.predicts(x, hook, heard)
	w.uploads(x)
	w.asks(x)
	w.batches(x)
	var paid skytells.Checkout
	decode(w.t, w.as(x, http.MethodPost, "/v1/checkouts", `{"amount":"10"}`).body, &paid)
	x.ids["checkout"] = paid.ID
	for kind, id := range x.ids {
		if id == "" {
			w.t.Fatalf("%s has no %s", mark, kind)
		}
	}
	return x
}

// as calls with the tenant's key.
func (w *world) as(x *tenant, method, path, body string) reply {
	w.t.Helper()
	return w.do(w.request(method, path, body, "X-Api-Key", x.key))
}

// predicts makes a prediction that fails, and one with files and a webhook.
func (w *world) predicts(x *tenant, hook string, heard chan struct{}) {
	w.t.Helper()
	for _, prompt := range []string{"fail " + x.mark + evil, x.mark + evil} {
		body, _ := json.Marshal(map[string]any{"model": paintModel, "input": map[string]any{"prompt": prompt}, "await": true, "webhook": map[string]any{"url": hook, "events": []string{"completed", "failed"}}})
		r := w.as(x, http.MethodPost, "/v1/predictions", string(body))
		var p skytells.Prediction
		decode(w.t, r.body, &p)
		if p.ID == "" {
			w.t.Fatal(r.body)
		}
		await(w.t, "the delivery of a webhook", heard)
		var list []skytells.WebhookDelivery
		for len(list) == 0 || list[0].State == "pending" {
			list = must[[]skytells.WebhookDelivery](w.t)(w.admin().AnyWebhookDeliveries(w.t.Context(), p.ID))
		}
		x.ids["failed"], x.ids["prediction"], x.ids["delivery"] = x.ids["prediction"], p.ID, list[0].ID
	}
}

func (w *world) uploads(x *tenant) {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("file", x.mark+`<script>alert(1)</script>.svg`)
	_, _ = io.WriteString(part, `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
	_ = form.WriteField("purpose", evil)
	_ = form.Close()
	r := w.do(w.request(http.MethodPost, "/v1/files", body.String(), "X-Api-Key", x.key, "Content-Type", form.FormDataContentType()))
	var f struct{ ID, Name string }
	decode(w.t, r.body, &f)
	x.ids["file"], x.ids["filename"] = f.ID, "x.svg"
}

// batches makes a batch of one line, and waits for its end.
func (w *world) batches(x *tenant) {
	w.t.Helper()
	before := w.key
	w.key = x.key
	defer func() { w.key = before }()
	body, _ := json.Marshal(map[string]any{"model": chatModel, "messages": []doc{{"role": "user", "content": x.mark + evil}}})
	x.ids["batch"] = w.batchUntil(w.newBatch(chatPath, batchLine(x.mark, chatPath, string(body))).ID, skytells.Batch.Ended).ID
	if err := w.app.SweepBatches(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// asks makes a stored response and rows of the request log.
func (w *world) asks(x *tenant) {
	w.t.Helper()
	text, _ := json.Marshal(x.mark + evil)
	r := w.as(x, http.MethodPost, respPath, `{"model":"`+chatModel+`","store":true,"input":`+string(text)+`,"metadata":{"x":`+string(text)+`}}`)
	var made struct{ ID string }
	decode(w.t, r.body, &made)
	x.ids["response"] = made.ID
	if r := w.as(x, http.MethodGet, "/v1/models/"+url.PathEscape(evil), ""); r.status != http.StatusNotFound {
		w.t.Fatalf("%d %s", r.status, r.body)
	}
	r = w.as(x, http.MethodPost, chatPath, `{"model":`+string(text)+`,"messages":[{"role":"user","content":`+string(text)+`}]}`)
	x.ids["request"] = r.header.Get("X-Request-Id")
	eventually(w.t, "the requests are in the log", func() bool {
		var log skytells.LoggedRequests
		decode(w.t, w.as(x, http.MethodGet, "/v1/requests?status=404", "").body, &log)
		return len(log.Data) == 2
	})
	eventually(w.t, "the request's bodies are kept", func() bool {
		return w.as(x, http.MethodGet, "/v1/requests/"+x.ids["request"]+"/bodies", "").status == http.StatusOK
	})
	var charges skytells.List[skytells.ChargeLine]
	for len(charges.Data) == 0 {
		decode(w.t, w.as(x, http.MethodGet, "/v1/charges", "").body, &charges)
	}
}

// joins makes somebody who has taken all invitations of an e-mail.
func (w *world) joins(email string) *guest {
	w.t.Helper()
	p, err := w.app.People().SignInWith(w.t.Context(), account.Identity{Issuer: "https://id.example", Subject: email, Email: email, Name: evil, Checked: true}, false)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.session(p.ID)
}

// session is a new session of a person.
func (w *world) session(person string) *guest {
	w.t.Helper()
	raw, s, err := w.app.People().StartSession(w.t.Context(), person, account.Where{Address: "127.0.0.1", Agent: evil})
	if err != nil {
		w.t.Fatal(err)
	}
	return &guest{w: w, person: person, raw: raw, id: s.ID}
}

func (w *world) member(x *tenant, role string) *guest {
	w.t.Helper()
	email := role + "@" + strings.ToLower(x.mark) + ".example"
	m := must[skytells.Member](w.t)(w.admin().CreateMember(w.t.Context(), x.ids["account"], skytells.MemberRequest{Name: x.mark + evil, Email: email, Role: role}))
	if _, _, err := w.app.People().Invite(w.t.Context(), account.System(), m.ID); err != nil {
		w.t.Fatal(err)
	}
	x.ids["member"] = m.ID
	return w.joins(email)
}

func (w *world) runs(role account.Role) *guest {
	w.t.Helper()
	email := string(role) + "@operators.example"
	if _, err := w.app.People().InviteOperator(w.t.Context(), account.System(), email, evil, role); err != nil {
		w.t.Fatal(err)
	}
	return w.joins(email)
}

// guest is a browser; without a session, nobody's.
type guest struct {
	w               *world
	person, raw, id string
	csrf            string
}

// again is the same person in a session of its own, which may end.
func (g *guest) again() *guest {
	if g.raw == "" {
		return &guest{w: g.w}
	}
	return g.w.session(g.person)
}

const htmlWanted = "text/html,application/xhtml+xml,*/*;q=0.8"

// request makes a request of this browser.
func (g *guest) request(method, path, body string, header ...string) *http.Request {
	g.w.t.Helper()
	req := g.w.request(method, path, body, append([]string{"Accept", htmlWanted}, header...)...)
	if g.raw != "" {
		req.AddCookie(&http.Cookie{Name: "skytower_session", Value: g.raw})
	}
	return req
}

// send follows no redirect.
func (g *guest) send(req *http.Request) reply {
	g.w.t.Helper()
	client := &http.Client{Transport: g.w.client.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	plain := *g.w.server
	plain.client = client
	return plain.do(req)
}

func (g *guest) get(path string, header ...string) reply {
	g.w.t.Helper()
	return g.send(g.request(http.MethodGet, path, "", header...))
}

// token is what this browser's forms bring.
func (g *guest) token() string {
	g.w.t.Helper()
	if g.csrf == "" {
		if g.csrf = csrfIn(g.get("/design").body); g.csrf == "" {
			g.w.t.Fatal("a page without a token")
		}
	}
	return g.csrf
}

func csrfIn(page string) string {
	m := regexp.MustCompile(`<meta name="csrf" content="([^"]+)">`).FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return m[1]
}

// post sends a form with the token.
func (g *guest) post(path string, form url.Values, header ...string) reply {
	g.w.t.Helper()
	return g.posts(http.MethodPost, path, form, g.token(), header...)
}

func (g *guest) posts(method, path string, form url.Values, token string, header ...string) reply {
	g.w.t.Helper()
	sent := url.Values{}
	for name, values := range form {
		sent[name] = values
	}
	if token != "" {
		sent.Set("_csrf", token)
	}
	return g.send(g.request(method, path, sent.Encode(), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)...))
}

// hiddenKey is what the browser's scripts call /v1 with.
func (g *guest) hiddenKey() string {
	g.w.t.Helper()
	r := g.post("/session/key", nil, "Accept", "application/json")
	var made struct{ Key string }
	decode(g.w.t, r.body, &made)
	if r.status != http.StatusOK || made.Key == "" {
		g.w.t.Fatalf("no hidden key: %d %s", r.status, r.body)
	}
	return made.Key
}

// quiet are tables that move by themselves, or by looking.
func quiet(table string) bool {
	for _, prefix := range []string{"sqlite_", "river_", "request_log", "traffic_", "usage_", "rollup", "replica", "change", "person_session", "lease", "purse", "charge_batch", "schema_", "account_alert"} {
		if strings.HasPrefix(table, prefix) {
			return true
		}
	}
	return false
}

// dump is every row of what people change, as a text; those that hold one of the words, or
// all where there are none. Only SQLite.
func (w *world) dump(words ...string) []string {
	w.t.Helper()
	db := must[*sql.DB](w.t)(sql.Open("sqlite", "file:"+filepath.Join(w.data, "skytower.db")+"?mode=ro&_pragma=busy_timeout(10000)"))
	defer db.Close() //nolint:errcheck // only read
	var out []string
	for _, name := range w.column(db, `select name from sqlite_master where type = 'table' order by name`) {
		if quiet(name) {
			continue
		}
		for _, line := range w.column(db, `select * from "`+name+`"`) {
			if len(words) == 0 || slices.ContainsFunc(words, func(word string) bool { return strings.Contains(line, word) }) {
				out = append(out, name+": "+line)
			}
		}
	}
	slices.Sort(out)
	return out
}

// column reads rows, each as one text.
func (w *world) column(db *sql.DB, query string) []string {
	w.t.Helper()
	rows := must[*sql.Rows](w.t)(db.QueryContext(w.t.Context(), query))
	defer rows.Close() //nolint:errcheck // only read
	names := must[[]string](w.t)(rows.Columns())
	var out []string
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			w.t.Fatal(err)
		}
		texts := make([]string, len(values))
		for i, v := range values {
			if volatile(names[i]) {
				continue
			}
			if raw, ok := v.([]byte); ok {
				v = string(raw)
			}
			texts[i] = fmt.Sprint(v)
		}
		out = append(out, strings.Join(texts, " | "))
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return out
}

// volatile are columns that say when something was used.
func volatile(column string) bool {
	return strings.Contains(column, "used") || strings.Contains(column, "seen")
}

// same fails where rows came, went or changed.
func same(t *testing.T, what string, before, after []string) {
	t.Helper()
	for _, line := range before {
		if !slices.Contains(after, line) {
			t.Errorf("%s: gone or changed: %.300s", what, line)
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			t.Errorf("%s: new or changed: %.300s", what, line)
		}
	}
}

// leak is what of the tenant's own stands in a text, but for the words that were asked for.
func (x *tenant) leak(text string, asked ...string) string {
	for _, kind := range []string{"account", "key", "member", "prediction", "delivery", "file", "response", "request", "checkout", "limit", "batch"} {
		if id := x.ids[kind]; strings.Contains(text, id) && !slices.Contains(asked, id) {
			return id
		}
	}
	for _, word := range []string{x.mark, x.key} {
		if strings.Contains(text, word) {
			return word
		}
	}
	return ""
}
