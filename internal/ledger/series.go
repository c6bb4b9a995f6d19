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
	mostSeriesHours = 31 * dayHours
	mostSeriesDays  = 366
	// mostGroups bounds the lines of a chart; the rest is one group more.
	mostGroups = 8
)

// RestGroup is the group of those that have none of their own in a series.
const RestGroup = "*"

// SeriesFilter asks for what a chart draws.
type SeriesFilter struct {
	Account, Key, Model string
	From, To            time.Time // to the hour or the day; To not included
	Daily               bool      // a point a day, not an hour
	By                  string    // model, key, account; "": one group, which has no name

	only   []string // groups
	owners []string // of those
}

// Figures are what some time comes to. They lag by a few seconds. Requests are those that
// a model works for: neither reading nor administration counts.
type Figures struct {
	Requests, Errors, Failed int64 // errors: refused (4xx) and failed; failed: 5xx
	Charges                  int64
	Input, Output            int64 // tokens
	Cached, Reasoning        int64
	Amount, Cost             money.Nanos
	// Of what was answered without an error. The quantiles are estimates, off by a fifth
	// at most.
	P50, P95, Mean, FirstByte time.Duration
}

// Point is a group's figures of an hour or a day.
type Point struct {
	At    time.Time
	Group string
	Figures
}

// Series is what a chart draws. All groups have a point for each hour or day.
type Series struct {
	Points []Point // by time, then in the order of Groups
	Groups []Point // sums of each group, those with the most requests first
	Total  Figures
}

// mixed are the numbers of both tables of sums.
type mixed struct{ usage, traffic figures }

func (m *mixed) add(more *mixed) {
	m.usage.add(more.usage)
	m.traffic.add(more.traffic)
}

func newMixed() *mixed {
	return &mixed{make(figures, usageColumns), make(figures, trafficBuckets+buckets)}
}

func (m *mixed) figures() Figures {
	counts := m.traffic[trafficBuckets:]
	f := Figures{
		Requests: m.traffic[trafficRequests], Errors: m.traffic[trafficErrors], Failed: m.traffic[trafficFailed], Charges: m.usage[usageRequests],
		Input: m.usage[usageIn], Output: m.usage[usageOut], Cached: m.usage[usageCached], Reasoning: m.usage[usageReasoning],
		Amount: money.Nanos(m.usage[usageAmount]), Cost: money.Nanos(m.usage[usageCost]), P50: quantile(counts, 0.5), P95: quantile(counts, 0.95),
	}
	if good := f.Requests - f.Errors; good > 0 {
		f.Mean = time.Duration(m.traffic[trafficDuration]/good) * time.Microsecond
	}
	if firsts := m.traffic[trafficFirsts]; firsts > 0 {
		f.FirstByte = time.Duration(m.traffic[trafficFirstByte]/firsts) * time.Microsecond
	}
	return f
}

// seriesKey is one point's place.
type seriesKey struct {
	at    int64 // hours since 1970
	group string
}

// Series reads the sums that a chart draws.
//
// Errors: INVALID_DATE_RANGE, INVALID_PARAMETER.
func (l *Ledger) Series(ctx context.Context, f SeriesFilter) (s Series, err error) {
	if err := f.check(); err != nil {
		return s, err
	}
	var found map[seriesKey]*mixed
	err = l.db.Read(ctx, func(tx *store.Tx) (err error) {
		if f.Account == "" && f.Key == "" && (f.By == "key" || f.By == "account") {
			found, err = l.largest(ctx, tx, f)
		} else {
			found, err = l.sums(ctx, tx, f)
		}
		return err
	})
	if err != nil {
		return s, fmt.Errorf("read a series of usage: %w", err)
	}
	return f.arrange(found), nil
}

func (f *SeriesFilter) check() error {
	step, most, word := time.Hour, int64(mostSeriesHours), "31 days"
	if f.Daily {
		step, most, word = dayHours*time.Hour, mostSeriesDays, "366 days"
	}
	f.From, f.To = f.From.UTC().Truncate(step), f.To.UTC()
	if end := f.To.Truncate(step); end.Before(f.To) {
		f.To = end.Add(step)
	}
	if n := int64(f.To.Sub(f.From) / step); f.From.IsZero() || n <= 0 || n > most {
		return &fault.Error{ID: fault.InvalidDateRange, Param: "from", Message: fmt.Sprintf("'from' must be before 'to', and at most %s before it for this step.", word)}
	}
	if !slices.Contains([]string{"", "model", "key", "account"}, f.By) {
		return fault.Invalid("by", "'by' must be model, key or account, or left out.")
	}
	return nil
}

// sums reads both tables.
func (l *Ledger) sums(ctx context.Context, tx *store.Tx, f SeriesFilter) (map[seriesKey]*mixed, error) {
	found := map[seriesKey]*mixed{}
	for _, r := range []*rollup{l.usage, l.traffic} {
		p, err := r.progress(ctx, tx)
		if err != nil {
			return nil, err
		}
		if r == l.usage && !f.Daily && hourOf(f.From) < p.kept {
			return nil, &fault.Error{ID: fault.InvalidDateRange, Param: "from", Message: fmt.Sprintf("Hours are kept for %d days; ask for days, with step=day.", hoursKept/dayHours)}
		}
		days, hours := f.rows(p.days)
		for span, at := range map[int64][]int64{dayHours: days, 1: hours} {
			if len(at) == 0 {
				continue
			}
			if err := l.readSums(ctx, tx, r, f, span, at, found); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// largest reads the sums of the largest keys or accounts of all, and what all others come
// to: the whole less those.
func (l *Ledger) largest(ctx context.Context, tx *store.Tx, f SeriesFilter) (map[seriesKey]*mixed, error) {
	groups, err := l.weigh(ctx, tx, l.traffic, f)
	if err == nil && len(groups) == 0 { // from before the log of requests begins
		groups, err = l.weigh(ctx, tx, l.usage, f)
	}
	if err != nil {
		return nil, err
	}
	whole := f
	whole.By = ""
	f.only, f.owners = []string{}, []string{}
	for _, g := range groups {
		f.only = append(f.only, g.name)
		f.owners = append(f.owners, g.owner)
	}
	found, err := l.sums(ctx, tx, f)
	if err != nil {
		return nil, err
	}
	rest, err := l.sums(ctx, tx, whole)
	if err != nil {
		return nil, err
	}
	for key, m := range found {
		if all := rest[seriesKey{key.at, ""}]; all != nil {
			all.take(m)
		}
	}
	for key, m := range rest {
		found[seriesKey{key.at, RestGroup}] = m
	}
	return found, nil
}

// take is the opposite of add. Nothing falls below zero, where sums in memory of the one
// table came before those of the other.
func (m *mixed) take(less *mixed) {
	for i, n := range less.usage {
		m.usage[i] = max(m.usage[i]-n, 0)
	}
	for i, n := range less.traffic {
		m.traffic[i] = max(m.traffic[i]-n, 0)
	}
}

// weighed is a group with its account and its requests.
type weighed struct {
	name, owner string
	n           int64
}

// weigh finds the groups with the most requests. A key has one account: with it, its sums
// are found one by one.
func (l *Ledger) weigh(ctx context.Context, tx *store.Tx, r *rollup, f SeriesFilter) ([]weighed, error) {
	p, err := r.progress(ctx, tx)
	if err != nil {
		return nil, err
	}
	found := map[weighed]int64{}
	days, hours := f.rows(p.days)
	for span, at := range map[int64][]int64{dayHours: days, 1: hours} {
		if len(at) == 0 {
			continue
		}
		w := l.condition(tx, r, f, span, at)
		query := fmt.Sprintf("select %s, account, cast(sum(requests) as bigint) from %s%s group by 1, 2", f.group(), r.table, w.text())
		err := tx.Each(ctx, query, func(scan func(...any) error) error {
			var g weighed
			var n int64
			err := scan(&g.name, &g.owner, &n)
			found[g] += n
			return err
		}, w.args...)
		if err != nil {
			return nil, fmt.Errorf("weigh the groups of %s: %w", r.table, err)
		}
	}
	var all []weighed
	for g, n := range found {
		all = append(all, weighed{g.name, g.owner, n})
	}
	slices.SortFunc(all, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.name, b.name), strings.Compare(a.owner, b.owner))
	})
	return all[:min(len(all), mostGroups)], nil
}

// group is the column of the groups.
func (f *SeriesFilter) group() string {
	return map[string]string{"": "''", "model": "model", "key": "api_key", "account": "account"}[f.By]
}

func (l *Ledger) condition(tx *store.Tx, r *rollup, f SeriesFilter, span int64, at []int64) (w where) {
	if f.only != nil {
		w.sumsOfSome(tx.Dialect(), span, at, f.owners)
	} else {
		w.sumsOf(tx.Dialect(), span, at, f.Account, f.Key, f.By == "key" || f.By == "account")
	}
	w.equal("model", f.Model)
	if r == l.traffic {
		w.conditions = append(w.conditions, "family in ('chat', 'responses', 'embeddings', 'predictions')")
	}
	if f.only != nil {
		w.args = append(w.args, tx.Dialect().Strings(f.only))
		w.conditions = append(w.conditions, tx.Dialect().In(f.group(), len(w.args)))
	}
	return w
}

// rows are the starts of the rows of days and of hours that make up the time. Days have
// rows before the given one.
func (f *SeriesFilter) rows(settled int64) (days, hours []int64) {
	end := hourOf(f.To)
	for hour := hourOf(f.From); hour < end; {
		if f.Daily && hour%dayHours == 0 && hour/dayHours < settled && hour+dayHours <= end {
			days = append(days, hour)
			hour += dayHours
			continue
		}
		hours = append(hours, hour)
		hour++
	}
	return days, hours
}

func (l *Ledger) readSums(ctx context.Context, tx *store.Tx, r *rollup, f SeriesFilter, span int64, at []int64, found map[seriesKey]*mixed) error {
	w := l.condition(tx, r, f, span, at)
	place, group := "at", f.group()
	if f.Daily {
		place = fmt.Sprintf("at / %d", dayHours)
	}
	groups := place
	if f.By != "" {
		groups += ", " + group
	}
	query := fmt.Sprintf("select %s, %s, %s from %s%s group by %s", place, group, r.added(), r.table, w.text(), groups)
	return tx.Each(ctx, query, func(scan func(...any) error) error {
		key, s := seriesKey{}, make(figures, len(r.columns))
		into := []any{&key.at, &key.group}
		for i := range s {
			into = append(into, &s[i])
		}
		if err := scan(into...); err != nil {
			return err
		}
		if f.Daily {
			key.at *= dayHours
		}
		m := found[key]
		if m == nil {
			m = newMixed()
			found[key] = m
		}
		if r == l.traffic {
			m.traffic.add(s)
		} else {
			m.usage.add(s)
		}
		return nil
	}, w.args...)
}

// arrange makes the chart: the largest groups, the rest together, and a point for each
// step.
func (f *SeriesFilter) arrange(found map[seriesKey]*mixed) Series {
	sums, total := map[string]*mixed{}, newMixed()
	for key, m := range found {
		if sums[key.group] == nil {
			sums[key.group] = newMixed()
		}
		sums[key.group].add(m)
		total.add(m)
	}
	names := f.names(sums)
	s := Series{Points: []Point{}, Groups: []Point{}, Total: total.figures()}
	kept := map[string]*mixed{}
	for group, m := range sums {
		name := groupOf(names, group)
		if kept[name] == nil {
			kept[name] = newMixed()
		}
		kept[name].add(m)
	}
	for _, name := range names {
		s.Groups = append(s.Groups, Point{At: f.From, Group: name, Figures: orNothing(kept[name]).figures()})
	}
	return f.points(s, names, found)
}

func orNothing(m *mixed) *mixed {
	if m == nil {
		return newMixed()
	}
	return m
}

// groupOf is the group's own name, or that of the rest.
func groupOf(names []string, group string) string {
	if slices.Contains(names, group) {
		return group
	}
	return RestGroup
}

// names are the groups that the chart has, the largest first and the rest last.
func (f *SeriesFilter) names(sums map[string]*mixed) []string {
	if f.By == "" {
		return []string{""}
	}
	weight := func(name string) int64 { return sums[name].traffic[trafficRequests] + sums[name].usage[usageRequests] }
	var names []string
	for name := range sums {
		if weight(name) > 0 && name != RestGroup {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(weight(b), weight(a)), strings.Compare(a, b))
	})
	if len(names) > mostGroups || sums[RestGroup] != nil && weight(RestGroup) > 0 {
		names = append(names[:min(len(names), mostGroups):min(len(names), mostGroups)], RestGroup)
	}
	return names
}

func (f *SeriesFilter) points(s Series, names []string, found map[seriesKey]*mixed) Series {
	steps := map[seriesKey]*mixed{}
	for key, m := range found {
		key.group = groupOf(names, key.group)
		if steps[key] == nil {
			steps[key] = newMixed()
		}
		steps[key].add(m)
	}
	step := int64(1)
	if f.Daily {
		step = dayHours
	}
	for at, end := hourOf(f.From), hourOf(f.To); at < end; at += step {
		for _, name := range names {
			s.Points = append(s.Points, Point{At: hourStart(at), Group: name, Figures: orNothing(steps[seriesKey{at, name}]).figures()})
		}
	}
	return s
}

// Period is a time with its figures, and the time before it to compare with.
type Period struct {
	From, To           time.Time
	Now                Figures
	BeforeFrom         time.Time
	BeforeTo           time.Time
	Before, BeforeFull Figures // until the same moment, to the hour; the whole of it
}

// Summary is what a first page shows.
type Summary struct{ Today, Month Period }

// Summary reads the present day and month (UTC), and the ones before.
func (l *Ledger) Summary(ctx context.Context, account, key, model string, now time.Time) (s Summary, err error) {
	now = now.UTC()
	today := now.Truncate(dayHours * time.Hour)
	first, _ := month(now)
	err = l.db.Read(ctx, func(tx *store.Tx) (err error) {
		f := SeriesFilter{Account: account, Key: key, Model: model, Daily: true}
		if s.Today, err = l.period(ctx, tx, f, today.AddDate(0, 0, -1), today, now); err != nil {
			return err
		}
		s.Month, err = l.period(ctx, tx, f, first.AddDate(0, -1, 0), first, now)
		return err
	})
	if err != nil {
		return Summary{}, fmt.Errorf("read a summary of usage: %w", err)
	}
	return s, nil
}

// period compares a time that began at start with the one before it.
func (l *Ledger) period(ctx context.Context, tx *store.Tx, f SeriesFilter, before, start, now time.Time) (p Period, err error) {
	end := now.Truncate(time.Hour).Add(time.Hour)
	same := earlier(before.Add(end.Sub(start)), start)
	p = Period{From: start, To: end, BeforeFrom: before, BeforeTo: same}
	for _, part := range []struct {
		from, to time.Time
		into     *Figures
	}{{start, end, &p.Now}, {before, same, &p.Before}, {before, start, &p.BeforeFull}} {
		f.From, f.To = part.from, part.to
		found, err := l.sums(ctx, tx, f)
		if err != nil {
			return p, err
		}
		total := newMixed()
		for _, m := range found {
			total.add(m)
		}
		*part.into = total.figures()
	}
	return p, nil
}
