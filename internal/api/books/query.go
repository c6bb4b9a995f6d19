package books

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/ledger"
)

// Bounds of what may be asked for.
const (
	usageDays = 30  // without from and to
	mostDays  = 366 // of one question
	pageSize  = 100
	mostPage  = 1000
)

// UsageFilter reads from, to, by, model and key. Days are in UTC, both included.
func UsageFilter(q url.Values, account string, now time.Time) (ledger.UsageFilter, error) {
	today := now.UTC().Truncate(24 * time.Hour)
	f := ledger.UsageFilter{Account: account, Model: q.Get("model"), Key: q.Get("key"), From: today.AddDate(0, 0, 1-usageDays), To: today}
	var err error
	if f.From, err = dayOf(q, "from", f.From); err != nil {
		return f, err
	}
	if f.To, err = dayOf(q, "to", f.To); err != nil {
		return f, err
	}
	if f.To.Before(f.From) || f.To.Sub(f.From) >= mostDays*24*time.Hour {
		return f, &fault.Error{ID: fault.InvalidDateRange, Param: "from", Message: "'from' must not be after 'to', and not more than 366 days before it."}
	}
	f.To = f.To.AddDate(0, 0, 1)
	by := q.Get("by")
	if by == "" {
		by = "day,model"
	}
	for _, word := range strings.Split(by, ",") {
		switch strings.TrimSpace(word) {
		case "day":
			f.ByDay = true
		case "model":
			f.ByModel = true
		case "key":
			f.ByKey = true
		default:
			return f, fault.Invalid("by", "'by' must be made of day, model and key, with commas between them.")
		}
	}
	return f, nil
}

func dayOf(q url.Values, name string, otherwise time.Time) (time.Time, error) {
	text := q.Get(name)
	if text == "" {
		return otherwise, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, &fault.Error{ID: fault.InvalidDateFormat, Param: name, Message: "'" + name + "' must be a day such as 2026-11-25."}
	}
	return day, nil
}

// Month reads a month such as 2026-11; without one, the present.
func Month(q url.Values, now time.Time) (time.Time, error) {
	text := q.Get("month")
	if text == "" {
		text = now.UTC().Format("2006-01")
	}
	month, err := time.Parse("2006-01", text)
	if err != nil {
		return month, &fault.Error{ID: fault.InvalidDateFormat, Param: "month", Message: "'month' must be a month such as 2026-11."}
	}
	return month, nil
}

// Format reads the wished form of an answer: json, csv or html; json if none is named.
func Format(q url.Values, known ...string) (string, error) {
	format := q.Get("format")
	if format == "" {
		return "json", nil
	}
	for _, k := range known {
		if k == format {
			return format, nil
		}
	}
	return "", fault.Invalid("format", "'format' must be one of %s.", strings.Join(known, ", "))
}

// Limit reads how many items a page has.
func Limit(q url.Values) (int, error) {
	text := q.Get("limit")
	if text == "" {
		return pageSize, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > mostPage {
		return 0, fault.Invalid("limit", "'limit' must be a whole number from 1 to %d.", mostPage)
	}
	return n, nil
}

// Page reads before, before_id and limit.
func Page(q url.Values) (p ledger.Page, err error) {
	if p.Limit, err = Limit(q); err != nil {
		return p, err
	}
	if before := q.Get("before"); before != "" {
		if p.Before.At, err = time.Parse(time.RFC3339Nano, before); err != nil {
			return p, &fault.Error{ID: fault.InvalidDateFormat, Param: "before", Message: "'before' must be the created_at of the last item seen."}
		}
		p.Before.Request = q.Get("before_id")
	}
	return p, nil
}
