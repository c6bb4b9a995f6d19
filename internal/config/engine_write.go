package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Entry is the engine as an item of the file's list, two spaces in: what it says besides the
// defaults.
func (e Engine) Entry() string { return e.entry("  ") }

func (e Engine) entry(indent string) string {
	var text strings.Builder
	preset := defaultEngine()
	lead := indent + "- "
	for _, f := range engineFields() {
		value := f.plain(&e).text()
		if value == f.plain(&preset).text() || f.Key == "title" && value == e.Name {
			continue
		}
		written, err := yaml.Marshal(f.node(&e))
		if err != nil {
			panic("encode a plain value: " + err.Error()) // can't be
		}
		_, _ = fmt.Fprintf(&text, "%s%s: %s\n", lead, f.Key, strings.TrimSpace(string(written)))
		lead = indent + "  "
	}
	return text.String()
}

// errByHand is a file that can't be added to without a change of its other parts.
var errByHand = errors.New("its list of engines is not written as one item a line")

// AppendEngine is the process file's text with one engine more. All else stays byte for
// byte, comments included. The error says why that can't be done.
func AppendEngine(file []byte, e Engine) ([]byte, error) {
	root, err := parseFile(string(file))
	if err != nil {
		return nil, err
	}
	before, err := enginesOf(file)
	if err != nil {
		return nil, err
	}
	for _, one := range before {
		if one.Name == e.Name {
			return nil, fmt.Errorf("it has an engine called %s already", e.Name)
		}
	}
	out, err := insertEngine(file, root, e)
	if err != nil {
		return nil, err
	}
	after, err := enginesOf(out) // whatever the file looks like: it must mean what was meant
	if err != nil || len(after) != len(before)+1 || after[len(before)].Name != e.Name || after[len(before)].File != e.File {
		return nil, errByHand
	}
	return out, nil
}

func insertEngine(file []byte, root *yaml.Node, e Engine) ([]byte, error) {
	if len(file) > 0 && !bytes.HasSuffix(file, []byte("\n")) {
		file = append(bytes.Clone(file), '\n')
	}
	var list *yaml.Node
	for i := 0; root != nil && i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == keyEngines {
			list = root.Content[i+1]
		}
	}
	switch {
	case root != nil && root.Style&yaml.FlowStyle != 0:
		return nil, errByHand
	case list == nil:
		return append(bytes.Clone(file), []byte(keyEngines+":\n"+e.Entry())...), nil
	case list.Kind != yaml.SequenceNode || list.Style&yaml.FlowStyle != 0 || len(list.Content) == 0:
		return nil, errByHand
	}
	last := lastLine(list)
	lines := bytes.SplitAfter(file, []byte("\n"))
	if last > len(lines) {
		return nil, errByHand
	}
	// The item's own column is behind its hyphen.
	entry := e.entry(strings.Repeat(" ", max(0, list.Content[0].Column-3)))
	head, tail := bytes.Join(lines[:last], nil), bytes.Join(lines[last:], nil)
	return append(append(bytes.Clone(head), entry...), tail...), nil
}

// lastLine is the last line on which a value within the node begins.
func lastLine(n *yaml.Node) int {
	last := n.Line
	for _, child := range n.Content {
		last = max(last, lastLine(child))
	}
	return last
}

// enginesOf are the engines of a file's text.
func enginesOf(file []byte) ([]Engine, error) {
	root, err := parseFile(string(file))
	if err != nil {
		return nil, err
	}
	l := &loader{table: Settings(), config: newConfig()}
	for i := 0; root != nil && i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == keyEngines {
			l.engines(root.Content[i+1], Origin{Place: PlaceFile, Name: "the file", Line: root.Content[i].Line})
		}
	}
	if len(l.problems) > 0 {
		return nil, l.problems
	}
	return l.config.Engines, nil
}
