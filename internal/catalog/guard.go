package catalog

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"skytower/internal/skytells"
	"skytower/internal/store"
)

// Guard is a guard in a snapshot. It must not be changed.
type Guard struct {
	Spec skytells.GuardSpec
	// Compiled is what Options.Guard made of the spec, once for as long as it stays the
	// same; nil without that option.
	Compiled any
}

type guardRecord struct {
	spec    skytells.GuardSpec
	created time.Time
}

// Guards lists the guards by name.
func (c *Catalog) Guards(ctx context.Context) ([]skytells.GuardSpec, error) {
	st, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	list := []skytells.GuardSpec{}
	for _, name := range sortedKeys(st.guards) {
		list = append(list, st.guards[name].spec)
	}
	return list, nil
}

// Guard is one guard by its name.
func (c *Catalog) Guard(ctx context.Context, name string) (skytells.GuardSpec, error) {
	st, err := c.read(ctx)
	if err != nil {
		return skytells.GuardSpec{}, err
	}
	r, ok := st.guards[name]
	if !ok {
		return skytells.GuardSpec{}, missing("guard", name)
	}
	return r.spec, nil
}

// PutGuard creates a guard or replaces it as a whole. One that a file manages is refused
// with 409.
func (c *Catalog) PutGuard(ctx context.Context, spec skytells.GuardSpec, actor string) (skytells.GuardSpec, error) {
	next, err := c.put(ctx, skytells.Resources{Guards: []skytells.GuardSpec{spec}}, actor)
	if err != nil {
		return skytells.GuardSpec{}, err
	}
	return next.guards[spec.Name].spec, nil
}

// DeleteGuard removes a guard that no model names.
func (c *Catalog) DeleteGuard(ctx context.Context, name, actor string) error {
	return c.change(ctx, actor, false, func(old *state) (*state, error) {
		r, ok := old.guards[name]
		if err := deletable("guard", name, ok, ok, r.spec.Managed); err != nil {
			return nil, err
		}
		if users := old.guardedBy(name); len(users) > 0 {
			return nil, conflict("The guard '%s' guards %s: take it out there first.", name, someOf(users))
		}
		next := old.clone()
		delete(next.guards, name)
		return next, nil
	})
}

// guardedBy lists the models that name a guard.
func (st *state) guardedBy(guard string) []string {
	var users []string
	for _, slug := range sortedKeys(st.models) {
		if slices.Contains(st.models[slug].spec.Guards, guard) {
			users = append(users, slug)
		}
	}
	return users
}

// askedBy lists the guards that ask a provider.
func (st *state) askedBy(provider string) []string {
	var users []string
	for _, name := range sortedKeys(st.guards) {
		if st.guards[name].spec.Provider == provider {
			users = append(users, name)
		}
	}
	return users
}

func (st *state) readGuards(ctx context.Context, tx *store.Tx) error {
	return tx.Each(ctx, `select name, spec, managed, created_at from catalog_guard`, func(scan func(...any) error) error {
		var name, text, managed string
		var created int64
		if err := scan(&name, &text, &managed, &created); err != nil {
			return err
		}
		r := guardRecord{created: store.Time(created)}
		if err := json.Unmarshal([]byte(text), &r.spec); err != nil {
			return fmt.Errorf("guard %s: %w", name, err)
		}
		r.spec.Name, r.spec.Managed = name, managed
		st.guards[name] = r
		return nil
	})
}

func (w *writer) guards(ctx context.Context) error {
	for _, name := range sortedKeys(w.old.guards) {
		if _, ok := w.next.guards[name]; ok {
			continue
		}
		if _, err := w.tx.Exec(ctx, `delete from catalog_guard where name = $1`, name); err != nil {
			return fmt.Errorf("delete guard %s: %w", name, err)
		}
		if err := w.audit(ctx, "guard.delete", name, nil); err != nil {
			return err
		}
	}
	for _, name := range sortedKeys(w.next.guards) {
		before, r := w.old.guards[name], w.next.guards[name]
		if reflect.DeepEqual(before, r) {
			continue
		}
		if err := writeGuard(ctx, w.tx, r); err != nil {
			return fmt.Errorf("write guard %s: %w", name, err)
		}
		if err := w.audit(ctx, "guard.put", name, diffGuard(before, r)); err != nil {
			return err
		}
	}
	return nil
}

func writeGuard(ctx context.Context, tx *store.Tx, r guardRecord) error {
	managed := r.spec.Managed
	r.spec.Managed = ""
	text, err := json.Marshal(r.spec)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into catalog_guard (name, spec, managed, created_at) values ($1, $2, $3, $4)
		on conflict (name) do update set spec = excluded.spec, managed = excluded.managed`,
		r.spec.Name, string(text), managed, store.Micros(r.created))
	return err
}

// diffGuard lists the fields in which two guards differ.
func diffGuard(before, after guardRecord) []string {
	return compareFields(guardFields(before.spec), guardFields(after.spec))
}

func guardFields(g skytells.GuardSpec) []field {
	return []field{
		{"kind", g.Kind}, {"on", g.On}, {"action", g.Action}, {"everywhere", yes(g.Everywhere)},
		{"words", listed(g.Words)}, {"patterns", listed(g.Patterns)}, {"data", listed(g.Data)},
		{"provider", g.Provider}, {"model", g.Model}, {"threshold", asJSON(g.Threshold)}, {"unsure", g.Unsure},
		{"managed", g.Managed},
	}
}

// listed is a list as a diff shows it: as JSON, since words and patterns hold commas.
func listed(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return asJSON(list)
}

// buildGuards puts the guards into the snapshot. What a guard was compiled to is taken over
// from the snapshot before, where its spec is the same.
func (c *Catalog) buildGuards(s *Snapshot, st *state, old *Snapshot) {
	for _, name := range sortedKeys(st.guards) {
		spec := st.guards[name].spec
		spec.Managed = ""
		var g *Guard
		if old != nil {
			if was, ok := old.Guard(name); ok && reflect.DeepEqual(was.Spec, spec) {
				g = was
			}
		}
		if g == nil {
			if g = (&Guard{Spec: spec}); c.compile != nil {
				g.Compiled = c.compile(spec)
			}
		}
		s.guards = append(s.guards, g)
	}
}

// Guard returns one guard by its name.
func (s *Snapshot) Guard(name string) (*Guard, bool) {
	i, ok := slices.BinarySearchFunc(s.guards, name, func(g *Guard, name string) int { return cmp.Compare(g.Spec.Name, name) })
	if !ok {
		return nil, false
	}
	return s.guards[i], true
}

// Guards are all guards, by name.
func (s *Snapshot) Guards() []*Guard { return s.guards }

// guardsOf are the guards of a model: those of all models by name, then its own in their
// order, each once. Routers have none: those of the chosen model hold.
func (s *Snapshot) guardsOf(m skytells.ModelSpec) []*Guard {
	if isRouter(m) {
		return nil
	}
	var list []*Guard
	for _, g := range s.guards {
		if g.Spec.Everywhere {
			list = append(list, g)
		}
	}
	for _, name := range m.Guards {
		if g, ok := s.Guard(name); ok && !g.Spec.Everywhere {
			list = append(list, g)
		}
	}
	return list
}

// specsOf are the guards' descriptions.
func specsOf(guards []*Guard) []skytells.GuardSpec {
	specs := make([]skytells.GuardSpec, len(guards))
	for i, g := range guards {
		specs[i] = g.Spec
	}
	return specs
}
