package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// The third model of the stage has Anthropic's API upstream, and plays the same scenes.
const (
	anthropicModel = "anthropic"
	upAnthropic    = "inner/anthropic"
	messagesPath   = "/v1/messages"
	countPath      = messagesPath + "/count_tokens"
	nativeCount    = 33
)

// onMessagesStage is onStage with that model.
func onMessagesStage(t *testing.T, o options) *stage {
	t.Helper()
	s := onStage(t, o)
	s.up.On(messagesPath, s.messages)
	s.up.On(countPath, func(x *providertest.Exchange) {
		if !strings.Contains(x.Request.Body, `"model":"`+upAnthropic+`"`) || strings.Contains(x.Request.Body, `"max_tokens"`) {
			claudeError(http.StatusBadRequest, "invalid_request_error", "what is this?")(x)
			return
		}
		providertest.JSON(http.StatusOK, fmt.Sprintf(`{"input_tokens":%d}`, nativeCount))(x)
	})
	s.apply(skytells.Resources{
		Providers: []skytells.ProviderSpec{{Name: "with-messages", Kind: "anthropic", BaseURL: s.up.URL.JoinPath("v1").String(), Credential: upKey}},
		Models: []skytells.ModelSpec{{
			Slug: anthropicModel, Type: "text", API: "chat", Targets: []skytells.TargetSpec{{Provider: "with-messages", Model: upAnthropic}},
			Pricing: &skytells.PricingSpec{Unit: "million_token", Input: inputPrice, Output: outputPrice, CachedInput: "0.25"},
		}},
	})
	return s
}

// messagesRequest is what the upstream of that model reads.
type messagesRequest struct {
	Model    string          `json:"model"`
	Max      int             `json:"max_tokens"`
	Stream   bool            `json:"stream"`
	System   json.RawMessage `json:"system"`
	Messages []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	} `json:"messages"`
}

// messages is the upstream that has Anthropic's API.
func (s *stage) messages(x *providertest.Exchange) {
	var r messagesRequest
	if err := json.Unmarshal([]byte(x.Request.Body), &r); err != nil || r.Model != upAnthropic || r.Max < 1 || x.Request.Header.Get("X-Api-Key") != upKey {
		claudeError(http.StatusBadRequest, "invalid_request_error", "a wrong request")(x)
		return
	}
	sc := r.talk().scene()
	switch {
	case r.Stream:
		events := sc.messageEvents()
		n := len(events) - 2
		s.play(x, sc, events[:n], events[n:])
	case sc.ends == "hang":
		s.hang(x)
	case sc.ends == "error":
		claudeError(http.StatusInternalServerError, "api_error", "The model failed.")(x)
	default:
		providertest.JSON(http.StatusOK, mustJSON(sc.message()))(x)
	}
}

func (r *messagesRequest) talk() talk {
	k := talk{before: string(r.System)}
	for _, m := range r.Messages {
		k.before, k.last, k.images, k.result = k.before+"\n"+k.last, "", nil, ""
		if json.Unmarshal(m.Content, &k.last) == nil {
			continue
		}
		var blocks []struct {
			Type, Text string
			Source     struct {
				Media string `json:"media_type"`
				Data  string
			}
			Content []struct{ Text string }
		}
		_ = json.Unmarshal(m.Content, &blocks) // what is none has no scene
		for _, b := range blocks {
			k.last += b.Text
			if b.Type == "image" {
				k.images = append(k.images, "data:"+b.Source.Media+";base64,"+b.Source.Data)
			}
			for _, part := range b.Content {
				k.result = part.Text
			}
		}
	}
	return k
}

func (sc scene) messageUsage() map[string]any {
	return map[string]any{"input_tokens": sceneInput - sceneCached, "cache_creation_input_tokens": 0, "cache_read_input_tokens": sceneCached, "output_tokens": sceneOutput}
}

// blocks are the scene's content, whole.
func (sc scene) blocks() []map[string]any {
	out := []map[string]any{}
	if len(sc.thinks) > 0 {
		out = append(out, map[string]any{"type": "thinking", "thinking": sc.thought(), "signature": "c2ln"})
	}
	if len(sc.says) > 0 {
		out = append(out, map[string]any{"type": "text", "text": sc.text()})
	}
	for _, c := range sc.calls {
		out = append(out, map[string]any{"type": "tool_use", "id": c.id, "name": c.name, "input": json.RawMessage(strings.Join(c.arguments, ""))})
	}
	return out
}

func (sc scene) stopReason() string {
	return map[string]string{"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}[sc.finish()]
}

func (sc scene) message() map[string]any {
	return map[string]any{
		"id": "msg_up1", "type": "message", "role": "assistant", "model": upAnthropic, "content": sc.blocks(),
		"stop_reason": sc.stopReason(), "stop_sequence": nil, "usage": sc.messageUsage(),
	}
}

// messageEvents are those of the scene's stream; the last two are its end.
func (sc scene) messageEvents() []string {
	event := func(kind string, more map[string]any) string {
		more["type"] = kind
		return "event: " + kind + "\ndata: " + mustJSON(more) + "\n\n"
	}
	start := sc.message()
	start["content"], start["stop_reason"] = []any{}, nil
	out := []string{event("message_start", map[string]any{"message": start}), event("ping", map[string]any{})}
	index := 0
	block := func(begin, delta map[string]any, field string, pieces []string) {
		out = append(out, event("content_block_start", map[string]any{"index": index, "content_block": begin}))
		for _, piece := range pieces {
			out = append(out, event("content_block_delta", map[string]any{"index": index, "delta": with(delta, doc{field: piece})}))
		}
		out = append(out, event("content_block_stop", map[string]any{"index": index}))
		index++
	}
	if len(sc.thinks) > 0 {
		block(doc{"type": "thinking", "thinking": "", "signature": ""}, doc{"type": "thinking_delta"}, "thinking", sc.thinks)
	}
	if len(sc.says) > 0 {
		block(doc{"type": "text", "text": ""}, doc{"type": "text_delta"}, "text", sc.says)
	}
	for _, c := range sc.calls {
		block(doc{"type": "tool_use", "id": c.id, "name": c.name, "input": doc{}}, doc{"type": "input_json_delta"}, "partial_json", c.arguments)
	}
	if sc.ends == "error" {
		return append(out[:len(out)-1], event("error", map[string]any{"error": doc{"type": "api_error", "message": "The model failed."}}), "")
	}
	return append(out, event("message_delta", map[string]any{"delta": doc{"stop_reason": sc.stopReason(), "stop_sequence": nil}, "usage": sc.messageUsage()}),
		event("message_stop", map[string]any{}))
}

// messageSeen is what Anthropic's npm client makes of a scene.
func (sc scene) messageSeen(model string) doc {
	content := []string{}
	for _, b := range sc.blocks() {
		switch b["type"] {
		case "thinking":
			content = append(content, fmt.Sprint("thinking ", b["thinking"]))
		case "tool_use":
			content = append(content, fmt.Sprintf("tool_use %s %s %s", b["id"], b["name"], b["input"]))
		default:
			content = append(content, fmt.Sprint("text ", b["text"]))
		}
	}
	return doc{
		"content": content, "stop": sc.stopReason(), "model": model, "id": "msg_", "role": "assistant",
		"usage": []int{sceneInput - sceneCached, sceneCached, sceneOutput},
	}
}

// messageStreamed is messageSeen by the client's accumulator.
func (sc scene) messageStreamed(model string) doc {
	arguments := ""
	for _, c := range sc.calls {
		arguments += strings.Join(c.arguments, "")
	}
	return with(sc.messageSeen(model), doc{"text": sc.text(), "json": arguments, "first": "message_start", "last": "message_stop"})
}

func messageError(name string, status int, kind, id string, param any) doc {
	out := doc{"name": name, "status": status, "type": kind, "id": id}
	if param != nil {
		out["param"] = param
	}
	return out
}

// wantOfAnthropic are the acts that are answered in full, each scene once.
func wantOfAnthropic(model string) (want clientActs, calls int) {
	streams := doc{}
	for _, word := range []string{"hello", "story", "weather", "both", "lookup", "think", "long"} {
		streams[word] = scenes()[word].messageStreamed(model)
	}
	hello := scenes()["hello"].messageSeen(model)
	says := func(text ...string) scene { return scene{says: text} }
	result := "rain in Rome"
	ran := says("The tool says ", result+".").messageSeen(model)
	want = clientActs{
		"plain":   with(hello, doc{"same": true}),
		"streams": streams,
		"tools":   doc{"first": scenes()["both"].messageSeen(model), "second": says("The tool says ", result+".").messageStreamed(model)},
		"images":  says("I see data:image/png;base64,iVBORw0KGgo=.").messageStreamed(model),
		"beta":    hello,
		"system":  says("You are ", "Ada.").messageSeen(model),

		"bearer":     hello,
		"structured": doc{"parsed": doc{"n": 7}},
		"runner":     doc{"plain": ran, "streamed": ran, "called": []string{"Oslo", "Rome", "Oslo", "Rome"}},
		"documents":  hello,
		"choices":    doc{"stops": []string{"tool_use", "tool_use", "tool_use", "tool_use"}}, // as the scene goes
		"thoughts":   scenes()["think"].messageSeen(model),
	}
	if model != translatedModel {
		return want, 7 + 6 + 12
	}
	quiet := scene{says: scenes()["think"].says}
	want["unasked"] = doc{"plain": quiet.messageSeen(model), "streamed": quiet.messageStreamed(model)}
	want["caller"] = doc{"by": []string{"direct"}}
	return want, 7 + 6 + 12 + 3
}

// wantOfAnthropicErrors are the acts that are not. What a failure midway is called is the
// upstream's word for it.
func wantOfAnthropicErrors(model string) clientActs {
	unauthorized := messageError("AuthenticationError", 401, "authentication_error", "UNAUTHORIZED", nil)
	out := clientActs{
		"count": doc{"tokens": nativeCount},
		"models": doc{
			"listed": true, "paged": true, "id": model, "type": "model", "name": model, "dated": true, "beta": model,
			"missing": messageError("NotFoundError", 404, "not_found_error", "MODEL_NOT_FOUND", "model"),
		},
		"abort": doc{"name": "APIUserAbortError", "type": nil},
		"failed": doc{
			"name": "APIError", "type": "api_error", "id": "INFERENCE_ERROR", "text": "Half an ",
			"plain": messageError("InternalServerError", 500, "api_error", "INFERENCE_ERROR", nil),
		},
		"errors": doc{
			"unauthorized": unauthorized, "bearer": unauthorized,
			"notFound":  messageError("NotFoundError", 404, "not_found_error", "MODEL_NOT_FOUND", "model"),
			"limitless": messageError("BadRequestError", 400, "invalid_request_error", "INVALID_PARAMETER", "max_tokens"),
			"wrongKind": messageError("UnprocessableEntityError", 422, "invalid_request_error", "MODEL_NOT_SUPPORTED", "model"),
			"count":     messageError("NotFoundError", 404, "not_found_error", "MODEL_NOT_FOUND", "model"),
			"route":     messageError("NotFoundError", 404, "not_found_error", "ENDPOINT_NOT_FOUND", nil),
			"method":    messageError("APIError", 405, "invalid_request_error", "ENDPOINT_NOT_FOUND", nil),
		},
	}
	if model == translatedModel {
		out["document"] = messageError("BadRequestError", 400, "invalid_request_error", "INVALID_PARAMETER", "messages[0].content[0]")
	}
	return out
}

func TestAnthropicNode(t *testing.T) {
	t.Parallel()
	for _, model := range []string{translatedModel, anthropicModel} {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			s := onMessagesStage(t, options{flags: map[string]string{"breaker-failures": "0"}})
			run := func(want clientActs) clientActs {
				got := clientActs{}
				node(t, &got, "anthropic.mjs", append([]string{s.base, s.key, model}, slices.Sorted(maps.Keys(want))...)...)
				return got
			}
			want, calls := wantOfAnthropic(model)
			run(want).compare(t, want)
			s.charged(calls)

			want = wantOfAnthropicErrors(model)
			got := run(want)
			if tokens, _ := got["count"]["tokens"].(float64); model == translatedModel && (tokens < 10 || tokens > 100) {
				t.Errorf("estimated %v tokens", tokens)
			} else if model == translatedModel {
				got["count"]["tokens"] = nativeCount
			}
			got.compare(t, want)
			select {
			case <-s.left:
			case <-time.After(patience):
				t.Error("the upstream of an aborted stream goes on")
			}
			s.clean()
		})
	}
}

// The document names the routes, an answer says what is left of the limits, and browsers may
// send the headers of Anthropic's client.
func TestMessagesOnTheWire(t *testing.T) {
	t.Parallel()
	s := onMessagesStage(t, options{})
	body := `{"model":"` + translatedModel + `","max_tokens":50,"messages":[{"role":"user","content":"hello"}]}`
	res := s.post(messagesPath+"?beta=true", body)
	if res.status != 200 || res.header.Get("Request-Id") != res.header.Get("X-Request-Id") || res.header.Get("X-Skytells-Model") != translatedModel || res.header.Get("X-Skytells-Ratelimit-Window") != "60" {
		t.Errorf("%d %v %s", res.status, res.header, res.body)
	}
	counted := s.post(countPath+"?beta=true", body)
	if counted.status != 200 || !strings.HasPrefix(counted.body, `{"input_tokens":`) || counted.header.Get("X-Skytells-Ratelimit-Window") != "60" {
		t.Errorf("%d %s", counted.status, counted.body)
	}
	dry := s.post(messagesPath, `{"dry_run":true,`+body[1:])
	if dry.status != 200 || !strings.HasPrefix(dry.body, `{"dry_run":true,`) {
		t.Errorf("%d %s", dry.status, dry.body)
	}
	req := s.request(http.MethodOptions, messagesPath, "", "Origin", "https://page.example", "Access-Control-Request-Method", "POST",
		"Access-Control-Request-Headers", "anthropic-dangerous-direct-browser-access,anthropic-version,x-api-key")
	if pre := s.do(req); pre.status != 204 || !strings.Contains(pre.header.Get("Access-Control-Allow-Headers"), "anthropic-dangerous-direct-browser-access") {
		t.Errorf("%d %v", pre.status, pre.header)
	}
	s.charged(1)

	rows := s.rows(`SELECT route, model, status, outcome FROM request_log WHERE route LIKE '/v1/messages%' ORDER BY route, outcome`)
	want := [][]string{
		{messagesPath, translatedModel, "200", "ok"}, {messagesPath, translatedModel, "200", "ok"}, {countPath, translatedModel, "200", "ok"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}
