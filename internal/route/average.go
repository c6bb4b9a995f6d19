package route

import (
	"math"
	"time"
)

const (
	halfLife     = 30 * time.Second // of a figure, where reports are rare
	halfSamples  = 20               // and where they are not
	unknownAfter = 10 * time.Minute // without reports

	leastTokens = 16     // fewer say nothing of a speed
	mostSpeed   = 20_000 // tokens a second; beyond, the answer came in one piece and was not streamed
)

// average is an exponential moving average whose old part halves in halfLife or
// halfSamples, whichever is sooner. The first samples count alike, so that a slow first
// call is soon outvoted.
type average struct {
	value   float64
	samples int
	at      int64 // of the last report
}

func (a *average) add(now int64, v float64) {
	if !a.known(now) {
		*a = average{value: v, samples: 1, at: now}
		return
	}
	share := sampleShare
	if since := now - a.at; since > int64(halfLife/halfSamples) {
		share = 1 - math.Exp2(-float64(since)/float64(halfLife))
	}
	if a.samples < halfSamples*2 { // beyond, one of n is less than sampleShare
		a.samples++
	}
	share = max(share, 1/float64(a.samples))
	a.value += share * (v - a.value)
	a.at = max(a.at, now)
}

// sampleShare is 1 - 2^(-1/halfSamples).
const sampleShare = 0.034063671075154

func (a *average) known(now int64) bool {
	return a.samples > 0 && now-a.at < int64(unknownAfter)
}

// read is 0 where nothing is known.
func (a *average) read(now int64) float64 {
	if !a.known(now) {
		return 0
	}
	return a.value
}

// speed is what the report says of tokens a second; false: nothing.
func (r *Report) speed() (float64, bool) {
	if r.Tokens < leastTokens || r.FirstByte <= 0 || r.Took <= r.FirstByte {
		return 0, false
	}
	perSecond := float64(r.Tokens) / (r.Took - r.FirstByte).Seconds()
	return perSecond, perSecond <= mostSpeed
}
