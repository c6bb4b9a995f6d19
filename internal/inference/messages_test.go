package inference_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/inference"
	"skytower/internal/provider"
)

// messenger has the Messages API too, and counts.
type messenger struct {
	*upstream
	native *upstream
	count  int64
	err    error // of counting
}

func (m messenger) Message(ctx context.Context, c *provider.Call) (*provider.Answer, error) {
	return m.native.Chat(ctx, c)
}

func (m messenger) MessageStream(ctx context.Context, c *provider.Call) (provider.Stream, error) {
	return m.native.ChatStream(ctx, c)
}

func (m messenger) CountMessage(ctx context.Context, c *provider.Call) (int64, error) {
	if err := m.native.note(ctx, c); err != nil {
		return 0, err
	}
	return m.count, m.err
}

// counter counts what a chat request has.
type counter struct {
	*upstream
	tokens int64
}

func (c counter) CountTokens(ctx context.Context, call *provider.Call) (int64, error) {
	return c.tokens, c.note(ctx, call)
}

const (
	plainMessage    = `{"model":"m","max_tokens":64,"messages":[{"role":"user","content":"hi"}]}`
	streamedMessage = `{"model":"m","max_tokens":4096,"stream":true,"messages":[{"role":"user","content":"hi"}]}`
)

// blockEvent is an event of an upstream's own Messages stream.
func blockEvent(name, members string, size int) provider.Event {
	if members != "" {
		members = "," + members
	}
	return provider.Event{Name: name, Data: []byte(`{"type":"` + name + `"` + members + `}`), Output: size > 0, Bytes: size}
}

func nativeEvents() []provider.Event {
	end := blockEvent("message_delta", `"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}`, 0)
	end.Usage = provider.Usage{Reported: true, Input: 9, Output: 2, Cached: 4}
	last := blockEvent("message_stop", "", 0)
	last.Final = true
	return []provider.Event{
		blockEvent("message_start", `"message":{}`, 0), blockEvent("content_block_start", `"index":0,"content_block":{}`, 0),
		blockEvent("content_block_delta", `"index":0,"delta":{}`, 5), blockEvent("content_block_stop", `"index":0`, 0), end, last,
	}
}

func TestNativeMessagesAreLeftAlone(t *testing.T) {
	t.Parallel()
	native := &upstream{answer: provider.Answer{Body: []byte(`{"native":true}`), Usage: provider.Usage{Reported: true, Input: 3, Output: 1}}, events: nativeEvents()}
	d := newDesk(messenger{native: native})
	d.edit = func(r *inference.Request) { r.Header = http.Header{"Anthropic-Beta": {"b"}} }
	body := `{"model":"m","max_tokens":64,"tools":[{"type":"web_search_20250305","name":"web_search"}],"messages":[{"role":"user","content":[{"type":"document"}]}]}`
	if _, err := d.call(t.Context(), t, inference.Messages, body); err != nil || d.answer != `{"native":true}` {
		t.Fatalf("got %s, %v", d.answer, err)
	}
	if got := native.calls[0]; string(got.Body.Bytes()) != body || got.Header.Get("Anthropic-Beta") != "b" {
		t.Errorf("sent %s with %v", got.Body.Bytes(), got.Header)
	}
	if _, err := d.call(t.Context(), t, inference.Messages, streamedMessage); err != nil {
		t.Fatal(err)
	}
	if len(d.events) != 6 || d.charges[1].Input != 9 || d.charges[1].Output != 2 || d.charges[1].Cached != 4 {
		t.Errorf("got %q, charged %+v", d.events, d.charges)
	}
	commits := d.times("commit")
	for i, line := range d.journal {
		if line == "commit" {
			commits--
		}
		if (line == "event message_delta" || line == "event message_stop") && commits > 0 {
			t.Errorf("step %d, the end, came before the charge: %v", i, d.journal)
		}
	}
}

func TestChatStandsInWhereTheUpstreamHasNoMessages(t *testing.T) {
	t.Parallel()
	native := &upstream{err: failure(provider.Unsupported, 404)}
	chat := &upstream{
		answer: provider.Answer{Body: []byte(`{"choices":[{"message":{"content":"over chat"},"finish_reason":"stop"}]}`), Usage: provider.Usage{Reported: true, Input: 5, Output: 2}, Bytes: 9},
		events: []provider.Event{chunk("over chat"), stop("stop"), usage(5, 2)},
	}
	d := newDesk(messenger{upstream: chat, native: native})
	d.edit = func(r *inference.Request) {
		r.Header = http.Header{"Anthropic-Version": {"2023-06-01"}, "Accept-Language": {"de"}}
	}
	if _, err := d.call(t.Context(), t, inference.Messages, plainMessage); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(d.answer, `"content":[{"type":"text","text":"over chat","citations":null}],"stop_reason":"end_turn"`) || !strings.HasPrefix(d.answer, `{"id":"msg_`) {
		t.Errorf("answered %s", d.answer)
	}
	sent := chat.calls[0]
	if diff := cmp.Diff(http.Header{"Accept-Language": {"de"}}, sent.Header); diff != "" || string(sent.Body.Bytes()) != `{"model":"up-a","messages":[{"role":"user","content":"hi"}],"max_tokens":64}` {
		t.Errorf("sent %s with %v", sent.Body.Bytes(), sent.Header)
	}
	d.journal = nil
	if _, err := d.call(t.Context(), t, inference.Messages, streamedMessage); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range d.events {
		names = append(names, strings.SplitN(e, " ", 2)[0])
	}
	want := []string{"message_start", "ping", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	// The end, and why it ended, come after the charge.
	commit, reason := slices.Index(d.journal, "commit"), slices.Index(d.journal, "event message_delta")
	if commit < 0 || reason < commit || d.charges[1].Output != 2 {
		t.Errorf("steps %v, charged %+v", d.journal, d.charges)
	}
}

// What one target's upstream cannot carry is asked of the next; where none can, the field
// is named.
func TestMessagesThatChatCannotCarry(t *testing.T) {
	t.Parallel()
	body := `{"model":"m","max_tokens":64,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"x"}}]}]}`
	native := &upstream{answer: provider.Answer{Body: []byte(`{"native":true}`)}}
	d := newDesk(&upstream{})
	d.targets = append(d.targets, catalog.Target{Provider: "b", Model: "up-b"})
	d.adapters["b"] = messenger{native: native}
	if _, err := d.call(t.Context(), t, inference.Messages, body); err != nil || d.answer != `{"native":true}` {
		t.Errorf("answered %s, %v", d.answer, err)
	}
	d = newDesk(&upstream{})
	_, err := d.call(t.Context(), t, inference.Messages, body)
	if f := fault.From(err); f.ID != fault.InvalidParameter || f.Param != "messages[0].content[0]" || f.HTTPStatus() != 400 {
		t.Errorf("refused by %v", err)
	}
}

func TestMessagesNeedTheirFields(t *testing.T) {
	t.Parallel()
	for body, param := range map[string]string{
		`{"model":"m","messages":[]}`:                                           "max_tokens",
		`{"model":"m","max_tokens":0,"messages":[]}`:                            "max_tokens",
		`{"model":"m","max_tokens":"x","messages":[]}`:                          "max_tokens",
		`{"model":"m","max_tokens":5,"messages":[],"thread":{"type":"create"}}`: "thread",
		`{"model":"m","max_tokens":5}`:                                          "messages",
		`{"model":"m","max_tokens":5,"messages":[],"temperature":{}}`:           "temperature",
	} {
		_, err := newDesk(&upstream{}).call(t.Context(), t, inference.Messages, body)
		if f := fault.From(err); f.Param != param || f.HTTPStatus() != 400 {
			t.Errorf("%s: %v", body, err)
		}
	}
	_, err := newDesk(&upstream{}).call(t.Context(), t, inference.Messages, `{"model":"nope","max_tokens":5,"messages":[]}`)
	if !fault.Is(err, fault.ModelNotFound) {
		t.Errorf("an unknown model: %v", err)
	}
}

// Pictures named by address obey the policy, in results of tools too. What is a word to the
// model is left as it is.
func TestAddressesOfMessages(t *testing.T) {
	t.Parallel()
	body := `{"model":"m","max_tokens":9,"tools":[{"name":"get","input_schema":{"type":"object","examples":[{"url":"https://tool.example"}]}}],"messages":[` +
		`{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://a.example/1.png"}}]},` +
		`{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"get","input":{"url":"https://tool.example","source":{"url":"https://tool.example"}}}]},` +
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":{"type":"url","url":"https://b.example/2.png"}}]}]}]}`
	chat := &upstream{answer: provider.Answer{Body: []byte(`{"choices":[{"message":{"content":"x"}}]}`)}}
	d := newDesk(chat)
	if _, err := d.call(t.Context(), t, inference.Messages, body); err != nil {
		t.Fatal(err)
	}
	slices.Sort(d.fetched)
	if diff := cmp.Diff([]string{"https://a.example/1.png", "https://b.example/2.png"}, d.fetched); diff != "" {
		t.Error(diff)
	}
	sent := string(chat.calls[0].Body.Bytes())
	if strings.Contains(sent, "a.example") || strings.Contains(sent, "b.example") || strings.Count(sent, "data:image/png;base64,UE5H") != 2 || !strings.Contains(sent, "tool.example") {
		t.Errorf("sent %s", sent)
	}
	d = newDesk(chat)
	d.targets[0].FetchInputs = catalog.FetchDeny
	if _, err := d.call(t.Context(), t, inference.Messages, body); !fault.Is(err, fault.SecurityViolation) || !strings.Contains(err.Error(), "messages[0].content[0].source.url") {
		t.Errorf("denied: %v", err)
	}
}

// A picture counts the same whatever its size; what it holds is no text.
func TestPicturesOfMessagesAreMeasured(t *testing.T) {
	t.Parallel()
	sized := func(source string) int64 {
		d := newDesk(&upstream{answer: provider.Answer{Body: []byte(`{"choices":[{"message":{"content":"x"}}]}`)}})
		_, err := d.call(t.Context(), t, inference.Messages, `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":`+source+`}]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		return d.drawn[0].TokensIn
	}
	small, large := sized(`{"type":"base64","media_type":"image/png","data":"AAAA"}`), sized(`{"type":"base64","media_type":"image/png","data":"`+strings.Repeat("A", 60_000)+`"}`)
	if small != large || small < 1600 || small > 1700 {
		t.Errorf("%d tokens, and %d of a large one", small, large)
	}
	if named := sized(`{"type":"url","url":"https://a.example/1.png"}`); named < 1600 || named > 1700 {
		t.Errorf("%d tokens of one elsewhere", named)
	}
}

func TestMessagesEndWhereCreditDoes(t *testing.T) {
	t.Parallel()
	type last struct {
		Delta struct {
			Stop string `json:"stop_reason"`
		}
		Usage map[string]int64
	}
	check := func(name string, events []string) {
		t.Helper()
		var names []string
		for _, e := range events {
			names = append(names, strings.SplitN(e, " ", 2)[0])
		}
		tail := names[len(names)-3:]
		if diff := cmp.Diff([]string{"content_block_stop", "message_delta", "message_stop"}, tail); diff != "" {
			t.Errorf("%s: %v", name, names)
		}
		_, data, _ := strings.Cut(events[len(events)-2], " ")
		var end last
		if err := json.Unmarshal([]byte(data), &end); err != nil || end.Delta.Stop != "max_tokens" || end.Usage["output_tokens"] != 256 {
			t.Errorf("%s ended with %s", name, data)
		}
	}
	d := poorDesk(&upstream{events: []provider.Event{chunk(strings.Repeat("a", 1024)), chunk("too much")}}, 0)
	result, err := d.call(t.Context(), t, inference.Messages, streamedMessage)
	if err != nil || result.Outcome != inference.OutOfCredit {
		t.Fatalf("%+v, %v", result, err)
	}
	check("translated", d.events)

	head := nativeEvents()[:2]
	d = poorDesk(messenger{native: &upstream{events: append(head, blockEvent("content_block_delta", `"index":0`, 1024), blockEvent("content_block_delta", `"index":0`, 9))}}, 0)
	if _, err := d.call(t.Context(), t, inference.Messages, streamedMessage); err != nil {
		t.Fatal(err)
	}
	check("native", d.events)
}

// counted parses the body and has its tokens counted.
func (d *desk) counted(t *testing.T, body string) (inference.Counted, error) {
	t.Helper()
	req, err := inference.NewParser().Parse(inference.Messages, []byte(body), false)
	if err != nil {
		t.Fatal(err)
	}
	return d.service().CountMessage(t.Context(), d.who, req)
}

func TestCountingTokens(t *testing.T) {
	t.Parallel()
	const body = `{"model":"m","messages":[{"role":"user","content":"hi"}]}`
	estimate := int64(len(body) / 4)
	tools := `{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"web_search_20250305","name":"web_search"}]}`
	busy := failure(provider.Busy, 429)
	chat := counter{&upstream{}, 21}
	for name, c := range map[string]struct {
		adapter any
		body    string
		want    int64
	}{
		"native":                           {messenger{native: &upstream{}, count: 17}, body, 17},
		"over chat":                        {chat, body, 21},
		"nobody counts":                    {&upstream{}, body, estimate},
		"the upstream is busy":             {messenger{native: &upstream{err: busy}}, body, estimate},
		"the upstream has no such thing":   {messenger{native: &upstream{err: failure(provider.Unsupported, 404)}}, body, estimate},
		"chat has nothing for the request": {chat, tools, int64(len(tools) / 4)},
	} {
		d := newDesk(c.adapter)
		got, err := d.counted(t, c.body)
		if err != nil || got.Tokens != c.want || got.Admission.Model != "slug" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if drawn := d.drawn[0]; drawn.TokensIn != 0 || drawn.TokensOut != 0 || drawn.Slot || drawn.Route != "messages" || len(d.settled) != 1 || d.times("reserve", "commit") != 0 {
			t.Errorf("%s: drew %+v, steps %v", name, drawn, d.journal)
		}
	}
	if got := string(chat.calls[0].Body.Bytes()); got != `{"model":"up-a","messages":[{"role":"user","content":"hi"}]}` {
		t.Errorf("counted %s", got)
	}

	rejected := &provider.Error{Class: provider.Rejected, Status: 400, Message: "messages: too odd"}
	_, err := newDesk(messenger{native: &upstream{err: rejected}}).counted(t, body)
	if f := fault.From(err); f.Message != "messages: too odd" || f.HTTPStatus() != 400 {
		t.Errorf("rejected: %v", err)
	}
	d := newDesk(&upstream{})
	d.decision.Allowed = false
	if _, err := d.counted(t, body); !fault.Is(err, fault.RateLimited) {
		t.Errorf("denied: %v", err)
	}
	if _, err := newDesk(&upstream{}).counted(t, `{"model":"m"}`); fault.From(err).Param != "messages" {
		t.Errorf("without messages: %v", err)
	}
	if _, err := newDesk(&upstream{}).counted(t, `{"model":"nope","messages":[]}`); !fault.Is(err, fault.ModelNotFound) {
		t.Errorf("unknown model: %v", err)
	}
}

// Clients of the API know by these words that a conversation has to be made shorter.
func TestMessagesThatAreTooLong(t *testing.T) {
	t.Parallel()
	long := &provider.Error{Class: provider.Rejected, Status: 400, Code: "context_length_exceeded", Message: "At most 8192 tokens."}
	_, err := newDesk(&upstream{err: long}).call(t.Context(), t, inference.Messages, plainMessage)
	if f, ok := errors.AsType[*fault.Error](err); !ok || !strings.HasPrefix(f.Message, "prompt is too long: At most 8192") || f.Param != "messages" {
		t.Errorf("got %v", err)
	}
}
