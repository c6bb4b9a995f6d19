package desk

import (
	"net/http"
	"net/url"
	"time"

	"skytower/internal/console/ui"
	"skytower/internal/fault"
)

// acts are the desk's own rows.
func (m *Mux) acts() []Row {
	return []Row{
		{Method: "GET", Pattern: "/design", Need: Anyone, Handle: m.design},
		{Method: "POST", Pattern: "/signout", Need: Anyone, Looks: true, Handle: signOut},
		{Method: "POST", Pattern: "/session/account", Need: Person, Looks: true, Handle: chooseAccount},
		{Method: "POST", Pattern: "/session/theme", Need: Anyone, Looks: true, Handle: chooseTheme},
		{Method: "POST", Pattern: "/session/view", Need: Person, Looks: true, Handle: view},
		{Method: "POST", Pattern: "/session/key", Need: Member, Looks: true, Handle: sessionKey},
	}
}

func signOut(d *Desk) error {
	if d.Signed() {
		err := d.o.People.EndSession(d.Ctx(), d.Visitor.Person.ID, d.Visitor.Session)
		if err != nil && fault.From(err).HTTPStatus() != http.StatusNotFound { // it ended elsewhere a moment ago
			return err
		}
	}
	d.drop(sessionCookie)
	d.drop(accountCookie)
	d.Note("", "You are signed out.")
	return d.Redirect("/signin")
}

func chooseAccount(d *Desk) error {
	seat, ok := d.Visitor.Seat(d.Value("account"))
	if !ok {
		return fault.New(fault.Forbidden, "You have no seat in that account.")
	}
	d.set(accountCookie, seat.Account, year)
	return d.Redirect("/")
}

func chooseTheme(d *Desk) error {
	d.set(themeCookie, theme(d.Value("theme")), year)
	return d.Back("/")
}

// Back leads to the page that the form was on.
func (d *Desk) Back(other string) error {
	u, err := url.Parse(d.Request.Referer())
	if err != nil || u.Host == "" || u.Host != d.Request.Host && u.Scheme+"://"+u.Host != d.Base {
		return d.Redirect(other)
	}
	return d.Redirect(Local(u.RequestURI(), other))
}

func view(d *Desk) error {
	account := d.Value("account")
	if err := d.o.People.View(d.Ctx(), d.Visitor, account); err != nil {
		return err
	}
	if account == "" {
		return d.Redirect("/operator")
	}
	return d.Redirect("/")
}

// sessionKey gives scripts of the playground and the explorer a key for a quarter of an
// hour, so that /v1 never takes a cookie.
func sessionKey(d *Desk) error {
	raw, expires, err := d.o.People.HiddenKey(d.Ctx(), d.Seat, d.Visitor.Session)
	if err != nil {
		return err
	}
	d.Protect()
	return d.JSON(http.StatusOK, struct {
		Key       string    `json:"key"`
		ExpiresAt time.Time `json:"expires_at"`
	}{raw, expires.UTC()})
}

// design shows every component, for those who build pages.
func (m *Mux) design(d *Desk) error {
	chart := ui.Chart{Title: "Requests by day", X: "Day", Labels: []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
		Series: []ui.Series{{Name: "Served", Values: []float64{12, 18, 9, 22, 30, 7, 4}}, {Name: "Refused", Values: []float64{1, 0, 2, 1, 4, 0, 0}}}}
	lines := chart
	lines.Lines = true
	return d.Page(m.room, "design", ui.View{Title: "Design system", Data: struct {
		Bars, Lines ui.Chart
		Choices     []ui.Choice
		Tabs        []ui.Link
		Words       []string
	}{chart, lines, []ui.Choice{{Value: "a", Label: "The first"}, {Value: "b", Label: "The second"}},
		[]ui.Link{{Label: "One", Path: "/design", Current: true}, {Label: "Two", Path: "/design?tab=2"}},
		[]string{"succeeded", "processing", "failed", "cancelled", "other"}}})
}
