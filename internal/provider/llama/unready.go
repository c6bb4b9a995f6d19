package llama

import (
	"errors"
	"fmt"

	"skytower/internal/fault"
	"skytower/internal/provider"
)

// unready is a model that can't be started. Nothing was sent, so another target may serve;
// where there is none, the answer says what whoever runs the server is to do.
func unready(name string, why error) error {
	e := &provider.Error{Class: provider.Unreachable, Err: fmt.Errorf("engine %s: %w", name, why)}
	if missing, ok := errors.AsType[*Missing](why); ok {
		e.Err = fault.Wrap(e.Err, fault.ServiceUnavailable, fmt.Sprintf("The model '%s' can't be loaded on this server yet. %s", name, missing.Do))
	}
	return e
}
