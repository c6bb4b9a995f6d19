package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// The two models of the tests of the Responses API: one whose upstream has that API,
// and one whose upstream has chat only. Both play the same scenes.
const (
	nativeModel     = "native"
	translatedModel = "translated"
	upNative        = "inner/native"
	upTranslated    = "inner/translated"
)

// Every scene reports these tokens.
const (
	sceneInput, sceneCached, sceneOutput, sceneReasoning = 12, 2, 9, 3
	stageCredit                                          = "10"
	// 10 tokens in at $1, 2 cached at $0.25 and 9 out at $4 a million.
	sceneCost = "0.0000465"
)

// scene is what the upstream answers, told in either API. Texts are in the pieces in
// which they are streamed.
type scene struct {
	thinks  []string
	says    []string
	refuses []string
	calls   []sceneCall
	cites   bool   // the text quotes a page
	ends    string // a finish reason of chat; "": stop or tool_calls. "error": the model fails midway; "hang": it never ends
}

type sceneCall struct {
	id, name  string
	arguments []string
}

// scenes by the word that asks for them.
func scenes() map[string]scene {
	return map[string]scene{
		"hello":   {says: []string{"Hel", "lo", " \"wörld\"\n"}},
		"story":   {says: []string{"Once ", "upon ", "a ", "time ", "there ", "was ", "a ", "tower."}},
		"weather": {calls: []sceneCall{{"call_oslo", "weather", []string{"", `{"ci`, `ty":"Oslo"}`}}}},
		"both": {calls: []sceneCall{
			{"call_oslo", "weather", []string{`{"city":`, `"Oslo"}`}}, {"call_rome", "weather", []string{`{"city":`, `"Rome"}`}},
		}},
		"lookup": {says: []string{"Let me ", "look."}, calls: []sceneCall{{"call_oslo", "weather", []string{`{"city":"Oslo"}`}}}},
		"think":  {thinks: []string{"Six ", "times seven."}, says: []string{"It is ", "42."}},
		"refuse": {refuses: []string{"I can't ", "help with that."}},
		"long":   {says: []string{"This goes ", "on and"}, ends: "length"},
		"filter": {says: []string{"This is "}, ends: "content_filter"},
		"number": {says: []string{`{"n"`, `:7}`}},
		"cite":   {says: []string{"See ", "the page."}, cites: true},
		"fail":   {says: []string{"Half an "}, ends: "error"},
		"hang":   {says: []string{"Never "}, ends: "hang"},
	}
}

func (sc scene) text() string    { return strings.Join(sc.says, "") }
func (sc scene) thought() string { return strings.Join(sc.thinks, "") }
func (sc scene) refusal() string { return strings.Join(sc.refuses, "") }

// citation is the annotation of a scene that cites, as the Responses API has it.
func (sc scene) citation() map[string]any {
	return map[string]any{"type": "url_citation", "start_index": 4, "end_index": 12, "url": "https://example.com/page", "title": "The page"}
}

// talk is what was said so far, as either API tells it.
type talk struct {
	last   string // what the scene is chosen by: of the user
	before string // all that was said before, in one text
	result string // of a tool, where that came last
	images []string
}

// scene chooses by what was said last.
func (k talk) scene() scene {
	switch {
	case k.result != "":
		return scene{says: []string{"The tool says ", k.result + "."}}
	case len(k.images) > 0:
		return scene{says: []string{"I see ", strings.Join(k.images, " and ") + "."}}
	case strings.Contains(k.last, "who am I") && strings.Contains(k.before, "I am Ada"):
		return scene{says: []string{"You are ", "Ada."}}
	case strings.Contains(k.last, "who am I"):
		return scene{says: []string{"I don't know you."}}
	}
	for _, word := range strings.Fields(k.last) {
		if sc, ok := scenes()[strings.Trim(word, ".,?!")]; ok {
			return sc
		}
	}
	return scene{says: []string{"Fine", "."}}
}

// stage is a server with both models, and what their upstream got.
type stage struct {
	*server
	up   *providertest.Upstream
	left chan struct{} // gets one for each answer that was given up by its caller
}

// onStage starts a server whose models cost something, with credit.
func onStage(t *testing.T, o options) *stage {
	t.Helper()
	s := &stage{server: start(t, o), up: providertest.NewUpstream(t, providertest.HTTP1), left: make(chan struct{}, 100)}
	s.up.On(respPath, s.native)
	s.up.On(chatPath, s.chat)
	base := s.up.URL.JoinPath("v1").String()
	tokens := &skytells.PricingSpec{Unit: "million_token", Input: inputPrice, Output: outputPrice, CachedInput: "0.25"}
	model := func(slug, provider, upstream string) skytells.ModelSpec {
		return skytells.ModelSpec{Slug: slug, Type: "text", API: "chat", Pricing: tokens, Targets: []skytells.TargetSpec{{Provider: provider, Model: upstream}}}
	}
	_, err := s.admin().Apply(t.Context(), skytells.ApplyRequest{Source: "test", Resources: skytells.Resources{
		Providers: []skytells.ProviderSpec{
			{Name: "with-responses", Kind: "openai", BaseURL: base, Credential: upKey, Responses: "native"},
			{Name: "with-chat", Kind: "openai", BaseURL: base, Credential: upKey, Responses: "chat"},
		},
		Models: []skytells.ModelSpec{model(nativeModel, "with-responses", upNative), model(translatedModel, "with-chat", upTranslated)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.grant(stageCredit)
	return s
}

// refused answers as OpenAI does where a request is wrong.
func refused(x *providertest.Exchange, status int, param, message string) {
	body, _ := json.Marshal(map[string]any{"error": map[string]any{"message": message, "type": "invalid_request_error", "param": param, "code": nil}})
	providertest.JSON(status, string(body))(x)
}

// play streams pieces, ends as the scene does, and then says the last ones.
func (s *stage) play(x *providertest.Exchange, sc scene, pieces, last []string) {
	x.Head(http.StatusOK, "Content-Type", "text/event-stream; charset=utf-8")
	for _, p := range pieces {
		x.Say(p)
	}
	if sc.ends == "hang" {
		x.Left()
		s.left <- struct{}{}
		return
	}
	for _, p := range last {
		x.Say(p)
	}
}

// hang is a plain answer that never comes.
func (s *stage) hang(x *providertest.Exchange) {
	x.Left()
	s.left <- struct{}{}
}

func mustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps and texts only: it can't
	}
	return string(text)
}

// chatRequest is what the chat upstream reads, and what it takes besides: any other
// field is refused, as strict servers do.
type chatRequest struct {
	Model    string `json:"model"`
	Messages []struct {
		Role      string          `json:"role"`
		Content   json.RawMessage `json:"content"`
		Name      string          `json:"name"`
		Refusal   *string         `json:"refusal"`
		ToolCalls []struct {
			ID       string `json:"id"`
			Type     string `json:"type"`
			Function struct {
				Name      string `json:"name"`
				Arguments string `json:"arguments"`
			} `json:"function"`
		} `json:"tool_calls"`
		ToolCallID string `json:"tool_call_id"`
	} `json:"messages"`
	Tools []struct {
		Type     string `json:"type"`
		Function struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			Parameters  json.RawMessage `json:"parameters"`
			Strict      *bool           `json:"strict"`
		} `json:"function"`
	} `json:"tools"`
	ResponseFormat *struct {
		Type       string `json:"type"`
		JSONSchema *struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			Schema      json.RawMessage `json:"schema"`
			Strict      *bool           `json:"strict"`
		} `json:"json_schema"`
	} `json:"response_format"`
	Stream        bool `json:"stream"`
	StreamOptions *struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`

	ToolChoice          json.RawMessage `json:"tool_choice"`
	ParallelToolCalls   *bool           `json:"parallel_tool_calls"`
	MaxTokens           *int            `json:"max_tokens"`
	MaxCompletionTokens *int            `json:"max_completion_tokens"`
	Temperature         *float64        `json:"temperature"`
	TopP                *float64        `json:"top_p"`
	Stop                json.RawMessage `json:"stop"`
	Logprobs            *bool           `json:"logprobs"`
	TopLogprobs         *int            `json:"top_logprobs"`
	ReasoningEffort     *string         `json:"reasoning_effort"`
	Verbosity           *string         `json:"verbosity"`
	User                *string         `json:"user"`
	PromptCacheKey      *string         `json:"prompt_cache_key"`
	SafetyIdentifier    *string         `json:"safety_identifier"`
	Metadata            json.RawMessage `json:"metadata"`
	ServiceTier         *string         `json:"service_tier"`
}

// chat is the upstream that has chat only.
func (s *stage) chat(x *providertest.Exchange) {
	var r chatRequest
	in := json.NewDecoder(strings.NewReader(x.Request.Body))
	in.DisallowUnknownFields()
	if err := in.Decode(&r); err != nil {
		refused(x, http.StatusBadRequest, "", "chat: "+err.Error())
		return
	}
	k, wrong := r.talk()
	if wrong != "" {
		refused(x, http.StatusBadRequest, "messages", wrong)
		return
	}
	sc := k.scene()
	switch {
	case r.Stream:
		s.play(x, sc, sc.chatPieces(r.wantsLogprobs()), sc.chatEnd(r.StreamOptions != nil && r.StreamOptions.IncludeUsage))
	case sc.ends == "hang":
		s.hang(x)
	case sc.ends == "error":
		providertest.JSON(http.StatusInternalServerError, `{"error":{"message":"The model failed.","type":"server_error"}}`)(x)
	default:
		providertest.JSON(http.StatusOK, sc.chatAnswer(r.wantsLogprobs()))(x)
	}
}

func (r *chatRequest) wantsLogprobs() bool { return r.Logprobs != nil && *r.Logprobs }

// talk reads the messages, and says what a strict chat server has against them.
func (r *chatRequest) talk() (talk, string) {
	var k talk
	open := map[string]bool{} // calls that have no result yet
	for i, m := range r.Messages {
		text, images, wrong := chatContent(m.Content)
		if wrong != "" {
			return k, fmt.Sprintf("messages[%d]: %s", i, wrong)
		}
		if m.Role != "tool" && len(open) > 0 {
			return k, fmt.Sprintf("messages[%d]: an assistant message with 'tool_calls' must be followed by tool messages", i)
		}
		k.before, k.last, k.images, k.result = k.before+"\n"+k.last, text, images, ""
		switch m.Role {
		case "system", "user":
		case "assistant":
			if text == "" && len(m.ToolCalls) == 0 && (m.Refusal == nil || *m.Refusal == "") {
				return k, fmt.Sprintf("messages[%d]: an assistant message without content", i)
			}
			for _, c := range m.ToolCalls {
				if c.ID == "" || c.Type != "function" || c.Function.Name == "" || !json.Valid([]byte(c.Function.Arguments)) {
					return k, fmt.Sprintf("messages[%d]: a wrong tool call", i)
				}
				open[c.ID] = true
			}
		case "tool":
			if !open[m.ToolCallID] {
				return k, fmt.Sprintf("messages[%d]: a tool message must respond to a preceding message with 'tool_calls'", i)
			}
			delete(open, m.ToolCallID)
			k.result = text
		default:
			return k, fmt.Sprintf("messages[%d]: there is no role %q", i, m.Role)
		}
	}
	for i, tool := range r.Tools {
		if tool.Type != "function" || tool.Function.Name == "" {
			return k, fmt.Sprintf("tools[%d]: a wrong tool", i)
		}
	}
	if len(r.Messages) == 0 || len(open) > 0 {
		return k, "messages: nothing to answer"
	}
	return k, ""
}

// chatContent reads a message's content: a string, null, or parts.
func chatContent(raw json.RawMessage) (text string, images []string, wrong string) {
	if len(raw) == 0 || string(raw) == "null" || json.Unmarshal(raw, &text) == nil {
		return text, nil, ""
	}
	var parts []struct {
		Type     string `json:"type"`
		Text     string `json:"text"`
		Refusal  string `json:"refusal"`
		ImageURL struct {
			URL string `json:"url"`
		} `json:"image_url"`
		File struct {
			Name string `json:"filename"`
			Data string `json:"file_data"`
		} `json:"file"`
	}
	if err := json.Unmarshal(raw, &parts); err != nil {
		return "", nil, err.Error()
	}
	for _, p := range parts {
		switch p.Type {
		case "text":
			text += p.Text
		case "refusal":
			text += p.Refusal
		case "image_url":
			images = append(images, p.ImageURL.URL)
		case "file":
			images = append(images, p.File.Name)
		default:
			return "", nil, "there is no part " + p.Type
		}
	}
	return text, images, ""
}

func (sc scene) usage() map[string]any {
	reasoning := 0
	if len(sc.thinks) > 0 {
		reasoning = sceneReasoning
	}
	return map[string]any{
		"prompt_tokens": sceneInput, "completion_tokens": sceneOutput, "total_tokens": sceneInput + sceneOutput,
		"prompt_tokens_details": map[string]any{"cached_tokens": sceneCached}, "completion_tokens_details": map[string]any{"reasoning_tokens": reasoning},
	}
}

func (sc scene) finish() string {
	switch {
	case sc.ends != "":
		return sc.ends
	case len(sc.calls) > 0:
		return "tool_calls"
	}
	return "stop"
}

// chatAnnotations are nested, in chat.
func (sc scene) chatAnnotations() []any {
	c := sc.citation()
	delete(c, "type")
	return []any{map[string]any{"type": "url_citation", "url_citation": c}}
}

func (sc scene) chatAnswer(logprobs bool) string {
	message := map[string]any{"role": "assistant", "content": nil, "refusal": nil}
	if len(sc.says) > 0 {
		message["content"] = sc.text()
	}
	if len(sc.refuses) > 0 {
		message["refusal"] = sc.refusal()
	}
	if len(sc.thinks) > 0 {
		message["reasoning_content"] = sc.thought()
	}
	if sc.cites {
		message["annotations"] = sc.chatAnnotations()
	}
	var calls []any
	for _, c := range sc.calls {
		calls = append(calls, map[string]any{"id": c.id, "type": "function", "function": map[string]any{"name": c.name, "arguments": strings.Join(c.arguments, "")}})
	}
	if calls != nil {
		message["tool_calls"] = calls
	}
	choice := map[string]any{"index": 0, "message": message, "finish_reason": sc.finish(), "logprobs": nil}
	if logprobs {
		choice["logprobs"] = map[string]any{"content": sc.logprobs(sc.text())}
	}
	return mustJSON(map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": upTranslated, "choices": []any{choice}, "usage": sc.usage(),
	})
}

// logprobs are those of one token. Some servers leave the alternatives out.
func (sc scene) logprobs(token string) []any {
	return []any{map[string]any{"token": token, "logprob": -0.25, "bytes": nil, "top_logprobs": []any{}}}
}

func chatChunk(choices []any, more map[string]any) string {
	chunk := map[string]any{"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": upTranslated, "choices": choices}
	for name, v := range more {
		chunk[name] = v
	}
	return "data: " + mustJSON(chunk) + "\n\n"
}

func chatDelta(delta map[string]any, finish any) string {
	return chatChunk([]any{map[string]any{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": nil}}, nil)
}

// chatText is a piece of text with its probability.
func (sc scene) chatText(text string) string {
	choice := map[string]any{
		"index": 0, "delta": map[string]any{"content": text}, "finish_reason": nil, "logprobs": map[string]any{"content": sc.logprobs(text)},
	}
	return chatChunk([]any{choice}, nil)
}

// chatPieces are the chunks up to the end. Fragments of several calls come by turns.
func (sc scene) chatPieces(logprobs bool) []string {
	out := []string{chatDelta(map[string]any{"role": "assistant", "content": ""}, nil)}
	for _, text := range sc.thinks {
		out = append(out, chatDelta(map[string]any{"reasoning_content": text}, nil))
	}
	for _, text := range sc.says {
		if logprobs {
			out = append(out, sc.chatText(text))
		} else {
			out = append(out, chatDelta(map[string]any{"content": text}, nil))
		}
	}
	for _, text := range sc.refuses {
		out = append(out, chatDelta(map[string]any{"refusal": text}, nil))
	}
	if sc.cites {
		out = append(out, chatDelta(map[string]any{"annotations": sc.chatAnnotations()}, nil))
	}
	for fragment := 0; ; fragment++ {
		more := false
		for i, c := range sc.calls {
			if fragment < len(c.arguments) {
				more = true
				out = append(out, chatDelta(c.fragment(i, fragment), nil))
			}
		}
		if !more {
			return out
		}
	}
}

func (c sceneCall) fragment(index, n int) map[string]any {
	call := map[string]any{"index": index, "function": map[string]any{"arguments": c.arguments[n]}}
	if n == 0 {
		call["id"], call["type"] = c.id, "function"
		call["function"] = map[string]any{"name": c.name, "arguments": c.arguments[n]}
	}
	return map[string]any{"tool_calls": []any{call}}
}

func (sc scene) chatEnd(usage bool) []string {
	if sc.ends == "error" {
		return []string{`data: {"error":{"message":"The model failed.","type":"server_error","code":"server_error"}}` + "\n\n"}
	}
	out := []string{chatDelta(map[string]any{}, sc.finish())}
	if usage {
		out = append(out, chatChunk([]any{}, map[string]any{"usage": sc.usage()}))
	}
	return append(out, donePiece)
}
