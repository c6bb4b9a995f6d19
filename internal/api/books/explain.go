package books

import (
	"context"
	"fmt"

	"skytower/internal/ledger"
	"skytower/internal/price"
	"skytower/internal/skytells"
)

// chargeLine is a charge with what explains it.
func chargeLine(ctx context.Context, prices Prices, n ledger.Line) (skytells.ChargeLine, error) {
	out := skytells.ChargeLine{
		Request: n.Request, CreatedAt: n.At, Key: n.Key, Model: n.Model, Outcome: n.Outcome, Counted: n.Counted,
		PriceVersion: n.PriceVersion, Amount: Amount(n.Amount), Lines: []skytells.Explanation{},
	}
	if n.PriceVersion == 0 {
		return out, nil // free
	}
	p, err := prices.PriceAt(ctx, n.PriceVersion)
	if err != nil {
		return out, fmt.Errorf("explain the charge of %s: %w", n.Request, err)
	}
	lines := p.Explain(chargeOf(n))
	for i := range lines {
		if lines[i].What == price.Reduction {
			lines[i].What = reductionOf(n)
		}
	}
	out.Lines = Explanations(lines)
	return out, nil
}

// keptAnswer stands in the ledger where other charges have the name of a target.
const keptAnswer = "cache"

// reductionOf says why less than the price was charged.
func reductionOf(n ledger.Line) string {
	if n.Target == keptAnswer {
		return "kept answer: charged at its share of the price"
	}
	return "discount, such as that of batches"
}

// chargeOf is a stored line as its price explains it. A formula's input megapixels stand
// where other lines have their input tokens.
func chargeOf(n ledger.Line) price.Charge {
	c := price.Charge{Amount: n.Amount, Quantity: n.Quantity, Unit: n.Unit, Rate: n.Rate, Version: n.PriceVersion}
	if n.Kind == "tokens" {
		c.Unit = price.MillionTokens
	}
	if !price.IsTokens(c.Unit) {
		c.Input = n.Input
		return c
	}
	c.Tokens = price.Tokens{In: n.Input, Out: n.Output, Cached: n.Cached, Reasoning: n.Reasoning}
	return c
}

// Explanations are the products of a charge; never nil.
func Explanations(lines []price.Line) []skytells.Explanation {
	out := []skytells.Explanation{}
	for _, l := range lines {
		out = append(out, skytells.Explanation{
			What: l.What, Quantity: skytells.Amount(l.Quantity), Unit: l.Unit, Rate: skytells.Amount(l.Rate), Amount: skytells.Amount(l.Amount),
		})
	}
	return out
}
