package skytells

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

const (
	pageSize = 1000 // most items that the server puts on a page
	maxPages = 1000 // bounds what a list takes in
)

// Accounts lists all accounts, oldest first.
func (c *Client) Accounts(ctx context.Context) ([]Account, error) {
	return all(ctx, c, "/admin/v1/accounts", url.Values{}, func(a Account) string { return a.ID })
}

// CreateAccount makes an account.
func (c *Client) CreateAccount(ctx context.Context, r AccountRequest) (Account, error) {
	return call[Account](ctx, c, http.MethodPost, "/admin/v1/accounts", r)
}

// UpdateAccount changes the fields of an account that the request names.
func (c *Client) UpdateAccount(ctx context.Context, id string, r AccountRequest) (Account, error) {
	return call[Account](ctx, c, http.MethodPatch, "/admin/v1/accounts/"+url.PathEscape(id), r)
}

// MakeWebhookSecret makes the secret that signs an account's webhooks, in place of any
// older one. The answer's Secret is its only copy.
func (c *Client) MakeWebhookSecret(ctx context.Context, account string) (WebhookSecret, error) {
	return call[WebhookSecret](ctx, c, http.MethodPost, "/admin/v1/accounts/"+url.PathEscape(account)+"/webhook-secret", nil)
}

// RemoveWebhookSecret lets an account's webhooks be signed with API keys again; twice is
// no error.
func (c *Client) RemoveWebhookSecret(ctx context.Context, account string) (WebhookSecret, error) {
	return call[WebhookSecret](ctx, c, http.MethodDelete, "/admin/v1/accounts/"+url.PathEscape(account)+"/webhook-secret", nil)
}

// SuspendAccount makes every key of the account stop working.
func (c *Client) SuspendAccount(ctx context.Context, id, reason string) (Account, error) {
	return call[Account](ctx, c, http.MethodPost, "/admin/v1/accounts/"+url.PathEscape(id)+"/suspend", AccountRequest{Reason: reason})
}

// ResumeAccount ends a suspension.
func (c *Client) ResumeAccount(ctx context.Context, id string) (Account, error) {
	return call[Account](ctx, c, http.MethodPost, "/admin/v1/accounts/"+url.PathEscape(id)+"/resume", nil)
}

// Keys lists the keys of an account, or of all where account is "", oldest first
// and revoked ones included.
func (c *Client) Keys(ctx context.Context, account string) ([]Key, error) {
	query := url.Values{}
	if account != "" {
		query.Set("account", account)
	}
	return all(ctx, c, "/admin/v1/keys", query, func(k Key) string { return k.ID })
}

// CreateKey makes an API key. The answer's Secret is its only copy.
func (c *Client) CreateKey(ctx context.Context, r KeyRequest) (Key, error) {
	return call[Key](ctx, c, http.MethodPost, "/admin/v1/keys", r)
}

// RevokeKey ends a key; twice is no error.
func (c *Client) RevokeKey(ctx context.Context, id string) (Key, error) {
	return call[Key](ctx, c, http.MethodPost, "/admin/v1/keys/"+url.PathEscape(id)+"/revoke", nil)
}

// Apply loads resources, all or none; a dry run only tells the difference.
func (c *Client) Apply(ctx context.Context, r ApplyRequest) (ApplyResult, error) {
	return call[ApplyResult](ctx, c, http.MethodPost, "/admin/v1/apply", r)
}

// Providers lists the providers by name, secrets left out.
func (c *Client) Providers(ctx context.Context) ([]ProviderSpec, error) {
	list, err := call[List[ProviderSpec]](ctx, c, http.MethodGet, "/admin/v1/providers", nil)
	return list.Data, err
}

// PutProvider creates a provider or replaces it as a whole.
func (c *Client) PutProvider(ctx context.Context, p ProviderSpec) (ProviderSpec, error) {
	return call[ProviderSpec](ctx, c, http.MethodPut, "/admin/v1/providers/"+url.PathEscape(p.Name), p)
}

// DeleteProvider removes a provider that no model uses.
func (c *Client) DeleteProvider(ctx context.Context, name string) error {
	_, err := call[Done](ctx, c, http.MethodDelete, "/admin/v1/providers/"+url.PathEscape(name), nil)
	return err
}

// Guards lists the guards by name.
func (c *Client) Guards(ctx context.Context) ([]GuardSpec, error) {
	list, err := call[List[GuardSpec]](ctx, c, http.MethodGet, "/admin/v1/guards", nil)
	return list.Data, err
}

// PutGuard creates a guard or replaces it as a whole.
func (c *Client) PutGuard(ctx context.Context, g GuardSpec) (GuardSpec, error) {
	return call[GuardSpec](ctx, c, http.MethodPut, "/admin/v1/guards/"+url.PathEscape(g.Name), g)
}

// DeleteGuard removes a guard that no model names.
func (c *Client) DeleteGuard(ctx context.Context, name string) error {
	_, err := call[Done](ctx, c, http.MethodDelete, "/admin/v1/guards/"+url.PathEscape(name), nil)
	return err
}

// TestGuard shows a text to a guard and tells what it makes of it; nothing is sent to a model
// but to a moderation model.
func (c *Client) TestGuard(ctx context.Context, name, text string) (GuardTrial, error) {
	return call[GuardTrial](ctx, c, http.MethodPost, "/admin/v1/guards/"+url.PathEscape(name)+"/test", GuardTrialRequest{Text: text})
}

// ImportModels brings a provider's models into the catalogue.
func (c *Client) ImportModels(ctx context.Context, provider string, r ImportRequest) (ImportResult, error) {
	return call[ImportResult](ctx, c, http.MethodPost, "/admin/v1/providers/"+url.PathEscape(provider)+"/import", r)
}

// ModelSpecs lists all models as operators see them, closed ones included.
func (c *Client) ModelSpecs(ctx context.Context) ([]ModelSpec, error) {
	list, err := call[List[ModelSpec]](ctx, c, http.MethodGet, "/admin/v1/models", nil)
	return list.Data, err
}

// PutModel creates a model or replaces it as a whole.
func (c *Client) PutModel(ctx context.Context, m ModelSpec) (ModelSpec, error) {
	return call[ModelSpec](ctx, c, http.MethodPut, "/admin/v1/models/"+url.PathEscape(m.Slug), m)
}

// DeleteModel removes a model that is not built in.
func (c *Client) DeleteModel(ctx context.Context, slug string) error {
	_, err := call[Done](ctx, c, http.MethodDelete, "/admin/v1/models/"+url.PathEscape(slug), nil)
	return err
}

// Prices lists a model's prices, newest first, also of one that was deleted.
func (c *Client) Prices(ctx context.Context, slug string) ([]PriceVersion, error) {
	list, err := call[List[PriceVersion]](ctx, c, http.MethodGet, "/admin/v1/models/"+url.PathEscape(slug)+"/prices", nil)
	return list.Data, err
}

// Settings reads the instance's stored choices.
func (c *Client) Settings(ctx context.Context) (Settings, error) {
	return call[Settings](ctx, c, http.MethodGet, "/admin/v1/settings", nil)
}

// PutSettings stores all of the choices.
func (c *Client) PutSettings(ctx context.Context, s Settings) (Settings, error) {
	return call[Settings](ctx, c, http.MethodPut, "/admin/v1/settings", s)
}

// ExplainRouter says how a request would be routed now; nothing runs.
func (c *Client) ExplainRouter(ctx context.Context, r RouterExplainRequest) (RouterExplanation, error) {
	return call[RouterExplanation](ctx, c, http.MethodPost, "/admin/v1/router/explain", r)
}

// Targets lists the targets that the answering process has used, with their health.
func (c *Client) Targets(ctx context.Context) ([]TargetHealth, error) {
	list, err := call[List[TargetHealth]](ctx, c, http.MethodGet, "/admin/v1/targets", nil)
	return list.Data, err
}

func call[T any](ctx context.Context, c *Client, method, path string, in any) (T, error) {
	var out T
	err := c.call(ctx, method, path, in, &out)
	return out, err
}

// all reads a list page by page.
func all[T any](ctx context.Context, c *Client, path string, query url.Values, id func(T) string) ([]T, error) {
	items := []T{}
	query.Set("limit", strconv.Itoa(pageSize))
	for range maxPages {
		page, err := call[List[T]](ctx, c, http.MethodGet, path+"?"+query.Encode(), nil)
		if err != nil {
			return nil, err
		}
		items = append(items, page.Data...)
		if len(page.Data) < pageSize {
			break
		}
		query.Set("after", id(items[len(items)-1]))
	}
	return items, nil
}
