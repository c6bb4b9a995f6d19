package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// logs asks for a page of the caller's requests until it has so many: entries are written
// half a second after their answers.
func (s *server) logs(query string, n int) (page skytells.LoggedRequests, text string) {
	s.t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	over := time.After(patience)
	for {
		r := s.call(http.MethodGet, "/v1/requests"+query, "")
		if r.status != 200 {
			s.t.Fatalf("%s: %d %s", query, r.status, r.body)
		}
		page = skytells.LoggedRequests{}
		if decode(s.t, r.body, &page); len(page.Data) >= n {
			return page, r.body
		}
		select {
		case <-again.C:
		case <-over:
			s.t.Fatalf("%s has %d requests, want %d: %s", query, len(page.Data), n, r.body)
		}
	}
}

// TestRequestsOfAnAccount makes three requests that are charged and one that fails, and
// reads the log as their developer, as a stranger and as an operator.
func TestRequestsOfAnAccount(t *testing.T) {
	t.Parallel()
	operatorOn(t, map[string]string{"egress-allow": "127.0.0.0/8"}, func(t *testing.T, s *server) {
		up := providertest.NewUpstream(t, providertest.HTTP1)
		up.On(chatPath, jsonScript(chatAnswer))
		s.price(up.URL.JoinPath("v1").String())
		s.grant("5")
		var ids []string
		for range 3 {
			ids = append(ids, s.post(chatPath, chatBody).id())
		}
		failed := s.post(chatPath, `{"model":"none","messages":[]}`)
		ids = append(ids, failed.id())

		s.ownLog(ids, failed.status)
		s.oneRequest(ids[0])
		s.wrongQuestions()
	})
}

// ownLog walks the log by pages of two, and tries the filters.
func (s *server) ownLog(ids []string, failed int) {
	s.t.Helper()
	post := "&from=2020-01-01"
	s.logs("?request="+ids[3], 1) // all have been written
	s.logs("?request="+ids[0], 1)
	var got []string
	for cursor := ""; ; {
		page, text := s.logs("?limit=2&to=2100-01-01"+post+cursor, 0)
		if strings.Contains(text, "mock") || strings.Contains(text, `"cost"`) || strings.Contains(text, `"target"`) || strings.Contains(text, `"account"`) {
			s.t.Errorf("a developer sees what is behind a model: %s", text)
		}
		for _, r := range page.Data {
			if r.Method == http.MethodPost {
				got = append(got, r.ID)
			}
		}
		if page.Next == "" {
			break
		}
		cursor = "&cursor=" + strings.NewReplacer(":", "%3A", ",", "%2C").Replace(page.Next)
	}
	if len(got) != 4 || got[0] != ids[3] || got[3] != ids[0] {
		s.t.Errorf("the log has %v, want %v backwards", got, ids)
	}
	class := string([]byte{'0' + byte(failed/100)}) + "xx" //nolint:gosec // a digit
	for query, want := range map[string]int{
		"?model=" + chatModel: 3, "?model=none-such": 0, "?status=" + class: 1, "?status=" + class + "&model=" + chatModel: 0,
		"?status=200&model=" + chatModel: 3, "?to=2020-01-01": 0, "?key=key_none": 0, "?error_id=MODEL_NOT_FOUND": 1,
	} {
		if page, text := s.logs(query, 0); len(page.Data) != want {
			s.t.Errorf("%s: %d requests, want %d: %s", query, len(page.Data), want, text)
		}
	}
}

// oneRequest reads a request with its charge.
func (s *server) oneRequest(id string) {
	s.t.Helper()
	r := s.call(http.MethodGet, "/v1/requests/"+id, "")
	var own skytells.LoggedRequest
	if decode(s.t, r.body, &own); r.status != 200 || own.Charge == nil || own.Charge.Amount == "" || own.Target != "" || own.Cost != "" || strings.Contains(r.body, "mock") {
		s.t.Errorf("one request: %d %s", r.status, r.body)
	}
	stranger := s.anotherKey("stranger")
	for _, path := range []string{"/v1/requests/" + id, "/v1/requests/req_none"} {
		if r := s.do(s.request(http.MethodGet, path, "", "X-Api-Key", stranger)); r.status != 404 {
			s.t.Errorf("a stranger's %s: %d %s", path, r.status, r.body)
		}
	}
	if r := s.do(s.request(http.MethodGet, "/v1/requests", "", "X-Api-Key", stranger)); r.status != 200 || strings.Contains(r.body, id) {
		s.t.Errorf("a stranger's log: %d %s", r.status, r.body)
	}
	all, err := s.admin().Request(s.t.Context(), id)
	if err != nil || all.Target != "mock/"+upChat || all.Account != s.account() || all.Cost == "" || all.Charge == nil {
		s.t.Errorf("an operator's request: %+v, %v", all, err)
	}
	page, err := s.admin().Requests(s.t.Context(), skytells.RequestFilter{Account: s.account(), Model: chatModel})
	if err != nil || len(page.Data) != 3 || page.Data[0].Target == "" {
		s.t.Errorf("an operator's log: %+v, %v", page, err)
	}
}

// wrongQuestions are refused with what to do.
func (s *server) wrongQuestions() {
	s.t.Helper()
	for path, words := range map[string]string{
		"/v1/requests?status=6xx":                        "'status'",
		"/v1/requests?cursor=x":                          "'cursor'",
		"/v1/requests?limit=0":                           "'limit'",
		"/v1/requests?from=today":                        "'from'",
		"/v1/requests?from=2026-02-02&to=2026-01-01":     "'from' must be before",
		"/v1/usage/series?by=account":                    "'by'",
		"/v1/usage/series?from=2020-01-01&to=2026-01-01": "31 days",
		"/v1/predictions?page=201":                       "'from' and 'to'",
	} {
		if r := s.call(http.MethodGet, path, ""); r.status != 400 && r.status != 422 || !strings.Contains(r.body, words) {
			s.t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	if r := s.call(http.MethodGet, "/v1/predictions?page=200", ""); r.status != 200 {
		s.t.Errorf("page 200: %d %s", r.status, r.body)
	}
}

// TestUsageOverTime compares sums of all kinds with what was charged.
func TestUsageOverTime(t *testing.T) {
	t.Parallel()
	operatorOn(t, map[string]string{"egress-allow": "127.0.0.0/8"}, func(t *testing.T, s *server) {
		up := providertest.NewUpstream(t, providertest.HTTP1)
		up.On(chatPath, jsonScript(chatAnswer))
		s.price(up.URL.JoinPath("v1").String())
		s.grant("5")
		for range 3 {
			s.post(chatPath, chatBody)
		}
		usage := s.call(http.MethodGet, "/v1/usage?format=csv&by=model", "")
		lines := strings.Split(strings.TrimSpace(usage.body), "\n")
		if usage.status != 200 || len(lines) != 2 || !strings.Contains(lines[1], chatModel) || strings.Contains(lines[0], "cost") {
			t.Errorf("usage as CSV: %d %s", usage.status, usage.body)
		}
		s.summary(3)
		series := s.call(http.MethodGet, "/v1/usage/series?by=model", "")
		var chart skytells.UsageSeries
		if decode(t, series.body, &chart); chart.Total.Charges != 3 || len(chart.Groups) != 1 || chart.Groups[0].Group != chatModel || strings.Contains(series.body, `"cost"`) {
			t.Errorf("series: %s", series.body)
		}
		everything, err := s.admin().Series(t.Context(), skytells.UsageView{By: "account", Step: "day"})
		if err != nil || everything.Total.Charges != 3 || everything.Total.Cost == "" || len(everything.Groups) == 0 || everything.Groups[0].Group != s.account() {
			t.Errorf("an operator's series: %+v, %v", everything, err)
		}
		limits := s.call(http.MethodGet, "/v1/limits", "")
		var l skytells.Limits
		if decode(t, limits.body, &l); limits.status != 200 || l.Account != s.account() || l.Window != 60 || l.Predictions == nil {
			t.Errorf("limits: %d %s", limits.status, limits.body)
		}
	})
}

// summary waits until so many requests and charges are in the sums, which lag a few seconds.
func (s *server) summary(n int64) {
	s.t.Helper()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	over := time.After(patience)
	for {
		r := s.call(http.MethodGet, "/v1/usage/summary", "")
		var got skytells.UsageSummary
		decode(s.t, r.body, &got)
		if strings.Contains(r.body, `"cost"`) {
			s.t.Fatalf("a developer sees costs: %s", r.body)
		}
		if now := got.Month.Now; now.Requests == n && now.Charges == n && now.Amount != "" && now.TokensIn == 11*n && now.P50 > 0 {
			return
		}
		select {
		case <-again.C:
		case <-over:
			s.t.Fatalf("the summary never had %d requests: %s", n, r.body)
		}
	}
}
