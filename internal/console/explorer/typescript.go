package explorer

import (
	"encoding/json"
	"strconv"
	"strings"
)

// typescript writes the types of a document.
type typescript struct {
	out  strings.Builder
	spec *spec
}

// definitions is one file with every type, for a project that needs no client.
func (s *spec) definitions() string {
	w := &typescript{spec: s}
	w.line(0, "// Types of the API of this Skytower, made from its /openapi.json.")
	for _, name := range s.schemaNames() {
		w.line(0, "")
		w.declare(name)
	}
	w.line(0, "")
	w.line(0, "/** What each operation takes and gives. */")
	w.line(0, "export interface Operations {")
	for _, o := range s.Operations {
		w.operation(o)
	}
	w.line(0, "}")
	return w.out.String()
}

// schemaType is the declaration of one schema.
func (s *spec) schemaType(name string) string {
	w := &typescript{spec: s}
	w.declare(name)
	return w.out.String()
}

// operationTypes are the declarations that one operation needs, its own last.
func (s *spec) operationTypes(o *operation) string {
	w := &typescript{spec: s}
	for _, name := range s.reached(o) {
		w.declare(name)
		w.line(0, "")
	}
	w.line(0, "export interface Operations {")
	w.operation(o)
	w.line(0, "}")
	return w.out.String()
}

// reached are the names of the schemas that an operation's good path needs.
func (s *spec) reached(o *operation) []string {
	seen := map[string]bool{}
	if o.Body != nil {
		s.reach(o.Body.Schema, seen)
	}
	for _, a := range o.Answers {
		if a.Status >= 300 {
			continue
		}
		s.reach(a.Schema, seen)
		if a.Stream != nil {
			for _, e := range a.Stream.Events {
				s.reach(e.Schema, seen)
			}
		}
	}
	var names []string
	for _, name := range s.schemaNames() {
		if seen[name] {
			names = append(names, name)
		}
	}
	return names
}

func (s *spec) reach(of *schema, seen map[string]bool) {
	if of == nil {
		return
	}
	if name := of.name(); name != "" {
		if !seen[name] {
			seen[name] = true
			s.reach(s.Schemas[name], seen)
		}
		return
	}
	for _, p := range of.Properties {
		s.reach(p, seen)
	}
	s.reach(of.Items, seen)
	s.reach(of.more(), seen)
	for _, list := range [][]*schema{of.OneOf, of.AnyOf, of.AllOf} {
		for _, part := range list {
			s.reach(part, seen)
		}
	}
}

func (w *typescript) line(depth int, text string) {
	w.out.WriteString(strings.Repeat("  ", depth) + text + "\n")
}

func (w *typescript) declare(name string) {
	s := w.spec.Schemas[name]
	w.doc(0, notes(s))
	if plainObject(s) {
		w.line(0, "export interface "+name+" "+w.object(s, 0))
		return
	}
	w.line(0, "export type "+name+" = "+w.of(s, 0)+";")
}

// doc writes a comment; text may have several lines.
func (w *typescript) doc(depth int, text string) {
	if text == "" {
		return
	}
	text = strings.ReplaceAll(text, "*/", "*\u200b/")
	lines := strings.Split(text, "\n")
	if len(lines) == 1 {
		w.line(depth, "/** "+text+" */")
		return
	}
	w.line(depth, "/**")
	for _, l := range lines {
		w.line(depth, " * "+l)
	}
	w.line(depth, " */")
}

// notes are what types cannot say: the description, bounds, the default.
func notes(s *schema) string {
	if s == nil {
		return ""
	}
	parts := []string{}
	if s.Description != "" {
		parts = append(parts, s.Description)
	}
	if b := s.bounds(); b != "" {
		parts = append(parts, b)
	}
	return strings.Join(parts, "\n")
}

// bounds say what a value must satisfy besides its type, in words.
func (s *schema) bounds() string {
	var parts []string
	add := func(word string, n *json.Number) {
		if n != nil {
			parts = append(parts, word+" "+n.String())
		}
	}
	add("at least", s.Minimum)
	add("at most", s.Maximum)
	add("length at least", s.MinLength)
	add("length at most", s.MaxLength)
	if s.Pattern != "" {
		parts = append(parts, "pattern "+s.Pattern)
	}
	if len(s.Default) > 0 {
		parts = append(parts, "default "+string(s.Default))
	}
	text := strings.Join(parts, ", ")
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

func plainObject(s *schema) bool {
	return s != nil && s.Ref == "" && len(s.choices())+len(s.AllOf) == 0 && len(s.Type) == 1 && s.Type[0] == "object" && len(s.Properties) > 0
}

// of is the type of a schema as an expression.
func (w *typescript) of(s *schema, depth int) string {
	switch {
	case s == nil:
		return "unknown"
	case s.Ref != "":
		return s.name()
	case len(s.Const) > 0:
		return string(s.Const)
	case len(s.Enum) > 0:
		return literals(s.Enum)
	case len(s.choices()) > 0:
		return w.join(s.choices(), " | ", depth)
	case len(s.AllOf) > 0:
		return w.join(s.AllOf, " & ", depth)
	case len(s.Type) == 0:
		return "unknown"
	}
	var parts []string
	for _, t := range s.Type {
		parts = append(parts, w.basic(t, s, depth))
	}
	return strings.Join(parts, " | ")
}

func (w *typescript) join(list []*schema, with string, depth int) string {
	var parts []string
	for _, part := range list {
		text := w.of(part, depth)
		if with == " & " && strings.Contains(text, " | ") {
			text = "(" + text + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, with)
}

func literals(values []json.RawMessage) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = string(v)
	}
	return strings.Join(parts, " | ")
}

func (w *typescript) basic(name string, s *schema, depth int) string {
	switch name {
	case "integer", "number":
		return "number"
	case "string":
		if s.Format == "binary" {
			return "Blob"
		}
		return "string"
	case "boolean", "null":
		return name
	case "array":
		item := w.of(s.Items, depth)
		if strings.ContainsAny(item, "|&") && !strings.HasPrefix(item, "{") {
			item = "(" + item + ")"
		}
		return item + "[]"
	case "object":
		return w.object(s, depth)
	}
	return "unknown"
}

// object is a literal of its properties; one without any takes all.
func (w *typescript) object(s *schema, depth int) string {
	more := s.more()
	if len(s.Properties) == 0 {
		if more == nil {
			more = &schema{}
		}
		return "Record<string, " + w.of(more, depth) + ">"
	}
	inner := &typescript{spec: w.spec}
	required := map[string]bool{}
	for _, name := range s.Required {
		required[name] = true
	}
	for _, name := range s.fields() {
		inner.doc(depth+1, notes(s.Properties[name]))
		mark := "?"
		if required[name] {
			mark = ""
		}
		inner.line(depth+1, property(name)+mark+": "+inner.of(s.Properties[name], depth+1)+";")
	}
	if more != nil {
		inner.line(depth+1, "[key: string]: "+w.index(s, more, depth+1)+";")
	}
	return "{\n" + inner.out.String() + strings.Repeat("  ", depth) + "}"
}

// index is the type of further properties. TypeScript wants it to hold the named ones
// too, which only unknown does where they differ.
func (w *typescript) index(s, more *schema, depth int) string {
	text := w.of(more, depth)
	for _, p := range s.Properties {
		if w.of(p, depth) != text {
			return "unknown"
		}
	}
	return text
}

// property is a name as it stands in a type: quoted where it is no identifier.
func property(name string) string {
	for i, r := range name {
		letter := r == '_' || r == '$' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return strconv.Quote(name)
		}
	}
	return name
}

// operation writes the member of Operations.
func (w *typescript) operation(o *operation) {
	w.doc(1, strings.TrimSpace(o.Summary+"\n"+o.Method+" "+o.Path))
	w.line(1, property(o.ID)+": {")
	for _, in := range []string{"path", "query"} {
		w.parameters(o, in)
	}
	if o.Body != nil {
		w.line(2, "body: "+w.of(o.Body.Schema, 2)+";")
	}
	for _, a := range o.Answers {
		if a.Status >= 300 {
			continue
		}
		w.line(2, "answer: "+w.of(a.Schema, 2)+";")
		if a.Stream != nil {
			w.line(2, "event: "+w.events(a.Stream)+";")
		}
	}
	w.line(1, "};")
}

func (w *typescript) parameters(o *operation, in string) {
	var any, must bool
	for _, p := range o.Parameters {
		if p.In == in {
			any, must = true, must || p.Required
		}
	}
	if !any {
		return
	}
	mark := "?"
	if must {
		mark = ""
	}
	w.line(2, in+mark+": {")
	for _, p := range o.Parameters {
		if p.In != in {
			continue
		}
		w.doc(3, p.Description)
		mark := "?"
		if p.Required {
			mark = ""
		}
		w.line(3, property(p.Name)+mark+": "+w.of(p.Schema, 3)+";")
	}
	w.line(2, "};")
}

// events is the type of a stream's events: a union over their names, or the one data.
func (w *typescript) events(s *stream) string {
	var parts []string
	for _, e := range s.Events {
		name := "string"
		if e.Name != "" {
			name = strconv.Quote(e.Name)
		}
		parts = append(parts, "{ event: "+name+"; data: "+w.of(e.Schema, 2)+"; id?: string }")
	}
	if len(parts) == 0 {
		return "{ event: string; data: unknown; id?: string }"
	}
	return strings.Join(parts, " | ")
}
