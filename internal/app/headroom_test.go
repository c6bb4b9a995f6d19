package app

import "testing"

func TestPercentFor(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{
		0: maxPercent, 1 << 20: maxPercent, 8 << 20: 400, 16 << 20: 200, 32 << 20: 100, 1 << 30: minPercent,
	} {
		if got := percentFor(live); got != want {
			t.Errorf("a live heap of %d bytes: %d %%, want %d", live, got, want)
		}
	}
}
