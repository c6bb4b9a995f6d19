package ledger

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/store"
)

// requestPrefix begins the ids of requests.
const requestPrefix = "req_"

const selectEntry = `select request, at, method, route, path, status, outcome, error_id, account, api_key, model, target,
	tokens_in, tokens_out, bytes_in, bytes_out, first_byte, duration, streamed, client from request_log`

// Requests reads the request log; never nil. Entries appear about half a second
// after their requests.
//
// No filter walks over all of it: a request's id says when it came, single statuses and
// errors have indexes, and where requests of a model, a key or a class of status are, the
// sums of the hours tell.
func (l *Ledger) Requests(ctx context.Context, f Filter, p Page) (entries []Entry, err error) {
	if at, ok := httpx.IDTime(requestPrefix, f.Request); ok {
		f.From, f.To = latest(f.From, at), f.soonest(at.Add(time.Millisecond))
	}
	if l.o.Retention > 0 { // older ones may still lie in a month that is not yet dropped
		f.From = latest(f.From, l.o.AgesBy().Add(-l.o.Retention))
	}
	err = l.db.Read(ctx, func(tx *store.Tx) (err error) {
		switch {
		case f.classed():
			entries, err = f.ofClass(ctx, tx, p)
		case f.guided():
			entries, err = l.guided(ctx, tx, f, p)
		default:
			entries, err = f.read(ctx, tx, []Entry{}, p)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read request log: %w", err)
	}
	return entries, nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// soonest is the end of the filter's time or another one.
func (f *Filter) soonest(end time.Time) time.Time {
	if f.To.IsZero() {
		return end
	}
	return earlier(f.To, end)
}

// Request reads one request, of an account or ("") of any, with its charge where it has
// one.
//
// Errors: INVALID_PARAMETER (404).
func (l *Ledger) Request(ctx context.Context, account, id string) (e Entry, charge *Line, err error) {
	found, err := l.Requests(ctx, Filter{Request: id, Account: account}, Page{Limit: 1})
	if err != nil {
		return e, nil, err
	}
	if len(found) == 0 {
		return e, nil, &fault.Error{ID: fault.InvalidParameter, Status: 404, Param: "id", Message: "There is no such request in the log. Entries come half a second after their requests, and are kept for the retention of the log."}
	}
	lines, err := list(ctx, l.db, selectLine+` where request = $1 and account = $2`, []any{id, found[0].Account}, scanLine)
	if err != nil {
		return e, nil, fmt.Errorf("read the charge of request %s: %w", id, err)
	}
	if len(lines) > 0 {
		charge = &lines[0]
	}
	return found[0], charge, nil
}

// where are the filter's conditions.
func (f *Filter) where() (w where) {
	w.equal("request", f.Request)
	w.equal("account", f.Account)
	w.equal("api_key", f.Key)
	w.equal("model", f.Model)
	if f.ErrorID != "" {
		w.equal("error_id", f.ErrorID)
		w.conditions = append(w.conditions, "error_id <> ''") // of the index
	}
	if f.Status != 0 {
		w.add("status = ", f.Status)
		if f.Status >= 400 {
			w.conditions = append(w.conditions, "status >= 400")
		}
	}
	if f.Class != 0 {
		w.add("status >= ", f.Class*100)
		w.add("status < ", (f.Class+1)*100)
	}
	w.span(f.From, f.To)
	return w
}

// read appends entries.
func (f *Filter) read(ctx context.Context, tx *store.Tx, entries []Entry, p Page) ([]Entry, error) {
	w := f.where()
	return listIn(ctx, tx, entries, selectEntry+w.page(p, "request"), w.args, scanEntry)
}

// classed reports whether a class of errors is all that is asked for: their statuses are few,
// and each has its place in an index.
func (f *Filter) classed() bool {
	return f.Class >= 4 && f.Status == 0 && f.Request == "" && f.ErrorID == "" && f.Key == "" && f.Model == ""
}

// ofClass reads the newest entries of each status of the class, and of those the newest.
func (f *Filter) ofClass(ctx context.Context, tx *store.Tx, p Page) ([]Entry, error) {
	entries, end := []Entry{}, (f.Class+1)*100
	for g, from := *f, f.Class*100; from < end; from = g.Status + 1 {
		var w where
		w.equal("account", f.Account)
		w.add("status >= ", from)
		w.add("status < ", end)
		w.conditions = append(w.conditions, "status >= 400") // of the index
		if err := tx.QueryRow(ctx, "select coalesce(min(status), 0) from request_log"+w.text(), w.args...).Scan(&g.Status); err != nil || g.Status == 0 {
			return newest(entries, p.limit()), err
		}
		g.Class = 0
		var err error
		if entries, err = g.read(ctx, tx, entries, p); err != nil {
			return nil, err
		}
	}
	return newest(entries, p.limit()), nil
}

// newest are the first entries in the order of lists.
func newest(entries []Entry, limit int) []Entry {
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(b.At.Compare(a.At), strings.Compare(b.Request, a.Request))
	})
	return entries[:min(limit, len(entries))]
}

// guided reports whether sums tell where the entries are, and no index does.
func (f *Filter) guided() bool {
	return f.Request == "" && f.ErrorID == "" && f.Status < 400 && (f.Key != "" || f.Model != "" || f.Class != 0 || f.Status != 0)
}

// stretch is some hours with n entries that the filter may find.
type stretch struct{ from, to, n int64 }

// guided reads the entries of the hours that have some, the newest first.
func (l *Ledger) guided(ctx context.Context, tx *store.Tx, f Filter, p Page) ([]Entry, error) {
	entries, limit := []Entry{}, p.limit()
	hours, err := l.hoursOf(ctx, tx, &f, p)
	if err != nil {
		return nil, err
	}
	for len(hours) > 0 && len(entries) < limit {
		p.Limit = limit - len(entries)
		var n int64
		part := hours[:1]
		for n = hours[0].n; len(part) < len(hours) && n < int64(p.Limit) && hours[0].to < math.MaxInt64 && len(part) < hoursAtOnce; n += hours[len(part)-1].n {
			part = hours[:len(part)+1]
		}
		hours = hours[len(part):]
		if entries, err = f.readHours(ctx, tx, entries, part, p); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// hoursAtOnce bounds the hours of one query.
const hoursAtOnce = 100

// readHours appends the entries of some hours: each is found by itself, since what lies
// between may be much.
func (f *Filter) readHours(ctx context.Context, tx *store.Tx, entries []Entry, hours []stretch, p Page) ([]Entry, error) {
	g := *f
	g.From = latest(f.From, hourStart(hours[len(hours)-1].from))
	if to := hours[0].to; to < math.MaxInt64 {
		g.To = f.soonest(hourStart(to))
	}
	if len(hours) == 1 {
		return g.read(ctx, tx, entries, p)
	}
	starts := make([]int64, len(hours))
	for i, h := range hours {
		starts[i] = h.from * hourMicros
	}
	w := g.where()
	w.args = append(w.args, tx.Dialect().Int64s(starts))
	n := len(w.args)
	w.conditions = append(w.conditions, fmt.Sprintf("at >= hour.value and at < hour.value + %d", hourMicros))
	from := fmt.Sprintf(tx.Dialect().Pick("(select value from json_each($%d)) as hour cross join request_log", "unnest($%d::bigint[]) as hour(value) cross join request_log"), n)
	return listIn(ctx, tx, entries, strings.Replace(selectEntry, "request_log", from, 1)+w.page(p, "request"), w.args, scanEntry)
}

// hoursOf are the hours in which there may be entries for the filter and the page, the
// newest first: those that are not settled, those with a late entry, and those whose sums
// say so.
func (l *Ledger) hoursOf(ctx context.Context, tx *store.Tx, f *Filter, p Page) ([]stretch, error) {
	state, err := readState(ctx, tx, l.traffic.source)
	if err != nil {
		return nil, err
	}
	oldest, err := firstHour(ctx, tx, l.traffic.raw, state.settled)
	if err != nil {
		return nil, err
	}
	oldest = max(oldest, hourOf(f.From))
	newest := state.settled // of what the sums are asked about
	if !f.To.IsZero() {
		newest = min(newest, hourOf(f.To)+1)
	}
	if !p.Before.At.IsZero() {
		newest = min(newest, hourOf(p.Before.At)+1)
	}
	var hours []stretch
	if newest == state.settled {
		hours = append(hours, stretch{state.settled, math.MaxInt64, 0})
	}
	if oldest >= newest {
		return hours, nil
	}
	sure := len(hours)
	for _, hour := range state.dirty {
		if hour >= oldest && hour < newest {
			hours = append(hours, stretch{hour, hour + 1, 0})
		}
	}
	query, args := l.countQuery(tx.Dialect(), f, oldest, newest)
	err = tx.Each(ctx, query, func(scan func(...any) error) error {
		s := stretch{}
		if err := scan(&s.from, &s.n); err != nil {
			return err
		}
		if s.to = s.from + 1; s.n > 0 && !slices.Contains(state.dirty, s.from) {
			hours = append(hours, s)
		}
		return nil
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("find the hours of requests: %w", err)
	}
	slices.SortFunc(hours[sure:], func(a, b stretch) int { return int(b.from - a.from) })
	return hours, nil
}

// countQuery counts by hour what the filter may find.
func (l *Ledger) countQuery(d store.Dialect, f *Filter, oldest, newest int64) (string, []any) {
	at := make([]int64, 0, newest-oldest)
	for hour := oldest; hour < newest; hour++ {
		at = append(at, hour)
	}
	var w where
	w.sumsOf(d, 1, at, f.Account, f.Key, false)
	w.equal("model", f.Model)
	count := "requests"
	class := f.Class
	if f.Status != 0 {
		class = f.Status / 100
	}
	switch class {
	case 0:
	case 4:
		count = "errors - failed"
	case 5:
		count = "failed"
	default:
		count = "requests - errors"
	}
	return fmt.Sprintf("select at, cast(sum(%s) as bigint) from traffic_sum%s group by at", count, w.text()), w.args
}
