package developer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// schemaRow is one field of a model's input or output, for people.
type schemaRow struct {
	Name, Type, Default, Description, Bounds string
	Required                                 bool
}

// schemaNode is what is read of a JSON Schema.
type schemaNode struct {
	Ref         string                     `json:"$ref"`
	Type        json.RawMessage            `json:"type"`
	Title       string                     `json:"title"`
	Description string                     `json:"description"`
	Format      string                     `json:"format"`
	Default     json.RawMessage            `json:"default"`
	Example     json.RawMessage            `json:"example"`
	Examples    []json.RawMessage          `json:"examples"`
	Enum        []json.RawMessage          `json:"enum"`
	Minimum     *json.Number               `json:"minimum"`
	Maximum     *json.Number               `json:"maximum"`
	MinLength   *int64                     `json:"minLength"`
	MaxLength   *int64                     `json:"maxLength"`
	MinItems    *int64                     `json:"minItems"`
	MaxItems    *int64                     `json:"maxItems"`
	Order       *float64                   `json:"x-order"`
	Properties  map[string]json.RawMessage `json:"properties"`
	Required    []string                   `json:"required"`
	Items       json.RawMessage            `json:"items"`
	AllOf       []json.RawMessage          `json:"allOf"`
	AnyOf       []json.RawMessage          `json:"anyOf"`
	OneOf       []json.RawMessage          `json:"oneOf"`
}

// maxDepth bounds how far references are followed.
const maxDepth = 8

// readNode reads a schema and what it refers to within the document.
func readNode(doc, text json.RawMessage, depth int) (n schemaNode) {
	if len(text) == 0 || json.Unmarshal(text, &n) != nil || depth > maxDepth {
		return n
	}
	whole := n.AllOf
	if target := pointed(doc, n.Ref); target != nil {
		whole = append(whole, target)
	}
	for _, part := range whole {
		n = n.or(readNode(doc, part, depth+1))
	}
	return n
}

// or fills in what n leaves open.
func (n schemaNode) or(o schemaNode) schemaNode {
	if len(n.Type) == 0 {
		n.Type = o.Type
	}
	n.Description, n.Format = cmp.Or(n.Description, o.Description), cmp.Or(n.Format, o.Format)
	if len(n.Enum) == 0 {
		n.Enum = o.Enum
	}
	if len(n.Default) == 0 {
		n.Default = o.Default
	}
	if n.Properties == nil {
		n.Properties, n.Required = o.Properties, o.Required
	}
	if len(n.Items) == 0 {
		n.Items = o.Items
	}
	n.Minimum, n.Maximum = cmp.Or(n.Minimum, o.Minimum), cmp.Or(n.Maximum, o.Maximum)
	return n
}

// pointed is what a reference of the form #/a/b names; nil: nothing of this document.
func pointed(doc json.RawMessage, ref string) json.RawMessage {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	at := doc
	for _, part := range strings.Split(path, "/") {
		var object map[string]json.RawMessage
		if json.Unmarshal(at, &object) != nil {
			return nil
		}
		at = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
	}
	return at
}

// typeWord is what kind of value a field takes.
func (n schemaNode) typeWord(doc json.RawMessage) string {
	var one string
	var many []string
	switch {
	case len(n.Enum) > 0:
		return "one of"
	case json.Unmarshal(n.Type, &one) == nil && one == "array":
		return "list of " + cmp.Or(readNode(doc, n.Items, 0).typeWord(doc), "anything")
	case one == "string" && (n.Format == "uri" || n.Format == "url"):
		return "file or address"
	case one == "string":
		return "text"
	case one == "boolean":
		return "yes or no"
	case one == "integer":
		return "whole number"
	case one != "":
		return one
	case json.Unmarshal(n.Type, &many) == nil && len(many) > 0:
		return strings.Join(many, " or ")
	}
	var words []string
	for _, part := range append(n.AnyOf, n.OneOf...) {
		words = append(words, readNode(doc, part, 1).typeWord(doc))
	}
	return cmp.Or(strings.Join(words, " or "), "anything")
}

// bounds are what a value has to keep to, in words.
func (n schemaNode) bounds() string {
	var words []string
	between := func(what string, least, most any, hasLeast, hasMost bool) {
		switch {
		case hasLeast && hasMost:
			words = append(words, fmt.Sprintf("%v to %v%s", least, most, what))
		case hasLeast:
			words = append(words, fmt.Sprintf("at least %v%s", least, what))
		case hasMost:
			words = append(words, fmt.Sprintf("at most %v%s", most, what))
		}
	}
	between("", value(n.Minimum), value(n.Maximum), n.Minimum != nil, n.Maximum != nil)
	between(" characters", value(n.MinLength), value(n.MaxLength), n.MinLength != nil, n.MaxLength != nil)
	between(" items", value(n.MinItems), value(n.MaxItems), n.MinItems != nil, n.MaxItems != nil)
	for _, e := range n.Enum {
		words = append(words, bare(e))
	}
	return strings.Join(words, ", ")
}

func value[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// bare is a JSON value without the quotes of a text.
func bare(text json.RawMessage) string {
	var s string
	if json.Unmarshal(text, &s) == nil && string(text) != "null" {
		return s
	}
	return string(text)
}

// fields are the names of an object's fields in the order of the schema's author.
func (n schemaNode) fields(doc json.RawMessage) []string {
	order := map[string]float64{}
	var names []string
	for name, text := range n.Properties {
		names = append(names, name)
		order[name] = 1 << 20
		if f := readNode(doc, text, 0); f.Order != nil {
			order[name] = *f.Order
		}
		if order[name] == 1<<20 && slices.Contains(n.Required, name) {
			order[name]--
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(order[a], order[b]), cmp.Compare(a, b)) })
	return names
}

// schemaRows are the fields of an object, or the one value that a schema is about.
func schemaRows(doc json.RawMessage) []schemaRow {
	if len(doc) == 0 || string(doc) == "null" || string(doc) == "{}" {
		return nil
	}
	n := readNode(doc, doc, 0)
	if len(n.Properties) == 0 {
		return []schemaRow{n.row(doc, "")}
	}
	var rows []schemaRow
	for _, name := range n.fields(doc) {
		row := readNode(doc, n.Properties[name], 0).row(doc, name)
		row.Required = slices.Contains(n.Required, name)
		rows = append(rows, row)
	}
	return rows
}

func (n schemaNode) row(doc json.RawMessage, name string) schemaRow {
	return schemaRow{Name: name, Type: n.typeWord(doc), Default: bare(n.Default), Description: n.Description, Bounds: n.bounds()}
}

// exampleInput is an input that satisfies a schema in all that is required, as JSON.
func exampleInput(doc json.RawMessage) json.RawMessage {
	n := readNode(doc, doc, 0)
	var out strings.Builder
	out.WriteString("{")
	for _, name := range n.fields(doc) {
		if !slices.Contains(n.Required, name) && name != "prompt" {
			continue
		}
		if out.Len() > 1 {
			out.WriteString(", ")
		}
		key, _ := json.Marshal(name)
		fmt.Fprintf(&out, "%s: %s", key, readNode(doc, n.Properties[name], 0).example(doc))
	}
	out.WriteString("}")
	return json.RawMessage(out.String())
}

// example is a value for a field.
func (n schemaNode) example(doc json.RawMessage) json.RawMessage {
	switch {
	case len(n.Examples) > 0:
		return n.Examples[0]
	case len(n.Example) > 0:
		return n.Example
	case len(n.Default) > 0:
		return n.Default
	case len(n.Enum) > 0:
		return n.Enum[0]
	}
	switch n.typeWord(doc) {
	case "text":
		return json.RawMessage(`"A lighthouse at dawn"`)
	case "file or address":
		return json.RawMessage(`"https://example.com/picture.png"`)
	case "yes or no":
		return json.RawMessage(`false`)
	case "object":
		return json.RawMessage(`{}`)
	case "whole number", "number":
		if n.Minimum != nil {
			return json.RawMessage(*n.Minimum)
		}
		return json.RawMessage(`1`)
	}
	if len(n.Items) > 0 {
		return json.RawMessage("[" + string(readNode(doc, n.Items, 1).example(doc)) + "]")
	}
	return json.RawMessage(`"…"`)
}
