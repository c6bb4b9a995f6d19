package skytells

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// OwnBalance reads the credit of the API key's account.
func (c *Client) OwnBalance(ctx context.Context) (Balance, error) {
	return call[Balance](ctx, c, http.MethodGet, "/v1/balance", nil)
}

// OwnUsage reads what the API key's account used. The query's account is left out.
func (c *Client) OwnUsage(ctx context.Context, u UsageQuery) (Usage, error) {
	query := url.Values{}
	for name, value := range map[string]string{"from": u.From, "to": u.To, "by": u.By, "model": u.Model, "key": u.Key} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return call[Usage](ctx, c, http.MethodGet, "/v1/usage?"+query.Encode(), nil)
}

// OwnCharges lists the newest n charges of the API key's account, of the last 30 days.
func (c *Client) OwnCharges(ctx context.Context, n int) ([]ChargeLine, error) {
	list, err := call[List[ChargeLine]](ctx, c, http.MethodGet, "/v1/charges?limit="+strconv.Itoa(n), nil)
	return list.Data, err
}

// OwnStatement reads a month of the API key's account; "" is the present one.
func (c *Client) OwnStatement(ctx context.Context, month string) (Statement, error) {
	return call[Statement](ctx, c, http.MethodGet, "/v1/statement?month="+url.QueryEscape(month), nil)
}

// OwnStatementAs reads such a statement as csv or html.
func (c *Client) OwnStatementAs(ctx context.Context, month, format string) ([]byte, error) {
	query := url.Values{"month": {month}, "format": {format}}
	return c.text(ctx, "/v1/statement?"+query.Encode())
}
