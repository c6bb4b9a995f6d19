package openai_test

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/openai"
	"skytower/internal/provider/providertest"
)

const (
	imagesPath      = "POST /v1/images/generations"
	speechPath      = "POST /v1/audio/speech"
	transcriptsPath = "POST /v1/audio/transcriptions"

	soundURL = "data:audio/mpeg;base64,SUQz" // ID3
)

// The route of pictures is all that the suite can hold to its cases: the others put out
// one file without an address, and one text.
func TestPredict(t *testing.T) {
	t.Parallel()
	providertest.PredictSuite(t, providertest.PredictDialect{
		New: func(_ *testing.T, base *url.URL, credential string, client egress.Upstream, _ providertest.Wait) provider.Predictor {
			return openai.New(openai.Options{Name: "test", BaseURL: base.JoinPath("v1"), Credential: credential, Upstream: client})
		},
		Submit: func(string) string { return imagesPath },
		ID:     func(string) string { return "" }, FilesOnly: true,
		Status: 200, Answer: pictures,
		Refusal: func(message string) string {
			return `{"error":{"message":` + quote(message) + `,"type":"some_error","param":null,"code":null}}`
		},
	})
}

func pictures(w providertest.Work) string {
	if w.State == providertest.Failed {
		return `{"error":{"message":` + quote(w.Error) + `,"type":"server_error","param":null,"code":null}}`
	}
	list := []string{}
	for _, address := range w.Files {
		if _, content, ok := strings.Cut(address, ";base64,"); ok {
			list = append(list, `{"b64_json":`+quote(content)+`}`)
		} else {
			list = append(list, `{"url":`+quote(address)+`,"revised_prompt":"https://prose.example.test/"}`)
		}
	}
	return `{"created":1748000000,"error":null,"data":[` + strings.Join(list, ",") + `],"output_format":"png"}`
}

// predict runs a model of a kind on an input.
func predict(t *testing.T, p *openai.Provider, kind, input string) (*provider.Result, error) {
	t.Helper()
	return p.Predict(t.Context(), &provider.Run{
		ID: "run", Model: "up", Show: "shown", Kind: kind, Input: json.RawMessage(input), Watch: &providertest.Heard{},
	})
}

func wantClass(t *testing.T, what string, err error, want provider.Class) *provider.Error {
	t.Helper()
	var e *provider.Error
	if !errors.As(err, &e) || e.Class != want {
		t.Fatalf("%s: error %v, want %s", what, err, want)
	}
	return e
}

func TestMediaBodies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ kind, path, input, want string }{
		"picture":    {"image", imagesPath, `{"prompt":"a cat","n":2,"model":"other","stream":true}`, `{"prompt":"a cat","n":2,"model":"up"}`},
		"text":       {"audio", speechPath, `{"text":"hi","voice":"ash","stream_format":"sse"}`, `{"voice":"ash","model":"up","input":"hi"}`},
		"input":      {"audio", speechPath, `{"input":"hi","text":"no"}`, `{"input":"hi","model":"up"}`},
		"text alone": {"audio", speechPath, `{"input":null,"text":"hi"}`, `{"input":"hi","model":"up"}`},
	} {
		up, p := upstream(t, nil)
		_, _ = predict(t, p, c.kind, c.input) // nothing answers
		got := up.Last()
		if got.Body != c.want || got.Method+" "+got.URL.Path != c.path || got.Header.Get("Content-Type") != "application/json" || got.Header.Get("Authorization") != "Bearer sk-secret" {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
}

// Inputs that no route has a use for are refused before anything is sent or marked.
func TestMediaInputs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind, input string
		class       provider.Class
	}{
		"no text":       {"audio", `{"voice":"ash"}`, provider.Rejected},
		"empty text":    {"audio", `{"text":""}`, provider.Rejected},
		"no file":       {"text", `{"prompt":"x"}`, provider.Rejected},
		"address":       {"text", `{"file":"https://files.example.test/a.mp3"}`, provider.Rejected},
		"not base64":    {"text", `{"file":"data:audio/mpeg;base64,?"}`, provider.Rejected},
		"two models":    {"image", `{"model":"a","mod\u0065l":"b"}`, provider.Rejected},
		"no such route": {"video", `{}`, provider.Unsupported},
	} {
		up, p := upstream(t, nil)
		heard := &providertest.Heard{}
		_, err := p.Predict(t.Context(), &provider.Run{ID: "run", Model: "up", Show: "shown", Kind: c.kind, Input: json.RawMessage(c.input), Watch: heard})
		if e := wantClass(t, name, err, c.class); c.class == provider.Rejected && e.Message == "" {
			t.Errorf("%s: no sentence", name)
		}
		if len(up.Requests()) > 0 || heard.Marked() {
			t.Errorf("%s: %d requests, marked: %v", name, len(up.Requests()), heard.Marked())
		}
	}
}

func TestSpeech(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ input, kind, wantName, wantType string }{
		"mp3":     {`{"text":"hi"}`, "audio/mpeg", "speech.mp3", "audio/mpeg"},
		"wav":     {`{"text":"hi","response_format":"wav"}`, "audio/wav; rate=24000", "speech.wav", "audio/wav"},
		"unknown": {`{"text":"hi","response_format":"../x"}`, "application/octet-stream", "speech.mp3", "application/octet-stream"},
		"untyped": {`{"text":"hi"}`, "", "speech.mp3", ""},
	} {
		up, p := upstream(t, nil)
		up.On(speechPath, typed(c.kind, "ID3"))
		result, err := predict(t, p, "audio", c.input)
		if err != nil || len(result.Files) != 1 {
			t.Fatalf("%s: result %+v, error %v", name, result, err)
		}
		if f := result.Files[0]; string(f.Data) != "ID3" || f.Name != c.wantName || f.Type != c.wantType || f.URL != "" || f.Open != nil {
			t.Errorf("%s: file %+v", name, f)
		}
	}
}

// typed is a 200 of a type.
func typed(kind, body string) providertest.Script {
	return func(x *providertest.Exchange) {
		x.Head(200, "Content-Type", kind)
		x.Say(body)
	}
}

// A 200 that is not what was asked for leaves in doubt what was done; one that is an
// error says it.
func TestMediaAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for kind, input := range map[string]string{"image": `{"prompt":"a cat"}`, "audio": `{"text":"hi"}`, "text": `{"file":"` + soundURL + `"}`} {
		for name, c := range map[string]struct {
			script providertest.Script
			class  provider.Class
		}{
			"page":   {providertest.Page(200), provider.Ambiguous},
			"empty":  {providertest.JSON(200, ""), provider.Ambiguous},
			"object": {providertest.JSON(200, "{}"), provider.Ambiguous},
			"half":   {providertest.JSON(200, `{"text":"a`), provider.Ambiguous},
			"wrong":  {providertest.JSON(200, `{"text":7,"data":[{"url":"nowhere"}]}`), provider.Ambiguous},
			"coded":  {providertest.JSON(200, `{"data":[{"b64_json":"?"}]}`), provider.Ambiguous},
			"silent": {typed("audio/mpeg", ""), provider.Ambiguous},
			"cut":    {func(x *providertest.Exchange) { x.Head(200, "Content-Type", "audio/mpeg"); x.Say("ID"); x.Cut() }, provider.Ambiguous},
			"error":  {providertest.JSON(200, `{"error":{"message":"up broke down"}}`), provider.Failed},
		} {
			up, p := upstream(t, nil)
			up.On("/v1/images/generations", c.script)
			up.On("/v1/audio/speech", c.script)
			up.On("/v1/audio/transcriptions", c.script)
			_, err := predict(t, p, kind, input)
			if e := wantClass(t, kind+" "+name, err, c.class); c.class == provider.Failed && e.Message != "shown broke down" {
				t.Errorf("%s: message %q", kind, e.Message)
			}
		}
	}
}

func TestTranscription(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		input  string
		script providertest.Script
		want   string
	}{
		"json":  {`{"file":"` + soundURL + `","language":"en","temperature":0.5,"prompt":null,"timestamp_granularities":["word","segment"],"model":"x","stream":false}`, providertest.JSON(200, `{"text":"Hello.","usage":{}}`), "Hello."},
		"none":  {`{"audio":"` + soundURL + `","language":"en","temperature":0.5,"timestamp_granularities":["word","segment"]}`, providertest.JSON(200, `{"text":""}`), ""},
		"plain": {`{"file":"` + soundURL + `","language":"en","temperature":0.5,"timestamp_granularities":["word","segment"]}`, typed("text/plain; charset=utf-8", "1\n00:00 --> 00:01\nHello.\n"), "1\n00:00 --> 00:01\nHello.\n"},
	} {
		up, p := upstream(t, nil)
		up.On(transcriptsPath, c.script)
		result, err := predict(t, p, "text", c.input)
		if err != nil || result.Text == nil || *result.Text != c.want {
			t.Fatalf("%s: result %+v, error %v", name, result, err)
		}
		want := []string{
			"model=up", "language=en", "temperature=0.5", "timestamp_granularities[]=word", "timestamp_granularities[]=segment", "file=ID3 sound.mp3 audio/mpeg",
		}
		if got := formOf(t, up.Last()); !slices.Equal(got, want) {
			t.Errorf("%s: form %q, want %q", name, got, want)
		}
	}
}

// Pictures in the input make an edit of it: a form with files.
func TestEdits(t *testing.T) {
	t.Parallel()
	const png = "data:image/png;base64,iVBORw=="
	for name, c := range map[string]struct {
		input string
		want  []string
	}{
		"one":  {`{"prompt":"a cat","n":2,"image":"` + png + `"}`, []string{"model=up", "prompt=a cat", "n=2", "image=\x89PNG picture.png image/png"}},
		"list": {`{"image":["` + png + `"],"stream":true}`, []string{"model=up", "image=\x89PNG picture.png image/png"}},
		"two": {`{"image":["` + png + `","` + png + `"],"mask":"` + png + `","partial_images":1}`,
			[]string{"model=up", "partial_images=1", "stream=true", "image[]=\x89PNG picture.png image/png", "image[]=\x89PNG picture.png image/png", "mask=\x89PNG picture.png image/png"}},
	} {
		up, p := upstream(t, nil)
		up.On("POST /v1/images/edits", providertest.JSON(200, `{"data":[{"b64_json":"aGk="}]}`))
		result, err := predict(t, p, "image", c.input)
		if err != nil || len(result.Files) != 1 || string(result.Files[0].Data) != "hi" {
			t.Fatalf("%s: %+v, error %v", name, result, err)
		}
		if got := formOf(t, up.Last()); !slices.Equal(got, c.want) {
			t.Errorf("%s: form %q, want %q", name, got, c.want)
		}
	}
	_, p := upstream(t, nil)
	_, err := predict(t, p, "image", `{"image":"https://files.example.test/a.png"}`)
	wantClass(t, "an address", err, provider.Rejected)
	_, err = predict(t, p, "image", `{"image":[7]}`)
	wantClass(t, "a number", err, provider.Rejected)
}

func TestPartialPictures(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, nil)
	up.On(imagesPath, providertest.Events(
		mediaEvent("image_generation.partial_image", `"b64_json":"aA==","partial_image_index":0,"output_format":"png"`), mediaEvent("ping", `"x":1`),
		mediaEvent("image_generation.completed", `"b64_json":"aGk=","output_format":"png"`)))
	heard := &providertest.Heard{}
	result, err := p.Predict(t.Context(), &provider.Run{ID: "run", Model: "up", Kind: "image", Input: json.RawMessage(`{"prompt":"a cat","partial_images":2}`), Watch: heard})
	if err != nil || len(result.Files) != 1 || string(result.Files[0].Data) != "hi" || result.Files[0].Type != "image/png" {
		t.Fatalf("%+v, error %v", result, err)
	}
	if news := heard.News(); len(news) != 1 || len(news[0].Output) != 1 || string(news[0].Output[0].Data) != "h" {
		t.Errorf("news %+v", news)
	}
	if got := up.Last().Body; got != `{"prompt":"a cat","partial_images":2,"model":"up","stream":true}` {
		t.Errorf("sent %s", got)
	}
}

// mediaEvent is one of a stream, as OpenAI writes them.
func mediaEvent(kind, members string) string {
	return "event: " + kind + "\ndata: {\"type\":\"" + kind + "\"," + members + "}\n\n"
}

func TestTranscriptInPieces(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, nil)
	up.On(transcriptsPath, providertest.Events(mediaEvent("transcript.text.delta", `"delta":"Hel"`), mediaEvent("transcript.text.delta", `"delta":"lo."`),
		mediaEvent("transcript.text.done", `"text":"Hello."`), "data: [DONE]\n\n"))
	heard := &providertest.Heard{}
	result, err := p.Predict(t.Context(), &provider.Run{ID: "run", Model: "up", Kind: "text", Input: json.RawMessage(`{"file":"` + soundURL + `","stream":true}`), Watch: heard})
	if err != nil || result.Text == nil || *result.Text != "Hello." {
		t.Fatalf("%+v, error %v", result, err)
	}
	if news := heard.News(); len(news) != 2 || news[0].Text != "Hel" || news[1].Text != "lo." {
		t.Errorf("news %+v", news)
	}
	if got := formOf(t, up.Last()); !slices.Contains(got, "stream=true") {
		t.Errorf("form %q", got)
	}
}

// A stream that does not come to its end leaves in doubt what was done; one that tells an
// error says it.
func TestMediaStreamsThatEndBadly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script providertest.Script
		class  provider.Class
	}{
		"no end":  {providertest.Events(mediaEvent("transcript.text.delta", `"delta":"Hel"`)), provider.Ambiguous},
		"garbage": {providertest.Events("data: {\n\n"), provider.Ambiguous},
		"cut": {func(x *providertest.Exchange) {
			x.Head(200, "Content-Type", "text/event-stream")
			x.Say(mediaEvent("transcript.text.delta", `"delta":"x"`))
			x.Cut()
		}, provider.Ambiguous},
		"error": {providertest.Events(`data: {"error":{"message":"up broke down"}}` + "\n\n"), provider.Failed},
	} {
		up, p := upstream(t, nil)
		up.On(transcriptsPath, c.script)
		up.On(imagesPath, c.script)
		_, err := predict(t, p, "text", `{"file":"`+soundURL+`","stream":true}`)
		wantClass(t, name, err, c.class)
		_, err = predict(t, p, "image", `{"prompt":"a cat","partial_images":1}`)
		wantClass(t, name+" picture", err, c.class)
	}
}

func TestTimesOfATranscript(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, nil)
	up.On(transcriptsPath, providertest.JSON(200, `{"text": "Hi.", "segments": [{"id":0}]}`))
	result, err := predict(t, p, "text", `{"file":"`+soundURL+`","response_format":"verbose_json"}`)
	if err != nil || string(result.JSON) != `{"text":"Hi.","segments":[{"id":0}]}` {
		t.Errorf("%+v, error %v", result, err)
	}
}

// formOf reads the parts of a form, as name=content and what else a file says.
func formOf(t *testing.T, r providertest.Recorded) (parts []string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		t.Fatalf("content type %q, error %v", kind, err)
	}
	form := multipart.NewReader(strings.NewReader(r.Body), params["boundary"])
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			return parts
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		text := part.FormName() + "=" + string(content)
		if name := part.FileName(); name != "" {
			text += " " + name + " " + part.Header.Get("Content-Type")
		}
		parts = append(parts, text)
	}
}

func TestMediaRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  int
		body    string
		class   provider.Class
		message string
	}{
		"policy":   {400, `{"error":{"message":"up refuses such prompts","code":"content_policy_violation","param":null}}`, provider.Rejected, "shown refuses such prompts"},
		"model":    {400, `{"error":{"message":"no up","code":"model_not_found"}}`, provider.Denied, "no shown"},
		"by field": {400, `{"error":{"message":"no up","param":"model"}}`, provider.Denied, "no shown"},
		"size":     {409, `{"error":{"message":"not now"}}`, provider.Rejected, "not now"},
	} {
		up, p := upstream(t, nil)
		up.On(imagesPath, providertest.JSON(c.status, c.body))
		_, err := predict(t, p, "image", `{"prompt":"a cat"}`)
		if e := wantClass(t, name, err, c.class); e.Message != c.message {
			t.Errorf("%s: message %q", name, e.Message)
		}
	}
}

func TestPictureType(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, nil)
	up.On(imagesPath, providertest.JSON(200, `{"data":[{"b64_json":"aGk="}],"output_format":"webp"}`))
	result, err := predict(t, p, "image", `{"prompt":"a cat"}`)
	if err != nil || len(result.Files) != 1 || result.Files[0].Type != "image/webp" {
		t.Errorf("result %+v, error %v", result, err)
	}
}

// Work that another kind of provider began cannot be gone on with.
func TestMediaHasNothingToResume(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, nil)
	_, err := p.Predict(t.Context(), &provider.Run{ID: "run", Upstream: "x", Kind: "image", Input: json.RawMessage(`{}`), Watch: &providertest.Heard{}})
	wantClass(t, "resumed", err, provider.Ambiguous)
	if n := len(up.Requests()); n > 0 {
		t.Errorf("%d requests", n)
	}
}

// The answer may take longer than any answer of the inference routes.
func TestMediaHasAClientOfItsOwn(t *testing.T) {
	t.Parallel()
	up := providertest.NewUpstream(t, providertest.HTTP1)
	up.On(imagesPath, providertest.JSON(200, `{"data":[{"b64_json":"aGk="}]}`))
	p := openai.New(openai.Options{BaseURL: up.URL.JoinPath("v1"), Upstream: nil, Media: up.Client})
	result, err := predict(t, p, "image", `{"prompt":"a cat"}`)
	if err != nil || string(result.Files[0].Data) != "hi" || result.Files[0].Type != "" {
		t.Errorf("result %+v, error %v", result, err)
	}
}

func TestModelsOfMediaRoutes(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"dall-e-2": "image", "dall-e-3": "image", "gpt-image-1": "image", "chatgpt-image-latest": "image", "tts-1-hd": "audio", "gpt-4o-mini-tts": "audio",
		"openai/whisper-large-v3": "text", "gpt-4o-transcribe-diarize": "text", "gpt-4o": "", "gpt-realtime-whisper": "", "watts-7b": "", "text-embedding-3-small": "",
	} {
		up, p := upstream(t, nil)
		up.On("/v1/models", providertest.JSON(200, `{"data":[{"id":`+quote(name)+`}]}`))
		got, err := p.Models(t.Context())
		if err != nil || len(got) != 1 || got[0].Name != name || got[0].Type != want {
			t.Fatalf("%s: %+v, error %v", name, got, err)
		}
		l := got[0]
		if want == "" {
			if l.API != "" || l.InputSchema != nil {
				t.Errorf("%s: %+v", name, l)
			}
			continue
		}
		if l.API != "prediction" || len(l.Capabilities) != 1 || !json.Valid(l.OutputSchema) {
			t.Errorf("%s: %+v", name, l)
		}
		checkSchema(t, name, l.InputSchema)
	}
}

// checkSchema wants what a form needs: each field with a title, a description and its place.
func checkSchema(t *testing.T, name string, text json.RawMessage) {
	t.Helper()
	var schema struct {
		Title      string
		Required   []string
		Properties map[string]struct {
			Type, Title, Description string
			Order                    *int `json:"x-order"`
		}
	}
	if err := json.Unmarshal(text, &schema); err != nil || schema.Title == "" || len(schema.Required) != 1 {
		t.Fatalf("%s: schema %s, error %v", name, text, err)
	}
	seen := map[int]bool{}
	for field, p := range schema.Properties {
		if p.Type == "" || p.Title == "" || p.Description == "" || p.Order == nil || seen[*p.Order] || *p.Order >= len(schema.Properties) {
			t.Errorf("%s: field %s is %+v", name, field, p)
			continue
		}
		seen[*p.Order] = true
	}
	if _, ok := schema.Properties[schema.Required[0]]; !ok {
		t.Errorf("%s: required %q", name, schema.Required)
	}
}

// What an upstream says of tokens and seconds is read, in both routes' words; several parts
// of a stream are one sum.
func TestMediaCounts(t *testing.T) {
	t.Parallel()
	const picture, sound = `{"prompt":"a cat"}`, `{"file":"` + soundURL + `"}`
	pictures := &provider.Counts{Input: 50, Output: 50, Total: 100, InputOf: map[string]int64{"text_tokens": 10, "image_tokens": 40}}
	const told = `"usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40,"other":"x"}}`
	done := `data: {"type":"image_generation.completed","b64_json":"iVBO",` + told + "}\n\n"
	for name, c := range map[string]struct {
		kind, input string
		script      providertest.Script
		want        *provider.Counts
	}{
		"pictures":  {"image", picture, providertest.JSON(200, `{"data":[{"b64_json":"iVBO"}],`+told+`}`), pictures},
		"none":      {"image", picture, providertest.JSON(200, `{"data":[{"b64_json":"iVBO"}],"usage":null}`), nil},
		"zeros":     {"image", picture, providertest.JSON(200, `{"data":[{"b64_json":"iVBO"}],"usage":{"input_tokens":0,"total_tokens":"7","output_tokens":-3}}`), nil},
		"a stream":  {"image", `{"prompt":"a cat","partial_images":1}`, providertest.Events(done), pictures},
		"two parts": {"image", `{"prompt":"a cat","partial_images":1}`, providertest.Events(done, done), &provider.Counts{Input: 100, Output: 100, Total: 200, InputOf: map[string]int64{"text_tokens": 20, "image_tokens": 80}}},
		"tokens": {"text", sound, providertest.JSON(200, `{"text":"Hi.","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":0,"audio_tokens":14},"output_tokens":4}}`),
			&provider.Counts{Input: 14, Output: 4, Total: 18, InputOf: map[string]int64{"text_tokens": 0, "audio_tokens": 14}}},
		"seconds":      {"text", sound, providertest.JSON(200, `{"text":"Hi.","usage":{"type":"duration","seconds":9}}`), &provider.Counts{Seconds: 9}},
		"with times":   {"text", sound, providertest.JSON(200, `{"text":"Hi.","segments":[],"usage":{"type":"duration","seconds":9}}`), &provider.Counts{Seconds: 9}},
		"text pieces":  {"text", `{"file":"` + soundURL + `","stream":true}`, providertest.Events("data: {\"type\":\"transcript.text.done\",\"text\":\"Hi.\",\"usage\":{\"type\":\"duration\",\"seconds\":2.5}}\n\n"), &provider.Counts{Seconds: 2.5}},
		"unbelievable": {"text", sound, providertest.JSON(200, `{"text":"Hi.","usage":{"seconds":1e99}}`), nil},
	} {
		up, p := upstream(t, nil)
		up.On(imagesPath, c.script)
		up.On(transcriptsPath, c.script)
		result, err := predict(t, p, c.kind, c.input)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, result.Counts); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A sound is told while it is read; what may be an error in its place is not.
func TestASoundIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ kind, body, want string }{
		"a sound":     {"audio/mpeg; x=y", "ID3 and more", "ID3 and more"},
		"no type":     {"", "ID3", "ID3"},
		"an error":    {"audio/mpeg", `{"error":{"message":"broke"}}`, ""},
		"a text":      {"text/html", "<html>", ""},
		"JSON's type": {"application/json", "ID3", ""},
	} {
		up, p := upstream(t, nil)
		up.On(speechPath, typed(c.kind, c.body))
		heard := &providertest.Heard{}
		_, _ = p.Predict(t.Context(), &provider.Run{ID: "run", Model: "up", Show: "shown", Kind: "audio", Input: json.RawMessage(`{"text":"hi"}`), Watch: heard})
		got := ""
		for _, news := range heard.News() {
			if got += string(news.Sound); news.SoundType != "" && news.SoundType != "audio/mpeg" {
				t.Errorf("%s: of type %q", name, news.SoundType)
			}
		}
		if got != c.want {
			t.Errorf("%s: told %q", name, got)
		}
	}
}
