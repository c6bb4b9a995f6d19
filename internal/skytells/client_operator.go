package skytells

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Account reads one account as operators see it.
func (c *Client) Account(ctx context.Context, id string) (Account, error) {
	return call[Account](ctx, c, http.MethodGet, accountPath(id, ""), nil)
}

// AccountQuery asks for a page of accounts, oldest first. Search is a part of a name or
// of a member's email, or an id; After is the id of the last one seen.
type AccountQuery struct {
	Search, After string
	Limit         int // 0: 100
}

// FindAccounts reads a page of accounts.
func (c *Client) FindAccounts(ctx context.Context, a AccountQuery) ([]Account, error) {
	list, err := call[List[Account]](ctx, c, http.MethodGet, asked("/admin/v1/accounts", paged(a.Limit, "q", a.Search, "after", a.After)), nil)
	return list.Data, err
}

// AuditPage lists administrative acts, newest first, behind the one with the number
// after; 0: from the newest.
func (c *Client) AuditPage(ctx context.Context, f AuditFilter, after int64, limit int) ([]AuditEntry, error) {
	behind := ""
	if after > 0 {
		behind = strconv.FormatInt(after, 10)
	}
	q := paged(limit, "subject", f.Subject, "actor", f.Actor, "action", f.Action, "after", behind)
	list, err := call[List[AuditEntry]](ctx, c, http.MethodGet, asked("/admin/v1/audit", q), nil)
	return list.Data, err
}

// ChargePage reads a page of an account's charges, newest first.
func (c *Client) ChargePage(ctx context.Context, account string, u ChargeQuery) ([]ChargeLine, error) {
	q := paged(u.Limit, "from", u.From, "to", u.To, "before", u.Before, "before_id", u.BeforeID)
	list, err := call[List[ChargeLine]](ctx, c, http.MethodGet, asked(accountPath(account, "/charges"), q), nil)
	return list.Data, err
}

// TransferPage reads a page of an account's credits and corrections, newest first, older
// than the one that was made at a time and has an id; "": from the newest.
func (c *Client) TransferPage(ctx context.Context, account string, before time.Time, id string, limit int) ([]Transfer, error) {
	at := ""
	if id != "" {
		at = before.UTC().Format(time.RFC3339Nano)
	}
	list, err := call[List[Transfer]](ctx, c, http.MethodGet, asked(accountPath(account, "/transfers"), paged(limit, "before", at, "before_id", id)), nil)
	return list.Data, err
}

// paged is a query of names and values in turn, empty ones left out, with a limit.
func paged(limit int, pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return q
}
