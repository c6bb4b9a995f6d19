package limit

import "time"

const (
	windowSeconds = int64(Window / time.Second)
	windowMillis  = int64(Window / time.Millisecond)
	millis        = 1000 // of a second

	// cellCount is one more than the window has seconds: the current second has only
	// begun, so the oldest one is still partly within 60 s. With 60 cells, what was
	// taken late in a second would be forgotten up to a second too early, and two
	// bursts 59 s apart would both get the whole limit.
	cellCount = windowSeconds + 1
)

// window is what one dimension of one scope used, by seconds of one clock. The zero
// value is empty. The script of the Redis engine is the same arithmetic in Lua; a suite
// compares every number of the two.
type window struct {
	last  int64 // the newest second; seconds last-60 … last are kept
	sum   int64 // of the cells
	cells [cellCount]int64
}

// advance drops what has left the window at a second. A clock that steps back finds the
// window as it is.
func (w *window) advance(sec int64) {
	switch {
	case sec <= w.last:
		return
	case sec-w.last >= cellCount:
		w.cells, w.sum = [cellCount]int64{}, 0
	default:
		for s := w.last + 1; s <= sec; s++ {
			cell := &w.cells[s%cellCount]
			w.sum -= *cell
			*cell = 0
		}
	}
	w.last = sec
}

// add draws n in a second, or corrects what was drawn in it by a negative n. A second
// is never worth less than nothing: a correction to a draw that is not here (a Redis that
// lost its memory) must not become credit. What has left the window needs no correction.
func (w *window) add(sec, n int64) {
	w.advance(sec)
	if sec <= w.last-cellCount {
		return
	}
	cell := &w.cells[sec%cellCount]
	n = max(n, -*cell)
	*cell += n
	w.sum += n
}

// wait is in how many milliseconds a draw of cost fits into the limit; 0: it fits now.
// A cost above the limit never fits: then it is the length of the window. The window must
// have been advanced to now, in milliseconds.
func (w *window) wait(now, limit, cost int64) int64 {
	over := w.sum + cost - limit
	if over <= 0 {
		return 0
	}
	for s := w.last - windowSeconds; s <= w.last; s++ {
		if over -= w.cells[(s+cellCount)%cellCount]; over <= 0 {
			return max((s+cellCount)*millis-now, 1)
		}
	}
	return windowMillis
}
