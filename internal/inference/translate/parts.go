package translate

import (
	"skytower/internal/inference/chatform"
	"skytower/internal/rawjson"
)

// part is one part of a message's content, of any type.
type inputPart struct {
	kind, text, refusal, image, detail         []byte
	fileData, fileURL, fileID, filename, audio []byte
}

func (p *inputPart) field(key []byte) *[]byte {
	switch string(key) {
	case "type":
		return &p.kind
	case "text":
		return &p.text
	case "refusal":
		return &p.refusal
	case "image_url":
		return &p.image
	case "detail":
		return &p.detail
	case "file_data":
		return &p.fileData
	case "file_url":
		return &p.fileURL
	case "file_id":
		return &p.fileID
	case "filename":
		return &p.filename
	case "input_audio":
		return &p.audio
	}
	return nil
}

// appendContent writes a message's content: text stays, or becomes, one string, which
// every chat server takes; only other media make it a list of parts.
func appendContent(dst []byte, name string, value []byte) ([]byte, *chatform.Problem) {
	return appendParts(dst, name, value, false)
}

// appendTexts is appendContent where chat has text only: a tool's message.
func appendTexts(dst []byte, name string, value []byte) ([]byte, *chatform.Problem) {
	return appendParts(dst, name, value, true)
}

func appendParts(dst []byte, name string, value []byte, onlyText bool) ([]byte, *chatform.Problem) {
	switch rawjson.KindOf(value) {
	case rawjson.Missing:
		return dst, chatform.Missing(name)
	case rawjson.KindString:
		return append(dst, value...), nil
	case rawjson.KindArray:
	default:
		return dst, chatform.Kind(name, value, "a string or an array of parts", rawjson.KindString, rawjson.KindArray)
	}
	start := len(dst)
	list := parts{dst: append(dst, '"'), onlyText: onlyText}
	if p := list.each(value, list.joined); p != nil {
		return dst, p.In(name)
	}
	if !list.rich {
		return append(list.dst, '"'), nil
	}
	list.dst, list.start = append(list.dst[:start], '['), start+1
	if p := list.each(value, list.separate); p != nil {
		return dst, p.In(name)
	}
	return append(list.dst, ']'), nil
}

// parts writes a list of parts.
type parts struct {
	dst      []byte
	start    int // where the first part begins
	onlyText bool
	rich     bool // there is more than text
}

func (l *parts) each(value []byte, visit func(*inputPart) *chatform.Problem) (p *chatform.Problem) {
	i := 0
	rawjson.Elements(value, func(raw []byte) bool {
		var one inputPart
		if p = chatform.IsObject("", raw); p == nil {
			chatform.Members(raw, one.field)
			p = chatform.NeedsText("type", one.kind)
		}
		if p == nil {
			p = visit(&one)
		}
		if p != nil {
			p = p.At(i)
		}
		i++
		return p == nil
	})
	return p
}

// words returns the text of a part that is text, and whether it is. What a model refused
// is text to a chat model.
func (p *inputPart) words() ([]byte, bool, *chatform.Problem) {
	switch string(chatform.Inner(p.kind)) {
	case "input_text", "output_text", "text", "summary_text", "reasoning_text":
		return p.text, true, chatform.NeedsText("text", p.text)
	case "refusal":
		return p.refusal, true, chatform.NeedsText("refusal", p.refusal)
	}
	return nil, false, nil
}

// joined adds a part to a string of all texts, until there is a part that is none.
func (l *parts) joined(one *inputPart) *chatform.Problem {
	text, ok, p := one.words()
	switch {
	case p != nil:
		return p
	case !ok && l.onlyText:
		return unsupportedType("", one.kind)
	case !ok:
		l.rich = true
	default:
		l.dst = append(l.dst, chatform.Inner(text)...)
	}
	return nil
}

// separate adds a part in chat's form.
func (l *parts) separate(one *inputPart) *chatform.Problem {
	l.dst = chatform.Separated(l.dst, l.start)
	text, ok, p := one.words()
	if p != nil {
		return p
	}
	if ok {
		l.dst = append(append(append(l.dst, `{"type":"text","text":`...), text...), '}')
		return nil
	}
	switch string(chatform.Inner(one.kind)) {
	case "input_image", "image_url":
		return l.image(one)
	case "input_file":
		return l.file(one)
	case "input_audio":
		return l.audio(one)
	}
	return unsupportedType("", one.kind)
}

func (l *parts) image(one *inputPart) *chatform.Problem {
	url := one.image
	switch {
	case url == nil && one.fileID != nil:
		return unsupported("file_id", "names a stored file")
	case rawjson.KindOf(url) == rawjson.KindObject:
		var nested inputPart
		url = nil
		chatform.Members(one.image, func(key []byte) *[]byte {
			if string(key) == "url" {
				return &url
			}
			return nested.field(key)
		})
		if p := chatform.NeedsText("url", url); p != nil {
			return p.In("image_url")
		}
		if nested.detail != nil {
			one.detail = nested.detail
		}
	}
	if p := chatform.Needed("image_url", url, "a string or an object", rawjson.KindString, rawjson.KindString); p != nil {
		return p
	}
	if p := chatform.IsText("detail", one.detail); p != nil {
		return p
	}
	l.dst = append(append(l.dst, `{"type":"image_url","image_url":{"url":`...), url...)
	l.dst = append(chatform.Given(l.dst, "detail", one.detail), '}', '}')
	return nil
}

func (l *parts) file(one *inputPart) *chatform.Problem {
	switch {
	case one.fileData == nil && one.fileURL != nil:
		return unsupported("file_url", "names a file elsewhere")
	case one.fileData == nil && one.fileID != nil:
		return unsupported("file_id", "names a stored file")
	}
	if p := chatform.NeedsText("file_data", one.fileData); p != nil {
		return p
	}
	if p := chatform.IsText("filename", one.filename); p != nil {
		return p
	}
	l.dst = append(l.dst, `{"type":"file","file":{`...)
	if one.filename != nil {
		l.dst = append(append(append(l.dst, `"filename":`...), one.filename...), ',')
	}
	l.dst = append(append(append(l.dst, `"file_data":`...), one.fileData...), '}', '}')
	return nil
}

func (l *parts) audio(one *inputPart) *chatform.Problem {
	if p := chatform.Needed("input_audio", one.audio, "an object", rawjson.KindObject, rawjson.KindObject); p != nil {
		return p
	}
	l.dst = append(append(append(l.dst, `{"type":"input_audio","input_audio":`...), one.audio...), '}')
	return nil
}
