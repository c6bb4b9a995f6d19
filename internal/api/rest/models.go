package rest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

func (h *Handlers) listRow() api.Route {
	return api.Route{
		Method: http.MethodGet, Pattern: "/v1/models", Surface: api.REST, Poll: true,
		ID: "listModels", Tag: "Models", Summary: "List models",
		Description: "The models that the key may use, as a bare array. A caller that sends only a bearer token gets OpenAI's list " +
			"(`{object, data}`) instead, since OpenAI's clients read nothing else; one that sends `anthropic-version` gets a page of the chat models as Anthropic's clients read it.",
		Scope:    account.ModelsRead,
		Params:   append([]api.Param{fieldsParam()}, pageParams()...),
		Response: []skytells.Model{},
		Errors:   modelErrors(),
		Key:      h.list,
	}
}

func (h *Handlers) getRow() api.Route {
	return api.Route{
		Method: http.MethodGet, Pattern: "/v1/models/{slug}", Surface: api.REST, Poll: true,
		Aliases: []string{"/v1/model/{slug}", "/v1/models/{vendor}/{slug}", "/v1/model/{vendor}/{slug}"},
		ID:      "getModel", Tag: "Models", Summary: "Get a model",
		Description: "One model by its slug, an alias, or `vendor/slug` (the slash may be escaped as `%2F`). `/v1/model/{slug}` is the same route.",
		Scope:       account.ModelsRead,
		Params:      []api.Param{{Name: "slug", In: "path", Description: "Slug or alias of the model.", Required: true}, fieldsParam()},
		Response:    skytells.Model{},
		Errors:      modelErrors(fault.ModelNotFound),
		Key:         h.get,
	}
}

func modelErrors(more ...fault.ID) []fault.ID {
	return append([]fault.ID{fault.Unauthorized, fault.AccountSuspended, fault.Forbidden, fault.RateLimitExceeded, fault.InternalError, fault.ServiceUnavailable}, more...)
}

func fieldsParam() api.Param {
	return api.Param{
		Name: "fields", In: "query",
		Description: "Comma-separated: `input_schema`, `output_schema`. Other names are ignored. Without it the schemas are left out. A prediction model's `input_schema` is what its `input` is checked against; null: any object will do.",
	}
}

// asOpenAI reports whether the caller is an OpenAI-style client: only those send a
// bearer token and no x-api-key (contract 15.8).
func asOpenAI(r *http.Request) bool {
	return r.Header.Get("X-Api-Key") == "" && r.Header.Get("Authorization") != ""
}

func (h *Handlers) list(c *httpx.Call, who account.Principal) error {
	if api.FromAnthropic(c.Request) {
		return h.listMessages(c, h.Catalog.List(h.viewer(who)))
	}
	if asOpenAI(c.Request) {
		return c.Raw(http.StatusOK, "application/json", h.Catalog.OpenAIListJSON(h.viewer(who)))
	}
	wanted := fields(c.Request)
	if wanted.none() {
		return c.Raw(http.StatusOK, "application/json", h.Catalog.ListJSON(h.viewer(who)))
	}
	cards := []modelWithSchemas{}
	for _, m := range h.Catalog.List(h.viewer(who)) {
		cards = append(cards, wanted.card(m))
	}
	return c.JSON(http.StatusOK, cards)
}

func (h *Handlers) get(c *httpx.Call, who account.Principal) error {
	slug := c.Request.PathValue("slug")
	if vendor := c.Request.PathValue("vendor"); vendor != "" {
		slug = vendor + "/" + slug
	}
	model, err := h.Catalog.Get(slug, h.viewer(who))
	if err != nil {
		return err
	}
	c.Record.Model = model.Slug
	if api.FromAnthropic(c.Request) {
		api.NameRequest(c.Header(), c.Record.ID)
		return c.JSON(http.StatusOK, messagesModelOf(model))
	}
	if asOpenAI(c.Request) {
		return c.Raw(http.StatusOK, "application/json", model.OpenAIJSON())
	}
	wanted := fields(c.Request)
	if wanted.none() {
		return c.Raw(http.StatusOK, "application/json", model.CardJSON())
	}
	return c.JSON(http.StatusOK, wanted.card(model))
}

// wantedFields are the schemas that `?fields=` asks for.
type wantedFields struct{ input, output bool }

func (w wantedFields) none() bool { return !w.input && !w.output }

// fields reads `?fields=`; unknown names are ignored (contract 5.1).
func fields(r *http.Request) wantedFields {
	var w wantedFields
	if r.URL.RawQuery == "" {
		return w
	}
	for _, value := range r.URL.Query()["fields"] {
		for _, name := range strings.Split(value, ",") {
			switch strings.TrimSpace(name) {
			case "input_schema":
				w.input = true
			case "output_schema":
				w.output = true
			}
		}
	}
	return w
}

// modelWithSchemas shows a schema that was asked for even where there is none
// (null), so that a reader can tell "none" from "not asked".
type modelWithSchemas struct {
	skytells.Model
	Input  any `json:"input_schema,omitempty"`
	Output any `json:"output_schema,omitempty"`
}

func (w wantedFields) card(m *catalog.Model) modelWithSchemas {
	card := modelWithSchemas{Model: m.Card()}
	kind := m.API
	if m.Router {
		kind = catalog.Chat // it serves both; chat is what most callers of it send
	}
	input, output := schemas(kind)
	if kind == catalog.Prediction {
		input, output = predictionSchemas(m)
	}
	if w.input {
		card.Input = json.RawMessage(input)
	}
	if w.output {
		card.Output = json.RawMessage(output)
	}
	return card
}

// predictionSchemas are a prediction model's own, null where it has none.
func predictionSchemas(m *catalog.Model) (input, output string) {
	in, out := m.SchemaJSON()
	return cmp.Or(string(in), "null"), cmp.Or(string(out), "null")
}

// schemas describe the fields of the inference routes that a model of the API
// takes and gives, in the form of contract 5.3.
func schemas(kind string) (input, output string) {
	switch kind {
	case catalog.Chat:
		return chatInput, chatOutput
	case catalog.Embeddings:
		return embeddingsInput, embeddingsOutput
	}
	return "null", "null"
}

const (
	chatInput = `{"type":"object","title":"Chat completion","required":["messages"],"properties":{` +
		`"messages":{"type":"array","title":"Messages","description":"The conversation so far.","items":{"type":"object"},"x-order":0},` +
		`"max_tokens":{"type":"integer","title":"Max tokens","description":"Most tokens of the answer.","minimum":1,"x-order":1},` +
		`"temperature":{"type":"number","title":"Temperature","minimum":0,"maximum":2,"x-order":2},` +
		`"top_p":{"type":"number","title":"Top p","minimum":0,"maximum":1,"x-order":3},` +
		`"stream":{"type":"boolean","title":"Stream","default":false,"x-order":4}}}`
	chatOutput = `{"type":"object","title":"Chat completion","required":["choices"],"properties":{` +
		`"choices":{"type":"array","title":"Choices","items":{"type":"object"}},"usage":{"type":"object","title":"Usage"}}}`
	embeddingsInput = `{"type":"object","title":"Embeddings","required":["input"],"properties":{` +
		`"input":{"title":"Input","description":"A text, or several.","x-order":0},` +
		`"encoding_format":{"type":"string","title":"Encoding","enum":["float","base64"],"default":"float","x-order":1},` +
		`"dimensions":{"type":"integer","title":"Dimensions","minimum":1,"x-order":2}}}`
	embeddingsOutput = `{"type":"object","title":"Embeddings","required":["data"],"properties":{` +
		`"data":{"type":"array","title":"Vectors","items":{"type":"object"}},"usage":{"type":"object","title":"Usage"}}}`
)
