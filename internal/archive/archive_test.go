package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"skytower/internal/fault"
	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// files is a storage in memory that keeps to the rules of Files.
type files struct {
	mu      sync.Mutex
	content map[string][]byte
	kept    map[string]bool
	n       int
	fails   error
	waits   chan struct{} // where set, Put waits for it
	entered chan struct{} // gets one for each Put that waits
}

func (f *files) Put(ctx context.Context, _ string, content []byte, _ time.Time) (string, error) {
	if f.waits != nil {
		f.entered <- struct{}{}
		select {
		case <-f.waits:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails != nil {
		return "", f.fails
	}
	f.n++
	id := fmt.Sprint("file-", f.n)
	f.content[id] = bytes.Clone(content)
	return id, nil
}

func (f *files) Keep(_ context.Context, tx *store.Tx, id string, _ time.Time) error {
	tx.AfterCommit(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.kept[id] = true
	})
	return nil
}

func (f *files) Drop(_ context.Context, tx *store.Tx, _, id string) error {
	tx.AfterCommit(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.content, id)
	})
	return nil
}

func (f *files) Content(_ context.Context, _, id string) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	content, ok := f.content[id]
	if !ok {
		return nil, ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// shelf is an archive with what a test looks into.
type shelf struct {
	*Archive
	t          *testing.T
	files      *files
	clock      atomic.Int64
	wanted     atomic.Int64 // how long the accounts want bodies kept
	kept, lost atomic.Int64
}

func newShelf(t *testing.T, db *store.DB) *shelf {
	t.Helper()
	s := &shelf{t: t, files: &files{content: map[string][]byte{}, kept: map[string]bool{}}}
	s.clock.Store(time.Date(2030, 5, 20, 12, 0, 0, 0, time.UTC).UnixMicro())
	s.wanted.Store(int64(time.Hour))
	master, err := secret.NewMasterKey(bytes.Repeat([]byte{7}, secret.Size))
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := secret.NewRing(master).Sealer(secret.RequestBodies)
	if err != nil {
		t.Fatal(err)
	}
	s.Archive = New(Options{
		DB: db, Files: s.files, Sealer: sealer, Most: 48 * time.Hour, Now: func() time.Time { return time.UnixMicro(s.clock.Load()).UTC() },
		Wanted: func(context.Context, *store.Tx, string) (time.Duration, error) {
			return time.Duration(s.wanted.Load()), nil
		},
		OnKept: func() { s.kept.Add(1) }, OnLost: func() { s.lost.Add(1) },
	})
	return s
}

// finish keeps what is queued.
func (s *shelf) finish() {
	s.t.Helper()
	s.Start()
	s.Stop(s.t.Context())
	if n := s.held.Load(); n != 0 {
		s.t.Errorf("%d bytes are still held", n)
	}
}

func (s *shelf) missing(account, request string) {
	s.t.Helper()
	if b, err := s.Get(s.t.Context(), account, request); !fault.Is(err, fault.InvalidParameter) {
		s.t.Errorf("%s of %q: %+v, %v; want a 404", request, account, b, err)
	}
}

const prompt = `{"prompt": "the lighthouse keeper's secret"}`

func TestBodiesComeBack(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newShelf(t, db)
		plain := s.Begin("req_1", "acct_one", time.Hour, []byte(prompt))
		plain.Answer([]byte(`{"answer": 1}`))
		plain.End()
		stream := s.Begin("req_2", "acct_one", time.Hour, []byte(prompt))
		stream.Event("", []byte("a"))
		stream.Event("done", []byte("b"))
		stream.End()
		s.finish()
		got, err := s.Get(t.Context(), "acct_one", "req_1")
		if err != nil {
			t.Fatal(err)
		}
		if string(got.Body) != prompt || string(got.Answer) != `{"answer": 1}` || got.Streamed || got.BodyCut || got.AnswerCut || !got.ExpiresAt.Equal(got.At.Add(time.Hour)) {
			t.Errorf("got %+v", got)
		}
		got, err = s.Get(t.Context(), "", "req_2")
		if err != nil || !got.Streamed || string(got.Answer) != "data: a\n\nevent: done\ndata: b\n\n" || got.AnswerBytes != int64(len(got.Answer)) {
			t.Errorf("got %+v, %v", got, err)
		}
		for id, content := range s.files.content {
			if !s.files.kept[id] || bytes.Contains(content, []byte("lighthouse")) {
				t.Errorf("%s is not kept, or not sealed: %q", id, content)
			}
		}
		s.missing("acct_two", "req_1")
		s.missing("acct_one", "req_3")
		if k, err := s.Kept(t.Context(), "acct_one"); err != nil || k.Requests != 2 || !k.Oldest.Equal(got.At) {
			t.Errorf("kept: %+v, %v", k, err)
		}
	})
}

// TestSealsOpenInTheirPlaceOnly swaps the keys and contents of two requests.
func TestSealsOpenInTheirPlaceOnly(t *testing.T) {
	t.Parallel()
	content, key, err := seal("req_1", []byte("a"), []byte("b"))
	if err != nil {
		t.Fatal(err)
	}
	if body, answer, err := open("req_1", content, key); err != nil || string(body) != "a" || string(answer) != "b" {
		t.Errorf("%q, %q, %v", body, answer, err)
	}
	if _, _, err := open("req_2", content, key); !errors.Is(err, errDamaged) {
		t.Errorf("content of another request: %v", err)
	}
	content[len(content)/2] ^= 1
	if _, _, err := open("req_1", content, key); !errors.Is(err, errDamaged) {
		t.Errorf("damaged: %v", err)
	}
}

func TestLongBodiesAreCut(t *testing.T) {
	t.Parallel()
	s := newShelf(t, storetest.Open(t, storetest.SQLite(t)))
	e := s.Begin("req_1", "acct_one", time.Hour, bytes.Repeat([]byte("x"), MaxPart+1))
	piece := []byte(strings.Repeat("y", 100_000))
	for range 12 {
		e.Event("", piece)
	}
	e.End()
	s.finish()
	got, err := s.Get(t.Context(), "acct_one", "req_1")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Body) != MaxPart || got.RequestBytes != MaxPart+1 || !got.BodyCut {
		t.Errorf("%d of %d bytes of the request, cut: %v", len(got.Body), got.RequestBytes, got.BodyCut)
	}
	if len(got.Answer) != MaxPart || got.AnswerBytes != 12*100_008 || !got.AnswerCut {
		t.Errorf("%d of %d bytes of the answer, cut: %v", len(got.Answer), got.AnswerBytes, got.AnswerCut)
	}
}

// TestNothingOutlivesItsTime bounds what an account chose by what the server allows, shows
// nothing past its time, and sweeps the rows.
func TestNothingOutlivesItsTime(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newShelf(t, db)
		s.Begin("req_1", "acct_one", time.Hour, []byte(prompt)).End()
		s.Begin("req_2", "acct_one", 1000*time.Hour, []byte(prompt)).End() // 48 are allowed
		s.finish()
		for _, c := range []struct {
			after time.Duration
			gone  string
			rows  int64
		}{{time.Hour, "req_1", 1}, {47 * time.Hour, "req_2", 0}} {
			s.clock.Add(c.after.Microseconds() - 1)
			if _, err := s.Get(t.Context(), "acct_one", c.gone); err != nil {
				t.Errorf("%s went too early: %v", c.gone, err)
			}
			s.clock.Add(1)
			s.missing("acct_one", c.gone)
			if err := s.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := s.rows(); n != c.rows || len(s.files.content) != int(c.rows) {
				t.Errorf("%d rows and %d files are left, want %d", n, len(s.files.content), c.rows)
			}
		}
	})
}

func (s *shelf) rows() (n int64) {
	s.t.Helper()
	err := s.o.DB.Read(s.t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(s.t.Context(), `select count(*) from body`).Scan(&n)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestDelete(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newShelf(t, db)
		const many = step + 5
		for i := range many {
			s.Begin(fmt.Sprint("req_", i), "acct_one", time.Hour, []byte(prompt)).End()
		}
		s.Begin("req_other", "acct_two", time.Hour, []byte(prompt)).End()
		s.finish()
		if err := s.Delete(t.Context(), "acct_two", "req_1"); !fault.Is(err, fault.InvalidParameter) {
			t.Errorf("another account's was deleted: %v", err)
		}
		if err := s.Delete(t.Context(), "acct_one", "req_1"); err != nil {
			t.Fatal(err)
		}
		s.missing("acct_one", "req_1")
		seen := 0
		err := s.Each(t.Context(), "acct_one", func(b Bodies) error {
			seen++
			if string(b.Body) != prompt || b.Account != "acct_one" {
				t.Errorf("got %+v", b)
			}
			return nil
		})
		if err != nil || seen != many-1 {
			t.Errorf("%d are listed (%v), want %d", seen, err, many-1)
		}
		for range 2 { // it may be repeated
			if err := s.RemoveAccount(t.Context(), "acct_one"); err != nil {
				t.Fatal(err)
			}
		}
		if n := s.rows(); n != 1 || len(s.files.content) != 1 {
			t.Errorf("%d rows and %d files are left, want the other account's", n, len(s.files.content))
		}
	})
}

// TestNotKeptOnceUnwanted drops what was queued before the account took its wish back, or
// was closed.
func TestNotKeptOnceUnwanted(t *testing.T) {
	t.Parallel()
	s := newShelf(t, storetest.Open(t, storetest.SQLite(t)))
	s.Begin("req_1", "acct_one", time.Hour, []byte(prompt)).End()
	s.wanted.Store(0)
	s.finish()
	if s.rows() != 0 || len(s.files.content) != 0 || s.kept.Load() != 0 || s.lost.Load() != 0 {
		t.Errorf("%d rows, %d files, %d kept, %d lost", s.rows(), len(s.files.content), s.kept.Load(), s.lost.Load())
	}
}

// TestLosesRatherThanWaits loses what the storage is too slow for, fails at, or what memory
// has no room for, and what comes after the end.
func TestLosesRatherThanWaits(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	s := newShelf(t, db)
	s.files.waits, s.files.entered = make(chan struct{}), make(chan struct{}, workers+maxQueue)
	s.Start()
	begin := func(i int) *Exchange { return s.Begin(fmt.Sprint("req_", i), "acct_one", time.Hour, []byte(prompt)) }
	for i := range workers {
		begin(i).End()
	}
	for range workers {
		<-s.files.entered // they hold one each
	}
	for i := range maxQueue + 3 {
		begin(workers + i).End()
	}
	if n := s.lost.Load(); n != 3 {
		t.Errorf("%d lost, want the 3 that found the queue full", n)
	}
	close(s.files.waits)
	s.Stop(t.Context())
	if n := s.kept.Load(); n != workers+maxQueue {
		t.Errorf("%d kept", n)
	}
	begin(1000).End()
	if n := s.lost.Load(); n != 4 {
		t.Errorf("%d lost, want 4: it has stopped", n)
	}

	s = newShelf(t, db)
	s.files.fails = errors.New("the disk is full")
	begin(0).End()
	s.finish()
	if s.lost.Load() != 1 || s.rows() != workers+maxQueue {
		t.Errorf("%d lost", s.lost.Load())
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	s := newShelf(t, storetest.Open(t, storetest.SQLite(t)))
	body := make([]byte, MaxPart)
	var open []*Exchange
	for i := range maxMemory/MaxPart + 2 {
		open = append(open, s.Begin(fmt.Sprint("req_", i), "acct_one", time.Hour, body))
	}
	if n := s.lost.Load(); n != 2 || s.held.Load() != maxMemory {
		t.Errorf("%d lost with %d bytes held", n, s.held.Load())
	}
	open[0].Event("", []byte("one more"))
	if n := s.lost.Load(); n != 3 || s.held.Load() != maxMemory-MaxPart {
		t.Errorf("%d lost with %d bytes held", n, s.held.Load())
	}
	for _, e := range open[1:] {
		e.release()
	}
	if n := s.held.Load(); n != 0 {
		t.Errorf("%d bytes are still held", n)
	}
}

// TestNothingCostsNothing shows that a request of an account that did not ask allocates
// nothing for it.
func TestNothingCostsNothing(t *testing.T) {
	var none *Exchange
	data := []byte("data")
	if n := testing.AllocsPerRun(100, func() {
		none.Answer(data)
		none.Event("name", data)
		none.End()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
