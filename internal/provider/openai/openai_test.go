package openai_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/openai"
	"skytower/internal/provider/providertest"
)

const (
	chatPath      = "/v1/chat/completions"
	responsesPath = "/v1/responses"
	embedPath     = "/v1/embeddings"
)

// upstream is a scripted server and the adapter for it.
func upstream(t testing.TB, change func(*openai.Options)) (*providertest.Upstream, *openai.Provider) {
	t.Helper()
	up := providertest.NewUpstream(t, providertest.HTTP1)
	o := openai.Options{Name: "test", BaseURL: up.URL.JoinPath("v1"), Credential: "sk-secret", Upstream: up.Client}
	if change != nil {
		change(&o)
	}
	return up, openai.New(o)
}

// call is the suite's call with names that are easy to read.
func call(t testing.TB, body string) *provider.Call {
	c := providertest.Call(t, body)
	c.Model, c.Show = "up", "shown"
	return c
}

func TestBodiesThatGoUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		path   string
		stream bool
		max    int64
		body   string
		want   string
	}{
		{"all else as it was", chatPath, false, 0, ` {"messages":[ ], "model":"a","x":1.0,"y":{"model":"a"}} `, ` {"messages":[ ], "model":"up","x":1.0,"y":{"model":"a"}} `},
		{"a stream that is not one", chatPath, false, 0, `{"model":"a","stream":true}`, `{"model":"up","stream":false}`},
		{"stream", chatPath, true, 0, `{"model":"a","stream":true}`, `{"model":"up","stream":true,"stream_options":{"include_usage":true}}`},
		{"stream by query", chatPath, true, 0, `{"model":"a"}`, `{"model":"up","stream":true,"stream_options":{"include_usage":true}}`},
		{"stream: null", chatPath, true, 0, `{"model":"a","stream":null}`, `{"model":"up","stream":true,"stream_options":{"include_usage":true}}`},
		{"other stream options", chatPath, true, 0, `{"model":"a","stream":true,"stream_options":{"x":[1]}}`, `{"model":"up","stream":true,"stream_options":{"x":[1],"include_usage":true}}`},
		{"usage refused", chatPath, true, 0, `{"model":"a","stream":true,"stream_options":{"include_usage":false}}`, `{"model":"up","stream":true,"stream_options":{"include_usage":true}}`},
		{"stream options null", chatPath, true, 0, `{"model":"a","stream":true,"stream_options":null}`, `{"model":"up","stream":true,"stream_options":{"include_usage":true}}`},
		{"limit added", chatPath, false, 7, `{"model":"a"}`, `{"model":"up","max_tokens":7}`},
		{"limit in place of null", chatPath, false, 7, `{"max_tokens":null,"model":"a"}`, `{"max_tokens":7,"model":"up"}`},
		{"limit lowered", chatPath, false, 7, `{"model":"a","max_tokens":8}`, `{"model":"up","max_tokens":7}`},
		{"limit by the other name", chatPath, false, 7, `{"model":"a","max_completion_tokens":8}`, `{"model":"up","max_completion_tokens":7}`},
		{"both limits", chatPath, false, 7, `{"model":"a","max_completion_tokens":8,"max_tokens":2}`, `{"model":"up","max_completion_tokens":7,"max_tokens":2}`},
		{"lower limit stays", chatPath, false, 7, `{"model":"a","max_tokens":6.0}`, `{"model":"up","max_tokens":6.0}`},
		{"responses", responsesPath, false, 0, `{"model":"a","input":"x"}`, `{"model":"up","input":"x","store":false}`},
		{"responses stored", responsesPath, true, 0, `{"model":"a","store":true}`, `{"model":"up","store":true,"stream":true}`},
		{"responses limit", responsesPath, false, 7, `{"model":"a","store":false}`, `{"model":"up","store":false,"max_output_tokens":7}`},
		{"responses limit lowered", responsesPath, false, 7, `{"model":"a","store":false,"max_output_tokens":9}`, `{"model":"up","store":false,"max_output_tokens":7}`},
		{"embeddings", embedPath, false, 7, `{"input":["a"],"model":"a"}`, `{"input":["a"],"model":"up"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			up, p := upstream(t, nil)
			c := call(t, tt.body)
			c.MaxTokens = tt.max
			send(t, p, c, tt.path, tt.stream)
			got := up.Last()
			if got.Body != tt.want || got.URL.Path != tt.path || got.Method != http.MethodPost {
				t.Errorf("%s %s\n%s, want\n%s", got.Method, got.URL, got.Body, tt.want)
			}
			if string(c.Body.Bytes()) != tt.body {
				t.Error("the caller's body changed")
			}
		})
	}
}

// send makes the call of the path; nothing answers, so it fails.
func send(t testing.TB, p *openai.Provider, c *provider.Call, path string, stream bool) {
	t.Helper()
	var err error
	switch {
	case path == embedPath:
		_, err = p.Embed(t.Context(), c)
	case path == chatPath && stream:
		_, err = p.ChatStream(t.Context(), c)
	case path == chatPath:
		_, err = p.Chat(t.Context(), c)
	case stream:
		_, err = p.RespondStream(t.Context(), c)
	default:
		_, err = p.Respond(t.Context(), c)
	}
	if err == nil {
		t.Fatal("an answer without an upstream")
	}
}

func TestHeadersThatGoUp(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, func(o *openai.Options) { o.BaseURL.RawQuery = "api-version=1" })
	c := call(t, `{"model":"a"}`)
	c.Header = http.Header{
		"Openai-Beta": {"one", "two"}, "Authorization": {"Bearer theirs"}, "Cookie": {"a=b"}, "Accept": {"text/html"},
		"X-Idempotency-Key": {"1"},
	}
	send(t, p, c, chatPath, true)
	want := http.Header{
		"Accept": {"text/event-stream"}, "Accept-Encoding": {"identity"}, "Authorization": {"Bearer sk-secret"},
		"Content-Type": {"application/json"}, "Openai-Beta": {"one", "two"}, "User-Agent": {"skytower"},
		"X-Request-Id": {"req_0123456789"},
	}
	got := up.Last()
	got.Header.Del("Content-Length")
	if diff := cmp.Diff(want, got.Header); diff != "" {
		t.Error(diff)
	}
	if got.URL.RawQuery != "api-version=1" {
		t.Errorf("query %q", got.URL.RawQuery)
	}
	if text := fmt.Sprintf("%v %+v %#v", p, p, p); strings.Contains(text, "sk-secret") {
		t.Errorf("printed: %s", text)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		path   string
		status int
		body   string
		want   provider.Error
	}{
		{"OpenAI", chatPath, 400, `{"error":{"message":"Bad 'n'.","type":"invalid_request_error","param":"n","code":"bad"}}`, provider.Error{Class: provider.Rejected, Message: "Bad 'n'.", Param: "n", Code: "bad"}},
		{"Ollama", chatPath, 400, `{"error":"no such thing as up"}`, provider.Error{Class: provider.Rejected, Message: "no such thing as shown"}},
		{"vLLM", chatPath, 400, `{"object":"error","message":"up's maximum context length is 10","type":"BadRequestError","param":null,"code":400}`, provider.Error{Class: provider.Rejected, Message: "shown's maximum context length is 10", Code: "context_length_exceeded"}},
		{"llama.cpp", chatPath, 400, `{"error":{"code":400,"message":"too long","type":"exceed_context_size_error"}}`, provider.Error{Class: provider.Rejected, Message: "too long", Code: "context_length_exceeded"}},
		{"FastAPI text", chatPath, 422, `{"detail":"No"}`, provider.Error{Class: provider.Rejected, Message: "No"}},
		{"FastAPI list", chatPath, 422, `{"detail":[{"loc":["body","n"],"msg":"not a number","type":"x"},{"msg":"other"}]}`, provider.Error{Class: provider.Rejected, Message: "not a number", Param: "n"}},
		{"text", chatPath, 400, `upside down`, provider.Error{Class: provider.Rejected}},
		{"page of a proxy", chatPath, 400, `<html>up</html>`, provider.Error{Class: provider.Broken}},
		{"page of a proxy for 413", chatPath, 413, `<html>too large</html>`, provider.Error{Class: provider.Rejected}},
		{"our model name, by code", chatPath, 400, `{"error":{"message":"no up","code":"model_not_found"}}`, provider.Error{Class: provider.Denied, Message: "no shown", Code: "model_not_found"}},
		{"our model name, by field", chatPath, 422, `{"error":{"message":"no up","param":"model"}}`, provider.Error{Class: provider.Denied, Message: "no shown", Param: "model"}},
		{"unknown model", chatPath, 404, `{"error":{"message":"no up"}}`, provider.Error{Class: provider.Denied, Message: "no shown"}},
		{"redirect", chatPath, 307, ``, provider.Error{Class: provider.Denied}},
		{"conflict", chatPath, 409, `{}`, provider.Error{Class: provider.Broken}},
		{"embeddings are missing", embedPath, 404, `404 page not found`, provider.Error{Class: provider.Denied}},
		{"responses are missing", responsesPath, 404, `404 page not found`, provider.Error{Class: provider.Unsupported}},
		{"responses are missing, FastAPI", responsesPath, 404, `{"detail":"Not Found"}`, provider.Error{Class: provider.Unsupported, Message: "Not Found"}},
		{"responses, wrong method", responsesPath, 405, ``, provider.Error{Class: provider.Unsupported}},
		{"responses, not implemented", responsesPath, 501, ``, provider.Error{Class: provider.Unsupported}},
		{"responses, unknown model", responsesPath, 404, `{"error":{"message":"The model does not exist.","code":"model_not_found"}}`, provider.Error{Class: provider.Denied, Message: "The model does not exist.", Code: "model_not_found"}},
		{"responses, unknown model by text", responsesPath, 404, `{"error":{"message":"model 'up' not found"}}`, provider.Error{Class: provider.Denied, Message: "model 'shown' not found"}},
		{"responses, unknown response", responsesPath, 404, `{"error":{"message":"No such response.","param":"previous_response_id"}}`, provider.Error{Class: provider.Rejected, Message: "No such response.", Param: "previous_response_id"}},
		{"too much text", chatPath, 400, `{"error":{"message":"` + strings.Repeat("é", 1500) + `"}}`, provider.Error{Class: provider.Rejected, Message: strings.Repeat("é", 1024) + "…"}},
		{"larger than is read", chatPath, 400, `{"error":{"message":"` + strings.Repeat("x", 70_000) + `"}}`, provider.Error{Class: provider.Rejected}},
		{"only whole words are names", chatPath, 400, `{"error":"upset up, 'up' up2 sup up"}`, provider.Error{Class: provider.Rejected, Message: "upset shown, 'shown' up2 sup shown"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			up, p := upstream(t, nil)
			up.On(tt.path, providertest.JSON(tt.status, tt.body))
			var err error
			switch c := call(t, `{"model":"a"}`); tt.path {
			case chatPath:
				_, err = p.Chat(t.Context(), c)
			case embedPath:
				_, err = p.Embed(t.Context(), c)
			default:
				_, err = p.Respond(t.Context(), c)
			}
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

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, value string
		want        time.Duration
	}{
		{"Retry-After", "7", 7 * time.Second},
		{"Retry-After", "0.5", 500 * time.Millisecond},
		{"Retry-After", "Fri, 01 May 2026 12:01:00 GMT", time.Minute},
		{"Retry-After", "Fri, 01 May 2026 11:59:00 GMT", 0},
		{"Retry-After", "-3", 0},
		{"Retry-After", "NaN", 0},
		{"Retry-After", "1e300", 24 * time.Hour},
		{"Retry-After", "soon", 0},
		{"Retry-After-Ms", "250", 250 * time.Millisecond},
	} {
		up, p := upstream(t, func(o *openai.Options) { o.Now = func() time.Time { return now } })
		up.On(chatPath, func(x *providertest.Exchange) { x.Head(429, tt.name, tt.value) })
		_, err := p.Chat(t.Context(), call(t, `{"model":"a"}`))
		var e *provider.Error
		if !errors.As(err, &e) || e.Class != provider.Busy || e.RetryAfter != tt.want {
			t.Errorf("%s %s: %+v, want %s", tt.name, tt.value, e, tt.want)
		}
	}
}

func TestTheAddressPolicyRefuses(t *testing.T) {
	t.Parallel()
	up, _ := upstream(t, nil)
	client := egress.New(egress.Foreign(egress.Rules{Log: slog.New(slog.DiscardHandler)}), egress.Options{})
	p := openai.New(openai.Options{BaseURL: up.URL, Upstream: client})
	_, err := p.Chat(t.Context(), call(t, `{"model":"a"}`))
	if got := provider.ClassOf(err); got != provider.Forbidden {
		t.Errorf("class %s: %v", got, err)
	}
}

func TestStreamOptionsAreLeftOutWhereRefused(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, nil)
	up.On(chatPath, func(x *providertest.Exchange) {
		if strings.Contains(x.Request.Body, "stream_options") {
			providertest.JSON(400, `{"detail":[{"loc":["body","stream_options"],"msg":"extra fields not permitted"}]}`)(x)
			return
		}
		providertest.Events(chunkOf("Hi", "stop"), "data: [DONE]\n\n")(x)
	})
	for range 2 {
		s, err := p.ChatStream(t.Context(), call(t, `{"model":"a","stream_options":{"include_usage":true}}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := all(s); err != nil {
			t.Error(err)
		}
	}
	if n := len(up.Requests()); n != 3 { // refused, again, and the second call
		t.Errorf("%d requests, want 3", n)
	}
}

func TestMissingResponsesAreRememberedForAWhile(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	for _, tt := range []struct {
		mode     string
		class    provider.Class
		requests []int // after the first call, the second, and one 11 minutes later
	}{
		{openai.Auto, provider.Unsupported, []int{1, 1, 2}},
		{"", provider.Unsupported, []int{1, 1, 2}},
		{openai.Chat, provider.Unsupported, []int{0, 0, 0}},
		{openai.Native, provider.Denied, []int{1, 2, 3}},
	} {
		now.Store(0)
		up, p := upstream(t, func(o *openai.Options) {
			o.Responses, o.Now = tt.mode, func() time.Time { return time.Unix(1e9+now.Load(), 0) }
		})
		for i, want := range tt.requests {
			if i == 2 {
				now.Add(11 * 60)
			}
			var err error
			if i == 1 {
				_, err = p.RespondStream(t.Context(), call(t, `{"model":"a"}`))
			} else {
				_, err = p.Respond(t.Context(), call(t, `{"model":"a"}`))
			}
			if provider.ClassOf(err) != tt.class || len(up.Requests()) != want {
				t.Errorf("%q, call %d: %v after %d requests, want %s after %d", tt.mode, i, err, len(up.Requests()), tt.class, want)
			}
		}
	}
}

func TestGzipIsDecoded(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, func(o *openai.Options) { o.MaxAnswer = 1000 })
	zipped := func(body string) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(body))
		_ = z.Close()
		return b.Bytes()
	}
	body := chatAnswer("up", "Hi", provider.Usage{})
	up.On(chatPath, func(x *providertest.Exchange) {
		x.Head(200, "Content-Encoding", "gzip")
		x.Say(string(zipped(body)))
	})
	answer, err := p.Chat(t.Context(), call(t, `{"model":"a"}`))
	if err != nil || string(answer.Body) != strings.Replace(body, `"up"`, `"shown"`, 1) {
		t.Errorf("%v, error %v", answer, err)
	}
	body = `{"choices":[],"x":"` + strings.Repeat("x", 1000) + `"}` // small when zipped
	if _, err := p.Chat(t.Context(), call(t, `{"model":"a"}`)); provider.ClassOf(err) != provider.Broken || err == nil {
		t.Errorf("a large answer: %v", err)
	}
	up.On(chatPath, func(x *providertest.Exchange) {
		x.Head(200, "Content-Type", "text/event-stream", "Content-Encoding", "gzip")
		x.Say(string(zipped(chunkOf("Hi", "stop") + "data: [DONE]\n\n")))
	})
	s, err := p.ChatStream(t.Context(), call(t, `{"model":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := all(s); err != nil || len(got) != 1 {
		t.Errorf("%q, error %v", got, err)
	}
}

func TestLargeAnswersAreRefused(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, func(o *openai.Options) { o.MaxAnswer = 100 })
	body := chatAnswer("up", strings.Repeat("x", 100), provider.Usage{})
	for name, script := range map[string]providertest.Script{
		"announced": providertest.JSON(200, body),
		"not announced": func(x *providertest.Exchange) {
			x.Head(200)
			x.Say(body)
		},
	} {
		up.On(chatPath, script)
		_, err := p.Chat(t.Context(), call(t, `{"model":"a"}`))
		if err == nil || provider.ClassOf(err) != provider.Broken {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestModels(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]provider.Listed{
		`{"object":"list","data":[{"id":"a","owned_by":"b"},{"id":"c"},{"x":1}]}`: {{Name: "a", OwnedBy: "b"}, {Name: "c"}},
		`[{"id":"a"}]`: {{Name: "a"}},
		`{"data":[]}`:  nil,
	} {
		up, p := upstream(t, nil)
		up.On("/v1/models", providertest.JSON(200, body))
		got, err := p.Models(t.Context())
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %s, error %v", body, diff, err)
		}
		if r := up.Last(); r.Method != http.MethodGet || r.Header.Get("Content-Type") != "" {
			t.Errorf("request %+v", r)
		}
	}
	up, p := upstream(t, nil)
	for _, body := range []string{`{}`, `{"data":{}}`, `<html>`, `[{"id":"a"}`} {
		up.On("/v1/models", providertest.JSON(200, body))
		if got, err := p.Models(t.Context()); err == nil {
			t.Errorf("%s: %v", body, got)
		}
	}
}

// all reads a stream's data and closes it.
func all(s provider.Stream) (data []string, err error) {
	defer s.Close()
	for {
		ev, err := s.Next()
		if err == io.EOF {
			return data, nil
		}
		if err != nil {
			return data, err
		}
		data = append(data, string(ev.Data))
	}
}

// chunkOf is a chunk with text and, unless it is "", a finish reason.
func chunkOf(text, reason string) string {
	end := "null"
	if reason != "" {
		end = quote(reason)
	}
	return `data: {"id":"c1","model":"up","choices":[{"index":0,"delta":{"content":` + quote(text) + `},"finish_reason":` + end + "}]}\n\n"
}
