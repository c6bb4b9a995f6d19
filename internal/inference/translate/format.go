package translate

import (
	"skytower/internal/inference/chatform"
	"skytower/internal/rawjson"
)

// format is the form that the text has to have.
type format struct {
	kind                              []byte // "text", "json_object" or "json_schema"
	name, description, schema, strict []byte
	nested                            []byte // json_schema, where the caller wrote it as for chat
}

func (f *format) field(key []byte) *[]byte {
	switch string(key) {
	case "type":
		return &f.kind
	case "name":
		return &f.name
	case "description":
		return &f.description
	case "schema":
		return &f.schema
	case "strict":
		return &f.strict
	case "json_schema":
		return &f.nested
	}
	return nil
}

func (a *asked) readText() *chatform.Problem {
	if p := chatform.IsObject("text", a.text); p != nil {
		return p
	}
	var raw []byte
	chatform.Members(a.text, func(key []byte) *[]byte {
		switch string(key) {
		case "format":
			return &raw
		case "verbosity":
			return &a.verbosity
		}
		return nil
	})
	if p := chatform.IsText("verbosity", a.verbosity); p != nil {
		return p.In("text")
	}
	if raw == nil {
		return nil
	}
	if p := a.format.read(raw); p != nil {
		return p.In("format").In("text")
	}
	return nil
}

func (f *format) read(raw []byte) *chatform.Problem {
	if p := chatform.IsObject("", raw); p != nil {
		return p
	}
	chatform.Members(raw, f.field)
	if p := chatform.NeedsText("type", f.kind); p != nil {
		return p
	}
	switch string(chatform.Inner(f.kind)) {
	case "text", "json_object":
		return nil
	case "json_schema":
		return f.readSchema()
	default:
		return chatform.Invalid("type", "must be text, json_object or json_schema, not "+chatform.Shortened(f.kind)+".")
	}
}

func (f *format) readSchema() *chatform.Problem {
	where := func(p *chatform.Problem) *chatform.Problem { return p }
	if f.nested != nil {
		if p := chatform.IsObject("json_schema", f.nested); p != nil {
			return p
		}
		where = func(p *chatform.Problem) *chatform.Problem { return p.In("json_schema") }
		word := f.kind
		chatform.Members(f.nested, f.field)
		f.kind = word
	}
	if p := chatform.NeedsText("name", f.name); p != nil {
		return where(p)
	}
	if p := chatform.Needed("schema", f.schema, "an object", rawjson.KindObject, rawjson.KindObject); p != nil {
		return where(p)
	}
	if p := chatform.IsText("description", f.description); p != nil {
		return where(p)
	}
	if p := chatform.IsFlag("strict", f.strict); p != nil {
		return where(p)
	}
	return nil
}

func (f *format) isSchema() bool { return chatform.Is(f.kind, "json_schema") }

// appendChat writes response_format; plain text is what a model gives unasked.
func (f *format) appendChat(dst []byte) []byte {
	switch {
	case f.isSchema():
		dst = chatform.Field(dst, "response_format", []byte(`{"type":"json_schema","json_schema":{"name":`))
		return append(f.appendSchema(append(dst, f.name...)), '}', '}')
	case chatform.Is(f.kind, "json_object"):
		return append(dst, `,"response_format":{"type":"json_object"}`...)
	}
	return dst
}

func (f *format) appendSchema(dst []byte) []byte {
	dst = chatform.Given(dst, "description", f.description)
	dst = chatform.Field(dst, "schema", f.schema)
	return chatform.Given(dst, "strict", f.strict)
}

// appendFlat writes the format as the response object repeats it.
func (f *format) appendFlat(dst []byte) []byte {
	switch {
	case f.isSchema():
		dst = append(append(dst, `{"type":"json_schema","name":`...), f.name...)
		return append(f.appendSchema(dst), '}')
	case f.kind != nil:
		return append(append(append(dst, `{"type":`...), f.kind...), '}')
	}
	return append(dst, `{"type":"text"}`...)
}
