package cog_test

import (
	"fmt"
	"net/url"
	"testing"

	"go.uber.org/goleak"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/cog"
	"skytower/internal/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dialect is a container that ignores the wish for events, as older ones do.
func dialect() providertest.PredictDialect {
	return providertest.PredictDialect{
		New: func(_ *testing.T, base *url.URL, credential string, client egress.Upstream, wait providertest.Wait) provider.Predictor {
			return cog.New(cog.Options{Name: "test", BaseURL: base, Credential: credential, Upstream: client, Wait: wait})
		},
		Submit: func(run string) string { return "PUT /predictions/" + run },
		Cancel: func(id string) string { return "POST /predictions/" + id + "/cancel" },
		ID:     func(run string) string { return run }, Idempotent: true,
		Status: 200, Answer: answer,
		Refusal: func(message string) string { return `{"detail":` + providertest.Quote(message) + `}` },
	}
}

func TestPredict(t *testing.T) {
	t.Parallel()
	providertest.PredictSuite(t, dialect())
}

// The same with a model that streams.
func TestPredictStreaming(t *testing.T) {
	t.Parallel()
	d := dialect()
	d.Events = events
	providertest.PredictSuite(t, d)
}

func answer(w providertest.Work) string {
	status := map[string]string{providertest.Running: "processing", providertest.Succeeded: "succeeded", providertest.Failed: "failed"}[w.State]
	failure := ""
	if w.Error != "" {
		failure = `,"error":` + providertest.Quote(w.Error)
	}
	return fmt.Sprintf(`{"id":%q,"status":%q,"output":%s,"logs":%s%s,"metrics":{"predict_time":%g}}`,
		w.ID, status, w.Output(), providertest.Quote(w.Log()), failure, w.Took.Seconds())
}

// events are what is new in each step.
func events(steps []providertest.Work) []string {
	pieces := []string{event("start", fmt.Sprintf(`{"id":%q,"status":"processing"}`, steps[0].ID))}
	logged, put := 0, 0
	for _, w := range steps {
		piece := ""
		if log := w.Log(); len(log) > logged {
			piece += event("log", `{"source":"stdout","data":`+providertest.Quote(log[logged:])+`}`)
			logged = len(log)
		}
		for _, chunk := range append(w.Files, w.Text...)[put:] {
			piece += event("output", fmt.Sprintf(`{"chunk":%s,"index":%d}`, providertest.Quote(chunk), put))
			put++
		}
		if w.State != providertest.Running {
			piece += event("completed", answer(w))
		}
		pieces = append(pieces, piece)
	}
	return pieces
}

func event(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }
