package batch

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"skytower/internal/httpx"
	"skytower/internal/money"
	"skytower/internal/store"
)

// byIndex has PostgreSQL go through indexes for the rest of tx: a plan that was made while
// the table was all but empty would read all of it at each step.
func byIndex(ctx context.Context, tx *store.Tx) error {
	if tx.Dialect() == store.SQLite {
		return nil
	}
	_, err := tx.Exec(ctx, `select set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`)
	return err
}

// lines in a state, by the index that has none but those.
func linesIn(d store.Dialect, state string) string {
	return `batch_line` + d.Pick(` indexed by batch_line_`+state, ``) + ` where state = '` + state + `'`
}

// unlocked passes over rows that are just being written: to wait for them, in another order
// than their writer has, could make a circle.
func unlocked(d store.Dialect) string { return d.Pick("", " for update skip locked") }

// claim takes some lines of a batch that may be run now.
func (s *Service) claim(ctx context.Context, b Batch, most int) (taken []*line, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		taken = nil
		if open, err := s.stillOpen(ctx, tx, b.ID); err != nil || !open {
			return err
		}
		if err := byIndex(ctx, tx); err != nil {
			return err
		}
		rows, err := s.waiting(ctx, tx, b, most, &taken)
		if err != nil || len(rows) == 0 {
			return err
		}
		_, err = tx.Exec(ctx, `update batch_line set state = 'running', runner = $3, lease_until = $4, taken = taken + 1, request = e_request
			from `+these(tx.Dialect(), 2)+` where batch = $1 and line = e_line`, b.ID, rowsOf(rows), s.id, store.Micros(s.o.Now().Add(s.o.lease)))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take lines of batch %s: %w", b.ID, err)
	}
	return taken, nil
}

// stillOpen holds the batch in its state until the end of tx: who ends it waits, and then
// sees which lines were taken.
func (s *Service) stillOpen(ctx context.Context, tx *store.Tx, id string) (bool, error) {
	var open bool
	err := tx.QueryRow(ctx, `select state = 'in_progress' and expires_at > $2 from batch where id = $1`+tx.Dialect().Pick("", " for share"),
		id, store.Micros(s.o.Now())).Scan(&open)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return open, err
}

// waiting finds lines, and gives those that are taken for the first time the ids of their
// requests.
func (s *Service) waiting(ctx context.Context, tx *store.Tx, b Batch, most int, taken *[]*line) (rows []row, err error) {
	now := s.o.Now()
	query := `select line, place, size, request, taken + 1, unsure from ` + linesIn(tx.Dialect(), "waiting") +
		` and batch = $1 and again_at <= $2 order by line limit $3` + unlocked(tx.Dialect())
	err = tx.Each(ctx, query, func(scan func(...any) error) error {
		l := &line{batch: b.ID, account: b.Account, key: b.Key, endpoint: b.Endpoint, input: b.Input}
		if err := scan(&l.number, &l.place, &l.size, &l.request, &l.taken, &l.unsure); err != nil {
			return err
		}
		if l.request == "" {
			l.request = httpx.NewID("req_", now)
		}
		*taken = append(*taken, l)
		rows = append(rows, row{Line: l.number, Request: l.request})
		return nil
	}, b.ID, store.Micros(now), most)
	return rows, err
}

// reclaim lets others take the lines of processes that show no life. What those were charged,
// nobody knows.
func (s *Service) reclaim(ctx context.Context) error {
	now := store.Micros(s.o.Now())
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if err := byIndex(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update batch_line set state = 'waiting', runner = '', unsure = true where state = 'running' and (batch, line) in
			(select batch, line from `+linesIn(tx.Dialect(), "running")+` and lease_until < $1`+unlocked(tx.Dialect())+`)`, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("take back lines: %w", err)
	}
	return nil
}

// takeAllBack is for the start of the only process.
func (s *Service) takeAllBack(ctx context.Context) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `update batch set runner = '', lease_until = 0 where ended_at = 0`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update batch_line set state = 'waiting', runner = '', unsure = true where state = 'running'`)
		return err
	})
	if err != nil {
		return fmt.Errorf("take back lines of an earlier process: %w", err)
	}
	return nil
}

// returnLines gives back all that this process has not begun, at the end. Where the database
// cannot be asked, others take it over when the leases have run out.
func (s *Service) returnLines(ctx context.Context) {
	s.giveBack(s.board.set(nil))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrites)
	defer cancel()
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `update batch set runner = '', lease_until = 0 where runner = $1 and ended_at = 0`, s.id)
		return err
	})
	if err != nil {
		s.o.Log.Warn("batches could not be handed on; others take them over in a while", "error", err)
	}
}

// result is what is to be written of a line.
type result struct {
	*line
	act     act
	ok      bool
	status  int
	answer  []byte
	usage   Usage
	charged money.Nanos
	unsure  bool // this try may have been charged, whatever the rest says
	again   time.Time
	done    chan struct{}
	fresh   bool // it was written
}

// doubtful reports whether any try of the line may have been charged unknown to us.
func (r *result) doubtful() bool { return r.line.unsure || r.unsure }

// act is what becomes of a line's row.
type act int

const (
	keep  act = iota // its answer
	later            // it waits, to be tried again
	back             // it waits, as if it had not been taken
)

// settle has a result written, and waits for it. What can't be written any more, the
// silence of this process gives back.
func (s *Service) settle(r *result) {
	r.done = make(chan struct{})
	select {
	case s.results <- r:
		<-r.done
	case <-s.abandoned.Done():
	}
}

// giveBack has lines wait again that were not begun.
func (s *Service) giveBack(lines []*line) {
	for _, l := range lines {
		s.settle(&result{line: l, act: back})
	}
}

// writeResults writes what comes, all that waits in one transaction.
func (s *Service) writeResults() {
	for first := range s.results {
		all := s.gather(first)
		s.write(all)
		for _, r := range all {
			if r.fresh && r.act == keep {
				s.o.OnLine(word(r.ok))
			}
			close(r.done)
		}
	}
}

func word(ok bool) string {
	if ok {
		return "ok"
	}
	return "error"
}

func (s *Service) gather(first *result) []*result {
	all, size := []*result{first}, len(first.answer)
	for len(all) < gatherMost && size < gatherBytes {
		select {
		case r, open := <-s.results:
			if !open {
				return all
			}
			all, size = append(all, r), size+len(r.answer)
		default:
			return all
		}
	}
	return all
}

// write writes results, as often as it takes: an answer is not thrown away because the
// database is away for a moment.
func (s *Service) write(all []*result) {
	slices.SortFunc(all, func(a, b *result) int {
		if c := strings.Compare(a.batch, b.batch); c != 0 {
			return c
		}
		return int(a.number - b.number)
	})
	for told := false; ; told = true {
		err := s.db.Write(s.abandoned, func(tx *store.Tx) error { return s.writeAll(s.abandoned, tx, all) })
		if err == nil {
			return
		}
		if !told {
			s.o.Log.Warn("answers of a batch could not be written; it is tried again", "lines", len(all), "error", err)
		}
		select {
		case <-s.abandoned.Done():
			return
		case <-time.After(writeAgain):
		}
	}
}

// counts are the lines of a batch that got their answers in one transaction, and what they
// took.
type counts struct {
	completed, failed int64
	usage             Usage
	charged           money.Nanos
}

// add counts a line. What a failure may have been charged unknown to us will be given back.
func (c *counts) add(r *result) {
	if r.ok {
		c.completed++
	} else {
		c.failed++
	}
	if !r.ok && r.doubtful() {
		return
	}
	c.charged += r.charged
	c.usage.Input += r.usage.Input
	c.usage.Output += r.usage.Output
	c.usage.Cached += r.usage.Cached
	c.usage.Reasoning += r.usage.Reasoning
}

func (s *Service) writeAll(ctx context.Context, tx *store.Tx, all []*result) error {
	by := map[string]*counts{}
	for _, r := range all {
		n, err := s.writeOne(ctx, tx, r)
		if err != nil {
			return err
		}
		r.fresh = n > 0
		if !r.fresh || r.act != keep {
			continue
		}
		c := by[r.batch]
		if c == nil {
			c = &counts{}
			by[r.batch] = c
		}
		c.add(r)
	}
	return s.count(ctx, tx, by)
}

// writeOne changes the row of a line that is still this process's.
func (s *Service) writeOne(ctx context.Context, tx *store.Tx, r *result) (int64, error) {
	const still = ` where batch = $1 and line = $2 and runner = $3 and state = 'running'`
	switch r.act {
	case later:
		return affected(tx.Exec(ctx, `update batch_line set state = 'waiting', runner = '', unsure = $4, again_at = $5`+still,
			r.batch, r.number, s.id, r.doubtful(), store.Micros(r.again)))
	case back:
		return affected(tx.Exec(ctx, `update batch_line set state = 'waiting', runner = '', unsure = $4, taken = taken - 1`+still,
			r.batch, r.number, s.id, r.doubtful()))
	default:
		return affected(tx.Exec(ctx, `update batch_line set state = 'done', runner = '', unsure = $4, ok = $5, status = $6, answer = $7`+still,
			r.batch, r.number, s.id, r.doubtful(), r.ok, r.status, r.answer))
	}
}

// count adds to what batches tell; one whose lines are all done writes its files next.
func (s *Service) count(ctx context.Context, tx *store.Tx, by map[string]*counts) error {
	for _, id := range slices.Sorted(maps.Keys(by)) {
		c := by[id]
		var over bool
		err := tx.QueryRow(ctx, `update batch set completed = completed + $2, failed = failed + $3, units_in = units_in + $4, units_out = units_out + $5,
				units_cached = units_cached + $6, units_reasoning = units_reasoning + $7, amount = amount + $8
			where id = $1 returning completed + failed >= lines`,
			id, c.completed, c.failed, c.usage.Input, c.usage.Output, c.usage.Cached, c.usage.Reasoning, c.charged).Scan(&over)
		if errors.Is(err, sql.ErrNoRows) {
			continue // deleted with its account
		}
		if err == nil && over {
			_, err = s.move(ctx, tx, id, InProgress, Finalizing)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// oneLine is a JSON document on one line. What is none becomes a text.
func oneLine(doc []byte) []byte {
	var out bytes.Buffer
	if json.Compact(&out, doc) == nil {
		return out.Bytes()
	}
	text, err := json.Marshal(string(doc))
	if err != nil {
		return []byte("null")
	}
	return text
}
