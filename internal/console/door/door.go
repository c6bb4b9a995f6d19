// Package door is how people come in: the first set-up, sign-in by password or by an
// OpenID provider, signing up where that is open, invitations, forgotten passwords, and
// what a person keeps (name, password, sessions).
//
// It refuses to know accounts' things beyond a person's seats. Its invariant: nothing
// that it says tells whether an e-mail is known here.
package door

import (
	"embed"
	"errors"
	"net/http"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/fault"
)

//go:embed templates/*.html
var embedded embed.FS

// Options are what the pages work with.
type Options struct {
	People *account.Service
	// SignUp is closed, invite or open.
	SignUp string
}

// Pages are the room's pages.
type Pages struct {
	o    Options
	room *ui.Room
}

// New parses the pages.
func New(kit *ui.Kit, o Options) (*Pages, error) {
	room, err := kit.Room("door", embedded)
	if err != nil {
		return nil, err
	}
	return &Pages{o: o, room: room}, nil
}

// Rows are the pages and acts.
func (p *Pages) Rows() []desk.Row {
	return []desk.Row{
		{Method: "GET", Pattern: "/signin", Need: desk.Anyone, Handle: p.showSignIn},
		{Method: "POST", Pattern: "/signin", Need: desk.Anyone, Looks: true, Handle: p.signIn},
	}
}

// signInForm is what the sign-in page shows again.
type signInForm struct{ Email, Next, Problem string }

func (p *Pages) showSignIn(d *desk.Desk) error {
	if d.Signed() {
		return d.Redirect(desk.Local(d.Query("next"), "/"))
	}
	return p.signInPage(d, http.StatusOK, signInForm{Next: desk.Local(d.Query("next"), "")})
}

func (p *Pages) signInPage(d *desk.Desk, status int, f signInForm) error {
	return d.Page(p.room, "signin", ui.View{Title: "Sign in", Plain: true, Status: status, Data: f})
}

func (p *Pages) signIn(d *desk.Desk) error {
	person, err := p.o.People.SignIn(d.Ctx(), d.Value("email"), d.Value("password"), d.Where())
	var no *fault.Error
	if errors.As(err, &no) && no.HTTPStatus() < http.StatusInternalServerError {
		return p.signInPage(d, no.HTTPStatus(), signInForm{Email: d.Value("email"), Next: d.Value("next"), Problem: no.Message})
	}
	if err != nil {
		return err
	}
	raw, _, err := p.o.People.StartSession(d.Ctx(), person.ID, d.Where())
	if err != nil {
		return err
	}
	d.SignIn(raw)
	return d.Redirect(desk.Local(d.Value("next"), "/"))
}
