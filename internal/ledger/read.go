package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"skytower/internal/money"
	"skytower/internal/store"
)

const (
	defaultPage = 100
	maxPage     = 1000
)

// Page asks for a part of a list, newest first.
type Page struct {
	Before Position // of the last one already seen; zero: from the newest
	Limit  int      // 0: 100; at most 1,000
}

// Position is a place in a list. Both fields are those of a row that was read, for
// many rows can have one time.
type Position struct {
	At      time.Time
	Request string // or whatever else has the id: a transfer
}

func (p Page) limit() int {
	if p.Limit <= 0 {
		return defaultPage
	}
	return min(p.Limit, maxPage)
}

// Line is a charge as it stands in the database, with what explains its amount: the
// tokens, or the quantity of a prediction.
type Line struct {
	Charge
	Batch    string
	Kind     string // tokens or prediction
	Quantity int64  // millionths of Unit
	Unit     string
	Rate     money.Nanos // of one Unit, at the line's price version
	Budget   string      // what it was taken from besides the account: a key's month, such as key_…/2026-11
}

// Filter narrows the request log. A zero field does not; without Request or
// Account, the times decide how much is looked through.
type Filter struct {
	Request, Account, Key, Model, ErrorID string
	Status                                int       // such as 429
	Class                                 int       // the first digit of the status
	From, To                              time.Time // From ≤ at < To
}

func scanEntry(scan func(...any) error) (e Entry, err error) {
	var at, firstByte, duration int64
	err = scan(&e.Request, &at, &e.Method, &e.Route, &e.Path, &e.Status, &e.Outcome, &e.ErrorID, &e.Account, &e.Key, &e.Model, &e.Target,
		&e.TokensIn, &e.TokensOut, &e.BytesIn, &e.BytesOut, &firstByte, &duration, &e.Streamed, &e.Client)
	e.At = store.Time(at)
	e.FirstByte, e.Duration = time.Duration(firstByte)*time.Microsecond, time.Duration(duration)*time.Microsecond
	return e, err
}

// Charges reads the lines of one account from a time (zero: the first) to before
// another (zero: the last); never nil.
func (l *Ledger) Charges(ctx context.Context, account string, from, to time.Time, p Page) ([]Line, error) {
	var w where
	w.add("account = ", account)
	w.span(from, to)
	query := selectLine + w.page(p, "request")
	lines, err := list(ctx, l.db, query, w.args, scanLine)
	if err != nil {
		return nil, fmt.Errorf("read charges: %w", err)
	}
	return lines, nil
}

const selectLine = `select request, batch, at, account, api_key, model, target, price_version, units_in, units_out, units_cached,
	units_reasoning, amount, counted, outcome, kind, quantity, unit, rate, cost, budget from charge_line`

func scanLine(scan func(...any) error) (n Line, err error) {
	var at int64
	err = scan(&n.Request, &n.Batch, &at, &n.Account, &n.Key, &n.Model, &n.Target, &n.PriceVersion,
		&n.Input, &n.Output, &n.Cached, &n.Reasoning, &n.Amount, &n.Counted, &n.Outcome,
		&n.Kind, &n.Quantity, &n.Unit, &n.Rate, &n.Cost, &n.Budget)
	n.At = store.Time(at)
	return n, err
}

// where collects conditions and their arguments.
type where struct {
	conditions []string
	args       []any
}

// add takes an operand and its operator; the placeholder comes after them.
func (w *where) add(condition string, arg any) {
	w.args = append(w.args, arg)
	w.conditions = append(w.conditions, fmt.Sprintf("%s$%d", condition, len(w.args)))
}

func (w *where) equal(column, value string) {
	if value != "" {
		w.add(column+" = ", value)
	}
}

func (w *where) span(from, to time.Time) {
	if !from.IsZero() {
		w.add("at >= ", store.Micros(from))
	}
	if !to.IsZero() {
		w.add("at < ", store.Micros(to))
	}
}

// text is the conditions, with their word.
func (w *where) text() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " where " + strings.Join(w.conditions, " and ")
}

// page is the end of the query, from the conditions on. The column id tells rows of one
// time apart.
func (w *where) page(p Page, id string) string {
	if p.Before != (Position{}) {
		w.args = append(w.args, store.Micros(p.Before.At), p.Before.Request)
		w.conditions = append(w.conditions, fmt.Sprintf("(at, %s) < ($%d, $%d)", id, len(w.args)-1, len(w.args)))
	}
	w.args = append(w.args, p.limit())
	return w.text() + fmt.Sprintf(" order by at desc, %s desc limit $%d", id, len(w.args))
}

func list[T any](ctx context.Context, db *store.DB, query string, args []any, scan func(func(...any) error) (T, error)) ([]T, error) {
	var out []T
	err := db.Read(ctx, func(tx *store.Tx) (err error) {
		out, err = listIn(ctx, tx, []T{}, query, args, scan)
		return err
	})
	return out, err
}

// listIn appends rows.
func listIn[T any](ctx context.Context, tx *store.Tx, out []T, query string, args []any, scan func(func(...any) error) (T, error)) ([]T, error) {
	err := tx.Each(ctx, query, func(fields func(...any) error) error {
		row, err := scan(fields)
		if err == nil {
			out = append(out, row)
		}
		return err
	}, args...)
	return out, err
}
