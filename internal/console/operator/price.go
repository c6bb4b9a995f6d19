package operator

import (
	"encoding/json"
	"fmt"
	"strings"

	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/price"
	"skytower/internal/skytells"
)

// priceForm is a price as fields of a form, whose names begin with Prefix.
type priceForm struct {
	Prefix                                                string
	Unit, Amount, Input, Output, Cached, Reasoning, Extra string // Extra is of each request
	OnCancel, Hold, More                                  string // More is criterias and formula, as JSON
	Units                                                 []ui.Choice
	Cost                                                  bool // what an upstream takes: no hold, and nothing on cancelling
}

// morePricing is what a price has that is no single number.
type morePricing struct {
	Criterias []skytells.CriterionSpec `json:"criterias,omitempty"`
	Formula   *skytells.FormulaSpec    `json:"formula,omitempty"`
}

func units() []ui.Choice {
	out := choices("", "As the amounts say")
	for _, u := range price.Units() {
		out = append(out, ui.Choice{Value: u, Label: strings.ReplaceAll(u, "_", " ")})
	}
	return out
}

// Cancels are what a cancelled prediction owes.
func (priceForm) Cancels() []ui.Choice {
	return choices("", "It owes what was used", "used", "What was used, said outright", "none", "It owes nothing", "full", "It owes all of it")
}

func formOfPrice(prefix string, s *skytells.PricingSpec, cost bool) priceForm {
	f := priceForm{Prefix: prefix, Units: units(), Cost: cost}
	if s == nil {
		return f
	}
	f.Unit, f.Amount, f.Input, f.Output, f.Cached, f.Reasoning, f.Extra = s.Unit, string(s.Amount), string(s.Input), string(s.Output), string(s.CachedInput), string(s.Reasoning), string(s.Request)
	f.OnCancel, f.Hold, f.More = s.OnCancel, string(s.Hold), pretty(morePricing{s.Criterias, s.Formula})
	return f
}

func typedPrice(d *desk.Desk, prefix string, cost bool) priceForm {
	at := func(name string) string { return typed(d, prefix+name) }
	return priceForm{Prefix: prefix, Units: units(), Cost: cost, Unit: at("unit"), Amount: at("amount"), Input: at("input"), Output: at("output"), Cached: at("cached"),
		Reasoning: at("reasoning"), Extra: at("request"), OnCancel: at("on_cancel"), Hold: at("hold"), More: at("more")}
}

// empty reports whether nothing was typed that costs something.
func (f *priceForm) empty() bool {
	return f.Amount+f.Input+f.Output+f.Cached+f.Reasoning+f.Extra+f.More == ""
}

// spec is the price; nil for an empty form.
func (f *priceForm) spec(what string) (*skytells.PricingSpec, error) {
	if f.empty() {
		return nil, nil
	}
	s := &skytells.PricingSpec{Unit: f.Unit, Amount: dollars(f.Amount), Input: dollars(f.Input), Output: dollars(f.Output), CachedInput: dollars(f.Cached),
		Reasoning: dollars(f.Reasoning), Request: dollars(f.Extra), OnCancel: f.OnCancel, Hold: dollars(f.Hold)}
	for _, a := range []skytells.Amount{s.Amount, s.Input, s.Output, s.CachedInput, s.Reasoning, s.Request, s.Hold} {
		var parsed skytells.Amount
		if err := parsed.UnmarshalJSON([]byte(a)); a != "" && err != nil {
			return nil, wrong("%s: %q is no amount of dollars, such as 0.03.", what, string(a))
		}
	}
	var more morePricing
	if err := strictJSON(f.More, &more); err != nil {
		return nil, wrong("%s: criterias and formula are not the JSON that they should be: %s", what, err)
	}
	s.Criterias, s.Formula = more.Criterias, more.Formula
	return s, nil
}

// strictJSON reads JSON that must have no other fields; "" leaves v.
func strictJSON(text string, v any) error {
	if text == "" {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(v) //nolint:wrapcheck // its sentence is shown
}

// priceLines say a price in words.
func priceLines(s *skytells.PricingSpec) []string {
	if s == nil {
		return nil
	}
	var out []string
	add := func(a skytells.Amount, of string) {
		if a != "" {
			out = append(out, ui.Money(a)+" "+of)
		}
	}
	add(s.Input, "per million input tokens")
	add(s.Output, "per million output tokens")
	add(s.CachedInput, "per million cached input tokens")
	add(s.Reasoning, "per million reasoning tokens")
	add(s.Amount, "per "+strings.ReplaceAll(s.Unit, "_", " "))
	add(s.Request, "per request")
	if n := len(s.Criterias); n > 0 {
		out = append(out, fmt.Sprintf("%d prices by input", n))
	}
	if s.Formula != nil {
		out = append(out, "a formula by megapixels")
	}
	return out
}
