package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"sync/atomic"

	"skytower/internal/catalog"
	"skytower/internal/config"
	"skytower/internal/egress"
	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/provider/anthropic"
	"skytower/internal/provider/cog"
	"skytower/internal/provider/command"
	"skytower/internal/provider/llama"
	"skytower/internal/provider/local"
	"skytower/internal/provider/openai"
	"skytower/internal/provider/replicate"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/telemetry"
)

// adapters keeps one adapter a provider, made anew when the provider changes. The
// map is replaced as a whole, so that a request never waits for it.
type adapters struct {
	own      map[string]entry // that come with the program: local, command, llama
	engines  *llama.Provider
	upstream egress.Upstream
	slow     egress.Upstream // without a bound on silence: a container answers when its work is done
	cfg      *config.Config
	log      *slog.Logger
	metrics  *telemetry.Metrics
	current  atomic.Pointer[map[string]entry]
}

// entry is an adapter, or why there is none.
type entry struct {
	provider catalog.Provider
	adapter  any
	err      error
	failures *telemetry.Upstream
}

func newAdapters(cfg *config.Config, builtin *local.Provider, commands *command.Provider, log *slog.Logger, metrics *telemetry.Metrics, tracer *telemetry.Tracer) *adapters {
	a := &adapters{cfg: cfg, log: log, metrics: metrics}
	a.own = map[string]entry{catalog.LocalProvider: {adapter: builtin}, commandProvider: {adapter: commands}}
	a.engines = newEngines(cfg, log, metrics)
	if len(cfg.Engines) > 0 {
		a.own[llamaProvider] = entry{adapter: a.engines, failures: metrics.Upstream(llamaProvider, provider.Classes())}
	}
	policy := egress.Operator(egress.Rules{DialTimeout: cfg.DialTimeout, Log: log})
	a.upstream = egress.New(policy, egress.Options{DialTimeout: cfg.DialTimeout, FirstByte: cfg.FirstByteTimeout, Idle: cfg.IdleTimeout, Trace: tracer})
	a.slow = egress.New(policy, egress.Options{DialTimeout: cfg.DialTimeout, Trace: tracer})
	own := maps.Clone(a.own)
	a.current.Store(&own)
	return a
}

// rebuild takes over the catalogue's providers. One that did not change keeps its
// adapter, and with it what the adapter has learned of its upstream.
func (a *adapters) rebuild(providers []catalog.Provider) {
	old := *a.current.Load()
	next := maps.Clone(a.own)
	for _, p := range providers {
		if _, ok := a.own[p.Name]; ok {
			continue
		}
		if was, ok := old[p.Name]; ok && was.provider == p {
			next[p.Name] = was
			continue
		}
		adapter, err := a.build(p)
		if err != nil {
			a.log.Warn("a provider cannot be used", "provider", p.Name, "error", err)
		}
		next[p.Name] = entry{provider: p, adapter: adapter, err: err, failures: a.metrics.Upstream(p.Name, provider.Classes())}
	}
	a.current.Store(&next)
}

func (a *adapters) build(p catalog.Provider) (any, error) {
	if p.Broken != "" {
		return nil, errors.New(p.Broken)
	}
	base, err := url.Parse(p.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("read base_url of provider %s: %w", p.Name, err)
	}
	credential := p.Credential.Reveal()
	switch p.Kind {
	case "anthropic":
		return anthropic.New(anthropic.Options{Name: p.Name, BaseURL: base, Credential: credential, Upstream: a.upstream, MaxAnswer: a.cfg.MaxAnswer}), nil
	case "cog":
		return cog.New(cog.Options{Name: p.Name, BaseURL: base, Credential: credential, Upstream: a.slow, MaxAnswer: a.cfg.MaxAnswer}), nil
	case "replicate":
		return replicate.New(replicate.Options{Name: p.Name, BaseURL: base, Credential: credential, Upstream: a.upstream, MaxAnswer: a.cfg.MaxAnswer}), nil
	case "skytells":
		return a.skytells(p, base), nil
	}
	return a.openai(p, base), nil
}

func (a *adapters) openai(p catalog.Provider, base *url.URL) *openai.Provider {
	return openai.New(openai.Options{
		Name: p.Name, BaseURL: base, Credential: p.Credential.Reveal(), Upstream: a.upstream, Media: a.slow,
		Responses: p.Responses, MaxAnswer: a.cfg.MaxAnswer,
	})
}

// Adapter gives the adapter of a provider.
func (a *adapters) Adapter(name string) (any, error) {
	e, ok := (*a.current.Load())[name]
	if !ok {
		return nil, fmt.Errorf("there is no provider %q", name)
	}
	return e.adapter, e.err
}

// failed counts an upstream's failure.
func (a *adapters) failed(name string, class provider.Class) {
	if e := (*a.current.Load())[name]; e.failures != nil {
		e.failures.Error(int(class))
	}
}

// List asks a provider which models it has; names are those that are wanted, where it
// has more than anybody would list.
func (a *adapters) List(ctx context.Context, name string, names []string) ([]provider.Listed, error) {
	adapter, err := a.Adapter(name)
	if err != nil {
		return nil, fault.Wrap(err, fault.InvalidRequest, fmt.Sprintf("The provider '%s' cannot be used: %s.", name, err))
	}
	var listed []provider.Listed
	describer, describes := adapter.(provider.Describer)
	lister, lists := adapter.(provider.Lister)
	switch {
	case describes && len(names) > 0:
		listed, err = describer.Describe(ctx, names)
	case lists:
		listed, err = lister.Models(ctx)
	default:
		return nil, fault.Newf(fault.InvalidRequest, "The provider '%s' has no list of models to import.", name)
	}
	var told *fault.Error
	if errors.As(err, &told) {
		return nil, told // what the operator is to do
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.ServiceUnavailable, fmt.Sprintf("The provider '%s' did not give its list of models: %s.", name, err))
	}
	return listed, nil
}

func (a *adapters) close() {
	a.engines.Close()
	a.upstream.CloseIdle()
	a.slow.CloseIdle()
}

// commandProvider is the provider of the process file's commands.
const commandProvider = "command"

// commandModels are the process file's commands and engines as the catalogue wants them.
// They are free: an operator who puts a program into the file opens it.
func commandModels(cfg *config.Config) skytells.Resources {
	var r skytells.Resources
	if len(cfg.Engines) > 0 {
		r.Providers = append(r.Providers, skytells.ProviderSpec{Name: llamaProvider, Kind: catalog.LlamaProvider})
		r.Models = engineModels(cfg)
	}
	if len(cfg.Commands) > 0 {
		r.Providers = append(r.Providers, skytells.ProviderSpec{Name: commandProvider, Kind: catalog.CommandProvider})
	}
	for _, card := range command.Cards(cfg.Commands) {
		r.Models = append(r.Models, skytells.ModelSpec{
			Slug: card.Slug, Name: card.Name, Description: card.Description, Type: card.Type, API: catalog.Prediction, Free: true,
			InputSchema: skytells.Schema(card.InputSchema), OutputSchema: skytells.Schema(card.OutputSchema),
			Deadline: card.Deadline.String(), Concurrency: card.Concurrency,
			Targets: []skytells.TargetSpec{{Provider: commandProvider, Model: card.Slug}},
		})
	}
	return r
}

// builtinModels are the models of the provider local, as the catalogue wants them.
func builtinModels() []skytells.ModelSpec {
	var specs []skytells.ModelSpec
	for _, card := range local.Models() {
		specs = append(specs, skytells.ModelSpec{
			Slug: card.Slug, Name: card.Name, Description: card.Description, Type: card.Type, API: card.API, Free: true,
			Capabilities: builtinCapabilities(card.API), Concurrency: card.Concurrency,
			InputSchema: skytells.Schema(card.InputSchema), OutputSchema: skytells.Schema(card.OutputSchema),
			Targets: []skytells.TargetSpec{{Provider: catalog.LocalProvider, Model: card.Slug}},
		})
	}
	return specs
}

func builtinCapabilities(kind string) []string {
	switch kind {
	case catalog.Embeddings:
		return []string{"text-to-embedding"}
	case catalog.Prediction:
		return []string{"image-to-image"}
	}
	return []string{"text-to-text"}
}

// openaiKey is the reference under which the environment's key is stored.
const openaiKey = "env:OPENAI_API_KEY"

// environmentProviders are what OpenAI's own environment variables describe.
func environmentProviders(cfg *config.Config) []skytells.ProviderSpec {
	if !cfg.HasOpenAI() {
		return nil
	}
	spec := skytells.ProviderSpec{Name: "openai", Kind: "openai", BaseURL: cfg.OpenAI.BaseURL}
	if cfg.OpenAI.Key != "" {
		spec.Credential = openaiKey
	}
	return []skytells.ProviderSpec{spec}
}

// credential reads a reference. The key of OpenAI's own variable is asked of the
// configuration, which may have it from a file.
func (a *App) credential(ref string) (string, error) {
	if ref == openaiKey && a.cfg.OpenAI.Key != "" {
		return a.cfg.OpenAI.Key.Reveal(), nil
	}
	return secret.Resolve(ref)
}

// fetchDefault keeps an upstream on a private address from being a caller's way in
// (design, Egress).
func fetchDefault(ctx context.Context, base string) catalog.Policy {
	u, err := url.Parse(base)
	if err != nil {
		return catalog.FetchProxy
	}
	if private, err := egress.IsPrivateHost(ctx, net.DefaultResolver, u.Hostname()); err != nil || private {
		return catalog.FetchProxy
	}
	return catalog.FetchPass
}
