package app

import (
	"context"
	"net"
	"slices"
	"time"

	"skytower/internal/catalog"
)

// ollamaAddress is where an Ollama listens unless told otherwise.
const ollamaAddress = "127.0.0.1:11434"

// offer tells the operator, in the log, which models are one command away.
func (a *App) offer(ctx context.Context) {
	if a.cfg.HasOpenAI() && !a.serves("openai") {
		a.log.Info("the environment describes the provider 'openai'; to open its models: skytower models import --provider openai --free")
	}
	if a.cfg.OfferOllama && a.ollamaListens(ctx) && !a.knows("http://"+ollamaAddress+"/v1", "http://localhost:11434/v1") {
		a.log.Info("an Ollama is running on this machine; to use it: " +
			"skytower providers add ollama --base-url http://" + ollamaAddress + "/v1 && skytower models import --provider ollama --free")
	}
}

// serves reports whether any model has a target at the provider.
func (a *App) serves(provider string) bool {
	for _, m := range a.catalog.List(catalog.Viewer{}) {
		if slices.ContainsFunc(m.Targets, func(t catalog.Target) bool { return t.Provider == provider }) {
			return true
		}
	}
	return false
}

func (a *App) knows(bases ...string) bool {
	return slices.ContainsFunc(a.catalog.Snapshot().Providers(), func(p catalog.Provider) bool { return slices.Contains(bases, p.BaseURL) })
}

// ollamaListens only opens a connection: nothing is sent to a program that may be
// something else.
func (a *App) ollamaListens(ctx context.Context) bool {
	dialer := net.Dialer{Timeout: 200 * time.Millisecond}
	conn, err := dialer.DialContext(ctx, "tcp", ollamaAddress)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
