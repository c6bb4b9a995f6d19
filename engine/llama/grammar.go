package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// rootRule is the name of a grammar's first rule.
const rootRule = "root"

// Bounds of a schema, and of the grammar that is made of it.
const (
	maxSchema     = 64 << 10
	maxDepth      = 64
	maxRules      = 4000
	maxRepetition = 1000 // of characters or items: the library writes each of them out
)

// grammar is what the answer must follow, in llama.cpp's notation (GBNF), or "".
func (q *chatRequest) grammar() (string, *failure) {
	f := q.ResponseFormat
	switch {
	case f == nil, f.Type == "text":
		return "", nil
	case f.Type == "json_object":
		text, err := grammarOf(json.RawMessage(`{"type":"object"}`))
		if err != nil {
			return "", internal("%v", err)
		}
		return text, nil
	case f.Type != "json_schema":
		return "", refused("response_format.type", "'response_format' has the type text, json_object or json_schema, not %q.", f.Type)
	case f.JSONSchema == nil || len(f.JSONSchema.Schema) == 0:
		return "", refused("response_format.json_schema", "'response_format.json_schema.schema' is missing.")
	}
	text, err := grammarOf(f.JSONSchema.Schema)
	if err != nil {
		return "", refused("response_format.json_schema.schema", "This schema can't be followed: %v.", err)
	}
	return text, nil
}

// grammarOf converts a JSON Schema. Every text that the grammar allows satisfies the schema;
// what it can't promise (say, a pattern) is refused by name. Properties come in the order of
// the schema.
func grammarOf(raw []byte) (string, error) {
	if len(raw) > maxSchema {
		return "", fmt.Errorf("it has more than %d bytes", maxSchema)
	}
	root, err := parseOrdered(raw)
	if err != nil {
		return "", err
	}
	c := &converter{root: root, byRef: map[string]string{}, common: map[string]bool{}}
	expression, err := c.schema("", root, 0)
	if err != nil {
		return "", err
	}
	c.rules = append(c.rules, rule{rootRule, expression})
	slices.Reverse(c.rules) // the root first: easier to read
	var out strings.Builder
	for _, r := range c.rules {
		out.WriteString(r.name + " ::= " + r.expression + "\n")
	}
	for _, r := range commonRules() {
		if c.common[r.name] {
			out.WriteString(r.name + " ::= " + r.expression + "\n")
		}
	}
	return out.String(), nil
}

type rule struct{ name, expression string }

// commonRules are the parts of JSON. White space and digits are bounded: a model that has
// nothing to say would go on with them for ever.
func commonRules() []rule {
	return []rule{
		{"value", `object | array | string | number | boolean | null`},
		{"object", `"{" ws (string ws ":" ws value ws ("," ws string ws ":" ws value ws)*)? "}"`},
		{"array", `"[" ws (value ws ("," ws value ws)*)? "]"`},
		{"string", `"\"" char* "\""`},
		{"char", `[^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" ([0-9a-cefA-CEF] hex hex hex | [dD] [0-7] hex hex))`},
		{"hex", `[0-9a-fA-F]`},
		{"number", `integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?`},
		{"integer", `"-"? ("0" | [1-9] [0-9]{0,15})`},
		{"boolean", `"true" | "false"`},
		{"null", `"null"`},
		{"ws", `(" " | "\n" [ ]{0,16})?`},
		{"date", `[0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | "1" [0-9] | "2" [0-8])`},
		{"time", `([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{1,9})? ("Z" | [+-] ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9])`},
		{"uuid", `hex{8} "-" hex{4} "-" hex{4} "-" hex{4} "-" hex{12}`},
	}
}

// converter makes rules of schemas.
type converter struct {
	root   *value
	rules  []rule
	byRef  map[string]string // the rule of what a $ref leads to
	common map[string]bool   // what is used of commonRules
	named  int
}

// use names a common rule, and takes in what it needs.
func (c *converter) use(name string) string {
	if c.common[name] {
		return name
	}
	c.common[name] = true
	needs := map[string][]string{
		"value": {"object", "array", "string", "number", "boolean", "null"}, "object": {"value", "string", "ws"}, "array": {"value", "ws"},
		"string": {"char"}, "char": {"hex"}, "number": {"integer"}, "uuid": {"hex"},
	}
	for _, need := range needs[name] {
		c.use(need)
	}
	return name
}

// rule adds a rule of its own for an expression, and returns its name.
func (c *converter) rule(expression string) (string, error) {
	if len(c.rules) >= maxRules {
		return "", errors.New("it is too large")
	}
	c.named++
	name := "r" + strconv.Itoa(c.named)
	c.rules = append(c.rules, rule{name, expression})
	return name, nil
}

// wrong is a problem at a place of the schema, such as /properties/a.
func wrong(at, format string, args ...any) error {
	if at == "" {
		at = "/"
	}
	return fmt.Errorf("at %s: %s", at, fmt.Sprintf(format, args...))
}

// annotations say nothing of what is valid.
func annotations() []string {
	return []string{
		"title", "description", "default", "examples", "example", "$schema", "$id", "$comment", "deprecated", "readOnly", "writeOnly",
		"$defs", "definitions",
	}
}

// schema is the expression for one schema.
func (c *converter) schema(at string, v *value, depth int) (string, error) {
	switch {
	case depth > maxDepth:
		return "", wrong(at, "it is nested too deep")
	case v.kind == 't': // true: anything
		return c.use("value"), nil
	case v.kind == 'f':
		return "", wrong(at, "nothing satisfies false")
	case v.kind != '{':
		return "", wrong(at, "a schema is an object")
	}
	for _, word := range []string{"$ref", "anyOf", "oneOf", "allOf", "const", "enum"} {
		if v.get(word) == nil {
			continue
		}
		if err := c.alone(at, v, word); err != nil {
			return "", err
		}
		switch word {
		case "$ref":
			return c.reference(at, v.get(word), depth)
		case "const":
			return literal(v.get(word).compact()), nil
		case "enum":
			return c.enumeration(at, v)
		}
		return c.combination(at, word, v.get(word), depth)
	}
	return c.typed(at, v, depth)
}

// alone refuses other words beside one that is followed alone. The type beside values says
// nothing more, if the values are of it; enumeration looks.
func (c *converter) alone(at string, v *value, word string) error {
	for _, m := range v.members {
		if m.key == word || slices.Contains(annotations(), m.key) || m.key == "type" && (word == "enum" || word == "const") {
			continue
		}
		return wrong(at, "%q beside %q is not supported", m.key, word)
	}
	return nil
}

func (c *converter) enumeration(at string, v *value) (string, error) {
	list := v.get("enum")
	if list.kind != '[' || len(list.items) == 0 {
		return "", wrong(at, "enum is a list of values")
	}
	var choices []string
	for _, item := range list.items {
		if types := v.get("type"); types == nil || hasType(types, item) {
			choices = append(choices, literal(item.compact()))
		}
	}
	if len(choices) == 0 {
		return "", wrong(at, "no value of enum is of its type")
	}
	return "(" + strings.Join(choices, " | ") + ")", nil
}

// hasType reports whether a value is of one of the types.
func hasType(types, item *value) bool {
	if types.kind == '[' {
		return slices.ContainsFunc(types.items, func(one *value) bool { return hasType(one, item) })
	}
	switch types.text {
	case "string":
		return item.kind == '"'
	case "number":
		return item.kind == '0'
	case "integer":
		return item.kind == '0' && !strings.ContainsAny(item.text, ".eE")
	case "boolean":
		return item.kind == 't' || item.kind == 'f'
	case "null":
		return item.kind == 'n'
	case "object":
		return item.kind == '{'
	case "array":
		return item.kind == '['
	}
	return false
}

// combination is anyOf, oneOf of schemas that exclude each other, or allOf of one.
func (c *converter) combination(at, word string, list *value, depth int) (string, error) {
	if list.kind != '[' || len(list.items) == 0 {
		return "", wrong(at, "%s is a list of schemas", word)
	}
	if word == "allOf" && len(list.items) > 1 {
		return "", wrong(at, "allOf of several schemas is not supported")
	}
	if word == "oneOf" && !exclusive(list.items) {
		return "", wrong(at, "oneOf is supported where the schemas have different types, or a required property with different values of const; use anyOf")
	}
	var choices []string
	for i, item := range list.items {
		expression, err := c.schema(at+"/"+word+"/"+strconv.Itoa(i), item, depth+1)
		if err != nil {
			return "", err
		}
		choices = append(choices, expression)
	}
	return "(" + strings.Join(choices, " | ") + ")", nil
}

// exclusive reports whether no value can satisfy two of the schemas, as far as that is easy
// to see.
func exclusive(schemas []*value) bool {
	for i, a := range schemas {
		for _, b := range schemas[i+1:] {
			if !disjoint(a, b) {
				return false
			}
		}
	}
	return true
}

func disjoint(a, b *value) bool {
	typeA, typeB := a.get("type"), b.get("type")
	if typeA == nil || typeB == nil || typeA.kind != '"' || typeB.kind != '"' {
		return false
	}
	if typeA.text != typeB.text {
		return typeA.text != "number" && typeB.text != "number" || typeA.text != "integer" && typeB.text != "integer"
	}
	for _, m := range a.get("properties").list() {
		constA, constB := m.value.get("const"), b.get("properties").get(m.key).get("const")
		if constA != nil && constB != nil && constA.compact() != constB.compact() && requires(a, m.key) && requires(b, m.key) {
			return true
		}
	}
	return false
}

func requires(schema *value, name string) bool {
	required := schema.get("required")
	return required != nil && slices.ContainsFunc(required.items, func(v *value) bool { return v.kind == '"' && v.text == name })
}

// reference follows a pointer within the schema. The rule's name is known before its
// expression, so that a schema may hold itself.
func (c *converter) reference(at string, ref *value, depth int) (string, error) {
	if ref.kind != '"' || ref.text != "#" && !strings.HasPrefix(ref.text, "#/") {
		return "", wrong(at, "$ref leads into the same schema only, such as #/$defs/name")
	}
	if name, ok := c.byRef[ref.text]; ok {
		return name, nil
	}
	to := c.root
	for step := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(ref.text, "#"), "/"), "/") {
		if ref.text == "#" {
			break
		}
		if to = to.get(strings.NewReplacer("~1", "/", "~0", "~").Replace(step)); to == nil {
			return "", wrong(at, "$ref %q leads nowhere", ref.text)
		}
	}
	if next := to.get("$ref"); next != nil && next.text == ref.text {
		return "", wrong(at, "$ref %q leads to itself", ref.text)
	}
	name, err := c.rule("")
	if err != nil {
		return "", err
	}
	place := len(c.rules) - 1
	c.byRef[ref.text] = name
	expression, err := c.schema(ref.text, to, depth+1)
	if err != nil {
		return "", err
	}
	c.rules[place].expression = expression
	return name, nil
}

// literal writes a text as GBNF does.
func literal(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(text) + `"`
}
