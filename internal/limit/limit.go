// Package limit answers "how often": how many requests, input tokens and output
// tokens an account may use in a rolling window of 60 s (contract section 10).
//
// It knows accounts, models and routes as strings only, and no HTTP. Its one
// invariant: all scopes of a request are taken at once, or none.
package limit

import (
	"context"
	"strconv"
	"time"
)

// Window is the length of the rolling window.
const Window = 60 * time.Second

// Draw is what one request takes from one scope.
type Draw struct {
	Account string
	Surface string // standard or edge
	Route   string
	Model   string

	Requests  int64
	TokensIn  int64
	TokensOut int64
}

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

// Decision is the answer to a Take. A denied one names the dimension and says
// when to come back.
type Decision struct {
	Allowed    bool
	Dimension  string
	RetryAfter time.Duration

	Requests  Quota
	TokensIn  Quota
	TokensOut Quota
}

// Engine keeps the windows.
type Engine interface {
	// Take takes all draws or none.
	Take(context.Context, []Draw) (Decision, error)
	// Settle corrects the estimates of an earlier Take by the differences given,
	// which may be negative.
	Settle(context.Context, []Draw) error
}

// Off is the engine of an installation without limits, the state of a fresh one
// (contract section 10): everything is allowed, and no dimension is limited.
type Off struct{}

// Take allows the draws.
func (Off) Take(context.Context, []Draw) (Decision, error) { return Decision{Allowed: true}, nil }

// Settle has nothing to correct.
func (Off) Settle(context.Context, []Draw) error { return nil }
