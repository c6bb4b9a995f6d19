package skytells

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Invitation is a link by which a person takes a seat or becomes an operator, once. The
// console serves it at /invite/TOKEN of the server's public address.
type Invitation struct {
	Token  string  `json:"token" doc:"The secret part of the link: this answer is its only copy."`
	Member *Member `json:"member,omitempty" doc:"Of a member's invitation."`
}

// Operator is somebody who runs the server.
type Operator struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Role      string     `json:"role" enum:"operator,auditor"`
	Email     string     `json:"email,omitempty" doc:"Of the person, or of whom a living invitation is for."`
	Joined    bool       `json:"joined" doc:"Whether a person signs in to the console as this operator."`
	Masked    string     `json:"masked,omitempty" doc:"First and last characters of the newest living operator key."`
	CreatedAt time.Time  `json:"created_at"`
	RevokedAt *time.Time `json:"revoked_at"`
}

// OperatorRequest invites an operator.
type OperatorRequest struct {
	Email string `json:"email"`
	Name  string `json:"name,omitempty"`
	Role  string `json:"role,omitempty" enum:"operator,auditor" doc:"An auditor reads everything and changes nothing. Ignored where the operator is there already."`
}

// InviteMember makes the link by which a person takes the seat, in place of an older one.
func (c *Client) InviteMember(ctx context.Context, member string) (Invitation, error) {
	return call[Invitation](ctx, c, http.MethodPost, "/admin/v1/members/"+url.PathEscape(member)+"/invitation", nil)
}

// Operators lists the operators that were ever made, oldest first.
func (c *Client) Operators(ctx context.Context) ([]Operator, error) {
	list, err := call[List[Operator]](ctx, c, http.MethodGet, "/admin/v1/operators", nil)
	return list.Data, err
}

// InviteOperator makes an operator and the link by which a person becomes this operator.
func (c *Client) InviteOperator(ctx context.Context, r OperatorRequest) (Invitation, error) {
	return call[Invitation](ctx, c, http.MethodPost, "/admin/v1/operators", r)
}

// InviteOperatorAgain makes a new link for an operator whom no person is yet.
func (c *Client) InviteOperatorAgain(ctx context.Context, operator string, r OperatorRequest) (Invitation, error) {
	return call[Invitation](ctx, c, http.MethodPost, operatorPath(operator)+"/invitation", r)
}

// RevokeOperator ends an operator's keys and sign-in; twice is no error.
func (c *Client) RevokeOperator(ctx context.Context, operator string) (Done, error) {
	return call[Done](ctx, c, http.MethodDelete, operatorPath(operator), nil)
}

func operatorPath(id string) string { return "/admin/v1/operators/" + url.PathEscape(id) }

// CloseAccount ends an account for good; its charges stay.
func (c *Client) CloseAccount(ctx context.Context, account string) (Account, error) {
	return call[Account](ctx, c, http.MethodDelete, "/admin/v1/accounts/"+url.PathEscape(account), nil)
}
