package billing

import (
	"context"
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/api/books"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// BodyOwners keep the setting of an account.
type BodyOwners interface {
	Account(ctx context.Context, id string) (skytells.Account, error)
	ChangeOwnBodies(ctx context.Context, who account.Principal, keep string) (skytells.Account, error)
}

// BodyHandlers holds what the routes about kept bodies of requests need.
type BodyHandlers struct {
	Bodies  books.Bodies
	Owners  BodyOwners
	Longest string // that an account may choose; "": none are kept
}

// maxSetting bounds the body of a change, in bytes.
const maxSetting = 4 << 10

// Rows are the account's routes.
func (h *BodyHandlers) Rows() []api.Route {
	id := []api.Param{{Name: "id", In: "path", Required: true, Description: "Id of the request, as the header X-Request-Id of the answer has it."}}
	rows := []api.Route{
		{Method: http.MethodGet, Pattern: "/v1/requests/{id}/bodies", ID: "getRequestBodies", Tag: "Requests", Summary: "Get the kept bodies of one of the account's requests", Scope: account.UsageRead,
			Description: "Only for accounts that asked to have them kept before the request. Calls of the inference routes have bodies; those of predictions are read from the prediction itself.",
			Params:      id, Response: skytells.Bodies{}, Poll: true, Key: h.get},
		{Method: http.MethodDelete, Pattern: "/v1/requests/{id}/bodies", ID: "deleteRequestBodies", Tag: "Requests", Summary: "Delete the kept bodies of one of the account's requests", Scope: account.UsageRead | account.Inference,
			Params: id, Response: skytells.DeletedBodies{}, Key: h.delete},
		{Method: http.MethodGet, Pattern: "/v1/account/bodies", ID: "getKeptBodies", Tag: "Account", Summary: "Get for how long bodies of your requests are kept", Scope: account.UsageRead,
			Response: skytells.KeptBodies{}, Poll: true, Key: h.kept},
		{Method: http.MethodPut, Pattern: "/v1/account/bodies", ID: "setKeptBodies", Tag: "Account", Summary: "Have bodies of your requests kept, or no longer", Scope: account.Everything,
			Description: "Off unless it is asked for. The bodies of inference requests and of their answers, up to 1 MiB of each, are then sealed and kept for that long. It takes effect within two seconds, and leaves an entry in the audit trail.",
			Request:     skytells.KeepBodies{}, Response: skytells.KeptBodies{}, Example: `{"keep": "7d"}`, Key: h.keep},
		{Method: http.MethodDelete, Pattern: "/v1/account/bodies", ID: "deleteKeptBodies", Tag: "Account", Summary: "Delete all kept bodies of your requests", Scope: account.Everything,
			Response: skytells.DeletedBodies{}, Key: h.deleteAll},
	}
	for i := range rows {
		rows[i].Surface = api.REST
		rows[i].Errors = []fault.ID{
			fault.Unauthorized, fault.AccountSuspended, fault.Forbidden, fault.InvalidParameter, fault.RateLimitExceeded, fault.InternalError, fault.ServiceUnavailable,
		}
	}
	return rows
}

func (h *BodyHandlers) get(c *httpx.Call, who account.Principal) error {
	b, err := h.Bodies.Get(c.Request.Context(), who.Account, c.Request.PathValue("id"))
	if err != nil {
		return err
	}
	return books.SendBodies(c, b, false)
}

func (h *BodyHandlers) delete(c *httpx.Call, who account.Principal) error {
	id := c.Request.PathValue("id")
	if err := h.Bodies.Delete(c.Request.Context(), who.Account, id); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, skytells.DeletedBodies{Request: id, Account: who.Account, Deleted: true})
}

func (h *BodyHandlers) kept(c *httpx.Call, who account.Principal) error {
	a, err := h.Owners.Account(c.Request.Context(), who.Account)
	if err != nil {
		return err
	}
	return h.send(c, a)
}

func (h *BodyHandlers) send(c *httpx.Call, a skytells.Account) error {
	k, err := h.Bodies.Kept(c.Request.Context(), a.ID)
	if err != nil {
		return err
	}
	out := skytells.KeptBodies{Account: a.ID, Keep: a.KeepBodies, Longest: h.Longest, Requests: k.Requests}
	if !k.Oldest.IsZero() {
		out.Oldest = &k.Oldest
	}
	return c.JSON(http.StatusOK, out)
}

func (h *BodyHandlers) keep(c *httpx.Call, who account.Principal) error {
	var r skytells.KeepBodies
	if err := c.Decode(maxSetting, &r); err != nil {
		return err
	}
	a, err := h.Owners.ChangeOwnBodies(c.Request.Context(), who, r.Keep)
	if err != nil {
		return err
	}
	return h.send(c, a)
}

func (h *BodyHandlers) deleteAll(c *httpx.Call, who account.Principal) error {
	if err := h.Bodies.RemoveAccount(c.Request.Context(), who.Account); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, skytells.DeletedBodies{Account: who.Account, Deleted: true})
}
