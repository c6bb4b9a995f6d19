package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/api/admin"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/provider"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store/storetest"
)

// keyring knows an operator, an auditor, and an account's key.
type keyring struct{}

func (keyring) Authenticate(_ context.Context, key string, _ netip.Addr) (account.Principal, error) {
	if key != "sk-all" {
		return account.Principal{}, fault.New(fault.Unauthorized, "Invalid or missing API key")
	}
	return account.Principal{Account: "acct_1", Scopes: account.Everything}, nil
}

func (keyring) AuthenticateOperator(_ context.Context, key string) (account.Operator, error) {
	switch key {
	case "op-boss":
		return account.Operator{ID: "opr_1", Key: "opk_1", Role: account.RoleOperator}, nil
	case "op-audit":
		return account.Operator{ID: "opr_2", Key: "opk_2", Role: account.RoleAuditor}, nil
	}
	return account.Operator{}, fault.New(fault.Unauthorized, "Invalid or missing API key")
}

// upstreams lists what the provider "up" has.
type upstreams struct{}

func (upstreams) List(_ context.Context, name string, _ []string) ([]provider.Listed, error) {
	switch name {
	case "box":
		return []provider.Listed{{
			Name: "box", Title: "Sepia", API: "prediction", Type: "image", Description: "Makes pictures brown.", Capabilities: []string{"image-to-image"},
			InputSchema: json.RawMessage(`{ "type":"object", "properties":{"strength":{"type":"number","default":0.50}} }`),
		}}, nil
	case "up":
	default:
		return nil, fault.Newf(fault.InvalidRequest, "The provider '%s' cannot be used.", name)
	}
	return []provider.Listed{{Name: "llama-3", OwnedBy: "meta"}, {Name: "bge-small"}}, nil
}

// site is the surface over the real rooms and a database of its own.
type site struct {
	http.Handler
	t     *testing.T
	syncs int
	fail  error // of Sync
}

func newSite(t *testing.T) *site {
	t.Helper()
	key, err := secret.NewMasterKey(bytes.Repeat([]byte{7}, secret.Size))
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := secret.NewRing(key).Sealer(secret.ProviderCredentials)
	if err != nil {
		t.Fatal(err)
	}
	webhookSecrets, err := secret.NewRing(key).Sealer(secret.WebhookKeys)
	if err != nil {
		t.Fatal(err)
	}
	db := storetest.Open(t, storetest.SQLite(t))
	models, err := catalog.New(catalog.Options{DB: db, Sealer: sealer})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t}
	handlers := &admin.Handlers{
		Accounts: account.NewService(db, account.ServiceOptions{Sealer: webhookSecrets}), Catalog: models, Lister: upstreams{}, Explainer: routes{}, Targets: routes{},
		Sync: func(context.Context) error { s.syncs++; return s.fail },
	}
	server := &httpx.Server{Done: func(*httpx.Record) {}, Log: slog.New(slog.DiscardHandler)}
	s.Handler = api.NewRouter(server, keyring{}, handlers.Rows(), nil)
	return s
}

// call gives the status and the body, which is JSON whatever happens.
func (s *site) call(method, path, body, key string) (int, string) {
	s.t.Helper()
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	text, err := io.ReadAll(w.Result().Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if w.Header().Get("Content-Type") != "application/json" || !json.Valid(text) {
		s.t.Errorf("%s %s: not JSON: %s", method, path, text)
	}
	return w.Code, string(text)
}

// must is a call of the operator that succeeds; it fills v.
func (s *site) must(method, path, body string, v any) {
	s.t.Helper()
	code, text := s.call(method, path, body, "op-boss")
	if code != 200 {
		s.t.Fatalf("%s %s: %d %s", method, path, code, text)
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		s.t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
}

func TestAccountsAndKeys(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var made, got, suspended, resumed skytells.Account
	s.must("POST", "/admin/v1/accounts", `{"name":"Research"}`, &made)
	s.must("GET", "/admin/v1/accounts/"+made.ID, "", &got)
	if made.ID == "" || got.Name != "Research" || s.syncs != 1 {
		t.Errorf("made %+v, got %+v, %d syncs", made, got, s.syncs)
	}
	s.must("POST", "/admin/v1/accounts/"+made.ID+"/suspend", `{"reason":"unpaid"}`, &suspended)
	s.must("POST", "/admin/v1/accounts/"+made.ID+"/resume", "", &resumed)
	if !suspended.Suspended || suspended.Reason != "unpaid" || resumed.Suspended || resumed.Reason != "" {
		t.Errorf("suspended %+v, resumed %+v", suspended, resumed)
	}
	s.must("POST", "/admin/v1/accounts/"+made.ID+"/suspend", "", &suspended) // without a body
	if !suspended.Suspended {
		t.Errorf("got %+v", suspended)
	}
	s.must("POST", "/admin/v1/accounts", `{"name":"Second"}`, &got)
	var accounts skytells.List[skytells.Account]
	s.must("GET", "/admin/v1/accounts?limit=1", "", &accounts)
	if len(accounts.Data) != 1 || accounts.Data[0].ID != made.ID {
		t.Errorf("first page %+v", accounts)
	}
	s.must("GET", "/admin/v1/accounts?limit=5&after="+made.ID, "", &accounts)
	if len(accounts.Data) != 1 || accounts.Data[0].Name != "Second" {
		t.Errorf("second page %+v", accounts)
	}

	var key, revoked skytells.Key
	s.must("POST", "/admin/v1/keys", `{"account":"`+made.ID+`","name":"laptop","scopes":["models:read"]}`, &key)
	var keys skytells.List[skytells.Key]
	s.must("GET", "/admin/v1/keys?account="+made.ID, "", &keys)
	if !strings.HasPrefix(key.Secret, "sk-") || len(keys.Data) != 1 || keys.Data[0].Secret != "" || keys.Data[0].ID != key.ID || keys.Data[0].Scopes[0] != "models:read" {
		t.Errorf("made %+v, listed %+v", key, keys)
	}
	before := s.syncs
	s.must("POST", "/admin/v1/keys/"+key.ID+"/revoke", "", &revoked)
	if revoked.RevokedAt == nil || revoked.Secret != "" || s.syncs != before+1 {
		t.Errorf("revoked %+v after %d syncs", revoked, s.syncs-before)
	}
	s.must("GET", "/admin/v1/keys?account="+got.ID, "", &keys)
	if keys.Data == nil || len(keys.Data) != 0 {
		t.Errorf("the keys of another account: %+v", keys)
	}
}

const (
	upSpec   = `{"kind":"openai","base_url":"http://127.0.0.1:1/v1","credential":"a-secret"}`
	chatSpec = `{"type":"text","api":"chat","free":true,"targets":[{"provider":"up","model":"x"}]}`
)

// importsPrediction imports a container's one model with its schema, and changes it.
func (s *site) importsPrediction() {
	s.t.Helper()
	s.must("PUT", "/admin/v1/providers/box", `{"kind":"cog","base_url":"http://127.0.0.1:5000/"}`, &skytells.ProviderSpec{})
	var imported skytells.ImportResult
	s.must("POST", "/admin/v1/providers/box/import", `{"free":true}`, &imported)
	want := skytells.ImportedModel{Slug: "box", Upstream: "box", API: "prediction", Type: "image", Action: "created", Open: true}
	if len(imported.Models) != 1 || imported.Models[0] != want {
		s.t.Errorf("imported %+v", imported)
	}
	var models skytells.List[skytells.ModelSpec]
	s.must("GET", "/admin/v1/models", "", &models)
	box := models.Data[slices.IndexFunc(models.Data, func(m skytells.ModelSpec) bool { return m.Slug == "box" })]
	if box.Name != "Sepia" || string(box.InputSchema) != `{"type":"object","properties":{"strength":{"type":"number","default":0.50}}}` {
		s.t.Errorf("stored %+v", box)
	}
	box.Deadline, box.Concurrency = "5m", 2
	text, err := json.Marshal(box)
	if err != nil {
		s.t.Fatal(err)
	}
	var put skytells.ModelSpec
	if s.must("PUT", "/admin/v1/models/box", string(text), &put); put.Deadline != "5m" || put.Concurrency != 2 || !put.Open {
		s.t.Errorf("put %+v", put)
	}
	s.must("DELETE", "/admin/v1/models/box", "", &skytells.Done{})
	s.must("DELETE", "/admin/v1/providers/box", "", &skytells.Done{})
}

func TestProvidersModelsAndSettings(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var up skytells.ProviderSpec
	s.must("PUT", "/admin/v1/providers/up", upSpec, &up)
	var providers skytells.List[skytells.ProviderSpec]
	s.must("GET", "/admin/v1/providers", "", &providers)
	if up.Name != "up" || len(providers.Data) != 2 || providers.Data[1].Credential != "set" || up.Credential != "set" {
		t.Errorf("put %+v, listed %+v", up, providers)
	}
	var m skytells.ModelSpec
	s.must("PUT", "/admin/v1/models/org%2Fm", chatSpec, &m)
	if m.Slug != "org/m" || !m.Open {
		t.Errorf("put %+v", m)
	}
	var imported skytells.ImportResult
	s.must("POST", "/admin/v1/providers/up/import", `{"models":["bge-small"],"free":true}`, &imported)
	if len(imported.Models) != 1 || imported.Models[0].Slug != "bge-small" || imported.Models[0].API != "embeddings" || imported.Models[0].Action != "created" || !imported.Models[0].Open {
		t.Errorf("imported %+v", imported)
	}
	s.importsPrediction()
	var settings skytells.Settings
	s.must("PUT", "/admin/v1/settings", `{"default_chat":"org/m"}`, &settings)
	s.must("GET", "/admin/v1/settings", "", &settings)
	if settings.DefaultChat != "org/m" {
		t.Errorf("settings %+v", settings)
	}
	s.must("PUT", "/admin/v1/settings", `{}`, &settings)
	var done skytells.Done
	s.must("DELETE", "/admin/v1/models/org%2Fm", "", &done)
	s.must("DELETE", "/admin/v1/models/bge-small", "", &done)
	s.must("DELETE", "/admin/v1/providers/up", "", &done)
	var models skytells.List[skytells.ModelSpec]
	s.must("GET", "/admin/v1/models", "", &models)
	if !done.Success || len(models.Data) != 1 || models.Data[0].Slug != catalog.Router {
		t.Errorf("%+v, left %+v", done, models)
	}
	var applied skytells.ApplyResult
	file := `{"source":"file.yaml","dry_run":%v,"resources":{"providers":[{"name":"up","kind":"openai","base_url":"http://127.0.0.1:1/v1"}]}}`
	for _, c := range []struct {
		dry    bool
		action string
	}{{true, "create"}, {false, "create"}, {false, "unchanged"}} {
		s.must("POST", "/admin/v1/apply", fmt.Sprintf(file, c.dry), &applied)
		if len(applied.Changes) != 1 || applied.Changes[0].Action != c.action || applied.DryRun != c.dry {
			t.Errorf("dry %v: %+v", c.dry, applied)
		}
	}
}

func TestPricesOfAModel(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.must("PUT", "/admin/v1/providers/up", upSpec, &skytells.ProviderSpec{})
	spec := `{"api":"chat","targets":[{"provider":"up","model":"x","cost":{"input":0.1,"output":0.2}}],"pricing":{"input":"0.50","output":1.25}}`
	var put skytells.ModelSpec
	s.must("PUT", "/admin/v1/models/acme%2Fone", spec, &put)
	if put.Pricing == nil || put.Pricing.Version != 1 || put.Pricing.Input != "0.5" || !put.Open || put.Targets[0].Cost.Output != "0.2" {
		t.Errorf("put %+v", put)
	}
	s.must("PUT", "/admin/v1/models/acme%2Fone", strings.Replace(spec, "1.25", "2", 1), &put)
	s.must("DELETE", "/admin/v1/models/acme%2Fone", "", &skytells.Done{})
	var prices skytells.List[skytells.PriceVersion]
	s.must("GET", "/admin/v1/models/acme%2Fone/prices", "", &prices)
	if len(prices.Data) != 2 || prices.Data[0].Version != 2 || prices.Data[1].Pricing.Output != "1.25" || prices.Data[1].Actor == "" {
		t.Errorf("prices %+v", prices)
	}
	if code, text := s.call("GET", "/admin/v1/models/none/prices", "", "op-boss"); code != 404 || !strings.Contains(text, "MODEL_NOT_FOUND") {
		t.Errorf("of no model: %d %s", code, text)
	}
	code, text := s.call("PUT", "/admin/v1/models/two", strings.Replace(spec, "1.25", "1e3", 1), "op-boss")
	if code != 400 {
		t.Errorf("an amount with an exponent: %d %s", code, text)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var up skytells.ProviderSpec
	s.must("PUT", "/admin/v1/providers/up", upSpec, &up)
	var m skytells.ModelSpec
	s.must("PUT", "/admin/v1/models/m", chatSpec, &m)
	var applied skytells.ApplyResult
	s.must("POST", "/admin/v1/apply", `{"source":"f","resources":{"providers":[{"name":"filed","kind":"openai","base_url":"http://127.0.0.1:1/v1"}]}}`, &applied)
	syncs := s.syncs
	for _, c := range []struct {
		call  string
		body  string
		code  int
		words string
	}{
		{"POST /admin/v1/accounts", `{}`, 400, "name"},
		{"POST /admin/v1/accounts", `{"name":7}`, 400, "name"},
		{"POST /admin/v1/accounts", `{"name":"x","nmae":1}`, 400, "nmae"},
		{"POST /admin/v1/accounts", `{"name"`, 400, "body"},
		{"GET /admin/v1/accounts?limit=none", ``, 400, "limit"},
		{"GET /admin/v1/keys?limit=0", ``, 400, "limit"},
		{"GET /admin/v1/accounts/acct_none", ``, 404, "acct_none"},
		{"POST /admin/v1/accounts/acct_none/suspend", ``, 404, "acct_none"},
		{"POST /admin/v1/accounts/acct_none/resume", ``, 404, "acct_none"},
		{"POST /admin/v1/keys", `{"account":"acct_none"}`, 404, "acct_none"},
		{"POST /admin/v1/keys", `{"scopes":["everything"]}`, 400, "everything"},
		{"POST /admin/v1/keys/key_none/revoke", ``, 404, "key_none"},
		{"PUT /admin/v1/providers/other", `{"kind":"openai"}`, 400, "base_url"},
		{"PUT /admin/v1/providers/filed", upSpec, 409, "'f'"},
		{"DELETE /admin/v1/providers/up", ``, 409, "'m'"},
		{"DELETE /admin/v1/providers/none", ``, 404, "none"},
		{"POST /admin/v1/providers/none/import", `{}`, 400, "none"},
		{"POST /admin/v1/providers/up/import", `{"models":["llama-4"]}`, 400, "llama-4"},
		{"PUT /admin/v1/providers/sh", `{"kind":"command"}`, 400, "process file"},
		{"PUT /admin/v1/providers/box", `{"kind":"cog"}`, 400, "the address of the container"},
		{"PUT /admin/v1/models/m", `{"api":"prediction","type":"image","input_schema":{"type":"objekt"}}`, 400, "input_schema"},
		{"PUT /admin/v1/models/x", `{"targets":[{"provider":"none","model":"x"}]}`, 400, "none"},
		{"DELETE /admin/v1/models/none", ``, 404, "none"},
		{"PUT /admin/v1/settings", `{"default_chat":"none"}`, 400, "none"},
		{"POST /admin/v1/apply", `{"source":"f","resources":{"providers":[{"name":"p"}]}}`, 400, "providers[0]"},
		{"PATCH /admin/v1/settings", `{}`, 405, "GET, PUT"},
		{"GET /admin/v1/nothing", ``, 404, "/admin/v1/nothing"},
	} {
		method, path, _ := strings.Cut(c.call, " ")
		code, text := s.call(method, path, c.body, "op-boss")
		var e skytells.ErrorEnvelope
		if err := json.Unmarshal([]byte(text), &e); err != nil || code != c.code || e.Error.HTTPStatus != c.code || e.Error.ErrorID == "" || !strings.Contains(e.Error.Message, c.words) {
			t.Errorf("%s %s: got %d %s", c.call, c.body, code, text)
		}
	}
	if s.syncs != syncs {
		t.Errorf("a refused change waited for the feed")
	}
	s.fail = errors.New("the feed is away")
	if code, text := s.call("POST", "/admin/v1/accounts", `{"name":"x"}`, "op-boss"); code != 503 || strings.Contains(text, "feed is away") {
		t.Errorf("a change that is not in force yet: %d %s", code, text)
	}
}

// Every route: an account's key never gets in, an auditor reads and changes nothing.
func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	rows := (&admin.Handlers{}).Rows()
	if len(rows) < 18 {
		t.Fatalf("only %d routes", len(rows))
	}
	for _, row := range rows {
		path := strings.NewReplacer("{id}", "x", "{name}", "x", "{slug}", "x").Replace(row.Pattern)
		for _, key := range []string{"sk-all", "", "op-wrong"} {
			if code, text := s.call(row.Method, path, "{}", key); code != 401 || !strings.Contains(text, "UNAUTHORIZED") {
				t.Errorf("%s %s with %q: %d %s", row.Method, path, key, code, text)
			}
		}
		code, text := s.call(row.Method, path, "{}", "op-audit")
		if refused := code == 403 && strings.Contains(text, "FORBIDDEN"); refused == (row.Method == http.MethodGet || row.Poll) {
			t.Errorf("an auditor's %s %s: %d %s", row.Method, path, code, text)
		}
	}
	if s.syncs != 0 {
		t.Errorf("%d changes happened", s.syncs)
	}
}
