package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skytower/internal/fault"
	"skytower/internal/skytells"
)

// cogSchema has the form of what containers describe.
const cogSchema = `{
	"type":"object","title":"Input","required":["prompt"],
	"properties":{
		"prompt":{"type":"string","title":"Prompt","minLength":1,"maxLength":20,"x-order":0},
		"width":{"type":"integer","default":1024,"minimum":64,"maximum":2048,"multipleOf":8},
		"scheduler":{"allOf":[{"$ref":"#/$defs/scheduler"}],"default":"K_EULER"},
		"guidance":{"type":"number","default":7.50,"minimum":0},
		"seed":{"type":["integer","null"]},
		"mask":{"anyOf":[{"type":"string","pattern":"^(data|https):"},{"type":"null"}]},
		"images":{"type":"array","maxItems":2,"items":{"type":"object","required":["url"],
			"properties":{"url":{"type":"string"},"weight":{"type":"number","default":1.0}}}},
		"size":{"type":"object","properties":{"unit":{"enum":["px","mm"],"default":"px"}},"additionalProperties":false}
	},
	"$defs":{"scheduler":{"enum":["DDIM","K_EULER"],"type":"string"}}
}`

func modelWith(t testing.TB, schema string) *Model {
	t.Helper()
	input, err := newInputSchema([]byte(schema))
	if err != nil {
		t.Fatal(err)
	}
	return &Model{input: input}
}

func TestDefaultsAreFilledIn(t *testing.T) {
	t.Parallel()
	m := modelWith(t, cogSchema)
	rest := `"guidance":7.50,"scheduler":"K_EULER","width":1024`
	for given, want := range map[string]string{
		`{"prompt":"x"}`:     `{"prompt":"x",` + rest + `}`,
		`{ "prompt" : "x" }`: `{ "prompt" : "x",` + rest + ` }`,
		`{"prompt":"x","width":1.024e3,"scheduler":"DDIM","guidance":1.0}`: `{"prompt":"x","width":1.024e3,"scheduler":"DDIM","guidance":1.0}`,
		`{"other":12345678901234567890,"prompt":"\u0078"}`:                 `{"other":12345678901234567890,"prompt":"\u0078",` + rest + `}`,
		`{"prompt":"x","size":{}}`:                                         `{"prompt":"x","size":{"unit":"px"},` + rest + `}`,
		`{"prompt":"x","images":[{"url":"a"}, {"url":"b","weight":2}]}`:    `{"prompt":"x","images":[{"url":"a","weight":1.0}, {"url":"b","weight":2}],` + rest + `}`,
		`{"prompt":"x","seed":null,"mask":null}`:                           `{"prompt":"x","seed":null,"mask":null,` + rest + `}`,
	} {
		got, err := m.CheckInput(json.RawMessage(given))
		if err != nil || string(got) != want {
			t.Errorf("%s:\n got %s %v\nwant %s", given, got, err, want)
		}
	}
}

func TestEveryViolationIsNamed(t *testing.T) {
	t.Parallel()
	m := modelWith(t, cogSchema)
	for given, want := range map[string]string{
		`{"width":4096}`:                                 `input.prompt is missing; input.width: must be at most 2048`,
		`{"prompt":""}`:                                  `input.prompt: must have at least 1 character`,
		`{"prompt":7}`:                                   `input.prompt: must be a string, not a number`,
		`{"prompt":"x","width":1000.5}`:                  `input.width: must be an integer, not a number with a fraction`,
		`{"prompt":"x","width":100}`:                     `input.width: must be a multiple of 8`,
		`{"prompt":"x","width":null}`:                    `input.width: must be an integer, not null`,
		`{"prompt":"x","scheduler":"secret"}`:            `input.scheduler: must be "DDIM" or "K_EULER"`,
		`{"prompt":"x","seed":"1"}`:                      `input.seed: must be an integer or null, not a string`,
		`{"prompt":"x","mask":"ftp:x"}`:                  `input.mask: must match the pattern ^(data|https):`,
		`{"prompt":"x","mask":1}`:                        `input.mask: must be a string or null, not a number`,
		`{"prompt":"x","images":[{"url":"a"},{}]}`:       `input.images[1].url is missing`,
		`{"prompt":"x","images":[1,2,3]}`:                `input.images: must have at most 2 items; input.images[0]: must be an object, not a number; input.images[1]: must be an object, not a number; input.images[2]: must be an object, not a number`,
		`{"prompt":"x","size":{"a b":1}}`:                `input.size["a b"] is not a field of this model`,
		`{"prompt":"x","prompt":"y"}`:                    `input.prompt stands there twice`,
		`{"prompt":"x","size":{"unit":1,"\u0075nit":2}}`: `input.size.unit stands there twice`,
		`{"prompt":"x","width":1e999999999}`:             `input.width: must be a number within range`,
		`[]`:                                             `input: must be an object, not an array`,
		`null`:                                           `input: must be an object, not null`,
		`true`:                                           `input: must be an object, not a boolean`,
		`{"a":`:                                          `input: must be JSON, nested at most 128 levels`,
	} {
		_, err := m.CheckInput(json.RawMessage(given))
		var f *fault.Error
		if !errors.As(err, &f) || f.ID != fault.InvalidInput || f.HTTPStatus() != 422 || f.Message != want {
			t.Errorf("%s:\n got %v\nwant %s", given, err, want)
			continue
		}
		if first, _, _ := strings.Cut(strings.ReplaceAll(want, ":", " "), " "); f.Param != first && !strings.Contains(f.Param, `["`) {
			t.Errorf("%s: param %q", given, f.Param)
		}
	}
	var missing *fault.Error
	if _, err := m.CheckInput(nil); !errors.As(err, &missing) || missing.ID != fault.ValidationError {
		t.Errorf("no input: %v", err)
	}
}

func TestManyViolationsAreCutShort(t *testing.T) {
	t.Parallel()
	m := modelWith(t, `{"type":"object","additionalProperties":{"type":"null"}}`)
	given := map[string]int{}
	for i := range 500 {
		given[fmt.Sprintf("field%03d", i)] = i
	}
	text, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.CheckInput(text)
	f := fault.From(err)
	if !strings.HasPrefix(f.Message, "input.field000: must be null, not a number; input.field001: ") || !strings.HasSuffix(f.Message, "; and 480 more") {
		t.Error(f.Message)
	}
}

func TestWithoutSchemaAnyObjectWillDo(t *testing.T) {
	t.Parallel()
	m := &Model{}
	if got, err := m.CheckInput(json.RawMessage(` {"a":1e999999999} `)); err != nil || string(got) != ` {"a":1e999999999} ` {
		t.Errorf("%s %v", got, err)
	}
	if _, err := m.CheckInput(json.RawMessage(`[1]`)); !fault.Is(err, fault.InvalidInput) {
		t.Errorf("an array: %v", err)
	}
}

func TestLargeInputsAreRefused(t *testing.T) {
	t.Parallel()
	m := modelWith(t, `{"properties":{"list":{"items":{"properties":{"a":{"default":"`+strings.Repeat("x", 1000)+`"}}}}}}`)
	for given, want := range map[string]string{
		`{"list":[` + strings.Repeat("1,", 100_000) + `1]}`: "input: must hold at most 100000 values",
		`{"list":[` + strings.Repeat("{},", 2000) + `{}]}`:  "input is too large once the schema's defaults are filled in",
	} {
		if _, err := m.CheckInput(json.RawMessage(given)); fault.From(err).Message != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestDefaultsHoldTheirOwn(t *testing.T) {
	t.Parallel()
	m := modelWith(t, `{"properties":{
		"size":{"default":{},"properties":{"w":{"default":1},"h":{"default":{"$unit":"px"},"properties":{"n":{"default":2}}}}},
		"wrong":{"type":"string","default":null},
		"low":{"type":"integer","minimum":5,"default":1}}}`)
	want := `{"size":{"h":{"$unit":"px","n":2},"w":1}}`
	if got, err := m.CheckInput(json.RawMessage(`{}`)); err != nil || string(got) != want {
		t.Errorf("got %s %v, want %s", got, err, want)
	}
}

func TestSchemasThatAreRefused(t *testing.T) {
	t.Parallel()
	doubling := `{"$defs":{"a0":{"type":"object"}`
	for i := range 20 {
		doubling += fmt.Sprintf(`,"a%d":{"allOf":[{"$ref":"#/$defs/a%d"},{"$ref":"#/$defs/a%d"}]}`, i+1, i, i)
	}
	for schema, want := range map[string]string{
		`[]`:                                       "must be a JSON Schema, which is an object",
		`{"type":"objekt"}`:                        `is not a JSON Schema: type`,
		`{"type":"string"}`:                        `must be of type "object"`,
		`{"properties":{"a":{"minimum":"1"}}}`:     `is not a JSON Schema: properties.a.minimum: must be a number, not a string`,
		`{"$ref":"https://example.com/s"}`:         "refers to 'https://example.com/s': a schema holds all that it refers to",
		`{"$ref":"file:///etc/passwd"}`:            "refers to 'file:///etc/passwd'",
		`{"$schema":"https://example.com/s"}`:      "refers to 'https://example.com/s'",
		`{"$ref":"#/$defs/nothing"}`:               "can't be used",
		`{"$ref":"#"}`:                             "refers to itself without end",
		`{"properties":{"a":{"pattern":"(?=x)"}}}`: "pattern",
		`{"properties":{"a":{"pattern":"` + strings.Repeat("(x{1000})", 200) + `"}}}`: "pattern",
		`{"properties":{"a":{"$ref":"#","default":{}}}}`:                              "has defaults without end: that of 'a' needs itself",
		doubling + `},"$ref":"#/$defs/a20"}`:                                          "is too intricate",
		`{"a":1,"a":2}`:                                                               "a stands there twice",
		`{"minimum":1e9999999}`:                                                       "minimum: must be a number within range",
		`{"title":"` + strings.Repeat("x", maxSchema) + `"}`:                          "has at most 256 KiB",
		`{"enum":[` + strings.Repeat("1,", 20_000) + `1]}`:                            "must hold at most 10000 values",
	} {
		err := checkInputSchema(skytells.Schema(schema))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100s: got %v, want %q", schema, err, want)
		}
	}
	file := filepath.Join(t.TempDir(), "schema.json")
	if err := os.WriteFile(file, []byte(`{"type":"object"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkInputSchema(skytells.Schema(`{"$ref":"file://` + file + `"}`)); err == nil {
		t.Error("a file was read")
	}
	if err := checkOutputSchema(skytells.Schema(`{"type":"array","items":{"type":"string","format":"uri"}}`)); err != nil {
		t.Error(err)
	}
}

// A schema that names several ways to go on at each level would be followed down all
// of them: 2^100 here.
func TestRecursionIsBounded(t *testing.T) {
	t.Parallel()
	nested := strings.Repeat(`{"next":`, 100) + `1` + strings.Repeat(`}`, 100)
	m := modelWith(t, `{"$defs":{"node":{"anyOf":[{"properties":{"next":{"$ref":"#/$defs/node"},"a":{"type":"string"}}},
		{"properties":{"next":{"$ref":"#/$defs/node"},"b":{"type":"string"}}}],"type":"object"}},"$ref":"#/$defs/node"}`)
	if _, err := m.CheckInput(json.RawMessage(nested)); err == nil || !strings.Contains(err.Error(), "nested deeper than the 17 levels") {
		t.Errorf("got %v", err)
	}
	one := modelWith(t, `{"properties":{"next":{"$ref":"#"},"a":{"default":1}}}`)
	got, err := one.CheckInput(json.RawMessage(nested))
	if err != nil || bytes.Count(got, []byte(`"a":1`)) != 100 {
		t.Errorf("one way: %s %v", got, err)
	}
}

func TestSchemaCards(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		`{}`:                       `{"type":"object","title":"Input","required":[],"properties":{}}`,
		`{"title":"T","$defs":{}}`: `{"type":"object","required":[],"properties":{},"title":"T","$defs":{}}`,
		`{"type":"object","title":"T","required":["a"],"properties":{"a":{}}}`: `{"type":"object","title":"T","required":["a"],"properties":{"a":{}}}`,
	} {
		if got := string(inputCard(skytells.Schema(given))); got != want {
			t.Errorf("%s: got %s", given, got)
		}
	}
	for given, want := range map[string]string{
		`{"type":"string"}`:             `{"type":"object","title":"Output","required":["output"],"properties":{"output":{"type":"string"}}}`,
		`{"type":"object","title":"T"}`: `{"required":[],"properties":{},"type":"object","title":"T"}`,
		`{"$ref":"#/$defs/a"}`:          `{"$ref":"#/$defs/a"}`,
	} {
		if got := string(outputCard(skytells.Schema(given))); got != want {
			t.Errorf("%s: got %s", given, got)
		}
	}
	if inputCard(nil) != nil || outputCard(nil) != nil {
		t.Error("a card of no schema")
	}
}

// What CheckInput accepts is JSON, still accepted, and has nothing left to fill in.
func FuzzCheckInput(f *testing.F) {
	recursive := `{"properties":{"a":{"$ref":"#"},"b":{"default":[1]},"c":{"default":{"a":{"b":1}},"$ref":"#/properties/c/$defs/d","$defs":{"d":{"properties":{"x":{"default":null}}}}}}}`
	for _, schema := range []string{cogSchema, recursive, `{"oneOf":[{"required":["a"]},{"required":["b"]}],"unevaluatedProperties":false,"properties":{"a":{"default":1}}}`, `{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"u":{"format":"uri"}}}`} {
		for _, input := range []string{`{}`, `{"prompt":"x","size":{},"images":[{"url":"a"}]}`, `{"a":{"a":{}}, "c":{}}`, `{"u":"::"}`, `{"a":1e5,"":[[]],"\ud800":"\xff"}`} {
			f.Add(schema, input)
		}
	}
	f.Fuzz(func(t *testing.T, schema, input string) {
		if checkInputSchema(skytells.Schema(schema)) != nil {
			return
		}
		m := modelWith(t, schema)
		once, err := m.CheckInput(json.RawMessage(input))
		if err != nil {
			if f := fault.From(err); f.HTTPStatus() != 422 || f.Message == "" || f.Param == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		if !json.Valid(once) {
			t.Fatalf("%s is not JSON", once)
		}
		twice, err := m.CheckInput(once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%s became %s (%v)", once, twice, err)
		}
	})
}

// Compiling takes time: a schema is compiled once, however often the catalogue changes.
func TestCompiledSchemasAreKept(t *testing.T) {
	t.Parallel()
	spec := skytells.ModelSpec{Slug: "m", API: Prediction, InputSchema: skytells.Schema(cogSchema)}
	var old *Snapshot
	build := func() *inputSchema {
		s := &Snapshot{schemas: map[string]*inputSchema{}}
		m, err := s.buildModel(modelRecord{spec: spec}, old)
		if err != nil {
			t.Fatal(err)
		}
		old = s
		return m.input
	}
	first := build()
	if build() != first {
		t.Error("compiled again")
	}
	spec.InputSchema = skytells.Schema(`{}`)
	if build() == first {
		t.Error("a changed schema was not compiled")
	}
	spec.InputSchema = skytells.Schema(`{"type":3}`) // of another version of the server
	broken := build()
	if _, err := (&Model{input: broken}).CheckInput(json.RawMessage(`{}`)); !fault.Is(err, fault.ServiceUnavailable) {
		t.Errorf("a schema that can't be used: %v", err)
	}
}
