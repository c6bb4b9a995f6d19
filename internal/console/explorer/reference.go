package explorer

import (
	"encoding/json"
	"html/template"
	"slices"
	"strings"

	"skytower/internal/console/ui"
)

// route is the data of a route's page.
type route struct {
	*operation
	Spec     *spec
	Good     answer
	Bad      []answer
	Sample   string // an answer
	Asks     string // a body
	Types    string
	Snippets []snippet
	Form     string // what the form to try it needs, as JSON
	Streams  string // how a stream is asked for: body, query, header, or "" for none
}

// kind is the data of a schema's page.
type kind struct {
	Name   string
	Schema *schema
	Spec   *spec
	Types  string
	Sample string
	Uses   []*operation
}

// addReference adds the pages of a document's routes and schemas.
func (e *Explorer) addReference(s *spec, operators bool) error {
	var sections []section
	overview, err := e.fragment("overview", s)
	if err != nil {
		return err
	}
	head := &page{Path: "/docs/api-reference", Title: "API reference", Body: overview, Operator: operators}
	if operators {
		head.Path, head.Title = "/docs/admin-api", "Admin API"
	}
	head.Contents = contents(string(overview))
	e.add(head)
	sections = append(sections, section{Title: head.Title, Links: []ui.Link{{Label: "Overview", Path: head.Path}}})
	var before *page
	for _, t := range s.Tags {
		group := section{Title: t.Name}
		for _, o := range t.Operations {
			p, err := e.routePage(s, o, operators)
			if err != nil {
				return err
			}
			if before != nil {
				p.Previous = &ui.Link{Label: before.Title, Path: before.Path}
				before.Next = &ui.Link{Label: p.Title, Path: p.Path}
			}
			before = p
			group.Links = append(group.Links, ui.Link{Label: o.Summary, Path: p.Path})
			e.add(p)
		}
		sections = append(sections, group)
	}
	if err := e.addSchemas(s, operators); err != nil {
		return err
	}
	if operators {
		e.hidden = append(e.hidden, sections...)
		return nil
	}
	e.menu = append(e.menu, sections...)
	return e.addTypes(s)
}

func (e *Explorer) routePage(s *spec, o *operation, operators bool) (*page, error) {
	r := route{operation: o, Spec: s, Good: o.good(), Types: s.operationTypes(o), Snippets: s.snippets(o)}
	for _, a := range o.Answers {
		if a.Status >= 300 {
			r.Bad = append(r.Bad, a)
		}
	}
	r.Sample = s.example(r.Good.Example, r.Good.Schema)
	if r.Good.Type == "application/octet-stream" {
		r.Sample = ""
	}
	if o.Body != nil {
		r.Asks = s.example(o.Body.Example, o.Body.Schema)
	}
	if r.Good.Stream != nil {
		switch {
		case o.asksInBody():
			r.Streams = "body"
		case o.asksInQuery():
			r.Streams = "query"
		default:
			r.Streams = "header"
		}
	}
	r.Form = r.form()
	body, err := e.fragment("route", r)
	if err != nil {
		return nil, err
	}
	return &page{Path: "/docs/api/" + o.ID, Title: o.Summary, Body: body, Contents: contents(string(body)), Operator: operators, Tries: true}, nil
}

// form is what assets/try.js needs to know.
func (r route) form() string {
	kind, body := "", json.RawMessage("null")
	var schema any
	if r.Body != nil {
		kind = r.Body.Type
		body = json.RawMessage(r.Asks)
		schema = r.Spec.hints(r.Body.Schema, 0)
	}
	if !json.Valid(body) {
		body = json.RawMessage("null")
	}
	templates := map[string]string{}
	for _, sn := range r.Snippets {
		templates[sn.ID] = sn.template
	}
	out, err := json.Marshal(map[string]any{
		"id": r.ID, "method": r.Method, "path": r.Path, "type": kind, "body": body, "schema": schema, "streams": r.Streams,
		"operator": r.Operator, "key": r.Key, "answer": r.Good.Type, "templates": templates,
	})
	if err != nil {
		return "{}"
	}
	return string(out)
}

func (e *Explorer) addSchemas(s *spec, operators bool) error {
	for _, name := range s.schemaNames() {
		address := "/docs/schemas/" + name
		if e.pages[address] != nil {
			continue // one of the public document
		}
		k := kind{Name: name, Schema: s.Schemas[name], Spec: s, Types: s.schemaType(name), Sample: s.example(nil, s.Schemas[name])}
		for _, o := range s.Operations {
			if slices.Contains(s.reached(o), name) {
				k.Uses = append(k.Uses, o)
			}
		}
		body, err := e.fragment("schema", k)
		if err != nil {
			return err
		}
		e.add(&page{Path: address, Title: name, Body: body, Contents: contents(string(body)), Operator: operators})
	}
	return nil
}

func (e *Explorer) addTypes(s *spec) error {
	body, err := e.fragment("types", s)
	if err != nil {
		return err
	}
	e.add(&page{Path: "/docs/schemas", Title: "Types", Body: body, Contents: contents(string(body))})
	e.menu = append(e.menu, section{Title: "Types", Links: []ui.Link{{Label: "All types, TypeScript", Path: "/docs/schemas"}}})
	return nil
}

// example is the given one, or one made from the schema, for people.
func (s *spec) example(given json.RawMessage, of *schema) string {
	if len(given) > 0 && string(given) != "null" {
		return string(given)
	}
	if of == nil {
		return ""
	}
	raw, err := json.MarshalIndent(s.sample(of, 0), "", "  ")
	if err != nil {
		return ""
	}
	return string(raw)
}

// maxDepth bounds samples and hints of types that contain themselves.
const maxDepth = 6

// sample is a value that satisfies a schema: required fields, and what else is short.
func (s *spec) sample(of *schema, depth int) any {
	if of == nil || depth > maxDepth {
		return nil
	}
	if name := of.name(); name != "" {
		return s.sample(s.Schemas[name], depth+1)
	}
	for _, list := range [][]json.RawMessage{of.Examples, of.Enum} {
		if len(list) > 0 {
			return list[0]
		}
	}
	switch {
	case len(of.Default) > 0:
		return of.Default
	case len(of.choices()) > 0:
		return s.sample(of.choices()[0], depth+1)
	case len(of.Type) == 0:
		return nil
	}
	switch of.Type[0] {
	case "object":
		out := map[string]any{}
		for _, name := range of.fields() {
			if slices.Contains(of.Required, name) {
				out[name] = s.sample(of.Properties[name], depth+1)
			}
		}
		return out
	case "array":
		return []any{s.sample(of.Items, depth+1)}
	case "boolean":
		return true
	case "integer":
		return 1
	case "number":
		return 0.5
	}
	switch of.Format {
	case "date-time":
		return "2026-11-26T04:00:00Z"
	case "uri":
		return "https://example.com"
	}
	return "text"
}

// hint is a schema as the editor of bodies reads it.
type hint struct {
	Type     []string         `json:"type,omitempty"`
	Enum     []any            `json:"enum,omitempty"`
	Required []string         `json:"required,omitempty"`
	Fields   map[string]*hint `json:"fields,omitempty"`
	Items    *hint            `json:"items,omitempty"`
	OneOf    []*hint          `json:"oneOf,omitempty"`
	Minimum  *json.Number     `json:"minimum,omitempty"`
	Maximum  *json.Number     `json:"maximum,omitempty"`
}

func (s *spec) hints(of *schema, depth int) *hint {
	if of == nil || depth > maxDepth {
		return nil
	}
	if name := of.name(); name != "" {
		return s.hints(s.Schemas[name], depth+1)
	}
	h := &hint{Type: of.Type, Required: of.Required, Minimum: of.Minimum, Maximum: of.Maximum, Items: s.hints(of.Items, depth+1)}
	for _, v := range of.Enum {
		h.Enum = append(h.Enum, v)
	}
	for name, p := range of.Properties {
		if h.Fields == nil {
			h.Fields = map[string]*hint{}
		}
		h.Fields[name] = s.hints(p, depth+1)
	}
	for _, c := range of.choices() {
		h.OneOf = append(h.OneOf, s.hints(c, depth+1))
	}
	return h
}

// fragmentFunctions are what fragments may call.
func fragmentFunctions() template.FuncMap {
	return template.FuncMap{
		"type": typeHTML, "inline": inline, "lower": strings.ToLower, "rows": fieldRows,
		"arguments": func(text, label string) listing { return listing{text, label} },
	}
}

// listing is a block of code.
type listing struct{ Text, Label string }

// Resolve is what a reference leads to; of a list, that of its items.
func (s *spec) Resolve(of *schema) *schema {
	switch {
	case of == nil:
		return nil
	case of.name() != "":
		return s.Schemas[of.name()]
	case of.Items != nil:
		return s.Resolve(of.Items)
	}
	return of
}

// SchemaNames are the names of all types.
func (s *spec) SchemaNames() []string { return s.schemaNames() }

// Words are the texts of an enum.
func (s *schema) Words() []string {
	var out []string
	for _, raw := range s.Enum {
		var word string
		if json.Unmarshal(raw, &word) == nil {
			out = append(out, word)
		}
	}
	return out
}

// Text is the example of an error.
func (f failure) Text() string { return string(f.Example) }

// field is a row of a schema's table.
type field struct {
	Name     string
	Required bool
	Schema   *schema
	Bounds   string
}

func fieldRows(s *schema) []field {
	if s == nil {
		return nil
	}
	var out []field
	for _, name := range s.fields() {
		p := s.Properties[name]
		out = append(out, field{Name: name, Required: slices.Contains(s.Required, name), Schema: p, Bounds: p.bounds()})
	}
	return out
}

// inline is text with its `code` marked.
func inline(text string) template.HTML {
	parts := strings.Split(template.HTMLEscapeString(text), "`")
	if len(parts)%2 == 0 {
		return template.HTML(template.HTMLEscapeString(text)) //nolint:gosec // every part is escaped
	}
	for i := 1; i < len(parts); i += 2 {
		parts[i] = "<code>" + parts[i] + "</code>"
	}
	return template.HTML(strings.Join(parts, "")) //nolint:gosec // escaped above
}

// typeHTML says a schema's type in words, with links to types that have pages.
func typeHTML(s *schema) template.HTML {
	esc := template.HTMLEscapeString
	switch {
	case s == nil:
		return "any"
	case s.name() != "":
		return template.HTML(`<a href="/docs/schemas/` + esc(s.name()) + `">` + esc(s.name()) + `</a>`) //nolint:gosec // every part is escaped
	case len(s.Enum) > 0:
		return template.HTML("<code>" + strings.ReplaceAll(esc(literals(s.Enum)), " | ", "</code> or <code>") + "</code>") //nolint:gosec // every part is escaped
	}
	var parts []string
	for _, c := range s.choices() {
		parts = append(parts, string(typeHTML(c)))
	}
	if len(parts) == 0 {
		for _, t := range s.Type {
			switch {
			case t == "array":
				parts = append(parts, "list of "+string(typeHTML(s.Items)))
			case s.Format != "" && t == "string":
				parts = append(parts, esc(t+" ("+s.Format+")"))
			default:
				parts = append(parts, esc(t))
			}
		}
	}
	if len(parts) == 0 {
		return "any"
	}
	return template.HTML(strings.Join(parts, " or ")) //nolint:gosec // every part is escaped
}
