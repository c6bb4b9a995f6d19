package app

import (
	"time"

	"skytower/internal/api"
	"skytower/internal/api/admin"
	"skytower/internal/api/billing"
)

// trafficRows are the routes about requests, charts and live limits, for accounts and for
// operators.
func (a *App) trafficRows() []api.Route {
	own := &billing.TrafficHandlers{Traffic: a.ledger, Prices: a.catalog, Limits: a.limits, Places: a.predictions, Now: time.Now}
	operators := &admin.TrafficHandlers{
		Traffic: a.ledger, Prices: a.catalog, Limits: a.limits, Places: a.predictions, Owners: a.accounts, Now: time.Now,
	}
	return append(own.Rows(), operators.Rows()...)
}
