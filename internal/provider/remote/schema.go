package remote

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"

	"skytower/internal/provider"
)

// Bounds on the reading of a model's schema.
const (
	maxSchemaDepth = 32
	maxSchemaNodes = 20_000 // after references are resolved: they can multiply
)

// Describe fills in what an OpenAPI document of Cog says of a model: the schemas of
// its input and its output, and, from these and the texts about the model, what it
// puts out. Schemas become plain JSON Schema: without references, and with what
// OpenAPI 3.0 says in words of its own said in JSON Schema's.
func Describe(l *provider.Listed, openapi []byte) error {
	var doc struct {
		Components struct {
			Schemas map[string]any `json:"schemas"`
		} `json:"components"`
	}
	d := json.NewDecoder(bytes.NewReader(openapi))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return Broken("read the model's OpenAPI document: %w", err)
	}
	schemas := doc.Components.Schemas
	if _, ok := schemas["Input"].(map[string]any); !ok {
		return Broken("the model's OpenAPI document has no schema Input")
	}
	input, err := plainSchema(schemas, "Input")
	if err != nil {
		return err
	}
	l.API, l.Type = "prediction", kindText
	if l.InputSchema, err = json.Marshal(input); err != nil {
		return Broken("write the schema Input: %w", err)
	}
	if _, ok := schemas["Output"]; !ok {
		return nil
	}
	output, err := plainSchema(schemas, "Output")
	if err != nil {
		return err
	}
	if l.OutputSchema, err = json.Marshal(output); err != nil {
		return Broken("write the schema Output: %w", err)
	}
	if hasAddress(output) {
		l.Type = mediaKind(l.Name, l.Title, l.Description, string(l.OutputSchema))
	}
	return nil
}

// plainSchema is one of the components, resolved.
func plainSchema(components map[string]any, name string) (any, error) {
	p := &plainer{components: components}
	out := p.value(components[name], 0)
	if p.nodes > maxSchemaNodes {
		return nil, Broken("the schema %s has more than %d parts", name, maxSchemaNodes)
	}
	return out, nil
}

// plainer resolves one schema. What is too deep, such as a schema that holds itself,
// becomes the schema that allows everything.
type plainer struct {
	components map[string]any
	nodes      int
}

func (p *plainer) value(v any, depth int) any {
	p.nodes++
	if depth > maxSchemaDepth || p.nodes > maxSchemaNodes {
		return map[string]any{}
	}
	switch v := v.(type) {
	case map[string]any:
		return p.schema(v, depth)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = p.value(v[i], depth+1)
		}
		return out
	}
	return v
}

// named resolves schemas by name. The names are the model's: one may be "default".
func (p *plainer) named(v any, depth int) any {
	all, ok := v.(map[string]any)
	if !ok {
		return map[string]any{}
	}
	out := make(map[string]any, len(all))
	for name, s := range all {
		out[name] = p.value(s, depth)
	}
	return out
}

// schema resolves a schema.
func (p *plainer) schema(s map[string]any, depth int) any {
	if ref, ok := s["$ref"].(string); ok {
		name, ours := strings.CutPrefix(ref, "#/components/schemas/")
		to, there := p.components[name].(map[string]any)
		if !ours || !there {
			return map[string]any{}
		}
		return p.value(to, depth+1)
	}
	out := make(map[string]any, len(s))
	for key, v := range s {
		switch key {
		case "default", "enum", "const", "example", "examples":
			out[key] = v // values, not schemas
		case "properties":
			out[key] = p.named(v, depth+1)
		default:
			out[key] = p.value(v, depth+1)
		}
	}
	mergeOne(out)
	exclusive(out, "exclusiveMinimum", "minimum")
	exclusive(out, "exclusiveMaximum", "maximum")
	nullable(out)
	return out
}

// mergeOne takes in the only member of an allOf. Cog writes a choice in that way, so
// that a default can stand beside the reference; what stands beside it counts more.
func mergeOne(s map[string]any) {
	all, ok := s["allOf"].([]any)
	if !ok || len(all) != 1 {
		return
	}
	one, ok := all[0].(map[string]any)
	if !ok {
		return
	}
	delete(s, "allOf")
	own := maps.Clone(s)
	maps.Copy(s, one)
	maps.Copy(s, own)
}

// exclusive turns OpenAPI's true beside a bound into JSON Schema's bound.
func exclusive(s map[string]any, word, bound string) {
	flag, ok := s[word].(bool)
	if !ok {
		return
	}
	delete(s, word)
	if limit, has := s[bound]; has && flag {
		s[word] = limit
		delete(s, bound)
	}
}

// nullable turns OpenAPI's nullable into a type among others.
func nullable(s map[string]any) {
	flag, ok := s["nullable"].(bool)
	if !ok {
		return
	}
	delete(s, "nullable")
	if !flag {
		return
	}
	if kind, ok := s["type"].(string); ok {
		s["type"] = []any{kind, "null"}
	}
	if values, ok := s["enum"].([]any); ok {
		s["enum"] = append(append([]any(nil), values...), nil)
	}
	for _, word := range []string{"anyOf", "oneOf"} {
		if options, ok := s[word].([]any); ok {
			s[word] = append(append([]any(nil), options...), map[string]any{"type": "null"})
		}
	}
}

// hasAddress reports whether an output schema names files.
func hasAddress(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		if v["format"] == "uri" {
			return true
		}
		for _, part := range v {
			if hasAddress(part) {
				return true
			}
		}
	case []any:
		for _, part := range v {
			if hasAddress(part) {
				return true
			}
		}
	}
	return false
}

// mediaKind guesses what kind of file a model makes from the texts about it. A model
// that makes pictures seldom says so, so that is what the others are not.
func mediaKind(texts ...string) string {
	all := strings.ToLower(strings.Join(texts, " "))
	for _, guess := range []struct{ kind, words string }{
		{"video", "video animation movie mp4"},
		{"music", "music song melody"},
		{"audio", "audio speech voice sound tts wav mp3"},
	} {
		for _, word := range strings.Fields(guess.words) {
			if strings.Contains(all, word) {
				return guess.kind
			}
		}
	}
	return "image"
}
