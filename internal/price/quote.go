package price

import (
	"encoding/json"
	"fmt"
)

// Quote chooses the rates for a prediction's input, in which the schema's defaults are
// filled in, and estimates what it will cost.
func (p *Price) Quote(input json.RawMessage) (Quote, error) {
	q := Quote{
		Version: p.Version, Unit: p.Unit, Rate: p.Rate, Request: p.Request, Formula: p.Formula, OnCancel: p.OnCancel,
		Input: p.Input, Output: p.Output, Cached: p.Cached, Reasoning: p.Reasoning,
	}
	if q.OnCancel == "" {
		q.OnCancel = Used
	}
	if q.Formula != nil {
		q.Unit, q.Rate = Megapixel, 0
	} else if c := p.criterion(input); c != nil {
		q.choose(*c)
	}
	q.Expect = expect(input, q.Unit)
	expected, err := q.Expected()
	if err != nil {
		return Quote{}, fmt.Errorf("estimate the price: %w", err)
	}
	if q.Estimate = expected.Amount; p.Hold > 0 {
		q.Estimate = p.Hold
	}
	return q, nil
}

// criterion is the first that holds for the input, or nil.
func (p *Price) criterion(input json.RawMessage) *Criterion {
	if len(p.Criteria) == 0 {
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(input, &fields) != nil {
		return nil
	}
	for i, c := range p.Criteria {
		if value, ok := fields[c.Field]; ok && sameJSON(value, []byte(c.Value)) {
			return &p.Criteria[i]
		}
	}
	return nil
}

// choose puts a criterion's rate in place of the price's own.
func (q *Quote) choose(c Criterion) {
	q.Unit, q.Rate = c.Unit, c.Rate
	q.Input, q.Output, q.Cached, q.Reasoning = 0, 0, 0, 0
	if !IsTokens(c.Unit) {
		return
	}
	q.Input, q.Output, q.Cached, q.Reasoning = c.Rate, c.Rate, c.Rate, c.Rate
	if c.Rate == 0 {
		q.Unit = Prediction // free of charge, said so that a charge line can't be read otherwise
	}
}

// Expected is the charge that the input lets expect, whatever the price says to hold.
func (q Quote) Expected() (Charge, error) { return q.Charge(q.Expect) }

// Charge is what a prediction owes that used and made m. Time and size of outputs that
// could not be measured count as the input let expect: not known is not zero.
//
// The error is money.ErrOverflow.
func (q Quote) Charge(m Measure) (Charge, error) {
	m = q.known(m)
	c := Charge{Unit: q.Unit, Rate: q.Rate, Version: q.Version}
	switch {
	case q.Formula != nil:
		c.Quantity, c.Input = m.OutputMegapixels, m.InputMegapixels
	case IsTokens(q.Unit):
		c.Tokens = m.Tokens
	default:
		c.Quantity = quantity(q.Unit, m)
	}
	var err error
	c.Amount, err = sumOf(products(c, tokenRates{q.Input, q.Output, q.Cached, q.Reasoning}, q.Request, q.Formula))
	return c, err
}

// known fills in what could not be measured of outputs that there are.
func (q Quote) known(m Measure) Measure {
	if m.Outputs <= 0 {
		return m
	}
	share := func(measured, expected int64) int64 {
		if measured > 0 || q.Expect.Outputs <= 0 {
			return measured
		}
		return divide(times(expected, m.Outputs), q.Expect.Outputs)
	}
	m.Seconds = share(m.Seconds, q.Expect.Seconds)
	m.OutputMegapixels = share(m.OutputMegapixels, q.Expect.OutputMegapixels)
	if m.InputMegapixels == 0 {
		m.InputMegapixels = q.Expect.InputMegapixels
	}
	return m
}

// Cancelled is what a prediction owes that was cancelled after it had started, by the
// price's choice: nothing; what it used, which before an output was shown is its computing
// time where that is what is charged; or at least what was expected.
func (q Quote) Cancelled(m Measure, shown bool) (Charge, error) {
	computed := q.Formula == nil && isCompute(q.Unit) && m.Compute > 0
	switch {
	case q.OnCancel == Full:
		return q.Charge(m.atLeast(q.Expect))
	case q.OnCancel != None && (shown || computed):
		return q.Charge(m)
	}
	return Charge{Version: q.Version}, nil
}

// atLeast is the larger of both, in everything.
func (m Measure) atLeast(n Measure) Measure {
	return Measure{
		Outputs: max(m.Outputs, n.Outputs), Seconds: max(m.Seconds, n.Seconds), Compute: max(m.Compute, n.Compute),
		OutputMegapixels: max(m.OutputMegapixels, n.OutputMegapixels), InputMegapixels: max(m.InputMegapixels, n.InputMegapixels),
		Tokens: Tokens{
			In: max(m.Tokens.In, n.Tokens.In), Out: max(m.Tokens.Out, n.Tokens.Out),
			Cached: m.Tokens.Cached, Reasoning: m.Tokens.Reasoning,
		},
	}
}
