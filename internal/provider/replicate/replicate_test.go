package replicate_test

import (
	"fmt"
	"net/url"
	"testing"

	"go.uber.org/goleak"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/providertest"
	"skytower/internal/provider/replicate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const upstreamID = "gm3qorzdhgbfurvjtvhg6dckhu"

func newProvider(base *url.URL, credential string, client egress.Upstream, wait providertest.Wait) *replicate.Provider {
	return replicate.New(replicate.Options{Name: "test", BaseURL: base.JoinPath("v1"), Credential: credential, Upstream: client, Wait: wait})
}

func TestPredict(t *testing.T) {
	t.Parallel()
	providertest.PredictSuite(t, providertest.PredictDialect{
		New: func(_ *testing.T, base *url.URL, credential string, client egress.Upstream, wait providertest.Wait) provider.Predictor {
			return newProvider(base, credential, client, wait)
		},
		Submit: func(string) string { return "POST /v1/models/vendor/secret-model-7b/predictions" },
		Look:   func(id string) string { return "GET /v1/predictions/" + id },
		Cancel: func(id string) string { return "POST /v1/predictions/" + id + "/cancel" },
		ID:     func(string) string { return upstreamID },
		Status: 201, Answer: answer,
		Refusal: func(message string) string {
			return `{"title":"Refused","status":0,"detail":` + providertest.Quote(message) + `}`
		},
	})
}

func answer(w providertest.Work) string {
	status := map[string]string{providertest.Running: "processing", providertest.Succeeded: "succeeded", providertest.Failed: "failed"}[w.State]
	failure := "null"
	if w.Error != "" {
		failure = providertest.Quote(w.Error)
	}
	return fmt.Sprintf(`{"id":%q,"model":"vendor/secret-model-7b","version":"hidden","status":%q,"input":{},"output":%s,"logs":%s,"error":%s,`+
		`"data_removed":false,"metrics":{"predict_time":%g},"urls":{"get":"https://elsewhere.example.test/","cancel":"https://elsewhere.example.test/"}}`,
		w.ID, status, w.Output(), providertest.Quote(w.Log()), failure, w.Took.Seconds())
}
