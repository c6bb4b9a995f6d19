package skytells

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// BatchRequest makes a batch.
type BatchRequest struct {
	InputFileID      string            `json:"input_file_id" doc:"A file that was uploaded with the purpose batch: one request a line."`
	Endpoint         string            `json:"endpoint" enum:"/v1/chat/completions,/v1/responses,/v1/embeddings,/v1/messages" doc:"Where all lines go."`
	CompletionWindow string            `json:"completion_window" doc:"24h, or another time from 1h to 7d. What is not done then fails with batch_expired."`
	Metadata         map[string]string `json:"metadata,omitempty" doc:"Up to 16 pairs of your own."`
	// OutputExpiresAfter is when the files of the answers go, where not with the batch.
	OutputExpiresAfter *ExpiresAfter `json:"output_expires_after,omitempty" doc:"When the files of its answers are deleted; left out, with the batch."`
	// IdempotencyKey makes it safe to send this again; it goes as a header.
	IdempotencyKey string `json:"-"`
}

// ExpiresAfter is a time after another.
type ExpiresAfter struct {
	Anchor  string `json:"anchor" enum:"created_at" doc:"The time at which the file is made."`
	Seconds int64  `json:"seconds" doc:"3600 to 2592000, and no longer than batches are kept."`
}

// Batch is OpenAI's batch object. Times are seconds since 1970, null where they have not
// come.
type Batch struct {
	ID               string            `json:"id" doc:"batch_…"`
	Object           string            `json:"object" enum:"batch"`
	Endpoint         string            `json:"endpoint"`
	Errors           *BatchErrors      `json:"errors" doc:"What is wrong with the input of a batch that failed."`
	InputFileID      string            `json:"input_file_id"`
	CompletionWindow string            `json:"completion_window"`
	Status           string            `json:"status" enum:"validating,failed,in_progress,finalizing,completed,expired,cancelling,cancelled"`
	OutputFileID     *string           `json:"output_file_id" doc:"The answers: one a line."`
	ErrorFileID      *string           `json:"error_file_id" doc:"The lines that failed."`
	CreatedAt        int64             `json:"created_at"`
	InProgressAt     *int64            `json:"in_progress_at"`
	ExpiresAt        *int64            `json:"expires_at"`
	FinalizingAt     *int64            `json:"finalizing_at"`
	CompletedAt      *int64            `json:"completed_at"`
	FailedAt         *int64            `json:"failed_at"`
	ExpiredAt        *int64            `json:"expired_at"`
	CancellingAt     *int64            `json:"cancelling_at"`
	CancelledAt      *int64            `json:"cancelled_at"`
	RequestCounts    BatchCounts       `json:"request_counts"`
	Model            *string           `json:"model" doc:"That all lines name; null where they name several."`
	Usage            BatchUsage        `json:"usage" doc:"What the lines took that have their answers."`
	Cost             Amount            `json:"cost" doc:"US dollars that they were charged. OpenAI's object has no such field."`
	Metadata         map[string]string `json:"metadata"`
}

// Statuses of a batch that has ended.
const (
	BatchFailed    = "failed"
	BatchCompleted = "completed"
	BatchExpired   = "expired"
	BatchCancelled = "cancelled"
)

// Ended reports whether the batch will not change any more.
func (b Batch) Ended() bool {
	switch b.Status {
	case BatchFailed, BatchCompleted, BatchExpired, BatchCancelled:
		return true
	}
	return false
}

// BatchCounts says how many lines there are, and what came of them.
type BatchCounts struct {
	Total     int64 `json:"total"`
	Completed int64 `json:"completed"`
	Failed    int64 `json:"failed"`
}

// BatchUsage is OpenAI's count of a batch's tokens.
type BatchUsage struct {
	InputTokens         int64              `json:"input_tokens"`
	InputTokensDetails  BatchInputDetails  `json:"input_tokens_details"`
	OutputTokens        int64              `json:"output_tokens"`
	OutputTokensDetails BatchOutputDetails `json:"output_tokens_details"`
	TotalTokens         int64              `json:"total_tokens"`
}

// BatchInputDetails is a part of a batch's tokens.
type BatchInputDetails struct {
	CachedTokens int64 `json:"cached_tokens"`
}

// BatchOutputDetails is likewise.
type BatchOutputDetails struct {
	ReasoningTokens int64 `json:"reasoning_tokens"`
}

// BatchErrors is OpenAI's list of what is wrong with an input.
type BatchErrors struct {
	Object string       `json:"object" enum:"list"`
	Data   []BatchError `json:"data"`
}

// BatchError is one of them.
type BatchError struct {
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Line    *int64  `json:"line" doc:"Number of the line, from 1; null: of the whole file."`
	Param   *string `json:"param"`
}

// BatchList is a page of batches, newest first.
type BatchList struct {
	Object  string  `json:"object" enum:"list"`
	Data    []Batch `json:"data"`
	FirstID *string `json:"first_id"`
	LastID  *string `json:"last_id"`
	HasMore bool    `json:"has_more"`
}

func batchPath(id string) string { return "/v1/batches/" + url.PathEscape(id) }

// CreateBatch makes a batch of an uploaded file.
func (c *Client) CreateBatch(ctx context.Context, r BatchRequest) (Batch, error) {
	var b Batch
	err := c.callWith(ctx, http.MethodPost, "/v1/batches", r, &b, func(h http.Header) {
		if r.IdempotencyKey != "" {
			h.Set("Idempotency-Key", r.IdempotencyKey)
		}
	})
	return b, err
}

// Batch reads one batch.
func (c *Client) Batch(ctx context.Context, id string) (Batch, error) {
	return call[Batch](ctx, c, http.MethodGet, batchPath(id), nil)
}

// CancelBatch begins no further line of it; those in flight get their answers.
func (c *Client) CancelBatch(ctx context.Context, id string) (Batch, error) {
	return call[Batch](ctx, c, http.MethodPost, batchPath(id)+"/cancel", nil)
}

// batchPage is the most that one page of batches has.
const batchPage = 100

// BatchesAfter lists n of the account's batches, newest first, after the one with the id, if
// not "".
func (c *Client) BatchesAfter(ctx context.Context, after string, n int) (BatchList, error) {
	query := url.Values{"limit": {strconv.Itoa(n)}}
	if after != "" {
		query.Set("after", after)
	}
	return call[BatchList](ctx, c, http.MethodGet, "/v1/batches?"+query.Encode(), nil)
}

// Batches lists the account's batches, newest first.
func (c *Client) Batches(ctx context.Context) ([]Batch, error) {
	all, after := []Batch{}, ""
	for range maxPages {
		page, err := c.BatchesAfter(ctx, after, batchPage)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Data...)
		if !page.HasMore || len(page.Data) == 0 {
			break
		}
		after = page.Data[len(page.Data)-1].ID
	}
	return all, nil
}
