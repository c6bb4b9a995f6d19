package playground

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"skytower/internal/console/ui"
)

// field is one field of a model's input, as the form shows it.
type field struct {
	Name, ID, Label, Help string
	Hint                  string // in an empty element
	Kind                  string // text, number, bool, choice, choices, file, files, lines, json
	Type, Value           string // of the input element
	Min, Max, Step        string
	Rows                  int // of a textarea; 0: one line
	Required, Slider      bool
	Options               []ui.Choice // of choice, and of bool where it may be left open
	Boxes                 []box       // of choices
	Data                  string      // what assets/fields.js reads, as JSON

	schema json.RawMessage
}

// box is one of the values that may be chosen together.
type box struct {
	Value, Label string
	Checked      bool
}

// described is what a script has to know of a field.
type described struct {
	Name      string            `json:"name"`
	Kind      string            `json:"kind"`
	Required  bool              `json:"required,omitempty"`
	Default   json.RawMessage   `json:"default,omitempty"`
	Values    []json.RawMessage `json:"values,omitempty"`
	Integer   bool              `json:"integer,omitempty"`
	Min       *json.Number      `json:"min,omitempty"`
	Max       *json.Number      `json:"max,omitempty"`
	Above     *json.Number      `json:"above,omitempty"`
	Below     *json.Number      `json:"below,omitempty"`
	MinLength *int64            `json:"minLength,omitempty"`
	MaxLength *int64            `json:"maxLength,omitempty"`
	MinItems  *int64            `json:"minItems,omitempty"`
	MaxItems  *int64            `json:"maxItems,omitempty"`
	Pattern   string            `json:"pattern,omitempty"`
	Shape     string            `json:"shape,omitempty"` // of json: object, array or anything
	Item      *described        `json:"item,omitempty"`
}

// node is what is read of a JSON Schema. References are followed within the document.
type node struct {
	Ref         string            `json:"$ref"`
	Type        json.RawMessage   `json:"type"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Format      string            `json:"format"`
	Media       string            `json:"contentMediaType"`
	Default     json.RawMessage   `json:"default"`
	Example     json.RawMessage   `json:"example"`
	Examples    []json.RawMessage `json:"examples"`
	Enum        []json.RawMessage `json:"enum"`
	Const       json.RawMessage   `json:"const"`
	Minimum     *json.Number      `json:"minimum"`
	Maximum     *json.Number      `json:"maximum"`
	Above       json.RawMessage   `json:"exclusiveMinimum"`
	Below       json.RawMessage   `json:"exclusiveMaximum"`
	MultipleOf  *json.Number      `json:"multipleOf"`
	MinLength   *int64            `json:"minLength"`
	MaxLength   *int64            `json:"maxLength"`
	MinItems    *int64            `json:"minItems"`
	MaxItems    *int64            `json:"maxItems"`
	Pattern     string            `json:"pattern"`
	Order       *float64          `json:"x-order"`
	Properties  json.RawMessage   `json:"properties"`
	Required    []string          `json:"required"`
	Items       json.RawMessage   `json:"items"`
	AllOf       []json.RawMessage `json:"allOf"`
	AnyOf       []json.RawMessage `json:"anyOf"`
	OneOf       []json.RawMessage `json:"oneOf"`
}

// deepest bounds how far references are followed, and widest how many parts of a node
// are: a document that refers to itself ends all the same.
const (
	deepest = 4
	widest  = 4
)

// read reads a schema with what it refers to. What can't be read is an empty node, which
// takes anything.
func read(doc, text json.RawMessage, depth int) (n node) {
	if len(text) == 0 || depth > deepest || json.Unmarshal(text, &n) != nil {
		return node{}
	}
	parts := slices.Clone(n.AllOf)
	if target := pointed(doc, n.Ref); target != nil {
		parts = append(parts, target)
	}
	if rest := notNull(doc, append(slices.Clone(n.AnyOf), n.OneOf...)); len(rest) == 1 {
		parts = append(parts, rest[0])
	}
	for _, part := range parts[:min(len(parts), widest)] {
		n.fill(read(doc, part, depth+1))
	}
	return n
}

// notNull are the alternatives that are more than "or null".
func notNull(doc json.RawMessage, parts []json.RawMessage) []json.RawMessage {
	return slices.DeleteFunc(parts, func(part json.RawMessage) bool { return string(read(doc, part, deepest).Type) == `"null"` })
}

// fill takes from another node what this one leaves open.
func (n *node) fill(o node) {
	n.Title, n.Description, n.Format = cmp.Or(n.Title, o.Title), cmp.Or(n.Description, o.Description), cmp.Or(n.Format, o.Format)
	n.Media, n.Pattern = cmp.Or(n.Media, o.Media), cmp.Or(n.Pattern, o.Pattern)
	n.Minimum, n.Maximum, n.MultipleOf = cmp.Or(n.Minimum, o.Minimum), cmp.Or(n.Maximum, o.Maximum), cmp.Or(n.MultipleOf, o.MultipleOf)
	n.MinLength, n.MaxLength = cmp.Or(n.MinLength, o.MinLength), cmp.Or(n.MaxLength, o.MaxLength)
	n.MinItems, n.MaxItems, n.Order = cmp.Or(n.MinItems, o.MinItems), cmp.Or(n.MaxItems, o.MaxItems), cmp.Or(n.Order, o.Order)
	for _, pair := range []struct{ to, from *json.RawMessage }{{&n.Type, &o.Type}, {&n.Default, &o.Default}, {&n.Example, &o.Example}, {&n.Const, &o.Const},
		{&n.Above, &o.Above}, {&n.Below, &o.Below}, {&n.Properties, &o.Properties}, {&n.Items, &o.Items}} {
		if len(*pair.to) == 0 {
			*pair.to = *pair.from
		}
	}
	if len(n.Enum) == 0 {
		n.Enum = o.Enum
	}
	if len(n.Required) == 0 {
		n.Required = o.Required
	}
}

// pointed is what a reference of the form #/a/b names; nil: nothing of this document.
func pointed(doc json.RawMessage, ref string) json.RawMessage {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	at := doc
	for part := range strings.SplitSeq(path, "/") {
		var object map[string]json.RawMessage
		if json.Unmarshal(at, &object) != nil {
			return nil
		}
		at = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
	}
	return at
}

// word is the type, without null; "" where there is none, or more than one.
func (n node) word() string {
	var one string
	if json.Unmarshal(n.Type, &one) == nil {
		return one
	}
	var list []string
	if json.Unmarshal(n.Type, &list) != nil {
		return ""
	}
	list = slices.DeleteFunc(list, func(w string) bool { return w == "null" })
	if len(list) != 1 {
		return ""
	}
	return list[0]
}

// isFile reports whether a text is the address of a file.
func (n node) isFile() bool {
	switch n.Format {
	case "uri", "url", "binary", "data-url", "uri-reference":
		return true
	}
	return n.Media != ""
}

// kind picks the way in which a value is typed.
func (n node) kind(doc json.RawMessage) string {
	if len(n.Enum) > 0 || n.word() != "array" {
		return n.simple()
	}
	switch read(doc, n.Items, 1).simple() {
	case "choice":
		return "choices"
	case "file":
		return "files"
	case "text", "number":
		return "lines"
	}
	return "json"
}

// simple is the kind of what is no list.
func (n node) simple() string {
	if len(n.Enum) > 0 {
		return "choice"
	}
	switch n.word() {
	case "string":
		if n.isFile() {
			return "file"
		}
		return "text"
	case "integer", "number":
		return "number"
	case "boolean":
		return "bool"
	}
	return "json"
}

// property is a name of an object with its schema.
type property struct {
	name string
	text json.RawMessage
}

// properties are an object's properties in the order in which they are written.
func properties(text json.RawMessage) []property {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var out []property
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return out
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return out
		}
		word, _ := name.(string) // names of an object are texts
		out = append(out, property{word, value})
	}
	return out
}

// fieldsOf are the fields of an input's schema: by x-order, then as they are written.
func fieldsOf(doc json.RawMessage) []field {
	root := read(doc, doc, 0)
	type placed struct {
		field
		order float64
	}
	var all []placed
	const last = 1 << 30
	for i, p := range properties(root.Properties) {
		n := read(doc, p.text, 0)
		if len(n.Const) > 0 && len(n.Enum) == 0 {
			n.Enum = []json.RawMessage{n.Const}
		}
		order := float64(last)
		if n.Order != nil {
			order = *n.Order
		}
		all = append(all, placed{n.field(doc, p, fmt.Sprintf("in-%d", i), slices.Contains(root.Required, p.name)), order})
	}
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(a.order, b.order) })
	out := make([]field, len(all))
	for i, p := range all {
		out[i] = p.field
	}
	return out
}

// field makes a field of a property.
func (n node) field(doc json.RawMessage, p property, id string, required bool) field {
	f := field{Name: p.name, ID: id, Label: label(p.name, n.Title), Help: n.Description, Kind: n.kind(doc), Required: required, schema: p.text}
	n.shape(doc, &f)
	text, _ := json.Marshal(n.describe(doc, p.name, f.Kind, required)) // numbers and texts of a document
	f.Data = string(text)
	return f
}

// label is the title, with the name where it is another word.
func label(name, title string) string {
	if title == "" || strings.EqualFold(strings.ReplaceAll(title, " ", "_"), name) {
		return cmp.Or(title, name)
	}
	return title + " (" + name + ")"
}

// shape says how the element looks and what stands in it at first.
func (n node) shape(doc json.RawMessage, f *field) {
	switch f.Kind {
	case "number":
		n.numeric(f)
	case "text":
		f.Value, f.Type = bare(n.Default), "text"
		if n.Format == "password" {
			f.Type = "password"
		} else if n.long(f.Name) {
			f.Rows = 3
		}
	case "file":
		f.Value, f.Type = bare(n.Default), "url"
	case "bool":
		f.Value = bare(n.Default)
		f.Options = []ui.Choice{{Value: "", Label: "Not set"}, {Value: "true", Label: "Yes"}, {Value: "false", Label: "No"}}
		if f.Required || f.Value != "" {
			f.Options = nil // a box
		}
	case "choice":
		n.choice(f)
	case "choices":
		n.boxes(doc, f)
	case "lines", "files":
		f.Value, f.Rows, f.Hint = listed(n.Default), 3, "One a line"
	default:
		f.Value, f.Rows = indented(n.Default), 4
	}
}

// longest is the range that a slider is good for, in steps.
const longest = 1000

func (n node) numeric(f *field) {
	f.Type, f.Value, f.Step = "number", bare(n.Default), "any"
	step := 0.01
	if n.word() == "integer" {
		f.Step, step = "1", 1
	}
	if n.MultipleOf != nil {
		f.Step = n.MultipleOf.String()
		step, _ = n.MultipleOf.Float64() // 0 where it is no number
	}
	if n.Minimum != nil {
		f.Min = n.Minimum.String()
	}
	if n.Maximum != nil {
		f.Max = n.Maximum.String()
	}
	if n.Minimum != nil && n.Maximum != nil && step > 0 {
		least, _ := n.Minimum.Float64()
		most, _ := n.Maximum.Float64()
		f.Slider = most > least && (most-least)/step <= longest
	}
}

// long guesses whether a text has many words.
func (n node) long(name string) bool {
	if n.MaxLength != nil && *n.MaxLength <= 200 {
		return false
	}
	for _, w := range []string{"prompt", "text", "description", "instruct", "system", "lyrics", "script", "story", "caption", "message", "content", "query", "question"} {
		if strings.Contains(strings.ToLower(name), w) {
			return true
		}
	}
	return n.MaxLength != nil
}

func (n node) choice(f *field) {
	at := slices.IndexFunc(n.Enum, func(v json.RawMessage) bool { return len(n.Default) > 0 && alike(v, n.Default) })
	if at < 0 {
		word := "Not set"
		if f.Required {
			word = "Choose"
		}
		f.Options = append(f.Options, ui.Choice{Value: "", Label: word})
	} else {
		f.Value = fmt.Sprint(at)
	}
	for i, v := range n.Enum {
		f.Options = append(f.Options, ui.Choice{Value: fmt.Sprint(i), Label: bare(v)})
	}
}

func (n node) boxes(doc json.RawMessage, f *field) {
	var chosen []json.RawMessage
	_ = json.Unmarshal(n.Default, &chosen) // none where there is no list
	for i, v := range read(doc, n.Items, 1).Enum {
		f.Boxes = append(f.Boxes, box{Value: fmt.Sprint(i), Label: bare(v), Checked: slices.ContainsFunc(chosen, func(c json.RawMessage) bool { return alike(c, v) })})
	}
}

// describe says what a script has to know.
func (n node) describe(doc json.RawMessage, name, kind string, required bool) described {
	d := described{Name: name, Kind: kind, Required: required, Default: n.Default, Values: n.Enum, Integer: n.word() == "integer", Min: n.Minimum, Max: n.Maximum,
		MinLength: n.MinLength, MaxLength: n.MaxLength, MinItems: n.MinItems, MaxItems: n.MaxItems, Pattern: n.Pattern}
	d.Above, d.Min = bound(n.Above, n.Minimum)
	d.Below, d.Max = bound(n.Below, n.Maximum)
	switch kind {
	case "choices":
		d.Values = read(doc, n.Items, 1).Enum
	case "lines", "files":
		item := read(doc, n.Items, 1)
		one := item.describe(doc, name, item.simple(), true)
		d.Item = &one
	case "json":
		d.Shape = n.word()
	}
	if string(d.Default) == "null" {
		d.Default = nil
	}
	return d
}

// bound reads an exclusive bound: a number, or true for the other bound (draft 4).
func bound(text json.RawMessage, other *json.Number) (exclusive, inclusive *json.Number) {
	var flag bool
	if json.Unmarshal(text, &flag) == nil && flag {
		return other, nil
	}
	var n json.Number
	if len(text) == 0 || json.Unmarshal(text, &n) != nil || n == "" {
		return nil, other
	}
	return &n, other
}

// alike reports whether two values are the same JSON.
func alike(a, b json.RawMessage) bool {
	var left, right bytes.Buffer
	if json.Compact(&left, a) != nil || json.Compact(&right, b) != nil {
		return false
	}
	return bytes.Equal(left.Bytes(), right.Bytes())
}

// bare is a JSON value without the quotes of a text; "" for null.
func bare(text json.RawMessage) string {
	var s string
	switch {
	case len(text) == 0 || string(text) == "null":
		return ""
	case json.Unmarshal(text, &s) == nil:
		return s
	}
	return string(text)
}

// listed are the items of a list, one a line.
func listed(text json.RawMessage) string {
	var items []json.RawMessage
	if json.Unmarshal(text, &items) != nil {
		return ""
	}
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = bare(item)
	}
	return strings.Join(words, "\n")
}

// indented is JSON over several lines.
func indented(text json.RawMessage) string {
	var out bytes.Buffer
	if len(text) == 0 || string(text) == "null" || json.Indent(&out, text, "", "  ") != nil {
		return ""
	}
	return out.String()
}

// exampleOf is an input with what is needed, as JSON.
func exampleOf(fields []field) string {
	var parts []string
	for _, f := range fields {
		if f.Required || f.Name == "prompt" {
			parts = append(parts, quoted(f.Name)+": "+f.example())
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func (f field) example() string {
	n := read(f.schema, f.schema, 0)
	for _, v := range append(slices.Clone(n.Examples), n.Example, n.Default) {
		if len(v) > 0 && string(v) != "null" {
			return string(v)
		}
	}
	switch f.Kind {
	case "number":
		return cmp.Or(f.Min, "1")
	case "bool":
		return "true"
	case "choice":
		if len(n.Enum) > 0 {
			return string(n.Enum[0])
		}
	case "file":
		return `"https://example.com/picture.png"`
	case "files":
		return `["https://example.com/picture.png"]`
	case "choices", "lines":
		return "[]"
	case "text":
		return `"A lighthouse at dawn"`
	}
	return "{}"
}
