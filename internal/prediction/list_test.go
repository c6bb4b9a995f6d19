package prediction

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"skytower/internal/store"
)

// past is the first day of the histories that tests make up.
var past = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// history makes up n predictions, ended ones counted as finish does, and returns them
// newest first.
func (r *rig) history(random *rand.Rand, n int, change func(i int, rec *Record)) []Record {
	r.t.Helper()
	states := []Status{Pending, Starting, Processing, Succeeded, Failed, Cancelled}
	var all []Record
	r.must(r.db.Write(r.t.Context(), func(tx *store.Tx) error {
		all = nil
		for i := range n {
			rec := Record{
				ID: uuid.NewString(), Account: "acct", Key: "key", Model: fmt.Sprint("model-", random.IntN(3)), Type: "image", Spelling: "cancelled", Source: "api",
				Input: "{}", Status: states[random.IntN(len(states))], RequestHash: []byte{1}, PredictTime: -1, Progress: -1, Output: "null",
				// Few moments, so that some predictions share one; also the edges of days.
				Created: past.Add(time.Duration(random.IntN(8))*dayLength + []time.Duration{0, 1 * time.Microsecond, time.Hour, dayLength - time.Microsecond}[random.IntN(4)]),
			}
			rec.Shown = rec.Model
			if change != nil {
				change(i, &rec)
			}
			if err := plant(r.t.Context(), tx, &rec); err != nil {
				return err
			}
			all = append(all, rec)
		}
		return nil
	}))
	slices.SortFunc(all, func(a, b Record) int {
		if c := b.Created.Compare(a.Created); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	return all
}

// plant stores a record in any state.
func plant(ctx context.Context, tx *store.Tx, rec *Record) error {
	if err := insert(ctx, tx, rec, 0); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `update prediction set status = $2, output = $3, started_at = $4, completed_at = $5, error = $6, error_id = $7, event_count = $8,
			progress = $9, predict_time = $10, purge_at = $11, removed = $12 where id = $1`,
		rec.ID, string(rec.Status), rec.Output, store.Micros(rec.Started), store.Micros(rec.Completed), rec.Error, rec.ErrorID, rec.EventCount,
		toThousandths(rec.Progress), toMicros(rec.PredictTime), store.Micros(rec.PurgeAt), rec.Removed)
	if err != nil || !rec.Status.Terminal() {
		return err
	}
	return addTotals(ctx, tx, map[tally]int64{tallyOf(*rec): 1})
}

// matches is what a filter means, said another way.
func matches(f Filter, rec Record) bool {
	return (f.Model == "" || rec.Model == f.Model) && (f.Status == "" || rec.Status == f.Status) &&
		(f.From.IsZero() || !rec.Created.Before(f.From)) && (f.To.IsZero() || rec.Created.Before(f.To.Add(dayLength)))
}

func ids(records []Record) []string {
	out := []string{}
	for _, rec := range records {
		out = append(out, rec.ID)
	}
	return out
}

// Any filter on any history gives the pages and the total that counting all of it gives.
func TestListEqualsCounting(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		random := rand.New(rand.NewPCG(1, 2))
		p := r.process(0)
		all := r.history(random, 300, nil)
		r.history(random, 50, func(_ int, rec *Record) { rec.Account = "other" })
		models := []string{"", "", "model-0", "model-1", "model-2", "none"}
		states := []Status{"", "", Pending, Starting, Processing, Succeeded, Failed, Cancelled}
		for range 150 {
			f := Filter{Page: 1 + random.IntN(4), PerPage: 1 + random.IntN(50), Model: models[random.IntN(len(models))], Status: states[random.IntN(len(states))]}
			if random.IntN(2) == 0 {
				f.From = past.Add(time.Duration(random.IntN(9)-1) * dayLength)
			}
			if random.IntN(2) == 0 {
				f.To = past.Add(time.Duration(random.IntN(9)-1) * dayLength)
			}
			var want []Record
			for _, rec := range all {
				if matches(f, rec) {
					want = append(want, rec)
				}
			}
			page, err := p.List(t.Context(), "acct", f)
			if err != nil {
				t.Fatal(err)
			}
			total := len(want)
			want = want[min((f.Page-1)*f.PerPage, total):]
			want = want[:min(f.PerPage, len(want))]
			if page.Total != int64(total) || !slices.Equal(ids(page.Records), ids(want)) {
				t.Fatalf("%+v: total %d, want %d\n got %v\nwant %v", f, page.Total, total, ids(page.Records), ids(want))
			}
		}
	})
}

// An end and a deletion move a prediction from one source of the total to the other, and
// out of both.
func TestTotalsFollowALife(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		expect := func(when string, f Filter, want int64) {
			t.Helper()
			f.Page, f.PerPage = 1, 20
			page, err := p.List(t.Context(), "acct", f)
			if err != nil || page.Total != want || int64(len(page.Records)) != want {
				t.Errorf("%s %+v: %d of %d, want %d (%v)", when, f, len(page.Records), page.Total, want, err)
			}
		}
		expect("at first", Filter{}, 0)
		one, two := p.create(ask("acct", "m")), p.create(ask("acct", "m"))
		expect("created", Filter{}, 2)
		expect("created", Filter{Status: Pending}, 2)
		if err := p.work(one); err != nil {
			t.Fatal(err)
		}
		if _, _, err := p.Cancel(t.Context(), "acct", two.ID); err != nil {
			t.Fatal(err)
		}
		expect("ended", Filter{}, 2)
		expect("ended", Filter{Status: Pending}, 0)
		expect("ended", Filter{Status: p.get(one).Status, Model: "m"}, 1)
		expect("ended", Filter{Status: Cancelled}, 1)
		end := p.get(one).Status
		if _, err := p.Delete(t.Context(), "acct", one.ID); err != nil {
			t.Fatal(err)
		}
		expect("deleted", Filter{}, 1)
		expect("deleted", Filter{Model: "m", Status: end}, 0)
	})
}

// plan is how the engine would run the query.
func (r *rig) plan(query string, args []any) string {
	r.t.Helper()
	var lines []string
	explain := r.db.Dialect().Pick("explain query plan ", "explain ") + query
	r.must(r.db.Read(r.t.Context(), func(tx *store.Tx) error {
		lines = nil
		return tx.Each(r.t.Context(), explain, func(row func(...any) error) error {
			var line string
			var a, b, c int64
			err := row(&line)
			if tx.Dialect() == store.SQLite {
				err = row(&a, &b, &c, &line)
			}
			lines = append(lines, line)
			return err
		}, args...)
	}))
	return strings.Join(lines, "\n")
}

// longHistory makes up one prediction for each hour: three models in turn, one in a
// hundred still running, one in seven failed.
func (r *rig) longHistory(n int) {
	r.t.Helper()
	state := `case when i % 100 = 0 then 'pending' when i % 7 = 0 then 'failed' else 'succeeded' end`
	at := fmt.Sprintf(`%d + i * %d`, store.Micros(past), time.Hour.Microseconds())
	rows := fmt.Sprintf(`with recursive numbers(i) as (select cast(1 as bigint) union all select i + 1 from numbers where i < %d)`, n)
	r.exec(rows + ` insert into prediction (id, account, api_key, model, shown, type, spelling, source, stream, input, status, version,
		created_at, started_at, completed_at, updated_at, idempotency_key, request_hash, handed, attempt, beat, cancel, target, submission, upstream, deadline,
		output, error, error_id, logs, progress, predict_time, event_count, purge_at, removed, webhook_url, webhook_events, webhook_base, webhook_key)
		select 'p' || cast(i as text), 'acct', '', 'model-' || cast(i % 3 as text), '', 'image', '', 'api', false, '{}', ` + state + `, 1,
		` + at + `, 0, 0, 0, null, ` + r.db.Dialect().Pick(`x'01'`, `'\x01'`) + `, false, 0, 0, false, '', '', '', 0,
		'null', '', '', '', -1, -1, 0, 0, false, '', '', '', '' from numbers`)
	r.exec(fmt.Sprintf(`insert into prediction_count (account, day, model, status, n)
		select account, created_at / %d, model, status, count(*) from prediction where status <> 'pending' group by account, created_at / %d, model, status`, dayMicros, dayMicros))
	if r.db.Dialect() == store.Postgres { // what autovacuum does
		_, err := r.db.Writer().ExecContext(r.t.Context(), `vacuum analyze`)
		r.must(err)
	}
}

// No query of the list may walk over the whole table, nor sort more than a page, or the
// list would slow down as the history grows.
func (r *rig) listUsesIndexes(t *testing.T) {
	for _, f := range []Filter{
		{}, {Model: "model-1"}, {Status: Failed}, {Status: Processing}, {Model: "model-1", Status: Failed}, {Model: "model-1", Status: Starting},
		{From: past.Add(30 * dayLength), To: past.Add(60 * dayLength)},
		{From: past.Add(30 * dayLength), To: past.Add(60 * dayLength), Model: "model-1"},
	} {
		f.Page, f.PerPage = 3, 20
		l := listing{account: "acct", filter: f}
		query, args := l.countQuery()
		counting := r.plan(query, args)
		query, args = l.pageQuery(l.within(), 20, 40)
		paging := r.plan(query, args)
		for what, plan := range map[string]string{"count": counting, "page": paging} {
			for _, bad := range []string{"Seq Scan on prediction ", "SCAN prediction\n", "SCAN prediction USING"} {
				if strings.Contains(plan+"\n", bad) {
					t.Errorf("%+v: the %s walks over the table:\n%s", f, what, plan)
				}
			}
		}
		if !strings.Contains(counting, "prediction_status") {
			t.Errorf("%+v: what still runs is not found by its index:\n%s", f, counting)
		}
		// The outer order sorts a page; the inner one must be the index's own.
		if n := strings.Count(paging, "Sort Key") + strings.Count(paging, "TEMP B-TREE"); n > 1 {
			t.Errorf("%+v: the page sorts %d times:\n%s", f, n, paging)
		}
	}
}
