package admin

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// SetupLinks make the link by which the first operator gets into the console; needed is
// false where one has.
type SetupLinks interface {
	SetupLink(context.Context) (token string, needed bool, err error)
}

// SetupHandlers holds what the route about the console's set-up needs.
type SetupHandlers struct {
	Links  SetupLinks
	Public *url.URL // nil: taken from requests to loopback
	Now    func() time.Time
}

// Rows are the routes.
func (h *SetupHandlers) Rows() []api.Route {
	return dress([]api.Route{{
		Method: http.MethodPost, Pattern: "/admin/v1/setup-link", ID: "makeSetupLink", Summary: "Make the link that sets up the console",
		Description: "As long as no operator signs in to the console: whoever opens the link becomes the first operator there, and an owner of the first account. It works once, for a day, and replaces an older one. Only operators make it, not auditors.",
		Response:    skytells.SetupLink{}, Operator: h.make,
	}})
}

func (h *SetupHandlers) make(c *httpx.Call, by account.Operator) error {
	if err := by.MayChange(); err != nil {
		return err
	}
	base, err := httpx.Base(h.Public, c.Request)
	if err != nil {
		return err
	}
	token, needed, err := h.Links.SetupLink(c.Request.Context())
	if err != nil {
		return err
	}
	if !needed {
		return &fault.Error{ID: fault.InvalidParameter, Status: http.StatusConflict, Message: "An operator signs in to the console already.",
			Details: "Operators invite others there, or with POST /admin/v1/operators."}
	}
	return c.JSON(http.StatusOK, skytells.SetupLink{URL: base + "/setup/" + token, ExpiresAt: h.Now().UTC().Add(24 * time.Hour).Truncate(time.Second)})
}
