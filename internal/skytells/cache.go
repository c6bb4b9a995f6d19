package skytells

import (
	"context"
	"net/http"
	"net/url"
)

// CacheState is what the answer cache of one process holds.
type CacheState struct {
	Answers int   `json:"answers"`
	Bytes   int64 `json:"bytes"`
	Size    int64 `json:"size" doc:"The most, in bytes; 0: no answers are kept."`
	Shared  bool  `json:"shared" doc:"Answers are kept in Redis too, for all processes."`
}

// Cache asks how much the answer cache of the answering process holds.
func (c *Client) Cache(ctx context.Context) (CacheState, error) {
	return call[CacheState](ctx, c, http.MethodGet, "/admin/v1/cache", nil)
}

// ClearCache makes all processes forget what a model answered, or everything if model is "".
func (c *Client) ClearCache(ctx context.Context, model string) (CacheState, error) {
	path := "/admin/v1/cache"
	if model != "" {
		path += "?model=" + url.QueryEscape(model)
	}
	return call[CacheState](ctx, c, http.MethodDelete, path, nil)
}
