package anthropic

import (
	"bytes"
	"encoding/base64"
	"strings"

	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// list is JSON values with commas between them.
type list struct {
	buf []byte
	n   int
}

// next makes room for one more.
func (l *list) next() {
	if l.n++; l.n > 1 {
		l.buf = append(l.buf, ',')
	}
}

func (l *list) add(parts ...[]byte) {
	l.next()
	for _, p := range parts {
		l.buf = append(l.buf, p...)
	}
}

// turns are the messages of a conversation: the system prompt apart, and what is said in
// turn, with neighbours of one role in one message.
type turns struct {
	system  list   // blocks
	said    list   // messages
	spoke   string // the role of the last of them
	role    string
	blocks  list // of the message that is open
	looping bool // the last word had a tool
}

// done is the list of messages.
func (t *turns) done() []byte {
	t.flush()
	return append(append([]byte{'['}, t.said.buf...), ']')
}

// turn opens a message of the role.
func (t *turns) turn(role string) *list {
	if t.role != role {
		t.flush()
		t.role = role
	}
	return &t.blocks
}

// endOfTurn closes a message.
const endOfTurn = "]}"

// flush ends the open message. One that says nothing is none, and its neighbours are one.
func (t *turns) flush() {
	if t.blocks.n == 0 {
		return
	}
	if t.role == t.spoke {
		t.said.buf = append(t.said.buf[:len(t.said.buf)-len(endOfTurn)], ',')
	} else {
		t.said.add([]byte(`{"role":"`), []byte(t.role), []byte(`","content":[`))
	}
	t.said.buf = append(append(t.said.buf, t.blocks.buf...), endOfTurn...)
	t.blocks, t.spoke = list{buf: t.blocks.buf[:0]}, t.role
}

func (t *turns) read(messages []byte) (p *problem) {
	return each(messages, "an array of messages", t.message)
}

// each calls visit for each element, and says at which one something is wrong.
func each(array []byte, want string, visit func([]byte) *problem) (p *problem) {
	if rawjson.KindOf(array) != rawjson.KindArray {
		return wrong("", "must be "+want+".")
	}
	i := 0
	rawjson.Elements(array, func(value []byte) bool {
		if p = visit(value); p != nil {
			p = p.at(i)
		}
		i++
		return p == nil
	})
	return p
}

// words are what is read of a message.
type words struct{ role, content, calls, callID, refusal, audio, function []byte }

// message reads one. What an assistant thought is for its own eyes, and is taken only with
// the upstream's signature, which the chat API has no place for: it is left out.
func (t *turns) message(raw []byte) *problem {
	var w words
	rawjson.Top(raw, func(key, value []byte) bool {
		if rawjson.KindOf(value) == rawjson.KindNull {
			return true
		}
		for _, m := range [...]struct {
			name string
			slot *[]byte
		}{
			{"role", &w.role}, {"content", &w.content}, {"tool_calls", &w.calls}, {"tool_call_id", &w.callID},
			{"refusal", &w.refusal}, {"audio", &w.audio}, {"function_call", &w.function},
		} {
			if rawjson.KeyIs(key, m.name) {
				*m.slot = value
			}
		}
		return true
	})
	role, _ := rawjson.Unquote(w.role)
	t.looping = role == "tool" || t.looping && (role == "system" || role == "developer")
	switch role {
	case "system", "developer":
		return content(&t.system, w.content, role)
	case "user":
		return content(t.turn(role), w.content, role)
	case "assistant":
		return t.assistant(&w)
	case "tool":
		return t.result(&w)
	case "function":
		return uncarried("role", "'function' is not taken by this model; use 'tool'.")
	}
	return wrong("role", "must be one of system, developer, user, assistant, tool.")
}

func (t *turns) assistant(w *words) *problem {
	switch {
	case w.audio != nil:
		return uncarried("audio", "is not taken by this model; leave it out.")
	case w.function != nil:
		return uncarried("function_call", "is not taken by this model; use 'tool_calls'.")
	}
	blocks := t.turn("assistant")
	if p := content(blocks, w.content, "assistant"); p != nil {
		return p
	}
	if w.refusal != nil {
		if p := text(blocks, w.refusal, nil); p != nil {
			return p.in("refusal")
		}
	}
	if w.calls == nil {
		return nil
	}
	if p := each(w.calls, "an array", func(call []byte) *problem { return toolUse(blocks, call) }); p != nil {
		return p.in("tool_calls")
	}
	return nil
}

// toolUse makes a block of a tool call.
func toolUse(to *list, call []byte) *problem {
	if kind := remote.Member(call, "type"); kind != "" && kind != "function" {
		return uncarried("type", "must be 'function' for this model.")
	}
	id, name := remote.Member(call, "id"), remote.Member(call, "function", "name")
	switch {
	case id == "":
		return wrong("id", "is required.")
	case name == "":
		return wrong("function.name", "is required.")
	}
	input := []byte("{}")
	if arguments := remote.Member(call, "function", "arguments"); strings.TrimSpace(arguments) != "" {
		input = []byte(arguments)
	}
	if !rawjson.Valid(input) || rawjson.KindOf(input) != rawjson.KindObject {
		return wrong("function.arguments", "must be the JSON of an object.")
	}
	to.add([]byte(`{"type":"tool_use","id":`), callID(id), []byte(`,"name":`), rawjson.AppendQuote(nil, name), []byte(`,"input":`), input, []byte(`}`))
	return nil
}

// callID is a tool call's name in the letters that the API allows: a conversation may have
// begun with another service.
func callID(id string) []byte {
	return rawjson.AppendQuote(nil, strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, id))
}

// result makes a block of what a tool said.
func (t *turns) result(w *words) *problem {
	id, err := rawjson.Unquote(w.callID)
	if err != nil || id == "" {
		return wrong("tool_call_id", "is required.")
	}
	var inner list
	if p := content(&inner, w.content, "tool"); p != nil {
		return p
	}
	blocks := t.turn("user")
	if inner.n == 0 {
		blocks.add([]byte(`{"type":"tool_result","tool_use_id":`), callID(id), []byte(`}`))
		return nil
	}
	blocks.add([]byte(`{"type":"tool_result","tool_use_id":`), callID(id), []byte(`,"content":[`), inner.buf, []byte(`]}`))
	return nil
}

// content makes blocks of a message's content: a text, or parts.
func content(to *list, value []byte, role string) *problem {
	var p *problem
	switch rawjson.KindOf(value) {
	case rawjson.Missing, rawjson.KindNull:
		return nil
	case rawjson.KindString:
		p = text(to, value, nil)
	default:
		p = each(value, "a string or an array of parts", func(part []byte) *problem { return block(to, part, role) })
	}
	if p != nil {
		return p.in("content")
	}
	return nil
}

// text makes a block of a text. An empty one is refused upstream, and says nothing.
func text(to *list, value, cached []byte) *problem {
	if rawjson.KindOf(value) != rawjson.KindString {
		return wrong("", "must be a string.")
	}
	if isBlank(value) {
		return nil
	}
	to.add([]byte(`{"type":"text","text":`), value, cached, []byte(`}`))
	return nil
}

// isBlank reports whether a JSON string holds no more than white space.
func isBlank(value []byte) bool {
	inner := bytes.TrimLeft(value[1:len(value)-1], " ")
	if len(inner) == 0 {
		return true
	}
	if inner[0] != '\\' {
		return false
	}
	s, err := rawjson.Unquote(value)
	return err == nil && strings.TrimSpace(s) == ""
}

// block makes a block of a part. A part may say that the prompt is worth keeping up to it
// (cache_control), as the API's own blocks do.
func block(to *list, part []byte, role string) *problem {
	var cached []byte
	if c, ok := rawjson.Get(part, "cache_control"); ok && rawjson.KindOf(c) == rawjson.KindObject {
		cached = append([]byte(`,"cache_control":`), c...)
	}
	kind := remote.Member(part, "type")
	hears := role == "user" || role == "tool"
	switch {
	case kind == "text" || kind == "refusal" && role == "assistant":
		value, _ := rawjson.Get(part, kind)
		if p := text(to, value, cached); p != nil {
			return p.in(kind)
		}
		return nil
	case kind == "image_url" && hears:
		return image(to, part, cached)
	case kind == "file" && hears:
		return file(to, part, cached)
	case kind == "":
		return wrong("type", "is required.")
	}
	return uncarried("type", "is of a kind that this model does not take there.")
}

// image makes a block of a picture: of its content, or of its address.
func image(to *list, part, cached []byte) *problem {
	address := remote.Member(part, "image_url", "url")
	if address == "" {
		return wrong("image_url.url", "is required.")
	}
	kind, source := "image", inlineSource(address)
	switch {
	case source != nil:
		if remote.Member(source, "media_type") == pdf {
			kind = "document"
		}
	case strings.HasPrefix(address, "https://"), strings.HasPrefix(address, "http://"):
		source = append(rawjson.AppendQuote([]byte(`{"type":"url","url":`), address), '}')
	default:
		return wrong("image_url.url", "must be an http address or a data URL.")
	}
	to.add([]byte(`{"type":"`), []byte(kind), []byte(`","source":`), source, cached, []byte(`}`))
	return nil
}

const pdf = "application/pdf"

// file makes a block of a document's content.
func file(to *list, part, cached []byte) *problem {
	source := inlineSource(remote.Member(part, "file", "file_data"))
	if source == nil || remote.Member(source, "media_type") != pdf {
		return uncarried("file.file_data", "must be a data URL of a PDF for this model.")
	}
	title := remote.Member(part, "file", "filename")
	if title != "" {
		cached = append(rawjson.AppendQuote([]byte(`,"title":`), title), cached...)
	}
	to.add([]byte(`{"type":"document","source":`), source, cached, []byte(`}`))
	return nil
}

// inlineSource is the source of a block for what a data URL holds (RFC 2397); nil: it is no
// such URL.
func inlineSource(address string) []byte {
	const scheme = "data:"
	if len(address) < len(scheme) || !strings.EqualFold(address[:len(scheme)], scheme) {
		return nil
	}
	head, data, ok := strings.Cut(address[len(scheme):], ",")
	if !ok {
		return nil
	}
	kind, _, _ := strings.Cut(head, ";")
	if !strings.HasSuffix(strings.ToLower(head), ";base64") {
		_, plain, err := remote.DecodeDataURL(address)
		if err != nil {
			return nil
		}
		data = base64.StdEncoding.EncodeToString(plain)
	}
	if kind = strings.ToLower(strings.TrimSpace(kind)); kind == "image/jpg" {
		kind = "image/jpeg"
	}
	out := make([]byte, 0, len(data)+len(kind)+64)
	out = rawjson.AppendQuote(append(out, `{"type":"base64","media_type":`...), kind)
	return append(rawjson.AppendQuote(append(out, `,"data":`...), data), '}')
}
