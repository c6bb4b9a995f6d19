package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"skytower/internal/fault"
	"skytower/internal/skytells"
)

// Document is /openapi.json (OpenAPI 3.1), made from the rows of the public
// surfaces. Routes of operators are left out: the document is for everyone.
func Document(rows []Route, version string) ([]byte, error) {
	d := &document{registry: newRegistry(), api: &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Skytower", Version: version,
			Description: "The Skytells AI API, served by this Skytower. Send your key as `x-api-key` or as `Authorization: Bearer`.",
		},
		Servers: []*huma.Server{{URL: "/", Description: "This server"}},
		Paths:   map[string]*huma.PathItem{},
	}}
	for _, row := range rows {
		if row.Hidden || row.Surface == Admin {
			continue
		}
		if err := d.add(row); err != nil {
			return nil, fmt.Errorf("describe %s %s: %w", row.Method, row.Pattern, err)
		}
	}
	d.components()
	return json.MarshalIndent(d.api, "", "  ")
}

type document struct {
	api      *huma.OpenAPI
	registry huma.Registry
}

// newRegistry knows raw JSON as any value, which it would describe as a base64 string,
// and amounts as numbers.
func newRegistry() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	r.RegisterTypeAlias(reflect.TypeFor[json.RawMessage](), reflect.TypeFor[anyJSON]())
	r.RegisterTypeAlias(reflect.TypeFor[skytells.Schema](), reflect.TypeFor[anyJSON]())
	r.RegisterTypeAlias(reflect.TypeFor[skytells.Amount](), reflect.TypeFor[amount]())
	return r
}

// amount stands for an exact decimal number, which is a string in Go alone.
type amount struct{}

// Schema is how OpenAPI writes a number.
func (amount) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: "number"} }

// anyJSON stands for any JSON value.
type anyJSON struct{}

// Schema allows everything.
func (anyJSON) Schema(huma.Registry) *huma.Schema { return &huma.Schema{} }

// Schema is how OpenAPI writes bytes.
func (Binary) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", Format: "binary"}
}

func (d *document) add(row Route) error {
	operation := &huma.Operation{
		OperationID: row.ID, Tags: []string{row.Tag}, Summary: row.Summary, Description: description(row),
		Responses: map[string]*huma.Response{}, Parameters: parameters(row),
	}
	if row.Key != nil {
		operation.Security = []map[string][]string{{"apiKey": {}}, {"bearer": {}}}
	}
	var err error
	if row.Request != nil {
		if operation.RequestBody, err = d.request(row); err != nil {
			return err
		}
	}
	if operation.Responses["200"], err = d.answer(row); err != nil {
		return err
	}
	for status, ids := range byStatus(row.Errors) {
		operation.Responses[strconv.Itoa(status)] = d.failure(row.Surface, ids)
	}
	path := d.api.Paths[row.Pattern]
	if path == nil {
		path = &huma.PathItem{}
		d.api.Paths[row.Pattern] = path
	}
	return place(path, row.Method, operation)
}

func description(row Route) string {
	text := row.Description
	if row.Scope != 0 {
		text += " The key needs the scope `" + row.Scope.String() + "`."
	}
	for _, alias := range row.Aliases {
		text += " Also served as `" + row.Method + " " + alias + "`."
	}
	return strings.TrimSpace(text)
}

func place(path *huma.PathItem, method string, o *huma.Operation) error {
	slot := map[string]**huma.Operation{
		http.MethodGet: &path.Get, http.MethodPost: &path.Post, http.MethodPut: &path.Put, http.MethodDelete: &path.Delete,
	}[method]
	if slot == nil {
		return fmt.Errorf("method %s has no place in the document", method)
	}
	*slot = o
	return nil
}

func parameters(row Route) []*huma.Param {
	var out []*huma.Param
	for _, p := range row.Params {
		schema := &huma.Schema{Type: "string"}
		for _, word := range p.Enum {
			schema.Enum = append(schema.Enum, word)
		}
		out = append(out, &huma.Param{Name: p.Name, In: p.In, Description: p.Description, Required: p.Required || p.In == "path", Schema: schema})
	}
	return out
}

func (d *document) schema(v any) *huma.Schema {
	t := reflect.TypeOf(v)
	return d.registry.Schema(t, true, t.Name())
}

func example(text string) (any, error) {
	if text == "" {
		return nil, nil
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return nil, fmt.Errorf("example: %w", err)
	}
	return v, nil
}

func (d *document) request(row Route) (*huma.RequestBody, error) {
	sample, err := example(row.Example)
	kind := "application/json"
	if row.Multipart {
		kind = "multipart/form-data"
	}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		kind: {Schema: d.schema(row.Request), Example: sample},
	}}, err
}

func (d *document) answer(row Route) (*huma.Response, error) {
	sample, err := example(row.Answer)
	kind := "application/json"
	if _, ok := row.Response.(Binary); ok {
		kind = "application/octet-stream"
	}
	r := &huma.Response{
		Description: "Success.", Headers: map[string]*huma.Header{"x-request-id": textHeader("Names the request, also in errors.")},
		Content: map[string]*huma.MediaType{kind: {Schema: d.schema(row.Response), Example: sample}},
	}
	if row.Streams {
		r.Content["text/event-stream"] = &huma.MediaType{Schema: &huma.Schema{Type: "string", Description: "Server-sent events; each `data:` line is one JSON document."}}
	}
	return r, err
}

func textHeader(text string) *huma.Header {
	return &huma.Header{Description: text, Schema: &huma.Schema{Type: "string"}}
}

// byStatus groups a row's errors as the document wants them. Two errors stand for
// every route: an unknown failure and a body too large are not listed one by one.
func byStatus(ids []fault.ID) map[int][]fault.ID {
	out := map[int][]fault.ID{}
	for _, id := range ids {
		status := id.Entry().Status
		if !slices.Contains(out[status], id) {
			out[status] = append(out[status], id)
		}
	}
	return out
}

func (d *document) failure(s Surface, ids []fault.ID) *huma.Response {
	var text []string
	var schema *huma.Schema
	for _, id := range ids {
		text = append(text, fmt.Sprintf("`%s`: %s", id, id.Entry().Cause))
	}
	if s == Inference {
		schema = d.schema(skytells.InferenceEnvelope{})
	} else {
		schema = d.schema(skytells.ErrorEnvelope{})
	}
	r := &huma.Response{
		Description: strings.Join(text, " "), Content: map[string]*huma.MediaType{"application/json": {Schema: schema}},
	}
	if ids[0].Entry().Retry == fault.AfterRetryAfter {
		r.Headers = map[string]*huma.Header{"retry-after": textHeader("Seconds to wait.")}
	}
	return r
}

// components adds what the operations refer to, and opens every object: version 1
// may gain fields at any time (contract section 2), so a client must not refuse
// them.
func (d *document) components() {
	for _, schema := range d.registry.Map() {
		open(schema)
	}
	d.api.Components = &huma.Components{
		Schemas: d.registry,
		SecuritySchemes: map[string]*huma.SecurityScheme{
			"apiKey": {Type: "apiKey", In: "header", Name: "x-api-key"},
			"bearer": {Type: "http", Scheme: "bearer"},
		},
	}
}

func open(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.AdditionalProperties == false {
		s.AdditionalProperties = nil
	}
	delete(s.Properties, "$schema")
	for _, p := range s.Properties {
		open(p)
	}
	open(s.Items)
}
