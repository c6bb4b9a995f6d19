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

// ShareOfTokens is so many ten-thousandths of what Tokens is, rounded once, half to even.
func (p *Price) ShareOfTokens(t Tokens, tenThousandths int64) (money.Nanos, error) {
	if p == nil {
		return 0, nil
	}
	sum := tokenRates{p.Input, p.Output, p.Cached, p.Reasoning}.sum(t, p.Request)
	return sum.Share(tenThousandths)
}

// tokenRates are nano-dollars of a million tokens.
type tokenRates struct{ input, output, cached, reasoning money.Nanos }

func (r tokenRates) cost(t Tokens, request money.Nanos) (money.Nanos, error) {
	sum := r.sum(t, request)
	return sum.Cost()
}

func (r tokenRates) sum(t Tokens, request money.Nanos) (sum money.Sum) {
	t = t.apart()
	sum.Add(t.In, r.input)
	sum.Add(t.Cached, r.cached)
	sum.Add(t.Out, r.output)
	sum.Add(t.Reasoning, r.reasoning)
	sum.Add(money.PerMillion, request)
	return sum
}

// apart is t with the cached tokens taken out of In and the reasoning ones out of Out. A
// part that an upstream reports as more than its whole counts as the whole.
func (t Tokens) apart() Tokens {
	t.Cached, t.Reasoning = min(t.Cached, t.In), min(t.Reasoning, t.Out)
	t.In, t.Out = t.In-t.Cached, t.Out-t.Reasoning
	return t
}
