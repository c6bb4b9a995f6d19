package desk

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"skytower/internal/console/ui"
	"skytower/internal/fault"
)

// The console's cookies. Over https their names begin with __Host-, which browsers
// accept from this very host alone (RFC 6265bis, 4.1.3.2).
const (
	sessionCookie = "skytower_session"
	visitCookie   = "skytower_visit" // of a visitor without a session: what the token of forms hangs on
	accountCookie = "skytower_account"
	themeCookie   = "skytower_theme"
	notesCookie   = "skytower_notes"
)

const (
	year     = 365 * 24 * time.Hour
	month    = 30 * 24 * time.Hour
	noteLife = time.Minute
	maxNote  = 600  // bytes of one notice that a redirect brings along
	maxNotes = 2000 // of all, in a cookie
)

func (d *Desk) cookieName(name string) string {
	if d.secure {
		return "__Host-" + name
	}
	return name
}

func (d *Desk) cookie(name string) string {
	c, err := d.Request.Cookie(d.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

func (d *Desk) set(name, value string, life time.Duration) {
	http.SetCookie(headerOnly{d.Header()}, &http.Cookie{
		Name: d.cookieName(name), Value: value, Path: "/", MaxAge: int(life.Seconds()), Secure: d.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func (d *Desk) drop(name string) { d.set(name, "", -time.Second) }

// headerOnly lets http.SetCookie write to a header.
type headerOnly struct{ h http.Header }

func (w headerOnly) Header() http.Header       { return w.h }
func (headerOnly) Write(p []byte) (int, error) { return len(p), nil }
func (headerOnly) WriteHeader(int)             {}

// SignIn gives the browser a session that was started for it. Whatever it had before
// is forgotten.
func (d *Desk) SignIn(raw string) {
	d.set(sessionCookie, raw, month)
	d.drop(visitCookie)
	d.drop(accountCookie)
}

// Keep stores a value of the door's own in the browser until life ends (the state of an
// OpenID sign-in); Kept reads it, Forget ends it. It is sealed against changes.
func (d *Desk) Keep(name, value string, life time.Duration) {
	d.set("skytower_"+name, d.sign(name, value), life)
}

// Kept is what Keep stored, "" if nothing or if somebody changed it.
func (d *Desk) Kept(name string) string { return d.unsign(name, d.cookie("skytower_"+name)) }

// Forget ends what Keep stored.
func (d *Desk) Forget(name string) { d.drop("skytower_" + name) }

// visit is a random value of a browser without a session, made at its first page.
func (d *Desk) visit() string {
	v := d.cookie(visitCookie)
	if len(v) == visitLength {
		return v
	}
	v = rand.Text()
	d.set(visitCookie, v, month)
	return v
}

const visitLength = 26 // of rand.Text

// belongTo makes the token that forms bring, from what only this browser has.
func (d *Desk) belongTo(own string) { d.own, d.token = own, d.mac("form", own) }

func (d *Desk) mac(use, text string) string {
	return base64.RawURLEncoding.EncodeToString(d.o.Keys.Sign(covered(use, text)))
}

// isMac reports whether sent is mac's, also of a page from before the master key changed.
func (d *Desk) isMac(use, text, sent string) bool {
	signature, err := base64.RawURLEncoding.DecodeString(sent)
	return err == nil && d.o.Keys.Verify(covered(use, text), signature)
}

// covered is what a signature covers.
func covered(use, text string) []byte { return []byte(use + "\x00" + text) }

func (d *Desk) checkToken() error {
	sent := d.Request.Header.Get("X-CSRF-Token")
	if sent == "" || strings.HasPrefix(d.Request.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		if err := d.readForm(); err != nil {
			return err
		}
	}
	if sent == "" {
		sent = d.form.Get("_csrf")
	}
	if d.token == "" || !d.isMac("form", d.own, sent) {
		return fault.New(fault.Forbidden, "This form is too old, or came from elsewhere. Open the page again and send it once more.")
	}
	return nil
}

func (d *Desk) sign(use, text string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(text)) + "." + d.mac(use, text)
}

func (d *Desk) unsign(use, sent string) string {
	text, mac, _ := strings.Cut(sent, ".")
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || !d.isMac(use, string(plain), mac) {
		return ""
	}
	return string(plain)
}

// keepNotes hands the notices to the page that a redirect leads to.
func (d *Desk) keepNotes() {
	if len(d.notes) == 0 {
		return
	}
	for i := range d.notes {
		d.notes[i].Text = clip(d.notes[i].Text, maxNote)
	}
	var text strings.Builder
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false) // which makes six bytes of one
	if out.Encode(d.notes) == nil && text.Len() <= maxNotes {
		d.set(notesCookie, d.sign("notes", text.String()), noteLife)
	}
}

// takeNotes are those that a redirect brought, and those of this page.
func (d *Desk) takeNotes() []ui.Notice {
	var kept []ui.Notice
	if sent := d.cookie(notesCookie); sent != "" {
		_ = json.Unmarshal([]byte(d.unsign("notes", sent)), &kept) // what is none is no notice
		d.drop(notesCookie)
	}
	return append(kept, d.notes...)
}

// Local is a path of this server, or other where the text leads elsewhere: "//host",
// "/\host", a scheme, or control characters, which browsers drop.
func Local(path, other string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\") ||
		strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return other
	}
	return path
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
