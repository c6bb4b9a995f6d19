package openai

import (
	"encoding/json"
	"io"
	"strconv"

	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// eventList is a stream whose events are here from the start.
type eventList struct{ events []provider.Event }

// Next returns the next event.
func (l *eventList) Next() (provider.Event, error) {
	if len(l.events) == 0 {
		return provider.Event{}, io.EOF
	}
	ev := l.events[0]
	l.events = l.events[1:]
	return ev, nil
}

// Ready is always true.
func (l *eventList) Ready() bool { return true }

// Close does nothing.
func (l *eventList) Close() error { return nil }

type object = map[string]json.RawMessage

// chunked makes a stream of a whole completion, for servers that ignore `stream`:
// the text, the finish reason, and the usage.
func chunked(a *provider.Answer) (provider.Stream, error) {
	var doc object
	var choices []object
	if err := json.Unmarshal(a.Body, &doc); err != nil {
		return nil, remote.Broken("read completion: %w", err)
	}
	if err := json.Unmarshal(doc["choices"], &choices); err != nil {
		return nil, remote.Broken("read choices: %w", err)
	}
	size := readChoices(doc["choices"]).bytes
	usage := doc["usage"]
	delete(doc, "usage")
	doc["object"] = json.RawMessage(`"chat.completion.chunk"`)
	texts, ends := make([]object, len(choices)), make([]object, len(choices))
	for i, c := range choices {
		texts[i], ends[i] = halves(c)
	}
	l := &eventList{}
	l.events = append(l.events, provider.Event{Data: chunk(doc, texts), Output: size > 0, Bytes: size})
	l.events = append(l.events, provider.Event{Data: chunk(doc, ends)})
	if a.Usage.Reported {
		doc["usage"] = usage
		l.events = append(l.events, provider.Event{Data: chunk(doc, []object{}), Usage: a.Usage, UsageOnly: true})
	}
	return l, nil
}

// halves splits a choice into a chunk's with its message, and one with its end.
func halves(choice object) (text, end object) {
	text, end = object{}, object{}
	for name, value := range choice {
		switch name {
		case "message":
			text["delta"] = indexed(value)
		case "index":
			text[name], end[name] = value, value
		case "logprobs":
			text[name] = value
		default:
			end[name] = value
		}
	}
	text["finish_reason"], end["delta"] = json.RawMessage("null"), json.RawMessage("{}")
	return text, end
}

// indexed gives the tool calls of a message the index that those of a delta have.
func indexed(message json.RawMessage) json.RawMessage {
	calls, ok := rawjson.Get(message, "tool_calls")
	if !ok || rawjson.KindOf(calls) != rawjson.KindArray {
		return message
	}
	list := []byte{'['}
	n := 0
	rawjson.Elements(calls, func(call []byte) bool {
		if n > 0 {
			list = append(list, ',')
		}
		if _, has := rawjson.Get(call, "index"); !has {
			call = insert(nil, call, `"index":`, strconv.AppendInt(nil, int64(n), 10))
		}
		list = append(list, call...)
		n++
		return true
	})
	message, _ = rawjson.ReplaceTop(nil, message, "tool_calls", append(list, ']'))
	return message
}

// chunk is doc with the choices, on one line.
func chunk(doc object, choices []object) []byte {
	list, err := json.Marshal(choices)
	if err != nil {
		return nil // only raw JSON that has been read before: it can't
	}
	doc["choices"] = list
	data, err := json.Marshal(doc)
	if err != nil {
		return nil
	}
	return data
}
