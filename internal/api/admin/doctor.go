package admin

import (
	"context"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// Instance is the server as a whole.
type Instance interface {
	// Doctor looks at everything that the server depends on.
	Doctor(context.Context) []skytells.Check
	System(context.Context) (skytells.System, error)
	TryTargets(context.Context, skytells.TryRequest) ([]skytells.TryResult, error)
	TryProvider(ctx context.Context, name string) (skytells.TryResult, error)
}

// InstanceHandlers holds what the routes about the server itself need.
type InstanceHandlers struct{ Instance Instance }

// Rows are the routes.
func (h *InstanceHandlers) Rows() []api.Route {
	return dress(append(h.systemRows(), h.tryRows()...))
}

func (h *InstanceHandlers) doctor(c *httpx.Call, _ account.Operator) error {
	return list(c, h.Instance.Doctor(c.Request.Context()), nil)
}
