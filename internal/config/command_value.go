package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// tree is a field of Command whose YAML has a structure. read reports what is wrong by
// its path within the field ("" is the field itself); text is canonical and hides
// secrets; node is the value as YAML.
type tree interface {
	read(node *yaml.Node, wrong wrong)
	text() string
	node() *yaml.Node
}

// wrong takes one problem, at a path within what is read.
type wrong func(path string, node *yaml.Node, format string, args ...any)

type slugValue struct{ to *string }

// set is stricter than the catalogue's rule for slugs, so that a command's name is also
// one word on a command line and in a log.
func (v *slugValue) set(text string) error {
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,99}$`).MatchString(text) {
		return fmt.Errorf("%q is no name: it is 1 to 100 small letters, digits, '.', '_' and '-', and begins with a letter or a digit", text)
	}
	*v.to = text
	return nil
}

func (v *slugValue) text() string { return *v.to }

type lineValue struct {
	to   *string
	most int
}

func (v *lineValue) set(text string) error {
	text = strings.TrimSpace(text)
	if len(text) > v.most {
		return fmt.Errorf("it is longer than %d bytes", v.most)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return errors.New("it has control characters in it")
	}
	*v.to = text
	return nil
}

func (v *lineValue) text() string { return *v.to }

type userValue struct{ to *string }

func (v *userValue) set(text string) error {
	if text == "root" || text == "0" {
		return errors.New("a command never runs as root; name another user")
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?$`).MatchString(text) {
		return fmt.Errorf("%q is no name of a user", text)
	}
	*v.to = text
	return nil
}

func (v *userValue) text() string { return *v.to }

type argvTree struct{ to *[]Argument }

func (v *argvTree) read(node *yaml.Node, wrong wrong) {
	if node.Kind != yaml.SequenceNode || len(node.Content) == 0 {
		wrong("", node, "it must be a list: the program, then its arguments")
		return
	}
	if len(node.Content) > maxArgv {
		wrong("", node, "it has more than %d elements", maxArgv)
		return
	}
	argv := make([]Argument, len(node.Content))
	for i, item := range node.Content {
		path := fmt.Sprintf("[%d]", i)
		item = resolved(item)
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			wrong(path, item, "it must be one plain value")
			continue
		}
		var err error
		if argv[i], err = ParseArgument(item.Value); err != nil {
			wrong(path, item, "%v", err)
		}
	}
	*v.to = argv
}

func (v *argvTree) text() string { return asJSON(*v.to) }

func (v *argvTree) node() *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, argument := range *v.to {
		list.Content = append(list.Content, stringNode(argument.String()))
	}
	return list
}

type envTree struct{ to *map[string]Secret }

func (v *envTree) read(node *yaml.Node, wrong wrong) {
	if node.Kind != yaml.MappingNode {
		wrong("", node, "it must be a mapping of names to values")
		return
	}
	if len(node.Content)/2 > maxEnv {
		wrong("", node, "it has more than %d variables", maxEnv)
		return
	}
	env := map[string]Secret{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, item := node.Content[i], resolved(node.Content[i+1])
		path := "." + key.Value
		switch {
		case !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(key.Value):
			wrong(path, key, "it is no name of a variable")
		case item.Kind != yaml.ScalarNode:
			wrong(path, key, "it must be one plain value")
		case strings.ContainsRune(item.Value, 0):
			wrong(path, key, "it has a zero byte in it")
		default:
			env[key.Value] = Secret(item.Value)
		}
	}
	*v.to = env
}

func (v *envTree) text() string {
	if len(*v.to) == 0 {
		return ""
	}
	return asJSON(*v.to)
}

func (v *envTree) node() *yaml.Node {
	out := &yaml.Node{Kind: yaml.MappingNode}
	for _, name := range slices.Sorted(maps.Keys(*v.to)) {
		out.Content = append(out.Content, stringNode(name), stringNode(redacted))
	}
	return out
}

type schemaTree struct{ to *json.RawMessage }

func (v *schemaTree) read(node *yaml.Node, wrong wrong) {
	if node.Kind != yaml.MappingNode {
		wrong("", node, "it must be a JSON Schema, a mapping")
		return
	}
	var text []byte
	left := maxSchemaNodes
	text, err := appendJSON(text, node, &left)
	if err == nil {
		err = compiles(text)
	}
	if err != nil {
		wrong("", node, "%v", err)
		return
	}
	*v.to = text
}

func (v *schemaTree) text() string { return string(*v.to) }

func (v *schemaTree) node() *yaml.Node {
	var document yaml.Node
	// JSON that appendJSON made is YAML.
	if err := yaml.Unmarshal(*v.to, &document); err != nil || len(document.Content) == 0 {
		return &yaml.Node{Kind: yaml.MappingNode}
	}
	plainStyle(document.Content[0])
	return document.Content[0]
}

// plainStyle takes JSON's braces away: block style, and quotes where YAML needs them.
func plainStyle(node *yaml.Node) {
	if node.Kind != yaml.ScalarNode {
		node.Style = 0
	} else if node.Tag == "!!str" {
		*node = *stringNode(node.Value)
	}
	for _, child := range node.Content {
		plainStyle(child)
	}
}

// maxSchemaNodes bounds what aliases can blow a schema up to.
const maxSchemaNodes = 20_000

// appendJSON writes YAML as JSON, in the order and with the numbers of the file.
func appendJSON(out []byte, node *yaml.Node, left *int) ([]byte, error) {
	if *left--; *left < 0 {
		return nil, fmt.Errorf("it has more than %d values", maxSchemaNodes)
	}
	node = resolved(node)
	switch node.Kind {
	case yaml.MappingNode:
		return appendObject(out, node, left)
	case yaml.SequenceNode:
		out = append(out, '[')
		for i, item := range node.Content {
			if i > 0 {
				out = append(out, ',')
			}
			var err error
			if out, err = appendJSON(out, item, left); err != nil {
				return nil, err
			}
		}
		return append(out, ']'), nil
	}
	return appendScalar(out, node)
}

func appendObject(out []byte, node *yaml.Node, left *int) ([]byte, error) {
	out = append(out, '{')
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" || seen[key.Value] {
			return nil, fmt.Errorf("line %d: the key %q stands twice, or is no plain word", key.Line, key.Value)
		}
		seen[key.Value] = true
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, asJSON(key.Value)...), ':')
		var err error
		if out, err = appendJSON(out, node.Content[i+1], left); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

func appendScalar(out []byte, node *yaml.Node) ([]byte, error) {
	switch node.Tag {
	case "!!null":
		return append(out, "null"...), nil
	case "!!bool":
		var b bool
		if err := node.Decode(&b); err != nil {
			return nil, fmt.Errorf("line %d: %q is neither true nor false", node.Line, node.Value)
		}
		return strconv.AppendBool(out, b), nil
	case "!!int", "!!float":
		if json.Valid([]byte(node.Value)) {
			return append(out, node.Value...), nil
		}
		var number any // such as 0x10 or 1_000
		if err := node.Decode(&number); err == nil {
			if text, err := json.Marshal(number); err == nil {
				return append(out, text...), nil
			}
		}
		return nil, fmt.Errorf("line %d: %q is no number of JSON", node.Line, node.Value)
	}
	return append(out, asJSON(node.Value)...), nil // also what YAML takes for a date
}

// resolved follows an alias.
func resolved(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

func stringNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// asJSON is v without HTML's escapes. What it is given always encodes.
func asJSON(v any) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v)
	return strings.TrimSuffix(out.String(), "\n")
}
