package ui

import (
	"fmt"
	"html/template"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"skytower/internal/money"
)

// functions are what templates may call.
func (k *Kit) functions() template.FuncMap {
	return template.FuncMap{
		"asset": k.address, "dict": dict, "list": func(v ...any) []any { return v }, "text": text,
		"money": Money, "number": Number, "bytes": Bytes, "duration": Duration, "percent": Percent,
		"time": Time, "moment": Moment, "date": date, "statusKind": StatusKind, "seriesClass": seriesClass, "query": query, "path": url.PathEscape,
		"join": strings.Join,
	}
}

// dict makes the argument of a component from names and values in turn.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: a name without a value")
	}
	d := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		d[name] = pairs[i+1]
	}
	return d, nil
}

// text is a value as its plain text, "" for nil.
func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// query is the query of a link: names and values in turn, empty values left out.
func query(pairs ...any) (template.URL, error) {
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("query: a name without a value")
	}
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if v := text(pairs[i+1]); v != "" {
			q.Set(text(pairs[i]), v)
		}
	}
	return template.URL(q.Encode()), nil //nolint:gosec // the query was encoded by net/url
}

// Money writes an amount in dollars: money.Nanos, or the decimal text of the API.
// Amounts under a cent keep the digits that say something.
func Money(v any) string {
	var s string
	switch v := v.(type) {
	case money.Nanos:
		s = v.String()
	default:
		s = text(v)
	}
	if s == "" {
		return ""
	}
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "−", s[1:]
	}
	whole, part, _ := strings.Cut(s, ".")
	part = strings.TrimRight(part, "0")
	for len(part) < 2 {
		part += "0"
	}
	return sign + "$" + thousands(whole) + "." + part
}

// Number writes an integer with commas between thousands.
func Number(v any) string {
	s := text(v)
	if strings.HasPrefix(s, "-") {
		return "−" + thousands(s[1:])
	}
	return thousands(s)
}

func thousands(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Bytes writes a size in the largest unit that leaves a whole number before the point.
func Bytes(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	f, i := float64(n)/unit, 0
	for ; f >= unit && i < 4; i++ {
		f /= unit
	}
	return fmt.Sprintf("%.1f %s", f, []string{"KiB", "MiB", "GiB", "TiB", "PiB"}[i])
}

// Duration writes a time.Duration, or milliseconds as an integer, to three digits or so.
// A moment that lies before the other (clocks differ) took no time.
func Duration(v any) string {
	var d time.Duration
	switch v := v.(type) {
	case time.Duration:
		d = v
	case int64:
		d = time.Duration(v) * time.Millisecond
	case int:
		d = time.Duration(v) * time.Millisecond
	}
	switch {
	case d <= 0:
		return "–"
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return strconv.FormatFloat(d.Truncate(10*time.Millisecond).Seconds(), 'f', 2, 64) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours())/24)
}

// Percent writes part of whole.
func Percent(part, whole int64) string {
	if whole == 0 {
		return "–"
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 1, 64) + " %"
}

// Moment reads a time as the API writes it, or a time.Time or *time.Time; the zero time
// is none.
func Moment(v any) time.Time {
	switch v := v.(type) {
	case time.Time:
		return v
	case *time.Time:
		if v != nil {
			return *v
		}
	case int64: // seconds since 1970
		if v > 0 {
			return time.Unix(v, 0)
		}
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return t
		}
	case *string:
		if v != nil {
			return Moment(*v)
		}
	}
	return time.Time{}
}

// Time writes a time in UTC; scripts put it into the reader's zone.
func Time(v any) template.HTML {
	t := Moment(v)
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	return template.HTML(`<time datetime="` + t.Format(time.RFC3339) + `">` + t.Format("2006-01-02 15:04") + ` UTC</time>`) //nolint:gosec // a formatted time has digits and dashes only
}

func date(v any) string {
	t := Moment(v)
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format(time.DateOnly)
}

// StatusKind picks a badge's look by the words of states.
func StatusKind(word any) string {
	switch strings.ToLower(text(word)) {
	case "succeeded", "completed", "ok", "active", "living", "serving", "delivered", "paid", "available", "live", "healthy", "public", "closed": // a closed breaker serves
		return "good"
	case "failed", "bad", "error", "revoked", "suspended", "open", "given_up", "fail", "down", "disputed":
		return "bad"
	case "cancelled", "canceled", "expired", "warn", "half_open", "half-open", "resting", "incomplete", "draft", "private", "degraded":
		return "warn"
	case "processing", "starting", "started", "pending", "queued", "in_progress", "waiting", "running":
		return "busy"
	}
	return ""
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
