// Package price is what a model costs: the rates of contract section 12, and the
// arithmetic from what was used to an amount.
//
// It is pure: it reads no table, knows no account, and keeps nothing. Its one invariant:
// an amount is the exact sum of quantity × rate, rounded once, half to even (package
// money), so that the stored quantities and the price's version explain it for good.
package price

import (
	"skytower/internal/money"
)

// OnCancel is what a prediction owes that was cancelled after it had started.
type OnCancel string

// The choices of contract 12.
const (
	None OnCancel = "none"
	Used OnCancel = "used" // time so far for time units, full once an output was shown
	Full OnCancel = "full"
)

// Price is a model's price in one version, parsed. Rates are nano-dollars: of a million
// tokens for the tokens' rates, of one unit for Rate.
type Price struct {
	Version int64
	Unit    string // a unit word of contract 12

	// Of models that are billed by tokens.
	Input, Output     money.Nanos
	Cached, Reasoning money.Nanos // of the tokens that are cached, or reasoning, in place of Input or Output

	Request  money.Nanos // for each request or prediction, besides the rest
	Rate     money.Nanos // of one unit that is not a token
	Criteria []Criterion // the first that holds takes the place of Rate and Unit
	Formula  *Formula    // takes the place of Rate, Unit and Criteria
	OnCancel OnCancel
	// Hold is set aside for a prediction where the operator says so; 0: an estimate.
	Hold money.Nanos
}

// Criterion is a rate that holds where a field of the input has a value.
type Criterion struct {
	Field string
	Value string      // JSON
	Rate  money.Nanos // of one Unit; of a million tokens for token units
	Unit  string
}

// Formula is the sum of megapixels × rate over its terms (contract 12).
type Formula struct {
	Terms []Term `json:"terms"`
}

// Term is one product of a formula.
type Term struct {
	Of   string      `json:"of"` // OfInput or OfOutput: whose megapixels
	Rate money.Nanos `json:"rate"`
}

// Whose megapixels a term counts.
const (
	OfInput  = "input"
	OfOutput = "output"
)

// Tokens are what an inference call used; Cached is a part of In, Reasoning one of Out.
type Tokens struct {
	In        int64 `json:"in,omitempty"`
	Out       int64 `json:"out,omitempty"`
	Cached    int64 `json:"cached,omitempty"`
	Reasoning int64 `json:"reasoning,omitempty"`
}

// Quote is the price of one prediction, as its input chose the rates. It is kept with the
// prediction (as JSON), so that its end charges what its beginning said.
type Quote struct {
	Version int64       `json:"version"`
	Unit    string      `json:"unit"`
	Rate    money.Nanos `json:"rate"`
	Request money.Nanos `json:"request,omitempty"`
	Formula *Formula    `json:"formula,omitempty"`
	// Rates of tokens, as in Price.
	Input     money.Nanos `json:"input,omitempty"`
	Output    money.Nanos `json:"output,omitempty"`
	Cached    money.Nanos `json:"cached,omitempty"`
	Reasoning money.Nanos `json:"reasoning,omitempty"`
	OnCancel  OnCancel    `json:"on_cancel"`
	// Expect is the most that the input lets expect.
	Expect Measure `json:"expect"`
	// Estimate is what is set aside: what Expect costs, or Price.Hold.
	Estimate money.Nanos `json:"estimate"`
}

// Measure is what a prediction used and made. Quantities are millionths: of a second, of
// a megapixel. A quantity that is not known is 0.
type Measure struct {
	Outputs          int64  `json:"outputs,omitempty"`           // files, or 1 for another output
	Seconds          int64  `json:"seconds,omitempty"`           // duration of the outputs
	Compute          int64  `json:"compute,omitempty"`           // time that the model computed
	OutputMegapixels int64  `json:"output_megapixels,omitempty"` // of all outputs together
	InputMegapixels  int64  `json:"input_megapixels,omitempty"`
	Tokens           Tokens `json:"tokens,omitzero"` // of a text model
}

// Charge is an amount with what explains it.
type Charge struct {
	Amount   money.Nanos
	Quantity int64  // millionths of Unit; not of token units
	Unit     string // "": nothing is owed
	Rate     money.Nanos
	Version  int64
	// Input is what a formula takes besides Quantity, the outputs' megapixels: those of the
	// inputs, in millionths.
	Input  int64
	Tokens Tokens // of token units
}

// Line is one product of an explanation: Quantity × Rate = Amount, not rounded.
type Line struct {
	What     string // such as input tokens
	Quantity string // decimal, of Unit
	Unit     string
	Rate     string // dollars of one Unit
	Amount   string // dollars, exact
}
