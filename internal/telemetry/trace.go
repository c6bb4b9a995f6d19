package telemetry

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Bounds of what waits to be sent: what does not fit is dropped, and nobody waits.
const (
	maxSpans      = 8192
	spansAtOnce   = 512
	sendEvery     = 2 * time.Second
	sendPatience  = 10 * time.Second
	complainEvery = time.Minute
)

// TraceOptions say where traces go. URL and Log are required.
type TraceOptions struct {
	URL      string      // of a collector: spans are posted to URL/v1/traces by OTLP
	Header   http.Header // sent along
	Share    float64     // of the traces that nobody has decided on, 0 to 1
	Version  string      // of the program
	Instance string      // names this process among others
	Log      *slog.Logger
	Peer     func(provider string) Peer // nil: nothing is known of providers
	Lost     func(spans int)            // hears of spans that could not be sent; nil: nobody
}

// Peer is what is known of a provider.
type Peer struct {
	Kind string // of its interface, such as openai
	Host string // "": it has no address
	Port int
}

// Tracer makes spans (OpenTelemetry). A nil *Tracer makes none, and costs nothing.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	share    sdk.Sampler // by the trace's id alone
	peer     func(string) Peer
}

// NewTracer returns a tracer that sends in the background. Nothing is sent yet, so that a
// collector that is away is no error.
func NewTracer(ctx context.Context, o TraceOptions) (*Tracer, error) {
	headers := map[string]string{}
	for name, values := range o.Header {
		headers[name] = strings.Join(values, ",")
	}
	client, err := otlptracehttp.New(ctx,
		otlptracehttp.WithEndpointURL(strings.TrimRight(o.URL, "/")+"/v1/traces"), otlptracehttp.WithHeaders(headers),
		otlptracehttp.WithTimeout(sendPatience), otlptracehttp.WithCompression(otlptracehttp.GzipCompression),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
			Enabled: true, InitialInterval: time.Second, MaxInterval: sendPatience, MaxElapsedTime: sendPatience,
		}))
	if err != nil {
		return nil, fmt.Errorf("set up the sending of traces: %w", err)
	}
	from, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "skytower"), attribute.String("service.version", o.Version), attribute.String("service.instance.id", o.Instance),
	), resource.WithFromEnv()) // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before
	if err != nil {
		return nil, fmt.Errorf("read OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return newTracer(&quietExporter{SpanExporter: client, log: o.Log, lost: o.Lost}, from, o), nil
}

func newTracer(to sdk.SpanExporter, from *resource.Resource, o TraceOptions) *Tracer {
	share := sdk.TraceIDRatioBased(o.Share)
	t := &Tracer{share: share, peer: o.Peer}
	t.provider = sdk.NewTracerProvider(sdk.WithResource(from), sdk.WithSampler(sdk.ParentBased(share)), sdk.WithIDGenerator(ids{}),
		sdk.WithBatcher(to, sdk.WithMaxQueueSize(maxSpans), sdk.WithMaxExportBatchSize(spansAtOnce), sdk.WithBatchTimeout(sendEvery),
			sdk.WithExportTimeout(2*sendPatience)))
	t.tracer = t.provider.Tracer("skytower", trace.WithInstrumentationVersion(o.Version))
	return t
}

// Stop sends what waits, as long as ctx lasts.
func (t *Tracer) Stop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("send the last traces: %w", err)
	}
	return nil
}

// quietExporter keeps a collector that is away from filling the log, and the library from
// telling its process-wide handler.
type quietExporter struct {
	sdk.SpanExporter
	log  *slog.Logger
	lost func(spans int)
	told atomic.Int64 // when the log was last told, Unix nanoseconds
}

// ExportSpans sends spans, and never fails: there is nobody who could do better.
func (q *quietExporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := q.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		return nil
	}
	if q.lost != nil {
		q.lost(len(spans))
	}
	now := time.Now().UnixNano()
	if last := q.told.Load(); now-last >= int64(complainEvery) && q.told.CompareAndSwap(last, now) {
		q.log.Warn("traces could not be sent; the collector that 'traces' names does not take them", "spans", len(spans), "error", err)
	}
	return nil
}

// Span is one piece of work. The zero Span is of no trace: its methods do nothing.
type Span struct{ span trace.Span }

// On reports whether somebody will see the span: what costs more than a call to find out
// is only worth it then.
func (s Span) On() bool { return s.span != nil && s.span.IsRecording() }

// Text notes a text. It must be none that a caller wrote, but for names of things.
func (s Span) Text(key, value string) {
	if s.On() && value != "" {
		s.span.SetAttributes(attribute.String(key, value))
	}
}

// Texts notes a list.
func (s Span) Texts(key string, values []string) {
	if s.On() && len(values) > 0 {
		s.span.SetAttributes(attribute.StringSlice(key, values))
	}
}

// Int notes a number.
func (s Span) Int(key string, n int64) {
	if s.On() {
		s.span.SetAttributes(attribute.Int64(key, n))
	}
}

// Flag notes that something is so.
func (s Span) Flag(key string, on bool) {
	if s.On() && on {
		s.span.SetAttributes(attribute.Bool(key, true))
	}
}

// Seconds notes a time.
func (s Span) Seconds(key string, d time.Duration) {
	if s.On() {
		s.span.SetAttributes(attribute.Float64(key, d.Seconds()))
	}
}

// Fail says that the work failed, and the kind of failure: a word of ours, no message.
func (s Span) Fail(kind string) {
	if s.On() {
		s.span.SetAttributes(attribute.String("error.type", kind))
		s.span.SetStatus(codes.Error, "")
	}
}

// End is called once.
func (s Span) End() {
	if s.span != nil {
		s.span.End()
	}
}

// TraceID is the trace's id in hexadecimal digits; "" where nobody will see it.
func (s Span) TraceID() string {
	if !s.On() {
		return ""
	}
	return s.span.SpanContext().TraceID().String()
}

// Server begins the span of a request, within the caller's trace where the request names
// one (W3C Trace Context).
func (t *Tracer) Server(r *http.Request, route string) (context.Context, Span) {
	if t == nil {
		return r.Context(), Span{}
	}
	ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := t.tracer.Start(ctx, r.Method+" "+route, trace.WithSpanKind(trace.SpanKindServer))
	return ctx, Span{span}
}

// Inside begins the span of a part of the work that ctx belongs to.
func (t *Tracer) Inside(ctx context.Context, name string) (context.Context, Span) {
	if t == nil || !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, Span{}
	}
	ctx, span := t.tracer.Start(ctx, name)
	return ctx, Span{span}
}

// ModelCall is a call of a model at a provider.
type ModelCall struct {
	Operation string // as the GenAI conventions name it: chat, embeddings, generate_content
	Provider  string // our name of it
	Model     string // the provider's name of it
	Stream    bool
}

// Call begins the span of a call to a provider (OpenTelemetry's conventions for
// generative AI). It has no prompt and no answer.
func (t *Tracer) Call(ctx context.Context, c ModelCall) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	ctx, started := t.tracer.Start(ctx, c.Operation+" "+c.Model, trace.WithSpanKind(trace.SpanKindClient))
	span := Span{started}
	if !span.On() {
		return ctx, span
	}
	peer := Peer{}
	if t.peer != nil {
		peer = t.peer(c.Provider)
	}
	if peer.Kind == "" {
		peer.Kind = c.Provider
	}
	span.Text("gen_ai.operation.name", c.Operation)
	span.Text("gen_ai.provider.name", peer.Kind)
	span.Text("gen_ai.request.model", c.Model)
	span.Flag("gen_ai.request.stream", c.Stream)
	span.Text("skytower.provider", c.Provider)
	span.Text("server.address", peer.Host)
	if peer.Port > 0 {
		span.Int("server.port", int64(peer.Port))
	}
	return ctx, span
}

// Work begins the span of work that was asked for earlier, maybe in another process. Its
// trace is that of the id, in every process: nothing is stored. First is whether it is
// the beginning of that work.
func (t *Tracer) Work(ctx context.Context, name, id string, first bool) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	kind := trace.WithSpanKind(trace.SpanKindConsumer)
	own := t.contextOf(id)
	if first {
		ctx = context.WithValue(ctx, rootKey{}, own)
		ctx, span := t.tracer.Start(ctx, name, trace.WithNewRoot(), kind)
		return ctx, Span{span}
	}
	ctx, span := t.tracer.Start(trace.ContextWithRemoteSpanContext(ctx, own), name, kind)
	return ctx, Span{span}
}

// Link notes on the span of ctx that it asked for the work of an id.
func (t *Tracer) Link(ctx context.Context, id string) {
	if t == nil {
		return
	}
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.AddLink(trace.Link{SpanContext: t.contextOf(id)})
	}
}

// Outgoing is the header `traceparent` for a call that belongs to the work of ctx; "":
// it belongs to none.
func (t *Tracer) Outgoing(ctx context.Context) string {
	if t == nil {
		return ""
	}
	c := trace.SpanContextFromContext(ctx)
	if !c.IsValid() {
		return ""
	}
	return "00-" + c.TraceID().String() + "-" + c.SpanID().String() + "-" + (c.TraceFlags() & trace.FlagsSampled).String()
}

// contextOf is the first span of the work with an id. Every process makes the same of it.
func (t *Tracer) contextOf(id string) trace.SpanContext {
	sum := sha256.Sum256([]byte(id))
	c := trace.SpanContextConfig{Remote: true}
	copy(c.TraceID[:], sum[:])
	copy(c.SpanID[:], sum[len(c.TraceID):])
	if t.share.ShouldSample(sdk.SamplingParameters{ParentContext: context.Background(), TraceID: c.TraceID}).Decision == sdk.RecordAndSample {
		c.TraceFlags = trace.FlagsSampled
	}
	return trace.NewSpanContext(c)
}

// rootKey is where the context of a root span has the ids that it is to have.
type rootKey struct{}

// ids gives a root its ids where Work has chosen them, and else makes random ones.
type ids struct{}

// NewIDs is of a root.
func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if c, ok := ctx.Value(rootKey{}).(trace.SpanContext); ok {
		return c.TraceID(), c.SpanID()
	}
	var t trace.TraceID
	fill(t[:])
	return t, ids{}.NewSpanID(ctx, t)
}

// NewSpanID is of a span within a trace.
func (ids) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	var s trace.SpanID
	fill(s[:])
	return s
}

// fill makes random bytes, never all zero: that would be no id.
func fill(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		binary.BigEndian.PutUint64(b, max(rand.Uint64(), 1))
	}
}
