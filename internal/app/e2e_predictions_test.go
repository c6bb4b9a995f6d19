package app_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"skytower/internal/skytells"
)

const (
	paintModel = "acme/painter"
	// pngHead is as much of a picture as is looked at.
	pngHead = "\x89PNG\r\n\x1a\n"
)

// container speaks Cog's protocol. What it does is in the prompt: hang, fail, or else
// it paints.
type container struct {
	server *httptest.Server
	inputs chan map[string]any // of the works that began
}

func newContainer(t *testing.T) *container {
	c := &container{inputs: make(chan map[string]any, 1000)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health-check", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status":"READY"}`)
	})
	mux.HandleFunc("PUT /predictions/{id}", c.predict)
	mux.HandleFunc("POST /predictions/{id}/cancel", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) })
	c.server = httptest.NewServer(mux)
	t.Cleanup(func() {
		c.server.CloseClientConnections()
		c.server.Close()
	})
	return c
}

func (c *container) predict(w http.ResponseWriter, r *http.Request) {
	var body struct{ Input map[string]any }
	raw, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(raw, &body) != nil {
		http.Error(w, "{}", http.StatusBadRequest)
		return
	}
	c.inputs <- body.Input
	w.Header().Set("Content-Type", "application/json")
	switch body.Input["prompt"] {
	case "hang":
		<-r.Context().Done()
	case "fail":
		_, _ = io.WriteString(w, `{"status":"failed","error":"out of paint","output":null,"logs":"mixing colours\n"}`)
	default:
		picture := base64.StdEncoding.EncodeToString([]byte(pngHead + r.PathValue("id")))
		_, _ = io.WriteString(w, `{"status":"succeeded","output":["data:image/png;base64,`+picture+`"],"logs":"done\n","metrics":{"predict_time":0.25}}`)
	}
}

// withPainter adds a container and its model.
func (s *server) withPainter() *container {
	s.t.Helper()
	c := newContainer(s.t)
	_, err := s.admin().Apply(s.t.Context(), skytells.ApplyRequest{Source: "test", Resources: skytells.Resources{
		Providers: []skytells.ProviderSpec{{Name: "container", Kind: "cog", BaseURL: c.server.URL}},
		Models: []skytells.ModelSpec{{
			Slug: paintModel, Type: "image", API: "prediction", Free: true, Targets: []skytells.TargetSpec{{Provider: "container", Model: "painter"}},
			InputSchema: skytells.Schema(`{"type":"object","required":["prompt"],"properties":{"prompt":{"type":"string"},"steps":{"type":"integer","default":20,"maximum":50},"image":{"type":"string","format":"uri"}}}`),
		}},
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func TestPredictionClientsOfNode(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	painter := s.withPainter()
	type brief struct {
		ID, Status, Model string
		Output            []string
		Removed           bool
	}
	type failed struct {
		Name, ID, Message string
		Status            int
	}
	var seen struct {
		Created, Ended, Streamed, Cancelled, Deleted brief
		AfterDelete, Invalid, Unknown, Failed        failed
		Run, Version, WithFile                       []string
		File                                         struct{ ID, Get, Listed string }
		Canceled                                     string
		List                                         int
	}
	node(t, &seen, "predictions.mjs", s.base+"/v1", s.key, paintModel)
	if seen.Created.Model != paintModel || seen.Ended.Status != "succeeded" || len(seen.Ended.Output) != 1 || seen.Streamed.ID != seen.Created.ID {
		t.Errorf("created %+v, ended %+v, streamed %+v", seen.Created, seen.Ended, seen.Streamed)
	}
	if seen.Cancelled.Status != "cancelled" || seen.Canceled != "canceled" {
		t.Errorf("cancelled is spelled %q for Skytells' client and %q for Replicate's", seen.Cancelled.Status, seen.Canceled)
	}
	if !seen.Deleted.Removed || seen.Deleted.Output != nil || seen.AfterDelete.ID != "PREDICTION_FAILED" || seen.AfterDelete.Status != 502 {
		t.Errorf("deleted %+v, then %+v", seen.Deleted, seen.AfterDelete)
	}
	if seen.Invalid.ID != "INVALID_INPUT" || !strings.Contains(seen.Invalid.Message, "prompt") || seen.Unknown.ID != "MODEL_NOT_FOUND" {
		t.Errorf("invalid %+v, unknown %+v", seen.Invalid, seen.Unknown)
	}
	if len(seen.Run) != 1 || len(seen.Version) != 1 || len(seen.WithFile) != 1 || !strings.Contains(seen.Failed.Message, "out of paint") {
		t.Errorf("run %v, version %v, with a file %v, failed %+v", seen.Run, seen.Version, seen.WithFile, seen.Failed)
	}
	if seen.File.ID == "" || seen.File.Listed != seen.File.ID || seen.List < 5 {
		t.Errorf("file %+v, %d listed", seen.File, seen.List)
	}
	if got := s.do(s.request(http.MethodGet, strings.TrimPrefix(seen.File.Get, s.base), "")); got.body != pngHead+"hello" {
		t.Errorf("the upload reads %q (%d)", got.body, got.status)
	}
	s.sawPicture(painter, pngHead+"world")
}

// sawPicture wants one of the works to have had the picture as its content.
func (s *server) sawPicture(c *container, picture string) {
	s.t.Helper()
	want := "data:image/png;base64," + base64.StdEncoding.EncodeToString([]byte(picture))
	for {
		select {
		case input := <-c.inputs:
			if input["image"] == want {
				return
			}
		default:
			s.t.Error("no work had the picture that the client sent")
			return
		}
	}
}
