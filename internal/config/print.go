package config

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Dump is the whole configuration as a YAML file, with the origin of each value
// beside it and secrets hidden. Where no secret is set, the text can be used as a
// configuration file.
func (c *Config) Dump() []byte {
	root := &yaml.Node{Kind: yaml.MappingNode}
	for _, s := range Settings() {
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: s.Key}
		root.Content = append(root.Content, key, s.node(c))
	}
	commands := &yaml.Node{Kind: yaml.ScalarNode, Value: keyCommands, HeadComment: "# " + c.origins[keyCommands].String()}
	root.Content = append(root.Content, commands, c.commandsNode())
	engines := &yaml.Node{Kind: yaml.ScalarNode, Value: keyEngines, HeadComment: "# " + c.origins[keyEngines].String()}
	root.Content = append(root.Content, engines, c.enginesNode())
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	// A tree of scalars that was just made always encodes, and a Buffer takes all.
	_ = encoder.Encode(root)
	_ = encoder.Close()
	return out.Bytes()
}

// node is the value as YAML. Only what YAML has types for is written without
// quotes where it could be read as another type.
func (s *Setting) node(c *Config) *yaml.Node {
	comment := "# " + c.origins[s.Key].String()
	text := s.shown(c)
	if s.Kind == Prefixes {
		list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, LineComment: comment}
		for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' }) {
			list.Content = append(list.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: word})
		}
		return list
	}
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, LineComment: comment}
	switch s.Kind {
	case Boolean:
		node.Tag = "!!bool"
	case Integer:
		node.Tag = "!!int"
	}
	return node
}

// Markdown is the manual's table of all settings.
func Markdown() string {
	var text strings.Builder
	text.WriteString("| In the file | In the environment | On the command line | Default | What it is |\n")
	text.WriteString("| --- | --- | --- | --- | --- |\n")
	for _, s := range Settings() {
		_, _ = fmt.Fprintf(&text, "| `%s` | %s | %s | %s | %s |\n",
			s.Key, s.envCell(), code(s.flagText()), code(s.Default), cell(s.docText()))
	}
	return text.String()
}

func (s *Setting) envCell() string {
	if s.Secret {
		return code(s.Env) + " or " + code(s.Env+"_FILE")
	}
	return code(s.Env)
}

func (s *Setting) flagText() string {
	if s.Flag == "" {
		return ""
	}
	return "--" + s.Flag
}

// docText is the doc line with the choices after it.
func (s *Setting) docText() string {
	if len(s.Choices) == 0 {
		return s.Doc
	}
	return s.Doc + " One of `" + strings.Join(s.Choices, "`, `") + "`."
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

// cell escapes what would end a cell of a Markdown table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
