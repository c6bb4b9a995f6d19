package openai_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/provider"
	"skytower/internal/provider/openai"
	"skytower/internal/provider/providertest"
)

// streamOf opens a chat stream on a body.
func streamOf(t testing.TB, pieces ...string) provider.Stream {
	t.Helper()
	up, p := upstream(t, nil)
	up.On(chatPath, providertest.Events(pieces...))
	s, err := p.ChatStream(t.Context(), call(t, `{"model":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestChunks(t *testing.T) {
	t.Parallel()
	usage := `{"prompt_tokens":3,"completion_tokens":2}`
	reported := provider.Usage{Reported: true, Input: 3, Output: 2}
	tests := []struct {
		name, chunk string
		want        provider.Event // Data is compared as text
		data        string
	}{
		{"the model's name", `{"a":1,"model":"up","choices":[],"b":{"model":"up"}}`, provider.Event{}, `{"a":1,"model":"shown","choices":[],"b":{"model":"up"}}`},
		{"no model's name", `{"choices":[]}`, provider.Event{}, `{"model":"shown","choices":[]}`},
		{"as it should be", `{"model":"shown","choices":[]}`, provider.Event{}, `{"model":"shown","choices":[]}`},
		{"no choices", `{"model":"up"}`, provider.Event{}, `{"choices":[],"model":"shown"}`},
		{"null choices", `{"model":"up","choices":null}`, provider.Event{}, `{"model":"shown","choices":[]}`},
		{"nothing", ` { } `, provider.Event{}, ` {"choices":[],"model":"shown" } `},
		{"more than one line", "{\"model\":\"up\",\ndata: \"choices\":[]}", provider.Event{}, `{"model":"shown","choices":[]}`},
		{"content", `{"model":"shown","choices":[{"delta":{"role":"assistant","content":"Hé\u00e9\n\ud83d\ude00"}}]}`, provider.Event{Output: true, Bytes: 10}, ""},
		{"reasoning", `{"model":"shown","choices":[{"delta":{"content":null,"reasoning_content":"abc"}}]}`, provider.Event{Output: true, Bytes: 3}, ""},
		{"tool call", `{"model":"shown","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{\"a\":"}}]}}]}`, provider.Event{Output: true, Bytes: 5}, ""},
		{"old function call", `{"model":"shown","choices":[{"delta":{"function_call":{"arguments":"{}"}}}]}`, provider.Event{Output: true, Bytes: 2}, ""},
		{"two choices", `{"model":"shown","choices":[{"delta":{"content":"a"}},{"delta":{"content":"bc"}}]}`, provider.Event{Output: true, Bytes: 3}, ""},
		{"usage alone", `{"model":"shown","choices":[],"usage":` + usage + `}`, provider.Event{Usage: reported, UsageOnly: true}, ""},
		{"usage with content", `{"model":"shown","choices":[{"delta":{"content":"a"}}],"usage":` + usage + `}`, provider.Event{Usage: reported, Output: true, Bytes: 1}, ""},
		{"null usage", `{"model":"shown","choices":[],"usage":null}`, provider.Event{}, ""},
		{"usage of nothing", `{"model":"shown","choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}}`, provider.Event{UsageOnly: true}, ""},
		{"null error", `{"model":"shown","choices":[],"error":null}`, provider.Event{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := streamOf(t, "data: "+tt.chunk+"\n\n").Next()
			if err != nil {
				t.Fatal(err)
			}
			if tt.data == "" {
				tt.data = tt.chunk
			}
			if string(got.Data) != tt.data {
				t.Errorf("data %s, want %s", got.Data, tt.data)
			}
			got.Data = nil
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]provider.Usage{
		`{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":3}}`: {Reported: true, Input: 10, Output: 5, Cached: 4, Reasoning: 3},
		`{"prompt_tokens":10,"completion_tokens":5,"total_tokens":18,"completion_tokens_details":{"reasoning_tokens":3}}`:                                             {Reported: true, Input: 10, Output: 8, Reasoning: 3},
		`{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":null,"completion_tokens_details":{"reasoning_tokens":9}}`:                                  {Reported: true, Input: 10, Output: 5, Reasoning: 5},
		`{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":11}}`:                                                                                           {Reported: true, Input: 10, Cached: 10},
		`{"prompt_tokens":-1,"completion_tokens":9e99}`:                                                                                                               {},
		`{"prompt_tokens":"3"}`: {},
		`null`:                  {},
	} {
		up, p := upstream(t, nil)
		up.On(chatPath, providertest.JSON(200, `{"choices":[],"usage":`+body+`}`))
		got, err := p.Chat(t.Context(), call(t, `{"model":"a"}`))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Usage); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}

func TestEndsOfChatStreams(t *testing.T) {
	t.Parallel()
	text, end := chunkOf("Hi", ""), chunkOf("", "stop")
	tests := []struct {
		name   string
		pieces []string
		events int
		err    string // class, "" for a proper end
	}{
		{"done", []string{text, end, "data: [DONE]\n\n"}, 2, ""},
		{"done without a finish reason", []string{text, "data: [DONE]\n\n"}, 1, ""},
		{"no done", []string{text, end}, 2, ""},
		{"no done and no line end", []string{text, strings.TrimSpace(end)}, 2, ""},
		{"neither", []string{text}, 1, "cut"},
		{"within an event", []string{text, end[:30]}, 1, "cut"},
		{"nothing", nil, 0, "broken"},
		{"comments only", []string{": wait\n\n"}, 0, "broken"},
		{"an error", []string{text, `data: {"error":{"message":"CUDA error in up"}}` + "\n\n", "data: [DONE]\n\n"}, 1, "broken"},
		{"an error beside choices", []string{text, `data: {"error":"x","choices":[]}` + "\n\n", "data: [DONE]\n\n"}, 1, "broken"},
		{"an error by name", []string{text, "event: error\ndata: {\"message\":\"x\"}\n\n"}, 1, "broken"},
		{"an error of old llama.cpp", []string{text, "error: {\"message\":\"x\"}\n\n"}, 1, "broken"},
		{"not JSON", []string{text, "data: hello\n\n", end}, 1, "broken"},
		{"more than an object", []string{text, "data: {}]\n\n", end}, 1, "broken"},
		{"an array", []string{text, "data: []\n\n", end}, 1, "broken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := streamOf(t, tt.pieces...)
			got, err := all(s)
			class := ""
			if err != nil {
				class = provider.ClassOf(err).String()
			}
			if class != tt.err || len(got) != tt.events {
				t.Errorf("%d events, error %v; want %d, %q", len(got), err, tt.events, tt.err)
			}
			if _, again := s.Next(); (again == io.EOF) != (tt.err == "") {
				t.Errorf("and again: %v", again)
			}
			var e *provider.Error
			if errors.As(err, &e) && strings.Contains(e.Message, "up") {
				t.Errorf("the message tells: %q", e.Message)
			}
		})
	}
}

func TestServerThatIgnoresStream(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, nil)
	up.On(chatPath, providertest.JSON(200, `{"id":"c1","object":"chat.completion","model":"up","choices":[{"index":0,"finish_reason":"tool_calls",
		"message":{"role":"assistant","content":"Hi","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]}}],
		"usage":{"prompt_tokens":3,"completion_tokens":2}}`))
	s, err := p.ChatStream(t.Context(), call(t, `{"model":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	var usage provider.Usage
	var data []string
	size := 0
	for {
		ev, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		size += ev.Bytes
		if ev.UsageOnly {
			usage = ev.Usage
		}
		data = append(data, string(ev.Data))
	}
	want := []string{
		`{"choices":[{"delta":{"role":"assistant","content":"Hi","tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":null,"index":0}],"id":"c1","model":"shown","object":"chat.completion.chunk"}`,
		`{"choices":[{"delta":{},"finish_reason":"tool_calls","index":0}],"id":"c1","model":"shown","object":"chat.completion.chunk"}`,
		`{"choices":[],"id":"c1","model":"shown","object":"chat.completion.chunk","usage":{"prompt_tokens":3,"completion_tokens":2}}`,
	}
	if diff := cmp.Diff(want, data); diff != "" {
		t.Error(diff)
	}
	if (usage != provider.Usage{Reported: true, Input: 3, Output: 2}) || size != 4 {
		t.Errorf("usage %+v, %d bytes", usage, size)
	}
	up.On(responsesPath, providertest.JSON(200, responsesAnswer("up", "Hi", provider.Usage{})))
	if _, err := p.RespondStream(t.Context(), call(t, `{"model":"a"}`)); err == nil || provider.ClassOf(err) != provider.Broken {
		t.Errorf("responses: %v", err)
	}
}

func TestResponseEvents(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, nil)
	up.On(responsesPath, func(x *providertest.Exchange) {
		providertest.Events(
			`data: {"type":"response.created","response":{"model":"up","output":[]}}`+"\n\n",
			"event: response.function_call_arguments.delta\ndata: {\"type\":\"response.function_call_arguments.delta\",\"delta\":\"{}\"}\n\n",
			"event: response.thing\ndata: {\"x\":1}\n\n",
			event("response.incomplete", `"response":{"model":"up","usage":{"input_tokens":3,"output_tokens":2},"incomplete_details":{}}`),
		)(x)
		x.Left() // the end of the body is not waited for
	})
	s, err := p.RespondStream(t.Context(), call(t, `{"model":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, want := range []struct {
		data  string
		event provider.Event
	}{
		{`{"type":"response.created","response":{"model":"shown","output":[]}}`, provider.Event{Name: "response.created"}},
		{`{"type":"response.function_call_arguments.delta","delta":"{}"}`, provider.Event{Name: "response.function_call_arguments.delta", Output: true, Bytes: 2}},
		{`{"x":1}`, provider.Event{Name: "response.thing"}},
		{`{"type":"response.incomplete","sequence_number":0,"response":{"model":"shown","usage":{"input_tokens":3,"output_tokens":2},"incomplete_details":{}}}`,
			provider.Event{Name: "response.incomplete", Final: true, Usage: provider.Usage{Reported: true, Input: 3, Output: 2}}},
	} {
		got, err := s.Next()
		if err != nil {
			t.Fatal(err)
		}
		if string(got.Data) != want.data {
			t.Errorf("data %s, want %s", got.Data, want.data)
		}
		got.Data = nil
		if diff := cmp.Diff(want.event, got); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := s.Next(); err != io.EOF {
		t.Errorf("after the last event: %v", err)
	}
}

func TestFailedResponsesTellNothingOfTheUpstream(t *testing.T) {
	t.Parallel()
	for failure, want := range map[string]string{
		`{"code":"server_error","message":"GPU 3 of up fell off the bus"}`: `{"code":"server_error","message":"The model failed."}`,
		`{"code":"invalid_prompt","message":"up does not take this"}`:      `{"code":"invalid_prompt","message":"shown does not take this"}`,
	} {
		up, p := upstream(t, nil)
		body := `{"object":"response","status":"failed","model":"up","output":[],"error":` + failure + `}`
		up.On(responsesPath, providertest.JSON(200, body))
		answer, err := p.Respond(t.Context(), call(t, `{"model":"a"}`))
		if err != nil || !strings.Contains(string(answer.Body), want) || strings.Contains(string(answer.Body), `up"`) {
			t.Errorf("%v, error %v", answer, err)
		}
		up.On(responsesPath, providertest.Events(event("response.failed", `"response":`+body)))
		s, err := p.RespondStream(t.Context(), call(t, `{"model":"a"}`))
		if err != nil {
			t.Fatal(err)
		}
		got, err := all(s)
		if err != nil || len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%q, error %v", got, err)
		}
	}
	up, p := upstream(t, nil)
	up.On(responsesPath, providertest.Events(event("error", `"message":"CUDA","code":"x"`)))
	s, err := p.RespondStream(t.Context(), call(t, `{"model":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := all(s); err == nil || provider.ClassOf(err) != provider.Broken {
		t.Errorf("%q, error %v", got, err)
	}
}

// endless answers every call with the text, again and again.
func endless(t testing.TB, text string) *openai.Provider {
	_, p := upstream(t, func(o *openai.Options) { o.Upstream = providertest.Endless(text) })
	return p
}

const plainChunk = `data: {"id":"chatcmpl-9f2c","object":"chat.completion.chunk","created":1748000000,"model":"up","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}` + "\n\n"

func TestNextDoesNotAllocate(t *testing.T) {
	for name, text := range map[string]string{
		"chat":  plainChunk,
		"lines": strings.Replace(plainChunk, `,"choices"`, "\ndata: ,\"choices\"", 1),
		"usage": "data: {\"model\":\"up\",\"usage\":{\"prompt_tokens\":3,\"completion_tokens_details\":{\"reasoning_tokens\":1}}}\n\n",
	} {
		s, err := endless(t, text).ChatStream(t.Context(), call(t, `{"model":"a"}`))
		if err != nil {
			t.Fatal(err)
		}
		next := func() {
			if ev, err := s.Next(); err != nil || len(ev.Data) == 0 {
				t.Fatal(err)
			}
			s.Ready()
		}
		next()
		next()
		if n := testing.AllocsPerRun(1000, next); n != 0 {
			t.Errorf("%s: %v allocations an event", name, n)
		}
	}
	s, err := endless(t, event("response.output_text.delta", `"delta":"Hel"`)).RespondStream(t.Context(), call(t, `{"model":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("responses: %v allocations an event", n)
	}
}

func BenchmarkNext(b *testing.B) {
	s, err := endless(b, plainChunk).ChatStream(b.Context(), call(b, `{"model":"a"}`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(plainChunk)))
	for b.Loop() {
		if _, err := s.Next(); err != nil {
			b.Fatal(err)
		}
		s.Ready()
	}
}
