package command

import (
	"fmt"
	"maps"
	"slices"
)

// Missing says of each command whose program is not there why it is not found, in the
// order of their names.
func (p *Provider) Missing() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p.programs)) {
		if err := p.MissingOf(name); err != nil {
			out = append(out, err.Error())
		}
	}
	return out
}

// MissingOf is Missing of one command; nil where its program is there.
func (p *Provider) MissingOf(name string) error {
	c := p.programs[name]
	if c == nil {
		return fmt.Errorf("there is no command %q", name)
	}
	if _, err := findProgram(c.Argv[0].String(), environment(c.Command, "")); err != nil {
		return fmt.Errorf("command %s: %w", name, err)
	}
	return nil
}

// Names are those of the commands, sorted.
func (p *Provider) Names() []string { return slices.Sorted(maps.Keys(p.programs)) }
