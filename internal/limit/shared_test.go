package limit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"skytower/internal/limit/limittest"
)

// fleet is several processes on one Redis, with one clock.
type fleet struct {
	t       *testing.T
	clock   *clock
	redis   *limittest.Redis
	engines []*Shared
	nodes   []*Service
	taken   []time.Time
}

func newFleet(t *testing.T, size int, table string) *fleet {
	t.Helper()
	f := &fleet{t: t, clock: newClock(), redis: limittest.New(t)}
	tiers, err := ParseTiers(table)
	if err != nil {
		t.Fatal(err)
	}
	for i := range size {
		f.add(fmt.Sprint("process ", i), tiers)
	}
	f.tick() // so that each knows of all
	return f
}

func (f *fleet) add(name string, tiers Table) {
	f.t.Helper()
	e, err := NewShared(SharedOptions{URL: f.redis.URL(), Process: name, Patience: calm, Now: f.clock.now, RedisClock: f.clock.now})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(e.redis.close)
	f.engines, f.nodes = append(f.engines, e), append(f.nodes, New(Options{Engine: e, Tiers: tiers, Now: f.clock.now}))
	f.tick()
}

func (f *fleet) tick() {
	f.t.Helper()
	for _, e := range f.engines {
		if err := e.Tick(f.t.Context()); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *fleet) request() Request {
	return Request{ID: "req", Account: "acct_a", Key: "key_a", Tier: "1", Surface: Standard, Route: "chat", Model: "m"}
}

// try sends one request to a process.
func (f *fleet) try(node int, r Request) (Ticket, Decision) {
	f.t.Helper()
	ticket, d, err := f.nodes[node].Take(f.t.Context(), r)
	if err != nil {
		f.t.Fatal(err)
	}
	if d.Allowed {
		f.taken = append(f.taken, f.clock.now())
	}
	return ticket, d
}

// hammer sends many requests to all processes at the same time, again and again; a tick of
// each falls in every second. It returns how many were let through.
func (f *fleet) hammer(seconds int, events map[int]func()) int {
	f.t.Helper()
	random, before := rand.New(rand.NewPCG(5, 6)), len(f.taken)
	for second := range seconds {
		if event := events[second]; event != nil {
			event()
		}
		for range 2 {
			f.burst(1 + random.IntN(3))
			f.clock.advance(time.Duration(250+random.IntN(500)) * time.Millisecond)
		}
		f.tick()
	}
	return len(f.taken) - before
}

func (f *fleet) burst(each int) {
	f.t.Helper()
	var group sync.WaitGroup
	var mu sync.Mutex
	now, through := f.clock.now(), 0
	for _, node := range f.nodes {
		for range each {
			group.Go(func() {
				_, d, err := node.Take(context.WithoutCancel(f.t.Context()), f.request())
				if err != nil {
					f.t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if d.Allowed {
					through++
				}
			})
		}
	}
	group.Wait()
	f.taken = append(f.taken, slices.Repeat([]time.Time{now}, through)...)
}

func (f *fleet) degraded(want bool) {
	f.t.Helper()
	for i, n := range f.nodes {
		if n.Degraded() != want {
			f.t.Errorf("process %d: degraded is %v", i, !want)
		}
	}
}

const sixty = "0:60/10/2"

// Three processes share one limit: never more than it in any 60 s.
func TestLimitsAcrossReplicas(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, sixty)
	f.degraded(false)
	if n := f.hammer(185, nil); n < 180 {
		t.Errorf("%d were let through in three minutes", n)
	}
	f.degraded(false)
	checkSpans(t, f.taken, 60)
}

// While Redis is away, and when it comes back without its memory, at most one request a
// process is too many.
func TestLimitsAcrossReplicasWithRedisAway(t *testing.T) {
	t.Parallel()
	for name, events := range map[string]struct{ stop, start int }{
		"short": {20, 32}, "a minute": {45, 110}, "long": {7, 140}, "a moment": {30, 31},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, 3, sixty)
			n := f.hammer(300, map[int]func(){
				events.stop: func() { f.redis.Stop(t) }, events.start: func() { f.redis.Start(t) },
				events.stop + 3: func() {
					if events.start > events.stop+3 {
						f.degraded(true)
					}
				},
			})
			checkSpans(t, f.taken, 60+3)
			if n < 180 {
				t.Errorf("only %d were let through in five minutes", n)
			}
			f.degraded(false)
		})
	}
}

// A Redis that comes and goes gives nobody a fresh start.
func TestRedisFlaps(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, sixty)
	events := map[int]func(){}
	for second := 10; second < 200; second += 14 {
		events[second], events[second+5] = func() { f.redis.Stop(t) }, func() { f.redis.Start(t) }
	}
	if n := f.hammer(260, events); n < 60 {
		t.Errorf("only %d were let through", n)
	}
	checkSpans(t, f.taken, 60+3)
}

// An idle window's remainder is not known when Redis goes: each process lets one request
// through in the first minute, and then its part.
func TestUnknownWindow(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, sixty)
	f.redis.Stop(t)
	f.tick()
	for node := range f.nodes {
		for i := range 3 {
			if _, d := f.try(node, f.request()); d.Allowed != (i == 0) {
				t.Errorf("process %d, request %d: %+v", node, i, d)
			} else if !d.Allowed && (d.RetryAfter < 58*time.Second || d.Dimension != "requests" || d.Limit != 60) {
				t.Errorf("refused with %+v", d)
			}
		}
	}
	f.clock.advance(61 * time.Second)
	f.tick()
	for node := range f.nodes {
		for i := range 25 {
			if _, d := f.try(node, f.request()); d.Allowed != (i < 20) {
				t.Fatalf("process %d, request %d: %+v", node, i, d)
			}
		}
	}
}

// What is left when Redis goes is divided by the processes.
func TestKnownWindow(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, sixty)
	for node := range f.nodes {
		for range 10 {
			f.try(node, f.request())
		}
	}
	f.redis.Stop(t)
	var through [3]int
	for range 15 {
		for node := range f.nodes {
			if _, d := f.try(node, f.request()); d.Allowed {
				through[node]++
			}
		}
	}
	// They saw 50, 40 and 30 left, of which a third is theirs.
	if through != [3]int{15, 13, 10} && through != [3]int{16, 13, 10} {
		t.Errorf("let through %v", through)
	}
}

// When Redis is back, the first process to see it must not take what the others have let
// through meanwhile and not told yet.
func TestReturnOfOneBeforeTheOthers(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, sixty)
	f.redis.Stop(t)
	f.tick()
	f.clock.advance(61 * time.Second)
	for range 25 {
		for node := range f.nodes {
			f.try(node, f.request())
		}
	}
	f.redis.Start(t)
	if err := f.engines[0].Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 25 {
		f.try(0, f.request())
	}
	if len(f.taken) != 60 {
		t.Errorf("%d were let through", len(f.taken))
	}
}

// A memory that is lost while the connection stays is noticed by the next call.
func TestRedisForgets(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1, sixty)
	for range 55 {
		f.try(0, f.request())
	}
	client, _, err := f.engines[0].redis.known()
	if err == nil {
		err = client.Do(t.Context(), client.B().Flushall().Build()).Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		if i%10 == 9 { // late: calls notice first
			f.tick()
		}
		f.try(0, f.request())
	}
	if len(f.taken) != 60 {
		t.Errorf("%d were let through", len(f.taken))
	}
}

// A limit that does not divide is shared out, not lost.
func TestSmallLimitIsSharedOut(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, "0:2/10/2")
	f.redis.Stop(t)
	f.tick()
	f.clock.advance(2 * time.Minute)
	f.tick()
	for range 4 {
		for node := range f.nodes {
			f.try(node, f.request())
		}
	}
	if len(f.taken) != 2 {
		t.Errorf("%d were let through", len(f.taken))
	}
}

// A process that has never heard from Redis does not know how many share the limit.
func TestNeverHeard(t *testing.T) {
	t.Parallel()
	f := &fleet{t: t, clock: newClock(), redis: limittest.New(t)}
	f.redis.Stop(t)
	tiers, err := ParseTiers(sixty)
	if err != nil {
		t.Fatal(err)
	}
	f.add("process 0", tiers)
	f.degraded(true)
	for range 3 {
		for range 3 {
			f.try(0, f.request())
		}
		f.clock.advance(61 * time.Second)
	}
	if len(f.taken) != 3 {
		t.Errorf("%d were let through in three minutes", len(f.taken))
	}
	f.redis.Start(t)
	f.tick()
	for range 70 {
		f.try(0, f.request())
	}
	checkSpans(t, f.taken, 60)
	f.clock.advance(61 * time.Second)
	f.tick()
	f.degraded(false)
}

// A Redis that hangs costs one call its patience. Its memory is there when it answers
// again, with what the processes did meanwhile.
func TestRedisHangs(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1, sixty)
	for range 20 {
		f.try(0, f.request())
	}
	f.engines[0].redis.patience = 50 * time.Millisecond
	f.redis.Pause(t)
	began := time.Now()
	for range 30 {
		f.try(0, f.request())
	}
	if took := time.Since(began); took < 50*time.Millisecond || took > 5*time.Second {
		t.Errorf("30 calls took %s", took)
	}
	if len(f.taken) != 50 {
		t.Fatalf("%d were let through", len(f.taken))
	}
	f.redis.Resume(t)
	f.engines[0].redis.patience = calm
	for range 100 {
		if f.tick(); f.engines[0].regime.Load().mode == both {
			break
		}
	}
	for range 30 {
		f.try(0, f.request())
	}
	if n := len(f.taken); n < 58 || n > 60 { // a call whose answer came too late may count twice
		t.Errorf("%d in a minute", n)
	}
	f.clock.advance(62 * time.Second)
	f.tick()
	f.degraded(false)
}

// Open calls hold their slots through an absence of Redis, and give them back after it.
func TestSlotsWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2, "0:-/-/4")
	stream := f.request()
	stream.Surface, stream.Slot = Edge, true
	a, _ := f.try(0, stream)
	b, _ := f.try(1, stream) // sees two left
	f.redis.Stop(t)
	c, _ := f.try(1, stream)
	if _, d := f.try(1, stream); d.Allowed || d.Dimension != "concurrent calls" || d.Limit != 4 {
		t.Fatalf("beyond its part: %+v", d)
	}
	f.settle(1, b)
	d, got := f.try(1, stream)
	if !got.Allowed {
		t.Fatalf("in a place that became free: %+v", got)
	}
	f.redis.Start(t)
	f.tick()
	for range 4 {
		f.clock.advance(16 * time.Second)
		f.tick()
		f.renew()
	}
	f.degraded(false)
	e, got := f.try(0, stream)
	if !got.Allowed {
		t.Errorf("the fourth: %+v", got)
	}
	if _, got := f.try(1, stream); got.Allowed || got.RetryAfter != time.Second {
		t.Errorf("the fifth: %+v", got)
	}
	for node, tickets := range [][]Ticket{{a, e}, {c, d}} {
		for _, ticket := range tickets {
			f.settle(node, ticket)
		}
	}
	for i := range 5 {
		if _, got := f.try(0, stream); got.Allowed != (i < 4) {
			t.Errorf("number %d afterwards: %+v", i, got)
		}
	}
}

func (f *fleet) settle(node int, ticket Ticket) {
	f.t.Helper()
	if err := f.nodes[node].Settle(f.t.Context(), ticket, Use{}); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fleet) renew() {
	for _, n := range f.nodes {
		n.renew(f.t.Context())
	}
}

// Corrections reach Redis, also those of draws that it heard of later.
func TestCorrectionsWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1, "0:-/-/-/1000/-/-")
	r := f.request()
	r.TokensIn = 300
	before, _ := f.try(0, r) // 700 left
	f.redis.Stop(t)
	during, _ := f.try(0, r) // 400
	if err := f.nodes[0].Settle(t.Context(), before, Use{TokensIn: 100}); err != nil {
		t.Fatal(err)
	}
	f.redis.Start(t)
	f.tick()
	if err := f.nodes[0].Settle(t.Context(), during, Use{TokensIn: 50}); err != nil {
		t.Fatal(err)
	}
	f.tick()
	f.clock.advance(30 * time.Second)
	r.TokensIn = 850
	if _, d := f.try(0, r); d.Allowed {
		t.Error("more than the first minute's part")
	}
	o, err := f.engines[0].redis.Take(t.Context(), &Call{ID: "look", Draws: []Draw{{scopeOf(r), Numbers{Unlimited, 1000, Unlimited, Unlimited}}}})
	if err != nil || o.Left[0][tokensIn] != 850 {
		t.Errorf("Redis has %+v, %v", o, err)
	}
}

func scopeOf(r Request) Scope {
	return Scope{Account: r.Account, Surface: r.Surface, Route: r.Route, Model: r.Model}
}

// A process that ends is not counted any more.
func TestProcessesComeAndGo(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, sixty)
	heard := func(want int64) {
		t.Helper()
		f.tick()
		for _, e := range f.engines {
			if r := e.regime.Load(); r.replicas != want {
				t.Errorf("%s knows of %d processes, not %d", e.process, r.replicas, want)
			}
		}
	}
	heard(3)
	if err := f.engines[2].Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.engines = f.engines[:2]
	heard(2)
	f.engines = f.engines[:1] // this one dies
	f.clock.advance(6 * time.Second)
	heard(1)
}
