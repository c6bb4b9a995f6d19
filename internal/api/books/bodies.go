package books

import (
	"context"
	"net/http"
	"strings"

	"skytower/internal/archive"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// Bodies are kept bodies of requests.
type Bodies interface {
	Get(ctx context.Context, account, request string) (archive.Bodies, error)
	Kept(ctx context.Context, account string) (archive.Kept, error)
	Delete(ctx context.Context, account, request string) error
	RemoveAccount(ctx context.Context, account string) error
}

// SendBodies answers with kept bodies. Nobody's cache is to hold them.
func SendBodies(c *httpx.Call, b archive.Bodies, inside bool) error {
	out := skytells.Bodies{
		Request: b.Request, CreatedAt: b.At, ExpiresAt: b.ExpiresAt, Streamed: b.Streamed, RequestBody: text(b.Body), AnswerBody: text(b.Answer),
		RequestBytes: b.RequestBytes, AnswerBytes: b.AnswerBytes, RequestTruncated: b.BodyCut, AnswerTruncated: b.AnswerCut,
	}
	if inside {
		out.Account = b.Account
	}
	c.Header().Set("Cache-Control", "no-store")
	return c.JSON(http.StatusOK, out)
}

// text is what JSON can hold of a body; a character may have been cut in two.
func text(body []byte) string { return strings.ToValidUTF8(string(body), "\uFFFD") }
