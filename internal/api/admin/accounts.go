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
	id := []api.Param{{Name: "id", In: "path", Required: true}}
	pages := []api.Param{
		{Name: "after", In: "query", Description: "Id of the last item of the page before."},
		{Name: "limit", In: "query", Description: "Items a page."},
	}
	return []api.Route{
		{Method: http.MethodGet, Pattern: "/admin/v1/accounts", ID: "listAccounts", Summary: "List accounts",
			Params: pages, Response: skytells.List[skytells.Account]{}, Operator: h.listAccounts},
		{Method: http.MethodPost, Pattern: "/admin/v1/accounts", ID: "createAccount", Summary: "Create an account",
			Request: skytells.AccountRequest{}, Response: skytells.Account{}, Example: `{"name": "Research"}`, Operator: h.createAccount},
		{Method: http.MethodGet, Pattern: "/admin/v1/accounts/{id}", ID: "getAccount", Summary: "Get an account",
			Params: id, Response: skytells.Account{}, Operator: h.getAccount},
		{Method: http.MethodPatch, Pattern: "/admin/v1/accounts/{id}", ID: "updateAccount", Summary: "Change an account",
			Description: "Only the fields that the body names change: `name`, `retention`, `concurrency`.",
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
			Description: "The answer holds the whole key in `secret`, this once.",
			Request:     skytells.KeyRequest{}, Response: skytells.Key{}, Example: `{"name": "laptop"}`, Operator: h.createKey},
		{Method: http.MethodPost, Pattern: "/admin/v1/keys/{id}/revoke", ID: "revokeKey", Summary: "Revoke an API key",
			Description: "It stops working in every process within two seconds. Revoking twice changes nothing.",
			Params:      id, Response: skytells.Key{}, Operator: h.revokeKey},
	}
}

// page reads `after` and `limit`.
func page(c *httpx.Call) (account.Page, error) {
	q := c.Request.URL.Query()
	p := account.Page{After: q.Get("after")}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return p, fault.Invalid("limit", "'limit' must be a whole number above 0.")
		}
		p.Limit = n
	}
	return p, nil
}

func (h *Handlers) listAccounts(c *httpx.Call, _ account.Operator) error {
	p, err := page(c)
	if err != nil {
		return err
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

func (h *Handlers) revokeKey(c *httpx.Call, by account.Operator) error {
	k, err := h.Accounts.RevokeKey(c.Request.Context(), by, c.Request.PathValue("id"))
	return h.answer(c, k, err)
}
