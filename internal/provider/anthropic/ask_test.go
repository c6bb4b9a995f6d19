package anthropic_test

import (
	"errors"
	"strings"
	"testing"

	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/provider/providertest"
)

// What the API can't carry is refused by name, before anything is sent.
func TestUncarriedFields(t *testing.T) {
	t.Parallel()
	message := func(m string) string { return `"messages":[{"role":"user","content":"x"},` + m + `]` }
	for members, want := range map[string]string{
		`"n":2`: "n", `"logprobs":true`: "logprobs", `"top_logprobs":3`: "top_logprobs", `"frequency_penalty":0.1`: "frequency_penalty",
		`"presence_penalty":-1`: "presence_penalty", `"logit_bias":{"1":2}`: "logit_bias", `"modalities":["text","audio"]`: "modalities",
		`"audio":{}`: "audio", `"seed":1`: "seed", `"functions":[]`: "functions", `"function_call":"auto"`: "function_call",
		`"verbosity":"low"`: "verbosity", `"web_search_options":{}`: "web_search_options",
		`"temperature":1.5`: "temperature", `"temperature":"x"`: "temperature", `"stop":1`: "stop", `"service_tier":"flex"`: "service_tier",
		`"reasoning_effort":"deep"`: "reasoning_effort", `"user":1`: "user",
		`"response_format":{"type":"json_object"}`:                  "response_format",
		`"response_format":{"type":"grammar"}`:                      "response_format",
		`"response_format":{"type":"json_schema","json_schema":{}}`: "response_format.json_schema.schema",
		`"messages":"x"`: "messages",
		`"messages":[1]`: "messages[0].role",
		message(`{"role":"function","content":"x"}`):                                                              "messages[1].role",
		message(`{"role":"robot","content":"x"}`):                                                                 "messages[1].role",
		message(`{"role":"user","content":1}`):                                                                    "messages[1].content",
		message(`{"role":"user","content":[{"text":"x"}]}`):                                                       "messages[1].content[0].type",
		message(`{"role":"user","content":[{"type":"input_audio"}]}`):                                             "messages[1].content[0].type",
		message(`{"role":"user","content":[{"type":"text","text":1}]}`):                                           "messages[1].content[0].text",
		message(`{"role":"user","content":[{"type":"image_url"}]}`):                                               "messages[1].content[0].image_url.url",
		message(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"ftp://x"}}]}`):                 "messages[1].content[0].image_url.url",
		message(`{"role":"user","content":[{"type":"file","file":{"file_id":"x"}}]}`):                             "messages[1].content[0].file.file_data",
		message(`{"role":"user","content":[{"type":"file","file":{"file_data":"data:text/plain;base64,eA=="}}]}`): "messages[1].content[0].file.file_data",
		message(`{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://x"}}]}`):             "messages[1].content[0].type",
		message(`{"role":"assistant","audio":{"id":"x"}}`):                                                        "messages[1].audio",
		message(`{"role":"assistant","function_call":{}}`):                                                        "messages[1].function_call",
		message(`{"role":"assistant","tool_calls":{}}`):                                                           "messages[1].tool_calls",
		message(`{"role":"assistant","tool_calls":[{"id":"a","type":"custom","custom":{}}]}`):                     "messages[1].tool_calls[0].type",
		message(`{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}`):                                  "messages[1].tool_calls[0].id",
		message(`{"role":"assistant","tool_calls":[{"id":"a","function":{}}]}`):                                   "messages[1].tool_calls[0].function.name",
		message(`{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"[1]"}}]}`):       "messages[1].tool_calls[0].function.arguments",
		message(`{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]}`):         "messages[1].tool_calls[0].function.arguments",
		message(`{"role":"tool","content":"x"}`):                                                                  "messages[1].tool_call_id",
		`"tools":{}`:                                                                                              "tools",
		`"tools":[{"type":"web_search"}]`:                                                                         "tools[0].type",
		`"tools":[{"type":"function"}]`:                                                                           "tools[0].function.name",
		`"tools":[{"type":"function","function":{"name":"f","parameters":[]}}]`:                                   "tools[0].function.parameters",
		`"tool_choice":"maybe"`:                                                                                   "tool_choice",
		`"tool_choice":{"type":"allowed_tools"}`:                                                                  "tool_choice",
		message(`{"role":"system","content":"x"}`) + `,"system":"y"`:                                              "system",
		`"stop":"x","stop_sequences":["y"]`:                                                                       "stop_sequences",
		`"reasoning_effort":"low","thinking":{"type":"disabled"}`:                                                 "thinking",
		`"reasoning_effort":"low","output_config":{}`:                                                             "output_config",
	} {
		body := `{"model":"a",` + members
		if !strings.Contains(members, `"messages"`) {
			body += `,"messages":[]`
		}
		up, p := upstream(t, nil)
		_, err := p.Chat(t.Context(), call(t, body+`}`))
		if param, message := toldOf(err); param != want || !strings.HasPrefix(message, "'"+want+"' ") || len(up.Requests()) != 0 {
			t.Errorf("%s: %v after %d requests, want %s", members, err, len(up.Requests()), want)
		}
		if _, err := p.ChatStream(t.Context(), call(t, body+`}`)); err == nil {
			t.Errorf("%s was streamed", members)
		}
	}
}

// toldOf is what a caller is told of a request that was not sent.
func toldOf(err error) (param, message string) {
	var e *provider.Error
	var f *fault.Error
	switch {
	case !errors.As(err, &e):
	case e.Class == provider.Rejected:
		return e.Param, e.Message
	case e.Class == provider.Unsupported && errors.As(err, &f) && f.ID == fault.InvalidParameter:
		return f.Param, f.Message
	}
	return "", ""
}

// What is wrong stays wrong elsewhere; what is only unknown to the API may be served there.
func TestAnotherUpstreamMayServeWhatThisOneDoesNot(t *testing.T) {
	t.Parallel()
	for members, want := range map[string]provider.Class{
		`"n":2`: provider.Unsupported, `"temperature":1.5`: provider.Unsupported, `"temperature":-1`: provider.Rejected,
		`"response_format":{"type":"json_object"}`: provider.Unsupported, `"tools":{}`: provider.Rejected, `"tools":[{"type":"web_search"}]`: provider.Unsupported,
		`"tool_choice":"maybe"`: provider.Rejected, `"tool_choice":{"type":"allowed_tools"}`: provider.Unsupported, `"stop":1`: provider.Rejected,
	} {
		_, p := upstream(t, nil)
		if _, err := p.Chat(t.Context(), call(t, `{"model":"a","messages":[],`+members+`}`)); err == nil || provider.ClassOf(err) != want {
			t.Errorf("%s: %v, want %s", members, err, want)
		}
	}
}

// newer and older are models that take one way to ask for thinking.
func newer(x *providertest.Exchange) {
	if strings.Contains(x.Request.Body, `"enabled"`) {
		providertest.JSON(400, `{"error":{"type":"invalid_request_error","message":"thinking.type.enabled is not supported by this model"}}`)(x)
		return
	}
	providertest.JSON(200, message("up", "Hi", provider.Usage{Reported: true, Input: 1, Output: 1}))(x)
}

func older(x *providertest.Exchange) {
	if strings.Contains(x.Request.Body, `"adaptive"`) {
		providertest.JSON(400, `{"error":{"type":"invalid_request_error","message":"adaptive thinking is not supported on this model"}}`)(x)
		return
	}
	providertest.JSON(200, message("up", "Hi", provider.Usage{Reported: true, Input: 1, Output: 1}))(x)
}

func TestTheWayToAskForThinkingIsLearned(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, nil)
	ask := func(members string, script providertest.Script, requests int, last string) {
		t.Helper()
		up.On(messagesPath, script)
		before := len(up.Requests())
		if _, err := p.Chat(t.Context(), call(t, `{"model":"a","messages":[{"role":"user","content":"x"}]`+members+`}`)); err != nil {
			t.Errorf("%s: %v", members, err)
		}
		if n := len(up.Requests()) - before; n != requests || !strings.Contains(up.Last().Body, last) {
			t.Errorf("%s: %d requests, want %d; the last was %s, want %s", members, n, requests, up.Last().Body, last)
		}
	}
	ask(`,"reasoning_effort":"high"`, newer, 1, `"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"high"}`)
	ask(`,"reasoning_effort":"high"`, older, 2, `"thinking":{"type":"enabled","budget_tokens":4096}`) // half of 8192
	ask(`,"reasoning_effort":"low"`, older, 1, `"budget_tokens":1024}`)
	ask(`,"reasoning_effort":"low","max_tokens":2000`, older, 1, `"max_tokens":2000,"messages":[{"role":"user","content":[{"type":"text","text":"x"}]}]}`)
	ask(`,"reasoning_effort":"max","max_tokens":100000`, older, 1, `"budget_tokens":32768}`)
	ask(`,"reasoning_effort":"none"`, older, 1, `"thinking":{"type":"disabled"}`)
	ask(`,"reasoning_effort":"xhigh"`, newer, 2, `"effort":"xhigh"`) // the name stands for another model now
	ask(`,"reasoning_effort":"minimal"`, newer, 1, `"effort":"low"`)
}

// A turn that goes on after a tool call would need its thoughts back, where they have a
// budget.
func TestNoBudgetWithinATurn(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, nil)
	up.On(messagesPath, older)
	const turn = `{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"1"}`
	for messages, want := range map[string]bool{turn: false, turn + `,{"role":"system","content":"y"}`: false, turn + `,{"role":"user","content":"y"}`: true} {
		if _, err := p.Chat(t.Context(), call(t, `{"model":"a","reasoning_effort":"high","messages":[`+messages+`]}`)); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(up.Last().Body, "budget_tokens"); got != want {
			t.Errorf("%s: a budget %v", messages, got)
		}
	}
}

// Another trouble than the way to ask stays what it was, and is not learned from.
func TestRefusedThinking(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, nil)
	up.On(messagesPath, func(x *providertest.Exchange) {
		way := "first"
		if strings.Contains(x.Request.Body, `"enabled"`) {
			way = "second"
		}
		providertest.JSON(400, `{"error":{"type":"invalid_request_error","message":"Thinking may not be enabled when tool_choice forces tool use, `+way+`."}}`)(x)
	})
	for range 2 {
		_, err := p.Chat(t.Context(), call(t, `{"model":"a","reasoning_effort":"high","messages":[{"role":"user","content":"x"}]}`))
		if err == nil || !strings.Contains(err.Error(), "first") {
			t.Error(err)
		}
	}
	up.On(messagesPath, func(x *providertest.Exchange) {
		if strings.Contains(x.Request.Body, `"enabled"`) {
			providertest.JSON(529, `{}`)(x)
			return
		}
		older(x)
	})
	if _, err := p.ChatStream(t.Context(), call(t, `{"model":"a","reasoning_effort":"high","messages":[]}`)); err == nil || provider.ClassOf(err) != provider.Busy {
		t.Error(err)
	}
}
