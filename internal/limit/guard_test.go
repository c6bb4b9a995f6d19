package limit

import (
	"fmt"
	"testing"
	"time"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	c, g := newClock(), NewGuard(5)
	for i := range 5 {
		if ok, _ := g.Allow("a", c.now()); !ok {
			t.Fatalf("number %d was refused", i)
		}
	}
	ok, pause := g.Allow("a", c.now())
	if ok || pause < time.Minute || pause > 70*time.Second || pause%time.Second != 0 {
		t.Errorf("got %v, %s", ok, pause)
	}
	if ok, _ := g.Peek("a", c.now()); ok {
		t.Error("a look lets it through")
	}
	if ok, _ := g.Allow("b", c.now()); !ok {
		t.Error("another key is refused")
	}
	c.advance(pause - 2*time.Second)
	if ok, _ := g.Allow("a", c.now()); ok {
		t.Error("it may come again too early")
	}
	c.advance(2 * time.Second)
	if ok, _ := g.Allow("a", c.now()); !ok {
		t.Error("it may not come again after the pause")
	}
	for range 100 {
		if ok, _ := g.Peek("c", c.now()); !ok {
			t.Fatal("looking counts")
		}
	}
	c.advance(24 * time.Hour)
	for i := range 6 {
		if ok, _ := g.Allow("a", c.now()); ok != (i < 5) {
			t.Errorf("a day later, number %d: %v", i, ok)
		}
	}
}

func TestGuardWithoutBound(t *testing.T) {
	t.Parallel()
	g := NewGuard(0)
	for range 1000 {
		if ok, _ := g.Allow("a", time.Unix(1, 0)); !ok {
			t.Fatal("refused")
		}
	}
}

// A flood of made-up keys costs a bounded memory.
func TestGuardIsBounded(t *testing.T) {
	t.Parallel()
	c, g := newClock(), NewGuard(5)
	for i := range 3 * guardShards * guardKeys {
		g.Allow(fmt.Sprint(i), c.now())
	}
	n := 0
	for i := range g.shards {
		n += len(g.shards[i].keys)
	}
	if n > guardShards*guardKeys {
		t.Errorf("it remembers %d keys", n)
	}
}

func TestPollsAndRefusals(t *testing.T) {
	t.Parallel()
	c := newClock()
	polls, refusals := NewPolls(2, c.now), NewRefusals(2, c.now)
	for i := range 3 {
		if pause, ok := polls.Allow("acct_a"); ok != (i < 2) || ok != (pause == 0) {
			t.Errorf("read %d: %v, %s", i, ok, pause)
		}
		if pause, ok := refusals.Allow("192.0.2.1"); ok != (i < 2) || ok != (pause == 0) {
			t.Errorf("wrong key %d: %v, %s", i, ok, pause)
		}
		refusals.Note("192.0.2.1")
	}
}
