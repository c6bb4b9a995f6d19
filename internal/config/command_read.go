package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"skytower/internal/spelling"
)

// commands reads the file's list of commands.
func (l *loader) commands(node *yaml.Node, origin Origin) {
	node = resolved(node)
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return
	}
	if node.Kind != yaml.SequenceNode || len(node.Content) > maxCommands {
		l.fail(keyCommands, origin, "it must be a list of at most %d commands", maxCommands)
		return
	}
	lines := map[string]int{}
	for i, item := range node.Content {
		r := &commandReader{loader: l, file: origin.Name, at: fmt.Sprintf("%s[%d]", keyCommands, i), lines: map[string]int{"": item.Line}}
		command := r.read(resolved(item))
		if line, twice := lines[command.Name]; twice && command.Name != "" {
			r.fail(fieldName, "the command of line %d is called %s too", line, command.Name)
		} else {
			lines[command.Name] = item.Line
		}
		l.config.Commands = append(l.config.Commands, command)
	}
	if len(node.Content) > 0 {
		l.config.origins[keyCommands] = origin
	}
}

// commandReader reads one command and knows where each of its keys stands.
type commandReader struct {
	*loader
	file, at string
	lines    map[string]int // by key; "" is the command
	broken   bool
}

// fail reports a problem with a key of the command.
func (r *commandReader) fail(key, format string, args ...any) {
	r.failAt(key, r.lines[key], format, args...)
}

func (r *commandReader) failAt(key string, line int, format string, args ...any) {
	if line == 0 {
		line = r.lines[""]
	}
	path := r.at
	if key != "" {
		path += "." + key
	}
	r.broken = true
	r.loader.fail(path, Origin{Place: PlaceFile, Name: r.file, Line: line}, format, args...)
}

// defaultCommand is a command whose file says nothing.
func defaultCommand() Command {
	var c Command
	for _, f := range fields() {
		switch {
		case f.Default == "":
		case f.tree == nil:
			_ = f.plain(&c).set(f.Default) // a test sees to it
		default:
			c.InputSchema = json.RawMessage(f.Default) // the only tree with a default
		}
	}
	return c
}

func (r *commandReader) read(node *yaml.Node) Command {
	c := defaultCommand()
	if node.Kind != yaml.MappingNode {
		r.fail("", "it must be a mapping with name, type and argv")
		return c
	}
	table := fields()
	r.mapping("", node, table, func(f field, item *yaml.Node) { r.field(&c, f, item) })
	for _, f := range table {
		if _, given := r.lines[f.Key]; f.Required && !given {
			r.fail(f.Key, "it is missing")
		}
	}
	if !r.broken {
		r.check(&c)
	}
	if c.Title == "" {
		c.Title = c.Name
	}
	return c
}

// mapping walks the keys of the command, or of its limits (prefix).
func (r *commandReader) mapping(prefix string, node *yaml.Node, table []field, set func(field, *yaml.Node)) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, item := node.Content[i], resolved(node.Content[i+1])
		key := prefix + name.Value
		if line, twice := r.lines[key]; twice {
			r.failAt(key, name.Line, "it stands in line %d already; keep one of them", line)
			continue
		}
		if item.Kind == yaml.ScalarNode && item.Tag == "!!null" {
			continue // a key without a value is not given
		}
		r.lines[key] = name.Line
		if key == fieldLimits {
			if item.Kind != yaml.MappingNode {
				r.fail(key, "it must be a mapping, such as time: 30s")
				continue
			}
			r.mapping(limitPrefix, item, table, set)
			continue
		}
		at := slices.IndexFunc(table, func(f field) bool { return f.Key == key })
		if at < 0 || prefix == "" && strings.Contains(key, ".") {
			r.unknownKey(prefix, name, table)
			continue
		}
		set(table[at], item)
	}
}

func (r *commandReader) unknownKey(prefix string, name *yaml.Node, table []field) {
	var known []string
	for _, f := range table {
		rest, ok := strings.CutPrefix(f.Key, prefix)
		if first, _, nested := strings.Cut(rest, "."); nested {
			rest = first
		}
		if ok && !slices.Contains(known, rest) {
			known = append(known, rest)
		}
	}
	hint := "there are " + strings.Join(known, ", ")
	if near := spelling.Nearest(strings.ReplaceAll(name.Value, "-", "_"), known); near != "" {
		hint = "did you mean " + near + "?"
	}
	r.failAt(prefix+name.Value, name.Line, "there is no such setting of a command; %s", hint)
}

func (r *commandReader) field(c *Command, f field, node *yaml.Node) {
	if f.tree != nil {
		f.tree(c).read(node, func(path string, at *yaml.Node, format string, args ...any) {
			r.failAt(f.Key+path, at.Line, format, args...)
		})
		return
	}
	if node.Kind != yaml.ScalarNode {
		r.fail(f.Key, "it must be one plain value")
		return
	}
	if err := f.plain(c).set(node.Value); err != nil {
		r.fail(f.Key, "%v", err)
	}
}

// schema is what the rules over several keys read of an input schema.
type schema struct {
	Type       any                 `json:"type"`
	Required   []string            `json:"required"`
	Properties map[string]property `json:"properties"`
}

type property struct {
	Type      any             `json:"type"`
	Default   json.RawMessage `json:"default"`
	FileTypes []string        `json:"x-file-types"`
}

// check looks at what no key shows alone. The command is otherwise whole.
func (r *commandReader) check(c *Command) {
	if c.Output == OutputText && c.Type != "text" {
		r.fail(fieldOutput, "text comes from a model of the type text only; this one is of the type %s", c.Type)
	}
	var s schema
	if err := json.Unmarshal(c.InputSchema, &s); err != nil {
		r.fail(fieldInput, "type, required, properties or x-file-types is not of the form that JSON Schema wants")
		return
	}
	if s.Type != "object" {
		r.fail(fieldInput, "its type must be object")
	}
	r.checkFiles(c, s)
	r.checkProgram(c)
	options := true
	for i, argument := range c.Argv {
		options = options && argument.String() != "--"
		if options && argument.startsOption() {
			r.failAt(fmt.Sprintf("%s[%d]", fieldArgv, i), r.lines[fieldArgv],
				"a caller's value right after hyphens could be any option; write the option's name before it, as in --size={{input.size}}")
		}
		for _, piece := range argument {
			if problem := checkPiece(piece, s); problem != "" {
				r.failAt(fmt.Sprintf("%s[%d]", fieldArgv, i), r.lines[fieldArgv], "%s", problem)
			}
		}
	}
}

func (r *commandReader) checkFiles(c *Command, s schema) {
	c.FileInputs = map[string][]string{}
	for name, p := range s.Properties {
		if len(p.FileTypes) == 0 {
			continue
		}
		c.FileInputs[name] = p.FileTypes
		for _, mime := range p.FileTypes {
			if !slices.Contains(FileTypes(), mime) {
				r.failAt(fmt.Sprintf("%s.properties.%s.x-file-types", fieldInput, name), r.lines[fieldInput],
					"%q can't be told by its content; there are %s", mime, strings.Join(FileTypes(), ", "))
			}
		}
		if p.Type != "string" {
			r.failAt(fmt.Sprintf("%s.properties.%s.type", fieldInput, name), r.lines[fieldInput], "an input that is a file has the type string")
		}
	}
}

// checkProgram looks for programs that nobody can say the place of, and for values of
// callers that a shell would read as code.
func (r *commandReader) checkProgram(c *Command) {
	first := fieldArgv + "[0]"
	program := c.Argv[0].String()
	switch {
	case !c.Argv[0].IsFixed() || program == "":
		r.failAt(first, r.lines[fieldArgv], "the program is fixed: no placeholder can name it")
	case strings.Contains(program, "/") && !filepath.IsAbs(program):
		r.failAt(first, r.lines[fieldArgv], "%q depends on a folder; give a whole path, or a bare name that is looked up in PATH", program)
	}
	if !slices.Contains([]string{"sh", "bash", "dash", "ash", "zsh", "ksh", "fish", "busybox", "env"}, filepath.Base(program)) {
		return
	}
	for i := 1; i < len(c.Argv); i++ {
		before := c.Argv[i-1].String()
		if c.Argv[i].holdsInput() && strings.HasPrefix(before, "-") && strings.HasSuffix(before, "c") {
			r.failAt(fmt.Sprintf("%s[%d]", fieldArgv, i), r.lines[fieldArgv], "a shell would run the caller's value as code; give it as a later argument, and write \"$1\" in the script")
		}
	}
}

// checkPiece says what is wrong with a placeholder, or "".
func checkPiece(piece Piece, s schema) string {
	if piece.Name == "" {
		return ""
	}
	shown := Argument{piece}.String()
	p, ok := s.Properties[piece.Name]
	if !ok {
		var names []string
		for name := range s.Properties {
			names = append(names, name)
		}
		slices.Sort(names)
		if near := spelling.Nearest(piece.Name, names); near != "" {
			return fmt.Sprintf("%s: the input schema has no property %s; did you mean %s?", shown, piece.Name, near)
		}
		return fmt.Sprintf("%s: the input schema has no property %s", shown, piece.Name)
	}
	isFile := len(p.FileTypes) > 0
	switch {
	case piece.Use == Input && isFile:
		return fmt.Sprintf("%s: this input is a file; {{file:%s}} is its path", shown, piece.Name)
	case piece.Use != Input && !isFile:
		return fmt.Sprintf("%s: this input is no file; the word x-file-types in the schema makes it one", shown)
	case !slices.Contains(s.Required, piece.Name) && len(p.Default) == 0:
		return fmt.Sprintf("%s: the input may be missing, and then there is nothing to put here; make it required, or give it a default", shown)
	case piece.Use == Input && !isPlainType(p.Type):
		return fmt.Sprintf("%s: only an input of the type string, integer, number or boolean can be an argument; others come in the JSON on standard input", shown)
	}
	return ""
}

func isPlainType(t any) bool {
	return t == "string" || t == "integer" || t == "number" || t == "boolean"
}

// compiles reports what is wrong with a JSON Schema, which may refer to nothing outside
// of itself.
func compiles(text []byte) error {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("it is not JSON: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(noLoader{})
	if err := compiler.AddResource(schemaName, document); err != nil {
		return fmt.Errorf("it is no JSON Schema: %w", err)
	}
	if _, err := compiler.Compile(schemaName); err != nil {
		return fmt.Errorf("it is no JSON Schema: %s", strings.ReplaceAll(strings.ReplaceAll(err.Error(), schemaName, ""), "\n", " "))
	}
	return nil
}

const schemaName = "input:schema"

// noLoader fetches nothing.
type noLoader struct{}

// Load refuses.
func (noLoader) Load(string) (any, error) {
	return nil, errors.New("a schema can't refer to other documents")
}
