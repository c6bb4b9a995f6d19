package inference

import (
	"context"
	"encoding/json"
	"fmt"

	"skytower/internal/fault"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/price"
	"skytower/internal/skytells"
)

// quote answers a dry run: what the call would cost at most, and what that would do to
// the balance. It is checked as the call would be, takes nothing, and nothing runs.
func (r *run) quote(ctx context.Context, sink Sink) error {
	r.result.Outcome, r.preview = Refused, true
	if err := r.check(ctx); err != nil {
		return err
	}
	answer, err := r.quoted(ctx)
	if err != nil {
		return err
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("encode the quote: %w", err)
	}
	r.result.Outcome = Complete
	return sink.Answer(body)
}

func (r *run) quoted(ctx context.Context) (*skytells.DryRun, error) {
	balance, err := r.svc.Meter.Balance(ctx, r.who.Account)
	if err != nil {
		return nil, fault.Wrap(err, fault.ServiceUnavailable, "The balance cannot be read at the moment; try again later.")
	}
	out := &skytells.DryRun{
		DryRun: true, Model: r.result.Model, Currency: "USD", Lines: []skytells.Explanation{}, Estimate: "0.00",
		Balance: skytells.Amount(balance.Balance.String()), Available: skytells.Amount(balance.Available.String()),
		After: skytells.Amount(balance.Available.String()), Sufficient: true,
	}
	if r.price == nil {
		return out, nil
	}
	t := r.most(r.expected())
	amount, err := r.price.Tokens(t)
	if err != nil {
		return nil, fmt.Errorf("quote %d and %d tokens of %s: %w", t.In, t.Out, out.Model, err)
	}
	out.PriceVersion, out.Estimate = r.price.Version, skytells.Amount(amount.String())
	out.After = skytells.Amount((balance.Available - amount).String())
	if out.Sufficient, err = r.sufficient(ctx, balance, amount); err != nil {
		return nil, err
	}
	for _, line := range r.price.Explain(price.Charge{Unit: price.MillionTokens, Tokens: t}) {
		out.Lines = append(out.Lines, skytells.Explanation{
			What: line.What, Quantity: skytells.Amount(line.Quantity), Unit: line.Unit, Rate: skytells.Amount(line.Rate), Amount: skytells.Amount(line.Amount),
		})
	}
	return out, nil
}

// sufficient reports whether the amount could be set aside. Where it depends on the key's
// budget, that is tried, and given back at once.
func (r *run) sufficient(ctx context.Context, b ledger.Balance, amount money.Nanos) (bool, error) {
	if !r.who.Budgeted {
		return amount <= b.Available, nil
	}
	e := r.asks()
	e.Amount, e.Least = amount, amount
	hold, err := r.svc.Meter.Reserve(ctx, e)
	switch {
	case fault.Is(err, fault.InsufficientCredits), fault.Is(err, fault.PaymentRequired):
		return false, nil
	case err != nil:
		return false, err
	}
	r.svc.Meter.Release(hold)
	return true, nil
}

// expected is the most output that the request is expected to have. Of a stream whose
// caller named no limit that is what a plain answer would be given.
func (r *run) expected() int64 {
	each := r.need.each
	if r.req.API != Embeddings && r.req.MaxTokens == 0 && (each == 0 || each > defaultOutput) {
		each = defaultOutput
	}
	return r.need.all(each)
}
