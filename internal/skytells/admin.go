package skytells

import "time"

// Resources is what `skytower apply -f` loads: providers and models. Apply is
// idempotent; what it manages is read-only elsewhere.
type Resources struct {
	Providers []ProviderSpec `json:"providers,omitempty" yaml:"providers,omitempty"`
	Models    []ModelSpec    `json:"models,omitempty" yaml:"models,omitempty"`
}

// ProviderSpec is an upstream that serves models.
type ProviderSpec struct {
	Name    string `json:"name" yaml:"name" doc:"Lower-case name, unique."`
	Kind    string `json:"kind" yaml:"kind" enum:"openai,local" doc:"Adapter that speaks to it."`
	BaseURL string `json:"base_url,omitempty" yaml:"base_url,omitempty" doc:"For openai: the address that ends before /chat/completions, usually with /v1."`
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
	API           string       `json:"api,omitempty" yaml:"api,omitempty" enum:"chat,embeddings" doc:"Routes that serve it: chat (with responses) or embeddings."`
	Privacy       string       `json:"privacy,omitempty" yaml:"privacy,omitempty" enum:"public,private"`
	ImgURL        string       `json:"img_url,omitempty" yaml:"img_url,omitempty"`
	Vendor        Vendor       `json:"vendor,omitzero" yaml:"vendor,omitempty"`
	Capabilities  []string     `json:"capabilities,omitempty" yaml:"capabilities,omitempty"`
	Aliases       []string     `json:"aliases,omitempty" yaml:"aliases,omitempty"`
	Free          bool         `json:"free,omitempty" yaml:"free,omitempty" doc:"Opens the model without a price."`
	Offline       bool         `json:"offline,omitempty" yaml:"offline,omitempty"`
	MaxOutput     int64        `json:"max_output,omitempty" yaml:"max_output,omitempty" doc:"Most output tokens of one answer."`
	ContextLength int64        `json:"context_length,omitempty" yaml:"context_length,omitempty"`
	Targets       []TargetSpec `json:"targets,omitempty" yaml:"targets,omitempty"`
	// Open says whether callers can see and use it (read only): it has a type and
	// is free or has a price.
	Open    bool   `json:"open" yaml:"-"`
	Managed string `json:"managed,omitempty" yaml:"-"`
}

// TargetSpec is one way to serve a model.
type TargetSpec struct {
	Provider    string `json:"provider" yaml:"provider"`
	Model       string `json:"model" yaml:"model" doc:"Name that the upstream knows."`
	Priority    int    `json:"priority,omitempty" yaml:"priority,omitempty" doc:"Lower is tried first."`
	Weight      int    `json:"weight,omitempty" yaml:"weight,omitempty" doc:"Share among equal priorities; 1 if 0."`
	FetchInputs string `json:"fetch_inputs,omitempty" yaml:"fetch_inputs,omitempty" enum:"proxy,pass,deny"`
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
	Kind   string   `json:"kind" enum:"provider,model"`
	Name   string   `json:"name"`
	Action string   `json:"action" enum:"create,update,unchanged"`
	Fields []string `json:"fields,omitempty" doc:"Fields that differ, as 'field: old → new', secrets hidden."`
}

// ImportRequest brings the models of a provider into the catalogue.
type ImportRequest struct {
	Free   bool     `json:"free,omitempty" doc:"Opens them at once, without a price."`
	Models []string `json:"models,omitempty" doc:"Only these upstream names; all if empty."`
	DryRun bool     `json:"dry_run,omitempty"`
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
	Action   string `json:"action" enum:"created,exists,conflict"`
	Open     bool   `json:"open"`
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
}

// AccountRequest creates or changes an account.
type AccountRequest struct {
	Name   string `json:"name,omitempty"`
	Reason string `json:"reason,omitempty" doc:"Why it is suspended; for the record."`
}

// Key is an API key as it can be shown after its creation.
type Key struct {
	ID        string     `json:"id"`
	Account   string     `json:"account"`
	Name      string     `json:"name"`
	Masked    string     `json:"masked" doc:"First seven and last four characters."`
	Scopes    []string   `json:"scopes"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"`
	RevokedAt *time.Time `json:"revoked_at"`
	// Secret is the whole key: present once, in the answer that created it.
	Secret string `json:"secret,omitempty"`
}

// KeyRequest creates a key.
type KeyRequest struct {
	Account   string     `json:"account,omitempty" doc:"Account id; the only account if there is just one."`
	Name      string     `json:"name,omitempty"`
	Scopes    []string   `json:"scopes,omitempty" doc:"All scopes if empty."`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
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
