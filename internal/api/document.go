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
	return write(rows, &huma.Info{
		Title: "Skytower", Version: version,
		Description: "The Skytells AI API, served by this Skytower. Send your key as `x-api-key` or as `Authorization: Bearer`. " +
			"Version 1 may gain fields at any time, so clients ignore what they do not know.",
	}, func(row Route) bool { return row.Surface != Admin })
}

// OperatorDocument is Document for the routes of operators, which they alone are shown.
func OperatorDocument(rows []Route, version string) ([]byte, error) {
	return write(rows, &huma.Info{
		Title: "Skytower administration", Version: version,
		Description: "What operators do to an instance. Send an operator key as `Authorization: Bearer`.",
	}, func(row Route) bool { return row.Surface == Admin })
}

func write(rows []Route, info *huma.Info, wanted func(Route) bool) ([]byte, error) {
	d := &document{registry: newRegistry(), api: &huma.OpenAPI{
		OpenAPI: "3.1.0", Info: info,
		Servers: []*huma.Server{{URL: "/", Description: "This server"}},
		Paths:   map[string]*huma.PathItem{},
	}}
	for _, row := range rows {
		if row.Hidden || !wanted(row) {
			continue
		}
		d.tag(row.Tag)
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
	switch {
	case row.Key != nil:
		operation.Security = []map[string][]string{{"apiKey": {}}, {"bearer": {}}}
	case row.Operator != nil:
		operation.Security = []map[string][]string{{"bearer": {}}}
	}
	if row.Scope != 0 {
		operation.Extensions = map[string]any{"x-scope": row.Scope.String()}
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
		http.MethodPatch: &path.Patch,
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
	s := d.registry.Schema(t, true, t.Name())
	open(s)
	return s
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
	if (row.Surface == Inference || row.Surface == Messages) && row.Method == http.MethodPost {
		for name, header := range answerHeaders() {
			r.Headers[name] = header
		}
	}
	if row.Streams {
		r.Content["text/event-stream"] = d.stream(row)
	}
	return r, err
}

// answerHeaders are what an inference answer tells besides its body.
func answerHeaders() map[string]*huma.Header {
	headers := map[string]*huma.Header{"x-skytells-model": textHeader("Slug of the model that answered.")}
	for _, name := range limitHeaders() {
		headers[strings.ToLower(name)] = textHeader(limitText(name))
	}
	return headers
}

func limitText(name string) string {
	words := strings.Split(strings.ToLower(strings.TrimPrefix(name, "X-Skytells-Ratelimit-")), "-")
	if words[0] == "window" {
		return "Seconds that the limits count over; the window slides."
	}
	subject := map[string]string{"requests": "requests", "in": "input tokens", "out": "output tokens"}[words[len(words)-1]]
	if words[0] == "limit" {
		return "Most " + subject + " of a window; `-`: no limit."
	}
	return "What is left of the " + subject + " now; `-`: no limit."
}

// stream describes server-sent events. OpenAPI 3.1 has no words for them, so what each
// event carries stands in an extension, `x-events`; `x-end` is the data that ends a stream.
func (d *document) stream(row Route) *huma.MediaType {
	m := &huma.MediaType{Schema: &huma.Schema{Type: "string", Description: "Server-sent events; each `data:` line is one JSON document."}}
	var events []map[string]any
	for _, e := range row.Events {
		event := map[string]any{"event": e.Name, "description": e.Text}
		if e.Data != nil {
			event["schema"] = d.schema(e.Data)
		}
		events = append(events, event)
	}
	if events != nil {
		m.Extensions = map[string]any{"x-events": events}
		if row.StreamEnd != "" {
			m.Extensions["x-end"] = row.StreamEnd
		}
	}
	return m
}

// tag adds what is said of a group of routes, in the order in which they come.
func (d *document) tag(name string) {
	for _, t := range d.api.Tags {
		if t.Name == name {
			return
		}
	}
	d.api.Tags = append(d.api.Tags, &huma.Tag{Name: name, Description: map[string]string{
		"Inference":      "Answers of language models, in the form of OpenAI's API and of Anthropic's.",
		"Models":         "What models there are, and what they take and cost.",
		"Predictions":    "Runs of slow models: pictures, video, audio.",
		"Files":          "Inputs that are uploaded once and named by link.",
		"Billing":        "What the account has, and what it was used for.",
		"Administration": "What operators do to an instance.",
	}[name]})
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
	examples := map[string]*huma.Example{}
	for _, id := range ids {
		row := id.Entry()
		text = append(text, fmt.Sprintf("`%s`: %s", id, row.Cause))
		examples[string(id)] = &huma.Example{Summary: row.Cause, Description: row.Cure, Value: envelope(s, id)}
	}
	schema := d.schema(skytells.ErrorEnvelope{})
	switch s {
	case Inference:
		schema = d.schema(skytells.InferenceEnvelope{})
	case Messages:
		schema = d.schema(MessagesEnvelope{})
	}
	r := &huma.Response{
		Description: strings.Join(text, " "), Content: map[string]*huma.MediaType{"application/json": {Schema: schema, Examples: examples}},
	}
	if ids[0].Entry().Retry == fault.AfterRetryAfter {
		r.Headers = map[string]*huma.Header{"retry-after": textHeader("Seconds to wait.")}
	}
	return r
}

// envelope is what an error looks like on a surface. Its message says the cause; that of
// a real one says more.
func envelope(s Surface, id fault.ID) any {
	const request = "req_2f9c41d07b6e"
	err := fault.New(id, id.Entry().Cause)
	err.Details = id.Entry().Cure
	switch s {
	case Inference:
		return InferenceEnvelope(err, request)
	case Messages:
		return NewMessagesEnvelope(err, request)
	}
	return RESTEnvelope(err, request)
}

// components adds what the operations refer to, and opens every object: version 1
// may gain fields at any time (contract section 2), so a client must not refuse
// them.
func (d *document) components() {
	for _, schema := range d.registry.Map() {
		open(schema)
	}
	d.refine()
	d.api.Components = &huma.Components{
		Schemas: d.registry,
		SecuritySchemes: map[string]*huma.SecurityScheme{
			"apiKey": {Type: "apiKey", In: "header", Name: "x-api-key", Description: "The key as it is: `x-api-key: sk-…`. It counts where both headers are there."},
			"bearer": {Type: "http", Scheme: "bearer", Description: "The key as a bearer token: `Authorization: Bearer sk-…`, as OpenAI's clients send it."},
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
	for _, choice := range slices.Concat(s.OneOf, s.AnyOf) {
		open(choice)
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false // no list of ours is null
	}
	if s.Nullable && len(s.Enum) > 0 && !slices.Contains(s.Enum, nil) {
		s.Enum = append(s.Enum, nil) // an enum lists every value
	}
}

// refine says of fields that are raw JSON in Go what may stand in them.
func (d *document) refine() {
	object := func() *huma.Schema { return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true} }
	text := func(of string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: of} }
	subscription := object()
	subscription.Properties = map[string]*huma.Schema{
		"url":    text("Where events are posted."),
		"events": {Type: huma.TypeArray, Items: text(""), Description: "Names of events; all if it is missing."},
	}
	for name, shape := range map[string]*huma.Schema{
		"PredictionRequest.input":   object(),
		"PredictionRequest.webhook": {OneOf: []*huma.Schema{text("An address."), subscription}},
		"Prediction.input":          object(),
		"UploadForm.metadata":       object(),
	} {
		owner, field, _ := strings.Cut(name, ".")
		s := d.registry.Map()[owner]
		if s == nil || s.Properties[field] == nil {
			continue
		}
		shape.Description = s.Properties[field].Description
		s.Properties[field] = shape
	}
}
