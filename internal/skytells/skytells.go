// Package skytells holds the wire types that server, command line and programs
// share: the REST objects of the contract, the error envelopes, and the resources
// of the admin API, with the one client that speaks it.
//
// It knows no room of the server. Field names and their order are the contract's.
package skytells

import "encoding/json"

// Model is the model object of contract 5.3. Every field that Swift needs is
// always present (contract 1.14).
type Model struct {
	Name         string          `json:"name" doc:"Display name."`
	Description  string          `json:"description" doc:"What the model is and is not."`
	Namespace    string          `json:"namespace" doc:"Slug used in calls."`
	Type         string          `json:"type" enum:"image,video,audio,music,text" doc:"Kind of output."`
	Privacy      string          `json:"privacy" enum:"public,private"`
	ImgURL       *string         `json:"img_url"`
	Vendor       Vendor          `json:"vendor"`
	Billable     bool            `json:"billable"`
	Pricing      *Pricing        `json:"pricing,omitempty"`
	Capabilities []string        `json:"capabilities"`
	Metadata     ModelMetadata   `json:"metadata"`
	Status       string          `json:"status" enum:"operational,offline"`
	Service      *Service        `json:"service,omitempty"`
	InputSchema  json.RawMessage `json:"input_schema,omitempty" doc:"JSON Schema; only with ?fields=input_schema."`
	OutputSchema json.RawMessage `json:"output_schema,omitempty" doc:"JSON Schema; only with ?fields=output_schema."`
}

// Vendor is who made a model.
type Vendor struct {
	Name        string          `json:"name" yaml:"name"`
	Description string          `json:"description" yaml:"description"`
	ImageURL    string          `json:"image_url" yaml:"image_url"`
	Verified    bool            `json:"verified" yaml:"verified"`
	Slug        string          `json:"slug" yaml:"slug"`
	Metadata    json.RawMessage `json:"metadata" yaml:"-"`
}

// ModelMetadata are the flags of contract 5.3.
type ModelMetadata struct {
	EdgeCompatible   bool `json:"edge_compatible"`
	OpenAICompatible bool `json:"openai_compatible" doc:"Served by the inference routes."`
	ColdBoot         bool `json:"cold_boot"`
}

// Service says who runs a model; both fields are mandatory for Swift.
type Service struct {
	Type           string `json:"type"`
	InferenceParty string `json:"inference_party"`
}

// Pricing is the price of contract 12 as clients read it. Numbers are for display; what
// is charged is worked out exactly.
type Pricing struct {
	Amount    float64     `json:"amount" doc:"US dollars per unit; where input and output tokens have prices of their own, the input's."`
	Currency  string      `json:"currency"`
	Unit      string      `json:"unit"`
	Criterias []Criterion `json:"criterias"`
	Formula   *Formula    `json:"formula,omitempty"`
	// The contract does not say how two rates of tokens are told: these are ours.
	Input       Amount `json:"input,omitempty" doc:"US dollars of a million input tokens."`
	Output      Amount `json:"output,omitempty" doc:"US dollars of a million output tokens."`
	CachedInput Amount `json:"cached_input,omitempty" doc:"US dollars of a million input tokens from a cache; as input if missing."`
	Reasoning   Amount `json:"reasoning,omitempty" doc:"US dollars of a million reasoning tokens; as output if missing."`
	Request     Amount `json:"request,omitempty" doc:"US dollars of each request or prediction, besides the rest."`
}

// Formula is a price by megapixels as clients read it: the sum of the terms, each
// megapixels times a variable.
type Formula struct {
	Description string            `json:"description"`
	Type        string            `json:"type"`
	Variables   map[string]Amount `json:"variables"`
	Terms       []FormulaCardTerm `json:"terms"`
	ResultKey   string            `json:"result_key"`
}

// FormulaCardTerm is one term of a Formula; every field is always there.
type FormulaCardTerm struct {
	MegapixelType string `json:"megapixel_type" enum:"input,output"`
	MegapixelsKey string `json:"megapixels_key"`
	RateKey       string `json:"rate_key"`
}

// Criterion is a price that holds for one value of an input field.
type Criterion struct {
	Field         string          `json:"field"`
	Description   string          `json:"description"`
	Operator      string          `json:"operator" enum:"equals"`
	Value         json.RawMessage `json:"value"`
	BillablePrice float64         `json:"billable_price"`
	Unit          string          `json:"unit"`
}

// OpenAIModel is a model as OpenAI clients list it (contract 15.8).
type OpenAIModel struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

// OpenAIModelList is the list that OpenAI clients read.
type OpenAIModelList struct {
	Object string        `json:"object"`
	Data   []OpenAIModel `json:"data"`
}

// ErrorEnvelope is the REST envelope of contract 9.1.
type ErrorEnvelope struct {
	Status   bool      `json:"status" doc:"Always false."`
	Response string    `json:"response"`
	Error    RESTError `json:"error"`
}

// RESTError is the inner part of the REST envelope.
type RESTError struct {
	HTTPStatus int    `json:"http_status"`
	Message    string `json:"message"`
	Details    string `json:"details" doc:"Always a string: Swift decodes nothing else (contract 1.13)."`
	ErrorID    string `json:"error_id"`
	RequestID  string `json:"request_id,omitempty"`
}

// InferenceEnvelope is the envelope of contract 9.2.
type InferenceEnvelope struct {
	Error InferenceError `json:"error"`
}

// InferenceError is the inner part of the inference envelope.
type InferenceError struct {
	Message   string           `json:"message"`
	Type      string           `json:"type"`
	Code      string           `json:"code"`
	ErrorID   string           `json:"error_id"`
	Status    int              `json:"status"`
	Param     *string          `json:"param"`
	RequestID string           `json:"request_id"`
	Details   InferenceDetails `json:"details"`
}

// InferenceDetails carries the category of the error and, where a limit is used up, which
// one (contract 10).
type InferenceDetails struct {
	Category   string `json:"category"`
	Dimension  string `json:"dimension,omitempty" doc:"What the limit counts: requests, input tokens, output tokens, concurrent calls."`
	Limit      *int64 `json:"limit,omitempty"`
	Scope      string `json:"scope,omitempty" doc:"What the limit is of, in words."`
	RetryAfter int64  `json:"retry_after,omitempty" doc:"Seconds."`
	Help       string `json:"help,omitempty" doc:"Of a 401: the page where keys are made."`
}
