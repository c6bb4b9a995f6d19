package prediction

import (
	"context"
	"fmt"
	"math"
	"time"

	"skytower/internal/store"
)

// List returns a page of an account's predictions, newest first, and how many the
// filter finds in all.
//
// It stays fast with millions of rows because no query walks over them. How many there
// are on each day is known: prediction_count holds those that ended, and those that
// have not are few and found by prediction_status. So a page far back begins its walk
// along an index at the day where the page begins, not at today.
func (s *Service) List(ctx context.Context, account string, f Filter) (page Page, err error) {
	l := listing{account: account, filter: f}
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		days, err := l.days(ctx, tx)
		if err != nil {
			return fmt.Errorf("count predictions: %w", err)
		}
		page = Page{Total: total(days)}
		page.Records, err = l.page(ctx, tx, days)
		return err
	})
	return page, err
}

const (
	dayLength = 24 * time.Hour
	dayMicros = int64(dayLength / time.Microsecond)
)

// dayCount is how many predictions that the filter finds were created on a day.
type dayCount struct{ day, n int64 }

func total(days []dayCount) (n int64) {
	for _, d := range days {
		n += d.n
	}
	return n
}

// span is created_at from first to before end.
type span struct{ first, end int64 }

type listing struct {
	account string
	filter  Filter
}

// within is the filter's days.
func (l *listing) within() span {
	w := span{0, math.MaxInt64}
	if !l.filter.From.IsZero() {
		w.first = store.Micros(l.filter.From.Truncate(dayLength))
	}
	if !l.filter.To.IsZero() {
		w.end = store.Micros(l.filter.To.Truncate(dayLength).Add(dayLength))
	}
	return w
}

// days counts by day, the newest first.
func (l *listing) days(ctx context.Context, tx *store.Tx) ([]dayCount, error) {
	query, args := l.countQuery()
	var days []dayCount
	err := tx.Each(ctx, query, func(scan func(...any) error) error {
		var d dayCount
		if err := scan(&d.day, &d.n); err != nil {
			return err
		}
		days = append(days, d)
		return nil
	}, args...)
	return days, err
}

// countQuery adds up both sources. The first half reads a range of the primary key of
// prediction_count: (account, day, …). The second reads the entries of
// prediction_status for the three states that are no ends; `model || ”` keeps a
// planner without statistics from walking along all of the model's rows instead.
func (l *listing) countQuery() (string, []any) {
	w := l.within()
	a := arguments{l.account, w.first / dayMicros, (w.end - 1) / dayMicros, w.first, w.end}
	ended, open := "", ""
	if l.filter.Model != "" {
		n := a.add(l.filter.Model)
		ended, open = " and model = "+n, " and model || '' = "+n
	}
	states := `'pending', 'starting', 'processing'`
	if l.filter.Status != "" {
		n := a.add(string(l.filter.Status))
		ended += " and status = " + n
		if l.filter.Status.Terminal() {
			states = `'none'`
		} else {
			states = n
		}
	}
	return `select day, cast(sum(n) as bigint) from (
		select day, n from prediction_count where account = $1 and day >= $2 and day <= $3` + ended + `
		union all
		select created_at / ` + fmt.Sprint(dayMicros) + `, 1 from prediction
		where account = $1 and status in (` + states + `) and created_at >= $4 and created_at < $5` + open + `
	) as counted group by day having sum(n) > 0 order by day desc`, a
}

// arguments of a query, which are numbered as they come.
type arguments []any

func (a *arguments) add(v any) string {
	*a = append(*a, v)
	return fmt.Sprintf("$%d", len(*a))
}

// page reads the rows of the page.
func (l *listing) page(ctx context.Context, tx *store.Tx, days []dayCount) ([]Record, error) {
	var records []Record
	for _, part := range l.parts(days) {
		query, args := l.pageQuery(part.span, part.limit, part.skip)
		err := tx.Each(ctx, query, func(row func(...any) error) error {
			rec, err := scan(row)
			records = append(records, rec)
			return err
		}, args...)
		if err != nil {
			return nil, fmt.Errorf("read a page of predictions: %w", err)
		}
	}
	return records, nil
}

// part of a page: limit rows within a span, after skip rows.
type part struct {
	span
	limit, skip int64
}

// parts says where the rows of the page are. With a filter that an index serves alone,
// one walk does it. Model and status together have no index of their own, so the walk
// along one of them passes rows that don't count: there each day of the page is walked
// by itself, and the days without a match not at all.
func (l *listing) parts(days []dayCount) []part {
	size := int64(l.filter.PerPage)
	skip := int64(l.filter.Page-1) * size
	for len(days) > 0 && skip >= days[0].n {
		skip -= days[0].n
		days = days[1:]
	}
	if len(days) == 0 {
		return nil
	}
	if l.filter.Model == "" || l.filter.Status == "" {
		w := l.within()
		w.end = min(w.end, (days[0].day+1)*dayMicros)
		return []part{{w, size, skip}}
	}
	var parts []part
	for _, d := range days {
		if size == 0 {
			break
		}
		here := min(size, d.n-skip)
		parts = append(parts, part{span{d.day * dayMicros, (d.day + 1) * dayMicros}, here, skip})
		size, skip = size-here, 0
	}
	return parts
}

// pageQuery finds the ids in an index first, so that the rows that are skipped are
// passed there and never read: prediction_account, or prediction_model or
// prediction_status where the filter names one. All of them end in (created_at, id),
// the order of the page.
func (l *listing) pageQuery(w span, limit, skip int64) (string, []any) {
	a := arguments{l.account, w.first, w.end, limit, skip}
	where := ""
	if l.filter.Model != "" {
		where += " and model = " + a.add(l.filter.Model)
	}
	if l.filter.Status != "" {
		where += " and status = " + a.add(string(l.filter.Status))
	}
	return `select ` + columns + ` from prediction where id in (
		select id from prediction where account = $1 and created_at >= $2 and created_at < $3` + where + `
		order by created_at desc, id desc limit $4 offset $5
	) order by created_at desc, id desc`, a
}
