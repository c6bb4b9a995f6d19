package door

import (
	"errors"
	"strings"
	"time"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/fault"
	"skytower/internal/mail"
)

func (p *Pages) meRows() []desk.Row {
	return []desk.Row{
		page("/me", desk.Person, p.me), act("/me", desk.Person, p.change), act("/me/password", desk.Person, p.changePassword),
		act("/me/check", desk.Person, p.askCheck), act("/me/sessions", desk.Person, p.endSessions), act("/me/delete", desk.Person, p.deleteMe),
	}
}

// mePage is what a person keeps of themselves.
type mePage struct {
	Person      account.Person
	Name, Email string // as typed
	Seats       []account.Seat
	Operator    account.Operator
	Sessions    []browser
	Others      bool // there are sessions besides this one
	Mail        bool
	Theme       string
	Themes      []ui.Choice
	Errors      map[string]string // by the form and its field, such as "password.old"
}

// browser is a session as it is shown.
type browser struct {
	account.Session
	Here bool
	Name string // of the browser
}

func (p *Pages) me(d *desk.Desk) error { return p.mePage(d, "", nil) }

// mePage shows the page, again with what was wrong with one of its forms.
func (p *Pages) mePage(d *desk.Desk, where string, problem error) error {
	v := ui.View{Title: "You"}
	page := mePage{Person: d.Visitor.Person, Name: d.Visitor.Person.Name, Email: d.Visitor.Person.Email, Seats: d.Visitor.Seats, Operator: d.Visitor.Operator,
		Mail: p.o.Mail.On(), Theme: d.Shell().Theme, Themes: []ui.Choice{{Value: "", Label: "As the system"}, {Value: "light", Label: "Light"}, {Value: "dark", Label: "Dark"}}}
	if where == "me" {
		page.Name, page.Email = d.Value("name"), d.Value("email")
	}
	if problem != nil {
		t, ok := explain(d, problem)
		if !ok {
			return problem
		}
		v.Status = t.status
		if t.field == "" {
			d.Note("bad", t.text)
		} else {
			page.Errors = map[string]string{where + "." + t.field: t.text}
		}
	}
	all, err := p.o.People.Sessions(d.Ctx(), d.Visitor.Person.ID)
	if err != nil {
		return err
	}
	for _, s := range all {
		page.Sessions = append(page.Sessions, browser{s, s.ID == d.Visitor.Session, browserName(s.Agent)})
	}
	page.Others = len(all) > 1
	v.Data = page
	return d.Page(p.room, "me", v)
}

// browserName says in a few words which browser a User-Agent is of.
func browserName(agent string) string {
	find := func(names ...string) string {
		for i := 0; i < len(names); i += 2 {
			if strings.Contains(agent, names[i]) {
				return names[i+1]
			}
		}
		return ""
	}
	name := find("Edg/", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "Safari/", "Safari", "curl/", "curl")
	on := find("iPhone", "an iPhone", "iPad", "an iPad", "Android", "Android", "Windows", "Windows", "Mac OS X", "a Mac", "Linux", "Linux")
	switch {
	case name == "" && on == "":
		return "A browser"
	case on == "":
		return name
	case name == "":
		return "A browser on " + on
	}
	return name + " on " + on
}

// change changes name and e-mail. The old address hears of a new one.
func (p *Pages) change(d *desk.Desk) error {
	before := d.Visitor.Person
	person, err := p.o.People.ChangePerson(d.Ctx(), before.ID, request(d))
	if err != nil {
		return p.mePage(d, "me", err)
	}
	switch {
	case person.Email == before.Email:
		d.Note("good", "Saved.")
	case p.o.Mail.On():
		p.post(d, mail.Moved(before.Email, d.Base, person.Email))
		p.mailCheck(d, person)
		d.Note("good", "Saved. Open the link in the mail to "+person.Email+" to confirm it.")
	default:
		d.Note("good", "Saved. You sign in with "+person.Email+" from now on.")
	}
	return d.Redirect("/me")
}

func (p *Pages) changePassword(d *desk.Desk) error {
	person := d.Visitor.Person
	err := p.o.People.ChangePassword(d.Ctx(), person.ID, d.Value("old"), d.Value("password"), d.Visitor.Session)
	if err != nil {
		return p.mePage(d, "password", err)
	}
	p.post(d, mail.NewPassword(person.Email, d.Base, time.Now()))
	d.Note("good", "Your password is set. All other browsers are signed out.")
	return d.Redirect("/me")
}

func (p *Pages) askCheck(d *desk.Desk) error {
	person := d.Visitor.Person
	if person.Checked || !p.o.Mail.On() {
		return d.Redirect("/me")
	}
	token, err := p.o.People.AskCheck(d.Ctx(), person.ID)
	if err != nil {
		return p.mePage(d, "check", err)
	}
	p.post(d, mail.Check(person.Email, d.Base, token))
	d.Note("good", "A mail with a link is on its way to "+person.Email+".")
	return d.Redirect("/me")
}

// endSessions ends one session, or all but this one.
func (p *Pages) endSessions(d *desk.Desk) error {
	person, id := d.Visitor.Person.ID, d.Value("session")
	if id == d.Visitor.Session {
		return p.mePage(d, "sessions", fault.New(fault.InvalidRequest, "This is the browser that you use: sign out instead."))
	}
	err := error(nil)
	if id == "" {
		err = p.o.People.EndSessions(d.Ctx(), person, d.Visitor.Session)
	} else {
		err = p.o.People.EndSession(d.Ctx(), person, id)
	}
	if err != nil {
		return p.mePage(d, "sessions", err)
	}
	d.Note("good", "Signed out there.")
	return d.Redirect("/me#sessions")
}

// deleteMe asks for the e-mail, typed, and the password of who has one.
func (p *Pages) deleteMe(d *desk.Desk) error {
	person := d.Visitor.Person
	if !strings.EqualFold(strings.TrimSpace(d.Value("email")), person.Email) {
		return p.mePage(d, "delete", fault.Invalid("email", "Type your e-mail, %s, to show that you mean it.", person.Email))
	}
	if person.Password {
		if _, err := p.o.People.SignIn(d.Ctx(), person.Email, d.Value("password"), d.Where()); err != nil {
			if fault.Is(err, fault.Unauthorized) {
				err = errors.Join(fault.Invalid("password", "This is not your password."), err)
			}
			return p.mePage(d, "delete", err)
		}
	}
	if err := p.o.People.DeletePerson(d.Ctx(), person.ID); err != nil {
		return p.mePage(d, "delete", err)
	}
	d.Note("good", "You are deleted, and signed out.")
	return d.Redirect("/signin")
}
