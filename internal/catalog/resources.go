package catalog

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

const (
	statusConflict = http.StatusConflict
	statusNotFound = http.StatusNotFound
)

// Apply loads resources from a file: all of them, or, with any problem, none. It
// is idempotent. What the file named before and no longer names stays, but is not
// managed by it any more; what another file manages passes to this one. With
// DryRun nothing is changed.
//
// The error is INVALID_PARAMETER and names every problem with its path; its
// status is 409 where something clashes with what exists.
func (c *Catalog) Apply(ctx context.Context, r skytells.ApplyRequest, actor string) (skytells.ApplyResult, error) {
	result := skytells.ApplyResult{DryRun: r.DryRun}
	if slices.Contains([]string{ManagedBuiltin, ManagedEnvironment, ManagedFile}, r.Source) || quotable(r.Source) != r.Source {
		return result, fault.Invalid("source", "source must be a file's name of at most 128 characters")
	}
	err := c.change(ctx, actor, r.DryRun, func(old *state) (*state, error) {
		p := newPlan(old, r.Resources, c.now())
		p.sealer, p.source, p.takeOver = c.sealer, r.Source, true
		p.run()
		result.Changes = p.changes
		return p.next, p.err()
	})
	return result, err
}

// PutProvider creates a provider or replaces it as a whole. A credential of
// "set" keeps the secret that is there. A provider that a file manages is
// refused with 409.
func (c *Catalog) PutProvider(ctx context.Context, spec skytells.ProviderSpec, actor string) (skytells.ProviderSpec, error) {
	next, err := c.put(ctx, skytells.Resources{Providers: []skytells.ProviderSpec{spec}}, actor)
	if err != nil {
		return skytells.ProviderSpec{}, err
	}
	return next.providers[spec.Name].show(), nil
}

// PutModel creates a model or replaces it as a whole. Of a built-in model only
// aliases and offline can be changed. A model that a file manages is refused with
// 409.
func (c *Catalog) PutModel(ctx context.Context, spec skytells.ModelSpec, actor string) (skytells.ModelSpec, error) {
	next, err := c.put(ctx, skytells.Resources{Models: []skytells.ModelSpec{spec}}, actor)
	if err != nil {
		return skytells.ModelSpec{}, err
	}
	return next.models[spec.Slug].show(), nil
}

func (c *Catalog) put(ctx context.Context, resources skytells.Resources, actor string) (next *state, err error) {
	err = c.change(ctx, actor, false, func(old *state) (*state, error) {
		p := newPlan(old, resources, c.now())
		p.sealer = c.sealer
		p.run()
		next = p.next
		return next, unnumbered(p.err())
	})
	return next, err
}

// unnumbered takes "models[0]." off the paths of a request that holds but one
// resource.
func unnumbered(err error) error {
	var e *fault.Error
	if !errors.As(err, &e) {
		return err
	}
	strip := strings.NewReplacer("models[0].", "", "providers[0].", "", "guards[0].", "", "models[0]: ", "", "providers[0]: ", "", "guards[0]: ", "")
	e.Param, e.Message, e.Details = strip.Replace(e.Param), strip.Replace(e.Message), strip.Replace(e.Details)
	return e
}

// DeleteProvider removes a provider that no model uses.
func (c *Catalog) DeleteProvider(ctx context.Context, name, actor string) error {
	return c.change(ctx, actor, false, func(old *state) (*state, error) {
		r, ok := old.providers[name]
		if err := deletable("provider", name, ok, r.stored, r.spec.Managed); err != nil {
			return nil, err
		}
		if users := old.usersOf(name); len(users) > 0 && !c.inEnvironment(name) {
			return nil, conflict("The provider '%s' serves %s: change or delete that first.", name, someOf(users))
		}
		if users := old.askedBy(name); len(users) > 0 && !c.inEnvironment(name) {
			return nil, conflict("The provider '%s' is asked by the guard %s: change or delete that first.", name, someOf(users))
		}
		next := old.clone()
		delete(next.providers, name)
		return next, nil
	})
}

// inEnvironment reports whether a provider is still there when its row is gone.
func (c *Catalog) inEnvironment(name string) bool {
	for _, p := range c.environment {
		if p.Name == name {
			return true
		}
	}
	return false
}

// DeleteModel removes a model. Built-in ones stay; they can be set offline.
func (c *Catalog) DeleteModel(ctx context.Context, slug, actor string) error {
	return c.change(ctx, actor, false, func(old *state) (*state, error) {
		r, ok := old.models[slug]
		if err := deletable("model", slug, ok, r.stored && !r.builtin, r.spec.Managed); err != nil {
			return nil, err
		}
		if routers := old.routersOf(slug); len(routers) > 0 {
			return nil, conflict("The model '%s' is one that %s may choose: change or delete that first.", slug, someOf(routers))
		}
		next := old.clone()
		delete(next.models, slug)
		for api, chosen := range next.chosen {
			if chosen == slug {
				delete(next.chosen, api)
			}
		}
		return next, nil
	})
}

func deletable(kind, name string, exists, stored bool, managed string) error {
	switch {
	case !exists:
		return missing(kind, name)
	case !stored && managed == ManagedFile:
		return conflict("The %s '%s' comes with the server's process file: take it out there.", kind, name)
	case !stored && managed == ManagedEnvironment:
		return conflict("The %s '%s' comes with the server's environment and can't be deleted.", kind, name)
	case !stored && name == Router:
		return conflict("'%s' is built in and can't be deleted: without its router section it stands for the default model.", name)
	case !stored:
		return conflict("The %s '%s' is built in and can't be deleted; a model can be set offline.", kind, name)
	case managed != "":
		return conflict("The %s '%s' is managed by '%s': take it out there and apply that again, then delete it.", kind, name, managed)
	}
	return nil
}

// Providers lists all providers as operators see them, by name.
func (c *Catalog) Providers(ctx context.Context) ([]skytells.ProviderSpec, error) {
	st, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	list := []skytells.ProviderSpec{}
	for _, name := range sortedKeys(st.providers) {
		list = append(list, st.providers[name].show())
	}
	return list, nil
}

// Models lists all models as operators see them, unopened ones included, by slug.
func (c *Catalog) Models(ctx context.Context) ([]skytells.ModelSpec, error) {
	st, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	list := []skytells.ModelSpec{}
	for _, slug := range sortedKeys(st.models) {
		list = append(list, st.models[slug].show())
	}
	return list, nil
}

// Settings returns the stored choices.
func (c *Catalog) Settings(ctx context.Context) (skytells.Settings, error) {
	st, err := c.read(ctx)
	if err != nil {
		return skytells.Settings{}, err
	}
	return skytells.Settings{DefaultChat: st.chosen[Chat], DefaultEmbeddings: st.chosen[Embeddings]}, nil
}

// SetSettings stores both choices. A model may be named by an alias; it must be
// one that callers can use now, and of the right api. "" means the built-in one.
func (c *Catalog) SetSettings(ctx context.Context, s skytells.Settings, actor string) (skytells.Settings, error) {
	err := c.change(ctx, actor, false, func(old *state) (*state, error) {
		next := old.clone()
		for _, choice := range []struct {
			param, api string
			name       *string
		}{{"default_chat", Chat, &s.DefaultChat}, {"default_embeddings", Embeddings, &s.DefaultEmbeddings}} {
			slug, err := old.choice(choice.param, choice.api, *choice.name)
			if err != nil {
				return nil, err
			}
			*choice.name, next.chosen[choice.api] = slug, slug
		}
		return next, nil
	})
	if err != nil {
		return skytells.Settings{}, err
	}
	return s, nil
}

// choice is the slug of a model that may stand behind the router.
func (st *state) choice(param, api, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	names := st.names()
	slug, ok := names[fold(name)]
	if !ok {
		return "", fault.Invalid(param, "no model is called '%s'%s", quotable(name), didYouMean(name, sortedKeys(st.models)))
	}
	if m := st.models[slug].spec; m.API != api || !routable(m) {
		return "", fault.Invalid(param, "the model '%s' must be open, public, not offline, and of api '%s'", slug, api)
	}
	return slug, nil
}

// change runs one change of the catalogue: alone, all of it or nothing, and seen
// by this process when it returns.
func (c *Catalog) change(ctx context.Context, actor string, dryRun bool, fn func(old *state) (*state, error)) error {
	run := c.db.Write
	if dryRun {
		run = c.db.Read
	}
	err := run(ctx, func(tx *store.Tx) error {
		if !dryRun {
			if err := lock(ctx, tx); err != nil {
				return err
			}
		}
		old, err := c.load(ctx, tx)
		if err != nil {
			return err
		}
		next, err := fn(old)
		if err != nil || dryRun {
			return err
		}
		next.chooseDefaults()
		return c.write(ctx, tx, old, next, actor)
	})
	if c.db.IsUnique(err) {
		return &fault.Error{ID: fault.InvalidParameter, Status: statusConflict, Err: err,
			Message: "A name is taken by a model that this version of the server does not have."}
	}
	if err != nil {
		return fmt.Errorf("change the catalogue: %w", err)
	}
	if !dryRun {
		// The change is durable, so a failure here is not the caller's: the change
		// feed brings the same news again until it is heard.
		_ = c.Refresh(context.WithoutCancel(ctx), []string{"own"})
	}
	return nil
}

func (c *Catalog) read(ctx context.Context) (st *state, err error) {
	err = c.db.Read(ctx, func(tx *store.Tx) error {
		st, err = c.load(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	return st, nil
}

// usersOf lists the models with a target of the provider.
func (st *state) usersOf(provider string) []string {
	var users []string
	for _, slug := range sortedKeys(st.models) {
		for _, t := range st.models[slug].spec.Targets {
			if t.Provider == provider {
				users = append(users, slug)
				break
			}
		}
	}
	return users
}

func someOf(names []string) string {
	const most = 5
	text := "'" + strings.Join(names[:min(len(names), most)], "', '") + "'"
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func conflict(format string, args ...any) *fault.Error {
	e := fault.Newf(fault.InvalidParameter, format, args...)
	e.Status = statusConflict
	return e
}

func missing(kind, name string) *fault.Error {
	if kind == "model" {
		return notFound(name)
	}
	e := fault.Newf(fault.InvalidParameter, "No %s is called '%s'.", kind, quotable(name))
	e.Status = statusNotFound
	return e
}
