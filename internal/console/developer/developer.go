// Package developer is the pages of an account: what it used and paid, its keys, the
// models that it may call, its predictions, requests and limits, its settings.
//
// It shows and acts through the clients of the desk, and through account.Service for
// what belongs to people; it refuses to know how anything is stored, priced or run.
package developer

import (
	"embed"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
)

//go:embed templates/*.html
var embedded embed.FS

// Options are what the pages work with.
type Options struct {
	Accounts *account.Service
}

// Pages are the room's pages.
type Pages struct {
	o    Options
	room *ui.Room
}

// New parses the pages.
func New(kit *ui.Kit, o Options) (*Pages, error) {
	room, err := kit.Room("developer", embedded)
	if err != nil {
		return nil, err
	}
	return &Pages{o: o, room: room}, nil
}

// Rows are the pages and acts.
func (p *Pages) Rows() []desk.Row {
	return []desk.Row{
		{Method: "GET", Pattern: "/{$}", Need: desk.Anyone, Label: "Home", Handle: p.home},
	}
}

// home is the account's first page; visitors are shown the manual, operators without an
// account their own pages.
func (p *Pages) home(d *desk.Desk) error {
	switch {
	case !d.Signed():
		return d.Redirect("/docs")
	case d.V1 == nil && d.Admin != nil:
		return d.Redirect("/operator")
	}
	return d.Page(p.room, "home", ui.View{Title: "Home"})
}
