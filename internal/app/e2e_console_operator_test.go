package app_test

import (
	"archive/zip"
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// operatorPages are those without an id in their address.
func operatorPages() []string {
	return []string{
		"/operator", "/operator/accounts", "/operator/accounts?q=nobody", "/operator/models", "/operator/models?sort=amount&state=live", "/operator/routers",
		"/operator/providers", "/operator/guards", "/operator/import", "/operator/targets", "/operator/predictions", "/operator/predictions?status=failed", "/operator/requests",
		"/operator/requests?status=5xx", "/operator/ledger", "/operator/ledger?verify=1", "/operator/audit", "/operator/people", "/operator/people?all=1",
		"/operator/feedback", "/operator/settings", "/operator/system", "/operator/system?set=on", "/operator/checks",
	}
}

// An operator without any provider is led to one, adds it, imports a model at a price, and
// sees what it brings in.
func TestConsoleOperatorBringsAModel(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := providertest.NewUpstream(t, providertest.HTTP1)
	up.On("/v1/models", jsonScript(`{"data":[{"id":"`+upChat+`"},{"id":"other"}]}`))
	up.On(chatPath, jsonScript(chatAnswer))
	v := s.owner()
	shows(t, "overview", v.get("/operator"), "First steps", "Add a provider", "Requests today", "Margin today", "Check now")
	shows(t, "kinds", v.get("/operator/providers?new=choose"), "OpenAI-compatible", "Replicate", "Cog container")
	v.get("/operator/providers?new=openai")
	shows(t, "no name", v.post("/operator/providers", "kind", "openai", "base_url", up.URL.JoinPath("v1").String()), "Give the provider a name")
	added := v.post("/operator/providers", "kind", "openai", "name", "lab", "base_url", up.URL.JoinPath("v1").String(), "credential", upKey)
	shows(t, "added", added, "The provider lab is added", "it answered after", "a secret that is stored here, sealed")
	for _, page := range []reply{added, v.get("/operator/providers"), v.get("/operator/providers/lab"), v.get("/operator/audit")} {
		if strings.Contains(page.body, upKey) {
			t.Error("a page shows the credential")
		}
	}
	shows(t, "the list", v.get("/operator/import?provider=lab"), upChat, "other", "new")
	shows(t, "nothing chosen", v.post("/operator/import", "provider", "lab", "how", "free"), "Choose at least one model")
	imported := v.post("/operator/import", "provider", "lab", "model", upChat, "how", "price", "input", "$1", "output", "2")
	shows(t, "imported", imported, "What was done", "created", "live")
	at := regexp.MustCompile(`href="(/operator/models/[^"]+)"`).FindStringSubmatch(imported.body)
	if at == nil {
		t.Fatal("no link to the model")
	}
	slug := strings.TrimPrefix(at[1], "/operator/models/")
	shows(t, "the model", v.get(at[1]), "$1.00 per million input tokens", "$2.00 per million output tokens", "lab")
	shows(t, "a test of its target", v.post(at[1], "act", "test", "target", "lab/"+upChat), "it answered", "Hello!")
	shows(t, "a cost", v.post(at[1], "act", "save", "api", "chat", "type", "text", "privacy", "public", "open", "price", "input", "3", "output", "4", "description", "<b>bold</b>",
		"t0_provider", "lab", "t0_model", upChat, "t0_priority", "1", "t0_weight", "5", "t0_cost_input", "0.5", "t0_cost_output", "0.5", "t1_provider", "", "t1_model", ""),
		"is changed", "$3.00 per million input tokens", "$0.50 per million output tokens", "<b>bold</b>", "History: 2 versions")
	shows(t, "a wrong field", v.post(at[1], "act", "save", "api", "chat", "open", "price", "more", "{", "input", "1"), "are not the JSON that they should be", "$3.00")
	shows(t, "closed", v.post(at[1], "act", "close"), "is closed", "not published")
	shows(t, "published again", v.post(at[1], "act", "publish", "how", "1"), "is published", "$1.00 per million input tokens")
	shows(t, "free", v.post(at[1], "act", "publish", "how", "free"), "It is free", "live")
	if r := s.post(chatPath, `{"model":"`+slug+`","messages":[{"role":"user","content":"Hi"}]}`); r.status != http.StatusOK {
		t.Errorf("a call of it: %d %s", r.status, r.body)
	}
	shows(t, "targets", v.get("/operator/targets"), "lab / "+upChat, "serving")
	shows(t, "a new one", v.post("/operator/models", "slug", "writer", "api", "chat", "open", "free", "t0_provider", "lab", "t0_model", upChat), "writer is made", "live")
	shows(t, "its name is taken", v.post("/operator/models", "slug", "Writer", "api", "chat", "open", "free"), "There is a model Writer already")
	shows(t, "a router", v.post("/operator/models", "slug", "chooser", "router", "on", "policy", "cheapest", "sticky", "off", "routed", "writer"), "chooser is made")
	shows(t, "explained", v.post("/operator/routers", "model", "chooser", "api", "chat", "prompt", "Hello"), "It would go to writer", "Candidates")
	shows(t, "the default", v.post("/operator/settings", "chat", "writer", "embeddings", ""), "The settings are stored")
	shows(t, "in use", v.post("/operator/providers/lab/remove"), "lab")
	if providers, err := s.admin().Providers(t.Context()); err != nil || len(providers) != 2 {
		t.Errorf("%+v, %v", providers, err)
	}
	shows(t, "changed", v.post("/operator/providers/lab", "kind", "openai", "base_url", up.URL.JoinPath("v1").String(), "credential", "", "responses", "chat"), "The provider is changed", "a secret that is stored here")
	shows(t, "deleted", v.post(at[1], "act", "delete"), "is deleted")
	shows(t, "checks", v.get("/operator/checks"), "database", "provider lab")
	if r := v.get("/operator"); strings.Contains(plainText(r.body), "First steps") {
		t.Error("first steps are shown to one who has taken them")
	}
}

// An account from its making to its end.
func TestConsoleOperatorKeepsAccounts(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	v := s.owner()
	v.get("/operator/accounts/new")
	shows(t, "credit without a reason", v.post("/operator/accounts", "name", "Lab", "credit", "5"), "needs a reason")
	made := v.post("/operator/accounts", "name", "<i>Lab</i>", "owner", "Grace", "email", "grace@example.com", "credit", "$12.50", "reason", "Welcome")
	shows(t, "made", made, "Hand this link to grace@example.com", "takes the seat in <i>Lab</i>", s.base+"/invite/")
	list := v.get("/operator/accounts?q=grace@example")
	shows(t, "found by its owner", list, "<i>Lab</i>")
	at := regexp.MustCompile(`href="(/operator/accounts/acct_[^"]+)"`).FindStringSubmatch(list.body)
	if at == nil || strings.Contains(list.body, "<i>Lab") {
		t.Fatalf("no link to the account, or its name is not text")
	}
	id := strings.TrimPrefix(at[1], "/operator/accounts/")
	for _, tab := range []string{"", "/money", "/keys", "/members", "/limits"} {
		shows(t, "tab "+tab, v.get(at[1]+tab), "<i>Lab</i>", id)
	}
	shows(t, "an amount", v.post(at[1]+"/credit", "amount", "much", "act", "give", "reason", "x"), "must be dollars")
	shows(t, "taken", v.post(at[1]+"/credit", "amount", "2.50", "kind", "sponsored", "act", "take", "reason", "Mistake"), "Done: −$2.50", "Mistake", "$10.00")
	shows(t, "terms", v.post(at[1]+"/terms", "line", "20", "order", "deposited sponsored payg"), "The terms are changed", "$20.00")
	key := v.post(at[1]+"/keys", "name", "robot", "scope", "models:read", "scope", "inference")
	shows(t, "a key", key, "Copy it now")
	secret := regexp.MustCompile(`sk-[0-9A-Za-z]{20,}`).FindString(key.body)
	if r := s.do(s.request("GET", "/v1/models", "", "X-Api-Key", secret)); r.status != http.StatusOK {
		t.Fatalf("the key that was shown is none: %d", r.status)
	}
	if strings.Contains(v.get(at[1]+"/keys").body, secret) {
		t.Error("the key is shown again")
	}
	shows(t, "a limit", v.post(at[1]+"/limits", "requests", "1,000", "model", "*"), "The limit holds", "1,000 requests a minute")
	shows(t, "no limit", v.post(at[1]+"/limits", "requests", "many"), "is a whole number")
	rule := regexp.MustCompile(`action="(` + at[1] + `/limits/[^"]+/delete)"`).FindStringSubmatch(v.get(at[1] + "/limits").body)
	if rule == nil {
		t.Fatal("no form to remove the limit")
	}
	shows(t, "removed", v.post(rule[1]), "The limit is gone")
	shows(t, "changed", v.post(at[1], "name", "Laboratory", "tier", "", "retention", "24h", "concurrency", "3"), "The account is changed", "Laboratory", "24h")
	shows(t, "bodies kept", v.post(at[1], "name", "Laboratory", "keep_bodies", "7d"), "The account is changed", "kept for 7d")
	shows(t, "bodies left as they are", v.post(at[1], "name", "Laboratory"), "kept for 7d")
	shows(t, "bodies for too long", v.post(at[1], "name", "Laboratory", "keep_bodies", "9000d"), "from 1h to 30d", "kept for 7d")
	shows(t, "suspended", v.post(at[1]+"/suspend", "reason", "unpaid"), "is suspended", "unpaid")
	if r := s.do(s.request("GET", "/v1/models", "", "X-Api-Key", secret)); r.status == http.StatusOK || !strings.Contains(r.body, "ACCOUNT_SUSPENDED") {
		t.Errorf("its key answers %d %s", r.status, r.body)
	}
	shows(t, "resumed", v.post(at[1]+"/resume"), "works again")
	if r := v.post("/session/view", "account", id); !strings.Contains(r.body, "You are looking at <strong>Laboratory</strong>") {
		t.Errorf("looking at it: %d %s", r.status, plainText(r.body))
	}
	v.post("/session/view", "account", "")
	export := v.get(at[1] + "/export")
	if files, err := zip.NewReader(bytes.NewReader([]byte(export.body)), int64(len(export.body))); err != nil || len(files.File) == 0 {
		t.Errorf("the export: %d, %v", export.status, err)
	}
	shows(t, "not closed", v.post(at[1]+"/close", "confirm", "yes"), "Nothing was closed")
	shows(t, "closed", v.post(at[1]+"/close", "confirm", id), "This account is closed")
	shows(t, "the trail", v.get("/operator/audit?subject="+id), "account.suspend", "unpaid")
	shows(t, "clean", v.get("/operator/ledger?verify=1"), "The ledger is clean")
	if r := v.get("/operator/accounts/acct_nobody"); r.status != http.StatusNotFound {
		t.Errorf("an account that is not there: %d", r.status)
	}
}

// An operator looks after a prediction of somebody else's.
func TestConsoleOperatorPredictions(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	painter, v := s.withPainter(), s.owner()
	id := s.makes("fail", `,"await":true`)
	<-painter.inputs
	s.poll(id)
	shows(t, "list", v.get("/operator/predictions?status=failed"), paintModel, "failed")
	page := v.get("/operator/predictions/" + id)
	shows(t, "one", page, "out of paint", "Looking at them leaves an entry", "container/painter")
	if strings.Contains(page.body, "&#34;prompt&#34;") {
		t.Error("its input is shown unasked")
	}
	shows(t, "with its input", v.get("/operator/predictions/"+id+"?content=1"), `"prompt": "fail"`)
	shows(t, "tried again", v.post("/operator/predictions/"+id+"/retry"), "This is the new try")
	<-painter.inputs
	shows(t, "it had ended", v.post("/operator/predictions/"+id+"/cancel"), "Prediction")
	shows(t, "the trail", v.get("/operator/audit?subject="+id), "prediction.view", "prediction.retry")
	log := v.get("/operator/requests?model=" + paintModel)
	shows(t, "the log", log)
}

// An auditor sees all of it, and is offered no act; nobody else sees any of it. The queues
// are there to be looked at.
func TestConsoleOperatorPagesAreForOperators(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	s.withUpstream()
	s.withPainter()
	v := s.owner()
	accounts, err := s.admin().Accounts(t.Context())
	if err != nil || len(accounts) == 0 {
		t.Fatal(accounts, err)
	}
	at := "/operator/accounts/" + accounts[0].ID
	pages := append(operatorPages(), at, at+"/money", at+"/keys", at+"/members", at+"/limits", "/operator/models/"+chatModel, "/operator/models/"+paintModel,
		"/operator/models/deepbrain-router", "/operator/providers/mock", "/operator/accounts/new", "/operator/models?new=chat", "/operator/models?new=router")
	for _, page := range pages {
		shows(t, page, v.get(page))
	}
	invited := v.post("/operator/people", "name", "Eve", "email", "eve@example.com", "role", "auditor")
	link := regexp.MustCompile(`/invite/[A-Za-z0-9_-]+`).FindString(invited.body)
	auditor := s.visitor()
	auditor.get(link)
	auditor.post(link, "name", "Eve", "email", "eve@example.com", "password", "another long secret")
	form := regexp.MustCompile(`<form method="post"(?: action="([^"]*)")?`)
	for _, page := range pages {
		if strings.Contains(page, "new") {
			continue // for acts alone
		}
		r := auditor.get(page)
		shows(t, "auditor: "+page, r)
		for _, m := range form.FindAllStringSubmatch(r.body, -1) {
			if a := m[1]; !strings.HasPrefix(a, "/session/") && a != "/signout" && a != "/operator/routers" && a != "/operator/settings" {
				t.Errorf("%s offers an auditor %q", page, a)
			}
		}
	}
	for _, act := range []string{at + "/suspend", at + "/credit", "/operator/settings", "/operator/providers/mock/remove", "/operator/people"} {
		if r := auditor.post(act, "amount", "1", "reason", "x"); r.status != http.StatusForbidden {
			t.Errorf("an auditor's %s: %d", act, r.status)
		}
	}
	stranger := s.visitor()
	if r := stranger.get("/operator/accounts"); !strings.Contains(plainText(r.body), "Sign in") {
		t.Errorf("a stranger sees %s", plainText(r.body))
	}
	r := v.get("/operator/queues/")
	if r.status != http.StatusOK || !strings.Contains(r.body, "/operator/queues") || !strings.Contains(r.header.Get("Content-Security-Policy"), "script-src 'self'") {
		t.Errorf("the queues: %d %v", r.status, r.header)
	}
	if r := v.post("/operator/queues/api/jobs/cancel"); r.status != http.StatusMethodNotAllowed || !strings.Contains(r.body, "on its own page") {
		t.Errorf("an act on a queue: %d %s", r.status, r.body)
	}
	if r := stranger.get("/operator/queues/api/queues"); strings.Contains(r.body, "default") && r.status == http.StatusOK && !strings.Contains(r.body, "Sign in") {
		t.Errorf("a stranger sees the queues: %s", r.body)
	}
	if _, err := s.admin().Audit(t.Context(), skytells.AuditFilter{}, 1); err != nil {
		t.Error(err)
	}
}
