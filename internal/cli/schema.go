package cli

import (
	"encoding/json"
	"strings"
)

// inputSchema is as much of a JSON Schema as tells what a text on the command line
// means. It checks nothing: that is the server's.
type inputSchema struct {
	Type        any                     `json:"type"` // a word or a list of words
	Format      string                  `json:"format"`
	MediaType   string                  `json:"contentMediaType"`
	Properties  map[string]*inputSchema `json:"properties"`
	Further     any                     `json:"additionalProperties"`
	Patterns    map[string]any          `json:"patternProperties"`
	Items       *inputSchema            `json:"items"`
	AnyOf       []*inputSchema          `json:"anyOf"`
	OneOf       []*inputSchema          `json:"oneOf"`
	AllOf       []*inputSchema          `json:"allOf"`
	Enum        []any                   `json:"enum"`
	Const       any                     `json:"const"`
	Ref         string                  `json:"$ref"`
	Defs        map[string]*inputSchema `json:"$defs"`
	Definitions map[string]*inputSchema `json:"definitions"`
}

// UnmarshalJSON takes a schema of an unknown form, such as true, as one that says
// nothing.
func (s *inputSchema) UnmarshalJSON(text []byte) error {
	type plain inputSchema
	var known plain
	if json.Unmarshal(text, &known) == nil {
		*s = inputSchema(known)
	}
	return nil
}

// names are the inputs that the schema knows; closed is false where others are welcome.
func (s *inputSchema) names() (names []string, closed bool) {
	for name := range s.Properties {
		names = append(names, name)
	}
	further := s.Further != nil && s.Further != false
	return names, len(names) > 0 && !further && len(s.Patterns) == 0
}

// meaning is what a value may be.
type meaning struct {
	types map[string]bool // none: anything
	file  bool            // an address, so that a file can stand for it
	items *inputSchema    // of a list
}

// only reports whether the value can be nothing but this, or null.
func (m meaning) only(kind string) bool {
	return m.types[kind] && len(m.types) == 1 || m.types[kind] && m.types["null"] && len(m.types) == 2
}

// list reports whether several values make one.
func (m meaning) list() bool { return m.types["array"] && !m.types["string"] }

// maxDepth ends schemas that refer to themselves.
const maxDepth = 8

// meaningOf collects what the parts of a property's schema allow.
func (s *inputSchema) meaningOf(property *inputSchema) meaning {
	m := meaning{types: map[string]bool{}}
	s.collect(property, &m, 0)
	return m
}

func (s *inputSchema) collect(part *inputSchema, m *meaning, depth int) {
	if part == nil || depth > maxDepth {
		return
	}
	switch kinds := part.Type.(type) {
	case string:
		m.types[kinds] = true
	case []any:
		for _, kind := range kinds {
			if word, ok := kind.(string); ok {
				m.types[word] = true
			}
		}
	}
	if part.Type == nil {
		m.examples(part)
	}
	switch part.Format {
	case "uri", "uri-reference", "iri", "url", "binary", "byte", "data-url":
		m.file = true
	}
	m.file = m.file || part.MediaType != ""
	if part.Items != nil {
		m.items = part.Items
	}
	for _, list := range [][]*inputSchema{part.AnyOf, part.OneOf, part.AllOf, {s.find(part.Ref)}} {
		for _, one := range list {
			s.collect(one, m, depth+1)
		}
	}
}

// examples takes the types of the values that are allowed.
func (m *meaning) examples(part *inputSchema) {
	values := part.Enum
	if part.Const != nil {
		values = append(values, part.Const)
	}
	for _, value := range values {
		switch value.(type) {
		case string:
			m.types["string"] = true
		case float64:
			m.types["number"] = true
		case bool:
			m.types["boolean"] = true
		}
	}
}

// find looks up a reference within the schema; nil where it leads elsewhere.
func (s *inputSchema) find(ref string) *inputSchema {
	if name, ok := strings.CutPrefix(ref, "#/$defs/"); ok {
		return s.Defs[name]
	}
	if name, ok := strings.CutPrefix(ref, "#/definitions/"); ok {
		return s.Definitions[name]
	}
	return nil
}
