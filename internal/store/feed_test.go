package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// never is a poll interval that plays no part in a test.
const never = store.FeedPollNever

// heard is a subscriber that remembers; each call is one entry, "all" for nil.
type heard struct {
	mu    sync.Mutex
	calls []string
	fail  error
	bell  chan struct{}
}

func newHeard() *heard { return &heard{bell: make(chan struct{}, 1000)} }

func (h *heard) hear(_ context.Context, refs []string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	call := "all"
	if refs != nil {
		call = strings.Join(refs, ",")
	}
	h.calls = append(h.calls, call)
	h.bell <- struct{}{}
	return h.fail
}

func (h *heard) setFail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fail = err
}

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.calls)
}

// await waits until one of the calls had ref in it.
func (h *heard) await(t *testing.T, ref string) {
	t.Helper()
	for {
		for _, call := range h.all() {
			if slices.Contains(strings.Split(call, ","), ref) {
				return
			}
		}
		select {
		case <-h.bell:
		case <-t.Context().Done():
			t.Fatal("test ended")
		case <-time.After(time.Minute):
			t.Fatalf("never heard %q, only %q", ref, h.all())
		}
	}
}

func (h *heard) want(t *testing.T, calls ...string) {
	t.Helper()
	if diff := cmp.Diff(calls, h.all()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func start(t *testing.T, db *store.DB, o store.FeedOptions, kind string, h *heard) *store.Feed {
	t.Helper()
	f := db.NewFeed(o)
	f.Subscribe(kind, h.hear)
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Stop)
	return f
}

func publish(t *testing.T, db *store.DB, kindRefs ...string) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for i := 0; i < len(kindRefs); i += 2 {
			if err := tx.Publish(t.Context(), kindRefs[i], kindRefs[i+1]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func settle(t *testing.T, f *store.Feed) {
	t.Helper()
	if err := f.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestFeedDeliversWhatIsCommitted(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		publish(t, db, "key", "before")
		keys := newHeard()
		f := start(t, db, store.FeedOptions{Poll: never}, "key", keys)
		publish(t, db, "key", "a", "model", "m", "key", "b", "key", "a")
		settle(t, f)
		failure := errors.New("no")
		if err := db.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.Publish(t.Context(), "key", "rolled back"); err != nil {
				return err
			}
			return failure
		}); err != failure {
			t.Fatal(err)
		}
		settle(t, f)
		keys.want(t, "all", "a,b")
		models := newHeard()
		f.Subscribe("model", models.hear) // late
		settle(t, f)
		publish(t, db, "model", "")
		settle(t, f)
		models.want(t, "all", "all")
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.Publish(t.Context(), "", "x") }); err == nil {
			t.Error("published a change without a kind")
		}
	})
}

// In one process a change is heard at once, without Sync and without polling.
func TestPublishWakesItsOwnProcess(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	keys := newHeard()
	start(t, db, store.FeedOptions{Poll: never}, "key", keys)
	publish(t, db, "key", "a")
	keys.await(t, "a")
}

func TestFeedHearsOtherProcesses(t *testing.T) {
	t.Parallel()
	t.Run("sqlite by polling", func(t *testing.T) {
		t.Parallel()
		url := storetest.SQLite(t)
		here, there := storetest.Open(t, url), storetest.Open(t, url)
		keys := newHeard()
		start(t, here, store.FeedOptions{Poll: 10 * time.Millisecond}, "key", keys)
		publish(t, there, "key", "a")
		keys.await(t, "a")
	})
	t.Run("postgres by notice", func(t *testing.T) {
		t.Parallel()
		url := storetest.Postgres(t)
		here, there := storetest.Open(t, url), storetest.Open(t, url)
		keys := newHeard()
		start(t, here, store.FeedOptions{Poll: never}, "key", keys)
		awaitListener(t, there)
		publish(t, there, "key", "a")
		keys.await(t, "a")

		exec(t, there, `select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%feed' and datname = current_database()`)
		publish(t, there, "key", "b") // perhaps while nobody listens
		keys.await(t, "b")
	})
}

func awaitListener(t *testing.T, db *store.DB) {
	t.Helper()
	for count(t, db, `select count(*) from pg_stat_activity where query like 'listen %' and state = 'idle' and datname = current_database()`) == 0 {
		if t.Context().Err() != nil {
			t.Fatal("test ended")
		}
	}
}

// Two PostgreSQL transactions publish; the one with the smaller number commits
// last. A feed that looks between the two commits must still hear of both.
func TestLateCommitIsNotSkipped(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := storetest.Open(t, storetest.Postgres(t))
	keys := newHeard()
	f := start(t, db, store.FeedOptions{Poll: never}, "key", keys)

	numbered, release := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		err := db.Write(ctx, func(tx *store.Tx) error {
			if err := tx.Publish(ctx, "key", "first"); err != nil {
				return err
			}
			if err := tx.WriteChanges(ctx); err != nil { // it has its number now
				return err
			}
			close(numbered)
			<-release
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-numbered
	second := make(chan struct{})
	group.Go(func() {
		defer close(second)
		publish(t, db, "key", "second")
	})
	awaitWaiterOr(t, db, second)
	settle(t, f)
	close(release)
	group.Wait()
	settle(t, f)
	settled := strings.Join(keys.all(), ",")
	if settled != "all,first,second" {
		t.Errorf("heard %q, want first and second in the order of their commits", settled)
	}
}

// awaitWaiterOr waits until a transaction waits for an advisory lock, or done.
func awaitWaiterOr(t *testing.T, db *store.DB, done <-chan struct{}) {
	t.Helper()
	for t.Context().Err() == nil {
		select {
		case <-done:
			return
		default:
		}
		if count(t, db, `select count(*) from pg_locks where locktype = 'advisory' and not granted
			and database = (select oid from pg_database where datname = current_database())`) > 0 {
			return
		}
	}
}

// Many publish at once in two processes while a feed reads all the time.
func TestNothingIsMissedUnderLoad(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		dbs := []*store.DB{storetest.Open(t, url), storetest.Open(t, url)}
		keys := newHeard()
		f := start(t, dbs[0], store.FeedOptions{Poll: time.Millisecond}, "key", keys)
		const writers, each = 4, 25
		var group sync.WaitGroup
		for w := range writers {
			group.Go(func() {
				for i := range each {
					publish(t, dbs[w%2], "key", fmt.Sprintf("%d-%d", w, i))
				}
			})
		}
		group.Wait()
		settle(t, f)
		seen := map[string]bool{}
		for _, call := range keys.all() {
			for ref := range strings.SplitSeq(call, ",") {
				seen[ref] = true
			}
		}
		if len(seen) != writers*each+1 { // and "all"
			t.Errorf("heard %d of %d changes", len(seen)-1, writers*each)
		}
	})
}

func TestFailingSubscriberIsNotConfirmed(t *testing.T) {
	t.Parallel()
	var clock fakeClock
	db := storetest.OpenWith(t, storetest.SQLite(t), store.Options{Now: clock.now})
	keys, models := newHeard(), newHeard()
	f := db.NewFeed(store.FeedOptions{Poll: never})
	f.Subscribe("key", keys.hear)
	f.Subscribe("model", models.hear)
	if !f.Confirmed().IsZero() {
		t.Error("confirmed before Start")
	}
	failure := errors.New("no memory")
	keys.setFail(failure)
	if err := f.Start(t.Context()); !errors.Is(err, failure) || !f.Confirmed().IsZero() {
		t.Fatalf("Start gave %v, confirmed %v; want the subscriber's error", err, f.Confirmed())
	}
	keys.setFail(nil)
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer f.Stop()
	settle(t, f)
	confirmed := f.Confirmed()
	if !confirmed.Equal(clock.now()) {
		t.Errorf("confirmed %v, want %v", confirmed, clock.now())
	}
	keys.setFail(failure)
	publish(t, db, "key", "a")
	keys.await(t, "a")
	// From here on no pass succeeds: the clock may go on.
	clock.add(time.Minute)
	publish(t, db, "key", "b", "model", "m")
	models.await(t, "m")
	if got := f.Confirmed(); !got.Equal(confirmed) {
		t.Errorf("confirmed %v while a subscriber fails, want still %v", got, confirmed)
	}
	keys.setFail(nil)
	settle(t, f)
	if got := f.Confirmed(); !got.Equal(clock.now()) {
		t.Errorf("confirmed %v, want %v", got, clock.now())
	}
	if calls := keys.all(); calls[len(calls)-1] != "a,b" {
		t.Errorf("last call %q, want what failed and what came since", calls[len(calls)-1])
	}
}

type fakeClock struct {
	mu  sync.Mutex
	off time.Duration
}

func (c *fakeClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC).Add(c.off)
}

func (c *fakeClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off += d
}

// A feed that was away for longer than changes are kept loads all again.
func TestGapReloads(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		var clock fakeClock
		db := storetest.OpenWith(t, url, store.Options{Now: clock.now})
		other := storetest.OpenWith(t, url, store.Options{Now: clock.now})
		entered, leave := make(chan struct{}, 1), make(chan struct{})
		keys := newHeard()
		f := db.NewFeed(store.FeedOptions{Poll: never})
		f.Subscribe("key", func(ctx context.Context, refs []string) error {
			if slices.Contains(refs, "asleep") {
				entered <- struct{}{}
				<-leave // the process is suspended here
			}
			return keys.hear(ctx, refs)
		})
		if err := f.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer f.Stop()
		publish(t, db, "key", "asleep")
		<-entered
		publish(t, other, "key", "missed")
		clock.add(2 * time.Hour)
		publish(t, other, "key", "young")
		if err := other.TrimChanges(t.Context(), clock.now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		if n := count(t, other, `select count(*) from change`); n != 1 {
			t.Errorf("%d changes are left, want the young one", n)
		}
		close(leave)
		settle(t, f)
		keys.want(t, "all", "asleep", "all")
		publish(t, other, "key", "later")
		settle(t, f)
		keys.want(t, "all", "asleep", "all", "later")
		if err := other.TrimChanges(t.Context(), clock.now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		settle(t, f)
		keys.want(t, "all", "asleep", "all", "later")
	})
}

func TestFeedStartStop(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := db.NewFeed(store.FeedOptions{})
		f.Stop() // before Start
		if err := f.Sync(t.Context()); err == nil {
			t.Error("Sync succeeded before Start")
		}
		for range 2 {
			if err := f.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := f.Start(t.Context()); err == nil {
				t.Error("started twice")
			}
			f.Stop()
			f.Stop()
		}
		if err := f.Sync(t.Context()); err == nil {
			t.Error("Sync succeeded after Stop")
		}
	})
}
