package ledger_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/ledger"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestCommitIsDurable(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		l := start(t, storetest.Open(t, url), ledger.Options{Now: func() time.Time { return base }})
		want := charge("req_a")
		hold, err := l.Reserve(t.Context(), ledger.Estimate{Request: "req_a", Account: "acct_one"})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Commit(t.Context(), hold, want); err != nil {
			t.Fatal(err)
		}
		// The first ledger still runs: nothing of its closing helps here.
		again := ledger.New(storetest.Open(t, url), ledger.Options{})
		lines, err := again.Charges(t.Context(), "acct_one", time.Time{}, time.Time{}, ledger.Page{})
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) != 1 || lines[0].Batch == "" {
			t.Fatalf("stored %+v", lines)
		}
		if diff := cmp.Diff(ledger.Line{Charge: want, Batch: lines[0].Batch, Kind: "tokens"}, lines[0]); diff != "" {
			t.Errorf("stored line (-want +got):\n%s", diff)
		}
	})
}

func TestBatchesFormUnderLoad(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var batches, lines atomic.Int64
		l := start(t, db, ledger.Options{OnBatch: func(n int, _ time.Duration) {
			batches.Add(1)
			lines.Add(int64(n))
		}})
		const callers, each = 40, 10
		var group sync.WaitGroup
		for range callers {
			group.Go(func() {
				for range each {
					if err := l.Commit(t.Context(), nil, charge(newRequest())); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if err := l.Stop(t.Context()); err != nil { // the last hook runs after the last answer may have
			t.Fatal(err)
		}
		if got := count(t, db, "charge_line"); got != callers*each || lines.Load() != callers*each {
			t.Errorf("%d lines stored, %d reported, want %d", got, lines.Load(), callers*each)
		}
		if got := count(t, db, "charge_batch"); int64(got) != batches.Load() || got >= callers*each/2 {
			t.Errorf("%d batches stored, %d reported, for %d lines", got, batches.Load(), callers*each)
		}
	})
}

func TestRepeatedRequestIsChargedOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		l := start(t, db, ledger.Options{})
		var group sync.WaitGroup
		for n := range 20 { // in one batch and in several
			group.Go(func() {
				c := charge("req_same")
				c.Input = int64(n)
				if err := l.Commit(t.Context(), nil, c); err != nil {
					t.Error(err)
				}
				if err := l.Commit(t.Context(), nil, charge(newRequest())); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := count(t, db, "charge_line"); got != 21 {
			t.Errorf("%d lines, want 20 and one", got)
		}
	})
}

func TestImpossibleCharges(t *testing.T) {
	t.Parallel()
	l := start(t, storetest.Open(t, storetest.SQLite(t)), ledger.Options{})
	long := strings.Repeat("x", 513)
	for name, spoil := range map[string]func(*ledger.Charge){
		"no request":       func(c *ledger.Charge) { c.Request = "" },
		"no account":       func(c *ledger.Charge) { c.Account = "" },
		"long request":     func(c *ledger.Charge) { c.Request = long },
		"long account":     func(c *ledger.Charge) { c.Account = long },
		"key with a zero":  func(c *ledger.Charge) { c.Key = "key\x00" },
		"request not text": func(c *ledger.Charge) { c.Request = "\xff" },
		"negative":         func(c *ledger.Charge) { c.Cached = -1 },
		"too many":         func(c *ledger.Charge) { c.Output = 1<<50 + 1 },
	} {
		c := charge("req_x")
		spoil(&c)
		if err := l.Commit(t.Context(), nil, c); err == nil {
			t.Errorf("%s: charged", name)
		}
	}
	c := charge("req_y")
	c.Model, c.Outcome, c.Output = long, "a\x00b\xff", 1<<50
	if err := l.Commit(t.Context(), nil, c); err != nil {
		t.Errorf("names are cut, not refused: %v", err)
	}
}

func TestStopDrains(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		l := start(t, db, ledger.Options{})
		var charged, refused atomic.Int64
		var group sync.WaitGroup
		queued := make(chan struct{}, 50)
		for range 50 {
			group.Go(func() {
				for {
					request := newRequest()
					err := l.Commit(t.Context(), nil, charge(request))
					if errors.Is(err, ledger.ErrStopped) {
						refused.Add(1)
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					charged.Add(1)
					l.Log(entry(request))
					select {
					case queued <- struct{}{}:
					default:
					}
				}
			})
		}
		for range 50 {
			<-queued
		}
		if err := l.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		group.Wait()
		if err := l.Stop(t.Context()); err != nil {
			t.Errorf("a second stop: %v", err)
		}
		if got := count(t, db, "charge_line"); int64(got) != charged.Load() || refused.Load() != 50 {
			t.Errorf("%d stored, %d answered, %d refused", got, charged.Load(), refused.Load())
		}
	})
}

func TestStopBeforeStart(t *testing.T) {
	t.Parallel()
	l := ledger.New(storetest.Open(t, storetest.SQLite(t)), ledger.Options{})
	if err := l.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := l.Commit(t.Context(), nil, charge("req_a")); !errors.Is(err, ledger.ErrStopped) {
		t.Errorf("got %v", err)
	}
}

// TestBackendsTerminated charges while PostgreSQL ends every connection again and
// again: callers see no error, and each charge is there once.
func TestBackendsTerminated(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	db, killer := storetest.Open(t, url), storetest.Open(t, url)
	l := start(t, db, ledger.Options{})
	const kills = 10
	var killed atomic.Int64
	var work sync.WaitGroup
	acknowledged := make(chan string, 10_000)
	for range 16 {
		work.Go(func() {
			for killed.Load() < kills {
				request := newRequest()
				if err := l.Commit(t.Context(), nil, charge(request)); err != nil {
					t.Errorf("a caller saw the failure: %v", err)
					return
				}
				acknowledged <- request
			}
		})
	}
	go func() {
		work.Wait()
		close(acknowledged)
	}()
	told := map[string]bool{}
	for request := range acknowledged {
		told[request] = true
		if len(told)%10 == 0 && killed.Load() < kills { // others are being written meanwhile
			killed.Add(terminate(t, killer))
		}
	}
	if diff := cmp.Diff(told, requests(t, killer)); diff != "" {
		t.Errorf("acknowledged and stored differ (-acknowledged +stored):\n%s", diff)
	}
}

// terminate ends the other connections to the database.
func terminate(t *testing.T, killer *store.DB) (killed int64) {
	t.Helper()
	err := killer.Write(t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(t.Context(), `select count(*) filter (where pg_terminate_backend(pid))
			from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`).Scan(&killed)
	})
	if err != nil {
		t.Errorf("terminate: %v", err)
	}
	return killed
}
