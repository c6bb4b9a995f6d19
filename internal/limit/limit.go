// Package limit answers "how often": how many requests, input tokens and output
// tokens an account may use in a rolling window of 60 s, and how many calls it may have
// open at the same time (contract section 10).
//
// It knows accounts, models and routes as strings only, and no HTTP. Its one
// invariant: all scopes of a request are taken at once, or none.
package limit

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"
)

// Window is the length of the rolling window.
const Window = 60 * time.Second

// Surfaces.
const (
	Standard = "standard"
	Edge     = "edge"
)

// Request is what one call takes, and in whose name.
type Request struct {
	ID           string // of the call: names its slot
	Account, Key string
	Tier         string
	Surface      string // Standard or Edge
	Route        string // chat, responses, messages, embeddings, predictions
	Model        string // slug

	TokensIn, TokensOut int64 // estimates
	// Slot is set for a call that takes a place as long as it is open: what has a
	// concurrency limit counts it.
	Slot bool
}

// Ticket is what was taken for one call, to be corrected and given back by Settle; the
// zero Ticket is nothing.
type Ticket struct {
	taken *taken
}

// taken is a call's draws.
type taken struct {
	call    Call
	at      Moment
	began   int64 // milliseconds
	settled atomic.Bool
	draws   [maxDraws]Draw // what call.Draws is made of
}

// Use is what a call used in the end.
type Use struct{ TokensIn, TokensOut int64 }

// Quota is the state of one dimension after a draw. Limited is false where
// nothing is configured; it then shows as "-".
type Quota struct {
	Limited   bool
	Limit     int64
	Remaining int64
}

// Values are the header values for limit and remainder (contract section 10).
func (q Quota) Values() (limit, remaining string) {
	if !q.Limited {
		return "-", "-"
	}
	return strconv.FormatInt(q.Limit, 10), strconv.FormatInt(max(q.Remaining, 0), 10)
}

// Decision is the answer to a Take. A denied one names the dimension, its scope and its
// limit, and says when to come back.
type Decision struct {
	Allowed bool
	// NoEdge is set where the account's tier has no edge surface at all (403).
	NoEdge bool

	Dimension  string // requests, input tokens, output tokens, concurrent calls
	Scope      string // for people: such as "of this API key, all models together"
	Limit      int64
	RetryAfter time.Duration
	// TooLarge is set where the call asks for more than the whole limit: waiting does not help.
	TooLarge bool

	Requests  Quota // the scope with the least left
	TokensIn  Quota
	TokensOut Quota
}

// Limits is what calls ask.
type Limits interface {
	// Take takes from all scopes of the request, or from none.
	Take(context.Context, Request) (Ticket, Decision, error)
	// Settle corrects the estimates of a Take to what was used, and gives its slot back.
	// It is called once for each Take that was allowed.
	Settle(context.Context, Ticket, Use) error
}

// Off is an installation without limits, the state of a fresh one (contract section 10):
// everything is allowed, and no dimension is limited.
type Off struct{}

// Take allows the request.
func (Off) Take(context.Context, Request) (Ticket, Decision, error) {
	return Ticket{}, Decision{Allowed: true}, nil
}

// Settle has nothing to correct.
func (Off) Settle(context.Context, Ticket, Use) error { return nil }
