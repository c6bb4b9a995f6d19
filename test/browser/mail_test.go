package browser

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// startWith runs a site that sends its mail to a server.
func startWith(t *testing.T, server string, env ...string) *site {
	t.Helper()
	return start(t, append([]string{"SKYTOWER_SMTP=" + server, "SKYTOWER_MAIL_FROM=Skytower <ai@example.com>"}, env...)...)
}

// TestMailLeadsIn: each link that is mailed does what the mail says, once.
func TestMailLeadsIn(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	box := newPostbox(t, address, nil, false)
	s := startWith(t, "smtp://"+address)
	owner := s.owner(t)

	check := box.take("ada@example.com", "Confirm your e-mail").link(t)
	owner.me("not confirmed")
	reader := s.visitor(t) // where mail is read nobody is signed in
	reader.get(check)
	owner.me("not confirmed") // looking is not confirming
	reader.post(check).leads(t, "/signin").says(t, http.StatusOK, "Your e-mail is confirmed.")
	owner.me("Save confirmed ada@example.com")
	reader.get(check)
	reader.post(check).says(t, http.StatusNotFound, "This link is not valid any more.")

	owner.invite("bob@example.com").leads(t, "/members").says(t, http.StatusOK, "An invitation is on its way to bob@example.com.")
	mailed := box.take("bob@example.com", "Invitation to "+s.url)
	if !strings.HasPrefix(mailed.text, `Ada invites you to the account "Default" as developer at `+s.url) {
		t.Errorf("the invitation says %s", mailed.text)
	}
	bob := s.visitor(t)
	bob.get(mailed.link(t)).says(t, http.StatusOK, "Ada invites you to the account Default as developer")
	bob.post(mailed.link(t), "name", "Bob", "password", "the first of bob's").leads(t, "/")
	bob.me("not confirmed bob@example.com") // the owner could have seen the link
	s.visitor(t).get(mailed.link(t)).says(t, http.StatusNotFound, "This link is not valid any more.")
	s.visitor(t).signIn("Bob@Example.com", "the first of bob's").leads(t, "/")

	s.forget(t, box)
	s.move(t, box)
}

// forget is the story of a forgotten password.
func (s *site) forget(t *testing.T, box *postbox) {
	t.Helper()
	signedIn, asks := s.visitor(t), s.visitor(t)
	signedIn.signIn("bob@example.com", "the first of bob's").leads(t, "/")
	asks.get("/reset")
	unknown := asks.post("/reset", "email", "nobody@example.com").says(t, http.StatusOK, "a mail with a link is on its way").text()
	if known := asks.post("/reset", "email", "bob@example.com").text(); known != unknown {
		t.Errorf("%q is said of whom is known, %q of others", known, unknown)
	}
	link := box.take("bob@example.com", "Set a new password").link(t)
	asks.get(link).says(t, http.StatusOK, "You are signed out everywhere when it is set.")
	asks.post(link, "password", "short").says(t, http.StatusBadRequest, "8 characters")
	signedIn.me("bob@example.com") // nothing happened yet
	asks.post(link, "password", "the second of bob's").leads(t, "/signin").says(t, http.StatusOK, "Your password is set")
	signedIn.stranger()
	asks.signIn("bob@example.com", "the first of bob's").says(t, http.StatusUnauthorized, "The e-mail or the password is wrong.")
	asks.signIn("bob@example.com", "the second of bob's").leads(t, "/")
	again := s.visitor(t)
	again.get(link)
	again.post(link, "password", "the third of bob's").says(t, http.StatusNotFound, "This link is not valid any more.")
	box.take("bob@example.com", "Your password at "+s.url+" was changed")
	for _, l := range box.got() {
		if l.to[0] == "nobody@example.com" {
			t.Errorf("somebody unknown was written to: %s", l.subject)
		}
	}
}

// move is the story of another e-mail, which the old one hears of.
func (s *site) move(t *testing.T, box *postbox) {
	t.Helper()
	bob := s.visitor(t)
	bob.signIn("bob@example.com", "the second of bob's")
	bob.get("/me")
	bob.post("/me", "name", "Bob", "email", "robert@example.com").says(t, http.StatusBadRequest, "password")
	bob.post("/me", "name", "Bob", "email", "robert@example.com", "password", "the second of bob's").says(t, http.StatusOK, "Open the link in the mail to robert@example.com")
	bob.me("not confirmed robert@example.com")
	if l := box.take("bob@example.com", "Your e-mail at"); !strings.Contains(l.text, "is now robert@example.com") {
		t.Errorf("the old address hears %s", l.text)
	}
	link := box.take("robert@example.com", "Confirm your e-mail").link(t)
	bob.get(link)
	bob.post(link).leads(t, "/me").says(t, http.StatusOK, "Save confirmed robert@example.com")
}

// TestMailAtSignUp: an open sign-up says the same whether or not an e-mail is known, and
// nothing that strangers type becomes a header, a recipient or a link.
func TestMailAtSignUp(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	box := newPostbox(t, address, nil, false)
	s := startWith(t, "smtp://"+address, "SKYTOWER_SIGNUP=open")
	v := s.visitor(t)
	const evil = "Eve\r\nBcc: eve@evil.example\r\n\r\nhttp://evil.example/"
	signUp := func() view {
		t.Helper()
		v.get("/signup")
		return v.post("/signup", "name", evil, "email", "eve@example.com", "password", "what eve remembers")
	}
	first := signUp().says(t, http.StatusOK, "We have sent a mail to eve@example.com.").text()
	v.stranger()
	if again := signUp().text(); again != first {
		t.Errorf("%q at first, then %q", first, again)
	}
	link := box.take("eve@example.com", "Confirm your e-mail").link(t)
	box.take("eve@example.com", "You have a sign-in")
	v.get(link)
	v.post(link).leads(t, "/signin")
	v.signIn("eve@example.com", "what eve remembers").leads(t, "/")
	v.me("Save confirmed eve@example.com")
	v.invite("bob@example.com").says(t, http.StatusOK, "is on its way to bob@example.com")
	box.take("bob@example.com", "Invitation")
	for _, email := range []string{"x@example.com\r\nBcc: eve@evil.example", "x@example.com,eve@evil.example", "x@example.com;eve@evil.example",
		"<x@example.com>", "X <x@example.com>", "x@example.com>\r\nRCPT TO:<eve@evil.example"} {
		v.invite(email)
	}
	v.invite("last@example.com")
	box.take("last@example.com", "Invitation")
	for _, l := range box.got() {
		l.plain(t)
	}
}

// plain checks that a mail is to one recipient, with our headers alone and no others' link.
func (l letter) plain(t *testing.T) {
	t.Helper()
	ours := map[string]bool{"From": true, "To": true, "Subject": true, "Date": true, "Message-Id": true, "Mime-Version": true, "Content-Type": true,
		"Content-Transfer-Encoding": true, "Auto-Submitted": true}
	for name, values := range l.header {
		if !ours[name] || len(values) != 1 {
			t.Errorf("header %s: %q", name, values)
		}
	}
	if to, err := l.header.AddressList("To"); err != nil || len(to) != 1 || len(l.to) != 1 || to[0].Address != l.to[0] || strings.Contains(l.to[0], "evil") {
		t.Errorf("to %q and %q, %v", l.to, l.header["To"], err)
	}
	if strings.Contains(l.text, "http://evil") || strings.Contains(l.text, "\nBcc") {
		t.Errorf("the text is %s", l.text)
	}
}

// TestMailIsEncrypted: a server elsewhere gets mail and password only over TLS with a
// certificate that is good.
func TestMailIsEncrypted(t *testing.T) {
	t.Parallel()
	here := elsewhere(t)
	own, trust := certificate(t, here)
	other, _ := certificate(t, here)
	for name, c := range map[string]struct {
		scheme, host string
		certificate  *tls.Certificate
		arrives      bool
	}{
		"STARTTLS":                 {"smtp", here, own, true},
		"from the first byte":      {"smtps", "127.0.0.1", own, true},
		"no STARTTLS":              {"smtp", here, nil, false},
		"STARTTLS by another":      {"smtp", here, other, false},
		"another, from first byte": {"smtps", "127.0.0.1", other, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, port, _ := net.SplitHostPort(freeAddress(t))
			box := newPostbox(t, ":"+port, c.certificate, c.scheme == "smtps")
			server := url.URL{Scheme: c.scheme, User: url.UserPassword(mailUser, mailPassword), Host: net.JoinHostPort(c.host, port)}
			if c.certificate == nil { // with a password it would fail for that alone
				server.User = nil
			}
			s := startWith(t, server.String(), "SSL_CERT_FILE="+trust)
			s.owner(t)
			if c.arrives {
				if l := box.take("ada@example.com", "Confirm your e-mail"); !l.secure || l.user != mailUser {
					t.Errorf("over TLS: %v, by %q", l.secure, l.user)
				}
				return
			}
			s.out.find(t, `(a mail was not taken)`)
			if len(box.got()) > 0 {
				t.Error("it was sent all the same")
			}
			if text := s.out.String(); strings.Contains(text, "p@ssword") || strings.Contains(text, "p%40ssword") || strings.Contains(text, "/check/") {
				t.Errorf("the log tells too much: %s", tail(text))
			}
		})
	}
}

// TestMailServerComesBack: mail waits for a server that is down, and nobody waits for mail.
func TestMailServerComesBack(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	s := startWith(t, "smtp://"+address)
	owner := s.owner(t)
	owner.invite("bob@example.com").says(t, http.StatusOK, "An invitation is on its way to bob@example.com.")
	s.out.find(t, `(a mail was not taken.*Invitation)`)
	box := newPostbox(t, address, nil, false)
	link := box.take("bob@example.com", "Invitation").link(t)
	bob := s.visitor(t)
	bob.get(link)
	bob.post(link, "name", "Bob", "password", "the first of bob's").leads(t, "/")
}
