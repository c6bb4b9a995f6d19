package ledger

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"skytower/internal/store"
)

// Rollups: sums by hour and day of what was charged and of what was requested.
//
// Each process adds what it has just written to sums in memory, and those to the
// database every few seconds: so the present hour is at most that old, and neither a
// request nor its charge waits for it. When an hour is over, it is added up once more
// from the rows themselves (settled), which puts right whatever got lost with a process.
// A row that comes into an hour later still marks it first, so that it is added up again.
//
//	hour ends ──5 min──▶ rows that come now mark it ──10 min──▶ settled: exact
const (
	flushEvery = 3 * time.Second
	// lateAfter is how long after its end an hour is added to in memory. It and the
	// distance to settleAfter leave room for the tries of a commit and for clocks that
	// differ.
	lateAfter   = 5 * time.Minute
	settleAfter = 15 * time.Minute
	// markAge is how old a mark must be before its hour is added up: the row that it
	// announced has been written by then, or never will be.
	markAge = 5 * time.Minute
	// maxCells bounds the groups in memory; an hour with more is right when it is settled.
	maxCells = 50_000

	buckets = 32 // of durations
)

// cell is one group: an hour (or the start of a day), in hours since 1970, and whose.
type cell struct {
	at                          int64
	account, model, key, family string
}

// together is the group of all accounts that the cell belongs to.
func (c cell) together() cell { return cell{at: c.at, model: c.model, family: c.family} }

func compareCells(a, b cell) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.account, b.account), cmp.Compare(a.model, b.model), cmp.Compare(a.key, b.key), cmp.Compare(a.family, b.family))
}

// figures are the numbers of a group, in the order of the rollup's columns.
type figures []int64

func (s figures) add(more figures) {
	for i, n := range more {
		s[i] += n
	}
}

// rollup is one table of sums.
type rollup struct {
	source  string // its name in tables rollup and rollup_dirty
	table   string
	raw     string // the table that it adds up
	keys    []string
	columns []string

	pace, trimming store.Pace

	mu    sync.Mutex
	cells map[cell]figures
	late  map[int64]bool      // hours to be marked
	told  map[int64]time.Time // when hours were marked by this process
}

// Columns of the sums, as indexes.
const (
	usageRequests = iota
	usageIn
	usageOut
	usageCached
	usageReasoning
	usageAmount
	usageCost
	usageColumns
)

const (
	trafficRequests = iota
	trafficErrors
	trafficFailed
	trafficDuration
	trafficFirsts
	trafficFirstByte
	trafficBuckets // and the rest of them
)

func newRollups() (usage, traffic *rollup) {
	usage = &rollup{
		source: "charges", table: "usage_sum", raw: "charge_line", keys: []string{"account", "model", "api_key"},
		columns: []string{"requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost"},
	}
	traffic = &rollup{
		source: "requests", table: "traffic_sum", raw: "request_log", keys: []string{"account", "model", "api_key", "family"},
		columns: []string{"requests", "errors", "failed", "duration", "firsts", "first_byte"},
	}
	for i := range buckets {
		traffic.columns = append(traffic.columns, fmt.Sprint("h", i))
	}
	for _, r := range []*rollup{usage, traffic} {
		r.cells, r.late, r.told = map[cell]figures{}, map[int64]bool{}, map[int64]time.Time{}
	}
	return usage, traffic
}

// note adds to the sums in memory.
func (r *rollup) note(c cell, s figures) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.account != "" {
		r.noteOne(c, s)
	}
	r.noteOne(c.together(), s)
}

func (r *rollup) noteOne(c cell, s figures) {
	row := r.cells[c]
	if row == nil {
		if len(r.cells) >= maxCells {
			r.late[c.at] = true
			return
		}
		row = make(figures, len(r.columns))
		r.cells[c] = row
	}
	row.add(s)
}

// take empties the memory.
func (r *rollup) take() (cells map[cell]figures, late map[int64]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	cells, late = r.cells, r.late
	r.cells, r.late = map[cell]figures{}, map[int64]bool{}
	return cells, late
}

// hourOf is a time's hour since 1970.
func hourOf(at time.Time) int64 { return floorDiv(at.Unix(), 3600) }

func floorDiv(n, by int64) int64 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}

func hourStart(hour int64) time.Time { return time.Unix(hour*3600, 0).UTC() }

// isLate reports whether a row of the hour comes too late to be added in memory.
func isLate(hour int64, now time.Time) bool {
	return !now.Before(hourStart(hour + 1).Add(lateAfter))
}

// usageOf is what a charge adds.
func usageOf(c *Charge) (cell, [usageColumns]int64) {
	return cell{at: hourOf(c.At), account: c.Account, model: c.Model, key: c.Key},
		[usageColumns]int64{1, c.Input, c.Output, c.Cached, c.Reasoning, int64(c.Amount), int64(c.Cost)}
}

// noteCharge adds a charge that has been written.
func (l *Ledger) noteCharge(c *Charge) {
	group, s := usageOf(c)
	l.usage.note(group, s[:])
}

// noteCharges adds those of a batch that have been written.
func (l *Ledger) noteCharges(b *batch) {
	if b.unclear {
		return // the hour is put right when it is settled
	}
	for _, p := range b.pending {
		if !p.repeated {
			l.noteCharge(&p.charge)
		}
	}
}

// noteWork adds a prediction's charge once its transaction is durable.
func (l *Ledger) noteWork(ctx context.Context, tx *store.Tx, w Work) error {
	c := Charge{At: w.At, Account: w.Account, Key: w.Key, Model: fit(w.Model), Output: w.Output, Amount: w.Amount, Cost: w.Cost}
	if strings.Contains(w.Unit, "token") {
		c.Input = w.Input
	}
	tx.AfterCommit(func() { l.noteCharge(&c) })
	if hour := hourOf(w.At); isLate(hour, l.o.AgesBy()) {
		return l.usage.mark(ctx, tx, []int64{hour}, l.o.AgesBy())
	}
	return nil
}

// writeCharges writes a batch. Where one of its lines belongs to an hour that may have
// been settled, that hour is marked before, so that no line is missed.
func (l *Ledger) writeCharges(ctx context.Context, b *batch) error {
	if hours := l.usage.newlyLate(b, l.o.AgesBy()); len(hours) > 0 {
		now := l.o.AgesBy()
		err := l.db.Write(ctx, func(tx *store.Tx) error { return l.usage.mark(ctx, tx, hours, now) })
		if err != nil {
			return fmt.Errorf("mark the hours of late charges: %w", err)
		}
		l.usage.marked(hours, now)
	}
	return l.writer.writeCharges(ctx, b)
}

// newlyLate are the hours of late lines that were not marked in the last minute.
func (r *rollup) newlyLate(b *batch, now time.Time) (hours []int64) {
	for _, p := range b.pending {
		hour := hourOf(p.charge.At)
		if !isLate(hour, now) || slices.Contains(hours, hour) {
			continue
		}
		r.mu.Lock()
		told, is := r.told[hour]
		r.mu.Unlock()
		if !is || now.Sub(told) > time.Minute || now.Before(told) {
			hours = append(hours, hour)
		}
	}
	slices.Sort(hours)
	return hours
}

func (r *rollup) marked(hours []int64, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.told) > maxCells {
		clear(r.told)
	}
	for _, hour := range hours {
		r.told[hour] = now
	}
}

// mark has the hours added up again.
func (r *rollup) mark(ctx context.Context, tx *store.Tx, hours []int64, now time.Time) error {
	for _, hour := range hours {
		_, err := tx.Exec(ctx, `insert into rollup_dirty (source, hour, mark, at) values ($1, $2, $3, $4)`,
			r.source, hour, rand.Text(), store.Micros(now))
		if err != nil {
			return fmt.Errorf("mark hour %d of %s: %w", hour, r.source, err)
		}
	}
	return nil
}

// Families of requests, of which only those that a model works for count in charts.
const otherFamily = "other"

// family is what a request asked for.
func family(method, route string) string {
	route = strings.TrimPrefix(route, method+" ")
	switch {
	case method != "POST":
		return otherFamily
	case strings.HasSuffix(route, "/chat/completions"):
		return "chat"
	case route == "/v1/responses":
		return "responses"
	case route == "/v1/messages":
		return "messages"
	case route == "/v1/embeddings":
		return "embeddings"
	case route == "/v1/predictions":
		return "predictions"
	}
	return otherFamily
}

// trafficOf is what a request adds.
func trafficOf(e *Entry) (c cell, s [trafficBuckets + buckets]int64) {
	s[trafficRequests] = 1
	switch {
	case e.Status >= 500:
		s[trafficFailed] = 1
		fallthrough
	case e.Status >= 400:
		s[trafficErrors] = 1
	default:
		s[trafficDuration] = e.Duration.Microseconds()
		s[trafficBuckets+durationBucket(e.Duration)] = 1
		if e.FirstByte > 0 {
			s[trafficFirsts], s[trafficFirstByte] = 1, e.FirstByte.Microseconds()
		}
	}
	return cell{at: hourOf(e.At), account: e.Account, model: e.Model, key: e.Key, family: family(e.Method, e.Route)}, s
}

// noteEntries adds requests that have been written.
func (l *Ledger) noteEntries(entries []*Entry) {
	for _, e := range entries {
		c, s := trafficOf(e)
		l.traffic.note(c, s[:])
	}
}

// growth is the ratio of one bucket's bound to that of the one before.
const growth = 1.5

// durationBucket finds the bucket of a duration.
func durationBucket(d time.Duration) int {
	if d <= time.Millisecond {
		return 0
	}
	n := math.Ceil(math.Log(float64(d)/float64(time.Millisecond))/math.Log(growth) - 1e-9)
	return min(max(int(n), 0), buckets-1)
}

// quantile estimates the duration that a part of the counted ones (0 to 1) does not
// exceed; 0 where nothing was counted. It is off by a bucket's width at most.
func quantile(counts []int64, part float64) time.Duration {
	var all int64
	for _, n := range counts {
		all += n
	}
	rank := part * float64(all)
	var below int64
	for i, n := range counts {
		if n == 0 || float64(below+n) < rank {
			below += n
			continue
		}
		low, high := 0.0, math.Pow(growth, float64(i))
		if i > 0 {
			low = high / growth
		}
		ms := low + (high-low)*(rank-float64(below))/float64(n)
		return time.Duration(ms * float64(time.Millisecond))
	}
	return 0
}

// rollLoop brings the sums into the database, and settles hours that are over.
func (l *Ledger) rollLoop() {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	var next time.Time // when to look for something to settle
	for {
		select {
		case <-tick.C:
		case <-l.stopping.Done():
			return
		}
		ctx, cancel := context.WithTimeout(l.stopping, tryTimeout)
		l.rolled("sums of usage could not be written", l.flush(ctx))
		if now := time.Now(); !now.Before(next) {
			more, err := l.rollOnce(ctx)
			l.rolled("sums of usage could not be settled", err)
			if !more || err != nil {
				next = now.Add(rollPause)
			}
		}
		cancel()
	}
}

// rollOnce settles for a moment, but not while the time is in doubt: hours that are not over
// would be settled, and sums by hour deleted as old.
func (l *Ledger) rollOnce(ctx context.Context) (more bool, err error) {
	now, ok := l.age()
	if !ok {
		return false, nil
	}
	return l.roll(ctx, now)
}

func (l *Ledger) rolled(what string, err error) {
	if err != nil && l.stopping.Err() == nil {
		l.o.Log.Warn(what, "error", err)
	}
}

// flush adds the sums in memory to the database.
func (l *Ledger) flush(ctx context.Context) error {
	for _, r := range []*rollup{l.usage, l.traffic} {
		if err := l.flushOne(ctx, r, l.o.AgesBy()); err != nil {
			return err
		}
	}
	return nil
}

func (l *Ledger) flushOne(ctx context.Context, r *rollup, now time.Time) error {
	cells, late := r.take()
	if len(cells) == 0 && len(late) == 0 {
		return nil
	}
	var rows []row
	for c, s := range cells {
		if isLate(c.at, now) && !l.beyond(r, c.at, now) {
			late[c.at] = true
			continue
		}
		rows = append(rows, row{c, s})
	}
	slices.SortFunc(rows, func(a, b row) int { return compareCells(a.cell, b.cell) })
	left, err := l.writeRows(ctx, r, 1, rows, true)
	if err != nil {
		for _, each := range left { // what was in the failing transaction is in doubt: settling tells
			r.mu.Lock()
			r.noteOne(each.cell, each.sums)
			r.mu.Unlock()
		}
		for hour := range late {
			r.mu.Lock()
			r.late[hour] = true
			r.mu.Unlock()
		}
		return fmt.Errorf("add to %s: %w", r.table, err)
	}
	return l.markHours(ctx, r, late, now)
}

func (l *Ledger) markHours(ctx context.Context, r *rollup, late map[int64]bool, now time.Time) error {
	if len(late) == 0 {
		return nil
	}
	hours := make([]int64, 0, len(late))
	for hour := range late {
		hours = append(hours, hour)
	}
	slices.Sort(hours)
	err := l.db.Write(ctx, func(tx *store.Tx) error { return r.mark(ctx, tx, hours, now) })
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, hour := range hours {
			r.late[hour] = true
		}
		return err
	}
	return nil
}

// beyond reports whether rows of the hour may have been deleted already, so that it can't
// be added up anew.
func (l *Ledger) beyond(r *rollup, hour int64, now time.Time) bool {
	return r == l.traffic && l.o.Retention > 0 && hourStart(hour).Before(now.Add(-l.o.Retention))
}

// row is a group with its numbers.
type row struct {
	cell cell
	sums figures
}

// statement writes rows: it adds to one that is there, or takes its place. values is where
// they come from.
func (r *rollup) statement(values string, add bool) string {
	columns := r.all()
	var sets []string
	for _, column := range r.columns {
		set := column + " = excluded." + column
		if add {
			set = fmt.Sprintf("%s = %s.%s + excluded.%s", column, r.table, column, column)
		}
		sets = append(sets, set)
	}
	return fmt.Sprintf("insert into %s (%s) %s on conflict (hours, at, %s) do update set %s",
		r.table, strings.Join(columns, ", "), values, strings.Join(r.keys, ", "), strings.Join(sets, ", "))
}

// all are the table's columns.
func (r *rollup) all() []string { return slices.Concat([]string{"hours", "at"}, r.keys, r.columns) }

// name is the i-th of the columns that name a cell.
func (c *cell) name(i int) string { return [...]string{c.account, c.model, c.key, c.family}[i] }

// number is the i-th of a row's numbers, with those of its place.
func (each *row) number(hours int64, i int) int64 {
	switch i {
	case 0:
		return hours
	case 1:
		return each.cell.at
	}
	return each.sums[i-2]
}

// writeRows writes rows, which are in order, in transactions that hold SQLite's writer
// for a moment only. After an error it returns those that have certainly not been written.
func (l *Ledger) writeRows(ctx context.Context, r *rollup, hours int64, rows []row, add bool) (left []row, err error) {
	write := l.writeSlice
	if l.db.Dialect() == store.Postgres {
		write = l.sendSlice
	}
	for len(rows) > 0 {
		part := rows[:min(r.pace.Rows(l.db), len(rows))]
		if err := write(ctx, r, hours, part, add); err != nil {
			return rows[len(part):], err
		}
		rows = rows[len(part):]
	}
	return nil, nil
}

// writeSlice runs a prepared statement a row: the cheapest form on SQLite. What can be made
// ready before the writer is held, is.
func (l *Ledger) writeSlice(ctx context.Context, r *rollup, hours int64, rows []row, add bool) error {
	args := make([][]any, len(rows))
	marks := strings.Repeat(", ?", len(r.all()))[2:]
	for i := range rows {
		args[i] = rows[i].args(r, hours)
	}
	prepared, err := l.db.Writer().PrepareContext(ctx, r.statement("values ("+marks+")", add))
	if err != nil {
		return err
	}
	defer prepared.Close() //nolint:errcheck // nothing is lost with it
	return r.pace.Write(ctx, l.db, len(rows), func(tx *store.Tx) error {
		statement := tx.Stmt(ctx, prepared)
		for _, each := range args {
			if _, err := statement.ExecContext(ctx, each...); err != nil {
				return err
			}
		}
		return nil
	})
}

func (each *row) args(r *rollup, hours int64) []any {
	args := make([]any, 0, len(r.all()))
	args = append(args, hours, each.cell.at)
	for i := range r.keys {
		args = append(args, each.cell.name(i))
	}
	for _, n := range each.sums {
		args = append(args, n)
	}
	return args
}

// sendSlice sends all rows as one statement: on PostgreSQL a round trip is the cost. The
// rows are in order, so that statements of several processes don't wait in a circle.
func (l *Ledger) sendSlice(ctx context.Context, r *rollup, hours int64, rows []row, add bool) error {
	var args store.Args
	var arrays []string
	texts := func(value func(i int) string) {
		args.Texts(len(rows), value)
		arrays = append(arrays, fmt.Sprintf("$%d::text[]", len(arrays)+1))
	}
	numbers := func(n int) {
		args.Ints(len(rows), func(i int) int64 { return rows[i].number(hours, n) })
		arrays = append(arrays, fmt.Sprintf("$%d::bigint[]", len(arrays)+1))
	}
	numbers(0)
	numbers(1)
	for key := range r.keys {
		texts(func(i int) string { return rows[i].cell.name(key) })
	}
	for n := range r.columns {
		numbers(2 + n)
	}
	_, err := l.db.Send(ctx, r.statement("select * from unnest("+strings.Join(arrays, ", ")+")", add), &args)
	return err
}
