package skytells

import (
	"context"
	"net/http"
)

// BeginCheckout begins a payment; the answer's URL is where the payer goes. It is not
// sent again where no answer came.
func (c *Client) BeginCheckout(ctx context.Context, r CheckoutRequest) (Checkout, error) {
	return call[Checkout](ctx, c, http.MethodPost, "/v1/checkouts", r)
}

// MyCheckouts lists the newest of the account's payments.
func (c *Client) MyCheckouts(ctx context.Context) ([]Checkout, error) {
	list, err := call[List[Checkout]](ctx, c, http.MethodGet, "/v1/checkouts", nil)
	return list.Data, err
}

// DrawOrder is in which order an account's credit is taken.
type DrawOrder struct {
	DrawOrder []string `json:"draw_order" doc:"All of sponsored, deposited and payg, in the wished order."`
}

// SetDrawOrder chooses the order in which the account's credit is taken.
func (c *Client) SetDrawOrder(ctx context.Context, order []string) (Balance, error) {
	return call[Balance](ctx, c, http.MethodPut, "/v1/draw-order", DrawOrder{order})
}
