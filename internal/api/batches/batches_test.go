package batches_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/api/batches"
	"skytower/internal/batch"
)

// The object has all of OpenAI's fields, those that have no value yet as null.
func TestShow(t *testing.T) {
	t.Parallel()
	at := time.Unix(1795651200, 0)
	b := batch.Batch{
		ID: "batch_1", Account: "acct_1", Key: "key_1", Endpoint: "/v1/embeddings", Window: "24h", Input: "file-1", State: batch.Failed,
		Model: "m", Usage: batch.Usage{Input: 7, Output: 3, Cached: 2, Reasoning: 1}, Charged: 1_500_000,
		Problems: []batch.Problem{{Code: "empty_batch", Message: "None."}, {Code: "invalid_request", Message: "No.", Param: "custom_id", Line: 3}},
		Created:  at, Ended: at.Add(time.Second), Expires: at.Add(24 * time.Hour),
	}
	text, err := json.Marshal(batches.Show(b))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"id": "batch_1", "object": "batch", "endpoint": "/v1/embeddings", "input_file_id": "file-1", "completion_window": "24h", "status": "failed",
		"output_file_id": nil, "error_file_id": nil, "created_at": 1795651200.0, "in_progress_at": nil, "expires_at": 1795737600.0, "finalizing_at": nil,
		"completed_at": nil, "failed_at": 1795651201.0, "expired_at": nil, "cancelling_at": nil, "cancelled_at": nil, "metadata": nil,
		"model": "m", "cost": 0.0015, "usage": map[string]any{"input_tokens": 7.0, "input_tokens_details": map[string]any{"cached_tokens": 2.0},
			"output_tokens": 3.0, "output_tokens_details": map[string]any{"reasoning_tokens": 1.0}, "total_tokens": 10.0},
		"request_counts": map[string]any{"total": 0.0, "completed": 0.0, "failed": 0.0},
		"errors": map[string]any{"object": "list", "data": []any{
			map[string]any{"code": "empty_batch", "message": "None.", "line": nil, "param": nil},
			map[string]any{"code": "invalid_request", "message": "No.", "line": 3.0, "param": "custom_id"},
		}},
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for state, when := range map[batch.State]string{batch.Completed: "completed_at", batch.Expired: "expired_at", batch.Cancelled: "cancelled_at"} {
		b.State = state
		text, err := json.Marshal(batches.Show(b))
		got := map[string]any{}
		if err != nil || json.Unmarshal(text, &got) != nil || got[when] != 1795651201.0 || got["failed_at"] != nil {
			t.Errorf("%s: %s, %v", state, text, err)
		}
	}
}
