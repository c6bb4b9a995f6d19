package app

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// Bounds of the collector's pace.
const (
	// headroomBytes may be allocated between two collections of a small heap. Go's
	// own rule lets it grow by its live size, and a relay's is a few megabytes, so it
	// would collect after every few dozen requests.
	headroomBytes = 32 << 20
	minPercent    = 100 // Go's default: what a large heap gets
	maxPercent    = 800
	// worthwhile is the least change of the percentage that is set: setting it stops
	// all goroutines for a moment.
	worthwhile = 20
)

// headroom sets the collector's percentage after each collection, from the size of
// what is alive. A fixed high percentage would multiply the memory of a server that
// holds thousands of streams.
type headroom struct {
	percent int
	stopped atomic.Bool
}

// keepHeadroom starts adjusting; call the result to end it.
func keepHeadroom() (stop func()) {
	h := &headroom{percent: minPercent}
	h.adjust()
	h.watch()
	return func() { h.stopped.Store(true) }
}

// watch has adjust called after the next collection: that is when an object which
// nobody holds is found.
func (h *headroom) watch() {
	type marker struct{ _ [16]byte }
	runtime.AddCleanup(&marker{}, func(h *headroom) {
		if h.stopped.Load() {
			return
		}
		h.adjust()
		h.watch()
	}, h)
}

func (h *headroom) adjust() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	percent := percentFor(live[0].Value.Uint64())
	if diff := percent - h.percent; diff > worthwhile || diff < -worthwhile {
		h.percent = percent
		debug.SetGCPercent(percent)
	}
}

// percentFor leaves headroomBytes above a live heap of this size, within bounds.
func percentFor(live uint64) int {
	if live == 0 {
		return maxPercent
	}
	return int(min(max(headroomBytes*100/live, minPercent), maxPercent))
}
