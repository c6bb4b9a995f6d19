package admin

import (
	"context"
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// Cache is where answers are kept for equal requests.
type Cache interface {
	// ClearCache forgets what a model answered, or all if model is "".
	ClearCache(ctx context.Context, by account.Operator, model string) error
	CacheState() skytells.CacheState
}

// CacheHandlers holds what the routes about kept answers need.
type CacheHandlers struct {
	Cache Cache
	Sync  func(context.Context) error
}

// Rows are the routes.
func (h *CacheHandlers) Rows() []api.Route {
	return dress([]api.Route{
		{Method: http.MethodGet, Pattern: "/admin/v1/cache", ID: "getCache", Summary: "Show how much the answer cache holds",
			Description: "Of the answering process' own memory. How often answers were there is in the metrics.",
			Response:    skytells.CacheState{}, Operator: h.show},
		{Method: http.MethodDelete, Pattern: "/admin/v1/cache", ID: "clearCache", Summary: "Clear the answer cache",
			Description: "All processes forget the answers that were kept before: at once where they share a Redis, else as they hear of it, within a second or two.",
			Params:      []api.Param{{Name: "model", In: "query", Description: "Slug of a model: only its answers are forgotten."}},
			Response:    skytells.CacheState{}, Errors: []fault.ID{fault.ModelNotFound}, Operator: h.clear},
	})
}

func (h *CacheHandlers) show(c *httpx.Call, _ account.Operator) error {
	return c.JSON(http.StatusOK, h.Cache.CacheState())
}

func (h *CacheHandlers) clear(c *httpx.Call, by account.Operator) error {
	if err := h.Cache.ClearCache(c.Request.Context(), by, c.Request.URL.Query().Get("model")); err != nil {
		return err
	}
	if err := h.Sync(c.Request.Context()); err != nil {
		return fault.Wrap(err, fault.ServiceUnavailable, "The answers are forgotten, but this server has not taken that over yet.")
	}
	return c.JSON(http.StatusOK, h.Cache.CacheState())
}
