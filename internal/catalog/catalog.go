// Package catalog knows what can be called: the models with their names, the
// targets that serve them, the upstreams (providers) behind the targets, and the guards
// of models as they are described.
//
// It refuses to know who calls beyond the id of his account, what a call used, how an
// upstream is spoken to, and what a request holds besides the model's name.
//
// Its one invariant: requests read one immutable snapshot, held in memory and
// replaced as a whole, and in it every name stands for exactly one model, however
// it is spelled in upper and lower case. Changes are checked against the whole
// catalogue inside the transaction that makes them: all of a request's changes
// happen, or none.
package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// FeedKind is the kind under which changes of the catalogue stand in the change
// feed; Refresh is their subscriber.
const FeedKind = "catalog"

// LocalProvider is the provider of the built-in models. It is always there.
const LocalProvider = "local"

// CommandProvider is the kind of the providers that run programs of this machine. Only
// the process file declares them.
const CommandProvider = "command"

// LlamaProvider is the kind of the provider that runs GGUF files of this machine. Only the
// process file declares it.
const LlamaProvider = "llama"

// The values of `managed` that no resource file gives.
const (
	ManagedBuiltin     = "built-in"
	ManagedEnvironment = "environment"
	ManagedFile        = "process file"
)

// The routes' families that a model can serve (ModelSpec.API).
const (
	Chat       = "chat"
	Embeddings = "embeddings"
	Prediction = "prediction"
)

// The built-in models that the router falls back to.
const (
	fallbackChat       = "skytower-docs"
	fallbackEmbeddings = "skytower-embed-small"
)

// fetchDefaultTimeout bounds the question whether a provider's host is private,
// which may need DNS.
const fetchDefaultTimeout = 2 * time.Second

// Policy says what happens to addresses in a caller's input (design, "Egress").
type Policy string

// The policies.
const (
	FetchProxy Policy = "proxy" // we fetch and send the content
	FetchPass  Policy = "pass"  // the upstream fetches
	FetchDeny  Policy = "deny"
)

// Options are what the catalogue is built from. DB and Sealer are required.
type Options struct {
	DB     *store.DB
	Sealer *secret.Sealer // for providers' credentials
	// Resolve reads an `env:` or `file:` reference; secret.Resolve if nil.
	Resolve func(ref string) (string, error)
	// Models are built in: always there, free; operators can only add aliases
	// and set them offline. Their targets are of the provider `local`.
	Models []skytells.ModelSpec
	// Providers come with the process's environment. One stored under the same
	// name takes precedence.
	Providers []skytells.ProviderSpec
	// Commands come with the process file: providers of kind command, and models of
	// theirs. They are read-only, and go before what is stored under the same names.
	Commands skytells.Resources
	// FetchDefault is the policy of a provider that names none (pass, but proxy
	// where the address is private); always proxy if nil.
	FetchDefault func(ctx context.Context, baseURL string) Policy
	// Guard makes of a guard's description what looks at texts; it is called once for each
	// guard and change of it. Guards stay descriptions if nil.
	Guard func(skytells.GuardSpec) any
	// Media is the media route that a prediction model serves, such as "POST
	// /v1/images/generations", "" of one that none fits. No such route is named if nil.
	Media func(*Model) string
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// Catalog is safe for concurrent use.
type Catalog struct {
	db           *store.DB
	sealer       *secret.Sealer
	resolve      func(string) (string, error)
	builtin      []skytells.ModelSpec    // with those of the process file
	environment  []skytells.ProviderSpec // with those of the process file
	fetchDefault func(context.Context, string) Policy
	compile      func(skytells.GuardSpec) any // of guards; may be nil
	media        func(*Model) string          // may be nil
	now          func() time.Time

	current atomic.Pointer[Snapshot]
	prices  priceCache

	refreshing sync.Mutex // held while a snapshot is built and put in place
	hooks      []func([]Provider)
}

// New returns a catalogue that holds only what is built in. Refresh reads the
// database: the change feed calls it when it starts, before requests are served.
func New(o Options) (*Catalog, error) {
	c := &Catalog{
		db: o.DB, sealer: o.Sealer, resolve: o.Resolve, fetchDefault: o.FetchDefault, compile: o.Guard, media: o.Media, now: o.Now,
		builtin: slices.Clone(o.Models), environment: slices.Clone(o.Providers),
	}
	if c.resolve == nil {
		c.resolve = secret.Resolve[string]
	}
	if c.fetchDefault == nil {
		c.fetchDefault = func(context.Context, string) Policy { return FetchProxy }
	}
	if c.now == nil {
		c.now = time.Now
	}
	if err := c.prepareBuiltin(o.Commands); err != nil {
		return nil, fmt.Errorf("check the models and providers that come with the process: %w", err)
	}
	snapshot, err := c.build(context.Background(), newState(c.builtin, c.environment))
	if err != nil {
		return nil, fmt.Errorf("build the first catalogue: %w", err)
	}
	c.current.Store(snapshot)
	return c, nil
}

// prepareBuiltin brings what comes with the process to its stored form and refuses what
// no operator could define either.
func (c *Catalog) prepareBuiltin(file skytells.Resources) error {
	environment, builtin := len(c.environment), len(c.builtin)
	c.environment, c.builtin = append(c.environment, file.Providers...), append(c.builtin, file.Models...)
	p := newPlan(newState(nil, nil), skytells.Resources{Providers: c.environment, Models: c.builtin}, c.now())
	p.commands = true
	p.run()
	for i := range c.environment {
		c.environment[i], c.environment[i].Managed = p.providers[i], ManagedFile
		if i < environment {
			c.environment[i].Managed = ManagedEnvironment
		}
	}
	for i := range c.builtin {
		c.builtin[i], c.builtin[i].Managed = p.models[i], ManagedFile
		if i >= builtin {
			if c.builtin[i].Pricing != nil { // there is no place for its versions
				p.problem(fmt.Sprintf("models[%d].pricing", i), "a model of the process file is free: price another one with the same target")
			}
			continue
		}
		if c.builtin[i].Managed = ManagedBuiltin; !isOpen(c.builtin[i]) {
			p.problem(fmt.Sprintf("models[%d]", i), "a built-in model needs a type, an api, a target and free")
		}
	}
	if len(p.problems) > 0 {
		return errors.New(p.err().Error())
	}
	return nil
}

// Snapshot returns the catalogue as it stands. It never changes; ask again for
// each request.
func (c *Catalog) Snapshot() *Snapshot { return c.current.Load() }

// Refresh reads the database and puts a new snapshot in place. It is the
// subscriber of FeedKind: refs are not needed to find what changed, but with
// none, credentials outside of the database are read again too. An error leaves
// the old snapshot in place.
func (c *Catalog) Refresh(ctx context.Context, refs []string) error {
	c.refreshing.Lock()
	defer c.refreshing.Unlock()
	var st *state
	err := c.db.Read(ctx, func(tx *store.Tx) error {
		var err error
		st, err = c.load(ctx, tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("read the catalogue: %w", err)
	}
	old := c.current.Load()
	if len(refs) > 0 && old.revision == st.revision {
		return nil // built already, by the change's own process
	}
	snapshot, err := c.build(ctx, st)
	if err != nil {
		return fmt.Errorf("build the catalogue: %w", err)
	}
	if !slices.Equal(old.providers, snapshot.providers) {
		for _, hook := range c.hooks {
			hook(snapshot.Providers())
		}
	}
	c.current.Store(snapshot)
	return nil
}

// OnProviders registers fn, which is called at once with the present providers
// and then with all of them whenever one has changed: before the snapshot that
// names them is in place, one call at a time. A request that began with the
// snapshot before may still name a provider that is gone.
func (c *Catalog) OnProviders(fn func([]Provider)) {
	c.refreshing.Lock()
	defer c.refreshing.Unlock()
	c.hooks = append(c.hooks, fn)
	fn(c.current.Load().Providers())
}
