package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"skytower/internal/skytells"
	"skytower/internal/store"
)

// load reads the whole catalogue, over what is built in.
func (c *Catalog) load(ctx context.Context, tx *store.Tx) (*state, error) {
	st := newState(c.builtin, c.environment)
	err := tx.QueryRow(ctx, `select revision from catalog_revision where id = 1`).Scan(&st.revision)
	if err != nil {
		return nil, fmt.Errorf("read revision: %w", err)
	}
	steps := []struct {
		what string
		read func(context.Context, *store.Tx) error
	}{
		{"guards", st.readGuards},
		{"providers", st.readProviders},
		{"models", st.readModels},
		{"names", st.readNames},
		{"targets", st.readTargets},
		{"grants", st.readGrants},
		{"defaults", st.readDefaults},
	}
	for _, step := range steps {
		if err := step.read(ctx, tx); err != nil {
			return nil, fmt.Errorf("read %s: %w", step.what, err)
		}
	}
	return st, nil
}

func (st *state) readProviders(ctx context.Context, tx *store.Tx) error {
	return tx.Each(ctx, `select name, kind, base_url, credential, credential_sealed, fetch_inputs, responses, managed, created_at
		from catalog_provider`, func(scan func(...any) error) error {
		r := providerRecord{stored: true}
		var created int64
		err := scan(&r.spec.Name, &r.spec.Kind, &r.spec.BaseURL, &r.spec.Credential, &r.sealed,
			&r.spec.FetchInputs, &r.spec.Responses, &r.spec.Managed, &created)
		r.created = store.Time(created)
		if !st.providers[r.spec.Name].fixed() {
			st.providers[r.spec.Name] = r
		}
		return err
	})
}

func (st *state) readModels(ctx context.Context, tx *store.Tx) error {
	return tx.Each(ctx, `select slug, ordinal, builtin, name, description, type, api, privacy, img_url, vendor, capabilities,
		free, pricing, price_version, edge, offline, max_output, context_length, input_schema, output_schema, deadline, concurrency,
		managed, created_at, router, features, cache, guards from catalog_model`, func(scan func(...any) error) error {
		r := modelRecord{stored: true}
		var vendor, capabilities, pricing, input, output, router, features, cache, guards string
		var created int64
		m := &r.spec
		err := scan(&m.Slug, &r.ordinal, &r.builtin, &m.Name, &m.Description, &m.Type, &m.API, &m.Privacy, &m.ImgURL,
			&vendor, &capabilities, &m.Free, &pricing, &r.priceVersion, &m.Edge, &m.Offline, &m.MaxOutput, &m.ContextLength,
			&input, &output, &m.Deadline, &m.Concurrency, &m.Managed, &created, &router, &features, &cache, &guards)
		if err != nil {
			return err
		}
		r.created = store.Time(created)
		m.Pricing, err = pricingOf(pricing)
		if err := errors.Join(err, fromText(vendor, &m.Vendor), fromText(capabilities, &m.Capabilities), fromText(router, &m.Router), fromText(cache, &m.Cache)); err != nil {
			return fmt.Errorf("model %s: %w", m.Slug, err)
		}
		m.Vendor.Metadata = sameJSON(m.Vendor.Metadata)
		m.InputSchema, m.OutputSchema = schemaOf(input), schemaOf(output)
		m.Features, m.Guards = notEmpty(strings.Fields(features)), notEmpty(strings.Fields(guards))
		st.addModel(r)
		return nil
	})
}

// addModel puts a stored model into the state. The row of a built-in one holds
// what an operator changed; one that this version of the server does not have is
// left out, and one whose slug the process file has taken since.
func (st *state) addModel(r modelRecord) {
	if st.models[r.spec.Slug].fixed() {
		return
	}
	if r.builtin {
		known, ok := st.models[r.spec.Slug]
		if !ok {
			return
		}
		spec := known.spec
		spec.Offline = r.spec.Offline
		if spec.Slug == Router {
			spec.Name, spec.Description, spec.Router = r.spec.Name, r.spec.Description, r.spec.Router
		}
		if r.spec.Managed != "" {
			spec.Managed = r.spec.Managed
		}
		r.spec, r.created = spec, known.created
	}
	st.models[r.spec.Slug] = r
}

func (st *state) readNames(ctx context.Context, tx *store.Tx) error {
	return tx.Each(ctx, `select model, name from catalog_name where position > 0 order by model, position`, func(scan func(...any) error) error {
		var slug, name string
		if err := scan(&slug, &name); err != nil {
			return err
		}
		if r, ok := st.models[slug]; ok && r.stored {
			r.spec.Aliases = append(r.spec.Aliases, name)
			st.models[slug] = r
		}
		return nil
	})
}

func (st *state) readTargets(ctx context.Context, tx *store.Tx) error {
	return tx.Each(ctx, `select model, provider, upstream, priority, weight, fetch_inputs, cost,
		first_byte_timeout, idle_timeout from catalog_target order by model, position`, func(scan func(...any) error) error {
		var slug, cost string
		var t skytells.TargetSpec
		if err := scan(&slug, &t.Provider, &t.Model, &t.Priority, &t.Weight, &t.FetchInputs, &cost, &t.FirstByteTimeout, &t.IdleTimeout); err != nil {
			return err
		}
		var err error
		if t.Cost, err = pricingOf(cost); err != nil {
			return fmt.Errorf("cost of a target of %s: %w", slug, err)
		}
		if r, ok := st.models[slug]; ok && r.stored && !r.builtin {
			r.spec.Targets = append(r.spec.Targets, t)
			st.models[slug] = r
		}
		return nil
	})
}

func (st *state) readGrants(ctx context.Context, tx *store.Tx) error {
	return tx.Each(ctx, `select model, account from catalog_grant order by model, account`, func(scan func(...any) error) error {
		var slug, account string
		if err := scan(&slug, &account); err != nil {
			return err
		}
		if r, ok := st.models[slug]; ok && r.stored && !r.builtin {
			r.spec.Accounts = append(r.spec.Accounts, account)
			st.models[slug] = r
		}
		return nil
	})
}

func (st *state) readDefaults(ctx context.Context, tx *store.Tx) error {
	return tx.Each(ctx, `select api, model from catalog_default`, func(scan func(...any) error) error {
		var api, model string
		err := scan(&api, &model)
		st.chosen[api] = model
		return err
	})
}

// lock makes this transaction the only one that changes the catalogue.
func lock(ctx context.Context, tx *store.Tx) error {
	var revision int64
	err := tx.QueryRow(ctx, `select revision from catalog_revision where id = 1`+tx.Dialect().ForUpdate()).Scan(&revision)
	if err != nil {
		return fmt.Errorf("lock the catalogue: %w", err)
	}
	return nil
}

// write stores what differs between the two states, and publishes it.
func (c *Catalog) write(ctx context.Context, tx *store.Tx, old, next *state, actor string) error {
	if reflect.DeepEqual(old, next) {
		return nil
	}
	w := writer{tx: tx, old: old, next: next, actor: actor, at: store.Micros(c.now())}
	for _, step := range []func(context.Context) error{w.guards, w.providers, w.models, w.defaults} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `update catalog_revision set revision = revision + 1 where id = 1`); err != nil {
		return fmt.Errorf("write revision: %w", err)
	}
	return tx.Publish(ctx, FeedKind, strconv.FormatInt(old.revision+1, 10))
}

// writer stores the difference of two states in one transaction, and a row in
// the audit trail for each thing that differs.
type writer struct {
	tx        *store.Tx
	old, next *state
	actor     string
	at        int64
}

func (w *writer) providers(ctx context.Context) error {
	for _, name := range sortedKeys(w.old.providers) {
		if w.old.providers[name].stored && !w.next.providers[name].stored {
			if _, err := w.tx.Exec(ctx, `delete from catalog_provider where name = $1`, name); err != nil {
				return fmt.Errorf("delete provider %s: %w", name, err)
			}
			if err := w.audit(ctx, "provider.delete", name, nil); err != nil {
				return err
			}
		}
	}
	for _, name := range sortedKeys(w.next.providers) {
		r := w.next.providers[name]
		if !r.stored || reflect.DeepEqual(w.old.providers[name], r) {
			continue
		}
		if err := writeProvider(ctx, w.tx, r); err != nil {
			return fmt.Errorf("write provider %s: %w", name, err)
		}
		if err := w.audit(ctx, "provider.put", name, diffProvider(w.old.providers[name], r)); err != nil {
			return err
		}
	}
	return nil
}

func writeProvider(ctx context.Context, tx *store.Tx, r providerRecord) error {
	p := r.spec
	_, err := tx.Exec(ctx, `insert into catalog_provider
			(name, kind, base_url, credential, credential_sealed, fetch_inputs, responses, managed, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (name) do update set kind = excluded.kind, base_url = excluded.base_url, credential = excluded.credential,
			credential_sealed = excluded.credential_sealed, fetch_inputs = excluded.fetch_inputs,
			responses = excluded.responses, managed = excluded.managed`,
		p.Name, p.Kind, p.BaseURL, p.Credential, r.sealed, p.FetchInputs, p.Responses, p.Managed, store.Micros(r.created))
	return err
}

func (w *writer) models(ctx context.Context) error {
	changed := []string{}
	for _, slug := range sortedKeys(w.next.models) {
		if w.next.models[slug].stored && !reflect.DeepEqual(w.old.models[slug], w.next.models[slug]) {
			changed = append(changed, slug)
		}
	}
	// Names first, of all: one model may take what another gives up.
	dropped := slices.DeleteFunc(sortedKeys(w.old.models), func(slug string) bool {
		return !w.old.models[slug].stored || w.next.models[slug].stored
	})
	if err := dropModels(ctx, w.tx, dropped, changed); err != nil {
		return err
	}
	for _, slug := range dropped {
		if err := w.audit(ctx, "model.delete", slug, nil); err != nil {
			return err
		}
	}
	for _, slug := range changed {
		r := w.next.models[slug]
		if err := w.price(ctx, &r, w.old.models[slug]); err != nil {
			return fmt.Errorf("price of %s: %w", slug, err)
		}
		w.next.models[slug] = r
		if err := writeModel(ctx, w.tx, r); err != nil {
			return fmt.Errorf("write model %s: %w", slug, err)
		}
		if err := w.audit(ctx, "model.put", slug, diffModel(w.old.models[slug], w.next.models[slug])); err != nil {
			return err
		}
	}
	return nil
}

func dropModels(ctx context.Context, tx *store.Tx, dropped, changed []string) error {
	for _, slug := range dropped {
		if _, err := tx.Exec(ctx, `delete from catalog_model where slug = $1`, slug); err != nil {
			return fmt.Errorf("delete model %s: %w", slug, err)
		}
	}
	for _, slug := range changed {
		for _, statement := range []string{
			`delete from catalog_name where model = $1`, `delete from catalog_target where model = $1`, `delete from catalog_grant where model = $1`,
		} {
			if _, err := tx.Exec(ctx, statement, slug); err != nil {
				return fmt.Errorf("clear model %s: %w", slug, err)
			}
		}
	}
	return nil
}

func writeModel(ctx context.Context, tx *store.Tx, r modelRecord) error {
	m := r.spec
	if r.builtin {
		// Only what an operator may change; the rest is the server's own.
		m = skytells.ModelSpec{Slug: m.Slug, Aliases: m.Aliases, Offline: m.Offline, Managed: m.Managed}
		if m.Slug == Router {
			m.Name, m.Description, m.Router = r.spec.Name, r.spec.Description, r.spec.Router
		}
		if m.Managed == ManagedBuiltin {
			m.Managed = ""
		}
	}
	vendor, err1 := toText(m.Vendor)
	capabilities, err2 := toText(m.Capabilities)
	pricing, err3 := pricingText(m.Pricing)
	router, err4 := toText(m.Router)
	cache, err5 := toText(m.Cache)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `insert into catalog_model (slug, ordinal, builtin, name, description, type, api, privacy, img_url,
			vendor, capabilities, free, offline, max_output, context_length,
			input_schema, output_schema, deadline, concurrency, managed, created_at, pricing, price_version, edge,
			router, features, cache, guards)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)
		on conflict (slug) do update set builtin = excluded.builtin, name = excluded.name, description = excluded.description,
			type = excluded.type, api = excluded.api, privacy = excluded.privacy, img_url = excluded.img_url,
			vendor = excluded.vendor, capabilities = excluded.capabilities, free = excluded.free, offline = excluded.offline,
			max_output = excluded.max_output, context_length = excluded.context_length, input_schema = excluded.input_schema,
			output_schema = excluded.output_schema, deadline = excluded.deadline, concurrency = excluded.concurrency,
			managed = excluded.managed, pricing = excluded.pricing, price_version = excluded.price_version, edge = excluded.edge,
			router = excluded.router, features = excluded.features, cache = excluded.cache, guards = excluded.guards`,
		m.Slug, r.ordinal, r.builtin, m.Name, m.Description, m.Type, m.API, m.Privacy, m.ImgURL, vendor, capabilities,
		m.Free, m.Offline, m.MaxOutput, m.ContextLength, string(m.InputSchema), string(m.OutputSchema), m.Deadline, m.Concurrency,
		m.Managed, store.Micros(r.created), pricing, r.priceVersion, m.Edge,
		router, strings.Join(m.Features, " "), cache, strings.Join(m.Guards, " "))
	if err != nil {
		return err
	}
	return writeParts(ctx, tx, m)
}

func writeParts(ctx context.Context, tx *store.Tx, m skytells.ModelSpec) error {
	for i, name := range append([]string{m.Slug}, m.Aliases...) {
		_, err := tx.Exec(ctx, `insert into catalog_name (folded, name, model, position) values ($1, $2, $3, $4)`,
			fold(name), name, m.Slug, i)
		if err != nil {
			return fmt.Errorf("name %s: %w", name, err)
		}
	}
	for i, t := range m.Targets {
		cost, err := pricingText(t.Cost)
		if err == nil {
			_, err = tx.Exec(ctx, `insert into catalog_target (model, position, provider, upstream, priority, weight, fetch_inputs, cost,
				first_byte_timeout, idle_timeout) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
				m.Slug, i, t.Provider, t.Model, t.Priority, t.Weight, t.FetchInputs, cost, t.FirstByteTimeout, t.IdleTimeout)
		}
		if err != nil {
			return fmt.Errorf("target %d: %w", i, err)
		}
	}
	for _, account := range m.Accounts {
		if _, err := tx.Exec(ctx, `insert into catalog_grant (model, account) values ($1, $2)`, m.Slug, account); err != nil {
			return fmt.Errorf("grant to %s: %w", account, err)
		}
	}
	return nil
}

func (w *writer) defaults(ctx context.Context) error {
	for _, api := range []string{Chat, Embeddings} {
		before, had := w.old.chosen[api]
		after, has := w.next.chosen[api]
		if had == has && before == after {
			continue
		}
		statement, args := `delete from catalog_default where api = $1`, []any{api}
		if has {
			statement = `insert into catalog_default (api, model) values ($1, $2) on conflict (api) do update set model = excluded.model`
			args = append(args, after)
		}
		if _, err := w.tx.Exec(ctx, statement, args...); err != nil {
			return fmt.Errorf("write the default for %s: %w", api, err)
		}
		if err := w.audit(ctx, "settings.put", "default_"+api, []string{difference("default_"+api, before, after)}); err != nil {
			return err
		}
	}
	return nil
}

// audit adds a row to the audit trail, which the accounts' migration created.
func (w *writer) audit(ctx context.Context, action, subject string, fields []string) error {
	_, err := w.tx.Exec(ctx, `insert into audit (at, actor, action, subject, detail) values ($1, $2, $3, $4, $5)`,
		w.at, w.actor, action, subject, shorten(strings.Join(fields, "; "), maxAuditDetail))
	if err != nil {
		return fmt.Errorf("write the audit trail: %w", err)
	}
	return nil
}

// toText and fromText keep small structured values in a text column; the zero
// value is "".
func toText(v any) (string, error) {
	if reflect.ValueOf(v).IsZero() {
		return "", nil
	}
	text, err := json.Marshal(v)
	return string(text), err
}

func fromText(text string, v any) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), v)
}

// schemaOf reads a schema's column; "" is none.
func schemaOf(text string) skytells.Schema {
	if text == "" {
		return nil
	}
	return skytells.Schema(text)
}
