package cli

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"skytower/internal/config"
	"skytower/internal/skytells"
)

type schemaCommand struct {
	Of string `arg:"" enum:"config,resources" help:"config: the process file (serve --config); resources: the files of 'apply'."`
}

// Run prints the schema.
func (c *schemaCommand) Run(s *session) error {
	text := config.Schema()
	if c.Of == "resources" {
		text = ResourceSchema()
	}
	_, err := s.Stdout.Write(text)
	return err
}

// ResourceSchema is the JSON Schema (draft 2020-12) of the files that `skytower apply`
// takes, for editors. It is made from the types that the command reads them into, so that
// it takes what the command takes, but for what only the server can know.
func ResourceSchema() []byte {
	b := schemaBuilder{defs: map[string]any{}}
	root := b.mapping(reflect.TypeFor[resourceFile]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Skytower resources"
	root["description"] = "Guards, providers, models, settings and limits, as skytower apply -f loads them."
	root["$defs"] = b.defs
	describe(root, map[string]string{
		"guards": "What looks at prompts and answers.", "providers": "Upstreams that serve models.", "models": "Models that callers can use.",
		"settings": "Stored choices of the server; what is not named stays as it is.", "limits": "Limits of accounts and keys, besides those of tiers.",
	})
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic("encode the schema: " + err.Error()) // maps of texts: can't be
	}
	return append(text, '\n')
}

func describe(of map[string]any, docs map[string]string) {
	properties, _ := of["properties"].(map[string]any)
	for name, doc := range docs {
		if property, ok := properties[name].(map[string]any); ok {
			property["description"] = doc
		}
	}
}

// schemaBuilder makes a definition of each type that has fields.
type schemaBuilder struct{ defs map[string]any }

// required are the fields without which the server takes nothing of the kind.
func required(t reflect.Type) []string {
	return map[string][]string{
		"GuardSpec": {"name", "kind"}, "CacheSpec": {"ttl"}, "ProviderSpec": {"name", "kind"}, "ModelSpec": {"slug"}, "TargetSpec": {"provider", "model"}, "LimitRule": {"account"},
	}[t.Name()]
}

func (b *schemaBuilder) mapping(t reflect.Type) map[string]any {
	properties := map[string]any{}
	known := knownFields(t)
	for _, name := range known.names {
		property := b.value(known.types[name])
		tag := known.tags[name]
		if words := tag.Get("enum"); words != "" {
			allow(property, strings.Split(words, ","), slices.Contains(required(t), name))
		}
		if doc := tag.Get("doc"); doc != "" {
			property["description"] = doc
		}
		properties[name] = property
	}
	// An extension of keys (x-…) is nothing that the command knows: it would refuse it.
	out := map[string]any{"type": []string{"object", "null"}, "additionalProperties": false, "properties": properties}
	if names := required(t); len(names) > 0 {
		out["required"] = names
	}
	return out
}

// allow puts the words of a choice in. Where a field may be left out, "" and null are as
// good as that.
func allow(property map[string]any, words []string, must bool) {
	var all []any
	for _, word := range words {
		all = append(all, word)
		if word == "off" { // readers of YAML 1.1 take it for a truth value
			all = append(all, false)
		}
	}
	if !must {
		all = append(all, "", nil)
	}
	delete(property, "type")
	property["enum"] = all
}

// value follows checker.value: null is as good as leaving it out.
func (b *schemaBuilder) value(t reflect.Type) map[string]any {
	if t == reflect.TypeFor[skytells.Schema]() {
		return map[string]any{"type": []string{"object", "null"}}
	}
	if t == reflect.TypeFor[skytells.Amount]() {
		return map[string]any{"type": []string{"number", "string", "null"}, "pattern": `^(-?[0-9]{1,12}(\.[0-9]{1,15})?)?$`}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return b.value(t.Elem())
	case reflect.Interface:
		return map[string]any{}
	case reflect.Map:
		return map[string]any{"type": []string{"object", "null"}, "additionalProperties": b.value(t.Elem())}
	case reflect.Slice:
		return map[string]any{"type": []string{"array", "null"}, "items": b.value(t.Elem())}
	case reflect.Struct:
		if _, ok := b.defs[t.Name()]; !ok {
			b.defs[t.Name()] = nil // a type may hold itself
			b.defs[t.Name()] = b.mapping(t)
		}
		return map[string]any{"$ref": "#/$defs/" + t.Name()}
	case reflect.Bool:
		return map[string]any{"type": []string{"boolean", "null"}}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": []string{"integer", "null"}}
	case reflect.Float64:
		return map[string]any{"type": []string{"number", "null"}}
	}
	return map[string]any{"type": []string{"string", "number", "boolean", "null"}}
}
