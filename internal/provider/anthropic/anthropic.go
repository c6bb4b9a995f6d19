// Package anthropic speaks Anthropic's Messages API: natively for callers of that API, and
// translated for callers of chat completions.
//
// It knows no price, no account and no route of ours. Its one invariant: what the neutral
// form cannot carry is refused by name, and never dropped silently.
//
// Texts are never decoded on their way: the pieces of JSON strings that a request, an
// answer or an event holds are copied as they stand, since pieces of JSON strings joined
// are the JSON of the joined text.
package anthropic

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/eventstream"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// Options adjust New. Name, BaseURL and Upstream are required.
type Options struct {
	Name       string   // the provider's name, for String
	BaseURL    *url.URL // ends before /messages; its query goes along with every call
	Credential string   // sent as x-api-key; "" sends none
	Upstream   egress.Upstream
	MaxAnswer  int64            // bytes of an unstreamed answer; 0: 64 MiB
	Now        func() time.Time // nil: time.Now
}

const defaultMaxAnswer = 64 << 20

// version is the one version of the API (Anthropic's API, "Versions").
const version = "2023-06-01"

// Provider is one upstream. It is safe for concurrent use.
type Provider struct {
	name      string
	upstream  egress.Upstream
	routes    routes
	header    egress.Header  // of every call
	names     *remote.Client // takes the upstream's names out of texts; makes no call
	maxAnswer int64
	now       func() time.Time
	streams   eventstream.Pool

	// budgets holds the upstream's names of models that refused to think by effort: a string
	// to a bool.
	budgets sync.Map
}

// routes are the upstream's addresses.
type routes struct{ messages, count, models *url.URL }

// New returns the upstream; nothing is sent.
func New(o Options) *Provider {
	if o.MaxAnswer <= 0 {
		o.MaxAnswer = defaultMaxAnswer
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	names := remote.New(remote.Options{BaseURL: o.BaseURL, Credential: o.Credential})
	p := &Provider{
		name: o.Name, upstream: o.Upstream, maxAnswer: o.MaxAnswer, now: o.Now, names: names,
		routes: routes{messages: names.URL("messages"), count: names.URL("messages", "count_tokens"), models: names.URL("models")},
	}
	// Answers are read as they come, so a coded one would only have to be decoded.
	p.header = egress.Header{{Name: "Accept-Encoding", Value: "identity"}, {Name: "Anthropic-Version", Value: version}}
	if o.Credential != "" {
		p.header = append(p.header, egress.Field{Name: "X-Api-Key", Value: o.Credential})
	}
	return p
}

// String names the provider and nothing else: the value holds a credential.
func (p *Provider) String() string { return "anthropic provider " + p.name }

// GoString is String, for %#v.
func (p *Provider) GoString() string { return p.String() }

// Message asks for a whole message.
func (p *Provider) Message(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	body, err := p.whole(ctx, call, p.routes.messages, messageBody(call, false))
	if err != nil {
		return nil, err
	}
	return p.messageAnswer(call, body)
}

// MessageStream asks for a message in events.
func (p *Provider) MessageStream(ctx context.Context, call *provider.Call) (provider.Stream, error) {
	s, err := p.stream(ctx, call, messageBody(call, true))
	if err != nil {
		return nil, err
	}
	return &messageStream{stream: s}, nil
}

// CountMessage asks how many input tokens the request has; it costs nothing. The error is
// of class Unsupported where the upstream has no such route.
func (p *Provider) CountMessage(ctx context.Context, call *provider.Call) (int64, error) {
	body, err := p.whole(ctx, call, p.routes.count, countBody(call))
	if err != nil {
		return 0, err
	}
	value, _ := rawjson.Get(body, "input_tokens")
	n, ok := rawjson.Int(value)
	if !rawjson.Valid(body) || !ok || n < 0 || n > maxCount {
		return 0, remote.Broken("the answer counts no tokens")
	}
	return n, nil
}

// Chat asks for a whole chat completion.
func (p *Provider) Chat(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	a, err := readAsk(call)
	if err != nil {
		return nil, err
	}
	body, err := thoughtful(p, call, a, func(body []byte) ([]byte, error) {
		return p.whole(ctx, call, p.routes.messages, body)
	})
	if err != nil {
		return nil, inChatWords(err)
	}
	return p.chatAnswer(call, body)
}

// ChatStream asks for a chat completion in chunks.
func (p *Provider) ChatStream(ctx context.Context, call *provider.Call) (provider.Stream, error) {
	a, err := readAsk(call)
	if err != nil {
		return nil, err
	}
	a.stream = true
	s, err := thoughtful(p, call, a, func(body []byte) (*stream, error) { return p.stream(ctx, call, body) })
	if err != nil {
		return nil, inChatWords(err)
	}
	return &chatStream{stream: s}, nil
}

// headers are an allow-list: ours, and of the caller's the one that switches on what the
// API does not offer to everyone.
func (p *Provider) headers(call *provider.Call, accept string) egress.Header {
	h := make(egress.Header, 0, len(p.header)+4)
	h = append(h, p.header...)
	h = append(h, egress.Field{Name: "Accept", Value: accept})
	if call.Body != nil {
		h = append(h, egress.Field{Name: "Content-Type", Value: "application/json"})
	}
	if call.RequestID != "" {
		h = append(h, egress.Field{Name: "X-Request-Id", Value: call.RequestID})
	}
	for _, v := range call.Header.Values("Anthropic-Beta") {
		h = append(h, egress.Field{Name: "Anthropic-Beta", Value: v})
	}
	return h
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

// whole makes one call and reads all of its answer.
func (p *Provider) whole(ctx context.Context, call *provider.Call, u *url.URL, body []byte) ([]byte, error) {
	resp, err := p.send(ctx, call, &egress.Request{
		Method: http.MethodPost, URL: u, Header: p.headers(call, "application/json"), Body: body,
		FirstByte: call.FirstByte, Idle: call.Idle,
	})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return remote.ReadWhole(resp, nil, p.maxAnswer)
}
