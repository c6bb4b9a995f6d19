package app

import (
	"context"
	"net/url"

	"skytower/internal/catalog"
	"skytower/internal/provider"
	"skytower/internal/provider/openai"
	"skytower/internal/provider/skytells"
)

// skytellsProvider is an upstream of kind skytells: its inference routes are OpenAI's
// API, its predictions and its list of models its own.
type skytellsProvider struct {
	inference   *openai.Provider
	predictions *skytells.Provider
}

// The capabilities of the kind. They are told one by one, since both parts have more.
var (
	_ provider.Chatter   = skytellsProvider{}
	_ provider.Responder = skytellsProvider{}
	_ provider.Embedder  = skytellsProvider{}
	_ provider.Predictor = skytellsProvider{}
	_ provider.Lister    = skytellsProvider{}
)

func (a *adapters) skytells(p catalog.Provider, base *url.URL) skytellsProvider {
	return skytellsProvider{
		inference: a.openai(p, base),
		predictions: skytells.New(skytells.Options{
			Name: p.Name, BaseURL: base, Credential: p.Credential.Reveal(), Upstream: a.upstream, MaxAnswer: a.cfg.MaxAnswer,
		}),
	}
}

func (p skytellsProvider) String() string { return p.predictions.String() }

func (p skytellsProvider) GoString() string { return p.predictions.GoString() }

func (p skytellsProvider) Chat(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	return p.inference.Chat(ctx, call)
}

func (p skytellsProvider) ChatStream(ctx context.Context, call *provider.Call) (provider.Stream, error) {
	return p.inference.ChatStream(ctx, call)
}

func (p skytellsProvider) Respond(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	return p.inference.Respond(ctx, call)
}

func (p skytellsProvider) RespondStream(ctx context.Context, call *provider.Call) (provider.Stream, error) {
	return p.inference.RespondStream(ctx, call)
}

func (p skytellsProvider) Embed(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	return p.inference.Embed(ctx, call)
}

func (p skytellsProvider) Predict(ctx context.Context, run *provider.Run) (*provider.Result, error) {
	return p.predictions.Predict(ctx, run)
}

func (p skytellsProvider) Models(ctx context.Context) ([]provider.Listed, error) {
	return p.predictions.Models(ctx)
}
