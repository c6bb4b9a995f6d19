package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/provider"
)

// ask is a chat body with one question and further fields.
func ask(question, more string) string {
	content, _ := json.Marshal(question)
	return fmt.Sprintf(`{"model":"m","messages":[{"role":"system","content":"Speak like a pirate."},{"role":"user","content":%s}]%s}`, content, more)
}

func chat(t *testing.T, p *Provider, body string) map[string]any {
	t.Helper()
	answer, err := p.Chat(t.Context(), newCall(t, Docs, body))
	if err != nil {
		t.Fatal(err)
	}
	var reply map[string]any
	if err := json.Unmarshal(answer.Body, &reply); err != nil {
		t.Fatalf("%v in %s", err, answer.Body)
	}
	usage := reply["usage"].(map[string]any)
	if !answer.Usage.Reported || float64(answer.Usage.Input) != usage["prompt_tokens"] || float64(answer.Usage.Output) != usage["completion_tokens"] {
		t.Errorf("usage %+v, body says %v", answer.Usage, usage)
	}
	return reply
}

// contentOf returns the text and the finish reason of a plain answer.
func contentOf(t *testing.T, reply map[string]any) (string, string) {
	t.Helper()
	choice := reply["choices"].([]any)[0].(map[string]any)
	return choice["message"].(map[string]any)["content"].(string), choice["finish_reason"].(string)
}

// chunk is one event of a stream, as a client decodes it.
type chunk struct {
	ID, Object, Model string
	Created           int64
	Choices           []struct {
		Index        int
		Delta        map[string]string
		FinishReason *string `json:"finish_reason"`
	}
	Usage map[string]any
}

// drain reads a stream to its end and checks what holds for every event.
func drain(t *testing.T, s provider.Stream) ([]chunk, []provider.Event) {
	t.Helper()
	var chunks []chunk
	var events []provider.Event
	for s.Ready() {
		event, err := s.Next()
		if err != nil {
			t.Fatal(err)
		}
		var c chunk
		if err := json.Unmarshal(event.Data, &c); err != nil || strings.Contains(string(event.Data), "\n") {
			t.Fatalf("%v in %s", err, event.Data)
		}
		if !strings.Contains(string(event.Data), `"choices":[`) || event.Name != "" || event.Final {
			t.Errorf("event %+v %s", event, event.Data)
		}
		chunks, events = append(chunks, c), append(events, event)
	}
	if _, err := s.Next(); err != io.EOF {
		t.Errorf("after the last event: %v, want io.EOF", err)
	}
	return chunks, events
}

func streamed(t *testing.T, p *Provider, body string) ([]chunk, []provider.Event) {
	t.Helper()
	s, err := p.ChatStream(t.Context(), newCall(t, Docs, body))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return drain(t, s)
}

func TestChatQuotesTheManual(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Unix(1748000000, 0) }
	p, err := New(Options{Manual: os.DirFS("testdata/manual"), DocsURL: testHome, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	reply := chat(t, p, ask("How do I add an upstream?", ""))
	text, reason := contentOf(t, reply)
	for _, want := range []string{
		"**[Upstreams and models › Add an upstream](http://tower.test/docs/guide/upstreams#add-an-upstream)**\n\n> Set `OPENAI_BASE_URL`",
		"\n> ```sh\n> skytower models import --provider openai --free\n> ```\n",
		"[keys](http://tower.test/docs/guide/keys#create-a-key)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if !strings.HasPrefix(text, "I quote Skytower's manual and do not generate text.") || reason != "stop" {
		t.Errorf("finish %s, text begins %.60q", reason, text)
	}
	if id := reply["id"].(string); !regexp.MustCompile(`^chatcmpl-[0-9a-f]{24}$`).MatchString(id) {
		t.Errorf("id %s", id)
	}
	prompt, completion := float64(countTokens("Speak like a pirate.")+countTokens("How do I add an upstream?")), float64(countTokens(text))
	want := map[string]any{
		"id": reply["id"], "object": "chat.completion", "created": 1748000000.0, "model": "shown/" + Docs,
		"system_fingerprint": "fp_" + testManual(t, p).print,
		"choices": []any{map[string]any{
			"index": 0.0, "finish_reason": "stop", "logprobs": nil,
			"message": map[string]any{"role": "assistant", "content": text, "refusal": nil, "annotations": []any{}},
		}},
		"usage": map[string]any{
			"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
			"prompt_tokens_details":     map[string]any{"cached_tokens": 0.0},
			"completion_tokens_details": map[string]any{"reasoning_tokens": 0.0},
		},
	}
	if diff := cmp.Diff(want, reply); diff != "" {
		t.Error(diff)
	}
}

func TestChatSaysThatItFoundNothing(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	for _, question := range []string{"blorf quux zibble", "What is the capital of France?", ""} {
		text, _ := contentOf(t, chat(t, p, ask(question, "")))
		if !strings.Contains(text, "found no passage") || !strings.Contains(text, testHome) || strings.Contains(text, ">") {
			t.Errorf("%q: %s", question, text)
		}
	}
}

func TestChatStreamEqualsThePlainAnswer(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	body := ask("How do I add an upstream?", `,"stream":true`)
	want, _ := contentOf(t, chat(t, p, body))
	chunks, events := streamed(t, p, body)
	n := len(chunks)
	if n < 10 {
		t.Fatalf("only %d chunks", n)
	}
	text, floor := "", 0
	for i, c := range chunks {
		if c.ID != chunks[0].ID || c.Object != "chat.completion.chunk" || c.Model != "shown/"+Docs || c.Created != chunks[0].Created {
			t.Errorf("chunk %d: %+v", i, c)
		}
		if len(c.Choices) == 1 {
			text += c.Choices[0].Delta["content"]
			if last := i == n-2; (c.Choices[0].FinishReason != nil) != last || last && *c.Choices[0].FinishReason != "stop" {
				t.Errorf("chunk %d: finish_reason %v", i, c.Choices[0].FinishReason)
			}
		}
		if content := i > 0 && i < n-2; events[i].Output != content || events[i].UsageOnly != (i == n-1) {
			t.Errorf("event %d of %d: %+v", i, n, events[i])
		}
		floor += events[i].Bytes
	}
	if diff := cmp.Diff(want, text); diff != "" || floor != len(want) {
		t.Errorf("%d bytes counted of %d: %s", floor, len(want), diff)
	}
	if diff := cmp.Diff(map[string]string{"role": "assistant", "content": ""}, chunks[0].Choices[0].Delta); diff != "" {
		t.Error(diff)
	}
	last := events[n-1].Usage
	if len(chunks[n-1].Choices) != 0 || !last.Reported || chunks[n-1].Usage["total_tokens"] != float64(last.Input+last.Output) {
		t.Errorf("last event %s, usage %+v", events[n-1].Data, last)
	}
}

func TestChatStreamEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	ctx, cancel := context.WithCancel(t.Context())
	s, err := p.ChatStream(ctx, newCall(t, Docs, ask("revoke a key", "")))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	var got *provider.Error
	if _, err := s.Next(); !errors.As(err, &got) || got.Class != provider.Cancelled || !errors.Is(err, context.Canceled) {
		t.Errorf("after the caller left: %v", err)
	}
	if err := s.Close(); err != nil || s.Ready() {
		t.Errorf("close: %v, ready %v", err, s.Ready())
	}
	if _, err := s.Next(); err != io.EOF {
		t.Errorf("after Close: %v, want io.EOF", err)
	}
}

func TestChatReadsTheLastUserMessage(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	for name, messages := range map[string]string{
		"later message": `{"role":"user","content":"prometheus metrics"},{"role":"assistant","content":null},{"role":"user","content":"revoke a key"}`,
		"before others": `{"role":"user","content":"revoke a key"},{"role":"assistant","content":"prometheus"},{"role":"tool","content":"metrics"}`,
		"parts":         `{"role":"user","content":[{"type":"text","text":"revoke"},{"type":"text","text":"a key"}]}`,
		"old image":     `{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,"}}]},{"role":"user","content":"revoke a key"}`,
	} {
		text, _ := contentOf(t, chat(t, p, `{"messages":[`+messages+`],"tools":[{"type":"function"}],"temperature":2,"n":1,"response_format":{"type":"text"},"stop":null}`))
		if !strings.Contains(text, "keys#revoke-a-key") || strings.Contains(text, "metrics") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestChatLimits(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	const question = "How do I add an upstream?"
	whole, _ := contentOf(t, chat(t, p, ask(question, "")))
	size := countTokens(whole)
	for _, tc := range []struct {
		more     string
		reserved int64
		want     string
		reason   string
	}{
		{`,"max_tokens":4`, 0, "I quote Skytower'", "length"},
		{`,"max_completion_tokens":1`, 0, "I", "length"},
		{`,"max_tokens":100`, 2, "I quote", "length"},
		{fmt.Sprintf(`,"max_tokens":%d`, size), 0, whole, "stop"},
		{`,"max_tokens":1000000000000`, 0, whole, "stop"},
		{`,"stop":"manual"`, 0, "I quote Skytower's ", "stop"},
		{`,"stop":["zzz","do not","quote"]`, 0, "I ", "stop"},
		{`,"stop":["","zzz"]`, 0, whole, "stop"},
		{`,"stop":["manual"],"max_tokens":2`, 0, "I quote", "length"},
		{`,"stop":"I"`, 0, "", "stop"},
	} {
		call := newCall(t, Docs, ask(question, tc.more))
		call.MaxTokens = tc.reserved
		answer, err := p.Chat(t.Context(), call)
		if err != nil {
			t.Fatalf("%s: %v", tc.more, err)
		}
		var reply map[string]any
		if err := json.Unmarshal(answer.Body, &reply); err != nil {
			t.Fatal(err)
		}
		if text, reason := contentOf(t, reply); text != tc.want || reason != tc.reason {
			t.Errorf("%s: %q, %s; want %q, %s", tc.more, text, reason, tc.want, tc.reason)
		}
		chunks, _ := streamed(t, p, ask(question, tc.more))
		if reason := *chunks[len(chunks)-2].Choices[0].FinishReason; reason != tc.reason {
			t.Errorf("%s: streamed finish_reason %s, want %s", tc.more, reason, tc.reason)
		}
	}
}

func TestChatRefuses(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	image := `{"type":"image_url","image_url":{"url":"http://example.com/a.png"}}`
	for body, want := range map[string]struct {
		id     fault.ID
		status int
		param  string
	}{
		`{}`:                     {fault.InvalidParameter, 400, "messages"},
		`{"messages":[]}`:        {fault.InvalidParameter, 400, "messages"},
		`{"messages":"hello"}`:   {fault.InvalidParameter, 400, "messages"},
		`{"messages":["hello"]}`: {fault.InvalidParameter, 400, "messages[0]"},
		`{"messages":[{"role":"system","content":"x"}]}`:                                      {fault.InvalidParameter, 400, "messages"},
		`{"messages":[{"role":"user"}]}`:                                                      {fault.InvalidParameter, 400, "messages"},
		`{"messages":[{"role":"user","content":[{"type":"text","text":"x"},` + image + `]}]}`: {fault.ModelNotSupported, 422, "messages[0].content"},
		`{"messages":[{"role":"user","content":[{}]}]}`:                                       {fault.ModelNotSupported, 422, "messages[0].content"},
		ask("x", `,"n":2`):                                                     {fault.InvalidParameter, 400, "n"},
		ask("x", `,"n":"1"`):                                                   {fault.InvalidParameter, 400, "n"},
		ask("x", `,"max_tokens":0`):                                            {fault.InvalidParameter, 400, "max_tokens"},
		ask("x", `,"max_completion_tokens":-1`):                                {fault.InvalidParameter, 400, "max_completion_tokens"},
		ask("x", `,"stop":7`):                                                  {fault.InvalidParameter, 400, "stop"},
		ask("x", `,"stop":["a",7]`):                                            {fault.InvalidParameter, 400, "stop"},
		ask("x", `,"stop":["a","b","c","d","e"]`):                              {fault.InvalidParameter, 400, "stop"},
		ask("x", `,"response_format":{"type":"json_object"}`):                  {fault.ModelNotSupported, 422, "response_format"},
		ask("x", `,"response_format":{"type":"json_schema","json_schema":{}}`): {fault.ModelNotSupported, 422, "response_format"},
	} {
		_, err := p.Chat(t.Context(), newCall(t, Docs, body))
		var got *fault.Error
		if !errors.As(err, &got) || got.ID != want.id || got.HTTPStatus() != want.status || got.Param != want.param {
			t.Errorf("%s: got %v, want %v", body, err, want)
		}
		if _, streamErr := p.ChatStream(t.Context(), newCall(t, Docs, body)); fmt.Sprint(streamErr) != fmt.Sprint(err) {
			t.Errorf("%s: streamed %v, plain %v", body, streamErr, err)
		}
	}
}

func TestCountTokens(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"": 0, "  \n": 0, "one": 1, " two words ": 2, "don't stop!": 5, "a_b": 3, "3.14": 3, "日本語": 1, "👍👍": 2, "\xff\xfe": 2,
	} {
		if got := countTokens(text); got != want {
			t.Errorf("%q has %d tokens, want %d", text, got, want)
		}
	}
}

func FuzzFinish(f *testing.F) {
	f.Add("I quote the manual. Nothing more!", "manual", int64(3))
	f.Add(" \xff\xfe日本 語", "", int64(1))
	f.Fuzz(func(t *testing.T, text, stop string, limit int64) {
		limit %= 1000
		stops := []string{stop}
		if stop == "" {
			stops = nil
		}
		got, reason := finish(text, stops, limit)
		if !strings.HasPrefix(text, got) || limit > 0 && countTokens(got) > limit {
			t.Errorf("%q of %q, limit %d", got, text, limit)
		}
		if reason == "length" && countTokens(got) != limit || stop != "" && strings.Contains(got, stop) {
			t.Errorf("%q (%s) of %q, limit %d, stop %q", got, reason, text, limit, stop)
		}
		joined := ""
		for rest := got; rest != ""; {
			n := piece(rest)
			if n < 1 {
				t.Fatalf("no piece of %q", rest)
			}
			joined, rest = joined+rest[:n], rest[n:]
		}
		if joined != got {
			t.Errorf("pieces make %q of %q", joined, got)
		}
	})
}
