package operator

import (
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/money"
	"skytower/internal/skytells"
)

// perPage is how many lines a list has.
const perPage = 50

// stat is one figure of a page.
type stat struct{ Label, Value, Note, Href string }

// show sends one of the room's pages.
func (p *Pages) show(d *desk.Desk, name, title string, data any, scripts ...string) error {
	return d.Page(p.room, name, ui.View{Title: title, Data: data, Scripts: scripts})
}

// sayAt leads to a page, with the sentence of a refusal or of what was done.
func sayAt(d *desk.Desk, err error, path, done string) error {
	switch {
	case notThere(err):
		return err
	case err != nil:
		if err := d.Say(err); err != nil {
			return err
		}
	default:
		d.Note("good", done)
	}
	return d.Redirect(path)
}

func notThere(err error) bool {
	var no *skytells.APIError
	return errors.As(err, &no) && no.Status == 404
}

// typed is a field of the form without the space around it.
func typed(d *desk.Desk, name string) string { return strings.TrimSpace(d.Value(name)) }

// asked is a parameter of the address without the space around it.
func asked(d *desk.Desk, name string) string { return strings.TrimSpace(d.Query(name)) }

// lines are the words of a text area: one a line, or with commas or spaces between them.
func lines(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("\n\r\t, ", r) })
}

// dollars reads what people type for an amount: $1,000.50.
func dollars(text string) skytells.Amount {
	return skytells.Amount(strings.NewReplacer("$", "", ",", "", " ", "", "−", "-").Replace(text))
}

// isDollars reports whether it is an amount.
func isDollars(a skytells.Amount) bool {
	_, err := money.Parse(string(a))
	return err == nil
}

// minus is a − b; "" where one of them is none.
func minus(a, b skytells.Amount) skytells.Amount {
	x, errX := money.Parse(string(a))
	y, errY := money.Parse(string(b))
	if errX != nil || errY != nil {
		return ""
	}
	return skytells.Amount((x - y).String())
}

// marginOf is what is left of the amount after the cost, in words.
func marginOf(amount, cost skytells.Amount) string {
	left := minus(amount, cost)
	if left == "" {
		return "–"
	}
	if part := float(amount); part > 0 {
		return ui.Money(left) + " (" + strconv.FormatFloat(100*float(left)/part, 'f', 0, 64) + " %)"
	}
	return ui.Money(left)
}

func float(a skytells.Amount) float64 {
	f, _ := strconv.ParseFloat(string(a), 64) // for drawing alone
	return f
}

// milliseconds writes a duration of the API.
func milliseconds(ms float64) string {
	return ui.Duration(time.Duration(ms * float64(time.Millisecond)))
}

// day is the day n days ago.
func day(n int) string { return time.Now().UTC().AddDate(0, 0, -n).Format(time.DateOnly) }

// queryOf is a path with a query of names and values in turn, empty ones left out.
func queryOf(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// pretty is a value as JSON over several lines; "" for nothing.
func pretty(v any) string {
	if raw, ok := v.(skytells.Schema); ok {
		v = json.RawMessage(raw)
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil || string(text) == "null" || string(text) == "{}" {
		return ""
	}
	return string(text)
}

// matches reports whether one of the texts holds what was searched.
func matches(search string, texts ...string) bool {
	search = strings.ToLower(search)
	for _, t := range texts {
		if strings.Contains(strings.ToLower(t), search) {
			return true
		}
	}
	return false
}

// cut is a page of a list that is held as a whole, with the links to those beside it.
type cut struct{ Next, Previous, Span string }

// Cut is the cut itself, for templates.
func (c cut) Cut() cut { return c }

// page cuts the page that the query asks for. Pairs are the filters of the links.
func page[T any](d *desk.Desk, all []T, path string, pairs ...string) ([]T, cut) {
	n, err := strconv.Atoi(d.Query("page"))
	if err != nil || n < 1 {
		n = 1
	}
	n = min(n, max(1, (len(all)+perPage-1)/perPage))
	from, to := (n-1)*perPage, min(n*perPage, len(all))
	c := cut{Span: strconv.Itoa(from+1) + "–" + strconv.Itoa(to) + " of " + strconv.Itoa(len(all))}
	if n > 1 {
		c.Previous = queryOf(path, append(pairs, "page", strconv.Itoa(n-1))...)
	}
	if to < len(all) {
		c.Next = queryOf(path, append(pairs, "page", strconv.Itoa(n+1))...)
	}
	return all[from:to], c
}

// maxNames bounds how many accounts a page asks the names of.
const maxNames = 25

// names are those of accounts by their ids; the id itself where it can't be had.
func names(d *desk.Desk, ids []string) map[string]string {
	found := map[string]string{}
	for _, id := range ids {
		if _, ok := found[id]; ok || id == "" {
			continue
		}
		found[id] = id
		if len(found) > maxNames {
			continue
		}
		if a, err := d.Admin.Account(d.Ctx(), id); err == nil {
			found[id] = a.Name
		}
	}
	return found
}

func choices(words ...string) []ui.Choice {
	var out []ui.Choice
	for i := 0; i+1 < len(words); i += 2 {
		out = append(out, ui.Choice{Value: words[i], Label: words[i+1]})
	}
	return out
}
