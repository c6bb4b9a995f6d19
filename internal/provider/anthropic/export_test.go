package anthropic

import (
	"time"

	"skytower/internal/egress"
	"skytower/internal/provider"
)

// SetDrain lets a test wait for the end of a stream as long as it takes.
func (p *Provider) SetDrain(d time.Duration) { p.streams.Drain = d }

// MessagesBody is the Messages request that a chat request becomes, without the network.
func MessagesBody(call *provider.Call, budget bool) ([]byte, error) {
	a, err := readAsk(call)
	if err != nil {
		return nil, err
	}
	return a.body(budget), nil
}

// Streams are both kinds of streams, on the same bytes.
func (p *Provider) Streams(call *provider.Call, body func() egress.Body) (chat, native provider.Stream) {
	open := func() *stream {
		resp := &egress.Response{Status: 200, Body: body()}
		return &stream{Stream: p.streams.Open(resp, func() {}), p: p, call: call}
	}
	return &chatStream{stream: open()}, &messageStream{stream: open()}
}
