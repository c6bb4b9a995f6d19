package admin

import (
	"context"
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/api/books"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// Recorder writes the audit trail.
type Recorder interface {
	Record(ctx context.Context, actor, action, subject, detail string) error
}

// BodyHandlers holds what the operators' routes about kept bodies of requests need.
type BodyHandlers struct {
	Bodies books.Bodies
	Owners Owners
	Audit  Recorder
}

// Rows are the routes.
func (h *BodyHandlers) Rows() []api.Route {
	return dress([]api.Route{
		{Method: http.MethodGet, Pattern: "/admin/v1/requests/{id}/bodies", ID: "getAnyRequestBodies", Summary: "Get the kept bodies of a request",
			Description: "Only where the account asked to have them kept. Reading them leaves an entry in the audit trail.",
			Params:      idParam(), Response: skytells.Bodies{}, Operator: h.get},
		{Method: http.MethodDelete, Pattern: "/admin/v1/accounts/{id}/bodies", ID: "deleteAccountBodies", Summary: "Delete all kept bodies of an account's requests",
			Description: "What is kept from now on is up to the account's `keep_bodies`.",
			Params:      idParam(), Response: skytells.DeletedBodies{}, Operator: h.delete},
	})
}

func (h *BodyHandlers) get(c *httpx.Call, by account.Operator) error {
	ctx := c.Request.Context()
	b, err := h.Bodies.Get(ctx, "", c.Request.PathValue("id"))
	if err != nil {
		return err
	}
	if err := h.Audit.Record(ctx, by.ID, "bodies.read", b.Account, b.Request); err != nil {
		return err
	}
	return books.SendBodies(c, b, true)
}

func (h *BodyHandlers) delete(c *httpx.Call, by account.Operator) error {
	ctx, id := c.Request.Context(), c.Request.PathValue("id")
	if err := by.MayChange(); err != nil {
		return err
	}
	if _, err := h.Owners.Account(ctx, id); err != nil {
		return err
	}
	if err := h.Audit.Record(ctx, by.ID, "bodies.delete", id, ""); err != nil {
		return err
	}
	if err := h.Bodies.RemoveAccount(ctx, id); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, skytells.DeletedBodies{Account: id, Deleted: true})
}
