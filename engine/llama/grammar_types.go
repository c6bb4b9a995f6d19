package main

import (
	"slices"
	"strconv"
	"strings"
)

// typed is the expression for a schema with a type, or one whose words show it.
func (c *converter) typed(at string, v *value, depth int) (string, error) {
	var types []string
	switch t := v.get("type"); {
	case t == nil && (v.get("properties") != nil || v.get("required") != nil || v.get("additionalProperties") != nil):
		types = []string{"object"}
	case t == nil && (v.get("items") != nil):
		types = []string{"array"}
	case t == nil:
		types = []string{""} // any value
	case t.kind == '"':
		types = []string{t.text}
	case t.kind == '[' && len(t.items) > 0:
		for _, item := range t.items {
			types = append(types, item.text)
		}
	default:
		return "", wrong(at, "type is a name or a list of names")
	}
	if err := c.known(at, v, types); err != nil {
		return "", err
	}
	var choices []string
	for _, name := range types {
		expression, err := c.oneType(at, name, v, depth)
		if err != nil {
			return "", err
		}
		choices = append(choices, expression)
	}
	if len(choices) == 1 {
		return choices[0], nil
	}
	return "(" + strings.Join(choices, " | ") + ")", nil
}

// known refuses words that would have to be followed and can't be.
func (c *converter) known(at string, v *value, types []string) error {
	words := append(annotations(), "type")
	for _, name := range types {
		switch name {
		case "object":
			words = append(words, "properties", "required", "additionalProperties")
		case "array":
			words = append(words, "items", "minItems", "maxItems")
		case "string":
			words = append(words, "minLength", "maxLength", "format")
		}
	}
	for _, m := range v.members {
		if !slices.Contains(words, m.key) {
			return wrong(at, "%q is not supported", m.key)
		}
	}
	return nil
}

func (c *converter) oneType(at, name string, v *value, depth int) (string, error) {
	switch name {
	case "":
		return c.use("value"), nil
	case "number", "integer", "boolean", "null":
		return c.use(name), nil
	case "string":
		return c.text(at, v)
	case "array":
		return c.array(at, v, depth)
	case "object":
		return c.object(at, v, depth)
	}
	return "", wrong(at, "there is no type %q", name)
}

// text is a string, perhaps of a format or with a bounded length.
func (c *converter) text(at string, v *value) (string, error) {
	least, most, err := bounds(at, v, "minLength", "maxLength")
	if err != nil {
		return "", err
	}
	if format := v.get("format"); format != nil {
		if v.get("minLength") != nil || v.get("maxLength") != nil {
			return "", wrong(at, "a length beside format is not supported")
		}
		switch format.text {
		case "date", "time", "uuid":
			return `"\"" ` + c.use(format.text) + ` "\""`, nil
		case "date-time":
			return `"\"" ` + c.use("date") + ` "T" ` + c.use("time") + ` "\""`, nil
		}
		return "", wrong(at, "the format %q is not supported; there are date, time, date-time and uuid", format.text)
	}
	if least == 0 && most < 0 {
		return c.use("string"), nil
	}
	return `"\"" ` + c.use("char") + repetition(least, most) + ` "\""`, nil
}

func repetition(least, most int) string {
	if most < 0 {
		return "{" + strconv.Itoa(least) + ",}"
	}
	return "{" + strconv.Itoa(least) + "," + strconv.Itoa(most) + "}"
}

// bounds reads two words; most is -1 where there is none.
func bounds(at string, v *value, low, high string) (least, most int, err error) {
	most = -1
	for name, to := range map[string]*int{low: &least, high: &most} {
		word := v.get(name)
		if word == nil {
			continue
		}
		n, err := strconv.Atoi(word.text)
		if word.kind != '0' || err != nil || n < 0 {
			return 0, 0, wrong(at, "%s is a whole number, not negative", name)
		}
		if n > maxRepetition {
			return 0, 0, wrong(at, "%s is at most %d here", name, maxRepetition)
		}
		*to = n
	}
	if most >= 0 && least > most {
		return 0, 0, wrong(at, "%s is more than %s", low, high)
	}
	return least, most, nil
}

func (c *converter) array(at string, v *value, depth int) (string, error) {
	least, most, err := bounds(at, v, "minItems", "maxItems")
	if err != nil {
		return "", err
	}
	ws := c.use("ws")
	if most == 0 {
		return `"[" ` + ws + ` "]"`, nil
	}
	item := c.use("value")
	if items := v.get("items"); items != nil {
		expression, err := c.schema(at+"/items", items, depth+1)
		if err != nil {
			return "", err
		}
		if item, err = c.rule(expression); err != nil {
			return "", err
		}
	}
	if most > 0 {
		most--
	}
	list := item + " " + ws + ` ("," ` + ws + " " + item + " " + ws + ")" + repetition(max(0, least-1), most)
	if least == 0 {
		list = "(" + list + ")?"
	}
	return `"[" ` + ws + " " + list + ` "]"`, nil
}

// object lists the declared properties in their order. Others may be there only where none
// are declared: to leave them out is always allowed.
func (c *converter) object(at string, v *value, depth int) (string, error) {
	properties, more := v.get("properties"), v.get("additionalProperties")
	if properties != nil && properties.kind != '{' {
		return "", wrong(at, "properties is an object of schemas")
	}
	required := map[string]bool{}
	if list := v.get("required"); list != nil {
		for _, item := range list.items {
			required[item.text] = true
		}
	}
	for name := range required {
		if properties.get(name) == nil {
			return "", wrong(at, "%q is required, but not among the properties", name)
		}
	}
	ws := c.use("ws")
	if len(properties.list()) == 0 {
		return c.anyObject(at, more, depth)
	}
	members, err := c.members(at, properties.list(), required, depth)
	if err != nil {
		return "", err
	}
	return `"{" ` + ws + " " + members + ` "}"`, nil
}

// anyObject is an object without declared properties.
func (c *converter) anyObject(at string, more *value, depth int) (string, error) {
	ws := c.use("ws")
	switch {
	case more == nil, more.kind == 't':
		return c.use("object"), nil
	case more.kind == 'f':
		return `"{" ` + ws + ` "}"`, nil
	}
	expression, err := c.schema(at+"/additionalProperties", more, depth+1)
	if err != nil {
		return "", err
	}
	// A name that came already would replace the earlier value, which is valid as well.
	member, err := c.rule(c.use("string") + " " + ws + ` ":" ` + ws + " (" + expression + ") " + ws)
	if err != nil {
		return "", err
	}
	return `"{" ` + ws + " (" + member + ` ("," ` + ws + " " + member + ")*)? " + `"}"`, nil
}

// members makes two rules for each place in the list, from the last to the first: what can
// follow where a member stands before it, and so a comma is needed, and where none does.
func (c *converter) members(at string, list []member, required map[string]bool, depth int) (string, error) {
	ws := c.use("ws")
	after, first := `""`, `""`
	for i := len(list) - 1; i >= 0; i-- {
		m := list[i]
		expression, err := c.schema(at+"/properties/"+m.key, m.value, depth+1)
		if err != nil {
			return "", err
		}
		one := literal(quote(m.key)) + " " + ws + ` ":" ` + ws + " (" + expression + ") " + ws
		if one, err = c.rule(one); err != nil {
			return "", err
		}
		first1, after1 := one+" "+after, `"," `+ws+" "+one+" "+after
		if !required[m.key] {
			first1, after1 = first1+" | "+first, `("," `+ws+" "+one+")? "+after
		}
		if first, err = c.rule(first1); err != nil {
			return "", err
		}
		if after, err = c.rule(after1); err != nil {
			return "", err
		}
	}
	return first, nil
}
