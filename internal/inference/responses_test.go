package inference_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/inference"
	"skytower/internal/provider"
	"skytower/internal/response"
)

// event is the part of any typed event that the rules are about.
type event struct {
	Type     string `json:"type"`
	Sequence int64  `json:"sequence_number"`
	ItemID   string `json:"item_id"`
	Delta    string `json:"delta"`
	Text     string `json:"text"`
	Item     *struct {
		ID string `json:"id"`
	} `json:"item"`
	Response *struct {
		ID         string                   `json:"id"`
		Status     string                   `json:"status"`
		Output     []map[string]any         `json:"output"`
		OutputText string                   `json:"output_text"`
		Incomplete *struct{ Reason string } `json:"incomplete_details"`
		Usage      map[string]any           `json:"usage"`
	} `json:"response"`
}

// typed reads the sink's events and checks what contract 8.2 says of every stream:
// names as types, sequence numbers from 0 without a gap, one response id, one item
// id.
func typed(t *testing.T, events []string) []event {
	t.Helper()
	var out []event
	ids := map[string]map[string]bool{"response": {}, "item": {}}
	for i, text := range events {
		name, data, _ := strings.Cut(text, " ")
		var e event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatalf("event %q: %v", text, err)
		}
		if e.Type != name || e.Sequence != int64(i) {
			t.Errorf("event %d is %s %d under the name %s", i, e.Type, e.Sequence, name)
		}
		if e.Response != nil {
			ids["response"][e.Response.ID] = true
		}
		if e.ItemID != "" {
			ids["item"][e.ItemID] = true
		}
		if e.Item != nil {
			ids["item"][e.Item.ID] = true
		}
		out = append(out, e)
	}
	for kind, set := range ids {
		if len(set) > 1 {
			t.Errorf("several %s ids: %v", kind, set)
		}
	}
	return out
}

func types(events []event) []string {
	var out []string
	for _, e := range events {
		out = append(out, strings.TrimPrefix(e.Type, "response."))
	}
	return out
}

func TestNativeResponsesAreLeftAlone(t *testing.T) {
	t.Parallel()
	native := &upstream{answer: provider.Answer{Body: []byte(`{"native":true}`)}, events: []provider.Event{
		{Name: "response.created", Data: []byte(`{"type":"response.created"}`)},
		{Name: "response.completed", Data: []byte(`{"type":"response.completed"}`), Final: true, Usage: provider.Usage{Reported: true, Input: 1, Output: 2}},
	}}
	d := newDesk(responder{native: native})
	if _, err := d.call(t.Context(), t, inference.Responses, `{"model":"m","input":"x","tools":[{"type":"web_search"}]}`); err != nil || d.answer != `{"native":true}` {
		t.Errorf("got %s, %v", d.answer, err)
	}
	if _, err := d.call(t.Context(), t, inference.Responses, `{"model":"m","stream":true,"input":"x"}`); err != nil {
		t.Fatal(err)
	}
	if len(d.events) != 2 || d.charges[1].Output != 2 {
		t.Errorf("got %q, charged %+v", d.events, d.charges)
	}
}

func TestChatStandsInWhereTheUpstreamHasNoResponses(t *testing.T) {
	t.Parallel()
	native := &upstream{err: failure(provider.Unsupported, 404)}
	chat := &upstream{answer: provider.Answer{Body: []byte(`{"choices":[{"message":{"content":"over chat"}}]}`)}, events: []provider.Event{chunk("x")}}
	for _, streamed := range []string{"", `"stream":true,`} {
		d := newDesk(responder{chat, native})
		if _, err := d.call(t.Context(), t, inference.Responses, `{`+streamed+`"model":"m","input":"x"}`); err != nil {
			t.Fatal(err)
		}
		if d.times("try") != 1 || d.answer+strings.Join(d.events, "") == "" {
			t.Errorf("steps %v", d.journal)
		}
	}
	if len(chat.calls) != 2 || len(native.calls) != 2 {
		t.Errorf("chat was called %d times, responses %d times", len(chat.calls), len(native.calls))
	}
}

// shelf keeps responses in memory.
type shelf struct {
	before   map[string][]response.Item // by the id of the response that is continued
	items    map[string]json.RawMessage
	saved    []response.Record
	lingered []response.Item
	fail     error
}

func (s *shelf) Context(_ context.Context, _, previous string) ([]response.Item, error) {
	if items, ok := s.before[previous]; ok {
		return items, nil
	}
	return nil, fault.Invalid("previous_response_id", "none")
}

func (s *shelf) Items(_ context.Context, _ string, ids []string) (map[string]json.RawMessage, error) {
	return s.items, nil
}

func (s *shelf) Save(_ context.Context, r response.Record) error {
	s.saved = append(s.saved, r)
	return s.fail
}

func (s *shelf) Linger(_, _ string, output []response.Item) {
	s.lingered = append(s.lingered, output...)
}

func completed(id, more string) string {
	return `{"id":"` + id + `","object":"response","created_at":1700000000,"status":"completed","model":"m","store":false,"previous_response_id":null,"output":[{"id":"msg_9","type":"message","content":[{"type":"output_text","text":"fine"}]}]` + more + `}`
}

// What a response continues goes upstream as input; there nothing is stored, and the
// answer says what the caller asked for.
func TestConversationGoesUpstreamAsInput(t *testing.T) {
	t.Parallel()
	native := &upstream{answer: provider.Answer{Body: []byte(completed("resp_up", "")), Usage: provider.Usage{Reported: true, Input: 9, Output: 1}}}
	d := newDesk(responder{native: native})
	kept := &shelf{before: map[string][]response.Item{"resp_1": {
		{ID: "msg_1", Body: []byte(`{"id":"msg_1","role":"user","content":"hello"}`)},
		{ID: "rs_1", Body: []byte(`{"id":"rs_1","type":"reasoning","summary":[]}`)},
		{ID: "fc_1", Body: []byte(`{"id":"fc_1","type":"function_call","call_id":"c","name":"f","arguments":"{}"}`)},
	}}, items: map[string]json.RawMessage{"msg_7": []byte(`{"id":"msg_7","role":"assistant","content":"seven"}`), "msg_1": []byte(`{}`)}}
	d.kept = kept
	body := `{"model":"m","store":true,"previous_response_id":"resp_1","input":[{"type":"item_reference","id":"msg_7"},{"id":"msg_1"},{"role":"user","content":"again"}]}`
	if _, err := d.call(t.Context(), t, inference.Responses, body); err != nil {
		t.Fatal(err)
	}
	sent := native.calls[0].Body
	input, _ := sent.Raw("input")
	want := `[{"role":"user","content":"hello"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"role":"assistant","content":"seven"},{"role":"user","content":"again"}]`
	if diff := cmp.Diff(want, string(input)); diff != "" {
		t.Error(diff)
	}
	if store, _, _ := sent.Bool("store"); store || strings.Contains(string(sent.Bytes()), "resp_1") {
		t.Errorf("sent %s", sent.Bytes())
	}
	var got struct {
		Store      bool   `json:"store"`
		Previous   string `json:"previous_response_id"`
		OutputText string `json:"output_text"`
	}
	if err := json.Unmarshal([]byte(d.answer), &got); err != nil || !got.Store || got.Previous != "resp_1" || got.OutputText != "fine" {
		t.Errorf("%v, answered %s", err, d.answer)
	}
	r := kept.saved[0]
	if r.ID != "resp_up" || r.Previous != "resp_1" || len(r.Input) != 2 || len(r.Output) != 1 || r.State != response.Completed || string(r.Body) != d.answer {
		t.Errorf("saved %+v", r)
	}
}

// What cannot be stored is not said to be.
func TestAnswerThatCannotBeStored(t *testing.T) {
	t.Parallel()
	final := provider.Event{Name: "response.completed", Final: true, Data: []byte(`{"type":"response.completed","sequence_number":0,"response":` + completed("resp_up", "") + `}`)}
	native := &upstream{answer: provider.Answer{Body: []byte(completed("resp_up", ""))}, events: []provider.Event{final}}
	for _, stream := range []string{"", `"stream":true,`} {
		d := newDesk(responder{native: native})
		d.kept = &shelf{fail: context.DeadlineExceeded}
		if _, err := d.call(t.Context(), t, inference.Responses, `{`+stream+`"model":"m","store":true,"input":"hi"}`); err != nil {
			t.Fatal(err)
		}
		if told := d.answer + strings.Join(d.events, ""); !strings.Contains(told, `"store":false`) {
			t.Errorf("told %s", told)
		}
	}
}

// Where a request says nothing of store, its output can be referred to; with store:false
// nothing is kept.
func TestOutputLingers(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]int{"": 1, `"store":false,`: 0, `"store":null,`: 1} {
		native := &upstream{answer: provider.Answer{Body: []byte(completed("resp_up", "")), Usage: provider.Usage{Reported: true, Output: 1}}}
		d := newDesk(responder{native: native})
		kept := &shelf{}
		d.kept = kept
		if _, err := d.call(t.Context(), t, inference.Responses, `{`+said+`"model":"m","input":"hi"}`); err != nil {
			t.Fatal(err)
		}
		if len(kept.lingered) != want || len(kept.saved) != 0 {
			t.Errorf("%s: kept %+v, %+v", said, kept.lingered, kept.saved)
		}
	}
}

func TestWrongConversations(t *testing.T) {
	t.Parallel()
	for body, param := range map[string]string{
		`{"model":"m","input":"hi","previous_response_id":"resp_x"}`:                               "previous_response_id",
		`{"model":"m","input":[{"role":"user","content":"a"},{"type":"item_reference","id":"x"}]}`: "input[1].id",
		`{"model":"m","input":"hi","conversation":"conv_1"}`:                                       "conversation",
		`{"model":"m","input":"hi","background":true,"store":false}`:                               "background",
		`{"model":"m","input":[5],"store":true}`:                                                   "input[0]",
	} {
		d := newDesk(&upstream{})
		d.kept = &shelf{}
		_, err := d.call(t.Context(), t, inference.Responses, body)
		if f := fault.From(err); err == nil || f.ID != fault.InvalidParameter || f.Param != param || d.times("take", "try") != 0 {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// A router chooses by what the request needs, and the answer names the chosen model.
func TestRouterChooses(t *testing.T) {
	t.Parallel()
	d := newDesk(&upstream{answer: provider.Answer{Body: []byte("{}")}})
	text := &catalog.Model{Slug: "text", Features: catalog.HasText, Targets: []catalog.Target{{Name: "a/t", Provider: "a", Model: "t", Weight: 1}}}
	tools := &catalog.Model{Slug: "tools", Features: catalog.HasText | catalog.HasTools, Targets: []catalog.Target{{Name: "a/u", Provider: "a", Model: "u", Weight: 1}}}
	d.router = &catalog.Model{Slug: "r", Router: true, Choice: &catalog.Choice{Policy: "fixed"}}
	d.candidates = []*catalog.Model{text, tools}
	for body, want := range map[string]string{
		`{"model":"r","messages":[]}`: "text", `{"model":"r","messages":[],"tools":[{"type":"function"}]}`: "tools",
	} {
		result, err := d.call(t.Context(), t, inference.Chat, body)
		if err != nil || result.Model != want || d.admits[len(d.admits)-1].Model != want {
			t.Errorf("%s: %+v, %v", body, result, err)
		}
	}
	_, err := d.call(t.Context(), t, inference.Chat, `{"model":"r","messages":[],"response_format":{"type":"json_schema"}}`)
	if f := fault.From(err); f == nil || f.ID != fault.ModelNotSupported {
		t.Errorf("got %v", err)
	}
}
