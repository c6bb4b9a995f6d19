package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"pgregory.net/rapid"

	"skytower/internal/limit/limittest"
	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// clock is a fake one.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// engine is what Memory and Redis have in common.
type engine interface {
	Find(context.Context, Key) Found
	Keep(context.Context, Key, Answer, Mark)
	Forget(ctx context.Context, model string) error
}

func master(t testing.TB, fill byte) secret.MasterKey {
	t.Helper()
	key, err := secret.NewMasterKey(bytes.Repeat([]byte{fill}, secret.Size))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sealer(t testing.TB, current secret.MasterKey, old ...secret.MasterKey) *secret.Sealer {
	t.Helper()
	s, err := secret.NewRing(current, old...).Sealer(secret.KeptAnswers)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	room = 1 << 20
	calm = 10 * time.Second // a patience that a busy machine does not try
)

func options(t testing.TB, c *clock, url string) Options {
	return Options{Size: room, Now: c.now, Redis: url, Sealer: sealer(t, master(t, 1)), Patience: calm}
}

func startRedis(t testing.TB, o Options) *Redis {
	t.Helper()
	r, err := NewRedis(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	r.Start()
	return r
}

// each runs a test on both engines.
func each(t *testing.T, fn func(*testing.T, engine, *clock)) {
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		c := newClock()
		fn(t, NewMemory(room, c.now), c)
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		c := newClock()
		fn(t, startRedis(t, options(t, c, limittest.StartRedis(t))), c)
	})
}

func key(account, model, request string) Key {
	return Key{Account: account, Model: model, Digest: sha256.Sum256([]byte(request))}
}

// keep keeps an answer as a call does: after a look.
func keep(t testing.TB, e interface {
	Find(context.Context, Key) Found
	Keep(context.Context, Key, Answer, Mark)
}, c *clock, k Key, body string, life time.Duration) {
	t.Helper()
	since := e.Find(t.Context(), k).Since
	e.Keep(t.Context(), k, Answer{Body: []byte(body), Kept: c.now(), Until: c.now().Add(life)}, since)
}

func find(t testing.TB, e interface {
	Find(context.Context, Key) Found
}, k Key, want string) {
	t.Helper()
	if got := e.Find(t.Context(), k); string(got.Body) != want {
		t.Errorf("%s of %s: found %q, want %q", k.Model, k.Account, got.Body, want)
	}
}

func TestAnAnswerIsFoundByItsWholeKeyUntilItsTimeIsOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e engine, c *clock) {
		k := key("acct_a", "m", "question")
		find(t, e, k, "")
		keep(t, e, c, k, "answer", time.Minute)
		find(t, e, key("acct_b", "m", "question"), "")
		find(t, e, key("acct_a", "m", "another"), "")
		c.advance(20 * time.Second)
		found := e.Find(t.Context(), k)
		if string(found.Body) != "answer" || c.now().Sub(found.Kept) != 20*time.Second || found.Until.Sub(found.Kept) != time.Minute {
			t.Errorf("found %+v", found)
		}
		keep(t, e, c, k, "newer", 30*time.Second)
		find(t, e, k, "newer")
		c.advance(30*time.Second - time.Microsecond)
		find(t, e, k, "newer")
		c.advance(time.Microsecond)
		find(t, e, k, "")
	})
}

func TestForgetting(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e engine, c *clock) {
		a, b := key("acct_a", "a", "q"), key("acct_b", "b", "q")
		forget := func(model string) {
			t.Helper()
			if err := e.Forget(t.Context(), model); err != nil {
				t.Fatal(err)
			}
		}
		keep(t, e, c, a, "A", time.Hour)
		keep(t, e, c, b, "B", time.Hour)
		forget("a")
		find(t, e, a, "")
		find(t, e, b, "B")
		keep(t, e, c, a, "A2", time.Hour)
		find(t, e, a, "A2")
		forget("")
		find(t, e, a, "")
		find(t, e, b, "")

		// What was under way meanwhile is not kept.
		since := e.Find(t.Context(), a).Since
		forget("a")
		e.Keep(t.Context(), a, Answer{Body: []byte("old"), Kept: c.now(), Until: c.now().Add(time.Hour)}, since)
		find(t, e, a, "")
		since = e.Find(t.Context(), a).Since
		forget("")
		e.Keep(t.Context(), a, Answer{Body: []byte("old"), Kept: c.now(), Until: c.now().Add(time.Hour)}, since)
		find(t, e, a, "")
	})
}

func TestSizeOfOneAnswer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e engine, c *clock) {
		k := key("acct_a", "m", "q")
		keep(t, e, c, k, strings.Repeat("x", MostBytes+1), time.Hour)
		find(t, e, k, "")
		large := strings.Repeat("x", room/2)
		keep(t, e, c, k, large, time.Hour)
		find(t, e, k, large)
	})
}

// Random acts, compared with a plain map: whatever happens, an answer that is found is the
// newest of exactly this key.
func TestMemoryAgainstAMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := newClock()
		m := NewMemory(10*(overhead+64), c.now)
		kept := map[Key]Answer{}
		for i := range rapid.IntRange(1, 80).Draw(t, "acts") {
			k := key("acct_"+rapid.StringMatching("[ab]").Draw(t, "account"), rapid.StringMatching("[mn]").Draw(t, "model"), rapid.StringMatching("[0-4]").Draw(t, "request"))
			switch rapid.IntRange(0, 5).Draw(t, "act") {
			case 0:
				model := rapid.SampledFrom([]string{"", "m", "n"}).Draw(t, "forgotten")
				_ = m.Forget(t.Context(), model)
				for one := range kept {
					if model == "" || one.Model == model {
						delete(kept, one)
					}
				}
			case 1:
				c.advance(time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second)
			case 2, 3:
				since := m.Find(t.Context(), k).Since
				kept[k] = Answer{Body: fmt.Append(nil, i), Kept: c.now(), Until: c.now().Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "life")) * time.Second)}
				m.Keep(t.Context(), k, kept[k], since)
				if got := m.Find(t.Context(), k); !bytes.Equal(got.Body, kept[k].Body) {
					t.Fatalf("%q is not found at once", kept[k].Body)
				}
			default:
				got, want := m.Find(t.Context(), k), kept[k]
				if got.Body != nil && (!bytes.Equal(got.Body, want.Body) || !c.now().Before(want.Until)) {
					t.Fatalf("found %q, kept %q until %s, it is %s", got.Body, want.Body, want.Until, c.now())
				}
			}
			if s := m.State(); s.Bytes > s.Size || s.Bytes < 0 || (s.Answers == 0) != (s.Bytes == 0) {
				t.Fatalf("it holds %+v", s)
			}
		}
	})
}

func TestTheLeastRecentlyUsedGoes(t *testing.T) {
	t.Parallel()
	c := newClock()
	m := NewMemory(3*(overhead+100), c.now)
	one, two, three, four := key("a", "m", "1"), key("a", "m", "2"), key("a", "m", "3"), key("a", "m", "4")
	for _, k := range []Key{one, two, three} {
		keep(t, m, c, k, strings.Repeat("x", 90), time.Hour)
	}
	m.Find(t.Context(), one)
	keep(t, m, c, four, strings.Repeat("x", 90), time.Hour)
	for k, there := range map[Key]bool{one: true, two: false, three: true, four: true} {
		if got := m.Find(t.Context(), k).Body != nil; got != there {
			t.Errorf("%x: there %v, want %v", k.Digest[:2], got, there)
		}
	}
}

func TestRedisHoldsNothingReadableAndNotForever(t *testing.T) {
	t.Parallel()
	c, url := newClock(), limittest.StartRedis(t)
	r := startRedis(t, options(t, c, url))
	k := key("acct_a", "m", "q")
	keep(t, r, c, k, "a customer's words", time.Minute)
	raw := client(t, url)
	value, err := raw.Do(t.Context(), raw.B().Get().Key(nameOf(k)).Build()).ToString()
	if err != nil || strings.Contains(value, "customer") || !strings.HasPrefix(value, "s1.") {
		t.Errorf("Redis holds %q, %v", value, err)
	}
	left, err := raw.Do(t.Context(), raw.B().Pttl().Key(nameOf(k)).Build()).AsInt64()
	if err != nil || left <= 0 || left > time.Minute.Milliseconds() {
		t.Errorf("it goes in %d ms, %v", left, err)
	}
	// A value that was copied to another key is none.
	other := key("acct_b", "m", "q")
	if err := raw.Do(t.Context(), raw.B().Set().Key(nameOf(other)).Value(value).Build()).Error(); err != nil {
		t.Fatal(err)
	}
	find(t, r, other, "")
	find(t, r, k, "a customer's words")
	// Redis has thrown the tokens away: nothing counts any more.
	if err := raw.Do(t.Context(), raw.B().Del().Key(tokensKey).Build()).Error(); err != nil {
		t.Fatal(err)
	}
	find(t, r, k, "")
}

func client(t testing.TB, url string) rueidis.Client {
	t.Helper()
	option := rueidis.MustParseURL(url)
	option.DisableCache, option.ForceSingleClient = true, true
	raw, err := rueidis.NewClient(option)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(raw.Close)
	return raw
}

// After a change of the master key, what an unknown key sealed is a miss, and what a known
// one did still opens.
func TestMasterKeyIsChanged(t *testing.T) {
	t.Parallel()
	c, url := newClock(), limittest.StartRedis(t)
	o := options(t, c, url)
	k := key("acct_a", "m", "q")
	keep(t, startRedis(t, o), c, k, "answer", time.Hour)
	o.Sealer = sealer(t, master(t, 2))
	without := startRedis(t, o)
	find(t, without, k, "")
	o.Sealer = sealer(t, master(t, 2), master(t, 1))
	find(t, startRedis(t, o), k, "answer")
	keep(t, without, c, k, "new", time.Hour)
	find(t, without, k, "new")
}

func TestAProcessKeepsToItsPartOfRedis(t *testing.T) {
	t.Parallel()
	c, url := newClock(), limittest.StartRedis(t)
	o := options(t, c, url)
	o.Size = 10_000
	r := startRedis(t, o)
	body := strings.Repeat("x", 3000) // some 4,200 bytes sealed
	for _, q := range []string{"1", "2", "3"} {
		keep(t, r, c, key("a", "m", q), body, time.Minute)
	}
	find(t, r, key("a", "m", "2"), body)
	find(t, r, key("a", "m", "3"), "")
	c.advance(time.Minute)
	keep(t, r, c, key("a", "m", "3"), body, time.Minute)
	find(t, r, key("a", "m", "3"), body)
}

// A Redis that goes away is a cache that has nothing; its coming back is noticed.
func TestRedisIsAway(t *testing.T) {
	t.Parallel()
	c, server := newClock(), limittest.New(t)
	shared, err := New(options(t, c, server.URL()))
	if err != nil {
		t.Fatal(err)
	}
	defer shared.Close()
	server.Stop(t)
	shared.Start()
	k := key("acct_a", "m", "q")
	keep(t, shared, c, k, "answer", time.Hour)
	find(t, shared, k, "answer") // of its own memory
	if err := shared.Clear(t.Context(), nil, "op", ""); err == nil {
		t.Error("forgot in a Redis that is not there")
	}
	find(t, shared, k, "answer")
	server.Start(t)
	shared.redis.rest.Store(0)
	shared.redis.Start()
	other := startRedis(t, options(t, c, server.URL()))
	keep(t, shared, c, k, "newer", time.Hour)
	shared.settled()
	find(t, other, k, "newer")
}

// settled waits until nothing is being written.
func (c *Cache) settled() {
	for range writers {
		c.slots <- struct{}{}
	}
	for range writers {
		<-c.slots
	}
}

// fleet is processes on one database and one Redis.
type fleet struct {
	t     *testing.T
	clock *clock
	url   string
	db    *store.DB
}

func (f *fleet) process() (*Cache, *store.Feed) {
	f.t.Helper()
	c, err := New(options(f.t, f.clock, f.url))
	if err != nil {
		f.t.Fatal(err)
	}
	c.Start()
	feed := f.db.NewFeed(store.FeedOptions{})
	c.Watch(feed)
	if err := feed.Start(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		feed.Stop()
		c.Close()
	})
	return c, feed
}

func TestProcessesShareAndForgetTogether(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url)
		for name, redis := range map[string]string{"with Redis": limittest.StartRedis(t), "without": ""} {
			f := &fleet{t: t, clock: newClock(), url: redis, db: db}
			one, _ := f.process()
			two, feed := f.process()
			a, b := key("acct_a", "a", name), key("acct_a", "b", name)
			keep(t, one, f.clock, a, "A", time.Hour)
			keep(t, one, f.clock, b, "B", time.Hour)
			one.settled()
			shared := func(body string) string {
				if redis == "" {
					return ""
				}
				return body
			}
			find(t, two, a, shared("A")) // and has it in memory from now on
			find(t, two, b, shared("B"))
			if err := one.Clear(t.Context(), f.db, "op_test", "a"); err != nil {
				t.Fatal(err)
			}
			if err := feed.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			find(t, two, a, "")
			find(t, two, b, shared("B"))
			if err := one.Clear(t.Context(), f.db, "op_test", ""); err != nil {
				t.Fatal(err)
			}
			if err := feed.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			find(t, two, b, "")
		}
		// The trail says who did it.
		var n int
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			return tx.QueryRow(t.Context(), `select count(*) from audit where action = 'cache.clear' and actor = 'op_test'`).Scan(&n)
		})
		if err != nil || n != 4 {
			t.Errorf("%d acts in the audit trail, %v", n, err)
		}
	})
}

// An account's answers go everywhere, and no other's; so does what is being made meanwhile.
func TestErasingAnAccount(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url)
		for name, redis := range map[string]string{"with Redis": limittest.StartRedis(t), "without": ""} {
			f := &fleet{t: t, clock: newClock(), url: redis, db: db}
			one, _ := f.process()
			two, feed := f.process()
			mine, other, star := key("acct_a", "m", name), key("acct_ab", "m", name), key("acct_*", "m", name)
			for _, k := range []Key{mine, other, star} {
				keep(t, one, f.clock, k, k.Account, time.Hour)
				keep(t, two, f.clock, k, k.Account, time.Hour)
			}
			one.settled()
			two.settled()
			under := two.Find(t.Context(), key("acct_a", "m", "under way"))
			for _, account := range []string{"acct_*", "acct_a", "acct_a"} {
				if err := one.Erase(t.Context(), f.db, account); err != nil {
					t.Fatal(err)
				}
			}
			if err := feed.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			two.Keep(t.Context(), key("acct_a", "m", "under way"), Answer{Body: []byte("late"), Kept: f.clock.now(), Until: f.clock.now().Add(time.Hour)}, under.Since)
			two.settled()
			for _, c := range []*Cache{one, two} {
				find(t, c, mine, "")
				find(t, c, star, "")
				find(t, c, key("acct_a", "m", "under way"), "")
				find(t, c, other, "acct_ab")
			}
			if redis == "" {
				continue
			}
			names, err := client(t, redis).Do(t.Context(), client(t, redis).B().Keys().Pattern(keyPrefix+"*").Build()).AsStrSlice()
			if err != nil || len(names) != 1 || !strings.Contains(names[0], "{acct_ab}") {
				t.Errorf("in Redis are %v, %v", names, err)
			}
		}
	})
}

// Of many keys, all of an account go.
func TestErasingManyAnswers(t *testing.T) {
	t.Parallel()
	c, url := newClock(), limittest.StartRedis(t)
	r := startRedis(t, options(t, c, url))
	for i := range 3 * scanned {
		keep(t, r, c, key(fmt.Sprintf("acct_%d", i%2), "m", fmt.Sprint(i)), "x", time.Hour)
	}
	if err := r.Erase(t.Context(), "acct_1"); err != nil {
		t.Fatal(err)
	}
	names, err := client(t, url).Do(t.Context(), client(t, url).B().Keys().Pattern(keyPrefix+"*").Build()).AsStrSlice()
	if err != nil || len(names) != 3*scanned/2 {
		t.Errorf("%d are left, %v", len(names), err)
	}
}

// Another process refreshed an answer: within seconds this one gives the new one.
func TestAReplacedAnswerIsSeenByOtherProcesses(t *testing.T) {
	t.Parallel()
	c, url := newClock(), limittest.StartRedis(t)
	open := func() *Cache {
		one, err := New(options(t, c, url))
		if err != nil {
			t.Fatal(err)
		}
		one.Start()
		t.Cleanup(one.Close)
		return one
	}
	one, two := open(), open()
	k := key("acct_a", "m", "q")
	keep(t, one, c, k, "old", time.Hour)
	one.settled()
	find(t, two, k, "old")
	keep(t, one, c, k, "new", time.Hour)
	one.settled()
	c.advance(lookAgain)
	find(t, two, k, "new")
}

// An answer that found no room in Redis is newer than the one that stands there.
func TestTheNewerAnswerCounts(t *testing.T) {
	t.Parallel()
	c := newClock()
	o := options(t, c, limittest.StartRedis(t))
	o.Size = 10_000
	one, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	one.Start()
	k := key("acct_a", "m", "q")
	for _, body := range []string{"1", "2", "3"} {
		c.advance(time.Second)
		keep(t, one, c, k, strings.Repeat(body, 3000), time.Hour)
		one.settled()
	}
	find(t, one.redis, k, strings.Repeat("2", 3000))
	c.advance(lookAgain)
	find(t, one, k, strings.Repeat("3", 3000))
}

func FuzzOpened(f *testing.F) {
	at := newClock().now()
	f.Add(closed(Answer{Body: []byte("answer"), Kept: at, Until: at.Add(time.Hour)}, "token."), "token.")
	f.Add([]byte{}, "")
	f.Add(bytes.Repeat([]byte{255}, 40), "x")
	f.Fuzz(func(t *testing.T, b []byte, tokens string) {
		a := opened(b, tokens, at)
		if a.Body != nil && !bytes.HasSuffix(b, a.Body) {
			t.Fatalf("%q gave %q", b, a.Body)
		}
		again := opened(closed(Answer{Body: b, Kept: at, Until: at.Add(time.Millisecond)}, tokens), tokens, at)
		if !bytes.Equal(again.Body, b) {
			t.Fatalf("%q came back as %q", b, again.Body)
		}
	})
}
