package door

import (
	"context"
	"time"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/fault"
	"skytower/internal/mail"
)

// request is what a form tells of a person.
func request(d *desk.Desk) account.PersonRequest {
	return account.PersonRequest{Name: d.Value("name"), Email: d.Value("email"), Password: d.Value("password")}
}

func (p *Pages) showSetup(d *desk.Desk) error {
	return p.show(d, "setup", "Set up this server", p.form(d), nil)
}

// setup makes the first operator, who owns the first account.
func (p *Pages) setup(d *desk.Desk) error {
	person, err := p.o.People.SetUp(d.Ctx(), d.Request.PathValue("token"), request(d), d.Where())
	if err != nil {
		return p.show(d, "setup", "Set up this server", p.form(d), err)
	}
	p.mailCheck(d, person)
	return p.enter(d, person, "/welcome")
}

func (p *Pages) showSignIn(d *desk.Desk) error {
	if d.Signed() {
		return d.Redirect(desk.Local(d.Query("next"), "/"))
	}
	return p.show(d, "signin", "Sign in", p.form(d), nil)
}

func (p *Pages) signIn(d *desk.Desk) error {
	person, err := p.o.People.SignIn(d.Ctx(), d.Value("email"), d.Value("password"), d.Where())
	if err != nil {
		return p.show(d, "signin", "Sign in", p.form(d), err)
	}
	return p.enter(d, person, d.Value("next"))
}

func (p *Pages) showSignUp(d *desk.Desk) error {
	if p.o.SignUp != open {
		return p.tell(d, message{"Signing up", "This server takes people by invitation: ask an owner of an account, or the operator.", "/signin", "Sign in"})
	}
	return p.show(d, "signup", "Sign up", p.form(d), nil)
}

// signUpTime is how long a sign-up takes at least where there is mail: what an e-mail that is
// known here saves must not show.
const signUpTime = 400 * time.Millisecond

// signUp makes a person with an account. Where there is mail the answer is the same whether
// or not the e-mail is known; the mail tells.
func (p *Pages) signUp(d *desk.Desk) error {
	if p.o.SignUp != open {
		return fault.New(fault.Forbidden, "This server takes people by invitation.")
	}
	if !p.o.Mail.On() {
		person, err := p.o.People.SignUp(d.Ctx(), request(d), d.Where())
		if err != nil {
			return p.show(d, "signup", "Sign up", p.form(d), err)
		}
		return p.enter(d, person, "/welcome")
	}
	enough := time.NewTimer(signUpTime)
	defer enough.Stop()
	if err := p.signUpByMail(d); err != nil {
		return p.show(d, "signup", "Sign up", p.form(d), err)
	}
	if err := until(d.Ctx(), enough); err != nil {
		return err
	}
	return p.tell(d, message{"One more step", "We have sent a mail to " + mail.OneLine(d.Value("email"), 254) +
		". Open the link in it to confirm that the e-mail is yours, then sign in.", "/signin", "Sign in"})
}

func (p *Pages) signUpByMail(d *desk.Desk) error {
	person, err := p.o.People.SignUp(d.Ctx(), request(d), d.Where())
	if err == nil {
		p.mailCheck(d, person)
		return nil
	}
	if no := fault.From(err); no.Param == "email" && no.HTTPStatus() == 409 {
		p.post(d, mail.Known(d.Value("email"), d.Base))
		return nil
	}
	return err
}

func until(ctx context.Context, timer *time.Timer) error {
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// mailCheck sends the link that shows that the person's e-mail is theirs. A person who can't
// get it has all but what hangs on the proof, and asks again on their own page.
func (p *Pages) mailCheck(d *desk.Desk, person account.Person) {
	if !p.o.Mail.On() || person.Checked {
		return
	}
	token, err := p.o.People.AskCheck(d.Ctx(), person.ID)
	if err != nil {
		d.Record.Err = err
		return
	}
	p.post(d, mail.Check(person.Email, d.Base, token))
}

func (p *Pages) showInvite(d *desk.Desk) error {
	return p.invitePage(d, nil)
}

func (p *Pages) invitePage(d *desk.Desk, problem error) error {
	f := p.form(d)
	invite, err := p.o.People.Invitation(d.Ctx(), f.Token)
	if err != nil {
		if problem == nil {
			problem = err
		}
		return problem // the link is gone: an error page says so
	}
	f.Invite = &invite
	if f.Name == "" {
		f.Name = invite.Name
	}
	return p.show(d, "invite", "Invitation", f, problem)
}

// accept takes an invitation: as who is signed in, or as somebody new.
func (p *Pages) accept(d *desk.Desk) error {
	if d.Signed() {
		if _, err := p.o.People.Accept(d.Ctx(), d.Request.PathValue("token"), account.PersonRequest{}, d.Visitor.Person.ID, d.Where()); err != nil {
			return p.invitePage(d, err)
		}
		d.Note("good", "You have accepted the invitation.")
		return d.Redirect("/me")
	}
	if p.o.SignUp == closed {
		return p.invitePage(d, fault.New(fault.Forbidden, "This server takes nobody new: sign in, then open the link again."))
	}
	person, err := p.o.People.Accept(d.Ctx(), d.Request.PathValue("token"), request(d), "", d.Where())
	if err != nil {
		return p.invitePage(d, err)
	}
	p.mailCheck(d, person)
	return p.enter(d, person, "")
}

func (p *Pages) showAskReset(d *desk.Desk) error {
	return p.show(d, "askreset", "Forgotten password", p.form(d), nil)
}

// askReset says the same whoever asks.
func (p *Pages) askReset(d *desk.Desk) error {
	token, person, err := p.o.People.AskReset(d.Ctx(), d.Value("email"), d.Where())
	if err != nil {
		return p.show(d, "askreset", "Forgotten password", p.form(d), err)
	}
	if token != "" && p.o.Mail.On() {
		p.post(d, mail.Reset(person.Email, d.Base, token))
	} else if token != "" {
		p.o.Print("\nA new password was asked for, for " + person.Email + ". Whoever has this link can set it, once, within an hour:\n\n  " +
			mail.ResetLink(d.Base, token) + "\n\n")
	}
	text := "If somebody signs in here with this e-mail, a mail with a link is on its way. It works for an hour."
	if !p.o.Mail.On() {
		text = "This server sends no mail. If somebody signs in here with this e-mail, the link is printed where the server runs, for an hour: ask your operator for it."
	}
	return p.tell(d, message{"A link is on its way", text, "/signin", "Back to the sign-in"})
}

func (p *Pages) showReset(d *desk.Desk) error {
	return p.show(d, "reset", "Set a new password", p.form(d), nil)
}

// reset sets the password and leads to the sign-in: all sessions of the person have ended.
func (p *Pages) reset(d *desk.Desk) error {
	person, err := p.o.People.Reset(d.Ctx(), d.Request.PathValue("token"), d.Value("password"), d.Where())
	if err != nil {
		return p.show(d, "reset", "Set a new password", p.form(d), err)
	}
	p.post(d, mail.NewPassword(person.Email, d.Base, time.Now()))
	d.Note("good", "Your password is set, and you are signed out everywhere. Sign in with it.")
	return d.Redirect("/signin")
}

func (p *Pages) showCheck(d *desk.Desk) error {
	return p.show(d, "check", "Confirm your e-mail", p.form(d), nil)
}

// check is a POST, since programs that look at mail open links.
func (p *Pages) check(d *desk.Desk) error {
	if _, err := p.o.People.Check(d.Ctx(), d.Request.PathValue("token")); err != nil {
		return p.show(d, "check", "Confirm your e-mail", p.form(d), err)
	}
	d.Note("good", "Your e-mail is confirmed.")
	if d.Signed() {
		return d.Redirect("/me")
	}
	return d.Redirect("/signin")
}
