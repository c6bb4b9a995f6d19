package explorer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// spec is an OpenAPI document as the pages need it.
type spec struct {
	Title      string
	Tags       []tag
	Operations []*operation
	Schemas    map[string]*schema
}

// tag is a group of operations.
type tag struct {
	Name, Text string
	Operations []*operation
}

// operation is one route.
type operation struct {
	ID, Method, Path, Tag, Summary, Text string
	Scope                                string
	Key                                  bool // needs one
	Operator                             bool // one of an operator
	Parameters                           []parameter
	Body                                 *body
	Answers                              []answer // the good one first
}

type parameter struct {
	Name        string  `json:"name"`
	In          string  `json:"in"`
	Description string  `json:"description"`
	Required    bool    `json:"required"`
	Schema      *schema `json:"schema"`
}

// body is what is sent.
type body struct {
	Type    string // MIME type
	Schema  *schema
	Example json.RawMessage
}

// answer is what comes back with one status.
type answer struct {
	Status  int
	Text    string
	Headers []header
	Type    string
	Schema  *schema
	Example json.RawMessage
	Errors  []failure
	Stream  *stream
}

type header struct{ Name, Text string }

// failure is an error by its id.
type failure struct {
	ID, Cause, Cure string
	Example         json.RawMessage
}

// stream is what server-sent events carry.
type stream struct {
	Events []event
	End    string
}

type event struct {
	Name   string  `json:"event"`
	Text   string  `json:"description"`
	Schema *schema `json:"schema"`
}

// schema is a JSON Schema, as far as documents of ours use it.
type schema struct {
	Ref         string             `json:"$ref"`
	Type        types              `json:"type"`
	Format      string             `json:"format"`
	Description string             `json:"description"`
	Enum        []json.RawMessage  `json:"enum"`
	Const       json.RawMessage    `json:"const"`
	Properties  map[string]*schema `json:"properties"`
	Required    []string           `json:"required"`
	Items       *schema            `json:"items"`
	More        json.RawMessage    `json:"additionalProperties"`
	OneOf       []*schema          `json:"oneOf"`
	AnyOf       []*schema          `json:"anyOf"`
	AllOf       []*schema          `json:"allOf"`
	Default     json.RawMessage    `json:"default"`
	Examples    []json.RawMessage  `json:"examples"`
	Minimum     *json.Number       `json:"minimum"`
	Maximum     *json.Number       `json:"maximum"`
	MinLength   *json.Number       `json:"minLength"`
	MaxLength   *json.Number       `json:"maxLength"`
	Pattern     string             `json:"pattern"`
}

// types are one or several names of types.
type types []string

// UnmarshalJSON reads a name or a list of names.
func (t *types) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]string)(t))
	}
	*t = types{""}
	return json.Unmarshal(b, &(*t)[0])
}

// name is what a reference leads to; "" where the schema is none.
func (s *schema) name() string {
	if s == nil {
		return ""
	}
	return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
}

// choices are the alternatives of the schema.
func (s *schema) choices() []*schema { return slices.Concat(s.OneOf, s.AnyOf) }

// fields are the names of the properties: those that must be there first.
func (s *schema) fields() []string {
	names := make([]string, 0, len(s.Properties))
	for name := range s.Properties {
		names = append(names, name)
	}
	place := func(name string) int {
		if i := slices.Index(s.Required, name); i >= 0 {
			return i
		}
		return len(s.Required)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b)) })
	return names
}

// more is the schema of further properties: nil where the document names none.
func (s *schema) more() *schema {
	switch string(s.More) {
	case "", "false":
		return nil
	case "true":
		return &schema{}
	}
	var out schema
	if json.Unmarshal(s.More, &out) != nil {
		return nil
	}
	return &out
}

// wire is the document as it is written.
type wire struct {
	Info struct {
		Title string `json:"title"`
	} `json:"info"`
	Tags []struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	} `json:"tags"`
	Paths      map[string]map[string]wireOperation `json:"paths"`
	Components struct {
		Schemas map[string]*schema `json:"schemas"`
	} `json:"components"`
}

type wireOperation struct {
	ID          string                  `json:"operationId"`
	Tags        []string                `json:"tags"`
	Summary     string                  `json:"summary"`
	Description string                  `json:"description"`
	Scope       string                  `json:"x-scope"`
	Security    []map[string][]string   `json:"security"`
	Parameters  []parameter             `json:"parameters"`
	RequestBody *wireContent            `json:"requestBody"`
	Responses   map[string]wireResponse `json:"responses"`
}

type wireContent struct {
	Content map[string]wireMedia `json:"content"`
}

type wireResponse struct {
	Description string `json:"description"`
	Headers     map[string]struct {
		Description string `json:"description"`
	} `json:"headers"`
	Content map[string]wireMedia `json:"content"`
}

type wireMedia struct {
	Schema   *schema         `json:"schema"`
	Example  json.RawMessage `json:"example"`
	Examples map[string]struct {
		Summary     string          `json:"summary"`
		Description string          `json:"description"`
		Value       json.RawMessage `json:"value"`
	} `json:"examples"`
	Events []event `json:"x-events"`
	End    string  `json:"x-end"`
}

const eventStream = "text/event-stream"

// readSpec reads a document. Its operations come by tag, path and method.
func readSpec(document []byte) (*spec, error) {
	var w wire
	if err := json.Unmarshal(document, &w); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	s := &spec{Title: w.Info.Title, Schemas: w.Components.Schemas}
	for path, methods := range w.Paths {
		for method, o := range methods {
			read, err := readOperation(strings.ToUpper(method), path, o)
			if err != nil {
				return nil, err
			}
			s.Operations = append(s.Operations, read)
		}
	}
	s.order(w)
	return s, nil
}

func (s *spec) order(w wire) {
	var names []string
	for _, t := range w.Tags {
		names = append(names, t.Name)
		s.Tags = append(s.Tags, tag{Name: t.Name, Text: t.Description})
	}
	methods := []string{"POST", "GET", "PUT", "PATCH", "DELETE"}
	slices.SortFunc(s.Operations, func(a, b *operation) int {
		return cmp.Or(cmp.Compare(slices.Index(names, a.Tag), slices.Index(names, b.Tag)), cmp.Compare(a.Path, b.Path),
			cmp.Compare(slices.Index(methods, a.Method), slices.Index(methods, b.Method)))
	})
	for _, o := range s.Operations {
		if i := slices.Index(names, o.Tag); i >= 0 {
			s.Tags[i].Operations = append(s.Tags[i].Operations, o)
		}
	}
}

// schemaNames are in order.
func (s *spec) schemaNames() []string {
	names := make([]string, 0, len(s.Schemas))
	for name := range s.Schemas {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func readOperation(method, path string, w wireOperation) (*operation, error) {
	o := &operation{
		ID: w.ID, Method: method, Path: path, Summary: w.Summary, Text: w.Description, Scope: w.Scope, Parameters: w.Parameters,
		Key: len(w.Security) > 0, Operator: strings.HasPrefix(path, "/admin/"),
	}
	if len(w.Tags) > 0 {
		o.Tag = w.Tags[0]
	}
	if w.RequestBody != nil {
		for kind, media := range w.RequestBody.Content {
			o.Body = &body{Type: kind, Schema: media.Schema, Example: indent(media.Example)}
		}
	}
	for text, r := range w.Responses {
		status, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("read the OpenAPI document: %s %s answers with %q: %w", method, path, text, err)
		}
		o.Answers = append(o.Answers, readAnswer(status, r))
	}
	slices.SortFunc(o.Answers, func(a, b answer) int { return cmp.Compare(a.Status, b.Status) })
	return o, nil
}

func readAnswer(status int, w wireResponse) answer {
	a := answer{Status: status, Text: w.Description}
	for name, h := range w.Headers {
		a.Headers = append(a.Headers, header{name, h.Description})
	}
	slices.SortFunc(a.Headers, func(x, y header) int { return cmp.Compare(x.Name, y.Name) })
	for kind, media := range w.Content {
		if kind == eventStream {
			a.Stream = &stream{Events: media.Events, End: media.End}
			continue
		}
		a.Type, a.Schema, a.Example = kind, media.Schema, indent(media.Example)
		for id, e := range media.Examples {
			a.Errors = append(a.Errors, failure{ID: id, Cause: e.Summary, Cure: e.Description, Example: indent(e.Value)})
		}
	}
	slices.SortFunc(a.Errors, func(x, y failure) int { return cmp.Compare(x.ID, y.ID) })
	return a
}

// indent writes JSON for people.
func indent(raw json.RawMessage) json.RawMessage {
	var out bytes.Buffer
	if len(raw) == 0 || json.Indent(&out, raw, "", "  ") != nil {
		return raw
	}
	return out.Bytes()
}
