package limit

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Both engines show the same use, and a look takes nothing.
func TestPeekOfBothEngines(t *testing.T) {
	t.Parallel()
	w := newTwin(t)
	draw := Draw{Scope{"acct_a", "", Standard, "chat", "m"}, Numbers{10, 1000, Unlimited, 2}}
	idle := Draw{Scope{"acct_a", "", Standard, "chat", "idle"}, draw.Limits}
	w.take(Numbers{1, 70, 0, 1}, draw)
	w.clock.advance(7 * time.Second)
	w.take(Numbers{1, 30, 0, 1}, draw)
	for range 2 {
		var got [2][2][]Numbers
		for i, e := range w.engines {
			looker, ok := e.(interface {
				peek(context.Context, []Draw) (used, reset []Numbers, err error)
			})
			if !ok {
				t.Fatalf("%s can't be looked at", w.names[i])
			}
			used, reset, err := looker.peek(t.Context(), []Draw{draw, idle})
			if err != nil {
				t.Fatal(err)
			}
			got[i] = [2][]Numbers{used, reset}
		}
		if diff := cmp.Diff(got[0], got[1]); diff != "" {
			t.Errorf("(-memory +redis)\n%s", diff)
		}
		if used := got[0][0]; used[0] != (Numbers{2, 100, 0, 2}) || used[1] != (Numbers{}) {
			t.Errorf("used %v", used)
		}
		if reset := got[0][1][0]; reset[requests] <= 60_000-1000 || reset[requests] > 61_000 || reset[tokensOut] != 0 {
			t.Errorf("reset %v", reset)
		}
	}
}

func TestPeekOfAnAccount(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "0:25/10/2", map[string][]rule{"acct_a": {
		{"key_a", "", "", AllModels, numbers(4)}, {"key_b", Standard, "chat", "m", numbers(3)}, {"", "", "chat", "n", numbers(7)},
	}})
	d.take(asked("m"))
	view, err := d.Peek(t.Context(), Whose{Account: "acct_a", Tier: "1"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][2]int64{}
	for _, s := range view.Scopes {
		got[s.String()] = [2]int64{s.Requests.Limit, s.Requests.Used}
	}
	want := map[string][2]int64{
		"acct_a//standard/chat/m": {25, 1}, "acct_a/key_a/standard/chat/*": {4, 1}, "acct_a/key_b/standard/chat/m": {3, 0},
	}
	if diff := cmp.Diff(want, got); diff != "" || view.Tier != "1" || len(view.General) != 6 {
		t.Errorf("tier %s, general %+v (-want +got)\n%s", view.Tier, view.General, diff)
	}
	own, err := d.Peek(t.Context(), Whose{Account: "acct_a", Key: "key_a", Tier: "1"})
	if err != nil || len(own.Scopes) != 2 {
		t.Errorf("of one key: %+v, %v", own.Scopes, err)
	}
	if again, _ := d.Peek(t.Context(), Whose{Account: "acct_a", Tier: "1"}); !cmp.Equal(again, view) {
		t.Error("a look took something")
	}
	if other, _ := d.Peek(t.Context(), Whose{Account: "acct_b", Tier: "1"}); len(other.Scopes) != 0 {
		t.Errorf("of another account: %+v", other.Scopes)
	}
}
