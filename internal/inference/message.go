package inference

import (
	"context"

	"skytower/internal/provider"
)

// message serves the Messages API: by the upstream's own where it has one, else over its
// chat.
func (r *run) message(_ context.Context, _ any, _ *provider.Call) (*provider.Answer, error) {
	return nil, errUnsupported(Messages)
}

// messageStream is message for a streamed answer.
func (r *run) messageStream(_ context.Context, _ any, _ *provider.Call) (provider.Stream, error) {
	return nil, errUnsupported(Messages)
}
