package catalog

import (
	"bytes"

	"skytower/internal/rawjson"
	"skytower/internal/skytells"
)

// inputCard is an input's schema in the form of contract 5.3, nil where there is none:
// what the operator gave, with the fields that readers rely on added.
func inputCard(schema skytells.Schema) []byte {
	if len(schema) == 0 {
		return nil
	}
	return completed(schema, "Input")
}

// outputCard is likewise an output's. One that describes no object describes a
// prediction's field `output`, and is shown as that.
func outputCard(schema skytells.Schema) []byte {
	if len(schema) == 0 {
		return nil
	}
	kind, _ := rawjson.Get(schema, "type")
	_, object := rawjson.Get(schema, "properties")
	if string(kind) == `"object"` || object {
		return completed(schema, "Output")
	}
	if bytes.Contains(schema, []byte(`"$ref"`)) {
		return schema // its references would lead elsewhere within another schema
	}
	doc := append([]byte(`{"type":"object","title":"Output","required":["output"],"properties":{"output":`), schema...)
	return append(doc, `}}`...)
}

// completed is the schema with what it lacks put in front: the schema's own members
// stay as they are.
func completed(schema []byte, title string) []byte {
	out := []byte{'{'}
	for _, member := range []struct{ name, value string }{
		{"type", `"object"`}, {"title", `"` + title + `"`}, {"required", `[]`}, {"properties", `{}`},
	} {
		if _, ok := rawjson.Get(schema, member.name); ok {
			continue
		}
		out = append(append(rawjson.AppendQuote(out, member.name), ':'), member.value...)
		out = append(out, ',')
	}
	rest := bytes.TrimSpace(schema)[1:]
	if rest[0] == '}' {
		out = bytes.TrimSuffix(out, []byte{','})
	}
	return append(out, rest...)
}
