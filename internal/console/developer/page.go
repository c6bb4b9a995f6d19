package developer

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/fault"
	"skytower/internal/skytells"
)

// show sends one of the room's pages.
func (p *Pages) show(d *desk.Desk, name, title string, data any, scripts ...string) error {
	return d.Page(p.room, name, ui.View{Title: title, Data: data, Scripts: scripts})
}

// tell sends a page that only says something, such as why a role may not see it.
func (p *Pages) tell(d *desk.Desk, title, text string) error {
	return p.show(d, "told", title, struct{ Title, Text string }{title, text})
}

// refused shows an answer that says no as the page's own words; other errors come back.
func (p *Pages) refused(d *desk.Desk, title string, err error) error {
	sentence, ok := desk.Sentence(err)
	if !ok || notThere(err) {
		return err
	}
	return p.tell(d, title, sentence)
}

func notThere(err error) bool {
	var no *skytells.APIError
	return errors.As(err, &no) && no.Status == 404
}

// refusedBy reports whether the API said no with one of these ids.
func refusedBy(err error, ids ...fault.ID) bool {
	var no *skytells.APIError
	return errors.As(err, &no) && slices.Contains(ids, fault.ID(no.ID))
}

// is reports whether the seat has one of the roles and may change things. The service
// decides all the same; this is for what pages offer.
func is(d *desk.Desk, roles ...account.MemberRole) bool {
	return d.CanWrite() && slices.Contains(roles, d.Seat.Role)
}

func makesKeys(d *desk.Desk) bool { return is(d, account.RoleOwner, account.RoleDeveloper) }

func owns(d *desk.Desk) bool { return is(d, account.RoleOwner) }

// sees reports whether the seat's role has a scope.
func sees(d *desk.Desk, scope account.Scopes) bool { return d.Seat.Role.Scopes().Has(scope) }

// does reports whether the seat's role has a scope and may use it to change things.
func does(d *desk.Desk, scope account.Scopes) bool { return d.CanWrite() && sees(d, scope) }

// page is the query's page number, from 1 to most.
func page(d *desk.Desk, most int) int {
	n, err := strconv.Atoi(d.Query("page"))
	if err != nil || n < 1 {
		return 1
	}
	return min(n, most)
}

// lines are the words of a text area: one a line, or with commas or spaces between them.
func lines(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' || r == ' ' || r == '\t' })
}

// dollars reads what people type for an amount: $1,000.50.
func dollars(text string) skytells.Amount {
	return skytells.Amount(strings.NewReplacer("$", "", ",", "", " ", "").Replace(strings.TrimSpace(text)))
}

// milliseconds writes a duration of the API.
func milliseconds(ms float64) string {
	return ui.Duration(time.Duration(ms * float64(time.Millisecond)))
}

// seconds writes a duration of the API, "" where there is none.
func seconds(s *float64) string {
	if s == nil || *s == 0 {
		return ""
	}
	return ui.Duration(time.Duration(*s * float64(time.Second)))
}

// spoken writes an amount of a chart.
func spoken(v float64) string {
	digits := 2
	if v > 0 && v < 1 {
		digits = 6
	}
	return ui.Money(strconv.FormatFloat(v, 'f', digits, 64))
}

func float(a skytells.Amount) float64 {
	f, _ := strconv.ParseFloat(string(a), 64) // for drawing alone
	return f
}

// stat is one figure of a page.
type stat struct{ Label, Value, Note, Href string }

func queryEscape(s string) string { return url.QueryEscape(s) }

// notFound reports whether a fault is about a thing that is not there.
func notFound(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.HTTPStatus() == http.StatusNotFound
}
