package app_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
	"skytower/internal/skytells/skytellstest"
)

// One Skytower stands in front of another: its catalogue is imported, and every kind of
// model works through both.
func TestTowerBeforeATower(t *testing.T) {
	t.Parallel()
	inner := start(t, options{})
	painter := inner.withPainter()
	up := inner.withUpstream()
	up.On(chatPath, jsonScript(chatAnswer))
	up.On(embedPath, jsonScript(embedAnswer))
	outer := start(t, options{})
	outer.importTower(inner)

	made := outer.post("/v1/predictions", `{"model":"`+paintModel+`","await":true,"input":{"prompt":"a lighthouse"}}`)
	p := skytellstest.Prediction(t, []byte(made.body), skytellstest.CLI)
	if p.Status != "succeeded" || len(p.Metadata.Storage.Files) != 1 || p.Logs != "done\n" || p.Metrics.PredictTime == nil || *p.Metrics.PredictTime != 0.25 {
		t.Fatalf("%s", made.body)
	}
	if link := p.Metadata.Storage.Files[0].URL; !strings.HasPrefix(link, outer.base) {
		t.Errorf("the file is at %s", link)
	}
	got := outer.do(outer.request(http.MethodGet, strings.TrimPrefix(p.Metadata.Storage.Files[0].URL, outer.base), ""))
	if got.body != pngHead+p.ID { // the container has it under the id that the outer tower made
		t.Errorf("the file reads %q", got.body)
	}
	if input := <-painter.inputs; input["steps"] != 20.0 {
		t.Errorf("the container got %v", input)
	}
	if r := outer.call(http.MethodGet, "/v1/models/"+strings.ReplaceAll(paintModel, "/", "%2F")+"?fields=input_schema", ""); !strings.Contains(r.body, `"steps"`) {
		t.Errorf("the model: %s", r.body)
	}
	if r := outer.post("/v1/predictions", `{"model":"`+paintModel+`","await":true,"input":{"prompt":"fail"}}`); !strings.Contains(r.body, `"error":"out of paint"`) {
		t.Errorf("a failure: %s", r.body)
	}
	if r := outer.post(chatPath, chatBody); r.status != 200 || !strings.Contains(r.body, "Hello!") {
		t.Errorf("chat: %d %s", r.status, r.body)
	}
	if r := outer.post(embedPath, embedBody); r.status != 200 || !strings.Contains(r.body, "0.25") {
		t.Errorf("embeddings: %d %s", r.status, r.body)
	}
}

// A cancellation goes through both towers.
func TestTowerCancelsAtTheOther(t *testing.T) {
	t.Parallel()
	inner := start(t, options{})
	painter := inner.withPainter()
	outer := start(t, options{})
	outer.importTower(inner)
	id := skytellstest.Prediction(t, []byte(outer.post("/v1/predictions", `{"model":"`+paintModel+`","input":{"prompt":"hang"}}`).body), skytellstest.CLI).ID
	<-painter.inputs
	outer.call(http.MethodPost, "/v1/predictions/"+id+"/cancel", "")
	if p := outer.poll(id); p.Status != "canceled" {
		t.Errorf("at the outer tower: %+v", p)
	}
	if p := inner.poll(id); p.Status != "canceled" {
		t.Errorf("at the inner tower: %+v", p)
	}
}

// importTower makes the other server's models this one's.
func (s *server) importTower(other *server) {
	s.t.Helper()
	if _, err := s.admin().PutProvider(s.t.Context(), skytells.ProviderSpec{
		Name: "tower", Kind: "skytells", BaseURL: other.base + "/v1", Credential: other.key,
	}); err != nil {
		s.t.Fatal(err)
	}
	result, err := s.admin().ImportModels(s.t.Context(), "tower", skytells.ImportRequest{Free: true})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range result.Models {
		builtin := strings.HasPrefix(m.Slug, "skytower-") || m.Slug == "deepbrain-router"
		if !builtin && (!m.Open || m.Action != "created" || m.Note != "") || builtin && m.Action != "conflict" {
			s.t.Errorf("imported %+v", m)
		}
	}
}

// OpenAI's models for pictures and sound become prediction models by their names.
func TestMediaModelsOfOpenAI(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := providertest.NewUpstream(t, providertest.HTTP1)
	up.On("/v1/models", jsonScript(`{"data":[{"id":"dall-e-2"},{"id":"dall-e-3"},{"id":"gpt-image-1"},{"id":"tts-1"},{"id":"gpt-4o-transcribe"},{"id":"whisper-1"}]}`))
	up.On("/v1/images/generations", jsonScript(`{"data":[{"b64_json":"`+base64.StdEncoding.EncodeToString([]byte(pngHead))+`"}]}`))
	up.On("/v1/audio/speech", func(x *providertest.Exchange) { x.Head(200, "Content-Type", "audio/mpeg"); x.Say("ID3 sound") })
	up.On("/v1/audio/transcriptions", jsonScript(`{"text":"Hello."}`))
	if _, err := s.admin().PutProvider(t.Context(), skytells.ProviderSpec{Name: "mock", Kind: "openai", BaseURL: up.URL.JoinPath("v1").String()}); err != nil {
		t.Fatal(err)
	}
	var want []skytells.ImportedModel
	for _, m := range [][2]string{{"dall-e-2", "image"}, {"dall-e-3", "image"}, {"gpt-image-1", "image"}, {"tts-1", "audio"}, {"gpt-4o-transcribe", "text"}, {"whisper-1", "text"}} {
		want = append(want, skytells.ImportedModel{Slug: m[0], Upstream: m[0], API: "prediction", Type: m[1], Action: "created", Open: true})
	}
	if diff := cmp.Diff(want, s.imports(skytells.ImportRequest{Free: true})); diff != "" {
		t.Error(diff)
	}
	for input, file := range map[string]string{
		`"gpt-image-1","input":{"prompt":"a cat"}`:                    pngHead,
		`"tts-1","input":{"text":"hi"}`:                               "ID3 sound",
		`"whisper-1","input":{"file":"data:audio/mpeg;base64,SUQz"}`:  "",
		`"whisper-1","input":{"file":"DATA:audio/mpeg;base64,SUQz" }`: "",
	} {
		r := s.post("/v1/predictions", `{"await":true,"model":`+input+`}`)
		p := skytellstest.Prediction(t, []byte(r.body), skytellstest.CLI)
		switch {
		case p.Status != "succeeded" || file == "" && string(p.Output) != `"Hello."`:
			t.Errorf("%s: %s", input, r.body)
		case file != "":
			link := strings.TrimPrefix(p.Metadata.Storage.Files[0].URL, s.base)
			if got := s.do(s.request(http.MethodGet, link, "")); got.body != file {
				t.Errorf("%s: the file reads %q", input, got.body)
			}
		}
	}
}
