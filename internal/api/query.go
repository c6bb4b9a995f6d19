package api

import (
	"fmt"
	"net/url"
	"time"

	"skytower/internal/fault"
)

// Day reads a parameter that is a day in UTC, such as 2026-03-04; the zero time where it
// is left out.
func Day(q url.Values, name string) (time.Time, error) {
	text := q.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil || at.Unix() < 0 {
		return time.Time{}, &fault.Error{ID: fault.InvalidDateFormat, Param: name, Err: err,
			Message: fmt.Sprintf("The parameter '%s' must be a date such as 2026-03-04.", name)}
	}
	return at, nil
}
