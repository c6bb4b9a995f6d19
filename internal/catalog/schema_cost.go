package catalog

import (
	"errors"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// What one schema may cost. A validator follows every way through a schema, and few
// lines can make very many of them.
const (
	maxAtOnce = 1000    // schemas checked for one value
	maxWays   = 100_000 // schemas checked for one input, arrays counted as one element
)

// coster counts the schemas that a validator goes through.
type coster struct {
	onceDone map[*jsonschema.Schema]int // in one place
	waysDone map[*jsonschema.Schema]int // there and below
	open     map[*jsonschema.Schema]bool
	endless  bool // a schema refers to itself for the same value
	again    bool // a schema refers to itself for a part of the value
}

// checkCost refuses a schema that is too dear to check inputs with. Where it is
// recursive, and checks a part in several ways, each level multiplies the work: depth
// is then how many levels an input may have, else 0.
func checkCost(schema *jsonschema.Schema) (depth int, err error) {
	c := &coster{
		onceDone: map[*jsonschema.Schema]int{}, waysDone: map[*jsonschema.Schema]int{}, open: map[*jsonschema.Schema]bool{},
	}
	ways, atOnce := c.ways(schema), 0
	for s := range c.waysDone {
		atOnce = max(atOnce, c.once(s))
	}
	switch {
	case c.endless:
		return 0, errors.New("refers to itself without end")
	case ways > maxWays || atOnce > maxAtOnce:
		return 0, errors.New("is too intricate: checking one input could take minutes")
	case !c.again:
		return 0, nil
	}
	branches := 1
	for s := range c.waysDone {
		branches = max(branches, branching(s))
	}
	if branches == 1 {
		return 0, nil
	}
	for n := 1; n <= maxWays; n *= branches {
		depth++
	}
	return depth, nil
}

// once counts the schemas that are checked for one value.
func (c *coster) once(s *jsonschema.Schema) int {
	if n, ok := c.onceDone[s]; ok {
		return n
	}
	if c.open[s] {
		c.endless = true
		return 1
	}
	c.open[s] = true
	n := 1
	for _, part := range sameValue(s) {
		n = min(n+c.once(part), maxWays+1)
	}
	delete(c.open, s)
	c.onceDone[s] = n
	return n
}

// ways counts the schemas below as well.
func (c *coster) ways(s *jsonschema.Schema) int {
	if n, ok := c.waysDone[s]; ok {
		c.again = c.again || n == 0
		return max(n, 1)
	}
	c.waysDone[s] = 0 // being counted
	n := 1
	for _, part := range append(sameValue(s), partValues(s)...) {
		n = min(n+c.ways(part), maxWays+1)
	}
	c.waysDone[s] = n
	return n
}

// branching is the most ways in which one part of a value is checked, over the schemas
// that hold for the value itself.
func branching(s *jsonschema.Schema) int {
	most := 1
	ways := map[string]int{}
	var count func(*jsonschema.Schema)
	count = func(s *jsonschema.Schema) {
		for name := range s.Properties {
			ways["."+name]++
		}
		if rest := len(partValues(s)) - len(s.Properties); rest > 0 {
			ways[""] += rest // may be about any part
		}
		for _, part := range sameValue(s) {
			count(part)
		}
	}
	count(s)
	for name, n := range ways {
		if name != "" {
			n += ways[""]
		}
		most = max(most, n)
	}
	return most
}

// sameValue are the schemas that a schema checks for its own value.
func sameValue(s *jsonschema.Schema) []*jsonschema.Schema {
	var all []*jsonschema.Schema
	add := func(some ...*jsonschema.Schema) {
		for _, one := range some {
			if one != nil {
				all = append(all, one)
			}
		}
	}
	add(s.Ref, s.RecursiveRef, s.Not, s.If, s.Then, s.Else)
	if s.DynamicRef != nil {
		add(s.DynamicRef.Ref)
	}
	add(s.AllOf...)
	add(s.AnyOf...)
	add(s.OneOf...)
	for _, one := range s.DependentSchemas {
		add(one)
	}
	for _, one := range s.Dependencies {
		if one, ok := one.(*jsonschema.Schema); ok {
			add(one)
		}
	}
	return all
}

// partValues are the schemas that a schema checks for parts of its value.
func partValues(s *jsonschema.Schema) []*jsonschema.Schema {
	var all []*jsonschema.Schema
	add := func(some ...*jsonschema.Schema) {
		for _, one := range some {
			if one != nil {
				all = append(all, one)
			}
		}
	}
	for _, one := range s.Properties {
		add(one)
	}
	for _, one := range s.PatternProperties {
		add(one)
	}
	for _, maybe := range []any{s.AdditionalProperties, s.Items, s.AdditionalItems} {
		switch some := maybe.(type) {
		case *jsonschema.Schema:
			add(some)
		case []*jsonschema.Schema:
			add(some...)
		}
	}
	add(s.UnevaluatedProperties, s.PropertyNames, s.Contains, s.Items2020, s.UnevaluatedItems, s.ContentSchema)
	add(s.PrefixItems...)
	return all
}
