package admin_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"skytower/internal/fault"
	"skytower/internal/skytells"
)

// routes explains that the model "none" does not exist and that all others are chosen.
type routes struct{}

func (routes) Explain(_ context.Context, r skytells.RouterExplainRequest) (*skytells.RouterExplanation, error) {
	if strings.Contains(string(r.Request), "none") {
		return nil, fault.Newf(fault.ModelNotFound, "The model 'none' was not found.")
	}
	return &skytells.RouterExplanation{Asked: string(r.Request), Router: r.API, Model: r.Account}, nil
}

func (routes) Targets(context.Context) []skytells.TargetHealth {
	return []skytells.TargetHealth{{Provider: "up", Model: "x", State: "closed", FirstByteMS: 12.5}}
}

func TestExplainAndTargets(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const path = "/admin/v1/router/explain"
	code, text := s.call(http.MethodPost, path, `{"request":{"model":"r","messages":[]},"api":"responses","account":"acct_1"}`, "op-boss")
	want := `{"asked":"{\"model\":\"r\",\"messages\":[]}","router":"responses","policy":"","rule":null,"sticky":"",` +
		`"needs":{"tools":false,"images":false,"json_schema":false,"input_tokens":0,"output_tokens":0},"model":"acct_1","why":"","candidates":[],"targets":[]}`
	if code != 200 || strings.TrimSpace(text) != want {
		t.Errorf("%d %s", code, text)
	}
	for body, words := range map[string]string{
		`{"request":{"model":"none"}}`: "MODEL_NOT_FOUND", `{"reqest":{}}`: "reqest", `{`: "INVALID",
	} {
		if code, text := s.call(http.MethodPost, path, body, "op-boss"); code < 400 || code >= 500 || !strings.Contains(text, words) {
			t.Errorf("%s: %d %s", body, code, text)
		}
	}
	for _, key := range []string{"op-boss", "op-audit"} {
		code, text := s.call(http.MethodGet, "/admin/v1/targets", "", key)
		if code != 200 || strings.TrimSpace(text) != `{"data":[{"provider":"up","model":"x","state":"closed","until":null,"failures":0,"first_byte_ms":12.5,"tokens_per_second":0}]}` {
			t.Errorf("%s: %d %s", key, code, text)
		}
	}
	if s.syncs != 0 {
		t.Error("reading waited for the feed")
	}
}

func TestRoutersByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.must("PUT", "/admin/v1/providers/up", upSpec, &skytells.ProviderSpec{})
	s.must("PUT", "/admin/v1/models/m", chatSpec, &skytells.ModelSpec{})
	var put skytells.ModelSpec
	s.must("PUT", "/admin/v1/models/r", `{"router":{"policy":"fixed","models":["m"],"rules":[{"when":{"tools":false},"policy":"fastest"}]}}`, &put)
	if !put.Open || put.API != "chat" || put.Router.Sticky != "auto" || put.Router.Rules[0].When.Tools == nil || *put.Router.Rules[0].When.Tools {
		t.Errorf("put %+v", put)
	}
	for _, c := range []struct {
		call, body string
		code       int
		param      string
	}{
		{"PUT /admin/v1/models/q", `{"router":{"policy":"fixed","models":["m","n"]}}`, 400, `router.models[1]: no model is called`},
		{"PUT /admin/v1/models/q", `{"router":{"policy":"fixed","modles":["m"]}}`, 400, "modles"},
		{"DELETE /admin/v1/models/m", ``, 409, "one that 'r' may choose"},
		{"DELETE /admin/v1/models/deepbrain-router", ``, 409, "can't be deleted"},
	} {
		method, path, _ := strings.Cut(c.call, " ")
		if code, text := s.call(method, path, c.body, "op-boss"); code != c.code || !strings.Contains(text, c.param) {
			t.Errorf("%s %s: %d %s", c.call, c.body, code, text)
		}
	}
	s.must("DELETE", "/admin/v1/models/r", "", &skytells.Done{})
}
