package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/money"
	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

const batchPath = "/v1/batches"

// batchWriter is an upstream whose slow answers wait for a word.
func batchWriter() func(*providertest.Exchange) {
	goOn, once := make(chan struct{}), sync.Once{}
	return func(x *providertest.Exchange) {
		if strings.Contains(x.Request.Body, `"user":"go"`) {
			once.Do(func() { close(goOn) })
		}
		if strings.Contains(x.Request.Body, `"user":"slow"`) {
			<-goOn
		}
		jsonScript(chatAnswer)(x)
	}
}

func TestBatchesNode(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"breaker-failures": "0"}})
	s.withUpstream().On(chatPath, batchWriter())
	type refusal struct {
		Name        string
		Status      int
		Code, Param string
	}
	var seen struct {
		Made, Done, Usage, File, Wrong, Cancelled doc
		Once                                      struct {
			Tries, Made int
			Same        bool
			Replayed    string
			Other       refusal
		}
		Expires                    int
		Pages                      []any
		Output, Failed             []doc
		List                       []string
		Refused                    map[string]refusal
		Held                       refusal
		Cancelling, Unrun, Deleted bool
	}
	node(t, &seen, "batches.mjs", s.base+"/v1", s.key, chatModel)
	got := []any{seen.Made, seen.Done, seen.Usage, seen.File, seen.Wrong, seen.Cancelled}
	want := []any{
		doc{"object": "batch", "status": "validating", "window": "24h", "metadata": map[string]any{"job": "nightly"}, "input": true, "output": nil},
		doc{"status": "completed", "counts": map[string]any{"total": 4.0, "completed": 2.0, "failed": 2.0}, "ended": true, "errors": nil},
		doc{"input_tokens": 22.0, "input_tokens_details": map[string]any{"cached_tokens": 6.0}, "output_tokens": 8.0, "output_tokens_details": map[string]any{"reasoning_tokens": 2.0},
			"total_tokens": 30.0, "model": nil},
		doc{"purpose": "batch_output", "name": true},
		doc{"status": "failed", "errors": []any{map[string]any{"code": "invalid_json_line", "line": 2.0}, map[string]any{"code": "duplicate_custom_id", "line": 3.0}}, "output": nil},
		doc{"status": "cancelled", "total": 200.0, "sum": 200.0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
	answered := func(custom string) doc {
		return doc{"id": true, "custom": custom, "status": 200.0, "request": true, "text": "Hello!", "model": chatModel, "error": nil}
	}
	if diff := cmp.Diff([]doc{answered("one"), answered("two")}, seen.Output); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	failed := []doc{
		{"custom": "bad", "status": 400.0, "code": "invalid_parameter", "error": nil}, {"custom": "other", "status": 404.0, "code": "model_not_found", "error": nil},
	}
	if diff := cmp.Diff(failed, seen.Failed); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"failed", "completed", "completed", "completed"}, seen.List); diff != "" {
		t.Errorf("list: %s", diff)
	}
	refused := map[string]refusal{
		"purpose":  {"BadRequestError", 400, "invalid_parameter", "input_file_id"},
		"window":   {"BadRequestError", 400, "invalid_parameter", "completion_window"},
		"endpoint": {"BadRequestError", 400, "invalid_parameter", "endpoint"},
		"life":     {"BadRequestError", 400, "invalid_parameter", "output_expires_after.seconds"},
		"anchor":   {"BadRequestError", 400, "invalid_parameter", "output_expires_after.anchor"},
		"unknown":  {"NotFoundError", 404, "batch_not_found", ""},
		"over":     {"BadRequestError", 400, "invalid_request", ""},
	}
	if diff := cmp.Diff(refused, seen.Refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{2.0, true, 2.0, false, true, 0.0}, seen.Pages); diff != "" {
		t.Errorf("pages: %s", diff)
	}
	if o := seen.Once; o.Tries != 2 || o.Made != 2 || !o.Same || o.Replayed != "true" || o.Other.Status != 422 || o.Other.Code != "invalid_parameter" {
		t.Errorf("made again: %+v", o)
	}
	if seen.Expires != 7200 {
		t.Errorf("the answers last %d seconds", seen.Expires)
	}
	if seen.Held.Status != 400 || !seen.Cancelling || !seen.Unrun || !seen.Deleted {
		t.Errorf("held %+v, cancelling %v, all unrun lines told %v, deleted %v", seen.Held, seen.Cancelling, seen.Unrun, seen.Deleted)
	}
}

// batchLine is one line to an endpoint.
func batchLine(custom, endpoint, body string) string {
	return fmt.Sprintf(`{"custom_id":%q,"method":"POST","url":%q,"body":%s}`, custom, endpoint, body) + "\n"
}

// uploadAs sends a file with a purpose.
func (s *server) uploadAs(purpose, content string) string {
	s.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", "in.jsonl")
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	if err == nil {
		err = w.WriteField("purpose", purpose)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	req := s.request(http.MethodPost, "/v1/files", form.String(), "X-Api-Key", s.key)
	req.Header.Set("Content-Type", w.FormDataContentType())
	var file skytells.File
	decode(s.t, s.do(req).body, &file)
	return file.ID
}

func (s *server) newBatch(endpoint, content string) skytells.Batch {
	s.t.Helper()
	var b skytells.Batch
	decode(s.t, s.call(http.MethodPost, batchPath, fmt.Sprintf(`{"input_file_id":%q,"endpoint":%q,"completion_window":"24h"}`, s.uploadAs("batch", content), endpoint)).body, &b)
	if b.ID == "" {
		s.t.Fatal("no batch was made")
	}
	return b
}

// batchUntil asks until the answer is yes. Nothing is timed by the pause.
func (s *server) batchUntil(id string, yes func(skytells.Batch) bool) (b skytells.Batch) {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		decode(s.t, s.call(http.MethodGet, batchPath+"/"+id, "").body, &b)
		if yes(b) {
			return b
		}
		select {
		case <-deadline:
			s.t.Fatalf("the batch stays %+v\n%s", b, s.log)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// batchOut is a line of a file of results.
type batchOut struct {
	CustomID string `json:"custom_id"`
	Response *struct {
		StatusCode int    `json:"status_code"`
		RequestID  string `json:"request_id"`
		Body       json.RawMessage
	}
	Error *struct{ Code string }
}

func (s *server) results(id *string) map[string]batchOut {
	s.t.Helper()
	all := map[string]batchOut{}
	if id == nil {
		return all
	}
	for line := range strings.Lines(s.call(http.MethodGet, "/v1/files/"+*id+"/content", "").body) {
		var o batchOut
		decode(s.t, line, &o)
		all[o.CustomID] = o
	}
	return all
}

// Each line is charged at its share of the price, under the id of its request, and shows in
// the log of requests. It takes no place of the account's concurrency.
func TestBatchIsCharged(t *testing.T) {
	t.Parallel()
	s, up := priced(t, options{flags: map[string]string{"batch-price-percent": "50"}})
	s.grant("1")
	account := s.account()
	if _, err := s.admin().PutLimit(t.Context(), skytells.LimitRule{Account: account, Concurrency: new(int64)}); err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	const n = 40
	for i := range n {
		lines.WriteString(batchLine(fmt.Sprint(i), chatPath, chatBody))
	}
	b := s.batchUntil(s.newBatch(chatPath, lines.String()).ID, skytells.Batch.Ended)
	out := s.results(b.OutputFileID)
	if b.Status != "completed" || b.RequestCounts.Completed != n || len(out) != n || b.ErrorFileID != nil || len(up.Requests()) != n {
		t.Fatalf("%+v, %d answers, %d calls", b, len(out), len(up.Requests()))
	}
	// 8 fresh tokens, 3 cached, 4 of output: 8*1 + 3*0.25 + 4*4 = 24.75 millionths of a dollar, of which half.
	if got := s.balance().Balance; got != "0.999505" {
		t.Errorf("the balance is %s", got)
	}
	seen := map[string]bool{}
	for _, o := range out {
		seen[o.Response.RequestID] = true
	}
	if len(seen) != n {
		t.Errorf("%d requests", len(seen))
	}
	var request string
	for request = range seen {
		break
	}
	deadline := time.After(patience)
	for {
		r := s.call(http.MethodGet, "/v1/requests/"+request, "")
		if r.status == http.StatusOK {
			if !strings.Contains(r.body, "0.000012375") || !strings.Contains(r.body, `"batch"`) {
				t.Errorf("the request in the log: %s", r.body)
			}
			break
		}
		select {
		case <-deadline:
			t.Fatalf("the request is not in the log: %s", r.body)
		case <-time.After(20 * time.Millisecond):
		}
	}
	s.clean()
}

// The other endpoints answer lines, too.
func TestBatchEndpoints(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	up.On(chatPath, jsonScript(chatAnswer))
	up.On(embedPath, jsonScript(embedAnswer))
	for endpoint, c := range map[string]struct{ body, want string }{
		embedPath:      {embedBody, `"object":"embedding"`},
		respPath:       {respBody, `"object":"response"`},
		"/v1/messages": {`{"model":"` + chatModel + `","max_tokens":50,"messages":[{"role":"user","content":"hi"}]}`, `"type":"message"`},
	} {
		b := s.batchUntil(s.newBatch(endpoint, batchLine("good", endpoint, c.body)+batchLine("bad", endpoint, `{"model":"nobody"}`)).ID, skytells.Batch.Ended)
		good, bad := s.results(b.OutputFileID)["good"], s.results(b.ErrorFileID)["bad"]
		if good.Response == nil || !strings.Contains(string(good.Response.Body), c.want) {
			t.Errorf("%s: %+v, answer %+v", endpoint, b, good)
		}
		if bad.Response == nil || bad.Response.StatusCode != http.StatusNotFound || !strings.Contains(string(bad.Response.Body), "MODEL_NOT_FOUND") {
			t.Errorf("%s: failure %+v", endpoint, bad)
		}
	}
}

// Lines have the rights of the key that made the batch, as they are when they run: without
// credit they fail, and so they do once the key is revoked.
func TestBatchRights(t *testing.T) {
	t.Parallel()
	s, up := priced(t, options{})
	poor := s.batchUntil(s.newBatch(chatPath, batchLine("a", chatPath, chatBody)+batchLine("b", chatPath, chatBody)).ID, skytells.Batch.Ended)
	for custom, o := range s.results(poor.ErrorFileID) {
		if o.Response == nil || o.Response.StatusCode != http.StatusPaymentRequired || !strings.Contains(string(o.Response.Body), "INSUFFICIENT_CREDITS") {
			t.Errorf("%s without credit: %+v", custom, o)
		}
	}
	if poor.Status != "completed" || poor.RequestCounts.Failed != 2 || len(up.Requests()) != 0 {
		t.Errorf("without credit: %+v, %d calls", poor, len(up.Requests()))
	}
	s.grant("1")
	up.On(chatPath, batchWriter())
	var lines strings.Builder
	for i := range 60 {
		lines.WriteString(batchLine(fmt.Sprint(i), chatPath, strings.Replace(chatBody, "{", `{"user":"slow",`, 1)))
	}
	first := s.key
	made, err := s.admin().CreateKey(t.Context(), skytells.KeyRequest{Account: s.account(), Name: "batch"})
	if err != nil {
		t.Fatal(err)
	}
	s.key = made.Secret
	b := s.newBatch(chatPath, lines.String())
	s.key = first
	s.batchUntil(b.ID, func(b skytells.Batch) bool { return b.Status == "in_progress" && len(up.Requests()) > 0 })
	if _, err := s.admin().RevokeKey(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.app.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.post(chatPath, strings.Replace(chatBody, "{", `{"user":"go",`, 1))
	b = s.batchUntil(b.ID, skytells.Batch.Ended)
	out, failed := s.results(b.OutputFileID), s.results(b.ErrorFileID)
	if len(out)+len(failed) != 60 || len(out) < 1 || len(failed) < 1 {
		t.Errorf("%d answers, %d failures: %+v", len(out), len(failed), b)
	}
	for custom, o := range failed {
		if o.Response == nil || o.Response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s after the key was revoked: %+v", custom, o)
		}
	}
}

// A server that is stopped goes on with a batch when it starts again.
func TestBatchOutlastsRestart(t *testing.T) {
	t.Parallel()
	s, up := priced(t, options{})
	s.grant("1")
	release := make(chan struct{})
	up.On(chatPath, func(x *providertest.Exchange) {
		if strings.Contains(x.Request.Body, `"user":"late"`) {
			<-release
		}
		jsonScript(chatAnswer)(x)
	})
	var lines strings.Builder
	const n = 60
	for i := range n {
		body := chatBody
		if i >= n/2 {
			body = strings.Replace(chatBody, "{", `{"user":"late",`, 1)
		}
		lines.WriteString(batchLine(fmt.Sprint(i), chatPath, body))
	}
	b := s.newBatch(chatPath, lines.String())
	s.batchUntil(b.ID, func(b skytells.Batch) bool { return b.RequestCounts.Completed >= n/4 })
	stopped := make(chan struct{})
	go func() {
		s.stop()
		close(stopped)
	}()
	close(release) // lines in flight end, in whatever order the two come
	await(t, "the stop", stopped)
	again := start(t, options{data: s.data})
	again.key, again.op = s.key, s.op
	b = again.batchUntil(b.ID, skytells.Batch.Ended)
	out := again.results(b.OutputFileID)
	if b.Status != "completed" || b.RequestCounts.Completed != n || len(out) != n {
		t.Errorf("%+v, %d answers", b, len(out))
	}
	if got := again.balance().Balance; got != "0.998515" {
		t.Errorf("the balance is %s", got)
	}
	again.clean()
}

// A line that was charged by a process that died, and that nobody will answer since the batch
// is cancelled, is given back: the balance says so, and so do the books.
func TestChargedLineIsGivenBack(t *testing.T) {
	t.Parallel()
	s, up := priced(t, options{})
	s.grant("1")
	lost := s.post(chatPath, chatBody).header.Get("X-Request-Id")
	before := s.balance().Balance
	up.On(chatPath, batchWriter())
	var lines strings.Builder
	const n = 80
	for i := range n {
		lines.WriteString(batchLine(fmt.Sprint(i), chatPath, strings.Replace(chatBody, "{", `{"user":"slow",`, 1)))
	}
	b := s.newBatch(chatPath, lines.String())
	s.batchUntil(b.ID, func(b skytells.Batch) bool { return b.Status == "in_progress" && len(up.Requests()) > 1 })
	if err := s.app.LoseLine(t.Context(), b.ID, n, lost); err != nil {
		t.Fatal(err)
	}
	s.call(http.MethodPost, batchPath+"/"+b.ID+"/cancel", "")
	s.post(chatPath, strings.Replace(chatBody, "{", `{"user":"go",`, 1))
	b = s.batchUntil(b.ID, skytells.Batch.Ended)
	last := s.results(b.ErrorFileID)[fmt.Sprint(n-1)]
	if b.Status != "cancelled" || last.Error == nil || last.Error.Code != "batch_cancelled" {
		t.Errorf("the line: %+v of %+v", last, b)
	}
	transfers, err := s.admin().Transfers(t.Context(), s.account(), 10)
	if err != nil || len(transfers) != 2 || transfers[0].Reference != lost || nanos(t, transfers[0].Amount) != 24_750 {
		t.Errorf("transfers %+v, %v", transfers, err)
	}
	charges, err := s.admin().Charges(t.Context(), s.account(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	var charged money.Nanos
	for _, c := range charges {
		charged += nanos(t, c.Amount)
	}
	const line = 24_750 // nano-dollars
	if got := nanos(t, s.balance().Balance); got != money.Dollar-charged+line || charged%line != 0 {
		t.Errorf("the balance was %s, and is %s after charges of %s, of which one was given back", before, got, charged)
	}
	if got := nanos(t, b.Cost); got != money.Nanos(line*b.RequestCounts.Completed) || b.Usage.InputTokens != 11*b.RequestCounts.Completed {
		t.Errorf("the batch cost %s for %d answers: %+v", got, b.RequestCounts.Completed, b.Usage)
	}
	s.clean()
}

func nanos(t *testing.T, a skytells.Amount) money.Nanos {
	t.Helper()
	n, err := money.Parse(string(a))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
