package replicate_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strings"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/provider/providertest"
	"skytower/internal/provider/replicate"
)

const (
	byName  = "POST /v1/models/owner/name/predictions"
	byHash  = "POST /v1/predictions"
	hash    = "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa"
	getIt   = "GET /v1/predictions/" + upstreamID
	stopIt  = "POST /v1/predictions/" + upstreamID + "/cancel"
	theirs  = `{"id":"` + upstreamID + `","status":"starting","output":null,"logs":""}`
	theEnd  = `{"id":"` + upstreamID + `","status":"succeeded","output":["https://files.example.test/a.png"],"logs":""}`
	noModel = `{"title":"Not found","detail":"The requested resource could not be found.","status":404}`
)

// start makes an upstream over the plain wire, and a run for it.
func start(t *testing.T, model string, wait providertest.Wait) (*providertest.Upstream, *replicate.Provider, *provider.Run, *providertest.Heard) {
	t.Helper()
	up := providertest.NewUpstream(t, providertest.HTTP1)
	heard := &providertest.Heard{}
	run := &provider.Run{ID: "run", Model: model, Show: "shown", Kind: "image", Input: []byte(`{"prompt":"a cat"}`), Watch: heard}
	return up, newProvider(up.URL, "r8_token", up.Client, wait), run, heard
}

func asked(up *providertest.Upstream) []string {
	var routes []string
	for _, r := range up.Requests() {
		routes = append(routes, r.Method+" "+r.URL.Path)
	}
	return routes
}

func wantClass(t *testing.T, err error, want provider.Class) *provider.Error {
	t.Helper()
	var e *provider.Error
	if !errors.As(err, &e) || e.Class != want {
		t.Fatalf("error %v, want %s", err, want)
	}
	return e
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ model, route, body string }{
		"by name":    {"owner/name", byName, `{"input":{"prompt":"a cat"}}`},
		"by version": {"owner/name:" + hash, byHash, `{"version":"` + hash + `","input":{"prompt":"a cat"}}`},
		"by hash":    {hash, byHash, `{"version":"` + hash + `","input":{"prompt":"a cat"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up, p, run, _ := start(t, c.model, providertest.NoWait)
			up.On(c.route, providertest.JSON(201, theirs))
			up.On(getIt, providertest.JSON(200, theEnd))
			if _, err := p.Predict(t.Context(), run); err != nil {
				t.Fatal(err)
			}
			if want := []string{c.route, getIt}; !slices.Equal(asked(up), want) {
				t.Fatalf("requests %q, want %q", asked(up), want)
			}
			got := up.Requests()[0]
			if got.Body != c.body || got.Header.Get("Authorization") != "Bearer r8_token" || got.Header.Get("Prefer") != "" {
				t.Errorf("request %+v", got)
			}
		})
	}
}

// A model that is not one of Replicate's own is sent by its latest version, which is
// remembered until it is refused.
func TestLatestVersion(t *testing.T) {
	t.Parallel()
	const lookup = "GET /v1/models/owner/name"
	up, p, run, _ := start(t, "owner/name", providertest.NoWait)
	latest := "v1"
	up.On(byName, providertest.JSON(404, noModel))
	up.On(lookup, func(x *providertest.Exchange) {
		providertest.JSON(200, `{"latest_version":{"id":"`+latest+`"}}`)(x)
	})
	up.On(byHash, func(x *providertest.Exchange) {
		if !strings.Contains(x.Request.Body, `"`+latest+`"`) {
			providertest.JSON(422, `{"title":"Invalid version or not permitted","detail":"The specified version does not exist"}`)(x)
			return
		}
		providertest.JSON(201, theEnd)(x)
	})
	for i, want := range [][]string{{byName, lookup, byHash}, {byHash}, {byHash, byName, lookup, byHash}, {byHash}} {
		if i == 2 {
			latest = "v2"
		}
		before := len(asked(up))
		if _, err := p.Predict(t.Context(), run); err != nil {
			t.Fatal(err)
		}
		if got := asked(up)[before:]; !slices.Equal(got, want) {
			t.Errorf("run %d: requests %q, want %q", i, got, want)
		}
	}
}

func TestModelIsNotThere(t *testing.T) {
	t.Parallel()
	for name, latest := range map[string]providertest.Script{
		"unknown": providertest.JSON(404, noModel), "empty": providertest.JSON(200, `{"latest_version":null}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up, p, run, _ := start(t, "owner/name", providertest.NoWait)
			up.On(byName, providertest.JSON(404, noModel))
			up.On("GET /v1/models/owner/name", latest)
			_, err := p.Predict(t.Context(), run)
			wantClass(t, err, provider.Denied)
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  int
		body    string
		class   provider.Class
		message string
		after   time.Duration
	}{
		"throttled": {429, `{"detail":"Request was throttled.","status":429,"retry_after":5}`, provider.Busy, "Request was throttled.", 5 * time.Second},
		"input":     {422, `{"title":"Input validation failed","detail":"- input.prompt: is required\n","status":422}`, provider.Rejected, "- input.prompt: is required\n", 0},
		"version":   {422, `{"title":"Invalid version or not permitted","detail":"The specified version does not exist (or perhaps you don't have permission to use it?)","status":422}`, provider.Denied, "", 0},
		"credit":    {402, `{"title":"Insufficient credit","detail":"You have insufficient credit."}`, provider.Denied, "You have insufficient credit.", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up, p, run, _ := start(t, hash, providertest.NoWait)
			up.On(byHash, providertest.JSON(c.status, c.body))
			_, err := p.Predict(t.Context(), run)
			e := wantClass(t, err, c.class)
			if e.Message != c.message || e.RetryAfter != c.after {
				t.Errorf("message %q, retry after %v", e.Message, e.RetryAfter)
			}
		})
	}
}

// An id that would lead to another route is never sent.
func TestIDsThatLeadElsewhere(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "..", "../account", "a/b", "a?b", strings.Repeat("a", 300)} {
		up, p, run, heard := start(t, hash, providertest.NoWait)
		up.On(byHash, providertest.JSON(201, `{"id":`+providertest.Quote(id)+`,"status":"starting"}`))
		_, err := p.Predict(t.Context(), run)
		wantClass(t, err, provider.Ambiguous)
		if len(asked(up)) != 1 || heard.Upstream() != "" {
			t.Errorf("%q: requests %q, id %q", id, asked(up), heard.Upstream())
		}
	}
}

// The waits grow from half a second to five, and are longer where the upstream says.
func TestWaits(t *testing.T) {
	t.Parallel()
	var waits []time.Duration
	up, p, run, _ := start(t, hash, func(ctx context.Context, d time.Duration) error {
		waits = append(waits, d)
		return ctx.Err()
	})
	looks := 0
	up.On(byHash, providertest.JSON(201, theirs))
	up.On(getIt, func(x *providertest.Exchange) {
		switch looks++; looks {
		case 9:
			providertest.JSON(429, `{"retry_after":30}`)(x)
		case 10:
			providertest.JSON(200, theEnd)(x)
		default:
			providertest.JSON(200, theirs)(x)
		}
	})
	if _, err := p.Predict(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	if len(waits) != 10 || waits[0] != 500*time.Millisecond || waits[1] != 750*time.Millisecond || waits[8] != 5*time.Second || waits[9] != 30*time.Second {
		t.Errorf("waits %v", waits)
	}
}

// Replicate deletes outputs after an hour: what succeeded long ago is gone.
func TestOutputWasDeleted(t *testing.T) {
	t.Parallel()
	up, p, run, _ := start(t, hash, providertest.NoWait)
	run.Upstream = upstreamID
	up.On(getIt, providertest.JSON(200, `{"id":"x","status":"succeeded","output":null,"data_removed":true}`))
	_, err := p.Predict(t.Context(), run)
	wantClass(t, err, provider.Gone)
}

func TestEndsElsewhere(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"canceled", "aborted"} {
		up, p, run, _ := start(t, hash, providertest.NoWait)
		up.On(byHash, providertest.JSON(201, `{"id":"x","status":"`+status+`"}`))
		_, err := p.Predict(t.Context(), run)
		if e := wantClass(t, err, provider.Failed); e.Message != "The work was cancelled where it ran." {
			t.Errorf("message %q", e.Message)
		}
	}
}

// until ends with its context only, as a wait that is longer than the test does.
func until(ctx context.Context, _ time.Duration) error {
	<-ctx.Done()
	return ctx.Err()
}

// A caller who leaves while the work is being sent: the id still comes, and the
// work is stopped. Where the run goes on elsewhere, the id is saved for it.
func TestLeftWhileSending(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cause error
		stops bool
	}{"cancelled": {context.Canceled, true}, "handed back": {provider.ErrHandBack, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up, p, run, heard := start(t, hash, until)
			ctx, end := context.WithCancelCause(t.Context())
			up.On(byHash, func(x *providertest.Exchange) { end(c.cause); providertest.JSON(201, theirs)(x) })
			up.On(stopIt, providertest.JSON(200, theirs))
			_, err := p.Predict(ctx, run)
			wantClass(t, err, provider.Cancelled)
			if heard.Upstream() != upstreamID || slices.Contains(asked(up), stopIt) != c.stops {
				t.Errorf("id %q, requests %q", heard.Upstream(), asked(up))
			}
		})
	}
}

// An upstream that does not answer is not waited for after the caller has left.
func TestLeftWhileSendingHangs(t *testing.T) {
	t.Parallel()
	up, p, run, _ := start(t, hash, providertest.NoWait)
	ctx, end := context.WithCancel(t.Context())
	up.On(byHash, func(x *providertest.Exchange) { end(); x.Left() })
	_, err := p.Predict(ctx, run)
	wantClass(t, err, provider.Cancelled)
}

// forgetful cannot save the upstream's id.
type forgetful struct{ providertest.Heard }

var errFull = errors.New("the disk is full")

func (*forgetful) Submitted(context.Context, string) error { return errFull }

func TestIDCannotBeSaved(t *testing.T) {
	t.Parallel()
	up, p, run, _ := start(t, hash, providertest.NoWait)
	run.Watch = &forgetful{}
	up.On(byHash, providertest.JSON(201, theirs))
	up.On(stopIt, providertest.JSON(200, theirs))
	if _, err := p.Predict(t.Context(), run); !errors.Is(err, errFull) {
		t.Errorf("error %v", err)
	}
	if want := []string{byHash, stopIt}; !slices.Equal(asked(up), want) {
		t.Errorf("requests %q, want %q", asked(up), want)
	}
}

func TestUpload(t *testing.T) {
	t.Parallel()
	up, p, run, _ := start(t, hash, providertest.NoWait)
	content := strings.Repeat("large ", 60<<10)
	large := "data:image/png;base64," + base64.StdEncoding.EncodeToString([]byte(content))
	run.Input = []byte(`{"images":["` + large + `","` + large + `"],"small":"data:text/plain,hello","prompt":"a  cat"}`)
	up.On("POST /v1/files", func(x *providertest.Exchange) {
		kind, body := uploaded(t, x.Request)
		if kind != "image/png" || body != content {
			t.Errorf("a file of type %q and %d bytes", kind, len(body))
		}
		providertest.JSON(201, `{"id":"f","urls":{"get":"https://api.example.test/v1/files/f"}}`)(x)
	})
	up.On(byHash, providertest.JSON(201, theEnd))
	if _, err := p.Predict(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	const want = `{"version":"` + hash + `","input":{"images":["https://api.example.test/v1/files/f","https://api.example.test/v1/files/f"],` +
		`"small":"data:text/plain,hello","prompt":"a  cat"}}`
	if got := up.Last().Body; got != want {
		t.Errorf("body %.400s", got)
	}
	if got := asked(up); len(got) != 2 {
		t.Errorf("requests %q", got)
	}
}

// uploaded reads the one part of an upload.
func uploaded(t *testing.T, r providertest.Recorded) (kind, body string) {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		t.Error(err)
		return
	}
	part, err := multipart.NewReader(strings.NewReader(r.Body), params["boundary"]).NextPart()
	if err != nil {
		t.Error(err)
		return
	}
	content, err := io.ReadAll(part)
	if err != nil || part.FormName() != "content" || part.FileName() != "input-1.png" {
		t.Errorf("part %q, file %q, error %v", part.FormName(), part.FileName(), err)
	}
	return part.Header.Get("Content-Type"), string(content)
}

// Where an input can't be brought there, nothing is sent and nothing is marked.
func TestUploadFails(t *testing.T) {
	t.Parallel()
	good := "data:image/png;base64," + strings.Repeat("AAAA", 80<<10)
	for name, c := range map[string]struct {
		url    string
		script providertest.Script
		class  provider.Class
	}{
		"not base64": {"data:image/png;base64," + strings.Repeat("?", 300<<10), nil, provider.Rejected},
		"no comma":   {"data:" + strings.Repeat("a", 300<<10), nil, provider.Rejected},
		"throttled":  {good, providertest.JSON(429, "{}"), provider.Busy},
		"too large":  {good, providertest.JSON(413, `{"detail":"too large"}`), provider.Rejected},
		"page":       {good, providertest.Page(200), provider.Broken},
		"no address": {good, providertest.JSON(201, "{}"), provider.Broken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up, p, run, heard := start(t, hash, providertest.NoWait)
			run.Input = []byte(`{"image":"` + c.url + `"}`)
			up.On("POST /v1/files", c.script)
			_, err := p.Predict(t.Context(), run)
			wantClass(t, err, c.class)
			if slices.Contains(asked(up), byHash) || heard.Marked() {
				t.Error("the work was sent or marked")
			}
		})
	}
}

const described = `{"owner":"owner","name":"talker","description":"Speech in many voices","latest_version":{"id":"v2","openapi_schema":{
	"components":{"schemas":{"Input":{"type":"object","properties":{"text":{"type":"string"}}},"Output":{"type":"string","format":"uri"}}}}}}`

func TestDescribe(t *testing.T) {
	t.Parallel()
	up, p, _, _ := start(t, "", providertest.NoWait)
	up.On("GET /v1/models/owner/talker", providertest.JSON(200, described))
	up.On("GET /v1/models/owner/talker/versions/v1", providertest.JSON(200, `{"id":"v1","openapi_schema":{"components":{"schemas":{"Input":{"type":"object"}}}}}`))
	listed, err := p.Describe(t.Context(), []string{"owner/talker", "owner/talker:v1", "owner/talker:v2"})
	if err != nil || len(listed) != 3 {
		t.Fatalf("models %+v, error %v", listed, err)
	}
	first := listed[0]
	if first.Name != "owner/talker" || first.OwnedBy != "owner" || first.Title != "talker" || first.Description != "Speech in many voices" ||
		first.API != "prediction" || first.Type != "audio" || string(first.OutputSchema) != `{"format":"uri","type":"string"}` {
		t.Errorf("model %+v", first)
	}
	if v1 := listed[1]; v1.Name != "owner/talker:v1" || v1.Type != "text" || string(v1.InputSchema) != `{"type":"object"}` {
		t.Errorf("model %+v", v1)
	}
	if listed[2].Type != "audio" || len(asked(up)) != 4 {
		t.Errorf("requests %q", asked(up))
	}
}

func TestDescribeRefuses(t *testing.T) {
	t.Parallel()
	up, p, _, _ := start(t, "", providertest.NoWait)
	up.On("GET /v1/models/owner/bare", providertest.JSON(200, `{"name":"bare","latest_version":null}`))
	for name, want := range map[string]string{
		"owner/none": "models[0]: the provider has no model 'owner/none'.",
		hash:         "'" + hash + "' is not of the form 'owner/name' or 'owner/name:version'",
	} {
		_, err := p.Describe(t.Context(), []string{name})
		var f *fault.Error
		if !errors.As(err, &f) || f.Message != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := p.Describe(t.Context(), []string{"owner/bare"})
	wantClass(t, err, provider.Broken)
	if _, err := p.Describe(t.Context(), make([]string, 101)); !fault.Is(err, fault.InvalidParameter) {
		t.Errorf("a hundred and one models: %v", err)
	}
	if _, err := p.Models(t.Context()); !fault.Is(err, fault.InvalidRequest) {
		t.Errorf("all models: %v", err)
	}
}
