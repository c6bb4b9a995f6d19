package operator

import (
	"slices"
	"strings"

	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

type providersView struct {
	Providers []providerLine
	Kinds     []kindChoice
}

// providerLine is a provider with how many models it serves.
type providerLine struct {
	skytells.ProviderSpec
	Models int
	Locked bool
}

// kindChoice is a kind of provider that pages can add.
type kindChoice struct {
	Kind, Title, Text string
	Address           string // by default
	NeedsAddress      bool
}

func kinds() []kindChoice {
	return []kindChoice{
		{"openai", "OpenAI-compatible", "OpenAI, Ollama, vLLM, llama.cpp, LM Studio, OpenRouter, Together, Groq and others that speak the same API.", "", true},
		{"anthropic", "Anthropic", "Claude models from api.anthropic.com, or a service that speaks the same API.", "https://api.anthropic.com/v1", false},
		{"replicate", "Replicate", "Pictures, video, audio and more from replicate.com.", "https://api.replicate.com/v1", false},
		{"cog", "Cog container", "A model that you run yourself, packed with Cog.", "", true},
		{"skytells", "Skytells", "The hosted Skytells API, or another Skytower.", "https://api.skytells.ai/v1", false},
	}
}

func kindOf(word string) (kindChoice, bool) {
	i := slices.IndexFunc(kinds(), func(k kindChoice) bool { return k.Kind == word })
	if i < 0 {
		return kindChoice{Kind: word, Title: word}, false
	}
	return kinds()[i], true
}

// providers lists them; or asks for the kind of a new one, or shows its form.
func (p *Pages) providers(d *desk.Desk) error {
	if kind := d.Query("new"); kind != "" {
		return p.newProvider(d, kind)
	}
	all, err := d.Admin.Providers(d.Ctx())
	if err != nil {
		return err
	}
	serves, err := servedBy(d)
	if err != nil {
		return err
	}
	v := providersView{Kinds: kinds()}
	for _, pr := range all {
		v.Providers = append(v.Providers, providerLine{pr, len(serves[pr.Name]), locked(pr)})
	}
	return p.show(d, "providers", "Providers", v)
}

// locked reports whether pages can't change it.
func locked(pr skytells.ProviderSpec) bool {
	return readOnly(pr.Managed) || pr.Kind == "local" || pr.Kind == "command"
}

// servedBy are the slugs that providers serve.
func servedBy(d *desk.Desk) (map[string][]string, error) {
	specs, err := d.Admin.ModelSpecs(d.Ctx())
	serves := map[string][]string{}
	for _, m := range specs {
		for _, t := range m.Targets {
			if !slices.Contains(serves[t.Provider], m.Slug) {
				serves[t.Provider] = append(serves[t.Provider], m.Slug)
			}
		}
	}
	return serves, err
}

// providerForm is what is typed about a provider. Credential is never what is there.
type providerForm struct {
	New                             bool
	Kind                            kindChoice
	Name, BaseURL, Fetch, Responses string
	Drop                            bool // the credential goes
	Held                            string
}

// HeldWords say what is there, before the help of the field.
func (f providerForm) HeldWords() string {
	if f.Held == "" {
		return ""
	}
	return "There is " + f.Held + "; leave this empty to keep it. "
}

// Fetches are what happens to addresses in a caller's input.
func (providerForm) Fetches() []ui.Choice {
	return choices("", "By the address: fetched here where it is private", "proxy", "Fetched here, and sent on", "pass", "Passed on", "deny", "Refused")
}

// ResponseWays are how it serves /responses.
func (providerForm) ResponseWays() []ui.Choice {
	return choices("auto", "Find out", "native", "It serves them itself", "chat", "By its chat route")
}

func (p *Pages) newProvider(d *desk.Desk, word string) error {
	kind, ok := kindOf(word)
	if !ok {
		return p.show(d, "providerkind", "Add a provider", kinds())
	}
	return p.showNewProvider(d, providerForm{New: true, Kind: kind, BaseURL: kind.Address})
}

func (p *Pages) showNewProvider(d *desk.Desk, f providerForm) error {
	return p.show(d, "providernew", "Add a provider", f)
}

func typedProvider(d *desk.Desk) providerForm {
	kind, _ := kindOf(d.Value("kind"))
	return providerForm{Kind: kind, Name: typed(d, "name"), BaseURL: typed(d, "base_url"), Fetch: d.Value("fetch"), Responses: d.Value("responses"), Drop: d.Value("drop") != ""}
}

func (f *providerForm) spec(credential string) skytells.ProviderSpec {
	return skytells.ProviderSpec{Name: f.Name, Kind: f.Kind.Kind, BaseURL: f.BaseURL, Credential: credential, FetchInputs: f.Fetch, Responses: f.Responses}
}

// makeProvider adds one, and tries it at once.
func (p *Pages) makeProvider(d *desk.Desk) error {
	f := typedProvider(d)
	f.New = true
	all, err := d.Admin.Providers(d.Ctx())
	if err != nil {
		return err
	}
	switch {
	case f.Name == "":
		err = wrong("Give the provider a name, such as %s.", f.Kind.Kind)
	case slices.ContainsFunc(all, func(pr skytells.ProviderSpec) bool { return pr.Name == f.Name }):
		err = wrong("There is a provider %s already.", f.Name)
	default:
		_, err = d.Admin.PutProvider(d.Ctx(), f.spec(typed(d, "credential")))
	}
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showNewProvider(d, f)
	}
	d.Note("good", "The provider "+f.Name+" is added.")
	return p.tried(d, f.Name)
}

type providerView struct {
	Spec   skytells.ProviderSpec
	Kind   kindChoice
	Locked bool
	Serves []string
	Form   providerForm
	Test   *skytells.TryResult
}

func (p *Pages) provider(d *desk.Desk) error {
	return p.showProvider(d, d.Request.PathValue("name"), nil, nil)
}

// showProvider shows one, with what was typed and what a test found.
func (p *Pages) showProvider(d *desk.Desk, name string, f *providerForm, test *skytells.TryResult) error {
	spec, err := oneProvider(d, name)
	if err != nil {
		return err
	}
	serves, err := servedBy(d)
	if err != nil {
		return err
	}
	kind, _ := kindOf(spec.Kind)
	if f == nil {
		f = &providerForm{Kind: kind, Name: spec.Name, BaseURL: spec.BaseURL, Fetch: spec.FetchInputs, Responses: spec.Responses}
	}
	f.Held = held(spec.Credential)
	return p.show(d, "provider", name, providerView{spec, kind, locked(spec), serves[name], *f, test})
}

// held says what credential is there: references as they are, a secret never.
func held(credential string) string {
	if credential == "set" {
		return "a secret that is stored here, sealed"
	}
	return credential
}

func oneProvider(d *desk.Desk, name string) (skytells.ProviderSpec, error) {
	all, err := d.Admin.Providers(d.Ctx())
	if err != nil {
		return skytells.ProviderSpec{}, err
	}
	i := slices.IndexFunc(all, func(pr skytells.ProviderSpec) bool { return pr.Name == name })
	if i < 0 {
		return skytells.ProviderSpec{}, noSuch("provider")
	}
	return all[i], nil
}

func providerAt(name string) string { return "/operator/providers/" + name }

// changeProvider changes one. An empty credential keeps the one that is there.
func (p *Pages) changeProvider(d *desk.Desk) error {
	old, err := oneProvider(d, d.Request.PathValue("name"))
	if err != nil {
		return err
	}
	f := typedProvider(d)
	f.Name = old.Name
	f.Kind, _ = kindOf(old.Kind)
	credential := typed(d, "credential")
	switch {
	case f.Drop:
		credential = ""
	case credential == "":
		credential = old.Credential
	}
	if _, err := d.Admin.PutProvider(d.Ctx(), f.spec(credential)); err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showProvider(d, old.Name, &f, nil)
	}
	d.Note("good", "The provider is changed, everywhere within two seconds.")
	return d.Redirect(providerAt(old.Name))
}

func (p *Pages) testProvider(d *desk.Desk) error { return p.tried(d, d.Request.PathValue("name")) }

// tried calls a provider, and shows what came of it.
func (p *Pages) tried(d *desk.Desk, name string) error {
	result, err := d.Admin.TryProvider(d.Ctx(), name)
	if err != nil {
		return sayAt(d, err, providerAt(name), "")
	}
	return p.showProvider(d, name, nil, &result)
}

func (p *Pages) removeProvider(d *desk.Desk) error {
	name := d.Request.PathValue("name")
	err := d.Admin.DeleteProvider(d.Ctx(), name)
	back := "/operator/providers"
	if err != nil {
		back = providerAt(name)
	}
	return sayAt(d, err, back, "The provider "+name+" is removed.")
}

// targetLine is one target of a model with its health.
type targetLine struct {
	Slug            string
	Target          skytells.TargetSpec
	Health          *skytells.TargetHealth // nil: this process has not used it yet
	Name, FirstByte string
	Speed           string
	Cost            []string
}

// targetsOf joins targets with what this process has seen of them.
func targetsOf(d *desk.Desk, specs []skytells.ModelSpec) ([]targetLine, error) {
	health, err := d.Admin.Targets(d.Ctx())
	if err != nil {
		return nil, err
	}
	var out []targetLine
	for _, m := range specs {
		for _, t := range m.Targets {
			line := targetLine{Slug: m.Slug, Target: t, Name: t.Provider + "/" + t.Model, Cost: priceLines(t.Cost)}
			i := slices.IndexFunc(health, func(h skytells.TargetHealth) bool { return h.Provider == t.Provider && h.Model == t.Model })
			if i >= 0 {
				h := health[i]
				line.Health, line.FirstByte, line.Speed = &h, milliseconds(h.FirstByteMS), speed(h.TokensPerSecond)
			}
			out = append(out, line)
		}
	}
	return out, nil
}

func speed(tokens float64) string {
	if tokens <= 0 {
		return "–"
	}
	return ui.Number(int64(tokens)) + " tokens/s"
}

type targetsView struct {
	cut
	Targets []targetLine
	Search  string
	Tests   []skytells.TryResult
	Tested  string
}

func (p *Pages) targets(d *desk.Desk) error { return p.showTargets(d, targetsView{}) }

// showTargets lists the targets of all models; those that don't serve come first.
func (p *Pages) showTargets(d *desk.Desk, v targetsView) error {
	specs, err := d.Admin.ModelSpecs(d.Ctx())
	if err != nil {
		return err
	}
	all, err := targetsOf(d, specs)
	if err != nil {
		return err
	}
	v.Search = asked(d, "q")
	all = slices.DeleteFunc(all, func(t targetLine) bool { return !matches(v.Search, t.Slug, t.Name) })
	rank := func(t targetLine) int {
		switch {
		case t.Health == nil:
			return 2
		case t.Health.State == "closed":
			return 1
		}
		return 0
	}
	slices.SortStableFunc(all, func(a, b targetLine) int { return rank(a) - rank(b) })
	v.Targets, v.cut = page(d, all, "/operator/targets", "q", v.Search)
	return p.show(d, "targets", "Targets", v)
}

func (p *Pages) testTarget(d *desk.Desk) error {
	model, target := d.Value("model"), d.Value("target")
	results, err := d.Admin.TryTargets(d.Ctx(), skytells.TryRequest{Model: model, Target: target})
	if err != nil {
		return sayAt(d, err, "/operator/targets", "")
	}
	return p.showTargets(d, targetsView{Tests: results, Tested: strings.TrimSpace(model + " at " + target)})
}
