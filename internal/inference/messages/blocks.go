package messages

import "skytower/internal/rawjson"

// block is one content block, of any type.
type block struct{ kind, text, source, id, name, input, useID, content, failed []byte }

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
	}
	return nil
}

// eachBlock visits the blocks of a content; a string is one block of text.
func eachBlock(name string, content []byte, visit func(*block) *problem) (p *problem) {
	switch rawjson.KindOf(content) {
	case rawjson.KindString:
		return visit(&block{kind: []byte(`"text"`), text: content})
	case rawjson.KindArray:
	default:
		return kind(name, content, "a string or an array of blocks", rawjson.KindString, rawjson.KindArray)
	}
	i := 0
	rawjson.Elements(content, func(raw []byte) bool {
		var b block
		if p = isObject("", raw); p == nil {
			members(raw, b.field)
			p = needsText("type", b.kind)
		}
		if p == nil {
			p = visit(&b)
		}
		if p != nil {
			p = p.at(i).in(name)
		}
		i++
		return p == nil
	})
	return p
}

// words adds the text of a block. An empty one adds nothing.
func (b *block) words(parts *[]part) *problem {
	if p := needsText("text", b.text); p != nil {
		return p
	}
	if text := inner(b.text); len(text) > 0 {
		*parts = append(*parts, part{text: text})
	}
	return nil
}

// source is where a picture or a document is.
type source struct{ kind, media, data, url []byte }

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
	}
	return nil
}

func (b *block) picture(parts *[]part) *problem {
	if p := needed("source", b.source, "an object", rawjson.KindObject, rawjson.KindObject); p != nil {
		return p
	}
	var s source
	members(b.source, s.field)
	one, p := s.picture()
	if p != nil {
		return p.in("source")
	}
	*parts = append(*parts, one)
	return nil
}

func (s *source) picture() (part, *problem) {
	if p := needsText("type", s.kind); p != nil {
		return part{}, p
	}
	switch string(inner(s.kind)) {
	case "base64":
		if p := needsText("media_type", s.media); p != nil {
			return part{}, p
		}
		return part{media: inner(s.media), data: inner(s.data)}, needsText("data", s.data)
	case "url":
		return part{url: inner(s.url)}, needsText("url", s.url)
	}
	return part{}, unsupportedType("", s.kind)
}
