// Package console serves the web pages: it puts the rooms' pages on one desk. The rooms
// are ui (the design system), desk (who is signed in), door (how people come in),
// developer, playground, operator and explorer.
//
// It knows no account and no model. Everything it sends is in the binary: pages
// load nothing from elsewhere, and a strict content security policy says so.
package console

import (
	"io/fs"

	"skytower/internal/console/desk"
	"skytower/internal/console/developer"
	"skytower/internal/console/door"
	"skytower/internal/console/explorer"
	"skytower/internal/console/operator"
	"skytower/internal/console/playground"
	"skytower/internal/console/ui"
)

// Options say what to serve.
type Options struct {
	Desk      desk.Options // its Kit is made here
	Door      door.Options
	Developer developer.Options
	Operator  operator.Options

	Manual   fs.FS // Markdown files; index.md comes first
	Describe explorer.Describe
	Votes    explorer.Votes // keeps what readers say of pages; it may be nil
	// Public is false where the operator turned the manual off, and the document with it.
	Public bool
}

// New parses all pages and returns the handler of everything outside the API.
func New(o Options) (*desk.Mux, error) {
	kit, err := ui.New()
	if err != nil {
		return nil, err
	}
	o.Desk.Kit, o.Desk.Docs, o.Developer.Welcome = kit, o.Public, "/signin"
	if o.Public {
		o.Developer.Welcome = "/docs"
	}
	rows, err := o.rows(kit)
	if err != nil {
		return nil, err
	}
	return desk.NewMux(o.Desk, rows)
}

// rooms are what has pages.
type rooms interface{ Rows() []desk.Row }

// rows are all pages, in the order of the menu.
func (o Options) rows(kit *ui.Kit) ([]desk.Row, error) {
	accounts, err := developer.New(kit, o.Developer)
	if err != nil {
		return nil, err
	}
	tries, err := playground.New(kit)
	if err != nil {
		return nil, err
	}
	operators, err := operator.New(kit, o.Operator)
	if err != nil {
		return nil, err
	}
	entrance, err := door.New(kit, o.Door)
	if err != nil {
		return nil, err
	}
	var rows []desk.Row
	for _, r := range []rooms{accounts, tries, operators, entrance} {
		rows = append(rows, r.Rows()...)
	}
	if !o.Public {
		return rows, nil
	}
	pages, err := explorer.New(kit, explorer.Options{Manual: o.Manual, Describe: o.Describe, Votes: o.Votes})
	if err != nil {
		return nil, err
	}
	return append(rows, pages.Rows()...), nil
}
