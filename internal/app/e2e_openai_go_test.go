package app_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"

	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// openaiGo is the unmodified Go client of OpenAI, without retries so that errors
// come at once.
func (s *server) openaiGo(key string) openai.Client {
	return openai.NewClient(option.WithAPIKey(key), option.WithBaseURL(s.base+"/v1"), option.WithMaxRetries(0), option.WithHTTPClient(s.client))
}

const toolAnswer = `{"id":"chatcmpl-2","object":"chat.completion","created":1,"model":"` + upChat + `","choices":[{"index":0,"message":{"role":"assistant","content":null,` +
	`"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`

func toolPieces() []string {
	head := `data: {"id":"chatcmpl-2","object":"chat.completion.chunk","created":1,"model":"` + upChat + `","choices":[{"index":0,"delta":`
	return []string{
		head + `{"role":"assistant","tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":""}}]},"finish_reason":null}]}` + "\n\n",
		head + `{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]},"finish_reason":null}]}` + "\n\n",
		head + `{"tool_calls":[{"index":0,"function":{"arguments":"\"Oslo\"}"}}]},"finish_reason":null}]}` + "\n\n",
		head + `{},"finish_reason":"tool_calls"}]}` + "\n\n", usagePiece, donePiece,
	}
}

func userSays(text string) []openai.ChatCompletionMessageParamUnion {
	return []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)}
}

func weatherTool() []openai.ChatCompletionToolUnionParam {
	return []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
		Name: "weather", Parameters: openai.FunctionParameters{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}},
	})}
}

func TestOpenAIGoChat(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	client := s.openaiGo(s.key)

	up.On(chatPath, jsonScript(chatAnswer))
	answer, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{Model: chatModel, Messages: userSays("hi")})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Choices[0].Message.Content != "Hello!" || answer.Model != chatModel || answer.Usage.PromptTokens != 11 || answer.Usage.CompletionTokensDetails.ReasoningTokens != 1 {
		t.Errorf("got %s", answer.RawJSON())
	}

	up.On(chatPath, providertest.Events(piece("Hel"), piece("lo"), lastPiece, usagePiece, donePiece))
	stream := client.Chat.Completions.NewStreaming(t.Context(), openai.ChatCompletionNewParams{
		Model: chatModel, Messages: userSays("hi"), StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)},
	})
	var whole openai.ChatCompletionAccumulator
	for stream.Next() {
		if !whole.AddChunk(stream.Current()) {
			t.Errorf("a chunk does not fit: %s", stream.Current().RawJSON())
		}
	}
	if stream.Err() != nil || whole.Choices[0].Message.Content != "Hello" || whole.Model != chatModel || whole.Usage.TotalTokens != 15 {
		t.Errorf("got %v, %+v", stream.Err(), whole)
	}

	up.On(chatPath, jsonScript(toolAnswer))
	answer, err = client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{Model: chatModel, Messages: userSays("weather?"), Tools: weatherTool()})
	if err != nil {
		t.Fatal(err)
	}
	if c := answer.Choices[0]; c.FinishReason != "tool_calls" || c.Message.ToolCalls[0].ID != "call_1" || c.Message.ToolCalls[0].Function.Arguments != `{"city":"Oslo"}` {
		t.Errorf("got %s", answer.RawJSON())
	}
	if !strings.Contains(up.Last().Body, `"name":"weather"`) {
		t.Errorf("asked with %s", up.Last().Body)
	}

	up.On(chatPath, providertest.Events(toolPieces()...))
	stream = client.Chat.Completions.NewStreaming(t.Context(), openai.ChatCompletionNewParams{Model: chatModel, Messages: userSays("weather?"), Tools: weatherTool()})
	whole = openai.ChatCompletionAccumulator{}
	for stream.Next() {
		whole.AddChunk(stream.Current())
	}
	if c := whole.Choices[0]; stream.Err() != nil || c.FinishReason != "tool_calls" || c.Message.ToolCalls[0].Function.Arguments != `{"city":"Oslo"}` {
		t.Errorf("got %v, %+v", stream.Err(), whole)
	}

	up.On(chatPath, jsonScript(strings.Replace(chatAnswer, "Hello!", `{\"n\":7}`, 1)))
	answer, err = client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{
		Model: chatModel, Messages: userSays("a number"),
		ResponseFormat: openai.ChatCompletionNewParamsResponseFormatUnion{OfJSONSchema: &openai.ResponseFormatJSONSchemaParam{
			JSONSchema: openai.ResponseFormatJSONSchemaJSONSchemaParam{Name: "number", Strict: openai.Bool(true), Schema: map[string]any{"type": "object"}},
		}},
	})
	if err != nil || answer.Choices[0].Message.Content != `{"n":7}` || !strings.Contains(up.Last().Body, `"json_schema":{"name":"number"`) {
		t.Errorf("got %v, asked with %s", err, up.Last().Body)
	}
}

// base64Vector is the contract's check vector (17.5).
const base64Vector = "AACAPwAAIMAAAIA+"

func TestOpenAIGoEmbeddings(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	client := s.openaiGo(s.key)
	up.On(embedPath, jsonScript(embedAnswer))
	answer, err := client.Embeddings.New(t.Context(), openai.EmbeddingNewParams{Model: embedModel, Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("hi")}})
	if err != nil {
		t.Fatal(err)
	}
	if v := answer.Data[0].Embedding; answer.Model != embedModel || len(v) != 3 || v[1] != -2.5 || answer.Usage.PromptTokens != 2 {
		t.Errorf("got %s", answer.RawJSON())
	}
	// The built-in model in both encodings gives the same numbers.
	var lists [][]float64
	for _, format := range []openai.EmbeddingNewParamsEncodingFormat{"float", "base64"} {
		r := s.post(embedPath, `{"model":"skytower-embed-small","input":["a lighthouse at dusk","a tower by the sea"],"dimensions":64,"encoding_format":"`+string(format)+`"}`)
		var body struct {
			Data []struct {
				Index     int
				Embedding any
			}
		}
		decode(t, r.body, &body)
		for i, d := range body.Data {
			if d.Index != i {
				t.Errorf("%s: vector %d has index %d", format, i, d.Index)
			}
			lists = append(lists, numbers(t, d.Embedding))
		}
	}
	for i := range 2 {
		if len(lists[i]) != 64 || len(lists[i+2]) != 64 {
			t.Fatalf("lengths %d and %d", len(lists[i]), len(lists[i+2]))
		}
		for j := range lists[i] {
			if math.Abs(lists[i][j]-lists[i+2][j]) > 1e-6 {
				t.Errorf("vector %d differs at %d: %v, %v", i, j, lists[i][j], lists[i+2][j])
			}
		}
	}
	if v := numbers(t, base64Vector); v[0] != 1 || v[1] != -2.5 || v[2] != 0.25 {
		t.Errorf("the test's own decoder is wrong: %v", v)
	}
}

// numbers reads a vector in either encoding: base64 is little-endian float32.
func numbers(t *testing.T, v any) []float64 {
	t.Helper()
	var out []float64
	switch v := v.(type) {
	case []any:
		for _, n := range v {
			out = append(out, n.(float64))
		}
	case string:
		raw, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			t.Fatal(err)
		}
		for ; len(raw) >= 4; raw = raw[4:] {
			out = append(out, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw))))
		}
	default:
		t.Fatalf("a vector is %T", v)
	}
	return out
}

func TestOpenAIGoResponses(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	client := s.openaiGo(s.key)
	up.On(chatPath, jsonScript(chatAnswer)) // has no /responses: translated
	asked := responses.ResponseNewParams{Model: chatModel, Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("hi")}}
	answer, err := client.Responses.New(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	if answer.OutputText() != "Hello!" || answer.Status != "completed" || answer.Usage.InputTokens != 11 || string(answer.Model) != chatModel {
		t.Errorf("got %s", answer.RawJSON())
	}
	up.On(chatPath, providertest.Events(piece("Hel"), piece("lo"), lastPiece, usagePiece, donePiece))
	stream := client.Responses.NewStreaming(t.Context(), asked)
	var text string
	var last responses.ResponseStreamEventUnion
	for n := int64(0); stream.Next(); n++ {
		last = stream.Current()
		if last.SequenceNumber != n {
			t.Errorf("event %d has number %d", n, last.SequenceNumber)
		}
		if last.Type == "response.output_text.delta" {
			text += last.Delta
		}
	}
	if stream.Err() != nil || text != "Hello" || last.Type != "response.completed" || last.Response.Usage.OutputTokens != 4 {
		t.Errorf("got %v, %q, %s", stream.Err(), text, last.RawJSON())
	}
	// An upstream that has the API gets the body as it is.
	native := providertest.NewUpstream(t, providertest.HTTP1)
	native.On("/v1/responses", jsonScript(`{"id":"resp_up","object":"response","created_at":1,"status":"completed","model":"`+upChat+`","output":[{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"native","annotations":[]}]}],"usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}}`))
	s.addProvider("native", native.URL.JoinPath("v1").String(), "native")
	if _, err := s.admin().Apply(t.Context(), skytells.ApplyRequest{Source: "native", Resources: skytells.Resources{Models: []skytells.ModelSpec{
		{Slug: "tower-native", Type: "text", API: "chat", Free: true, Targets: []skytells.TargetSpec{{Provider: "native", Model: upChat}}},
	}}}); err != nil {
		t.Fatal(err)
	}
	asked.Model = "tower-native"
	answer, err = client.Responses.New(t.Context(), asked)
	if err != nil || answer.OutputText() != "native" || string(answer.Model) != "tower-native" {
		t.Errorf("got %v, %+v", err, answer)
	}
}

func TestOpenAIGoModels(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	client := s.openaiGo(s.key)
	page, err := client.Models.List(t.Context())
	if err != nil || len(page.Data) != 3 {
		t.Fatalf("got %+v, %v", page, err)
	}
	m, err := client.Models.Get(t.Context(), "skytower-docs")
	if err != nil || m.ID != "skytower-docs" || m.OwnedBy == "" || m.Created == 0 {
		t.Errorf("got %+v, %v", m, err)
	}
	answer, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{Model: "deepbrain-router", Messages: userSays("How do I add a model?")})
	if err != nil || answer.Choices[0].Message.Content == "" || answer.Model != "skytower-docs" {
		t.Errorf("got %+v, %v", answer, err)
	}
}

func TestOpenAIGoErrors(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	for name, c := range map[string]struct {
		key, model string
		script     providertest.Script
		status     int
		code, kind string
	}{
		"wrong key":     {"sk-wrong", chatModel, nil, 401, "invalid_api_key", "authentication_error"},
		"unknown model": {s.key, "nope", nil, 404, "model_not_found", "server_error"},
		"bad request":   {s.key, chatModel, providertest.JSON(400, `{"error":{"message":"no","param":"top_p"}}`), 400, "invalid_parameter", "invalid_request_error"},
		"busy":          {s.key, chatModel, providertest.JSON(429, `{}`), 429, "inference_rate_limited", "rate_limit_error"},
		"upstream 401":  {s.key, chatModel, providertest.JSON(401, `{}`), 500, "service_error", "server_error"},
		"upstream 500":  {s.key, chatModel, providertest.JSON(500, `{}`), 500, "service_error", "server_error"},
		"wrong kind":    {s.key, embedModel, nil, 422, "model_not_supported", "invalid_request_error"},
	} {
		up.On(chatPath, c.script)
		client := s.openaiGo(c.key)
		_, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{Model: c.model, Messages: userSays("hi")})
		var e *openai.Error
		if !errors.As(err, &e) || e.StatusCode != c.status || e.Code != c.code || e.Type != c.kind || e.Message == "" || e.Response.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: got %v", name, err)
		}
		stream := client.Chat.Completions.NewStreaming(t.Context(), openai.ChatCompletionNewParams{Model: c.model, Messages: userSays("hi")})
		if stream.Next() || !errors.As(stream.Err(), &e) || e.StatusCode != c.status {
			t.Errorf("%s, streamed: got %v", name, stream.Err())
		}
	}
	up.On(chatPath, providertest.Events(piece("half")))
	client := s.openaiGo(s.key)
	stream := client.Chat.Completions.NewStreaming(t.Context(), openai.ChatCompletionNewParams{Model: chatModel, Messages: userSays("hi")})
	n := 0
	for stream.Next() {
		n++
	}
	if stream.Err() == nil || n != 1 || !strings.Contains(stream.Err().Error(), "stopped before the end") {
		t.Errorf("after %d chunks: %v", n, stream.Err())
	}
}

// A client that retries goes on after a busy upstream; the second try is a request
// of its own.
func TestOpenAIGoRetries(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	tries := 0
	up.On(chatPath, func(x *providertest.Exchange) {
		if tries++; tries == 1 {
			x.Head(503)
			return
		}
		jsonScript(chatAnswer)(x)
	})
	client := openai.NewClient(option.WithAPIKey(s.key), option.WithBaseURL(s.base+"/v1"), option.WithMaxRetries(1), option.WithHTTPClient(s.client))
	if _, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{Model: chatModel, Messages: userSays("hi")}); err != nil || tries != 2 {
		t.Errorf("after %d tries: %v", tries, err)
	}
	// Wrong credentials of ours don't get better by asking again.
	tries = 0
	up.On(chatPath, func(x *providertest.Exchange) {
		tries++
		providertest.JSON(401, `{}`)(x)
	})
	if _, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{Model: chatModel, Messages: userSays("hi")}); err == nil || tries != 1 {
		t.Errorf("after %d tries: %v", tries, err)
	}
}
