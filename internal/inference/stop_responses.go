package inference

import (
	"bytes"
	"fmt"
	"strconv"

	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// nativeEnd keeps of an upstream's own Responses stream what its last events repeat, so
// that they can be made here where credit runs out: the response as it was created, the
// items that are whole, and the one that is open. Texts are kept as they stood in the
// events: pieces of JSON strings joined are the JSON of the joined text.
type nativeEnd struct {
	response []byte
	items    [][]byte // whole ones
	item     []byte   // the open one as it was added, or nil
	parts    [][]byte // of the open item, whole ones
	part     []byte   // the open one as it was added, or nil
	text     []byte   // of the open part, or the arguments of an open function call
	refused  []byte   // the event that was not delivered: the last ones take its place
	sequence int64
	out      []provider.Event
}

// note keeps what is needed of an event that was delivered.
func (e *nativeEnd) note(event *provider.Event) {
	switch event.Name {
	case "response.output_text.delta", "response.refusal.delta", "response.function_call_arguments.delta":
		if delta, ok := rawjson.Get(event.Data, "delta"); ok && rawjson.KindOf(delta) == rawjson.KindString {
			e.text = append(e.text, delta[1:len(delta)-1]...)
		}
	case "response.created":
		e.response = member(event.Data, "response")
	case "response.output_item.added":
		e.item, e.parts, e.part, e.text = member(event.Data, "item"), nil, nil, e.text[:0]
	case "response.content_part.added":
		e.part, e.text = member(event.Data, "part"), e.text[:0]
	case "response.content_part.done":
		e.parts, e.part = append(e.parts, member(event.Data, "part")), nil
	case "response.output_item.done":
		e.items, e.item = append(e.items, member(event.Data, "item")), nil
	}
}

// member is a copy of a top-level value.
func member(doc []byte, name string) []byte {
	value, _ := rawjson.Get(doc, name)
	return bytes.Clone(value)
}

// events close what is open, as an upstream does that reaches the caller's limit.
func (e *nativeEnd) events(usage provider.Usage) []provider.Event {
	number, _ := rawjson.Get(e.refused, "sequence_number")
	e.sequence, _ = rawjson.Int(number)
	if e.part != nil {
		e.closePart()
	}
	if e.item != nil {
		e.closeItem()
	}
	response := e.response
	if response == nil {
		response = []byte(`{"object":"response"}`)
	}
	response = with(response, "status", []byte(`"incomplete"`))
	response = with(response, "incomplete_details", []byte(`{"reason":"max_output_tokens"}`))
	response = with(response, "output", list(e.items))
	response = with(response, "usage", responseUsage(usage))
	e.emit("response.incomplete", "response", response)
	return e.out
}

// closePart ends the part of text, or of a refusal, that is open.
func (e *nativeEnd) closePart() {
	kind := "text"
	if word, _ := rawjson.Get(e.part, "type"); string(word) == `"refusal"` {
		kind = "refusal"
	}
	text := quote(e.text)
	part := with(e.part, kind, text)
	if kind == "text" {
		e.emit("response.output_text.done", "text", text, "item_id", "output_index", "content_index")
	} else {
		e.emit("response.refusal.done", "refusal", text, "item_id", "output_index", "content_index")
	}
	e.emit("response.content_part.done", "part", part, "item_id", "output_index", "content_index")
	e.parts, e.part = append(e.parts, part), nil
}

func (e *nativeEnd) closeItem() {
	item := with(e.item, "status", []byte(`"incomplete"`))
	switch word, _ := rawjson.Get(e.item, "type"); string(word) {
	case `"message"`:
		item = with(item, "content", list(e.parts))
	case `"function_call"`:
		item = with(item, "arguments", quote(e.text))
	}
	e.emit("response.output_item.done", "item", item, "output_index")
	e.items, e.item = append(e.items, item), nil
}

// emit adds an event with one value of its own, and others as the refused event has them.
func (e *nativeEnd) emit(kind, name string, value []byte, same ...string) {
	data := append(append([]byte(`{"type":"`), kind...), `","sequence_number":0}`...)
	data = with(data, "sequence_number", strconv.AppendInt(nil, e.sequence, 10))
	for _, n := range same {
		if v, ok := rawjson.Get(e.refused, n); ok {
			data = with(data, n, v)
		}
	}
	e.sequence++
	e.out = append(e.out, provider.Event{Name: kind, Data: with(data, name, value)})
}

// with is an object with a member set. An upstream's object that is none stays.
func with(doc []byte, name string, value []byte) []byte {
	o, err := rawjson.Scan(doc, nil)
	if err != nil {
		return doc
	}
	return o.Edit().SetRaw(name, value).Append(nil)
}

func quote(inner []byte) []byte { return append(append([]byte{'"'}, inner...), '"') }

func list(values [][]byte) []byte {
	return append(append([]byte{'['}, bytes.Join(values, []byte(","))...), ']')
}

// responseUsage is a usage object in the words of the Responses API.
func responseUsage(u provider.Usage) []byte {
	return fmt.Appendf(nil, `{"input_tokens":%d,"output_tokens":%d,"total_tokens":%d,"input_tokens_details":{"cached_tokens":%d},"output_tokens_details":{"reasoning_tokens":%d}}`,
		u.Input, u.Output, u.Input+u.Output, u.Cached, u.Reasoning)
}
