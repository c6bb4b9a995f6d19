package admin

import (
	"context"
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// Explainer tells how requests are routed.
type Explainer interface {
	// Explain runs nothing. Its errors are those that the request itself would meet.
	Explain(context.Context, skytells.RouterExplainRequest) (*skytells.RouterExplanation, error)
}

// Targets tells what this process has seen of the targets that it used.
type Targets interface {
	Targets(context.Context) []skytells.TargetHealth
}

func (h *Handlers) routerRows() []api.Route {
	return []api.Route{
		{Method: http.MethodPost, Pattern: "/admin/v1/router/explain", ID: "explainRouter", Summary: "Explain how a request would be routed",
			Description: "The model that a router would choose for the request now, why, and the order in which its targets would be tried. Nothing runs and nothing is charged.",
			Request:     skytells.RouterExplainRequest{}, Response: skytells.RouterExplanation{},
			Example: `{"request": {"model": "deepbrain-router", "messages": [{"role": "user", "content": "Hello"}]}}`,
			Errors:  []fault.ID{fault.ModelNotFound, fault.ModelNotSupported}, Poll: true, Operator: h.explain},
		{Method: http.MethodGet, Pattern: "/admin/v1/targets", ID: "listTargets", Summary: "List the health of targets",
			Description: "Of all targets that the answering process has used since its start: whether they serve, and how fast they answer. Every process sees for itself.",
			Response:    skytells.List[skytells.TargetHealth]{}, Operator: h.targets},
	}
}

func (h *Handlers) explain(c *httpx.Call, _ account.Operator) error {
	var r skytells.RouterExplainRequest
	if err := c.Decode(maxBody, &r); err != nil {
		return err
	}
	told, err := h.Explainer.Explain(c.Request.Context(), r)
	if err != nil {
		return err
	}
	shown := *told // whose lists are lists in JSON, even empty ones
	if shown.Candidates == nil {
		shown.Candidates = []skytells.RouterCandidate{}
	}
	if shown.Targets == nil {
		shown.Targets = []skytells.RouterTarget{}
	}
	return c.JSON(http.StatusOK, shown)
}

func (h *Handlers) targets(c *httpx.Call, _ account.Operator) error {
	return list(c, h.Targets.Targets(c.Request.Context()), nil)
}
