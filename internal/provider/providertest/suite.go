package providertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// Dialect says how a kind of upstream is reached and how it writes its answers. A
// path left empty is a capability that it does not have.
type Dialect struct {
	// New makes the adapter under test, for an upstream below base.
	New func(t *testing.T, base *url.URL, credential string, client egress.Upstream) any
	// Patient makes the adapter wait for the end of a stream, after its last event, as long
	// as it takes.
	Patient func(adapter any)

	ChatPath string
	// ChatAnswer is a whole answer; a usage that isn't Reported is left out.
	ChatAnswer func(model, text string, usage provider.Usage) string
	// ChatStream is a stream in pieces: one for each text, then one for each thing
	// that ends it. Only the last piece is the proper end.
	ChatStream func(model string, texts []string, usage provider.Usage) []string

	ResponsesPath   string
	ResponsesAnswer func(model, text string, usage provider.Usage) string
	// ResponsesStream is a stream in pieces of one event each, as OpenAI's are.
	ResponsesStream func(model string, texts []string, usage provider.Usage) []string

	MessagesPath   string
	MessagesAnswer func(model, text string, usage provider.Usage) string
	// MessagesStream is a stream in pieces of one event each, as Anthropic's are.
	MessagesStream func(model string, texts []string, usage provider.Usage) []string

	EmbeddingsPath   string
	EmbeddingsAnswer func(model string, vectors [][]float32, usage provider.Usage) string

	// Refusal is the body of an error with this message.
	Refusal func(message string) string
}

const (
	upstreamModel = "vendor/secret-model-7b"
	shownModel    = "shown-model"
	credential    = "sk-credential-of-the-operator"
)

// usage is what the suite's upstreams report.
func usage() provider.Usage {
	return provider.Usage{Reported: true, Input: 24, Output: 9, Cached: 8, Reasoning: 4}
}

// Suite runs the cases for each capability of the dialect, over each wire.
func Suite(t *testing.T, d Dialect) {
	for _, wire := range Wires() {
		t.Run(string(wire), func(t *testing.T) {
			t.Parallel()
			for _, c := range d.calls() {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					c.plain(t, wire)
					c.refusals(t, wire)
					if c.stream != nil {
						c.streams(t, wire)
					}
				})
			}
			if d.EmbeddingsPath != "" {
				t.Run("embeddings forms", func(t *testing.T) { t.Parallel(); d.forms(t, wire) })
			}
		})
	}
}

// capability is one of an adapter's, in one shape for all.
type capability struct {
	name, path, body string
	d                Dialect
	whole            func(ctx context.Context, adapter any, call *provider.Call) (*provider.Answer, error)
	stream           func(ctx context.Context, adapter any, call *provider.Call) (provider.Stream, error)
	answer           func(usage provider.Usage) string
	pieces           func(texts []string, usage provider.Usage) []string
}

func (d Dialect) calls() []capability {
	var out []capability
	if d.ChatPath != "" {
		out = append(out, capability{
			name: "chat", path: d.ChatPath, d: d,
			body: `{"model":"asked-model","messages":[{"role":"user","content":"Hello!"}],"stream_options":null,"x":1.0}`,
			whole: func(ctx context.Context, a any, call *provider.Call) (*provider.Answer, error) {
				return a.(provider.Chatter).Chat(ctx, call)
			},
			stream: func(ctx context.Context, a any, call *provider.Call) (provider.Stream, error) {
				return a.(provider.Chatter).ChatStream(ctx, call)
			},
			answer: func(u provider.Usage) string { return d.ChatAnswer(upstreamModel, "Hello there!", u) },
			pieces: func(texts []string, u provider.Usage) []string { return d.ChatStream(upstreamModel, texts, u) },
		})
	}
	if d.ResponsesPath != "" {
		out = append(out, capability{
			name: "responses", path: d.ResponsesPath, d: d, body: `{"model":"asked-model","input":"Hello!"}`,
			whole: func(ctx context.Context, a any, call *provider.Call) (*provider.Answer, error) {
				return a.(provider.Responder).Respond(ctx, call)
			},
			stream: func(ctx context.Context, a any, call *provider.Call) (provider.Stream, error) {
				return a.(provider.Responder).RespondStream(ctx, call)
			},
			answer: func(u provider.Usage) string { return d.ResponsesAnswer(upstreamModel, "Hello there!", u) },
			pieces: func(texts []string, u provider.Usage) []string { return d.ResponsesStream(upstreamModel, texts, u) },
		})
	}
	if d.MessagesPath != "" {
		out = append(out, d.messages())
	}
	if d.EmbeddingsPath != "" {
		out = append(out, capability{
			name: "embeddings", path: d.EmbeddingsPath, d: d, body: `{"model":"asked-model","input":"Hello!"}`,
			whole: embed,
			answer: func(u provider.Usage) string {
				return d.EmbeddingsAnswer(upstreamModel, [][]float32{{0.25, -1}}, u)
			},
		})
	}
	return out
}

func (d Dialect) messages() capability {
	return capability{
		name: "messages", path: d.MessagesPath, d: d, body: `{"model":"asked-model","max_tokens":50,"messages":[{"role":"user","content":"Hello!"}]}`,
		whole: func(ctx context.Context, a any, call *provider.Call) (*provider.Answer, error) {
			return a.(provider.Messenger).Message(ctx, call)
		},
		stream: func(ctx context.Context, a any, call *provider.Call) (provider.Stream, error) {
			return a.(provider.Messenger).MessageStream(ctx, call)
		},
		answer: func(u provider.Usage) string { return d.MessagesAnswer(upstreamModel, "Hello there!", u) },
		pieces: func(texts []string, u provider.Usage) []string { return d.MessagesStream(upstreamModel, texts, u) },
	}
}

func embed(ctx context.Context, a any, call *provider.Call) (*provider.Answer, error) {
	return a.(provider.Embedder).Embed(ctx, call)
}

// Call is a call for the suite's upstream with the body, scanned for the fields
// that adapters edit.
func Call(t testing.TB, body string) *provider.Call {
	t.Helper()
	fields := rawjson.NewFields("model", "messages", "input", "stream", "stream_options", "store", "encoding_format",
		"max_tokens", "max_completion_tokens", "max_output_tokens")
	doc, err := rawjson.Scan([]byte(body), fields)
	if err != nil {
		t.Fatal(err)
	}
	return &provider.Call{
		Body: doc, Model: upstreamModel, Show: shownModel, RequestID: "req_0123456789",
		Header: http.Header{"Accept-Language": {"de"}, "Idempotency-Key": {"once"}},
	}
}

// start makes an upstream and the adapter for it.
func (c capability) start(t *testing.T, wire Wire) (*Upstream, any) {
	t.Helper()
	up := NewUpstream(t, wire)
	return up, c.d.New(t, up.URL, credential, up.Client)
}

func (c capability) plain(t *testing.T, wire Wire) {
	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		up, adapter := c.start(t, wire)
		up.On(c.path, JSON(200, c.answer(usage())))
		answer, err := c.whole(t.Context(), adapter, Call(t, c.body))
		if err != nil {
			t.Fatal(err)
		}
		want := usage()
		if c.name == "embeddings" {
			want = provider.Usage{Reported: true, Input: want.Input}
		}
		if answer.Usage != want {
			t.Errorf("usage %+v, want %+v", answer.Usage, want)
		}
		checkModel(t, answer.Body)
		if h := up.Last().Header; h.Get("Idempotency-Key") != "" || h.Get("X-Request-Id") != "req_0123456789" {
			t.Errorf("headers that went out: %v", h)
		}
	})
	t.Run("no usage", func(t *testing.T) {
		t.Parallel()
		up, adapter := c.start(t, wire)
		up.On(c.path, JSON(200, c.answer(provider.Usage{})))
		answer, err := c.whole(t.Context(), adapter, Call(t, c.body))
		if err != nil || answer.Usage.Reported {
			t.Fatalf("answer %+v, error %v", answer, err)
		}
		if want := len("Hello there!"); c.stream != nil && answer.Bytes != want {
			t.Errorf("%d bytes of content, want %d", answer.Bytes, want)
		}
	})
	t.Run("cut", func(t *testing.T) {
		t.Parallel()
		up, adapter := c.start(t, wire)
		up.On(c.path, func(x *Exchange) {
			x.Head(200, "Content-Type", "application/json")
			x.Say(c.answer(usage())[:20])
			x.Cut()
		})
		_, err := c.whole(t.Context(), adapter, Call(t, c.body))
		checkClass(t, err, provider.Broken)
	})
	t.Run("cancelled before the answer", func(t *testing.T) {
		t.Parallel()
		up, adapter := c.start(t, wire)
		left := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		up.On(c.path, func(x *Exchange) { cancel(); x.Left(); close(left) })
		_, err := c.whole(ctx, adapter, Call(t, c.body))
		checkClass(t, err, provider.Cancelled)
		<-left
	})
	for name, body := range map[string]string{
		"HTML": "<html>hello</html>", "empty": "", "array": "[]", "half": `{"model":`, "empty object": "{}",
		"error object": `{"error":{"message":"out of memory at vendor/secret-model-7b","type":"server_error"}}`,
	} {
		t.Run("garbage "+name, func(t *testing.T) {
			t.Parallel()
			up, adapter := c.start(t, wire)
			up.On(c.path, JSON(200, body))
			_, err := c.whole(t.Context(), adapter, Call(t, c.body))
			checkClass(t, err, provider.Broken)
		})
	}
}

func (c capability) refusals(t *testing.T, wire Wire) {
	for status, want := range map[int]provider.Class{
		400: provider.Rejected, 413: provider.Rejected, 422: provider.Rejected,
		401: provider.Denied, 402: provider.Denied, 403: provider.Denied,
		408: provider.Timeout, 429: provider.Busy,
		500: provider.Broken, 502: provider.Broken, 503: provider.Broken, 504: provider.Broken,
	} {
		t.Run(fmt.Sprint("status ", status), func(t *testing.T) {
			t.Parallel()
			up, adapter := c.start(t, wire)
			message := fmt.Sprintf("Model %s at %s refuses %s with %s.", upstreamModel, up.URL, up.URL.Host, credential)
			up.On(c.path, JSON(status, c.d.Refusal(message)))
			for _, open := range c.ways() {
				err := open(t.Context(), adapter, Call(t, c.body))
				checkClass(t, err, want)
				checkHidden(t, err, up)
				var e *provider.Error
				if errors.As(err, &e) && (e.Status != status || want == provider.Rejected && !strings.Contains(e.Message, shownModel)) {
					t.Errorf("status %d, message %q", e.Status, e.Message)
				}
			}
		})
	}
	t.Run("page", func(t *testing.T) {
		t.Parallel()
		up, adapter := c.start(t, wire)
		up.On(c.path, Page(502))
		for _, open := range c.ways() {
			checkClass(t, open(t.Context(), adapter, Call(t, c.body)), provider.Broken)
		}
	})
	t.Run("unreachable", func(t *testing.T) {
		t.Parallel()
		up, adapter := c.start(t, wire)
		up.server.Close()
		for _, open := range c.ways() {
			checkClass(t, open(t.Context(), adapter, Call(t, c.body)), provider.Unreachable)
		}
	})
}

// ways are the plain call and, where there is one, the streamed one, as calls that
// are expected to fail.
func (c capability) ways() []func(context.Context, any, *provider.Call) error {
	out := []func(context.Context, any, *provider.Call) error{
		func(ctx context.Context, a any, call *provider.Call) error {
			_, err := c.whole(ctx, a, call)
			return err
		},
	}
	if c.stream == nil {
		return out
	}
	return append(out, func(ctx context.Context, a any, call *provider.Call) error {
		s, err := c.stream(ctx, a, call)
		if err == nil {
			err = errors.Join(errors.New("the stream opened"), s.Close())
		}
		return err
	})
}

func checkClass(t *testing.T, err error, want provider.Class) {
	t.Helper()
	var e *provider.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v of type %T, want *provider.Error", err, err)
	}
	if e.Class != want {
		t.Fatalf("class %s (%v), want %s", e.Class, err, want)
	}
}

// checkHidden looks for names of the upstream in what a caller may be shown.
func checkHidden(t *testing.T, err error, up *Upstream) {
	t.Helper()
	var e *provider.Error
	if !errors.As(err, &e) {
		return
	}
	for _, secret := range []string{upstreamModel, up.URL.Host, credential} {
		if strings.Contains(e.Message+e.Code+e.Param, secret) {
			t.Errorf("the error tells %q: %+v", secret, e)
		}
	}
	if strings.Contains(err.Error(), credential) {
		t.Errorf("the error's text tells the credential: %v", err)
	}
}

// checkModel wants a valid document that names the shown model only.
func checkModel(t *testing.T, doc []byte) {
	t.Helper()
	if !json.Valid(doc) {
		t.Fatalf("not valid JSON: %s", doc)
	}
	if strings.Contains(string(doc), upstreamModel) || !strings.Contains(string(doc), `"`+shownModel+`"`) {
		t.Errorf("the model's name: %s", doc)
	}
}

// forms asks for both encodings of vectors and wants the one that was asked for,
// whichever the upstream sends.
func (d Dialect) forms(t *testing.T, wire Wire) {
	up := NewUpstream(t, wire)
	adapter := d.New(t, up.URL, credential, up.Client)
	up.On(d.EmbeddingsPath, JSON(200, d.EmbeddingsAnswer(upstreamModel, [][]float32{{0.25, -1}, {1e-7, 3}}, usage())))
	for form, want := range map[string][]string{
		"float":  {"[0.25,-1]", "[1e-07,3]"},
		"base64": {`"AACAPgAAgL8="`, `"lb/WMwAAQEA="`},
	} {
		answer, err := embed(t.Context(), adapter, Call(t, `{"model":"m","input":["a","b"],"encoding_format":"`+form+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		checkModel(t, answer.Body)
		for _, vector := range want {
			if !strings.Contains(string(answer.Body), vector) {
				t.Errorf("%s: no %s in %s", form, vector, answer.Body)
			}
		}
	}
}

// collect reads a stream to its end.
func collect(s provider.Stream) (events []provider.Event, err error) {
	for {
		ev, err := s.Next()
		if err == io.EOF {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		ev.Data = append([]byte(nil), ev.Data...)
		events = append(events, ev)
	}
}
