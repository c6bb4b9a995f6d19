package inference

import (
	"context"
	"fmt"
	"math"
	"sort"

	"skytower/internal/catalog"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/money"
	"skytower/internal/price"
	"skytower/internal/provider"
)

// The numbers of the design ("Money", Reserving), in tokens.
const (
	step          = 256     // of output, by which a stream's reservation grows
	defaultOutput = 8192    // of a plain answer whose caller named no limit
	mostTokens    = 1 << 30 // no estimate is higher: no model writes so much
)

// need is what a request may use at most, in tokens.
type need struct {
	in      int64
	each    int64 // of output for each choice; 0: not known, or none
	choices int64
}

// needsOf is what the request needs of a model; it is known once the request is checked.
func (r *run) needsOf(m *catalog.Model) need {
	n := need{in: min(r.size.atMost(m.ContextLength), mostTokens), choices: min(r.req.Choices, mostTokens)}
	if r.req.API == Embeddings {
		return n
	}
	for _, most := range [...]int64{r.req.MaxTokens, m.MaxOutput, m.ContextLength} {
		if most > 0 && (n.each == 0 || most < n.each) {
			n.each = min(most, mostTokens)
		}
	}
	if !r.req.Stream && r.req.MaxTokens == 0 && (n.each == 0 || n.each > defaultOutput) {
		n.each = defaultOutput
	}
	return n
}

// all is the output of all choices, of so many tokens each.
func (n need) all(each int64) int64 {
	if each > mostTokens/n.choices {
		return mostTokens
	}
	return each * n.choices
}

// first is the output that has to be there for a request to begin: a step, or all that it
// may use where that is less. A plain answer needs a step of each choice.
func (r *run) first() int64 {
	first := int64(step)
	if !r.req.Stream {
		first = r.need.all(step)
	}
	if r.req.API == Embeddings {
		return 0
	}
	if r.need.each > 0 {
		first = min(first, r.need.all(r.need.each))
	}
	return first
}

// draw is what the request takes of the limits. Where the caller names no limit for the
// output, one step of each choice stands for it: its usage corrects that.
func (r *run) draw() limit.Request {
	out := r.need.all(r.need.each)
	if r.req.API != Embeddings && r.req.MaxTokens == 0 {
		out = r.need.all(step)
	}
	return limit.Request{
		ID: r.req.ID, Account: r.who.Account, Key: r.who.Key, Tier: r.who.Tier, Surface: r.req.Surface, Route: string(r.req.API),
		Model: r.model.Model.Slug, TokensIn: r.need.in, TokensOut: out, Slot: !r.req.Unhurried,
	}
}

// estimate is what the request wants set aside, and the least that it can begin with. A
// free model needs nothing.
func (r *run) estimate() (ledger.Estimate, error) {
	e := r.asks()
	if r.price == nil || r.req.Discount >= 100 && !r.req.Stream { // a plain answer that costs nothing
		return e, nil
	}
	out := r.first()
	least, err := r.cost(out)
	if err != nil {
		return e, err
	}
	e.Amount = least
	if !r.req.Stream {
		e.Amount, err = r.cost(r.need.all(r.need.each))
	}
	e.Least = max(least, 1) // none would stand for all
	return e, err
}

// asks is an estimate of nothing yet, in the caller's name.
func (r *run) asks() ledger.Estimate {
	return ledger.Estimate{
		Request: r.req.ID, Account: r.who.Account, Key: r.who.Key, Model: r.model.Model.Slug, Budget: r.who.Budget, Budgeted: r.who.Budgeted,
	}
}

// cost is the most that the input and so much output can cost.
func (r *run) cost(out int64) (money.Nanos, error) {
	t := r.most(out)
	amount, err := r.price.Tokens(t)
	if err != nil {
		return 0, fmt.Errorf("estimate the cost of %d and %d tokens: %w", t.In, t.Out, err)
	}
	return amount, nil
}

// most is the dearest form of the input and so much output: cached, and of reasoning,
// where that has the higher rate.
func (r *run) most(out int64) price.Tokens {
	t := price.Tokens{In: r.need.in, Out: out}
	if r.price.Cached > r.price.Input {
		t.Cached = t.In
	}
	if r.price.Reasoning > r.price.Output {
		t.Reasoning = t.Out
	}
	return t
}

// reserve sets aside what the request may cost, and makes of it what may be generated.
func (r *run) reserve(ctx context.Context, e ledger.Estimate) (err error) {
	ctx, span := r.part(ctx, "reserve")
	defer func() { provider.EndSpan(span, err) }()
	if r.hold, err = r.svc.Meter.Reserve(ctx, e); err != nil {
		return err
	}
	r.reserved = r.hold.Amount()
	switch {
	case r.price == nil:
		r.allowed = math.MaxInt64
	case r.req.Stream:
		r.maxTokens = r.req.MaxTokens
		r.covers(r.first())
	default:
		r.maxTokens = r.affordable(e)
	}
	return nil
}

// affordable is how much output of each choice the reservation of a plain answer covers:
// all, or less where there was less credit, but never less than was asked at least.
func (r *run) affordable(e ledger.Estimate) int64 {
	if r.reserved >= e.Amount || r.req.API == Embeddings {
		return r.need.each
	}
	least := min(step, r.need.each)
	more := sort.Search(int(r.need.each-least), func(i int) bool {
		amount, err := r.cost(r.need.all(least + int64(i) + 1))
		return err != nil || amount > r.reserved
	})
	return least + int64(more)
}
