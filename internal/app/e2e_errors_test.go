package app_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"skytower/internal/config"
	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// restError reads the REST envelope as the Swift SDK does: `details` is a string
// (contract 1.13), and the status is in the body too.
func restError(t *testing.T, name string, r reply) skytells.RESTError {
	t.Helper()
	var e struct {
		Status   *bool
		Response *string
		Error    *struct {
			HTTPStatus *int    `json:"http_status"`
			Message    *string `json:"message"`
			Details    *string `json:"details"`
			ErrorID    *string `json:"error_id"`
			RequestID  *string `json:"request_id"`
		}
	}
	decode(t, r.body, &e)
	if e.Status == nil || *e.Status || e.Response == nil || e.Error == nil || e.Error.HTTPStatus == nil || *e.Error.HTTPStatus != r.status ||
		e.Error.Message == nil || e.Error.Details == nil || e.Error.ErrorID == nil || e.Error.RequestID == nil {
		t.Fatalf("%s: not the REST envelope: %d %s", name, r.status, r.body)
	}
	checkIDs(t, name, r, *e.Error.RequestID)
	return skytells.RESTError{HTTPStatus: r.status, Message: *e.Error.Message, Details: *e.Error.Details, ErrorID: *e.Error.ErrorID}
}

func inferenceError(t *testing.T, name string, r reply) skytells.InferenceError {
	t.Helper()
	var e skytells.InferenceEnvelope
	decode(t, r.body, &e)
	if e.Error.Status != r.status || e.Error.Type == "" || e.Error.Code == "" || e.Error.ErrorID == "" || e.Error.Message == "" ||
		e.Error.Details.Category == "" || !strings.HasPrefix(r.body, `{"error":{"message":`) || strings.Contains(r.body, `"response"`) {
		t.Fatalf("%s: not the inference envelope: %d %s", name, r.status, r.body)
	}
	checkIDs(t, name, r, e.Error.RequestID)
	return e.Error
}

func checkIDs(t *testing.T, name string, r reply, id string) {
	t.Helper()
	if r.header.Get("Content-Type") != "application/json" || id == "" || r.header.Get("X-Request-Id") != id {
		t.Errorf("%s: content type %q, request ids %q and %q", name, r.header.Get("Content-Type"), id, r.header.Get("X-Request-Id"))
	}
}

// bodies are a good request for each inference route.
func bodies() map[string]string {
	return map[string]string{chatPath: chatBody, respPath: respBody, embedPath: embedBody}
}

func TestErrorsOfTheInferenceRoutes(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"max-body": "64KiB"}})
	s.withUpstream()
	limited, err := s.admin().CreateKey(t.Context(), skytells.KeyRequest{Scopes: []string{"models:read"}})
	if err != nil {
		t.Fatal(err)
	}
	with := func(path, old, new string) string { return strings.Replace(bodies()[path], old, new, 1) }
	type failure struct {
		name, key, method, path, body string
		status                        int
		id, kind, code, param, words  string
	}
	var cases []failure
	for path, good := range bodies() {
		model := chatModel
		other, otherWords := embedModel, "/v1/embeddings"
		if path == embedPath {
			model, other, otherWords = embedModel, chatModel, "/v1/chat/completions"
		}
		cases = append(cases,
			failure{"no key", "none", "POST", path, good, 401, "UNAUTHORIZED", "authentication_error", "invalid_api_key", "", "Invalid or missing API key"},
			failure{"wrong key", "sk-wrong", "POST", path, good, 401, "UNAUTHORIZED", "authentication_error", "invalid_api_key", "", "Invalid or missing API key"},
			failure{"access token", "sk_pat_" + strings.Repeat("x", 64), "POST", path, good, 401, "UNAUTHORIZED", "authentication_error", "invalid_api_key", "", ""},
			failure{"operator key", s.op, "POST", path, good, 401, "UNAUTHORIZED", "authentication_error", "invalid_api_key", "", ""},
			failure{"scope", limited.Secret, "POST", path, good, 403, "FORBIDDEN", "permission_error", "forbidden", "", "inference"},
			failure{"wrong method", "", "GET", path, "", 405, "ENDPOINT_NOT_FOUND", "invalid_request_error", "endpoint_not_found", "", "POST"},
			failure{"no such route", "", "POST", path + "/more/of/it", good, 404, "ENDPOINT_NOT_FOUND", "invalid_request_error", "endpoint_not_found", "", path + "/more/of/it"},
			failure{"empty body", "", "POST", path, "", 400, "INVALID_REQUEST", "invalid_request_error", "invalid_request", "", ""},
			failure{"bad JSON", "", "POST", path, good[:len(good)-1], 400, "INVALID_REQUEST", "invalid_request_error", "invalid_request", "", ""},
			failure{"an array", "", "POST", path, "[" + good + "]", 400, "INVALID_REQUEST", "invalid_request_error", "invalid_request", "", "object"},
			failure{"wrong type", "", "POST", path, with(path, `"`+model+`"`, "7"), 400, "INVALID_PARAMETER", "invalid_request_error", "invalid_parameter", "model", "model"},
			failure{"no model", "", "POST", path, with(path, `"model":"`+model+`",`, ""), 400, "INVALID_PARAMETER", "invalid_request_error", "invalid_parameter", "model", "model"},
			failure{"model twice", "", "POST", path, with(path, "{", `{"model":"x",`), 400, "", "invalid_request_error", "", "model", "model"},
			failure{"Model", "", "POST", path, with(path, "{", `{"Model":"x",`), 400, "", "invalid_request_error", "", "model", "model"},
			failure{"escaped model", "", "POST", path, with(path, `"model"`, `"mod\u0065l"`), 400, "", "invalid_request_error", "", "model", "model"},
			failure{"body over the limit", "", "POST", path, with(path, "{", `{"pad":"`+strings.Repeat("x", 65<<10)+`",`), 413, "INVALID_REQUEST", "invalid_request_error", "request_too_large", "", "65536 bytes"},
			failure{"unknown model", "", "POST", path, with(path, model, "no-such-model"), 404, "MODEL_NOT_FOUND", "server_error", "model_not_found", "model", "no-such-model"},
			failure{"unknown model before wrong fields", "", "POST", path, with(path, `"`+model+`"`, `"no-such-model","n":"x","max_output_tokens":"x","dimensions":"x"`), 404, "MODEL_NOT_FOUND", "server_error", "model_not_found", "model", "no-such-model"},
			failure{"a model of another kind", "", "POST", path, with(path, model, other), 422, "MODEL_NOT_SUPPORTED", "invalid_request_error", "model_not_supported", "model", otherWords[:4]},
		)
	}
	for _, c := range cases {
		name := c.path + " " + c.name
		key := c.key
		switch key {
		case "":
			key = s.key
		case "none":
			key = ""
		}
		r := s.do(s.request(c.method, c.path, c.body, "Authorization", "Bearer "+key))
		e := inferenceError(t, name, r)
		if r.status != c.status || c.id != "" && e.ErrorID != c.id || e.Type != c.kind || c.code != "" && e.Code != c.code || !strings.Contains(e.Message, c.words) {
			t.Errorf("%s: got %d %s", name, r.status, r.body)
		}
		if got := e.Param; c.param != "" && (got == nil || *got != c.param) {
			t.Errorf("%s: param is %v, want %s", name, got, c.param)
		}
		if c.status == 405 && r.header.Get("Allow") != "POST" {
			t.Errorf("%s: Allow is %q", name, r.header.Get("Allow"))
		}
		if r.header.Get("Retry-After") != "" {
			t.Errorf("%s: Retry-After on %d", name, r.status)
		}
	}
}

func TestErrorsOfTheRESTRoutes(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	for name, c := range map[string]struct {
		method, path, body, key string
		status                  int
		id, words               string
	}{
		"no key":                 {"GET", "/v1/models", "", "-", 401, "UNAUTHORIZED", "Invalid or missing API key"},
		"wrong key":              {"GET", "/v1/model/x", "", "sk-wrong", 401, "UNAUTHORIZED", "Invalid or missing API key"},
		"unknown model":          {"GET", "/v1/models/nope", "", "", 404, "MODEL_NOT_FOUND", "nope"},
		"unknown model, alias":   {"GET", "/v1/model/vendor%2Fnope", "", "", 404, "MODEL_NOT_FOUND", "vendor/nope"},
		"unknown route":          {"GET", "/v1/none", "", "", 404, "ENDPOINT_NOT_FOUND", "/v1/none"},
		"outside v1":             {"POST", "/models", "{}", "", 404, "ENDPOINT_NOT_FOUND", "/models"},
		"wrong method":           {"POST", "/v1/models", "{}", "", 405, "ENDPOINT_NOT_FOUND", "GET"},
		"doubled slash":          {"GET", "/v1//models", "", "", 404, "ENDPOINT_NOT_FOUND", ""},
		"admin with account key": {"GET", "/admin/v1/keys", "", "", 401, "UNAUTHORIZED", ""},
		"admin without":          {"GET", "/admin/v1/keys", "", "-", 401, "UNAUTHORIZED", ""},
		"admin, unknown route":   {"GET", "/admin/v1/none", "", s.op, 404, "ENDPOINT_NOT_FOUND", ""},
		"admin, wrong method":    {"DELETE", "/admin/v1/keys", "", s.op, 405, "ENDPOINT_NOT_FOUND", "GET, POST"},
		"admin, bad JSON":        {"POST", "/admin/v1/keys", "{", s.op, 400, "INVALID_REQUEST", ""},
		"admin, wrong type":      {"POST", "/admin/v1/keys", `{"name":7}`, s.op, 400, "INVALID_PARAMETER", "name"},
		"admin, unknown field":   {"POST", "/admin/v1/keys", `{"nmae":"x"}`, s.op, 400, "INVALID_REQUEST", "nmae"},
		"admin, unknown key":     {"POST", "/admin/v1/keys/key_none/revoke", "", s.op, 404, "INVALID_PARAMETER", "key_none"},
		"admin, over the limit":  {"POST", "/admin/v1/keys", `{"name":"` + strings.Repeat("x", 5<<20) + `"}`, s.op, 413, "INVALID_REQUEST", "bytes"},
	} {
		key := c.key
		switch key {
		case "":
			key = s.key
		case "-":
			key = ""
		}
		r := s.do(s.request(c.method, c.path, c.body, "Authorization", "Bearer "+key))
		e := restError(t, name, r)
		if r.status != c.status || e.ErrorID != c.id || !strings.Contains(e.Message, c.words) {
			t.Errorf("%s: got %d %s", name, r.status, r.body)
		}
	}
	// The seed's own example of a 401.
	r := s.do(s.request("GET", "/v1/models", ""))
	want := `{"status":false,"response":"Invalid API key","error":{"http_status":401,"message":"Invalid or missing API key","details":"Invalid API key. Keys are made at ` + s.base + `/keys","error_id":"UNAUTHORIZED","request_id":"` + r.header.Get("X-Request-Id") + `"}}`
	if r.body != want {
		t.Errorf("got %s", r.body)
	}
}

// What an upstream says of our set-up is not for callers (contract 9.4).
func TestUpstreamFailures(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"breaker-failures": "0"}, change: func(c *config.Config) { c.FirstByteTimeout = 300 * time.Millisecond }})
	up := s.withUpstream()
	const secret = `inner/chat-7b at http://10.9.8.7 with upstream-secret-key`
	said := func(status int, more string, header ...string) providertest.Script {
		return func(x *providertest.Exchange) {
			x.Head(status, append([]string{"Content-Type", "application/json"}, header...)...)
			x.Say(`{"error":{"message":"` + secret + `"` + more + `}}`)
		}
	}
	rested := 0
	for name, c := range map[string]struct {
		script     providertest.Script
		status     int
		id, code   string
		retryAfter string
	}{
		"400":              {providertest.JSON(400, `{"error":{"message":"top_p is wrong","param":"top_p","type":"x"}}`), 400, "INVALID_PARAMETER", "invalid_parameter", ""},
		"422":              {providertest.JSON(422, `{"error":{"message":"that does not work"}}`), 422, "INVALID_REQUEST", "invalid_request", ""},
		"too long":         {providertest.JSON(400, `{"error":{"message":"max is 8192 tokens","code":"context_length_exceeded"}}`), 400, "INVALID_PARAMETER", "context_length_exceeded", ""},
		"401":              {said(401, ``), 500, "INFERENCE_ERROR", "service_error", ""},
		"402":              {said(402, ``), 500, "INFERENCE_ERROR", "service_error", ""},
		"403":              {said(403, ``), 500, "INFERENCE_ERROR", "service_error", ""},
		"404":              {said(404, `,"code":"model_not_found"`), 500, "INFERENCE_ERROR", "service_error", ""},
		"429":              {said(429, ``, "Retry-After", "7"), 429, "INFERENCE_RATE_LIMITED", "inference_rate_limited", "7"},
		"429 without time": {said(429, ``), 429, "INFERENCE_RATE_LIMITED", "inference_rate_limited", "5"},
		"500":              {said(500, ``), 500, "INFERENCE_ERROR", "service_error", ""},
		"503":              {said(503, ``), 500, "INFERENCE_ERROR", "service_error", ""},
		"a page":           {providertest.Page(200), 500, "INFERENCE_ERROR", "service_error", ""},
		"half an answer": {func(x *providertest.Exchange) {
			x.Head(200, "Content-Type", "application/json")
			x.Say(chatAnswer[:40])
			x.Cut()
		}, 500, "INFERENCE_ERROR", "service_error", ""},
		"cut at once": {func(x *providertest.Exchange) { x.Cut() }, 500, "INFERENCE_ERROR", "service_error", ""},
		"silence":     {func(x *providertest.Exchange) { x.Left() }, 504, "INFERENCE_TIMEOUT", "inference_timeout", ""},
	} {
		for path, body := range bodies() {
			if path == respPath && (name == "404" || name == "a page") {
				continue // there it may mean that the route is missing; tested elsewhere
			}
			up.On(path, c.script)
			for _, streamed := range []bool{false, true} {
				if streamed && path == embedPath {
					continue
				}
				if streamed {
					body = strings.Replace(body, "{", `{"stream":true,`, 1)
				}
				at := fmt.Sprintf("%s %s streamed %v", name, path, streamed)
				asked := body
				if c.status == http.StatusTooManyRequests { // such a target is left alone for a while
					rested++
					asked = s.atAnotherTarget(body, rested)
				}
				r := s.post(path, asked)
				if streamed && r.status == 200 && name == "half an answer" {
					continue // a stream that is one JSON document, cut; tested elsewhere
				}
				e := inferenceError(t, at, r)
				if r.status != c.status || e.ErrorID != c.id || e.Code != c.code || r.header.Get("Retry-After") != c.retryAfter {
					t.Errorf("%s: got %d %v %s", at, r.status, r.header, r.body)
				}
				for _, hidden := range []string{"inner", "10.9.8.7", upKey, up.URL.Host, "html"} {
					if strings.Contains(r.body, hidden) {
						t.Errorf("%s: the caller reads %s: %s", at, hidden, r.body)
					}
				}
			}
		}
	}
	if log := s.log.String(); strings.Contains(log, upKey) {
		t.Error("the log holds the upstream's key")
	}
}

func TestUpstreamIsDown(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	s.addProvider("down", "http://"+address+"/v1", "")
	for path, body := range bodies() {
		r := s.post(path, body)
		if e := inferenceError(t, path, r); r.status != 503 || e.ErrorID != "SERVICE_UNAVAILABLE" || strings.Contains(r.body, address) {
			t.Errorf("%s: got %d %s", path, r.status, r.body)
		}
	}
}

// An upstream on a private address must not become a caller's way in (design,
// Egress).
func TestAddressesOfCallersStayHere(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	up.On(chatPath, jsonScript(chatAnswer))
	up.On(respPath, jsonScript(`{"id":"resp_1","object":"response","output":[]}`))
	private := providertest.NewUpstream(t, providertest.HTTP1)
	private.On("/x.png", jsonScript("{}"))
	for _, address := range []string{
		"http://169.254.169.254/latest/meta-data/", "http://[::ffff:169.254.169.254]/", "http://169.254.169.254.nip.io.invalid/", "http://2852039166/",
		"http://127.0.0.1:1/", private.URL.String() + "x.png", "http://localhost/", "file:///etc/passwd", "gopher://x/", "http://user@example.com/", "//169.254.169.254/", "x",
	} {
		for path, body := range map[string]string{
			chatPath: `{"model":"` + chatModel + `","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"` + address + `"}}]}]}`,
			respPath: `{"model":"` + chatModel + `","input":[{"role":"user","content":[{"type":"input_image","IMAGE_URL":"` + address + `"}]}]}`,
		} {
			r := s.post(path, body)
			e := inferenceError(t, address, r)
			if r.status/100 != 4 || e.ErrorID != "SECURITY_VIOLATION" && e.ErrorID != "INVALID_PARAMETER" || e.Param == nil {
				t.Errorf("%s: got %d %s", address, r.status, r.body)
			}
			if strings.Contains(address, "169.254.169.254/") && strings.HasPrefix(address, "http") && e.ErrorID != "SECURITY_VIOLATION" {
				t.Errorf("%s: got %s", address, r.body)
			}
		}
	}
	if n := len(up.Requests()) + len(private.Requests()); n != 0 {
		t.Errorf("%d requests went out", n)
	}
	// Content that is already there goes through.
	r := s.post(chatPath, `{"model":"`+chatModel+`","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]}`)
	if r.status != http.StatusOK || !strings.Contains(up.Last().Body, "data:image/png;base64,AAAA") {
		t.Errorf("got %d %s", r.status, r.body)
	}
}

// atAnotherTarget is the body for a model of its own, whose target nobody has asked yet.
func (s *server) atAnotherTarget(body string, n int) string {
	s.t.Helper()
	slug, api := fmt.Sprintf("another-%d", n), "chat"
	if strings.Contains(body, embedModel) {
		api = "embeddings"
	}
	_, err := s.admin().Apply(s.t.Context(), skytells.ApplyRequest{Source: "test", Resources: skytells.Resources{Models: []skytells.ModelSpec{
		{Slug: slug, Type: "text", API: api, Free: true, Targets: []skytells.TargetSpec{{Provider: "mock", Model: "inner/" + slug}}},
	}}})
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.NewReplacer(chatModel, slug, embedModel, slug).Replace(body)
}
