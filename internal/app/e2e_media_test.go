package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"skytower/internal/config"
	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// wanted is what media.mjs is asked to do.
type wanted struct {
	Images         string            `json:"images,omitempty"`
	Edits          string            `json:"edits,omitempty"`
	Speech         map[string]string `json:"speech,omitempty"`
	Transcriptions string            `json:"transcriptions,omitempty"`
	Pieces         string            `json:"pieces,omitempty"`
	Subtitles      bool              `json:"subtitles,omitempty"`
	Failing        string            `json:"failing,omitempty"`
	Picture        string            `json:"picture"`
	Sound          string            `json:"sound"`
}

type mediaFailure struct {
	Name, Code, Param, Message string
	Status                     int
}

// mediaSeen is what it saw.
type mediaSeen struct {
	ByLink, Prediction, LastPicture, Edited string
	Inside, PictureEvents, EditEvents       []string
	SpeechType, Speech, StreamedSpeech      string
	SpeechEvents                            []string
	Transcript                              struct {
		Text  string
		Usage struct {
			Type    string
			Seconds int
		}
	}
	Text, VTT, Deltas, LastText string
	Verbose                     struct {
		Task, Language, Text string
		Segments             []struct{ Text string }
	}
	TextEvents                  []string
	PictureUsage, StreamedUsage *struct {
		Input   int `json:"input_tokens"`
		Output  int `json:"output_tokens"`
		Total   int `json:"total_tokens"`
		Details struct {
			Text  int `json:"text_tokens"`
			Image int `json:"image_tokens"`
		} `json:"input_tokens_details"`
	}
	TextUsage *struct {
		Type         string
		Input        int `json:"input_tokens"`
		Output       int `json:"output_tokens"`
		InputDetails struct {
			Audio int `json:"audio_tokens"`
		} `json:"input_token_details"`
	}
	NoTimes, Failed, WrongKind, NoPlace mediaFailure
}

// media runs the client.
func (s *server) media(w wanted) (seen mediaSeen) {
	s.t.Helper()
	dir := s.t.TempDir()
	w.Picture, w.Sound = smallPicture(s.t, dir), spokenSound(s.t, dir)
	text, err := json.Marshal(w)
	if err != nil {
		s.t.Fatal(err)
	}
	file := filepath.Join(dir, "wanted.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		s.t.Fatal(err)
	}
	node(s.t, &seen, "media.mjs", s.base+"/v1", s.key, file)
	return seen
}

// smallPicture is a PNG of 8 by 6 pixels.
func smallPicture(t *testing.T, dir string) string {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 8, 6))); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "small.png")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// spokenSound is a WAV that espeak-ng speaks: some 20 KB, less than two seconds.
func spokenSound(t *testing.T, dir string) string {
	t.Helper()
	name := filepath.Join(dir, "spoken.wav")
	if out, err := exec.CommandContext(t.Context(), "espeak-ng", "-w"+name, "Yes.").CombinedOutput(); err != nil {
		t.Fatalf("espeak-ng: %v %s", err, out)
	}
	return name
}

func coded(content string) string { return base64.StdEncoding.EncodeToString([]byte(content)) }

const (
	mediaList = `{"object":"list","data":[{"id":"gpt-image-1"},{"id":"dall-e-3"},{"id":"tts-1"},{"id":"whisper-1"},{"id":"gpt-4o-transcribe"}]}`

	picturePartial = "event: image_generation.partial_image\ndata: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"iVBORw0KGgox\",\"partial_image_index\":0}\n\n"
	pictureUsage   = `"usage":{"input_tokens":50,"output_tokens":60,"total_tokens":110,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}`
	pictureDone    = "event: image_generation.completed\ndata: {\"type\":\"image_generation.completed\",\"b64_json\":\"iVBORw0KGgoy\"," + pictureUsage + "}\n\n"

	pieceUsage    = `"usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":0,"audio_tokens":14},"output_tokens":4,"total_tokens":18}`
	verboseAnswer = `{"task":"transcribe","language":"english","duration":1.0,"text":"Yes.","segments":[{"id":0,"start":0,"end":1,"text":" Yes."}]}`
)

// mediaUpstream speaks OpenAI's media routes.
func mediaUpstream(t *testing.T) *providertest.Upstream {
	t.Helper()
	up := providertest.NewUpstream(t, providertest.HTTP1)
	up.On("/v1/models", jsonScript(mediaList))
	asks := func(x *providertest.Exchange, words string) bool { return strings.Contains(x.Request.Body, words) }
	up.On("POST /v1/images/generations", func(x *providertest.Exchange) {
		switch {
		case asks(x, `"prompt":"fail"`):
			providertest.JSON(400, `{"error":{"message":"gpt-image-1 refuses such prompts","code":"content_policy_violation"}}`)(x)
		case asks(x, `"stream":true`):
			providertest.Events(picturePartial, pictureDone)(x)
		case asks(x, `"n":2`):
			jsonScript(`{"created":1,"data":[{"b64_json":"` + coded(pngHead+"1") + `"},{"b64_json":"` + coded(pngHead+"2") + `"}],` + pictureUsage + `}`)(x)
		default:
			jsonScript(`{"created":1,"data":[{"b64_json":"` + coded(pngHead+"1") + `"}]}`)(x)
		}
	})
	up.On("POST /v1/images/edits", jsonScript(`{"created":1,"data":[{"b64_json":"`+coded(pngHead+"edited")+`"}]}`))
	up.On("POST /v1/audio/speech", func(x *providertest.Exchange) {
		x.Head(200, "Content-Type", "audio/mpeg")
		x.Say("ID3 spoken")
	})
	up.On("POST /v1/audio/transcriptions", func(x *providertest.Exchange) {
		switch {
		case asks(x, "name=\"stream\"\r\n\r\ntrue"):
			providertest.Events("data: {\"type\":\"transcript.text.delta\",\"delta\":\"Ye\"}\n\n", "data: {\"type\":\"transcript.text.done\",\"text\":\"Yes.\","+pieceUsage+"}\n\n")(x)
		case asks(x, "verbose_json"):
			jsonScript(verboseAnswer)(x)
		case asks(x, "name=\"response_format\"\r\n\r\nvtt"):
			x.Head(200, "Content-Type", "text/vtt")
			x.Say("WEBVTT\n\n00:00.000 --> 00:01.000\nYes.\n")
		default:
			jsonScript(`{"text":"Yes."}`)(x)
		}
	})
	return up
}

// withMedia imports the upstream's models and puts prices on them.
func (s *server) withMedia(up *providertest.Upstream) {
	s.t.Helper()
	ctx, admin := s.t.Context(), s.admin()
	if _, err := admin.PutProvider(ctx, skytells.ProviderSpec{Name: "mock", Kind: "openai", BaseURL: up.URL.JoinPath("v1").String(), Credential: upKey}); err != nil {
		s.t.Fatal(err)
	}
	s.imports(skytells.ImportRequest{Free: true})
	specs, err := admin.ModelSpecs(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range specs {
		if len(m.Targets) != 1 || m.Targets[0].Provider != "mock" {
			continue
		}
		m.Free, m.Pricing = false, &skytells.PricingSpec{Unit: "prediction", Amount: "0.006"}
		if m.Type == "image" {
			m.Pricing = &skytells.PricingSpec{Unit: "image", Amount: "0.04"}
		}
		if _, err := admin.PutModel(ctx, m); err != nil {
			s.t.Fatalf("%s: %v", m.Slug, err)
		}
	}
}

func TestOpenAIMediaOfAnUpstream(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := mediaUpstream(t)
	s.withMedia(up)
	s.grant("1")
	seen := s.media(wanted{
		Images: "gpt-image-1", Edits: "gpt-image-1", Speech: map[string]string{"model": "tts-1", "voice": "alloy"}, Transcriptions: "whisper-1", Pieces: "gpt-4o-transcribe",
		Subtitles: true, Failing: "gpt-image-1",
	})
	if seen.ByLink != coded(pngHead+"1") || !slices.Equal(seen.Inside, []string{coded(pngHead + "1"), coded(pngHead + "2")}) || seen.Prediction == "" {
		t.Errorf("pictures: %+v", seen)
	}
	if seen.PictureEvents[len(seen.PictureEvents)-1] != "image_generation.completed" || seen.LastPicture != coded(pngHead+"2") {
		t.Errorf("streamed pictures: %v, %q", seen.PictureEvents, seen.LastPicture)
	}
	for _, u := range []any{seen.PictureUsage, seen.StreamedUsage} {
		if text, err := json.Marshal(u); err != nil || string(text) != `{"input_tokens":50,"output_tokens":60,"total_tokens":110,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}` {
			t.Errorf("usage of pictures: %s, %v", text, err)
		}
	}
	if u := seen.TextUsage; u == nil || u.Type != "tokens" || u.Input != 14 || u.Output != 4 || u.InputDetails.Audio != 14 {
		t.Errorf("usage of a streamed transcript: %+v", u)
	}
	if seen.Edited != coded(pngHead+"edited") || !slices.Equal(seen.EditEvents, []string{"image_edit.completed"}) {
		t.Errorf("edits: %q, %v", seen.Edited, seen.EditEvents)
	}
	if seen.SpeechType != "audio/mpeg" || seen.Speech != coded("ID3 spoken") || seen.StreamedSpeech != seen.Speech || !slices.Equal(seen.SpeechEvents, []string{"speech.audio.delta", "speech.audio.done"}) {
		t.Errorf("speech: %+v", seen)
	}
	checkTranscripts(t, seen)
	if v := seen.Verbose; v.Task != "transcribe" || v.Language != "english" || v.Text != "Yes." || len(v.Segments) != 1 || seen.VTT != "WEBVTT\n\n00:00.000 --> 00:01.000\nYes.\n" {
		t.Errorf("times: %+v, %q", v, seen.VTT)
	}
	if f := seen.Failed; f.Name != "BadRequestError" || f.Code != "invalid_parameter" || !strings.Contains(f.Message, "refuses such prompts") {
		t.Errorf("failed: %+v", f)
	}
	if f := seen.WrongKind; f.Name != "UnprocessableEntityError" || f.Param != "model" || !strings.Contains(f.Message, "POST /v1/images/generations") {
		t.Errorf("of the wrong kind: %+v", f)
	}
	if f := seen.NoPlace; f.Name != "BadRequestError" || f.Param != "style" {
		t.Errorf("without a place: %+v", f)
	}
	// 1 + 2 + 1 pictures and 2 edits at $0.04; 2 speeches and 5 transcripts at $0.006.
	if b := s.balance(); b.Balance != "0.718" || b.Available != "0.718" {
		t.Errorf("the balance is %+v", b)
	}
	s.clean()
}

func checkTranscripts(t *testing.T, seen mediaSeen) {
	t.Helper()
	if seen.Transcript.Text != "Yes." || seen.Transcript.Usage.Type != "duration" || seen.Transcript.Usage.Seconds < 1 || seen.Text != "Yes.\n" {
		t.Errorf("transcripts: %+v, %q", seen.Transcript, seen.Text)
	}
	if n := len(seen.TextEvents); n < 2 || seen.TextEvents[n-1] != "transcript.text.done" || seen.Deltas != "Yes." || seen.LastText != "Yes." {
		t.Errorf("streamed transcript: %v, %q, %q", seen.TextEvents, seen.Deltas, seen.LastText)
	}
}

// ownCommands are programs of this machine: one speaks, and one that is no great listener
// writes down how a sound's file begins.
const ownCommands = `commands:
  - name: speech
    type: audio
    input_schema:
      type: object
      required: [text]
      properties:
        text: {type: string}
        voice: {type: string, enum: [en-us, en-gb], default: en-us}
        speed: {type: integer, minimum: 80, maximum: 450, default: 175}
    argv: [espeak-ng, "-v{{input.voice}}", "-s{{input.speed}}", "-w{{out}}/speech.wav", --, "{{input.text}}"]
  - name: scribe
    type: text
    output: text
    input_schema:
      type: object
      required: [audio]
      properties:
        audio: {type: string, format: uri, x-file-types: [audio/wav]}
    argv: [head, -c, "4", "{{file:audio}}"]
`

// Programs of this machine, a Cog container and the built-in upscaler answer the same
// routes.
func TestOpenAIMediaOfOwnModels(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "skytower.yml")
	if err := os.WriteFile(file, []byte(ownCommands), 0o600); err != nil {
		t.Fatal(err)
	}
	own, err := config.Load(config.Sources{File: file})
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, options{change: func(c *config.Config) { c.Commands = own.Commands }})
	s.withPainter()
	seen := s.media(wanted{
		Images: paintModel, Edits: "skytower-upscale-2x", Speech: map[string]string{"model": "speech", "voice": "en-gb"}, Transcriptions: "scribe", Failing: paintModel,
	})
	ids := strings.Split(seen.Prediction, ", ")
	if len(ids) != 2 || !slices.Equal(seen.Inside, []string{coded(pngHead + ids[0]), coded(pngHead + ids[1])}) || !strings.HasPrefix(seen.ByLink, coded(pngHead)[:8]) {
		t.Errorf("pictures: %+v", seen)
	}
	if !slices.Equal(seen.PictureEvents, []string{"image_generation.completed"}) || seen.LastPicture == "" {
		t.Errorf("streamed pictures: %v", seen.PictureEvents)
	}
	content, err := base64.StdEncoding.DecodeString(seen.Edited)
	if err != nil {
		t.Fatal(err)
	}
	if larger, _, err := image.DecodeConfig(bytes.NewReader(content)); err != nil || larger.Width != 16 || larger.Height != 12 || !slices.Equal(seen.EditEvents, []string{"image_edit.completed"}) {
		t.Errorf("enlarged: %+v, %v, events %v", larger, err, seen.EditEvents)
	}
	if !strings.HasPrefix(seen.SpeechType, "audio/wav") || len(seen.Speech) < 10_000 || seen.Speech[:5] != coded("RIFF")[:5] || seen.StreamedSpeech != seen.Speech {
		t.Errorf("speech: %s, %d bytes, streamed %d", seen.SpeechType, len(seen.Speech), len(seen.StreamedSpeech))
	}
	if u := seen.Transcript.Usage; seen.Transcript.Text != "RIFF" || u.Type != "duration" || u.Seconds < 1 || seen.Text != "RIFF\n" || seen.Deltas != "RIFF" || seen.LastText != "RIFF" {
		t.Errorf("transcripts: %+v, %q, %q", seen.Transcript, seen.Text, seen.Deltas)
	}
	if f := seen.NoTimes; f.Name != "BadRequestError" || f.Param != "response_format" {
		t.Errorf("without times: %+v", f)
	}
	if f := seen.Failed; f.Name != "InternalServerError" || f.Code != "service_error" || !strings.Contains(f.Message, "out of paint") {
		t.Errorf("failed: %+v", f)
	}
}

// What an upstream tells before the end reaches the caller before the end.
func TestNewsOfMediaComeAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := mediaUpstream(t)
	s.withMedia(up)
	s.grant("1")
	gate := make(chan struct{})
	up.On("POST /v1/images/generations", func(x *providertest.Exchange) {
		x.Head(200, "Content-Type", "text/event-stream")
		x.Say(picturePartial)
		x.Wait(gate)
		x.Say(pictureDone)
	})
	res, err := s.client.Do(s.request(http.MethodPost, "/v1/images/generations", `{"model":"gpt-image-1","prompt":"x","stream":true,"partial_images":1}`, "X-Api-Key", s.key))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	lines := bufio.NewScanner(res.Body)
	if !lines.Scan() || lines.Text() != "event: image_generation.partial_image" || !lines.Scan() || !strings.Contains(lines.Text(), `"b64_json":"`+coded(pngHead+"1")+`"`) {
		t.Errorf("first came %q", lines.Text())
	}
	close(gate)
	last := ""
	for lines.Scan() {
		if lines.Text() != "" {
			last = lines.Text()
		}
	}
	if !strings.Contains(last, `"type":"image_generation.completed","b64_json":"`+coded(pngHead+"2")+`"`) {
		t.Errorf("last came %q", last)
	}
}

// A sound plays while its upstream makes it, for curl and in events; its prediction ends as
// any other, with the file and one charge. Who leaves midway owes all of it.
func TestSpeechPlaysWhileItIsMade(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := mediaUpstream(t)
	s.withMedia(up)
	s.grant("1")
	gates := make(chan chan struct{}, 3)
	up.On("POST /v1/audio/speech", func(x *providertest.Exchange) {
		x.Head(200, "Content-Type", "audio/mpeg")
		x.Say("ID3" + strings.Repeat("a", 3000))
		x.Wait(<-gates)
		x.Say("the end")
	})
	sound := "ID3" + strings.Repeat("a", 3000) + "the end"
	speak := func(ctx context.Context, format string) (*http.Response, chan struct{}) {
		gate := make(chan struct{})
		gates <- gate
		body := `{"model":"tts-1","input":"x","voice":"alloy","stream_format":"` + format + `"}`
		res, err := s.client.Do(s.request(http.MethodPost, "/v1/audio/speech", body, "X-Api-Key", s.key).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		first := make([]byte, 2000) // comes before the upstream ends
		if n, err := io.ReadFull(res.Body, first); err != nil || format == "audio" && string(first) != sound[:n] {
			t.Fatalf("%q, %v", first, err)
		}
		return res, gate
	}
	for _, format := range []string{"audio", "sse"} {
		res, gate := speak(t.Context(), format)
		close(gate)
		rest, err := io.ReadAll(res.Body)
		if whole := format == "audio" && string(rest) == sound[2000:] || format == "sse" && strings.HasSuffix(string(rest), "data: {\"type\":\"speech.audio.done\"}\n\n"); err != nil || !whole {
			t.Errorf("%s: %v, %q", format, err, rest)
		}
		p := s.get(t, res.Header.Get("X-Skytells-Prediction"))
		if files := p.Metadata.Storage.Files; p.Status != "succeeded" || len(files) != 1 || files[0].Size != int64(len(sound)) || files[0].Type != "audio/mpeg" {
			t.Errorf("%s: the prediction is %+v", format, p)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	res, gate := speak(ctx, "audio")
	cancel()
	close(gate)
	id := res.Header.Get("X-Skytells-Prediction")
	p := s.get(t, id)
	for !skytells.Terminal(p.Status) {
		p = s.get(t, id)
	}
	if b := s.balance(); p.Status != "succeeded" || b.Balance != "0.982" || b.Available != "0.982" { // three at $0.006
		t.Errorf("%s, the balance is %+v", p.Status, b)
	}
	s.clean()
}

func (s *server) get(t *testing.T, id string) (p skytells.Prediction) {
	t.Helper()
	decode(t, s.call(http.MethodGet, "/v1/predictions/"+id, "").body, &p)
	return p
}

// A call is held for so long and no longer; then its prediction goes on, as one that was
// awaited does.
func TestMediaCallsAreHeldForATime(t *testing.T) {
	t.Parallel()
	s := start(t, options{change: func(c *config.Config) { c.Predictions.MediaWait = time.Nanosecond }})
	s.withPainter()
	r := s.do(s.request(http.MethodPost, "/v1/images/generations", `{"model":"`+paintModel+`","prompt":"x"}`, "X-Api-Key", s.key))
	if r.status != http.StatusGatewayTimeout || !strings.Contains(r.body, "GET /v1/predictions/"+r.header.Get("X-Skytells-Prediction")) || r.header.Get("X-Should-Retry") != "false" {
		t.Errorf("%d %s", r.status, r.body)
	}
	p := s.get(t, r.header.Get("X-Skytells-Prediction"))
	for !skytells.Terminal(p.Status) {
		p = s.get(t, p.ID)
	}
	if p.Status != "succeeded" {
		t.Errorf("the prediction is %s", p.Status)
	}
}

// A caller who hangs up ends what was made for him.
func TestHangingUpCancelsMedia(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	painter := s.withPainter()
	ctx, cancel := context.WithCancel(t.Context())
	req := s.request(http.MethodPost, "/v1/images/generations", `{"model":"`+paintModel+`","prompt":"hang"}`, "X-Api-Key", s.key).WithContext(ctx)
	go func() {
		<-painter.inputs
		cancel()
	}()
	if res, err := s.client.Do(req); err == nil {
		_ = res.Body.Close()
		t.Fatalf("answered %d", res.StatusCode)
	}
	var list skytells.PredictionList
	for len(list.Data) != 1 || !skytells.Terminal(list.Data[0].Status) {
		decode(t, s.call(http.MethodGet, "/v1/predictions", "").body, &list)
	}
	if got := list.Data[0].Status; got != "cancelled" {
		t.Errorf("the prediction is %s", got)
	}
}
