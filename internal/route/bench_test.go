package route_test

import (
	"testing"
	"time"

	"skytower/internal/route"
)

var streamed = route.Report{Verdict: route.Good, FirstByte: 300 * time.Millisecond, Took: 2 * time.Second, Tokens: 200}

// TestTripsNeedNoMemory is not parallel: AllocsPerRun counts the whole process.
func TestTripsNeedNoMemory(t *testing.T) {
	b := route.New(route.Options{Failures: 5, RetryPercent: -1})
	broken := route.New(route.Options{Failures: 3, RetryPercent: -1})
	fail(t, broken, "t1")
	for name, c := range map[string]struct {
		board  *route.Board
		set    *set
		sticky uint64
	}{
		"one target":           {b, weights(1), 0},
		"three":                {b, weights(3, 2, 1), 0},
		"sticky":               {b, weights(3, 2, 1), 7},
		"one of three is open": {broken, weights(3, 2, 1), 0},
		"many turns":           {b, weights(4999, 2, 1), 0},
	} {
		n := testing.AllocsPerRun(200, func() {
			trip := c.board.Begin(name, c.set, c.sticky)
			_, _ = trip.Next()
			trip.Done(streamed)
			if len(*c.set) > 1 {
				_, _ = trip.Next()
			}
			trip.Done(streamed)
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkTrip(b *testing.B) {
	degraded := route.New(route.Options{Failures: 3, Open: time.Hour})
	fail(b, degraded, "t1")
	for _, c := range []struct {
		name   string
		board  *route.Board
		set    *set
		sticky uint64
	}{
		{"1 target", nil, weights(1), 0},
		{"3 targets", nil, weights(3, 2, 1), 0},
		{"3 targets, by lock", nil, weights(3001, 2001, 1001), 0},
		{"3 targets, one open", degraded, weights(3, 2, 1), 0},
		{"sticky", nil, weights(3, 2, 1), 7},
	} {
		if c.board == nil {
			c.board = route.New(route.Options{Failures: 5, RetryPercent: 20})
		}
		b.Run(c.name+"/begin and next", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				trip := c.board.Begin("model", c.set, c.sticky)
				_, _ = trip.Next()
			}
		})
		b.Run(c.name+"/whole", func(b *testing.B) {
			for b.Loop() {
				trip := c.board.Begin("model", c.set, c.sticky)
				_, _ = trip.Next()
				trip.Done(streamed)
			}
		})
		b.Run(c.name+"/parallel", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					trip := c.board.Begin("model", c.set, c.sticky)
					_, _ = trip.Next()
					trip.Done(streamed)
				}
			})
		})
		b.Run(c.name+"/parallel begin and next", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					trip := c.board.Begin("model", c.set, c.sticky)
					_, _ = trip.Next()
				}
			})
		})
	}
}

func BenchmarkChoose(b *testing.B) {
	board := route.New(route.Options{Failures: 5})
	options := models(100, 200, 300, 400, 500)
	for _, o := range options {
		answer(b, board, o.Model, time.Second, 100)
	}
	for _, policy := range []route.Policy{route.Fixed, route.Cheapest, route.Fastest, route.Balanced} {
		b.Run(string(policy), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				board.Choose(policy, options, 7)
			}
		})
	}
}
