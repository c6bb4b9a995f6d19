package browser

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

// ask calls the server, and keeps both sides to be validated.
func (s *site) ask(t *testing.T, method, path, body, key string) (*http.Request, *http.Response) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("X-Api-Key", key)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(text))
	req.Body = io.NopCloser(strings.NewReader(body))
	return req, res
}

// The document is valid OpenAPI 3.1, and the server's answers are what it says.
func TestDocumentIsValidAndTrue(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, res := s.ask(t, http.MethodGet, "/openapi.json", "", "")
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if ok, problems := v.ValidateDocument(); !ok {
		for _, p := range problems {
			t.Errorf("the document: %s: %s %v", p.Message, p.Reason, p.SchemaValidationErrors)
		}
	}
	for _, c := range []struct {
		method, path, body, key string
		status                  int
	}{
		{"GET", "/v1/models", "", s.key, 200},
		{"GET", "/v1/models?fields=input_schema", "", s.key, 200},
		{"GET", "/v1/models/skytower-docs", "", s.key, 200},
		{"GET", "/v1/models/nothing", "", s.key, 404},
		{"GET", "/v1/models", "", "sk-wrong", 401},
		{"POST", "/v1/chat/completions", `{"model": "skytower-docs", "messages": [{"role": "user", "content": "How do I create a key?"}]}`, s.key, 200},
		{"POST", "/v1/chat/completions", `{"model": "nothing", "messages": [{"role": "user", "content": "Hello"}]}`, s.key, 404},
		{"POST", "/v1/responses", `{"model": "skytower-docs", "input": "How do I create a key?", "store": true}`, s.key, 200},
		{"POST", "/v1/predictions", `{"model": "skytower-upscale-2x", "await": true, "input": {"image": "` + dot + `"}}`, s.key, 200},
		{"GET", "/v1/predictions", "", s.key, 200},
		{"GET", "/v1/files", "", s.key, 200},
		{"GET", "/v1/balance", "", s.key, 200},
		{"GET", "/v1/usage", "", s.key, 200},
		{"GET", "/v1/charges", "", s.key, 200},
	} {
		req, res := s.ask(t, c.method, c.path, c.body, c.key)
		answer, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != c.status && !(c.status == 200 && res.StatusCode == 201) {
			t.Errorf("%s %s: %d %s", c.method, c.path, res.StatusCode, answer)
			continue
		}
		res.Body = io.NopCloser(bytes.NewReader(answer))
		if ok, problems := v.ValidateHttpRequestResponse(req, res); !ok {
			for _, p := range problems {
				t.Errorf("%s %s: %s: %s %v\n%s", c.method, c.path, p.Message, p.Reason, p.SchemaValidationErrors, answer)
			}
		}
	}
}

// dot is a picture of one pixel.
const dot = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
