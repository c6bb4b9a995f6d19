package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// typedEvent is one event of a Responses stream.
type typedEvent struct {
	name string
	data doc
}

// typedEvents reads a stream as bytes came: each event is a line with its name and one
// with its data, and nothing stands after the last one (contract 8.2).
func (s *server) typedEvents(body string) []typedEvent {
	s.t.Helper()
	r := s.do(s.request(http.MethodPost, respPath, body, "X-Api-Key", s.key, "Accept", "text/event-stream"))
	if r.status != http.StatusOK || r.header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatalf("no stream: %d %v %s", r.status, r.header, r.body)
	}
	return readEvents(s.t, r.body)
}

func readEvents(t *testing.T, text string) []typedEvent {
	t.Helper()
	if !strings.HasSuffix(text, "\n\n") {
		t.Errorf("the stream ends within an event: %q", text)
	}
	var out []typedEvent
	for block := range strings.SplitSeq(strings.TrimSuffix(text, "\n\n"), "\n\n") {
		if strings.HasPrefix(block, ":") {
			continue
		}
		first, second, _ := strings.Cut(block, "\n")
		name, named := strings.CutPrefix(first, "event: ")
		data, has := strings.CutPrefix(second, "data: ")
		if !named || !has || strings.Contains(data, "\n") {
			t.Fatalf("an event is no two lines: %q", block)
		}
		e := typedEvent{name: name}
		decode(t, data, &e.data)
		if e.data["type"] != name {
			t.Errorf("the event %q has the type %v", name, e.data["type"])
		}
		out = append(out, e)
	}
	return out
}

// eventFields are those that each type of event has, besides its type and number; those with a
// question mark may be left out.
func eventFields() map[string]string {
	return map[string]string{
		"response.created": "response", "response.queued": "response", "response.in_progress": "response",
		"response.completed": "response", "response.incomplete": "response", "response.failed": "response",
		"response.output_item.added": "output_index item", "response.output_item.done": "output_index item",
		"response.content_part.added":            "item_id output_index content_index part",
		"response.content_part.done":             "item_id output_index content_index part",
		"response.output_text.delta":             "item_id output_index content_index delta logprobs? obfuscation?",
		"response.output_text.done":              "item_id output_index content_index text logprobs?",
		"response.output_text.annotation.added":  "item_id output_index content_index annotation_index annotation",
		"response.refusal.delta":                 "item_id output_index content_index delta obfuscation?",
		"response.refusal.done":                  "item_id output_index content_index refusal",
		"response.reasoning_text.delta":          "item_id output_index content_index delta obfuscation?",
		"response.reasoning_text.done":           "item_id output_index content_index text",
		"response.reasoning_summary_part.added":  "item_id output_index summary_index part",
		"response.reasoning_summary_part.done":   "item_id output_index summary_index part",
		"response.reasoning_summary_text.delta":  "item_id output_index summary_index delta obfuscation?",
		"response.reasoning_summary_text.done":   "item_id output_index summary_index text",
		"response.function_call_arguments.delta": "item_id output_index delta obfuscation?",
		"response.function_call_arguments.done":  "item_id output_index arguments name",
	}
}

// walk follows a stream and complains about everything that contradicts what came
// before it.
type walk struct {
	t        *testing.T
	model    string
	response doc // as it was created
	items    []*walkedItem
	last     doc // the response object of the last event
	status   string
}

// walkedItem is an output item as its events built it.
type walkedItem struct {
	id, kind string
	added    doc
	done     doc // nil: it is open
	parts    []*walkedPart
	summary  []*walkedPart
	text     strings.Builder // arguments of a call
	told     bool            // the whole arguments were
}

// walkedPart is a part of an item.
type walkedPart struct {
	kind        string
	text        strings.Builder
	told        bool // the whole text was
	annotations []any
	done        doc
}

func (w *walk) errorf(e typedEvent, format string, args ...any) {
	w.t.Helper()
	w.t.Errorf("%s: %s in %s", e.name, fmt.Sprintf(format, args...), mustJSON(e.data))
}

// follow walks through all events.
func follow(t *testing.T, model string, events []typedEvent) *walk {
	t.Helper()
	w := &walk{t: t, model: model}
	for i, e := range events {
		w.shape(i, e)
		switch {
		case i == 0 && e.name != "response.created":
			t.Fatalf("the first event is %s", e.name)
		case w.last != nil:
			w.errorf(e, "comes after the end")
		}
		w.step(e)
	}
	if w.last == nil {
		t.Fatalf("the stream has no end: %v", names(events))
	}
	w.end()
	return w
}

// shape checks number, fields and their kinds.
func (w *walk) shape(i int, e typedEvent) {
	w.t.Helper()
	if e.data["sequence_number"] != float64(i) {
		w.errorf(e, "the number is not %d", i)
	}
	fields, known := eventFields()[e.name]
	if !known {
		w.errorf(e, "clients know no such event")
		return
	}
	left := maps.Clone(e.data)
	delete(left, "type")
	delete(left, "sequence_number")
	for field := range strings.FieldsSeq(fields) {
		name, optional := strings.CutSuffix(field, "?")
		v, ok := left[name]
		delete(left, name)
		if !ok && optional {
			continue
		}
		if !ok || kindOf(v) != fieldKind(name) {
			w.errorf(e, "%s is %v", name, v)
		}
	}
	if len(left) > 0 {
		w.errorf(e, "has other fields: %v", left)
	}
}

func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return fmt.Sprint(v)
}

func fieldKind(name string) string {
	switch name {
	case "output_index", "content_index", "summary_index", "annotation_index":
		return "number"
	case "response", "item", "part", "annotation":
		return "object"
	case "logprobs":
		return "array"
	}
	return "string"
}

func (w *walk) step(e typedEvent) {
	w.t.Helper()
	switch e.name {
	case "response.created", "response.queued", "response.in_progress":
		w.began(e)
	case "response.completed", "response.incomplete", "response.failed":
		w.last, w.status = e.data["response"].(doc), strings.TrimPrefix(e.name, "response.")
	case "response.output_item.added":
		w.add(e)
	case "response.output_item.done":
		w.finish(e)
	default:
		if item := w.item(e); item != nil {
			item.step(w, e)
		}
	}
}

// began checks the object before any output.
func (w *walk) began(e typedEvent) {
	w.t.Helper()
	r := e.data["response"].(doc)
	for name, want := range map[string]any{"object": "response", "output": []any{}, "usage": nil, "error": nil, "incomplete_details": nil, "model": w.model} {
		if got, ok := r[name]; !ok || !cmp.Equal(got, want) {
			w.errorf(e, "%s is %v, want %v", name, got, want)
		}
	}
	if status := r["status"]; status != "in_progress" && !(r["background"] == true && status == "queued") {
		w.errorf(e, "the status is %v", status)
	}
	if w.response == nil {
		w.response = r
	}
	w.same(e, r)
}

// same checks what stays as it was created.
func (w *walk) same(e typedEvent, r doc) {
	w.t.Helper()
	for _, name := range []string{"id", "object", "created_at", "model", "background", "store", "instructions", "previous_response_id", "tools", "tool_choice", "metadata", "text"} {
		if !cmp.Equal(r[name], w.response[name]) {
			w.errorf(e, "%s was %v", name, w.response[name])
		}
	}
}

func (w *walk) add(e typedEvent) {
	w.t.Helper()
	item := e.data["item"].(doc)
	added := &walkedItem{id: text(item["id"]), kind: text(item["type"]), added: item}
	if e.data["output_index"] != float64(len(w.items)) || added.id == "" || item["status"] != "in_progress" {
		w.errorf(e, "index, id or status is wrong; it is item %d", len(w.items))
	}
	for _, other := range w.items {
		if other.id == added.id {
			w.errorf(e, "the id is another item's")
		}
	}
	want := map[string]doc{
		"message": {"role": "assistant", "content": []any{}}, "reasoning": {"summary": []any{}}, "function_call": {"arguments": ""},
	}[added.kind]
	if want == nil {
		w.errorf(e, "no item of this test")
	}
	for name, v := range want {
		if !cmp.Equal(item[name], v) {
			w.errorf(e, "%s is %v", name, item[name])
		}
	}
	if added.kind == "function_call" && (text(item["call_id"]) == "" || text(item["name"]) == "") {
		w.errorf(e, "the call has no name or no id")
	}
	w.items = append(w.items, added)
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// item is the one that an event is about.
func (w *walk) item(e typedEvent) *walkedItem {
	w.t.Helper()
	i, ok := e.data["output_index"].(float64)
	if !ok || int(i) >= len(w.items) {
		w.errorf(e, "there is no such item")
		return nil
	}
	item := w.items[int(i)]
	if id, has := e.data["item_id"]; has && id != item.id || item.done != nil {
		w.errorf(e, "the item is %s, done: %v", item.id, item.done != nil)
	}
	return item
}

// part is the one that an event is about, of the item's content or its summary.
func (i *walkedItem) part(w *walk, e typedEvent) *walkedPart {
	w.t.Helper()
	parts, index := i.parts, e.data["content_index"]
	if strings.HasPrefix(e.name, "response.reasoning_summary") {
		parts, index = i.summary, e.data["summary_index"]
	}
	n, ok := index.(float64)
	if !ok || int(n) >= len(parts) || parts[int(n)].done != nil {
		w.errorf(e, "there is no such open part")
		return &walkedPart{}
	}
	return parts[int(n)]
}

// step applies an event of the item's inside.
func (i *walkedItem) step(w *walk, e typedEvent) {
	w.t.Helper()
	kind := strings.TrimPrefix(e.name, "response.")
	switch kind {
	case "content_part.added", "reasoning_summary_part.added":
		i.addPart(w, e)
		return
	case "function_call_arguments.delta":
		i.text.WriteString(text(e.data["delta"]))
		return
	case "function_call_arguments.done":
		if i.kind != "function_call" || e.data["arguments"] != i.text.String() || e.data["name"] != i.added["name"] {
			w.errorf(e, "the call %v was told as %q", i.added["name"], i.text.String())
		}
		i.told = true
		return
	}
	p := i.part(w, e)
	switch kind {
	case "output_text.delta", "refusal.delta", "reasoning_text.delta", "reasoning_summary_text.delta":
		if p.told || e.data["delta"] == "" || !strings.HasPrefix(kind, p.kind) && p.kind != "summary_text" {
			w.errorf(e, "no delta for the part %s", p.kind)
		}
		p.text.WriteString(text(e.data["delta"]))
	case "output_text.done", "refusal.done", "reasoning_text.done", "reasoning_summary_text.done":
		whole := text(e.data["text"]) + text(e.data["refusal"])
		if p.told || whole != p.text.String() {
			w.errorf(e, "the deltas say %q", p.text.String())
		}
		p.told = true
	case "output_text.annotation.added":
		if e.data["annotation_index"] != float64(len(p.annotations)) {
			w.errorf(e, "there are %d annotations", len(p.annotations))
		}
		p.annotations = append(p.annotations, e.data["annotation"])
	case "content_part.done", "reasoning_summary_part.done":
		p.finish(w, e)
	}
}

func (i *walkedItem) addPart(w *walk, e typedEvent) {
	w.t.Helper()
	part := e.data["part"].(doc)
	p := &walkedPart{kind: text(part["type"])}
	parts, index := &i.parts, e.data["content_index"]
	if e.data["summary_index"] != nil {
		parts, index = &i.summary, e.data["summary_index"]
	}
	if index != float64(len(*parts)) || text(part["text"])+text(part["refusal"]) != "" {
		w.errorf(e, "it is part %d", len(*parts))
	}
	p.complete(w, e, part)
	*parts = append(*parts, p)
}

// complete checks that a part has all that clients ask for.
func (p *walkedPart) complete(w *walk, e typedEvent, part doc) {
	w.t.Helper()
	want, known := map[string][]string{
		"output_text": {"annotations", "logprobs", "text", "type"}, "refusal": {"refusal", "type"},
		"reasoning_text": {"text", "type"}, "summary_text": {"text", "type"},
	}[p.kind]
	if got := slices.Sorted(maps.Keys(part)); !known || !slices.Equal(got, want) {
		w.errorf(e, "the part has %v", got)
	}
}

func (p *walkedPart) finish(w *walk, e typedEvent) {
	w.t.Helper()
	part := e.data["part"].(doc)
	if part["type"] != p.kind || text(part["text"])+text(part["refusal"]) != p.text.String() || !p.told {
		w.errorf(e, "the deltas say %q", p.text.String())
	}
	if notes, _ := part["annotations"].([]any); len(notes) != len(p.annotations) || len(notes) > 0 && !cmp.Equal(notes, p.annotations) {
		w.errorf(e, "the annotations were %v", p.annotations)
	}
	p.complete(w, e, part)
	p.done = part
}

// finish compares a finished item with its events.
func (w *walk) finish(e typedEvent) {
	w.t.Helper()
	item := w.item(e)
	if item == nil {
		return
	}
	got := e.data["item"].(doc)
	if status := got["status"]; got["id"] != item.id || got["type"] != item.kind || status != "completed" && status != "incomplete" {
		w.errorf(e, "the item was added as %v", item.added)
	}
	list := func(parts []*walkedPart) []any {
		out := []any{}
		for _, p := range parts {
			if p.done == nil {
				w.errorf(e, "a part is open")
			}
			out = append(out, p.done)
		}
		return out
	}
	content, summary := list(item.parts), list(item.summary)
	switch item.kind {
	case "function_call":
		if got["arguments"] != item.text.String() || !item.told || got["name"] != item.added["name"] || got["call_id"] != item.added["call_id"] {
			w.errorf(e, "the call was told as %v with %q", item.added, item.text.String())
		}
	case "reasoning":
		if c, has := got["content"]; !cmp.Equal(got["summary"], any(summary)) || has && !cmp.Equal(c, any(content)) || !has && len(content) > 0 {
			w.errorf(e, "the parts were %v, the summary %v", content, summary)
		}
	default:
		if !cmp.Equal(got["content"], any(content)) || got["role"] != "assistant" {
			w.errorf(e, "the parts were %v", content)
		}
	}
	item.done = got
}

// end compares the last object with all that came before.
func (w *walk) end() {
	w.t.Helper()
	e := typedEvent{name: "the last object", data: w.last}
	w.same(e, w.last)
	if w.last["status"] != w.status && w.last["status"] != "cancelled" {
		w.errorf(e, "it came as %s", w.status)
	}
	if w.status == "failed" {
		failure, _ := w.last["error"].(doc)
		if text(failure["code"]) == "" || text(failure["message"]) == "" {
			w.errorf(e, "the error is %v", w.last["error"])
		}
		return
	}
	output := []any{}
	said := ""
	for _, item := range w.items {
		if item.done == nil {
			w.errorf(e, "the item %s is open", item.id)
		}
		output = append(output, item.done)
		for _, p := range item.parts {
			if p.kind == "output_text" {
				said += p.text.String()
			}
		}
	}
	if diff := cmp.Diff(any(output), w.last["output"]); diff != "" {
		w.errorf(e, "the output differs from the items (-items +output):\n%s", diff)
	}
	if got, has := w.last["output_text"]; has && got != said {
		w.errorf(e, "the text is %v, was told as %q", got, said)
	}
	reason, _ := w.last["incomplete_details"].(doc)
	if (w.status == "incomplete") != (text(reason["reason"]) != "") || w.last["error"] != nil {
		w.errorf(e, "details %v, error %v", w.last["incomplete_details"], w.last["error"])
	}
}

func names(events []typedEvent) []string {
	var out []string
	for _, e := range events {
		out = append(out, strings.TrimPrefix(e.name, "response."))
	}
	return out
}

// want are the names of a scene's events, for both models: calls one after the other.
func (sc scene) want() []string {
	out := []string{"created", "in_progress"}
	part := func(kind string, pieces []string, more ...string) {
		out = append(out, "output_item.added", "content_part.added")
		out = append(out, slices.Repeat([]string{kind + ".delta"}, len(pieces))...)
		out = append(out, more...)
		out = append(out, kind+".done", "content_part.done", "output_item.done")
	}
	if len(sc.thinks) > 0 {
		part("reasoning_text", sc.thinks)
	}
	switch {
	case sc.cites:
		part("output_text", sc.says, "output_text.annotation.added")
	case len(sc.says) > 0:
		part("output_text", sc.says)
	case len(sc.refuses) > 0:
		part("refusal", sc.refuses)
	}
	for _, c := range sc.calls {
		out = append(out, "output_item.added")
		for _, fragment := range c.arguments {
			if fragment != "" {
				out = append(out, "function_call_arguments.delta")
			}
		}
		out = append(out, "function_call_arguments.done", "output_item.done")
	}
	if sc.ends != "" {
		return append(out, "incomplete")
	}
	return append(out, "completed")
}

// outline is the output of a scene without what differs from answer to answer.
func (sc scene) outline() []string {
	var out []string
	if len(sc.thinks) > 0 {
		out = append(out, "reasoning "+sc.thought())
	}
	if len(sc.says)+len(sc.refuses) > 0 {
		out = append(out, "message "+sc.text()+sc.refusal())
	}
	for _, c := range sc.calls {
		out = append(out, "function_call "+c.id+" "+c.name+strings.Join(c.arguments, ""))
	}
	return out
}

// outlineOf is the same of a response object.
func outlineOf(response doc) []string {
	var out []string
	items, _ := response["output"].([]any)
	for _, v := range items {
		item := v.(doc)
		line := text(item["type"]) + " "
		if item["type"] == "function_call" {
			line += text(item["call_id"]) + " " + text(item["name"]) + text(item["arguments"])
		}
		for _, list := range []string{"summary", "content"} {
			parts, _ := item[list].([]any)
			for _, p := range parts {
				part := p.(doc)
				line += text(part["text"]) + text(part["refusal"])
			}
		}
		out = append(out, line)
	}
	return out
}

func ask(model, input string, more ...string) string {
	return `{"model":"` + model + `","input":"` + input + `"` + strings.Join(append([]string{""}, more...), ",") + `}`
}

// Every scene that ends well, from both models, streamed and plain.
func TestResponsesEventByEvent(t *testing.T) {
	t.Parallel()
	s := onStage(t, options{})
	calls := 0
	for _, model := range []string{nativeModel, translatedModel} {
		for word, sc := range scenes() {
			if sc.ends == "error" || sc.ends == "hang" {
				continue
			}
			calls += 2
			t.Run(model+" "+word, func(t *testing.T) {
				s := *s.server
				s.t = t
				s.sceneOf(model, word, sc)
			})
		}
	}
	s.charged(calls)
}

func (s *server) sceneOf(model, word string, sc scene) {
	s.t.Helper()
	events := s.typedEvents(ask(model, word, `"stream":true`))
	w := follow(s.t, model, events)
	if interleaved := model == translatedModel && len(sc.calls) > 1; !interleaved {
		if diff := cmp.Diff(sc.want(), names(events)); diff != "" {
			s.t.Errorf("names (-want +got):\n%s", diff)
		}
	}
	plain := s.post(respPath, ask(model, word))
	var whole doc
	decode(s.t, plain.body, &whole)
	if plain.status != http.StatusOK {
		s.t.Fatalf("%d %s", plain.status, plain.body)
	}
	for how, response := range map[string]doc{"streamed": w.last, "plain": whole} {
		s.complete(how, model, response, sc)
	}
	if diff := cmp.Diff(shapeOf(whole), shapeOf(w.last)); diff != "" {
		s.t.Errorf("plain and streamed differ (-plain +streamed):\n%s", diff)
	}
}

// responseFields are those of contract 7.2's object; every one is always there.
const responseFields = "id object created_at completed_at status background model output_text output instructions previous_response_id store temperature top_p " +
	"max_output_tokens tools tool_choice parallel_tool_calls truncation metadata error incomplete_details service_tier frequency_penalty presence_penalty usage content_filters"

// complete checks a finished response object.
func (s *server) complete(how, model string, r doc, sc scene) {
	s.t.Helper()
	for name := range strings.FieldsSeq(responseFields) {
		if _, ok := r[name]; !ok && model == translatedModel {
			s.t.Errorf("%s: there is no %s in %s", how, name, mustJSON(r))
		}
	}
	status := "completed"
	if sc.ends != "" {
		status = "incomplete"
	}
	if r["status"] != status || r["object"] != "response" || r["model"] != model || r["store"] != false || r["background"] != false {
		s.t.Errorf("%s: %s", how, mustJSON(r))
	}
	if diff := cmp.Diff(sc.outline(), outlineOf(r)); diff != "" {
		s.t.Errorf("%s: output (-want +got):\n%s", how, diff)
	}
	reasoning := 0.0
	if len(sc.thinks) > 0 {
		reasoning = sceneReasoning
	}
	usage := doc{
		"input_tokens": float64(sceneInput), "output_tokens": float64(sceneOutput), "total_tokens": float64(sceneInput + sceneOutput),
		"input_tokens_details": doc{"cached_tokens": float64(sceneCached)}, "output_tokens_details": doc{"reasoning_tokens": reasoning},
	}
	if diff := cmp.Diff(any(usage), r["usage"]); diff != "" {
		s.t.Errorf("%s: usage (-want +got):\n%s", how, diff)
	}
	if said, has := r["output_text"]; has && said != sc.text() {
		s.t.Errorf("%s: output_text is %v", how, said)
	}
}

// shapeOf is a response without its ids and times.
func shapeOf(r doc) string {
	var v any
	_ = json.Unmarshal([]byte(mustJSON(r)), &v)
	return mustJSON(blank(v))
}

func blank(v any) any {
	switch v := v.(type) {
	case doc:
		for name, inner := range v {
			if name == "id" || strings.HasSuffix(name, "_at") {
				v[name] = kindOf(inner)
			} else {
				v[name] = blank(inner)
			}
		}
	case []any:
		for i := range v {
			v[i] = blank(v[i])
		}
	}
	return v
}

// charged checks that so many scenes were paid for, each at its price, and that
// nothing else was.
func (s *server) charged(calls int) {
	s.t.Helper()
	price := int64(calls) * micros(s.t, sceneCost)
	spent := func() int64 { return micros(s.t, stageCredit) - micros(s.t, string(s.balance().Balance)) }
	deadline := time.Now().Add(patience)
	for spent() < price && time.Now().Before(deadline) {
		// Where the disk is slow, charges are in the spool for a moment.
	}
	if got := spent(); got != price {
		s.t.Errorf("%d calls cost %d of 10^-10 dollars, want %d", calls, got, price)
	}
	if b := s.balance(); b.Balance != b.Available {
		s.t.Errorf("something is still held: %+v", b)
	}
	s.clean()
}

// micros reads an amount in 10^-10 dollars.
func micros(t *testing.T, amount string) int64 {
	t.Helper()
	whole, part, _ := strings.Cut(amount, ".")
	n, err := strconv.ParseInt(whole+(part + "0000000000")[:10], 10, 64)
	if err != nil {
		t.Fatalf("%v in %s", err, amount)
	}
	return n
}
