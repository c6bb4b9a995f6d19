package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

const (
	claudePath  = "/v1/messages"
	claudeModel = "inner-model-1" // as the upstream calls it
	claudeUsage = `"input_tokens":6,"cache_creation_input_tokens":2,"cache_read_input_tokens":3`
)

// claude is a small Messages API: it wants the requests of the real one's form, and answers
// by what they ask for.
func claude(t *testing.T) providertest.Script {
	return func(x *providertest.Exchange) {
		var r claudeRequest
		if wrong := r.read(x); wrong != "" {
			t.Errorf("%s in %s", wrong, x.Request.Body)
			claudeError(400, "invalid_request_error", wrong)(x)
			return
		}
		switch r.Metadata.User {
		case "busy":
			claudeError(529, "overloaded_error", "Overloaded")(x)
			return
		case "broken":
			claudeError(500, "api_error", "Internal server error")(x)
			return
		case "cut":
			x.Head(200, "Content-Type", "text/event-stream")
			x.Say(claudeEvents(`{"type":"text","text":""}`, "end_turn", `{"type":"text_delta","text":"half"}`)[0])
			return
		}
		block, reason, deltas := r.answer()
		if r.Stream {
			providertest.Events(claudeEvents(block.begin, reason, deltas...)...)(x)
			return
		}
		jsonScript(`{"id":"msg_01","type":"message","role":"assistant","model":"` + claudeModel + `","content":[` + block.whole +
			`],"stop_reason":"` + reason + `","stop_sequence":null,"usage":{` + claudeUsage + `,"output_tokens":4}}`)(x)
	}
}

type claudeRequest struct {
	Model    string          `json:"model"`
	Max      int64           `json:"max_tokens"`
	Stream   bool            `json:"stream"`
	System   json.RawMessage `json:"system"`
	Messages []struct {
		Role    string `json:"role"`
		Content any    `json:"content"`
	} `json:"messages"`
	Tools []struct {
		Name   string         `json:"name"`
		Schema map[string]any `json:"input_schema"`
	} `json:"tools"`
	Output *struct {
		Format *struct{ Type string } `json:"format"`
	} `json:"output_config"`
	Metadata struct {
		User string `json:"user_id"`
	} `json:"metadata"`
}

// read checks a request as far as the real API is known to.
func (r *claudeRequest) read(x *providertest.Exchange) string {
	h := x.Request.Header
	if err := json.Unmarshal([]byte(x.Request.Body), r); err != nil {
		return err.Error()
	}
	switch {
	case h.Get("X-Api-Key") != upKey || h.Get("Anthropic-Version") != "2023-06-01" || h.Get("Authorization") != "":
		return fmt.Sprintf("headers %v", h)
	case r.Model != claudeModel || r.Max <= 0 || len(r.Messages) == 0 || r.Messages[0].Role != "user":
		return "model, max_tokens or messages"
	}
	for i, m := range r.Messages {
		if i > 0 && m.Role == r.Messages[i-1].Role {
			return "two turns of one role"
		}
	}
	for _, tool := range r.Tools {
		if tool.Name == "" || tool.Schema["type"] != "object" {
			return "a tool"
		}
	}
	return ""
}

// claudeBlock is a content block, whole and as a stream begins it.
type claudeBlock struct{ whole, begin string }

func (r *claudeRequest) answer() (block claudeBlock, reason string, deltas []string) {
	text := "Hello!"
	switch last := fmt.Sprint(r.Messages[len(r.Messages)-1].Content); {
	case strings.Contains(last, "tool_result"):
		text = "4 degrees."
	case len(r.Tools) > 0:
		const use = `{"type":"tool_use","id":"toolu_01","name":"weather","input":`
		return claudeBlock{use + `{"city":"Oslo"}}`, use + `{}}`}, "tool_use",
			[]string{`{"type":"input_json_delta","partial_json":""}`, `{"type":"input_json_delta","partial_json":"{\"city\":"}`, `{"type":"input_json_delta","partial_json":"\"Oslo\"}"}`}
	case r.Output != nil && r.Output.Format != nil:
		text = `{\"n\":7}`
	case r.Stream:
		return claudeBlock{begin: `{"type":"text","text":""}`}, "end_turn", []string{`{"type":"text_delta","text":"Hel"}`, `{"type":"text_delta","text":"lo"}`}
	}
	return claudeBlock{`{"type":"text","text":"` + text + `"}`, `{"type":"text","text":""}`}, "end_turn", []string{`{"type":"text_delta","text":"` + text + `"}`}
}

func claudeError(status int, kind, message string) providertest.Script {
	return providertest.JSON(status, `{"type":"error","error":{"type":"`+kind+`","message":"`+message+`"},"request_id":"req_01"}`)
}

// claudeEvents is a stream: its beginning, with the deltas, and its end.
func claudeEvents(block, reason string, deltas ...string) []string {
	event := func(kind, members string) string {
		return "event: " + kind + "\ndata: {\"type\":\"" + kind + "\"" + members + "}\n\n"
	}
	out := event("message_start", `,"message":{"id":"msg_01","type":"message","role":"assistant","model":"`+claudeModel+
		`","content":[],"stop_reason":null,"stop_sequence":null,"usage":{`+claudeUsage+`,"output_tokens":1}}`) +
		event("content_block_start", `,"index":0,"content_block":`+block) + event("ping", "")
	for _, d := range deltas {
		out += event("content_block_delta", `,"index":0,"delta":`+d)
	}
	return []string{out, event("content_block_stop", `,"index":0`) +
		event("message_delta", `,"delta":{"stop_reason":"`+reason+`","stop_sequence":null},"usage":{"output_tokens":4}`) + event("message_stop", "")}
}

// withClaude adds a provider of the kind anthropic, whose chat model has a price.
func (s *server) withClaude() *providertest.Upstream {
	s.t.Helper()
	up := providertest.NewUpstream(s.t, providertest.HTTP1)
	up.On(claudePath, claude(s.t))
	s.apply(skytells.Resources{
		Providers: []skytells.ProviderSpec{{Name: "claude", Kind: "anthropic", BaseURL: up.URL.JoinPath("v1").String(), Credential: upKey}},
		Models: []skytells.ModelSpec{{
			Slug: chatModel, Type: "text", API: "chat", Aliases: []string{"tower-alias"},
			Pricing: &skytells.PricingSpec{Unit: "million_token", Input: inputPrice, Output: outputPrice, CachedInput: "0.25"},
			Targets: []skytells.TargetSpec{{Provider: "claude", Model: claudeModel}},
		}},
	})
	return up
}

func (s *server) apply(r skytells.Resources) {
	s.t.Helper()
	if _, err := s.admin().Apply(s.t.Context(), skytells.ApplyRequest{Source: "test", Resources: r}); err != nil {
		s.t.Fatal(err)
	}
}

// The client of OpenAI does not notice what stands behind the model.
func TestOpenAINodeOverAnthropic(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"breaker-failures": "0"}})
	s.withClaude()
	s.grant("5")
	var seen struct {
		Plain struct {
			Text, Model, Request string
			Tokens               int
		}
		Stream, ToolStream struct {
			Text, Tool, Finish string
			Usage              struct {
				Total int `json:"total_tokens"`
			}
		}
		Tools          struct{ Name, Arguments string }
		Structured     struct{ N int }
		Response       struct{ Text, Status string }
		ResponseEvents []string
		Errors         map[string]struct {
			Name    string
			Status  int
			Message string
		}
	}
	node(t, &seen, "openai.mjs", s.base+"/v1", s.key, chatModel, "skytower-embed-small")
	if p := seen.Plain; p.Text != "Hello!" || p.Model != chatModel || p.Tokens != 15 || !strings.HasPrefix(p.Request, "req_") {
		t.Errorf("plain: %+v", p)
	}
	if p := seen.Stream; p.Text != "Hello" || p.Finish != "stop" || p.Usage.Total != 15 {
		t.Errorf("stream: %+v", p)
	}
	if p := seen.ToolStream; seen.Tools.Arguments != `{"city":"Oslo"}` || seen.Tools.Name != "weather" || p.Tool != `{"city":"Oslo"}` || p.Finish != "tool_calls" || p.Usage.Total != 0 {
		t.Errorf("tools: %+v, streamed %+v", seen.Tools, p)
	}
	if seen.Structured.N != 7 {
		t.Errorf("structured: %+v", seen.Structured)
	}
	if e := seen.ResponseEvents; seen.Response.Text != "Hello!" || seen.Response.Status != "completed" || len(e) == 0 || e[len(e)-1] != "response.completed" {
		t.Errorf("responses: %+v, %v", seen.Response, e)
	}
	for name, status := range map[string]int{"badRequest": 400, "busy": 429, "broken": 500, "cut": 0} {
		e := seen.Errors[name]
		if e.Status != status || strings.Contains(e.Message, claudeModel) || strings.Contains(strings.ToLower(e.Message), "anthropic") {
			t.Errorf("%s: %+v", name, e)
		}
	}
	s.clean()
}

func TestToolLoopOverAnthropic(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withClaude()
	s.grant("1")
	type loop struct {
		Text, Streamed     string
		Roles, Finish, IDs []string
	}
	var seen struct {
		Plain, Streamed loop
		Called          []string
	}
	node(t, &seen, "toolloop.mjs", s.base+"/v1", s.key, chatModel)
	want := loop{Text: "4 degrees.", Streamed: "4 degrees.", Finish: []string{"tool_calls", "stop"}, Roles: []string{"system", "user", "assistant", "tool", "assistant"}, IDs: []string{"chatcmpl-01", "chatcmpl-01"}}
	if diff := cmp.Diff(want, seen.Streamed); diff != "" {
		t.Errorf("streamed: %s", diff)
	}
	if want.Streamed = seen.Plain.Streamed; !cmp.Equal(want, seen.Plain) {
		t.Errorf("plain: %s", cmp.Diff(want, seen.Plain))
	}
	if !slices.Equal(seen.Called, []string{"Oslo", "Oslo"}) {
		t.Errorf("called with %v", seen.Called)
	}
	const last = `{"role":"assistant","content":[{"type":"tool_use","id":"toolu_01","name":"weather","input":{"city":"Oslo"}}]},` +
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_01","content":[{"type":"text","text":"{\"city\":\"Oslo\",\"celsius\":4}"}]}]}]`
	for i, r := range up.Requests() {
		if !strings.Contains(r.Body, `"system":[{"type":"text","text":"Be brief."}]`) || !strings.Contains(r.Body, `"source":{"type":"base64","media_type":"image/png"`) ||
			!strings.Contains(r.Body, `"max_tokens":500`) || strings.Contains(r.Body, last) != (i%2 == 1) {
			t.Errorf("request %d: %s", i, r.Body)
		}
	}
	var charges skytells.List[skytells.ChargeLine]
	decode(t, s.call(http.MethodGet, "/v1/charges", "").body, &charges)
	if len(charges.Data) != 4 {
		t.Fatalf("%+v", charges.Data)
	}
	for _, c := range charges.Data {
		if c.Amount != chatCost { // 11 tokens in, 3 of them read from the cache, and 4 out
			t.Errorf("charged %+v", c)
		}
	}
	s.clean()
}

// The Messages API passes to its own kind byte for byte.
func TestMessagesPassToAnthropic(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withClaude()
	up.On(claudePath+"/count_tokens", jsonScript(`{"input_tokens":14}`))
	s.grant("1")
	const rest = `"max_tokens":64,"messages":[{"role":"user","content":"hi"}],"thinking":{"type":"adaptive"},"top_k":3`
	post := func(path, body string) reply {
		t.Helper()
		r := s.do(s.request(http.MethodPost, path, body, "X-Api-Key", s.key, "Anthropic-Version", "2023-06-01", "Anthropic-Beta", "some-beta"))
		if r.status != http.StatusOK || up.Last().Header.Get("Anthropic-Beta") != "some-beta" {
			t.Fatalf("%d %s after %v", r.status, r.body, up.Last().Header)
		}
		return r
	}
	r := post(claudePath, `{"model":"tower-alias",`+rest+`}`)
	if want := `{"model":"` + claudeModel + `",` + rest; !strings.HasPrefix(up.Last().Body, want) {
		t.Errorf("sent %s, want %s", up.Last().Body, want)
	}
	if !strings.Contains(r.body, `"model":"tower-alias","content":[{"type":"text","text":"Hello!"}]`) {
		t.Errorf("got %s", r.body)
	}
	streamed := post(claudePath, `{"model":"`+chatModel+`","stream":true,`+rest+`}`)
	want := strings.Join(claudeEvents(`{"type":"text","text":""}`, "end_turn", `{"type":"text_delta","text":"Hel"}`, `{"type":"text_delta","text":"lo"}`), "")
	if diff := cmp.Diff(strings.ReplaceAll(want, claudeModel, chatModel), streamed.body); diff != "" {
		t.Error(diff)
	}
	if r := post(claudePath+"/count_tokens", `{"model":"`+chatModel+`","messages":[{"role":"user","content":"hi"}]}`); r.body != `{"input_tokens":14}` && !strings.Contains(r.body, `"input_tokens":14`) {
		t.Errorf("counted %s", r.body)
	}
	if b := s.balance(); b.Balance != "0.9999505" { // two of chatCost
		t.Errorf("the balance is %+v", b)
	}
	s.clean()
}

// An overloaded upstream is passed over, whether it says so by a status or in its stream, and
// so is one that has nothing for what is asked.
func TestFailoverFromAnthropic(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"breaker-failures": "0", "retry-percent": "1000"}})
	first := s.withClaude()
	second := s.withUpstream()
	second.On(chatPath, func(x *providertest.Exchange) {
		if strings.Contains(x.Request.Body, `"stream":true`) {
			providertest.Events(piece("Hel"), piece("lo"), lastPiece, usagePiece, donePiece)(x)
			return
		}
		jsonScript(chatAnswer)(x)
	})
	s.grant("1")
	overloaded := "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"
	began, _, _ := strings.Cut(claudeEvents(`{"type":"text","text":""}`, "end_turn")[0], "event: content_block_start")
	tries := []struct {
		body   string
		script providertest.Script // nil: it is not asked
		want   string
	}{
		{chatBody, claudeError(529, "overloaded_error", "Overloaded"), "Hello!"},
		{streamBody, claudeError(529, "overloaded_error", "Overloaded"), "[DONE]"},
		{streamBody, providertest.Events(overloaded), "[DONE]"},
		{streamBody, providertest.Events(began, overloaded), "[DONE]"},
		{strings.Replace(chatBody, "{", `{"n":2,`, 1), nil, "Hello!"},
	}
	for i, try := range tries {
		slug := fmt.Sprint(chatModel, "-", i) // a busy target is left alone for a second
		s.apply(skytells.Resources{Models: []skytells.ModelSpec{{
			Slug: slug, Type: "text", API: "chat", Pricing: &skytells.PricingSpec{Unit: "million_token", Input: inputPrice, Output: outputPrice, CachedInput: "0.25"},
			Targets: []skytells.TargetSpec{{Provider: "claude", Model: fmt.Sprint("inner-", i)}, {Provider: "mock", Model: upChat, Priority: 1}},
		}}})
		first.On(claudePath, try.script)
		before := len(first.Requests())
		r := s.post(chatPath, strings.Replace(try.body, chatModel, slug, 1))
		if r.status != http.StatusOK || !strings.Contains(r.body, try.want) || strings.Contains(r.body, "error") {
			t.Errorf("try %d: %d %s", i, r.status, r.body)
		}
		if asked := len(first.Requests()) - before; (asked == 1) != (try.script != nil) || len(second.Requests()) != i+1 {
			t.Errorf("try %d: %d requests at the first target, %d at the second", i, asked, len(second.Requests()))
		}
	}
	var charges skytells.List[skytells.ChargeLine]
	decode(t, s.call(http.MethodGet, "/v1/charges", "").body, &charges)
	if len(charges.Data) != len(tries) {
		t.Errorf("%d charges", len(charges.Data))
	}
	s.clean()
}

func TestImportFromAnthropic(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := providertest.NewUpstream(t, providertest.HTTP1)
	up.On("/v1/models", jsonScript(`{"data":[{"type":"model","id":"claude-haiku-1","display_name":"Claude Haiku 1","created_at":"2026-01-01T00:00:00Z"}],"has_more":false,"first_id":"claude-haiku-1","last_id":"claude-haiku-1"}`))
	up.On(claudePath, func(x *providertest.Exchange) {
		jsonScript(`{"id":"msg_01","type":"message","role":"assistant","model":"claude-haiku-1","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`)(x)
	})
	if _, err := s.admin().PutProvider(t.Context(), skytells.ProviderSpec{Name: "mock", Kind: "anthropic", BaseURL: up.URL.JoinPath("v1").String(), Credential: upKey}); err != nil {
		t.Fatal(err)
	}
	want := []skytells.ImportedModel{{Slug: "claude-haiku-1", Upstream: "claude-haiku-1", API: "chat", Type: "text", Action: "created", Open: true}}
	if diff := cmp.Diff(want, s.imports(skytells.ImportRequest{Free: true})); diff != "" {
		t.Error(diff)
	}
	if r := s.post(chatPath, `{"model":"claude-haiku-1","messages":[{"role":"user","content":"hi"}]}`); r.status != http.StatusOK || !strings.Contains(r.body, `"content":"Hi"`) {
		t.Errorf("%d %s", r.status, r.body)
	}
	if q, err := url.ParseQuery(up.Requests()[0].URL.RawQuery); err != nil || q.Get("limit") != "1000" {
		t.Errorf("asked for the list with %v", q)
	}
}
