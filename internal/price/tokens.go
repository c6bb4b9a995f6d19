package price

import "skytower/internal/money"

// Tokens is what an inference call costs that used t: cached and reasoning tokens at
// rates of their own in place of the input's and the output's, and Request once. A nil
// Price is free. It allocates nothing.
//
// The error is money.ErrOverflow, also for negative counts.
func (p *Price) Tokens(t Tokens) (money.Nanos, error) {
	if p == nil {
		return 0, nil
	}
	return tokenRates{p.Input, p.Output, p.Cached, p.Reasoning}.cost(t, p.Request)
}

// tokenRates are nano-dollars of a million tokens.
type tokenRates struct{ input, output, cached, reasoning money.Nanos }

func (r tokenRates) cost(t Tokens, request money.Nanos) (money.Nanos, error) {
	t = t.apart()
	var sum money.Sum
	sum.Add(t.In, r.input)
	sum.Add(t.Cached, r.cached)
	sum.Add(t.Out, r.output)
	sum.Add(t.Reasoning, r.reasoning)
	sum.Add(money.PerMillion, request)
	return sum.Cost()
}

// apart is t with the cached tokens taken out of In and the reasoning ones out of Out. A
// part that an upstream reports as more than its whole counts as the whole.
func (t Tokens) apart() Tokens {
	t.Cached, t.Reasoning = min(t.Cached, t.In), min(t.Reasoning, t.Out)
	t.In, t.Out = t.In-t.Cached, t.Out-t.Reasoning
	return t
}
