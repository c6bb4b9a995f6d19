package route_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"skytower/internal/route"
)

// The budget is compared with a bucket that is filled and cut at each step.
func TestRetryBudget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		percent := rapid.SampledFrom([]int{0, 1, 20, 100, 1000}).Draw(t, "percent")
		c := newClock()
		b := route.New(route.Options{RetryPercent: percent, Now: c.Now})
		s := weights(1, 1)
		level := 100 * 100 // hundredths of a token: ten seconds of the floor
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			d := rapid.IntRange(0, 30_000).Draw(t, "milliseconds") >> rapid.IntRange(0, 15).Draw(t, "less")
			c.add(time.Duration(d) * time.Millisecond)
			level = min(level+d, 20_000)
			for range rapid.IntRange(1, 150).Draw(t, "requests") {
				level = min(level+percent, 20_000)
				retried := retries(t, b, s)
				if want := level >= 100; retried != want {
					t.Fatalf("a further try: %t, with %d hundredths", retried, level)
				}
				if retried {
					level -= 100
				}
			}
		}
	})
}

func retries(t tester, b *route.Board, s route.Set) bool {
	trip := b.Begin("m", s, 0)
	if _, err := trip.Next(); err != nil {
		t.Fatal(err)
	}
	_, err := trip.Next()
	var refused *route.Refused
	if errors.As(err, &refused) && *refused != (route.Refused{}) {
		t.Fatalf("%+v", refused)
	}
	return err == nil
}

func TestTheBudgetIsOfAllModelsAndPaysForTriesAlone(t *testing.T) {
	t.Parallel()
	b := route.New(route.Options{Failures: 3, Now: newClock().Now})
	trip := b.Begin("busy", &set{{Name: "busy", Weight: 1}}, 0)
	_, _ = trip.Next()
	trip.Done(overloaded(time.Minute))
	beside := &set{{Name: "serves", Weight: 1}, {Name: "busy", Priority: 1, Weight: 1}}
	for range 200 { // no other target serves: no token is taken
		if order, refused := walk(t, b.Begin("m", beside, 0), good); len(order) != 1 || refused.Reason != route.Busy {
			t.Fatalf("%v, %+v", order, refused)
		}
	}
	for i := range 100 {
		if !retries(t, b, weights(1, 1)) {
			t.Fatalf("try %d was refused", i)
		}
	}
	if order, refused := walk(t, b.Begin("other", weights(1, 1), 0), good); len(order) != 1 || *refused != (route.Refused{}) {
		t.Errorf("another model: %v, %+v", order, refused)
	}
}

func TestAverages(t *testing.T) {
	t.Parallel()
	const ms, s = time.Millisecond, time.Second
	c := newClock()
	b := board(c, nil)
	check := func(what string, firstByte time.Duration, perSecond float64) {
		t.Helper()
		h := b.Health("t0")
		if (h.FirstByte-firstByte).Abs() > ms || math.Abs(h.PerSecond-perSecond) > perSecond/100 {
			t.Errorf("%s: %s, %.1f/s; want %s, %.1f/s", what, h.FirstByte, h.PerSecond, firstByte, perSecond)
		}
	}
	answer(t, b, "t0", 900*ms, 90)
	check("the first", 900*ms, 90)
	answer(t, b, "t0", 300*ms, 30)
	check("the first two count alike", 600*ms, 60)
	for range 200 {
		answer(t, b, "t0", 100*ms, 100)
	}
	check("many", 100*ms, 100)
	for range 20 {
		answer(t, b, "t0", 300*ms, 300)
	}
	check("half after 20 reports", 200*ms, 200)
	c.add(30 * s)
	answer(t, b, "t0", 100*ms, 100)
	check("half after 30 seconds", 150*ms, 150)
	for _, r := range []route.Report{ // these say nothing
		{Verdict: route.Bad, FirstByte: s, Took: 2 * s, Tokens: 100},
		{Verdict: route.Neutral, FirstByte: s, Took: 2 * s, Tokens: 100},
		{Verdict: route.Good},
		{Verdict: route.Good, Took: 2 * s, Tokens: 100},
		{Verdict: route.Good, FirstByte: 150 * ms, Took: s, Tokens: 15},
		{Verdict: route.Good, FirstByte: 150 * ms, Took: 150 * ms, Tokens: 100},
		{Verdict: route.Good, FirstByte: 150 * ms, Took: 151 * ms, Tokens: 100}, // not streamed
	} {
		first(t, b, weights(1), 0, r)
	}
	check("reports without figures", 150*ms, 150)
	c.add(10*time.Minute - 1)
	check("just before ten minutes", 150*ms, 150)
	c.add(1)
	check("after ten minutes", 0, 0)
	answer(t, b, "t0", 700*ms, 70)
	check("anew", 700*ms, 70)
}

func TestHealthIsByNameOverModels(t *testing.T) {
	t.Parallel()
	b := board(newClock(), nil)
	fail(t, b, "t0")
	if got := first(t, b, weights(1, 1), 0, good); got != 1 {
		t.Error("another model uses a target that is out")
	}
	if h := b.Health("never seen"); h != (route.Health{Target: "never seen", State: route.Closed}) {
		t.Errorf("%+v", h)
	}
}

func TestWhatIsGoneIsForgotten(t *testing.T) {
	t.Parallel()
	c := newClock()
	b := board(c, nil)
	names := func() (out []string) {
		for _, h := range b.Known() {
			out = append(out, h.Target)
		}
		return out
	}
	first(t, b, weights(1, 1, 1), 0, good)
	if got := names(); !slices.Equal(got, []string{"t0", "t1", "t2"}) {
		t.Fatalf("known: %v", got)
	}
	c.add(59 * time.Minute)
	first(t, b, weights(1, 1), 0, bad) // t2 left the model
	if got := names(); len(got) != 3 {
		t.Errorf("within the hour: %v", got)
	}
	for range 3 {
		c.add(21 * time.Minute)
		first(t, b, weights(1, 1), 0, bad)
	}
	if got := names(); !slices.Equal(got, []string{"t0", "t1"}) {
		t.Errorf("after the hour: %v", got)
	}
	c.add(time.Hour)
	if got := names(); len(got) != 0 {
		t.Errorf("without calls: %v", got)
	}
	if got := first(t, b, weights(1, 1), 0, good); got != 0 || b.Health("t0").Failures != 0 || len(names()) != 2 {
		t.Error("the model does not start anew")
	}
}

// atOnce runs requests of one model together and counts their first targets.
func atOnce(b *route.Board, s *set, workers, each int) []int64 {
	count := make([]atomic.Int64, s.Len())
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range each {
				trip := b.Begin("m", s, 0)
				if i, err := trip.Next(); err == nil {
					count[i].Add(1)
				}
			}
		})
	}
	all.Wait()
	out := make([]int64, len(count))
	for i := range count {
		out[i] = count[i].Load()
	}
	return out
}

func TestSharesAreExactAtOnce(t *testing.T) {
	t.Parallel()
	for _, list := range [][]int{{5, 2, 1}, {3001, 1201, 601}} { // by turns that are laid down, and by a lock
		b, s := board(newClock(), nil), weights(list...)
		sum := int64((*s)[0].Weight + (*s)[1].Weight + (*s)[2].Weight)
		got := atOnce(b, s, 8, int(sum))
		for i, n := range got {
			if n != 8*int64((*s)[i].Weight) {
				t.Errorf("weights %v: %v", list, got)
			}
		}
		fail(t, b, "t0")
		if got = atOnce(b, s, 8, (*s)[1].Weight+(*s)[2].Weight); got[0] != 0 || got[1] != 8*int64((*s)[1].Weight) {
			t.Errorf("weights %v, without the first: %v", list, got)
		}
	}
}

func TestOneProbeAtOnce(t *testing.T) {
	t.Parallel()
	c := newClock()
	b, s := board(c, nil), weights(1, 1)
	for range 20 {
		fail(t, b, "t0")
		c.add(10 * time.Second)
		if got := atOnce(b, s, 8, 5); got[0] != 1 || got[1] != 39 {
			t.Fatalf("one probe, and the rest: %v", got)
		}
		c.add(30 * time.Second) // none was told of
		if got := atOnce(b, s, 8, 5); got[0] != 1 || got[1] != 39 {
			t.Fatalf("another probe: %v", got)
		}
		c.add(30 * time.Second)
		for first(t, b, s, 0, good) != 0 {
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	var opened, closed atomic.Int64
	b := route.New(route.Options{Failures: 3, Open: 100 * time.Microsecond, RetryPercent: -1,
		OnChange: func(_ string, s route.State) {
			switch s {
			case route.Open:
				opened.Add(1)
			case route.Closed:
				closed.Add(1)
			}
		}})
	sets := []*set{weights(3, 2, 1), weights(1, 1, 1, 1), priorities(0, 0, 1, 2)}
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 1000 {
				traffic(t, b, sets, worker, i)
			}
		})
	}
	all.Wait()
	if opened.Load() == 0 || closed.Load() == 0 {
		t.Errorf("opened %d, closed %d times", opened.Load(), closed.Load())
	}
}

func traffic(t *testing.T, b *route.Board, sets []*set, worker, i int) {
	verdicts := []route.Verdict{route.Good, route.Bad, route.Bad, route.Bad, route.Neutral, route.Bad, route.Good, route.Good}
	n := (worker + i/100) % len(sets)
	trip := b.Begin(fmt.Sprint("m", n), sets[n], uint64(i%2*worker))
	var tried [4]bool
	for {
		j, err := trip.Next()
		if err != nil {
			break
		}
		if tried[j] {
			t.Errorf("target %d twice", j)
		}
		tried[j] = true
		trip.Done(route.Report{Verdict: verdicts[(i/50+j)%len(verdicts)], FirstByte: time.Millisecond, Took: time.Second, Tokens: 100})
	}
	if i%10 == 0 {
		b.Peek("m0", sets[0], 1)
		b.Choose(route.Balanced, []route.Option{{Model: "m0", Targets: sets[0]}, {Model: "m1", Targets: sets[1]}}, 1)
		b.Known()
	}
}
