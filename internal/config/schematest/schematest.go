// Package schematest checks YAML against a JSON Schema as an editor does, for the tests of
// the rooms that have a schema.
//
// It refuses to know which schema that is. Its invariant: formats count, as they do in editors.
package schematest

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// Schema is a schema that was read.
type Schema struct{ compiled *jsonschema.Schema }

// Compile reads a schema.
func Compile(t testing.TB, text []byte) Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	const name = "tested.schema.json"
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(name, document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return Schema{compiled}
}

// Check validates the first document of a YAML text.
func (s Schema) Check(text string) error {
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		return err
	}
	plain, err := json.Marshal(v)
	if err != nil {
		return err
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(plain))
	if err != nil {
		return err
	}
	return s.compiled.Validate(instance)
}
