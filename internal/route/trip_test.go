package route_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"skytower/internal/route"
)

func TestTargetsAreTriedByPriorityAndOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.IntRange(-2, 3), 0, 100).Draw(t, "priorities")
		sticky := rapid.Uint64Range(0, 2).Draw(t, "sticky")
		b, s := board(newClock(), nil), priorities(list...)
		peek := b.Peek("m", s, sticky)
		trip := b.Begin("m", s, sticky)
		order := []int{}
		for {
			i, err := trip.Next()
			if err != nil {
				if r := err.(*route.Refused); r.Reason != "" || r.After != 0 {
					t.Fatalf("%+v", r)
				}
				break
			}
			order = append(order, i)
			trip.Done(bad)
		}
		if !slices.Equal(order, peek) && len(order) > 0 {
			t.Fatalf("tried %v; Peek said %v", order, peek)
		}
		if !slices.IsSortedFunc(order, func(i, j int) int { return list[i] - list[j] }) {
			t.Fatalf("order %v of priorities %v", order, list)
		}
		slices.Sort(order)
		if len(order) != len(list) || len(slices.Compact(order)) != len(list) {
			t.Fatalf("tried %v of %d", order, len(list))
		}
	})
}

// In any run of turns as long as all weights together, each target has exactly its weight,
// and in any shorter run its share, give or take less than one turn per other target.
func TestWeightsAreExactAndSpread(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.IntRange(0, 30), 1, 6).Draw(t, "weights")
		if rapid.IntRange(0, 30).Draw(t, "large") == 0 {
			list = append(list, 4999) // too many turns to lay down beforehand
		}
		exactAndSpread(t, list)
	})
}

func exactAndSpread(t *rapid.T, list []int) {
	b, s := board(newClock(), nil), weights(list...)
	sum := 0
	for i := range list {
		list[i] = max(list[i], 1)
		sum += list[i]
	}
	count := make([]int, len(list))
	for turn := 1; turn <= 2*sum; turn++ {
		trip := b.Begin("m", s, 0)
		i, err := trip.Next()
		if err != nil {
			t.Fatal(err)
		}
		count[i]++
		for j, w := range list {
			want := float64(turn) * float64(w) / float64(sum)
			if off := math.Abs(float64(count[j]) - want); off >= float64(len(list)) || turn%sum == 0 && off > 1e-6 {
				t.Fatalf("weights %v, turn %d: %v", list, turn, count)
			}
		}
	}
}

func TestTurnsOfNginx(t *testing.T) {
	t.Parallel()
	b, s := board(newClock(), nil), weights(5, 1, 1)
	var got []int
	for range 7 {
		got = append(got, first(t, b, s, 0, good))
	}
	if want := []int{0, 0, 1, 0, 2, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("got %v; want %v", got, want)
	}
}

func TestTheRestKeepTheirSharesExactly(t *testing.T) {
	t.Parallel()
	for _, list := range [][]int{{7, 3, 2}, {7000, 300, 200}, {1, 3, 2}, {4000, 3, 2}} {
		b, s := board(newClock(), nil), weights(list...)
		fail(t, b, "t0")
		count := [3]int{}
		for range list[1] + list[2] {
			count[first(t, b, s, 0, good)]++
		}
		if count != [3]int{0, list[1], list[2]} {
			t.Errorf("weights %v without the first: %v", list, count)
		}
	}
}

func TestTurnsGoOnWhenTheSetIsReadAnew(t *testing.T) {
	t.Parallel()
	b := board(newClock(), nil)
	var got []int
	for range 7 {
		got = append(got, first(t, b, weights(5, 1, 1), 0, good)) // another pointer each time
	}
	if want := []int{0, 0, 1, 0, 2, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("equal sets: %v; want %v", got, want)
	}
	if got := first(t, b, weights(1, 5, 1), 0, good); got != 1 {
		t.Errorf("after a change of weights: %d", got)
	}
}

type loose []route.Target // can't be compared

func (s loose) Len() int                  { return len(s) }
func (s loose) Target(i int) route.Target { return s[i] }

func TestSetsOfAnyKind(t *testing.T) {
	t.Parallel()
	b := board(newClock(), nil)
	for range 3 {
		first(t, b, loose(*weights(1, 1)), 0, good)
	}
	for _, s := range []route.Set{nil, loose{}, weights()} {
		if order, refused := walk(t, b.Begin("m", s, 0), good); len(order) != 0 || *refused != (route.Refused{}) {
			t.Errorf("%v: %v, %+v", s, order, refused)
		}
		if got := b.Peek("m", s, 0); len(got) != 0 {
			t.Errorf("Peek: %v", got)
		}
	}
}

func TestStickyKeysStay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.IntRange(1, 20), 2, 6).Draw(t, "weights")
		keys := rapid.SliceOfN(rapid.Uint64Min(1), 1, 50).Draw(t, "keys")
		gone := rapid.IntRange(0, len(list)-1).Draw(t, "gone")
		a, replica, s := board(newClock(), nil), board(newClock(), nil), weights(list...)
		before := map[uint64]int{}
		for _, key := range keys {
			trip := a.Begin("m", s, key)
			before[key], _ = trip.Next()
			second, _ := trip.Next()
			other := replica.Begin("other", s, key)
			if got, _ := other.Next(); got != before[key] {
				t.Fatalf("replicas: %d, %d", got, before[key])
			}
			if before[key] == gone {
				before[key] = second // where it goes when the first is out
			}
		}
		fail(t, a, fmt.Sprintf("t%d", gone))
		for _, key := range keys {
			trip := a.Begin("m", s, key)
			if got, _ := trip.Next(); got != before[key] {
				t.Fatalf("key %d moved from %d to %d; %d is out", key, before[key], got, gone)
			}
		}
	})
}

func TestStickySharesFollowWeights(t *testing.T) {
	t.Parallel()
	b, s := board(newClock(), nil), weights(1, 2, 5)
	count := [3]float64{}
	const keys = 20_000
	for key := range uint64(keys) {
		trip := b.Begin("m", s, key+1)
		i, _ := trip.Next()
		count[i]++
	}
	for i, share := range []float64{1. / 8, 2. / 8, 5. / 8} {
		if got := count[i] / keys; math.Abs(got-share) > 0.015 { // 4.4 standard deviations
			t.Errorf("target %d has %.3f of the keys; want %.3f", i, got, share)
		}
	}
}

func TestPeekTakesNothing(t *testing.T) {
	t.Parallel()
	for _, list := range [][]int{{2, 1, 1}, {4999, 2, 1}} {
		b, s := board(newClock(), nil), weights(list...)
		for range 8 {
			order := b.Peek("m", s, 0)
			if again := b.Peek("m", s, 0); !slices.Equal(order, again) {
				t.Fatalf("%v, then %v", order, again)
			}
			if got := first(t, b, s, 0, good); got != order[0] {
				t.Fatalf("Peek said %v, got %d", order, got)
			}
		}
	}
}
