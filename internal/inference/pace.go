package inference

import "time"

const (
	// fastEvent is the time that an event of a fast stream takes at most. A model that
	// writes 1,000 tokens a second is faster than all but the fastest.
	fastEvent = time.Millisecond
	// fastWaits is how many waits in a row a stream must have been fast.
	fastWaits = 3
	// gather is how long a fast stream is left alone, so that one read and one write
	// move many events.
	gather = 2 * time.Millisecond
)

// pace knows whether a stream is fast. Reading a fast one as often as it can be costs
// system calls and brings a caller its events a moment earlier, which nobody sees. A
// slower one is never held up, nor is the first event after a pause.
type pace struct {
	events int       // since the last wait
	last   time.Time // of the last wait
	fast   int       // waits in a row
}

// wait is called before each wait for the upstream, when all that came is on its way.
func (p *pace) wait() {
	now := time.Now()
	if now.Sub(p.last) > time.Duration(p.events)*fastEvent {
		p.fast = 0
	} else if p.fast++; p.fast >= fastWaits {
		time.Sleep(gather)
	}
	p.events, p.last = 0, now
}
