package app_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"skytower/internal/config"
	"skytower/internal/skytells"
	"skytower/internal/skytells/skytellstest"
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

// Replicate's client goes on asking after a wait only where it reads `starting`.
func TestUnfinishedWaitReadsAsStarting(t *testing.T) {
	t.Parallel()
	s := start(t, options{change: func(c *config.Config) { c.Predictions.AwaitMax = 50 * time.Millisecond }})
	s.withPainter()
	got := s.do(s.request(http.MethodPost, "/v1/models/"+paintModel+"/predictions", `{"input":{"prompt":"hang"}}`, "X-Api-Key", s.key, "Prefer", "wait"))
	if p := skytellstest.Prediction(t, []byte(got.body), skytellstest.CLI); p.Status != "starting" {
		t.Errorf("%d %s", got.status, got.body)
	}
	s.stopNow() // nothing is waited for that hangs
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

// What the official command line sends (contract 14.4): only x-api-key, an address as
// webhook, polling until a word that it knows, and downloads without a key.
func TestPredictionCallsOfTheOfficialCLI(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	s.withPainter()
	made := s.post("/v1/predictions", `{"model":"`+paintModel+`","input":{"prompt":"a lighthouse"}}`)
	id := skytellstest.Prediction(t, []byte(made.body), skytellstest.CLI).ID
	done := s.poll(id)
	if done.Status != "succeeded" || len(done.Metadata.Storage.Files) != 1 {
		t.Fatalf("%+v", done)
	}
	file := done.Metadata.Storage.Files[0]
	got := s.do(s.request(http.MethodGet, strings.TrimPrefix(file.URL, s.base), ""))
	if got.body != pngHead+id || got.header.Get("Content-Type") != "image/png" || file.Size != int64(len(got.body)) {
		t.Errorf("the file: %d, %v, %q", got.status, got.header, got.body)
	}
	list := s.call(http.MethodGet, "/v1/predictions?page=1&per_page=20&model="+paintModel+"&status=succeeded&from=2020-01-01&to=2100-01-01", "")
	if l := skytellstest.List(t, []byte(list.body)); len(l.Data) != 1 || l.Data[0].ID != id || l.Pagination.Total != 1 {
		t.Errorf("list: %s", list.body)
	}
	hanging := s.post("/v1/predictions", `{"model":"`+paintModel+`","input":{"prompt":"hang"}}`)
	other := skytellstest.Prediction(t, []byte(hanging.body), skytellstest.CLI).ID
	s.call(http.MethodPost, "/v1/predictions/"+other+"/cancel", "")
	if p := s.poll(other); p.Status != "canceled" {
		t.Errorf("cancelled: %+v", p)
	}
	gone := s.call(http.MethodDelete, "/v1/predictions/"+id, "")
	if p := skytellstest.Prediction(t, []byte(gone.body), skytellstest.CLI); p.Success == nil || !*p.Success || !p.DataRemoved {
		t.Errorf("delete: %s", gone.body)
	}
	unknown := s.call(http.MethodGet, "/v1/predictions/"+id, "")
	if e := skytellstest.Error(t, []byte(unknown.body)); unknown.status != http.StatusBadGateway || e.Error.ErrorID != "PREDICTION_FAILED" || unknown.header.Get("X-Should-Retry") != "false" {
		t.Errorf("after delete: %d %s", unknown.status, unknown.body)
	}
	dead := s.do(s.request(http.MethodGet, strings.TrimPrefix(file.URL, s.base), ""))
	if dead.status != http.StatusNotFound {
		t.Errorf("the file of a deleted prediction: %d", dead.status)
	}
}

// poll asks until the prediction has ended; every reply is what the strictest client
// reads.
func (s *server) poll(id string) skytells.Prediction {
	s.t.Helper()
	for {
		p := skytellstest.Prediction(s.t, []byte(s.call(http.MethodGet, "/v1/predictions/"+id, "").body), skytellstest.CLI)
		if skytells.Terminal(p.Status) {
			return p
		}
	}
}

// A server that does all is one process; its parts are apart only where they share
// everything.
func TestPredictionsGoOnAfterARestart(t *testing.T) {
	t.Parallel()
	s := start(t, options{change: func(c *config.Config) { c.ShutdownGrace = 0 }})
	c := s.withPainter()
	id := skytellstest.Prediction(t, []byte(s.post("/v1/predictions", `{"model":"`+paintModel+`","input":{"prompt":"hang"}}`).body), skytellstest.CLI).ID
	<-c.inputs
	s.stopNow()
	again := start(t, options{data: s.data})
	again.key = s.key
	<-c.inputs // the container is asked again
	again.call(http.MethodPost, "/v1/predictions/"+id+"/cancel", "")
	if p := again.poll(id); p.Status != "canceled" {
		t.Errorf("%+v", p)
	}
}

// stopNow stops the server without waiting for what runs.
func (s *server) stopNow() {
	s.stopped = true
	s.client.CloseIdleConnections()
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.app.Stop(over); err != nil {
		s.t.Errorf("stop: %v", err)
	}
}
