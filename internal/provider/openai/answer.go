package openai

import (
	"bytes"
	"slices"

	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// top is what the adapter reads of an answer's or a chunk's top level.
type top struct {
	model, choices, usage, failure []byte
}

// read goes over doc once. It is false where doc is not a whole object.
func (t *top) read(doc []byte) bool {
	*t = top{}
	ok := rawjson.Top(doc, func(key, value []byte) bool {
		switch string(key) {
		case "model":
			t.model = value
		case "choices":
			t.choices = value
		case "usage":
			t.usage = value
		case "error":
			t.failure = value
		}
		return true
	})
	if n := len(doc); !ok || doc[n-1] == '}' {
		return ok
	}
	doc = bytes.TrimRight(doc, " \t\r\n")
	return doc[len(doc)-1] == '}'
}

// failed reports whether there is an error object, or an error's text.
func (t *top) failed() bool { return told(t.failure) }

// told reports whether an `error` member says anything.
func told(failure []byte) bool {
	switch rawjson.KindOf(failure) {
	case rawjson.KindObject:
		return len(bytes.Trim(failure, "{} \t\r\n")) > 0
	case rawjson.KindString:
		return len(failure) > len(`""`)
	}
	return false
}

// chatAnswer checks a whole chat completion and puts the shown name in.
func (p *Provider) chatAnswer(call *provider.Call, s *scratch) (*provider.Answer, error) {
	var t top
	body := s.body
	if !rawjson.Valid(body) || !t.read(body) {
		return nil, remote.Broken("the answer is not a JSON object")
	}
	if t.failed() {
		return nil, p.reported(call, body)
	}
	if rawjson.KindOf(t.choices) != rawjson.KindArray {
		return nil, remote.Broken("the answer has no choices")
	}
	var room [64]byte
	a := provider.Answer{Body: s.showModel(t.model, rawjson.AppendQuote(room[:0], call.Show)), Usage: readUsage(t.usage)}
	if !a.Usage.Reported {
		a.Bytes = readChoices(t.choices).bytes
	}
	return s.done(a), nil
}

// showModel returns doc with the top-level model shown in place of model, its
// value now. A copy is made in dst, and only where it is needed.
func showModel(dst, doc, model, shown []byte) []byte {
	switch {
	case model == nil:
		return insert(dst, doc, `"model":`, shown)
	case bytes.Equal(model, shown):
		return doc
	}
	dst, _ = rawjson.ReplaceTop(slices.Grow(dst[:0], len(doc)+len(shown)), doc, "model", shown)
	return dst
}

// insert puts a member first in the object doc; key comes quoted, with its colon.
func insert(dst, doc []byte, key string, value []byte) []byte {
	at := bytes.IndexByte(doc, '{') + 1
	dst = append(append(append(dst[:0], doc[:at]...), key...), value...)
	if rest := bytes.TrimLeft(doc[at:], " \t\r\n"); len(rest) > 0 && rest[0] != '}' {
		dst = append(dst, ',')
	}
	return append(dst, doc[at:]...)
}

// responsesAnswer checks a whole response and puts the shown name in.
func (p *Provider) responsesAnswer(call *provider.Call, body []byte) (*provider.Answer, error) {
	var t top
	if !rawjson.Valid(body) || !t.read(body) {
		return nil, remote.Broken("the answer is not a JSON object")
	}
	output, ok := rawjson.Get(body, "output")
	if !ok || rawjson.KindOf(output) != rawjson.KindArray {
		if t.failed() {
			return nil, p.reported(call, body)
		}
		return nil, remote.Broken("the answer has no output")
	}
	a := &provider.Answer{Body: showModel(nil, p.coverError(call, body, t.failure), t.model, quoted(call)), Usage: readUsage(t.usage)}
	if !a.Usage.Reported {
		a.Bytes = outputBytes(output)
	}
	return a, nil
}

// outputBytes is how much text the output items of a response hold.
func outputBytes(output []byte) int {
	n := 0
	rawjson.Elements(output, func(item []byte) bool {
		arguments, _ := rawjson.Get(item, "arguments")
		n += textBytes(arguments)
		content, _ := rawjson.Get(item, "content")
		rawjson.Elements(content, func(part []byte) bool {
			for _, name := range [...]string{"text", "refusal"} {
				text, _ := rawjson.Get(part, name)
				n += textBytes(text)
			}
			return true
		})
		return true
	})
	return n
}

// coverError replaces what a failed response says of the upstream's own trouble;
// what it says of the request stays, without names.
func (p *Provider) coverError(call *provider.Call, response, failure []byte) []byte {
	if rawjson.KindOf(failure) != rawjson.KindObject {
		return response
	}
	e := readFailure(failure)
	message := "The model failed."
	if e.Code != "" && e.Code != "server_error" && e.Code != "rate_limit_exceeded" {
		message = p.scrub(call, e.Message)
	}
	covered, ok := rawjson.ReplaceTop(nil, failure, "message", rawjson.AppendQuote(nil, message))
	if !ok {
		return response
	}
	response, _ = rawjson.ReplaceTop(nil, response, "error", covered)
	return response
}
