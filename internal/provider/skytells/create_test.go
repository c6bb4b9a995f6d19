package skytells_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"skytower/internal/provider"
	"skytower/internal/provider/providertest"
	"skytower/internal/provider/skytells"
)

const (
	runID    = "01938f6e-5d3a-7c1e-9d43-0a5b8c7e2f10"
	putIt    = "PUT /v1/predictions/" + runID
	getIt    = "GET /v1/predictions/" + runID
	streamIt = getIt + "/stream"
	cancelIt = "POST /v1/predictions/" + runID + "/cancel"
	postIt   = "POST /v1/predict"

	begun  = `{"id":"` + runID + `","status":"pending","output":null}`
	theEnd = `{"id":"` + runID + `","status":"succeeded","output":["https://files.example.test/a.png"],"metrics":{"predict_time":2}}`
	theirs = `{"id":"` + theirID + `","status":"succeeded","output":["https://files.example.test/a.png"]}`
)

// rig is an upstream over the plain wire, an adapter for it, and a run.
type rig struct {
	t     *testing.T
	up    *providertest.Upstream
	p     *skytells.Provider
	run   *provider.Run
	heard *providertest.Heard
	now   time.Time
}

func start(t *testing.T) *rig {
	t.Helper()
	g := &rig{t: t, up: providertest.NewUpstream(t, providertest.HTTP1), heard: &providertest.Heard{}, now: time.Unix(1_800_000_000, 0)}
	g.p = skytells.New(skytells.Options{
		Name: "test", BaseURL: g.up.URL.JoinPath("v1"), Credential: "sk-secret", Upstream: g.up.Client,
		Now: func() time.Time { return g.now }, Wait: providertest.NoWait,
	})
	g.run = &provider.Run{ID: runID, Model: "acme/painter", Show: "shown", Kind: "image", Input: []byte(`{"prompt":"a cat"}`), Watch: g.heard}
	return g
}

func (g *rig) on(route string, status int, body string) {
	g.up.On(route, providertest.JSON(status, body))
}

// asked are the routes that were asked since the last call.
func (g *rig) asked() (routes []string) {
	for _, r := range g.up.Requests() {
		routes = append(routes, r.Method+" "+r.URL.Path)
	}
	return routes
}

func (g *rig) wantAsked(want ...string) {
	g.t.Helper()
	if got := g.asked(); !slices.Equal(got, want) {
		g.t.Errorf("requests %q, want %q", got, want)
	}
}

func (g *rig) predict() (*provider.Result, error) { return g.p.Predict(g.t.Context(), g.run) }

func (g *rig) succeeds() *provider.Result {
	g.t.Helper()
	result, err := g.predict()
	if err != nil {
		g.t.Fatal(err)
	}
	return result
}

func (g *rig) fails(want provider.Class) *provider.Error {
	g.t.Helper()
	_, err := g.predict()
	var e *provider.Error
	if !errors.As(err, &e) || e.Class != want {
		g.t.Fatalf("error %v, want %s", err, want)
	}
	return e
}

func TestCreate(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.on(putIt, 200, begun)
	g.up.On(streamIt, providertest.Events("event: done\ndata: "+theEnd+"\n\n"))
	if result := g.succeeds(); result.Took != 2*time.Second {
		t.Errorf("result %+v", result)
	}
	g.wantAsked(putIt, streamIt)
	put := g.up.Requests()[0]
	if put.Body != `{"model":"acme/painter","input":{"prompt":"a cat"}}` || put.Header.Get("Content-Type") != "application/json" {
		t.Errorf("body %s, headers %v", put.Body, put.Header)
	}
	if put.Header.Get("X-Api-Key") != "sk-secret" || put.Header.Get("Authorization") != "" || put.Header.Get("Idempotency-Key") != "" {
		t.Errorf("headers %v", put.Header)
	}
	if text := g.p.String() + g.p.GoString(); strings.Contains(text, "secret") {
		t.Errorf("printed: %s", text)
	}
}

// A service without the route gets a POST. That is remembered for a while.
func TestPutIsUnknown(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]providertest.Script{
		"no route":     providertest.JSON(404, refusal("ENDPOINT_NOT_FOUND", "No such route.")),
		"no method":    providertest.JSON(405, `{}`),
		"not built in": providertest.Page(501),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t)
			g.up.On(putIt, script)
			g.on(postIt, 200, theirs)
			g.succeeds()
			if last := g.up.Last(); last.Header.Get("Idempotency-Key") != runID || last.Body != g.up.Requests()[0].Body {
				t.Errorf("request %+v", last)
			}
			if g.heard.Upstream() != theirID {
				t.Errorf("the durable id is %q", g.heard.Upstream())
			}
			g.succeeds()
			g.now = g.now.Add(time.Hour)
			g.succeeds()
			g.wantAsked(putIt, postIt, postIt, putIt, postIt)
		})
	}
}

// The model is not there: another route would say the same.
func TestUnknownModelIsNoUnknownRoute(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.on(putIt, 404, refusal("MODEL_NOT_FOUND", "The model 'acme/painter' was not found."))
	g.fails(provider.Denied)
	g.wantAsked(putIt)
}

func TestUnsureWithoutPut(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.run.Unsure = true
	g.on(putIt, 405, `{}`)
	g.fails(provider.Ambiguous)
	g.fails(provider.Ambiguous)
	g.wantAsked(putIt)
}

// Whoever took the first PUT may work on it, though the second one finds no route.
func TestLostPutIsNotPosted(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.up.On(putIt, func(x *providertest.Exchange) {
		if len(g.up.Requests()) == 1 {
			x.Cut()
		}
		providertest.JSON(405, `{}`)(x)
	})
	g.fails(provider.Ambiguous)
	g.wantAsked(putIt, putIt)
}

func TestPutIsLostTooOften(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.up.On(putIt, func(x *providertest.Exchange) { x.Cut() })
	g.fails(provider.Broken)
	g.wantAsked(putIt, putIt, putIt, putIt)
}

// An earlier try may have had other content in the input, that was fetched for it.
func TestOtherInputOfAnEarlierTry(t *testing.T) {
	t.Parallel()
	other := refusal("INVALID_PARAMETER", "This id stands for another prediction.")
	t.Run("unsure", func(t *testing.T) {
		t.Parallel()
		g := start(t)
		g.run.Unsure = true
		g.on(putIt, 422, other)
		g.on(getIt, 200, theEnd)
		g.succeeds()
		g.wantAsked(putIt, getIt)
		if g.heard.Upstream() != runID {
			t.Errorf("the durable id is %q", g.heard.Upstream())
		}
	})
	t.Run("somebody else's", func(t *testing.T) {
		t.Parallel()
		g := start(t)
		g.run.Unsure = true
		g.on(putIt, 422, other)
		g.fails(provider.Rejected)
	})
	t.Run("first try", func(t *testing.T) {
		t.Parallel()
		g := start(t)
		g.on(putIt, 422, other)
		g.fails(provider.Rejected)
		g.wantAsked(putIt)
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for id, c := range map[string]struct {
		status int
		class  provider.Class
	}{
		"MODEL_NOT_SUPPORTED":      {422, provider.Denied},
		"INVALID_INPUT":            {422, provider.Rejected},
		"SECURITY_VIOLATION":       {403, provider.Rejected},
		"CONTENT_POLICY_VIOLATION": {451, provider.Rejected},
		"INSUFFICIENT_CREDITS":     {402, provider.Denied},
		"RATE_LIMIT_EXCEEDED":      {429, provider.Busy},
		"SERVICE_UNAVAILABLE":      {503, provider.Busy},
	} {
		for _, route := range []string{putIt, postIt} {
			g := start(t)
			g.on(putIt, 405, `{}`)
			g.on(route, c.status, refusal(id, "The model 'painter' refuses."))
			if e := g.fails(c.class); e.Status != c.status || e.Code != id || e.Message != "The model 'shown' refuses." {
				t.Errorf("%s: %+v", id, e)
			}
		}
	}
}

// Work whose id can't be saved is stopped where nobody could find it.
func TestIDIsNotSaved(t *testing.T) {
	t.Parallel()
	full := errors.New("the disk is full")
	for route, want := range map[string][]string{
		putIt:  {putIt},
		postIt: {putIt, postIt, "POST /v1/predictions/" + theirID + "/cancel"},
	} {
		g := start(t)
		g.on(putIt, 405, `{}`)
		g.on(route, 200, map[string]string{putIt: theEnd, postIt: theirs}[route])
		g.run.Watch = forgetful{g.heard, full}
		if _, err := g.predict(); !errors.Is(err, full) {
			t.Errorf("%s: error %v", route, err)
		}
		g.wantAsked(want...)
	}
}

type forgetful struct {
	*providertest.Heard
	err error
}

func (f forgetful) Submitted(context.Context, string) error { return f.err }

// A run that was cancelled between two tries has its work cancelled, if there is any.
func TestCancelledBetweenTries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		unsure   bool
		upstream string
		want     []string
	}{{true, "", []string{cancelIt}}, {true, runID, []string{cancelIt}}, {false, "", nil}} {
		g := start(t)
		g.p = skytells.New(skytells.Options{BaseURL: g.up.URL.JoinPath("v1"), Upstream: g.up.Client, Wait: func(ctx context.Context, _ time.Duration) error {
			<-ctx.Done() // a call that goes on after the run's end may take as long as it likes
			return ctx.Err()
		}})
		g.run.Unsure, g.run.Upstream = c.unsure, c.upstream
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		g.on(cancelIt, 200, begun)
		if _, err := g.p.Predict(ctx, g.run); provider.ClassOf(err) != provider.Cancelled {
			t.Errorf("error %v", err)
		}
		g.wantAsked(c.want...)
	}
}

// A call that is cut off by the run's end may have been taken.
func TestCancelledWhileCreating(t *testing.T) {
	t.Parallel()
	g := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	g.up.On(putIt, func(x *providertest.Exchange) { cancel(); x.Left() })
	g.on(cancelIt, 200, begun)
	if _, err := g.p.Predict(ctx, g.run); provider.ClassOf(err) != provider.Cancelled {
		t.Errorf("error %v", err)
	}
	g.wantAsked(putIt, cancelIt)
}

func TestModels(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.on("GET /v1/models", 200, `[
		{"name":"Painter","description":"Paints.","namespace":"painter","type":"image","vendor":{"name":"Acme"},"capabilities":["text-to-image",7],
		 "metadata":{"openai_compatible":false},"input_schema":{"type":"object"},"output_schema":null},
		{"name":"Talker","namespace":"talker","type":"text","metadata":{"openai_compatible":true},"input_schema":{"type":"object"}},
		{"name":"Vectors","namespace":"v1","type":"text","capabilities":["text-to-embedding"],"metadata":{"openai_compatible":true}},
		{"name":"Small","namespace":"acme-embed-small","metadata":{"openai_compatible":true}},
		{"name":"Nameless"},7]`)
	got, err := g.p.Models(t.Context())
	if err != nil || len(got) != 4 {
		t.Fatalf("models %+v, error %v", got, err)
	}
	first := got[0]
	if first.Name != "painter" || first.Title != "Painter" || first.Description != "Paints." || first.OwnedBy != "Acme" || first.Type != "image" ||
		first.API != "prediction" || !slices.Equal(first.Capabilities, []string{"text-to-image"}) || string(first.InputSchema) != `{"type":"object"}` || first.OutputSchema != nil {
		t.Errorf("the first is %+v", first)
	}
	for i, api := range []string{"prediction", "chat", "embeddings", "embeddings"} {
		if got[i].API != api || i > 0 && got[i].InputSchema != nil {
			t.Errorf("%s is %+v", got[i].Name, got[i])
		}
	}
	if asked := g.up.Last(); asked.URL.Query().Get("fields") != "input_schema,output_schema" || asked.Header.Get("X-Api-Key") != "sk-secret" {
		t.Errorf("asked %+v", asked)
	}
	for name, script := range map[string]providertest.Script{"page": providertest.Page(200), "object": providertest.JSON(200, "{}"), "half": providertest.JSON(200, `[{"namespace":"a"}`), "denied": providertest.JSON(401, "{}")} {
		g.up.On("GET /v1/models", script)
		if got, err := g.p.Models(t.Context()); err == nil {
			t.Errorf("%s: models %+v", name, got)
		}
	}
}
