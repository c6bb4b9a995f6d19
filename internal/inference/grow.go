package inference

import (
	"context"
	"errors"

	"skytower/internal/provider"
)

// errOutOfCredit ends a stream whose reservation cannot grow. It never leaves the room.
var errOutOfCredit = errors.New("credit ran out")

// longToken: where the whole of a caller's limit is reserved, the upstream ends the answer
// there, and our count, which takes tokens for short ones, is not to end it before. Text
// of up to 16 bytes a token passes; beyond that, the upstream does not keep to the limit.
const longToken = 4

// covers notes that so much output is reserved, and what may be delivered on it.
func (r *run) covers(out int64) {
	r.covered, r.allowed = out, out
	if whole := r.whole(); whole > 0 && out >= whole {
		r.allowed = whole*longToken + out - whole
	}
}

// whole is all the output that the request may use; 0 where that is not known.
func (r *run) whole() int64 { return r.need.all(r.need.each) }

// afford reports whether the event may be delivered on what is reserved; it grows the
// reservation by steps where that takes more. What is delivered is counted by bytes, by
// events and by the usage so far, whichever is most: no event holds less than a token.
func (r *run) afford(ctx context.Context, event *provider.Event) bool {
	r.pieces++
	want := max(r.pieces, (int64(r.delivered+event.Bytes)+bytesPerToken-1)/bytesPerToken)
	if event.Usage.Reported {
		want = max(want, event.Usage.Output)
	}
	for want > r.allowed {
		if !r.grow(ctx, want-r.allowed) {
			return false
		}
	}
	return true
}

// grow reserves the steps that so many more tokens take, but first what is missing to
// the whole.
func (r *run) grow(ctx context.Context, more int64) bool {
	next := r.covered + (more+step-1)/step*step
	if whole := r.whole(); r.covered < whole {
		next = min(next, whole)
	}
	amount, err := r.cost(next)
	if err != nil {
		return false
	}
	if by := amount - r.reserved; by > 0 {
		if !r.svc.Meter.Grow(ctx, r.hold, by) {
			return false
		}
		r.reserved += by
	}
	r.covers(next)
	return true
}
