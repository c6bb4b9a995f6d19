package admin

import (
	"context"
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// Guards is the part of the catalogue that knows guards.
type Guards interface {
	Guards(context.Context) ([]skytells.GuardSpec, error)
	Guard(ctx context.Context, name string) (skytells.GuardSpec, error)
	PutGuard(ctx context.Context, g skytells.GuardSpec, actor string) (skytells.GuardSpec, error)
	DeleteGuard(ctx context.Context, name, actor string) error
}

// GuardTrier shows a text to a guard.
type GuardTrier interface {
	TryGuard(ctx context.Context, name, text string) (skytells.GuardTrial, error)
}

// GuardHandlers holds what the routes about guards need.
type GuardHandlers struct {
	Guards Guards
	Trier  GuardTrier
	Sync   func(context.Context) error
}

// Rows are the routes.
func (h *GuardHandlers) Rows() []api.Route {
	name := []api.Param{{Name: "name", In: "path", Required: true}}
	return dress([]api.Route{
		{Method: http.MethodGet, Pattern: "/admin/v1/guards", ID: "listGuards", Summary: "List guards",
			Response: skytells.List[skytells.GuardSpec]{}, Operator: h.list},
		{Method: http.MethodGet, Pattern: "/admin/v1/guards/{name}", ID: "getGuard", Summary: "Get a guard",
			Params: name, Response: skytells.GuardSpec{}, Operator: h.get},
		{Method: http.MethodPut, Pattern: "/admin/v1/guards/{name}", ID: "putGuard", Summary: "Create or change a guard",
			Description: "It guards the models that name it, or all with `everywhere`.",
			Params:      name, Request: skytells.GuardSpec{}, Response: skytells.GuardSpec{}, Operator: h.put},
		{Method: http.MethodDelete, Pattern: "/admin/v1/guards/{name}", ID: "deleteGuard", Summary: "Delete a guard that no model names",
			Params: name, Response: skytells.Done{}, Operator: h.delete},
		{Method: http.MethodPost, Pattern: "/admin/v1/guards/{name}/test", ID: "testGuard", Summary: "Show a text to a guard",
			Description: "Tells what the guard makes of it. Nothing is kept or charged; only a guard of kind moderation sends the text on, to its model.",
			Params:      name, Request: skytells.GuardTrialRequest{}, Response: skytells.GuardTrial{}, Operator: h.test},
	})
}

func (h *GuardHandlers) list(c *httpx.Call, _ account.Operator) error {
	guards, err := h.Guards.Guards(c.Request.Context())
	return list(c, guards, err)
}

func (h *GuardHandlers) get(c *httpx.Call, _ account.Operator) error {
	g, err := h.Guards.Guard(c.Request.Context(), c.Request.PathValue("name"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, g)
}

func (h *GuardHandlers) put(c *httpx.Call, by account.Operator) error {
	var g skytells.GuardSpec
	if err := c.Decode(maxBody, &g); err != nil {
		return err
	}
	g.Name = c.Request.PathValue("name")
	g, err := h.Guards.PutGuard(c.Request.Context(), g, by.ID)
	return answer(c, h.Sync, g, err)
}

func (h *GuardHandlers) delete(c *httpx.Call, by account.Operator) error {
	err := h.Guards.DeleteGuard(c.Request.Context(), c.Request.PathValue("name"), by.ID)
	return answer(c, h.Sync, skytells.Done{Success: true}, err)
}

func (h *GuardHandlers) test(c *httpx.Call, _ account.Operator) error {
	var r skytells.GuardTrialRequest
	if err := c.Decode(maxBody, &r); err != nil {
		return err
	}
	trial, err := h.Trier.TryGuard(c.Request.Context(), c.Request.PathValue("name"), r.Text)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, trial)
}
