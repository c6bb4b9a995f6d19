package admin

import (
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

func (h *InstanceHandlers) systemRows() []api.Route {
	return []api.Route{
		{Method: http.MethodGet, Pattern: "/admin/v1/system", ID: "getSystem", Summary: "Get what the server says of itself",
			Description: "Version, database, Redis, storage, the processes that share the database, queues, and the process file with the origin of each value. Secrets are shown as `[set]`.",
			Response:    skytells.System{}, Operator: h.system},
		{Method: http.MethodGet, Pattern: "/admin/v1/doctor", ID: "runDoctor", Summary: "Check the server and what it depends on",
			Description: "Configuration, database, master key, Redis, storage, clock, and every upstream by a cheap real call. Each check says what was found and what to do; it takes at most ten seconds.",
			Response:    skytells.List[skytells.Check]{}, Operator: h.doctor},
	}
}

func (h *InstanceHandlers) system(c *httpx.Call, _ account.Operator) error {
	s, err := h.Instance.System(c.Request.Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s)
}
