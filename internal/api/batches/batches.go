// Package batches holds OpenAI's batch routes, over the files of /v1/files.
//
// It decodes, makes one call into package batch, and encodes.
package batches

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/batch"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// Batches makes batches and shows them.
type Batches interface {
	Create(ctx context.Context, r batch.Request) (b batch.Batch, replayed bool, err error)
	Get(ctx context.Context, account, id string) (batch.Batch, error)
	List(ctx context.Context, account, after string, n int) ([]batch.Batch, error)
	Cancel(ctx context.Context, account, id string) (batch.Batch, error)
}

// Handlers holds what the routes need.
type Handlers struct {
	Batches Batches
}

const (
	maxBody = 64 << 10 // bytes of a request; its metadata is the most of it

	mostListed  = 100
	usualListed = 20

	mostSeconds = 1 << 32 // far beyond any bound
)

// Rows are the routes.
func (h *Handlers) Rows() []api.Route {
	id := api.Param{Name: "id", In: "path", Description: "The batch's id.", Required: true}
	row := func(method, path, name, summary string) api.Route {
		return api.Route{
			Method: method, Pattern: "/v1/batches" + path, Surface: api.Inference, ID: name, Tag: "Batches", Summary: summary,
			Scope: account.Inference, Response: skytells.Batch{}, Answer: batchAnswer,
			Errors: []fault.ID{fault.Unauthorized, fault.AccountSuspended, fault.Forbidden, fault.InvalidRequest, fault.RateLimited, fault.InternalError, fault.ServiceUnavailable},
		}
	}
	create := row(http.MethodPost, "", "createBatch", "Create a batch")
	create.Description = "Runs the requests of an uploaded file (purpose `batch`), when there is time for them. Each line is a JSON object: " +
		"`custom_id`, which is yours and must be unique, `method` (POST), `url` (the batch's endpoint) and `body` (the request, without `stream`). " +
		"A header `Idempotency-Key` makes it safe to send this again: the same key and body give back the first batch."
	create.Request, create.Example, create.Key = skytells.BatchRequest{}, `{"input_file_id": "file-01kd3…", "endpoint": "/v1/chat/completions", "completion_window": "24h"}`, h.create
	create.Errors = append(create.Errors, fault.InvalidParameter)
	list := row(http.MethodGet, "", "listBatches", "List batches")
	list.Description, list.Poll, list.Key = "The account's batches, newest first.", true, h.list
	list.Response, list.Answer = skytells.BatchList{}, ""
	list.Errors = append(list.Errors, fault.InvalidParameter)
	list.Params = []api.Param{
		{Name: "limit", In: "query", Description: "1 to 100; 20 if it is left out."},
		{Name: "after", In: "query", Description: "The id of the last batch of the page before."},
	}
	get := row(http.MethodGet, "/{id}", "getBatch", "Get a batch")
	get.Description, get.Poll, get.Key, get.Params = "How far it is, and where its results are.", true, h.get, []api.Param{id}
	get.Errors = append(get.Errors, fault.EndpointNotFound)
	cancel := row(http.MethodPost, "/{id}/cancel", "cancelBatch", "Cancel a batch")
	cancel.Description, cancel.Key, cancel.Params = "No further line is begun. Those in flight get their answers, and what is done by then is in the files.", h.cancel, []api.Param{id}
	cancel.Errors = append(cancel.Errors, fault.EndpointNotFound)
	return []api.Route{create, list, get, cancel}
}

const batchAnswer = `{"id": "batch_01kd3…", "object": "batch", "endpoint": "/v1/chat/completions", "errors": null, "input_file_id": "file-01kd3…",
	"completion_window": "24h", "status": "in_progress", "output_file_id": null, "error_file_id": null, "created_at": 1795651200, "in_progress_at": 1795651201,
	"expires_at": 1795737600, "finalizing_at": null, "completed_at": null, "failed_at": null, "expired_at": null, "cancelling_at": null, "cancelled_at": null,
	"request_counts": {"total": 1000, "completed": 212, "failed": 3}, "model": "deepbrain-router",
	"usage": {"input_tokens": 18020, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 2120, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 20140},
	"cost": 0.0171, "metadata": null}`

func (h *Handlers) create(c *httpx.Call, who account.Principal) error {
	var r skytells.BatchRequest
	if err := c.DecodeOpen(maxBody, &r); err != nil {
		return err
	}
	want := batch.Request{
		Account: who.Account, Key: who.Key, Input: r.InputFileID, Endpoint: r.Endpoint, Window: r.CompletionWindow, Metadata: r.Metadata,
		IdempotencyKey: c.Request.Header.Get("Idempotency-Key"),
	}
	var err error
	if want.OutputLife, err = life(r.OutputExpiresAfter); err != nil {
		return err
	}
	b, replayed, err := h.Batches.Create(c.Request.Context(), want)
	if replayed {
		c.Header().Set("Idempotent-Replayed", "true")
	}
	return answer(c, b, err)
}

// life is how long files are to last; 0: it is not said. What is no time is told with the
// bounds, by whoever knows them.
func life(e *skytells.ExpiresAfter) (time.Duration, error) {
	switch {
	case e == nil:
		return 0, nil
	case e.Anchor != "created_at":
		return 0, fault.Invalid("output_expires_after.anchor", "'anchor' must be created_at.")
	case e.Seconds < 1 || e.Seconds > mostSeconds:
		return time.Nanosecond, nil
	}
	return time.Duration(e.Seconds) * time.Second, nil
}

func (h *Handlers) get(c *httpx.Call, who account.Principal) error {
	b, err := h.Batches.Get(c.Request.Context(), who.Account, c.Request.PathValue("id"))
	return answer(c, b, err)
}

func (h *Handlers) cancel(c *httpx.Call, who account.Principal) error {
	b, err := h.Batches.Cancel(c.Request.Context(), who.Account, c.Request.PathValue("id"))
	return answer(c, b, err)
}

func answer(c *httpx.Call, b batch.Batch, err error) error {
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, Show(b))
}

func (h *Handlers) list(c *httpx.Call, who account.Principal) error {
	q, limit := c.Request.URL.Query(), usualListed
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostListed {
			return fault.Invalid("limit", "'limit' must be a number from 1 to %d.", mostListed)
		}
		limit = n
	}
	all, err := h.Batches.List(c.Request.Context(), who.Account, q.Get("after"), limit+1)
	if err != nil {
		return err
	}
	out := skytells.BatchList{Object: "list", Data: []skytells.Batch{}, HasMore: len(all) > limit}
	for _, b := range all[:min(len(all), limit)] {
		out.Data = append(out.Data, Show(b))
	}
	if n := len(out.Data); n > 0 {
		out.FirstID, out.LastID = &out.Data[0].ID, &out.Data[n-1].ID
	}
	return c.JSON(http.StatusOK, out)
}

// Show is a batch as the API has it.
func Show(b batch.Batch) skytells.Batch {
	out := skytells.Batch{
		ID: b.ID, Object: "batch", Endpoint: b.Endpoint, InputFileID: b.Input, CompletionWindow: b.Window, Status: string(b.State),
		OutputFileID: some(b.Output), ErrorFileID: some(b.Errors), CreatedAt: b.Created.Unix(), InProgressAt: seconds(b.Started), ExpiresAt: seconds(b.Expires),
		FinalizingAt: seconds(b.Finalizing), CancellingAt: seconds(b.Cancelling), Metadata: b.Metadata,
		RequestCounts: skytells.BatchCounts{Total: b.Lines, Completed: b.Completed, Failed: b.Failed},
		Model:         some(b.Model), Cost: skytells.Amount(b.Charged.String()),
		Usage: skytells.BatchUsage{
			InputTokens: b.Usage.Input, InputTokensDetails: skytells.BatchInputDetails{CachedTokens: b.Usage.Cached},
			OutputTokens: b.Usage.Output, OutputTokensDetails: skytells.BatchOutputDetails{ReasoningTokens: b.Usage.Reasoning},
			TotalTokens: b.Usage.Input + b.Usage.Output,
		},
	}
	ended := seconds(b.Ended)
	switch b.State {
	case batch.Completed:
		out.CompletedAt = ended
	case batch.Failed:
		out.FailedAt = ended
	case batch.Expired:
		out.ExpiredAt = ended
	case batch.Cancelled:
		out.CancelledAt = ended
	}
	if len(b.Problems) > 0 {
		out.Errors = &skytells.BatchErrors{Object: "list"}
		for _, p := range b.Problems {
			e := skytells.BatchError{Code: p.Code, Message: p.Message, Param: some(p.Param)}
			if p.Line > 0 {
				e.Line = &p.Line
			}
			out.Errors.Data = append(out.Errors.Data, e)
		}
	}
	return out
}

func some(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func seconds(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := t.Unix()
	return &n
}
