package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"skytower/internal/rawjson"
)

// maxFillers bounds the places of one schema at which defaults are looked for.
const maxFillers = 2000

// filler knows which defaults belong into the objects at one place of a schema. It
// follows `properties` and `items` through `$ref` and `allOf`; what holds only under
// a condition (anyOf, if, …) gives no defaults. Recursive schemas make it a cycle.
type filler struct {
	slots []*slot // by name
	names map[string]*slot
	items *filler
}

// slot is one property. Its default has its own defaults filled in, so that filling
// in twice changes nothing.
type slot struct {
	name    string
	schemas []*jsonschema.Schema
	below   *filler
	state   slotState
	raw     []byte // the default; nil: none
	value   any
}

type slotState int

const (
	unread slotState = iota
	reading
	ready
)

// property is the place of an object's member; nil where nothing is known of it.
func (f *filler) property(name string) *filler {
	if f == nil || f.names[name] == nil {
		return nil
	}
	return f.names[name].below
}

// element is the place of an array's elements.
func (f *filler) element() *filler {
	if f == nil {
		return nil
	}
	return f.items
}

// fillerBuilder makes the fillers of one schema.
type fillerBuilder struct {
	made  map[string]*filler // by the schemas that hold at the place
	slots []*slot
	room  int // bytes that all defaults together may still take
}

func newFiller(schema *jsonschema.Schema) (*filler, error) {
	b := &fillerBuilder{made: map[string]*filler{}, room: maxFilled}
	root := b.build([]*jsonschema.Schema{schema})
	if len(b.made) > maxFillers {
		return nil, fmt.Errorf("describes more than %d places", maxFillers)
	}
	for _, f := range b.slots {
		if err := b.prepare(f); err != nil {
			return nil, err
		}
	}
	return root, nil
}

func (b *fillerBuilder) build(set []*jsonschema.Schema) *filler {
	all := together(set)
	key := ""
	for _, s := range all {
		key += fmt.Sprintf("%p ", s)
	}
	if f, ok := b.made[key]; ok || len(b.made) > maxFillers {
		return f
	}
	f := &filler{names: map[string]*slot{}}
	b.made[key] = f
	below := map[string][]*jsonschema.Schema{}
	var items []*jsonschema.Schema
	for _, s := range all {
		for name, p := range s.Properties {
			below[name] = append(below[name], p)
		}
		if each := elements(s); each != nil {
			items = append(items, each)
		}
	}
	for _, name := range sortedKeys(below) {
		p := &slot{name: name, schemas: below[name], below: b.build(below[name])}
		f.slots, f.names[name] = append(f.slots, p), p
		b.slots = append(b.slots, p)
	}
	if items != nil {
		f.items = b.build(items)
	}
	return f
}

// together are the schemas, and those that hold for the same value with them.
func together(set []*jsonschema.Schema) []*jsonschema.Schema {
	var all []*jsonschema.Schema
	var add func(*jsonschema.Schema)
	add = func(s *jsonschema.Schema) {
		if s == nil || slices.Contains(all, s) {
			return
		}
		all = append(all, s)
		add(s.Ref)
		for _, part := range s.AllOf {
			add(part)
		}
	}
	for _, s := range set {
		add(s)
	}
	return all
}

// elements is the schema of all of an array's elements, or nil.
func elements(s *jsonschema.Schema) *jsonschema.Schema {
	if s.Items2020 != nil && len(s.PrefixItems) == 0 {
		return s.Items2020
	}
	each, _ := s.Items.(*jsonschema.Schema)
	return each
}

// prepare reads a property's default. One that its own schema refuses is left out: the
// caller would be told of a violation that is not its own.
func (b *fillerBuilder) prepare(f *slot) error {
	switch f.state {
	case ready:
		return nil
	case reading:
		return fmt.Errorf("has defaults without end: that of '%s' needs itself", quotable(f.name))
	}
	f.state = reading
	defer func() { f.state = ready }()
	given, ok := defaultOf(f.schemas)
	if !ok {
		return nil
	}
	raw, err := encodeDefault(given)
	if err != nil {
		return fmt.Errorf("has a default that is no JSON, that of '%s'", quotable(f.name))
	}
	r := newReader(raw, "", maxSchemaValues)
	r.room, r.ready = b.room, b.prepare
	value, err := r.value(f.below)
	if err == nil {
		raw = rawjson.Splice(nil, raw, r.inserts)
		if b.room -= len(raw); b.room < 0 {
			err = violation{}
		}
	}
	var v violation
	if errors.As(err, &v) {
		return errors.New("has defaults that are too large together")
	}
	if err != nil {
		return err
	}
	for _, s := range f.schemas {
		if s.Validate(value) != nil {
			return nil
		}
	}
	f.raw, f.value = raw, value
	return nil
}

// defaultOf is the first default that the schemas name.
func defaultOf(schemas []*jsonschema.Schema) (any, bool) {
	for _, s := range together(schemas) {
		if s.Default != nil {
			return *s.Default, true
		}
	}
	return nil, false
}

// encodeDefault writes a default as the schema has it: numbers keep their text.
func encodeDefault(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return []byte(strings.TrimSpace(out.String())), nil
}
