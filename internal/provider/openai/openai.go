// Package openai speaks to upstreams that offer OpenAI's HTTP API: OpenAI itself,
// vLLM, the llama.cpp server, Ollama, and hosted services. It serves chat
// completions, responses, embeddings and the list of models, and as predictions the
// routes that make pictures and speech and that write down speech.
//
// It refuses to know accounts, prices, limits, and which target comes next: it
// makes one call and says, by class, what became of it. Bodies pass byte for byte
// but for the fields that design.md ("Providers") names.
//
// Its one invariant: what it returns names the model as Call.Show does. The
// upstream's model name, its address and our credential stay inside.
package openai

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/eventstream"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// The values of Options.Responses.
const (
	Auto   = "auto"   // ask, and remember for a while that the route is missing
	Native = "native" // the upstream has the Responses API
	Chat   = "chat"   // it has not: every call is Unsupported at once
)

// Options describe one upstream.
type Options struct {
	Name string // the provider's name, for String
	// BaseURL is what the routes are appended to, such as https://host/v1. Its
	// query goes along with every call.
	BaseURL    *url.URL
	Credential string // sent as a bearer token; "" sends none
	Upstream   egress.Upstream
	// Media makes the calls of predictions, whose answer comes when the work is done: it
	// has no bound on the wait. The run's context is the bound. nil: Upstream.
	Media     egress.Upstream
	Responses string           // Auto, Native or Chat; "" is Auto
	MaxAnswer int64            // bytes of a whole answer; 0: 64 MiB
	Now       func() time.Time // nil: time.Now
}

const defaultMaxAnswer = 64 << 20

// Provider is an upstream. It is safe for concurrent use.
type Provider struct {
	name      string
	upstream  egress.Upstream
	routes    routes
	header    egress.Header // of every call
	responses string
	maxAnswer int64
	now       func() time.Time
	streams   eventstream.Pool
	scratches sync.Pool      // *scratch
	media     *remote.Client // makes the calls of predictions, and takes names out of texts

	// What was learned of the upstream.
	noStreamOptions atomic.Bool  // it refuses the field stream_options
	chatUntil       atomic.Int64 // until then (Unix ns) it counts as without /responses
}

// routes are the upstream's addresses.
type routes struct{ chat, responses, embeddings, models, moderations *url.URL }

// New returns the upstream; nothing is sent.
func New(o Options) *Provider {
	if o.MaxAnswer <= 0 {
		o.MaxAnswer = defaultMaxAnswer
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	media := mediaClient(o)
	p := &Provider{
		name: o.Name, upstream: o.Upstream, responses: o.Responses, maxAnswer: o.MaxAnswer, now: o.Now,
		routes: routes{
			chat: media.URL("chat", "completions"), responses: media.URL("responses"),
			embeddings: media.URL("embeddings"), models: media.URL("models"), moderations: media.URL("moderations"),
		},
		media: media,
	}
	// Answers are spliced, so a coded one would only have to be decoded again.
	p.header = egress.Header{{Name: "Accept-Encoding", Value: "identity"}}
	if o.Credential != "" {
		p.header = append(p.header, egress.Field{Name: "Authorization", Value: "Bearer " + o.Credential})
	}
	return p
}

// String names the provider and nothing else: the value holds a credential.
func (p *Provider) String() string { return "openai provider " + p.name }

// GoString is String, for %#v.
func (p *Provider) GoString() string { return p.String() }

// Chat asks for a whole chat completion.
func (p *Provider) Chat(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	s := p.scratch()
	var err error
	if s.body, err = p.whole(ctx, call, p.routes.chat, chatBody(call, false, false), s.body); err != nil {
		return nil, err
	}
	return p.chatAnswer(call, s)
}

// ChatStream asks for a chat completion in chunks.
func (p *Provider) ChatStream(ctx context.Context, call *provider.Call) (provider.Stream, error) {
	usage := !p.noStreamOptions.Load()
	s, err := p.stream(ctx, call, p.routes.chat, chatBody(call, true, usage))
	if usage && refusesStreamOptions(err) {
		// Refused as malformed, so no work was done: once more without the field.
		p.noStreamOptions.Store(true)
		s, err = p.stream(ctx, call, p.routes.chat, chatBody(call, true, false))
	}
	if err != nil {
		return nil, err
	}
	return p.chatStream(call, s)
}

// Respond asks for a whole response.
func (p *Provider) Respond(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	if p.withoutResponses() {
		return nil, errNoResponses()
	}
	body, err := p.whole(ctx, call, p.routes.responses, responsesBody(call, false), nil)
	if err != nil {
		return nil, p.learnResponses(err)
	}
	return p.responsesAnswer(call, body)
}

// RespondStream asks for a response as typed events.
func (p *Provider) RespondStream(ctx context.Context, call *provider.Call) (provider.Stream, error) {
	if p.withoutResponses() {
		return nil, errNoResponses()
	}
	s, err := p.stream(ctx, call, p.routes.responses, responsesBody(call, true))
	if err != nil {
		return nil, p.learnResponses(err)
	}
	return p.responsesStream(call, s)
}

// Embed asks for embeddings.
func (p *Provider) Embed(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	s := p.scratch()
	var err error
	if s.body, err = p.whole(ctx, call, p.routes.embeddings, call.Body.Edit().SetString("model", call.Model).Append(nil), s.body); err != nil {
		return nil, err
	}
	return p.embeddingsAnswer(call, s)
}

// forgetAfter is how long an upstream counts as without the Responses API: it may
// be upgraded while we run.
const forgetAfter = 10 * time.Minute

func (p *Provider) withoutResponses() bool {
	switch p.responses {
	case Chat:
		return true
	case Native:
		return false
	}
	until := p.chatUntil.Load()
	return until != 0 && p.now().UnixNano() < until
}

func errNoResponses() error { return &provider.Error{Class: provider.Unsupported} }

// learnResponses notes that the route is missing.
func (p *Provider) learnResponses(err error) error {
	if provider.ClassOf(err) != provider.Unsupported {
		return err
	}
	p.chatUntil.Store(p.now().Add(forgetAfter).UnixNano())
	return err
}

// send makes one call. The answer is a 2xx, its content coding undone.
func (p *Provider) send(ctx context.Context, call *provider.Call, r *egress.Request) (*egress.Response, error) {
	resp, err := p.upstream.Do(ctx, r)
	if err != nil {
		return nil, remote.CallError(err, provider.Broken)
	}
	if resp.Status < 200 || resp.Status > 299 {
		defer resp.Body.Close()
		return nil, p.refusal(call, r.URL, resp)
	}
	if err := remote.Decode(resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// whole makes one call and reads all of its answer, into buf where that is large enough.
func (p *Provider) whole(ctx context.Context, call *provider.Call, u *url.URL, body, buf []byte) ([]byte, error) {
	resp, err := p.send(ctx, call, &egress.Request{
		Method: http.MethodPost, URL: u, Header: p.headers(call, "application/json"), Body: body,
		FirstByte: call.FirstByte, Idle: call.Idle,
	})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return remote.ReadWhole(resp, buf, p.maxAnswer)
}

// quoted is the name to show, as JSON.
func quoted(call *provider.Call) []byte { return rawjson.AppendQuote(nil, call.Show) }
