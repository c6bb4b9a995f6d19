package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/ledger"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// rolling is a ledger with a clock of its own.
type rolling struct {
	t   *testing.T
	db  *store.DB
	l   *ledger.Ledger
	now time.Time
}

// rolls runs a test with a ledger that has some days of charges and requests: each day at
// 10:10 and 23:50, of two accounts, two keys and three models.
func rolls(t *testing.T, test func(t *testing.T, r *rolling)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := &rolling{t: t, db: db, now: time.Date(2026, 3, 5, 12, 30, 0, 0, time.UTC)}
		r.l = ledger.New(db, ledger.Options{Now: func() time.Time { return r.now }})
		if err := r.l.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := r.now
		for day := range 4 {
			for i, at := range []time.Duration{10*time.Hour + 10*time.Minute, 23*time.Hour + 50*time.Minute} {
				for n := range 6 {
					r.add(time.Date(2026, 3, 1+day, 0, 0, n, 0, time.UTC).Add(at), fmt.Sprint(day, i, n), n)
				}
			}
		}
		r.now = now
		r.stop()
		r.l = ledger.New(db, ledger.Options{Now: func() time.Time { return r.now }})
		test(t, r)
	})
}

func (r *rolling) stop() {
	r.t.Helper()
	if err := r.l.Stop(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// add has a charge and its request; of each six one is refused and has none.
func (r *rolling) add(at time.Time, id string, n int) {
	r.t.Helper()
	c, e := charge("req_"+id), entry("req_"+id)
	c.At, e.At = at, at
	c.Account = fmt.Sprint("acct_", n%2)
	c.Key = fmt.Sprint("key_", n%2)
	c.Model = fmt.Sprint("m", n%3)
	c.Cost, e.Duration = 3, time.Duration(n+1)*10*time.Millisecond
	e.Account, e.Key, e.Model = c.Account, c.Key, c.Model
	if n == 5 {
		e.Status, e.ErrorID = 429, "RATE_LIMIT_EXCEEDED"
	} else if err := r.l.Commit(r.t.Context(), nil, c); err != nil {
		r.t.Fatal(err)
	}
	r.l.Log(e)
}

func (r *rolling) roll() {
	r.t.Helper()
	if err := r.l.Roll(r.t.Context(), r.now); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rolling) exec(text string) {
	r.t.Helper()
	err := r.db.Write(r.t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(r.t.Context(), text)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// usage asks for all kinds of totals, of both accounts and of all.
func (r *rolling) usage() map[string][]ledger.UsageTotal {
	r.t.Helper()
	out := map[string][]ledger.UsageTotal{}
	first := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, account := range []string{"", "acct_0", "acct_1"} {
		for _, span := range [][2]time.Duration{{0, 120 * time.Hour}, {24 * time.Hour, 48 * time.Hour}, {10*time.Hour + 11*time.Minute, 83*time.Hour + 50*time.Minute + 2*time.Second}} {
			for groups := range 8 {
				f := ledger.UsageFilter{Account: account, From: first.Add(span[0]), To: first.Add(span[1]), ByDay: groups&1 > 0, ByModel: groups&2 > 0, ByKey: groups&4 > 0}
				for _, f.Model = range []string{"", "m1"} {
					totals, err := r.l.Usage(r.t.Context(), f)
					if err != nil {
						r.t.Fatal(err)
					}
					out[fmt.Sprintf("%+v", f)] = totals
				}
			}
		}
	}
	return out
}

// Totals are the same whether they come from charges or from sums.
func TestSumsAreExact(t *testing.T) {
	t.Parallel()
	rolls(t, func(t *testing.T, r *rolling) {
		r.exec(`delete from usage_sum`) // as on a database of a version before
		plain := r.usage()
		r.roll()
		if rows := count(t, r.db, "usage_sum"); rows == 0 {
			t.Fatal("there are no sums")
		}
		if diff := cmp.Diff(plain, r.usage()); diff != "" {
			t.Errorf("(-charges +sums)\n%s", diff)
		}
		r.exec(`delete from charge_line`)
		settled := r.usage()
		if len(settled) == 0 || cmp.Equal(settled, plain) {
			t.Error("parts of hours come from charges, which are gone")
		}
		for name, totals := range plain {
			if len(totals) == 0 {
				t.Errorf("nothing for %s", name)
			}
			break
		}
	})
}

// What a process lost in its memory comes back when the hour is settled, and a charge
// that comes into a settled hour is in the answer at once, and in the sums some minutes
// later.
func TestLateCharges(t *testing.T) {
	t.Parallel()
	rolls(t, func(t *testing.T, r *rolling) {
		r.exec(`update usage_sum set requests = requests - 1, amount = 7 where account = 'acct_0'`)
		r.roll()
		before := r.usage()
		r.l = start(t, r.db, ledger.Options{Now: func() time.Time { return r.now }})
		r.add(time.Date(2026, 3, 2, 10, 20, 0, 0, time.UTC), "late", 0)
		with := r.usage()
		if cmp.Equal(before, with) {
			t.Fatal("a late charge is not in the answer")
		}
		r.roll()
		if n := count(t, r.db, "rollup_dirty"); n == 0 {
			t.Fatal("a mark was done before its charge must have been written")
		}
		r.now = r.now.Add(6 * time.Minute)
		r.roll()
		if n := count(t, r.db, "rollup_dirty"); n != 0 {
			t.Errorf("%d marks are left", n)
		}
		if diff := cmp.Diff(with, r.usage()); diff != "" {
			t.Errorf("(-charges +sums)\n%s", diff)
		}
		var day int64
		err := r.db.Read(t.Context(), func(tx *store.Tx) error {
			return tx.QueryRow(t.Context(), `select cast(sum(requests) as bigint) from usage_sum where hours = 24 and account <> '' and at = $1`,
				time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Unix()/3600).Scan(&day)
		})
		if err != nil || day != 11 {
			t.Errorf("the day has %d charges, want 11 (%v)", day, err)
		}
	})
}

// The present hour is in charts as soon as the sums in memory have been written, and
// nothing of it is counted twice when it is settled.
func TestThePresentHourIsInCharts(t *testing.T) {
	t.Parallel()
	rolls(t, func(t *testing.T, r *rolling) {
		r.roll()
		r.l = ledger.New(r.db, ledger.Options{Now: func() time.Time { return r.now }})
		if err := r.l.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		for n := range 6 {
			r.add(r.now.Add(-time.Minute), fmt.Sprint("now", n), n)
		}
		r.stop()
		f := ledger.SeriesFilter{Account: "acct_1", From: r.now.Add(-5 * time.Hour), To: r.now, By: "model"}
		for range 2 {
			s, err := r.l.Series(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			last := s.Points[len(s.Points)-1]
			if len(s.Groups) != 3 || len(s.Points) != 18 || !last.At.Equal(f.To.Truncate(time.Hour)) || s.Total.Requests != 3 || s.Total.Errors != 1 ||
				s.Total.Charges != 2 || s.Total.Input != 240 || s.Total.Cost != 6 {
				t.Errorf("%+v", s)
			}
			r.now = r.now.Add(2 * time.Hour)
			r.roll()
			f.To = r.now.Add(-2 * time.Hour)
		}
	})
}

func TestSeriesAndSummary(t *testing.T) {
	t.Parallel()
	rolls(t, func(t *testing.T, r *rolling) {
		r.roll()
		f := ledger.SeriesFilter{From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), To: r.now, Daily: true, By: "account"}
		s, err := r.l.Series(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Groups) != 2 || len(s.Points) != 10 || s.Total.Requests != 48 || s.Total.Errors != 8 || s.Total.Failed != 0 || s.Total.Charges != 40 {
			t.Errorf("%+v", s)
		}
		// 10 to 50 ms, eight each: the half is at 30, within a bucket.
		if s.Total.P50 < 20*time.Millisecond || s.Total.P50 > 40*time.Millisecond || s.Total.P95 < s.Total.P50 || s.Total.Mean != 30*time.Millisecond || s.Total.FirstByte != 3*time.Millisecond {
			t.Errorf("p50 %s, p95 %s, mean %s, first byte %s", s.Total.P50, s.Total.P95, s.Total.Mean, s.Total.FirstByte)
		}
		for _, p := range s.Points[:8] {
			if p.Requests != 6 {
				t.Errorf("%s of %s: %d requests", p.At, p.Group, p.Requests)
			}
		}
		sum, err := r.l.Summary(t.Context(), "acct_0", "", "", r.now.AddDate(0, 0, -1))
		if err != nil {
			t.Fatal(err)
		}
		if sum.Today.Now.Requests != 3 || sum.Today.Before.Requests != 3 || sum.Today.BeforeFull.Requests != 6 || sum.Month.Now.Requests != 21 || sum.Month.Before.Requests != 0 {
			t.Errorf("%+v", sum)
		}
		for _, bad := range []ledger.SeriesFilter{{}, {From: r.now, To: r.now.Add(-time.Hour)}, {From: r.now.AddDate(-1, 0, 0), To: r.now}, {From: r.now.Add(-time.Hour), To: r.now, By: "week"}} {
			if _, err := r.l.Series(t.Context(), bad); err == nil {
				t.Errorf("%+v is answered", bad)
			}
		}
	})
}

// The pages of each filter are those of a look at all entries, wherever they are found.
func TestRequestFilters(t *testing.T) {
	t.Parallel()
	rolls(t, func(t *testing.T, r *rolling) {
		everything, err := r.l.Requests(t.Context(), ledger.Filter{}, ledger.Page{Limit: 1000})
		if err != nil || len(everything) != 48 {
			t.Fatal(len(everything), err)
		}
		filters := []ledger.Filter{
			{Model: "m2"}, {Key: "key_1"}, {Account: "acct_0", Model: "m2"}, {Account: "acct_1", Key: "key_1", Model: "m0"}, {Class: 2}, {Class: 4}, {Class: 5},
			{Account: "acct_1", Class: 4}, {Account: "acct_0", Class: 4}, {Status: 429}, {Account: "acct_1", Status: 429}, {Status: 200, Model: "m1"}, {ErrorID: "RATE_LIMIT_EXCEEDED"},
			{Account: "acct_1", ErrorID: "RATE_LIMIT_EXCEEDED", Model: "m2"}, {Model: "none"}, {Model: "m1", From: everything[30].At, To: everything[10].At},
			{Account: "acct_0", From: everything[30].At}, {Class: 4, To: everything[20].At}, {Request: "req_013"},
		}
		check := func(when string) {
			for _, f := range filters {
				want, got := []string{}, []string{}
				for _, e := range everything {
					if matches(f, e) {
						want = append(want, e.Request)
					}
				}
				var p ledger.Page
				for p.Limit = 3; ; {
					page, err := r.l.Requests(t.Context(), f, p)
					if err != nil {
						t.Fatal(err)
					}
					if len(page) == 0 || len(got) > 48 {
						break
					}
					for _, e := range page {
						got = append(got, e.Request)
						p.Before = ledger.Position{At: e.At, Request: e.Request}
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s, %+v (-want +got):\n%s", when, f, diff)
				}
			}
		}
		check("before settling")
		r.roll()
		check("settled")
		r.exec(`insert into rollup_dirty (source, hour, mark, at) values ('requests', ` + fmt.Sprint(everything[5].At.Unix()/3600) + `, 'x', 0)`)
		check("with a late hour")
	})
}

func matches(f ledger.Filter, e ledger.Entry) bool {
	same := func(want, got string) bool { return want == "" || want == got }
	return same(f.Request, e.Request) && same(f.Account, e.Account) && same(f.Key, e.Key) && same(f.Model, e.Model) && same(f.ErrorID, e.ErrorID) &&
		(f.Status == 0 || f.Status == e.Status) && (f.Class == 0 || f.Class == e.Status/100) &&
		(f.From.IsZero() || !e.At.Before(f.From)) && (f.To.IsZero() || e.At.Before(f.To))
}
