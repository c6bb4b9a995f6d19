package skytells

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

func accountPath(id, rest string) string { return "/admin/v1/accounts/" + url.PathEscape(id) + rest }

// GiveCredit gives an account credit, or takes some away. The same reference again is done
// once.
func (c *Client) GiveCredit(ctx context.Context, account string, r CreditRequest) (Transfer, error) {
	return call[Transfer](ctx, c, http.MethodPost, accountPath(account, "/credit"), r)
}

// Balance reads an account's credit.
func (c *Client) Balance(ctx context.Context, account string) (Balance, error) {
	return call[Balance](ctx, c, http.MethodGet, accountPath(account, "/balance"), nil)
}

// SetTerms changes how an account may spend.
func (c *Client) SetTerms(ctx context.Context, account string, t CreditTerms) (Balance, error) {
	return call[Balance](ctx, c, http.MethodPatch, accountPath(account, "/terms"), t)
}

// Transfers lists the newest of an account's credits and corrections; n of them at most.
func (c *Client) Transfers(ctx context.Context, account string, n int) ([]Transfer, error) {
	list, err := call[List[Transfer]](ctx, c, http.MethodGet, accountPath(account, "/transfers?limit="+strconv.Itoa(n)), nil)
	return list.Data, err
}

// UsageQuery asks for usage. Empty fields are the server's defaults.
type UsageQuery struct {
	Account, From, To, By, Model, Key string
}

// Usage reads usage as operators see it.
func (c *Client) Usage(ctx context.Context, u UsageQuery) (Usage, error) {
	return call[Usage](ctx, c, http.MethodGet, asked("/admin/v1/usage", u.query()), nil)
}

func (u UsageQuery) query() url.Values {
	return some(map[string]string{"account": u.Account, "from": u.From, "to": u.To, "by": u.By, "model": u.Model, "key": u.Key})
}

// Charges lists the newest n charges of an account, of the last 30 days.
func (c *Client) Charges(ctx context.Context, account string, n int) ([]ChargeLine, error) {
	list, err := call[List[ChargeLine]](ctx, c, http.MethodGet, accountPath(account, "/charges?limit="+strconv.Itoa(n)), nil)
	return list.Data, err
}

// Statement reads a month of an account; "" is the present one.
func (c *Client) Statement(ctx context.Context, account, month string) (Statement, error) {
	return call[Statement](ctx, c, http.MethodGet, accountPath(account, "/statement?month="+url.QueryEscape(month)), nil)
}

// StatementAs reads a statement as csv or html.
func (c *Client) StatementAs(ctx context.Context, account, month, format string) ([]byte, error) {
	query := url.Values{"month": {month}, "format": {format}}
	return c.text(ctx, accountPath(account, "/statement?"+query.Encode()))
}

// VerifyLedger checks the whole ledger.
func (c *Client) VerifyLedger(ctx context.Context) (Verification, error) {
	return call[Verification](ctx, c, http.MethodGet, "/admin/v1/ledger/verify", nil)
}

// LimitRules lists limits besides those of the tiers, of one account or of all.
func (c *Client) LimitRules(ctx context.Context, account string) ([]LimitRule, error) {
	query := url.Values{}
	if account != "" {
		query.Set("account", account)
	}
	return all(ctx, c, "/admin/v1/limits", query, func(r LimitRule) string { return r.ID })
}

// PutLimit sets a limit; one of the same scope is replaced.
func (c *Client) PutLimit(ctx context.Context, r LimitRule) (LimitRule, error) {
	return call[LimitRule](ctx, c, http.MethodPut, "/admin/v1/limits", r)
}

// DeleteLimit removes a limit.
func (c *Client) DeleteLimit(ctx context.Context, id string) error {
	_, err := call[Done](ctx, c, http.MethodDelete, "/admin/v1/limits/"+url.PathEscape(id), nil)
	return err
}
