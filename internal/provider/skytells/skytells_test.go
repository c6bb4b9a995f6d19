package skytells_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/providertest"
	"skytower/internal/provider/skytells"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const theirID = "5f0c7d5e-8a70-4c3e-9a55-0d7a4b8d6d11"

func newProvider(base *url.URL, credential string, client egress.Upstream, wait providertest.Wait) *skytells.Provider {
	return skytells.New(skytells.Options{Name: "test", BaseURL: base.JoinPath("v1"), Credential: credential, Upstream: client, Wait: wait})
}

// dialect is a Skytower whose streams can't be had.
func dialect() providertest.PredictDialect {
	return providertest.PredictDialect{
		New: func(_ *testing.T, base *url.URL, credential string, client egress.Upstream, wait providertest.Wait) provider.Predictor {
			return newProvider(base, credential, client, wait)
		},
		Submit: func(run string) string { return "PUT /v1/predictions/" + run },
		Look:   func(id string) string { return "GET /v1/predictions/" + id },
		Cancel: func(id string) string { return "POST /v1/predictions/" + id + "/cancel" },
		ID:     func(run string) string { return run }, Idempotent: true,
		Status: 200, Answer: answer,
		Refusal: func(message string) string { return refusal("INVALID_INPUT", message) },
	}
}

func TestPredict(t *testing.T) {
	t.Parallel()
	providertest.PredictSuite(t, dialect())
}

// The same where the events can be had.
func TestPredictByEvents(t *testing.T) {
	t.Parallel()
	d := dialect()
	d.Stream = func(id string) string { return "GET /v1/predictions/" + id + "/stream" }
	d.Events = events
	providertest.PredictSuite(t, d)
}

// The same at a service that does not know PUT.
func TestPredictByPost(t *testing.T) {
	t.Parallel()
	d := dialect()
	d.New = func(_ *testing.T, base *url.URL, credential string, client egress.Upstream, wait providertest.Wait) provider.Predictor {
		return newProvider(base, credential, noPut{client}, wait)
	}
	d.Submit = func(string) string { return "POST /v1/predict" }
	d.ID, d.Idempotent = func(string) string { return theirID }, false
	providertest.PredictSuite(t, d)
}

// noPut answers PUT as a service does that has other methods on the route.
type noPut struct{ egress.Upstream }

func (u noPut) Do(ctx context.Context, r *egress.Request) (*egress.Response, error) {
	if r.Method != http.MethodPut {
		return u.Upstream.Do(ctx, r)
	}
	return &egress.Response{Status: http.StatusMethodNotAllowed, Body: nothing{}}, nil
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }
func (nothing) Close() error             { return nil }
func (nothing) Buffered() int            { return 0 }

func refusal(id, message string) string {
	return fmt.Sprintf(`{"status":false,"response":"short","error":{"http_status":0,"message":%s,"details":"more","error_id":%q}}`,
		providertest.Quote(message), id)
}

func answer(w providertest.Work) string {
	return prediction(w, w.Output(), providertest.Quote(w.Log()))
}

// prediction is the object of the contract, as far as it matters.
func prediction(w providertest.Work, output, logs string) string {
	status := map[string]string{providertest.Running: "processing", providertest.Succeeded: "succeeded", providertest.Failed: "failed"}[w.State]
	failure, progress := "null", ""
	if w.Error != "" {
		failure = providertest.Quote(w.Error)
	}
	if n := len(w.Percents); n > 0 && w.State == providertest.Running {
		progress = fmt.Sprintf(`,"progress":%d`, w.Percents[n-1])
	}
	return fmt.Sprintf(`{"id":%q,"status":%q,"type":"inference","output":%s,"response":%s,"error":%[4]s,"logs":%s,`+
		`"model":{"name":"vendor/secret-model-7b","type":"image"},"metrics":{"predict_time":%g%s},"metadata":{"data_available":%t},`+
		`"urls":{"get":"https://elsewhere.example.test/","cancel":"https://elsewhere.example.test/"}}`,
		w.ID, status, output, failure, logs, w.Took.Seconds(), progress, w.State == providertest.Succeeded)
}

// events are what is new in each step, as a Skytower tells it.
func events(steps []providertest.Work) []string {
	id, logged, put := 0, 0, 0
	event := func(name, data string) string {
		id++
		return fmt.Sprintf("event: %s\nid: %d\ndata: %s\n\n", name, id, data)
	}
	var pieces []string
	for _, w := range steps {
		piece := ": keep-alive\n\n"
		if lines := strings.Split(strings.TrimSuffix(w.Log(), "\n"), "\n"); w.Log() != "" && len(lines) > logged {
			piece += event("logs", `{"lines":`+providertest.Quote(lines[logged:])+`}`)
			logged = len(lines)
		}
		if all := append(w.Files, w.Text...); w.State == providertest.Running && len(all) > put {
			piece += event("output", prediction(w, news(w, put), `""`))
			put = len(all)
		}
		switch w.State {
		case providertest.Running:
			piece += event("status", prediction(providertest.Work{ID: w.ID, State: w.State, Percents: w.Percents}, "null", `""`))
		case providertest.Failed:
			piece += event("error", answer(w))
		default:
			piece += event("done", answer(w))
		}
		pieces = append(pieces, piece)
	}
	return pieces
}

// news is a part of the output: an array of files, or one text.
func news(w providertest.Work, from int) string {
	if w.Files != nil {
		return providertest.Quote(w.Files[from:])
	}
	return providertest.Quote(strings.Join(w.Text[from:], ""))
}
