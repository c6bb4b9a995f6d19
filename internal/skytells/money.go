package skytells

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Amount is US dollars as an exact decimal number, such as 0.000125; "" is none. In JSON
// and YAML it is a number; a string that holds one is read as well.
type Amount string

// isAmount leaves no room for exponents, signs but one minus, or more digits than a price
// can have.
func isAmount(text string) bool {
	whole, fraction, point := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	return digits(whole, 12) && (!point || digits(fraction, 15))
}

// digits reports whether the text is one to most decimal digits.
func digits(text string, most int) bool {
	return text != "" && len(text) <= most && strings.Trim(text, "0123456789") == ""
}

// MarshalJSON writes a number; none is null.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a == "" {
		return []byte("null"), nil
	}
	return []byte(a), nil
}

// UnmarshalJSON reads a number, or a string that holds one; null is none.
func (a *Amount) UnmarshalJSON(text []byte) error {
	s := strings.Trim(string(text), `"`)
	if s == "null" {
		s = ""
	}
	return a.parse(s)
}

// MarshalYAML writes a number.
func (a Amount) MarshalYAML() (any, error) { return json.Number(a), nil }

// UnmarshalYAML reads a scalar.
func (a *Amount) UnmarshalYAML(decode func(any) error) error {
	var s string
	if err := decode(&s); err != nil {
		return err
	}
	return a.parse(s)
}

func (a *Amount) parse(s string) error {
	if s != "" && !isAmount(s) {
		return fmt.Errorf("an amount is a decimal number of dollars, such as 0.03, not %.40q", s)
	}
	*a = Amount(s)
	return nil
}

// PricingSpec is a model's price as an operator writes it (contract 12). Token models
// have Input and Output; others an Amount of one Unit.
type PricingSpec struct {
	Currency string `json:"currency,omitempty" yaml:"currency,omitempty" enum:"USD"`
	Unit     string `json:"unit,omitempty" yaml:"unit,omitempty" doc:"million_token (with input and output), image, video, audio, prediction, second, audio_second, video_second, minute, 5 seconds, computing_second, gpu, megapixel, image_megapixel."`
	Amount   Amount `json:"amount,omitempty" yaml:"amount,omitempty" doc:"Dollars of one unit."`

	Input       Amount `json:"input,omitempty" yaml:"input,omitempty" doc:"Dollars of a million input tokens."`
	Output      Amount `json:"output,omitempty" yaml:"output,omitempty" doc:"Dollars of a million output tokens."`
	CachedInput Amount `json:"cached_input,omitempty" yaml:"cached_input,omitempty" doc:"Of input tokens from the upstream's prompt cache; as input if empty."`
	Reasoning   Amount `json:"reasoning,omitempty" yaml:"reasoning,omitempty" doc:"Of reasoning tokens; as output if empty."`
	Request     Amount `json:"request,omitempty" yaml:"request,omitempty" doc:"Dollars of each request, besides the rest."`

	Criterias []CriterionSpec `json:"criterias,omitempty" yaml:"criterias,omitempty"`
	Formula   *FormulaSpec    `json:"formula,omitempty" yaml:"formula,omitempty"`
	OnCancel  string          `json:"on_cancel,omitempty" yaml:"on_cancel,omitempty" enum:"none,used,full" doc:"What a prediction owes that was cancelled after it had started; used if empty."`
	Hold      Amount          `json:"hold,omitempty" yaml:"hold,omitempty" doc:"Dollars to set aside for a prediction before it runs; an estimate from its input if empty."`
	// Version is the number of this price (read only).
	Version int64 `json:"version,omitempty" yaml:"-"`
}

// CriterionSpec is a price that holds for one value of an input field; the first that
// holds counts.
type CriterionSpec struct {
	Field         string `json:"field" yaml:"field"`
	Description   string `json:"description,omitempty" yaml:"description,omitempty"`
	Operator      string `json:"operator,omitempty" yaml:"operator,omitempty" enum:"equals,==" doc:"equals if empty."`
	Value         any    `json:"value" yaml:"value"`
	BillablePrice Amount `json:"billable_price" yaml:"billable_price"`
	Unit          string `json:"unit,omitempty" yaml:"unit,omitempty" doc:"The price's own unit if empty."`
}

// FormulaSpec is a price by megapixels: the sum over the terms.
type FormulaSpec struct {
	Description string            `json:"description,omitempty" yaml:"description,omitempty"`
	Type        string            `json:"type,omitempty" yaml:"type,omitempty"`
	Variables   map[string]Amount `json:"variables" yaml:"variables"`
	Terms       []FormulaTerm     `json:"terms" yaml:"terms"`
	ResultKey   string            `json:"result_key,omitempty" yaml:"result_key,omitempty"`
}

// FormulaTerm is one term: megapixels of a kind, times a variable.
type FormulaTerm struct {
	MegapixelType string `json:"megapixel_type" yaml:"megapixel_type" enum:"input,output"`
	MegapixelsKey string `json:"megapixels_key,omitempty" yaml:"megapixels_key,omitempty"`
	RateKey       string `json:"rate_key" yaml:"rate_key"`
}

// PriceVersion is one entry of a model's price history.
type PriceVersion struct {
	Version   int64       `json:"version"`
	Model     string      `json:"model"`
	CreatedAt time.Time   `json:"created_at"`
	Actor     string      `json:"actor"`
	Pricing   PricingSpec `json:"pricing"`
}

// Balance is an account's credit (GET /v1/balance, and for operators).
type Balance struct {
	Account    string          `json:"account"`
	Currency   string          `json:"currency"`
	Balance    Amount          `json:"balance" doc:"Sum of the buckets; below zero is owed."`
	CreditLine Amount          `json:"credit_line" doc:"How far below zero the balance may go."`
	Reserved   Amount          `json:"reserved" doc:"Set aside for predictions that run or wait."`
	Available  Amount          `json:"available" doc:"What requests may take."`
	DrawOrder  []string        `json:"draw_order" doc:"Kinds of credit in the order in which they are taken."`
	Buckets    []BalanceBucket `json:"buckets"`
}

// BalanceBucket is one kind of credit.
type BalanceBucket struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind" enum:"sponsored,deposited,payg"`
	Balance   Amount     `json:"balance"`
	ExpiresAt *time.Time `json:"expires_at"`
}

// CreditRequest gives an account credit, or takes some away (a negative amount).
type CreditRequest struct {
	Amount    Amount     `json:"amount"`
	Kind      string     `json:"kind,omitempty" enum:"sponsored,deposited" doc:"sponsored if empty."`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Of sponsored credit."`
	Reason    string     `json:"reason" doc:"For the record."`
	Reference string     `json:"reference,omitempty" doc:"Your name for the act: the same one twice is done once."`
}

// Transfer is a movement of an account's money that was no charge.
type Transfer struct {
	ID        string    `json:"id"`
	Account   string    `json:"account"`
	Kind      string    `json:"kind"`
	Amount    Amount    `json:"amount"`
	CreatedAt time.Time `json:"created_at"`
	Actor     string    `json:"actor"`
	Reason    string    `json:"reason"`
	Reference string    `json:"reference,omitempty"`
}

// CreditTerms are how an account may spend.
type CreditTerms struct {
	CreditLine *Amount  `json:"credit_line,omitempty" doc:"How far below zero the balance may go."`
	DrawOrder  []string `json:"draw_order,omitempty" doc:"All of sponsored, deposited and payg, in the wished order."`
}

// Usage is what an account used (GET /v1/usage).
type Usage struct {
	Account string     `json:"account"`
	From    string     `json:"from" doc:"First day, in UTC."`
	To      string     `json:"to" doc:"Last day, in UTC."`
	Data    []UsageRow `json:"data"`
	Total   UsageRow   `json:"total"`
}

// UsageRow is a total; the fields that were not grouped by are missing.
type UsageRow struct {
	Day       string `json:"day,omitempty"`
	Model     string `json:"model,omitempty"`
	Key       string `json:"key,omitempty"`
	Requests  int64  `json:"requests"`
	TokensIn  int64  `json:"tokens_in"`
	TokensOut int64  `json:"tokens_out"`
	Cached    int64  `json:"tokens_cached"`
	Reasoning int64  `json:"tokens_reasoning"`
	Amount    Amount `json:"amount"`
	// Cost is what the upstreams took; operators see it.
	Cost Amount `json:"cost,omitempty"`
}

// ChargeLine is one charge with what explains it.
type ChargeLine struct {
	Request      string        `json:"request" doc:"Id of the request or the prediction."`
	CreatedAt    time.Time     `json:"created_at"`
	Key          string        `json:"key"`
	Model        string        `json:"model"`
	Outcome      string        `json:"outcome"`
	Counted      bool          `json:"counted,omitempty" doc:"The tokens are our count: the upstream reported none."`
	PriceVersion int64         `json:"price_version"`
	Amount       Amount        `json:"amount"`
	Lines        []Explanation `json:"lines"`
}

// Explanation is one product of a charge, not rounded; their sum, rounded once, is the
// charge.
type Explanation struct {
	What     string `json:"what"`
	Quantity Amount `json:"quantity"`
	Unit     string `json:"unit"`
	Rate     Amount `json:"rate" doc:"Dollars of one unit."`
	Amount   Amount `json:"amount"`
}

// Statement is an account's month.
type Statement struct {
	Account     string       `json:"account"`
	Name        string       `json:"name"`
	Month       string       `json:"month"`
	Currency    string       `json:"currency"`
	Opening     Amount       `json:"opening"`
	Closing     Amount       `json:"closing"`
	Charged     Amount       `json:"charged"`
	Credited    Amount       `json:"credited"`
	Transfers   []Transfer   `json:"transfers"`
	ByModel     []UsageRow   `json:"by_model"`
	Charges     []ChargeLine `json:"charges,omitempty"`
	GeneratedAt time.Time    `json:"generated_at"`
}

// Verification is the result of checking the whole ledger.
type Verification struct {
	Clean    bool             `json:"clean"`
	Checked  map[string]int64 `json:"checked" doc:"Rows of each kind that were looked at."`
	Problems []string         `json:"problems"`
}

// DryRun is what a request would cost (dry_run: true). Nothing runs and nothing is kept.
type DryRun struct {
	DryRun       bool          `json:"dry_run"`
	Model        string        `json:"model"`
	PriceVersion int64         `json:"price_version"`
	Currency     string        `json:"currency"`
	Estimate     Amount        `json:"estimate" doc:"The most that it is expected to cost: what would be set aside."`
	Lines        []Explanation `json:"lines"`
	Balance      Amount        `json:"balance"`
	Available    Amount        `json:"available"`
	After        Amount        `json:"available_after" doc:"What would be available after it."`
	Sufficient   bool          `json:"sufficient"`
}

// LimitRule is a limit besides those of the tier. Empty surface, route or model: each of
// them apart; model "*": all models together. A missing number is not limited.
type LimitRule struct {
	ID          string `json:"id"`
	Account     string `json:"account"`
	Key         string `json:"key,omitempty" doc:"Id of a key; the account's if empty."`
	Surface     string `json:"surface,omitempty" enum:"standard,edge"`
	Route       string `json:"route,omitempty" enum:"chat,responses,messages,embeddings,predictions"`
	Model       string `json:"model,omitempty"`
	Requests    *int64 `json:"requests,omitempty" doc:"A minute."`
	TokensIn    *int64 `json:"tokens_in,omitempty" doc:"A minute."`
	TokensOut   *int64 `json:"tokens_out,omitempty" doc:"A minute."`
	Concurrency *int64 `json:"concurrency,omitempty" doc:"Calls at the same time."`
}

// Checkout is a payment that was begun.
type Checkout struct {
	ID        string    `json:"id"`
	Account   string    `json:"account"`
	Amount    Amount    `json:"amount"`
	State     string    `json:"state" enum:"open,paid,failed,expired"`
	URL       string    `json:"url,omitempty" doc:"Where the payer goes."`
	CreatedAt time.Time `json:"created_at"`
}

// CheckoutRequest begins a payment.
type CheckoutRequest struct {
	Amount     Amount `json:"amount" doc:"Dollars, with at most two decimals."`
	SuccessURL string `json:"success_url,omitempty"`
	CancelURL  string `json:"cancel_url,omitempty"`
}

// Member is a person of an account.
type Member struct {
	ID        string     `json:"id"`
	Account   string     `json:"account"`
	Name      string     `json:"name"`
	Email     string     `json:"email,omitempty"`
	Role      string     `json:"role" enum:"owner,developer,billing,viewer"`
	Joined    bool       `json:"joined" doc:"Whether a person signs in to the console with this seat."`
	CreatedAt time.Time  `json:"created_at"`
	RemovedAt *time.Time `json:"removed_at"`
}

// MemberRequest creates or changes a member.
type MemberRequest struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Role  string `json:"role,omitempty" enum:"owner,developer,billing,viewer"`
}

// AuditEntry is one administrative act.
type AuditEntry struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`
	Action  string    `json:"action"`
	Subject string    `json:"subject"`
	Detail  string    `json:"detail,omitempty"`
}
