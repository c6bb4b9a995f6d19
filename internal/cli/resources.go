package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"skytower/internal/skytells"
)

const (
	maxProblems = 20     // shown at once
	maxNodes    = 500000 // of one file, aliases counted as often as they are used
)

// parseResources reads the documents of a resource file, YAML or JSON, into one
// set. All mistakes are told at once, each with its line. No value is repeated in
// what is said, since it may be a secret.
func parseResources(text []byte) (resourceFile, error) {
	var whole resourceFile
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	check := checker{}
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return whole, fmt.Errorf("it is neither YAML nor JSON: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		}
		var part resourceFile
		if check.value("", document.Content[0], reflect.TypeFor[resourceFile]()); len(check.problems) > 0 {
			continue
		}
		if err := part.decode(&document); err != nil {
			return whole, errors.New("it does not fit what 'skytower apply' takes")
		}
		whole.add(part)
	}
	if len(check.problems) == 0 && whole.empty() {
		return whole, errors.New("it holds no guards, providers or models, nor settings or limits")
	}
	return whole, check.err()
}

// checker compares YAML with the types that it is for.
type checker struct {
	problems []string
	nodes    int
}

func (c *checker) problem(n *yaml.Node, format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf("line %d: ", n.Line)+fmt.Sprintf(format, args...))
}

func (c *checker) err() error {
	switch more := len(c.problems) - maxProblems; {
	case len(c.problems) == 0:
		return nil
	case more > 0:
		return fmt.Errorf("it can't be used:\n  %s\n  and %d more", strings.Join(c.problems[:maxProblems], "\n  "), more)
	}
	return errors.New("it can't be used:\n  " + strings.Join(c.problems, "\n  "))
}

// value checks one value; null is as good as leaving it out.
func (c *checker) value(path string, n *yaml.Node, t reflect.Type) {
	if c.nodes++; c.nodes > maxNodes {
		if c.nodes == maxNodes+1 {
			c.problem(n, "there are more than %d values, aliases included", maxNodes)
		}
		return
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Tag == "!!null" {
		return
	}
	if t == reflect.TypeFor[skytells.Schema]() {
		c.schema(path, n)
		return
	}
	switch t.Kind() {
	case reflect.Pointer:
		c.value(path, n, t.Elem())
	case reflect.Interface:
		c.json(path, n)
	case reflect.Map:
		c.named(path, n, t.Elem())
	case reflect.Struct:
		c.mapping(path, n, t)
	case reflect.Slice:
		c.list(path, n, t.Elem())
	default:
		c.scalar(path, n, t)
	}
}

// named checks values whose keys the writer chose.
func (c *checker) named(path string, n *yaml.Node, element reflect.Type) {
	if n.Kind != yaml.MappingNode {
		c.problem(n, "%s must hold names with values", path)
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag == "!!merge" {
			c.value(path, n.Content[i+1], reflect.MapOf(reflect.TypeFor[string](), element))
			continue
		}
		c.value(join(path, n.Content[i].Value), n.Content[i+1], element)
	}
}

func (c *checker) list(path string, n *yaml.Node, element reflect.Type) {
	if n.Kind != yaml.SequenceNode {
		c.problem(n, "%s must be a list", path)
		return
	}
	for i, item := range n.Content {
		c.value(fmt.Sprintf("%s[%d]", path, i), item, element)
	}
}

func (c *checker) scalar(path string, n *yaml.Node, t reflect.Type) {
	word, tag := "a text", ""
	if t == reflect.TypeFor[skytells.Amount]() {
		word = "a decimal number of dollars, such as 0.03"
	}
	switch t.Kind() {
	case reflect.Bool:
		word, tag = "true or false", "!!bool"
	case reflect.Float64:
		word = "a number"
	case reflect.Int, reflect.Int64:
		word, tag = "a whole number", "!!int" // the decoder alone would cut fractions off
	}
	if n.Kind != yaml.ScalarNode || tag != "" && n.ShortTag() != tag || n.Decode(reflect.New(t).Interface()) != nil {
		c.problem(n, "%s must be %s", path, word)
	}
}

// schema checks that a value is a JSON Schema by its outside; its inside is for the
// server, which compiles it.
func (c *checker) schema(path string, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		c.problem(n, "%s must be a JSON Schema, written as YAML", path)
		return
	}
	c.json(path, n)
}

// json checks a value of any form.
func (c *checker) json(path string, n *yaml.Node) {
	problems := len(c.problems)
	c.anything(path, n)
	var sent skytells.Schema
	if len(c.problems) == problems && n.Decode(&sent) != nil {
		c.problem(n, "%s must hold what JSON can hold", path)
	}
}

// anything counts the values below one of any form, and finds keys that JSON has not.
func (c *checker) anything(path string, n *yaml.Node) {
	if c.nodes++; c.nodes > maxNodes {
		if c.nodes == maxNodes+1 {
			c.problem(n, "there are more than %d values, aliases included", maxNodes)
		}
		return
	}
	if n.Kind == yaml.AliasNode {
		c.anything(path, n.Alias)
		return
	}
	for i, part := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			if part.ShortTag() != "!!str" && part.ShortTag() != "!!merge" {
				c.problem(part, "a key in %s must be a text: put it in quotes", path)
			}
			continue
		}
		c.anything(path, part)
	}
}

func (c *checker) mapping(path string, n *yaml.Node, t reflect.Type) {
	if n.Kind != yaml.MappingNode {
		if path == "" {
			c.problem(n, "it must begin with providers:, models:, settings: or limits:")
			return
		}
		c.problem(n, "%s must hold fields, such as %s: …", path, knownFields(t).names[0])
		return
	}
	known, seen := knownFields(t), map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			c.value(path, value, t)
			continue
		}
		if line, twice := seen[key.Value]; twice {
			c.problem(key, "%s stands in line %d already", join(path, key.Value), line)
		}
		seen[key.Value] = key.Line
		c.field(path, key, value, known)
	}
}

func (c *checker) field(path string, key, value *yaml.Node, known fields) {
	if t, ok := known.types[key.Value]; ok {
		c.value(join(path, key.Value), value, t)
		return
	}
	if known.readOnly[key.Value] {
		c.problem(key, "%s is shown, never given; leave it out", join(path, key.Value))
		return
	}
	where := "here"
	if path != "" {
		where = "in " + path
	}
	hint := didYouMean(strings.ReplaceAll(key.Value, "-", "_"), known.names)
	if hint == "" {
		hint = "; there are " + strings.Join(known.names, ", ")
	}
	c.problem(key, "there is no %q %s%s", key.Value, where, hint)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// fields are what a mapping may hold, read from the wire type.
type fields struct {
	names    []string
	types    map[string]reflect.Type
	tags     map[string]reflect.StructTag
	readOnly map[string]bool
}

func knownFields(t reflect.Type) fields {
	f := fields{types: map[string]reflect.Type{}, tags: map[string]reflect.StructTag{}, readOnly: map[string]bool{}}
	for field := range t.Fields() {
		f.add(field)
	}
	return f
}

// add takes a field by its name in YAML or, where it has none, in JSON. There an id is the
// server's to give.
func (f *fields) add(field reflect.StructField) {
	wire, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	name, options, inYAML := strings.Cut(field.Tag.Get("yaml"), ",")
	switch {
	case !field.IsExported():
	case options == "inline":
		for part := range field.Type.Fields() {
			f.add(part)
		}
	case name == "-", field.Tag.Get("yaml") == "" && wire == "id":
		f.readOnly[wire] = true
	case inYAML || name != "":
		f.names, f.types[name], f.tags[name] = append(f.names, name), field.Type, field.Tag
	default:
		f.names, f.types[wire], f.tags[wire] = append(f.names, wire), field.Type, field.Tag
	}
}
