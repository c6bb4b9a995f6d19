package messages

import (
	"skytower/internal/inference/chatform"
	"skytower/internal/rawjson"
)

// block is one content block, of any type.
type block struct {
	kind, text, source, id, name, input, useID, content, failed []byte
	title, context, citations                                   []byte // of a document, or of what was found
}

func (b *block) field(key []byte) *[]byte {
	switch string(key) {
	case "type":
		return &b.kind
	case "text":
		return &b.text
	case "source":
		return &b.source
	case "id":
		return &b.id
	case "name":
		return &b.name
	case "input":
		return &b.input
	case "tool_use_id":
		return &b.useID
	case "content":
		return &b.content
	case "is_error":
		return &b.failed
	case "title":
		return &b.title
	case "context":
		return &b.context
	case "citations":
		return &b.citations
	}
	return nil
}

// eachBlock visits the blocks of a content; a string is one block of text.
func eachBlock(name string, content []byte, visit func(*block) *chatform.Problem) (p *chatform.Problem) {
	switch rawjson.KindOf(content) {
	case rawjson.KindString:
		return visit(&block{kind: []byte(`"text"`), text: content})
	case rawjson.KindArray:
	default:
		return chatform.Kind(name, content, "a string or an array of blocks", rawjson.KindString, rawjson.KindArray)
	}
	i := 0
	rawjson.Elements(content, func(raw []byte) bool {
		var b block
		if p = chatform.IsObject("", raw); p == nil {
			chatform.Members(raw, b.field)
			p = chatform.NeedsText("type", b.kind)
		}
		if p == nil {
			p = visit(&b)
		}
		if p != nil {
			p = p.At(i).In(name)
		}
		i++
		return p == nil
	})
	return p
}

// words adds the text of a block. An empty one adds nothing.
func (b *block) words(parts *[]part) *chatform.Problem {
	if p := chatform.NeedsText("text", b.text); p != nil {
		return p
	}
	addText(parts, b.text)
	return nil
}

// shown adds a block that only shows something.
func (b *block) shown(parts *[]part) *chatform.Problem {
	switch string(chatform.Inner(b.kind)) {
	case "text":
		return b.words(parts)
	case "image":
		return b.picture(parts)
	case "document":
		return b.document(parts)
	case "search_result":
		return b.searchResult(parts)
	}
	return unsupportedType("", b.kind)
}

// source is where a picture or a document is.
type source struct{ kind, media, data, url, content []byte }

func (s *source) field(key []byte) *[]byte {
	switch string(key) {
	case "type":
		return &s.kind
	case "media_type":
		return &s.media
	case "data":
		return &s.data
	case "url":
		return &s.url
	case "content":
		return &s.content
	}
	return nil
}

func (b *block) picture(parts *[]part) *chatform.Problem {
	if p := chatform.Needed("source", b.source, "an object", rawjson.KindObject, rawjson.KindObject); p != nil {
		return p
	}
	var s source
	chatform.Members(b.source, s.field)
	one, p := s.picture()
	if p != nil {
		return p.In("source")
	}
	*parts = append(*parts, one)
	return nil
}

func (s *source) picture() (part, *chatform.Problem) {
	if p := chatform.NeedsText("type", s.kind); p != nil {
		return part{}, p
	}
	switch string(chatform.Inner(s.kind)) {
	case "base64":
		if p := chatform.NeedsText("media_type", s.media); p != nil {
			return part{}, p
		}
		return part{media: chatform.Inner(s.media), data: chatform.Inner(s.data)}, chatform.NeedsText("data", s.data)
	case "url":
		return part{url: chatform.Inner(s.url)}, chatform.NeedsText("url", s.url)
	}
	return part{}, unsupportedType("", s.kind)
}
