package messages

import (
	"bytes"

	"skytower/internal/inference/chatform"
	"skytower/internal/rawjson"
)

// Media is a picture or a document of a request.
type Media struct {
	Block string // type of the block: image, document
	Data  []byte // the content as a JSON string: base64, or an address with content in it; nil: it is elsewhere
}

// EachMedia visits the pictures and documents of a request's messages, those in the results
// of tools too. The body is a JSON object.
func EachMedia(body []byte, visit func(Media)) {
	list, _ := rawjson.Get(body, "messages")
	rawjson.Elements(list, func(message []byte) bool {
		content, _ := rawjson.Get(message, "content")
		eachMedia(content, visit, true)
		return true
	})
}

func eachMedia(content []byte, visit func(Media), outer bool) {
	rawjson.Elements(content, func(raw []byte) bool {
		var b block
		chatform.Members(raw, b.field)
		if b.source == nil && b.content != nil && outer {
			eachMedia(b.content, visit, false)
		}
		if rawjson.KindOf(b.source) != rawjson.KindObject {
			return true
		}
		var s source
		chatform.Members(b.source, s.field)
		if s.content != nil && outer {
			eachMedia(s.content, visit, false)
			return true
		}
		m := Media{Block: string(chatform.Inner(b.kind)), Data: s.data}
		if hasData(s.url) {
			m.Data = s.url
		}
		visit(m)
		return true
	})
}

const dataScheme = "data:"

// hasData reports whether an address holds its content.
func hasData(url []byte) bool {
	text := chatform.Inner(url)
	return len(text) >= len(dataScheme) && bytes.EqualFold(text[:len(dataScheme)], []byte(dataScheme))
}
