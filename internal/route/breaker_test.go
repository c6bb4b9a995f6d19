package route_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"skytower/internal/route"
)

// step is one move of a story about the target t0.
type step struct {
	wait time.Duration
	// what: "good", "bad", "neutral" and "busy" are a whole try; "start" begins one that
	// stays open, and "end good", … ends the one that began first.
	what    string
	refused *route.Refused // instead of a try
	state   route.State    // after it
	row     int
}

func TestBreakerOfAnOnlyTarget(t *testing.T) {
	t.Parallel()
	const s = time.Second
	opened := []step{{0, "bad", nil, route.Closed, 1}, {0, "bad", nil, route.Closed, 2}, {0, "bad", nil, route.Open, 3}}
	openFor := func(d time.Duration) *route.Refused { return &route.Refused{Reason: route.Open, After: d} }
	busyFor := func(d time.Duration) *route.Refused { return &route.Refused{Reason: route.Busy, After: d} }
	for name, story := range map[string][]step{
		"a good one resets the row": {{0, "bad", nil, route.Closed, 1}, {0, "bad", nil, route.Closed, 2},
			{0, "good", nil, route.Closed, 0}, {0, "bad", nil, route.Closed, 1}, {0, "bad", nil, route.Closed, 2}},
		"neutral ones and full ones don't count": {{0, "bad", nil, route.Closed, 1}, {0, "bad", nil, route.Closed, 2},
			{0, "neutral", nil, route.Closed, 2}, {0, "busy", nil, route.Busy, 2}, {2 * s, "neutral", nil, route.Closed, 2}, {0, "bad", nil, route.Open, 3}},
		"one try a second, and a good one closes": append(slices.Clone(opened),
			step{0, "start", nil, route.Open, 3}, step{0, "start", openFor(s), route.Open, 3}, step{s / 4, "start", openFor(s * 3 / 4), route.Open, 3},
			step{s * 3 / 4, "bad", nil, route.Open, 4}, step{0, "end good", nil, route.Closed, 0}, step{0, "good", nil, route.Closed, 0}),
		"a probe that is good closes": append(slices.Clone(opened),
			step{10 * s, "start", nil, route.HalfOpen, 3}, step{0, "start", openFor(s), route.HalfOpen, 3}, step{0, "end good", nil, route.Closed, 0}),
		"a bad probe doubles the wait, eight times at most": append(slices.Clone(opened),
			step{10 * s, "bad", nil, route.Open, 4}, step{0, "start", openFor(s), route.Open, 4},
			step{19900 * time.Millisecond, "neutral", nil, route.Open, 4}, step{100 * time.Millisecond, "bad", nil, route.Open, 5},
			step{40 * s, "bad", nil, route.Open, 6}, step{80 * s, "bad", nil, route.Open, 7}, step{80 * s, "start", nil, route.HalfOpen, 7},
			step{0, "end good", nil, route.Closed, 0}, step{0, "bad", nil, route.Closed, 1}, step{0, "bad", nil, route.Closed, 2}, step{0, "bad", nil, route.Open, 3},
			step{10 * s, "start", nil, route.HalfOpen, 3}), // starts small again
		"a neutral probe makes way for the next": append(slices.Clone(opened),
			step{10 * s, "neutral", nil, route.HalfOpen, 3}, step{0, "good", nil, route.Closed, 0}),
		"a lost probe is given up": append(slices.Clone(opened),
			step{10 * s, "start", nil, route.HalfOpen, 3}, step{30 * s, "bad", nil, route.Open, 4}, step{0, "end good", nil, route.Open, 4}),
		"a late probe still counts": append(slices.Clone(opened),
			step{10 * s, "start", nil, route.HalfOpen, 3}, step{40 * s, "end good", nil, route.Closed, 0}),
		"tries from before it opened are no news": append([]step{{0, "start", nil, route.Closed, 0}, {0, "start", nil, route.Closed, 0}},
			append(slices.Clone(opened), step{10 * s, "start", nil, route.HalfOpen, 3},
				step{0, "end good", nil, route.HalfOpen, 3}, step{0, "end bad", nil, route.HalfOpen, 3}, step{0, "end good", nil, route.Closed, 0})...),
		"a bad try beside the probe says nothing new": append(slices.Clone(opened),
			step{9500 * time.Millisecond, "start", nil, route.Open, 3}, step{s, "start", nil, route.HalfOpen, 3},
			step{0, "end bad", nil, route.HalfOpen, 4}, step{0, "end good", nil, route.Closed, 0}),
		"busy is left alone": {{0, "busy", nil, route.Busy, 0}, {0, "start", busyFor(2 * s), route.Busy, 0},
			{1999 * time.Millisecond, "start", busyFor(time.Millisecond), route.Busy, 0}, {time.Millisecond, "good", nil, route.Closed, 0}},
		"the next chance may be the probe": append(slices.Clone(opened),
			step{9500 * time.Millisecond, "start", nil, route.Open, 3}, step{s / 5, "start", openFor(s * 3 / 10), route.Open, 3},
			step{s * 3 / 10, "start", nil, route.HalfOpen, 3}),
		"a probe may find it busy": append(slices.Clone(opened),
			step{10 * s, "busy", nil, route.HalfOpen, 3}, step{0, "start", busyFor(2 * s), route.HalfOpen, 3},
			step{2 * s, "bad", nil, route.Open, 4}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tell(t, story)
		})
	}
}

func tell(t *testing.T, story []step) {
	c := newClock()
	b, s := board(c, nil), weights(1)
	reports := map[string]route.Report{"good": good, "bad": bad, "neutral": neutral, "busy": overloaded(2 * time.Second)}
	var running []*route.Trip
	for n, step := range story {
		c.add(step.wait)
		verdict, ends := step.what, false
		if len(verdict) > 4 && verdict[:4] == "end " {
			verdict, ends = verdict[4:], true
		} else {
			trip := b.Begin("m", s, 0)
			_, err := trip.Next()
			if refused, _ := err.(*route.Refused); (refused == nil) != (step.refused == nil) || refused != nil && *refused != *step.refused {
				t.Fatalf("step %d %s: refused: %+v; want %+v", n, step.what, refused, step.refused)
			}
			if verdict == "start" && err == nil {
				running = append(running, &trip)
			} else if verdict != "start" {
				trip.Done(reports[verdict])
			}
		}
		if ends {
			running[0].Done(reports[verdict])
			running = running[1:]
		}
		if h := b.Health("t0"); h.State != step.state || h.Failures != step.row {
			t.Fatalf("step %d %s: %s, %d in a row; want %s, %d", n, step.what, h.State, h.Failures, step.state, step.row)
		}
	}
}

func TestOneProbeFromAFirstTryWithASpare(t *testing.T) {
	t.Parallel()
	c := newClock()
	b, s := board(c, nil), priorities(0, 0, 1, 0)
	fail(t, b, "t0")
	fail(t, b, "t3")
	c.add(10 * time.Second)
	trip := b.Begin("m", s, 0)
	if i, _ := trip.Next(); i != 0 {
		t.Fatalf("the first try got %d; want the probe", i)
	}
	var got []int
	for range 2 { // t3 is due as well: not for further tries, as long as another one serves
		i, _ := trip.Next()
		got = append(got, i)
	}
	if !slices.Equal(got, []int{1, 2}) {
		t.Errorf("then %v", got)
	}
	if i, _ := trip.Next(); i != 3 { // and better than nothing
		t.Errorf("at last %d", i)
	}
	probed := false
	for range 4 { // a round of turns: its probe was let go by the further tries
		probed = first(t, b, s, 0, good) == 0 || probed
	}
	if !probed {
		t.Error("a try that was not told of keeps its probe")
	}
}

func TestWhereAllAreDueTheLeastRecentlyFailedIsProbed(t *testing.T) {
	t.Parallel()
	c := newClock()
	b, s := board(c, nil), priorities(0, 1)
	fail(t, b, "t1")
	c.add(time.Second)
	fail(t, b, "t0")
	c.add(10 * time.Second)
	if got := first(t, b, s, 0, good); got != 1 {
		t.Errorf("got %d", got)
	}
}

func TestAClosedBreakerCountsAnew(t *testing.T) {
	t.Parallel()
	c := newClock()
	b, s := board(c, nil), weights(1)
	for i := range 20 {
		first(t, b, s, 0, route.Report{Verdict: []route.Verdict{route.Good, route.Bad}[i%2]})
	}
	first(t, b, s, 0, good)
	first(t, b, s, 0, bad)
	if got := b.Health("t0").State; got != route.Closed {
		t.Errorf("what was before it opened still counts: %s", got)
	}
}

func TestAProbeBesideASparePassesOneTry(t *testing.T) {
	t.Parallel()
	c := newClock()
	b, s := board(c, nil), weights(1, 1)
	fail(t, b, "t0")
	for range 4 {
		if got := first(t, b, s, 0, good); got != 1 {
			t.Fatal("an open target was used")
		}
	}
	c.add(10 * time.Second)
	probe := b.Begin("m", s, 0)
	for {
		if i, _ := probe.Next(); i == 0 {
			break
		}
		probe = b.Begin("m", s, 0)
	}
	for range 4 {
		if got := first(t, b, s, 0, good); got != 1 {
			t.Fatal("a second probe")
		}
	}
	probe.Done(good)
	if got := first(t, b, s, 0, good) + first(t, b, s, 0, good); got != 1 {
		t.Error("a closed target is not used")
	}
}

func TestLeastRecentlyFailedIsTriedWhenAllAreOpen(t *testing.T) {
	t.Parallel()
	c := newClock()
	b, s := board(c, nil), priorities(0, 1, 2)
	for _, name := range []string{"t1", "t2", "t0"} {
		fail(t, b, name)
		c.add(time.Millisecond)
	}
	if got := b.Peek("m", s, 0); !slices.Equal(got, []int{1, 2, 0}) {
		t.Errorf("Peek: %v", got)
	}
	order, refused := walk(t, b.Begin("m", s, 0), bad)
	if !slices.Equal(order, []int{1, 2, 0}) || refused.Reason != "" {
		t.Errorf("tried %v, %+v", order, refused)
	}
	order, refused = walk(t, b.Begin("m", s, 0), bad)
	if len(order) != 0 || *refused != (route.Refused{Reason: route.Open, After: time.Second}) {
		t.Errorf("at once again: %v, %+v", order, refused)
	}
}

func TestBusyTargetsStepAside(t *testing.T) {
	t.Parallel()
	c := newClock()
	b, s := board(c, nil), priorities(0, 1)
	first(t, b, s, 0, overloaded(5*time.Second))
	if got := b.Peek("m", s, 0); !slices.Equal(got, []int{1, 0}) {
		t.Errorf("Peek: %v", got)
	}
	order, refused := walk(t, b.Begin("m", s, 0), overloaded(9*time.Second))
	if !slices.Equal(order, []int{1}) || *refused != (route.Refused{Reason: route.Busy, After: 5 * time.Second}) {
		t.Errorf("tried %v, %+v", order, refused)
	}
	fail2 := priorities(0, 1)
	(*fail2)[0].Name = "other"
	fail(t, b, "other")
	if order, refused = walk(t, b.Begin("m2", fail2, 0), bad); !slices.Equal(order, []int{0}) || refused.Reason != route.Busy {
		t.Errorf("with one open: %v, %+v", order, refused)
	}
	if order, refused = walk(t, b.Begin("m2", fail2, 0), bad); len(order) != 0 || *refused != (route.Refused{Reason: route.Open, After: time.Second}) {
		t.Errorf("with one open: %v, %+v", order, refused)
	}
	c.add(5 * time.Second)
	if got := first(t, b, s, 0, good); got != 0 {
		t.Errorf("after its time: %d", got)
	}
}

func TestHowLongBusyLasts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ told, then, want time.Duration }{
		{0, 0, time.Second},
		{-time.Hour, 0, time.Second},
		{30 * time.Second, time.Second, 30 * time.Second}, // a shorter one doesn't shorten it
		{time.Second, 30 * time.Second, 30 * time.Second},
		{time.Hour, 0, time.Minute},
	} {
		clock := newClock()
		b, s := board(clock, nil), weights(1)
		one, other := b.Begin("m", s, 0), b.Begin("m", s, 0)
		_, _ = one.Next()
		_, _ = other.Next()
		one.Done(overloaded(c.told))
		other.Done(overloaded(c.then))
		if got := b.Health("t0").Until.Sub(clock.Now()); got != c.want {
			t.Errorf("%s, then %s: busy for %s; want %s", c.told, c.then, got, c.want)
		}
	}
}

func TestFlappingTargetsAreFoundOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		every time.Duration
		tries int
		want  route.State
	}{
		"half of twenty":           {100 * time.Millisecond, 20, route.Open},
		"of nineteen":              {100 * time.Millisecond, 19, route.Closed},
		"twenty in more than 10 s": {time.Second, 40, route.Closed},
	} {
		clock := newClock()
		b, s := board(clock, nil), weights(1)
		for i := range c.tries {
			first(t, b, s, 0, route.Report{Verdict: []route.Verdict{route.Good, route.Bad}[i%2]})
			clock.add(c.every)
		}
		if got := b.Health("t0").State; got != c.want {
			t.Errorf("%s: %s; want %s", name, got, c.want)
		}
	}
}

func TestABreakerThatNeverOpens(t *testing.T) {
	t.Parallel()
	b := route.New(route.Options{})
	for range 100 {
		first(t, b, weights(1), 0, bad)
	}
	if h := b.Health("t0"); h.State != route.Closed || h.Failures != 100 {
		t.Errorf("%+v", h)
	}
}

func TestWaitsAreSpread(t *testing.T) {
	t.Parallel()
	for random, want := range map[float64]time.Duration{0: 9 * time.Second, 0.5: 10 * time.Second, 1: 11 * time.Second} {
		c := newClock()
		b := route.New(route.Options{Failures: 3, Now: c.Now, Random: func() float64 { return random }})
		fail(t, b, "t0")
		if got := b.Health("t0").Until.Sub(c.Now()); (got - want).Abs() > time.Microsecond {
			t.Errorf("at %v: %s; want %s", random, got, want)
		}
	}
}

func TestChangesAreToldOnce(t *testing.T) {
	t.Parallel()
	c := newClock()
	var heard []string
	b := board(c, func(target string, s route.State) { heard = append(heard, fmt.Sprint(target, " ", s)) })
	s := weights(1)
	for _, r := range []route.Report{bad, bad, bad, bad} { // the last one beside the breaker
		first(t, b, s, 0, r)
	}
	c.add(10 * time.Second)
	for _, r := range []route.Report{neutral, bad, bad} {
		first(t, b, s, 0, r)
		c.add(time.Second)
	}
	c.add(20 * time.Second)
	first(t, b, s, 0, good)
	first(t, b, s, 0, good)
	first(t, b, s, 0, overloaded(time.Second))
	if want := []string{"t0 open", "t0 half_open", "t0 open", "t0 half_open", "t0 closed"}; !slices.Equal(heard, want) {
		t.Errorf("heard %q; want %q", heard, want)
	}
}
