// Package rest holds the rows of the REST routes under /v1: the model catalogue,
// and later predictions, files and self-service (contract sections 5 and 6).
package rest

import (
	"skytower/internal/api"
	"skytower/internal/catalog"
)

// Catalog is the part of the catalogue that the routes read.
type Catalog interface {
	Get(name, account string) (*catalog.Model, error)
	List(account string) []*catalog.Model
	ListJSON(account string) []byte
	OpenAIListJSON(account string) []byte
}

// Handlers holds what the routes need.
type Handlers struct {
	Catalog Catalog
}

// Rows are the routes of the surface.
func (h *Handlers) Rows() []api.Route {
	return []api.Route{h.listRow(), h.getRow()}
}
