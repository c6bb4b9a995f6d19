package admin

import (
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

func (h *Handlers) memberRows() []api.Route {
	id := idParam()
	return []api.Route{
		{Method: http.MethodGet, Pattern: "/admin/v1/accounts/{id}/members", ID: "listMembers", Summary: "List an account's members",
			Description: "Removed ones too, oldest first.",
			Params:      append(idParam(), pageParams()...), Response: skytells.List[skytells.Member]{}, Operator: h.listMembers},
		{Method: http.MethodPost, Pattern: "/admin/v1/accounts/{id}/members", ID: "createMember", Summary: "Add a member to an account",
			Params: id, Request: skytells.MemberRequest{}, Response: skytells.Member{},
			Example: `{"name": "Ada", "email": "ada@example.com", "role": "developer"}`, Operator: h.createMember},
		{Method: http.MethodGet, Pattern: "/admin/v1/members/{id}", ID: "getMember", Summary: "Get a member",
			Params: id, Response: skytells.Member{}, Operator: h.getMember},
		{Method: http.MethodPatch, Pattern: "/admin/v1/members/{id}", ID: "updateMember", Summary: "Change a member",
			Description: "Only the fields that the body names change. A lower role takes its scopes from the member's keys, in every process within two seconds.",
			Params:      id, Request: skytells.MemberRequest{}, Response: skytells.Member{}, Example: `{"role": "viewer"}`, Operator: h.updateMember},
		{Method: http.MethodDelete, Pattern: "/admin/v1/members/{id}", ID: "removeMember", Summary: "Remove a member",
			Description: "The member's keys are revoked. The member stays in the list, with `removed_at`; removing twice changes nothing. The last owner can't be removed.",
			Params:      id, Response: skytells.Member{}, Operator: h.removeMember},
	}
}

func (h *Handlers) listMembers(c *httpx.Call, _ account.Operator) error {
	p, err := page(c)
	if err != nil {
		return err
	}
	members, err := h.Accounts.Members(c.Request.Context(), c.Request.PathValue("id"), p)
	return list(c, members, err)
}

func (h *Handlers) createMember(c *httpx.Call, by account.Operator) error {
	var r skytells.MemberRequest
	if err := c.Decode(maxBody, &r); err != nil {
		return err
	}
	m, err := h.Accounts.CreateMember(c.Request.Context(), by, c.Request.PathValue("id"), r)
	return h.answer(c, m, err)
}

func (h *Handlers) getMember(c *httpx.Call, _ account.Operator) error {
	m, err := h.Accounts.Member(c.Request.Context(), c.Request.PathValue("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, m)
}

func (h *Handlers) updateMember(c *httpx.Call, by account.Operator) error {
	var r skytells.MemberRequest
	if err := c.Decode(maxBody, &r); err != nil {
		return err
	}
	m, err := h.Accounts.UpdateMember(c.Request.Context(), by, c.Request.PathValue("id"), r)
	return h.answer(c, m, err)
}

func (h *Handlers) removeMember(c *httpx.Call, by account.Operator) error {
	m, err := h.Accounts.RemoveMember(c.Request.Context(), by, c.Request.PathValue("id"))
	return h.answer(c, m, err)
}
