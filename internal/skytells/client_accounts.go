package skytells

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// Key reads one API key.
func (c *Client) Key(ctx context.Context, id string) (Key, error) {
	return call[Key](ctx, c, http.MethodGet, keyPath(id), nil)
}

// UpdateKey changes the fields of a key that the change names.
func (c *Client) UpdateKey(ctx context.Context, id string, k KeyChange) (Key, error) {
	return call[Key](ctx, c, http.MethodPatch, keyPath(id), k)
}

// RotateKey makes a key in place of another one. The answer's Secret is its only copy.
func (c *Client) RotateKey(ctx context.Context, id string, r RotateRequest) (Key, error) {
	return call[Key](ctx, c, http.MethodPost, keyPath(id)+"/rotate", r)
}

func keyPath(id string) string { return "/admin/v1/keys/" + url.PathEscape(id) }

// Members lists the people of an account, removed ones included, oldest first.
func (c *Client) Members(ctx context.Context, account string) ([]Member, error) {
	return all(ctx, c, "/admin/v1/accounts/"+url.PathEscape(account)+"/members", url.Values{}, func(m Member) string { return m.ID })
}

// CreateMember adds a person to an account.
func (c *Client) CreateMember(ctx context.Context, account string, r MemberRequest) (Member, error) {
	return call[Member](ctx, c, http.MethodPost, "/admin/v1/accounts/"+url.PathEscape(account)+"/members", r)
}

// UpdateMember changes the fields of a member that the request names.
func (c *Client) UpdateMember(ctx context.Context, id string, r MemberRequest) (Member, error) {
	return call[Member](ctx, c, http.MethodPatch, "/admin/v1/members/"+url.PathEscape(id), r)
}

// RemoveMember ends a membership and its keys; twice is no error.
func (c *Client) RemoveMember(ctx context.Context, id string) (Member, error) {
	return call[Member](ctx, c, http.MethodDelete, "/admin/v1/members/"+url.PathEscape(id), nil)
}

// AuditFilter picks administrative acts; "" in a field means any.
type AuditFilter struct{ Subject, Actor, Action string }

// Audit lists the newest administrative acts, at most limit.
func (c *Client) Audit(ctx context.Context, f AuditFilter, limit int) ([]AuditEntry, error) {
	query := url.Values{}
	for name, text := range map[string]string{"subject": f.Subject, "actor": f.Actor, "action": f.Action} {
		if text != "" {
			query.Set(name, text)
		}
	}
	entries := []AuditEntry{}
	for len(entries) < limit {
		size := min(limit-len(entries), pageSize)
		query.Set("limit", strconv.Itoa(size))
		page, err := call[List[AuditEntry]](ctx, c, http.MethodGet, "/admin/v1/audit?"+query.Encode(), nil)
		if err != nil {
			return nil, err
		}
		entries = append(entries, page.Data...)
		if len(page.Data) < size {
			break
		}
		query.Set("after", strconv.FormatInt(entries[len(entries)-1].Seq, 10))
	}
	return entries, nil
}
