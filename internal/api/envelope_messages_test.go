package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
)

// messagesTypes are Anthropic's names for the statuses of our errors.
func messagesTypes() map[int]string {
	return map[int]string{
		400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error", 404: "not_found_error",
		413: "request_too_large", 422: "invalid_request_error", 429: "rate_limit_error", 451: "invalid_request_error", 500: "api_error",
		502: "api_error", 503: "overloaded_error", 504: "timeout_error",
	}
}

func TestMessagesEnvelopeOfEveryError(t *testing.T) {
	t.Parallel()
	for _, entry := range fault.Table() {
		fails := func(*httpx.Call) error { return fault.New(entry.ID, "What is wrong.") }
		s := newSite([]api.Route{{Method: "GET", Pattern: "/v1/x", Surface: api.Messages, Public: fails}}, nil)
		res := do(s, request("GET", "/v1/x"))
		e := twin(api.Inference, entry.ID).Entry()
		want := fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":"What is wrong.","error_id":%q,"code":%q,"details":{"category":%q}},"request_id":%q}`,
			messagesTypes()[e.Status], e.ID, e.Code, e.Category, res.Header.Get("X-Request-Id"))
		if body := text(t, res); body != want || res.StatusCode != entry.Status || res.Header.Get("Request-Id") != res.Header.Get("X-Request-Id") {
			t.Errorf("%s, status %d:\n got %s\nwant %s", entry.ID, res.StatusCode, body, want)
		}
	}
	large := &fault.Error{ID: fault.InvalidRequest, Status: http.StatusRequestEntityTooLarge, Message: "Too large.", Param: "messages"}
	if e := api.NewMessagesEnvelope(large, "req_1").Error; e.Type != "request_too_large" || e.Param == nil || *e.Param != "messages" {
		t.Errorf("too large: %+v", e)
	}
	exact := &fault.Error{ID: fault.InvalidParameter, Message: "None.", Code: "thread_unsupported_request"}
	if e := api.NewMessagesEnvelope(exact, "req_1").Error; e.Code != exact.Code || e.Details.ErrorCode != exact.Code {
		t.Errorf("a more exact code: %+v", e)
	}
}

// Whoever calls under /v1/messages reads Anthropic's form, whatever is wrong; nobody else
// does.
func TestMessagesEnvelopeOfAFamily(t *testing.T) {
	t.Parallel()
	rows := append(sampleRows(), api.Route{Method: "POST", Pattern: "/v1/messages", Surface: api.Messages, Scope: account.Inference, Key: says})
	s := newSite(rows, nil)
	for _, c := range []struct {
		method, path, key string
		status            int
		kind              string
	}{
		{"POST", "/v1/messages", "sk-wrong", 401, "authentication_error"},
		{"POST", "/v1/messages", "", 401, "authentication_error"},
		{"GET", "/v1/messages", "sk-all", 405, "invalid_request_error"},
		{"POST", "/v1/messages/batches", "sk-all", 404, "not_found_error"},
		{"POST", "/v1/messages/", "sk-all", 404, "not_found_error"},
		{"POST", "/v1/nothing", "sk-all", 404, ""},
		{"POST", "/v1/chat/completions/x", "sk-all", 404, ""},
	} {
		res := do(s, request(c.method, c.path, "X-Api-Key", c.key))
		var got struct {
			Type  string
			Error struct{ Type string }
		}
		body := text(t, res)
		if err := json.Unmarshal([]byte(body), &got); err != nil || res.StatusCode != c.status || (got.Type == "error") != (c.kind != "") || c.kind != "" && got.Error.Type != c.kind {
			t.Errorf("%s %s: %d %s", c.method, c.path, res.StatusCode, body)
		}
	}
	// A preflight allows what Anthropic's client sends from a page.
	const header = "anthropic-dangerous-direct-browser-access"
	res := do(s, request("OPTIONS", "/v1/messages", "Origin", "https://page.example", "Access-Control-Request-Headers", header))
	if !strings.Contains(res.Header.Get("Access-Control-Allow-Headers"), header) || !strings.Contains(res.Header.Get("Access-Control-Expose-Headers"), "request-id,") {
		t.Errorf("preflight: %v", res.Header)
	}
}
