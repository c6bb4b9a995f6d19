package anthropic_test

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
	"skytower/internal/provider/anthropic"
	"skytower/internal/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	messagesPath = "/v1/messages"
	countPath    = "/v1/messages/count_tokens"
	modelsPath   = "/v1/models"
)

var (
	_ provider.Messenger = (*anthropic.Provider)(nil)
	_ provider.Chatter   = (*anthropic.Provider)(nil)
	_ provider.Lister    = (*anthropic.Provider)(nil)
)

func TestSuite(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Dialect{
		New: func(t *testing.T, base *url.URL, credential string, client egress.Upstream) any {
			return anthropic.New(anthropic.Options{Name: "test", BaseURL: base.JoinPath("v1"), Credential: credential, Upstream: client})
		},
		Patient:  func(adapter any) { adapter.(*anthropic.Provider).SetDrain(time.Hour) },
		ChatPath: messagesPath, ChatAnswer: message, ChatStream: chunked,
		MessagesPath: messagesPath, MessagesAnswer: message, MessagesStream: events,
		Refusal: func(message string) string {
			return `{"type":"error","error":{"type":"some_error","message":` + quote(message) + `},"request_id":"req_1"}`
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

// counts is a usage object of the API: a part of the input was written to the cache.
func counts(u provider.Usage) string {
	written := (u.Input - u.Cached) / 2
	return fmt.Sprintf(`{"input_tokens":%d,"cache_creation_input_tokens":%d,"cache_read_input_tokens":%d,"output_tokens":%d,`+
		`"output_tokens_details":{"thinking_tokens":%d},"service_tier":"standard"}`, u.Input-u.Cached-written, written, u.Cached, u.Output, u.Reasoning)
}

// message is a whole answer.
func message(model, text string, u provider.Usage) string {
	usage := ""
	if u.Reported {
		usage = `,"usage":` + counts(u)
	}
	return `{"id":"msg_1","type":"message","role":"assistant","model":` + quote(model) + `,"content":[{"type":"text","text":` + quote(text) +
		`}],"stop_reason":"end_turn","stop_sequence":null` + usage + `}`
}

func event(kind, members string) string {
	if members != "" {
		members = "," + members
	}
	return "event: " + kind + "\ndata: {\"type\":\"" + kind + "\"" + members + "}\n\n"
}

func began(model string) string {
	return event("message_start", `"message":{"id":"msg_1","type":"message","role":"assistant","model":`+quote(model)+
		`,"content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}`)
}

func said(text string) string {
	return event("content_block_delta", `"index":0,"delta":{"type":"text_delta","text":`+quote(text)+`}`)
}

const textBegins = `"index":0,"content_block":{"type":"text","text":""}`

// events is a stream with a piece for each event.
func events(model string, texts []string, u provider.Usage) []string {
	out := []string{began(model), event("content_block_start", textBegins), event("ping", "")}
	for _, text := range texts {
		out = append(out, said(text))
	}
	return append(out,
		event("content_block_stop", `"index":0`),
		event("message_delta", `"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":`+counts(u)),
		event("message_stop", ""))
}

// chunked is the same with a piece for each chunk that comes of it.
func chunked(model string, texts []string, u provider.Usage) []string {
	all := events(model, texts, u)
	n := len(all)
	out := []string{strings.Join(all[:4], "")}
	out = append(out, all[4:n-3]...)
	return append(out, all[n-3]+all[n-2], all[n-1])
}
