package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"

	"skytower/internal/catalog"
	"skytower/internal/config"
	"skytower/internal/egress"
	"skytower/internal/provider/llama"
	"skytower/internal/provider/openai"
	"skytower/internal/skytells"
	"skytower/internal/telemetry"
)

// llamaProvider is the provider of the process file's engines.
const llamaProvider = "llama"

// newEngines makes the provider of engines. Their children speak OpenAI's API, so the adapter
// for that is what they are spoken to with.
func newEngines(cfg *config.Config, log *slog.Logger, metrics *telemetry.Metrics) *llama.Provider {
	data, err := filepath.Abs(cfg.Data)
	if err != nil {
		data = cfg.Data
	}
	return llama.New(llama.Options{
		Engines: cfg.Engines, Data: data, Idle: cfg.IdleTimeout, Restarted: metrics.EngineRestarts.Inc, Log: log,
		Backend: func(base *url.URL, upstream egress.Upstream) llama.Backend {
			return openai.New(openai.Options{Name: llamaProvider, BaseURL: base, Upstream: upstream, Responses: openai.Chat, MaxAnswer: cfg.MaxAnswer})
		},
	})
}

// engineModels are the process file's engines as the catalogue wants them. Like commands
// they are free; a model with the same target can have a price.
func engineModels(cfg *config.Config) (models []skytells.ModelSpec) {
	for _, e := range cfg.Engines {
		spec := skytells.ModelSpec{
			Slug: e.Name, Name: e.Title, Description: e.Description, Type: "text", API: catalog.Chat, Free: true,
			Capabilities: []string{"text-to-text"}, ContextLength: int64(e.Context), Features: []string{"json_schema"},
			Targets: []skytells.TargetSpec{{Provider: llamaProvider, Model: e.Name}},
		}
		if e.Embeddings {
			spec.API, spec.Capabilities, spec.Features = catalog.Embeddings, []string{"text-to-embedding"}, nil
		}
		// A file that is not there yet changes nothing: its engine says so when it is called.
		if f, err := llama.ReadGGUF(filepath.Join(llama.ModelsIn(cfg.Data), e.File)); err == nil && f.Context > 0 {
			spec.ContextLength = min(spec.ContextLength, f.Context)
		}
		models = append(models, spec)
	}
	return models
}

// reachEngines looks at engines without loading them; names are those that are meant, all
// where there are none.
func reachEngines(p *llama.Provider, names []string) (reached, error) {
	states := p.States()
	if len(names) > 0 {
		states = nil
		for _, name := range names {
			if s, ok := p.StateOf(name); ok {
				states = append(states, s)
			}
		}
	}
	var problems []string
	loaded := 0
	for _, s := range states {
		if s.Loaded {
			loaded++
		}
		if s.Problem != "" {
			problems = append(problems, fmt.Sprintf("engine %s: %s. %s", s.Name, s.Problem, s.Advice))
		}
	}
	r := reached{did: "list", text: fmt.Sprintf("%d engines, %d of them loaded", len(states), loaded)}
	if len(problems) > 0 {
		return r, errors.New(strings.Join(problems, "; "))
	}
	return r, nil
}

func (d *doctor) lookEngines(context.Context) finding {
	if d.adapters == nil {
		return failed("Mend what is wrong with the built-in models first.", "They could not be looked at.")
	}
	var problems, advice []string
	loaded := 0
	for _, s := range d.adapters.engines.States() {
		if s.Loaded {
			loaded++
		}
		if s.Problem != "" {
			problems = append(problems, s.Name+": "+s.Problem)
			if len(advice) == 0 || advice[len(advice)-1] != s.Advice {
				advice = append(advice, s.Advice)
			}
		}
	}
	if len(problems) > 0 {
		return failed(strings.Join(advice, "\n"), "%s.", strings.Join(problems, ";\n"))
	}
	if !d.live {
		return fine("All %d engines have their files, the program and the library.", len(d.cfg.Engines))
	}
	return fine("All %d engines have what they need; %d are loaded.", len(d.cfg.Engines), loaded)
}
