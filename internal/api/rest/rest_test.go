package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/api/rest"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store/storetest"
)

// keyring knows one key, for the models alone.
type keyring struct{}

func (keyring) Authenticate(_ context.Context, key string, _ netip.Addr) (account.Principal, error) {
	if key != "sk-models" {
		return account.Principal{}, fault.New(fault.Unauthorized, "Invalid or missing API key")
	}
	return account.Principal{Account: "acct_1", Key: "key_1", Scopes: account.ModelsRead}, nil
}

func (keyring) AuthenticateOperator(context.Context, string) (account.Operator, error) {
	return account.Operator{}, fault.New(fault.Unauthorized, "Invalid or missing API key")
}

// site serves the routes over a real catalogue: a chat model with an alias, one
// with a slash in its name, an embeddings model, and one that is not open yet.
func site(t *testing.T) http.Handler {
	t.Helper()
	key, err := secret.NewMasterKey(bytes.Repeat([]byte{7}, secret.Size))
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := secret.NewRing(key).Sealer(secret.ProviderCredentials)
	if err != nil {
		t.Fatal(err)
	}
	models, err := catalog.New(catalog.Options{DB: storetest.Open(t, storetest.SQLite(t)), Sealer: sealer})
	if err != nil {
		t.Fatal(err)
	}
	at := []skytells.TargetSpec{{Provider: "up", Model: "x"}}
	resources := skytells.Resources{
		Providers: []skytells.ProviderSpec{{Name: "up", Kind: "openai", BaseURL: "http://127.0.0.1:1/v1"}},
		Models: []skytells.ModelSpec{
			{Slug: "tower-chat", Type: "text", API: "chat", Free: true, Aliases: []string{"short"}, Targets: at},
			{Slug: "org/tower-2", Type: "text", API: "chat", Free: true, Targets: at},
			{Slug: "tower-embed", Type: "text", API: "embeddings", Free: true, Targets: at},
			{Slug: "closed", Type: "text", API: "chat", Targets: at},
			{Slug: "sepia", Type: "image", API: "prediction", Free: true, Targets: at,
				InputSchema:  skytells.Schema(`{"title":"Sepia","required":["image"],"properties":{"image":{"type":"string","title":"Image"}}}`),
				OutputSchema: skytells.Schema(`{"type":"string","format":"uri","title":"File"}`)},
			{Slug: "sepia-2", Type: "image", API: "prediction", Free: true, Targets: at},
		},
	}
	if _, err := models.Apply(t.Context(), skytells.ApplyRequest{Source: "test", Resources: resources}, "opr_1"); err != nil {
		t.Fatal(err)
	}
	if err := models.Refresh(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	handlers := &rest.Handlers{Catalog: models}
	server := &httpx.Server{Done: func(*httpx.Record) {}, Log: slog.New(slog.DiscardHandler)}
	return api.NewRouter(server, keyring{}, handlers.Rows(), nil)
}

// get asks as the TypeScript SDK does, with both headers, or with one of them.
func get(t *testing.T, h http.Handler, path string, header ...string) (int, string) {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	if header == nil {
		header = []string{"X-Api-Key", "sk-models", "Authorization", "Bearer sk-models"}
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	if kind := w.Header().Get("Content-Type"); kind != "application/json" {
		t.Errorf("%s: content type %q", path, kind)
	}
	return w.Code, string(body)
}

func decode(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

func TestListIsABareArrayOfOpenModels(t *testing.T) {
	t.Parallel()
	code, body := get(t, site(t), "/v1/models")
	var list []map[string]any
	decode(t, body, &list)
	var names []string
	for _, m := range list {
		names = append(names, m["namespace"].(string))
		if _, ok := m["input_schema"]; ok {
			t.Errorf("a schema that nobody asked for: %v", m)
		}
	}
	if got := strings.Join(names, " "); code != 200 || got != "deepbrain-router org/tower-2 sepia sepia-2 tower-chat tower-embed" {
		t.Errorf("%d: %s", code, got)
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	h := site(t)
	for query, want := range map[string]string{
		"": "", "?fields=": "", "?fields=other": "", "?fields=INPUT_SCHEMA": "",
		"?fields=input_schema": "in", "?fields=output_schema": "out",
		"?fields=input_schema,output_schema": "in out", "?fields=input_schema%2Coutput_schema": "in out",
		"?fields=x,%20output_schema": "out", "?fields=input_schema&fields=output_schema": "in out",
	} {
		for _, path := range []string{"/v1/models", "/v1/models/tower-chat", "/v1/model/tower-embed"} {
			_, body := get(t, h, path+query)
			if path != "/v1/models" {
				body = "[" + body + "]"
			}
			var list []struct {
				Namespace string
				Input     *schema `json:"input_schema"`
				Output    *schema `json:"output_schema"`
			}
			decode(t, body, &list)
			for _, m := range list {
				if m.Namespace == "sepia-2" {
					continue // has none
				}
				if got := strings.TrimSpace(m.Input.as("in") + " " + m.Output.as("out")); got != want {
					t.Errorf("%s%s: got %q, want %q", path, query, got, want)
				}
			}
		}
	}
	if _, body := get(t, h, "/v1/models/sepia-2?fields=input_schema,output_schema"); !strings.Contains(body, `"input_schema":null,"output_schema":null`) {
		t.Errorf("without schemas: %s", body)
	}
	if _, body := get(t, h, "/v1/models/sepia?fields=output_schema"); !strings.Contains(body, `"properties":{"output":{"type":"string","format":"uri","title":"File"}}`) ||
		!strings.Contains(body, `"openai_compatible":false`) {
		t.Errorf("a prediction model: %s", body)
	}
	if _, body := get(t, h, "/v1/models/deepbrain-router?fields=input_schema"); !strings.Contains(body, `"messages"`) || strings.Contains(body, "output_schema") {
		t.Errorf("the router: %s", body)
	}
	if _, body := get(t, h, "/v1/models/tower-embed?fields=input_schema"); !strings.Contains(body, `"encoding_format"`) {
		t.Errorf("the schema of embeddings: %s", body)
	}
}

// schema has the outer form of contract 5.3.
type schema struct {
	Type, Title string
	Required    []string
	Properties  map[string]map[string]any
}

func (s *schema) as(name string) string {
	switch {
	case s == nil:
		return ""
	case s.Type != "object" || s.Title == "" || len(s.Required) == 0 || len(s.Properties) == 0:
		return "malformed"
	}
	for _, needed := range s.Required {
		if s.Properties[needed]["title"] == "" {
			return "malformed"
		}
	}
	return name
}

func TestOneModelUnderAllItsNames(t *testing.T) {
	t.Parallel()
	h := site(t)
	for path, want := range map[string]string{
		"/v1/models/tower-chat": "tower-chat", "/v1/model/tower-chat": "tower-chat", "/v1/models/short": "tower-chat",
		"/v1/models/TOWER-CHAT": "tower-chat", "/v1/models/anyone%2Ftower-chat": "tower-chat", "/v1/model/anyone/tower-chat": "tower-chat",
		"/v1/model/org%2Ftower-2": "org/tower-2", "/v1/models/org%2ftower-2": "org/tower-2", "/v1/models/org/tower-2": "org/tower-2",
	} {
		code, body := get(t, h, path)
		var m skytells.Model
		decode(t, body, &m)
		if code != 200 || m.Namespace != want {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	for _, path := range []string{"/v1/models/nope", "/v1/model/org%2Fnope", "/v1/models/closed", "/v1/models/a/closed"} {
		code, body := get(t, h, path)
		var e skytells.ErrorEnvelope
		decode(t, body, &e)
		if code != 404 || e.Error.ErrorID != "MODEL_NOT_FOUND" || e.Error.HTTPStatus != 404 || e.Error.Details == "" {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
}

// Contract 15.8: only a caller with a bearer token and no x-api-key is an
// OpenAI-style client.
func TestOpenAIShape(t *testing.T) {
	t.Parallel()
	h := site(t)
	for _, c := range []struct {
		header []string
		openai bool
	}{
		{[]string{"Authorization", "Bearer sk-models"}, true},
		{[]string{"X-Api-Key", "sk-models"}, false},
		{[]string{"X-Api-Key", "sk-models", "Authorization", "Bearer sk-models"}, false},
	} {
		_, list := get(t, h, "/v1/models", c.header...)
		_, one := get(t, h, "/v1/models/org%2Ftower-2", c.header...)
		if strings.HasPrefix(list, `{"object":"list","data":[`) != c.openai || strings.HasPrefix(list, "[") == c.openai {
			t.Errorf("%v: %s", c.header, list)
		}
		var m struct {
			ID, Object string
			OwnedBy    string `json:"owned_by"`
			Created    int64
		}
		decode(t, one, &m)
		if (m.ID == "org/tower-2" && m.Object == "model" && m.Created > 0 && m.OwnedBy != "") != c.openai {
			t.Errorf("%v: %s", c.header, one)
		}
	}
	if code, _ := get(t, h, "/v1/models", "Authorization", "Bearer sk-other"); code != 401 {
		t.Errorf("a wrong key: %d", code)
	}
}
