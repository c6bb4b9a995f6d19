package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"skytower/internal/skytells"
)

// resourceFile is what a resource file may hold: what the server loads as a whole, and
// what the command line sets after it.
type resourceFile struct {
	skytells.Resources `yaml:",inline"`

	Settings *skytells.Settings   `json:"settings,omitempty" yaml:"settings,omitempty"`
	Limits   []skytells.LimitRule `json:"limits,omitempty" yaml:"limits,omitempty"`

	settings json.RawMessage // as the file has them: what it does not name stays as it is
}

// decode reads a document that was checked.
func (f *resourceFile) decode(document *yaml.Node) error {
	if err := document.Decode(&f.Resources); err != nil {
		return err
	}
	var rest struct {
		Settings any `yaml:"settings"`
		Limits   any `yaml:"limits"`
	}
	if err := document.Decode(&rest); err != nil {
		return err
	}
	if rest.Settings != nil {
		text, err := json.Marshal(rest.Settings)
		if err != nil {
			return err
		}
		f.settings, f.Settings = text, &skytells.Settings{}
		if err := json.Unmarshal(text, f.Settings); err != nil {
			return err
		}
	}
	if rest.Limits == nil {
		return nil
	}
	text, err := json.Marshal(rest.Limits)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, &f.Limits)
}

// add puts a further document of the same file behind the first ones.
func (f *resourceFile) add(more resourceFile) {
	f.Guards = append(f.Guards, more.Guards...)
	f.Providers = append(f.Providers, more.Providers...)
	f.Models = append(f.Models, more.Models...)
	f.Limits = append(f.Limits, more.Limits...)
	if more.Settings != nil {
		f.Settings, f.settings = more.Settings, more.settings
	}
}

func (f *resourceFile) empty() bool {
	return len(f.Guards)+len(f.Providers)+len(f.Models)+len(f.Limits) == 0 && f.Settings == nil
}

// more is what has to change of settings and limits, which the server does not load with
// the rest of a file.
type more struct {
	changes  []skytells.ResourceChange
	settings *skytells.Settings // nil: they stay
	limits   []skytells.LimitRule
}

// plan compares settings and limits with the server's. Limits that the file does not name
// stay.
func (f *resourceFile) plan(ctx context.Context, c *skytells.Client) (more, error) {
	var m more
	if f.Settings != nil {
		now, err := c.Settings(ctx)
		if err != nil {
			return m, err
		}
		wanted := now
		if err := json.Unmarshal(f.settings, &wanted); err != nil {
			return m, err
		}
		change, err := compare("settings", "settings", now, wanted)
		if err != nil {
			return m, err
		}
		if m.changes = append(m.changes, change); change.Action != "unchanged" {
			m.settings = &wanted
		}
	}
	if len(f.Limits) == 0 {
		return m, nil
	}
	rules, err := c.LimitRules(ctx, "")
	if err != nil {
		return m, err
	}
	for _, wanted := range f.Limits {
		change, err := planLimit(rules, wanted)
		if err != nil {
			return m, err
		}
		if m.changes = append(m.changes, change); change.Action != "unchanged" {
			m.limits = append(m.limits, wanted)
		}
	}
	return m, nil
}

// planLimit compares a limit with the one of the same scope.
func planLimit(rules []skytells.LimitRule, wanted skytells.LimitRule) (skytells.ResourceChange, error) {
	for _, now := range rules {
		if limitName(now) == limitName(wanted) {
			now.ID = ""
			return compare("limit", limitName(wanted), now, wanted)
		}
	}
	change, err := compare("limit", limitName(wanted), skytells.LimitRule{}, wanted)
	change.Action = "create"
	return change, err
}

// limitName is a limit's scope, which is what tells limits apart.
func limitName(r skytells.LimitRule) string {
	parts := []string{r.Account}
	for _, part := range [][2]string{{"key", r.Key}, {"surface", r.Surface}, {"route", r.Route}, {"model", r.Model}} {
		if part[1] != "" {
			parts = append(parts, part[0]+"="+part[1])
		}
	}
	return strings.Join(parts, " ")
}

// compare tells the fields apart by their JSON.
func compare(kind, name string, now, wanted any) (skytells.ResourceChange, error) {
	change := skytells.ResourceChange{Kind: kind, Name: name, Action: "unchanged"}
	before, err := fieldsOf(now)
	if err != nil {
		return change, err
	}
	after, err := fieldsOf(wanted)
	if err != nil {
		return change, err
	}
	for _, field := range knownFields(reflect.TypeOf(wanted)).names {
		old, next := before[field], after[field]
		if fmt.Sprint(old) == fmt.Sprint(next) {
			continue
		}
		change.Action = "update"
		change.Fields = append(change.Fields, field+": "+shownValue(old)+" → "+shownValue(next))
	}
	return change, nil
}

func fieldsOf(v any) (map[string]any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	return fields, json.Unmarshal(text, &fields)
}

func shownValue(v any) string {
	if v == nil || v == "" {
		return "(none)"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return strings.Trim(string(text), `"`)
}

// apply sets what has to change.
func (m more) apply(ctx context.Context, c *skytells.Client) error {
	if m.settings != nil {
		if _, err := c.PutSettings(ctx, *m.settings); err != nil {
			return fmt.Errorf("settings: %w", err)
		}
	}
	for _, rule := range m.limits {
		if _, err := c.PutLimit(ctx, rule); err != nil {
			return fmt.Errorf("limit of %s: %w", limitName(rule), err)
		}
	}
	return nil
}
