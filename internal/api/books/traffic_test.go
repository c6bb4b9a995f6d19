package books_test

import (
	"net/url"
	"testing"
	"time"

	"skytower/internal/api/books"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

func TestRequestFilter(t *testing.T) {
	t.Parallel()
	id := httpx.NewID("req_", now())
	f, err := books.RequestFilter(url.Values{"status": {"4xx"}, "request": {id}, "from": {"2026-11-25"}, "to": {"2026-11-25"}}, "acct_1")
	if err != nil || f.Class != 4 || f.Status != 0 || f.Account != "acct_1" || f.Request != id || f.To.Sub(f.From) != 24*time.Hour {
		t.Errorf("%+v, %v", f, err)
	}
	if f, err := books.RequestFilter(url.Values{"status": {"429"}, "to": {"2026-11-25T10:00:00Z"}}, ""); err != nil || f.Status != 429 || f.To.Hour() != 10 {
		t.Errorf("%+v, %v", f, err)
	}
	for id, q := range map[fault.ID][]url.Values{
		fault.InvalidParameter:  {{"status": {"6xx"}}, {"status": {"99"}}, {"status": {"good"}}, {"request": {"req_1"}}},
		fault.InvalidDateFormat: {{"from": {"today"}}, {"to": {"25.11.2026"}}},
		fault.InvalidDateRange:  {{"from": {"2026-11-26"}, "to": {"2026-11-25"}}},
	} {
		for _, each := range q {
			if _, err := books.RequestFilter(each, ""); !fault.Is(err, id) {
				t.Errorf("%v: %v", each, err)
			}
		}
	}
}

func TestSeriesFilter(t *testing.T) {
	t.Parallel()
	f, err := books.SeriesFilter(url.Values{}, "a", now())
	if err != nil || f.Daily || f.To.Sub(f.From) != 23*time.Hour {
		t.Errorf("%+v, %v", f, err)
	}
	if f, err = books.SeriesFilter(url.Values{"step": {"day"}, "by": {"model"}}, "a", now()); err != nil || !f.Daily || f.By != "model" || f.From.Format(time.DateOnly) != "2026-10-27" {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := books.SeriesFilter(url.Values{"step": {"week"}}, "a", now()); !fault.Is(err, fault.InvalidParameter) {
		t.Error(err)
	}
}

func TestCursor(t *testing.T) {
	t.Parallel()
	at, id, ok := skytells.ParseCursor(skytells.Cursor(now().Add(time.Microsecond), "req_1"))
	if !ok || id != "req_1" || !at.Equal(now().Add(time.Microsecond)) {
		t.Error(at, id, ok)
	}
	for _, bad := range []string{"", "x", "x,req_1", "2026-11-25T10:00:00Z,", "2026-11-25T10:00:00Z"} {
		if _, _, ok := skytells.ParseCursor(bad); ok {
			t.Errorf("%q is a cursor", bad)
		}
	}
}
