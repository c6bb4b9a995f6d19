package catalog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

const actor = "opr_test"

// builtin are models as the server brings them.
func builtin() []skytells.ModelSpec {
	return []skytells.ModelSpec{
		{Slug: "skytower-docs", API: "chat", Free: true, Targets: []skytells.TargetSpec{{Provider: "local", Model: "skytower-docs"}}},
		{Slug: "skytower-embed-small", API: "embeddings", Free: true, Targets: []skytells.TargetSpec{{Provider: "local", Model: "skytower-embed-small"}}},
	}
}

// environment stands in for the process's variables.
type environment map[string]string

func (e environment) resolve(ref string) (string, error) {
	value, ok := e[ref]
	if !ok {
		return "", fmt.Errorf("%s is not set", ref)
	}
	return value, nil
}

func testSealer(t testing.TB) *secret.Sealer {
	t.Helper()
	key, err := secret.NewMasterKey(bytes.Repeat([]byte{7}, secret.Size))
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := secret.NewRing(key).Sealer(secret.ProviderCredentials)
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

func open(t testing.TB, db *store.DB, change ...func(*catalog.Options)) *catalog.Catalog {
	t.Helper()
	o := catalog.Options{DB: db, Sealer: testSealer(t), Models: builtin(), Resolve: environment{"env:UP": "env-secret"}.resolve}
	for _, fn := range change {
		fn(&o)
	}
	c, err := catalog.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Refresh(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return c
}

func upstream(name string) skytells.ProviderSpec {
	return skytells.ProviderSpec{Name: name, Kind: "openai", BaseURL: "http://127.0.0.1:8000/v1/"}
}

func model(slug, api string, aliases ...string) skytells.ModelSpec {
	return skytells.ModelSpec{
		Slug: slug, API: api, Free: true, Aliases: aliases,
		Targets: []skytells.TargetSpec{{Provider: "up", Model: "up-" + slug}},
	}
}

func apply(t testing.TB, c *catalog.Catalog, r skytells.ApplyRequest) skytells.ApplyResult {
	t.Helper()
	result, err := c.Apply(t.Context(), r, actor)
	if err != nil {
		t.Fatalf("apply: %v", err)
	}
	return result
}

func actions(r skytells.ApplyResult) []string {
	var list []string
	for _, c := range r.Changes {
		list = append(list, c.Kind+" "+c.Name+" "+c.Action)
	}
	return list
}

func wantFault(t testing.TB, err error, id fault.ID, status int, message string) *fault.Error {
	t.Helper()
	var e *fault.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want %s", err, id)
	}
	if e.ID != id || e.HTTPStatus() != status || !strings.Contains(e.Message, message) {
		t.Fatalf("got %s (%d) %q, want %s (%d) with %q", e.ID, e.HTTPStatus(), e.Message, id, status, message)
	}
	return e
}

func TestResolve(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := open(t, db)
		closed := model("closed", "chat")
		closed.Free = false
		private := model("private", "chat")
		private.Privacy = "private"
		offline := model("offline", "chat")
		offline.Offline = true
		apply(t, c, skytells.ApplyRequest{Resources: skytells.Resources{
			Providers: []skytells.ProviderSpec{upstream("up")},
			Models: []skytells.ModelSpec{
				model("FLUX.2-pro", "chat", "flux", "acme/fx"), model("llama3.2:3b", "chat"), model("acme/embed", "embeddings", "embed"),
				closed, private, offline,
			},
		}})
		for _, tc := range []struct {
			name, api  string
			want, show string // slug and what the answer shows; "" for an error
			id         fault.ID
		}{
			{"FLUX.2-pro", "chat", "FLUX.2-pro", "FLUX.2-pro", ""},
			{"flux.2-PRO", "chat", "FLUX.2-pro", "flux.2-PRO", ""},
			{"black-forest-labs/FLUX.2-pro", "chat", "FLUX.2-pro", "black-forest-labs/FLUX.2-pro", ""},
			{"any/flux.2-pro", "chat", "FLUX.2-pro", "any/flux.2-pro", ""},
			{"flux", "chat", "FLUX.2-pro", "flux", ""},
			{"Flux", "chat", "FLUX.2-pro", "Flux", ""},
			{"any%2Fflux", "chat", "FLUX.2-pro", "any/flux", ""}, // as a path gives it
			{"acme/fx", "chat", "FLUX.2-pro", "acme/fx", ""},
			{"fx", "chat", "", "", fault.ModelNotFound}, // an alias's prefix is part of it
			{"a/b/flux", "chat", "", "", fault.ModelNotFound},
			{"/flux", "chat", "", "", fault.ModelNotFound},
			{"flux/", "chat", "", "", fault.ModelNotFound},
			{"llama3.2:3b", "chat", "llama3.2:3b", "llama3.2:3b", ""},
			{"ACME/Embed", "embeddings", "acme/embed", "ACME/Embed", ""},
			{"embed", "embeddings", "acme/embed", "embed", ""},
			{"embed", "chat", "", "", fault.ModelNotSupported},
			{"flux", "embeddings", "", "", fault.ModelNotSupported},
			{"closed", "chat", "", "", fault.ModelNotFound},
			{"private", "chat", "", "", fault.ModelNotFound},
			{"offline", "chat", "", "", fault.ServiceUnavailable},
			{"deepbrain-router", "chat", "FLUX.2-pro", "FLUX.2-pro", ""},
			{"skytells/DeepBrain-Router", "chat", "FLUX.2-pro", "FLUX.2-pro", ""},
			{"deepbrain-router", "embeddings", "acme/embed", "acme/embed", ""},
			{"skytower-docs", "chat", "skytower-docs", "skytower-docs", ""},
			{"", "chat", "", "", fault.ModelNotFound},
			{"K", "chat", "", "", fault.ModelNotFound}, // U+212A folds into k in Unicode
		} {
			name, err := url.PathUnescape(tc.name)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Resolve(name, catalog.Viewer{Account: "acct_1"}, tc.api)
			if tc.id != "" {
				if !fault.Is(err, tc.id) {
					t.Errorf("Resolve(%q, %s) gives error %v, want %s", name, tc.api, err, tc.id)
				}
				continue
			}
			if err != nil || got.Model.Slug != tc.want || got.Show != tc.show || got.Asked != name || got.Routed != strings.Contains(strings.ToLower(name), "router") {
				t.Errorf("Resolve(%q, %s) = %+v, %v; want %s shown as %s", name, tc.api, got, err, tc.want, tc.show)
			}
		}
	})
}

func TestResolveErrorTexts(t *testing.T) {
	t.Parallel()
	c := open(t, storetest.Open(t, storetest.SQLite(t)))
	_, err := c.Resolve("gpt-9", catalog.Viewer{Account: "acct_1"}, "chat")
	e := wantFault(t, err, fault.ModelNotFound, 404, "The model 'gpt-9' was not found.")
	if e.Param != "model" {
		t.Errorf("param = %q, want model", e.Param)
	}
	_, err = c.Resolve("skytower-embed-small", catalog.Viewer{Account: "acct_1"}, "chat")
	wantFault(t, err, fault.ModelNotSupported, 422, "use POST /v1/embeddings")
	_, err = c.Resolve("skytower-docs", catalog.Viewer{Account: "acct_1"}, "embeddings")
	wantFault(t, err, fault.ModelNotSupported, 422, "use POST /v1/chat/completions or POST /v1/responses")
	_, err = c.Resolve(strings.Repeat("x\n", 1<<20), catalog.Viewer{Account: "acct_1"}, "chat")
	if e := wantFault(t, err, fault.ModelNotFound, 404, "xx"[:1]); len(e.Message) > 300 || strings.Contains(e.Message, "\n") {
		t.Errorf("message of %d bytes, want it short and on one line", len(e.Message))
	}
}

func TestRouterFollowsTheDefault(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := open(t, db)
		want := func(chat, embeddings string) {
			t.Helper()
			for api, slug := range map[string]string{"chat": chat, "embeddings": embeddings} {
				if got, err := c.Resolve(catalog.Router, catalog.Viewer{Account: "acct_1"}, api); err != nil || got.Model.Slug != slug || got.Show != slug || !got.Routed {
					t.Fatalf("router for %s is %+v, %v; want %s", api, got, err, slug)
				}
			}
		}
		want("skytower-docs", "skytower-embed-small")
		put := func(m skytells.ModelSpec) {
			t.Helper()
			if _, err := c.PutModel(t.Context(), m, actor); err != nil {
				t.Fatal(err)
			}
		}
		set := func(s skytells.Settings) {
			t.Helper()
			if _, err := c.SetSettings(t.Context(), s, actor); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.PutProvider(t.Context(), upstream("up"), actor); err != nil {
			t.Fatal(err)
		}
		// A model on the built-in provider is no upstream, and a closed one is
		// not chosen before it opens.
		put(skytells.ModelSpec{Slug: "mine", API: "chat", Free: true, Targets: []skytells.TargetSpec{{Provider: "local", Model: "skytower-docs"}}})
		first := model("first", "chat")
		first.Free = false
		put(first)
		want("skytower-docs", "skytower-embed-small")
		first.Free = true
		put(first)
		put(model("a-second", "chat", "two"))
		want("first", "skytower-embed-small")

		set(skytells.Settings{DefaultChat: "TWO"})
		want("a-second", "skytower-embed-small")
		second := model("a-second", "chat", "two")
		second.Offline = true
		put(second) // the router still resolves
		want("skytower-docs", "skytower-embed-small")
		put(model("a-second", "chat", "two"))
		want("a-second", "skytower-embed-small")

		if err := c.DeleteModel(t.Context(), "a-second", actor); err != nil {
			t.Fatal(err)
		}
		want("first", "skytower-embed-small")
		set(skytells.Settings{}) // the built-in ones, by choice
		put(model("third", "chat"))
		put(model("vectors", "embeddings"))
		want("skytower-docs", "skytower-embed-small")

		_, err := c.SetSettings(t.Context(), skytells.Settings{DefaultChat: "vectors"}, actor)
		wantFault(t, err, fault.InvalidParameter, 400, "of api 'chat'")
		_, err = c.SetSettings(t.Context(), skytells.Settings{DefaultChat: "thrid"}, actor)
		wantFault(t, err, fault.InvalidParameter, 400, "did you mean 'third'?")
		got, err := c.Settings(t.Context())
		if diff := cmp.Diff(skytells.Settings{}, got); err != nil || diff != "" {
			t.Errorf("settings: %v %s", err, diff)
		}
	})
}

func TestApplyIsIdempotentAndShowsItsDiff(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := open(t, db)
		p := upstream("up")
		p.Credential = "sk-literal-1"
		m := model("chatty", "chat", "talk")
		m.Vendor = skytells.Vendor{Name: "Acme"}
		m.Capabilities = []string{"chat", "vision"}
		request := skytells.ApplyRequest{Source: "site.yaml", Resources: skytells.Resources{
			Providers: []skytells.ProviderSpec{p},
			Models:    []skytells.ModelSpec{m, {Slug: "skytower-docs", Aliases: []string{"manual"}}},
		}}
		dry := request
		dry.DryRun = true
		created := []string{"provider up create", "model chatty create", "model skytower-docs update"}
		if diff := cmp.Diff(created, actions(apply(t, c, dry))); diff != "" {
			t.Errorf("dry run: %s", diff)
		}
		if _, err := c.Get("chatty", catalog.Viewer{Account: "acct_1"}); !fault.Is(err, fault.ModelNotFound) {
			t.Fatalf("a dry run left something behind: %v", err)
		}
		if diff := cmp.Diff(created, actions(apply(t, c, request))); diff != "" {
			t.Errorf("first: %s", diff)
		}
		revision := revisionOf(t, db)
		same := []string{"provider up unchanged", "model chatty unchanged", "model skytower-docs unchanged"}
		if diff := cmp.Diff(same, actions(apply(t, c, request))); diff != "" {
			t.Errorf("again: %s", diff)
		}
		if got := revisionOf(t, db); got != revision {
			t.Errorf("applying the same again wrote something: revision %d → %d", revision, got)
		}
		if got, err := c.Resolve("manual", catalog.Viewer{Account: "acct_1"}, "chat"); err != nil || got.Model.Slug != "skytower-docs" {
			t.Errorf("alias of a built-in model: %+v, %v", got, err)
		}

		request.Resources.Providers[0].Credential = "sk-literal-2"
		request.Resources.Models[0].MaxOutput = 100
		request.Resources.Models[0].Aliases = nil
		result := apply(t, c, request)
		want := []skytells.ResourceChange{
			{Kind: "provider", Name: "up", Action: "update", Fields: []string{"credential: set → set (another one)"}},
			{Kind: "model", Name: "chatty", Action: "update", Fields: []string{"aliases: talk → (none)", "max_output: (none) → 100"}},
			{Kind: "model", Name: "skytower-docs", Action: "unchanged"},
		}
		if diff := cmp.Diff(want, result.Changes); diff != "" {
			t.Errorf("update: %s", diff)
		}
		if _, err := c.Get("talk", catalog.Viewer{Account: "acct_1"}); err == nil {
			t.Error("a removed alias still resolves")
		}
		if p, _ := c.Snapshot().Provider("up"); p.Credential.Reveal() != "sk-literal-2" || p.BaseURL != "http://127.0.0.1:8000/v1" {
			t.Errorf("provider is %+v", p)
		}
	})
}

func revisionOf(t testing.TB, db *store.DB) (revision int64) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(t.Context(), `select revision from catalog_revision`).Scan(&revision)
	})
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

func TestApplyNamesEveryProblemAndChangesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := open(t, db)
		bad := model("bad", "chta", "Deepbrain-Router", "SKYTOWER-DOCS", "bad")
		bad.Targets = []skytells.TargetSpec{{Provider: "upp", Model: "x"}, {Provider: "up", Weight: -1}}
		_, err := c.Apply(t.Context(), skytells.ApplyRequest{Resources: skytells.Resources{
			Providers: []skytells.ProviderSpec{
				upstream("up"),
				{Name: "Bad Name", Kind: "opneai", BaseURL: "http://user:hunter2@h/v1"},
				{Name: "local", Kind: "openai", BaseURL: "http://h/v1/chat/completions"},
				{Name: "kept", Kind: "openai", BaseURL: "ftp://h", Credential: "set"},
			},
			Models: []skytells.ModelSpec{
				model("good", "chat"), bad, model("a//b", "chat"), model("GOOD", "chat"), model("good", "chat"),
				{Slug: "skytower-docs", Description: "mine now", Aliases: []string{"ok"}},
			},
		}}, actor)
		e := wantFault(t, err, fault.InvalidParameter, 409, "so nothing was changed")
		got := strings.Split(e.Message, "\n")[1:]
		want := []string{
			"providers[1].name: a provider's name is 1 to 40 characters of a-z 0-9 -",
			"providers[1].kind: 'opneai' is not one of openai, anthropic, cog, replicate, skytells; did you mean 'openai'?",
			"providers[1].base_url: must not hold a user or password: give a credential instead",
			"providers[2].name: 'local' is built in and can't be changed",
			"providers[2].base_url: must end before /chat/completions",
			"providers[3].base_url: must begin with http:// or https:// and a host",
			"providers[3].credential: 'set' keeps a secret that is there, and there is none: give env:NAME, file:PATH or the secret",
			"models[1].api: 'chta' is not one of chat, embeddings, prediction; did you mean 'chat'?",
			"models[1].targets[1].weight: must be 1 to 1000000",
			"models[1].targets[1].model: must be the upstream's name of the model, in one line of at most 512 bytes",
			"models[2].slug: a slug has at most one slash",
			"models[5].description: 'skytower-docs' is built in: only aliases and offline can be changed",
			"models[4].slug: the same name as models[0].slug",
			"models[1].targets[0].provider: no provider is called 'upp'; did you mean 'up'?",
			"models[3].slug: 'GOOD' is already a name of the model 'good' (case does not tell names apart)",
			"models[1].aliases[0]: 'Deepbrain-Router' is the router's name",
			"models[1].aliases[1]: 'SKYTOWER-DOCS' is already a name of the model 'skytower-docs' (case does not tell names apart)",
			"models[1].aliases[2]: 'bad' is already a name of this model",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("problems (-want +got): %s", diff)
		}
		if strings.Contains(e.Error(), "hunter2") {
			t.Error("a password stands in the error")
		}
		if providers, err := c.Providers(t.Context()); err != nil || len(providers) != 1 {
			t.Errorf("something was stored: %+v, %v", providers, err)
		}
		if revisionOf(t, db) != 0 {
			t.Error("the revision moved")
		}
	})
}

func TestNamesMoveBetweenModelsInOneApply(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := open(t, db)
		r := skytells.ApplyRequest{Resources: skytells.Resources{
			Providers: []skytells.ProviderSpec{upstream("up")},
			Models:    []skytells.ModelSpec{model("a", "chat", "best"), model("b", "chat", "second")},
		}}
		apply(t, c, r)
		r.Resources.Models = []skytells.ModelSpec{model("a", "chat", "second"), model("b", "chat", "BEST")}
		apply(t, c, r)
		for name, slug := range map[string]string{"best": "b", "second": "a"} {
			if got, err := c.Get(name, catalog.Viewer{}); err != nil || got.Slug != slug {
				t.Errorf("%s is %v, %v; want %s", name, got, err, slug)
			}
		}
		_, err := c.PutModel(t.Context(), model("c", "chat", "Second"), actor)
		e := wantFault(t, err, fault.InvalidParameter, 409, "already a name of the model 'a'")
		if e.Param != "aliases[0]" || strings.Contains(e.Message, "models[0]") {
			t.Errorf("param %q, message %q", e.Param, e.Message)
		}
		_, err = c.PutModel(t.Context(), model("A", "chat"), actor)
		wantFault(t, err, fault.InvalidParameter, 409, "already a name of the model 'a'")
	})
}

func TestManagedResourcesAreReadOnlyElsewhere(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := open(t, db)
		file := skytells.ApplyRequest{Source: "site.yaml", Resources: skytells.Resources{
			Providers: []skytells.ProviderSpec{upstream("up")},
			Models:    []skytells.ModelSpec{model("a", "chat"), model("b", "chat")},
		}}
		apply(t, c, file)
		_, err := c.PutModel(t.Context(), model("a", "chat", "x"), actor)
		wantFault(t, err, fault.InvalidParameter, 409, "is managed by 'site.yaml'")
		_, err = c.PutProvider(t.Context(), upstream("up"), actor)
		wantFault(t, err, fault.InvalidParameter, 409, "is managed by 'site.yaml'")
		wantFault(t, c.DeleteModel(t.Context(), "a", actor), fault.InvalidParameter, 409, "is managed by 'site.yaml'")

		// What the file no longer names stays, and is free.
		file.Resources.Models = file.Resources.Models[1:]
		want := []string{"provider up unchanged", "model b unchanged", "model a update"}
		if diff := cmp.Diff(want, actions(apply(t, c, file))); diff != "" {
			t.Error(diff)
		}
		if err := c.DeleteModel(t.Context(), "a", actor); err != nil {
			t.Fatal(err)
		}
		// Another file takes over.
		apply(t, c, skytells.ApplyRequest{Source: "other.yaml", Resources: skytells.Resources{Models: []skytells.ModelSpec{model("b", "chat")}}})
		_, err = c.PutModel(t.Context(), model("b", "chat", "x"), actor)
		wantFault(t, err, fault.InvalidParameter, 409, "is managed by 'other.yaml'")
	})
}

func TestDelete(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := open(t, db)
		apply(t, c, skytells.ApplyRequest{Resources: skytells.Resources{
			Providers: []skytells.ProviderSpec{upstream("up")}, Models: []skytells.ModelSpec{model("a", "chat", "aa")},
		}})
		wantFault(t, c.DeleteProvider(t.Context(), "up", actor), fault.InvalidParameter, 409, "serves 'a'")
		wantFault(t, c.DeleteProvider(t.Context(), "local", actor), fault.InvalidParameter, 409, "is built in")
		wantFault(t, c.DeleteProvider(t.Context(), "none", actor), fault.InvalidParameter, 404, "No provider is called 'none'.")
		wantFault(t, c.DeleteModel(t.Context(), "skytower-docs", actor), fault.InvalidParameter, 409, "is built in")
		wantFault(t, c.DeleteModel(t.Context(), "none", actor), fault.ModelNotFound, 404, "'none'")
		if err := c.DeleteModel(t.Context(), "a", actor); err != nil {
			t.Fatal(err)
		}
		if err := c.DeleteProvider(t.Context(), "up", actor); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Get("aa", catalog.Viewer{}); err == nil {
			t.Error("the alias of a deleted model resolves")
		}
		var audit []string
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			rows, err := tx.Query(t.Context(), `select actor, action, subject from audit order by seq`)
			if err != nil {
				return err
			}
			defer rows.Close() //nolint:errcheck // rows.Err tells
			for rows.Next() {
				var actor, action, subject string
				if err := rows.Scan(&actor, &action, &subject); err != nil {
					return err
				}
				audit = append(audit, actor+" "+action+" "+subject)
			}
			return rows.Err()
		})
		want := []string{"opr_test provider.put up", "opr_test model.put a", "opr_test settings.put default_chat",
			"opr_test model.delete a", "opr_test settings.put default_chat", "opr_test provider.delete up"}
		if diff := cmp.Diff(want, audit); err != nil || diff != "" {
			t.Errorf("audit: %v %s", err, diff)
		}
	})
}

func TestBuiltinModelSetOffline(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := open(t, db)
		models, err := c.Models(t.Context())
		if err != nil || len(models) != 3 || models[0].Slug != catalog.Router || models[1].Managed != catalog.ManagedBuiltin || !models[1].Open {
			t.Fatalf("models: %+v, %v", models, err)
		}
		docs := models[1] // what an operator read can be sent back with a change
		docs.Offline = true
		if _, err := c.PutModel(t.Context(), docs, actor); err != nil {
			t.Fatal(err)
		}
		m, err := c.Get("skytower-docs", catalog.Viewer{})
		if err != nil || m.Card().Status != "offline" || !m.Builtin {
			t.Errorf("card %+v, %v", m, err)
		}
		_, err = c.Resolve("skytower-docs", catalog.Viewer{}, "chat")
		wantFault(t, err, fault.ServiceUnavailable, 503, "is offline")
		docs.Offline = false
		if got, err := c.PutModel(t.Context(), docs, actor); err != nil || got.Offline || got.Managed != catalog.ManagedBuiltin {
			t.Errorf("back again: %+v, %v", got, err)
		}
		if _, err := c.Resolve("skytower-docs", catalog.Viewer{}, "chat"); err != nil {
			t.Error(err)
		}
	})
}

func TestImport(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := open(t, db)
		apply(t, c, skytells.ApplyRequest{Resources: skytells.Resources{
			Providers: []skytells.ProviderSpec{upstream("up"), upstream("other")},
			Models:    []skytells.ModelSpec{model("taken", "chat"), model("mine", "chat")},
		}})
		listed := []catalog.Listed{
			{Name: "llama3.2:3b", OwnedBy: "library"}, {Name: "hf.co/bartowski/Llama-3.2-1B_Instruct-GGUF:Q4_K_M"},
			{Name: "text-embedding-3-small", OwnedBy: "system"}, {Name: "whisper-1"}, {Name: "TAKEN"}, {Name: "up-mine"},
			{Name: "deepbrain-router"}, {Name: "llama3.2:3b"}, {Name: "モデル"}, {Name: "two\nlines"},
		}
		want := []skytells.ImportedModel{
			{Slug: "llama3.2:3b", Upstream: "llama3.2:3b", API: "chat", Type: "text", Action: "created", Open: true},
			{Slug: "bartowski/Llama-3.2-1B_Instruct-GGUF:Q4_K_M", Upstream: listed[1].Name, API: "chat", Type: "text", Action: "created", Open: true},
			{Slug: "text-embedding-3-small", Upstream: "text-embedding-3-small", API: "embeddings", Type: "text", Action: "created", Open: true},
			{Slug: "whisper-1", Upstream: "whisper-1", Action: "created"},
			{Slug: "TAKEN", Upstream: "TAKEN", API: "chat", Type: "text", Action: "conflict"},
			{Slug: "mine", Upstream: "up-mine", API: "chat", Type: "text", Action: "exists", Open: true},
			{Slug: "deepbrain-router", Upstream: "deepbrain-router", API: "chat", Type: "text", Action: "conflict"},
			{Slug: "", Upstream: "モデル", API: "chat", Type: "text", Action: "conflict"},
			{Slug: "two-lines", Upstream: "two\nlines", API: "chat", Type: "text", Action: "conflict"},
		}
		for _, dry := range []bool{true, false} {
			got, err := c.Import(t.Context(), "up", listed, skytells.ImportRequest{Free: true, DryRun: dry}, actor)
			if diff := cmp.Diff(want, got.Models); err != nil || diff != "" {
				t.Fatalf("dry run %v: %v %s", dry, err, diff)
			}
		}
		again, err := c.Import(t.Context(), "up", listed[:1], skytells.ImportRequest{}, actor)
		if err != nil || again.Models[0].Action != "exists" || !again.Models[0].Open {
			t.Errorf("again: %+v, %v", again, err)
		}
		// Without free, they wait, and only the named ones come.
		got, err := c.Import(t.Context(), "other", listed, skytells.ImportRequest{Models: []string{"up-mine"}}, actor)
		if err != nil || len(got.Models) != 1 || got.Models[0].Action != "created" || got.Models[0].Open {
			t.Errorf("one, waiting: %+v, %v", got, err)
		}
		if _, err := c.Get("up-mine", catalog.Viewer{}); !fault.Is(err, fault.ModelNotFound) {
			t.Errorf("an unopened model is visible: %v", err)
		}
		_, err = c.Import(t.Context(), "up", listed, skytells.ImportRequest{Models: []string{"whisper-2"}}, actor)
		wantFault(t, err, fault.InvalidParameter, 400, "did you mean 'whisper-1'?")
		_, err = c.Import(t.Context(), "none", listed, skytells.ImportRequest{}, actor)
		wantFault(t, err, fault.InvalidParameter, 404, "No provider is called 'none'.")
		if m, _ := c.Get("llama3.2:3b", catalog.Viewer{}); m == nil || m.Card().Vendor.Slug != "library" {
			t.Errorf("vendor: %+v", m)
		}
	})
}

func TestAnotherProcessSeesChangesThroughTheFeed(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		here, there := storetest.Open(t, url), storetest.Open(t, url)
		a, b := open(t, here), open(t, there)
		feed := there.NewFeed(store.FeedOptions{})
		feed.Subscribe(catalog.FeedKind, b.Refresh)
		if err := feed.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(feed.Stop)
		var seen [][]string
		b.OnProviders(func(list []catalog.Provider) {
			var names []string
			for _, p := range list {
				names = append(names, p.Name)
			}
			seen = append(seen, names)
		})
		apply(t, a, skytells.ApplyRequest{Resources: skytells.Resources{
			Providers: []skytells.ProviderSpec{upstream("up")}, Models: []skytells.ModelSpec{model("a", "chat")},
		}})
		if err := feed.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := b.Resolve("a", catalog.Viewer{}, "chat"); err != nil || got.Model.Targets[0].Provider != "up" {
			t.Errorf("the other process resolves %+v, %v", got, err)
		}
		if _, err := a.PutModel(t.Context(), model("b", "chat"), actor); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(a.DeleteModel(t.Context(), "a", actor), feed.Sync(t.Context())); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Get("a", catalog.Viewer{}); !fault.Is(err, fault.ModelNotFound) {
			t.Errorf("a deleted model in the other process: %v", err)
		}
		// Told once at registration and once of the new one, not for each model.
		if diff := cmp.Diff([][]string{{"local"}, {"local", "up"}}, seen); diff != "" {
			t.Errorf("hook: %s", diff)
		}
	})
}

func TestConcurrentChangesNeverShareAName(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		a, b := open(t, storetest.Open(t, url)), open(t, storetest.Open(t, url))
		if _, err := a.PutProvider(t.Context(), upstream("up"), actor); err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			errs := make(chan error, 2)
			for j, c := range []*catalog.Catalog{a, b} {
				go func() {
					_, err := c.PutModel(t.Context(), model(fmt.Sprintf("m-%d-%d", i, j), "chat", fmt.Sprintf("Same-%d", i)), actor)
					errs <- err
				}()
			}
			first, second := <-errs, <-errs
			if (first == nil) == (second == nil) {
				t.Fatalf("two models took one alias: %v, %v", first, second)
			}
			for _, err := range []error{first, second} {
				if err != nil {
					wantFault(t, err, fault.InvalidParameter, 409, "already a name")
				}
			}
		}
	})
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const literal, fromEnv = "sk-very-secret-literal", "env-secret"
		c := open(t, db)
		var outputs bytes.Buffer
		keep := func(v any, err error) {
			text, jsonErr := json.Marshal(v)
			fmt.Fprintf(&outputs, "%s %v %+v %#v %v %v\n", text, v, v, v, err, jsonErr)
			slog.New(slog.NewJSONHandler(&outputs, nil)).Info("seen", "value", v, "error", err)
		}
		lit, env, missing := upstream("lit"), upstream("env"), upstream("missing")
		lit.Credential, env.Credential, missing.Credential = literal, "env:UP", "env:MISSING"
		result, err := c.Apply(t.Context(), skytells.ApplyRequest{Resources: skytells.Resources{Providers: []skytells.ProviderSpec{lit, env, missing}}}, actor)
		keep(result, err)
		snapshot := c.Snapshot()
		keep(snapshot.Providers(), nil)
		for name, want := range map[string]string{"lit": literal, "env": fromEnv, "missing": ""} {
			p, ok := snapshot.Provider(name)
			if !ok || p.Credential.Reveal() != want || (p.Broken != "") != (name == "missing") {
				t.Errorf("%s: credential is right: %v; broken: %q", name, p.Credential.Reveal() == want, p.Broken)
			}
		}
		providers, err := c.Providers(t.Context())
		keep(providers, err)
		shown := map[string]string{}
		for _, p := range providers {
			shown[p.Name] = p.Credential
		}
		if diff := cmp.Diff(map[string]string{"local": "", "lit": "set", "env": "env:UP", "missing": "env:MISSING"}, shown); diff != "" {
			t.Error(diff)
		}

		// "set" keeps it, but not for another host.
		lit.Credential, lit.Responses = "set", "chat"
		keep(c.PutProvider(t.Context(), lit, actor))
		if p, _ := c.Snapshot().Provider("lit"); p.Credential.Reveal() != literal || p.Responses != "chat" {
			t.Error("'set' did not keep the credential")
		}
		lit.BaseURL = "http://elsewhere.example/v1"
		_, err = c.PutProvider(t.Context(), lit, actor)
		keep(nil, err)
		wantFault(t, err, fault.InvalidParameter, 400, "give it again")
		lit.Credential = literal + "\nX: y"
		_, err = c.PutProvider(t.Context(), lit, actor)
		keep(nil, err)
		wantFault(t, err, fault.InvalidParameter, 400, "one line")

		// Another master key can't open it: the provider is broken, the rest works.
		other, err := secret.NewMasterKey(bytes.Repeat([]byte{8}, secret.Size))
		if err != nil {
			t.Fatal(err)
		}
		sealer, err := secret.NewRing(other).Sealer(secret.ProviderCredentials)
		if err != nil {
			t.Fatal(err)
		}
		stranger := open(t, db, func(o *catalog.Options) { o.Sealer = sealer })
		if p, _ := stranger.Snapshot().Provider("lit"); p.Broken == "" || p.Credential != "" {
			t.Errorf("with another master key: %+v", p)
		}
		keep(stranger.Snapshot().Providers(), nil)
		keep(nil, errors.Join(c.DeleteProvider(t.Context(), "lit", actor)))
		outputs.WriteString(dump(t, db))
		outputs.Write(c.ListJSON(catalog.Viewer{}))
		for _, word := range []string{literal, fromEnv, "very-secret"} {
			if strings.Contains(outputs.String(), word) {
				t.Errorf("%q leaked", word)
			}
		}
	})
}

// dump is what the catalogue and the audit trail keep, as text.
func dump(t testing.TB, db *store.DB) string {
	t.Helper()
	var text strings.Builder
	for _, query := range []string{`select name || credential || credential_sealed from catalog_provider`,
		`select actor || action || subject || detail from audit`, `select kind || ref from change`} {
		rows, err := db.Reader().QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			text.WriteString(line + "\n")
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

func TestEnvironmentProvider(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		fromEnv := upstream("openai")
		fromEnv.Credential = "env:UP"
		with := func(o *catalog.Options) { o.Providers = []skytells.ProviderSpec{fromEnv} }
		c := open(t, db, with)
		m := model("m", "chat")
		m.Targets[0].Provider = "openai"
		if _, err := c.PutModel(t.Context(), m, actor); err != nil {
			t.Fatal(err)
		}
		wantFault(t, c.DeleteProvider(t.Context(), "openai", actor), fault.InvalidParameter, 409, "environment")
		own := upstream("openai")
		own.BaseURL = "http://own/v1"
		if _, err := c.PutProvider(t.Context(), own, actor); err != nil {
			t.Fatal(err)
		}
		if p, _ := c.Snapshot().Provider("openai"); p.BaseURL != "http://own/v1" || p.Credential != "" {
			t.Errorf("a stored provider does not take precedence: %+v", p)
		}
		if err := c.DeleteProvider(t.Context(), "openai", actor); err != nil {
			t.Fatal(err)
		}
		if p, _ := c.Snapshot().Provider("openai"); p.Credential.Reveal() != "env-secret" {
			t.Errorf("the environment's provider did not come back: %+v", p)
		}
		// A process without it still has the model.
		if got, err := open(t, db).Resolve("m", catalog.Viewer{}, "chat"); err != nil || got.Model.Targets[0].Provider != "openai" {
			t.Errorf("without the environment: %+v, %v", got, err)
		}
	})
}

func TestTargetsAndFetchPolicies(t *testing.T) {
	t.Parallel()
	c := open(t, storetest.Open(t, storetest.SQLite(t)), func(o *catalog.Options) {
		o.FetchDefault = func(_ context.Context, baseURL string) catalog.Policy {
			if strings.Contains(baseURL, "public.example") {
				return catalog.FetchPass
			}
			return catalog.FetchProxy
		}
		o.Now = func() time.Time { return time.Date(2026, 2, 3, 4, 5, 6, 7000, time.UTC) }
	})
	public, denied := upstream("public"), upstream("denied")
	public.BaseURL, denied.FetchInputs = "https://public.example/v1", "deny"
	apply(t, c, skytells.ApplyRequest{Resources: skytells.Resources{
		Providers: []skytells.ProviderSpec{upstream("up"), public, denied},
		Models: []skytells.ModelSpec{{Slug: "m", API: "chat", Free: true, Targets: []skytells.TargetSpec{
			{Provider: "up", Model: "x", Priority: 2}, {Provider: "public", Model: "x", Priority: 1, Weight: 3},
			{Provider: "denied", Model: "x", Priority: 2, FirstByteTimeout: "100ms"}, {Provider: "up", Model: "y", FetchInputs: "pass", IdleTimeout: " 1m30s "},
		}}},
	}})
	got, err := c.Resolve("m", catalog.Viewer{}, "chat")
	if err != nil {
		t.Fatal(err)
	}
	want := []catalog.Target{
		{Name: "up/y", Provider: "up", Model: "y", Weight: 1, FetchInputs: "pass", Idle: 90 * time.Second},
		{Name: "public/x", Provider: "public", Model: "x", Priority: 1, Weight: 3, FetchInputs: "pass"},
		{Name: "up/x", Provider: "up", Model: "x", Priority: 2, Weight: 1, FetchInputs: "proxy"},
		{Name: "denied/x", Provider: "denied", Model: "x", Priority: 2, Weight: 1, FetchInputs: "deny", FirstByte: 100 * time.Millisecond},
	}
	if diff := cmp.Diff(want, got.Model.Targets); diff != "" {
		t.Error(diff)
	}
	if got := string(got.Model.OpenAIJSON()); got != `{"id":"m","object":"model","created":1770091506,"owned_by":"skytower"}` {
		t.Error(got)
	}
}

func TestNewRefusesBadBuiltins(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	for name, o := range map[string]catalog.Options{
		"not free":        {Models: []skytells.ModelSpec{{Slug: "x", API: "chat", Targets: []skytells.TargetSpec{{Provider: "local", Model: "x"}}}}},
		"other provider":  {Models: []skytells.ModelSpec{model("x", "chat")}},
		"literal secret":  {Providers: []skytells.ProviderSpec{{Name: "x", Kind: "openai", BaseURL: "http://h/v1", Credential: "sk-literal"}}},
		"the router":      {Models: []skytells.ModelSpec{{Slug: "deepbrain-router", API: "chat", Free: true, Targets: []skytells.TargetSpec{{Provider: "local", Model: "x"}}}}},
		"name taken once": {Models: append(builtin(), builtin()...)},
	} {
		o.DB, o.Sealer = db, testSealer(t)
		if _, err := catalog.New(o); err == nil || strings.Contains(err.Error(), "sk-literal") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// The cards as Swift decodes them: contract 1.14 and 5.3. A field that is not a
// pointer here is mandatory there; one bad model breaks the whole list.
type swiftModel struct {
	Name         *string
	Namespace    *string
	Type         *string
	Privacy      *string
	Vendor       map[string]json.RawMessage
	Capabilities *[]string
	Metadata     map[string]*bool
	Pricing      *struct {
		Amount    *float64
		Currency  *string
		Unit      *string
		Criterias *[]struct{ Operator string }
	}
	Service *struct{ Type, InferenceParty *string }
}

func (m swiftModel) problem() string {
	switch {
	case m.Name == nil || *m.Name == "" || m.Namespace == nil || m.Capabilities == nil:
		return "name, namespace or capabilities are missing"
	case m.Type == nil || !slices.Contains([]string{"image", "video", "audio", "music", "text"}, *m.Type):
		return "type is outside of the closed list"
	case m.Privacy == nil || !slices.Contains([]string{"public", "private"}, *m.Privacy):
		return "privacy is outside of the closed list"
	case m.Pricing != nil && (m.Pricing.Amount == nil || m.Pricing.Currency == nil || m.Pricing.Unit == nil || m.Pricing.Criterias == nil):
		return "pricing is not whole"
	case m.Service != nil && (m.Service.Type == nil || m.Service.InferenceParty == nil):
		return "service is not whole"
	}
	for _, flag := range []string{"edge_compatible", "openai_compatible", "cold_boot"} {
		if m.Metadata[flag] == nil {
			return "metadata." + flag + " is missing"
		}
	}
	for _, field := range []string{"name", "description", "image_url", "slug"} {
		var text *string
		if err := json.Unmarshal(m.Vendor[field], &text); err != nil || text == nil {
			return "vendor." + field + " is not a string"
		}
	}
	if v := string(m.Vendor["verified"]); v != "true" && v != "false" {
		return "vendor.verified is not a bool"
	}
	return ""
}

func TestCardsAreWholeForSwift(t *testing.T) {
	t.Parallel()
	c := open(t, storetest.Open(t, storetest.SQLite(t)))
	full := model("full", "embeddings")
	full.Name, full.Description, full.ImgURL = "Full", "All of it", "https://h/i.png"
	full.Vendor = skytells.Vendor{Name: "Acme GmbH", Description: "d", ImageURL: "https://h/v.png", Verified: true, Metadata: json.RawMessage(`{"a":1}`)}
	full.Capabilities = []string{"embeddings"}
	closed := model("closed", "")
	image := model("art", "chat")
	image.Type = "image"
	apply(t, c, skytells.ApplyRequest{Resources: skytells.Resources{
		Providers: []skytells.ProviderSpec{upstream("up")}, Models: []skytells.ModelSpec{model("bare", "chat"), full, closed, image},
	}})
	var cards []json.RawMessage
	if err := json.Unmarshal(c.ListJSON(catalog.Viewer{Account: "acct_1"}), &cards); err != nil {
		t.Fatalf("the list is not a bare array: %v", err)
	}
	var names []string
	for _, doc := range cards {
		var m swiftModel
		if err := json.Unmarshal(doc, &m); err != nil {
			t.Fatalf("%v: %s", err, doc)
		}
		if text := m.problem(); text != "" {
			t.Errorf("%s: %s", text, doc)
		}
		names = append(names, *m.Namespace)
		single, err := c.Get(*m.Namespace, catalog.Viewer{Account: "acct_1"})
		if err != nil || !bytes.Equal(single.CardJSON(), doc) {
			t.Errorf("the single card differs from the list's: %v", err)
		}
	}
	want := []string{"art", "bare", "deepbrain-router", "full", "skytower-docs", "skytower-embed-small"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if got, want := string(cards[1]), `{"name":"bare","description":"","namespace":"bare","type":"text","privacy":"public","img_url":null,`+
		`"vendor":{"name":"Skytower","description":"","image_url":"","verified":false,"slug":"skytower","metadata":null},"billable":false,`+
		`"capabilities":["chat"],"metadata":{"edge_compatible":false,"openai_compatible":true,"cold_boot":false},"status":"operational"}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := string(cards[3]); !strings.Contains(got, `"slug":"acme-gmbh","metadata":{"a":1}`) {
		t.Error(got)
	}
	var openAI skytells.OpenAIModelList
	if err := json.Unmarshal(c.OpenAIListJSON(catalog.Viewer{}), &openAI); err != nil || len(openAI.Data) != len(want) || openAI.Object != "list" {
		t.Errorf("OpenAI's list: %+v, %v", openAI, err)
	}
	if router, _ := c.Get(catalog.Router, catalog.Viewer{}); router == nil || !slices.Equal(router.Card().Capabilities, []string{"routing"}) {
		t.Errorf("router: %+v", router)
	}
	if got := len(c.List(catalog.Viewer{})); got != len(want) {
		t.Errorf("List has %d models, want %d", got, len(want))
	}
}

func BenchmarkResolve(b *testing.B) {
	c := open(b, storetest.Open(b, storetest.SQLite(b)))
	for _, name := range []string{"skytower-docs", "deepbrain-router", "vendor/Skytower-DOCS"} {
		b.Run(strings.ReplaceAll(name, "/", "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Resolve(name, catalog.Viewer{Account: "acct_1"}, "chat"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestResolveWhileTheCatalogueChanges(t *testing.T) {
	t.Parallel()
	c := open(t, storetest.Open(t, storetest.SQLite(t)))
	apply(t, c, skytells.ApplyRequest{Resources: skytells.Resources{
		Providers: []skytells.ProviderSpec{upstream("up")}, Models: []skytells.ModelSpec{model("steady", "chat", "alias-0")},
	}})
	stop := make(chan struct{})
	errs := make(chan error, 2)
	for range cap(errs) {
		go func() {
			for {
				select {
				case <-stop:
					errs <- nil
					return
				default:
				}
				if got, err := c.Resolve("steady", catalog.Viewer{}, "chat"); err != nil || len(got.Model.Aliases) != 1 {
					errs <- fmt.Errorf("resolved %+v: %w", got, err)
					return
				}
				_ = c.ListJSON(catalog.Viewer{})
			}
		}()
	}
	for i := range 8 {
		if _, err := c.PutModel(t.Context(), model("steady", "chat", fmt.Sprintf("alias-%d", i)), actor); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestRefreshKeepsTheOldCatalogueWhenTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	c := open(t, storetest.Open(t, storetest.SQLite(t)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Refresh(ctx, nil); err == nil {
		t.Error("no error without a database")
	}
	if _, err := c.Resolve("skytower-docs", catalog.Viewer{}, "chat"); err != nil {
		t.Error(err)
	}
	if _, err := c.PutProvider(ctx, upstream("up"), actor); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the cause", err)
	}
}

func TestRotatedCredentialIsReadOnReload(t *testing.T) {
	t.Parallel()
	env := environment{"env:K": "old"}
	c := open(t, storetest.Open(t, storetest.SQLite(t)), func(o *catalog.Options) { o.Resolve = env.resolve })
	p := upstream("up")
	p.Credential = "env:K"
	if _, err := c.PutProvider(t.Context(), p, actor); err != nil {
		t.Fatal(err)
	}
	env["env:K"] = "new"
	if err := c.Refresh(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if p, _ := c.Snapshot().Provider("up"); p.Credential.Reveal() != "new" {
		t.Error("the credential was not read again")
	}
}
