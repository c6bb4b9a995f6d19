package prediction

import (
	"context"
	"encoding/json"
	"errors"

	"skytower/internal/blob"
	"skytower/internal/catalog"
)

// takeInput moves large data URLs of an input into files, which the caller keeps in the
// transaction that stores the prediction.
func (s *Service) takeInput(ctx context.Context, account, prediction string, input json.RawMessage) (stored json.RawMessage, files []string, err error) {
	return input, nil, nil
}

// showInput renders a stored input: references become links below base. files are the
// prediction's input files by id.
func (s *Service) showInput(input string, files map[string]blob.File, base string) json.RawMessage {
	return json.RawMessage(input)
}

// inputFor is the input as a target's policy wants it.
func (s *Service) inputFor(ctx context.Context, rec Record, policy catalog.Policy) (json.RawMessage, error) {
	return nil, errors.New("to be written")
}
