package openai_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/provider"
	"skytower/internal/provider/openai"
	"skytower/internal/provider/providertest"
)

func TestModerate(t *testing.T) {
	t.Parallel()
	up := providertest.NewUpstream(t, providertest.HTTP1)
	p := openai.New(openai.Options{Name: "up", BaseURL: up.URL.JoinPath("v1"), Credential: "secret", Upstream: up.Client})
	up.On("/v1/moderations", providertest.JSON(http.StatusOK, `{"id":"m","model":"x","results":[
		{"flagged":true,"categories":{"hate":true,"violence":false},"category_scores":{"hate":0.9,"violence":1e-3,"odd":"x"}},{"flagged":false}]}`))
	got, err := p.Moderate(t.Context(), "mod-1", []string{`a "b"`, "c"})
	want := []provider.Judgement{
		{Flagged: true, Scores: map[string]float64{"hate": 0.9, "violence": 0.001}, Categories: map[string]bool{"hate": true, "violence": false}},
		{Scores: map[string]float64{}, Categories: map[string]bool{}},
	}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, got))
	}
	if sent := up.Last().Body; sent != `{"model":"mod-1","input":["a \"b\"","c"]}` {
		t.Errorf("sent %s", sent)
	}
	for _, body := range []string{`{"results":[{"flagged":true}]}`, `{"results":[{},{},{}]}`, `{}`, `x`} {
		up.On("/v1/moderations", providertest.JSON(http.StatusOK, body))
		if _, err := p.Moderate(t.Context(), "mod-1", []string{"a", "b"}); provider.ClassOf(err) != provider.Broken || err == nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}
