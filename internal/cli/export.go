package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"skytower/internal/skytells"
)

type exportCommand struct {
	Output   string   `short:"o" type:"path" placeholder:"FILE" help:"Write it here, in place of standard output; what is there is replaced."`
	Only     []string `placeholder:"providers,models,settings,limits" help:"Only these parts; routers are models."`
	Portable bool     `help:"For another server: names a variable where a secret is kept, and leaves out the limits, which belong to accounts of this one."`
}

// Words that the server uses for what no file and no person made.
const (
	managedBuiltin = "built-in"
	managedFile    = "process file"
	localProvider  = "local"
	credentialSet  = "set" // a literal credential, which nobody gets to see
)

// Run writes the server's resources as 'skytower apply -f' takes them back.
func (e *exportCommand) Run(ctx context.Context, s *session) error {
	if err := e.check(); err != nil {
		return err
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	whole, err := e.read(ctx, c)
	if err != nil {
		return err
	}
	text, err := whole.yaml(c.URL(), s.Version)
	if err == nil && s.JSON {
		text, err = asJSON(text)
	}
	if err != nil {
		return fmt.Errorf("write the resources: %w", err)
	}
	if e.Output == "" {
		_, err = s.Stdout.Write(text)
		return err
	}
	if err := replaceFile(e.Output, text); err != nil {
		return fmt.Errorf("write %s: %w", e.Output, withoutPath(err))
	}
	s.note("Wrote %d providers, %d models and %d limits to %s.", len(whole.Providers), len(whole.Models), len(whole.Limits), filepath.Base(e.Output))
	return nil
}

// asJSON is YAML in the form of JSON, which 'apply' takes as well.
func asJSON(text []byte) ([]byte, error) {
	var whole map[string]any
	if err := yaml.Unmarshal(text, &whole); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(whole, "", "  ")
	return append(text, '\n'), err
}

func parts() []string { return []string{"guards", "providers", "models", "settings", "limits"} }

func (e *exportCommand) check() error {
	for _, part := range e.Only {
		if !slices.Contains(parts(), part) {
			return usagef("--only takes %s, not %q%s", strings.Join(parts(), ", "), part, didYouMean(part, parts()))
		}
	}
	return nil
}

func (e *exportCommand) wants(part string) bool {
	return len(e.Only) == 0 && !(e.Portable && part == "limits") || slices.Contains(e.Only, part)
}

func (e *exportCommand) read(ctx context.Context, c *skytells.Client) (whole resourceFile, err error) {
	if e.wants("guards") {
		if whole.Guards, err = c.Guards(ctx); err != nil {
			return whole, err
		}
		for i := range whole.Guards {
			whole.Guards[i].Managed = ""
		}
	}
	if e.wants("providers") {
		if whole.Providers, err = c.Providers(ctx); err != nil {
			return whole, err
		}
		whole.Providers = slices.DeleteFunc(whole.Providers, func(p skytells.ProviderSpec) bool {
			return p.Managed == managedFile || p.Managed == managedBuiltin || p.Kind == localProvider || p.Kind == "command"
		})
		e.references(whole.Providers)
	}
	if e.wants("models") {
		models, err := c.ModelSpecs(ctx)
		if err != nil {
			return whole, err
		}
		for _, m := range models {
			if m, ok := exported(m); ok {
				whole.Models = append(whole.Models, m)
			}
		}
	}
	if e.wants("settings") {
		settings, err := c.Settings(ctx)
		if err != nil {
			return whole, err
		}
		whole.Settings = &settings
	}
	if e.wants("limits") {
		whole.Limits, err = c.LimitRules(ctx, "")
	}
	for i := range whole.Limits {
		whole.Limits[i].ID = ""
	}
	return whole, err
}

// references names a variable for each secret that is kept, where the file is for another
// server: "set" keeps a secret that is there.
func (e *exportCommand) references(providers []skytells.ProviderSpec) {
	for i := range providers {
		p := &providers[i]
		if p.Managed = ""; e.Portable && p.Credential == credentialSet {
			p.Credential = "env:" + variableOf(p.Name)
		}
	}
}

// variableOf is a name for the variable that holds a provider's credential.
func variableOf(provider string) string {
	return strings.ToUpper(regexp.MustCompile(`[^0-9A-Za-z]+`).ReplaceAllString(provider, "_")) + "_API_KEY"
}

// exported is a model as a file has it. A model that is built in is there anyway: of it
// only what an operator chose goes along, and nothing if he chose nothing.
func exported(m skytells.ModelSpec) (skytells.ModelSpec, bool) {
	builtin := m.Managed == managedBuiltin || m.Slug == defaultRouter ||
		len(m.Targets) == 1 && m.Targets[0].Provider == localProvider
	if m.Managed == managedFile {
		return m, false
	}
	m.Managed, m.Open = "", false
	if m.Pricing != nil {
		price := *m.Pricing
		price.Version = 0
		m.Pricing = &price
	}
	switch {
	case !builtin:
		return m, true
	case m.Slug == defaultRouter:
		return skytells.ModelSpec{Slug: m.Slug, Name: m.Name, Description: m.Description, Aliases: m.Aliases, Router: m.Router}, m.Router != nil || len(m.Aliases) > 0
	}
	return skytells.ModelSpec{Slug: m.Slug, Aliases: m.Aliases, Offline: m.Offline}, m.Offline || len(m.Aliases) > 0
}

// yaml is the file with what a reader of it must know.
func (f resourceFile) yaml(server, version string) ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Exported by skytower %s from %s.\n"+
		"# 'skytower apply -f FILE' takes it back; with --once, nothing is managed by the file afterwards.\n", version, server)
	for _, section := range []struct {
		name  string
		value any
		empty bool
	}{
		{"guards", f.Guards, len(f.Guards) == 0},
		{"providers", f.Providers, len(f.Providers) == 0}, {"models", f.Models, len(f.Models) == 0},
		{"settings", f.Settings, f.Settings == nil}, {"limits", f.Limits, len(f.Limits) == 0},
	} {
		if section.empty {
			continue
		}
		node, err := sectionNode(section.name, section.value)
		if err != nil {
			return nil, err
		}
		out.WriteString("\n")
		encoder := yaml.NewEncoder(&out)
		encoder.SetIndent(2)
		if err := encoder.Encode(node); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// sectionNode is one section as YAML. Providers and models have names of their own in
// YAML; settings and limits have those of JSON.
func sectionNode(name string, value any) (*yaml.Node, error) {
	if name == "settings" || name == "limits" {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		var node yaml.Node // JSON is YAML, and keeps its order so
		if err := yaml.Unmarshal(text, &node); err != nil {
			return nil, err
		}
		blockStyle(node.Content[0])
		withoutEmpty(node.Content[0])
		return named(name, node.Content[0]), nil
	}
	var node yaml.Node
	if err := node.Encode(value); err != nil {
		return nil, err
	}
	commentCredentials(&node)
	plainAmounts(&node, false)
	return named(name, &node), nil
}

func named(name string, value *yaml.Node) *yaml.Node {
	key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{key, value}}
}

// blockStyle writes JSON's nodes as YAML is usually written.
func blockStyle(n *yaml.Node) {
	n.Style = 0
	for _, part := range n.Content {
		blockStyle(part)
	}
}

// withoutEmpty takes fields away that hold an empty text, in a list of limits: an id that
// was taken away, or "each of them".
func withoutEmpty(n *yaml.Node) {
	for _, item := range n.Content {
		if n.Kind != yaml.SequenceNode || item.Kind != yaml.MappingNode {
			return
		}
		kept := item.Content[:0:0]
		for i := 0; i+1 < len(item.Content); i += 2 {
			if item.Content[i+1].Value != "" {
				kept = append(kept, item.Content[i], item.Content[i+1])
			}
		}
		item.Content = kept
	}
}

// plainAmounts writes prices without the quotes that a text needs.
func plainAmounts(n *yaml.Node, price bool) {
	for i, part := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 {
			switch key := n.Content[i-1].Value; {
			case key == "pricing" || key == "cost":
				plainAmounts(part, true)
				continue
			case key == "value" || strings.HasSuffix(key, "_schema"):
				continue // of any type
			}
		}
		if price && part.Kind == yaml.ScalarNode && regexp.MustCompile(`^-?\d{1,12}(\.\d{1,15})?$`).MatchString(part.Value) {
			part.Style, part.Tag = 0, "" // found by its looks
		}
		plainAmounts(part, price)
	}
}

// commentCredentials says beside each credential what it is.
func commentCredentials(list *yaml.Node) {
	for _, item := range list.Content {
		name := ""
		for i := 0; i+1 < len(item.Content); i += 2 {
			key, value := item.Content[i], item.Content[i+1]
			switch {
			case key.Value == "name":
				name = value.Value
			case key.Value != "credential":
			case value.Value == credentialSet:
				value.LineComment = "the secret that the server keeps; elsewhere write env:" + variableOf(name) + " or file:PATH"
			case strings.HasPrefix(value.Value, "env:"):
				value.LineComment = "a variable of the server"
			case strings.HasPrefix(value.Value, "file:"):
				value.LineComment = "a file of the server"
			}
		}
	}
}
