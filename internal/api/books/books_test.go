package books_test

import (
	"encoding/csv"
	"net/url"
	"strings"
	"testing"
	"time"

	"skytower/internal/api/books"
	"skytower/internal/fault"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/skytells"
)

func now() time.Time { return time.Date(2026, time.November, 25, 13, 0, 0, 0, time.UTC) }

func statement() skytells.Statement {
	return books.Statement(ledger.Statement{
		Account: "acct_1", Month: time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC), Opening: 5 * money.Dollar, Closing: 3_999_999_999,
		Charged: 1_000_000_001,
		Transfers: []ledger.Transfer{
			{ID: "t", Kind: "grant", Amount: 0, At: now(), Actor: "opr", Reason: `=HYPERLINK("x")<script>`},
		},
		ByModel: []ledger.UsageTotal{{Model: "m<b>", Requests: 2, Input: 10, Output: 5, Amount: 1_000_000_001}},
	}, "A & B", now())
}

// A spreadsheet must not run what a customer wrote, and amounts stay exact.
func TestCSV(t *testing.T) {
	t.Parallel()
	text, err := books.CSV(statement())
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil || len(records) != 5 {
		t.Fatalf("%v, %v", records, err)
	}
	if got := records[2][2]; got != `'=HYPERLINK("x")<script>` {
		t.Errorf("a formula stays one: %q", got)
	}
	if got := records[3]; got[2] != "m<b>" || got[6] != "-1.000000001" {
		t.Errorf("charges: %q", got)
	}
	if got := records[4]; got[6] != "3.999999999" {
		t.Errorf("closing: %q", got)
	}
}

func TestHTMLEscapes(t *testing.T) {
	t.Parallel()
	page, err := books.HTML(statement())
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, want := range []string{"A &amp; B", "m&lt;b&gt;", "&lt;script&gt;", "1.000000001", "2026-11"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	if strings.Contains(text, "<script") || strings.Contains(text, "http") {
		t.Error("the page runs or loads something")
	}
}

func TestUsageFilter(t *testing.T) {
	t.Parallel()
	f, err := books.UsageFilter(url.Values{}, "acct_1", now())
	if err != nil || f.From.Format(time.DateOnly) != "2026-10-27" || f.To.Format(time.DateOnly) != "2026-11-26" || !f.ByDay || !f.ByModel || f.ByKey {
		t.Errorf("%+v, %v", f, err)
	}
	f, err = books.UsageFilter(url.Values{"from": {"2026-11-01"}, "to": {"2026-11-01"}, "by": {"key"}}, "acct_1", now())
	if err != nil || f.To.Sub(f.From) != 24*time.Hour || f.ByDay || !f.ByKey {
		t.Errorf("%+v, %v", f, err)
	}
	for id, q := range map[fault.ID]url.Values{
		fault.InvalidDateFormat: {"from": {"1.11.2026"}},
		fault.InvalidDateRange:  {"from": {"2026-11-02"}, "to": {"2026-11-01"}},
		fault.InvalidParameter:  {"by": {"week"}},
	} {
		if _, err := books.UsageFilter(q, "", now()); !fault.Is(err, id) {
			t.Errorf("%v: %v", q, err)
		}
	}
	if _, err := books.UsageFilter(url.Values{"from": {"2020-01-01"}}, "", now()); !fault.Is(err, fault.InvalidDateRange) {
		t.Errorf("years: %v", err)
	}
}

func TestUsageHidesCosts(t *testing.T) {
	t.Parallel()
	f := ledger.UsageFilter{Account: "a", From: now(), To: now().AddDate(0, 0, 1)}
	totals := []ledger.UsageTotal{{Model: "m", Requests: 1, Amount: 10, Cost: 4}, {Model: "n", Requests: 2, Amount: 5, Cost: 1}}
	shown := books.Usage(f, totals, false)
	if shown.Data[0].Cost != "" || shown.Total.Cost != "" || shown.Total.Amount != "0.000000015" || shown.Total.Requests != 3 {
		t.Errorf("%+v", shown)
	}
	if all := books.Usage(f, totals, true); all.Total.Cost != "0.000000005" {
		t.Errorf("%+v", all)
	}
}
