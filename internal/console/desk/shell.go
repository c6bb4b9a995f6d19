package desk

import (
	"strings"

	"skytower/internal/console/ui"
)

// Shell is the frame around a page for this person.
func (d *Desk) Shell() ui.Shell {
	s := ui.Shell{CSRF: d.token, Theme: theme(d.cookie(themeCookie)), Notices: d.takeNotes(), Menu: d.links(), CanWrite: d.CanWrite(), Base: d.Base}
	if !d.Signed() {
		return s
	}
	s.Person = d.Visitor.Person.Name
	if s.Person == "" {
		s.Person = d.Visitor.Person.Email
	}
	if v := d.Visitor.Viewing; v != nil {
		s.Viewing = v.AccountName
		return s
	}
	for _, seat := range d.Visitor.Seats {
		s.Accounts = append(s.Accounts, ui.AccountChoice{ID: seat.Account, Name: seat.AccountName, Current: seat.Account == d.Seat.Account})
	}
	return s
}

func theme(word string) string {
	if word == "light" || word == "dark" {
		return word
	}
	return ""
}

// links are the rows of the menu that the person may see, by their groups in the order
// of each one's first row.
func (d *Desk) links() []ui.Menu {
	var menu []ui.Menu
	groups := map[string]int{}
	for i := range d.menu {
		row := &d.menu[i]
		if row.Label == "" || !d.sees(row.Need) {
			continue
		}
		at, ok := groups[row.Menu]
		if !ok {
			at = len(menu)
			groups[row.Menu] = at
			menu = append(menu, ui.Menu{Title: row.Menu})
		}
		path := strings.TrimSuffix(row.Pattern, "{$}")
		menu[at].Links = append(menu[at].Links, ui.Link{Label: row.Label, Path: path, Current: d.current(path)})
	}
	return menu
}

func (d *Desk) sees(need Need) bool {
	switch need {
	case Anyone:
		return true
	case Person:
		return d.Signed()
	case Member:
		return d.Seat.Account != ""
	default:
		return d.Visitor.Operator.ID != "" && d.Visitor.Viewing == nil
	}
}

// current reports whether the page lies at or under the path, and under no longer one
// of the menu.
func (d *Desk) current(path string) bool {
	here := d.Request.URL.Path
	if here == path {
		return true
	}
	if path == "/" || !strings.HasPrefix(here, path+"/") {
		return false
	}
	for i := range d.menu {
		other := d.menu[i].Pattern
		if d.menu[i].Label != "" && len(other) > len(path) && (here == other || strings.HasPrefix(here, other+"/")) {
			return false
		}
	}
	return true
}
