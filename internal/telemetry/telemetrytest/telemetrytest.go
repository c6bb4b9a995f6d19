// Package telemetrytest is a collector of traces for tests: it takes OTLP over HTTP and
// keeps the spans as they were sent.
//
// It refuses to know what they mean. Its invariant: nothing that was sent is left out of
// Text, so that what must not be sent can be looked for.
package telemetrytest

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Collector is a running one. Traces go to URL.
type Collector struct {
	URL string

	mu     sync.Mutex
	status int
	header http.Header
	text   strings.Builder
	spans  []*otlp.Span
}

// New starts a collector that answers with an HTTP status; it ends with the test.
func New(t testing.TB, status int) *Collector {
	t.Helper()
	c := &Collector{status: status}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/v1/traces") {
			t.Errorf("the collector was asked for %s %s", r.Method, r.URL.Path)
		}
		if err := c.take(r); err != nil {
			t.Errorf("what was sent can't be read: %v", err)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

func (c *Collector) take(r *http.Request) error {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		zipped, err := gzip.NewReader(body)
		if err != nil {
			return err
		}
		body = zipped
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	var sent collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(raw, &sent); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.header = r.Header
	c.text.Write(raw) // texts stand in it as they are
	for _, resource := range sent.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	return nil
}

// Header is that of the last request.
func (c *Collector) Header() http.Header {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.header
}

// Text is all that was sent.
func (c *Collector) Text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// Spans are all that came, in the order of their beginnings within what was sent at once.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Span, len(c.spans))
	for i, s := range c.spans {
		out[i] = read(s)
	}
	return out
}

// Named are the spans of a name.
func (c *Collector) Named(name string) (out []Span) {
	for _, s := range c.Spans() {
		if s.Name == name {
			out = append(out, s)
		}
	}
	return out
}

// Span is one, with ids as bytes in a string ("": none) and attributes as texts.
type Span struct {
	Name, Trace, ID, Parent string
	Kind                    otlp.Span_SpanKind
	Failed                  bool
	Attributes              map[string]string
	Links                   []Link
	Start, End              uint64 // nanoseconds since 1970
}

// Link points to another span.
type Link struct{ Trace, ID string }

func read(s *otlp.Span) Span {
	out := Span{
		Name: s.GetName(), Trace: string(s.GetTraceId()), ID: string(s.GetSpanId()), Parent: string(s.GetParentSpanId()), Kind: s.GetKind(),
		Failed: s.GetStatus().GetCode() == otlp.Status_STATUS_CODE_ERROR, Attributes: map[string]string{}, Start: s.GetStartTimeUnixNano(), End: s.GetEndTimeUnixNano(),
	}
	for _, a := range s.GetAttributes() {
		out.Attributes[a.GetKey()] = a.GetValue().String()
	}
	for _, l := range s.GetLinks() {
		out.Links = append(out.Links, Link{string(l.GetTraceId()), string(l.GetSpanId())})
	}
	return out
}

// Is reports whether an attribute has the value, as a text or among others.
func (s Span) Is(key, value string) bool { return strings.Contains(s.Attributes[key], value) }
