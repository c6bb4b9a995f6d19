package operator

import (
	"strings"
	"testing"
	"time"

	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

// evil is what a caller or an upstream may have written into any field.
const evil = `"><script>alert(1)</script>`

// samples are all pages with something in every part of them.
func samples() map[string]any {
	now := time.Now()
	stamp := skytells.Timestamp{Time: now}
	hook := "https://hook.example/" + evil
	price := &skytells.PricingSpec{Unit: "million_token", Input: "1", Output: "2.5", Criterias: []skytells.CriterionSpec{{Field: evil, BillablePrice: "1"}}}
	acct := skytells.Account{ID: "acct_1", Name: evil, Suspended: true, Reason: evil, Tier: "1", CreatedAt: now}
	head := accountHead{accountLine{acct, "suspended"}, []ui.Link{{Label: "Overview", Path: "/operator/accounts/acct_1", Current: true}}}
	target := skytells.TargetSpec{Provider: "lab", Model: evil, Cost: price}
	health := &skytells.TargetHealth{State: "open", Until: &now, Failures: 3}
	spec := skytells.ModelSpec{Slug: "writer", Name: evil, Description: evil, API: "chat", Privacy: "private", Accounts: []string{"acct_1"}, Aliases: []string{"w"}, Pricing: price, Targets: []skytells.TargetSpec{target}, Open: true}
	router := skytells.ModelSpec{Slug: "chooser", Router: &skytells.RouterSpec{Policy: "fixed", Models: []string{"writer"}, Rules: []skytells.RouterRule{{Policy: "cheapest"}}}}
	tests := []skytells.TryResult{{Target: "lab/" + evil, OK: true, LatencyMS: 12, Text: evil}, {Target: "lab", Class: "denied", Status: 401, Message: evil, Advice: "Look"}}
	series := skytells.UsageSeries{Data: []skytells.UsagePoint{{At: now, UsageFigures: skytells.UsageFigures{Requests: 3, Errors: 1, Amount: "2", Cost: "1"}}}}
	checks := checksView{Checks: []skytells.Check{{Name: "database", State: "ok"}, {Name: evil, State: "fail", Message: evil, Advice: evil}}, At: now, OK: 1, Fail: 1}
	line := predictionLine{skytells.OperatorPrediction{Account: "acct_1", Charged: "1", Deadline: &now, SeenAt: &now, Prediction: skytells.Prediction{
		ID: "00000000-0000-4000-8000-000000000000", Status: "failed", ErrorID: evil, ErrorMessage: evil, Logs: evil, CreatedAt: stamp, StartedAt: &stamp, CompletedAt: &stamp,
		Webhook: skytells.PredictionWebhook{URL: &hook},
	}}, evil}
	log := requestLine{skytells.LoggedRequest{ID: "req_1", Method: "POST", Route: "/v1/x", Path: evil, Status: 500, Account: "acct_1", Model: evil, ErrorID: evil, TokensIn: 1, Cost: "1",
		Charge: &skytells.ChargeLine{Amount: "2", Counted: true, Lines: []skytells.Explanation{{What: evil, Quantity: "1", Rate: "2", Amount: "2"}}}}, evil, "1 s", "2 ms", "bad"}
	money := moneyView{accountHead: head, Balance: skytells.Balance{Balance: "1", Available: "1", Buckets: []skytells.BalanceBucket{{Kind: "sponsored", Balance: "1", ExpiresAt: &now}}},
		Transfers: []skytells.Transfer{{Reason: evil, Amount: "1", Reference: evil}}, Charges: []skytells.ChargeLine{{Model: evil, Amount: "1", Lines: []skytells.Explanation{{Rate: "1"}}}}, NextCharges: "/x", Kinds: choices("a", evil), Orders: orders()}
	guards := []guardLine{{skytells.GuardSpec{Name: evil, Kind: "rules", Words: []string{evil}, Patterns: []string{evil}, Managed: evil}, []string{"writer"}},
		{skytells.GuardSpec{Name: "m", Kind: "moderation", Provider: "lab", Model: evil, Threshold: 0.5, Everywhere: true}, nil}}
	all := map[string]any{
		"overview": overviewView{Stats: todayStats(skytells.UsageSummary{}), Requests: requestsChart(series), Money: moneyChart(series), Problems: []problem{{"bad", evil, "/x", "See"}}, Checks: checks, Start: &firstSteps{}},
		"checks":   checks, "checkspart": checksView{Old: true},
		"accounts": accountsView{Accounts: []accountLine{head.accountLine}, Next: "/x"}, "accountnew": newAccountView{Name: evil},
		"account": accountView{accountHead: head, Stats: []stat{{"a", evil, evil, "/x"}}, Chart: moneyChart(series), Models: []skytells.UsagePoint{{Group: evil}}, Tiers: choices("1", evil)},
		"money":   money,
		"keys":    keysView{accountHead: head, cut: cut{Next: "/x", Span: "1–1"}, Keys: []keyLine{{skytells.Key{ID: "key_1", Name: evil, ExpiresAt: &now, Budget: "1", Models: []string{evil}}, "active"}}, Ended: 1, Form: keyForm{Scopes: scopes(nil)}},
		"made":    madeView{head, evil, evil, "sk-1", "/x"},
		"members": membersView{accountHead: head, Members: []skytells.Member{{ID: "mem_1", Name: evil, Email: evil, Role: "owner"}}, Roles: choices("owner", "Owner")},
		"invited": invitedView{evil, evil, "https://x.example/invite/y", "/x"},
		"limits":  limitsView{accountHead: head, Scopes: []scopeLine{{evil, []useLine{{"requests", 1, 2}}}}, Rules: []ruleLine{{"lim_1", evil, evil}}, KeyChoices: choices("", evil)},
		"models":  modelsView{Models: []modelLine{{spec, "live", "$1", priceLines(price), skytells.UsageRow{Amount: "1"}}, {router, "draft", "–", nil, skytells.UsageRow{}}}},
		"model": modelView{Spec: spec, State: "live", Price: priceLines(price), Form: formOf(spec), Guards: guards, Cache: cacheLines(&skytells.CacheSpec{TTL: "1h", ByHeader: true}), Prices: []priceLine{{skytells.PriceVersion{Version: 1, Pricing: *price}, priceLines(price), evil, true}},
			Targets: []targetLine{{Slug: "writer", Target: target, Health: health, Name: evil}}, Tests: tests, PublishPrice: formOfPrice("new_", price, false), Chart: moneyChart(series)},
		"guards": guardsView{cut: cut{Next: "/x", Span: "1–1"}, Guards: []guardLine{guards[0], guards[1]}}, "guard": guards[0],
		"modelnew": formOf(router),
		"routers": routersView{Routers: []skytells.ModelSpec{router, {Slug: "deepbrain-router"}}, Body: evil, Found: &skytells.RouterExplanation{Model: "writer", Why: evil,
			Candidates: []skytells.RouterCandidate{{Model: "writer", Why: evil, Cost: "1"}}, Targets: []skytells.RouterTarget{{Provider: "lab", Model: evil, State: "busy"}}}},
		"providers":    providersView{Providers: []providerLine{{skytells.ProviderSpec{Name: "lab", Kind: "openai", BaseURL: evil}, 1, false}}, Kinds: kinds()},
		"providerkind": kinds(), "providernew": providerForm{New: true, Kind: kinds()[0]},
		"provider":    providerView{skytells.ProviderSpec{Name: "lab", Kind: "openai", BaseURL: evil}, kinds()[0], false, []string{"writer"}, providerForm{Kind: kinds()[0], Held: evil}, &tests[1]},
		"import":      importView{Provider: "lab", Providers: choices("lab", "lab"), Listed: true, Total: 1, Found: []skytells.ImportedModel{{Slug: "writer", Upstream: evil, Action: "created"}}, Price: formOfPrice("", nil, false)},
		"targets":     targetsView{Targets: []targetLine{{Slug: "writer", Target: target, Health: health, Name: evil}, {Slug: "writer", Target: target}}, Tests: tests, Tested: evil},
		"predictions": predictionsView{Predictions: []predictionLine{line}, Next: "/x"},
		"prediction": predictionView{predictionLine: line, Content: true, Input: evil, Output: evil, Cause: "a", Cure: "b", CanTry: true,
			Deliveries: []skytells.WebhookDelivery{{ID: "d", Event: evil, State: "given_up", NextAt: &stamp, Attempts: []skytells.WebhookAttempt{{Error: evil, Answer: evil}}}}},
		"requests": requestsView{Requests: []requestLine{log}, Next: "/x"}, "request": requestView{requestLine: log, Cause: "a", Cure: "b", Margin: "$1"},
		"ledger":   ledgerView{Verified: &skytells.Verification{Problems: []string{evil}, Checked: map[string]int64{"charges": 1}}, Account: evil, Found: []accountLine{head.accountLine}},
		"audit":    auditView{Entries: []auditLine{{skytells.AuditEntry{Actor: evil, Action: evil, Subject: evil, Detail: evil}, evil, "/x"}}, Next: "/x"},
		"people":   peopleView{Operators: []operatorLine{{skytells.Operator{ID: "opr_1", Name: evil, Email: evil}, "invited", true}}, Gone: 1},
		"feedback": feedbackView{Pages: []votesLine{{skytells.PageVotes{Page: "/docs/keys", Notes: []skytells.PageNote{{Text: evil}}}, "0 %"}}},
		"settings": settingsView{Chat: choices("", evil)},
		"system": systemView{System: skytells.System{Redis: skytells.SystemRedis{State: "away"}, Replicas: []skytells.Replica{{ID: "r", Host: evil}}, Queues: []skytells.SystemQueue{{Name: "q", Oldest: &now}}, ConfigHash: "h"},
			Settings: []skytells.SystemSetting{{Key: "listen", Value: evil, Doc: evil}, {Key: "key", Value: "[set]", Secret: true}}, Problems: []problem{{"warn", evil, "/x", "See"}}},
	}
	return all
}

// Every page can be rendered, for those who act and for those who look, and what others
// wrote is text on it.
func TestEveryPageRenders(t *testing.T) {
	t.Parallel()
	kit, err := ui.New()
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(kit, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range samples() {
		for _, write := range []bool{true, false} {
			page, err := p.room.Render(name, ui.Shell{CSRF: "token", CanWrite: write}, ui.View{Title: name, Data: data})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if strings.Contains(string(page), "<script>") || strings.Contains(string(page), "0xc0") || strings.Contains(string(page), "%!") || strings.Contains(string(page), "ZgotmplZ") {
				t.Errorf("%s runs what somebody wrote, or shows what is no text", name)
			}
			if !write && strings.Contains(string(page), `class="danger"`) {
				t.Errorf("%s offers an act to those who only look", name)
			}
		}
	}
}

// A guard's page shows what it looks for, and a model's those that look at it, in their order.
func TestGuardsAreTold(t *testing.T) {
	t.Parallel()
	kit, err := ui.New()
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(kit, Options{})
	if err != nil {
		t.Fatal(err)
	}
	share := 10
	all := []skytells.GuardSpec{
		{Name: "aurora", Kind: "rules", Words: []string{"project aurora"}, Patterns: []string{`AUR-\d{4,}`}, On: "completion"}, {Name: "judge", Kind: "moderation", Provider: "lab", Model: "mod-1", Everywhere: true},
		{Name: "pii", Kind: "personal_data"},
	}
	m := skytells.ModelSpec{Slug: "writer", Guards: []string{"pii", "aurora"}, Cache: &skytells.CacheSpec{TTL: "1h", PricePercent: &share}}
	for _, c := range []struct {
		page string
		data any
		want []string
	}{
		{"guard", guardLine{all[0], []string{"writer"}}, []string{"project aurora", `AUR-\d{4,}`, "answers", "blocked", `href="/operator/models/writer"`}},
		{"guard", guardLine{all[1], nil}, []string{"every model", "mod-1", "own judgement", "it is refused"}},
		{"guard", guardLine{all[2], nil}, []string{"all kinds", "replaced", "prompts and answers"}},
		{"model", modelView{Spec: m, Guards: guardsOf(m, all), Cache: cacheLines(m.Cache)}, []string{`>judge</a> (moderation model, of every model), <a href="/operator/guards/pii">pii</a>`, ">aurora</a>", "at 10 % of the price"}},
		{"model", modelView{Spec: skytells.ModelSpec{Slug: "bare"}}, []string{"only where a request asks for it"}},
	} {
		page, err := p.room.Render(c.page, ui.Shell{}, ui.View{Title: c.page, Data: c.data})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(string(page), want) {
				t.Errorf("%s lacks %q:\n%s", c.page, want, page)
			}
		}
	}
}

// A prompt alone is made a request of the API that was chosen.
func TestSimpleRequests(t *testing.T) {
	t.Parallel()
	for api, want := range map[string]string{
		"chat":      `{"messages":[{"content":"Hi","role":"user"}],"model":"r"}`,
		"messages":  `{"max_tokens":1024,"messages":[{"content":"Hi","role":"user"}],"model":"r"}`,
		"responses": `{"input":"Hi","model":"r"}`,
	} {
		if got, err := simpleRequest(routersView{Model: "r", Prompt: "Hi", API: api}); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", api, got, err)
		}
	}
}

// The form of a model holds all that the model has: saving it unchanged changes nothing.
func TestFormsKeepModels(t *testing.T) {
	t.Parallel()
	old := skytells.ModelSpec{Slug: "w", Name: "W", API: "prediction", Type: "image", Privacy: "public", Deadline: "5m", Concurrency: 3,
		InputSchema: skytells.Schema(`{"type":"object"}`), Vendor: skytells.Vendor{Name: "V", Description: "kept"},
		Pricing: &skytells.PricingSpec{Unit: "image", Amount: "0.03", Hold: "1", Formula: &skytells.FormulaSpec{Variables: map[string]skytells.Amount{"r": "0.1"}, Terms: []skytells.FormulaTerm{{MegapixelType: "output", RateKey: "r"}}}},
		Targets: []skytells.TargetSpec{{Provider: "lab", Model: "m", Weight: 2, IdleTimeout: "9s", Cost: &skytells.PricingSpec{Unit: "image", Amount: "0.01"}}}}
	f := formOf(old)
	got, err := f.spec(old)
	if err != nil {
		t.Fatal(err)
	}
	if pretty(got.Pricing) != pretty(old.Pricing) || pretty(got.Targets) != pretty(old.Targets) || got.Vendor.Description != "kept" || got.Deadline != "5m" || got.Concurrency != 3 || !strings.Contains(string(got.InputSchema), "object") {
		t.Errorf("%s\nfrom\n%s", pretty(got), pretty(old))
	}
	f.Concurrency = "many"
	if _, err := f.spec(old); err == nil {
		t.Error("a word is a number")
	}
}
