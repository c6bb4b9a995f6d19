package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"skytower/internal/skytells"
)

// swiftModel is the model object as the Swift SDK decodes it (contract 1.14 and
// 5.3): a pointer stands for a field that must be there.
type swiftModel struct {
	Name         *string         `json:"name"`
	Description  *string         `json:"description"`
	Namespace    *string         `json:"namespace"`
	Type         *string         `json:"type"`
	Privacy      *string         `json:"privacy"`
	ImgURL       json.RawMessage `json:"img_url"`
	Vendor       *swiftVendor    `json:"vendor"`
	Billable     *bool           `json:"billable"`
	Pricing      *swiftPricing   `json:"pricing"`
	Capabilities *[]string       `json:"capabilities"`
	Metadata     *struct {
		Edge   *bool `json:"edge_compatible"`
		OpenAI *bool `json:"openai_compatible"`
		Cold   *bool `json:"cold_boot"`
	} `json:"metadata"`
	Status  *string `json:"status"`
	Service *struct {
		Type  *string `json:"type"`
		Party *string `json:"inference_party"`
	} `json:"service"`
	InputSchema  *schema `json:"input_schema"`
	OutputSchema *schema `json:"output_schema"`
}

type swiftVendor struct {
	Name        *string `json:"name"`
	Description *string `json:"description"`
	ImageURL    *string `json:"image_url"`
	Verified    *bool   `json:"verified"`
	Slug        *string `json:"slug"`
}

type swiftPricing struct {
	Amount    *float64 `json:"amount"`
	Currency  *string  `json:"currency"`
	Unit      *string  `json:"unit"`
	Criterias []struct {
		Field    *string `json:"field"`
		Operator *string `json:"operator"`
	} `json:"criterias"`
}

type schema struct {
	Type       *string                    `json:"type"`
	Title      *string                    `json:"title"`
	Properties map[string]json.RawMessage `json:"properties"`
}

// swift decodes one model object strictly.
func swift(t *testing.T, raw json.RawMessage) swiftModel {
	t.Helper()
	var m swiftModel
	decode(t, string(raw), &m)
	v := m.Vendor
	switch {
	case m.Name == nil, m.Description == nil, m.Namespace == nil, m.Capabilities == nil, m.Metadata == nil, m.Status == nil, m.Billable == nil,
		m.ImgURL == nil, v == nil, v.Name == nil, v.Description == nil, v.ImageURL == nil, v.Verified == nil, v.Slug == nil,
		m.Metadata.Edge == nil, m.Metadata.OpenAI == nil, m.Metadata.Cold == nil:
		t.Errorf("a field that Swift needs is missing: %s", raw)
	case m.Type == nil || !slices.Contains([]string{"image", "video", "audio", "music", "text"}, *m.Type):
		t.Errorf("a type that Swift does not know: %s", raw)
	case m.Privacy == nil || *m.Privacy != "public" && *m.Privacy != "private":
		t.Errorf("a privacy that Swift does not know: %s", raw)
	case m.Service != nil && (m.Service.Type == nil || m.Service.Party == nil):
		t.Errorf("half a service: %s", raw)
	case m.Pricing != nil && (m.Pricing.Amount == nil || m.Pricing.Currency == nil || m.Pricing.Unit == nil):
		t.Errorf("half a price: %s", raw)
	}
	if m.Pricing != nil {
		for _, c := range m.Pricing.Criterias {
			if c.Field == nil || c.Operator == nil || *c.Operator != "equals" {
				t.Errorf("a criterion that Swift does not know: %s", raw)
			}
		}
	}
	return m
}

func (s *server) swiftList(path string) map[string]swiftModel {
	s.t.Helper()
	r := s.call(http.MethodGet, path, "")
	var raws []json.RawMessage
	decode(s.t, r.body, &raws) // contract 1.7: a bare array
	out := map[string]swiftModel{}
	for _, raw := range raws {
		m := swift(s.t, raw)
		out[*m.Namespace] = m
	}
	return out
}

func TestModels(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	s.withUpstream()
	if _, err := s.admin().Apply(t.Context(), skytells.ApplyRequest{Source: "more", Resources: skytells.Resources{Models: []skytells.ModelSpec{
		{Slug: "org/dotted-2.0", Type: "text", API: "chat", Free: true, Targets: []skytells.TargetSpec{{Provider: "mock", Model: upChat}}},
		{Slug: "hidden", Type: "text", API: "chat", Free: true, Privacy: "private", Targets: []skytells.TargetSpec{{Provider: "mock", Model: upChat}}},
		{Slug: "unpriced", Type: "text", API: "chat", Targets: []skytells.TargetSpec{{Provider: "mock", Model: upChat}}},
		{Slug: "resting", Type: "text", API: "chat", Free: true, Offline: true, Targets: []skytells.TargetSpec{{Provider: "mock", Model: upChat}},
			Vendor: skytells.Vendor{Name: "Some Lab"}, ImgURL: "https://example.com/i.png"},
	}}}); err != nil {
		t.Fatal(err)
	}
	models := s.swiftList("/v1/models")
	for _, slug := range []string{"deepbrain-router", "skytower-docs", "skytower-embed-small", chatModel, embedModel, "org/dotted-2.0", "resting"} {
		m, ok := models[slug]
		if !ok || m.InputSchema != nil || m.OutputSchema != nil || *m.Billable || !*m.Metadata.OpenAI {
			t.Errorf("%s: listed %v", slug, ok)
		}
	}
	if m, ok := models["skytower-upscale-2x"]; !ok || *m.Type != "image" || *m.Metadata.OpenAI {
		t.Errorf("the built-in prediction model: %+v, listed %v", m, ok)
	}
	if len(models) != 8 || models["hidden"].Name != nil || models["unpriced"].Name != nil || *models["resting"].Status != "offline" {
		t.Errorf("got %d models", len(models))
	}
	for path, slug := range map[string]string{
		"/v1/models/skytower-docs": "skytower-docs", "/v1/model/skytower-docs": "skytower-docs", "/v1/models/SKYTOWER-docs": "skytower-docs",
		"/v1/model/skytells%2Fskytower-docs": "skytower-docs", "/v1/models/skytells/skytower-docs": "skytower-docs",
		"/v1/models/tower-alias": chatModel, "/v1/models/org%2Fdotted-2.0": "org/dotted-2.0", "/v1/models/org/dotted-2.0": "org/dotted-2.0",
		"/v1/model/org%2fdotted-2.0": "org/dotted-2.0", "/v1/model/deepbrain-router": "deepbrain-router", "/v1/models/resting": "resting",
	} {
		r := s.call(http.MethodGet, path, "")
		if r.status != 200 {
			t.Errorf("%s: got %d %s", path, r.status, r.body)
			continue
		}
		if m := swift(t, json.RawMessage(r.body)); *m.Namespace != slug {
			t.Errorf("%s: got %s", path, *m.Namespace)
		}
	}
	for _, path := range []string{"/v1/models/hidden", "/v1/models/unpriced", "/v1/models/a/b/c", "/v1/models/" + strings.Repeat("x", 5000)} {
		if r := s.call(http.MethodGet, path, ""); r.status != 404 {
			t.Errorf("%s: got %d", path, r.status)
		}
	}
}

func TestSchemasOnDemand(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	for query, want := range map[string][2]bool{
		"": {false, false}, "?fields=input_schema": {true, false}, "?fields=output_schema": {false, true},
		"?fields=input_schema,output_schema": {true, true}, "?fields=input_schema%2Coutput_schema": {true, true},
		"?fields=nonsense": {false, false}, "?fields=nonsense,input_schema": {true, false}, "?fields=": {false, false},
	} {
		for _, path := range []string{"/v1/models", "/v1/model/skytower-docs", "/v1/models/skytower-embed-small"} {
			r := s.call(http.MethodGet, path+query, "")
			body := r.body
			if path == "/v1/models" {
				models := s.swiftList(path + query)
				if len(models) != 4 {
					t.Errorf("%s%s: %d models", path, query, len(models))
				}
			} else if m := swift(t, json.RawMessage(body)); (m.InputSchema != nil) != want[0] || (m.OutputSchema != nil) != want[1] ||
				m.InputSchema != nil && (*m.InputSchema.Type != "object" || len(m.InputSchema.Properties) == 0) {
				t.Errorf("%s%s: got %s", path, query, body)
			}
			if strings.Contains(body, `"input_schema"`) != want[0] || strings.Contains(body, `"output_schema"`) != want[1] {
				t.Errorf("%s%s: got %s", path, query, body)
			}
		}
	}
}

// Contract 15.8: OpenAI's list only for those who send a bearer token and nothing
// else.
func TestTwoShapesOfTheList(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	for name, c := range map[string]struct {
		header []string
		openai bool
	}{
		"bearer": {[]string{"Authorization", "Bearer " + s.key}, true}, "x-api-key": {[]string{"X-Api-Key", s.key}, false},
		"both": {[]string{"Authorization", "Bearer " + s.key, "X-Api-Key", s.key}, false},
	} {
		for _, path := range []string{"/v1/models", "/v1/models/skytower-docs"} {
			r := s.do(s.request(http.MethodGet, path, "", c.header...))
			if got := strings.Contains(r.body, `"object":"model"`); r.status != 200 || got != c.openai {
				t.Errorf("%s %s: got %d %s", name, path, r.status, r.body)
			}
		}
		r := s.do(s.request(http.MethodGet, "/v1/models", "", c.header...))
		if !c.openai {
			continue
		}
		var list skytells.OpenAIModelList
		decode(t, r.body, &list)
		if list.Object != "list" || len(list.Data) != 4 || list.Data[0].ID == "" || list.Data[0].Created == 0 || list.Data[0].OwnedBy == "" {
			t.Errorf("got %+v", list)
		}
	}
}

// The well-known lines answer on a fresh server; the first upstream takes over.
func TestTheRouterAlwaysResolves(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	ask := func(path, field string) reply {
		return s.post(path, `{"model":"deepbrain-router",`+field+`}`)
	}
	routes := map[string]string{chatPath: `"messages":[{"role":"user","content":"How do I add a model?"}]`, respPath: `"input":"How do I add a model?"`, embedPath: `"input":"a lighthouse"`}
	for path, field := range routes {
		want := "skytower-docs"
		if path == embedPath {
			want = "skytower-embed-small"
		}
		r := ask(path, field)
		if r.status != 200 || r.header.Get("X-Skytells-Model") != want || !strings.Contains(r.body, fmt.Sprintf(`"model":%q`, want)) {
			t.Errorf("%s: got %d %v %.300s", path, r.status, r.header, r.body)
		}
		if r.header.Get("X-Skytells-Ratelimit-Window") != "60" || r.header.Get("X-Skytells-Ratelimit-Limit-Requests") != "-" {
			t.Errorf("%s: rate headers %v", path, r.header)
		}
	}
	up := s.withUpstream()
	up.On(chatPath, jsonScript(chatAnswer))
	up.On(embedPath, jsonScript(embedAnswer))
	if _, err := s.admin().PutSettings(t.Context(), skytells.Settings{DefaultChat: chatModel, DefaultEmbeddings: embedModel}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{chatPath: chatModel, embedPath: embedModel} {
		if r := ask(path, routes[path]); r.status != 200 || !strings.Contains(r.body, fmt.Sprintf(`"model":%q`, want)) {
			t.Errorf("%s: got %d %s", path, r.status, r.body)
		}
	}
}
