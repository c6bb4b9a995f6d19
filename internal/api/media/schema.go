package media

import (
	"encoding/json"
	"slices"
	"strings"

	"skytower/internal/rawjson"
)

// schema is what the routes read of the JSON Schema of a model's input: the fields of its
// top level. It decides where a value of the route goes; whether the value is good, the
// catalogue checks.
type schema struct {
	props map[string]*prop
	// open is a model without a schema: it takes any object, and is given the route's own
	// names.
	open bool
}

// prop is one field of an input.
type prop struct {
	types   []string // without null; empty: not said
	enum    []json.RawMessage
	maximum *float64
	preset  json.RawMessage // its default; nil: none
}

// Bounds of what is read.
const (
	maxDepth = 8 // of references and parts that hold together
	maxEnum  = 1000
)

// readSchema reads the schema of a model's input.
func readSchema(text json.RawMessage) *schema {
	s := &schema{props: map[string]*prop{}}
	root := flatten(text, text, 0)
	for name, p := range root.properties {
		s.props[name] = flatten(text, p, 0).prop()
	}
	s.open = len(s.props) == 0
	return s
}

// node is a schema with all that holds for the same value.
type node struct {
	types      []string
	enum       []json.RawMessage
	maximum    *float64
	preset     json.RawMessage
	properties map[string]json.RawMessage
}

func (n node) prop() *prop {
	return &prop{types: n.types, enum: n.enum, maximum: n.maximum, preset: n.preset}
}

// keywords are those that are read. Each is read by itself: one of a strange form hides
// none of the others.
type keywords map[string]json.RawMessage

// flatten reads a schema through $ref, allOf, anyOf and oneOf. Of alternatives all words
// are taken together.
func flatten(root, text json.RawMessage, depth int) (n node) {
	var k keywords
	if depth > maxDepth || json.Unmarshal(text, &k) != nil {
		return n
	}
	n.types, n.preset = k.types(), k["default"]
	k.read("enum", &n.enum)
	if fixed, ok := k["const"]; ok {
		n.enum = append(n.enum, fixed)
	}
	k.read("maximum", &n.maximum)
	k.read("properties", &n.properties)
	for _, part := range k.parts(root) {
		n.join(flatten(root, part, depth+1))
	}
	return n
}

func (k keywords) read(name string, v any) {
	if text, ok := k[name]; ok {
		_ = json.Unmarshal(text, v) // of another form: says nothing
	}
}

func (k keywords) types() []string {
	var one string
	var all []string
	k.read("type", &one)
	k.read("type", &all)
	if one != "" {
		all = []string{one}
	}
	return slices.DeleteFunc(all, func(t string) bool { return t == "null" })
}

// parts are the schemas that a schema is made of.
func (k keywords) parts(root json.RawMessage) (all []json.RawMessage) {
	var ref string
	if k.read("$ref", &ref); strings.HasPrefix(ref, "#/") {
		if target, ok := rawjson.Get(root, pointer(ref)...); ok {
			all = append(all, target)
		}
	}
	for _, word := range [...]string{"allOf", "anyOf", "oneOf"} {
		var some []json.RawMessage
		k.read(word, &some)
		all = append(all, some...)
	}
	return all
}

// pointer takes a local reference apart (RFC 6901).
func pointer(ref string) []string {
	steps := strings.Split(strings.TrimPrefix(ref, "#/"), "/")
	for i, step := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
	}
	return steps
}

func (n *node) join(other node) {
	for _, t := range other.types {
		if !slices.Contains(n.types, t) {
			n.types = append(n.types, t)
		}
	}
	n.enum = append(n.enum, other.enum...)
	n.enum = n.enum[:min(len(n.enum), maxEnum)]
	if n.maximum == nil {
		n.maximum = other.maximum
	}
	if n.preset == nil {
		n.preset = other.preset
	}
	for name, p := range other.properties {
		if n.properties == nil {
			n.properties = map[string]json.RawMessage{}
		}
		if _, ok := n.properties[name]; !ok {
			n.properties[name] = p
		}
	}
}

// first is the first of the names that the input has. An open one has the very first.
func (s *schema) first(names ...string) (name string, p *prop) {
	if s.open && len(names) > 0 {
		return names[0], &prop{}
	}
	for _, name := range names {
		if p := s.props[name]; p != nil {
			return name, p
		}
	}
	return "", nil
}

// has reports whether the input has one of the names. An open one may have any.
func (s *schema) has(names ...string) bool {
	_, p := s.first(names...)
	return p != nil
}

// is reports whether the field may be of a type: one that says nothing is of every type.
func (p *prop) is(kind string) bool {
	return len(p.types) == 0 && len(p.enum) == 0 || slices.Contains(p.types, kind) ||
		kind == "number" && slices.Contains(p.types, "integer")
}

// only reports whether the field is of this type and may be of no other.
func (p *prop) only(kind string) bool { return len(p.types) == 1 && p.types[0] == kind }

// words are the texts that the field is one of; nil: it may be any.
func (p *prop) words() []string {
	var words []string
	for _, value := range p.enum {
		if s, err := rawjson.Unquote(value); err == nil && rawjson.KindOf(value) == rawjson.KindString {
			words = append(words, s)
		}
	}
	return words
}

// takes reports whether the field can hold a word.
func (p *prop) takes(word string) bool {
	if len(p.enum) > 0 {
		return slices.Contains(p.words(), word)
	}
	return p.is("string")
}

// usual is the field's default; nil: none, or there is no such field.
func (p *prop) usual() json.RawMessage {
	if p == nil {
		return nil
	}
	return p.preset
}

// holds reports whether the field can hold a value of the route.
func (p *prop) holds(f field) bool {
	value := p.fit(f)
	if rawjson.KindOf(value) == rawjson.KindNumber {
		return p.is("number") || slices.ContainsFunc(p.enum, func(one json.RawMessage) bool { return string(one) == string(value) })
	}
	return p.takes(f.plainText())
}

// most is the largest whole number that the field can be; 0: not said.
func (p *prop) most() int {
	most := 0
	for _, value := range p.enum {
		if n, ok := rawjson.Float(unquoted(value)); ok {
			most = max(most, int(n))
		}
	}
	if most == 0 && p.maximum != nil {
		most = int(min(*p.maximum, maxPictures))
	}
	return most
}

// unquoted is a number, also where it is written as a text.
func unquoted(value json.RawMessage) []byte {
	if s, err := rawjson.Unquote(value); err == nil && rawjson.KindOf(value) == rawjson.KindString {
		return []byte(s)
	}
	return value
}

// fit brings a value to the form that the field wants. A form's values are texts, and
// become what the field is; one that can't is left for the schema's check to refuse.
func (p *prop) fit(f field) json.RawMessage {
	if !f.loose || rawjson.KindOf(f.raw) != rawjson.KindString || p.is("string") && len(p.types) > 0 {
		return f.raw
	}
	text := []byte(f.plain())
	if !rawjson.Valid(text) {
		return f.raw
	}
	switch rawjson.KindOf(text) {
	case rawjson.KindNumber:
		if p.is("number") {
			return text
		}
	case rawjson.KindTrue, rawjson.KindFalse:
		if p.is("boolean") {
			return text
		}
	case rawjson.KindObject:
		if p.only("object") {
			return text
		}
	case rawjson.KindArray:
		if p.only("array") {
			return text
		}
	}
	if p.only("array") {
		return slices.Concat([]byte("["), f.raw, []byte("]"))
	}
	return f.raw
}

// maxPictures bounds what one call makes.
const maxPictures = 10

// pictureNames are what models call a picture that they change, and promptNames what they
// are told to make.
func pictureNames() []string {
	return []string{"image", "input_image", "images", "input_images", "image_input", "reference_images", "init_image", "source_image", "img", "image_url", "image_urls"}
}

func promptNames() []string { return []string{"prompt", "text", "input", "instruction", "text_prompt"} }

// soundNames are what models call a sound that they write down.
func soundNames() []string {
	return []string{"file", "audio", "audio_file", "input_audio", "sound", "audio_url", "audio_input", "media", "input_file"}
}
