package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/store"
)

const (
	mostUsageDays = 366
	// mostTotals bounds the rows of one answer.
	mostTotals = 50_000
)

// UsageFilter asks for totals.
type UsageFilter struct {
	Account  string    // "": all accounts
	From, To time.Time // From included, To not; at most 366 days
	Key      string
	Model    string
	// By what the totals are grouped.
	ByDay, ByModel, ByKey bool
}

// UsageTotal is one total.
type UsageTotal struct {
	Day                              string // 2026-11-25, UTC
	Model, Key                       string
	Requests                         int64
	Input, Output, Cached, Reasoning int64
	Amount, Cost                     money.Nanos
}

// Usage adds up charges, in the order of day, model and key; never nil. Without an
// account it looks through the charges of all.
//
// Errors: INVALID_DATE_RANGE; INVALID_PARAMETER for more totals than an answer has.
func (l *Ledger) Usage(ctx context.Context, f UsageFilter) (totals []UsageTotal, err error) {
	if f.From.IsZero() || f.To.Sub(f.From) <= 0 || f.To.Sub(f.From) > mostUsageDays*24*time.Hour {
		return nil, fault.Newf(fault.InvalidDateRange, "Usage is added up from a day to a later one, at most %d days on.", mostUsageDays)
	}
	err = l.db.Read(ctx, func(tx *store.Tx) (err error) {
		totals, err = usage(ctx, tx, f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("add up usage: %w", err)
	}
	return totals, nil
}

// usage adds up what is settled from the sums, and the rest from the charges themselves:
// the answer is that of the charges alone.
func usage(ctx context.Context, tx *store.Tx, f UsageFilter) ([]UsageTotal, error) {
	settled, err := readState(ctx, tx, "charges")
	if err != nil {
		return nil, err
	}
	found := map[[3]string]*UsageTotal{}
	for _, part := range f.parts(settled) {
		query, args := part.query(tx.Dialect())
		err := tx.Each(ctx, query, func(scan func(...any) error) error {
			var t UsageTotal
			var day int64
			if err := scan(&day, &t.Model, &t.Key, &t.Requests, &t.Input, &t.Output, &t.Cached, &t.Reasoning, &t.Amount, &t.Cost); err != nil || t.Requests == 0 {
				return err
			}
			if f.ByDay {
				t.Day = time.Unix(day*daySeconds, 0).UTC().Format(time.DateOnly)
			}
			return t.into(found)
		}, args...)
		if err != nil {
			return nil, err
		}
	}
	totals := make([]UsageTotal, 0, len(found))
	for _, t := range found {
		totals = append(totals, *t)
	}
	slices.SortFunc(totals, func(a, b UsageTotal) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Key, b.Key))
	})
	return totals, nil
}

// into adds the total to the one of its group.
func (t *UsageTotal) into(found map[[3]string]*UsageTotal) error {
	group := [3]string{t.Day, t.Model, t.Key}
	sum := found[group]
	if sum == nil {
		if len(found) == mostTotals {
			return fault.Invalid("by", "There are more than %d totals; ask for fewer days, or for one model or key.", mostTotals)
		}
		found[group] = t
		return nil
	}
	sum.Add(*t)
	return nil
}

// Add adds another total's numbers.
func (t *UsageTotal) Add(other UsageTotal) {
	t.Requests += other.Requests
	t.Input += other.Input
	t.Output += other.Output
	t.Cached += other.Cached
	t.Reasoning += other.Reasoning
	t.Amount += other.Amount
	t.Cost += other.Cost
}

// state is how far sums are final, but for the hours that a late row has been announced
// for.
type state struct {
	progress
	dirty []int64 // hours, in order
}

func readState(ctx context.Context, tx *store.Tx, source string) (s state, err error) {
	err = tx.QueryRow(ctx, `select settled, days, kept from rollup where source = $1`, source).Scan(&s.settled, &s.days, &s.kept)
	if err != nil {
		return s, fmt.Errorf("read how far %s are added up: %w", source, err)
	}
	err = tx.Each(ctx, `select distinct hour from rollup_dirty where source = $1 order by hour`, func(scan func(...any) error) error {
		var hour int64
		err := scan(&hour)
		s.dirty = append(s.dirty, hour)
		return err
	}, source)
	if err != nil {
		return s, fmt.Errorf("read the late hours of %s: %w", source, err)
	}
	return s, nil
}

// span of time of a part of an answer, and where it is read: in rows of days or hours (at
// is their list), or in the charges from a time to before another.
type usagePart struct {
	UsageFilter
	hours int64   // of the rows of sums; 0: charges
	at    []int64 // starts of the rows, in hours
}

// parts cuts the filter's time: whole days and whole hours that are settled are read from
// the sums.
func (f UsageFilter) parts(s state) (parts []usagePart) {
	days, hours := usagePart{f, dayHours, nil}, usagePart{f, 1, nil}
	charges := func(from, to time.Time) {
		g := f
		g.From, g.To = from, to
		if last := len(parts) - 1; last >= 0 && parts[last].hours == 0 && parts[last].To.Equal(from) {
			parts[last].To = to
			return
		}
		parts = append(parts, usagePart{UsageFilter: g})
	}
	for at := f.From; at.Before(f.To); {
		hour := hourOf(at)
		start, day := hourStart(hour), floorDiv(hour, dayHours)
		endOfDay := hourStart((day + 1) * dayHours)
		switch whole := at.Equal(start); {
		case whole && hour%dayHours == 0 && day < s.days && !endOfDay.After(f.To) && !s.dirtyIn(hour, hour+dayHours):
			days.at = append(days.at, hour)
			at = endOfDay
			continue
		case hour >= s.settled:
			charges(at, f.To)
			at = f.To
			continue
		case whole && hour >= s.kept && !hourStart(hour+1).After(f.To) && !s.dirtyIn(hour, hour+1):
			hours.at = append(hours.at, hour)
		default:
			charges(at, earlier(hourStart(hour+1), f.To))
		}
		at = hourStart(hour + 1)
	}
	for _, p := range []usagePart{days, hours} {
		if len(p.at) > 0 {
			parts = append(parts, p)
		}
	}
	return parts
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (s *state) dirtyIn(from, to int64) bool {
	i, _ := slices.BinarySearch(s.dirty, from)
	return i < len(s.dirty) && s.dirty[i] < to
}

// query reads a part.
func (p usagePart) query(d store.Dialect) (text string, args []any) {
	if p.hours == 0 {
		return p.UsageFilter.query()
	}
	w := where{}
	w.sumsOf(d, p.hours, p.at, p.Account, p.Key, p.ByKey)
	w.equal("model", p.Model)
	var sums strings.Builder
	for _, column := range []string{"requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost"} {
		fmt.Fprintf(&sums, ", cast(coalesce(sum(%s), 0) as bigint)", column)
	}
	return p.grouped("usage_sum", "at / "+fmt.Sprint(dayHours), sums.String(), &w), w.args
}

// sumsOf narrows rows of sums to some hours or days, and to an account, a key, or all
// accounts together; apart is set where keys are told apart. Rows of one account are found
// one by one: in the key the time comes first.
func (w *where) sumsOf(d store.Dialect, hours int64, at []int64, account, key string, apart bool) {
	w.add("hours = ", hours)
	together := account == "" && key == "" && !apart
	if account != "" || together {
		w.args = append(w.args, d.Int64s(at))
		w.conditions = append(w.conditions, d.In("at", len(w.args)))
		w.add("account = ", account)
	} else {
		w.add("at >= ", at[0])
		w.add("at <= ", at[len(at)-1])
		if at[len(at)-1]-at[0] != int64(len(at)-1)*hours { // there are gaps
			w.args = append(w.args, d.Int64s(at))
			w.conditions = append(w.conditions, d.In("at + 0", len(w.args)))
		}
		w.conditions = append(w.conditions, "account <> ''")
	}
	w.equal("api_key", key)
}

// sumsOfSome narrows rows of sums to some hours or days of some accounts.
func (w *where) sumsOfSome(d store.Dialect, hours int64, at []int64, accounts []string) {
	w.add("hours = ", hours)
	w.args = append(w.args, d.Int64s(at), d.Strings(accounts))
	w.conditions = append(w.conditions, d.In("at", len(w.args)-1), d.In("account", len(w.args)))
}

// inputTokens are a line's, but for a formula's: there the megapixels of the inputs stand
// in their place.
const inputTokens = "case when kind = 'tokens' or unit like '%token%' then units_in else 0 end"

const daySeconds = 24 * 60 * 60

// query adds up charges.
func (f UsageFilter) query() (text string, args []any) {
	var w where
	w.equal("account", f.Account)
	w.span(f.From, f.To)
	w.equal("api_key", f.Key)
	w.equal("model", f.Model)
	return f.grouped("charge_line", fmt.Sprintf("at / %d", int64(daySeconds*time.Second/time.Microsecond)), ", count(*), "+usageSums(), &w), w.args
}

// grouped makes the statement: what is not grouped by is a constant.
func (f UsageFilter) grouped(table, byDay, sums string, w *where) string {
	day, model, key, groups := "0", "''", "''", []string(nil)
	if f.ByDay {
		day = byDay
		groups = append(groups, day)
	}
	if f.ByModel {
		model = "model"
		groups = append(groups, model)
	}
	if f.ByKey {
		key = "api_key"
		groups = append(groups, key)
	}
	text := fmt.Sprintf("select %s, %s, %s%s from %s%s", day, model, key, sums, table, w.text())
	if groups != nil {
		text += " group by " + strings.Join(groups, ", ")
	}
	return text
}
