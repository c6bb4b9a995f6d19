// Package door is how people come in: the first set-up, sign-in by password or by an
// OpenID provider, signing up where that is open, invitations, forgotten passwords, and
// what a person keeps (name, password, sessions).
//
// It refuses to know accounts' things beyond a person's seats and their first key. Its
// invariants: where there is mail, nothing that it says, nor how long it takes, tells
// whether an e-mail is known here; and each way in ends in a session that is made anew.
package door

import (
	"context"
	"embed"
	"net/http"
	"strings"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/mail"
)

//go:embed templates/*.html
var embedded embed.FS

// Who may sign up.
const (
	closed = "closed"
	open   = "open"
)

// Provider is an OpenID provider.
type Provider interface {
	// Begin is the address at the provider to send the browser to. The three texts are the
	// browser's own for this sign-in; redirect is where it comes back to.
	Begin(ctx context.Context, redirect, state, nonce, verifier string) (string, error)
	// Identity is who came back with a code.
	Identity(ctx context.Context, redirect, code, nonce, verifier string) (account.Identity, error)
}

// Options are what the pages work with.
type Options struct {
	People *account.Service
	// SignUp is closed, invite or open.
	SignUp string
	// Mail sends links; nil: Print gets those that nobody else may see.
	Mail *mail.Sender
	// Print writes to where the operator sees it, and nobody keeps it: standard output.
	Print func(text string)

	Provider     Provider // nil: none
	ProviderName string   // on the button
	Domains      []string // of e-mails that come in by the provider without an invitation
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
	if o.Print == nil {
		o.Print = func(string) {}
	}
	return &Pages{o: o, room: room}, nil
}

// Rows are the pages and acts.
func (p *Pages) Rows() []desk.Row {
	rows := []desk.Row{
		page("/setup/{token}", desk.Anyone, p.showSetup), act("/setup/{token}", desk.Anyone, p.setup),
		page("/welcome", desk.Member, p.welcome), {Method: "POST", Pattern: "/welcome/key", Need: desk.Member, Handle: p.firstKey},
		page("/signin", desk.Anyone, p.showSignIn), act("/signin", desk.Anyone, p.signIn),
		page("/signup", desk.Anyone, p.showSignUp), act("/signup", desk.Anyone, p.signUp),
		page("/invite/{token}", desk.Anyone, p.showInvite), act("/invite/{token}", desk.Anyone, p.accept),
		page("/reset", desk.Anyone, p.showAskReset), act("/reset", desk.Anyone, p.askReset),
		page("/reset/{token}", desk.Anyone, p.showReset), act("/reset/{token}", desk.Anyone, p.reset),
		page("/check/{token}", desk.Anyone, p.showCheck), act("/check/{token}", desk.Anyone, p.check),
	}
	rows = append(rows, p.meRows()...)
	if p.o.Provider == nil {
		return rows
	}
	return append(rows, page("/openid/start", desk.Anyone, p.beginOpenID), page("/openid/callback", desk.Anyone, p.endOpenID))
}

func page(pattern string, need desk.Need, handle func(*desk.Desk) error) desk.Row {
	return desk.Row{Method: http.MethodGet, Pattern: pattern, Need: need, Handle: handle}
}

// act is one that changes nothing of the account that the person looks at.
func act(pattern string, need desk.Need, handle func(*desk.Desk) error) desk.Row {
	return desk.Row{Method: http.MethodPost, Pattern: pattern, Need: need, Looks: true, Handle: handle}
}

// form is what a page of the door shows, and shows again with what was typed.
type form struct {
	Name, Email, Next string
	Problem           string            // above the form
	Errors            map[string]string // by field
	Provider          string            // name on the button, "" for none
	SignUp            bool              // there is a page to sign up
	Mail              bool
	Token             string
	Invite            *account.Invite
	Person            *account.Person // who is signed in
}

func (p *Pages) form(d *desk.Desk) form {
	f := form{Next: desk.Local(d.Query("next"), ""), SignUp: p.o.SignUp == open, Mail: p.o.Mail.On(), Token: d.Request.PathValue("token")}
	if p.o.Provider != nil {
		f.Provider = p.o.ProviderName
	}
	if d.Request.Method == http.MethodPost {
		f.Name, f.Email, f.Next = d.Value("name"), d.Value("email"), desk.Local(d.Value("next"), "")
	}
	if d.Signed() {
		f.Person = &d.Visitor.Person
	}
	return f
}

// show shows a form, again where err is meant for people.
func (p *Pages) show(d *desk.Desk, name, title string, f form, err error) error {
	v := ui.View{Title: title, Plain: true}
	if err != nil {
		told, ok := explain(d, err)
		if !ok {
			return err
		}
		v.Status = told.status
		f.Problem = told.text
		if told.field != "" {
			f.Problem, f.Errors = "", map[string]string{told.field: told.text}
		}
	}
	v.Data = f
	return d.Page(p.room, name, v)
}

// message is a page with a sentence and a way on.
type message struct{ Title, Text, Path, Label string }

func (p *Pages) tell(d *desk.Desk, m message) error {
	return d.Page(p.room, "message", ui.View{Title: m.Title, Plain: true, Data: m})
}

// enter signs the browser in, with a session that was not there before, and leads on.
func (p *Pages) enter(d *desk.Desk, person account.Person, next string) error {
	raw, _, err := p.o.People.StartSession(d.Ctx(), person.ID, d.Where())
	if err != nil {
		return err
	}
	if d.Signed() {
		if err := p.o.People.EndSession(d.Ctx(), d.Visitor.Person.ID, d.Visitor.Session); err != nil {
			return err
		}
	}
	d.SignIn(raw)
	if next = desk.Local(next, ""); next == "" || strings.HasPrefix(next, "/signin") {
		if next, err = p.home(d, raw); err != nil {
			return err
		}
	}
	return d.Redirect(next)
}

// home is the first page of who has no other wish.
func (p *Pages) home(d *desk.Desk, raw string) (string, error) {
	v, err := p.o.People.Session(d.Ctx(), raw, d.Where())
	switch {
	case err != nil:
		return "", err
	case len(v.Seats) > 0:
		return "/", nil
	case v.Operator.ID != "":
		return "/operator", nil
	}
	return "/me", nil
}

// post sends a mail. What can't be sent is told to nobody: the page says the same.
func (p *Pages) post(d *desk.Desk, m mail.Message) {
	if !p.o.Mail.On() {
		return
	}
	if err := p.o.Mail.Send(m); err != nil {
		d.Record.Err = err
	}
}
