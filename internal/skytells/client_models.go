package skytells

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Models lists the models that the API key may use. Fields are names such as
// input_schema, which are left out of the answer unless asked for.
func (c *Client) Models(ctx context.Context, fields ...string) ([]Model, error) {
	return call[[]Model](ctx, c, http.MethodGet, "/v1/models"+fieldsQuery(fields), nil)
}

// Model is one model by its slug or an alias.
func (c *Client) Model(ctx context.Context, slug string, fields ...string) (Model, error) {
	return call[Model](ctx, c, http.MethodGet, "/v1/models/"+url.PathEscape(slug)+fieldsQuery(fields), nil)
}

func fieldsQuery(fields []string) string {
	if len(fields) == 0 {
		return ""
	}
	return "?fields=" + url.QueryEscape(strings.Join(fields, ","))
}
