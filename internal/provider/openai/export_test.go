package openai

import "skytower/internal/provider"

// EmbeddingsAnswer is what becomes of an upstream's body, without the network.
func (p *Provider) EmbeddingsAnswer(call *provider.Call, body []byte) (*provider.Answer, error) {
	return p.embeddingsAnswer(call, body)
}
