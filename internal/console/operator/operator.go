// Package operator is the pages of those who run the server: accounts, models and
// prices, providers and targets, queues, the ledger, the audit trail and the system.
//
// It shows and acts through the operator's client of the desk, so that whatever a page
// can do, the admin API can, with the same authority and the same audit rows.
package operator

import (
	"embed"
	"net/http"

	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
)

//go:embed templates/*.html
var embedded embed.FS

// Options are what the pages work with.
type Options struct {
	// Queues shows the job queue, read-only, under QueuesPath; nil: there is none.
	Queues http.Handler
}

// QueuesPath is where the job queue's own pages are mounted.
const QueuesPath = "/operator/queues/"

// Pages are the room's pages.
type Pages struct {
	o    Options
	room *ui.Room
}

// New parses the pages.
func New(kit *ui.Kit, o Options) (*Pages, error) {
	room, err := kit.Room("operator", embedded)
	if err != nil {
		return nil, err
	}
	return &Pages{o: o, room: room}, nil
}

// Rows are the pages and acts.
func (p *Pages) Rows() []desk.Row {
	return []desk.Row{
		{Method: "GET", Pattern: "/operator", Need: desk.Operator, Menu: "Operate", Label: "Overview", Handle: p.overview},
	}
}

func (p *Pages) overview(d *desk.Desk) error {
	return d.Page(p.room, "overview", ui.View{Title: "Overview"})
}
