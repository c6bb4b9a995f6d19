package ledger_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/ledger"
	"skytower/internal/store"
)

// history has charges of three days: on each, of two models by two keys.
func (b *books) history() {
	b.t.Helper()
	b.give("d", ledger.Deposited, dollars(100), time.Time{})
	for day := range 3 {
		for model := range 2 {
			for key := range 2 {
				b.paid(ledger.Charge{
					Request: fmt.Sprint("r", day, model, key), Account: "acct_one", Key: fmt.Sprint("key_", key), Model: fmt.Sprint("m", model),
					Input: 10, Output: 5, Cached: 2, Reasoning: 1, Amount: dollars(1), Cost: dollars(0.25), At: base.AddDate(0, 0, day),
				}, "acct_one:deposited")
			}
		}
	}
	b.exec(`insert into charge_line (request, batch, at, account, api_key, model, target, price_version, units_in, units_out,
		units_cached, units_reasoning, amount, counted, outcome) values ('other', 'x', $1, 'acct_two', 'key_0', 'm0', '', 0, 7, 0, 0, 0, 0, false, '')`, store.Micros(base))
}

func TestUsage(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.history()
		of := func(n int64, day, model, key string) ledger.UsageTotal {
			return ledger.UsageTotal{
				Day: day, Model: model, Key: key, Requests: n, Input: 10 * n, Output: 5 * n, Cached: 2 * n, Reasoning: n,
				Amount: dollars(float64(n)), Cost: dollars(float64(n) / 4),
			}
		}
		all := ledger.UsageFilter{Account: "acct_one", From: base.Truncate(24 * time.Hour), To: base.Truncate(24*time.Hour).AddDate(0, 0, 3)}
		for name, c := range map[string]struct {
			change func(*ledger.UsageFilter)
			want   []ledger.UsageTotal
		}{
			"in all":     {func(*ledger.UsageFilter) {}, []ledger.UsageTotal{of(12, "", "", "")}},
			"by day":     {func(f *ledger.UsageFilter) { f.ByDay = true }, []ledger.UsageTotal{of(4, "2026-03-01", "", ""), of(4, "2026-03-02", "", ""), of(4, "2026-03-03", "", "")}},
			"by model":   {func(f *ledger.UsageFilter) { f.ByModel = true }, []ledger.UsageTotal{of(6, "", "m0", ""), of(6, "", "m1", "")}},
			"by key":     {func(f *ledger.UsageFilter) { f.ByKey = true }, []ledger.UsageTotal{of(6, "", "", "key_0"), of(6, "", "", "key_1")}},
			"of a model": {func(f *ledger.UsageFilter) { f.Model, f.ByKey = "m1", true }, []ledger.UsageTotal{of(3, "", "", "key_0"), of(3, "", "", "key_1")}},
			"of a key":   {func(f *ledger.UsageFilter) { f.Key, f.ByModel = "key_1", true }, []ledger.UsageTotal{of(3, "", "m0", ""), of(3, "", "m1", "")}},
			"of a day": {func(f *ledger.UsageFilter) {
				f.To, f.ByDay, f.ByModel, f.ByKey = f.From.AddDate(0, 0, 1), true, true, true
			}, []ledger.UsageTotal{
				of(1, "2026-03-01", "m0", "key_0"), of(1, "2026-03-01", "m0", "key_1"), of(1, "2026-03-01", "m1", "key_0"), of(1, "2026-03-01", "m1", "key_1"),
			}},
			"to the moment": {func(f *ledger.UsageFilter) { f.From, f.To = base, base.AddDate(0, 0, 1) }, []ledger.UsageTotal{of(4, "", "", "")}},
			"of nobody":     {func(f *ledger.UsageFilter) { f.Account = "acct_no" }, []ledger.UsageTotal{}},
			"of others":     {func(f *ledger.UsageFilter) { f.Account = "acct_two" }, []ledger.UsageTotal{{Requests: 1, Input: 7}}},
		} {
			f := all
			c.change(&f)
			got, err := b.l.Usage(b.ctx(), f)
			b.must(err)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		everybody, err := b.l.Usage(b.ctx(), ledger.UsageFilter{From: all.From, To: all.To})
		b.must(err)
		if len(everybody) != 1 || everybody[0].Requests != 13 {
			t.Errorf("of everybody: %+v", everybody)
		}
	})
}

func TestUsageRefusesTimes(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		for name, f := range map[string]ledger.UsageFilter{
			"none":      {},
			"backwards": {From: base, To: base.Add(-1)},
			"empty":     {From: base, To: base},
			"too long":  {From: base, To: base.AddDate(0, 0, 367)},
		} {
			if _, err := b.l.Usage(b.ctx(), f); !fault.Is(err, fault.InvalidDateRange) {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := b.l.Usage(b.ctx(), ledger.UsageFilter{From: base, To: base.AddDate(0, 0, 366)})
		b.must(err)
	})
}

func TestStatement(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		february, march, april := base.AddDate(0, -1, 0), base, base.AddDate(0, 1, 0)
		credit := func(id string, amount float64, at time.Time) {
			t.Helper()
			if _, err := b.credit(ledger.Credit{ID: id, Amount: dollars(amount), At: at}); err != nil {
				t.Fatal(err)
			}
		}
		charge := func(id string, amount float64, at time.Time) {
			t.Helper()
			w := b.work(id, dollars(amount))
			w.At = at
			b.must(b.settle(w))
		}
		credit("a", 50, february)
		charge("p1", 8, february.Add(time.Hour))
		credit("b", 20, march)
		credit("c", -5, march.Add(time.Minute))
		charge("p2", 7, march.Add(time.Hour))
		charge("p3", 3, march.Add(2*time.Hour))
		charge("p4", 100, april)
		for _, c := range []struct {
			at   time.Time
			want [4]float64
			ids  string
		}{
			{february.AddDate(0, -1, 0), [4]float64{0, 0, 0, 0}, ""},
			{february, [4]float64{0, 50, 8, 42}, "a"},
			{march, [4]float64{42, 15, 10, 47}, "b c"},
			{april, [4]float64{47, 0, 100, -53}, ""},
			{april.AddDate(0, 1, 0), [4]float64{-53, 0, 0, -53}, ""},
		} {
			s, err := b.l.Statement(b.ctx(), "acct_one", c.at)
			b.must(err)
			got := [4]float64{}
			for i, amount := range []int64{int64(s.Opening), int64(s.Credited), int64(s.Charged), int64(s.Closing)} {
				got[i] = float64(amount) / 1e9
			}
			var ids []string
			for _, each := range s.Transfers {
				ids = append(ids, each.ID)
			}
			if got != c.want || strings.Join(ids, " ") != c.ids || s.Month.Day() != 1 || s.Account != "acct_one" {
				t.Errorf("%s: %v, transfers %v, want %v, %s", s.Month.Format("2006-01"), got, ids, c.want, c.ids)
			}
		}
		s, err := b.l.Statement(b.ctx(), "acct_one", march)
		b.must(err)
		if diff := cmp.Diff([]ledger.UsageTotal{{Model: "painter", Requests: 2, Amount: dollars(10), Cost: dollars(7)/3 + dollars(3)/3}}, s.ByModel); diff != "" {
			t.Error(diff)
		}
		nobody, err := b.l.Statement(b.ctx(), "acct_no", march)
		b.must(err)
		if nobody.Closing != 0 || len(nobody.Transfers) != 0 {
			t.Errorf("of nobody: %+v", nobody)
		}
	})
}

// A formula's input megapixels stand in the column of input tokens, and are none.
func TestMegapixelsAreNoTokens(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("g", ledger.Sponsored, dollars(10), time.Time{})
		for unit, input := range map[string]int64{"megapixel": 2_000_000, "million_token": 70} {
			w := b.work("p-"+unit, dollars(1))
			w.Unit, w.Input = unit, input
			b.must(b.write(func(tx *store.Tx) error { return b.l.Settle(b.ctx(), tx, w) }))
		}
		day := b.time().UTC().Truncate(24 * time.Hour)
		totals, err := b.l.Usage(b.ctx(), ledger.UsageFilter{Account: "acct_one", From: day.AddDate(0, 0, -1), To: day.AddDate(0, 0, 2)})
		if err != nil || len(totals) != 1 || totals[0].Input != 70 || totals[0].Requests != 2 {
			t.Errorf("%+v, %v", totals, err)
		}
	})
}
