package app_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"

	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
	"skytower/internal/telemetry/telemetrytest"
)

// What callers and upstreams write: nothing of it may be in a trace.
const (
	askedText    = "what is the airspeed of a swallow"
	answeredText = "African or European"
)

// tracedServer sends its traces to a collector of the test.
func tracedServer(t *testing.T) (*server, *telemetrytest.Collector) {
	t.Helper()
	to := telemetrytest.New(t, http.StatusOK)
	return start(t, options{flags: map[string]string{"traces": to.URL}}), to
}

// the is the one span of a name within a trace ("": any).
func the(t *testing.T, c *telemetrytest.Collector, trace, name string) telemetrytest.Span {
	t.Helper()
	var found []telemetrytest.Span
	for _, s := range c.Named(name) {
		if trace == "" || s.Trace == trace {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		var names []string
		for _, s := range c.Spans() {
			names = append(names, s.Name)
		}
		t.Fatalf("%d spans %q among %q", len(found), name, names)
	}
	return found[0]
}

func under(t *testing.T, parent telemetrytest.Span, children ...telemetrytest.Span) {
	t.Helper()
	for _, c := range children {
		if c.Trace != parent.Trace || c.Parent != parent.ID || c.Start < parent.Start {
			t.Errorf("%s is not under %s", c.Name, parent.Name)
		}
	}
}

func has(t *testing.T, s telemetrytest.Span, want map[string]string) {
	t.Helper()
	for key, value := range want {
		if !s.Is(key, value) {
			t.Errorf("%s: %s is %q, want %s", s.Name, key, s.Attributes[key], value)
		}
	}
}

const callersTrace = "\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6\xa3\xce\x92\x9d\x0e\x0e\x47\x36"

func TestTraceOfAChat(t *testing.T) {
	t.Parallel()
	s, to := tracedServer(t)
	up := s.withUpstream()
	seen := make(chan string, 2)
	up.On(chatPath, func(x *providertest.Exchange) {
		seen <- x.Request.Header.Get("Traceparent")
		if strings.Contains(x.Request.Body, `"stream":true`) {
			x.Head(200, "Content-Type", "text/event-stream")
			x.Say(piece(answeredText) + lastPiece + usagePiece + donePiece)
			return
		}
		jsonScript(strings.Replace(chatAnswer, "Hello!", answeredText, 1))(x)
	})
	asked := strings.Replace(chatBody, `"hi"`, `"`+askedText+`"`, 1)
	r := s.do(s.request(http.MethodPost, chatPath, asked, "X-Api-Key", s.key, "Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))
	if r.status != 200 {
		t.Fatal(r.body)
	}
	streamed := s.post(chatPath, strings.Replace(streamBody, `"hi"`, `"`+askedText+`"`, 1))
	if streamed.status != 200 || !strings.Contains(streamed.body, answeredText) {
		t.Fatal(streamed.body)
	}
	s.stop()

	var plain, stream telemetrytest.Span
	for _, span := range to.Named("POST " + chatPath) {
		if span.Trace == callersTrace {
			plain = span
		} else {
			stream = span
		}
	}
	account := s.rows(`select account from charge_line limit 1`)[0][0]
	for _, c := range []struct {
		server telemetrytest.Span
		reply  reply
	}{{plain, r}, {stream, streamed}} {
		if c.server.Kind != otlp.Span_SPAN_KIND_SERVER {
			t.Fatalf("no span of the server: %+v", to.Spans())
		}
		has(t, c.server, map[string]string{
			"http.route": chatPath, "http.response.status_code": "200", "skytower.request_id": c.reply.header.Get("X-Request-Id"),
			"skytower.account": account, "skytower.model": chatModel, "skytower.outcome": "ok",
		})
		call := the(t, to, c.server.Trace, "chat "+upChat)
		under(t, c.server, the(t, to, c.server.Trace, "limits"), the(t, to, c.server.Trace, "reserve"), call, the(t, to, c.server.Trace, "charge"))
		if call.Kind != otlp.Span_SPAN_KIND_CLIENT || call.Failed {
			t.Errorf("the call: %+v", call)
		}
		has(t, call, map[string]string{
			"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": upChat, "gen_ai.response.model": chatModel,
			"gen_ai.usage.input_tokens": "11", "gen_ai.usage.output_tokens": "4", "gen_ai.response.finish_reasons": "stop", "server.address": "127.0.0.1",
		})
		want := "00-" + hex(call.Trace) + "-" + hex(call.ID) + "-01"
		if got := <-seen; got != want {
			t.Errorf("the upstream got traceparent %q, want %q", got, want)
		}
	}
	noSecrets(t, s, to)
	if !strings.Contains(s.log.String(), `"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"`) {
		t.Error("the record in the log does not name the trace")
	}
}

func hex(id string) string {
	const digits = "0123456789abcdef"
	var out strings.Builder
	for i := range len(id) {
		out.WriteByte(digits[id[i]>>4])
		out.WriteByte(digits[id[i]&15])
	}
	return out.String()
}

func noSecrets(t *testing.T, s *server, to *telemetrytest.Collector) {
	t.Helper()
	for _, secret := range []string{askedText, answeredText, s.key, s.op, upKey} {
		if strings.Contains(to.Text(), secret) {
			t.Errorf("%q is in the traces", secret)
		}
	}
}

// Of two targets the first fails: two calls, and which one failed.
func TestTraceOfAFailover(t *testing.T) {
	t.Parallel()
	s, to := tracedServer(t)
	broken, up := providertest.NewUpstream(t, providertest.HTTP1), s.withUpstream()
	broken.On(chatPath, providertest.JSON(503, `{"error":{"message":"`+answeredText+`"}}`))
	up.On(chatPath, jsonScript(chatAnswer))
	_, err := s.admin().Apply(t.Context(), skytells.ApplyRequest{Source: "test", Resources: skytells.Resources{
		Providers: []skytells.ProviderSpec{
			{Name: "broken", Kind: "openai", BaseURL: broken.URL.JoinPath("v1").String(), Credential: upKey},
			{Name: "mock", Kind: "openai", BaseURL: up.URL.JoinPath("v1").String(), Credential: upKey},
		},
		Models: []skytells.ModelSpec{{Slug: chatModel, Type: "text", API: "chat", Free: true, Targets: []skytells.TargetSpec{
			{Provider: "broken", Model: "first", Priority: 1}, {Provider: "mock", Model: upChat, Priority: 2},
		}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if r := s.post(chatPath, strings.Replace(chatBody, `"hi"`, `"`+askedText+`"`, 1)); r.status != 200 {
		t.Fatal(r.body)
	}
	s.stop()
	server := the(t, to, "", "POST "+chatPath)
	first, second := the(t, to, server.Trace, "chat first"), the(t, to, server.Trace, "chat "+upChat)
	under(t, server, first, second)
	if !first.Failed || second.Failed || first.End > second.Start {
		t.Errorf("first %+v, second %+v", first, second)
	}
	has(t, first, map[string]string{"error.type": "broken", "http.response.status_code": "503", "skytower.provider": "broken"})
	noSecrets(t, s, to)
}

// A prediction's runs and webhooks are in a trace of its own, to which the request links
// that made it.
func TestTraceOfAPrediction(t *testing.T) {
	t.Parallel()
	told := make(chan struct{}, 10)
	receiver := newHook(t, func() { told <- struct{}{} })
	to := telemetrytest.New(t, http.StatusOK)
	s := start(t, options{flags: map[string]string{"traces": to.URL, "egress-allow": "127.0.0.0/8", "webhook-http": "true"}})
	s.withPainter()
	made := s.post("/v1/predictions", `{"model":"`+paintModel+`","await":true,"input":{"prompt":"`+askedText+`"},"webhook":{"url":"`+receiver+`/secret-path?token=hush","events":["completed"]}}`)
	if made.status >= 300 {
		t.Fatal(made.body)
	}
	await(t, "the webhook is delivered", told)
	s.stop()
	request, run := the(t, to, "", "POST /v1/predictions"), the(t, to, "", "prediction")
	if run.Parent != "" || run.Trace == request.Trace || len(request.Links) != 1 || request.Links[0] != (telemetrytest.Link{Trace: run.Trace, ID: run.ID}) {
		t.Errorf("the request %+v, the run %+v", request, run)
	}
	under(t, request, the(t, to, request.Trace, "limits"), the(t, to, request.Trace, "reserve"))
	call := the(t, to, run.Trace, "generate_content painter")
	under(t, run, call, the(t, to, run.Trace, "charge"))
	has(t, call, map[string]string{"gen_ai.operation.name": "generate_content", "gen_ai.provider.name": "cog", "gen_ai.output.type": "image"})
	has(t, run, map[string]string{"skytower.outcome": "succeeded", "skytower.model": paintModel})
	var delivered telemetrytest.Span
	for _, span := range to.Spans() {
		if strings.HasPrefix(span.Name, "webhook ") {
			delivered = span
		}
	}
	under(t, run, delivered)
	has(t, delivered, map[string]string{"server.address": "127.0.0.1", "http.response.status_code": "200"})
	noSecrets(t, s, to)
	for _, secret := range []string{"secret-path", "hush"} {
		if strings.Contains(to.Text(), secret) {
			t.Errorf("%q of a webhook's address is in the traces", secret)
		}
	}
}

// newHook is a receiver of webhooks.
func newHook(t *testing.T, told func()) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Header.Get("Traceparent") != "" {
			t.Error("a webhook's receiver hears of the trace")
		}
		w.WriteHeader(http.StatusOK)
		told()
	}))
	t.Cleanup(server.Close)
	return server.URL
}
