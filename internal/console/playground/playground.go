// Package playground is where a person tries models: chats, two models side by side,
// and predictions by a form made from the model's schema.
//
// The server renders the frame and the lists; scripts call /v1 from the browser with a
// key that the desk gives them for a quarter of an hour. It refuses to relay anything
// itself: what is tried here is what programs call.
package playground

import (
	"embed"

	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
)

//go:embed templates/*.html
var embedded embed.FS

// Pages are the room's pages.
type Pages struct{ room *ui.Room }

// New parses the pages.
func New(kit *ui.Kit) (*Pages, error) {
	room, err := kit.Room("playground", embedded)
	if err != nil {
		return nil, err
	}
	return &Pages{room: room}, nil
}

// Rows are the pages.
func (p *Pages) Rows() []desk.Row {
	return []desk.Row{
		{Method: "GET", Pattern: "/playground", Need: desk.Member, Menu: "Build", Label: "Playground", Handle: p.chat},
	}
}

func (p *Pages) chat(d *desk.Desk) error {
	return d.Page(p.room, "chat", ui.View{Title: "Playground"})
}
