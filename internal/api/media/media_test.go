package media_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"skytower/internal/api/media"
	"skytower/internal/fault"
	"skytower/internal/prediction"
	"skytower/internal/provider"
	"skytower/internal/skytells"
)

// site is a stage with a model of each kind.
func site(t *testing.T) *stage {
	t.Helper()
	prompted := skytells.Schema(`{"properties":{"prompt":{"type":"string"}}}`)
	return newStage(t,
		skytells.ModelSpec{Slug: "painter", Type: "image", InputSchema: prompted},
		skytells.ModelSpec{Slug: "my-gpt-image", Type: "image", InputSchema: prompted},
		skytells.ModelSpec{Slug: "enlarger", Type: "image", InputSchema: skytells.Schema(`{"properties":{"image":{"type":"string"}}}`)},
		skytells.ModelSpec{Slug: "voice", Type: "audio", InputSchema: skytells.Schema(`{"properties":{"text":{"type":"string"}}}`)},
		skytells.ModelSpec{Slug: "scribe", Type: "text", InputSchema: skytells.Schema(`{"properties":{"audio":{"type":"string"}}}`),
			OutputSchema: skytells.Schema(`{"properties":{"segments":{"type":"array"}}}`)},
	)
}

func post(t *testing.T, s *stage, route, body string, header ...string) reply {
	t.Helper()
	return send(t, s.routes(), route, strings.NewReader(body), header...)
}

// What a model is for, its kind and its input say.
func TestRouteOf(t *testing.T) {
	t.Parallel()
	models := site(t).models
	for slug, want := range map[string]string{
		"painter": "POST /v1/images/generations", "enlarger": "POST /v1/images/edits", "voice": "POST /v1/audio/speech", "scribe": "POST /v1/audio/transcriptions",
	} {
		m, err := models.BySlug(slug)
		if err != nil {
			t.Fatal(err)
		}
		if got := media.RouteOf(m); got != want {
			t.Errorf("%s: %q", slug, got)
		}
	}
	for _, kind := range []string{"image", "audio", "text", "video"} {
		m, err := newStage(t, skytells.ModelSpec{Slug: "odd", Type: kind, InputSchema: skytells.Schema(`{"properties":{"seed":{"type":"integer"}}}`)}).models.BySlug("odd")
		if err != nil {
			t.Fatal(err)
		}
		if got := media.RouteOf(m); got != "" {
			t.Errorf("%s that takes a number alone: %q", kind, got)
		}
	}
}

func TestPictures(t *testing.T) {
	t.Parallel()
	s := site(t)
	for i := range 4 {
		s.puts(i, pngHead)
	}
	link := "http://localhost:8080/files/file-1"
	coded := base64.StdEncoding.EncodeToString([]byte(pngHead))
	for i, c := range []struct{ body, want string }{
		{`{"model":"painter","prompt":"a cat"}`, `{"created":1785000000,"data":[{"url":"` + link + `"}],"output_format":"png"}`},
		{`{"model":"painter","prompt":"a cat","response_format":"b64_json","size":"auto"}`, `{"created":1785000000,"data":[{"b64_json":"` + coded + `"}],"size":"auto","output_format":"png"}`},
		{`{"model":"my-gpt-image","prompt":"a cat"}`, `{"created":1785000000,"data":[{"b64_json":"` + coded + `"}],"output_format":"png"}`},
		{`{"model":"my-gpt-image","prompt":"a cat","response_format":"url"}`, `{"created":1785000000,"data":[{"url":"http://localhost:8080/files/file-4"}],"output_format":"png"}`},
	} {
		got := post(t, s, "images/generations", c.body)
		if got.status != 200 || got.body != c.want {
			t.Errorf("%s: %d %s", c.body, got.status, got.body)
		}
		want := fmt.Sprintf("00000000-0000-7000-8000-%012d", i+1)
		if got.header.Get("X-Skytells-Prediction") != want || got.header.Get("X-Skytells-Model") == "" || got.header.Get("X-Skytells-Ratelimit-Window") != "60" {
			t.Errorf("%s: header %v", c.body, got.header)
		}
	}
}

// Of several predictions those that succeed are the answer; where none does, the first
// one's failure is.
func TestSomeFail(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.puts(1, pngHead)
	s.become = func(i int) prediction.Record {
		if i == 1 {
			return prediction.Record{Status: prediction.Succeeded}
		}
		return prediction.Record{Status: prediction.Failed, ErrorID: "PREDICTION_FAILED", Error: "out of paint"}
	}
	got := post(t, s, "images/generations", `{"model":"painter","prompt":"a cat","n":3}`)
	if got.status != 200 || strings.Count(got.body, `"url"`) != 1 || len(strings.Split(got.header.Get("X-Skytells-Prediction"), ", ")) != 3 {
		t.Errorf("%d %s", got.status, got.body)
	}
	got = post(t, s, "images/generations", `{"model":"painter","prompt":"a cat","n":2}`)
	if e := refused(t, got); e.ErrorID != "INFERENCE_ERROR" || e.Message != "out of paint" || got.header.Get("X-Should-Retry") != "false" || got.header.Get("X-Skytells-Ratelimit-Window") != "" {
		t.Errorf("%d %s %v", got.status, got.body, got.header)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	s := site(t)
	for _, c := range []struct {
		rec    prediction.Record
		id     string
		status int
		retry  string
	}{
		{prediction.Record{Status: prediction.Failed, ErrorID: "INVALID_INPUT", Error: "no cats"}, "INVALID_PARAMETER", 400, ""},
		{prediction.Record{Status: prediction.Failed, ErrorID: "SERVICE_UNAVAILABLE", Error: "away"}, "SERVICE_UNAVAILABLE", 503, ""},
		{prediction.Record{Status: prediction.Failed, ErrorID: "SECURITY_VIOLATION", Error: "no"}, "SECURITY_VIOLATION", 403, ""},
		{prediction.Record{Status: prediction.Failed, ErrorID: "INFERENCE_TIMEOUT"}, "INFERENCE_TIMEOUT", 504, "false"},
		{prediction.Record{Status: prediction.Failed, ErrorID: "OF_ANOTHER_VERSION"}, "INFERENCE_ERROR", 500, "false"},
		{prediction.Record{Status: prediction.Cancelled}, "INFERENCE_ERROR", 500, "false"},
		{prediction.Record{Status: prediction.Succeeded}, "INFERENCE_ERROR", 500, "false"}, // without a picture
	} {
		s.become = func(int) prediction.Record { return c.rec }
		got := post(t, s, "images/generations", `{"model":"painter","prompt":"a cat"}`)
		if e := refused(t, got); e.ErrorID != c.id || got.status != c.status || e.Message == "" || got.header.Get("X-Should-Retry") != c.retry {
			t.Errorf("%+v: %d %s %v", c.rec, got.status, got.body, got.header)
		}
	}
}

// A prediction that is refused ends those before it, and leaves no file.
func TestRefusedHalfway(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.refuse = &fault.Error{ID: fault.RateLimitExceeded, Message: "too many", RetryAfter: time.Second}
	body, kind := formOf(t, [][2]string{{"model", "enlarger"}, {"image", "@a.png"}, {"n", "3"}})
	got := send(t, s.routes(), "images/edits", body, "Content-Type", kind)
	if e := refused(t, got); e.ErrorID != "RATE_LIMITED" || len(s.cancelled) != 1 || s.cancelled[0] != s.made[0].ID {
		t.Errorf("%d %s, cancelled %v of %v", got.status, got.body, s.cancelled, s.made)
	}
	if c := s.asked[0]; c.ID == "" || !slices.Equal(c.Files, []string{"file-1"}) {
		t.Errorf("asked for %+v", c)
	}
}

func TestRequestsThatAreNone(t *testing.T) {
	t.Parallel()
	s := site(t)
	for body, id := range map[string]string{
		``: "INVALID_REQUEST", `{`: "INVALID_REQUEST", `[]`: "INVALID_REQUEST", `{"prompt":"x"}`: "INVALID_PARAMETER", `{"model":7}`: "INVALID_PARAMETER",
		`{"model":"painter","prompt":"x","prompt":"y"}`: "INVALID_PARAMETER", `{"model":"painter","prompt":"x","n":1.5}`: "INVALID_PARAMETER",
		`{"model":"painter","prompt":"x","stream":"yes"}`: "INVALID_PARAMETER", `{"model":"painter","prompt":"x","response_format":"gif"}`: "INVALID_PARAMETER",
		`{"model":"none","prompt":"x"}`:      "MODEL_NOT_FOUND",
		`{"model":"painter","prompt":["x"]}`: "INVALID_PARAMETER", `{"model":"painter","prompt":"x","partial_images":4}`: "INVALID_PARAMETER",
	} {
		if e := refused(t, post(t, s, "images/generations", body)); e.ErrorID != id {
			t.Errorf("%s: %+v", body, e)
		}
	}
	if e := refused(t, post(t, s, "images/edits", `{"model":"enlarger"}`)); e.ErrorID != "INVALID_REQUEST" {
		t.Errorf("an edit without a form: %+v", e)
	}
	if e := refused(t, post(t, s, "images/edits", "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nenl", "Content-Type", "multipart/form-data; boundary=b")); e.ErrorID != "INVALID_REQUEST" {
		t.Errorf("a cut form: %+v", e)
	}
	if len(s.asked) > 0 {
		t.Errorf("%d predictions", len(s.asked))
	}
}

func TestSpeech(t *testing.T) {
	t.Parallel()
	s := site(t)
	sound := wavHead + strings.Repeat("x", 30_000)
	s.puts(0, sound)
	s.puts(1, sound)
	got := post(t, s, "audio/speech", `{"model":"voice","input":"hi","voice":"alloy"}`)
	if got.status != 200 || got.body != sound || got.header.Get("Content-Type") != "audio/wave" && got.header.Get("Content-Type") != "audio/wav" {
		t.Errorf("%d, %d bytes, %v", got.status, len(got.body), got.header)
	}
	got = post(t, s, "audio/speech", `{"model":"voice","input":"hi","stream_format":"sse"}`)
	var all []byte
	var last string
	for _, data := range eventsOf(got.body) {
		var e media.SpeechEvent
		must(t, json.Unmarshal([]byte(data), &e))
		piece, err := base64.StdEncoding.DecodeString(e.Audio)
		must(t, err)
		all, last = append(all, piece...), e.Type
	}
	if string(all) != sound || last != "speech.audio.done" {
		t.Errorf("%d bytes, %s last", len(all), last)
	}
}

// eventsOf are the data of a stream's events.
func eventsOf(stream string) (all []string) {
	for _, line := range strings.Split(stream, "\n") {
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			all = append(all, data)
		}
	}
	return all
}

func TestTranscription(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.become = func(int) prediction.Record {
		return prediction.Record{Status: prediction.Succeeded, Output: `{"text":"Hi.","segments":[{"id":0,"start":0,"end":1,"text":"Hi."}]}`}
	}
	for form, want := range map[string]string{
		"json": `{"text":"Hi."}`, "text": "Hi.\n", "vtt": "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nHi.\n\n",
		"verbose_json": `{"task":"transcribe","language":"","duration":1,"text":"Hi.","segments":[{"id":0,"start":0,"end":1,"text":"Hi."}]}`,
	} {
		body, kind := formOf(t, [][2]string{{"file", "@a.wav"}, {"response_format", form}, {"model", "scribe"}})
		if got := send(t, s.routes(), "audio/transcriptions", body, "Content-Type", kind); got.status != 200 || got.body != want {
			t.Errorf("%s: %d %q", form, got.status, got.body)
		}
	}
}

// told is an output event of a stream.
func told(output, file string) prediction.Event {
	files := "[]"
	if file != "" {
		files = `[{"name":"x","type":"image/png","size":8,"url":"http://localhost:8080/files/` + file + `"}]`
	}
	return prediction.Event{Name: "output", Data: []byte(`{"output":` + output + `,"metadata":{"storage":{"files":` + files + `}}}`)}
}

func TestTranscriptStream(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.become = func(int) prediction.Record {
		return prediction.Record{Status: prediction.Succeeded, Output: `"Hello there."`}
	}
	s.news = func(string) []prediction.Event { return []prediction.Event{told(`"Hel"`, ""), told(`"lo"`, "")} }
	body, kind := formOf(t, [][2]string{{"file", "@a.wav"}, {"stream", "true"}, {"model", "scribe"}})
	got := send(t, s.routes(), "audio/transcriptions", body, "Content-Type", kind)
	want := []string{
		`{"type":"transcript.text.delta","delta":"Hel"}`, `{"type":"transcript.text.delta","delta":"lo"}`, `{"type":"transcript.text.delta","delta":" there."}`,
		`{"type":"transcript.text.done","text":"Hello there."}`,
	}
	if all := eventsOf(got.body); got.status != 200 || !slices.Equal(all, want) || !s.asked[0].Stream {
		t.Errorf("%d %q", got.status, all)
	}
}

func TestPictureStream(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.puts(0, pngHead) // file-1
	s.news = func(string) []prediction.Event {
		return []prediction.Event{told(`null`, "file-1"), told(`null`, "file-1")}
	}
	got := post(t, s, "images/generations", `{"model":"painter","prompt":"x","stream":true,"partial_images":1}`)
	coded := base64.StdEncoding.EncodeToString([]byte(pngHead))
	rest := `"created_at":1785000000,"size":"auto","quality":"auto","background":"auto","output_format":"png"}`
	want := []string{
		`{"type":"image_generation.partial_image","b64_json":"` + coded + `","partial_image_index":0,"created_at":0` + strings.TrimPrefix(rest, `"created_at":1785000000`),
		`{"type":"image_generation.completed","b64_json":"` + coded + `",` + rest,
	}
	want[0] = strings.Replace(want[0], `"created_at":0`, `"created_at":1785000000`, 1)
	if all := eventsOf(got.body); got.status != 200 || !slices.Equal(all, want) {
		t.Errorf("%d\n%q\n%q", got.status, all, want)
	}
	// A failure before the first event is a status, one after it is an event.
	s.become = func(int) prediction.Record {
		return prediction.Record{Status: prediction.Failed, ErrorID: "PREDICTION_FAILED", Error: "out of paint"}
	}
	got = post(t, s, "images/generations", `{"model":"painter","prompt":"x","stream":true,"partial_images":1}`)
	if !strings.Contains(got.body, "event: error\n") || !strings.Contains(got.body, `"message":"out of paint"`) {
		t.Errorf("in band: %s", got.body)
	}
	s.news = nil
	got = post(t, s, "images/generations", `{"model":"painter","prompt":"x","stream":true}`)
	if e := refused(t, got); e.Message != "out of paint" || got.header.Get("X-Skytells-Ratelimit-Window") != "" {
		t.Errorf("%+v %v", e, got.header)
	}
}

// hanging makes a call of a prediction that does not end, and ends its context.
func hanging(t *testing.T, s *stage, end func(context.CancelCauseFunc), header ...string) *httptest.ResponseRecorder {
	t.Helper()
	s.become = func(int) prediction.Record { return prediction.Record{Status: prediction.Processing} }
	ctx, cancel := context.WithCancelCause(t.Context())
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://localhost:8080/v1/images/generations", strings.NewReader(`{"model":"painter","prompt":"x","n":2}`))
	req.Header.Set("Authorization", "Bearer sk-first")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }() // the connection is cut
		s.routes().ServeHTTP(w, req)
	}()
	<-s.waiting
	end(cancel)
	<-done
	return w
}

func TestWhoLeavesCancels(t *testing.T) {
	t.Parallel()
	s := site(t)
	hanging(t, s, func(cancel context.CancelCauseFunc) { cancel(nil) })
	if len(s.cancelled) != 2 {
		t.Errorf("cancelled %v", s.cancelled)
	}
	s = site(t)
	hanging(t, s, func(cancel context.CancelCauseFunc) { cancel(nil) }, "Idempotency-Key", "mine")
	if len(s.cancelled) != 0 || s.asked[0].IdempotencyKey != "mine" || s.asked[1].IdempotencyKey != "mine.1" {
		t.Errorf("with a key: cancelled %v, asked %+v", s.cancelled, s.asked)
	}
}

func TestTheServerStops(t *testing.T) {
	t.Parallel()
	s := site(t)
	w := hanging(t, s, func(cancel context.CancelCauseFunc) {
		cancel(&fault.Error{ID: fault.ServiceUnavailable, Message: "The server stops.", RetryAfter: time.Second})
	})
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("X-Skytells-Prediction") == "" || len(s.cancelled) != 2 {
		t.Errorf("%d %s %v, cancelled %v", w.Code, w.Body, w.Header(), s.cancelled)
	}
}

func TestLongEnough(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.become = func(int) prediction.Record { return prediction.Record{Status: prediction.Processing} }
	h := s.changed(func(h *media.Handlers) { h.MaxWait = time.Nanosecond })
	got := send(t, h, "images/generations", strings.NewReader(`{"model":"painter","prompt":"x"}`))
	if e := refused(t, got); e.ErrorID != "INFERENCE_TIMEOUT" || got.header.Get("X-Should-Retry") != "false" || len(s.cancelled) != 0 || !strings.Contains(e.Message, s.made[0].ID) {
		t.Errorf("%d %s, cancelled %v", got.status, got.body, s.cancelled)
	}
}

// The same request by the same key gives back the first predictions, and its files' names
// don't make it another one.
func TestSameAgain(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.puts(0, pngHead)
	for range 2 {
		body, kind := formOf(t, [][2]string{{"model", "enlarger"}, {"image", "@a.png"}})
		send(t, s.routes(), "images/edits", body, "Content-Type", kind, "Idempotency-Key", "mine")
	}
	first, second := s.asked[0], s.asked[1]
	if string(first.Input) == string(second.Input) || string(first.Same) != string(second.Same) || !strings.Contains(string(first.Same), "sha256:") || len(s.made) != 1 {
		t.Errorf("%s and %s; the same are %s and %s", first.Input, second.Input, first.Same, second.Same)
	}
	if e := refused(t, post(t, s, "images/generations", `{}`, "Idempotency-Key", strings.Repeat("x", 251))); e.ErrorID != "INVALID_PARAMETER" {
		t.Errorf("%+v", e)
	}
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	s := site(t)
	got := post(t, s, "images/generations", `{"model":"painter","prompt":"x","n":2,"dry_run":true}`)
	if got.status != 200 || !strings.Contains(got.body, `"dry_run":true`) || len(s.asked) > 0 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestFormsAreBounded(t *testing.T) {
	t.Parallel()
	s := site(t)
	h := s.changed(func(h *media.Handlers) { h.MaxUpload = 10 })
	body, kind := formOf(t, [][2]string{{"image", "@large.png"}, {"model", "enlarger"}})
	if got := send(t, h, "images/edits", body, "Content-Type", kind); got.status == 200 || len(s.asked) > 0 {
		t.Errorf("a large file: %d %s", got.status, got.body)
	}
	fields := [][2]string{{"model", "enlarger"}}
	for i := range 101 {
		fields = append(fields, [2]string{fmt.Sprintf("x%d", i), "1"})
	}
	body, kind = formOf(t, fields)
	if e := refused(t, send(t, s.routes(), "images/edits", body, "Content-Type", kind)); e.ErrorID != "INVALID_REQUEST" {
		t.Errorf("many fields: %+v", e)
	}
	body, kind = formOf(t, [][2]string{{"prompt", strings.Repeat("x", 300<<10)}})
	if e := refused(t, send(t, s.routes(), "images/edits", body, "Content-Type", kind)); e.ErrorID != "INVALID_PARAMETER" {
		t.Errorf("a long text: %+v", e)
	}
}

// What upstreams counted is told as it is, in the form of each route; of several predictions
// together, where all were counted. Else a transcript tells how long the sound is.
func TestUsage(t *testing.T) {
	t.Parallel()
	const first, second = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"
	tokens := &provider.Counts{Input: 3, Output: 40, Total: 43, InputOf: map[string]int64{"text_tokens": 3, "image_tokens": 0}}
	one := `"usage":{"input_tokens":3,"output_tokens":40,"total_tokens":43,"input_tokens_details":{"image_tokens":0,"text_tokens":3}}`
	two := `"usage":{"input_tokens":6,"output_tokens":80,"total_tokens":86,"input_tokens_details":{"image_tokens":0,"text_tokens":6}}`
	for _, c := range []struct {
		body   string
		counts map[string]*provider.Counts
		want   string // "": no usage
	}{
		{`{"model":"painter","prompt":"x"}`, map[string]*provider.Counts{first: tokens}, one},
		{`{"model":"painter","prompt":"x","n":2}`, map[string]*provider.Counts{first: tokens, second: tokens}, two},
		{`{"model":"painter","prompt":"x","n":2}`, map[string]*provider.Counts{first: tokens}, ""},
		{`{"model":"painter","prompt":"x","stream":true}`, map[string]*provider.Counts{first: tokens}, one},
		{`{"model":"painter","prompt":"x","stream":true}`, nil, ""},
	} {
		s := site(t)
		s.puts(0, pngHead)
		s.puts(1, pngHead)
		s.counts = c.counts
		got := post(t, s, "images/generations", c.body)
		if got.status != 200 || strings.Contains(got.body, `"usage"`) != (c.want != "") || !strings.Contains(got.body, c.want) {
			t.Errorf("%s: %d %s", c.body, got.status, got.body)
		}
	}
	for _, c := range []struct {
		counts *provider.Counts
		output string
		want   string
	}{
		{&provider.Counts{Input: 3, Output: 4, Total: 7, InputOf: map[string]int64{"audio_tokens": 3}}, `"Hi."`,
			`"usage":{"type":"tokens","input_tokens":3,"output_tokens":4,"total_tokens":7,"input_token_details":{"audio_tokens":3}}`},
		{&provider.Counts{Seconds: 8.5}, `"Hi."`, `"usage":{"type":"duration","seconds":9}`},
		{nil, `{"text":"Hi.","duration":1.25}`, `"usage":{"type":"duration","seconds":2}`},
		{nil, `"Hi."`, ""},
	} {
		for _, stream := range []string{"false", "true"} {
			s := site(t)
			s.become = func(int) prediction.Record {
				return prediction.Record{ID: first, Status: prediction.Succeeded, Output: c.output}
			}
			s.counted = c.counts
			body, kind := formOf(t, [][2]string{{"file", "@a.wav"}, {"stream", stream}, {"model", "scribe"}})
			got := send(t, s.routes(), "audio/transcriptions", body, "Content-Type", kind)
			if got.status != 200 || strings.Contains(got.body, `"usage"`) != (c.want != "") || !strings.Contains(got.body, c.want) {
				t.Errorf("%+v %s, stream %s: %d %s", c.counts, c.output, stream, got.status, got.body)
			}
		}
	}
}

// live is a server whose prediction ends when hold is closed, and says its sound before.
func live(t *testing.T, sound string) (*stage, *httptest.Server) {
	t.Helper()
	s := site(t)
	s.puts(0, sound)
	s.hold, s.ear = make(chan struct{}), newEar("audio/mpeg")
	server := httptest.NewServer(s.routes())
	t.Cleanup(server.Close)
	return s, server
}

func speak(ctx context.Context, t *testing.T, server *httptest.Server, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/v1/audio/speech", strings.NewReader(body))
	must(t, err)
	req.Header.Set("Authorization", "Bearer sk-first")
	res, err := server.Client().Do(req)
	must(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

const (
	saidPlain = `{"model":"voice","input":"hi","voice":"alloy"}`
	saidSSE   = `{"model":"voice","input":"hi","voice":"alloy","stream_format":"sse"}`
)

// A sound reaches the caller while it is made; what this process did not hear of it comes of
// the file.
func TestSpeechWhileItIsMade(t *testing.T) {
	t.Parallel()
	sound := "ID3" + strings.Repeat("0123456789", 6000)
	for _, stream := range []bool{false, true} {
		s, server := live(t, sound)
		s.ear.says(sound[:10])
		s.ear.says(sound[10:2000])
		body := saidPlain
		if stream {
			body = saidSSE
		}
		res := speak(t.Context(), t, server, body)
		first := make([]byte, 1000)
		if _, err := io.ReadFull(res.Body, first); err != nil {
			t.Fatal(err)
		}
		s.ear.says(sound[2000:2500])
		close(s.hold)
		rest, err := io.ReadAll(res.Body)
		must(t, err)
		got, kind := string(first)+string(rest), "audio/mpeg"
		if stream {
			got, kind = spokenIn(t, got), "text/event-stream"
		}
		if res.StatusCode != 200 || got != sound || res.Header.Get("Content-Type") != kind || res.Header.Get("X-Skytells-Ratelimit-Window") != "60" || res.ContentLength != -1 {
			t.Errorf("stream %v: %d, %d of %d bytes, %v", stream, res.StatusCode, len(got), len(sound), res.Header)
		}
		if s.asked[0].ID == "" || s.made[0].ID != s.asked[0].ID || len(s.cancelled) > 0 {
			t.Errorf("asked for %+v, cancelled %v", s.asked[0], s.cancelled)
		}
	}
}

// spokenIn puts the pieces of a stream together. Their base64 is one text, too.
func spokenIn(t *testing.T, body string) string {
	t.Helper()
	var all []byte
	var coded, last string
	for _, data := range eventsOf(body) {
		var e media.SpeechEvent
		must(t, json.Unmarshal([]byte(data), &e))
		piece, err := base64.StdEncoding.DecodeString(e.Audio)
		must(t, err)
		all, coded, last = append(all, piece...), coded+e.Audio, e.Type
	}
	if coded != base64.StdEncoding.EncodeToString(all) || last != "speech.audio.done" {
		t.Errorf("it ends with %q", last)
	}
	return string(all)
}

// A short sound is sent whole, also where it was heard before.
func TestAShortSound(t *testing.T) {
	t.Parallel()
	s, server := live(t, "ID3 short")
	s.ear.says("ID3 s")
	close(s.hold)
	res := speak(t.Context(), t, server, saidPlain)
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "ID3 short" || res.ContentLength != 9 {
		t.Errorf("%q, %v, %d bytes", body, err, res.ContentLength)
	}
}

// What was sent can't be taken back: where the file is another one, or there is none, the
// answer breaks off, and does not pass for a whole one.
func TestASoundThatBreaksOff(t *testing.T) {
	t.Parallel()
	sound := "ID3" + strings.Repeat("0123456789", 300)
	failed := func(int) prediction.Record {
		return prediction.Record{Status: prediction.Failed, ErrorID: "SERVICE_UNAVAILABLE", Error: "the storage is full"}
	}
	for name, c := range map[string]struct {
		body   string
		file   string
		become func(int) prediction.Record
	}{
		"another file":           {saidPlain, "ID3" + strings.Repeat("9876543210", 300), nil},
		"a shorter file":         {saidPlain, sound[:1500], nil},
		"a failure":              {saidPlain, sound, failed},
		"another file, streamed": {saidSSE, sound[:1500] + "x" + sound[1500:], nil},
		"a failure, streamed":    {saidSSE, sound, failed},
	} {
		s, server := live(t, c.file)
		if c.become != nil {
			s.become = c.become
		}
		s.ear.says(sound[:2000])
		res := speak(t.Context(), t, server, c.body)
		first := make([]byte, 500)
		if _, err := io.ReadFull(res.Body, first); err != nil {
			t.Fatal(err)
		}
		close(s.hold)
		rest, err := io.ReadAll(res.Body)
		if streamed := c.body == saidSSE; streamed && (err != nil || !strings.Contains(string(rest), "event: error\n")) || !streamed && err == nil {
			t.Errorf("%s: %v, and %d bytes", name, err, len(rest))
		}
	}
}

// Who leaves with a part of the sound does not cancel it: he owes all of it.
func TestLeavingASoundThatHasBegun(t *testing.T) {
	t.Parallel()
	sound := "ID3" + strings.Repeat("0123456789", 300)
	for _, heard := range []bool{false, true} {
		s := site(t)
		s.puts(0, sound)
		s.hold, s.ear = make(chan struct{}), newEar("audio/mpeg")
		ctx, cancel := context.WithCancel(t.Context())
		w := &leaver{ResponseRecorder: httptest.NewRecorder(), leave: cancel}
		if heard {
			s.ear.says(sound[:2000])
		} else {
			cancel()
		}
		req := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://localhost:8080/v1/audio/speech", strings.NewReader(saidPlain))
		req.Header.Set("Authorization", "Bearer sk-first")
		func() {
			defer func() { _ = recover() }() // the connection is cut
			s.routes().ServeHTTP(w, req)
		}()
		if got := len(s.cancelled) == 0; got != heard {
			t.Errorf("heard %v: cancelled %v", heard, s.cancelled)
		}
	}
}

// leaver leaves when he got something.
type leaver struct {
	*httptest.ResponseRecorder
	leave func()
}

func (l *leaver) Write(p []byte) (int, error) {
	l.leave()
	return l.ResponseRecorder.Write(p)
}
