package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/skytells"
)

const (
	batchRuns = `{"id":"batch_1","object":"batch","endpoint":"/v1/embeddings","status":"in_progress","input_file_id":"file-1","created_at":1795651200,"request_counts":{"total":4,"completed":1,"failed":0}}`
	batchDone = `{"id":"batch_1","model":"m","cost":0.25,"usage":{"input_tokens":7,"output_tokens":3},"object":"batch","endpoint":"/v1/embeddings","status":"completed","input_file_id":"file-1","output_file_id":"file-2","created_at":1795651200,"request_counts":{"total":4,"completed":3,"failed":1}}`
	batchBad  = `{"id":"batch_2","object":"batch","endpoint":"/v1/embeddings","status":"failed","input_file_id":"file-1","created_at":1795651200,"request_counts":{},"errors":{"object":"list","data":[{"code":"empty_batch","message":"The file has no lines.","line":null,"param":null},{"code":"invalid_json_line","message":"No.","line":7,"param":null}]}}`
)

func TestBatchesCommands(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "in.jsonl")
	if err := os.WriteFile(file, []byte(`{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{
		"POST /v1/files": `{"id":"file-1"}`, "POST /v1/batches": batchRuns, "GET /v1/batches/batch_1": batchDone, "GET /v1/batches/batch_2": batchBad,
		"GET /v1/batches/batch_3": batchRuns, "GET /v1/batches?limit=100": `{"object":"list","data":[` + batchDone + `,` + batchRuns + `],"has_more":false}`,
		"POST /v1/batches/batch_3/cancel": batchRuns, "GET /link": "{}\n",
	}
	s, came := answers(t, texts)
	texts["GET /v1/files/file-2"] = `{"id":"file-2","urls":{"get":"` + s.url + `/link"}}`
	for args, want := range map[string]string{
		"batches create " + file + " --wait": "4 of 4 done, 1 failed",
		"batches list":                       "batch_1",
		"batches get batch_2":                "line 7",
		"batches get batch_1":                "7 in, 3 out",
		"batches cancel batch_3":             "in_progress",
		"batches results batch_1":            "{}",
	} {
		if got := s.run("", strings.Fields(args)...); got.code != 0 || !strings.Contains(got.stdout, want) {
			t.Errorf("%s: %+v, want %s", args, got, want)
		}
	}
	if got := s.run("", "batches", "results", "batch_1", "--errors"); got.code != 0 || got.stdout != "" || !strings.Contains(got.stderr, "no failures") {
		t.Errorf("results without failures: %+v", got)
	}
	for args, want := range map[string]string{"batches results batch_3": "has not ended", "batches results batch_2": "not good", "batches create -": "--endpoint", "batches create " + file + " --once a": "--once needs"} {
		if got := s.run("", strings.Fields(args)...); got.code == 0 || !strings.Contains(got.stderr, want) {
			t.Errorf("%s: %+v, want %s", args, got, want)
		}
	}
	*came = nil
	var b skytells.Batch
	if got := s.run("", "batches", "create", "file-9", "--endpoint", "/v1/responses", "--keep", "2h", "--once", "a", "--json"); got.code != 0 || json.Unmarshal([]byte(got.stdout), &b) != nil || b.ID != "batch_1" {
		t.Errorf("from an uploaded file: %+v", got)
	}
	if diff := cmp.Diff([]string{"POST /v1/batches"}, *came); diff != "" {
		t.Errorf("requests: %s", diff)
	}
	folder := t.TempDir()
	if got := s.run("", "batches", "results", "batch_1", "-o", folder); got.code != 0 || !strings.Contains(got.stdout, folder) {
		t.Errorf("saved: %+v", got)
	}
}
