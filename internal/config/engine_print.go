package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// enginesNode is the list of engines as YAML.
func (c *Config) enginesNode() *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for i := range c.Engines {
		out := &yaml.Node{Kind: yaml.MappingNode}
		for _, f := range engineFields() {
			if node := f.node(&c.Engines[i]); node.Value != "" {
				out.Content = append(out.Content, stringNode(f.Key), node)
			}
		}
		list.Content = append(list.Content, out)
	}
	return list
}

func (f *engineField) node(e *Engine) *yaml.Node {
	node := stringNode(f.plain(e).text())
	switch f.Kind {
	case Boolean:
		node.Tag = "!!bool"
	case Integer:
		node.Tag = "!!int"
	}
	return node
}

// hashEngines is hashCommands for engines.
func hashEngines(engines []Engine, line func(key, text string)) {
	sorted := slices.SortedFunc(slices.Values(engines), func(a, b Engine) int { return strings.Compare(a.Name, b.Name) })
	preset := defaultEngine()
	for i := range sorted {
		for _, f := range engineFields() {
			if text := f.plain(&sorted[i]).text(); text != f.plain(&preset).text() {
				line(fmt.Sprintf("%s.%s.%s", keyEngines, sorted[i].Name, f.Key), text)
			}
		}
	}
}

// EnginesMarkdown is the manual's table of an engine's settings.
func EnginesMarkdown() string {
	var text strings.Builder
	text.WriteString("| In an engine | Default | What it is |\n")
	text.WriteString("| --- | --- | --- |\n")
	for _, f := range engineFields() {
		choices := slices.DeleteFunc(slices.Clone(f.Choices), func(one string) bool { return one == "" })
		shown := Setting{Doc: f.Doc, Choices: choices}
		preset := code(f.Default)
		if f.Required {
			preset = "required"
		}
		_, _ = fmt.Fprintf(&text, "| `%s` | %s | %s |\n", f.Key, preset, cell(shown.docText()))
	}
	return text.String()
}

// enginesSchema is the JSON Schema of the list of engines.
func enginesSchema() node {
	own := node{}
	var required []string
	for _, f := range engineFields() {
		own[f.Key] = f.schema()
		if f.Required {
			required = append(required, f.Key)
		}
	}
	return node{
		"description": "GGUF files on this machine that serve as chat or embeddings models.",
		"type":        []string{"array", "null"},
		"maxItems":    maxEngines,
		"items":       node{"type": "object", "additionalProperties": false, "required": required, "properties": own},
	}
}

func (f *engineField) schema() node {
	out := formOf(f.plain(&Engine{}), f.Kind, f.Choices)
	like := Setting{Kind: f.Kind, Default: f.Default}
	if preset := like.presetJSON(); f.Default != "" && preset != nil {
		out["default"] = preset
	}
	if f.Required {
		out = given(out)
	}
	out["description"] = plainDoc(f.Doc)
	return out
}
