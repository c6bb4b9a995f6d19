package translate_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"skytower/internal/provider"
)

// form checks a stream against the rules of contract 8.2 and OpenAI's: it is a second,
// plain reading of the events.
type form struct {
	t     testing.TB
	items map[float64]*formItem
	id    any
}

type formItem struct {
	item  map[string]any // as it was added
	done  map[string]any
	parts map[float64]*formPart
}

type formPart struct {
	text  string // joined deltas
	told  *string
	added bool
	done  bool
	notes int
}

// wellFormed checks the whole stream and returns its last response.
func wellFormed(t testing.TB, events []provider.Event) map[string]any {
	t.Helper()
	f := &form{t: t, items: map[float64]*formItem{}}
	var final map[string]any
	for i, e := range events {
		if bytes.ContainsAny(e.Data, "\n\r") {
			t.Errorf("event %d is not on one line", i)
		}
		v := decoded(t, e.Data)
		if v["type"] != e.Name || v["sequence_number"] != float64(i) {
			t.Errorf("event %d under the name %s is %v %v", i, e.Name, v["type"], v["sequence_number"])
		}
		delta := strings.HasSuffix(e.Name, ".delta")
		if e.Output != delta || (e.Bytes > 0) != delta {
			t.Errorf("event %s counts as output %v of %d bytes", e.Name, e.Output, e.Bytes)
		}
		if e.Final != (i == len(events)-1) {
			t.Errorf("event %d of %d, %s, is final: %v", i, len(events), e.Name, e.Final)
		}
		f.event(i, e.Name, v)
		if e.Final {
			final, _ = v["response"].(map[string]any)
		}
	}
	f.end(final)
	return final
}

func (f *form) event(i int, name string, v map[string]any) {
	f.t.Helper()
	if order := []string{"response.created", "response.in_progress"}; i < 2 && name != order[i] {
		f.t.Errorf("event %d is %s", i, name)
	}
	if r, ok := v["response"].(map[string]any); ok {
		if f.id != nil && r["id"] != f.id {
			f.t.Errorf("the response's id changed to %v", r["id"])
		}
		f.id = r["id"]
		if i < 2 && (r["status"] != "in_progress" || r["usage"] != nil || len(r["output"].([]any)) != 0) {
			f.t.Errorf("%s has %v", name, r)
		}
		return
	}
	index := v["output_index"].(float64)
	switch name {
	case "response.output_item.added":
		if int(index) != len(f.items) {
			f.t.Errorf("item %v is added as number %d", index, len(f.items))
		}
		f.items[index] = &formItem{item: v["item"].(map[string]any), parts: map[float64]*formPart{}}
	case "response.output_item.done":
		it := f.items[index]
		if it.done != nil {
			f.t.Errorf("item %v is done twice", index)
		}
		it.done = v["item"].(map[string]any)
		if it.done["id"] != it.item["id"] || it.done["type"] != it.item["type"] {
			f.t.Errorf("item %v was added as %v and is done as %v", index, it.item, it.done)
		}
	default:
		f.part(name, f.items[index], v)
	}
}

func (f *form) part(name string, it *formItem, v map[string]any) {
	f.t.Helper()
	if it == nil || it.done != nil || v["item_id"] != it.item["id"] {
		f.t.Fatalf("%s of an item that is not open: %v", name, v)
	}
	index, ok := v["content_index"].(float64)
	if !ok {
		index, _ = v["summary_index"].(float64)
	}
	p := it.parts[index]
	switch {
	case strings.HasSuffix(name, "part.added"):
		if p != nil {
			f.t.Errorf("part %v is added twice", index)
		}
		it.parts[index] = &formPart{added: true}
	case name == "response.output_text.annotation.added":
		if v["annotation_index"] != float64(p.notes) {
			f.t.Errorf("annotation %d is numbered %v", p.notes, v["annotation_index"])
		}
		p.notes++
	case strings.HasSuffix(name, ".delta"):
		if p == nil && it.item["type"] == "function_call" {
			p = &formPart{}
			it.parts[index] = p
		}
		if p == nil || p.told != nil || v["delta"] == "" {
			f.t.Fatalf("delta of a part that is not open, or empty: %v", v)
		}
		p.text += v["delta"].(string)
	case strings.HasSuffix(name, "part.done"):
		if p.told == nil || p.done || textOf(v["part"].(map[string]any)) != *p.told {
			f.t.Errorf("part is done with %v", v)
		}
		p.done = true
	default:
		f.told(it, index, v)
	}
}

func (f *form) told(it *formItem, index float64, v map[string]any) {
	f.t.Helper()
	p := it.parts[index]
	if p == nil && it.item["type"] == "function_call" {
		p = &formPart{}
		it.parts[index] = p
	}
	text := textOf(v)
	if p == nil || p.told != nil || !sameWords(text, p.text) {
		f.t.Errorf("deltas %+v are told as %q", p, text)
		return
	}
	p.told = &text
}

// sameWords compares texts; halves of a surrogate pair that came apart are whole again
// once they are joined.
func sameWords(whole, pieces string) bool {
	return whole == pieces || strings.Contains(pieces, "\uFFFD")
}

func textOf(v map[string]any) string {
	for _, name := range []string{"text", "refusal", "arguments"} {
		if text, ok := v[name].(string); ok {
			return text
		}
	}
	return "?"
}

// end compares what was told with the last response.
func (f *form) end(final map[string]any) {
	f.t.Helper()
	if final == nil {
		f.t.Fatal("the stream has no last response")
	}
	output := final["output"].([]any)
	if len(output) != len(f.items) {
		f.t.Errorf("%d items were told, the response has %d", len(f.items), len(output))
		return
	}
	var text string
	ids := map[string]bool{}
	for i, item := range output {
		it := f.items[float64(i)]
		if it.done == nil || !reflect.DeepEqual(any(it.done), item) {
			f.t.Errorf("item %d was done as %v, the response has %v", i, it.done, item)
			return
		}
		id := fmt.Sprint(it.done["id"])
		if ids[id] {
			f.t.Errorf("two items have the id %s", id)
		}
		ids[id] = true
		text += f.item(it)
	}
	if text != final["output_text"] {
		f.t.Errorf("output_text is %q, the items have %q", final["output_text"], text)
	}
}

// item compares an item with its parts' events, and returns its output text.
func (f *form) item(it *formItem) (text string) {
	f.t.Helper()
	for index, p := range it.parts {
		if p.told == nil || p.added != p.done {
			f.t.Errorf("part %v of %v did not end", index, it.done)
		}
	}
	if it.done["type"] == "function_call" {
		if len(it.parts) != 1 || textOf(it.done) != *it.parts[0].told {
			f.t.Errorf("the call %v has other arguments than were told", it.done)
		}
		return ""
	}
	list, _ := it.done["content"].([]any)
	if summary, ok := it.done["summary"].([]any); ok && len(summary) > 0 {
		list = summary
	}
	if len(list) != len(it.parts) {
		f.t.Errorf("%d parts were told of %v", len(it.parts), it.done)
		return ""
	}
	for i, v := range list {
		part := v.(map[string]any)
		p := it.parts[float64(i)]
		if textOf(part) != *p.told {
			f.t.Errorf("part %d was told as %q and is %q", i, *p.told, textOf(part))
		}
		if notes, ok := part["annotations"].([]any); ok && len(notes) != p.notes {
			f.t.Errorf("part %d has %d annotations, %d were told", i, len(notes), p.notes)
		}
		if part["type"] == "output_text" {
			text += textOf(part)
		}
	}
	return text
}
