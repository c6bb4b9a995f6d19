package cog

import (
	"context"
	"net/http"
	"strings"

	"skytower/internal/provider"
	"skytower/internal/provider/remote"
)

// Models describes the one model of the container. Cog has no name for it, so it is
// called as the provider is.
func (p *Provider) Models(ctx context.Context) ([]provider.Listed, error) {
	answer, err := p.client.Do(ctx, &remote.Request{
		Method: http.MethodGet, URL: p.client.URL("openapi.json"),
	})
	if err != nil {
		return nil, err
	}
	if err := answer.Object(); err != nil {
		return nil, err
	}
	l := provider.Listed{
		Name: p.name, Title: title(answer.Body),
		Description: remote.Member(answer.Body, "info", "description"),
	}
	if err := remote.Describe(&l, answer.Body); err != nil {
		return nil, err
	}
	return []provider.Listed{l}, nil
}

// title is the document's own, unless it is the one that Cog gives to all.
func title(openapi []byte) string {
	t := strings.TrimSpace(remote.Member(openapi, "info", "title"))
	if t == "Cog" {
		return ""
	}
	return t
}
