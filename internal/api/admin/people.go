package admin

import (
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

func (h *Handlers) peopleRows() []api.Route {
	id := idParam()
	return []api.Route{
		{Method: http.MethodPost, Pattern: "/admin/v1/members/{id}/invitation", ID: "inviteMember", Summary: "Invite a member to sign in",
			Description: "The answer holds the secret part of a link, this once. Whoever opens it takes the member's seat in the console. It works once, for seven days, and replaces an older one. The member needs an email.",
			Params:      id, Response: skytells.Invitation{}, Operator: h.inviteMember},
		{Method: http.MethodGet, Pattern: "/admin/v1/operators", ID: "listOperators", Summary: "List operators",
			Description: "Revoked ones too, oldest first.", Response: skytells.List[skytells.Operator]{}, Operator: h.listOperators},
		{Method: http.MethodPost, Pattern: "/admin/v1/operators", ID: "inviteOperator", Summary: "Invite an operator",
			Description: "Makes an operator without a key, and a link, shown this once, by which a person becomes this operator. It works once, for seven days.",
			Request:     skytells.OperatorRequest{}, Response: skytells.Invitation{},
			Example: `{"email": "ada@example.com", "name": "Ada", "role": "auditor"}`, Operator: h.inviteOperator},
		{Method: http.MethodPost, Pattern: "/admin/v1/operators/{id}/invitation", ID: "inviteOperatorAgain", Summary: "Invite an operator again",
			Description: "A new link, in place of an older one, for an operator whom no person is yet, such as one who has had only a key.",
			Params:      id, Request: skytells.OperatorRequest{}, Response: skytells.Invitation{},
			Example: `{"email": "ada@example.com"}`, Operator: h.inviteOperatorAgain},
		{Method: http.MethodDelete, Pattern: "/admin/v1/operators/{id}", ID: "revokeOperator", Summary: "Revoke an operator",
			Description: "Ends the operator's keys and sign-in, in every process within two seconds. The last operator can't be revoked; revoking twice changes nothing.",
			Params:      id, Response: skytells.Done{}, Operator: h.revokeOperator},
		{Method: http.MethodDelete, Pattern: "/admin/v1/accounts/{id}", ID: "closeAccount", Summary: "Close an account for good",
			Description: "Its keys stop within two seconds; its members, their sign-ins, names and emails go, and so do its predictions, files and stored responses. Its charges stay, for the books. Closing twice changes nothing, and goes on where the first time was cut off.",
			Params:      id, Response: skytells.Account{}, Operator: h.closeAccount},
	}
}

func (h *Handlers) inviteMember(c *httpx.Call, by account.Operator) error {
	token, m, err := h.Accounts.Invite(c.Request.Context(), by, c.Request.PathValue("id"))
	return h.answer(c, skytells.Invitation{Token: token, Member: &m}, err)
}

func (h *Handlers) listOperators(c *httpx.Call, _ account.Operator) error {
	all, err := h.Accounts.Operators(c.Request.Context())
	shown := make([]skytells.Operator, len(all))
	for i, o := range all {
		shown[i] = skytells.Operator{ID: o.ID, Name: o.Name, Role: string(o.Role), Email: o.Email, Joined: o.Person != "",
			Masked: o.Masked, CreatedAt: o.CreatedAt, RevokedAt: o.RevokedAt}
	}
	return list(c, shown, err)
}

func (h *Handlers) inviteOperator(c *httpx.Call, by account.Operator) error {
	var r skytells.OperatorRequest
	if err := c.Decode(maxBody, &r); err != nil {
		return err
	}
	token, err := h.Accounts.InviteOperator(c.Request.Context(), by, r.Email, r.Name, account.Role(r.Role))
	return h.answer(c, skytells.Invitation{Token: token}, err)
}

func (h *Handlers) inviteOperatorAgain(c *httpx.Call, by account.Operator) error {
	var r skytells.OperatorRequest
	if err := c.Decode(maxBody, &r); err != nil {
		return err
	}
	token, err := h.Accounts.InviteOperatorAgain(c.Request.Context(), by, c.Request.PathValue("id"), r.Email)
	return h.answer(c, skytells.Invitation{Token: token}, err)
}

func (h *Handlers) revokeOperator(c *httpx.Call, by account.Operator) error {
	err := h.Accounts.RevokeOperator(c.Request.Context(), by, c.Request.PathValue("id"))
	return h.answer(c, skytells.Done{Success: true}, err)
}

func (h *Handlers) closeAccount(c *httpx.Call, by account.Operator) error {
	id := c.Request.PathValue("id")
	if err := h.Accounts.CloseAccount(c.Request.Context(), by, id); err != nil {
		return err
	}
	a, err := h.Accounts.Account(c.Request.Context(), id)
	return h.answer(c, a, err)
}
