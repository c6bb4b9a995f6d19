package limit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// twin drives two engines with one clock and compares every number that they say.
type twin struct {
	t       *testing.T
	clock   *clock
	engines [2]bare
	names   [2]string
	seq     int
}

func newTwin(t *testing.T) *twin {
	c := newClock()
	return &twin{t: t, clock: c, engines: [2]bare{NewMemory(c.now), startScripts(t, c)}, names: [2]string{"memory", "redis"}}
}

func (w *twin) take(costs Numbers, draws ...Draw) (*Call, Outcome) {
	w.t.Helper()
	w.seq++
	c := &Call{ID: fmt.Sprint("call_", w.seq), Costs: costs, Draws: draws}
	var got [2]Outcome
	for i, e := range w.engines {
		o, err := e.Take(w.t.Context(), c)
		if err != nil {
			w.t.Fatalf("%s: %v", w.names[i], err)
		}
		if o.At.Engine != w.clock.now().Unix() {
			w.t.Fatalf("%s drew in second %d", w.names[i], o.At.Engine)
		}
		o.At.Own = 0
		got[i] = o
	}
	if diff := cmp.Diff(got[0], got[1]); diff != "" {
		w.t.Fatalf("call %d differs (- memory, + redis):\n%s", w.seq, diff)
	}
	return c, got[0]
}

func (w *twin) settle(c *Call, at Moment, more Numbers) {
	w.t.Helper()
	w.both(func(e bare) error { return e.Settle(w.t.Context(), c, at, more) })
}

func (w *twin) renew(open ...*Call) {
	w.t.Helper()
	w.both(func(e bare) error { return e.Renew(w.t.Context(), open) })
}

func (w *twin) both(do func(bare) error) {
	w.t.Helper()
	for i, e := range w.engines {
		if err := do(e); err != nil {
			w.t.Fatalf("%s: %v", w.names[i], err)
		}
	}
}

func scope(model string) Scope {
	return Scope{Account: "acct_a", Surface: Standard, Route: "chat", Model: model}
}

// one is a request without tokens or slot.
func one() Numbers { return Numbers{requests: 1} }

func limited(model string, dim int, limit int64) Draw {
	d := Draw{Scope: scope(model), Limits: noNumbers()}
	d.Limits[dim] = limit
	return d
}

// What was taken counts for 60 s, however late in its second it was: the last cell goes
// when the whole of it is older than that.
func TestWindowForgetsAfterSixtySeconds(t *testing.T) {
	t.Parallel()
	w := newTwin(t)
	w.clock.advance(600 * time.Millisecond) // 12:00:00.9
	row := limited("m", requests, 3)
	for left := int64(2); left >= 0; left-- {
		if _, o := w.take(one(), row); !o.Allowed || o.Left[0][requests] != left {
			t.Fatalf("got %+v, want %d left", o, left)
		}
	}
	w.clock.advance(2 * time.Second)
	if _, o := w.take(one(), row); o.Allowed || o.Wait[0][requests] != 58_100 || o.Left[0][requests] != 0 {
		t.Errorf("full window: %+v", o)
	}
	w.clock.advance(58*time.Second + 99*time.Millisecond) // 12:01:00.999
	if _, o := w.take(one(), row); o.Allowed || o.Wait[0][requests] != 1 {
		t.Errorf("a millisecond early: %+v", o)
	}
	w.clock.advance(time.Millisecond)
	if _, o := w.take(one(), row); !o.Allowed || o.Left[0][requests] != 2 {
		t.Errorf("after 60 s: %+v", o)
	}
	w.clock.advance(time.Hour)
	if _, o := w.take(one(), row); !o.Allowed || o.Left[0][requests] != 2 {
		t.Errorf("after an hour: %+v", o)
	}
}

// Of several scopes all are taken from, or none.
func TestTakeIsWhole(t *testing.T) {
	t.Parallel()
	w := newTwin(t)
	narrow, wide := limited("m", requests, 1), limited("*", requests, 5)
	if _, o := w.take(one(), wide, narrow); !o.Allowed || o.Left[0][requests] != 4 || o.Left[1][requests] != 0 {
		t.Fatalf("first: %+v", o)
	}
	for range 3 {
		if _, o := w.take(one(), wide, narrow); o.Allowed || o.Left[0][requests] != 4 || o.Wait[0][requests] != 0 || o.Wait[1][requests] == 0 {
			t.Fatalf("refused: %+v", o)
		}
	}
	both := narrow
	both.Limits[requests], both.Limits[calls] = 2, 1
	if _, o := w.take(Numbers{requests: 1, calls: 1}, both); !o.Allowed {
		t.Fatalf("slot: %+v", o)
	}
	both.Limits[requests] = 9
	if _, o := w.take(Numbers{requests: 1, calls: 1}, both); o.Allowed || o.Left[0][requests] != 7 || o.Wait[0][calls] != 1000 {
		t.Fatalf("no slot left: %+v", o)
	}
	if _, o := w.take(one(), both); !o.Allowed || o.Left[0][requests] != 6 || o.Left[0][calls] != Unlimited {
		t.Fatalf("a call without slot: %+v", o)
	}
}

// A correction lands where the draw was, and never makes credit of a draw that is gone.
func TestCorrections(t *testing.T) {
	t.Parallel()
	w := newTwin(t)
	row := limited("m", tokensOut, 1000)
	cost := Numbers{tokensOut: 600}
	c, o := w.take(cost, row)
	w.clock.advance(30 * time.Second)
	if _, o := w.take(cost, row); o.Allowed || o.Left[0][tokensOut] != 400 || o.Wait[0][tokensOut] != 30_700 {
		t.Errorf("before the correction: %+v", o)
	}
	w.settle(c, o.At, Numbers{tokensOut: -500}) // 100 were used
	d, second := w.take(cost, row)
	if !second.Allowed || second.Left[0][tokensOut] != 300 {
		t.Errorf("after it: %+v", second)
	}
	w.settle(d, second.At, Numbers{tokensOut: 900}) // 1500 were used
	if _, o := w.take(Numbers{tokensOut: 1}, row); o.Allowed || o.Left[0][tokensOut] != -600 {
		t.Errorf("overdrawn: %+v", o)
	}
	if _, o := w.take(one(), row); !o.Allowed || o.Left[0][tokensOut] != -600 {
		t.Errorf("a call that takes none of it: %+v", o)
	}
	w.clock.advance(61 * time.Second)
	w.settle(d, second.At, Numbers{tokensOut: -1500}) // too late to matter
	if _, o := w.take(Numbers{tokensOut: 1000}, row); !o.Allowed || o.Left[0][tokensOut] != 0 {
		t.Errorf("a window later: %+v", o)
	}
	if _, o := w.take(Numbers{tokensOut: 1001}, row); o.Allowed || o.Wait[0][tokensOut] != windowMillis {
		t.Errorf("more than the limit: %+v", o)
	}
	stranger := &Call{ID: "gone", Costs: cost, Draws: []Draw{limited("other", tokensOut, 10)}}
	w.settle(stranger, Moment{Engine: w.clock.now().Unix()}, Numbers{tokensOut: -50})
	if _, o := w.take(Numbers{tokensOut: 11}, stranger.Draws[0]); o.Allowed || o.Left[0][tokensOut] != 10 {
		t.Errorf("a correction made credit: %+v", o)
	}
}

// Slots come back when they are given back, or when whoever held them no longer renews.
func TestSlots(t *testing.T) {
	t.Parallel()
	w := newTwin(t)
	row, slot := limited("m", calls, 2), Numbers{requests: 1, calls: 1}
	a, first := w.take(slot, row)
	b, second := w.take(slot, row)
	if !first.Allowed || !second.Allowed || second.Left[0][calls] != 0 {
		t.Fatalf("got %+v, %+v", first, second)
	}
	w.settle(a, first.At, Numbers{})
	w.settle(a, first.At, Numbers{}) // the second time changes nothing
	c, _ := w.take(slot, row)
	if _, o := w.take(slot, row); o.Allowed {
		t.Fatalf("third: %+v", o)
	}
	w.clock.advance(40 * time.Second)
	w.renew(b)
	w.clock.advance(20*time.Second - time.Millisecond)
	if _, o := w.take(slot, row); o.Allowed {
		t.Errorf("before the end of a life: %+v", o)
	}
	w.clock.advance(time.Millisecond) // c's holder has died
	if _, o := w.take(slot, row); !o.Allowed {
		t.Errorf("after it: %+v", o)
	}
	w.renew(c) // too late: others have its place
	if _, o := w.take(slot, row); o.Allowed || o.Left[0][calls] != 0 {
		t.Errorf("b is still open: %+v", o)
	}
	w.clock.advance(2 * time.Minute)
	if _, o := w.take(slot, row); !o.Allowed || o.Left[0][calls] != 1 {
		t.Errorf("all have died: %+v", o)
	}
}

// A clock that steps back loses nothing.
func TestClockStepsBack(t *testing.T) {
	t.Parallel()
	w := newTwin(t)
	row := limited("m", requests, 2)
	w.take(one(), row)
	w.clock.advance(-10 * time.Second)
	if _, o := w.take(one(), row); !o.Allowed || o.Left[0][requests] != 0 {
		t.Errorf("got %+v", o)
	}
	if _, o := w.take(one(), row); o.Allowed || o.Wait[0][requests] != 60_700 {
		t.Errorf("got %+v", o)
	}
}

// Whatever happens, both engines say the same.
func TestEnginesAgree(t *testing.T) {
	t.Parallel()
	w := newTwin(t)
	random := rand.New(rand.NewPCG(1, 2))
	rows := []Draw{
		{scope("a"), Numbers{7, 900, 500, 3}}, {scope("b"), Numbers{20, Unlimited, 2000, Unlimited}},
		{scope("*"), Numbers{Unlimited, 2500, Unlimited, 5}}, {scope("c"), Numbers{0, 1, 1, 0}},
	}
	type open struct {
		c *Call
		o Outcome
	}
	var list []open
	for range 1500 {
		switch n := random.IntN(10); {
		case n < 5:
			var draws []Draw
			for _, i := range random.Perm(len(rows) - 1)[:1+random.IntN(3)] {
				draws = append(draws, rows[i])
			}
			if random.IntN(50) == 0 {
				draws = append(draws, rows[3])
			}
			c, o := w.take(Numbers{1, random.Int64N(300), random.Int64N(300), random.Int64N(2)}, draws...)
			if o.Allowed {
				list = append(list, open{c, o})
			}
		case n < 7 && len(list) > 0:
			i := random.IntN(len(list))
			w.settle(list[i].c, list[i].o.At, Numbers{0, random.Int64N(400) - 200, random.Int64N(400) - 200})
			list = append(list[:i], list[i+1:]...)
		case n == 7 && len(list) > 0:
			w.renew(list[random.IntN(len(list))].c)
		default:
			w.clock.advance(time.Duration(random.IntN(4000)) * time.Millisecond)
		}
		if random.IntN(200) == 0 {
			w.clock.advance(time.Duration(random.IntN(80)) * time.Second)
		}
	}
}

// Never more than the limit in any 60 s, also not between buckets.
func TestNeverMoreInAnySixtySeconds(t *testing.T) {
	t.Parallel()
	const most = 10
	w, random := newTwin(t), rand.New(rand.NewPCG(3, 4))
	var taken []time.Time
	for range 800 {
		w.clock.advance(time.Duration(random.IntN(600)) * time.Millisecond)
		if _, o := w.take(one(), limited("m", requests, most)); o.Allowed {
			taken = append(taken, w.clock.now())
		}
	}
	checkSpans(t, taken, most)
	if len(taken) < 3*most {
		t.Errorf("only %d were let through", len(taken))
	}
}

// checkSpans fails where more than most lie in any 60 s.
func checkSpans(t *testing.T, taken []time.Time, most int) {
	t.Helper()
	for i := range taken {
		if j := i + most; j < len(taken) && taken[j].Sub(taken[i]) < Window {
			t.Fatalf("%d requests in %s from %s on", most+1, taken[j].Sub(taken[i]), taken[i].Format("15:04:05.000"))
		}
	}
}

// What is idle is dropped, or memory would grow with every account that ever called.
func TestMemoryDropsWhatIsIdle(t *testing.T) {
	t.Parallel()
	c := newClock()
	m := NewMemory(c.now)
	size := func() (n int) {
		m.scopes.each(func(Scope, *usage) { n++ })
		return n
	}
	var held *Call
	for i := range 1000 {
		d := limited("m", requests, 5)
		d.Scope.Account = fmt.Sprint("acct_", i)
		d.Limits[calls] = 1
		call := &Call{ID: "c", Costs: one(), Draws: []Draw{d}}
		if i == 0 {
			call.Costs[calls], held = 1, call
		}
		if o, err := m.Take(t.Context(), call); err != nil || !o.Allowed {
			t.Fatal(o, err)
		}
	}
	tick := func() {
		t.Helper()
		if err := m.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c.advance(59 * time.Second)
	if tick(); size() != 1000 {
		t.Errorf("%d scopes within the window", size())
	}
	if err := m.Renew(t.Context(), []*Call{held}); err != nil {
		t.Fatal(err)
	}
	c.advance(15 * time.Second)
	if tick(); size() != 1 {
		t.Errorf("%d scopes, want the one with an open call", size())
	}
}

func BenchmarkTakeInMemory(b *testing.B) {
	m := NewMemory(nil)
	call := &Call{ID: "c", Costs: Numbers{1, 100, 100, 0}}
	for _, model := range []string{"m", "*", "k"} {
		call.Draws = append(call.Draws, Draw{scope(model), Numbers{maxLimit, maxLimit, maxLimit, Unlimited}})
	}
	b.ReportAllocs()
	for b.Loop() {
		if o, err := m.Take(context.Background(), call); err != nil || !o.Allowed {
			b.Fatal(o, err)
		}
	}
}
