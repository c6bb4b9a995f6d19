package admin

import (
	"net/http"
	"strconv"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

func (h *Handlers) accountRows() []api.Route {
	id, pages := idParam(), pageParams()
	return []api.Route{
		{Method: http.MethodGet, Pattern: "/admin/v1/accounts", ID: "listAccounts", Summary: "List accounts",
			Params:   append([]api.Param{{Name: "q", In: "query", Description: "Only accounts whose name, or the email of a member, holds this, or whose id it is."}}, pages...),
			Response: skytells.List[skytells.Account]{}, Operator: h.listAccounts},
		{Method: http.MethodPost, Pattern: "/admin/v1/accounts", ID: "createAccount", Summary: "Create an account",
			Request: skytells.AccountRequest{}, Response: skytells.Account{}, Example: `{"name": "Research"}`, Operator: h.createAccount},
		{Method: http.MethodGet, Pattern: "/admin/v1/accounts/{id}", ID: "getAccount", Summary: "Get an account",
			Params: id, Response: skytells.Account{}, Operator: h.getAccount},
		{Method: http.MethodPatch, Pattern: "/admin/v1/accounts/{id}", ID: "updateAccount", Summary: "Change an account",
			Description: "Only the fields that the body names change: `name`, `retention`, `concurrency`, `tier`, `keep_bodies`. An empty tier follows the spending again; an empty `keep_bodies` keeps no bodies of requests from then on.",
			Params:      id, Request: skytells.AccountRequest{}, Response: skytells.Account{},
			Example: `{"retention": "5m", "concurrency": 20}`, Operator: h.updateAccount},
		{Method: http.MethodPost, Pattern: "/admin/v1/accounts/{id}/webhook-secret", ID: "makeWebhookSecret", Summary: "Make or rotate an account's webhook secret",
			Description: "It signs the account's webhooks from now on, in place of the API key or an older secret. The answer holds it in `secret`, this once.",
			Params:      id, Response: skytells.WebhookSecret{}, Operator: h.makeWebhookSecret},
		{Method: http.MethodDelete, Pattern: "/admin/v1/accounts/{id}/webhook-secret", ID: "removeWebhookSecret", Summary: "Remove an account's webhook secret",
			Description: "Later webhooks are signed with the API key that created the prediction. Removing twice changes nothing.",
			Params:      id, Response: skytells.WebhookSecret{}, Operator: h.removeWebhookSecret},
		{Method: http.MethodPost, Pattern: "/admin/v1/accounts/{id}/suspend", ID: "suspendAccount", Summary: "Suspend an account",
			Description: "Its keys stop working in every process within two seconds.",
			Params:      id, Request: skytells.AccountRequest{}, Response: skytells.Account{}, Operator: h.suspend},
		{Method: http.MethodPost, Pattern: "/admin/v1/accounts/{id}/resume", ID: "resumeAccount", Summary: "Resume an account",
			Params: id, Response: skytells.Account{}, Operator: h.resume},
		{Method: http.MethodGet, Pattern: "/admin/v1/keys", ID: "listKeys", Summary: "List API keys",
			Params:   append([]api.Param{{Name: "account", In: "query", Description: "Only keys of this account."}}, pages...),
			Response: skytells.List[skytells.Key]{}, Operator: h.listKeys},
		{Method: http.MethodPost, Pattern: "/admin/v1/keys", ID: "createKey", Summary: "Create an API key",
			Description: "The answer holds the whole key in `secret`, this once. A key for a `member` has at most the scopes of the member's role.",
			Request:     skytells.KeyRequest{}, Response: skytells.Key{},
			Example: `{"name": "laptop", "scopes": ["inference"], "models": ["llama-3"], "addresses": ["203.0.113.0/24"], "budget": 20}`, Operator: h.createKey},
		{Method: http.MethodGet, Pattern: "/admin/v1/keys/{id}", ID: "getKey", Summary: "Get an API key",
			Params: id, Response: skytells.Key{}, Operator: h.getKey},
		{Method: http.MethodPatch, Pattern: "/admin/v1/keys/{id}", ID: "updateKey", Summary: "Change an API key",
			Description: "Only the fields that the body names change, in every process within two seconds. An empty list takes a restriction away, `null` the budget.",
			Params:      id, Request: skytells.KeyChange{}, Response: skytells.Key{}, Example: `{"addresses": ["203.0.113.7"], "budget": null}`, Operator: h.updateKey},
		{Method: http.MethodPost, Pattern: "/admin/v1/keys/{id}/rotate", ID: "rotateKey", Summary: "Rotate an API key",
			Description: "Makes a new key of the same kind, whose `secret` the answer holds this once; the old one works for `overlap` more.",
			Params:      id, Request: skytells.RotateRequest{}, Response: skytells.Key{}, Example: `{"overlap": "24h"}`, Operator: h.rotateKey},
		{Method: http.MethodPost, Pattern: "/admin/v1/keys/{id}/revoke", ID: "revokeKey", Summary: "Revoke an API key",
			Description: "It stops working in every process within two seconds. Revoking twice changes nothing.",
			Params:      id, Response: skytells.Key{}, Operator: h.revokeKey},
	}
}

func idParam() []api.Param { return []api.Param{{Name: "id", In: "path", Required: true}} }

func pageParams() []api.Param {
	return []api.Param{
		{Name: "after", In: "query", Description: "Id of the last item of the page before."},
		{Name: "limit", In: "query", Description: "Items a page."},
	}
}

// page reads `after` and `limit`.
func page(c *httpx.Call) (account.Page, error) {
	limit, err := pageLimit(c)
	return account.Page{After: c.Request.URL.Query().Get("after"), Limit: limit}, err
}

func pageLimit(c *httpx.Call) (int, error) {
	text := c.Request.URL.Query().Get("limit")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fault.Invalid("limit", "'limit' must be a whole number above 0.")
	}
	return n, nil
}

func (h *Handlers) listAccounts(c *httpx.Call, _ account.Operator) error {
	p, err := page(c)
	if err != nil {
		return err
	}
	if text := c.Request.URL.Query().Get("q"); text != "" {
		found, err := h.Accounts.FindAccounts(c.Request.Context(), text, p)
		return list(c, found, err)
	}
	accounts, err := h.Accounts.Accounts(c.Request.Context(), p)
	return list(c, accounts, err)
}

func (h *Handlers) createAccount(c *httpx.Call, by account.Operator) error {
	var r skytells.AccountRequest
	if err := c.Decode(maxBody, &r); err != nil {
		return err
	}
	a, err := h.Accounts.CreateAccount(c.Request.Context(), by, r)
	return h.answer(c, a, err)
}

func (h *Handlers) getAccount(c *httpx.Call, _ account.Operator) error {
	a, err := h.Accounts.Account(c.Request.Context(), c.Request.PathValue("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, a)
}

func (h *Handlers) updateAccount(c *httpx.Call, by account.Operator) error {
	var r skytells.AccountRequest
	if err := c.Decode(maxBody, &r); err != nil {
		return err
	}
	a, err := h.Accounts.UpdateAccount(c.Request.Context(), by, c.Request.PathValue("id"), r)
	return h.answer(c, a, err)
}

func (h *Handlers) makeWebhookSecret(c *httpx.Call, by account.Operator) error {
	made, err := h.Accounts.MakeWebhookSecret(c.Request.Context(), by, c.Request.PathValue("id"))
	return h.answer(c, made, err)
}

func (h *Handlers) removeWebhookSecret(c *httpx.Call, by account.Operator) error {
	removed, err := h.Accounts.RemoveWebhookSecret(c.Request.Context(), by, c.Request.PathValue("id"))
	return h.answer(c, removed, err)
}

func (h *Handlers) suspend(c *httpx.Call, by account.Operator) error {
	var r skytells.AccountRequest
	if c.Request.ContentLength != 0 {
		if err := c.Decode(maxBody, &r); err != nil {
			return err
		}
	}
	a, err := h.Accounts.Suspend(c.Request.Context(), by, c.Request.PathValue("id"), r.Reason)
	return h.answer(c, a, err)
}

func (h *Handlers) resume(c *httpx.Call, by account.Operator) error {
	a, err := h.Accounts.Resume(c.Request.Context(), by, c.Request.PathValue("id"))
	return h.answer(c, a, err)
}

func (h *Handlers) listKeys(c *httpx.Call, _ account.Operator) error {
	p, err := page(c)
	if err != nil {
		return err
	}
	keys, err := h.Accounts.Keys(c.Request.Context(), c.Request.URL.Query().Get("account"), p)
	return list(c, keys, err)
}

func (h *Handlers) createKey(c *httpx.Call, by account.Operator) error {
	var r skytells.KeyRequest
	if err := c.Decode(maxBody, &r); err != nil {
		return err
	}
	k, err := h.Accounts.CreateKey(c.Request.Context(), by, r)
	return h.answer(c, k, err)
}

func (h *Handlers) getKey(c *httpx.Call, _ account.Operator) error {
	k, err := h.Accounts.Key(c.Request.Context(), c.Request.PathValue("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, k)
}

func (h *Handlers) updateKey(c *httpx.Call, by account.Operator) error {
	var r skytells.KeyChange
	if err := c.Decode(maxBody, &r); err != nil {
		return err
	}
	k, err := h.Accounts.UpdateKey(c.Request.Context(), by, c.Request.PathValue("id"), r)
	return h.answer(c, k, err)
}

func (h *Handlers) rotateKey(c *httpx.Call, by account.Operator) error {
	var r skytells.RotateRequest
	if c.Request.ContentLength != 0 {
		if err := c.Decode(maxBody, &r); err != nil {
			return err
		}
	}
	k, err := h.Accounts.RotateKey(c.Request.Context(), by, c.Request.PathValue("id"), r)
	return h.answer(c, k, err)
}

func (h *Handlers) revokeKey(c *httpx.Call, by account.Operator) error {
	k, err := h.Accounts.RevokeKey(c.Request.Context(), by, c.Request.PathValue("id"))
	return h.answer(c, k, err)
}
