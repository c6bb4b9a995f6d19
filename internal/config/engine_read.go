package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"skytower/internal/spelling"
)

// engines reads the file's list of engines.
func (l *loader) engines(node *yaml.Node, origin Origin) {
	node = resolved(node)
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return
	}
	if node.Kind != yaml.SequenceNode || len(node.Content) > maxEngines {
		l.fail(keyEngines, origin, "it must be a list of at most %d engines", maxEngines)
		return
	}
	lines := map[string]int{}
	for i, item := range node.Content {
		r := &engineReader{loader: l, file: origin.Name, at: fmt.Sprintf("%s[%d]", keyEngines, i), lines: map[string]int{"": item.Line}}
		engine := r.read(resolved(item))
		if line, twice := lines[engine.Name]; twice && engine.Name != "" {
			r.fail(fieldName, "the engine of line %d is called %s too", line, engine.Name)
		} else {
			lines[engine.Name] = item.Line
		}
		l.config.Engines = append(l.config.Engines, engine)
	}
	if len(node.Content) > 0 {
		l.config.origins[keyEngines] = origin
	}
}

// engineReader reads one engine and knows where each of its keys stands.
type engineReader struct {
	*loader
	file, at string
	lines    map[string]int // by key; "" is the engine
}

func (r *engineReader) fail(key, format string, args ...any) {
	line, path := r.lines[key], r.at
	if line == 0 {
		line = r.lines[""]
	}
	if key != "" {
		path += "." + key
	}
	r.loader.fail(path, Origin{Place: PlaceFile, Name: r.file, Line: line}, format, args...)
}

func (r *engineReader) read(node *yaml.Node) Engine {
	e := defaultEngine()
	if node.Kind != yaml.MappingNode {
		r.fail("", "it must be a mapping with name and file")
		return e
	}
	table := engineFields()
	for i := 0; i+1 < len(node.Content); i += 2 {
		r.key(&e, table, node.Content[i], resolved(node.Content[i+1]))
	}
	for _, f := range table {
		if _, given := r.lines[f.Key]; f.Required && !given {
			r.fail(f.Key, "it is missing")
		}
	}
	if e.Pooling != "" && !e.Embeddings {
		r.fail("pooling", "it is for embeddings only; set embeddings: true")
	}
	if e.Title == "" {
		e.Title = e.Name
	}
	return e
}

func (r *engineReader) key(e *Engine, table []engineField, name, item *yaml.Node) {
	key := name.Value
	if line, twice := r.lines[key]; twice {
		r.fail(key, "it stands in line %d already; keep one of them", line)
		return
	}
	if item.Kind == yaml.ScalarNode && item.Tag == "!!null" {
		return // a key without a value is not given
	}
	r.lines[key] = name.Line
	at := slices.IndexFunc(table, func(f engineField) bool { return f.Key == key })
	switch {
	case at < 0:
		r.unknownKey(key, table)
	case item.Kind != yaml.ScalarNode:
		r.fail(key, "it must be one plain value")
	default:
		if err := table[at].plain(e).set(item.Value); err != nil {
			r.fail(key, "%v", err)
		}
	}
}

func (r *engineReader) unknownKey(key string, table []engineField) {
	known := make([]string, len(table))
	for i, f := range table {
		known[i] = f.Key
	}
	hint := "there are " + strings.Join(known, ", ")
	if near := spelling.Nearest(strings.ReplaceAll(key, "-", "_"), known); near != "" {
		hint = "did you mean " + near + "?"
	}
	r.fail(key, "there is no such setting of an engine; %s", hint)
}
