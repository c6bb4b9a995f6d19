package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// value is a JSON value whose members keep their order. A nil *value is one that is not
// there: all its methods say so.
type value struct {
	kind    byte   // '{', '[', '"', '0' (a number), 't', 'f' or 'n'
	text    string // of a string, or a number as it was written
	items   []*value
	members []member
}

type member struct {
	key   string
	value *value
}

// get is a member of an object, or nil.
func (v *value) get(key string) *value {
	for _, m := range v.list() {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

func (v *value) list() []member {
	if v == nil {
		return nil
	}
	return v.members
}

// compact is the value as JSON without white space, as a grammar's literal has it.
func (v *value) compact() string {
	switch v.kind {
	case '"':
		return quote(v.text)
	case '0':
		return v.text
	case 't':
		return "true"
	case 'f':
		return "false"
	case 'n':
		return "null"
	}
	var parts []string
	for _, item := range v.items {
		parts = append(parts, item.compact())
	}
	for _, m := range v.members {
		parts = append(parts, quote(m.key)+":"+m.value.compact())
	}
	if v.kind == '[' {
		return "[" + strings.Join(parts, ",") + "]"
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// quote writes a text as JSON, and nothing in it as an escape that need not be.
func quote(text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		panic("encode a text: " + err.Error()) // can't be
	}
	return strings.TrimSuffix(out.String(), "\n")
}

var errNotJSON = errors.New("it is not JSON")

func parseOrdered(raw []byte) (*value, error) {
	if !json.Valid(raw) {
		return nil, errNotJSON
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	v, err := parseValue(decoder, 0)
	if err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotJSON
	}
	return v, nil
}

// maxNesting bounds how deep a schema's text is, whatever it means.
const maxNesting = 4 * maxDepth

func parseValue(decoder *json.Decoder, depth int) (*value, error) {
	if depth > maxNesting {
		return nil, errors.New("it is nested too deep")
	}
	token, err := decoder.Token()
	if err != nil {
		return nil, errNotJSON
	}
	switch t := token.(type) {
	case string:
		return &value{kind: '"', text: t}, nil
	case json.Number:
		return &value{kind: '0', text: t.String()}, nil
	case bool:
		if t {
			return &value{kind: 't'}, nil
		}
		return &value{kind: 'f'}, nil
	case json.Delim:
		return parseNested(decoder, byte(t), depth)
	}
	return &value{kind: 'n'}, nil
}

func parseNested(decoder *json.Decoder, open byte, depth int) (*value, error) {
	v := &value{kind: open}
	for decoder.More() {
		var key string
		if open == '{' {
			token, err := decoder.Token()
			if err != nil {
				return nil, errNotJSON
			}
			key, _ = token.(string) // JSON: a key is a text
			if v.get(key) != nil {
				return nil, errors.New("it has the name " + quote(key) + " twice in one object")
			}
		}
		item, err := parseValue(decoder, depth+1)
		if err != nil {
			return nil, err
		}
		if open == '{' {
			v.members = append(v.members, member{key, item})
		} else {
			v.items = append(v.items, item)
		}
	}
	_, err := decoder.Token()
	return v, err
}
