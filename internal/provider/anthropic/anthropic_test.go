package anthropic_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/provider"
	"skytower/internal/provider/anthropic"
	"skytower/internal/provider/providertest"
)

func TestMessagesThatGoUp(t *testing.T) {
	t.Parallel()
	const inline = `{"type":"base64","media_type":"image/png","data":"iVBORw0="}`
	tests := []struct {
		name   string
		stream bool
		max    int64
		body   string
		want   string
	}{
		{"all else as it was", false, 0, ` {"max_tokens":9, "messages":[ ], "model":"a","x":1.0,"thinking":{"model":"a"}} `, ` {"max_tokens":9, "messages":[ ], "model":"up","x":1.0,"thinking":{"model":"a"}} `},
		{"stream", true, 0, `{"model":"a","stream":true}`, `{"model":"up","stream":true}`},
		{"stream that was not asked for", true, 0, `{"model":"a"}`, `{"model":"up","stream":true}`},
		{"no stream", false, 0, `{"model":"a","stream":true}`, `{"model":"up","stream":false}`},
		{"limit lowered", false, 7, `{"model":"a","max_tokens":8}`, `{"model":"up","max_tokens":7}`},
		{"lower limit stays", false, 7, `{"model":"a","max_tokens":6}`, `{"model":"up","max_tokens":6}`},
		{"limit added", false, 7, `{"model":"a"}`, `{"model":"up","max_tokens":7}`},
		{"content in place of an address", false, 0,
			`{"model":"a","messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"data:image/png;base64,iVBORw0="}},{"type":"text","text":"x"}]}]}`,
			`{"model":"up","messages":[{"role":"user","content":[{"type":"image","source":` + inline + `},{"type":"text","text":"x"}]}]}`},
		{"within a tool's result", false, 0,
			`{"model":"a","messages":[{"role":"user","content":"x"},{"role":"user","content":[{"type":"tool_result","content":[{"type":"image","source":{"url":"data:image/png;base64,iVBORw0=","type":"url"}}]}]}]}`,
			`{"model":"up","messages":[{"role":"user","content":"x"},{"role":"user","content":[{"type":"tool_result","content":[{"type":"image","source":` + inline + `}]}]}]}`},
		{"a tool's own words", false, 0,
			`{"model":"a","messages":[{"role":"assistant","content":[{"type":"tool_use","input":{"type":"url","url":"data:image/png;base64,iVBORw0="}}]}]}`,
			`{"model":"up","messages":[{"role":"assistant","content":[{"type":"tool_use","input":{"type":"url","url":"data:image/png;base64,iVBORw0="}}]}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			up, p := upstream(t, nil)
			c := call(t, tt.body)
			c.MaxTokens = tt.max
			var err error
			if tt.stream {
				_, err = p.MessageStream(t.Context(), c)
			} else {
				_, err = p.Message(t.Context(), c)
			}
			if got := up.Last(); err == nil || got.Body != tt.want || got.URL.Path != messagesPath || got.Method != http.MethodPost {
				t.Errorf("%s %s\n%s, want\n%s", got.Method, got.URL, got.Body, tt.want)
			}
			if string(c.Body.Bytes()) != tt.body {
				t.Error("the caller's body changed")
			}
		})
	}
}

func TestOutputLimitOfChat(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fields string
		max    int64
		want   int64
	}{
		{``, 0, 8192}, {``, 7, 7}, {`,"max_tokens":5`, 7, 5}, {`,"max_tokens":9`, 7, 7}, {`,"max_tokens":9`, 0, 9},
		{`,"max_tokens":9,"max_completion_tokens":5`, 7, 5}, {`,"max_tokens":null`, 0, 8192},
	} {
		up, p := upstream(t, nil)
		c := call(t, `{"model":"a","messages":[{"role":"user","content":"x"}]`+tt.fields+`}`)
		c.MaxTokens = tt.max
		_, _ = p.Chat(t.Context(), c) // nothing answers
		var got struct {
			Max int64 `json:"max_tokens"`
		}
		if err := json.Unmarshal([]byte(up.Last().Body), &got); err != nil || got.Max != tt.want {
			t.Errorf("%s, reserved %d: %v in %s, want %d", tt.fields, tt.max, err, up.Last().Body, tt.want)
		}
	}
}

func TestHeadersThatGoUp(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, func(o *anthropic.Options) { o.BaseURL.RawQuery = "gateway=1" })
	c := call(t, `{"model":"a","messages":[]}`)
	c.Header = http.Header{
		"Anthropic-Beta": {"one,two", "three"}, "Anthropic-Version": {"2020-01-01"}, "X-Api-Key": {"theirs"}, "Authorization": {"Bearer theirs"},
		"Cookie": {"a=b"}, "Idempotency-Key": {"1"},
	}
	if _, err := p.MessageStream(t.Context(), c); err == nil {
		t.Fatal("an answer without an upstream")
	}
	want := http.Header{
		"Accept": {"text/event-stream"}, "Accept-Encoding": {"identity"}, "Anthropic-Beta": {"one,two", "three"}, "Anthropic-Version": {"2023-06-01"},
		"Content-Type": {"application/json"}, "User-Agent": {"skytower"}, "X-Api-Key": {"sk-secret"}, "X-Request-Id": {"req_0123456789"},
	}
	got := up.Last()
	got.Header.Del("Content-Length")
	if diff := cmp.Diff(want, got.Header); diff != "" {
		t.Error(diff)
	}
	if got.URL.RawQuery != "gateway=1" {
		t.Errorf("query %q", got.URL.RawQuery)
	}
	if text := fmt.Sprintf("%v %+v %#v", p, p, p); strings.Contains(text, "sk-secret") {
		t.Errorf("printed: %s", text)
	}
}

func TestCountMessage(t *testing.T) {
	t.Parallel()
	const body = `{"model":"a","max_tokens":4,"stream":true,"system":"s","messages":[],"tools":[]}`
	for _, tt := range []struct {
		name, answer string
		status       int
		want         int64
		class        string
	}{
		{"a count", `{"input_tokens":2095}`, 200, 2095, ""},
		{"none", `{"tokens":1}`, 200, 0, "broken"},
		{"garbage", `{"input_tokens":1`, 200, 0, "broken"},
		{"refused", `{"type":"error","error":{"type":"invalid_request_error","message":"messages: at least one is required"}}`, 400, 0, "rejected"},
		{"no such route", `404 page not found`, 404, 0, "unsupported"},
		{"no such route, in form", `{"type":"error","error":{"type":"not_found_error","message":"Not Found"}}`, 404, 0, "unsupported"},
		{"no such model", `{"type":"error","error":{"type":"not_found_error","message":"model: up"}}`, 404, 0, "denied"},
		{"another method", ``, 405, 0, "unsupported"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			up, p := upstream(t, nil)
			up.On(countPath, providertest.JSON(tt.status, tt.answer))
			n, err := p.CountMessage(t.Context(), call(t, body))
			class := ""
			if err != nil {
				class = provider.ClassOf(err).String()
			}
			if n != tt.want || class != tt.class {
				t.Errorf("%d, %v; want %d, %q", n, err, tt.want, tt.class)
			}
			if got := up.Last().Body; got != `{"model":"up","system":"s","messages":[],"tools":[]}` {
				t.Errorf("asked with %s", got)
			}
		})
	}
}

func TestModels(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, nil)
	up.On(modelsPath, func(x *providertest.Exchange) {
		switch q := x.Request.URL.Query(); {
		case q.Get("limit") != "1000":
			providertest.JSON(400, `{}`)(x)
		case q.Get("after_id") == "":
			providertest.JSON(200, `{"data":[{"type":"model","id":"big-1","display_name":"Big 1","created_at":"2026-01-01T00:00:00Z","lifecycle":"active"},
				{"type":"model","id":"old-1","display_name":"Old 1","lifecycle":"retired"}],"has_more":true,"first_id":"big-1","last_id":"old-1"}`)(x)
		case q.Get("after_id") == "old-1":
			providertest.JSON(200, `{"data":[{"type":"model","id":"small-1","display_name":"Small 1"}],"has_more":false,"first_id":"small-1","last_id":"small-1"}`)(x)
		}
	})
	got, err := p.Models(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []provider.Listed{{Name: "big-1", Title: "Big 1", API: "chat"}, {Name: "small-1", Title: "Small 1", API: "chat"}}
	if diff := cmp.Diff(want, got); diff != "" || len(up.Requests()) != 2 {
		t.Errorf("%d requests: %s", len(up.Requests()), diff)
	}
	up.On(modelsPath, providertest.JSON(200, `{"data":[],"has_more":true,"last_id":"x"}`)) // for ever the same page
	if _, err := p.Models(t.Context()); err != nil || len(up.Requests()) != 4 {
		t.Errorf("%v after %d requests", err, len(up.Requests()))
	}
	for _, body := range []string{`[]`, `{"data":{}}`, `{"data":[]`} {
		up.On(modelsPath, providertest.JSON(200, body))
		if _, err := p.Models(t.Context()); err == nil || provider.ClassOf(err) != provider.Broken {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	told := func(kind, message string) string {
		return `{"type":"error","error":{"type":` + quote(kind) + `,"message":` + quote(message) + `},"request_id":"req_1"}`
	}
	tests := []struct {
		name   string
		status int
		body   string
		want   provider.Error
	}{
		{"a field", 400, told("invalid_request_error", "messages.0.content: Input should be a valid list, up"), provider.Error{Class: provider.Rejected, Param: "messages.0.content", Message: "messages.0.content: Input should be a valid list, shown"}},
		{"too long", 400, told("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), provider.Error{Class: provider.Rejected, Code: "context_length_exceeded", Message: "prompt is too long: 210000 tokens > 200000 maximum"}},
		{"too long with its answer", 400, told("invalid_request_error", "input length and `max_tokens` exceed context limit: 1 + 2 > 2"), provider.Error{Class: provider.Rejected, Code: "context_length_exceeded", Message: "input length and `max_tokens` exceed context limit: 1 + 2 > 2"}},
		{"our account is empty", 400, told("invalid_request_error", "Your credit balance is too low to access the API."), provider.Error{Class: provider.Denied, Message: "Your credit balance is too low to access the API."}},
		{"our account is on hold", 400, `{"type":"error","error":{"type":"invalid_request_error","message":"No.","details":{"error_code":"organization_on_hold"}}}`, provider.Error{Class: provider.Denied, Message: "No.", Code: "organization_on_hold"}},
		{"overloaded", 529, told("overloaded_error", "Overloaded"), provider.Error{Class: provider.Busy, Message: "Overloaded"}},
		{"no such model", 404, told("not_found_error", "model: up"), provider.Error{Class: provider.Denied, Message: "model: shown", Param: "model"}},
		{"no permission", 403, told("permission_error", "No up."), provider.Error{Class: provider.Denied, Message: "No shown."}},
		{"too large", 413, told("request_too_large", "Request exceeds the maximum size"), provider.Error{Class: provider.Rejected, Message: "Request exceeds the maximum size"}},
		{"another form", 400, `{"detail":"no"}`, provider.Error{Class: provider.Rejected}},
		{"a page", 400, `<html>`, provider.Error{Class: provider.Broken}},
		{"redirect", 302, ``, provider.Error{Class: provider.Denied}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			up, p := upstream(t, nil)
			up.On(messagesPath, providertest.JSON(tt.status, tt.body))
			_, err := p.Message(t.Context(), call(t, `{"model":"a"}`))
			var got *provider.Error
			if !errors.As(err, &got) {
				t.Fatal(err)
			}
			tt.want.Status = tt.status
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Callers of chat completions are told the fields that they know.
func TestRefusalsInChatWords(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"max_tokens: 9 > 8":                      "max_tokens",
		"messages.3.content.0: no":               "messages",
		"system.0.text: no":                      "messages",
		"stop_sequences: each must not be blank": "stop",
		"output_config.format.schema: no":        "response_format",
		"metadata.user_id: too long":             "user",
		"tools.0.custom.name: no":                "tools",
		"top_k: no":                              "top_k",
		"Something: else":                        "Something",
		"All of it is wrong":                     "",
	} {
		up, p := upstream(t, nil)
		up.On(messagesPath, providertest.JSON(400, `{"type":"error","error":{"type":"invalid_request_error","message":`+quote(message)+`}}`))
		_, err := p.Chat(t.Context(), call(t, `{"model":"a","messages":[]}`))
		var e *provider.Error
		if !errors.As(err, &e) || e.Class != provider.Rejected || e.Param != want {
			t.Errorf("%s: %+v, want %q", message, e, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, "0.5": 500 * time.Millisecond, "Fri, 01 May 2026 12:01:00 GMT": time.Minute, "-3": 0, "NaN": 0, "1e300": 24 * time.Hour, "soon": 0,
	} {
		for _, status := range []int{429, 529} {
			up, p := upstream(t, nil)
			up.On(messagesPath, func(x *providertest.Exchange) { x.Head(status, "Retry-After", value) })
			_, err := p.Chat(t.Context(), call(t, `{"model":"a","messages":[]}`))
			var e *provider.Error
			if !errors.As(err, &e) || e.Class != provider.Busy || e.RetryAfter != want {
				t.Errorf("%d, %s: %+v, want %s", status, value, e, want)
			}
		}
	}
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	long := message("up", strings.Repeat("x", 200), provider.Usage{})
	for _, script := range []providertest.Script{providertest.JSON(200, long), func(x *providertest.Exchange) { x.Head(200); x.Say(long) }} {
		up, p := upstream(t, func(o *anthropic.Options) { o.MaxAnswer = 100 })
		up.On(messagesPath, script)
		if _, err := p.Message(t.Context(), call(t, `{"model":"a"}`)); err == nil || provider.ClassOf(err) != provider.Broken || !strings.Contains(err.Error(), "100") {
			t.Errorf("%v", err)
		}
	}
	up, p := upstream(t, nil)
	up.On(messagesPath, func(x *providertest.Exchange) {
		x.Head(200, "Content-Type", "application/json", "Content-Encoding", "br")
		x.Say("x")
	})
	if _, err := p.Message(t.Context(), call(t, `{"model":"a"}`)); err == nil || provider.ClassOf(err) != provider.Broken {
		t.Errorf("coded: %v", err)
	}
}
