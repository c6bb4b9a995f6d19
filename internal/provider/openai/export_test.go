package openai

import (
	"time"

	"skytower/internal/provider"
)

// EmbeddingsAnswer is what becomes of an upstream's body, without the network.
func (p *Provider) EmbeddingsAnswer(call *provider.Call, body []byte) (*provider.Answer, error) {
	s := p.scratch()
	s.body = body
	return p.embeddingsAnswer(call, s)
}

// SetDrain lets a test wait for the end of a stream as long as it takes.
func (p *Provider) SetDrain(d time.Duration) { p.streams.Drain = d }
