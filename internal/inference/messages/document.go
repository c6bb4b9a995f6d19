package messages

import (
	"skytower/internal/inference/chatform"
	"skytower/internal/rawjson"
)

// document adds a document of the caller's that is text, behind its title and what the
// caller says about it. Chat has no place for files, and cites nothing.
func (b *block) document(parts *[]part) *chatform.Problem {
	if p := chatform.Needed("source", b.source, "an object", rawjson.KindObject, rawjson.KindObject); p != nil {
		return p
	}
	if p := b.cites(); p != nil {
		return p
	}
	var s source
	chatform.Members(b.source, s.field)
	if p := chatform.NeedsText("type", s.kind); p != nil {
		return p.In("source")
	}
	if p := b.caption(parts, b.title, b.context); p != nil {
		return p
	}
	switch string(chatform.Inner(s.kind)) {
	case "text":
		if p := chatform.NeedsText("data", s.data); p != nil {
			return p.In("source")
		}
		addText(parts, s.data)
		return nil
	case "content":
		return s.each(parts)
	}
	return unsupported("", "is a document that is no text")
}

// each adds the blocks that a document is made of.
func (s *source) each(parts *[]part) *chatform.Problem {
	p := chatform.Needed("content", s.content, "a string or an array of blocks", rawjson.KindString, rawjson.KindArray)
	if p == nil {
		p = eachBlock("content", s.content, func(in *block) *chatform.Problem { return in.shown(parts) })
	}
	if p != nil {
		return p.In("source")
	}
	return nil
}

// searchResult adds what a search of the caller's found, behind its title and its address,
// which is a word to the model.
func (b *block) searchResult(parts *[]part) *chatform.Problem {
	if p := b.cites(); p != nil {
		return p
	}
	if p := chatform.NeedsText("source", b.source); p != nil {
		return p
	}
	if p := b.caption(parts, b.title, b.source); p != nil {
		return p
	}
	if p := chatform.Needed("content", b.content, "an array", rawjson.KindArray, rawjson.KindArray); p != nil {
		return p
	}
	return eachBlock("content", b.content, func(in *block) *chatform.Problem { return in.words(parts) })
}

// cites refuses a block that is to be cited: the caller would wait for citations in vain.
func (b *block) cites() *chatform.Problem {
	on, _ := rawjson.Get(b.citations, "enabled")
	if rawjson.KindOf(on) == rawjson.KindTrue {
		return unsupported("citations", "are asked for")
	}
	return nil
}

// caption adds the texts that stand before a block's own.
func (b *block) caption(parts *[]part, title, more []byte) *chatform.Problem {
	if p := chatform.IsText("title", title); p != nil {
		return p
	}
	if p := chatform.IsText("context", b.context); p != nil {
		return p
	}
	addText(parts, title)
	addText(parts, more)
	return nil
}

// addText adds a JSON string that is not empty.
func addText(parts *[]part, value []byte) {
	if text := chatform.Inner(value); len(text) > 0 {
		*parts = append(*parts, part{text: text})
	}
}
