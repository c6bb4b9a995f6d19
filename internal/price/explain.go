package price

import (
	"math/big"

	"skytower/internal/money"
)

// product is one part of a charge: units × rate, in millionths of a nano-dollar. Units are
// tokens where the rate is of a million, else millionths of what the rate is of.
type product struct {
	what, unit string
	units      int64
	rate       money.Nanos
}

// products are the parts of a charge. What none was used of is left out.
func products(c Charge, rates tokenRates, request money.Nanos, formula *Formula) []product {
	if c.Unit == "" {
		return nil
	}
	var all []product
	switch {
	case formula != nil:
		for _, t := range formula.Terms {
			if t.Of == OfInput {
				all = append(all, product{"megapixels of inputs", Megapixel, c.Input, t.Rate})
			} else {
				all = append(all, product{"megapixels of outputs", Megapixel, c.Quantity, t.Rate})
			}
		}
	case IsTokens(c.Unit):
		t := c.Tokens.apart()
		all = append(all, product{"input tokens", Token, t.In, rates.input}, product{"cached input tokens", Token, t.Cached, rates.cached},
			product{"output tokens", Token, t.Out, rates.output}, product{"reasoning tokens", Token, t.Reasoning, rates.reasoning})
	default:
		all = append(all, product{what(c.Unit), c.Unit, c.Quantity, c.Rate})
	}
	if request > 0 {
		all = append(all, product{"request", "request", million, request})
	}
	used := all[:0]
	for _, p := range all {
		if p.units != 0 {
			used = append(used, p)
		}
	}
	return used
}

// what says in words what a unit counts.
func what(unit string) string {
	switch {
	case unit == Image:
		return "images"
	case unit == Video:
		return "videos"
	case unit == Audio:
		return "audio files"
	case isDuration(unit):
		return "duration of outputs"
	case isCompute(unit):
		return "computing time"
	case isMegapixels(unit):
		return "megapixels of outputs"
	}
	return unit
}

// ExplainTokens gives the products that make up Tokens(t). A nil Price has none.
func (p *Price) ExplainTokens(t Tokens) []Line {
	return p.Explain(Charge{Unit: MillionTokens, Tokens: t})
}

// Explain gives the products that make up a charge at this version of the price: of a
// prediction as Quote.Charge made it, or of tokens. Their exact sum, rounded once, is the
// charge's amount. A nil Price has none.
func (p *Price) Explain(c Charge) []Line {
	if p == nil {
		return nil
	}
	rates := tokenRates{p.Input, p.Output, p.Cached, p.Reasoning}
	if IsTokens(c.Unit) && c.Rate > 0 { // a criterion's
		rates = tokenRates{c.Rate, c.Rate, c.Rate, c.Rate}
	}
	formula := p.Formula
	if IsTokens(c.Unit) {
		formula = nil
	}
	parts := products(c, rates, p.Request, formula)
	amount, err := sumOf(parts)
	switch {
	case c.Amount == 0, err == nil && amount == c.Amount:
		return linesOf(parts)
	case err == nil && c.Amount < amount && IsTokens(c.Unit): // a share of the price (ShareOfTokens)
		return append(linesOf(parts), reduction(parts, c.Amount))
	}
	// Charged otherwise, as where the sum was beyond all money: then that is all there is to say.
	return linesOf([]product{{"charge", "request", million, c.Amount}})
}

func linesOf(parts []product) []Line {
	var lines []Line
	for _, part := range parts {
		lines = append(lines, part.line())
	}
	return lines
}

// Reduction is what a line is called that takes the products down to what was charged, of
// a charge that is a share of the price. Why it is one, the ledger knows.
const Reduction = "reduction"

// reduction is what the amount lacks of the products' exact sum.
func reduction(parts []product, amount money.Nanos) Line {
	lacks := new(big.Int).Mul(big.NewInt(int64(amount)), big.NewInt(million))
	for _, p := range parts {
		lacks.Sub(lacks, new(big.Int).Mul(big.NewInt(p.units), big.NewInt(int64(p.rate))))
	}
	text := decimal(lacks, millionDigits+nanoDigits)
	return Line{What: Reduction, Quantity: "1", Unit: "request", Rate: text, Amount: text}
}

// sumOf is the products' sum, rounded once.
func sumOf(parts []product) (money.Nanos, error) {
	var sum money.Sum
	for _, p := range parts {
		sum.Add(p.units, p.rate)
	}
	return sum.Cost()
}

func (p product) line() Line {
	const units, rate = millionDigits, nanoDigits
	l := Line{What: p.what, Unit: p.unit, Rate: decimal(big.NewInt(int64(p.rate)), rate), Quantity: decimal(big.NewInt(p.units), units)}
	if p.unit == Token { // the rate is of a million
		l.Rate, l.Quantity = decimal(big.NewInt(int64(p.rate)), rate+millionDigits), decimal(big.NewInt(p.units), 0)
	}
	l.Amount = decimal(new(big.Int).Mul(big.NewInt(p.units), big.NewInt(int64(p.rate))), units+rate)
	return l
}
