// Package anthropic speaks Anthropic's Messages API: natively for callers of that API, and
// translated for callers of chat completions.
//
// It knows no price, no account and no route of ours. Its one invariant: what the neutral
// form cannot carry is refused by name, and never dropped silently.
package anthropic

import (
	"net/url"

	"skytower/internal/egress"
)

// Options adjust New. Name, BaseURL and Upstream are required.
type Options struct {
	Name       string
	BaseURL    *url.URL // ends before /messages
	Credential string   // sent as x-api-key
	Upstream   egress.Upstream
	MaxAnswer  int64 // bytes of an unstreamed answer
}

// Provider is one upstream.
type Provider struct{ o Options }

// New returns the adapter of an upstream.
func New(o Options) *Provider { return &Provider{o: o} }
