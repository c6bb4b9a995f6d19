package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"skytower/internal/skytells"
)

type modelsCommand struct {
	List    modelsList    `cmd:"" help:"List models: as operators see them, or with an API key what it may use, with prices."`
	Show    modelsShow    `cmd:"" help:"Show a model: with its targets or rules to operators, with price and inputs to an API key."`
	Add     modelsAdd     `cmd:"" help:"Serve a GGUF file on this machine: puts it into the process file's engines."`
	Import  modelsImport  `cmd:"" help:"Bring in the models that a provider lists."`
	Open    modelsOpen    `cmd:"" help:"Let callers use models."`
	Set     modelsSet     `cmd:"" help:"Change a model: its price, how it is shown, how long and how often it may run, who is served."`
	Prices  modelsPrices  `cmd:"" help:"List all prices that a model has had."`
	Alias   modelsAlias   `cmd:"" help:"Give a model a further name."`
	Remove  modelsRemove  `cmd:"" help:"Remove a model."`
	Default modelsDefault `cmd:"" help:"Choose the models behind deepbrain-router."`
}

type modelsList struct {
	accountKey
	All  bool   `help:"Of operators: also those that callers can't use, without a type or price, or offline."`
	Type string `placeholder:"text|image|video|audio|music" help:"Only those that put this out."`
}

// Run lists models: an operator's list where there is an operator key, and --key does not
// ask for the other.
func (m *modelsList) Run(ctx context.Context, s *session) error {
	c, operator, err := m.either(s)
	if err != nil {
		return err
	}
	if !operator {
		return m.listPublic(ctx, s, c)
	}
	models, err := c.ModelSpecs(ctx)
	if err != nil {
		return err
	}
	if total := len(models); !m.All {
		models = slices.DeleteFunc(models, func(m skytells.ModelSpec) bool { return modelState(m) != "open" })
		if hidden := total - len(models); hidden > 0 {
			s.note("%d more that callers can't use; --all shows them.", hidden)
		}
	}
	models = slices.DeleteFunc(models, func(one skytells.ModelSpec) bool { return m.Type != "" && one.Type != m.Type })
	return list(s, models, []string{"SLUG", "STATE", "TYPE", "API", "FEATURES", "PRICE", "PRIVACY", "ALIASES", "SERVED BY", "MANAGED BY"},
		func(m skytells.ModelSpec) []string {
			return []string{m.Slug, modelState(m), m.Type, m.API, strings.Join(m.Features, ","), priceOf(m), m.Privacy,
				strings.Join(m.Aliases, ","), servedBy(m), m.Managed}
		})
}

func modelState(m skytells.ModelSpec) string {
	switch {
	case !m.Open:
		return "waiting"
	case m.Offline:
		return "offline"
	}
	return "open"
}

func servedBy(m skytells.ModelSpec) string {
	if isRouter(m) {
		return strings.TrimSpace(routerOf(m).Policy + " of " + routedModels(m))
	}
	var targets []string
	for _, t := range m.Targets {
		targets = append(targets, t.Provider+":"+t.Model)
	}
	return strings.Join(targets, ",")
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

type modelsShow struct {
	accountKey
	Slug string `arg:"" help:"The model."`
}

// Run shows the model.
func (m *modelsShow) Run(ctx context.Context, s *session) error {
	c, operator, err := m.either(s)
	if err != nil {
		return err
	}
	if !operator {
		return m.showPublic(ctx, s, c)
	}
	models, err := c.ModelSpecs(ctx)
	if err != nil {
		return err
	}
	spec, err := findModel(models, m.Slug)
	if err != nil {
		return err
	}
	if isRouter(spec) {
		return showRouter(s, spec)
	}
	return s.show(spec, func(t *table) { drawModel(t, spec) })
}

func drawModel(t *table, m skytells.ModelSpec) {
	for _, line := range [][2]string{
		{"slug", m.Slug}, {"name", m.Name}, {"description", m.Description}, {"state", modelState(m)}, {"type", m.Type}, {"api", m.API},
		{"features", strings.Join(m.Features, ",")}, {"price", priceOf(m)}, {"aliases", strings.Join(m.Aliases, ",")}, {"privacy", m.Privacy},
		{"accounts", strings.Join(m.Accounts, ",")}, {"edge", yesNo(m.Edge)}, {"max output", count(int(m.MaxOutput))},
		{"context length", count(int(m.ContextLength))}, {"deadline", m.Deadline}, {"concurrency", count(m.Concurrency)}, {"guards", strings.Join(m.Guards, ",")}, {"keeps answers", cacheWords(m.Cache)}, {"managed by", m.Managed},
	} {
		if line[1] != "" {
			t.row(line[0], line[1])
		}
	}
	if len(m.Targets) == 0 {
		return
	}
	t.row("")
	t.row("PROVIDER", "MODEL", "PRIORITY", "WEIGHT", "FIRST BYTE TIMEOUT", "IDLE TIMEOUT", "FETCH INPUTS", "COST")
	for _, one := range m.Targets {
		cost := ""
		if one.Cost != nil {
			cost = shortPrice(*one.Cost)
		}
		t.row(one.Provider, one.Model, strconv.Itoa(one.Priority), strconv.Itoa(one.Weight), one.FirstByteTimeout, one.IdleTimeout, one.FetchInputs, cost)
	}
}

type modelsImport struct {
	Provider string   `required:"" placeholder:"NAME" help:"The provider."`
	Free     bool     `help:"Open them at once, without a price."`
	Only     []string `placeholder:"MODEL,..." help:"Only these, by the provider's names."`
	Update   bool     `help:"Take description and schemas of models that are there already from the provider again."`
	DryRun   bool     `name:"dry-run" help:"Only show what would come."`
}

// Run imports.
func (m *modelsImport) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	result, err := c.ImportModels(ctx, m.Provider, skytells.ImportRequest{Free: m.Free, Models: m.Only, DryRun: m.DryRun, Update: m.Update})
	if err != nil {
		return err
	}
	s.summarize(result.Models, m.DryRun)
	return showImported(s, result.Models)
}

func showImported(s *session, models []skytells.ImportedModel) error {
	return list(s, models, []string{"SLUG", "PROVIDER'S NAME", "API", "TYPE", "ACTION", "OPEN"}, func(m skytells.ImportedModel) []string {
		return []string{m.Slug, m.Upstream, m.API, m.Type, m.Action, yesNo(m.Open)}
	})
}

// summarize says what an import did, or would do.
func (s *session) summarize(models []skytells.ImportedModel, dryRun bool) {
	created, updated, waiting := 0, 0, 0
	for _, one := range models {
		switch one.Action {
		case "created":
			created++
			if !one.Open {
				waiting++
			}
		case "updated":
			updated++
		}
		if one.Note != "" {
			s.note("%s comes %s", one.Slug, one.Note)
		}
	}
	verb := "Imported"
	if dryRun {
		verb = "Would import"
	}
	s.note("%s %d of %d models.", verb, created, len(models))
	if updated > 0 {
		s.note("%d of them were there and are brought up to date.", updated)
	}
	if waiting > 0 {
		s.note("%d of them wait until they are opened: skytower models open SLUG --free", waiting)
	}
}

type modelsOpen struct {
	Slugs []string `arg:"" name:"slug" help:"The models."`
	Free  bool     `help:"Without a price."`
	Type  string   `placeholder:"text|image|video|audio|music" help:"Kind of output, where the model has none yet."`
	API   string   `name:"api" placeholder:"chat|embeddings|prediction" help:"The routes that serve it; where it has none yet."`
}

// Run opens the models, one after the other.
func (m *modelsOpen) Run(ctx context.Context, s *session) error {
	if !m.Free {
		return usagef("a model opens with a price (skytower models set %s --price …, or --input … --output …) or without: add --free", firstOf(m.Slugs...))
	}
	return s.editModels(ctx, m.Slugs, func(spec *skytells.ModelSpec) error {
		spec.Free, spec.Pricing = true, nil
		spec.Type, spec.API = firstOf(m.Type, spec.Type), firstOf(m.API, spec.API)
		switch {
		case spec.API == "":
			return usagef("say with --api which routes serve %s: chat, embeddings or prediction", spec.Slug)
		case spec.API == "prediction" && spec.Type == "":
			return usagef("say with --type what %s puts out: image, video, audio, music or text", spec.Slug)
		}
		return nil
	})
}

type modelsAlias struct {
	Slug   string `arg:"" help:"The model."`
	Alias  string `arg:"" help:"The further name."`
	Remove bool   `help:"Take the name away."`
}

// Run adds or removes the alias.
func (m *modelsAlias) Run(ctx context.Context, s *session) error {
	return s.editModels(ctx, []string{m.Slug}, func(spec *skytells.ModelSpec) error {
		at := slices.Index(spec.Aliases, m.Alias)
		switch {
		case m.Remove && at < 0:
			return fmt.Errorf("%s has no alias %s%s", spec.Slug, m.Alias, didYouMean(m.Alias, spec.Aliases))
		case m.Remove:
			spec.Aliases = slices.Delete(spec.Aliases, at, at+1)
		case at < 0:
			spec.Aliases = append(spec.Aliases, m.Alias)
		}
		return nil
	})
}

// editModels changes models one by one and shows them. All are looked up before
// the first is changed, so that a misspelled one changes nothing.
func (s *session) editModels(ctx context.Context, slugs []string, edit func(*skytells.ModelSpec) error) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	models, err := c.ModelSpecs(ctx)
	if err != nil {
		return err
	}
	var specs []skytells.ModelSpec
	for _, slug := range slugs {
		spec, err := findModel(models, slug)
		if err == nil {
			err = edit(&spec)
		}
		if err != nil {
			return err
		}
		specs = append(specs, spec)
	}
	for i, spec := range specs {
		if specs[i], err = c.PutModel(ctx, spec); err != nil {
			return fmt.Errorf("%s: %w", spec.Slug, err)
		}
	}
	return list(s, specs, []string{"SLUG", "STATE", "API", "ALIASES"}, func(m skytells.ModelSpec) []string {
		return []string{m.Slug, modelState(m), m.API, strings.Join(m.Aliases, ",")}
	})
}

func findModel(models []skytells.ModelSpec, slug string) (skytells.ModelSpec, error) {
	var slugs []string
	for _, m := range models {
		if m.Slug == slug {
			return m, nil
		}
		slugs = append(slugs, m.Slug)
	}
	return skytells.ModelSpec{}, fmt.Errorf("there is no model %s%s", slug, didYouMean(slug, slugs))
}

type modelsRemove struct {
	Slug string `arg:"" help:"The model."`
}

// Run removes the model.
func (m *modelsRemove) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	if err := c.DeleteModel(ctx, m.Slug); err != nil {
		return err
	}
	return s.show(skytells.Done{Success: true}, func(t *table) { t.row("Removed the model " + m.Slug + ".") })
}

type modelsDefault struct {
	Chat       *string `placeholder:"SLUG" help:"For chat and responses; empty (--chat=) is the built-in one."`
	Embeddings *string `placeholder:"SLUG" help:"For embeddings; empty is the built-in one."`
}

// Run stores what was chosen, and shows what holds.
func (m *modelsDefault) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	settings, err := c.Settings(ctx)
	if err != nil {
		return err
	}
	if m.Chat != nil {
		settings.DefaultChat = *m.Chat
	}
	if m.Embeddings != nil {
		settings.DefaultEmbeddings = *m.Embeddings
	}
	if m.Chat != nil || m.Embeddings != nil {
		if settings, err = c.PutSettings(ctx, settings); err != nil {
			return err
		}
	}
	return showSettings(s, settings)
}

type settingsCommand struct{}

// Run shows the settings.
func (*settingsCommand) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	settings, err := c.Settings(ctx)
	if err != nil {
		return err
	}
	return showSettings(s, settings)
}

func showSettings(s *session, settings skytells.Settings) error {
	return s.show(settings, func(t *table) {
		t.row("default_chat", firstOf(settings.DefaultChat, "(built in)"))
		t.row("default_embeddings", firstOf(settings.DefaultEmbeddings, "(built in)"))
	})
}
