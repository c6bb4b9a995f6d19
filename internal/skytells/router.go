package skytells

import (
	"encoding/json"
	"time"
)

// RouterSpec is how a router model chooses among others. The first rule whose conditions
// all hold decides; without one, the router's own policy and models do.
type RouterSpec struct {
	Policy string       `json:"policy" yaml:"policy" enum:"fixed,cheapest,fastest,balanced" doc:"fixed: the first of models that can serve the request; cheapest: by cost; fastest: by measured speed; balanced: both."`
	Models []string     `json:"models,omitempty" yaml:"models,omitempty" doc:"Slugs to choose from, for fixed in the order of preference; empty: all chat models that are open to the caller, built-in ones aside."`
	Sticky string       `json:"sticky,omitempty" yaml:"sticky,omitempty" enum:"auto,user,prompt_cache_key,off" doc:"What keeps requests at one model, so that its prompt cache is used: prompt_cache_key, else user, if empty or auto."`
	Rules  []RouterRule `json:"rules,omitempty" yaml:"rules,omitempty"`
}

// RouterRule chooses otherwise for some requests.
type RouterRule struct {
	When   RouterWhen `json:"when" yaml:"when"`
	Policy string     `json:"policy,omitempty" yaml:"policy,omitempty" enum:"fixed,cheapest,fastest,balanced" doc:"The router's if empty."`
	Models []string   `json:"models,omitempty" yaml:"models,omitempty" doc:"The router's if empty."`
}

// RouterWhen are the conditions of a rule; those that are set must hold.
type RouterWhen struct {
	Tools      *bool `json:"tools,omitempty" yaml:"tools,omitempty" doc:"The request brings tools (true), or none (false)."`
	Images     *bool `json:"images,omitempty" yaml:"images,omitempty"`
	JSONSchema *bool `json:"json_schema,omitempty" yaml:"json_schema,omitempty" doc:"It asks for an answer by a schema."`
	InputOver  int64 `json:"input_over,omitempty" yaml:"input_over,omitempty" doc:"Estimated input tokens above this."`
	InputUnder int64 `json:"input_under,omitempty" yaml:"input_under,omitempty" doc:"Estimated input tokens below this."`
}

// RouterExplainRequest asks why a router would choose what it does.
type RouterExplainRequest struct {
	Request json.RawMessage `json:"request" doc:"Body of a chat completion, a response or a message, with its model."`
	API     string          `json:"api,omitempty" enum:"chat,responses,messages" doc:"chat if empty."`
	Account string          `json:"account,omitempty" doc:"In whose name: private models are chosen for those alone who may use them."`
}

// RouterExplanation says how a request would be routed now. Nothing runs.
type RouterExplanation struct {
	Asked      string            `json:"asked" doc:"The model as the request names it."`
	Router     string            `json:"router" doc:"Slug of the router; empty where the request names a model itself."`
	Policy     string            `json:"policy"`
	Rule       *int              `json:"rule" doc:"Number of the rule that decided, from 0; null: none."`
	Sticky     string            `json:"sticky" doc:"Field of the request that keeps it at one model; empty: none."`
	Needs      RouterNeeds       `json:"needs"`
	Model      string            `json:"model" doc:"Slug of the chosen model; empty where none can serve the request."`
	Why        string            `json:"why" doc:"The choice in one sentence."`
	Candidates []RouterCandidate `json:"candidates" doc:"In the order of preference."`
	Targets    []RouterTarget    `json:"targets" doc:"Of the chosen model, in the order in which they would be tried now."`
}

// RouterNeeds is what a request needs of a model.
type RouterNeeds struct {
	Tools      bool  `json:"tools"`
	Images     bool  `json:"images"`
	JSONSchema bool  `json:"json_schema"`
	Input      int64 `json:"input_tokens" doc:"Estimate."`
	Output     int64 `json:"output_tokens" doc:"Most that it may have; 0: not bounded."`
}

// RouterCandidate is one model that was considered.
type RouterCandidate struct {
	Model           string  `json:"model"`
	Able            bool    `json:"able" doc:"It can serve the request."`
	Healthy         bool    `json:"healthy" doc:"One of its targets serves."`
	Why             string  `json:"why" doc:"Why it was left out, or what put it where it is."`
	Cost            Amount  `json:"cost,omitempty" doc:"What the request is expected to cost at its cheapest target; missing: not known."`
	FirstByteMS     float64 `json:"first_byte_ms" doc:"Moving average; 0: not measured."`
	TokensPerSecond float64 `json:"tokens_per_second" doc:"Moving average; 0: not measured."`
	Score           float64 `json:"score" doc:"Of the policy: less is better."`
}

// RouterTarget is one way to serve the chosen model.
type RouterTarget struct {
	Provider        string  `json:"provider"`
	Model           string  `json:"model" doc:"The upstream's name."`
	State           string  `json:"state" enum:"closed,open,half_open,busy"`
	Failures        int     `json:"failures" doc:"In a row."`
	RetryInMS       int64   `json:"retry_in_ms" doc:"Of open and busy: when it may be tried again."`
	FirstByteMS     float64 `json:"first_byte_ms"`
	TokensPerSecond float64 `json:"tokens_per_second"`
}

// TargetHealth is what one process of the server has seen of a target that it used.
type TargetHealth struct {
	Provider        string     `json:"provider"`
	Model           string     `json:"model" doc:"The upstream's name."`
	State           string     `json:"state" enum:"closed,open,half_open,busy" doc:"closed: it serves; open: it failed too often; half_open: it is probed; busy: it asked to be left alone."`
	Until           *time.Time `json:"until" doc:"Of open and busy: when it may be tried again; else null."`
	Failures        int        `json:"failures" doc:"In a row."`
	FirstByteMS     float64    `json:"first_byte_ms" doc:"Moving average; 0: not measured."`
	TokensPerSecond float64    `json:"tokens_per_second" doc:"Moving average; 0: not measured."`
}
