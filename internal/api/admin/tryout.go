package admin

import (
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

func (h *InstanceHandlers) tryRows() []api.Route {
	return []api.Route{
		{Method: http.MethodPost, Pattern: "/admin/v1/targets/try", ID: "tryTargets", Summary: "Try the upstreams of a model",
			Description: "A real, small call to each target of the model, or to one: a chat of 16 tokens, an embedding of one word; of a prediction model only its upstream's reach and our credentials, unless `run` lets it run with `input`. " +
				"No account is charged and no average or breaker hears of it, though the upstream may charge its own.",
			Request: skytells.TryRequest{}, Response: skytells.List[skytells.TryResult]{},
			Example: `{"model": "llama-3"}`, Errors: []fault.ID{fault.ModelNotFound, fault.InvalidInput}, Operator: h.tryTargets},
		{Method: http.MethodPost, Pattern: "/admin/v1/providers/{name}/try", ID: "tryProvider", Summary: "Try a provider",
			Description: "Asks it for something cheap that needs our credentials: its list of models, or its health.",
			Params:      []api.Param{{Name: "name", In: "path", Required: true}}, Response: skytells.TryResult{}, Operator: h.tryProvider},
	}
}

func (h *InstanceHandlers) tryTargets(c *httpx.Call, _ account.Operator) error {
	var r skytells.TryRequest
	if err := c.Decode(maxBody, &r); err != nil {
		return err
	}
	results, err := h.Instance.TryTargets(c.Request.Context(), r)
	return list(c, results, err)
}

func (h *InstanceHandlers) tryProvider(c *httpx.Call, _ account.Operator) error {
	result, err := h.Instance.TryProvider(c.Request.Context(), c.Request.PathValue("name"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, result)
}
