package httpx

import "time"

// Record is what is kept of one request: opened at the start, filled on the way,
// written once at the end. It holds no body, no key and no query.
type Record struct {
	ID     string
	Method string
	Route  string // pattern, bounded; Path is what the caller sent
	Path   string
	Client string // address of the caller
	Start  time.Time

	Status    int
	Duration  time.Duration
	FirstByte time.Duration // from Start to the first byte of the answer; 0: none
	BytesIn   int64
	BytesOut  int64

	Account   string
	Key       string
	Model     string // slug of the resolved model
	Target    string // provider and upstream name, for operators only
	TokensIn  int64
	TokensOut int64
	Charged   int64 // nano-dollars
	Streamed  bool
	Outcome   string // ok, error, hang_up, cut, …
	ErrorID   string
	Err       error  // the cause, for the log only
	TraceID   string // of the trace that the request is in; "": of none that anybody sees
	// Inside marks a call that this process made of itself, for a page of the console:
	// it is no request of anybody.
	Inside bool
}
