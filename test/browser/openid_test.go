package browser

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// startAt runs a site whose people sign in at a provider, and registers it there.
func (p *provider) startAt(t *testing.T, env ...string) *site {
	t.Helper()
	s := start(t, append(settingsOf(p.issuer), env...)...)
	p.sets(func(p *provider) { p.redirect = s.url + "/openid/callback" })
	return s
}

func settingsOf(issuer string) []string {
	return []string{"SKYTOWER_OPENID_ISSUER=" + issuer, "SKYTOWER_OPENID_CLIENT_ID=" + clientID,
		"SKYTOWER_OPENID_CLIENT_SECRET=" + clientSecret, "SKYTOWER_OPENID_NAME=Example ID"}
}

var providerButton = regexp.MustCompile(`href="(/openid/start[^"]*)"`)

// click finds the provider's button on a page, and goes where it leads.
func (v *visitor) click(at view) view {
	v.t.Helper()
	m := providerButton.FindStringSubmatch(at.body)
	if m == nil || !strings.Contains(at.text(), "Sign in with Example ID") {
		v.t.Fatalf("no button of the provider: %s", at.text())
	}
	return v.get(strings.ReplaceAll(m[1], "&amp;", "&"))
}

// openID signs in by the button of the sign-in page.
func (v *visitor) openID() view {
	v.t.Helper()
	return v.click(v.get("/signin"))
}

// held goes to the provider, and stops where that would bring the browser back.
func (v *visitor) held() *url.URL {
	v.t.Helper()
	v.kept, v.keep = nil, func(u *url.URL) bool { return u.Path == "/openid/callback" }
	at := v.openID()
	v.keep = nil
	if v.kept == nil {
		v.t.Fatalf("the provider did not bring the browser back: %s", at.body)
	}
	return v.kept
}

const (
	uninvited = "Nobody here has invited this e-mail."
	notOurs   = "This sign-in was not begun in this browser, or took too long."
	unusable  = "What Example ID answered can't be used to sign you in."
)

// TestOpenIDByInvitation: who is invited comes in, by the sign-in page or the invitation's
// button; others only from the domains that are trusted, and with an e-mail that the
// provider vouches for.
func TestOpenIDByInvitation(t *testing.T) {
	t.Parallel()
	p := newProvider(t, freeAddress(t))
	s := p.startAt(t, "SKYTOWER_OPENID_DOMAINS=corp.example")
	owner := s.owner(t)
	in := func(u user) (*visitor, view) {
		t.Helper()
		p.at(u)
		v := s.visitor(t)
		return v, v.openID()
	}

	bob := user{"bob", "Bob@example.com", "Bob of the provider", true}
	v, at := in(bob)
	at.says(t, http.StatusForbidden, uninvited)
	v.stranger()
	owner.invite("bob@example.com").says(t, http.StatusOK, "/invite/")
	unchecked := bob
	unchecked.checked = false
	_, at = in(unchecked)
	at.says(t, http.StatusForbidden, uninvited)
	v, at = in(bob)
	at.leads(t, "/")
	v.me("Default developer")
	bob.email = "elsewhere@example.com" // is the same person: the subject counts
	v, _ = in(bob)
	v.me("bob@example.com")

	link := regexp.MustCompile(`/invite/[\w-]+`).FindString(owner.invite("carol@example.com").body)
	p.sets(func(p *provider) { p.lean = true })
	p.at(user{"carol", "carol@example.com", "Carol", true})
	v = s.visitor(t)
	v.click(v.get(link).says(t, http.StatusOK, "invites you to the account Default as developer")).leads(t, "/")
	v.me("Default developer")
	s.visitor(t).get(link).says(t, http.StatusNotFound, "This link is not valid any more.")

	v, at = in(user{"dan", "dan@corp.example", "Dan", true})
	at.leads(t, "/")
	v.me("Dan owner")
	_, at = in(user{"eve", "eve@corp.example", "Eve", false})
	at.says(t, http.StatusForbidden, uninvited)
	_, at = in(user{"eve", "eve@sub.corp.example", "Eve", true})
	at.says(t, http.StatusForbidden, uninvited)
	_, at = in(user{"eve", "ada@example.com", "Eve", true}) // has a password, and proved nothing
	at.says(t, http.StatusForbidden, "Somebody signs in here with this e-mail and a password.")
	_, at = in(user{"nobody", "", "Nobody", true})
	at.says(t, http.StatusForbidden, "did not tell your e-mail")
	owner.me("Default owner") // none of this touched the owner
}

// TestOpenIDOpen: where everybody may sign up, everybody with an e-mail comes in, into an
// account of their own, and back to where they wanted to go on this server.
func TestOpenIDOpen(t *testing.T) {
	t.Parallel()
	p := newProvider(t, freeAddress(t))
	s := p.startAt(t, "SKYTOWER_SIGNUP=open")
	p.at(user{"eve", "eve@example.com", "Eve", false})
	v := s.visitor(t)
	v.click(v.get("/signup")).leads(t, "/")
	v.me("Eve owner")
	v.me("not confirmed")
	v.post("/signout").leads(t, "/signin")
	v.stranger()
	v.click(v.get("/keys").leads(t, "/signin")).leads(t, "/keys")
	for _, away := range []string{"//evil.example/", `/\evil.example`, "https://evil.example/"} {
		s.visitor(t).get("/openid/start?next="+url.QueryEscape(away)).leads(t, "/")
	}
	back := s.visitor(t).held()
	v = s.visitor(t)
	v.held()
	v.get("/openid/callback?error=access_denied&state="+back.Query().Get("state")).says(t, http.StatusBadRequest, notOurs)
	back = v.held()
	v.get("/openid/callback?error=access_denied&state="+back.Query().Get("state")).says(t, http.StatusForbidden, "Example ID did not sign you in.")
	v.stranger()
}

// TestOpenIDForged: a sign-in is ended by the browser that began it, once, and with a
// token that the provider made for it.
func TestOpenIDForged(t *testing.T) {
	t.Parallel()
	p := newProvider(t, freeAddress(t))
	s := p.startAt(t, "SKYTOWER_SIGNUP=open")
	p.at(user{"eve", "eve@example.com", "Eve", true})
	mine, theirs := s.visitor(t), s.visitor(t)

	back := mine.held()
	theirs.get(back.String()).says(t, http.StatusBadRequest, notOurs) // a browser that began none
	theirs.held()
	theirs.get(back.String()).says(t, http.StatusBadRequest, notOurs) // that began its own
	own := theirs.held()
	mixed := own.Query()
	mixed.Set("code", back.Query().Get("code"))
	theirs.get("/openid/callback?"+mixed.Encode()).says(t, http.StatusForbidden, unusable) // PKCE
	theirs.stranger()

	back = mine.held()
	wrong := back.Query()
	wrong.Set("state", "another")
	mine.get("/openid/callback?"+wrong.Encode()).says(t, http.StatusBadRequest, notOurs)
	mine.get(back.String()).says(t, http.StatusBadRequest, notOurs) // it was given up
	mine.stranger()

	for name, change := range map[string]func(*provider){
		"nonce":    func(p *provider) { p.twist = func(a *ask) { a.nonce = "another" } },
		"no nonce": func(p *provider) { p.twist = func(a *ask) { a.nonce = "" } },
		"audience": func(p *provider) { p.twist = func(a *ask) { a.ClientID, a.audience = "another", nil } },
		"party":    func(p *provider) { p.twist = func(a *ask) { a.ClientID = "another" } }, // for us as well
		"key":      func(p *provider) { p.forge = true },
	} {
		p.sets(change)
		if at := s.visitor(t).openID(); at.status != http.StatusForbidden || !strings.Contains(at.text(), unusable) {
			t.Errorf("%s: %d %s", name, at.status, at.text())
		}
		p.sets(func(p *provider) { p.twist, p.forge = nil, false })
	}

	back = mine.held()
	kept := mine.client.Jar.Cookies(back)
	mine.get(back.String()).leads(t, "/")
	mine.get(back.String()).says(t, http.StatusBadRequest, notOurs)
	theirs.client.Jar.SetCookies(back, kept) // even with what the browser had then
	theirs.get(back.String()).says(t, http.StatusForbidden, unusable)
	theirs.stranger()
	if text := s.out.String(); strings.Contains(text, back.Query().Get("code")) || strings.Contains(text, clientSecret) {
		t.Error("a code or a secret is in the log")
	}
}

// TestOpenIDAway: a provider that is down stops neither the start nor who has a password.
func TestOpenIDAway(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	s := start(t, append(settingsOf("http://"+address), "SKYTOWER_SIGNUP=open")...)
	s.owner(t).me("Default owner")
	v := s.visitor(t)
	v.openID().says(t, http.StatusBadRequest, "Example ID does not answer right now.")
	v.signIn("ada@example.com", ownersPassword).leads(t, "/")
	p := newProvider(t, address)
	p.sets(func(p *provider) { p.redirect = s.url + "/openid/callback" })
	p.at(user{"eve", "eve@example.com", "Eve", true})
	v = s.visitor(t)
	again := time.NewTicker(250 * time.Millisecond)
	defer again.Stop()
	for late := time.After(patience); v.openID().path != "/"; {
		select {
		case <-again.C:
		case <-late:
			t.Fatal("the provider is up, and nobody comes in")
		}
	}
	v.me("Eve owner")
}
