package app_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/provider/providertest"
)

// clientsFolder has the npm clients and the programs that use them.
const clientsFolder = "../../test/clients"

// The clients are installed once, by `make test` or by the first test that needs
// them.
var installClients = sync.OnceValue(func() error {
	if _, err := os.Stat(filepath.Join(clientsFolder, "node_modules", "typescript")); err == nil {
		return nil
	}
	cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
	cmd.Dir, cmd.Stdout, cmd.Stderr = clientsFolder, os.Stderr, os.Stderr
	return cmd.Run()
})

// node runs a program of the folder and reads its one document.
func node(t *testing.T, v any, program string, args ...string) {
	t.Helper()
	if err := installClients(); err != nil {
		t.Fatalf("install the npm clients: %v", err)
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"--no-warnings", program}, args...)...)
	cmd.Dir = clientsFolder
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, errs.String())
	}
	if err := json.Unmarshal([]byte(out.String()), v); err != nil {
		t.Fatalf("%s: %v in %s", program, err, out.String())
	}
}

// npmScript answers by what the request asks for.
func npmScript(x *providertest.Exchange) {
	asks := func(words string) bool { return strings.Contains(x.Request.Body, words) }
	streamed := asks(`"stream":true`)
	switch {
	case asks(`"user":"busy"`):
		providertest.JSON(429, `{}`)(x)
	case asks(`"user":"broken"`):
		providertest.JSON(500, `{}`)(x)
	case asks(`"user":"cut"`):
		providertest.Events(piece("half"))(x)
	case asks(`"tools"`) && streamed:
		providertest.Events(toolPieces()...)(x)
	case asks(`"tools"`):
		jsonScript(toolAnswer)(x)
	case asks(`"json_schema"`):
		jsonScript(strings.Replace(chatAnswer, "Hello!", `{\"n\":7}`, 1))(x)
	case streamed:
		providertest.Events(piece("Hel"), piece("lo"), lastPiece, usagePiece, donePiece)(x)
	default:
		jsonScript(chatAnswer)(x)
	}
}

func TestOpenAINode(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"breaker-failures": "0"}})
	up := s.withUpstream()
	up.On(chatPath, npmScript)
	type streamed struct {
		Text, Tool, Finish string
		Chunks             int
		Usage              struct {
			Total int `json:"total_tokens"`
		}
	}
	type failed struct {
		Name    string
		Status  int
		Code    string
		Type    string
		Param   string
		Message string
		Request string
	}
	var seen struct {
		Plain struct {
			Text, Model, Request string
			Tokens               int
		}
		Stream, ToolStream streamed
		Tools              struct{ Name, Arguments string }
		Structured         struct{ N int }
		Embeddings         struct {
			Length int
			Apart  float64
		}
		Response       struct{ Text, Status string }
		ResponseEvents []string
		Models         []string
		Errors         map[string]failed
	}
	node(t, &seen, "openai.mjs", s.base+"/v1", s.key, chatModel, "skytower-embed-small")
	if p := seen.Plain; p.Text != "Hello!" || p.Model != chatModel || p.Tokens != 15 || !strings.HasPrefix(p.Request, "req_") {
		t.Errorf("plain: %+v", p)
	}
	if p := seen.Stream; p.Text != "Hello" || p.Finish != "stop" || p.Usage.Total != 15 {
		t.Errorf("stream: %+v", p)
	}
	if p := seen.ToolStream; seen.Tools.Arguments != `{"city":"Oslo"}` || p.Tool != `{"city":"Oslo"}` || p.Finish != "tool_calls" || p.Usage.Total != 0 {
		t.Errorf("tools: %+v, streamed %+v", seen.Tools, p)
	}
	if seen.Structured.N != 7 || seen.Embeddings.Length != 64 || seen.Embeddings.Apart > 1e-6 {
		t.Errorf("structured %+v, embeddings %+v", seen.Structured, seen.Embeddings)
	}
	if seen.Response.Text != "Hello!" || seen.Response.Status != "completed" || len(seen.ResponseEvents) != 10 || seen.ResponseEvents[9] != "response.completed" {
		t.Errorf("responses: %+v, %v", seen.Response, seen.ResponseEvents)
	}
	if len(seen.Models) != 6 {
		t.Errorf("models: %v", seen.Models)
	}
	got := map[string]failed{}
	for name, e := range seen.Errors {
		if e.Message == "" || name != "cut" && !strings.HasPrefix(e.Request, "req_") {
			t.Errorf("%s: %+v", name, e)
		}
		e.Message, e.Request = "", ""
		got[name] = e
	}
	want := map[string]failed{
		"unauthorized":  {Name: "AuthenticationError", Status: 401, Code: "invalid_api_key", Type: "authentication_error"},
		"notFound":      {Name: "NotFoundError", Status: 404, Code: "model_not_found", Type: "server_error", Param: "model"},
		"badRequest":    {Name: "BadRequestError", Status: 400, Code: "invalid_parameter", Type: "invalid_request_error", Param: "n"},
		"unprocessable": {Name: "UnprocessableEntityError", Status: 422, Code: "model_not_supported", Type: "invalid_request_error", Param: "model"},
		"busy":          {Name: "RateLimitError", Status: 429, Code: "inference_rate_limited", Type: "rate_limit_error"},
		"broken":        {Name: "InternalServerError", Status: 500, Code: "service_error", Type: "server_error"},
		"cut":           {Name: "APIError", Code: "service_error", Type: "server_error"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

func TestSkytellsNode(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	type failed struct {
		Name, ID, Message, Details string
		Status                     int
	}
	var seen struct {
		Models                            []struct{ Slug, Type, Vendor string }
		Unauthorized, WithoutKey, Unknown failed
	}
	node(t, &seen, "skytells.mjs", s.base+"/v1", s.key)
	if len(seen.Models) != 4 || seen.Models[0].Slug != "deepbrain-router" || seen.Models[0].Type != "text" || seen.Models[0].Vendor == "" {
		t.Errorf("models: %+v", seen.Models)
	}
	refused := failed{Name: "SkytellsError", ID: "UNAUTHORIZED", Message: "Invalid or missing API key", Details: "Invalid API key. Keys are made at " + s.base + "/keys", Status: 401}
	if seen.Unauthorized != refused || seen.WithoutKey != refused {
		t.Errorf("got %+v and %+v", seen.Unauthorized, seen.WithoutKey)
	}
	if e := seen.Unknown; e.ID != "PREDICTION_FAILED" || e.Status != 502 || e.Details == "" {
		t.Errorf("got %+v", e)
	}
}
