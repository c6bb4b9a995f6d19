package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
	"skytower/internal/skytells/skytellstest"
)

// make makes a prediction of the painter and returns its id.
func (s *server) makes(prompt, more string) string {
	s.t.Helper()
	r := s.call(http.MethodPost, "/v1/predictions", `{"model":"`+paintModel+`","input":{"prompt":"`+prompt+`"}`+more+`}`)
	return skytellstest.Prediction(s.t, []byte(r.body), skytellstest.CLI).ID
}

func TestPredictionsOfAllAccounts(t *testing.T) {
	t.Parallel()
	operatorOn(t, nil, func(t *testing.T, s *server) {
		painter, admin := s.withPainter(), s.admin()
		var ids []string
		for _, prompt := range []string{"a", "fail", "b"} {
			id := s.makes(prompt, `,"await":true`)
			s.poll(id)
			ids = append(ids, id)
			<-painter.inputs
		}
		var got []string
		f := skytells.OperatorPredictionFilter{Limit: 2}
		for {
			page, err := admin.AllPredictions(t.Context(), f)
			if err != nil || page.HasMore != (page.Next != "") {
				t.Fatalf("%+v, %v", page, err)
			}
			for _, p := range page.Data {
				got = append(got, p.Prediction.ID)
				if string(p.Prediction.Input) != "{}" || string(p.Prediction.Output) != "null" || p.Prediction.Logs != "" || p.Account == "" || p.Target != "container/painter" {
					t.Errorf("listed %+v", p)
				}
				for _, file := range p.Prediction.Metadata.Storage.Files {
					if file.URL != "" {
						t.Errorf("a list shows a link: %+v", file)
					}
				}
			}
			if f.After = page.Next; f.After == "" {
				break
			}
		}
		if len(got) != 3 || got[0] != ids[2] || got[2] != ids[0] {
			t.Errorf("listed %v, want %v backwards", got, ids)
		}
		for query, want := range map[skytells.OperatorPredictionFilter]int{
			{Status: "failed"}: 1, {Model: paintModel, Status: "succeeded"}: 2, {Model: "none"}: 0, {Account: "acct_none"}: 0, {From: "2020-01-01", To: "2020-01-02"}: 0,
		} {
			page, err := admin.AllPredictions(t.Context(), query)
			if err != nil || len(page.Data) != want || page.Data == nil {
				t.Errorf("%+v: %d, %v", query, len(page.Data), err)
			}
		}
		for _, query := range []string{"?status=odd", "?from=x", "?after=x", "?limit=0", "?from=2026-02-02&to=2026-01-01"} {
			if r := s.do(s.request(http.MethodGet, "/admin/v1/predictions"+query, "", "Authorization", "Bearer "+s.op)); r.status != 400 {
				t.Errorf("%s: %d %s", query, r.status, r.body)
			}
		}
		s.contentIsRecorded(ids[1])
	})
}

// contentIsRecorded looks at a failed prediction without and with its content.
func (s *server) contentIsRecorded(id string) {
	s.t.Helper()
	plain, err := s.admin().AnyPrediction(s.t.Context(), id, false)
	if err != nil || plain.Prediction.ErrorID == "" || strings.Contains(string(plain.Prediction.Input), "fail") {
		s.t.Errorf("%+v, %v", plain, err)
	}
	whole, err := s.admin().AnyPrediction(s.t.Context(), id, true)
	if err != nil || !strings.Contains(string(whole.Prediction.Input), `"fail"`) || whole.Prediction.Logs == "" {
		s.t.Errorf("%+v, %v", whole, err)
	}
	trail, err := s.admin().Audit(s.t.Context(), skytells.AuditFilter{Subject: id}, 10)
	if err != nil || len(trail) != 1 || trail[0].Action != "prediction.view" || trail[0].Actor == "" {
		s.t.Errorf("trail %+v, %v", trail, err)
	}
	if _, err := s.admin().AnyPrediction(s.t.Context(), "00000000-0000-4000-8000-000000000000", false); err == nil {
		s.t.Error("one that is not there was found")
	}
}

// What operators do leaves holds and states right: the ledger is clean, and everything is
// charged once.
func TestOperatorsCancelAndRetry(t *testing.T) {
	t.Parallel()
	operatorOn(t, nil, func(t *testing.T, s *server) {
		painter, admin := s.withPainter(), s.admin()
		s.pricePainter("0.25")
		hanging := s.makes("hang", "")
		<-painter.inputs
		if p, err := admin.CancelAnyPrediction(t.Context(), hanging); err != nil || !p.CancelAsked && !skytells.Terminal(p.Prediction.Status) {
			t.Fatalf("%+v, %v", p, err)
		}
		if p := s.poll(hanging); p.Status != "canceled" {
			t.Errorf("it is %s", p.Status)
		}
		if _, err := admin.RetryPrediction(t.Context(), s.donePrediction(painter)); err == nil || !strings.Contains(err.Error(), "only one that failed") {
			t.Errorf("retrying a success: %v", err)
		}
		failed := s.makes("fail", `,"await":true`)
		<-painter.inputs
		s.poll(failed)
		first, err := admin.RetryPrediction(t.Context(), failed)
		if err != nil || first.Prediction.Prediction.ID == failed || first.Prediction.Account == "" || first.Note == "" {
			t.Fatalf("%+v, %v", first, err)
		}
		if input := <-painter.inputs; input["prompt"] != "fail" {
			t.Errorf("the retry's input is %v", input)
		}
		second, err := admin.RetryPrediction(t.Context(), failed)
		if err != nil || second.Prediction.Prediction.ID != first.Prediction.Prediction.ID {
			t.Errorf("the second click made %+v, %v", second, err)
		}
		s.poll(first.Prediction.Prediction.ID)
		if v, err := admin.VerifyLedger(t.Context()); err != nil || !v.Clean {
			t.Errorf("%+v, %v", v, err)
		}
		balance, err := admin.Balance(t.Context(), first.Prediction.Account)
		if err != nil || balance.Balance != "9.75" || balance.Reserved != "0.00" {
			t.Errorf("%+v, %v", balance, err)
		}
		for id, action := range map[string]string{hanging: "prediction.cancel", failed: "prediction.retry"} {
			if trail, err := admin.Audit(t.Context(), skytells.AuditFilter{Subject: id}, 10); err != nil || len(trail) != 1 || trail[0].Action != action {
				t.Errorf("%s: %+v, %v", action, trail, err)
			}
		}
	})
}

// donePrediction makes one that succeeds.
func (s *server) donePrediction(painter *container) string {
	s.t.Helper()
	id := s.makes("a lighthouse", `,"await":true`)
	<-painter.inputs
	s.poll(id)
	return id
}

// pricePainter has the painter cost something, and gives the account ten dollars.
func (s *server) pricePainter(price string) {
	s.t.Helper()
	specs, err := s.admin().ModelSpecs(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range specs {
		if m.Slug != paintModel {
			continue
		}
		m.Free, m.Managed, m.Pricing = false, "", &skytells.PricingSpec{Unit: "prediction", Amount: skytells.Amount(price), OnCancel: "none"}
		request := skytells.ApplyRequest{Source: "test", Resources: skytells.Resources{Models: []skytells.ModelSpec{m}}}
		if _, err := s.admin().Apply(s.t.Context(), request); err != nil {
			s.t.Fatal(err)
		}
	}
	accounts, err := s.admin().Accounts(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.admin().GiveCredit(s.t.Context(), accounts[0].ID, skytells.CreditRequest{Amount: "10", Reason: "test"}); err != nil {
		s.t.Fatal(err)
	}
}

func TestOperatorsRedeliver(t *testing.T) {
	t.Parallel()
	operatorOn(t, map[string]string{"egress-allow": "127.0.0.0/8"}, func(t *testing.T, s *server) {
		heard := make(chan struct{}, 10)
		receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { heard <- struct{}{} }))
		t.Cleanup(receiver.Close)
		painter, admin := s.withPainter(), s.admin()
		id := s.makes("a", `,"webhook":{"url":"`+receiver.URL+`","events":["completed"]}`)
		<-painter.inputs
		await(t, "the first delivery", heard)
		list, err := admin.AnyWebhookDeliveries(t.Context(), id)
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		// It may still be sending, which a redelivery leaves alone.
		for list[0].State == "pending" {
			if list, err = admin.AnyWebhookDeliveries(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := admin.RedeliverAnyWebhook(t.Context(), id, list[0].ID); err != nil {
			t.Fatal(err)
		}
		await(t, "the second delivery", heard)
	})
}

func TestTryTargets(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	admin, up := s.admin(), s.withUpstream()
	up.On(chatPath, jsonScript(chatAnswer))
	up.On(embedPath, jsonScript(embedAnswer))
	up.On("/v1/models", jsonScript(`{"data":[{"id":"`+upChat+`"}]}`))
	painter := s.withPainter()
	one := func(r skytells.TryRequest) skytells.TryResult {
		t.Helper()
		results, err := admin.TryTargets(t.Context(), r)
		if err != nil || len(results) != 1 {
			t.Fatalf("%+v: %+v, %v", r, results, err)
		}
		return results[0]
	}
	if r := one(skytells.TryRequest{Model: chatModel}); !r.OK || r.Text != "Hello!" || r.TokensIn != 11 || r.TokensOut != 4 || r.Target != "mock/"+upChat || r.Did != "chat" {
		t.Errorf("chat: %+v", r)
	}
	if r := one(skytells.TryRequest{Model: embedModel, Target: "mock/" + upEmbed}); !r.OK || r.Text != "a vector of 3 numbers" {
		t.Errorf("embeddings: %+v", r)
	}
	if r := one(skytells.TryRequest{Model: paintModel}); !r.OK || r.Did != "health" || !strings.Contains(r.Message, "READY") || len(painter.inputs) != 0 {
		t.Errorf("painter: %+v", r)
	}
	if r := one(skytells.TryRequest{Model: paintModel, Run: true, Input: json.RawMessage(`{"prompt":"a"}`)}); !r.OK || r.Text != "1 files" {
		t.Errorf("painter that runs: %+v", r)
	}
	if r := one(skytells.TryRequest{Model: paintModel, Run: true, Input: json.RawMessage(`{"prompt":"fail"}`)}); r.OK || !strings.Contains(r.Message, "out of paint") || r.Advice == "" {
		t.Errorf("painter that fails: %+v", r)
	}
	for _, r := range []skytells.TryRequest{{Model: "none"}, {Model: chatModel, Target: "mock/none"}, {Model: chatModel, Run: true}, {Model: paintModel, Run: true}, {Model: "deepbrain-router"}} {
		if _, err := admin.TryTargets(t.Context(), r); err == nil {
			t.Errorf("%+v is no error", r)
		}
	}
	if r, err := admin.TryProvider(t.Context(), "mock"); err != nil || !r.OK || !strings.Contains(r.Message, upEmbed) { // which it does not list
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := admin.TryProvider(t.Context(), "none"); err == nil {
		t.Error("no error")
	}
	// Nobody was charged, and no health was noted.
	if targets, err := admin.Targets(t.Context()); err != nil || len(targets) != 0 {
		t.Errorf("%+v, %v", targets, err)
	}
	if rows := s.rows(`select count(*) from charge_line`); rows[0][0] != "0" {
		t.Errorf("%v charges", rows)
	}
}

// Of a failure, people see the upstream's words, and never our key.
func TestTryShowsWhatTheUpstreamSays(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	up.On(chatPath, providertest.JSON(401, `{"error":{"message":"Incorrect API key provided: `+upKey+`"}}`))
	results, err := s.admin().TryTargets(t.Context(), skytells.TryRequest{Model: chatModel})
	if err != nil || len(results) != 1 {
		t.Fatalf("%+v, %v", results, err)
	}
	r := results[0]
	if r.OK || r.Class != "denied" || r.Status != 401 || !strings.Contains(r.Message, "Incorrect API key") || strings.Contains(r.Message, upKey) || !strings.Contains(r.Advice, "credential") {
		t.Errorf("%+v", r)
	}
}
