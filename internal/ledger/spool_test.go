package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"skytower/internal/store/storetest"
)

// gone is a writer whose database is away while it is set.
func gone(is *atomic.Bool) *faulty {
	return &faulty{charges: func(_ context.Context, _ *batch, write func() error) error {
		if is.Load() {
			return lost()
		}
		return write()
	}}
}

// TestDatabaseAwayWithSpool charges while the database is away: nobody waits for long,
// and all of it is there once it is back.
func TestDatabaseAwayWithSpool(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, s *stage) {
		s.give("acct_one", Deposited, 1000*unit)
		var is atomic.Bool
		var waits atomic.Int64
		empty := make(chan struct{}, 100)
		folder := filepath.Join(t.TempDir(), "spool")
		l := s.faultyLedger(Options{Spool: folder, OnSpool: func(n int64) {
			waits.Store(n)
			if n == 0 {
				empty <- struct{}{}
			}
		}}, gone(&is))
		s.commit(l, s.reserve(l, wants(100*unit)), unit)
		is.Store(true)
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				for range 3 {
					s.commit(l, s.reserve(l, wants(2*unit)), unit)
				}
			})
		}
		group.Wait()
		if n := s.number(`select count(*) from charge_line`); n != 1 || waits.Load() == 0 {
			t.Errorf("%d lines are in the database, %d bytes in the spool", n, waits.Load())
		}
		if err := l.giveBack(t.Context(), l.till("acct_one", "acct_one", "", s.time()), false); err != nil {
			t.Fatal(err)
		}
		if got := s.leases("acct_one"); got < 30*unit {
			t.Errorf("%s is leased, and thirty wait to be charged", got)
		}
		is.Store(false)
		<-empty
		if n := s.number(`select count(*) from charge_line`); n != 31 {
			t.Errorf("%d lines", n)
		}
		s.bucketsSay(969*unit, 0)
		if err := l.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("the folder keeps %v, %v", left, err)
		}
		if s.leases("acct_one") != 0 {
			t.Error("credit stays leased")
		}
		s.clean()
	})
}

// TestSpoolOfTheDead has a process end while the database is away, and another find its
// spool: with a line of which a part was in the database, and a torn one.
func TestSpoolOfTheDead(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, s *stage) {
		s.give("acct_one", Deposited, 1000*unit)
		var is atomic.Bool
		folder := t.TempDir()
		f := gone(&is)
		var stored atomic.Int64
		inner := f.charges
		f.charges = func(ctx context.Context, b *batch, write func() error) error {
			err := inner(ctx, b, write)
			if err != nil && stored.Add(1) == 1 {
				if err := write(); err != nil { // it arrived, and nobody heard
					t.Error(err)
				}
			}
			return err
		}
		l := s.faultyLedger(Options{Spool: folder}, f)
		r, more := s.reserve(l, wants(100*unit)), s.reserve(l, wants(unit))
		is.Store(true)
		s.commit(l, r, 50*unit)
		s.commit(l, more, unit)
		s.commit(l, nil, 0)
		// A living process's file is nobody else's.
		other := newSpool(folder, "other")
		if err := other.adopt(); err != nil || len(other.adopted) > 0 {
			t.Errorf("took %d files of a living process, %v", len(other.adopted), err)
		}
		if err := l.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(folder, "*"+spoolSuffix))
		if err != nil || len(files) != 1 {
			t.Fatalf("the spool has %v, %v", files, err)
		}
		file, err := os.OpenFile(files[0], os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteString(`{"sum":"00000000","batch":{"id"`); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		next := s.ledger(Options{Spool: folder})
		s.bucketsSay(949*unit, 0)
		if n := s.number(`select count(*) from charge_line`); n != 3 {
			t.Errorf("%d lines", n)
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("the folder keeps %v, %v", left, err)
		}
		if err := next.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.exec(`update lease set state = 'ended'`) // those of the dead
		s.clean()
	})
}

// TestSpoolThatCannotBeWritten has waiters hear the error.
func TestSpoolThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := newStage(t, storetest.SQLite(t))
	s.give("acct_one", Deposited, 10*unit)
	var is atomic.Bool
	is.Store(true)
	folder := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := s.faultyLedger(Options{Spool: folder}, gone(&is))
	r := s.reserve(l, wants(unit))
	if err := l.Commit(t.Context(), r, s.charge(unit)); !errors.Is(err, errSpooling) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	is.Store(false)
	s.commit(l, s.reserve(l, wants(unit)), unit)
	if err := l.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.bucketsSay(9*unit, 0)
	s.clean()
}

func TestSpoolIsBounded(t *testing.T) {
	t.Parallel()
	p := newSpool(t.TempDir(), "one")
	p.size = maxSpool - 10
	if err := p.append(&batch{id: "b"}); !errors.Is(err, errSpoolFull) {
		t.Errorf("got %v", err)
	}
}

// TestSpooledBatchThatIsRefused has one line of a batch be refused for good: the others
// get through, and it is kept.
func TestSpooledBatchThatIsRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t, storetest.SQLite(t))
	s.give("acct_one", Deposited, 10*unit)
	var is atomic.Bool
	is.Store(true)
	folder := t.TempDir()
	f := gone(&is)
	inner := f.charges
	f.charges = func(ctx context.Context, b *batch, write func() error) error {
		if !is.Load() && slices.ContainsFunc(b.pending, func(p *pending) bool { return p.charge.Target == "bad" }) {
			return &pgconn.PgError{Code: "23514"}
		}
		return inner(ctx, b, write)
	}
	empty := make(chan struct{}, 100)
	l := s.faultyLedger(Options{Spool: folder, OnSpool: func(n int64) {
		if n == 0 {
			empty <- struct{}{}
		}
	}}, f)
	good, bad := s.charge(unit), s.charge(2*unit)
	bad.Target = "bad"
	b := &batch{}
	for _, c := range []Charge{good, bad} {
		p := &pending{charge: c, done: make(chan error, 1)}
		if err := l.prepay(t.Context(), p, s.reserve(l, wants(2*unit))); err != nil {
			t.Fatal(err)
		}
		b.pending = append(b.pending, p)
	}
	b.id, b.at = newBatchID(s.time()), 1
	if err := l.spoolBatch(b, nil); err != nil {
		t.Fatal(err)
	}
	is.Store(false)
	<-empty
	s.bucketsSay(9*unit, 0)
	if text, err := os.ReadFile(filepath.Join(folder, spoolRefuse)); err != nil || len(text) == 0 {
		t.Errorf("the refused line is kept as %q, %v", text, err)
	}
	s.commit(l, s.reserve(l, wants(9*unit)), 9*unit)
	s.clean()
}

// TestSpoolOutlastsABrokenServer replays while the server answers that its disk is full,
// lets nobody in, or forbids us to write: nothing is refused, and all of it is there once it is mended.
func TestSpoolOutlastsABrokenServer(t *testing.T) {
	t.Parallel()
	for _, broken := range []error{&pgconn.PgError{Code: "53100"}, &pgconn.PgError{Code: "58030"}, &pgconn.PgError{Code: "53300"}, &pgconn.PgError{Code: "57P03"}, &pgconn.PgError{Code: "42501"}} {
		s := newStage(t, storetest.SQLite(t))
		s.give("acct_one", Deposited, 10*unit)
		var tries atomic.Int64
		empty := make(chan struct{}, 100)
		folder := t.TempDir()
		l := s.faultyLedger(Options{Spool: folder, OnSpool: func(n int64) {
			if n == 0 {
				empty <- struct{}{}
			}
		}}, &faulty{charges: func(_ context.Context, _ *batch, write func() error) error {
			if tries.Add(1) <= spoolTries+2 { // the commit's, and two of the replay
				return broken
			}
			return write()
		}})
		s.commit(l, s.reserve(l, wants(unit)), unit)
		<-empty
		s.bucketsSay(9*unit, 0)
		if _, err := os.Stat(filepath.Join(folder, spoolRefuse)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v: a batch was refused: %v", broken, err)
		}
		s.clean()
	}
}

// FuzzSpoolLine reads what may stand in a spool after a crash.
func FuzzSpoolLine(f *testing.F) {
	b := &batch{id: "batch", at: 7, pending: []*pending{{
		charge: one("req_a"), budget: "key/2026-03", pay: []payment{{bucket: "b", lease: "l", amount: 5, budget: true}},
	}}}
	line, err := encodeBatch(b)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add(line[:len(line)/2])
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := decodeBatch(text)
		if err != nil {
			return
		}
		again, err := encodeBatch(got)
		if err != nil {
			t.Fatal(err)
		}
		if other, err := decodeBatch(again); err != nil || fmt.Sprint(other.id, len(other.pending)) != fmt.Sprint(got.id, len(got.pending)) {
			t.Errorf("%q became %q", text, again)
		}
	})
}
