package translate

import "skytower/internal/rawjson"

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

func (a *asked) readText() *problem {
	if p := kind("text", a.text, "an object", rawjson.KindObject, rawjson.KindObject); p != nil {
		return p
	}
	var raw []byte
	members(a.text, func(key []byte) *[]byte {
		switch string(key) {
		case "format":
			return &raw
		case "verbosity":
			return &a.verbosity
		}
		return nil
	})
	if p := isText("verbosity", a.verbosity); p != nil {
		return p.in("text")
	}
	if raw == nil {
		return nil
	}
	if p := a.format.read(raw); p != nil {
		return p.in("format").in("text")
	}
	return nil
}

func (f *format) read(raw []byte) *problem {
	if p := kind("", raw, "an object", rawjson.KindObject, rawjson.KindObject); p != nil {
		return p
	}
	members(raw, f.field)
	if p := needsText("type", f.kind); p != nil {
		return p
	}
	switch string(inner(f.kind)) {
	case "text", "json_object":
		return nil
	case "json_schema":
		return f.readSchema()
	default:
		return invalid("type", "must be text, json_object or json_schema, not "+shortened(f.kind)+".")
	}
}

func (f *format) readSchema() *problem {
	where := func(p *problem) *problem { return p }
	if f.nested != nil {
		if p := kind("json_schema", f.nested, "an object", rawjson.KindObject, rawjson.KindObject); p != nil {
			return p
		}
		where = func(p *problem) *problem { return p.in("json_schema") }
		word := f.kind
		members(f.nested, f.field)
		f.kind = word
	}
	if p := needsText("name", f.name); p != nil {
		return where(p)
	}
	if p := needed("schema", f.schema, "an object", rawjson.KindObject, rawjson.KindObject); p != nil {
		return where(p)
	}
	if p := isText("description", f.description); p != nil {
		return where(p)
	}
	if p := kind("strict", f.strict, "a boolean", rawjson.KindTrue, rawjson.KindFalse); p != nil {
		return where(p)
	}
	return nil
}

func (f *format) isSchema() bool { return is(f.kind, "json_schema") }

// appendChat writes response_format; plain text is what a model gives unasked.
func (f *format) appendChat(dst []byte) []byte {
	switch {
	case f.isSchema():
		dst = field(dst, "response_format", []byte(`{"type":"json_schema","json_schema":{"name":`))
		return append(f.appendSchema(append(dst, f.name...)), '}', '}')
	case is(f.kind, "json_object"):
		return append(dst, `,"response_format":{"type":"json_object"}`...)
	}
	return dst
}

func (f *format) appendSchema(dst []byte) []byte {
	dst = given(dst, "description", f.description)
	dst = field(dst, "schema", f.schema)
	return given(dst, "strict", f.strict)
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
