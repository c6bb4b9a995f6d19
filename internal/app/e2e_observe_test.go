package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/provider/providertest"
)

// until asks again until the answer is as wanted: records are written after answers.
func (s *server) until(path string, want func(reply) bool) reply {
	s.t.Helper()
	for end := time.Now().Add(patience); ; {
		r := s.operations(path)
		if want(r) {
			return r
		}
		if time.Now().After(end) {
			s.t.Fatalf("%s never is as wanted: %s", path, r.body)
		}
	}
}

func has500(r reply) bool { return strings.Contains(r.body, "INFERENCE_ERROR") }

func TestDebugPage(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"operations-listen": "127.0.0.1:0"}})
	up := s.withUpstream()
	up.On(chatPath, providertest.JSON(500, `{"error":{"message":"the cause"}}`))
	failed := s.post(chatPath, chatBody)
	s.post(chatPath, `{"model":"no-such-model","messages":[]}`) // refused, which is no failure of ours
	page := s.until("/debug", has500)
	id := failed.header.Get("X-Request-Id")
	for _, want := range []string{"Skytower test", id, "mock/" + upChat, "POST " + chatPath, `href="/debug/pprof/"`, `href="/metrics"`, "writer", "this process counts them"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, never := range []string{"<script", "http://", "https://", s.key, upKey, "the cause"} {
		if strings.Contains(page.body, never) {
			t.Errorf("the page has %q", never)
		}
	}
	if !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") || !strings.HasPrefix(page.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("headers %v", page.header)
	}
	var state struct {
		Version, Role, Replica string
		NotReady               *string `json:"not_ready"`
		Failures               []struct {
			ID     string `json:"request_id"`
			Status int
		}
		Runtime struct{ Goroutines int }
	}
	r := s.operations("/debug?format=json")
	decode(t, r.body, &state)
	if r.header.Get("Content-Type") != "application/json" || state.Version != "test" || state.Role != "all" || state.Replica == "" || state.NotReady == nil || *state.NotReady != "" || state.Runtime.Goroutines == 0 {
		t.Errorf("%s", r.body)
	}
	if len(state.Failures) != 1 || state.Failures[0].ID != id || state.Failures[0].Status != 500 {
		t.Errorf("failures %+v", state.Failures)
	}
}

func TestProfilesAreBounded(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"operations-listen": "127.0.0.1:0"}})
	for _, path := range []string{"heap?debug=1", "goroutine?debug=1", "allocs?debug=1", "mutex?debug=1", "block?debug=1", "mutex?seconds=1", "block?seconds=1"} {
		if r := s.operations("/debug/pprof/" + path); r.status != 200 || r.body == "" {
			t.Errorf("%s: %d", path, r.status)
		}
	}
	for _, path := range []string{"profile?seconds=3600", "trace?seconds=61", "mutex?seconds=1e9", "heap?seconds=NaN", "profile?seconds=-1"} {
		if r := s.operations("/debug/pprof/" + path); r.status != 400 {
			t.Errorf("%s: %d", path, r.status)
		}
	}
	if r := s.operations("/debug/pprof/cmdline"); r.status == 200 {
		t.Error("the command line, which may hold secrets, is shown")
	}
}

// logged are the lines of the log with a message.
func (s *server) logged(message string) (lines []map[string]any) {
	s.t.Helper()
	for line := range strings.Lines(s.log.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err == nil && fields["msg"] == message {
			lines = append(lines, fields)
		}
	}
	return lines
}

// Every request has one record in the log where that is asked for; else failures have.
func TestRecordsInTheLog(t *testing.T) {
	t.Parallel()
	for _, which := range []string{"all", "errors"} {
		s := start(t, options{flags: map[string]string{"log-requests": which, "log-level": "info"}})
		up := s.withUpstream()
		before := len(s.logged("request"))
		up.On(chatPath, jsonScript(chatAnswer))
		good := s.post(chatPath, chatBody)
		up.On(chatPath, providertest.JSON(500, `{}`))
		bad := s.post(chatPath, chatBody)
		s.call(http.MethodGet, "/v1/models/none", "")
		s.stop()
		records, failures := s.logged("request")[before:], s.logged("request failed")
		if len(failures) != 1 || failures[0]["request_id"] != bad.header.Get("X-Request-Id") || failures[0]["level"] != "ERROR" || failures[0]["error"] == nil {
			t.Errorf("%s: failures %v", which, failures)
		}
		if which == "errors" {
			if len(records) != 0 {
				t.Errorf("records that nobody asked for: %v", records)
			}
			continue
		}
		if len(records) != 2 || records[1]["status"] != 404.0 || records[1]["error_id"] != "MODEL_NOT_FOUND" || records[1]["outcome"] != "error" {
			t.Fatalf("records %v", records)
		}
		r := records[0]
		for _, measured := range []string{"time", "duration_ms", "first_byte_ms", "bytes_in", "bytes_out", "client", "account", "key_id"} {
			if r[measured] == nil || r[measured] == "" || r[measured] == 0.0 {
				t.Errorf("%s is %v", measured, r[measured])
			}
			delete(r, measured)
		}
		want := map[string]any{
			"level": "INFO", "msg": "request", "request_id": good.header.Get("X-Request-Id"), "method": "POST", "route": chatPath, "path": chatPath, "status": 200.0,
			"outcome": "ok", "model": chatModel, "target": "mock/" + upChat, "tokens_in": 11.0, "tokens_out": 4.0, "charged_nanodollars": 0.0, "streamed": false,
		}
		if diff := cmp.Diff(want, r); diff != "" {
			t.Error(diff)
		}
	}
}

// Numbers of the moment, and what became of calls.
func TestMetricsForTheOneOnCall(t *testing.T) {
	t.Parallel()
	s, _ := priced(t, options{flags: map[string]string{"operations-listen": "127.0.0.1:0"}})
	s.withPainter()
	s.grant("10")
	if r := s.post(chatPath, chatBody); r.status != 200 {
		t.Fatal(r.body)
	}
	s.call(http.MethodGet, "/v1/models/none", "")
	if r := s.post("/v1/predictions", `{"model":"`+paintModel+`","await":true,"input":{"prompt":"x"}}`); r.status >= 300 {
		t.Fatal(r.body)
	}
	r := s.until("/metrics", func(r reply) bool {
		return strings.Contains(r.body, `error_id="MODEL_NOT_FOUND",surface="rest"} 1`) && strings.Contains(r.body, `skytower_predictions_ended_total{status="succeeded"} 1`)
	})
	for _, line := range []string{
		"skytower_ready 1", "skytower_draining 0", `skytower_replicas{role="all"} 1`, "skytower_leading 1", "skytower_database_up 1", "skytower_ledger_spool_writable 1",
		"skytower_ledger_spool_bytes 0", `skytower_upstream_calls_total{provider="mock",result="ok"} 1`, `skytower_predictions{state="waiting"} 0`,
		"skytower_webhooks_open 0", `skytower_queue_workers{queue="webhooks"} 32`, "skytower_predictions_started_total 1",
		`skytower_charged_dollars_total{for="inference"} 2.475e-05`, `skytower_upstream_calls_total{provider="container",result="ok"} 1`,
	} {
		if !strings.Contains(r.body, "\n"+line+"\n") {
			t.Errorf("missing: %s", line)
		}
	}
	for _, name := range []string{
		`skytower_database_ping_seconds `, `skytower_data_free_bytes `, `skytower_database_connections{pool="reader",state="idle"} `,
		`skytower_database_transactions_total{kind="write",result="committed"} `, `skytower_leased_credit_dollars{state="free"} `, `skytower_open_connections `,
	} {
		if !strings.Contains(r.body, "\n"+name) {
			t.Errorf("missing: %s", name)
		}
	}
}
