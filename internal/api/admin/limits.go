package admin

import (
	"context"
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// Rules keeps the limits besides those of the tiers.
type Rules interface {
	Put(ctx context.Context, actor string, r skytells.LimitRule) (skytells.LimitRule, error)
	List(ctx context.Context, account, after string, limit int) ([]skytells.LimitRule, error)
	Delete(ctx context.Context, actor, id string) error
}

// LimitHandlers holds what the routes about limits need.
type LimitHandlers struct {
	Rules Rules
	Sync  func(context.Context) error
}

// Rows are the routes.
func (h *LimitHandlers) Rows() []api.Route {
	return dress([]api.Route{
		{Method: http.MethodGet, Pattern: "/admin/v1/limits", ID: "listLimits", Summary: "List limits of accounts and keys",
			Params: []api.Param{
				{Name: "account", In: "query", Description: "Only of this account."},
				{Name: "after", In: "query", Description: "Id of the last one of the page before."},
				{Name: "limit", In: "query", Description: "Items a page."},
			},
			Response: skytells.List[skytells.LimitRule]{}, Operator: h.list},
		{Method: http.MethodPut, Pattern: "/admin/v1/limits", ID: "putLimit", Summary: "Set a limit of an account or a key",
			Description: "A limit of the same scope is replaced. An account's limit takes the place of its tier's; a key's comes on top. Tiers' own numbers are in the server's settings.",
			Request:     skytells.LimitRule{}, Response: skytells.LimitRule{}, Example: `{"account": "acct_…", "model": "gpt-x", "requests": 500}`, Operator: h.put},
		{Method: http.MethodDelete, Pattern: "/admin/v1/limits/{id}", ID: "deleteLimit", Summary: "Remove a limit",
			Params: []api.Param{{Name: "id", In: "path", Required: true}}, Response: skytells.Done{}, Operator: h.remove},
	})
}

func (h *LimitHandlers) list(c *httpx.Call, _ account.Operator) error {
	p, err := page(c)
	if err != nil {
		return err
	}
	rules, err := h.Rules.List(c.Request.Context(), c.Request.URL.Query().Get("account"), p.After, p.Limit)
	return list(c, rules, err)
}

func (h *LimitHandlers) put(c *httpx.Call, by account.Operator) error {
	var r skytells.LimitRule
	if err := c.Decode(maxBody, &r); err != nil {
		return err
	}
	put, err := h.Rules.Put(c.Request.Context(), by.ID, r)
	return answer(c, h.Sync, put, err)
}

func (h *LimitHandlers) remove(c *httpx.Call, by account.Operator) error {
	err := h.Rules.Delete(c.Request.Context(), by.ID, c.Request.PathValue("id"))
	return answer(c, h.Sync, skytells.Done{Success: true}, err)
}
