package skytells

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Resources is what `skytower apply -f` loads: guards, providers and models. Apply is
// idempotent; what it manages is read-only elsewhere.
type Resources struct {
	Guards    []GuardSpec    `json:"guards,omitempty" yaml:"guards,omitempty"`
	Providers []ProviderSpec `json:"providers,omitempty" yaml:"providers,omitempty"`
	Models    []ModelSpec    `json:"models,omitempty" yaml:"models,omitempty"`
}

// ProviderSpec is an upstream that serves models.
type ProviderSpec struct {
	Name    string `json:"name" yaml:"name" doc:"Lower-case name, unique."`
	Kind    string `json:"kind" yaml:"kind" enum:"openai,anthropic,cog,replicate,skytells,command,llama,local" doc:"Adapter that speaks to it."`
	BaseURL string `json:"base_url,omitempty" yaml:"base_url,omitempty" doc:"For openai: the address that ends before /chat/completions, usually with /v1; for cog: that of the container. Anthropic, replicate and skytells have one by default."`
	// Credential is env:NAME, file:PATH or the secret itself. The server never
	// gives a secret back: reads show env: and file: references as they are and a
	// literal as "set".
	Credential string `json:"credential,omitempty" yaml:"credential,omitempty" doc:"env:NAME, file:PATH or the secret itself; never shown again."`
	// FetchInputs says what happens to addresses in a caller's input: proxy
	// (Skytower fetches and sends the content), pass (the upstream fetches), deny.
	FetchInputs string `json:"fetch_inputs,omitempty" yaml:"fetch_inputs,omitempty" enum:"proxy,pass,deny" doc:"Default: proxy where base_url is a private address, else pass."`
	Responses   string `json:"responses,omitempty" yaml:"responses,omitempty" enum:"auto,native,chat" doc:"Whether it serves /responses itself; auto finds out."`
	// Managed names the file that manages the resource, or "" (read only).
	Managed string `json:"managed,omitempty" yaml:"-"`
}

// ModelSpec is a model as an operator describes it.
type ModelSpec struct {
	Slug          string       `json:"slug" yaml:"slug" doc:"Name that callers use."`
	Name          string       `json:"name,omitempty" yaml:"name,omitempty" doc:"Display name; the slug if empty."`
	Description   string       `json:"description,omitempty" yaml:"description,omitempty"`
	Type          string       `json:"type,omitempty" yaml:"type,omitempty" enum:"image,video,audio,music,text"`
	API           string       `json:"api,omitempty" yaml:"api,omitempty" enum:"chat,embeddings,prediction" doc:"Routes that serve it: chat (with responses), embeddings or prediction."`
	Privacy       string       `json:"privacy,omitempty" yaml:"privacy,omitempty" enum:"public,private"`
	ImgURL        string       `json:"img_url,omitempty" yaml:"img_url,omitempty"`
	Vendor        Vendor       `json:"vendor,omitzero" yaml:"vendor,omitempty"`
	Capabilities  []string     `json:"capabilities,omitempty" yaml:"capabilities,omitempty"`
	Aliases       []string     `json:"aliases,omitempty" yaml:"aliases,omitempty"`
	Free          bool         `json:"free,omitempty" yaml:"free,omitempty" doc:"Opens the model without a price."`
	Pricing       *PricingSpec `json:"pricing,omitempty" yaml:"pricing,omitempty" doc:"Opens the model at a price."`
	Accounts      []string     `json:"accounts,omitempty" yaml:"accounts,omitempty" doc:"Ids of the accounts that may use it, where it is private."`
	Edge          bool         `json:"edge,omitempty" yaml:"edge,omitempty" doc:"Served on the edge surface as well."`
	Offline       bool         `json:"offline,omitempty" yaml:"offline,omitempty"`
	MaxOutput     int64        `json:"max_output,omitempty" yaml:"max_output,omitempty" doc:"Most output tokens of one answer."`
	ContextLength int64        `json:"context_length,omitempty" yaml:"context_length,omitempty"`
	// InputSchema and OutputSchema are JSON Schemas (draft 2020-12 unless they say
	// otherwise) of a prediction model. In YAML they are written as YAML.
	InputSchema  Schema       `json:"input_schema,omitempty" yaml:"input_schema,omitempty" doc:"JSON Schema of a prediction's input; any object if empty."`
	OutputSchema Schema       `json:"output_schema,omitempty" yaml:"output_schema,omitempty" doc:"JSON Schema of a prediction's output."`
	Deadline     string       `json:"deadline,omitempty" yaml:"deadline,omitempty" doc:"How long one prediction may take, such as 10m; the default is 30m."`
	Concurrency  int          `json:"concurrency,omitempty" yaml:"concurrency,omitempty" doc:"Predictions of it that run at the same time, over all accounts; 0: no limit of its own."`
	Targets      []TargetSpec `json:"targets,omitempty" yaml:"targets,omitempty"`
	Features     []string     `json:"features,omitempty" yaml:"features,omitempty" doc:"What a chat model can serve: text, tools, images, json_schema. Empty: not known, and a router does not leave it out."`
	Router       *RouterSpec  `json:"router,omitempty" yaml:"router,omitempty" doc:"Makes it a router: it stands for other models and has no targets of its own."`
	Cache        *CacheSpec   `json:"cache,omitempty" yaml:"cache,omitempty" doc:"Keeps answers for equal requests of the same account."`
	Guards       []string     `json:"guards,omitempty" yaml:"guards,omitempty" doc:"Names of the guards that look at prompts and answers, in their order."`
	// Open says whether callers can see and use it (read only): it has a type and
	// is free or has a price.
	Open    bool   `json:"open" yaml:"-"`
	Managed string `json:"managed,omitempty" yaml:"-"`
}

// Schema is a JSON Schema as text; nil is none.
type Schema json.RawMessage

// MarshalJSON gives the text as it is.
func (s Schema) MarshalJSON() ([]byte, error) { return json.RawMessage(s).MarshalJSON() }

// UnmarshalJSON keeps the text; null is none.
func (s *Schema) UnmarshalJSON(text []byte) error {
	*s = nil
	if string(text) != "null" {
		*s = append(Schema(nil), text...)
	}
	return nil
}

// MarshalYAML writes the schema as YAML.
func (s Schema) MarshalYAML() (any, error) {
	if len(s) == 0 {
		return nil, nil
	}
	var v any
	err := json.Unmarshal(s, &v)
	return v, err
}

// UnmarshalYAML reads a schema written as YAML.
func (s *Schema) UnmarshalYAML(decode func(any) error) error {
	var v any
	if err := decode(&v); err != nil {
		return err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("a schema must be what JSON can hold: %w", err)
	}
	*s = text
	return nil
}

// TargetSpec is one way to serve a model.
type TargetSpec struct {
	Provider    string       `json:"provider" yaml:"provider"`
	Model       string       `json:"model" yaml:"model" doc:"Name that the upstream knows."`
	Priority    int          `json:"priority,omitempty" yaml:"priority,omitempty" doc:"Lower is tried first."`
	Weight      int          `json:"weight,omitempty" yaml:"weight,omitempty" doc:"Share among equal priorities; 1 if 0."`
	FetchInputs string       `json:"fetch_inputs,omitempty" yaml:"fetch_inputs,omitempty" enum:"proxy,pass,deny"`
	Cost        *PricingSpec `json:"cost,omitempty" yaml:"cost,omitempty" doc:"What the upstream takes, for the margin."`

	FirstByteTimeout string `json:"first_byte_timeout,omitempty" yaml:"first_byte_timeout,omitempty" doc:"How long it may take to begin its answer, such as 20s; the server's setting if empty."`
	IdleTimeout      string `json:"idle_timeout,omitempty" yaml:"idle_timeout,omitempty" doc:"How long it may be silent within an answer; the server's setting if empty."`
}

// ApplyRequest loads resources. Source names the file for `managed`.
type ApplyRequest struct {
	Source    string    `json:"source"`
	DryRun    bool      `json:"dry_run,omitempty"`
	Resources Resources `json:"resources"`
}

// ApplyResult lists what apply did, or would do.
type ApplyResult struct {
	Changes []ResourceChange `json:"changes"`
	DryRun  bool             `json:"dry_run"`
}

// ResourceChange is one line of a diff.
type ResourceChange struct {
	Kind   string   `json:"kind" enum:"guard,provider,model"`
	Name   string   `json:"name"`
	Action string   `json:"action" enum:"create,update,unchanged"`
	Fields []string `json:"fields,omitempty" doc:"Fields that differ, as 'field: old → new', secrets hidden."`
}

// ImportRequest brings the models of a provider into the catalogue.
type ImportRequest struct {
	Free   bool     `json:"free,omitempty" doc:"Opens them at once, without a price."`
	Models []string `json:"models,omitempty" doc:"Only these upstream names; all if empty."`
	DryRun bool     `json:"dry_run,omitempty"`
	Update bool     `json:"update,omitempty" doc:"Takes description and schemas of models that are there from the upstream again."`
}

// ImportResult lists what import found.
type ImportResult struct {
	Models []ImportedModel `json:"models"`
}

// ImportedModel is one model that import found.
type ImportedModel struct {
	Slug     string `json:"slug"`
	Upstream string `json:"upstream"`
	API      string `json:"api"`
	Type     string `json:"type,omitempty"`
	Action   string `json:"action" enum:"created,updated,exists,conflict"`
	Open     bool   `json:"open"`
	Note     string `json:"note,omitempty" doc:"What could not be taken from the upstream."`
}

// Settings are the instance's stored choices.
type Settings struct {
	// DefaultChat is the model behind `deepbrain-router`, DefaultEmbeddings the
	// one behind its embeddings; "" means the built-in one.
	DefaultChat       string `json:"default_chat"`
	DefaultEmbeddings string `json:"default_embeddings"`
}

// Account is a customer or team that owns keys.
type Account struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Suspended bool       `json:"suspended"`
	CreatedAt time.Time  `json:"created_at"`
	Reason    string     `json:"suspend_reason,omitempty"`
	ChangedAt *time.Time `json:"changed_at,omitempty"`
	// Retention is how long outputs and uploads are kept: a duration such as 24h or 5m,
	// "0" keeps them, "" is the server's default.
	Retention     string `json:"retention"`
	Concurrency   int    `json:"concurrency" doc:"Predictions that run at the same time; 0: the server's default."`
	WebhookSecret bool   `json:"webhook_secret" doc:"Whether webhooks are signed with a secret of the account's own."`
	Tier          string `json:"tier" doc:"The tier in force."`
	TierFixed     bool   `json:"tier_fixed" doc:"The operator chose it; otherwise it follows the spending."`
	KeepBodies    string `json:"keep_bodies" doc:"How long the bodies of its requests and their answers are kept, sealed; empty: none are."`
	// ClosedAt: closed for good; what is left are its charges.
	ClosedAt *time.Time `json:"closed_at,omitempty"`
}

// AccountRequest creates or changes an account.
type AccountRequest struct {
	Name   string `json:"name,omitempty"`
	Reason string `json:"reason,omitempty" doc:"Why it is suspended; for the record."`
	// The rest is for a change; nil leaves it.
	Retention   *string `json:"retention,omitempty" doc:"How long outputs and uploads are kept: 24h, 5m, 0 keeps them; empty: the server's default."`
	Concurrency *int    `json:"concurrency,omitempty" doc:"Predictions that run at the same time; 0: the server's default."`
	Tier        *string `json:"tier,omitempty" doc:"A tier's name, such as 3 or enterprise; empty: it follows the spending."`
	KeepBodies  *string `json:"keep_bodies,omitempty" doc:"How long the bodies of requests are kept: 24h, 7d; empty: none are."`
}

// Key is an API key as it can be shown after its creation.
type Key struct {
	ID         string     `json:"id"`
	Account    string     `json:"account"`
	Name       string     `json:"name"`
	Masked     string     `json:"masked" doc:"First seven and last four characters."`
	Scopes     []string   `json:"scopes"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	RevokedAt  *time.Time `json:"revoked_at"`
	Member     string     `json:"member,omitempty" doc:"Who made it; an operator if empty."`
	Addresses  []string   `json:"addresses,omitempty" doc:"Address ranges that it may be used from; all if empty."`
	Models     []string   `json:"models,omitempty" doc:"Models that it may use; all if empty."`
	Budget     Amount     `json:"budget,omitempty" doc:"Dollars that it may spend in a calendar month (UTC)."`
	RotatedTo  string     `json:"rotated_to,omitempty" doc:"Id of the key that takes its place."`
	LastUsedAt *time.Time `json:"last_used_at" doc:"To a few minutes."`
	// Secret is the whole key: present once, in the answer that created it.
	Secret string `json:"secret,omitempty"`
}

// KeyRequest creates a key.
type KeyRequest struct {
	Account   string     `json:"account,omitempty" doc:"Account id; the only account if there is just one."`
	Name      string     `json:"name,omitempty"`
	Scopes    []string   `json:"scopes,omitempty" doc:"All scopes if empty."`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	Member    string     `json:"member,omitempty" doc:"Id of the member that it is made for; its scopes are at most those of the member's role."`
	Addresses []string   `json:"addresses,omitempty" doc:"Address ranges that it may be used from."`
	Models    []string   `json:"models,omitempty" doc:"Models that it may use."`
	Budget    Amount     `json:"budget,omitempty" doc:"Dollars that it may spend in a calendar month (UTC)."`
}

// KeyChange changes a key; a missing field stays.
type KeyChange struct {
	Name      *string   `json:"name,omitempty"`
	Addresses *[]string `json:"addresses,omitempty"`
	Models    *[]string `json:"models,omitempty"`
	Budget    *Amount   `json:"budget,omitempty" doc:"null takes it away."`
}

// UnmarshalJSON keeps apart a budget of null, which takes it away, and a missing one.
// Unknown fields are errors.
func (k *KeyChange) UnmarshalJSON(text []byte) error {
	type plain KeyChange
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode((*plain)(k)); err != nil {
		return err
	}
	var budget struct{ Budget json.RawMessage }
	if err := json.Unmarshal(text, &budget); err != nil {
		return err
	}
	if string(budget.Budget) == "null" {
		k.Budget = new(Amount)
	}
	return nil
}

// RotateRequest replaces a key by a new one of the same kind.
type RotateRequest struct {
	Overlap string `json:"overlap,omitempty" doc:"How long the old key still works: 24h if empty, 0s ends it at once."`
}

// List is a list of the admin API.
type List[T any] struct {
	Data []T `json:"data"`
}

// Done answers an act that leaves nothing to show. It is never an empty body:
// clients need JSON (contract 1.2).
type Done struct {
	Success bool `json:"success"`
}
