package cog

import (
	"context"
	"net/http"

	"skytower/internal/provider"
	"skytower/internal/provider/remote"
)

// Ready asks the container for its health. It returns the container's own word, such as
// READY, BUSY or STARTING; an error also where it will not work again by itself.
func (p *Provider) Ready(ctx context.Context) (string, error) {
	answer, err := p.client.Do(ctx, &remote.Request{Method: http.MethodGet, URL: p.client.URL("health-check")})
	if err != nil {
		return "", err
	}
	if err := answer.Object(); err != nil {
		return "", err
	}
	status := remote.Member(answer.Body, "status")
	switch status {
	case "SETUP_FAILED", "DEFUNCT", "UNHEALTHY":
		return status, &provider.Error{Class: provider.Failed, Message: "The container says " + status + ": " + setupLog(answer.Body)}
	}
	return status, nil
}
