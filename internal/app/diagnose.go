package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"skytower/docs"
	"skytower/internal/catalog"
	"skytower/internal/config"
	"skytower/internal/provider/command"
	"skytower/internal/provider/local"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/telemetry"
)

// checkPatience bounds one check: what takes longer does not work.
const checkPatience = 10 * time.Second

// Diagnose looks at a configuration and at what it depends on, without a server and
// beside one: it opens the database read-only and makes nothing, but for a small object
// in the storage that it removes again.
func Diagnose(ctx context.Context, cfg *config.Config, o Options) []skytells.Check {
	d := &doctor{App: &App{cfg: cfg, opts: o, log: slog.New(slog.DiscardHandler), metrics: telemetry.NewMetrics(o.Version)}}
	defer d.close()
	d.open(ctx)
	return d.run(ctx)
}

// Doctor is Diagnose of the running server itself.
func (a *App) Doctor(ctx context.Context) []skytells.Check {
	return (&doctor{App: a, live: true}).run(ctx)
}

// doctor is an App that may be incomplete, with what is missing of it.
type doctor struct {
	*App
	live bool
	// fresh: there is no database yet; the first start makes it.
	fresh                              bool
	dbErr, keyErr, commandErr, listErr error
}

// open makes of the server what the checks need, as far as that goes.
func (d *doctor) open(ctx context.Context) {
	opening, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	d.db, d.dbErr = store.Inspect(opening, d.cfg.Database.Reveal())
	if errors.Is(d.dbErr, fs.ErrNotExist) {
		d.fresh, d.dbErr = true, nil
	}
	d.openKey()
	builtin, err := local.New(local.Options{Manual: docs.Guide, DocsURL: d.docsURL()})
	if err != nil {
		d.listErr = fmt.Errorf("load the built-in models: %w", err)
		return
	}
	commands, err := command.New(command.Options{Commands: d.cfg.Commands, Log: d.log})
	if err != nil {
		d.commandErr = err
		commands, _ = command.New(command.Options{Log: d.log}) // without any, nothing can be wrong
	}
	d.adapters = newAdapters(d.cfg, builtin, commands, d.log, d.metrics, nil)
	d.listErr = d.openCatalog(opening)
}

// openKey reads the master keys, and never makes one.
func (d *doctor) openKey() { d.ring, d.keyErr = ringOf(d.cfg) }

func (d *doctor) openCatalog(ctx context.Context) (err error) {
	o := catalog.Options{
		DB: d.db, Models: builtinModels(), Providers: environmentProviders(d.cfg), Commands: commandModels(d.cfg),
		Resolve: d.credential, FetchDefault: fetchDefault,
	}
	ring := d.ring
	if d.keyErr != nil { // what is sealed does not open, whatever the key
		key, err := secret.NewMasterKey([]byte(strings.Repeat("\x01", secret.Size)))
		if err != nil {
			return err
		}
		ring = secret.NewRing(key)
	}
	if o.Sealer, err = ring.Sealer(secret.ProviderCredentials); err != nil {
		return err
	}
	if d.catalog, err = catalog.New(o); err != nil {
		return err
	}
	d.catalog.OnProviders(d.adapters.rebuild)
	if d.db == nil {
		return nil
	}
	return d.catalog.Refresh(ctx, nil)
}

func (d *doctor) close() {
	if d.adapters != nil {
		d.adapters.close()
	}
	if d.db != nil {
		_ = d.db.Close() // it was only read
	}
}

// examination is one check: its name, and what finds out.
type examination struct {
	name string
	look func(context.Context) finding
}

// finding is what a check found.
type finding struct{ state, message, advice string }

func fine(format string, args ...any) finding {
	return finding{state: skytells.CheckOK, message: fmt.Sprintf(format, args...)}
}

func warned(advice, format string, args ...any) finding {
	return finding{skytells.CheckWarn, fmt.Sprintf(format, args...), advice}
}

func failed(advice, format string, args ...any) finding {
	return finding{skytells.CheckFail, fmt.Sprintf(format, args...), advice}
}

// examinations is the list of all checks, in the order in which people read them. What
// is not set up is not in it.
func (d *doctor) examinations() []examination {
	list := []examination{
		{"configuration", d.lookConfiguration},
		{"secret files", d.lookSecretFiles},
		{"database", d.lookDatabase},
		{"schema", d.lookSchema},
		{"disk", d.lookDisk},
		{"master key", d.lookMasterKey},
		{"storage", d.lookStorage},
		{"clock", d.lookClock},
		{"spool", d.lookSpool},
		{"built-in models", d.lookBuiltin},
	}
	add := func(wanted bool, name string, look func(context.Context) finding) {
		if wanted {
			list = append(list, examination{name, look})
		}
	}
	add(d.cfg.Database.Engine() == "sqlite" && !d.fresh, "database file", d.lookFile)
	add(d.cfg.Money.Redis != "", "redis", d.lookRedis)
	add(d.live, "change feed", d.lookFeed)
	add(d.live && d.cfg.PublicURL != nil && d.cfg.Serves(), "public address", d.lookPublicURL)
	add(len(d.cfg.Commands) > 0, "commands", d.lookCommands)
	add(len(d.cfg.Engines) > 0, "engines", d.lookEngines)
	return append(list, d.providerExaminations()...)
}

// run looks at everything at once.
func (d *doctor) run(ctx context.Context) []skytells.Check {
	list := d.examinations()
	checks := make([]skytells.Check, len(list))
	var all sync.WaitGroup
	for i, e := range list {
		all.Go(func() { checks[i] = e.examine(ctx) })
	}
	all.Wait()
	return checks
}

func (e *examination) examine(ctx context.Context) (c skytells.Check) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	defer func() {
		if p := recover(); p != nil { // the doctor must not take the patient down
			c = skytells.Check{Name: e.name, State: skytells.CheckFail, Message: fmt.Sprintf("The check itself failed: %v.", p), Advice: "Report this as a bug."}
		}
		c.TookMS = time.Since(began).Milliseconds()
	}()
	f := e.look(ctx)
	return skytells.Check{Name: e.name, State: f.state, Message: f.message, Advice: f.advice}
}

// providerExaminations asks every provider that is not part of this process.
func (d *doctor) providerExaminations() []examination {
	if d.catalog == nil {
		return nil
	}
	models := map[string][]string{}
	for _, m := range d.catalog.Snapshot().All() {
		for _, t := range m.Targets {
			models[t.Provider] = append(models[t.Provider], t.Model)
		}
	}
	var list []examination
	for _, p := range d.catalog.Snapshot().Providers() {
		if p.Kind == catalog.LocalProvider || p.Kind == catalog.CommandProvider || p.Kind == catalog.LlamaProvider {
			continue
		}
		list = append(list, examination{"provider " + p.Name, func(ctx context.Context) finding { return d.lookProvider(ctx, p, models[p.Name]) }})
	}
	slices.SortFunc(list, func(a, b examination) int { return cmp.Compare(a.name, b.name) })
	return list
}
