package store

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// A clock that is set moves the time, but ages are not trusted for a while; a small drift
// is followed without a word.
func TestClockThatIsSet(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step   time.Duration
		steady bool
	}{"drift": {time.Second, true}, "forwards": {5 * time.Hour, false}, "back": {-5 * time.Hour, false}} {
		var said bytes.Buffer
		clock := (&DB{log: slog.New(slog.NewTextHandler(&said, nil))}).NewClock()
		at := time.Now().Add(-100 * time.Hour) // the database's, whatever ours says
		clock.read = func(context.Context) (time.Time, error) {
			return at.Add(time.Since(at.Add(100 * time.Hour))).Round(0), nil
		}
		first, err := clock.look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		clock.anchor.Store(&first)
		if off := clock.Now().Sub(at).Abs(); off > time.Minute || !clock.Steady() {
			t.Errorf("%s: %s off at the start, steady: %t", name, off, clock.Steady())
		}
		at = at.Add(c.step)
		clock.read = func(context.Context) (time.Time, error) { return at, nil }
		next, err := clock.look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		clock.set(next)
		if off := clock.Now().Sub(at).Abs(); off > time.Minute || clock.Steady() != c.steady || strings.Contains(said.String(), "was set") == c.steady {
			t.Errorf("%s: %s off, steady: %t, said %q", name, off, clock.Steady(), said.String())
		}
	}
}
