package cli

import (
	"context"
	"fmt"
	"strings"

	"skytower/internal/skytells"
)

type providersCommand struct {
	List   providersList   `cmd:"" help:"List providers."`
	Add    providersAdd    `cmd:"" help:"Add an upstream: an OpenAI-compatible one, Anthropic, a Cog container, Replicate, or another Skytower."`
	Remove providersRemove `cmd:"" help:"Remove a provider that no model uses."`
}

type providersList struct{}

// Run lists providers.
func (*providersList) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	providers, err := c.Providers(ctx)
	if err != nil {
		return err
	}
	return list(s, providers, []string{"NAME", "KIND", "BASE URL", "CREDENTIAL", "FETCH INPUTS", "RESPONSES", "MANAGED BY"},
		func(p skytells.ProviderSpec) []string {
			return []string{p.Name, p.Kind, p.BaseURL, p.Credential, p.FetchInputs, p.Responses, p.Managed}
		})
}

type providersAdd struct {
	Name        string   `arg:"" help:"Lower-case name."`
	BaseURL     string   `name:"base-url" placeholder:"URL" help:"Its address. For openai: the one that ends before /chat/completions, usually with /v1; for cog: the container's; anthropic, replicate and skytells have one by default."`
	Kind        string   `default:"openai" placeholder:"openai|anthropic|cog|replicate|skytells" help:"Adapter that speaks to it (${default})."`
	Credential  string   `placeholder:"env:NAME|file:PATH|-" help:"The upstream's key: a variable or a file of the server, or - to give it on standard input. Never the key itself."`
	FetchInputs string   `name:"fetch-inputs" placeholder:"proxy|pass|deny" help:"What happens to addresses in a caller's input: the server fetches them, the upstream does, or they are refused. By default proxy for an upstream on a private address, else pass."`
	Responses   string   `placeholder:"auto|native|chat" help:"Whether it serves /responses itself; auto (default) finds out."`
	Replace     bool     `help:"Replace a provider of that name; without --credential it keeps its own."`
	Import      bool     `help:"Bring in its models at once, as 'skytower models import' does."`
	Free        bool     `help:"With --import: open them, without a price."`
	Only        []string `placeholder:"MODEL,..." help:"With --import: only these, by the provider's names. Replicate wants them named: owner/name."`
}

// added is the answer where models came in with the provider.
type added struct {
	Provider skytells.ProviderSpec    `json:"provider"`
	Models   []skytells.ImportedModel `json:"models"`
}

// Run adds the provider, and its models where that was asked for.
func (p *providersAdd) Run(ctx context.Context, s *session) error {
	if err := p.check(); err != nil {
		return err
	}
	credential, err := s.credential(ctx, p.Credential)
	if err != nil {
		return err
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	spec := skytells.ProviderSpec{Name: p.Name, Kind: p.Kind, BaseURL: p.BaseURL, Credential: credential,
		FetchInputs: p.FetchInputs, Responses: p.Responses}
	if err := p.overExisting(ctx, c, &spec); err != nil {
		return err
	}
	made, err := c.PutProvider(ctx, spec)
	if err != nil {
		return err
	}
	if p.Import {
		return p.importModels(ctx, s, c, made)
	}
	s.note("See what it serves: skytower models import --provider %s --dry-run", made.Name)
	return s.show(made, func(t *table) { t.row(made.Name, made.Kind, made.BaseURL) })
}

// check finds what can't be meant before anything is sent.
func (p *providersAdd) check() error {
	switch {
	case !p.Import && (p.Free || len(p.Only) > 0):
		return usagef("--free and --only go with --import")
	case p.BaseURL == "" && p.Kind == "openai":
		return usagef("--base-url is missing: the address that ends before /chat/completions, usually with /v1")
	case p.BaseURL == "" && p.Kind == "cog":
		return usagef("--base-url is missing: the address of the container, such as http://127.0.0.1:5000")
	case p.Import && p.Kind == "replicate" && len(p.Only) == 0:
		return usagef("say with --only which models of Replicate to import: --only owner/name")
	}
	return nil
}

// importModels brings in the models of a provider that was added just now. It stays
// where they can't be had: the container may still be starting.
func (p *providersAdd) importModels(ctx context.Context, s *session, c *skytells.Client, made skytells.ProviderSpec) error {
	result, err := c.ImportModels(ctx, made.Name, skytells.ImportRequest{Free: p.Free, Models: p.Only})
	if err != nil {
		again := "skytower models import --provider " + made.Name
		if p.Free {
			again += " --free"
		}
		if len(p.Only) > 0 {
			again += " --only " + strings.Join(p.Only, ",")
		}
		return fmt.Errorf("the provider %s was added, but not its models: %w\nTry again: %s", made.Name, err, again)
	}
	s.summarize(result.Models, false)
	if s.JSON {
		return s.show(added{made, result.Models}, nil)
	}
	return showImported(s, result.Models)
}

// overExisting refuses to replace a provider by accident.
func (p *providersAdd) overExisting(ctx context.Context, c *skytells.Client, spec *skytells.ProviderSpec) error {
	providers, err := c.Providers(ctx)
	if err != nil {
		return err
	}
	for _, old := range providers {
		switch {
		case old.Name != p.Name:
		case !p.Replace:
			return fmt.Errorf("there is a provider %s already (%s); --replace replaces it", old.Name, old.BaseURL)
		case spec.Credential == "":
			spec.Credential = old.Credential
		}
	}
	return nil
}

const maxCredential = 64 << 10 // what the server takes

// credential takes a reference as it is and reads a literal from standard input:
// on a command line every user of the machine could read it.
func (s *session) credential(ctx context.Context, text string) (string, error) {
	switch {
	case text == "", strings.HasPrefix(text, "env:"), strings.HasPrefix(text, "file:"):
		return text, nil
	case text != "-":
		return "", usagef("--credential takes env:NAME, file:PATH or - (the key then comes on standard input), never the key itself: others can read a command line")
	}
	raw, err := waitFor(ctx, func() ([]byte, error) { return readAll(s.Stdin, maxCredential) })
	if err != nil {
		return "", fmt.Errorf("read the credential from standard input: %w", err)
	}
	if secret := strings.TrimSpace(string(raw)); secret != "" {
		return secret, nil
	}
	return "", usagef("--credential -: nothing came on standard input")
}

type providersRemove struct {
	Name string `arg:"" help:"Name of the provider."`
}

// Run removes the provider.
func (p *providersRemove) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	if err := c.DeleteProvider(ctx, p.Name); err != nil {
		return err
	}
	return s.show(skytells.Done{Success: true}, func(t *table) { t.row("Removed the provider " + p.Name + ".") })
}
