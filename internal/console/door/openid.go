package door

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/fault"
)

const (
	flowCookie = "openid"
	flowLives  = 10 * time.Minute
)

// flow is a sign-in that went to the provider. The browser keeps it, sealed: only the one
// that began it can end it.
type flow struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"` // of PKCE (RFC 7636)
	Next     string `json:"t,omitempty"`
	Until    int64  `json:"u"` // seconds since 1970
}

func (p *Pages) callback(d *desk.Desk) string { return d.Base + "/openid/callback" }

// beginOpenID leads to the provider.
func (p *Pages) beginOpenID(d *desk.Desk) error {
	f := flow{State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text(), Next: desk.Local(d.Query("next"), ""),
		Until: time.Now().Add(flowLives).Unix()}
	address, err := p.o.Provider.Begin(d.Ctx(), p.callback(d), f.State, f.Nonce, f.Verifier)
	if err != nil {
		d.Record.Err = err
		return p.show(d, "signin", "Sign in", p.form(d), fault.New(fault.InvalidRequest,
			p.o.ProviderName+" does not answer right now. Try again in a moment, or sign in with your password."))
	}
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	d.Keep(flowCookie, string(text), flowLives)
	d.Header().Set("Location", address)
	d.Header().Set("Cache-Control", "no-store")
	return d.Raw(http.StatusSeeOther, "text/plain; charset=utf-8", []byte("Go on at the sign-in provider.\n"))
}

// endOpenID is where the provider sends the browser back to.
func (p *Pages) endOpenID(d *desk.Desk) error {
	f, err := p.began(d)
	d.Forget(flowCookie)
	if err != nil {
		return p.show(d, "signin", "Sign in", p.form(d), err)
	}
	person, err := p.identify(d, f)
	if err != nil {
		view := p.form(d)
		view.Next = f.Next
		return p.show(d, "signin", "Sign in", view, err)
	}
	next := f.Next
	if token, ok := strings.CutPrefix(next, "/invite/"); ok {
		if _, err := p.o.People.Invitation(d.Ctx(), token); err != nil {
			next = "" // it was taken by the sign-in
		}
	}
	return p.enter(d, person, next)
}

// began is the sign-in that this browser began, if the answer belongs to it.
func (p *Pages) began(d *desk.Desk) (flow, error) {
	var f flow
	kept := d.Kept(flowCookie)
	if kept == "" || json.Unmarshal([]byte(kept), &f) != nil || time.Now().Unix() > f.Until ||
		subtle.ConstantTimeCompare([]byte(f.State), []byte(d.Query("state"))) != 1 {
		return flow{}, fault.New(fault.InvalidRequest, "This sign-in was not begun in this browser, or took too long. Begin again.")
	}
	return f, nil
}

func (p *Pages) identify(d *desk.Desk, f flow) (account.Person, error) {
	if d.Query("error") != "" || d.Query("code") == "" {
		return account.Person{}, fault.New(fault.Forbidden, p.o.ProviderName+" did not sign you in.")
	}
	id, err := p.o.Provider.Identity(d.Ctx(), p.callback(d), d.Query("code"), f.Nonce, f.Verifier)
	if err != nil {
		return account.Person{}, fault.Wrap(err, fault.Forbidden, "What "+p.o.ProviderName+" answered can't be used to sign you in. Begin again; if it happens again, tell the operator.")
	}
	return p.o.People.SignInWith(d.Ctx(), id, p.o.SignUp == open || p.trusted(id))
}

// trusted reports whether the e-mail's domain comes in without an invitation: only where the
// provider says that it looked.
func (p *Pages) trusted(id account.Identity) bool {
	_, domain, ok := strings.Cut(id.Email, "@")
	return ok && id.Checked && slices.Contains(p.o.Domains, strings.ToLower(domain))
}
