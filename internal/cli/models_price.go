package cli

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"skytower/internal/skytells"
)

// priceFlags are the prices that one line can say; a resource file says them all.
type priceFlags struct {
	Price       *string `placeholder:"0.03/image" help:"Dollars of one unit: image, video, audio, prediction, second, minute, computing_second, megapixel, …"`
	Input       *string `placeholder:"DOLLARS" help:"Of a million input tokens."`
	Output      *string `placeholder:"DOLLARS" help:"Of a million output tokens."`
	CachedInput *string `name:"cached-input" placeholder:"DOLLARS" help:"Of a million input tokens from a cache; empty: as --input."`
	Reasoning   *string `placeholder:"DOLLARS" help:"Of a million reasoning tokens; empty: as --output."`
	Request     *string `placeholder:"DOLLARS" help:"Of each request or prediction, besides the rest; empty: nothing."`
	Free        bool    `help:"Without a price."`
}

// amounts are the flags that hold one.
func (f *priceFlags) amounts() map[string]*string {
	return map[string]*string{"input": f.Input, "output": f.Output, "cached-input": f.CachedInput, "reasoning": f.Reasoning, "request": f.Request}
}

func (f *priceFlags) tokens() bool {
	return f.Input != nil || f.Output != nil || f.CachedInput != nil || f.Reasoning != nil
}

// check refuses what contradicts itself, and what is no amount.
func (f *priceFlags) check() error {
	given := f.Price != nil || f.tokens() || f.Request != nil
	switch {
	case f.Free && given:
		return usagef("a model is free or has a price: give --free alone")
	case f.Price != nil && f.tokens():
		return usagef("--price is of one unit, --input and --output are of tokens: give one of both")
	}
	if f.Price != nil {
		if amount, unit, _ := splitPrice(*f.Price); amount == "" || unit == "" || !isAmount(amount) {
			return usagef("--price is dollars and a unit, such as 0.03/image, not %q", *f.Price)
		}
	}
	for name, text := range f.amounts() {
		if text != nil && *text != "" && !isAmount(*text) {
			return usagef("--%s is a decimal number of dollars, such as 0.50, not %q", name, *text)
		}
	}
	return nil
}

func splitPrice(text string) (amount, unit string, ok bool) {
	amount, unit, ok = strings.Cut(text, "/")
	return strings.TrimSpace(amount), strings.TrimSpace(unit), ok
}

func isAmount(text string) bool {
	var a skytells.Amount
	return text != "" && a.UnmarshalJSON([]byte(text)) == nil && a != ""
}

// apply changes what was given. A price of tokens takes the place of one by units, and the
// other way round; what holds for both stays.
func (f *priceFlags) apply(spec *skytells.ModelSpec) {
	if f.Free {
		spec.Free, spec.Pricing = true, nil
		return
	}
	if f.Price == nil && !f.tokens() && f.Request == nil {
		return
	}
	p := skytells.PricingSpec{}
	if spec.Pricing != nil {
		p = *spec.Pricing
	}
	spec.Free, spec.Pricing = false, &p
	if f.Price != nil {
		amount, unit, _ := splitPrice(*f.Price)
		p.Input, p.Output, p.CachedInput, p.Reasoning, p.Formula = "", "", "", "", nil
		p.Amount, p.Unit = skytells.Amount(amount), unit
	}
	if f.tokens() {
		p.Amount, p.Unit, p.Formula, p.Criterias = "", "million_token", nil, nil
	}
	for _, one := range []struct {
		to   *skytells.Amount
		from *string
	}{{&p.Input, f.Input}, {&p.Output, f.Output}, {&p.CachedInput, f.CachedInput}, {&p.Reasoning, f.Reasoning}, {&p.Request, f.Request}} {
		if one.from != nil {
			*one.to = skytells.Amount(*one.from)
		}
	}
}

// words are the parts of a list with commas; nil where there are none.
func words(list string) []string {
	parts := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	return slices.Clip(parts)
}

// priceOf is a price in a few characters.
func priceOf(m skytells.ModelSpec) string {
	switch {
	case m.Free:
		return "free"
	case m.Pricing == nil:
		return ""
	}
	return shortPrice(*m.Pricing)
}

func shortPrice(p skytells.PricingSpec) string {
	var parts []string
	switch {
	case p.Formula != nil:
		parts = append(parts, "by formula")
	case p.Amount != "":
		parts = append(parts, string(p.Amount)+"/"+p.Unit)
	case p.Output == "" && p.Input != "":
		parts = append(parts, string(p.Input)+"/million_token")
	case p.Input != "":
		parts = append(parts, string(p.Input)+" in", string(p.Output)+" out")
	}
	if p.Request != "" {
		parts = append(parts, string(p.Request)+"/request")
	}
	if len(p.Criterias) > 0 {
		parts = append(parts, "with criterias")
	}
	return strings.Join(parts, ", ")
}

type modelsPrices struct {
	Slug string `arg:"" help:"The model, also one that was removed."`
}

// Run lists the prices.
func (m *modelsPrices) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	prices, err := c.Prices(ctx, m.Slug)
	if err != nil {
		return err
	}
	return list(s, prices, []string{"VERSION", "SINCE", "PRICE", "SET BY"}, func(v skytells.PriceVersion) []string {
		return []string{strconv.FormatInt(v.Version, 10), v.CreatedAt.Format(time.RFC3339), shortPrice(v.Pricing), v.Actor}
	})
}
