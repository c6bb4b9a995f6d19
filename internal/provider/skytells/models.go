package skytells

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// maxModels bounds a list of models.
const maxModels = 10_000

// Models lists the models that the upstream offers to our key, with their schemas.
func (p *Provider) Models(ctx context.Context) ([]provider.Listed, error) {
	u := p.client.URL("models")
	query := u.Query()
	query.Set("fields", "input_schema,output_schema")
	u.RawQuery = query.Encode()
	answer, err := p.client.Do(ctx, &remote.Request{Method: http.MethodGet, URL: u})
	if err != nil {
		return nil, err
	}
	if !rawjson.Valid(answer.Body) || rawjson.KindOf(answer.Body) != rawjson.KindArray {
		return nil, remote.Broken("the answer is not a list of models")
	}
	var out []provider.Listed
	rawjson.Elements(answer.Body, func(model []byte) bool {
		if l := listed(model); l.Name != "" {
			out = append(out, l)
		}
		return len(out) < maxModels
	})
	return out, nil
}

// listed reads a model object (contract 5.3).
func listed(model []byte) provider.Listed {
	l := provider.Listed{
		Name: remote.Member(model, "namespace"), OwnedBy: remote.Member(model, "vendor", "name"), API: "prediction",
		Title: remote.Member(model, "name"), Description: remote.Member(model, "description"), Type: remote.Member(model, "type"),
	}
	capabilities, _ := rawjson.Get(model, "capabilities")
	rawjson.Elements(capabilities, func(word []byte) bool {
		if s, err := rawjson.Unquote(word); err == nil && s != "" {
			l.Capabilities = append(l.Capabilities, s)
		}
		return true
	})
	compatible, _ := rawjson.Get(model, "metadata", "openai_compatible")
	if rawjson.KindOf(compatible) == rawjson.KindTrue {
		l.API = inferenceAPI(l)
		return l
	}
	l.InputSchema, l.OutputSchema = schema(model, "input_schema"), schema(model, "output_schema")
	return l
}

// inferenceAPI is which of the inference routes a model belongs to. Nothing says so but
// what it can do, and its name.
func inferenceAPI(l provider.Listed) string {
	if slices.ContainsFunc(append([]string{l.Name}, l.Capabilities...), func(s string) bool {
		return strings.Contains(strings.ToLower(s), "embed")
	}) {
		return "embeddings"
	}
	return "chat"
}

// schema is a member that is an object, else nil.
func schema(model []byte, name string) json.RawMessage {
	value, _ := rawjson.Get(model, name)
	if rawjson.KindOf(value) != rawjson.KindObject {
		return nil
	}
	return bytes.Clone(value)
}
