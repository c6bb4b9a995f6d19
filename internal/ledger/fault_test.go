package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// faulty stands between the committer and the database.
type faulty struct {
	batchWriter
	charges func(ctx context.Context, b *batch, write func() error) error
	entries func(write func() error) error
}

func (f *faulty) writeCharges(ctx context.Context, b *batch) error {
	write := func() error { return f.batchWriter.writeCharges(ctx, b) }
	if f.charges == nil {
		return write()
	}
	return f.charges(ctx, b, write)
}

func (f *faulty) writeEntries(ctx context.Context, entries []*Entry) error {
	write := func() error { return f.batchWriter.writeEntries(ctx, entries) }
	if f.entries == nil {
		return write()
	}
	return f.entries(write)
}

func startFaulty(t *testing.T, db *store.DB, o Options, f *faulty) *Ledger {
	t.Helper()
	writer, err := newBatchWriter(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	f.batchWriter = writer
	l := New(db, o)
	l.start(f)
	t.Cleanup(func() { _ = l.Stop(t.Context()) }) // some tests have stopped it, in their own way
	return l
}

func one(request string) Charge {
	return Charge{Request: request, Account: "acct_one", At: time.Unix(1_800_000_000, 0)}
}

// lost is what a caller sees when the connection breaks before the answer. SQLite has
// no connection to lose; its nearest is a failing disk, so there the error is of a
// kind that both count as "not known".
func lost() error {
	return fmt.Errorf("read answer: %w", errors.Join(context.DeadlineExceeded, io.ErrUnexpectedEOF))
}

func TestLostAnswerIsNotChargedTwice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var ids []string
		l := startFaulty(t, db, Options{}, &faulty{charges: func(_ context.Context, b *batch, write func() error) error {
			ids = append(ids, b.id)
			err := write()
			if len(ids) == 1 && err == nil {
				return lost()
			}
			if len(ids) == 2 && !db.IsUnique(err) {
				t.Errorf("the second try must find its batch: %v", err)
			}
			return err
		}})
		if err := l.Commit(t.Context(), nil, one("req_a")); err != nil {
			t.Errorf("the caller saw the failure: %v", err)
		}
		if err := l.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(ids) != 2 || ids[0] != ids[1] {
			t.Errorf("tried as %q, want one id twice", ids)
		}
		lines, err := l.Charges(t.Context(), "acct_one", time.Time{}, time.Time{}, Page{})
		if err != nil || len(lines) != 1 || lines[0].Batch != ids[0] {
			t.Errorf("stored %+v, %v", lines, err)
		}
	})
}

// TestBadLineFailsAlone has the database refuse every batch with one certain line.
func TestBadLineFailsAlone(t *testing.T) {
	t.Parallel()
	refused := &pgconn.PgError{Code: "22021", Message: "refused"}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		hold := make(chan struct{})
		var sizes []int
		l := startFaulty(t, db, Options{}, &faulty{charges: func(_ context.Context, b *batch, write func() error) error {
			<-hold
			sizes = append(sizes, len(b.pending))
			for _, p := range b.pending {
				if p.charge.Request == "req_bad" {
					return refused
				}
			}
			return write()
		}})
		l.Log(Entry{Request: "req_bad"})
		var group sync.WaitGroup
		var good atomic.Int64
		for n := range 10 {
			group.Go(func() {
				request := fmt.Sprintf("req_%d", n)
				if n == 5 {
					request = "req_bad"
				}
				err := l.Commit(t.Context(), nil, one(request))
				if request == "req_bad" && !errors.Is(err, refused) {
					t.Errorf("the bad one: %v", err)
				}
				if err == nil {
					good.Add(1)
				}
			})
		}
		close(hold)
		group.Wait()
		if err := l.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		lines, err := l.Charges(t.Context(), "acct_one", time.Time{}, time.Time{}, Page{})
		if err != nil || len(lines) != 9 || good.Load() != 9 {
			t.Errorf("%d stored and %d told so, want 9 (%v); batches %v", len(lines), good.Load(), err, sizes)
		}
	})
}

func TestFailingEntriesAreCounted(t *testing.T) {
	t.Parallel()
	var dropped atomic.Int64
	db := storetest.Open(t, storetest.SQLite(t))
	o := Options{OnDropped: func(n int) { dropped.Add(int64(n)) }}
	l := startFaulty(t, db, o, &faulty{entries: func(func() error) error { return errors.New("no") }})
	for range 3 {
		l.Log(Entry{Request: "req_a"})
	}
	if err := l.Commit(t.Context(), nil, one("req_a")); err != nil {
		t.Errorf("a charge suffered from the log: %v", err)
	}
	if err := l.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if dropped.Load() != 3 {
		t.Errorf("%d dropped, want 3", dropped.Load())
	}
}

// TestFullLogNeverBlocks fills the queue while the database hangs.
func TestFullLogNeverBlocks(t *testing.T) {
	t.Parallel()
	var dropped atomic.Int64
	hold, holding := make(chan struct{}), make(chan struct{})
	db := storetest.Open(t, storetest.SQLite(t))
	o := Options{OnDropped: func(n int) { dropped.Add(int64(n)) }}
	f := &faulty{charges: func(_ context.Context, _ *batch, write func() error) error {
		close(holding)
		<-hold
		return write()
	}}
	l := startFaulty(t, db, o, f)
	committed := make(chan error, 1)
	go func() { committed <- l.Commit(t.Context(), nil, one("req_a")) }()
	<-holding
	for n := range maxLogQueue + 5 {
		l.Log(Entry{Request: fmt.Sprint(n)})
	}
	if dropped.Load() != 5 {
		t.Errorf("%d dropped, want 5", dropped.Load())
	}
	close(hold)
	if err := <-committed; err != nil {
		t.Error(err)
	}
	l.abandon() // writing thousands of rows is not what is tested
}

// away is a database that cannot be reached.
type away struct {
	tries atomic.Int64
	back  atomic.Bool
}

func (a *away) write(ctx context.Context) error {
	a.tries.Add(1)
	if a.back.Load() && ctx.Err() == nil {
		return nil
	}
	return lost()
}
func (a *away) writeCharges(ctx context.Context, _ *batch) error   { return a.write(ctx) }
func (a *away) writeEntries(ctx context.Context, _ []*Entry) error { return a.write(ctx) }
func (a *away) close() error                                       { return nil }

// idle is a ledger whose database is only asked what errors mean.
func idle(t *testing.T, w batchWriter) *Ledger {
	t.Helper()
	l := New(storetest.Open(t, storetest.SQLite(t)), Options{})
	l.writer = w
	return l
}

func TestDatabaseAwayThenBack(t *testing.T) {
	t.Parallel()
	w := &away{}
	l := idle(t, w)
	synctest.Test(t, func(t *testing.T) {
		l.done.Go(func() { // as commitLoop would
			time.Sleep(5 * time.Second)
			w.back.Store(true)
		})
		started := time.Now()
		p := &pending{charge: one("req_a"), done: make(chan error, 1)}
		if err := l.commit(&batch{}, p); err != nil {
			t.Errorf("away for 5 s: %v after %s and %d tries", err, time.Since(started), w.tries.Load())
		}
		l.done.Wait()
	})
}

func TestDatabaseStaysAway(t *testing.T) {
	t.Parallel()
	w := &away{}
	l := idle(t, w)
	synctest.Test(t, func(t *testing.T) {
		p := &pending{charge: one("req_a"), done: make(chan error, 1)}
		if err := l.commit(&batch{}, p); err == nil || <-p.done == nil {
			t.Error("charged nowhere")
		}
		if w.tries.Load() != commitTries {
			t.Errorf("%d tries", w.tries.Load())
		}
	})
}

// TestStopWhileAway has more waiting than one batch, so trying long for each would
// show.
func TestStopWhileAway(t *testing.T) {
	t.Parallel()
	w := &away{}
	l := idle(t, w)
	waiting := make([]*pending, 3*maxBatch)
	for i := range waiting {
		waiting[i] = &pending{charge: one(fmt.Sprint(i)), done: make(chan error, 1)}
		l.charges <- waiting[i]
	}
	synctest.Test(t, func(*testing.T) { l.drain(&batch{}) })
	for _, p := range waiting {
		if err := <-p.done; err == nil {
			t.Fatal("charged nowhere")
		}
	}
	if n := w.tries.Load(); n != commitTries+2 {
		t.Errorf("%d tries for three batches", n)
	}
}

func TestStopGivesUpInTime(t *testing.T) {
	t.Parallel()
	holding := make(chan struct{}, commitTries)
	f := &faulty{charges: func(ctx context.Context, _ *batch, _ func() error) error {
		holding <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}}
	l := startFaulty(t, storetest.Open(t, storetest.SQLite(t)), Options{}, f)
	committed := make(chan error, 1)
	go func() { committed <- l.Commit(t.Context(), nil, one("req_a")) }()
	<-holding
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Stop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("stop: %v", err)
	}
	if err := <-committed; err == nil {
		t.Error("charged nowhere")
	}
}

// TestQueuedChargeIsNotWithdrawn has the caller leave while its charge waits.
func TestQueuedChargeIsNotWithdrawn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		hold, holding := make(chan struct{}), make(chan struct{})
		l := startFaulty(t, db, Options{}, &faulty{charges: func(_ context.Context, _ *batch, write func() error) error {
			close(holding)
			<-hold
			return write()
		}})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-holding
			cancel()
		}()
		if err := l.Commit(ctx, nil, one("req_a")); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		close(hold)
		if err := l.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		lines, err := l.Charges(t.Context(), "acct_one", time.Time{}, time.Time{}, Page{})
		if err != nil || len(lines) != 1 {
			t.Errorf("%d lines, %v", len(lines), err)
		}
	})
}

func TestFit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxText)
	for name, test := range map[string]struct{ in, want string }{
		"empty":               {"", ""},
		"plain":               {"café", "café"},
		"longest":             {long, long},
		"too long":            {long + "y", long},
		"cut before a rune":   {long[:maxText-1] + "é", long[:maxText-1]},
		"a rune that just is": {long[:maxText-2] + "é" + "z", long[:maxText-2] + "é"},
		"zero":                {"a\x00b", "a\uFFFDb"},
		"not text":            {"a\xff\xfeb", "a\uFFFDb"},
	} {
		if got := fit(test.in); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func FuzzFit(f *testing.F) {
	f.Add("plain")
	f.Add(strings.Repeat("é", maxText) + "\x00")
	f.Add(strings.Repeat("\xff", 2*maxText))
	f.Fuzz(func(t *testing.T, s string) {
		got := fit(s)
		if len(got) > maxText || !utf8.ValidString(got) || strings.Contains(got, "\x00") {
			t.Errorf("%q became %q", s, got)
		}
		if fit(got) != got {
			t.Errorf("%q is not stable", got)
		}
		if len(s) <= maxText && utf8.ValidString(s) && !strings.Contains(s, "\x00") && got != s {
			t.Errorf("%q was changed", s)
		}
	})
}

// counting is a writer that only notes how many lines each batch has.
type counting struct{ batches []int }

func (c *counting) writeCharges(_ context.Context, b *batch) error {
	c.batches = append(c.batches, len(b.pending))
	return nil
}

func (c *counting) writeEntries(context.Context, []*Entry) error { return nil }
func (c *counting) close() error                                 { return nil }

func TestPatientChargesShareACommit(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	synctest.Test(t, func(t *testing.T) {
		c := &counting{}
		l := New(db, Options{})
		l.writer = c
		commit := func(name string, patient bool) *pending {
			p := &pending{charge: one(name), done: make(chan error, 1)}
			p.charge.Patient = patient
			return p
		}
		alone, started := commit("req_alone", true), time.Now()
		_ = l.commit(&batch{}, alone)
		if waited := time.Since(started); waited != company {
			t.Errorf("a lone patient charge waited %s, want %s", waited, company)
		}
		go func() {
			time.Sleep(company / 4)
			l.charges <- commit("req_second", true)
			time.Sleep(company / 4)
			l.charges <- commit("req_hurry", false)
		}()
		started = time.Now()
		_ = l.commit(&batch{}, commit("req_first", true))
		if waited := time.Since(started); waited != company/2 {
			t.Errorf("the batch waited %s, want until the charge that is in a hurry", waited)
		}
		started = time.Now()
		_ = l.commit(&batch{}, commit("req_plain", false))
		if waited := time.Since(started); waited != 0 {
			t.Errorf("a plain charge waited %s", waited)
		}
		if want := []int{1, 3, 1}; !slices.Equal(c.batches, want) {
			t.Errorf("batches of %v lines, want %v", c.batches, want)
		}
	})
}
