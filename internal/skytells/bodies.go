package skytells

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Bodies are the kept bodies of a request and of its answer (GET /v1/requests/{id}/bodies).
type Bodies struct {
	Request          string    `json:"request" doc:"Id of the request."`
	Account          string    `json:"account,omitempty" doc:"For operators."`
	CreatedAt        time.Time `json:"created_at"`
	ExpiresAt        time.Time `json:"expires_at" doc:"When they are deleted."`
	Streamed         bool      `json:"streamed" doc:"The answer is a stream of events, as they were sent."`
	RequestBody      string    `json:"request_body"`
	AnswerBody       string    `json:"answer_body"`
	RequestBytes     int64     `json:"request_bytes" doc:"Size of the request's body as it came."`
	AnswerBytes      int64     `json:"answer_bytes" doc:"Size of the answer's body as it was made."`
	RequestTruncated bool      `json:"request_truncated" doc:"Only the first MiB is kept."`
	AnswerTruncated  bool      `json:"answer_truncated" doc:"Only the first MiB is kept."`
}

// KeptBodies says for how long an account has bodies of its requests kept, and how many are.
type KeptBodies struct {
	Account  string     `json:"account"`
	Keep     string     `json:"keep" doc:"Such as 24h or 7d; empty: none are kept from now on."`
	Longest  string     `json:"longest" doc:"The longest that this server allows; empty: it keeps none."`
	Requests int64      `json:"requests" doc:"Requests whose bodies are kept now."`
	Oldest   *time.Time `json:"oldest" doc:"The time of the oldest of them."`
}

// KeepBodies changes for how long an account has bodies of its requests kept.
type KeepBodies struct {
	Keep string `json:"keep" doc:"Such as 24h or 7d; empty: none are kept from now on. What is kept already stays for its time, unless it is deleted."`
}

// DeletedBodies answers a deletion of kept bodies.
type DeletedBodies struct {
	Request string `json:"request,omitempty" doc:"Id of the request; missing where all of the account's were deleted."`
	Account string `json:"account"`
	Deleted bool   `json:"deleted"`
}

// MyBodies reads the kept bodies of one of the account's requests.
func (c *Client) MyBodies(ctx context.Context, request string) (Bodies, error) {
	return call[Bodies](ctx, c, http.MethodGet, "/v1/requests/"+url.PathEscape(request)+"/bodies", nil)
}

// DeleteMyBodies deletes the kept bodies of one of the account's requests.
func (c *Client) DeleteMyBodies(ctx context.Context, request string) (DeletedBodies, error) {
	return call[DeletedBodies](ctx, c, http.MethodDelete, "/v1/requests/"+url.PathEscape(request)+"/bodies", nil)
}

// MyKeptBodies says for how long the account has bodies kept.
func (c *Client) MyKeptBodies(ctx context.Context) (KeptBodies, error) {
	return call[KeptBodies](ctx, c, http.MethodGet, "/v1/account/bodies", nil)
}

// KeepMyBodies changes for how long the account has bodies kept.
func (c *Client) KeepMyBodies(ctx context.Context, keep string) (KeptBodies, error) {
	return call[KeptBodies](ctx, c, http.MethodPut, "/v1/account/bodies", KeepBodies{Keep: keep})
}

// DeleteAllMyBodies deletes all kept bodies of the account.
func (c *Client) DeleteAllMyBodies(ctx context.Context) (DeletedBodies, error) {
	return call[DeletedBodies](ctx, c, http.MethodDelete, "/v1/account/bodies", nil)
}

// Bodies reads the kept bodies of any request, as an operator; that is audited.
func (c *Client) Bodies(ctx context.Context, request string) (Bodies, error) {
	return call[Bodies](ctx, c, http.MethodGet, "/admin/v1/requests/"+url.PathEscape(request)+"/bodies", nil)
}

// DeleteBodies deletes all kept bodies of an account, as an operator.
func (c *Client) DeleteBodies(ctx context.Context, account string) (DeletedBodies, error) {
	return call[DeletedBodies](ctx, c, http.MethodDelete, accountPath(account, "/bodies"), nil)
}
