package playground

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const paintSchema = `{
	"type": "object", "title": "Input", "required": ["prompt", "mode"],
	"$defs": {"Mode": {"enum": ["fast", "good"], "type": "string", "title": "Mode"}},
	"properties": {
		"seed": {"anyOf": [{"type": "integer"}, {"type": "null"}], "x-order": 9, "description": "For the same picture again."},
		"prompt": {"type": "string", "title": "Prompt", "x-order": 0, "minLength": 1},
		"image": {"type": "string", "format": "uri", "x-order": 1},
		"mode": {"allOf": [{"$ref": "#/$defs/Mode"}], "default": "good", "x-order": 2},
		"steps": {"type": "integer", "minimum": 1, "maximum": 50, "default": 20, "x-order": 3},
		"scale": {"type": "number", "exclusiveMinimum": 0, "title": "Guidance", "x-order": 4},
		"tiled": {"type": "boolean", "default": false, "x-order": 5},
		"open": {"type": ["boolean", "null"], "x-order": 6},
		"tags": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "default": ["b"], "x-order": 7},
		"masks": {"type": "array", "items": {"type": "string", "format": "uri"}, "maxItems": 3, "x-order": 8},
		"words": {"type": "array", "items": {"type": "string", "maxLength": 5}, "default": ["x", "y"]},
		"extra": {"type": "object", "default": {"a": 1}},
		"token": {"type": "string", "format": "password"},
		"loop": {"$ref": "#/properties/loop"},
		"nest": {"type": "array", "items": {"$ref": "#/properties/nest"}}
	}}`

func TestFieldsOfASchema(t *testing.T) {
	t.Parallel()
	type row struct{ Name, Label, Kind, Type, Value, Min, Max, Step string }
	var got []row
	data := map[string]string{}
	for _, f := range fieldsOf(json.RawMessage(paintSchema)) {
		got = append(got, row{f.Name, f.Label, f.Kind, f.Type, f.Value, f.Min, f.Max, f.Step})
		data[f.Name] = f.Data
	}
	want := []row{
		{"prompt", "Prompt", "text", "text", "", "", "", ""}, {"image", "image", "file", "url", "", "", "", ""}, {"mode", "Mode", "choice", "", "1", "", "", ""},
		{"steps", "steps", "number", "number", "20", "1", "50", "1"}, {"scale", "Guidance (scale)", "number", "number", "", "", "", "any"}, {"tiled", "tiled", "bool", "", "false", "", "", ""},
		{"open", "open", "bool", "", "", "", "", ""}, {"tags", "tags", "choices", "", "", "", "", ""}, {"masks", "masks", "files", "", "", "", "", ""}, {"seed", "seed", "number", "number", "", "", "", "1"},
		{"words", "words", "lines", "", "x\ny", "", "", ""}, {"extra", "extra", "json", "", "{\n  \"a\": 1\n}", "", "", ""}, {"token", "token", "text", "password", "", "", "", ""},
		{"loop", "loop", "json", "", "", "", "", ""}, {"nest", "nest", "json", "", "", "", "", ""},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for name, want := range map[string]string{
		"prompt": `{"name":"prompt","kind":"text","required":true,"minLength":1}`,
		"mode":   `{"name":"mode","kind":"choice","required":true,"default":"good","values":["fast","good"]}`,
		"steps":  `{"name":"steps","kind":"number","default":20,"integer":true,"min":1,"max":50}`,
		"scale":  `{"name":"scale","kind":"number","above":0}`,
		"tags":   `{"name":"tags","kind":"choices","default":["b"],"values":["a","b"]}`,
		"masks":  `{"name":"masks","kind":"files","maxItems":3,"item":{"name":"masks","kind":"file","required":true}}`,
		"words":  `{"name":"words","kind":"lines","default":["x","y"],"item":{"name":"words","kind":"text","required":true,"maxLength":5}}`,
		"extra":  `{"name":"extra","kind":"json","default":{"a":1},"shape":"object"}`,
	} {
		if data[name] != want {
			t.Errorf("%s is described as %s", name, data[name])
		}
	}
}

func TestSchemasThatSayNothing(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{"", "null", "{}", "[]", "true", `{"properties": 5}`, `{"properties": {"a": `, `{"$ref": "#"}`, `{"allOf": [{"$ref": "#"}, {"$ref": "#"}]}`} {
		if f := fieldsOf(json.RawMessage(doc)); len(f) != 0 {
			t.Errorf("%s has %d fields", doc, len(f))
		}
	}
	many := `{"properties": {"a": {"allOf": [` + strings.Repeat(`{"$ref": "#/properties/a"},`, 500) + `{"type": "string"}]}}}`
	if f := fieldsOf(json.RawMessage(many)); len(f) != 1 {
		t.Errorf("%d fields", len(f))
	}
}

func TestAnExampleHasWhatIsNeeded(t *testing.T) {
	t.Parallel()
	if got, want := exampleOf(fieldsOf(json.RawMessage(paintSchema))), `{"prompt": "A lighthouse at dawn", "mode": "good"}`; got != want {
		t.Errorf("the example is %s", got)
	}
}

func TestLongFormsFoldWhatNeedNotBeSet(t *testing.T) {
	t.Parallel()
	first, further := split(fieldsOf(json.RawMessage(paintSchema)))
	if len(first) != 6 || len(further) != 9 {
		t.Errorf("%d shown, %d folded", len(first), len(further))
	}
	for _, f := range further {
		if f.Required {
			t.Errorf("%s is folded away", f.Name)
		}
	}
}
