package catalog

import (
	"cmp"
	"encoding/json"
	"strconv"

	"skytower/internal/price"
	"skytower/internal/skytells"
)

// pricingCard is a price as clients read it (contract 12). The contract leaves open how
// two rates of tokens go into it: here `amount` is the input's, which every client can
// read, and `input` and `output` stand beside it.
func pricingCard(s *skytells.PricingSpec) *skytells.Pricing {
	if s == nil {
		return nil
	}
	card := &skytells.Pricing{
		Amount: display(shownAmount(*s)), Currency: "USD", Unit: s.Unit, Criterias: []skytells.Criterion{},
		Input: s.Input, Output: s.Output, CachedInput: s.CachedInput, Reasoning: s.Reasoning, Request: s.Request,
	}
	for _, c := range s.Criterias {
		value, err := json.Marshal(c.Value)
		if err != nil {
			value = []byte("null") // it was read from JSON
		}
		card.Criterias = append(card.Criterias, skytells.Criterion{
			Field: c.Field, Description: c.Description, Operator: "equals", Value: value,
			BillablePrice: display(c.BillablePrice), Unit: cmp.Or(c.Unit, s.Unit),
		})
	}
	if f := s.Formula; f != nil {
		card.Formula = &skytells.Formula{Description: f.Description, Type: f.Type, Variables: f.Variables, ResultKey: f.ResultKey}
		for _, t := range f.Terms {
			card.Formula.Terms = append(card.Formula.Terms, skytells.FormulaCardTerm(t))
		}
	}
	return card
}

// shownAmount is the one amount that a card has room for.
func shownAmount(s skytells.PricingSpec) skytells.Amount {
	switch {
	case s.Amount != "":
		return s.Amount
	case price.IsTokens(s.Unit):
		return s.Input
	case s.Formula != nil:
		return formulaAmount(*s.Formula)
	}
	return s.Request
}

// formulaAmount is the rate of the outputs' megapixels, else the first one.
func formulaAmount(f skytells.FormulaSpec) skytells.Amount {
	for _, t := range f.Terms {
		if t.MegapixelType == price.OfOutput {
			return f.Variables[t.RateKey]
		}
	}
	for _, t := range f.Terms {
		return f.Variables[t.RateKey]
	}
	return ""
}

// display is an amount as the clients' types have it. Nothing is charged by it.
func display(a skytells.Amount) float64 {
	f, _ := strconv.ParseFloat(string(a), 64)
	return f
}
