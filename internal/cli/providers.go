package cli

import (
	"context"
	"fmt"
	"strings"

	"skytower/internal/skytells"
)

type providersCommand struct {
	List   providersList   `cmd:"" help:"List providers."`
	Add    providersAdd    `cmd:"" help:"Add an OpenAI-compatible upstream."`
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
	Name        string `arg:"" help:"Lower-case name."`
	BaseURL     string `name:"base-url" required:"" placeholder:"URL" help:"The address that ends before /chat/completions, usually with /v1."`
	Kind        string `default:"openai" help:"Adapter that speaks to it (${default})."`
	Credential  string `placeholder:"env:NAME|file:PATH|-" help:"The upstream's key: a variable or a file of the server, or - to give it on standard input. Never the key itself."`
	FetchInputs string `name:"fetch-inputs" placeholder:"proxy|pass|deny" help:"What happens to addresses in a caller's input: the server fetches them, the upstream does, or they are refused. By default proxy for an upstream on a private address, else pass."`
	Responses   string `placeholder:"auto|native|chat" help:"Whether it serves /responses itself; auto (default) finds out."`
	Replace     bool   `help:"Replace a provider of that name; without --credential it keeps its own."`
}

// Run adds the provider.
func (p *providersAdd) Run(ctx context.Context, s *session) error {
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
	s.note("See what it serves: skytower models import --provider %s --dry-run", made.Name)
	return s.show(made, func(t *table) { t.row(made.Name, made.Kind, made.BaseURL) })
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
