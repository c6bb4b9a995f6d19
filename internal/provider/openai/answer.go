package openai

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// broken is a 2xx answer that is not what was asked for.
func broken(format string, args ...any) error {
	return &provider.Error{Class: provider.Broken, Err: fmt.Errorf(format, args...)}
}

// decode undoes a content coding that the upstream used although we asked for none.
func decode(resp *egress.Response) error {
	switch coding := strings.ToLower(resp.Header.Get("Content-Encoding")); coding {
	case "", "identity":
		return nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(resp.Body)
		if err != nil {
			return callError(fmt.Errorf("read gzip: %w", err), provider.Broken)
		}
		resp.Body, resp.ContentLength = &unzipped{z, resp.Body}, -1
		return nil
	default:
		return broken("the answer's content coding %q is unknown", coding)
	}
}

// unzipped is a decoded body. It does not know what it could give without waiting.
type unzipped struct {
	io.Reader
	io.Closer
}

// Buffered is 0, as egress.Body allows.
func (*unzipped) Buffered() int { return 0 }

// readWhole reads an answer of at most limit bytes, into buf where that is large enough.
func readWhole(resp *egress.Response, buf []byte, limit int64) ([]byte, error) {
	if resp.ContentLength > limit {
		return nil, broken("the answer has %d bytes, more than %d", resp.ContentLength, limit)
	}
	size := resp.ContentLength
	if size < 0 {
		size = 4 << 10
	}
	if buf = buf[:0]; int64(cap(buf)) < size+spare {
		buf = make([]byte, 0, size+spare)
	}
	for {
		n, err := resp.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > limit:
			return nil, broken("the answer has more than %d bytes", limit)
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return nil, callError(fmt.Errorf("read answer: %w", err), provider.Broken)
		case len(buf) == cap(buf):
			buf = slices.Grow(buf, len(buf))
		}
	}
}

// spare is how many bytes more than announced are made room for: the end is seen
// without growing, and a longer name can be put in without a copy.
const spare = 128

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
		return nil, broken("the answer is not a JSON object")
	}
	if t.failed() {
		return nil, p.reported(call, body)
	}
	if rawjson.KindOf(t.choices) != rawjson.KindArray {
		return nil, broken("the answer has no choices")
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
		return nil, broken("the answer is not a JSON object")
	}
	output, ok := rawjson.Get(body, "output")
	if !ok || rawjson.KindOf(output) != rawjson.KindArray {
		if t.failed() {
			return nil, p.reported(call, body)
		}
		return nil, broken("the answer has no output")
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

// errNoEvent is a body that ended properly without a single event.
var errNoEvent = errors.New("the stream held no event")
