package config

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"skytower/internal/spelling"
)

// file reads the YAML file: one mapping of keys to plain values or lists.
func (l *loader) file(path string) {
	whole := Origin{Place: PlaceFile, Name: path}
	text, err := readSmall(path, maxFile)
	if err != nil {
		l.fail("", whole, "%v", err)
		return
	}
	root, err := parseFile(text)
	if err != nil {
		l.fail("", whole, "%v", err)
		return
	}
	if root == nil {
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, node := root.Content[i], root.Content[i+1]
		origin := Origin{Place: PlaceFile, Name: path, Line: key.Line}
		if line, twice := seen[key.Value]; twice {
			l.fail(key.Value, origin, "it stands in line %d already; keep one of them", line)
			continue
		}
		seen[key.Value] = key.Line
		l.fileSetting(key.Value, node, origin)
	}
}

// parseFile returns the file's one mapping, or nil where it holds nothing.
func parseFile(text string) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var document, more yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("it is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("it holds more than one YAML document, or ends in something that is not YAML")
	}
	root := document.Content[0]
	switch {
	case root.Kind == yaml.ScalarNode && root.Tag == "!!null":
		return nil, nil
	case root.Kind != yaml.MappingNode:
		return nil, fmt.Errorf("line %d: it must be a list of settings such as listen: 127.0.0.1:8080", root.Line)
	}
	return root, nil
}

func (l *loader) fileSetting(key string, node *yaml.Node, origin Origin) {
	if key == keyCommands {
		l.commands(node, origin)
		return
	}
	if key == keyEngines {
		l.engines(node, origin)
		return
	}
	s, ok := l.find(key)
	if !ok {
		l.unknown(key, origin)
		return
	}
	text, given, err := nodeText(node, s.Kind == Prefixes)
	if err != nil {
		l.fail(key, origin, "%v", err)
	} else if given {
		l.apply(s, text, origin)
	}
}

func (l *loader) find(key string) (Setting, bool) {
	for _, s := range l.table {
		if s.Key == key {
			return s, true
		}
	}
	return Setting{}, false
}

func (l *loader) unknown(key string, origin Origin) {
	keys := make([]string, len(l.table))
	for i, s := range l.table {
		keys[i] = s.Key
	}
	keys = append(keys, keyCommands, keyEngines)
	// People also write a key as its flag or its variable.
	normal := strings.TrimPrefix(strings.ReplaceAll(strings.ToLower(key), "-", "_"), "skytower_")
	if near := spelling.Nearest(normal, keys); near != "" {
		l.fail(key, origin, "there is no such setting; did you mean %s?", near)
		return
	}
	l.fail(key, origin, "there is no such setting; skytower config prints all there are")
}

// nodeText is the text of a plain value, or of a list with commas between. A key
// without a value (or null) counts as not given.
func nodeText(node *yaml.Node, list bool) (text string, given bool, err error) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch {
	case node.Kind == yaml.ScalarNode:
		return node.Value, node.Tag != "!!null", nil
	case node.Kind == yaml.SequenceNode && list:
		words := make([]string, len(node.Content))
		for i, item := range node.Content {
			if item.Kind != yaml.ScalarNode {
				return "", false, errors.New("its list holds something other than plain values")
			}
			words[i] = item.Value
		}
		return strings.Join(words, ","), true, nil
	case list:
		return "", false, errors.New("it must be a value or a list of values")
	}
	return "", false, errors.New("it must be one plain value")
}
