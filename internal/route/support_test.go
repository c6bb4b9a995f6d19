package route_test

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"skytower/internal/route"
)

// clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// middle makes breakers wait for exactly Options.Open, and no request measures again.
func middle() float64 { return 0.5 }

// board has three failures to a breaker that opens for ten seconds.
func board(c *clock, change func(string, route.State)) *route.Board {
	return route.New(route.Options{Failures: 3, Open: 10 * time.Second, RetryPercent: -1, Now: c.Now, Random: middle, OnChange: change})
}

// tester is a *testing.T, a *testing.B or a *rapid.T.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

type set []route.Target

func (s *set) Len() int                  { return len(*s) }
func (s *set) Target(i int) route.Target { return (*s)[i] }

// weights is a set of equal priorities with the targets t0, t1, …
func weights(list ...int) *set {
	s := &set{}
	for i, w := range list {
		*s = append(*s, route.Target{Name: fmt.Sprintf("t%d", i), Weight: w})
	}
	return s
}

// priorities is a set with the targets t0, t1, … of weight 1.
func priorities(list ...int) *set {
	s := weights(list...)
	for i, p := range list {
		(*s)[i].Priority, (*s)[i].Weight = p, 1
	}
	return s
}

var (
	good    = route.Report{Verdict: route.Good}
	bad     = route.Report{Verdict: route.Bad}
	neutral = route.Report{Verdict: route.Neutral}
)

func overloaded(d time.Duration) route.Report {
	return route.Report{Verdict: route.Overloaded, RetryAfter: d}
}

// first is what one request is given first; its report is handed in.
func first(t tester, b *route.Board, s route.Set, sticky uint64, r route.Report) int {
	t.Helper()
	trip := b.Begin("m", s, sticky)
	i, err := trip.Next()
	if err != nil {
		t.Fatalf("no target: %v", err)
	}
	trip.Done(r)
	return i
}

// walk are all tries of one request, with the same report for each, and why it ended.
func walk(t tester, trip route.Trip, r route.Report) ([]int, *route.Refused) {
	t.Helper()
	var order []int
	for {
		i, err := trip.Next()
		if err != nil {
			var refused *route.Refused
			if !errors.As(err, &refused) || i != -1 {
				t.Fatalf("%d, %v", i, err)
			}
			return order, refused
		}
		order = append(order, i)
		trip.Done(r)
	}
}

// fail reports three failures of a target by a model of its own.
func fail(t tester, b *route.Board, name string) {
	t.Helper()
	alone := &set{{Name: name, Weight: 1}}
	for range 3 {
		trip := b.Begin("fails: "+name, alone, 0)
		if _, err := trip.Next(); err != nil {
			t.Fatal(err)
		}
		trip.Done(bad)
	}
	if s := b.Health(name).State; s != route.Open {
		t.Fatalf("%s is %s", name, s)
	}
}

// answer reports one answer of a target by a model of its own.
func answer(t tester, b *route.Board, name string, firstByte time.Duration, perSecond int64) {
	t.Helper()
	trip := b.Begin("answers: "+name, &set{{Name: name, Weight: 1}}, 0)
	if _, err := trip.Next(); err != nil {
		t.Fatal(err)
	}
	trip.Done(route.Report{Verdict: route.Good, FirstByte: firstByte, Took: firstByte + time.Second, Tokens: perSecond})
}
