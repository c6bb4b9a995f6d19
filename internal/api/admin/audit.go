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

func (h *Handlers) auditRows() []api.Route {
	return []api.Route{{
		Method: http.MethodGet, Pattern: "/admin/v1/audit", ID: "listAudit", Summary: "List administrative acts",
		Description: "Newest first. The trail only grows: nothing in it can be changed or deleted.",
		Params: []api.Param{
			{Name: "subject", In: "query", Description: "Id of what was acted on."},
			{Name: "actor", In: "query", Description: "Id of an operator, or `system`."},
			{Name: "action", In: "query", Description: "Such as `key.revoke`."},
			{Name: "after", In: "query", Description: "`seq` of the last item of the page before."},
			{Name: "limit", In: "query", Description: "Items a page."},
		},
		Response: skytells.List[skytells.AuditEntry]{}, Operator: h.listAudit,
	}}
}

func (h *Handlers) listAudit(c *httpx.Call, _ account.Operator) error {
	limit, err := pageLimit(c)
	if err != nil {
		return err
	}
	q := c.Request.URL.Query()
	query := account.AuditQuery{Subject: q.Get("subject"), Actor: q.Get("actor"), Action: q.Get("action"), Limit: limit}
	if text := q.Get("after"); text != "" {
		if query.After, err = strconv.ParseInt(text, 10, 64); err != nil || query.After < 1 {
			return fault.Invalid("after", "'after' must be the 'seq' of an entry.")
		}
	}
	entries, err := h.Accounts.Audit(c.Request.Context(), query)
	return list(c, entries, err)
}
