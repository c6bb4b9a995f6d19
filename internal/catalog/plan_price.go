package catalog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"skytower/internal/price"
	"skytower/internal/skytells"
)

// Bounds of a price and of a private model's accounts.
const (
	maxCriterias = 64
	maxTerms     = 64
	maxKey       = 128  // characters of a field's or a variable's name
	maxCriterion = 1024 // bytes of the value that is looked for
	maxAccounts  = 1000
)

// accountPrefix is how the id of every account begins.
const accountPrefix = "acct_"

// normalizePricing checks what a model costs, what its targets do, and who may use it.
func (p *plan) normalizePricing(path string, spec *skytells.ModelSpec) {
	if spec.Free && spec.Pricing != nil {
		p.problem(path+".free", "a model is free or has a price (pricing), not both")
	}
	if spec.Pricing != nil {
		spec.Pricing = p.pricing(path+".pricing", *spec.Pricing, spec.API)
		if spec.API == Prediction && spec.Type == "" {
			p.problem(path+".type", "is missing: what it puts out, which is image, video, audio, music or text")
		}
	}
	for i, t := range spec.Targets {
		if t.Cost != nil {
			spec.Targets[i].Cost = p.cost(fmt.Sprintf("%s.targets[%d].cost", path, i), *t.Cost, spec.API)
		}
	}
	p.normalizeAccounts(path+".accounts", spec)
}

// cost checks what an upstream takes: a price that nobody is asked for.
func (p *plan) cost(path string, given skytells.PricingSpec, api string) *skytells.PricingSpec {
	for _, f := range []field{{"hold", string(given.Hold)}, {"on_cancel", given.OnCancel}} {
		if f.value != "" {
			p.problem(path+"."+f.name, "is for a model's own price")
		}
	}
	return p.pricing(path, given, api)
}

// pricing checks a price and gives its normal form, in a copy.
func (p *plan) pricing(path string, given skytells.PricingSpec, api string) *skytells.PricingSpec {
	s := given
	s.Version = 0
	p.oneOf(path+".currency", &s.Currency, "USD", "USD")
	p.oneOf(path+".on_cancel", &s.OnCancel, "", string(price.None), string(price.Used), string(price.Full))
	s.Unit = unitOf(s, api)
	if !p.unit(path+".unit", s.Unit) {
		return &s
	}
	p.forAPI(path, s, api)
	p.rate(path+".amount", &s.Amount, s.Unit)
	for _, r := range tokenAmounts(&s) {
		p.rate(path+"."+r.name, r.amount, price.MillionTokens)
	}
	p.rate(path+".request", &s.Request, price.Prediction)
	p.rate(path+".hold", &s.Hold, price.Prediction)
	if price.IsTokens(s.Unit) {
		p.tokenPrice(path, s, api)
	} else {
		p.unitPrice(path, s)
	}
	p.criterias(path+".criterias", &s)
	p.formula(path+".formula", &s)
	return &s
}

// unitOf is the unit of a price, where it need not be said.
func unitOf(s skytells.PricingSpec, api string) string {
	inference := api == Chat || api == Embeddings
	switch {
	case s.Unit != "":
		return s.Unit
	case s.Input != "" || s.Output != "" || inference && s.Amount != "":
		return price.MillionTokens
	case s.Formula != nil:
		return price.Megapixel
	case s.Amount == "" && s.Request != "":
		return price.Prediction
	}
	return ""
}

func (p *plan) unit(path, word string) bool {
	if word == "" {
		p.problem(path, "is missing: what the amount is of: %s", strings.Join(price.Units(), ", "))
		return false
	}
	p.oneOf(path, &word, "", price.Units()...)
	return price.IsUnit(word)
}

// forAPI refuses what a model of chat or embeddings can't be charged by.
func (p *plan) forAPI(path string, s skytells.PricingSpec, api string) {
	if api != Chat && api != Embeddings {
		return
	}
	if !price.IsTokens(s.Unit) && (s.Unit != price.Prediction || s.Amount != "" || s.Request == "") {
		p.problem(path+".unit", "a model of api '%s' is priced by tokens (million_token, with input and output) or by request", api)
	}
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"criterias", len(s.Criterias) > 0}, {"formula", s.Formula != nil}, {"on_cancel", s.OnCancel != ""}, {"hold", s.Hold != ""},
	} {
		if f.given {
			p.problem(path+"."+f.name, "is for models of api '%s' only", Prediction)
		}
	}
}

// rate checks an amount and writes it in its one form.
func (p *plan) rate(path string, amount *skytells.Amount, unit string) {
	if *amount == "" {
		return
	}
	rate, err := price.ParseRate(string(*amount), unit)
	if err != nil {
		p.problem(path, "%s", err)
		return
	}
	*amount = skytells.Amount(price.FormatRate(rate, unit))
}

// namedAmount is one of a price's amounts.
type namedAmount struct {
	name   string
	amount *skytells.Amount
}

func tokenAmounts(s *skytells.PricingSpec) []namedAmount {
	return []namedAmount{{"input", &s.Input}, {"output", &s.Output}, {"cached_input", &s.CachedInput}, {"reasoning", &s.Reasoning}}
}

// tokenPrice checks a price of tokens: an amount for all of them, or input and output.
func (p *plan) tokenPrice(path string, s skytells.PricingSpec, api string) {
	apart := false
	for _, r := range tokenAmounts(&s) {
		if *r.amount == "" {
			continue
		}
		apart = true
		if price.IsSingleToken(s.Unit) {
			p.problem(path+"."+r.name, "is of a million tokens: set unit to million_token")
		} else if s.Amount != "" {
			p.problem(path+"."+r.name, "stands beside amount, which is for all tokens: give one of both")
		}
	}
	switch {
	case s.Amount != "":
	case s.Input == "" && !apart && price.IsSingleToken(s.Unit):
		p.problem(path+".amount", "is missing: dollars of one token")
	case s.Input == "":
		p.problem(path+".input", "is missing: dollars of a million input tokens; 0 is free of charge")
	case s.Output == "" && api != Embeddings:
		p.problem(path+".output", "is missing: dollars of a million output tokens; 0 is free of charge")
	}
}

// unitPrice checks a price of something else.
func (p *plan) unitPrice(path string, s skytells.PricingSpec) {
	for _, r := range tokenAmounts(&s) {
		if *r.amount != "" {
			p.problem(path+"."+r.name, "is of tokens, and the unit is '%s'", s.Unit)
		}
	}
	if s.Amount == "" && s.Formula == nil && (s.Unit != price.Prediction || s.Request == "") {
		p.problem(path+".amount", "is missing: dollars of one unit")
	}
}

// criterias checks the prices that hold for some inputs, and writes out their defaults.
func (p *plan) criterias(path string, s *skytells.PricingSpec) {
	s.Criterias = notEmpty(s.Criterias)
	switch {
	case len(s.Criterias) > maxCriterias:
		p.problem(path, "has at most %d of them", maxCriterias)
		return
	case len(s.Criterias) > 0 && s.Formula != nil:
		p.problem(path, "would never hold beside a formula: give one of both")
	}
	for i := range s.Criterias {
		p.criterion(fmt.Sprintf("%s[%d]", path, i), &s.Criterias[i], s.Unit)
	}
}

func (p *plan) criterion(path string, c *skytells.CriterionSpec, unit string) {
	if c.Operator == "==" {
		c.Operator = "equals"
	}
	p.oneOf(path+".operator", &c.Operator, "equals", "equals")
	if c.Field == "" || len(c.Field) > maxKey {
		p.problem(path+".field", "must name a field of the input, in at most %d bytes", maxKey)
	}
	if len(c.Description) > maxDescription {
		p.problem(path+".description", "has at most %d bytes", maxDescription)
	}
	p.criterionValue(path+".value", c)
	if c.Unit == "" {
		c.Unit = unit
	}
	if !p.unit(path+".unit", c.Unit) {
		return
	}
	if c.BillablePrice == "" {
		p.problem(path+".billable_price", "is missing: dollars of one unit")
	}
	p.rate(path+".billable_price", &c.BillablePrice, c.Unit)
}

// criterionValue brings a value to the form that JSON gives it, wherever it comes from.
func (p *plan) criterionValue(path string, c *skytells.CriterionSpec) {
	text, err := json.Marshal(c.Value)
	switch {
	case c.Value == nil:
		p.problem(path, "is missing: what the input's field must hold")
	case err != nil || len(text) > maxCriterion || fromText(string(text), &c.Value) != nil:
		p.problem(path, "must be what JSON can hold, in at most %d bytes", maxCriterion)
	}
}

// formula checks a formula, in a copy.
func (p *plan) formula(path string, s *skytells.PricingSpec) {
	if s.Formula == nil {
		return
	}
	given, f := *s.Formula, *s.Formula
	s.Formula = &f
	if s.Unit != price.Megapixel && s.Unit != price.ImageMegapixel {
		p.problem(path, "counts megapixels, and the unit is '%s'", s.Unit)
	}
	if len(f.Description) > maxDescription || len(f.Type) > maxKey || len(f.ResultKey) > maxKey {
		p.problem(path, "has a description of at most %d bytes, and other texts of at most %d", maxDescription, maxKey)
	}
	if len(f.Terms) == 0 || len(f.Terms) > maxTerms || len(f.Variables) > maxTerms {
		p.problem(path+".terms", "must be 1 to %d, and as many variables at most", maxTerms)
		return
	}
	f.Variables = map[string]skytells.Amount{}
	for _, name := range sortedKeys(given.Variables) {
		amount := given.Variables[name]
		at := fmt.Sprintf("%s.variables.%s", path, quotable(name))
		if name == "" || len(name) > maxKey || amount == "" {
			p.problem(at, "must be an amount with a name of at most %d bytes", maxKey)
		}
		p.rate(at, &amount, price.Megapixel)
		f.Variables[name] = amount
	}
	f.Terms = slices.Clone(f.Terms)
	for i := range f.Terms {
		p.term(fmt.Sprintf("%s.terms[%d]", path, i), f.Terms[i], f.Variables)
	}
}

func (p *plan) term(path string, t skytells.FormulaTerm, variables map[string]skytells.Amount) {
	if t.MegapixelType == "" {
		p.problem(path+".megapixel_type", "is missing: input or output")
	}
	p.oneOf(path+".megapixel_type", &t.MegapixelType, "", price.OfInput, price.OfOutput)
	if _, ok := variables[t.RateKey]; !ok {
		p.problem(path+".rate_key", "no variable is called '%s'%s", quotable(t.RateKey), didYouMean(t.RateKey, sortedKeys(variables)))
	}
	if len(t.MegapixelsKey) > maxKey {
		p.problem(path+".megapixels_key", "has at most %d bytes", maxKey)
	}
}

// normalizeAccounts sorts the accounts that may use a private model. Whether they are
// there is not this room's to know.
func (p *plan) normalizeAccounts(path string, spec *skytells.ModelSpec) {
	if len(spec.Accounts) > maxAccounts {
		p.problem(path, "has at most %d accounts", maxAccounts)
		return
	}
	for i, id := range spec.Accounts {
		rest, ok := strings.CutPrefix(id, accountPrefix)
		if !ok || rest == "" || len(id) > maxKey || strings.ContainsFunc(rest, func(r rune) bool { return r > 127 || !isAlnum(byte(r)) && r != '_' && r != '-' }) {
			p.problem(fmt.Sprintf("%s[%d]", path, i), "'%s' is not the id of an account, such as acct_…", quotable(id))
		}
	}
	spec.Accounts = slices.Compact(slices.Sorted(slices.Values(spec.Accounts)))
	spec.Accounts = notEmpty(spec.Accounts)
}
