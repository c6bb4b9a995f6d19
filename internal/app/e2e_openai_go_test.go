package app_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

const toolAnswer = `{"id":"chatcmpl-2","object":"chat.completion","created":1,"model":"` + upChat + `","choices":[{"index":0,"message":{"role":"assistant","content":null,` +
	`"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`

func toolPieces() []string {
	head := `data: {"id":"chatcmpl-2","object":"chat.completion.chunk","created":1,"model":"` + upChat + `","choices":[{"index":0,"delta":`
	return []string{
		head + `{"role":"assistant","tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":""}}]},"finish_reason":null}]}` + "\n\n",
		head + `{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]},"finish_reason":null}]}` + "\n\n",
		head + `{"tool_calls":[{"index":0,"function":{"arguments":"\"Oslo\"}"}}]},"finish_reason":null}]}` + "\n\n",
		head + `{},"finish_reason":"tool_calls"}]}` + "\n\n", usagePiece, donePiece,
	}
}

// openaiGoFolder is a module of its own: see its package comment.
const openaiGoFolder = "../../test/clients/openaigo"

// buildOpenAIGo lets the go command build the program around OpenAI's Go client, without
// the race detector, and keep it for the runs to come. Without arguments the program
// only says how it is used.
var buildOpenAIGo = sync.OnceFunc(func() { _ = openaiGoCommand(context.Background()).Run() })

func openaiGoCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", "-buildvcs=false", "."}, args...)...)
	cmd.Dir = openaiGoFolder
	return cmd
}

// openaiGo is a command that runs the program.
func openaiGo(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	buildOpenAIGo()
	return openaiGoCommand(t.Context(), args...)
}

// clientFailure is an error as the client gives it.
type clientFailure struct {
	Status                              int
	Code, Type, Param, Message, Request string
}

// clientSaw is one line of the program.
type clientSaw struct {
	Scenario, Text, Model, Finish, Tool string
	Events, Input, Output, Reasoning    int64
	Vector                              []float64
	Vectors                             []any
	Models                              []string
	Outline                             []string
	Error                               *clientFailure
}

// goScript is npmScript with what the Go client tries besides.
func goScript(flaky, denied *atomic.Int64) providertest.Script {
	return func(x *providertest.Exchange) {
		asks := func(words string) bool { return strings.Contains(x.Request.Body, words) }
		switch {
		case asks(`"user":"rejected"`):
			providertest.JSON(400, `{"error":{"message":"no","param":"top_p"}}`)(x)
		case asks(`"user":"flaky"`) && flaky.Add(1) == 1:
			x.Head(503)
		case asks(`"user":"denied"`):
			if asks("once more") {
				denied.Add(1)
			}
			providertest.JSON(401, `{}`)(x)
		case asks(`"json_schema"`) && !asks(`"json_schema":{"name":"number"`), asks(`"tools"`) && !asks(`"name":"weather"`):
			providertest.JSON(400, `{"error":{"message":"the request did not pass whole"}}`)(x)
		default:
			npmScript(x)
		}
	}
}

func TestOpenAIGo(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"breaker-failures": "0"}})
	up := s.withUpstream()
	var flaky, denied atomic.Int64
	up.On(chatPath, goScript(&flaky, &denied))
	up.On(embedPath, jsonScript(embedAnswer))
	got := s.runOpenAIGo()

	sameVectors(t, got["embeddings as float"].Vectors, got["embeddings as base64"].Vectors)
	for _, name := range []string{"embeddings as float", "embeddings as base64"} {
		saw := got[name]
		saw.Vectors = nil
		got[name] = saw
	}
	if saw := got["built-in chat"]; saw.Text == "" || saw.Model != "skytower-docs" || saw.Finish != "stop" || saw.Input == 0 || saw.Output == 0 {
		t.Errorf("built-in chat: %+v", saw)
	}
	delete(got, "built-in chat")
	if diff := cmp.Diff(wantOfOpenAIGo(), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if flaky.Load() != 2 || denied.Load() != 1 {
		t.Errorf("the client asked %d times where a retry helps, %d times where none does", flaky.Load(), denied.Load())
	}
}

// runOpenAIGo runs all scenarios. Texts and ids of errors are checked here, so that
// the rest can be compared.
func (s *server) runOpenAIGo() map[string]clientSaw {
	s.t.Helper()
	cmd := openaiGo(s.t, chatModel, embedModel)
	cmd.Env = append(os.Environ(), "SKYTOWER_URL="+s.base+"/v1", "SKYTOWER_KEY="+s.key)
	return s.saw(cmd)
}

// saw runs the program and reads its lines.
func (s *server) saw(cmd *exec.Cmd) map[string]clientSaw {
	s.t.Helper()
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("the client: %v\n%s%s", err, out.String(), errs.String())
	}
	got := map[string]clientSaw{}
	for lines := json.NewDecoder(strings.NewReader(out.String())); lines.More(); {
		var saw clientSaw
		if err := lines.Decode(&saw); err != nil {
			s.t.Fatalf("%v in %s", err, out.String())
		}
		if e := saw.Error; e != nil {
			if e.Message == "" || saw.Scenario != "cut" && saw.Scenario != "error: midway" && !strings.HasPrefix(e.Request, "req_") {
				s.t.Errorf("%s: %+v", saw.Scenario, e)
			}
			if saw.Scenario == "cut" && !strings.Contains(e.Message, "stopped before the end") {
				s.t.Errorf("a cut stream fails with %q", e.Message)
			}
			e.Message, e.Request = "", ""
		}
		name := saw.Scenario
		saw.Scenario = ""
		got[name] = saw
	}
	return got
}

func wantOfOpenAIGo() map[string]clientSaw {
	whole := clientSaw{Text: "Hello!", Model: chatModel, Finish: "stop", Input: 11, Output: 4, Reasoning: 1}
	failure := func(status int, code, kind, param string) clientSaw {
		return clientSaw{Error: &clientFailure{Status: status, Code: code, Type: kind, Param: param}}
	}
	serverError := failure(500, "service_error", "server_error", "")
	want := map[string]clientSaw{
		"chat":                      whole,
		"chat, streamed":            {Text: "Hello", Model: chatModel, Finish: "stop", Events: 3},
		"chat, streamed with usage": {Text: "Hello", Model: chatModel, Finish: "stop", Events: 4, Input: 11, Output: 4},
		"tool call":                 {Tool: `call_1 weather{"city":"Oslo"}`, Model: chatModel, Finish: "tool_calls", Input: 1, Output: 1},
		"tool call, streamed":       {Tool: `call_1 weather{"city":"Oslo"}`, Model: chatModel, Finish: "tool_calls", Events: 4},
		"structured output":         whole,

		"embedding":            {Model: embedModel, Input: 2, Vector: []float64{1, -2.5, 0.25}},
		"embeddings as float":  {Model: "skytower-embed-small"},
		"embeddings as base64": {Model: "skytower-embed-small"},

		"response":           {Text: "Hello!", Model: chatModel, Finish: "completed", Input: 11, Output: 4, Reasoning: 1},
		"response, streamed": {Text: "Hello", Model: chatModel, Finish: "completed", Input: 11, Output: 4, Events: 10},

		"models": {Models: []string{"deepbrain-router", "skytower-docs", "skytower-embed-small", "skytower-upscale-2x", chatModel, embedModel}},
		"model":  {Model: "skytower-docs"},

		"cut":                           {Text: "half", Model: chatModel, Events: 1, Error: &clientFailure{}},
		"a retry after a busy upstream": whole,
		"no retry after wrong credentials of the server": serverError,

		"error: wrong key":     failure(401, "invalid_api_key", "authentication_error", ""),
		"error: unknown model": failure(404, "model_not_found", "server_error", "model"),
		"error: wrong kind":    failure(422, "model_not_supported", "invalid_request_error", "model"),
		"error: rejected":      failure(400, "invalid_parameter", "invalid_request_error", "top_p"),
		"error: busy":          failure(429, "inference_rate_limited", "rate_limit_error", ""),
		"error: denied":        serverError,
		"error: broken":        serverError,
	}
	number := whole
	number.Text = `{"n":7}`
	want["structured output"] = number
	return want
}

// base64Vector is the contract's check vector (17.5).
const base64Vector = "AACAPwAAIMAAAIA+"

// sameVectors checks that both encodings of the built-in model give the same
// numbers.
func sameVectors(t *testing.T, floats, texts []any) {
	t.Helper()
	if v := numbers(t, base64Vector); !slices.Equal(v, []float64{1, -2.5, 0.25}) {
		t.Errorf("the test's own decoder is wrong: %v", v)
	}
	if len(floats) != 2 || len(texts) != 2 {
		t.Fatalf("%d and %d vectors", len(floats), len(texts))
	}
	for i := range floats {
		a, b := numbers(t, floats[i]), numbers(t, texts[i])
		if _, isText := texts[i].(string); !isText || len(a) != 64 || len(b) != 64 {
			t.Fatalf("lengths %d and %d, base64 is %T", len(a), len(b), texts[i])
		}
		for j := range a {
			if math.Abs(a[j]-b[j]) > 1e-6 {
				t.Errorf("vector %d differs at %d: %v, %v", i, j, a[j], b[j])
			}
		}
	}
}

// numbers reads a vector in either encoding: base64 is little-endian float32.
func numbers(t *testing.T, v any) []float64 {
	t.Helper()
	var out []float64
	switch v := v.(type) {
	case []any:
		for _, n := range v {
			out = append(out, n.(float64))
		}
	case string:
		raw, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			t.Fatal(err)
		}
		for ; len(raw) >= 4; raw = raw[4:] {
			out = append(out, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw))))
		}
	default:
		t.Fatalf("a vector is %T", v)
	}
	return out
}

// An upstream that has the Responses API gets the body as it is, with the default
// of this server for what is stored (contract 15.19).
func TestNativeResponses(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	native := providertest.NewUpstream(t, providertest.HTTP1)
	native.On(respPath, jsonScript(`{"id":"resp_up","object":"response","created_at":1,"status":"completed","model":"`+upChat+`","output":[{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"native","annotations":[]}]}],"usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}}`))
	s.addProvider("native", native.URL.JoinPath("v1").String(), "native")
	if _, err := s.admin().Apply(t.Context(), skytells.ApplyRequest{Source: "native", Resources: skytells.Resources{Models: []skytells.ModelSpec{
		{Slug: "tower-native", Type: "text", API: "chat", Free: true, Targets: []skytells.TargetSpec{{Provider: "native", Model: upChat}}},
	}}}); err != nil {
		t.Fatal(err)
	}
	r := s.post(respPath, `{"model":"tower-native","input":"hi","reasoning":{"effort":"low"}}`)
	var answer struct {
		ID, Model string
		Output    []struct{ Content []struct{ Text string } }
	}
	decode(t, r.body, &answer)
	if r.status != 200 || answer.ID != "resp_up" || answer.Model != "tower-native" || answer.Output[0].Content[0].Text != "native" {
		t.Errorf("got %d %s", r.status, r.body)
	}
	if asked := native.Last().Body; asked != `{"model":"`+upChat+`","input":"hi","reasoning":{"effort":"low"},"store":false}` {
		t.Errorf("asked with %s", asked)
	}
}
