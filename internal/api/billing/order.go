package billing

import (
	"cmp"
	"context"
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// Terms changes the part of an account's terms that is its own choice.
type Terms interface {
	SetDrawOrder(ctx context.Context, actor, account string, order []string) error
}

// maxOrder bounds the body, in bytes.
const maxOrder = 4 << 10

func (h *Handlers) orderRow() api.Route {
	return api.Route{Method: http.MethodPut, Pattern: "/v1/draw-order", ID: "setDrawOrder", Summary: "Choose the order in which credit is taken", Scope: account.BillingWrite,
		Description: "All kinds of credit are named, the one to be taken first in front. It holds for charges from now on. Of given credit, what expires first is taken first.",
		Request:     skytells.DrawOrder{}, Response: skytells.Balance{}, Example: `{"draw_order": ["sponsored", "deposited", "payg"]}`, Errors: []fault.ID{fault.InvalidRequest}, Key: h.order}
}

func (h *Handlers) order(c *httpx.Call, who account.Principal) error {
	var r skytells.DrawOrder
	if err := c.Decode(maxOrder, &r); err != nil {
		return err
	}
	if len(r.DrawOrder) == 0 {
		return fault.Invalid("draw_order", "'draw_order' is missing: all of sponsored, deposited and payg, in the wished order.")
	}
	if err := h.Terms.SetDrawOrder(c.Request.Context(), cmp.Or(who.Key, who.Account), who.Account, r.DrawOrder); err != nil {
		return err
	}
	return h.balance(c, who)
}
