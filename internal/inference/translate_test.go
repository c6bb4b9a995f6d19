package inference_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/inference"
	"skytower/internal/provider"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file of testdata, after naming what differs from run
// to run: ids by their order of appearance, times by one word.
func golden(t *testing.T, name, text string) {
	t.Helper()
	text = steady(text)
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func steady(text string) string {
	names := map[string]string{}
	text = regexp.MustCompile(`(resp|msg)_[0-9a-f]{32}`).ReplaceAllStringFunc(text, func(id string) string {
		if names[id] == "" {
			names[id] = fmt.Sprintf("%s_%d", strings.SplitN(id, "_", 2)[0], len(names)+1)
		}
		return names[id]
	})
	return regexp.MustCompile(`_at":( ?)\d{10}`).ReplaceAllString(text, `_at":${1}TIME`)
}

const richResponse = `{"model":"m","instructions":"Be brief.","temperature":0.5,"top_p":0.9,"max_output_tokens":40,"user":"u1",` +
	`"reasoning":{"effort":"low"},"metadata":{"k":"v"},"truncation":"auto","store":true,"unknown":1,` +
	`"text":{"format":{"type":"json_schema","name":"answer","schema":{"type":"object"},"strict":true}},` +
	`"input":[{"role":"developer","content":"Speak French."},{"type":"message","role":"user","content":[{"type":"input_text","text":"Bon"},{"type":"input_text","text":"jour"}]},` +
	`{"role":"assistant","content":[{"type":"output_text","text":"Salut","annotations":[]}]},{"role":"user","content":"Encore"}]}`

func TestResponseOverChat(t *testing.T) {
	t.Parallel()
	u := &upstream{answer: provider.Answer{
		Body:  []byte(`{"id":"chatcmpl-1","choices":[{"index":0,"message":{"role":"assistant","content":"Voilà."},"finish_reason":"stop"}]}`),
		Usage: provider.Usage{Reported: true, Input: 12, Output: 9, Cached: 4, Reasoning: 2},
	}}
	d := newDesk(u)
	if _, err := d.call(t.Context(), t, inference.Responses, richResponse); err != nil {
		t.Fatal(err)
	}
	golden(t, "response_request.json", indent(t, u.calls[0].Body.Bytes()))
	golden(t, "response_plain.json", indent(t, []byte(d.answer)))
	if d.charges[0].Input != 12 || d.charges[0].Output != 9 {
		t.Errorf("charged %+v", d.charges[0])
	}
}

func indent(t *testing.T, doc []byte) string {
	t.Helper()
	var out strings.Builder
	var v json.RawMessage = doc
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

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

func TestResponseStreamOverChat(t *testing.T) {
	t.Parallel()
	u := &upstream{events: []provider.Event{
		{Data: []byte(`{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}`)},
		chunk("Mach"), chunk("ine"), stop("stop"), usage(12, 9),
	}}
	d := newDesk(u)
	if _, err := d.call(t.Context(), t, inference.Responses, `{"model":"m","stream":true,"input":"hi"}`); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"created", "in_progress", "output_item.added", "content_part.added", "output_text.delta", "output_text.delta",
		"output_text.done", "content_part.done", "output_item.done", "completed",
	}
	events := typed(t, d.events)
	if diff := cmp.Diff(want, types(events)); diff != "" {
		t.Fatal(diff)
	}
	last := events[len(events)-1].Response
	if last.Status != "completed" || last.OutputText != "Machine" || len(last.Output) != 1 || last.Usage["input_tokens"] != 12.0 {
		t.Errorf("ended with %+v", last)
	}
	if first := events[0].Response; first.Status != "in_progress" || len(first.Output) != 0 || first.Usage != nil {
		t.Errorf("began with %+v", first)
	}
	golden(t, "response_stream.txt", strings.Join(d.events, "\n")+"\n")
	steps := strings.Join(d.journal, "\n")
	if commit, end := strings.Index(steps, "commit"), strings.Index(steps, "event response.completed"); commit < 0 || end < commit {
		t.Errorf("the end came before the charge:\n%s", steps)
	}
	if strings.Contains(steps, "[DONE]") {
		t.Error("a Responses stream has no [DONE]")
	}
}

func TestIncompleteResponses(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{"length": "max_output_tokens", "content_filter": "content_filter"} {
		u := &upstream{
			answer: provider.Answer{Body: []byte(`{"choices":[{"message":{"content":"Half a"},"finish_reason":"` + reason + `"}]}`)},
			events: []provider.Event{chunk("Half a"), stop(reason)},
		}
		d := newDesk(u)
		if _, err := d.call(t.Context(), t, inference.Responses, `{"model":"m","input":"hi"}`); err != nil {
			t.Fatal(err)
		}
		if _, err := d.call(t.Context(), t, inference.Responses, `{"model":"m","stream":true,"input":"hi"}`); err != nil {
			t.Fatal(err)
		}
		events := typed(t, d.events)
		last := events[len(events)-1]
		if last.Type != "response.incomplete" || last.Response.Status != "incomplete" || last.Response.Incomplete.Reason != want || last.Response.Usage != nil {
			t.Errorf("%s: streamed %+v", reason, last)
		}
		if !strings.Contains(d.answer, `"status":"incomplete"`) || !strings.Contains(d.answer, `"reason":"`+want+`"`) || !strings.Contains(d.answer, `"usage":null`) {
			t.Errorf("%s: got %s", reason, d.answer)
		}
	}
}

// An answer without any text still has its whole frame.
func TestEmptyResponseStream(t *testing.T) {
	t.Parallel()
	d := newDesk(&upstream{})
	if _, err := d.call(t.Context(), t, inference.Responses, `{"model":"m","stream":true,"input":"hi"}`); err != nil {
		t.Fatal(err)
	}
	if events := typed(t, d.events); len(events) != 8 || events[7].Type != "response.completed" {
		t.Errorf("got %v", types(events))
	}
}

func TestResponseStreamThatBreaks(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]error{"cut": failure(provider.Cut, 0), "garbage": nil} {
		u := &upstream{events: []provider.Event{chunk("Half")}, end: end}
		if end == nil {
			u.events = append(u.events, provider.Event{Data: []byte("{")})
		}
		d := newDesk(u)
		_, err := d.call(t.Context(), t, inference.Responses, `{"model":"m","stream":true,"input":"hi"}`)
		if !fault.Is(err, fault.InferenceError) || len(typed(t, d.events)) != 5 || d.charges[0].Output != 1 {
			t.Errorf("%s: %v after %q, charged %+v", name, err, d.events, d.charges)
		}
	}
}

func TestWhatChatCannotCarry(t *testing.T) {
	t.Parallel()
	for body, param := range map[string]string{
		`{"model":"m","input":"x","previous_response_id":"resp_1"}`:                 "previous_response_id",
		`{"model":"m","input":"x","tools":[{"type":"web_search"}]}`:                 "tools",
		`{"model":"m","input":"x","background":true}`:                               "background",
		`{"model":"m","input":"x","conversation":"conv_1"}`:                         "conversation",
		`{"model":"m","input":"x","prompt":{"id":"p"}}`:                             "prompt",
		`{"model":"m","input":[{"type":"function_call_output","output":"x"}]}`:      "input[0] of type function_call_output",
		`{"model":"m","input":[{"role":"king","content":"x"}]}`:                     "input[0].role",
		`{"model":"m","input":[{"role":"user","content":7}]}`:                       "input[0].content",
		`{"model":"m","input":[{"role":"user","content":[{"type":"input_file"}]}]}`: "input[0].content[0] of type input_file",
		`{"model":"m","input":[7]}`:                                                 "input",
		`{"model":"m","input":"x","metadata":{"a":1}}`:                              "metadata",
		`{"model":"m","input":"x","instructions":["a"]}`:                            "instructions",
	} {
		for _, streamed := range []string{"", `"stream":true,`} {
			u := &upstream{}
			d := newDesk(u)
			_, err := d.call(t.Context(), t, inference.Responses, "{"+streamed+body[1:])
			f := fault.From(err)
			if f == nil || f.HTTPStatus()/100 != 4 || !strings.HasPrefix(f.Param, param) || len(u.calls) != 0 || d.times("release") != 1 {
				t.Errorf("%s: got %+v, steps %v", body, f, d.journal)
			}
		}
	}
	// What asks for nothing special is no reason to refuse.
	d := newDesk(&upstream{answer: provider.Answer{Body: []byte(`{"choices":[{"message":{"content":"x"}}]}`)}})
	if _, err := d.call(t.Context(), t, inference.Responses,
		`{"model":"m","input":"x","previous_response_id":null,"tools":[],"background":false,"conversation":null,"prompt":null}`); err != nil {
		t.Error(err)
	}
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
