package skytells_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"skytower/internal/provider"
	"skytower/internal/provider/providertest"
)

// resume lets the run take up work that runs.
func resume(t *testing.T) *rig {
	t.Helper()
	g := start(t)
	g.run.Upstream = runID
	g.on(getIt, 200, theEnd)
	return g
}

const (
	oneLog  = "event: logs\nid: 4\ndata: {\"lines\":[\"one\",\"two\"]}\n\n"
	moreLog = "event: logs\nid: 5\ndata: {\"lines\":[\"three\"]}\n\n"
	doneNow = "event: done\nid: 6\ndata: " + theEnd + "\n\n"
)

// Events that break are taken up after the last one; an upstream that tells all of them
// again does no harm.
func TestEventsAreTakenUp(t *testing.T) {
	t.Parallel()
	for name, rest := range map[string]string{"after the last": moreLog, "from the start": oneLog + moreLog} {
		for _, cut := range []bool{true, false} {
			g := resume(t)
			g.up.On(streamIt, func(x *providertest.Exchange) {
				if last := x.Request.Header.Get("Last-Event-ID"); last != "" {
					if last != "4" {
						t.Errorf("%s: taken up after %q", name, last)
					}
					providertest.Events(rest, doneNow)(x)
					return
				}
				providertest.Events(oneLog)(x)
				if cut {
					x.Cut()
				}
			})
			g.succeeds()
			g.wantAsked(streamIt, streamIt)
			if got := g.heard.Lines(); !slices.Equal(got, []string{"one", "two", "three"}) {
				t.Errorf("%s: lines %q", name, got)
			}
		}
	}
}

// Events that have no ids begin anew where they broke, and are not told again.
func TestEventsWithoutIDs(t *testing.T) {
	t.Parallel()
	const partial = "event: output\ndata: {\"status\":\"processing\",\"output\":[\"https://files.example.test/1.png\"]}\n\n"
	plain := func(event string) string { return regexp.MustCompile(`id: \d+\n`).ReplaceAllString(event, "") }
	g := resume(t)
	g.up.On(streamIt, func(x *providertest.Exchange) {
		providertest.Events(plain(oneLog), partial)(x)
		if len(g.up.Requests()) > 1 {
			providertest.Events(plain(moreLog), plain(doneNow))(x)
		}
	})
	g.succeeds()
	g.wantAsked(streamIt, streamIt)
	files := 0
	for _, p := range g.heard.News() {
		files += len(p.Output)
	}
	if got := g.heard.Lines(); !slices.Equal(got, []string{"one", "two", "three"}) || files != 1 {
		t.Errorf("lines %q, %d files", got, files)
	}
}

// Events that are of no use end in looks.
func TestEventsAreOfNoUse(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]providertest.Script{
		"none":     providertest.Events(": keep-alive\n\n"),
		"cut":      func(x *providertest.Exchange) { providertest.Events(": keep-alive\n\n")(x); x.Cut() },
		"no route": providertest.Page(404),
		"broken":   providertest.Page(500),
		"page":     providertest.Page(200),
		"in band":  providertest.Events("event: error\ndata: " + refusal("INTERNAL_ERROR", "Sorry.") + "\n\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := resume(t)
			g.up.On(streamIt, script)
			g.succeeds()
			g.wantAsked(streamIt, getIt)
		})
	}
}

// An upstream that answers with the prediction is not asked for events for a while.
func TestPredictionInsteadOfEvents(t *testing.T) {
	t.Parallel()
	g := resume(t)
	g.on(streamIt, 200, begun)
	g.succeeds()
	g.succeeds()
	g.wantAsked(streamIt, getIt, getIt)
}

// What was told by looks, by states and by news is told once.
func TestNewsComeOnce(t *testing.T) {
	t.Parallel()
	const partial, second = "https://files.example.test/1.png", "https://files.example.test/2.png"
	g := start(t)
	g.on(putIt, 200, `{"id":"`+runID+`","status":"processing","output":["`+partial+`"],"logs":"one\n","metrics":{"progress":10}}`)
	g.up.On(streamIt, providertest.Events(
		"event: status\nid: 1\ndata: {\"status\":\"processing\",\"output\":[\""+partial+"\"],\"metrics\":{\"progress\":10}}\n\n",
		oneLog,
		"event: output\nid: 5\ndata: {\"status\":\"processing\",\"output\":[\""+partial+"\"]}\n\n",
		"event: output\nid: 6\ndata: {\"status\":\"processing\",\"output\":[\""+second+"\"]}\n\n",
		"event: status\ndata: {\"status\":\"processing\",\"output\":null,\"metrics\":{\"progress\":55.5}}\n\n",
		"event: done\nid: 7\ndata: "+strings.Replace(theEnd, `"status"`, `"logs":"one\ntwo\n","status"`, 1)+"\n\n",
	))
	g.succeeds()
	var percents []float64
	var files []string
	for _, p := range g.heard.News() {
		if p.Percent > 0 {
			percents = append(percents, p.Percent)
		}
		for _, f := range p.Output {
			files = append(files, f.URL)
		}
	}
	if !slices.Equal(percents, []float64{10, 55.5}) || !slices.Equal(files, []string{partial, second}) || !slices.Equal(g.heard.Lines(), []string{"one", "two"}) {
		t.Errorf("percents %v, files %q, lines %q", percents, files, g.heard.Lines())
	}
}

// The answer for an unknown prediction may stand for a passing trouble too.
func TestUnknownPrediction(t *testing.T) {
	t.Parallel()
	unknown := providertest.JSON(502, refusal("PREDICTION_FAILED", "Prediction serving returned an error."))
	g := resume(t)
	g.up.On(getIt, unknown)
	g.fails(provider.Gone)
	g.wantAsked(streamIt, getIt, getIt, getIt, getIt, getIt)

	g = resume(t)
	g.up.On(getIt, func(x *providertest.Exchange) {
		if len(g.up.Requests()) <= 5 {
			unknown(x)
			return
		}
		providertest.JSON(200, theEnd)(x)
	})
	g.succeeds()
}

func TestEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body    string
		class   provider.Class
		message string
	}{
		"error":     {`"status":"failed","error":"acme/painter ran out of paint","response":"short"`, provider.Failed, "shown ran out of paint"},
		"response":  {`"status":"failed","error":null,"response":"out of paint"`, provider.Failed, "out of paint"},
		"object":    {`"status":"failed","error":{"message":"out of paint"}`, provider.Failed, "out of paint"},
		"silent":    {`"status":"failed"`, provider.Failed, "The model failed and did not say why."},
		"cancelled": {`"status":"cancelled"`, provider.Failed, "The work was cancelled where it ran."},
		"canceled":  {`"status":"canceled"`, provider.Failed, "The work was cancelled where it ran."},
		"removed":   {`"status":"succeeded","output":["https://a.example.test/x"],"data_removed":true`, provider.Gone, ""},
		"purged":    {`"status":"succeeded","output":null,"metadata":{"data_available":false}`, provider.Gone, ""},
		"empty":     {`"status":"succeeded","output":null,"metadata":{"data_available":true}`, provider.Failed, "The model ended without an output."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t)
			g.on(putIt, 200, `{"id":"`+runID+`",`+c.body+`}`)
			if e := g.fails(c.class); e.Message != c.message {
				t.Errorf("message %q", e.Message)
			}
		})
	}
}

// Troubles that pass are forgotten.
func TestPassingTroubles(t *testing.T) {
	t.Parallel()
	g := resume(t)
	g.up.On(getIt, func(x *providertest.Exchange) {
		switch n := len(g.up.Requests()); {
		case n > 20:
			providertest.JSON(200, theEnd)(x)
		case n%3 == 0:
			providertest.JSON(200, begun)(x)
		default:
			providertest.Page(200)(x)
		}
	})
	g.succeeds()
}

func TestDeniedLook(t *testing.T) {
	t.Parallel()
	g := resume(t)
	g.on(getIt, 401, refusal("UNAUTHORIZED", "Invalid API key"))
	g.fails(provider.Denied)
}
