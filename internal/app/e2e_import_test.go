package app_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

const upstreamList = `{"object":"list","data":[{"id":"inner/Llama-3.2:1b","object":"model","owned_by":"meta"},` +
	`{"id":"nomic-embed-text","object":"model"},{"id":"omni-moderation-latest","object":"model"}]}`

// importing adds a provider without any model, whose upstream lists three.
func importing(t *testing.T) (*server, *providertest.Upstream) {
	t.Helper()
	s := start(t, options{})
	up := providertest.NewUpstream(t, providertest.HTTP1)
	up.On("/v1/models", jsonScript(upstreamList))
	up.On(chatPath, jsonScript(chatAnswer))
	up.On(embedPath, jsonScript(embedAnswer))
	if _, err := s.admin().PutProvider(t.Context(), skytells.ProviderSpec{
		Name: "mock", Kind: "openai", BaseURL: up.URL.JoinPath("v1").String(), Credential: upKey,
	}); err != nil {
		t.Fatal(err)
	}
	return s, up
}

func (s *server) imports(r skytells.ImportRequest) []skytells.ImportedModel {
	s.t.Helper()
	result, err := s.admin().ImportModels(s.t.Context(), "mock", r)
	if err != nil {
		s.t.Fatal(err)
	}
	return result.Models
}

// listed are the slugs that a caller sees, without the built-in ones.
func (s *server) listed() []string {
	s.t.Helper()
	var all []skytells.Model
	decode(s.t, s.call(http.MethodGet, "/v1/models", "").body, &all)
	var slugs []string
	for _, m := range all {
		if !strings.HasPrefix(m.Namespace, "skytower-") && m.Namespace != "deepbrain-router" {
			slugs = append(slugs, m.Namespace)
		}
	}
	return slugs
}

func TestImportFreeModelsIsOpenAtOnce(t *testing.T) {
	t.Parallel()
	s, up := importing(t)
	want := []skytells.ImportedModel{
		{Slug: "inner/Llama-3.2:1b", Upstream: "inner/Llama-3.2:1b", API: "chat", Type: "text", Action: "created", Open: true},
		{Slug: "nomic-embed-text", Upstream: "nomic-embed-text", API: "embeddings", Type: "text", Action: "created", Open: true},
		{Slug: "omni-moderation-latest", Upstream: "omni-moderation-latest", Action: "created"}, // serves neither route
	}
	if diff := cmp.Diff(want, s.imports(skytells.ImportRequest{Free: true, DryRun: true})); diff != "" {
		t.Error(diff)
	}
	if got := s.listed(); len(got) != 0 {
		t.Errorf("a dry run opened %v", got)
	}
	if diff := cmp.Diff(want, s.imports(skytells.ImportRequest{Free: true})); diff != "" {
		t.Error(diff)
	}
	if got := up.Last().Header.Get("Authorization"); got != "Bearer "+upKey {
		t.Errorf("the upstream was asked with %q", got)
	}
	if diff := cmp.Diff([]string{"inner/Llama-3.2:1b", "nomic-embed-text"}, s.listed()); diff != "" {
		t.Error(diff)
	}
	chat := strings.Replace(chatBody, chatModel, "inner/Llama-3.2:1b", 1)
	if r := s.post(chatPath, chat); r.status != 200 || !strings.Contains(up.Last().Body, `"model":"inner/Llama-3.2:1b"`) {
		t.Errorf("chat: %d %s", r.status, r.body)
	}
	if r := s.post(embedPath, strings.Replace(embedBody, embedModel, "nomic-embed-text", 1)); r.status != 200 {
		t.Errorf("embeddings: %d %s", r.status, r.body)
	}
	if r := s.call(http.MethodGet, "/v1/model/inner%2FLlama-3.2:1b", ""); r.status != 200 {
		t.Errorf("the model: %d %s", r.status, r.body)
	}
	for _, m := range s.imports(skytells.ImportRequest{Free: true}) {
		if m.Action != "exists" {
			t.Errorf("a second import: %+v", m)
		}
	}
}

func TestImportWaitsForAPrice(t *testing.T) {
	t.Parallel()
	s, _ := importing(t)
	got := s.imports(skytells.ImportRequest{Models: []string{"nomic-embed-text", "inner/Llama-3.2:1b"}})
	if len(got) != 2 || got[0].Open || got[1].Open || got[0].Action != "created" {
		t.Errorf("imported %+v", got)
	}
	if got := s.listed(); len(got) != 0 {
		t.Errorf("callers see %v", got)
	}
	body := strings.Replace(embedBody, embedModel, "nomic-embed-text", 1)
	if r := s.post(embedPath, body); r.status != 404 || inferenceError(t, "closed", r).ErrorID != "MODEL_NOT_FOUND" {
		t.Errorf("a closed model: %d %s", r.status, r.body)
	}
	// An operator sees it and opens it.
	specs, err := s.admin().ModelSpecs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range specs {
		if m.Slug == "nomic-embed-text" {
			m.Free = true
			if _, err := s.admin().PutModel(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
	if r := s.post(embedPath, body); r.status != 200 {
		t.Errorf("an opened model: %d %s", r.status, r.body)
	}
}

func TestImportFromAnUpstreamThatFails(t *testing.T) {
	t.Parallel()
	s, up := importing(t)
	for name, script := range map[string]providertest.Script{
		"refuses": providertest.JSON(401, `{"error":{"message":"bad key"}}`), "has no list": providertest.JSON(404, `{}`), "lists nonsense": jsonScript(`{"data":7}`),
	} {
		up.On("/v1/models", script)
		r := s.do(s.request(http.MethodPost, "/admin/v1/providers/mock/import", `{"free":true}`, "Authorization", "Bearer "+s.op))
		if e := restError(t, name, r); r.status != 503 || !strings.Contains(e.Message, "mock") || strings.Contains(r.body, upKey) {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if got := s.listed(); len(got) != 0 {
		t.Errorf("callers see %v", got)
	}
}

// What the built-in model quotes leads to a heading of the served manual.
func TestLinksOfTheBuiltInModelLead(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"public-url": "https://tower.example"}})
	anchored := 0
	for _, question := range []string{
		"How do I add a model?", "What does MODEL_NOT_FOUND mean?", "How do I use PostgreSQL?", "Which metrics are there?", "How do I revoke a key?",
		"How do I stream a chat completion?",
	} {
		r := s.post(chatPath, `{"model":"skytower-docs","messages":[{"role":"user","content":"`+question+`"}]}`)
		links := regexp.MustCompile(`https://tower\.example(/docs[a-z/-]*)(?:#([^\s)\]"\\>]+))?`).FindAllStringSubmatch(r.body, -1)
		if r.status != 200 || len(links) == 0 {
			t.Errorf("%s: %d %s", question, r.status, r.body)
		}
		for _, m := range links {
			page := s.call(http.MethodGet, m[1], "")
			if page.status != 200 || m[2] != "" && !strings.Contains(page.body, `id="`+m[2]+`"`) {
				t.Errorf("%s: %s leads nowhere (%d)", question, m[0], page.status)
			}
			if m[2] != "" {
				anchored++
			}
		}
	}
	if anchored == 0 {
		t.Error("no link named a heading")
	}
}
