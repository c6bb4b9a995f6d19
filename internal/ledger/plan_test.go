package ledger

import (
	"math"
	"strings"
	"testing"
	"time"

	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// TestPlans shows that what runs often, or for one account, finds its rows by an index,
// in a ledger with some history.
func TestPlans(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		fill(t, db)
		at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		usage, usageArgs := UsageFilter{Account: "acct_5", From: at, To: at.AddDate(0, 1, 0), ByDay: true, ByModel: true}.query()
		var transfers where
		transfers.add("account = ", "acct_5")
		for name, c := range map[string]struct {
			query string
			args  []any
			index string
		}{
			"usage":      {usage, usageArgs, "charge_line_account"},
			"transfers":  {`select ` + transferColumns + ` from transfer` + transfers.page(Page{}, "id"), transfers.args, "transfer_account"},
			"paid":       {movedOut, []any{"acct_5", int64(0), int64(math.MaxInt64)}, "posting_source"},
			"received":   {movedIn, []any{"acct_5", int64(0), int64(math.MaxInt64)}, "posting_dest"},
			"due holds":  {dueHolds, []any{int64(1e15), int64(9e14), "", 200}, "hold_expires"},
			"due credit": {dueCredit, []any{int64(1e15), int64(0), "", 200}, "bucket_expires"},
			"key":        {keySpent, []any{"key_5", int64(0), int64(math.MaxInt64)}, "charge_line_key"},
		} {
			if got := plan(t, db, c.query, c.args); !strings.Contains(got, c.index) {
				t.Errorf("%s doesn't use %s:\n%s", name, c.index, got)
			}
		}
	})
}

// fill makes accounts with some thousand rows in each table.
func fill(t *testing.T, db *store.DB) {
	t.Helper()
	const rows = `with recursive n(i) as (select 1 union all select i + 1 from n where i < 6000) `
	statements := []string{
		rows + `insert into purse (id, kind, owner, credit_line, draw_order, held, seq, created_at)
			select 'acct_' || i, 'account', 'acct_' || i, 0, '', 0, 0, 0 from n where i <= 2000`,
		rows + `insert into bucket (id, purse, kind, seq, balance, expires_at, created_at)
			select 'bucket_' || i, 'acct_' || (1 + i % 2000), 'sponsored', i, i % 3, case when i % 20 = 0 then i else 0 end, 0 from n`,
		rows + `insert into posting (transfer, source, dest, amount, at) select 't' || i, 'bucket_' || i, 'revenue', 1, i from n`,
		rows + `insert into posting (transfer, source, dest, amount, at) select 'g' || i, 'granted', 'bucket_' || i, 1, i from n`,
		rows + `insert into transfer (id, kind, account, amount, at, actor, reason, ref, digest)
			select 't' || i, 'grant', 'acct_' || (i % 100), 1, i, '', '', '', '' from n`,
		rows + `insert into hold (id, purse, key_purse, account, api_key, model, amount, created_at, expires_at)
			select 'h' || i, 'acct_' || (i % 100), '', '', '', '', 1, 0, i from n`,
		rows + `insert into hold_end (hold, how, amount, at) select 'h' || i, 'void', 0, 0 from n`,
		rows + `insert into charge_line (request, batch, at, account, api_key, model, target, price_version, units_in, units_out,
			units_cached, units_reasoning, amount, counted, outcome)
			select 'r' || i, 'b', i, 'acct_' || (i % 100), 'key_' || (i % 100), 'm', '', 1, 0, 0, 0, 0, 1, false, '' from n`,
		`analyze`,
	}
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for _, statement := range statements {
			if _, err := tx.Exec(t.Context(), statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// plan is how the engine would run the query.
func plan(t *testing.T, db *store.DB, query string, args []any) string {
	t.Helper()
	var lines []string
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		lines = nil
		return tx.Each(t.Context(), tx.Dialect().Pick("explain query plan ", "explain ")+query, func(scan func(...any) error) error {
			var a, b, c int64
			var line string
			err := scan(&line)
			if tx.Dialect() == store.SQLite {
				err = scan(&a, &b, &c, &line)
			}
			lines = append(lines, line)
			return err
		}, args...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
