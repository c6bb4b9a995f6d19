package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"skytower/internal/config"
	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// Prices of the tests, in dollars of a million tokens.
const (
	inputPrice  = "1"
	outputPrice = "4"
)

// price puts a price on the models of withUpstream and withPainter.
func (s *server) price(base string) {
	s.t.Helper()
	tokens := &skytells.PricingSpec{Unit: "million_token", Input: inputPrice, Output: outputPrice, CachedInput: "0.25"}
	_, err := s.admin().Apply(s.t.Context(), skytells.ApplyRequest{Source: "test", Resources: skytells.Resources{
		Providers: []skytells.ProviderSpec{{Name: "mock", Kind: "openai", BaseURL: base, Credential: upKey}},
		Models: []skytells.ModelSpec{
			{Slug: chatModel, Type: "text", API: "chat", Pricing: tokens, Targets: []skytells.TargetSpec{
				{Provider: "mock", Model: upChat, Cost: &skytells.PricingSpec{Unit: "million_token", Input: "0.5", Output: "2"}},
			}},
			{Slug: embedModel, Type: "text", API: "embeddings", Pricing: &skytells.PricingSpec{Unit: "million_token", Input: "0.02"},
				Targets: []skytells.TargetSpec{{Provider: "mock", Model: upEmbed}}},
		},
	}})
	if err != nil {
		s.t.Fatal(err)
	}
}

// priced is a server with an upstream whose models cost something.
func priced(t *testing.T, o options) (*server, *providertest.Upstream) {
	t.Helper()
	s := start(t, o)
	up := providertest.NewUpstream(t, providertest.HTTP1)
	up.On("/v1/chat/completions", jsonScript(chatAnswer))
	up.On("/v1/embeddings", jsonScript(embedAnswer))
	s.price(up.URL.JoinPath("v1").String())
	return s, up
}

func (s *server) account() string {
	s.t.Helper()
	keys, err := s.admin().Keys(s.t.Context(), "")
	if err != nil || len(keys) == 0 {
		s.t.Fatalf("%v, %v", keys, err)
	}
	return keys[0].Account
}

func (s *server) grant(dollars skytells.Amount) {
	s.t.Helper()
	if _, err := s.admin().GiveCredit(s.t.Context(), s.account(), skytells.CreditRequest{Amount: dollars, Reason: "test"}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) balance() skytells.Balance {
	s.t.Helper()
	var b skytells.Balance
	decode(s.t, s.call(http.MethodGet, "/v1/balance", "").body, &b)
	return b
}

func (s *server) clean() {
	s.t.Helper()
	v, err := s.admin().VerifyLedger(s.t.Context())
	if err != nil || !v.Clean {
		s.t.Errorf("the ledger is not clean: %v, %v", v.Problems, err)
	}
}

// 11 tokens in, 3 of them cached, and 4 out, at $1, $0.25 and $4 a million.
const chatCost = "0.00002475"

func TestAChargeIsExplained(t *testing.T) {
	t.Parallel()
	s, _ := priced(t, options{})
	s.grant("1")
	if r := s.post(chatPath, chatBody); r.status != http.StatusOK || r.body != strings.ReplaceAll(chatAnswer, upChat, chatModel) {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if b := s.balance(); b.Balance != "0.99997525" || b.Available == "" {
		t.Errorf("the balance is %+v", b)
	}
	var charges skytells.List[skytells.ChargeLine]
	decode(t, s.call(http.MethodGet, "/v1/charges", "").body, &charges)
	if len(charges.Data) != 1 || charges.Data[0].Amount != chatCost || charges.Data[0].PriceVersion == 0 || len(charges.Data[0].Lines) != 4 {
		t.Fatalf("%+v", charges)
	}
	var usage skytells.Usage
	decode(t, s.call(http.MethodGet, "/v1/usage?by=model", "").body, &usage)
	if len(usage.Data) != 1 || usage.Data[0].Model != chatModel || usage.Total.Amount != chatCost || usage.Total.Cost != "" || usage.Total.Cached != 3 {
		t.Errorf("%+v", usage)
	}
	all, err := s.admin().Usage(t.Context(), skytells.UsageQuery{By: "model"})
	if err != nil || all.Total.Cost != "0.0000135" {
		t.Errorf("operators see %+v, %v", all.Total, err)
	}
	if r := s.call(http.MethodGet, "/v1/statement?format=html", ""); !strings.Contains(r.body, chatCost) || !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") {
		t.Errorf("%v %s", r.header, r.body)
	}
	if r := s.call(http.MethodGet, "/v1/statement?format=csv", ""); !strings.Contains(r.body, "-"+chatCost) {
		t.Error(r.body)
	}
	s.clean()
}

func TestGatesOfMoney(t *testing.T) {
	t.Parallel()
	s, up := priced(t, options{})
	refused := func(what, body string, status int, id string) string {
		t.Helper()
		r := s.post(chatPath, body)
		var e skytells.InferenceEnvelope
		decode(t, r.body, &e)
		if r.status != status || e.Error.ErrorID != id || e.Error.Details.Category == "" {
			t.Errorf("%s: %d %s", what, r.status, r.body)
		}
		return e.Error.Message
	}
	if m := refused("without credit", chatBody, http.StatusPaymentRequired, "INSUFFICIENT_CREDITS"); !strings.Contains(m, "$") {
		t.Errorf("the message has no numbers: %s", m)
	}
	s.grant("0.002")
	// 8,192 tokens would cost more than that: what credit covers goes upstream.
	if r := s.post(chatPath, chatBody); r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
	if body := up.Last().Body; !strings.Contains(body, `"max_completion_tokens":`) && !strings.Contains(body, `"max_tokens":`) {
		t.Errorf("no lowered limit went upstream: %s", body)
	}
	if _, err := s.admin().GiveCredit(t.Context(), s.account(), skytells.CreditRequest{Amount: "-5", Kind: "deposited", Reason: "Mistake"}); err != nil {
		t.Fatal(err)
	}
	refused("in debt", chatBody, http.StatusPaymentRequired, "PAYMENT_REQUIRED")
	requests := len(up.Requests())
	for _, path := range []string{"/v1/models", "/v1/balance", "/v1/predictions", "/v1/usage"} {
		if r := s.call(http.MethodGet, path, ""); r.status != http.StatusOK {
			t.Errorf("a debtor may read %s: %d %s", path, r.status, r.body)
		}
	}
	if r := s.post(chatPath, strings.Replace(chatBody, chatModel, "skytower-docs", 1)); r.status != http.StatusOK {
		t.Errorf("a free model: %d %s", r.status, r.body)
	}
	if _, err := s.admin().SuspendAccount(t.Context(), s.account(), "test"); err != nil {
		t.Fatal(err)
	}
	refused("suspended", chatBody, http.StatusUnauthorized, "ACCOUNT_SUSPENDED")
	if n := len(up.Requests()); n != requests {
		t.Errorf("refused calls reached the upstream: %d", n-requests)
	}
	s.clean()
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	s, up := priced(t, options{})
	s.grant("1")
	before := len(up.Requests())
	for path, body := range map[string]string{
		chatPath: strings.Replace(chatBody, "{", `{"dry_run":true,"max_tokens":1000,`, 1), respPath: strings.Replace(respBody, "{", `{"dry_run":true,"max_output_tokens":1000,`, 1),
		embedPath: strings.Replace(embedBody, "{", `{"dry_run":true,`, 1),
	} {
		r := s.post(path, body)
		var d skytells.DryRun
		decode(t, r.body, &d)
		if r.status != http.StatusOK || !d.DryRun || d.Estimate == "" || d.Balance != "1.00" || len(d.Lines) == 0 || !d.Sufficient {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	if n := len(up.Requests()); n != before {
		t.Errorf("%d calls reached the upstream", n-before)
	}
	if b := s.balance(); b.Balance != "1.00" || b.Available != "1.00" {
		t.Errorf("%+v", b)
	}
}

func TestALimitRefuses(t *testing.T) {
	t.Parallel()
	s, up := priced(t, options{})
	s.grant("10")
	two := int64(2)
	if _, err := s.admin().PutLimit(t.Context(), skytells.LimitRule{Account: s.account(), Route: "chat", Requests: &two}); err != nil {
		t.Fatal(err)
	}
	for left := 1; left >= 0; left-- {
		r := s.post(chatPath, chatBody)
		if r.status != http.StatusOK || r.header.Get("X-Skytells-Ratelimit-Limit-Requests") != "2" ||
			r.header.Get("X-Skytells-Ratelimit-Remaining-Requests") != fmt.Sprint(left) || r.header.Get("X-Skytells-Ratelimit-Limit-Tokens-In") != "-" {
			t.Errorf("%d %v", r.status, r.header)
		}
	}
	r := s.post(chatPath, chatBody)
	var e skytells.InferenceEnvelope
	decode(t, r.body, &e)
	if r.status != http.StatusTooManyRequests || e.Error.ErrorID != "RATE_LIMITED" || r.header.Get("Retry-After") == "" || !strings.Contains(r.body, "requests") || !strings.Contains(r.body, "2") {
		t.Errorf("%d %v %s", r.status, r.header, r.body)
	}
	if n := len(up.Requests()); n != 2 {
		t.Errorf("%d calls reached the upstream", n)
	}
	// Another model has a window of its own.
	if r := s.post(embedPath, embedBody); r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestPrivateModelsAndAllowLists(t *testing.T) {
	t.Parallel()
	s, _ := priced(t, options{})
	s.grant("1")
	admin := s.admin()
	spec := func(accounts ...string) {
		t.Helper()
		_, err := admin.PutModel(t.Context(), skytells.ModelSpec{
			Slug: "secret", Type: "text", API: "chat", Free: true, Privacy: "private", Accounts: accounts,
			Targets: []skytells.TargetSpec{{Provider: "mock", Model: upChat}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	body := strings.Replace(chatBody, chatModel, "secret", 1)
	spec()
	if r := s.post(chatPath, body); r.status != http.StatusNotFound || !strings.Contains(r.body, "MODEL_NOT_FOUND") {
		t.Errorf("%d %s", r.status, r.body)
	}
	spec(s.account())
	if r := s.post(chatPath, body); r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := s.call(http.MethodGet, "/v1/models", ""); !strings.Contains(r.body, `"secret"`) {
		t.Error("the model is not in the list")
	}
	k, err := admin.CreateKey(t.Context(), skytells.KeyRequest{Models: []string{"secret"}})
	if err != nil {
		t.Fatal(err)
	}
	s.key = k.Secret
	if r := s.post(chatPath, chatBody); r.status != http.StatusNotFound {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := s.post(chatPath, body); r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
	elsewhere, err := admin.CreateKey(t.Context(), skytells.KeyRequest{Addresses: []string{"203.0.113.0/24"}})
	if err != nil {
		t.Fatal(err)
	}
	s.key = elsewhere.Secret
	if r := s.call(http.MethodGet, "/v1/models", ""); r.status != http.StatusForbidden {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestEdgeSurface(t *testing.T) {
	t.Parallel()
	s := start(t, options{
		flags:  map[string]string{"edge-listen": "127.0.0.1:0", "tiers": "on", "tier-table": "0:100/2/2"},
		change: func(c *config.Config) { c.Money.EdgeMaxTime = 300 * time.Millisecond },
	})
	up := s.withUpstream()
	up.On("/v1/chat/completions", jsonScript(chatAnswer))
	s.withPainter()
	edge := *s
	edge.base = "http://" + s.app.EdgeAddr().String()
	if r := edge.post(chatPath, chatBody); r.status != http.StatusNotFound || !strings.Contains(r.body, "MODEL_NOT_FOUND") {
		t.Errorf("a model that is not for the edge: %d %s", r.status, r.body)
	}
	for _, m := range []string{chatModel, paintModel} {
		specs, err := s.admin().ModelSpecs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range specs {
			if spec.Slug == m {
				spec.Edge, spec.Managed = true, ""
				if _, err := s.admin().Apply(t.Context(), skytells.ApplyRequest{Source: "test", Resources: skytells.Resources{Models: []skytells.ModelSpec{spec}}}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	r := edge.post(chatPath, chatBody)
	if r.status != http.StatusOK || r.header.Get("X-Skytells-Ratelimit-Limit-Requests") != "2" {
		t.Errorf("%d %v %s", r.status, r.header, r.body)
	}
	if r := s.post(chatPath, chatBody); r.status != http.StatusOK || r.header.Get("X-Skytells-Ratelimit-Limit-Requests") != "100" {
		t.Errorf("the standard surface has its own numbers: %d %v", r.status, r.header)
	}
	if r := edge.post("/v1/predictions", `{"model":"`+paintModel+`","input":{"prompt":"x"},"webhook":"https://example.com/hook"}`); r.status != http.StatusBadRequest || !strings.Contains(r.body, "webhook") {
		t.Errorf("a webhook: %d %s", r.status, r.body)
	}
	for _, path := range []string{"/admin/v1/accounts", "/docs", "/openapi.json"} {
		if r := edge.call(http.MethodGet, path, ""); r.status != http.StatusNotFound {
			t.Errorf("%s on the edge: %d", path, r.status)
		}
	}
	up.On("/v1/chat/completions", func(x *providertest.Exchange) {
		x.Head(http.StatusOK, "Content-Type", "text/event-stream")
		x.Say(piece("Once"))
		x.Left()
	})
	_, stream := edge.open(t.Context(), chatPath, streamBody)
	docs := stream.all()
	if len(docs) < 2 || !strings.Contains(docs[len(docs)-1], "INFERENCE_TIMEOUT") {
		t.Errorf("a stream that goes on: %q", docs)
	}
	if r := edge.post(chatPath, chatBody); r.status != http.StatusTooManyRequests || r.header.Get("Retry-After") == "" {
		t.Errorf("the third call within a minute: %d %s", r.status, r.body)
	}
	s.clean()
}
