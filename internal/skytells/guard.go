package skytells

import "encoding/json"

// GuardSpec looks at what goes to a model and at what it answers.
type GuardSpec struct {
	Name string `json:"name" yaml:"name" doc:"Lower-case name, unique."`
	Kind string `json:"kind" yaml:"kind" enum:"rules,personal_data,moderation" doc:"Words and patterns, personal data, or a moderation model of a provider."`
	// On says what it looks at; Action what is done with what it finds.
	On     string `json:"on,omitempty" yaml:"on,omitempty" enum:"both,prompt,completion" doc:"What it looks at; both if empty."`
	Action string `json:"action,omitempty" yaml:"action,omitempty" enum:"block,redact,mark" doc:"What becomes of what it finds: the call is refused or the answer ends (block), the finding is replaced (redact; not with moderation), or only the results say so (mark). Block if empty, redact for personal_data."`
	// Everywhere makes it a guard of every model, those without it named included.
	Everywhere bool `json:"everywhere,omitempty" yaml:"everywhere,omitempty" doc:"Guards every model; otherwise models name it."`

	Words    []string `json:"words,omitempty" yaml:"words,omitempty" doc:"Of rules: words and phrases, found whole and in any case."`
	Patterns []string `json:"patterns,omitempty" yaml:"patterns,omitempty" doc:"Of rules: regular expressions (RE2)."`

	Data []string `json:"data,omitempty" yaml:"data,omitempty" enum:"email,phone,card,iban,key" doc:"Of personal_data: what is looked for; all if empty."`

	Provider  string  `json:"provider,omitempty" yaml:"provider,omitempty" doc:"Of moderation: the provider that has the model."`
	Model     string  `json:"model,omitempty" yaml:"model,omitempty" doc:"Of moderation: the model, by the upstream's name."`
	Threshold float64 `json:"threshold,omitempty" yaml:"threshold,omitempty" doc:"Of moderation: the score from which a category counts, 0 to 1; the upstream's own judgement if 0."`
	Unsure    string  `json:"unsure,omitempty" yaml:"unsure,omitempty" enum:"refuse,pass" doc:"Of moderation: what becomes of a call whose text cannot be judged, since the provider is away; refuse if empty."`

	// Managed names the file that manages the resource, or "" (read only).
	Managed string `json:"managed,omitempty" yaml:"-"`
}

// GuardTrialRequest is a text that is shown to a guard.
type GuardTrialRequest struct {
	Text string `json:"text"`
}

// GuardTrial is what a guard makes of a text.
type GuardTrial struct {
	Verdict string `json:"verdict" enum:"passed,unsure,marked,redacted,blocked"`
	Blocked bool   `json:"blocked" doc:"Whether a request with the text would be refused."`
	Text    string `json:"text" doc:"What the guard lets go; empty where it blocks."`
	// Results are as in content_filter_results.
	Results json.RawMessage `json:"results" doc:"By category, as in content_filter_results."`
}

// CacheSpec keeps a model's answers.
type CacheSpec struct {
	TTL string `json:"ttl" yaml:"ttl" doc:"How long an answer is kept, such as 10m."`
	// PricePercent is what a kept answer costs of the price; nil: the server's setting.
	PricePercent *int `json:"price_percent,omitempty" yaml:"price_percent,omitempty" minimum:"0" maximum:"100" doc:"What a kept answer costs, in hundredths of the model's price; the server's setting if missing."`
	// ByHeader keeps nothing unless the request's header asks for it.
	ByHeader bool `json:"by_header,omitempty" yaml:"by_header,omitempty" doc:"Only requests that ask for it (X-Skytells-Cache) are answered from the cache."`
}
