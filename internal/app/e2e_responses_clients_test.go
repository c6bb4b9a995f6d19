package app_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// clientActs are what a client's program saw, by the name of the act.
type clientActs map[string]doc

// compare checks every act.
func (got clientActs) compare(t *testing.T, want clientActs) {
	t.Helper()
	for name, act := range got {
		settle(t, act)
		if diff := cmp.Diff(jsonOf(want[name]), jsonOf(act)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if len(got) != len(want) {
		t.Errorf("the program did %d acts, not %d", len(got), len(want))
	}
}

// jsonOf is a value as a decoder gives it.
func jsonOf(v any) (out any) {
	_ = json.Unmarshal([]byte(mustJSON(v)), &out) // it was just encoded
	return out
}

// settle takes the texts out of errors, which are for people: they only have to be there.
func settle(t *testing.T, v any) {
	t.Helper()
	act, ok := v.(doc)
	if !ok {
		return
	}
	if message, has := act["message"]; has {
		if message == "" {
			t.Errorf("an error says nothing: %v", act)
		}
		delete(act, "message")
	}
	if id, has := act["request"].(string); has && strings.HasPrefix(id, "req_") {
		delete(act, "request")
	}
	for _, inner := range act {
		settle(t, inner)
	}
}

// sceneSeen is what OpenAI's npm client makes of a scene.
func (sc scene) seen(model string) doc {
	out := doc{"status": "completed", "text": sc.text(), "output": sc.outline(), "model": model, "tokens": sceneInput + sceneOutput}
	switch sc.ends {
	case "length":
		out["status"], out["reason"] = "incomplete", "max_output_tokens"
	case "content_filter":
		out["status"], out["reason"] = "incomplete", "content_filter"
	}
	return out
}

// with adds fields.
func with(d doc, more doc) doc {
	out := maps.Clone(d)
	maps.Copy(out, more)
	return out
}

// said is what a text alone is seen as.
func said(model, text string) doc { return scene{says: []string{text}}.seen(model) }

func npmError(name string, status int, code, kind string, param any) doc {
	return doc{"name": name, "status": status, "code": code, "type": kind, "param": param}
}

// wantOfNode is what OpenAI's npm client sees.
func wantOfNode(model, client string) clientActs {
	bad := func(param string) doc {
		return npmError("BadRequestError", 400, "invalid_parameter", "invalid_request_error", param)
	}
	unknown := npmError("NotFoundError", 404, "response_not_found", "invalid_request_error", nil)
	streams := doc{}
	for _, word := range []string{"hello", "story", "weather", "both", "lookup", "think", "refuse", "long", "filter", "cite"} {
		streams[word] = scenes()[word].streamed(model)
	}
	think := scenes()["think"]
	failed := doc{"name": "Error", "last": "response.failed"}
	switch {
	case model == translatedModel && client == "openai":
		failed = doc{"name": "Error", "last": "error"}
	case model == translatedModel:
		failed = doc{"name": "APIError", "code": "service_error", "type": "error", "param": nil, "last": "response.output_text.delta"}
	}
	return clientActs{
		"plain":      with(scenes()["hello"].seen(model), doc{"metadata": doc{"trace": "a1"}}),
		"streams":    streams,
		"summary":    think.streamed(model),
		"failed":     failed,
		"tools":      with(said(model, "The tool says rain in Rome."), doc{"parsed": []string{"Oslo", "Rome"}}),
		"structured": doc{"n": 7, "streamed": 7, "format": "number"},
		"images":     said(model, "I see data:image/png;base64,iVBORw0KGgo=."),
		"chain": doc{
			"text": "You are Ada.", "streamed": "You are Ada.", "previous": true, "store": true, "same": true, "tokens": 21,
			"items": []string{"user I am Ada", "assistant Fine.", "user who am I?"}, "ids": true, "newest": true,
			"deleted": unknown, "broken": bad("previous_response_id"),
		},
		"references": with(said(model, "The tool says sun."), doc{"unknown": bad("input[0].id")}),
		"background": with(think.seen(model), doc{"first": "queued", "background": true, "replay": think.seen(model)}),
		"resumed": doc{
			"first": "queued", "second": "response.queued", "last": "response.completed", "gapless": true,
			"text": scenes()["story"].text(), "output": scenes()["story"].outline(),
		},
		"cancelled": doc{
			"later": "cancelled", "again": "cancelled", "id": true,
			"foreground": npmError("BadRequestError", 400, "invalid_request", "invalid_request_error", nil),
		},
		"errors": doc{
			"unauthorized": npmError("AuthenticationError", 401, "invalid_api_key", "authentication_error", nil),
			"notFound":     npmError("NotFoundError", 404, "model_not_found", "server_error", "model"),
			"input":        bad("input"),
			"previous":     bad("previous_response_id"),
			"background":   bad("background"),
			"unknown":      unknown, "items": unknown, "remove": unknown, "cancel": unknown,
		},
	}
}

// streamed is a scene as the npm client's own accumulator gives it.
func (sc scene) streamed(model string) doc {
	status := "completed"
	if sc.ends != "" {
		status = "incomplete"
	}
	return with(sc.seen(model), doc{"events": len(sc.want()), "last": "response." + status, "snapshot": sc.text()})
}

func TestOpenAINodeResponses(t *testing.T) {
	t.Parallel()
	for _, model := range []string{nativeModel, translatedModel} {
		s := onStage(t, options{})
		for _, client := range []string{"openai", "openai7"} {
			t.Run(model+" "+client, func(t *testing.T) {
				t.Parallel()
				want, got := wantOfNode(model, client), clientActs{}
				node(t, &got, "responses.mjs", append([]string{s.base + "/v1", s.key, model, client}, slices.Sorted(maps.Keys(want))...)...)
				got.compare(t, want)
			})
		}
	}
}

// wantOfAISDK is what the AI SDK sees. Its usage is input, cached, output and reasoning.
func wantOfAISDK(model, version string) clientActs {
	usage := func(calls, reasoning int) []int {
		return []int{calls * sceneInput, calls * sceneCached, calls * sceneOutput, reasoning}
	}
	refused := func(status int, code string) doc {
		return doc{"name": "AI_APICallError", "status": status, "code": code, "retryable": status >= 500}
	}
	steps := func(word, result string) []any {
		sc := scenes()[word]
		calls := []string{}
		for _, c := range sc.calls {
			calls = append(calls, c.id+" "+c.name+" "+strings.Join(c.arguments, ""))
		}
		return []any{
			doc{"finish": "tool-calls", "text": sc.text(), "calls": calls}, doc{"finish": "stop", "text": "The tool says rain in " + result + ".", "calls": []string{}},
		}
	}
	stepped := func(word, result string) doc {
		return doc{
			"text": "The tool says rain in " + result + ".", "finish": "stop", "usage": usage(2, 0), "steps": steps(word, result), "sources": []string{}, "model": model,
		}
	}
	midway := doc{"name": "Error"}
	if version == "ai 7" {
		midway = doc{"name": "AI_StreamProviderError", "status": 500, "retryable": true}
	}
	streams, plains := doc{}, doc{}
	for word, finish := range map[string]string{"hello": "stop", "refuse": "content-filter", "long": "length", "filter": "content-filter", "cite": "stop"} {
		sc := scenes()[word]
		kinds := doc{"start": 1, "start-step": 1, "text-start": 1, "text-delta": len(sc.says) + len(sc.refuses), "text-end": 1, "finish-step": 1, "finish": 1}
		sources, titles := []string{}, []string{}
		if sc.cites {
			sources, titles, kinds["source"] = []string{"https://example.com/page"}, []string{"The page"}, 1
		}
		text := sc.text() + sc.refusal()
		streams[word] = doc{
			"text": text, "finish": finish, "usage": usage(1, 0), "kinds": kinds, "sources": sources, "model": model,
			"steps": []any{doc{"finish": finish, "text": text, "calls": []string{}}},
		}
		if word != "hello" {
			plains[word] = doc{"text": text, "finish": finish, "sources": titles}
		}
	}
	think := scenes()["think"]
	acquainted := doc{"turns": []string{"Fine.", "You are Ada.", "You are Ada."}}
	after := []string{think.text(), scenes()["hello"].text(), scenes()["hello"].text()}
	return clientActs{
		"text": doc{
			"text": scenes()["hello"].text(), "finish": "stop", "usage": usage(1, 0), "model": model, "id": "resp_", "tier": "default", "warnings": 0,
		},
		"streams":     streams,
		"plains":      plains,
		"steps":       doc{"plain": steps("weather", "Oslo"), "both": steps("both", "Rome"), "lookup": steps("lookup", "Oslo")},
		"stepStreams": doc{"weather": stepped("weather", "Oslo"), "both": stepped("both", "Rome"), "lookup": stepped("lookup", "Oslo")},
		"structured":  doc{"object": doc{"n": 7}, "output": doc{"n": 7}, "streamed": doc{"n": 7}, "partial": doc{"n": 7}},
		"images":      doc{"text": "I see data:image/png;base64,iVBORw0KGgo=."},
		"references":  acquainted, "unstored": acquainted, "stored": acquainted,
		"previous": doc{"text": "You are Ada."},
		"reasoning": doc{
			"plain": think.thought(), "text": think.text(), "usage": usage(1, sceneReasoning), "parts": []int{1, len(think.thinks), 1},
			"stream": doc{
				"text": think.text(), "finish": "stop", "usage": usage(1, sceneReasoning), "reasoning": think.thought(), "sources": []string{}, "model": model,
				"steps": []any{doc{"finish": "stop", "text": think.text(), "calls": []string{}}},
			},
			"turns": after,
		},
		"logprobs": doc{"plain": true, "streamed": true, "text": `{"n":7}`},
		"errors": doc{
			"unauthorized": refused(401, "invalid_api_key"), "notFound": refused(404, "model_not_found"), "reference": refused(400, "invalid_parameter"),
			"plain": refused(500, "service_error"), "midway": midway,
		},
		"warnings": doc{"told": []string{}},
	}
}

func TestAISDKResponses(t *testing.T) {
	t.Parallel()
	versions := map[string][]string{"ai 6": {"ai", "@ai-sdk/openai"}, "ai 7": {"ai7", "ai7-openai"}}
	for _, model := range []string{nativeModel, translatedModel} {
		s := onStage(t, options{})
		for name, packages := range versions {
			t.Run(model+" "+name, func(t *testing.T) {
				t.Parallel()
				want, got := wantOfAISDK(model, name), clientActs{}
				acts := slices.DeleteFunc(slices.Sorted(maps.Keys(want)), func(name string) bool { return name == "warnings" })
				node(t, &got, "aisdk.mjs", slices.Concat([]string{s.base + "/v1", s.key, model}, packages, acts)...)
				got.compare(t, want)
			})
		}
	}
}

// wantOfGo is what OpenAI's Go client sees.
func wantOfGo(model string) map[string]clientSaw {
	out := map[string]clientSaw{}
	saw := func(sc scene) clientSaw {
		s := clientSaw{Text: sc.text(), Model: model, Finish: "completed", Input: sceneInput, Output: sceneOutput, Outline: sc.outline()}
		if sc.ends != "" {
			s.Finish = "incomplete"
		}
		if len(sc.thinks) > 0 {
			s.Reasoning = sceneReasoning
		}
		if sc.cites {
			s.Outline[0] += " https://example.com/page"
		}
		return s
	}
	for _, word := range []string{"hello", "weather", "both", "lookup", "think", "refuse", "long", "filter", "cite"} {
		s := saw(scenes()[word])
		out[word] = s
		s.Events = int64(len(scenes()[word].want()))
		out[word+", streamed"] = s
	}
	failure := func(status int, code, param string) clientSaw {
		return clientSaw{Error: &clientFailure{Status: status, Code: code, Type: "invalid_request_error", Param: param}}
	}
	known := saw(scene{says: []string{"You are Ada."}})
	unknown := failure(404, "response_not_found", "")
	maps.Copy(out, map[string]clientSaw{
		"tools":      saw(scene{says: []string{"The tool says rain in Rome."}}),
		"structured": saw(scenes()["number"]),
		"image":      saw(scene{says: []string{"I see data:image/png;base64,iVBORw0KGgo=."}}),
		"chain":      known, "reference": known,
		"items":      {Outline: []string{"message user I am Ada", "message assistant Fine.", "message user who am I?"}},
		"deleted":    unknown,
		"background": saw(scenes()["hello"]),
		"resumed":    saw(scenes()["story"]),
		"cancelled":  {Finish: "cancelled"},

		"error: previous": failure(400, "invalid_parameter", "previous_response_id"),
		"error: get":      unknown, "error: cancel": unknown, "error: delete": unknown,
		"error: midway": {Error: &clientFailure{}},
	})
	return out
}

func TestOpenAIGoResponses(t *testing.T) {
	t.Parallel()
	s := onStage(t, options{})
	for _, model := range []string{nativeModel, translatedModel} {
		want := wantOfGo(model)
		cmd := openaiGo(t, append([]string{"responses", model}, slices.Sorted(maps.Keys(want))...)...)
		cmd.Env = append(os.Environ(), "SKYTOWER_URL="+s.base+"/v1", "SKYTOWER_KEY="+s.key)
		if diff := cmp.Diff(want, s.saw(cmd)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", model, diff)
		}
	}
	s.clean()
}
