// Package desk is where a request to the console is received: it knows who is signed
// in, in which of their accounts, proves that a form came from this console, and hands
// the pages a desk to work at.
//
// It refuses to know what the pages show. Pages act through the clients of the desk,
// which call the API of this very server as the person: there is no private door, so
// that authority, validation and audit are those of the API.
//
// Its invariants: a page that changes something is reached by POST with the session's
// token alone; an account that an operator looks at is never changed; and every page
// is sent with a policy that forbids inline scripts, styles and other hosts.
package desk

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"skytower/internal/account"
	"skytower/internal/console/ui"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/secret"
	"skytower/internal/skytells"
)

//go:embed templates/*.html
var embedded embed.FS

// People are the sessions that the desk needs; *account.Service is them.
type People interface {
	Session(ctx context.Context, raw string, w account.Where) (account.Visitor, error)
	EndSession(ctx context.Context, person, id string) error
	Principal(ctx context.Context, seat account.Seat) (account.Principal, error)
	HiddenKey(ctx context.Context, seat account.Seat, session string) (raw string, expires time.Time, err error)
	View(ctx context.Context, v account.Visitor, accountID string) error
}

// Clients make clients of this server's own API, in process. Base is the address that
// the visitor sees.
type Clients interface {
	Member(base string, p account.Principal) (*skytells.Client, error)
	Operator(base string, o account.Operator) (*skytells.Client, error)
}

// Options are what the desk works with.
type Options struct {
	Server  *httpx.Server
	People  People
	Clients Clients
	Kit     *ui.Kit
	// Public is the address in absolute links; nil: taken from requests to loopback.
	Public *url.URL
	Docs   bool // the manual is served
	// Files is the origin of files, such as https://files.example.com, where it is another
	// host than this one.
	Files string
	// Keys makes the tokens of forms and signs notices.
	Keys *secret.Signer
}

// Need is who may see a page.
type Need int

// Whom pages are for.
const (
	Anyone   Need = iota
	Person        // somebody signed in
	Member        // with a seat in an account
	Operator      // operators and auditors
)

// Row is one page or one act.
type Row struct {
	Method, Pattern string // of http.ServeMux
	Need            Need
	Handle          func(*Desk) error
	// Menu and Label put the page into the menu: the group's title, and the link.
	Menu, Label string
	// Looks is set for an act that changes nothing (such as leaving an account that
	// one looks at), so that it is open to those who only look.
	Looks bool
	// Bare skips the token: for what other sites call (an OpenID provider's return).
	Bare bool
}

// Desk is one request.
type Desk struct {
	*httpx.Call
	Visitor account.Visitor  // zero: nobody is signed in
	Seat    account.Seat     // the account that is looked at; zero: none
	V1      *skytells.Client // acts on /v1 as the seat's account; nil without a seat
	Admin   *skytells.Client // acts on /admin/v1; nil unless the person is an operator
	Base    string           // this server's address, without a slash at its end

	o      *Options
	row    *Row
	menu   []Row
	own    string // what only this browser has
	token  string // what forms must bring, made from it
	form   url.Values
	notes  []ui.Notice
	secure bool // over https
}

// As returns a client that acts on /v1 as another principal of the seat's account: a key of
// the person's own, for work that goes on when the session is over.
func (d *Desk) As(p account.Principal) (*skytells.Client, error) {
	if p.Account != d.Seat.Account {
		return nil, fault.New(fault.Forbidden, "This key is of another account.")
	}
	return d.o.Clients.Member(d.Base, p)
}

// Signed reports whether somebody is signed in.
func (d *Desk) Signed() bool { return d.Visitor.Session != "" }

// Ctx is the request's context.
func (d *Desk) Ctx() context.Context { return d.Request.Context() }

// CanWrite reports whether the person may change anything here: not as an auditor, a
// viewer, or one who looks at somebody's account.
func (d *Desk) CanWrite() bool {
	switch {
	case d.Visitor.Viewing != nil:
		return false
	case d.row != nil && d.row.Need == Operator:
		return d.Visitor.Operator.MayChange() == nil
	}
	return d.Seat.Role != account.RoleViewer
}

// Where is the browser that calls.
func (d *Desk) Where() account.Where {
	return account.Where{Address: d.Record.Client, Agent: clip(d.Request.UserAgent(), maxAgent)}
}

// Query is a parameter of the address.
func (d *Desk) Query(name string) string { return d.Request.URL.Query().Get(name) }

// maxForm bounds a form, in bytes; maxAgent what is kept of a browser's name.
const (
	maxForm  = 1 << 20
	maxAgent = 300
)

// Value is a field of the form that was sent.
func (d *Desk) Value(name string) string { return d.form.Get(name) }

// Form is the form that was sent; empty for a GET.
func (d *Desk) Form() url.Values { return d.form }

func (d *Desk) readForm() error {
	body, err := d.Body(maxForm)
	if err != nil {
		return err
	}
	if d.form, err = url.ParseQuery(string(body)); err != nil {
		return fault.New(fault.InvalidRequest, "The form could not be read.")
	}
	return nil
}

// Page sends a page.
func (d *Desk) Page(room *ui.Room, name string, v ui.View) error {
	body, err := room.Render(name, d.Shell(), v)
	if err != nil {
		return err
	}
	d.Protect()
	status := v.Status
	if status == 0 {
		status = http.StatusOK
	}
	return d.Raw(status, "text/html; charset=utf-8", body)
}

// Protect sets what every page is sent with. Files names the host that files come from,
// where it is another one.
func Protect(h http.Header, files string) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: "+files+"; media-src 'self' data: blob: "+files+"; connect-src 'self' "+files+"; "+
		"font-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-store")
}

// Protect sets what every page is sent with.
func (d *Desk) Protect() { Protect(d.Header(), d.o.Files) }

// Redirect sends the browser to a path of this server (303): what came by POST is
// shown by GET, so that reloading sends nothing twice.
func (d *Desk) Redirect(path string) error {
	d.keepNotes()
	d.Header().Set("Location", Local(path, "/"))
	return d.Raw(http.StatusSeeOther, "text/plain; charset=utf-8", []byte("Go on at "+Local(path, "/")+"\n"))
}

// Leave sends the browser to another host: a payment page or an OpenID provider that
// the operator configured. It is a page that refreshes to it, since a form may not be
// redirected to another host under the policy of the pages.
func (d *Desk) Leave(address string) error {
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("the other site's address is none of the web: %.60q", address)
	}
	d.Protect()
	d.Header().Set("Refresh", "0; url="+address)
	link := template.HTMLEscapeString(address)
	return d.Raw(http.StatusOK, "text/html; charset=utf-8", []byte(`<!doctype html><html lang="en"><title>One moment</title><p><a href="`+link+`">Go on to the other site</a></p></html>`))
}

// Note says something on the page that is shown next. Kind is good, warn, bad or "".
func (d *Desk) Note(kind, text string) { d.notes = append(d.notes, ui.Notice{Kind: kind, Text: text}) }

// Say turns an error into a notice where it was meant for people, so that a form can
// be shown again with it; others come back.
func (d *Desk) Say(err error) error {
	sentence, ok := Sentence(err)
	if !ok {
		return err
	}
	d.Note("bad", sentence)
	return nil
}
