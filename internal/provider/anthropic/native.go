package anthropic

import (
	"bytes"

	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// messageBody is the caller's Messages request for the upstream: byte for byte, but for
// the model's name, the output limit, and whether the answer comes in events.
func messageBody(call *provider.Call, stream bool) []byte {
	e := call.Body.Edit().SetString("model", call.Model)
	if asked, _, err := call.Body.Bool("stream"); err != nil || asked != stream {
		e.SetBool("stream", stream)
	}
	if n, ok, err := call.Body.Int("max_tokens"); call.MaxTokens > 0 && (err != nil || !ok || n > call.MaxTokens) {
		e.SetInt("max_tokens", call.MaxTokens)
	}
	return inlined(e.Append(nil))
}

// countBody is the part of a Messages request that is counted; the route refuses fields
// that say how to answer.
func countBody(call *provider.Call) []byte {
	e := call.Body.Edit().SetString("model", call.Model)
	return inlined(e.Delete("stream").Delete("max_tokens").Append(nil))
}

// inlined puts sources of the type url that hold a data URL in the form that the API has
// for content: the server may have fetched an address before (see "fetch_inputs").
func inlined(body []byte) []byte {
	if !bytes.Contains(body, []byte(`"data:`)) {
		return body
	}
	messages, _ := rawjson.Get(body, "messages")
	changed, ok := eachObject(messages, func(message []byte) ([]byte, bool) { return inlineWithin(message, 0) })
	if !ok {
		return body
	}
	out, _ := rawjson.ReplaceTop(nil, body, "messages", changed)
	return out
}

// inlineWithin changes the content of a message, or of a tool's result within one.
func inlineWithin(object []byte, depth int) ([]byte, bool) {
	const deepest = 2 // message, tool result
	content, _ := rawjson.Get(object, "content")
	if depth > deepest || rawjson.KindOf(content) != rawjson.KindArray {
		return object, false
	}
	content, ok := eachObject(content, func(block []byte) ([]byte, bool) {
		source, _ := rawjson.Get(block, "source")
		if remote.Member(source, "type") == "url" {
			if inline := inlineSource(remote.Member(source, "url")); inline != nil {
				return rawjson.ReplaceTop(nil, block, "source", inline)
			}
		}
		return inlineWithin(block, depth+1)
	})
	if !ok {
		return object, false
	}
	return rawjson.ReplaceTop(nil, object, "content", content)
}

// eachObject changes the elements of a list. It is false where none was changed.
func eachObject(list []byte, change func([]byte) ([]byte, bool)) (out []byte, changed bool) {
	out = []byte{'['}
	whole := rawjson.Elements(list, func(element []byte) bool {
		if len(out) > 1 {
			out = append(out, ',')
		}
		next, ok := change(element)
		out, changed = append(out, next...), changed || ok
		return true
	})
	return append(out, ']'), changed && whole
}

// messageAnswer checks a whole message and puts the shown name in.
func (p *Provider) messageAnswer(call *provider.Call, body []byte) (*provider.Answer, error) {
	m, err := p.readMessage(call, body)
	if err != nil {
		return nil, err
	}
	a := &provider.Answer{Body: showModel(nil, body, call.Show), Usage: m.tally.usage()}
	if !a.Usage.Reported {
		a.Bytes = contentBytes(m.content)
	}
	return a, nil
}

// showModel returns doc with the shown name as its top-level model, in dst.
func showModel(dst, doc []byte, show string) []byte {
	var room [64]byte
	shown := rawjson.AppendQuote(room[:0], show)
	out, ok := rawjson.ReplaceTop(dst[:0], doc, "model", shown)
	if ok {
		return out
	}
	at := bytes.IndexByte(doc, '{') + 1
	out = append(append(append(dst[:0], doc[:at]...), `"model":`...), shown...)
	if rest := bytes.TrimLeft(doc[at:], " \t\r\n"); len(rest) > 0 && rest[0] != '}' {
		out = append(out, ',')
	}
	return append(out, doc[at:]...)
}

// message is what is read of a whole message.
type message struct {
	id, content, reason, details []byte
	tally                        tally
}

// readMessage checks an upstream's whole answer. What it returns are parts of body.
func (p *Provider) readMessage(call *provider.Call, body []byte) (*message, error) {
	m := &message{}
	if !rawjson.Valid(body) || rawjson.KindOf(body) != rawjson.KindObject {
		return nil, remote.Broken("the answer is not a JSON object")
	}
	var failed bool
	rawjson.Top(body, func(key, value []byte) bool {
		switch string(key) {
		case "id":
			m.id = value
		case "content":
			m.content = value
		case "stop_reason":
			m.reason = value
		case "stop_details":
			m.details = value
		case "usage":
			m.tally.add(value)
		case "error":
			failed = rawjson.KindOf(value) == rawjson.KindObject
		}
		return true
	})
	if failed {
		return nil, p.reported(call, body)
	}
	if rawjson.KindOf(m.content) != rawjson.KindArray {
		return nil, remote.Broken("the answer has no content")
	}
	return m, nil
}
