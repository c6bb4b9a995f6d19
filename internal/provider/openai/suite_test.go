package openai_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/openai"
	"skytower/internal/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSuite(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Dialect{
		New: func(t *testing.T, base *url.URL, credential string, client egress.Upstream) any {
			return openai.New(openai.Options{Name: "test", BaseURL: base.JoinPath("v1"), Credential: credential, Upstream: client})
		},
		Patient:  func(adapter any) { adapter.(*openai.Provider).SetDrain(time.Hour) },
		ChatPath: "/v1/chat/completions", ChatAnswer: chatAnswer, ChatStream: chatStream,
		ResponsesPath: "/v1/responses", ResponsesAnswer: responsesAnswer, ResponsesStream: responsesStream,
		EmbeddingsPath: "/v1/embeddings", EmbeddingsAnswer: embeddingsAnswer,
		Refusal: func(message string) string {
			return `{"error":{"message":` + quote(message) + `,"type":"some_error","param":null,"code":null}}`
		},
	})
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func chatUsage(u provider.Usage) string {
	return fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,"prompt_tokens_details":{"cached_tokens":%d},"completion_tokens_details":{"reasoning_tokens":%d}}`,
		u.Input, u.Output, u.Input+u.Output, u.Cached, u.Reasoning)
}

func chatAnswer(model, text string, u provider.Usage) string {
	usage := ""
	if u.Reported {
		usage = `,"usage":` + chatUsage(u)
	}
	return `{"id":"chatcmpl-1","object":"chat.completion","created":1748000000,"model":` + quote(model) +
		`,"choices":[{"index":0,"message":{"role":"assistant","content":` + quote(text) + `},"finish_reason":"stop"}]` + usage + `}`
}

func chatStream(model string, texts []string, u provider.Usage) []string {
	head := `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1748000000,"model":` + quote(model) + `,"choices":[`
	var out []string
	for _, text := range texts {
		out = append(out, head+`{"index":0,"delta":{"content":`+quote(text)+`},"finish_reason":null}],"usage":null}`+"\n\n")
	}
	return append(out,
		head+`{"index":0,"delta":{},"finish_reason":"stop"}]}`+"\n\n",
		head+`],"usage":`+chatUsage(u)+"}\n\n",
		"data: [DONE]\n\n")
}

func response(model, status, text string, u provider.Usage) string {
	usage, output := "null", ""
	if u.Reported {
		usage = fmt.Sprintf(`{"input_tokens":%d,"output_tokens":%d,"total_tokens":%d,"input_tokens_details":{"cached_tokens":%d},"output_tokens_details":{"reasoning_tokens":%d}}`,
			u.Input, u.Output, u.Input+u.Output, u.Cached, u.Reasoning)
	}
	if text != "" {
		output = `{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":` + quote(text) + `,"annotations":[]}]}`
	}
	return `{"id":"resp_1","object":"response","status":"` + status + `","model":` + quote(model) + `,"output":[` + output +
		`],"error":null,"usage":` + usage + `}`
}

func responsesAnswer(model, text string, u provider.Usage) string {
	return response(model, "completed", text, u)
}

func responsesStream(model string, texts []string, u provider.Usage) []string {
	out := []string{event("response.created", `"response":`+response(model, "in_progress", "", provider.Usage{}))}
	for _, text := range texts {
		out = append(out, event("response.output_text.delta", `"item_id":"msg_1","delta":`+quote(text)))
	}
	return append(out, event("response.completed", `"response":`+response(model, "completed", strings.Join(texts, ""), u)))
}

func event(kind, members string) string {
	return "event: " + kind + "\ndata: {\"type\":\"" + kind + "\",\"sequence_number\":0," + members + "}\n\n"
}

func embeddingsAnswer(model string, vectors [][]float32, u provider.Usage) string {
	var list []string
	for i, v := range vectors {
		list = append(list, fmt.Sprintf(`{"object":"embedding","index":%d,"embedding":%s}`, i, strings.ReplaceAll(fmt.Sprint(v), " ", ",")))
	}
	usage := ""
	if u.Reported {
		usage = fmt.Sprintf(`,"usage":{"prompt_tokens":%d,"total_tokens":%d}`, u.Input, u.Input)
	}
	return `{"object":"list","data":[` + strings.Join(list, ",") + `],"model":` + quote(model) + usage + `}`
}
