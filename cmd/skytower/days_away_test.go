package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"skytower/internal/skytells"
)

// newStorage is an S3-compatible server behind a gate, and the setting that leads there.
func newStorage(t *testing.T) (away *gate, setting string) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("files"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	away = newGate(t, strings.TrimPrefix(server.URL, "http://"))
	return away, "s3://files?region=none&use_path_style=true&anonymous=true&endpoint=http://" + away.address
}

// paint makes a prediction.
func (f *fleet) paint(prompt string) string {
	f.t.Helper()
	status, text, err := f.send(f.nodes[0], f.key, http.MethodPost, "/v1/predictions", `{"model":"painter","input":{"prompt":"`+prompt+`"}}`)
	var p skytells.Prediction
	if err != nil || status != http.StatusOK || json.Unmarshal([]byte(text), &p) != nil {
		f.t.Fatalf("%d %v %s", status, err, text)
	}
	f.await("the upstream has the work", func() bool { return f.upstreamOf(p.ID) != "" })
	return p.ID
}

func (f *fleet) succeeded(id string) bool {
	_, text, err := f.send(f.nodes[0], f.key, http.MethodGet, "/v1/predictions/"+id, "")
	return err == nil && strings.Contains(text, `"status":"succeeded"`)
}

// refused makes a call that must get 503 with a time.
func (f *fleet) refused(what, method, path, kind string, body []byte) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+f.nodes[0].address+path, bytes.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", f.key)
	req.Header.Set("Content-Type", kind)
	res, err := f.client.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || !strings.Contains(string(text), "SERVICE_UNAVAILABLE") {
		f.t.Errorf("%s: %s, Retry-After %q, %v: %s", what, res.Status, res.Header.Get("Retry-After"), err, text)
	}
}

func (f *fleet) refusedUpload() {
	f.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "cat.txt")
	if err == nil {
		_, err = io.WriteString(part, "a cat")
	}
	if err != nil || form.Close() != nil {
		f.t.Fatal(err)
	}
	f.refused("an upload", http.MethodPost, "/v1/files", form.FormDataContentType(), body.Bytes())
}

// The storage and then the database are away while predictions run: what can't be done
// gets 503 with a time, the process lives, results wait, no work is done or charged twice.
func TestPredictionsOutlastOutages(t *testing.T) {
	t.Parallel()
	storage, setting := newStorage(t)
	f := newFleet(t, buildProgram(t), "postgres", 1, "--egress-allow", "127.0.0.0/8")
	f.flags = append(f.flags, "--blob", setting)
	storage.set(true) // the server starts without it
	f.withOperations()
	f.grant(f.account, "1")
	first := f.paint("without a storage")
	f.refusedUpload()
	if f.succeeded(first) {
		t.Error("a prediction succeeded whose output is nowhere")
	}
	storage.set(false)
	f.await("the result was stored", func() bool { return f.succeeded(first) })

	second := f.paint("wait for the database")
	f.away.set(true)
	f.refused("a look at a prediction", http.MethodGet, "/v1/predictions/"+second, "application/json", nil)
	f.refused("a new prediction", http.MethodPost, "/v1/predictions", "application/json", []byte(`{"model":"painter","input":{"prompt":"never"}}`))
	ended := make(chan struct{})
	f.up.release(func() { close(ended) })
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, text := f.health(f.nodes[0], path); status != http.StatusOK {
			t.Errorf("%s says %d %s", path, status, text)
		}
	}
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("the upstream is not asked any more")
	}
	f.away.set(false)
	f.await("the end was written", func() bool { return f.succeeded(second) })
	for prompt, times := range f.up.submitted() {
		if times != 1 {
			t.Errorf("the work of %q was submitted %d times", prompt, times)
		}
	}
	f.awaitBalance(f.account, 10_000-2*300)
	f.verify()
	f.stop()
	f.audit()
}
