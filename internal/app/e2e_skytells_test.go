package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"skytower/internal/provider/providertest"
)

// sdk does what the TypeScript SDK does from version 1.0.4 on, written from
// contract 14.1: both key headers, a JSON content type on every request, errors
// read field by field, and a stream parser that knows `data: ` and nothing else.
type sdk struct {
	s   *server
	key string
}

// sdkError is the error that the SDK would raise.
type sdkError struct {
	ID, Message, Details, RequestID, Type, Code string
	Status                                      int
}

func (c sdk) send(method, path, body string, streamed bool) (*http.Response, string, *sdkError) {
	c.s.t.Helper()
	req := c.s.request(method, path, body, "Content-Type", "application/json", "X-Api-Key", c.key, "Authorization", "Bearer "+c.key)
	if streamed {
		req.Header.Set("Accept", "text/event-stream")
	}
	res, err := c.s.client.Do(req)
	if err != nil {
		c.s.t.Fatal(err)
	}
	c.s.t.Cleanup(func() { _ = res.Body.Close() })
	if streamed && res.StatusCode == 200 {
		return res, "", nil
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.s.t.Fatal(err)
	}
	if !strings.Contains(res.Header.Get("Content-Type"), "application/json") {
		return res, string(raw), &sdkError{ID: "SERVER_ERROR", Status: res.StatusCode}
	}
	return res, string(raw), readError(c.s.t, res.StatusCode, raw)
}

// readError follows the SDK: a failure is a status outside 2xx, or a body whose
// `status` is false and that has no string `id`.
func readError(t *testing.T, status int, raw []byte) *sdkError {
	t.Helper()
	var whole any
	decode(t, string(raw), &whole)
	body, isObject := whole.(map[string]any)
	_, hasID := body["id"].(string)
	if status/100 == 2 && (!isObject || body["status"] != false || hasID) {
		return nil
	}
	inner, ok := body["error"].(map[string]any)
	if !ok {
		return &sdkError{ID: "API_ERROR", Status: status}
	}
	text := func(name string) string {
		s, _ := inner[name].(string)
		return s
	}
	e := &sdkError{ID: text("error_id"), Message: text("message"), RequestID: text("request_id"), Type: text("type"), Code: text("code"), Status: status}
	for _, name := range []string{"http_status", "status"} {
		if n, ok := inner[name].(float64); ok {
			e.Status = int(n)
		}
	}
	switch d := inner["details"].(type) {
	case string:
		e.Details = d
	case map[string]any:
		shown, _ := json.Marshal(d)
		e.Details = string(shown)
	}
	return e
}

func TestSkytellsSDK(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	up.On(chatPath, npmScript)
	up.On(embedPath, jsonScript(embedAnswer))
	client := sdk{s, s.key}

	_, body, failed := client.send("GET", "/v1/models?fields=input_schema,output_schema", "", false)
	var models []json.RawMessage
	decode(t, body, &models) // both headers: the bare array, not OpenAI's list
	if failed != nil || len(models) != 6 {
		t.Errorf("got %+v, %s", failed, body)
	}
	for _, m := range models {
		swift(t, m)
	}
	_, body, failed = client.send("GET", "/v1/model/skytells%2F"+chatModel+"?fields=input_schema", "", false)
	if failed != nil || *swift(t, json.RawMessage(body)).Namespace != chatModel {
		t.Errorf("got %+v, %s", failed, body)
	}

	// The safety helper of the SDK is hard-wired to this model and limit.
	res, body, failed := client.send("POST", chatPath, `{"model":"deepbrain-router","messages":[{"role":"user","content":"is it safe?"}],"max_tokens":16}`, false)
	if failed != nil || !strings.Contains(body, `"choices":[`) || res.Header.Get("X-Skytells-Model") == "" {
		t.Errorf("got %+v, %s", failed, body)
	}

	for path, body := range map[string]string{chatPath: streamBody, respPath: strings.Replace(respBody, "{", `{"stream":true,`, 1)} {
		_, in := s.open(t.Context(), path, body)
		text := ""
		for _, doc := range in.all() {
			var chunk struct {
				Delta   string
				Choices *[]struct{ Delta struct{ Content string } }
			}
			var probe struct{ Delta json.RawMessage }
			decode(t, doc, &probe)
			if path == respPath {
				_ = json.Unmarshal(probe.Delta, &chunk.Delta)
				text += chunk.Delta
				continue
			}
			decode(t, doc, &chunk)
			if chunk.Choices == nil {
				t.Fatalf("a chunk without choices: %s", doc)
			}
			for _, c := range *chunk.Choices {
				text += c.Delta.Content
			}
		}
		if text != "Hello" || in.done != (path == chatPath) {
			t.Errorf("%s: got %q, [DONE] %v", path, text, in.done)
		}
	}
	_, body, failed = client.send("POST", embedPath, embedBody, false)
	if failed != nil || !strings.Contains(body, `"embedding":[1.0,-2.5,0.25]`) {
		t.Errorf("got %+v, %s", failed, body)
	}
}

func TestSkytellsSDKErrors(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	up.On(chatPath, providertest.JSON(500, `{}`))
	for name, c := range map[string]struct {
		key, method, path, body string
		id                      string
		status                  int
		category                string // of the inference envelope; "" on REST
	}{
		"unauthorized":            {"sk-wrong", "GET", "/v1/models", "", "UNAUTHORIZED", 401, ""},
		"unauthorized, inference": {"sk-wrong", "POST", chatPath, chatBody, "UNAUTHORIZED", 401, "authentication"},
		"unknown model":           {s.key, "GET", "/v1/model/nope", "", "MODEL_NOT_FOUND", 404, ""},
		"unknown model, chat":     {s.key, "POST", chatPath, strings.Replace(chatBody, chatModel, "nope", 1), "MODEL_NOT_FOUND", 404, "request"},
		"unknown route":           {s.key, "POST", "/v1/trainings", `{}`, "ENDPOINT_NOT_FOUND", 404, ""},
		"wrong method":            {s.key, "DELETE", "/v1/models", "", "ENDPOINT_NOT_FOUND", 405, ""},
		"bad JSON":                {s.key, "POST", embedPath, `{`, "INVALID_REQUEST", 400, "request"},
		"upstream":                {s.key, "POST", chatPath, chatBody, "INFERENCE_ERROR", 500, "inference"},
		"upstream, streamed":      {s.key, "POST", chatPath, streamBody, "INFERENCE_ERROR", 500, "inference"},
	} {
		_, body, e := sdk{s, c.key}.send(c.method, c.path, c.body, strings.Contains(name, "streamed"))
		if e == nil || e.ID != c.id || e.Status != c.status || e.Message == "" || e.RequestID == "" || e.Details == "" {
			t.Errorf("%s: got %+v from %s", name, e, body)
			continue
		}
		if c.category != "" && (!strings.HasPrefix(e.Details, `{"category":"`+c.category+`"`) || e.Type == "" || e.Code == "") {
			t.Errorf("%s: got %+v", name, e)
		}
	}
}
