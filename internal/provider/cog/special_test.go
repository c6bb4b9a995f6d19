package cog_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/providertest"
)

const id = "01938f6e-5d3a-7c1e-9d43-0a5b8c7e2f10"

// start makes a container over the plain wire, and a run for it.
func start(t *testing.T) (*providertest.Upstream, provider.Predictor, *provider.Run, *providertest.Heard) {
	t.Helper()
	up := providertest.NewUpstream(t, providertest.HTTP1)
	heard := &providertest.Heard{}
	run := &provider.Run{ID: id, Model: "inner", Show: "shown", Kind: "text", Input: []byte(`{"prompt":"a cat"}`), Watch: heard}
	return up, dialect().New(t, up.URL, "token", up.Client, providertest.NoWait), run, heard
}

const done = `{"status":"succeeded","output":["Hello"," you"],"logs":"fine\n"}`

// inTurn answers each request with the next script; the last one stays.
func inTurn(scripts ...providertest.Script) providertest.Script {
	next := make(chan providertest.Script, len(scripts))
	for _, s := range scripts[:len(scripts)-1] {
		next <- s
	}
	close(next)
	return func(x *providertest.Exchange) {
		if s, ok := <-next; ok {
			s(x)
			return
		}
		scripts[len(scripts)-1](x)
	}
}

func asked(up *providertest.Upstream) []string {
	var routes []string
	for _, r := range up.Requests() {
		routes = append(routes, r.Method+" "+strings.ReplaceAll(r.URL.Path, id, "ID"))
	}
	return routes
}

func wantText(t *testing.T, r *provider.Result, err error) {
	t.Helper()
	if err != nil || r.Text == nil || *r.Text != "Hello you" {
		t.Fatalf("result %+v, error %v", r, err)
	}
}

func wantClass(t *testing.T, err error, want provider.Class, message string) {
	t.Helper()
	var e *provider.Error
	if !errors.As(err, &e) || e.Class != want || e.Message != message {
		t.Fatalf("error %v, want %s %q", err, want, message)
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	up, p, run, _ := start(t)
	up.On("PUT /predictions/"+id, providertest.JSON(200, done))
	result, err := p.Predict(t.Context(), run)
	wantText(t, result, err)
	got := up.Last()
	if got.Body != `{"input":{"prompt":"a cat"}}` || got.Header.Get("Prefer") != "" || got.Header.Get("Authorization") != "Bearer token" ||
		got.Header.Get("Content-Type") != "application/json" || got.Header.Get("Accept") != "text/event-stream, application/json" {
		t.Errorf("request %+v", got)
	}
}

// A model without events says so once; then nobody asks for them.
func TestModelWithoutEvents(t *testing.T) {
	t.Parallel()
	up, p, run, _ := start(t)
	up.On("PUT /predictions/"+id, func(x *providertest.Exchange) {
		if strings.Contains(x.Request.Header.Get("Accept"), "event-stream") {
			providertest.JSON(406, `{"error":"no streaming"}`)(x)
			return
		}
		providertest.JSON(200, done)(x)
	})
	for range 2 {
		result, err := p.Predict(t.Context(), run)
		wantText(t, result, err)
	}
	if got := asked(up); len(got) != 3 {
		t.Errorf("requests %q, want three", got)
	}
}

// What an earlier try left running is stopped, and the work is begun anew.
func TestEarlierTryIsStopped(t *testing.T) {
	t.Parallel()
	up, p, run, _ := start(t)
	run.Unsure = true
	running := providertest.JSON(202, `{"id":"x","status":"processing","logs":"half way"}`)
	up.On("PUT /predictions/"+id, inTurn(running, running, providertest.JSON(200, done)))
	up.On("POST /predictions/"+id+"/cancel", providertest.JSON(200, "{}"))
	result, err := p.Predict(t.Context(), run)
	wantText(t, result, err)
	const put, cancel = "PUT /predictions/ID", "POST /predictions/ID/cancel"
	if want := []string{put, cancel, put, cancel, put}; !slices.Equal(asked(up), want) {
		t.Errorf("requests %q, want %q", asked(up), want)
	}
}

// Where the model streams, an earlier try is joined: what it told before comes again.
func TestConnectionLostWhileStreaming(t *testing.T) {
	t.Parallel()
	up, p, run, heard := start(t)
	first := event("log", `{"data":"one\n"}`) + event("output", `{"chunk":"Hello","index":0}`)
	up.On("PUT /predictions/"+id, inTurn(
		func(x *providertest.Exchange) { providertest.Events(first)(x); x.Cut() },
		providertest.Events(first, event("log", `{"data":"two\n"}`), event("output", `{"chunk":" you","index":1}`),
			event("completed", `{"status":"succeeded","output":["Hello"," you"],"logs":"one\ntwo\n"}`)),
	))
	result, err := p.Predict(t.Context(), run)
	wantText(t, result, err)
	lines := slices.DeleteFunc(heard.Lines(), func(s string) bool { return strings.HasPrefix(s, "The connection") })
	text := ""
	for _, news := range heard.News() {
		text += news.Text
	}
	if !slices.Equal(lines, []string{"one", "two"}) || text != "Hello you" {
		t.Errorf("lines %q, text %q", lines, text)
	}
}

// An earlier try that stops because its connection went is no cancelled run.
func TestEarlierTryStopsWhileJoined(t *testing.T) {
	t.Parallel()
	up, p, run, _ := start(t)
	stopped := event("completed", `{"status":"canceled"}`)
	up.On("PUT /predictions/"+id, inTurn(
		func(x *providertest.Exchange) { x.Cut() }, providertest.Events(stopped), providertest.JSON(200, done),
	))
	result, err := p.Predict(t.Context(), run)
	wantText(t, result, err)
}

func TestCancelledThere(t *testing.T) {
	t.Parallel()
	for name, earlier := range map[string]bool{"first try": false, "every try": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up, p, run, _ := start(t)
			run.Unsure = earlier
			up.On("PUT /predictions/"+id, providertest.JSON(200, `{"status":"canceled"}`))
			_, err := p.Predict(t.Context(), run)
			wantClass(t, err, provider.Failed, "The work was cancelled where it ran.")
		})
	}
}

// Events that were dropped hide the work's end: it is begun anew.
func TestEventsWereDropped(t *testing.T) {
	t.Parallel()
	up, p, run, _ := start(t)
	up.On("PUT /predictions/"+id, inTurn(providertest.Events(event("error", `{"error":"lagged"}`)), providertest.JSON(200, done)))
	result, err := p.Predict(t.Context(), run)
	wantText(t, result, err)
	if got := asked(up); !slices.Contains(got, "POST /predictions/ID/cancel") {
		t.Errorf("requests %q", got)
	}
}

// A container that loses every connection is given up.
func TestConnectionAlwaysLost(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]providertest.Script{
		"no answer": func(x *providertest.Exchange) { x.Cut() },
		"half": func(x *providertest.Exchange) {
			x.Head(200, "Content-Type", "application/json")
			x.Say(`{"sta`)
			x.Cut()
		},
		"no last one": providertest.Events(event("start", "{}")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up, p, run, _ := start(t)
			up.On("PUT /predictions/"+id, script)
			_, err := p.Predict(t.Context(), run)
			wantClass(t, err, provider.Broken, "")
			if got := asked(up); len(got) != 4 {
				t.Errorf("requests %q, want four", got)
			}
		})
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	busy := providertest.JSON(409, `{"detail":"Already running a prediction"}`)
	unready := providertest.JSON(503, `{"error":"not ready","status":"failed"}`)
	for name, c := range map[string]struct {
		put     providertest.Script
		health  string
		class   provider.Class
		message string
	}{
		"busy":           {busy, `{"status":"BUSY"}`, provider.Busy, ""},
		"just free":      {busy, `{"status":"READY"}`, provider.Busy, ""},
		"busy and mute":  {busy, "what?", provider.Busy, ""},
		"set-up failed":  {unready, `{"status":"SETUP_FAILED","setup":{"logs":["no","GPU"]}}`, provider.Failed, "The model could not be set up."},
		"defunct":        {busy, `{"status":"DEFUNCT","setup":{"logs":"fine"}}`, provider.Failed, "The model has stopped working."},
		"unhealthy":      {unready, `{"status":"UNHEALTHY"}`, provider.Busy, ""},
		"in between":     {unready, "<html>", provider.Busy, ""},
		"busy and ready": {unready, `{"status":"BUSY"}`, provider.Busy, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up, p, run, _ := start(t)
			up.On("PUT /predictions/"+id, c.put)
			up.On("GET /health-check", providertest.JSON(200, c.health))
			_, err := p.Predict(t.Context(), run)
			wantClass(t, err, c.class, c.message)
		})
	}
}

func TestWaitsForTheSetUp(t *testing.T) {
	t.Parallel()
	up, p, run, heard := start(t)
	busy := providertest.JSON(409, `{"detail":"Already running a prediction"}`)
	up.On("PUT /predictions/"+id, inTurn(busy, busy, providertest.JSON(200, done)))
	up.On("GET /health-check", providertest.JSON(200, `{"status":"STARTING"}`))
	result, err := p.Predict(t.Context(), run)
	wantText(t, result, err)
	if lines := heard.Lines(); !slices.Equal(lines, []string{"The model is being set up.", "The model is being set up.", "fine"}) {
		t.Errorf("lines %q", lines)
	}
}

func TestInputRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, message string }{
		"FastAPI": {`{"detail":[{"loc":["body","input","steps"],"msg":"must be at most 50","type":"value_error"}]}`, "steps: must be at most 50"},
		"coglet":  {`{"id":"x","error":"steps is too large","status":"failed"}`, "steps is too large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up, p, run, _ := start(t)
			up.On("PUT /predictions/"+id, providertest.JSON(422, c.body))
			_, err := p.Predict(t.Context(), run)
			wantClass(t, err, provider.Rejected, c.message)
		})
	}
}

func TestModels(t *testing.T) {
	t.Parallel()
	up, p, _, _ := start(t)
	up.On("GET /openapi.json", providertest.JSON(200, `{"openapi":"3.0.2","info":{"title":"Cog","version":"0.1.0"},"components":{"schemas":{
		"Input":{"type":"object","title":"Input","required":["prompt"],"properties":{
			"prompt":{"type":"string","title":"Prompt","x-order":0},
			"size":{"allOf":[{"$ref":"#/components/schemas/size"}],"default":"small","description":"How large","x-order":1},
			"seed":{"type":"integer","nullable":true,"x-order":2}}},
		"size":{"title":"size","type":"string","enum":["small","large"],"description":"An enumeration."},
		"Output":{"type":"array","items":{"type":"string","format":"uri"},"title":"Output"}}}}`))
	listed, err := p.(provider.Lister).Models(t.Context())
	if err != nil || len(listed) != 1 {
		t.Fatalf("models %+v, error %v", listed, err)
	}
	m := listed[0]
	if m.Name != "test" || m.Title != "" || m.API != "prediction" || m.Type != "image" {
		t.Errorf("model %+v", m)
	}
	want := `{"properties":{"prompt":{"title":"Prompt","type":"string","x-order":0},"seed":{"type":["integer","null"],"x-order":2},` +
		`"size":{"default":"small","description":"How large","enum":["small","large"],"title":"size","type":"string","x-order":1}},` +
		`"required":["prompt"],"title":"Input","type":"object"}`
	if string(m.InputSchema) != want {
		t.Errorf("input schema %s", m.InputSchema)
	}
}

func TestModelsGarbage(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"<html>", "[]", "{}", `{"components":{"schemas":{"Input":7}}}`, `{"components":7}`} {
		up, p, _, _ := start(t)
		up.On("GET /openapi.json", providertest.JSON(200, body))
		_, err := p.(provider.Lister).Models(t.Context())
		wantClass(t, err, provider.Broken, "")
	}
}

// slow is an upstream whose PUT ends by its client's own bound.
type slow struct{ egress.Upstream }

func (s slow) Do(ctx context.Context, r *egress.Request) (*egress.Response, error) {
	if r.Method == http.MethodPut {
		return nil, &egress.Error{Kind: egress.ErrTimeout, Phase: egress.PhaseFirstByte, Sent: true}
	}
	return s.Upstream.Do(ctx, r)
}

// Work that nobody waits for is stopped.
func TestNoAnswerInTime(t *testing.T) {
	t.Parallel()
	up, _, run, _ := start(t)
	up.On("POST /predictions/"+id+"/cancel", providertest.JSON(200, "{}"))
	_, err := dialect().New(t, up.URL, "", slow{up.Client}, providertest.NoWait).Predict(t.Context(), run)
	wantClass(t, err, provider.Timeout, "")
	if got := asked(up); !slices.Equal(got, []string{"POST /predictions/ID/cancel"}) {
		t.Errorf("requests %q", got)
	}
}

// The adapter's own name is all that a log line can show of it.
func TestPrintsNoCredential(t *testing.T) {
	t.Parallel()
	_, p, _, _ := start(t)
	if got := fmt.Sprintf("%v %+v %#v %s", p, p, p, p); strings.Contains(got, "token") || !strings.Contains(got, "cog provider test") {
		t.Errorf("printed %s", got)
	}
}
