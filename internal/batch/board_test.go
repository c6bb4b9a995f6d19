package batch

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Accounts have their turns one after the other, whatever they have waiting; an account
// that rests is passed over.
func TestTurnsOfAccounts(t *testing.T) {
	t.Parallel()
	b := &board{changed: make(chan struct{}, 1)}
	now := time.Now()
	var all []Batch
	for _, id := range []string{"a1", "a2", "a3", "b1", "c1"} {
		all = append(all, Batch{ID: id, Account: id[:1]})
	}
	b.set(all)
	n := int64(0)
	var order []string
	turns := func(most int) {
		for len(order) < most {
			l, from, _ := b.turn(now)
			switch {
			case l != nil:
				order = append(order, l.batch)
			case from != nil:
				n++
				b.add(from.ID, []*line{{batch: from.ID, number: n}, {batch: from.ID, number: n}})
			default:
				t.Fatal("nothing to do")
			}
		}
	}
	turns(9)
	if got := strings.Join(order, " "); got != "a1 b1 c1 a1 b1 c1 a1 b1 c1" {
		t.Errorf("order %s", got)
	}
	order = nil
	b.putBack(&line{batch: "b1", number: 99}, now.Add(time.Hour))
	b.add("a1", nil) // dry
	turns(4)
	if got := strings.Join(order, " "); got != "a1 c1 a2 c1" {
		t.Errorf("order with b at rest: %s", got)
	}
	b.set(all[3:4])
	if l, from, soon := b.turn(now); l != nil || from != nil || !soon.Equal(now.Add(time.Hour)) {
		t.Errorf("at rest: %v, %v, %v", l, from, soon)
	}
	if l, _, _ := b.turn(now.Add(time.Hour)); l == nil || l.number != 99 {
		t.Errorf("after its rest: %+v", l)
	}
	if gone := b.set(nil); len(gone) == 0 || len(b.lanes) != 0 || b.still("b1") {
		t.Errorf("%d lines of what is over, %d lanes", len(gone), len(b.lanes))
	}
	if gone := b.add("b1", []*line{{batch: "b1"}}); len(gone) != 1 {
		t.Error("lines of what is over were kept")
	}
}

func TestStates(t *testing.T) {
	t.Parallel()
	states := []State{Validating, Failed, InProgress, Finalizing, Completed, Expired, Cancelling, Cancelled}
	var ways []string
	for _, from := range states {
		for _, to := range states {
			if may(from, to) {
				ways = append(ways, fmt.Sprint(from, ">", to))
			}
			if from.Ended() && may(from, to) {
				t.Errorf("%s has ended, and becomes %s", from, to)
			}
		}
	}
	const want = "validating>failed validating>in_progress validating>cancelling in_progress>finalizing in_progress>cancelling finalizing>completed finalizing>expired cancelling>cancelled"
	if got := strings.Join(ways, " "); got != want {
		t.Errorf("ways: %s", got)
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"24h": 24 * time.Hour, "1h": time.Hour, "7d": 7 * 24 * time.Hour, "168h": 168 * time.Hour, "1d": 24 * time.Hour,
		"": 0, "24": 0, "h": 0, "0h": 0, "8d": 0, "-1h": 0, "24hh": 0, "1.5h": 0, "99999999999999h": 0, "24m": 0, "h24": 0,
	} {
		if got, err := parseWindow(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}

func TestPauses(t *testing.T) {
	t.Parallel()
	for n := range int64(20) {
		if p := pause(n, 0); p <= 0 || p > 2*mostBusy {
			t.Errorf("pause %d is %s", n, p)
		}
	}
	if p := pause(1, time.Hour); p != time.Hour {
		t.Errorf("the upstream asked for an hour: %s", p)
	}
}
