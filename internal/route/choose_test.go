package route_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"skytower/internal/route"
)

// models are options of one target each, that has the model's name.
func models(costs ...int64) []route.Option {
	var out []route.Option
	for i, cost := range costs {
		name := fmt.Sprintf("m%d", i)
		out = append(out, route.Option{Model: name, Targets: &set{{Name: name, Weight: 1}}, Cost: cost})
	}
	return out
}

func indexes(list []route.Ranked) (out []int) {
	for _, r := range list {
		out = append(out, r.Index)
	}
	return out
}

func TestFixedKeepsTheOrder(t *testing.T) {
	t.Parallel()
	b := board(newClock(), nil)
	fail(t, b, "m1")
	for sticky := range uint64(5) {
		got := b.Choose(route.Fixed, models(9, 1, 5), sticky)
		if !slices.Equal(indexes(got), []int{0, 2, 1}) || got[2].Healthy || got[2].NotCounted != "every target failed too often" || got[0].Preferred {
			t.Errorf("%+v", got)
		}
	}
}

func TestCheapestGoesByCost(t *testing.T) {
	t.Parallel()
	b := board(newClock(), nil)
	got := b.Choose(route.Cheapest, models(-1, 300, 0, 200), 0)
	if !slices.Equal(indexes(got), []int{2, 3, 1, 0}) || got[3].NotCounted != "its cost is not known" || got[2].NotCounted != "" {
		t.Errorf("%+v", got)
	}
	leads := map[int]bool{}
	for sticky := range uint64(50) {
		r := b.Choose(route.Cheapest, models(1000, 1009, 1011, -1), sticky)
		leads[r[0].Index] = true
		if r[0].Preferred != (sticky != 0) || r[2].Index != 2 || sticky == 0 && r[0].Index != 0 {
			t.Fatalf("key %d: %+v", sticky, r)
		}
	}
	if len(leads) != 2 {
		t.Errorf("keys lead to %v", leads)
	}
}

func TestFastestGoesByTime(t *testing.T) {
	t.Parallel()
	b := board(newClock(), nil)
	answer(t, b, "m0", 100*time.Millisecond, 50)  // 0.1 + 5.12 s
	answer(t, b, "m1", time.Second, 200)          // 1 + 1.28 s
	answer(t, b, "m2", 500*time.Millisecond, 100) // 0.5 + 2.56 s
	options := models(-1, -1, -1)
	got := b.Choose(route.Fastest, options, 0)
	if !slices.Equal(indexes(got), []int{1, 2, 0}) || math.Abs(got[0].Score-2.28) > 1e-6 || got[0].FirstByte != time.Second || math.Abs(got[0].PerSecond-200) > 1e-6 {
		t.Errorf("256 tokens: %+v", got)
	}
	for i := range options {
		options[i].Output = 10
	}
	if got = b.Choose(route.Fastest, options, 0); !slices.Equal(indexes(got), []int{0, 2, 1}) {
		t.Errorf("10 tokens: %+v", got)
	}
}

func TestNewcomersAreMeasuredNowAndThen(t *testing.T) {
	t.Parallel()
	c := newClock()
	b := board(c, nil)
	options := models(-1, -1, -1)
	answer(t, b, "m0", time.Second, 100)
	next := func() (int, bool) {
		r := b.Choose(route.Fastest, options, 7)
		return r[0].Index, r[0].Exploring
	}
	check := func(what string, want int, exploring bool) {
		t.Helper()
		if p := b.Preview(route.Fastest, options, 7)[0]; p.Index != want || p.Exploring != exploring {
			t.Errorf("%s: Preview says %+v", what, p)
		}
		if i, e := next(); i != want || e != exploring {
			t.Errorf("%s: %d, %t; want %d, %t", what, i, e, want, exploring)
		}
	}
	check("the first newcomer", 1, true)
	check("the second", 2, true)
	check("both are being measured", 0, false)
	c.add(5 * time.Second)
	check("no news of the first", 1, true)
	answer(t, b, "m2", 2*time.Second, 100)
	check("no news for seconds", 0, false)
	c.add(5 * time.Second)
	check("longer than before", 0, false)
	c.add(5 * time.Second)
	check("and again", 1, true)
	fail(t, b, "m1")
	c.add(time.Minute - time.Second)
	answer(t, b, "m0", time.Second, 100)
	check("its breaker is due: it may be probed", 1, true)
	answer(t, b, "m1", time.Second/2, 100)
	check("measured", 1, false)
}

func TestOldFiguresAreMeasuredAgain(t *testing.T) {
	t.Parallel()
	for _, policy := range []route.Policy{route.Fastest, route.Balanced} {
		c := newClock()
		random := 0.5
		b := route.New(route.Options{Failures: 3, Now: c.Now, Random: func() float64 { return random }})
		options := models(-1, -1, -1)
		answer(t, b, "m2", 3*time.Second, 100)
		c.add(time.Second)
		answer(t, b, "m1", 2*time.Second, 100)
		c.add(time.Minute)
		answer(t, b, "m0", time.Second, 100)
		want := func(what string, index int, exploring bool) {
			t.Helper()
			if r := b.Choose(policy, options, 0)[0]; r.Index != index || r.Exploring != exploring {
				t.Errorf("%s, %s: %+v", policy, what, r)
			}
		}
		want("most requests", 0, false)
		random = 0.0199
		want("a few", 2, true)
		answer(t, b, "m2", 3*time.Second, 100)
		want("the next oldest", 1, true)
		answer(t, b, "m1", 2*time.Second, 100)
		want("all fresh", 0, false)
		if r := b.Preview(policy, options, 0)[0]; r.Exploring {
			t.Errorf("Preview: %+v", r)
		}
	}
}

func TestBalancedWeighsBoth(t *testing.T) {
	t.Parallel()
	b := board(newClock(), nil)
	answer(t, b, "m0", time.Second, 1000)   // 1.256 s
	answer(t, b, "m1", time.Second, 100)    // 3.56 s: 2.83 times
	answer(t, b, "m2", 2*time.Second, 1000) // 2.256 s: 1.8 times
	got := b.Choose(route.Balanced, models(300, 100, 110, -1), 0)
	want := []float64{3 + 1, 1 + 3.56/1.256, 1.1 + 2.256/1.256, 1.1 + 2.256/1.256} // the last one by the medians
	for _, r := range got {
		if math.Abs(r.Score-want[r.Index]) > 0.001 {
			t.Errorf("option %d scores %f; want %f", r.Index, r.Score, want[r.Index])
		}
	}
	if !slices.Equal(indexes(got), []int{2, 3, 1, 0}) {
		t.Errorf("%+v", got)
	}
	if got := b.Choose(route.Balanced, models(0, 100, 0, 200), 0); got[0].Index != 0 || got[0].Score != 1 {
		t.Errorf("free ones: %+v", got)
	}
}

func TestAnOptionIsAsGoodAsItsUsableTargets(t *testing.T) {
	t.Parallel()
	c := newClock()
	b := board(c, nil)
	options := []route.Option{
		{Model: "a", Targets: &set{{"fast", 0, 1}, {"slow", 1, 1}}},
		{Model: "b", Targets: &set{{"middle", 0, 3}, {"slower", 0, 1}}},
		{Model: "none", Targets: &set{}},
	}
	answer(t, b, "fast", time.Second, 1000)
	answer(t, b, "middle", 2*time.Second, 1000)
	answer(t, b, "slower", 4*time.Second, 1000)
	answer(t, b, "slow", 9*time.Second, 1000)
	got := b.Choose(route.Fastest, options, 0)
	if !slices.Equal(indexes(got), []int{0, 1, 2}) || got[1].FirstByte != 2500*time.Millisecond || got[2].NotCounted != "it has no target" {
		t.Errorf("%+v", got)
	}
	fail(t, b, "fast")
	if got = b.Choose(route.Fastest, options, 0); !slices.Equal(indexes(got), []int{1, 0, 2}) || !got[1].Healthy || got[1].FirstByte != 9*time.Second {
		t.Errorf("without the fast target: %+v", got)
	}
	trip := b.Begin("x", &set{{"slow", 0, 1}}, 0)
	_, _ = trip.Next()
	trip.Done(overloaded(time.Minute))
	if got = b.Choose(route.Fastest, options, 0); got[1].Healthy || got[1].NotCounted != "every target failed too often" {
		t.Errorf("one failed, one busy: %+v", got)
	}
	c.add(10 * time.Second)
	if got = b.Choose(route.Fastest, options, 0); !got[0].Healthy || got[0].Index != 0 {
		t.Errorf("due for its probe: %+v", got)
	}
}

// Whatever is known: all options are ranked, once, with finite scores, healthy ones first;
// and replicas that know the same lead a key to the same model.
func TestRanksAreWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		costs := rapid.SliceOfN(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1, 3)), 0, 6).Draw(t, "costs")
		options := models(costs...)
		c := newClock()
		b, replica := board(c, nil), board(c, nil)
		for i := range options {
			options[i].Output = rapid.OneOf(rapid.Int64(), rapid.Just(int64(0))).Draw(t, "output")
			name, firstByte := options[i].Model, time.Duration(rapid.Int64Min(1).Draw(t, "first byte")/2)
			switch rapid.IntRange(0, 2).Draw(t, "known") {
			case 1:
				answer(t, b, name, firstByte, 100)
				answer(t, replica, name, firstByte, 100)
			case 2:
				fail(t, b, name)
				fail(t, replica, name)
			}
		}
		policy := rapid.SampledFrom([]route.Policy{route.Fixed, route.Cheapest, route.Fastest, route.Balanced, "else"}).Draw(t, "policy")
		sticky := rapid.Uint64Range(0, 5).Draw(t, "sticky")
		got := b.Choose(policy, options, sticky)
		if !slices.Equal(got, replica.Preview(policy, options, sticky)) {
			t.Fatal("replicas differ")
		}
		seen := map[int]bool{}
		for i, r := range got {
			seen[r.Index] = true
			if math.IsNaN(r.Score) || math.IsInf(r.Score, 0) {
				t.Fatalf("score %v", r.Score)
			}
			if i > 0 && r.Healthy && !got[i-1].Healthy || !r.Healthy && r.NotCounted == "" {
				t.Fatalf("%+v", got)
			}
		}
		if len(seen) != len(options) || len(got) != len(options) {
			t.Fatalf("%d of %d", len(seen), len(options))
		}
	})
}
