package limit

import (
	"context"
	"time"
)

// The dimensions, as indexes of Numbers.
const (
	requests = iota
	tokensIn
	tokensOut
	calls // open at the same time
	dimensions
	windows = calls // those before it are counted in windows
)

// Numbers has one number for each dimension.
type Numbers [dimensions]int64

// Unlimited is the number of a dimension without a limit.
const Unlimited = -1

func noNumbers() Numbers { return Numbers{Unlimited, Unlimited, Unlimited, Unlimited} }

const (
	// maxDraws is how many scopes one call draws from: the account's and the key's, each
	// for the model and for all models together.
	maxDraws = 4
	// maxCost bounds the tokens of one call, and maxLimit a limit: sums of them stay
	// exact in Lua's numbers, which are floats of 53 bits.
	maxCost  = 1 << 40
	maxLimit = 1 << 50
	// slotLifetime is how long a slot is held by a process that has died.
	slotLifetime = time.Minute
	// slotPause is after how long a call that found all slots taken may try again:
	// nobody knows when one of them becomes free.
	slotPause = time.Second
)

// Scope is what one set of windows belongs to. Model is a slug, or "*" for all models
// together; Key is "" where the account's calls are counted.
type Scope struct{ Account, Key, Surface, Route, Model string }

// Draw is a scope of a call with its limits.
type Draw struct {
	Scope  Scope
	Limits Numbers
}

// Call is what one call takes: its costs, from each of its scopes. All scopes are of one
// account.
type Call struct {
	ID    string // names its slots; never used twice
	Costs Numbers
	Draws []Draw
}

// counts reports whether the call draws from a dimension of a scope. A cost of nothing
// draws nothing, and is not refused by a window that is overdrawn.
func (c *Call) counts(i, dim int) bool { return c.Draws[i].Limits[dim] >= 0 && c.Costs[dim] > 0 }

// holds reports whether the call has a slot of a scope.
func (c *Call) holds(i int) bool { return c.counts(i, calls) }

// Outcome is what came of a Take. Left and Wait are by scope and dimension.
type Outcome struct {
	Allowed bool
	At      Moment
	Left    [maxDraws]Numbers // what is left after it (of calls: slots); Unlimited where nothing is limited
	Wait    [maxDraws]Numbers // milliseconds until the draw would have fitted; 0 where it did
}

// Moment is the second in which something was drawn, by the clocks of those who keep it.
type Moment struct {
	Engine int64 // of the engine (Redis); 0: it does not know of the draw
	Own    int64 // of this process
}

// Engine keeps windows and slots.
type Engine interface {
	// Take draws the call's costs from all of its scopes, or from none.
	Take(context.Context, *Call) (Outcome, error)
	// Settle adds to what an allowed call drew, in the second in which it did (less
	// than zero: gives back), and gives its slots back.
	Settle(ctx context.Context, c *Call, at Moment, more Numbers) error
	// Renew keeps the slots of open calls for another lifetime.
	Renew(context.Context, []*Call) error
	// Tick is called every second for upkeep.
	Tick(context.Context) error
	// Close ends the engine.
	Close(context.Context) error
}
