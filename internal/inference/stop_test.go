package inference_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/inference"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/money"
	"skytower/internal/provider"
)

// poor grows so many times and no more.
type poor struct {
	*desk
	grows int
}

func (p *poor) Grow(context.Context, *ledger.Reservation, money.Nanos) bool {
	p.grows--
	return p.grows >= 0
}

// poorDesk asks a model that costs; its credit is for one step and so many more.
func poorDesk(adapter any, grows int) *desk {
	d := newDesk(adapter)
	d.model.Price = tokenPrice()
	d.meter = &poor{desk: d, grows: grows}
	return d
}

// delta is a whole chunk, as upstreams send it.
func delta(index int, text string, reason string) provider.Event {
	return provider.Event{Output: text != "", Bytes: len(text), Data: fmt.Appendf(nil, `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":9,`+
		`"model":"m","system_fingerprint":"fp","choices":[{"index":%d,"delta":{"content":%q},"finish_reason":%s}],"usage":null}`, index, text, reason)}
}

// What is still open is closed, and nothing else.
func TestOpenChoicesEndForLength(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123", 128) // half a step
	u := &upstream{events: []provider.Event{
		delta(0, "a", "null"), delta(1, "b", "null"), delta(1, "", `"stop"`), delta(0, long, "null"), delta(2, long, "null"), delta(0, "refused", "null"),
	}}
	d := poorDesk(u, 0)
	if _, err := d.call(t.Context(), t, inference.Chat, `{"model":"m","stream":true,"n":3,"messages":[]}`); err != nil {
		t.Fatal(err)
	}
	const head = `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":9,"model":"m","system_fingerprint":"fp","choices":[{"index":`
	want := []string{head + `0,"delta":{},"finish_reason":"length"}]}`, head + `2,"delta":{},"finish_reason":"length"}]}`, "[DONE]"}
	if diff := cmp.Diff(want, d.events[4:]); diff != "" {
		t.Error(diff)
	}
	// The end comes when the charge is durable, and the upstream has been left.
	commit, end := strings.Index(strings.Join(d.journal, "\n"), "commit"), strings.Index(strings.Join(d.journal, "\n"), "event [DONE]")
	if commit < 0 || end < commit || u.closed != 1 {
		t.Errorf("steps %v, closed %d times", d.journal, u.closed)
	}
}

func TestTranslatedResponseEndsIncomplete(t *testing.T) {
	t.Parallel()
	u := &upstream{events: []provider.Event{chunk(strings.Repeat("a", 1000)), chunk(strings.Repeat("b", 24)), chunk("c")}}
	d := poorDesk(u, 0)
	result, err := d.call(t.Context(), t, inference.Responses, `{"model":"m","stream":true,"input":"hi"}`)
	if err != nil || result.Outcome != inference.OutOfCredit {
		t.Fatalf("%+v, %v", result, err)
	}
	events := typed(t, d.events)
	if diff := cmp.Diff([]string{"created", "in_progress", "output_item.added", "content_part.added", "output_text.delta", "output_text.delta",
		"output_text.done", "content_part.done", "output_item.done", "incomplete"}, types(events)); diff != "" {
		t.Fatal(diff)
	}
	last := events[9].Response
	if last.Status != "incomplete" || last.Incomplete.Reason != "max_output_tokens" || len(last.OutputText) != 1024 || events[6].Text != last.OutputText ||
		last.Usage["output_tokens"] != 256.0 || last.Usage["input_tokens"] != float64(len(`{"model":"m","stream":true,"input":"hi"}`)/4) {
		t.Errorf("ended with %+v", last)
	}
	// Where the first piece is too much already, the frame is whole all the same.
	u.events[0] = chunk(strings.Repeat("a", 1025))
	d = poorDesk(u, 0)
	if _, err := d.call(t.Context(), t, inference.Responses, `{"model":"m","stream":true,"input":"hi"}`); err != nil {
		t.Fatal(err)
	}
	if events = typed(t, d.events); len(events) != 8 || events[7].Response.OutputText != "" {
		t.Errorf("got %q", d.events)
	}
}

// typedEvent is an event of an upstream's own Responses stream.
func typedEvent(name, members string, size int) provider.Event {
	return provider.Event{Name: "response." + name, Data: []byte(`{"type":"response.` + name + `",` + members + `}`), Output: size > 0, Bytes: size}
}

func TestNativeResponseEndsIncomplete(t *testing.T) {
	t.Parallel()
	const at = `"item_id":"msg_1","output_index":1,"content_index":0,`
	text := strings.Repeat("a", 1000) + `\"\u00e9`
	head := []provider.Event{
		typedEvent("created", `"sequence_number":0,"response":{"id":"resp_1","status":"in_progress","model":"m","output":[],"usage":null}`, 0),
		typedEvent("output_item.added", `"sequence_number":1,"output_index":0,"item":{"id":"rs_1","type":"reasoning"}`, 0),
		typedEvent("output_item.done", `"sequence_number":2,"output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}`, 0),
		typedEvent("output_item.added", `"sequence_number":3,"output_index":1,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}`, 0),
		typedEvent("content_part.added", `"sequence_number":4,`+at+`"part":{"type":"output_text","text":"","annotations":[]}`, 0),
		typedEvent("output_text.delta", `"sequence_number":5,`+at+`"delta":"`+text+`"`, 1003),
		typedEvent("output_text.delta", `"sequence_number":6,`+at+`"delta":"refused, since it is longer than what is left"`, 50),
	}
	d := poorDesk(responder{native: &upstream{events: head}}, 0)
	if _, err := d.call(t.Context(), t, inference.Responses, `{"model":"m","stream":true,"input":"hi"}`); err != nil {
		t.Fatal(err)
	}
	part := `{"type":"output_text","text":"` + text + `","annotations":[]}`
	item := `{"id":"msg_1","type":"message","status":"incomplete","role":"assistant","content":[` + part + `]}`
	want := []string{
		`response.output_text.done {"type":"response.output_text.done","sequence_number":6,` + at + `"text":"` + text + `"}`,
		`response.content_part.done {"type":"response.content_part.done","sequence_number":7,` + at + `"part":` + part + `}`,
		`response.output_item.done {"type":"response.output_item.done","sequence_number":8,"output_index":1,"item":` + item + `}`,
		`response.incomplete {"type":"response.incomplete","sequence_number":9,"response":{"id":"resp_1","status":"incomplete","model":"m","output":[` +
			`{"id":"rs_1","type":"reasoning","summary":[]},` + item + `],"usage":{"input_tokens":10,"output_tokens":251,"total_tokens":261,` +
			`"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"incomplete_details":{"reason":"max_output_tokens"}}}`,
	}
	if diff := cmp.Diff(want, d.events[6:]); diff != "" {
		t.Error(diff)
	}

	call := []provider.Event{head[0],
		typedEvent("output_item.added", `"sequence_number":1,"output_index":0,"item":{"id":"fc_1","type":"function_call","name":"f","arguments":"","status":"in_progress"}`, 0),
		typedEvent("function_call_arguments.delta", `"sequence_number":2,"item_id":"fc_1","output_index":0,"delta":"{\"a\":"`, 5),
		typedEvent("function_call_arguments.delta", `"sequence_number":3,"item_id":"fc_1","output_index":0,"delta":"too much"`, 2000),
	}
	d = poorDesk(responder{native: &upstream{events: call}}, 0)
	if _, err := d.call(t.Context(), t, inference.Responses, `{"model":"m","stream":true,"input":"hi"}`); err != nil {
		t.Fatal(err)
	}
	events := typed(t, d.events)
	if got := types(events[3:]); !cmp.Equal(got, []string{"output_item.done", "incomplete"}) || events[4].Response.Output[0]["arguments"] != `{"a":` || events[4].Response.Output[0]["status"] != "incomplete" {
		t.Errorf("a function call: %q", d.events[3:])
	}
	for _, text := range d.events {
		if _, data, _ := strings.Cut(text, " "); !json.Valid([]byte(data)) {
			t.Errorf("not JSON: %s", text)
		}
	}
}

// An upstream that says in its last event, or in its answer, that it failed, is not paid
// for unless something came before.
func TestFailedResponsesAreFree(t *testing.T) {
	t.Parallel()
	failed := typedEvent("failed", `"sequence_number":1,"response":{"status":"failed"}`, 0)
	failed.Final = true
	u := &upstream{answer: provider.Answer{Body: []byte(`{"id":"resp_1","status":"failed","output":[]}`)}, events: []provider.Event{failed}}
	for _, stream := range []string{"", `"stream":true,`} {
		d := poorDesk(responder{native: u}, 0)
		result, err := d.call(t.Context(), t, inference.Responses, `{`+stream+`"model":"m","input":"hi"}`)
		if err != nil || result.Outcome != inference.Refused || d.times("release") != 1 || d.times("commit") != 0 || d.answer+strings.Join(d.events, "") == "" {
			t.Errorf("%v, %+v, steps %v", err, result, d.journal)
		}
	}
	u.events = []provider.Event{typedEvent("output_text.delta", `"sequence_number":0,"delta":"abcd"`, 4), failed}
	d := poorDesk(responder{native: u}, 0)
	if _, err := d.call(t.Context(), t, inference.Responses, `{"stream":true,"model":"m","input":"hi"}`); err != nil || len(d.charges) != 1 || d.charges[0].Output != 1 {
		t.Errorf("%v, charged %+v", err, d.charges)
	}
}

// A stream on a surface with a longest time is cut there, in band, and paid as far as it
// came; before its first event it is an ordinary error.
func TestLongestTimeOfAStream(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		up      *upstream
		charges int
	}{
		"silent":              {&upstream{wait: true}, 0},
		"endless":             {&upstream{book: []byte("word")}, 1},
		"silent in the midst": {&upstream{events: []provider.Event{chunk("word")}, silent: true}, 1},
	} {
		d := poorDesk(c.up, 1<<40)
		second := &upstream{}
		d.adapters["b"] = second
		d.targets = append(d.targets, d.targets[0])
		d.targets[1].Provider = "b"
		d.edit = func(r *inference.Request) { r.MaxStream = 20 * time.Millisecond }
		result, err := d.call(t.Context(), t, inference.Chat, streamedChat)
		if !fault.Is(err, fault.InferenceTimeout) || result.Outcome != inference.Cut || len(d.charges) != c.charges || len(second.calls) != 0 || d.times("settle") != 1 {
			t.Errorf("%s: %v, %+v, charged %+v", name, err, result, d.charges)
		}
		if c.charges > 0 && (d.charges[0].Output < 1 || d.charges[0].Outcome != "cut" || !d.charges[0].Counted) {
			t.Errorf("%s: charged %+v", name, d.charges[0])
		}
	}
	// A plain answer has no such bound.
	d := newDesk(&upstream{answer: provider.Answer{Body: []byte("{}")}})
	d.edit = func(r *inference.Request) { r.MaxStream = time.Nanosecond }
	if _, err := d.call(t.Context(), t, inference.Chat, plainChat); err != nil {
		t.Error(err)
	}
}

func TestDeniedByALimit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d    limit.Decision
		want fault.Error
	}{
		{limit.Decision{Dimension: "requests", Scope: "of this API key, all models together", Limit: 60, RetryAfter: 1500 * time.Millisecond}, fault.Error{
			ID: fault.RateLimited, Message: "The limit of 60 requests a minute of this API key, all models together is used up; try again in 2 s.",
			RetryAfter: 1500 * time.Millisecond, Limit: &fault.Limit{Dimension: "requests", Scope: "of this API key, all models together", Size: 60},
		}},
		{limit.Decision{Dimension: "concurrent calls", Limit: 2, RetryAfter: time.Second}, fault.Error{
			ID: fault.RateLimited, Message: "The limit of 2 concurrent calls is reached; try again in 1 s.", RetryAfter: time.Second, Limit: &fault.Limit{Dimension: "concurrent calls", Size: 2},
		}},
		{limit.Decision{Dimension: "output tokens", Scope: "of account a", Limit: 10, RetryAfter: time.Minute, TooLarge: true}, fault.Error{
			ID: fault.RateLimited, Message: "This request may take more than the whole limit of 10 output tokens a minute of account a; ask for less.",
			RetryAfter: time.Minute, NoRetry: true, Limit: &fault.Limit{Dimension: "output tokens", Scope: "of account a", Size: 10},
		}},
		{limit.Decision{NoEdge: true}, fault.Error{ID: fault.Forbidden, Message: "The account's tier does not include the edge surface."}},
	} {
		d := newDesk(&upstream{})
		d.decision = c.d
		_, err := d.call(t.Context(), t, inference.Chat, plainChat)
		if diff := cmp.Diff(&c.want, fault.From(err)); diff != "" || d.times("settle", "reserve") != 0 {
			t.Errorf("%s, steps %v", diff, d.journal)
		}
	}
}

// What is taken of the limits, and reserved, for input that its bytes do not tell.
func TestSizeOfInput(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("A", 30_000)
	for name, c := range map[string]struct {
		api   inference.API
		body  string
		extra int64 // tokens besides a third of the bytes that are no picture's
		less  int   // bytes of pictures
	}{
		"text":                {inference.Chat, `{"model":"m","messages":[{"role":"user","content":"` + data + `"}]}`, 0, 0},
		"a picture":           {inference.Chat, `{"model":"m","messages":[{"content":[{"image_url":{"url":"data:image/png;base64,` + data + `"}}]}]}`, 1600, len(`"data:image/png;base64,`) + 30_001},
		"two by address":      {inference.Chat, `{"model":"m","messages":[{"content":[{"image_url":{"url":"https://x/a"}},{"image_url":"https://x/b"}]}]}`, 3200, 0},
		"escaped key":         {inference.Chat, `{"model":"m","messages":[{"content":[{"image_\u0075rl":"https://x/b"}]}]}`, 1600, 0},
		"another case":        {inference.Chat, `{"model":"m","messages":[{"content":[{"Image_URL":"https://x/b"}]}]}`, 1600, 0},
		"a film":              {inference.Chat, `{"model":"m","messages":[{"content":[{"video_url":{"url":"https://x/b"}}]}]}`, 16_000, 0},
		"sound counts whole":  {inference.Chat, `{"model":"m","messages":[{"content":[{"audio_url":"data:audio/wav;base64,` + data + `"}]}]}`, 0, 0},
		"text like a picture": {inference.Chat, `{"model":"m","messages":[{"content":"data:image/png;base64,` + data + `"},{"image_url":7}]}`, 0, 0},
		"a stored response":   {inference.Responses, `{"model":"m","input":"x","previous_response_id":"resp_1"}`, -1, 0},
	} {
		d := newDesk(&upstream{answer: provider.Answer{Body: []byte("{}")}})
		_, _ = d.call(t.Context(), t, c.api, c.body)
		want := (int64(len(c.body)-c.less)+2)/3 + c.extra
		if c.extra < 0 {
			want = 131_072
		}
		if d.drawn[0].TokensIn != want {
			t.Errorf("%s: %d tokens, not %d", name, d.drawn[0].TokensIn, want)
		}
	}
}

func TestTokensTakenOfTheLimits(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int64{
		`{"model":"m","messages":[]}`: 256, `{"model":"m","n":3,"messages":[]}`: 768, `{"model":"m","n":3,"max_tokens":5,"messages":[]}`: 15,
		`{"model":"m","n":9000000000000000000,"max_tokens":9000000000000000000,"messages":[]}`: 1 << 30,
	} {
		d := newDesk(&upstream{answer: provider.Answer{Body: []byte("{}")}})
		if _, err := d.call(t.Context(), t, inference.Chat, body); err != nil || d.drawn[0].TokensOut != want {
			t.Errorf("%s: %+v, %v", body, d.drawn, err)
		}
	}
}

func TestDryRunOfAFreeModel(t *testing.T) {
	t.Parallel()
	d := newDesk(&upstream{answer: provider.Answer{Body: []byte("{}")}})
	d.balance = ledger.Balance{Balance: -5, Available: -5}
	result, err := d.call(t.Context(), t, inference.Chat, `{"model":"m","dry_run":true,"stream":true,"messages":[]}`)
	const want = `{"dry_run":true,"model":"slug","price_version":0,"currency":"USD","estimate":0.00,"lines":[],"balance":-0.000000005,` +
		`"available":-0.000000005,"available_after":-0.000000005,"sufficient":true}`
	if err != nil || d.answer != want || result.Outcome != inference.Complete || !cmp.Equal(d.journal, []string{"resolve chat", "answer"}) {
		t.Errorf("%s, %v, %+v, steps %v", d.answer, err, result, d.journal)
	}
	// It is checked as the call would be.
	for body, id := range map[string]fault.ID{
		`{"model":"other","dry_run":true,"messages":[]}`: fault.ModelNotFound, `{"model":"m","dry_run":true}`: fault.InvalidParameter,
	} {
		if _, err := d.call(t.Context(), t, inference.Chat, body); !fault.Is(err, id) {
			t.Errorf("%s: %v", body, err)
		}
	}
	d.balanceErr = context.DeadlineExceeded
	if _, err := d.call(t.Context(), t, inference.Chat, `{"model":"m","dry_run":true,"messages":[]}`); !fault.Is(err, fault.ServiceUnavailable) {
		t.Error(err)
	}
	// Our own field is nobody else's business, whatever it says.
	u := &upstream{answer: provider.Answer{Body: []byte("{}")}}
	for _, value := range []string{"false", "null"} {
		if _, err := newDesk(u).call(t.Context(), t, inference.Chat, `{"model":"m","dry_run":`+value+`,"messages":[]}`); err != nil {
			t.Error(err)
		}
		if got := string(u.calls[len(u.calls)-1].Body.Bytes()); got != `{"model":"m","messages":[]}` {
			t.Errorf("the upstream got %s", got)
		}
	}
}
