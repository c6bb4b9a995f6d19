package ledger

import (
	"context"
	"fmt"
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

func usage(ctx context.Context, tx *store.Tx, f UsageFilter) ([]UsageTotal, error) {
	query, args := f.query()
	totals := []UsageTotal{}
	err := tx.Each(ctx, query, func(scan func(...any) error) error {
		if len(totals) == mostTotals {
			return fault.Invalid("by", "There are more than %d totals; ask for fewer days, or for one model or key.", mostTotals)
		}
		var t UsageTotal
		var day int64
		err := scan(&day, &t.Model, &t.Key, &t.Requests, &t.Input, &t.Output, &t.Cached, &t.Reasoning, &t.Amount, &t.Cost)
		if f.ByDay {
			t.Day = time.Unix(day*daySeconds, 0).UTC().Format(time.DateOnly)
		}
		totals = append(totals, t)
		return err
	}, args...)
	if err != nil {
		return nil, err
	}
	if len(totals) == 1 && totals[0].Requests == 0 {
		return totals[:0], nil // the total of nothing, where there are no groups
	}
	return totals, nil
}

// inputTokens are a line's, but for a formula's: there the megapixels of the inputs stand
// in their place.
const inputTokens = "case when kind = 'tokens' or unit like '%token%' then units_in else 0 end"

const daySeconds = 24 * 60 * 60

// query makes the statement: what is not grouped by is a constant.
func (f UsageFilter) query() (text string, args []any) {
	var w where
	w.equal("account", f.Account)
	w.span(f.From, f.To)
	w.equal("api_key", f.Key)
	w.equal("model", f.Model)
	day, model, key, groups := "0", "''", "''", []string(nil)
	if f.ByDay {
		day = fmt.Sprintf("at / %d", int64(daySeconds*time.Second/time.Microsecond))
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
	var sums strings.Builder
	for _, column := range []string{inputTokens, "units_out", "units_cached", "units_reasoning", "amount", "cost"} {
		fmt.Fprintf(&sums, ", cast(coalesce(sum(%s), 0) as bigint)", column)
	}
	text = fmt.Sprintf("select %s, %s, %s, count(*)%s from charge_line%s", day, model, key, &sums, w.text())
	if groups != nil {
		text += " group by " + strings.Join(groups, ", ") + " order by " + strings.Join(groups, ", ")
	}
	return text, w.args
}
