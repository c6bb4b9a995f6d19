package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// commandsNode is the list of commands as YAML.
func (c *Config) commandsNode() *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for i := range c.Commands {
		list.Content = append(list.Content, commandNode(&c.Commands[i]))
	}
	return list
}

// commandNode leaves nothing out, so that a reader sees all limits.
func commandNode(c *Command) *yaml.Node {
	out, limits := &yaml.Node{Kind: yaml.MappingNode}, &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range fields() {
		if name, ok := strings.CutPrefix(f.Key, limitPrefix); ok {
			limits.Content = append(limits.Content, stringNode(name), f.node(c))
		} else if node := f.node(c); len(node.Content) > 0 || node.Value != "" {
			out.Content = append(out.Content, stringNode(f.Key), node)
		}
	}
	out.Content = append(out.Content, stringNode(fieldLimits), limits)
	return out
}

func (f *field) node(c *Command) *yaml.Node {
	if f.tree != nil {
		return f.tree(c).node()
	}
	node := stringNode(f.text(c))
	switch f.Kind {
	case Boolean:
		node.Tag = "!!bool"
	case Integer:
		node.Tag = "!!int"
	}
	return node
}

// hashCommands writes what the file says of commands, where it differs from the
// defaults, without regard to the order.
func hashCommands(commands []Command, line func(key, text string)) {
	sorted := slices.SortedFunc(slices.Values(commands), func(a, b Command) int { return strings.Compare(a.Name, b.Name) })
	preset := defaultCommand()
	for i := range sorted {
		for _, f := range fields() {
			if text := f.text(&sorted[i]); text != f.text(&preset) {
				line(fmt.Sprintf("%s.%s.%s", keyCommands, sorted[i].Name, f.Key), text)
			}
		}
	}
}

// CommandsMarkdown is the manual's table of a command's settings.
func CommandsMarkdown() string {
	var text strings.Builder
	text.WriteString("| In a command | Default | What it is |\n")
	text.WriteString("| --- | --- | --- |\n")
	for _, f := range fields() {
		shown := Setting{Doc: f.Doc, Choices: f.Choices}
		preset := code(f.Default)
		if f.Required {
			preset = "required"
		}
		_, _ = fmt.Fprintf(&text, "| `%s` | %s | %s |\n", f.Key, preset, cell(shown.docText()))
	}
	return text.String()
}
