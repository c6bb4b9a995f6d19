package openai

import (
	"time"

	"skytower/internal/provider"
)

// EmbeddingsAnswer is what becomes of an upstream's body, without the network.
func (p *Provider) EmbeddingsAnswer(call *provider.Call, body []byte) (*provider.Answer, error) {
	return p.embeddingsAnswer(call, body)
}

// SetDrain lets a test wait for the end of a stream as long as it takes.
func (p *Provider) SetDrain(d time.Duration) { p.drain = d }
