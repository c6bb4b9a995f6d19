package skytells_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/skytells"
)

const apiKey = "sk-0123456789abcdef"

func TestRequestsOfPredictions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, c := range []struct {
		want string // method, path, body
		call func(*skytells.Client) error
	}{
		{`POST /v1/predictions {"model":"v/m","input":{"a":1}}`, func(c *skytells.Client) error {
			_, err := c.CreatePrediction(ctx, skytells.PredictionRequest{Model: "v/m", Input: json.RawMessage(`{"a":1}`)})
			return err
		}},
		{"GET /v1/predictions/a%2Fb", func(c *skytells.Client) error { _, err := c.Prediction(ctx, "a/b"); return err }},
		{"GET /v1/predictions", func(c *skytells.Client) error {
			_, err := c.Predictions(ctx, skytells.PredictionFilter{})
			return err
		}},
		{"GET /v1/predictions?from=2026-03-04&model=v%2Fm&page=2&per_page=50&status=failed&to=2026-03-05", func(c *skytells.Client) error {
			_, err := c.Predictions(ctx, skytells.PredictionFilter{Status: "failed", Model: "v/m", From: "2026-03-04", To: "2026-03-05", Page: 2, PerPage: 50})
			return err
		}},
		{"POST /v1/predictions/a/cancel", func(c *skytells.Client) error { _, err := c.CancelPrediction(ctx, "a"); return err }},
		{"DELETE /v1/predictions/a", func(c *skytells.Client) error { _, err := c.DeletePrediction(ctx, "a"); return err }},
		{"GET /v1/predictions/a/webhooks", func(c *skytells.Client) error { _, err := c.WebhookDeliveries(ctx, "a"); return err }},
		{"POST /v1/predictions/a/webhooks/d/redeliver", func(c *skytells.Client) error {
			_, err := c.RedeliverWebhook(ctx, "a", "d")
			return err
		}},
		{"GET /v1/files?limit=1000", func(c *skytells.Client) error { _, err := c.Files(ctx); return err }},
		{"GET /v1/files/f", func(c *skytells.Client) error { _, err := c.File(ctx, "f"); return err }},
		{"DELETE /v1/files/f", func(c *skytells.Client) error { _, err := c.DeleteFile(ctx, "f"); return err }},
	} {
		var got string
		client := clientFor(t, apiKey, func(w http.ResponseWriter, r *http.Request) {
			var body json.RawMessage
			_ = json.NewDecoder(r.Body).Decode(&body)
			got = strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, r.RequestURI, body))
			if r.Header.Get("X-Api-Key") != apiKey || r.Header.Get("Authorization") != "" || r.Header.Get("User-Agent") != "test/1" {
				t.Errorf("%s: headers %v", got, r.Header)
			}
			fmt.Fprint(w, `{}`)
		})
		if err := c.call(client); err != nil {
			t.Errorf("%s: %v", c.want, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
	}
}

// streamOf is a client of a server that streams this text.
func streamOf(t *testing.T, text string) *skytells.PredictionEvents {
	t.Helper()
	client := clientFor(t, apiKey, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") != "text/event-stream" || r.Header.Get("Last-Event-ID") != "7" || r.Header.Get("X-Api-Key") != apiKey {
			t.Errorf("%s: headers %v", r.RequestURI, r.Header)
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, text)
	})
	events, err := client.StreamPrediction(t.Context(), "a", "7")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(events.Close)
	return events
}

func TestAStreamIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	events := streamOf(t, ": keep-alive\n\n"+
		"event: status\nid: 1\ndata: {\"id\":\"a\",\"status\":\"pending\"}\n\n"+
		"event: unfinished\n\n"+
		"event:logs\r\nid:4\r\ndata:{\"lines\":[\"one\",\r\ndata:\"two\"]}\r\n\r\n"+
		"event: done\ndata: {\"id\":\"a\",\"status\":\"succeeded\",\"output\":[\"x\"]}\n\n"+
		"event: status\ndata: {\"cut")
	var got []string
	for {
		e, err := events.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprint(e.Name, " ", e.ID, " ", e.Lines)
		if e.Prediction != nil {
			line += fmt.Sprint(" ", e.Prediction.ID, " ", e.Prediction.Status)
		}
		got = append(got, line)
	}
	want := []string{"status 1 [] a pending", "logs 4 [one two]", "done  [] a succeeded"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestAStreamTellsItsErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"event: error\ndata: {\"status\":false,\"response\":\"Gone.\",\"error\":{\"message\":\"Gone.\",\"error_id\":\"PREDICTION_FAILED\"}}\n\n": "Gone. [PREDICTION_FAILED]",
		"event: status\ndata: <html>\n\n":                              "not what a Skytower server sends",
		"event: logs\ndata: []\n\n":                                    "not what a Skytower server sends",
		"event: error\ndata: {\"id\":\"a\",\"status\":\"failed\"}\n\n": "",
	} {
		e, err := streamOf(t, text).Next()
		if want == "" && (err != nil || e.Prediction.Status != "failed") || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func TestAServerThatDoesNotStream(t *testing.T) {
	t.Parallel()
	client := clientFor(t, apiKey, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "unknown") {
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, `{"status":false,"error":{"message":"No such thing.","error_id":"PREDICTION_FAILED"}}`)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"id":"a","status":"processing"}`)
	})
	events, err := client.StreamPrediction(t.Context(), "a", "")
	if err != nil {
		t.Fatal(err)
	}
	defer events.Close()
	if e, err := events.Next(); err != nil || e.Name != "status" || e.Prediction.Status != "processing" {
		t.Errorf("first %+v, %v", e, err)
	}
	if _, err := events.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("then %v", err)
	}
	var no *skytells.APIError
	if _, err := client.StreamPrediction(t.Context(), "unknown", ""); !errors.As(err, &no) || no.ID != "PREDICTION_FAILED" {
		t.Errorf("error is %v", err)
	}
}

func TestAnUploadIsAForm(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{5, -1} {
		client := clientFor(t, apiKey, func(w http.ResponseWriter, r *http.Request) {
			if size < 0 && r.ContentLength >= 0 || size >= 0 && r.ContentLength < size {
				t.Errorf("size %d: content length %d", size, r.ContentLength)
			}
			file, head, err := r.FormFile("file")
			if err != nil {
				t.Error(err)
				return
			}
			content, _ := io.ReadAll(file)
			if string(content) != "hello" || head.Filename != `a"b.txt` || r.FormValue("purpose") != "test" {
				t.Errorf("got %q as %q for %q", content, head.Filename, r.FormValue("purpose"))
			}
			fmt.Fprint(w, `{"id":"file-1"}`)
		})
		file, err := client.UploadFile(t.Context(), `a"b.txt`, "test", strings.NewReader("hello"), size)
		if err != nil || file.ID != "file-1" {
			t.Errorf("size %d: %+v, %v", size, file, err)
		}
	}
}

func TestARefusedUploadSaysWhy(t *testing.T) {
	t.Parallel()
	client := clientFor(t, apiKey, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		fmt.Fprint(w, `{"status":false,"error":{"message":"Too large.","error_id":"INVALID_REQUEST"}}`)
	})
	if _, err := client.UploadFile(t.Context(), "a", "", strings.NewReader("hello"), 5); err == nil || err.Error() != "Too large. [INVALID_REQUEST]" {
		t.Errorf("error is %v", err)
	}
}

func TestFilesAreListedToTheirEnd(t *testing.T) {
	t.Parallel()
	client := clientFor(t, apiKey, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("after") == "file-2" {
			fmt.Fprint(w, `{"data":[{"id":"file-3"}],"has_more":false}`)
			return
		}
		fmt.Fprint(w, `{"data":[{"id":"file-1"},{"id":"file-2"}],"has_more":true}`)
	})
	files, err := client.Files(t.Context())
	if err != nil || len(files) != 3 || files[2].ID != "file-3" {
		t.Errorf("%+v, %v", files, err)
	}
}

// The key must not reach whoever a link or its redirect leads to.
func TestDownloadsTakeNoKeyAlong(t *testing.T) {
	t.Parallel()
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if text := fmt.Sprint(r.Header); strings.Contains(text, apiKey) {
			t.Errorf("headers %v", r.Header)
		}
		_, _ = io.WriteString(w, "picture")
	}))
	t.Cleanup(storage.Close)
	client := clientFor(t, apiKey, func(w http.ResponseWriter, r *http.Request) {
		if text := fmt.Sprint(r.Header); strings.Contains(text, apiKey) {
			t.Errorf("headers %v", r.Header)
		}
		switch r.URL.Path {
		case "/files/moved":
			http.Redirect(w, r, storage.URL+"/x", http.StatusFound)
		case "/files/cut":
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "pic")
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"status":false,"error":{"message":"It has expired.","error_id":"ENDPOINT_NOT_FOUND"}}`)
		}
	})
	var content strings.Builder
	if err := client.Download(t.Context(), client.URL()+"/files/moved", &content); err != nil || content.String() != "picture" {
		t.Errorf("got %q, %v", content.String(), err)
	}
	for path, want := range map[string]string{"/files/gone": "It has expired.", "/files/cut": "unexpected EOF"} {
		if err := client.Download(t.Context(), client.URL()+path, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := client.Download(t.Context(), "ftp://127.0.0.1/x", io.Discard); err == nil {
		t.Error("another protocol was taken")
	}
}
