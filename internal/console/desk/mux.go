package desk

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"skytower/internal/account"
	"skytower/internal/console/ui"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// Mux serves rows.
type Mux struct {
	o     Options
	mux   *http.ServeMux
	rows  []Row
	room  *ui.Room // errors
	cross *http.CrossOriginProtection
}

// NewMux returns a mux of the rows and of the desk's own acts.
func NewMux(o Options, rows []Row) (*Mux, error) {
	room, err := o.Kit.Room("desk", embedded)
	if err != nil {
		return nil, err
	}
	m := &Mux{o: o, mux: http.NewServeMux(), room: room, cross: http.NewCrossOriginProtection()}
	m.rows = append(m.acts(), rows...)
	for i := range m.rows {
		row := &m.rows[i]
		m.mux.Handle(row.Method+" "+row.Pattern, m.o.Server.Handle("console "+row.Pattern, func(c *httpx.Call) error { return m.serve(c, row) }, m.fail))
	}
	m.mux.Handle("GET /assets/{path...}", m.o.Server.Handle("console /assets", m.asset, m.fail))
	m.mux.Handle("/", m.o.Server.Handle("console other", m.nothing, m.fail))
	return m, nil
}

// ServeHTTP serves a request.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.mux.ServeHTTP(w, r) }

// Rows are all pages and acts, for tests that try every one.
func (m *Mux) Rows() []Row { return m.rows }

// serve opens a desk and lets the row work at it. Whatever it answers is sent with the
// headers of pages, unless the row sets others.
func (m *Mux) serve(c *httpx.Call, row *Row) error {
	Protect(c.Header(), m.o.Files)
	d, err := m.open(c, row)
	if err != nil {
		return err
	}
	if err := d.admit(); err != nil {
		if errors.Is(err, errSignIn) {
			return d.Redirect("/signin?" + url.Values{"next": {c.Request.URL.RequestURI()}}.Encode())
		}
		return err
	}
	return asFault(row.Handle(d))
}

// open finds out who calls.
func (m *Mux) open(c *httpx.Call, row *Row) (*Desk, error) {
	base, err := httpx.Base(m.o.Public, c.Request)
	if err != nil {
		return nil, err
	}
	d := &Desk{Call: c, Base: base, o: &m.o, row: row, menu: m.rows, secure: strings.HasPrefix(base, "https://")}
	if err := m.guard(d); err != nil {
		return nil, err
	}
	if err := d.identify(); err != nil {
		return nil, err
	}
	if !reads(c.Request.Method) && !row.Bare {
		return d, d.checkToken()
	}
	return d, nil
}

// reads reports whether a method changes nothing (RFC 9110, 9.2.1).
func reads(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// guard refuses what another site sent, by what browsers say of it (Sec-Fetch-Site,
// Origin), before the token is looked at. A host name that was pointed at this machine
// (DNS rebinding) was refused with the address: httpx.Base.
func (m *Mux) guard(d *Desk) error {
	if !d.row.Bare && m.cross.Check(d.Request) != nil {
		return fault.New(fault.Forbidden, "This form came from another site.")
	}
	return nil
}

// errSignIn asks for a sign-in.
var errSignIn = errors.New("nobody is signed in")

// admit checks the row's need, and makes the clients of the desk.
func (d *Desk) admit() error {
	if d.row.Need == Anyone && !d.Signed() {
		return nil
	}
	if d.row.Need != Anyone && !d.Signed() {
		if reads(d.Request.Method) && !wantsJSON(d.Request) {
			return errSignIn
		}
		return fault.New(fault.Unauthorized, "Nobody is signed in. Sign in and send it again.")
	}
	if err := d.connect(); err != nil {
		return err
	}
	switch {
	case d.row.Need == Operator && d.Admin == nil:
		return fault.New(fault.Forbidden, "This page is for operators of the server.")
	case d.row.Need == Member && d.V1 == nil:
		return fault.New(fault.Forbidden, "You have no seat in an account. Ask an owner of one for an invitation.")
	case !reads(d.Request.Method) && !d.row.Looks:
		return d.mayWrite()
	}
	return nil
}

// mayWrite refuses those who only look. What else a role may not do, the API says.
func (d *Desk) mayWrite() error {
	switch {
	case d.Visitor.Viewing != nil:
		return &fault.Error{ID: fault.Forbidden, Message: "You are looking at somebody's account: nothing can be changed.", Details: "Stop viewing it first."}
	case d.row.Need == Operator:
		return d.Visitor.Operator.MayChange()
	case d.row.Need == Member && d.Seat.Role == account.RoleViewer:
		return &fault.Error{ID: fault.Forbidden, Message: "You are a viewer of this account and can't change it.", Details: "Ask an owner of the account."}
	}
	return nil
}

// connect makes the clients that act as the person.
func (d *Desk) connect() (err error) {
	if d.Visitor.Operator.ID != "" {
		if d.Admin, err = d.o.Clients.Operator(d.Base, d.Visitor.Operator); err != nil {
			return err
		}
	}
	if d.Seat.Account == "" {
		return nil
	}
	p, err := d.o.People.Principal(d.Ctx(), d.Seat)
	if err != nil {
		if d.row.Need != Member {
			return nil // such as a suspended account: others' pages and the door stay open
		}
		return err
	}
	d.V1, err = d.o.Clients.Member(d.Base, p)
	return err
}

// identify reads the cookies. A session that has ended is nobody's.
func (d *Desk) identify() error {
	raw := d.cookie(sessionCookie)
	if raw == "" {
		d.belongTo(d.visit())
		return nil
	}
	v, err := d.o.People.Session(d.Ctx(), raw, d.Where())
	if fault.Is(err, fault.Unauthorized) {
		d.drop(sessionCookie)
		d.belongTo(d.visit())
		return nil
	}
	if err != nil {
		return err
	}
	d.Visitor = v
	d.belongTo(raw)
	d.Seat, _ = v.Seat("")
	if seat, ok := v.Seat(d.cookie(accountCookie)); ok && v.Viewing == nil {
		d.Seat = seat
	}
	if v.Viewing != nil {
		d.Seat = *v.Viewing
	}
	d.Record.Account = d.Seat.Account
	return nil
}

// fail shows what went wrong, in the form that the caller asked for.
func (m *Mux) fail(c *httpx.Call, err *fault.Error) {
	c.Record.Outcome = "error"
	Protect(c.Header(), m.o.Files)
	if wantsJSON(c.Request) {
		_ = c.JSON(err.HTTPStatus(), map[string]any{
			"status": false, "response": err.Message,
			"error": map[string]any{"http_status": err.HTTPStatus(), "message": err.Message, "details": err.Details, "error_id": err.ID, "request_id": c.Record.ID},
		})
		return
	}
	d := &Desk{Call: c, o: &m.o, menu: m.rows, row: &Row{}}
	if base, problem := httpx.Base(m.o.Public, c.Request); problem == nil {
		d.Base, d.secure = base, strings.HasPrefix(base, "https://")
		_ = d.identify()
	}
	_ = d.Page(m.room, "error", ui.View{Title: titleOf(err), Status: err.HTTPStatus(), Plain: true, Data: struct {
		Title, Message, Details, Request, ID string
	}{titleOf(err), err.Message, err.Details, c.Record.ID, string(err.ID)}})
}

func titleOf(err *fault.Error) string {
	switch status := err.HTTPStatus(); {
	case status == http.StatusNotFound:
		return "Nothing here"
	case status == http.StatusForbidden:
		return "Not for you"
	case status >= http.StatusInternalServerError:
		return "Something went wrong"
	}
	return "That did not work"
}

func wantsJSON(r *http.Request) bool { return !strings.Contains(r.Header.Get("Accept"), "text/html") }

func (m *Mux) nothing(c *httpx.Call) error {
	details := "The API is under /v1."
	if m.o.Docs {
		details = "The API is under /v1, the manual at /docs."
	}
	return &fault.Error{ID: fault.EndpointNotFound, Message: "There is nothing at " + c.Request.URL.Path + ".", Details: details}
}

// asset sends a file that pages load. Its address changes with its content.
func (m *Mux) asset(c *httpx.Call) error {
	a, ok := m.o.Kit.Asset(c.Request.PathValue("path"))
	if !ok {
		return m.nothing(c)
	}
	h := c.Header()
	Protect(h, m.o.Files)
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(c.Request.PathValue("path"), m.o.Kit.Stamp()+"/") {
		// Only then are these the bytes that the address names: a page of another version may
		// have asked this one, while a new version is rolled out.
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	return c.Raw(http.StatusOK, a.Type, a.Body)
}

// Sentence is what an error tells a person, if it was meant for people: an answer of
// the API that says no, or a fault of the caller.
func Sentence(err error) (string, bool) {
	var no *skytells.APIError
	var f *fault.Error
	switch {
	case errors.As(err, &no) && no.Status < http.StatusInternalServerError:
		return strings.TrimSpace(no.Message + " " + no.Details), true
	case errors.As(err, &f) && f.HTTPStatus() < http.StatusInternalServerError:
		return strings.TrimSpace(f.Message + " " + f.Details), true
	}
	return "", false
}

// asFault keeps what an answer of the API said: a page about a thing that is not there
// is a page that is not there.
func asFault(err error) error {
	var no *skytells.APIError
	if !errors.As(err, &no) {
		return err
	}
	out := &fault.Error{ID: fault.ID(no.ID), Message: no.Message, Details: no.Details, Status: no.Status, Err: err}
	if no.Status == http.StatusNotFound || no.Status == http.StatusBadGateway && strings.Contains(no.ID, "PREDICTION") {
		out.ID, out.Status = fault.EndpointNotFound, 0
	}
	return out
}

var _ People = (*account.Service)(nil)
