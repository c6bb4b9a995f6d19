package ledger

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"skytower/internal/httpx"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestParseMonth(t *testing.T) {
	t.Parallel()
	for bounds, want := range map[string]partition{
		"DEFAULT": {name: "p", from: math.MinInt64, to: math.MaxInt64, rest: true},
		"FOR VALUES FROM ('1793491200000000') TO ('1796083200000000')": {name: "p", from: 1793491200000000, to: 1796083200000000},
		"FOR VALUES FROM (MINVALUE) TO ('1796083200000000')":           {name: "p", from: math.MinInt64, to: 1796083200000000},
		"FOR VALUES FROM ('-7') TO (MAXVALUE)":                         {name: "p", from: -7, to: math.MaxInt64},
	} {
		if got, err := parseMonth("p", bounds); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", bounds, got, err, want)
		}
	}
	if m, err := parseMonth("p", "FOR VALUES IN (1)"); err == nil {
		t.Errorf("unknown bounds became %+v", m)
	}
}

// monthly is a ledger on PostgreSQL with partitions of months around its clock alone, and
// what is read of it.
type monthly struct {
	*Ledger
	t   *testing.T
	now time.Time
}

func newMonthly(t *testing.T, retention time.Duration) *monthly {
	m := &monthly{t: t, now: time.Date(2030, 5, 20, 12, 0, 0, 0, time.UTC)}
	m.Ledger = New(storetest.Open(t, storetest.Postgres(t)), Options{Retention: retention, Now: func() time.Time { return m.now }})
	m.must(m.Trim(t.Context(), m.now)) // which drops the months of the real clock, where there is a retention
	return m
}

func (m *monthly) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *monthly) exec(statement string, args ...any) {
	m.t.Helper()
	m.must(m.db.Write(m.t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(m.t.Context(), statement, args...)
		return err
	}))
}

// log inserts entries, of all kinds, and returns the request's id of the first one.
func (m *monthly) log(at time.Time, n int) string {
	m.t.Helper()
	id := httpx.NewID(requestPrefix, at)
	m.exec(`insert into request_log select case when i = 0 then $3 else 'req_' || ($1::bigint + i) end, $1::bigint + i, 'POST', '/v1/chat/completions', '', case when i % 10 = 0 then 429 else 200 end,
		'', case when i % 10 = 0 then 'RATE_LIMITED' else '' end, 'acct_' || (i % 5), 'key_' || (i % 5), 'model', '', 0, 0, 0, 0, 0, 0, false, ''
		from generate_series(0, $2::int - 1) as n(i)`, store.Micros(at), n, id)
	return id
}

func (m *monthly) tables() (names string) {
	m.t.Helper()
	months, err := m.months(m.t.Context())
	m.must(err)
	for _, p := range months {
		names += strings.TrimPrefix(p.name, "request_log_") + " "
	}
	return strings.TrimSpace(names)
}

func (m *monthly) rows(table string) (n int) {
	m.t.Helper()
	m.must(m.db.Read(m.t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(m.t.Context(), `select count(*) from `+table).Scan(&n)
	}))
	return n
}

// TestMonthsComeAndGo makes months ahead, takes rows out of the default partition where a
// month for them is made, and drops a month when its last row is past the retention, not
// before.
func TestMonthsComeAndGo(t *testing.T) {
	t.Parallel()
	m := newMonthly(t, 30*24*time.Hour)
	if got := m.tables(); got != "2030_05 2030_06 2030_07 2030_08 default" {
		t.Fatalf("months: %s", got)
	}
	m.log(m.now, 10)
	m.log(m.now.AddDate(0, 4, 0), 3)  // of a clock that is ahead
	m.log(m.now.AddDate(0, -3, 0), 4) // of one that is behind
	if n := m.rows("request_log_default"); n != 7 {
		t.Errorf("%d rows of no month, want 7", n)
	}
	m.now = m.now.AddDate(0, 1, 0)
	m.must(m.Trim(t.Context(), m.now))
	if got := m.tables(); got != "2030_05 2030_06 2030_07 2030_08 2030_09 default" {
		t.Errorf("a month later: %s", got)
	}
	if moved, rest := m.rows("request_log_2030_09"), m.rows("request_log_default"); moved != 3 || rest != 0 {
		t.Errorf("%d rows went to the new month, %d stayed: want 3, and the old ones deleted", moved, rest)
	}
	if n := m.rows("request_log_2030_05"); n != 10 {
		t.Errorf("%d rows in May, want 10: they go with the month", n)
	}
	m.now = time.Date(2030, 6, 30, 23, 59, 59, 0, time.UTC)
	m.must(m.Trim(t.Context(), m.now))
	if got := m.tables(); !strings.HasPrefix(got, "2030_05") {
		t.Errorf("May was dropped a second early: %s", got)
	}
	if got, err := m.Requests(t.Context(), Filter{}, Page{}); err != nil || len(got) != 3 {
		t.Errorf("%d entries are shown (%v), want those alone that are not past the retention", len(got), err)
	}
	m.now = m.now.Add(time.Second)
	m.must(m.Trim(t.Context(), m.now))
	if got := m.tables(); got != "2030_06 2030_07 2030_08 2030_09 2030_10 default" {
		t.Errorf("May was not dropped: %s", got)
	}
}

// TestShortRetentionDeletes shows that entries go on time where the retention is shorter
// than a month.
func TestShortRetentionDeletes(t *testing.T) {
	t.Parallel()
	m := newMonthly(t, 24*time.Hour)
	m.log(m.now.Add(-25*time.Hour), 5)
	m.log(m.now, 2)
	m.must(m.Trim(t.Context(), m.now))
	if n := m.rows("request_log_2030_05"); n != 2 {
		t.Errorf("%d rows are left, want 2", n)
	}
}

// TestMonthsWaitForOthers leaves partitions alone while another process changes them, or a
// session uses the table for long; and that keeps nobody waiting.
func TestMonthsWaitForOthers(t *testing.T) {
	t.Parallel()
	for name, holds := range map[string]string{
		"another process": fmt.Sprint(`select pg_advisory_xact_lock(`, monthsLock, `)`),
		"a long read":     `select * from request_log`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMonthly(t, 30*24*time.Hour)
			m.now = m.now.AddDate(0, 3, 0) // a month to drop, and three to make
			before := m.tables()
			m.must(m.db.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(t.Context(), holds)
				m.must(err)
				m.must(m.Trim(context.WithoutCancel(t.Context()), m.now))
				if got := m.tables(); got != before {
					t.Errorf("meanwhile: %s", got)
				}
				return nil
			}))
			m.must(m.Trim(t.Context(), m.now))
			if got := m.tables(); got != "2030_07 2030_08 2030_09 2030_10 2030_11 default" {
				t.Errorf("afterwards: %s", got)
			}
		})
	}
}

// TestPartitionsArePruned asks PostgreSQL how it would find what pages, charts and sweeps
// ask for: the months that can't hold any of it are not looked at.
func TestPartitionsArePruned(t *testing.T) {
	t.Parallel()
	m := newMonthly(t, 0)
	var id string
	for i := range 4 {
		id = m.log(time.Date(2030, time.Month(5+i), 10, 8, 0, 0, 0, time.UTC), 500)
	}
	m.exec(`analyze request_log`)
	at, _ := httpx.IDTime(requestPrefix, id)
	span := Filter{From: time.Date(2030, 7, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2030, 8, 1, 0, 0, 0, 0, time.UTC)}
	for name, c := range map[string]struct {
		filter Filter
		want   string
	}{
		"one request":           {Filter{Request: id, From: at, To: at.Add(time.Millisecond)}, "2030_08"},
		"a span of an account":  {Filter{Account: "acct_1", From: span.From, To: span.To}, "2030_07"},
		"a status in a span":    {Filter{Status: 429, From: span.From, To: span.To}, "2030_07"},
		"an error in a span":    {Filter{ErrorID: "RATE_LIMITED", From: span.From, To: span.To}, "2030_07"},
		"the newest of a month": {Filter{From: span.From, To: span.To}, "2030_07"},
	} {
		w := c.filter.where()
		query := selectEntry + w.page(Page{Limit: 10}, "request")
		if got := usedMonths(plan(t, m.db, query, w.args)); got != c.want {
			t.Errorf("%s reads %s, want %s alone", name, got, c.want)
		}
	}
	hour := hourOf(span.From)
	settled := plan(t, m.db, `select method, route, status, account, api_key, model, first_byte, duration from request_log where at >= $1 and at < $2`,
		[]any{hour * hourMicros, (hour + 1) * hourMicros})
	if got := usedMonths(settled); got != "2030_07" {
		t.Errorf("the sums of an hour read %s", got)
	}
	for name, query := range map[string]string{"the first row": `select min(at) from request_log`, "the newest of all": selectEntry + ` order by at desc, request desc limit 10`} {
		if got := plan(t, m.db, query, nil); strings.Contains(got, "Seq Scan on request_log_2") || strings.Contains(got, "->  Sort") {
			t.Errorf("%s is not found by indexes:\n%s", name, got)
		}
	}
}

// TestHoursPruneAsTheyRun reads the hours of a guided question: each of them looks at its
// own month.
func TestHoursPruneAsTheyRun(t *testing.T) {
	t.Parallel()
	m := newMonthly(t, 0)
	for i := range 4 {
		m.log(time.Date(2030, time.Month(5+i), 10, 8, 0, 0, 0, time.UTC), 200)
	}
	m.exec(`analyze request_log`)
	var f Filter
	f.Key = "key_1"
	hours := []stretch{{hourOf(time.Date(2030, 7, 10, 8, 0, 0, 0, time.UTC)), 0, 1}, {hourOf(time.Date(2030, 6, 10, 8, 0, 0, 0, time.UTC)), 0, 1}}
	for i := range hours {
		hours[i].to = hours[i].from + 1
	}
	m.must(m.db.Read(t.Context(), func(tx *store.Tx) error {
		got, err := f.readHours(t.Context(), tx, nil, hours, Page{Limit: 1000})
		if err == nil && len(got) != 80 {
			t.Errorf("%d entries, want 80", len(got))
		}
		return err
	}))
	text := plan(t, m.db, `select request_log.request from unnest($1::bigint[]) as hour(value) cross join request_log
		where at >= hour.value and at < hour.value + 3600000000 and at >= $2 and at < $3`,
		[]any{tx64(m.db, hours), hours[1].from * hourMicros, hours[0].to * hourMicros})
	if got := usedMonths(text); got != "2030_06 2030_07" {
		t.Errorf("two hours read %s:\n%s", got, text)
	}
}

func tx64(db *store.DB, hours []stretch) any {
	var all []int64
	for _, h := range hours {
		all = append(all, h.from*hourMicros)
	}
	return db.Dialect().Int64s(all)
}

// usedMonths are the partitions that a plan reads, but for the default one, which an open
// span of time may always reach.
func usedMonths(plan string) string {
	var names []string
	for _, m := range regexp.MustCompile(`on request_log_(\w{7})`).FindAllStringSubmatch(plan, -1) {
		if m[1] != "default" && !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
