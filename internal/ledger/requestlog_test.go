package ledger_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/ledger"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// logged starts a ledger, logs the entries and stops it.
func logged(t *testing.T, db *store.DB, entries ...ledger.Entry) *ledger.Ledger {
	t.Helper()
	l := start(t, db, ledger.Options{})
	for _, e := range entries {
		l.Log(e)
	}
	if err := l.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestEntryComesBack(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		full := entry("req_full")
		full.ErrorID, full.Status = "RATE_LIMITED", 429
		bare := ledger.Entry{Request: "req_bare", At: base.Add(-time.Second)}
		l := logged(t, db, full, bare, full) // a repeat is no second row
		got, err := l.Requests(t.Context(), ledger.Filter{}, ledger.Page{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]ledger.Entry{full, bare}, got); diff != "" {
			t.Errorf("request log (-want +got):\n%s", diff)
		}
	})
}

func TestEntryIsWrittenWithoutStop(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		l := start(t, db, ledger.Options{})
		l.Log(entry("req_a"))
		for { // until the committer's next tick
			got, err := l.Requests(t.Context(), ledger.Filter{Request: "req_a"}, ledger.Page{})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) == 1 {
				return
			}
		}
	})
}

func TestFilters(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var entries []ledger.Entry
		for n := range 6 {
			e := entry(fmt.Sprintf("req_%d", n))
			e.At = base.Add(time.Duration(n) * time.Hour)
			entries = append(entries, e)
		}
		entries[1].Account = "acct_two"
		entries[2].Key = "key_two"
		entries[3].Model = "other"
		entries[4].ErrorID = "RATE_LIMITED"
		l := logged(t, db, entries...)
		for name, test := range map[string]struct {
			filter ledger.Filter
			want   string
		}{
			"none":     {ledger.Filter{}, "543210"},
			"request":  {ledger.Filter{Request: "req_4"}, "4"},
			"account":  {ledger.Filter{Account: "acct_two"}, "1"},
			"key":      {ledger.Filter{Account: "acct_one", Key: "key_two"}, "2"},
			"model":    {ledger.Filter{Model: "other"}, "3"},
			"error":    {ledger.Filter{ErrorID: "RATE_LIMITED"}, "4"},
			"from, to": {ledger.Filter{From: entries[1].At, To: entries[4].At}, "321"},
			"nothing":  {ledger.Filter{Account: "acct_nobody"}, ""},
		} {
			got, err := l.Requests(t.Context(), test.filter, ledger.Page{})
			if err != nil || got == nil {
				t.Errorf("%s: %v, %v", name, got, err)
			}
			if found := numbers(got); found != test.want {
				t.Errorf("%s: found %q, want %q", name, found, test.want)
			}
		}
	})
}

func numbers(entries []ledger.Entry) (s string) {
	for _, e := range entries {
		s += e.Request[len("req_"):]
	}
	return s
}

func TestPages(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		l := start(t, db, ledger.Options{})
		for n := range 7 {
			e, c := entry(fmt.Sprintf("req_%d", n)), charge(fmt.Sprintf("req_%d", n))
			if n >= 2 { // five at one time
				e.At, c.At = e.At.Add(time.Hour), c.At.Add(time.Hour)
			}
			l.Log(e)
			if err := l.Commit(t.Context(), nil, c); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		var log, lines string
		var before, beforeLine ledger.Position
		for range 4 {
			entries, err := l.Requests(t.Context(), ledger.Filter{Account: "acct_one"}, ledger.Page{Before: before, Limit: 2})
			if err != nil || len(entries) == 0 {
				t.Fatal(entries, err)
			}
			log += numbers(entries)
			last := entries[len(entries)-1]
			before = ledger.Position{At: last.At, Request: last.Request}

			charges, err := l.Charges(t.Context(), "acct_one", time.Time{}, time.Time{}, ledger.Page{Before: beforeLine, Limit: 2})
			if err != nil || len(charges) == 0 {
				t.Fatal(charges, err)
			}
			for _, c := range charges {
				lines += c.Request[len("req_"):]
				beforeLine = ledger.Position{At: c.At, Request: c.Request}
			}
		}
		if log != "6543210" || lines != "6543210" {
			t.Errorf("pages gave %q and %q", log, lines)
		}
		span, err := l.Charges(t.Context(), "acct_one", base, base.Add(time.Hour), ledger.Page{})
		if err != nil || len(span) != 2 {
			t.Errorf("%d charges before the second time, want 2 (%v)", len(span), err)
		}
	})
}

func TestLogAfterStopIsCounted(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	var dropped atomic.Int64
	l := start(t, db, ledger.Options{OnDropped: func(n int) { dropped.Add(int64(n)) }})
	if err := l.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.Log(entry("req_late"))
	if dropped.Load() != 1 || count(t, db, "request_log") != 0 {
		t.Errorf("%d reported", dropped.Load())
	}
}

func TestTrim(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var entries []ledger.Entry
		for n := range 450 { // several slices, and a part of one
			e := entry(fmt.Sprintf("req_old_%d", n))
			e.At = base.Add(-time.Duration(n+1) * time.Minute)
			entries = append(entries, e)
		}
		logged(t, db, append(entries, entry("req_new"))...)
		l := start(t, db, ledger.Options{Now: func() time.Time { return base }})
		if err := l.Commit(t.Context(), nil, charge("req_charged")); err != nil {
			t.Fatal(err)
		}
		if err := l.Trim(t.Context(), base.Add(1000*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if log, batches := count(t, db, "request_log"), count(t, db, "charge_batch"); log != 451 || batches != 0 {
			t.Errorf("without a retention: %d entries kept, want all; %d batches kept, want none", log, batches)
		}
		if lines := count(t, db, "charge_line"); lines != 1 {
			t.Errorf("%d charge lines kept, want all", lines)
		}
		const kept = 30*time.Minute + time.Second
		keeping := ledger.New(db, ledger.Options{Retention: kept})
		if err := keeping.Trim(t.Context(), base); err != nil {
			t.Fatal(err)
		}
		if log := count(t, db, "request_log"); log != 31 {
			t.Errorf("%d entries kept, want the newest 31", log)
		}
	})
}

func TestTrimRunsByItself(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		logged(t, db, entry("req_old"))
		start(t, db, ledger.Options{Now: func() time.Time { return base.Add(time.Hour) }, Retention: time.Minute})
		for count(t, db, "request_log") != 0 {
		}
	})
}
