// Package route chooses: which target of a model serves a request, in which order the
// others are tried, and which model behind a router serves it.
//
// It keeps in memory what this process has seen of each target: failures (a circuit
// breaker), what an upstream asked for by Retry-After, and how fast it answers. It knows
// targets and models as strings, calls nothing and reads no request.
//
// Its one invariant: a target is never given to two tries of one request, and a target
// that is out is given to nobody but its probes.
package route

import (
	"time"
)

// Options adjust New.
type Options struct {
	// Failures in a row open a target's breaker; 0: it never opens.
	Failures int
	// Open is how long an open breaker lets nothing through before it is probed; 0: 10 s.
	Open time.Duration
	// RetryPercent is how many tries beyond the first there may be for 100 requests, over
	// all models; a few a second are always allowed. Negative: no bound.
	RetryPercent int
	Now          func() time.Time // nil: time.Now
	// Random is in [0, 1): it spreads the probes of breakers and chooses the requests that
	// measure a model again. Nil: rand.Float64.
	Random func() float64
	// OnChange hears of a breaker that opens, is probed or closes, in that order; it may be
	// nil, and must neither wait nor call the board.
	OnChange func(target string, s State)
}

// State is a target's.
type State string

// The states. A busy target asked to be left alone for a while.
const (
	Closed   State = "closed" // it serves
	Open     State = "open"
	HalfOpen State = "half_open" // it is being probed
	Busy     State = "busy"
)

// Target is one way to serve a model.
type Target struct {
	Name     string // unique: the provider and the upstream's name of the model
	Priority int    // lower is tried first
	Weight   int    // share among equal priorities; at least 1
}

// Set is the targets of a model, in order of priority. It must not change, and should be
// a pointer, so that handing it over costs nothing.
type Set interface {
	Len() int
	Target(i int) Target
}

// Verdict is what a try says of its target.
type Verdict int

// The verdicts.
const (
	// Good is an answer.
	Good Verdict = iota
	// Neutral says nothing: the caller left, or the request was at fault.
	Neutral
	// Bad counts against the target: unreachable, broken, cut, timed out, denied.
	Bad
	// Overloaded is a 429: the target is busy for Report.RetryAfter.
	Overloaded
)

// Report is how a try ended.
type Report struct {
	Verdict    Verdict
	RetryAfter time.Duration // of Overloaded; 0: not told
	FirstByte  time.Duration // until the answer, or its first event; 0: there was none
	Took       time.Duration // the whole try
	Tokens     int64         // of output; 0: not known
}

// Refused is the error of Trip.Next where no target may be tried.
type Refused struct {
	// Reason is Busy where every target that is left asked to be left alone, Open where
	// they failed too often; "" where all were tried, or the budget of retries is used up.
	Reason State
	After  time.Duration // when to come again
}

// Error says why.
func (r *Refused) Error() string {
	switch r.Reason {
	case Busy:
		return "every target asked to be left alone"
	case Open:
		return "every target failed too often"
	}
	return "no further target may be tried"
}

// Policy is how a router chooses among models that can serve a request.
type Policy string

// The policies.
const (
	Fixed    Policy = "fixed"    // the first that is healthy
	Cheapest Policy = "cheapest" // by cost
	Fastest  Policy = "fastest"  // by time to the first byte and tokens per second
	Balanced Policy = "balanced" // both
)

// Option is one model that could serve a request.
type Option struct {
	Model   string
	Targets Set
	Cost    int64 // what the request is expected to cost, in any unit; negative: not known
	Output  int64 // tokens of output that are expected; 0: not known
}

// Ranked is an option's place.
type Ranked struct {
	Index      int // in the options
	Healthy    bool
	Score      float64       // less is better; of the policy
	FirstByte  time.Duration // moving average over its targets; 0: not measured
	PerSecond  float64       // tokens of output, likewise
	Preferred  bool          // the sticky key leads here, among those that are about as good
	Exploring  bool          // put first to be measured
	NotCounted string        // why it stands behind the others, for people; "" where it does not
}

// Health is what is known of a target, for operators.
type Health struct {
	Target    string
	State     State
	Until     time.Time // of open and busy: when it may be tried again; zero: now
	Failures  int       // in a row
	FirstByte time.Duration
	PerSecond float64
}
