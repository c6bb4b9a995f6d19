package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"

	"skytower/internal/telemetry"
	"skytower/internal/telemetry/telemetrytest"
)

func tracerTo(t *testing.T, r *telemetrytest.Collector, share float64, log *slog.Logger, lost func(int)) *telemetry.Tracer {
	t.Helper()
	tracer, err := telemetry.NewTracer(t.Context(), telemetry.TraceOptions{
		URL: r.URL + "/base/", Header: http.Header{"X-Collector": {"yes"}}, Share: share, Version: "1.2.3", Instance: "one", Log: log, Lost: lost,
		Peer: func(name string) telemetry.Peer {
			return telemetry.Peer{Kind: "openai", Host: name + ".test", Port: 8443}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}

// the is the one span of a name.
func the(t *testing.T, c *telemetrytest.Collector, name string) telemetrytest.Span {
	t.Helper()
	got := c.Named(name)
	if len(got) != 1 {
		t.Fatalf("%d spans %q among %v", len(got), name, c.Spans())
	}
	return got[0]
}

const callersTrace = "4bf92f3577b34da6a3ce929d0e0e4736"

// request is one whose caller traces, and has decided on it by the flag.
func request(flag string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/v1/x", nil)
	r.Header.Set("Traceparent", "00-"+callersTrace+"-00f067aa0ba902b7-"+flag)
	return r
}

func TestSpansOfARequest(t *testing.T) {
	t.Parallel()
	to := telemetrytest.New(t, http.StatusOK)
	tracer := tracerTo(t, to, 0, slog.New(slog.DiscardHandler), nil) // the caller decides
	ctx, server := tracer.Server(request("01"), "/v1/x")
	within, call := tracer.Call(ctx, telemetry.ModelCall{Operation: "chat", Provider: "up", Model: "m", Stream: true})
	if parent := tracer.Outgoing(within); !strings.HasPrefix(parent, "00-"+callersTrace+"-") || !strings.HasSuffix(parent, "-01") || len(parent) != 55 {
		t.Errorf("traceparent %q", parent)
	}
	if server.TraceID() != callersTrace {
		t.Errorf("trace %q", server.TraceID())
	}
	call.Fail("timeout")
	call.End()
	server.End()
	if err := tracer.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	outer, inner := the(t, to, "POST /v1/x"), the(t, to, "chat m")
	if outer.Kind != otlp.Span_SPAN_KIND_SERVER || inner.Parent != outer.ID || len(outer.Parent) != 8 {
		t.Errorf("outer %v, inner %v", outer, inner)
	}
	for key, want := range map[string]string{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "m", "server.address": "up.test",
		"server.port": "8443", "error.type": "timeout", "gen_ai.request.stream": "true", "skytower.provider": "up",
	} {
		if !inner.Is(key, want) {
			t.Errorf("%s is %q, want %s", key, inner.Attributes[key], want)
		}
	}
	if !inner.Failed || to.Header().Get("X-Collector") != "yes" {
		t.Errorf("failed: %v, headers %v", inner.Failed, to.Header())
	}
}

// Who is not to be traced is not, and the upstream hears of that, too.
func TestSampling(t *testing.T) {
	t.Parallel()
	to := telemetrytest.New(t, http.StatusOK)
	tracer := tracerTo(t, to, 1, slog.New(slog.DiscardHandler), nil)
	ctx, span := tracer.Server(request("00"), "/no")
	if span.On() || span.TraceID() != "" || !strings.HasSuffix(tracer.Outgoing(ctx), "-00") {
		t.Errorf("a caller who traces nothing: on %v, %q", span.On(), tracer.Outgoing(ctx))
	}
	span.End()
	_, span = tracer.Server(httptest.NewRequest(http.MethodGet, "/", nil), "/yes")
	span.End()
	if _, span := tracer.Inside(t.Context(), "of no request"); span.On() {
		t.Error("a part of nothing has a span")
	}
	if err := tracer.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := to.Spans(); len(got) != 1 || got[0].Name != "GET /yes" {
		t.Errorf("%v", got)
	}
}

// Work of one id is in one trace in every process, and who asked for it links there.
func TestWorkIsOneTrace(t *testing.T) {
	t.Parallel()
	to := telemetrytest.New(t, http.StatusOK)
	api, worker := tracerTo(t, to, 1, slog.New(slog.DiscardHandler), nil), tracerTo(t, to, 1, slog.New(slog.DiscardHandler), nil)
	ctx, asked := api.Server(httptest.NewRequest(http.MethodPost, "/", nil), "/ask")
	api.Link(ctx, "p-1")
	asked.End()
	ctx, run := worker.Work(context.Background(), "run", "p-1", true)
	_, part := worker.Inside(ctx, "part")
	part.End()
	run.End()
	_, told := api.Work(context.Background(), "told", "p-1", false)
	told.End()
	for _, tracer := range []*telemetry.Tracer{api, worker} {
		if err := tracer.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	first := the(t, to, "run")
	if len(first.Trace) != 16 || first.Parent != "" {
		t.Fatalf("run %v", first)
	}
	if links := the(t, to, "POST /ask").Links; len(links) != 1 || links[0] != (telemetrytest.Link{Trace: first.Trace, ID: first.ID}) {
		t.Errorf("links %v", links)
	}
	for _, name := range []string{"part", "told"} {
		if s := the(t, to, name); s.Trace != first.Trace || s.Parent != first.ID {
			t.Errorf("%s: %v", name, s)
		}
	}
}

// A collector that takes nothing costs a line a minute, and no request anything.
func TestCollectorThatRefuses(t *testing.T) {
	t.Parallel()
	to := telemetrytest.New(t, http.StatusBadRequest)
	var out bytes.Buffer
	lost := 0
	tracer := tracerTo(t, to, 1, telemetry.NewLogger(&out, telemetry.LogOptions{}), func(n int) { lost += n })
	for range 1500 { // more than are sent at once
		_, span := tracer.Server(httptest.NewRequest(http.MethodGet, "/", nil), "/")
		span.End()
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := tracer.Stop(ctx); err != nil {
		t.Error(err)
	}
	if lines := strings.Count(out.String(), "traces could not be sent"); lines != 1 || lost != 1500 {
		t.Errorf("%d lines, %d lost:\n%s", lines, lost, out.String())
	}
}

// Where traces are off, they cost nothing. Not parallel: AllocsPerRun counts the whole process.
func TestNoTracerNeedsNoMemory(t *testing.T) {
	var off *telemetry.Tracer
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	n := testing.AllocsPerRun(100, func() {
		ctx, server := off.Server(r, "/")
		ctx, part := off.Inside(ctx, "part")
		ctx, call := off.Call(ctx, telemetry.ModelCall{Operation: "chat", Provider: "up", Model: "m"})
		call.Int("n", 7)
		call.Text("a", "b")
		call.Fail("x")
		off.Link(ctx, "id")
		if off.Outgoing(ctx) != "" || call.On() || server.TraceID() != "" {
			t.Error("something is on")
		}
		call.End()
		part.End()
		server.End()
	})
	if n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
	if err := off.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func BenchmarkTracer(b *testing.B) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	run := func(tracer *telemetry.Tracer) func(b *testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ctx, server := tracer.Server(r, "/")
				_, call := tracer.Call(ctx, telemetry.ModelCall{Operation: "chat", Provider: "up", Model: "m"})
				call.End()
				server.End()
			}
		}
	}
	never, err := telemetry.NewTracer(b.Context(), telemetry.TraceOptions{URL: "http://127.0.0.1:9", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("off", run(nil))
	b.Run("not sampled", run(never))
}
