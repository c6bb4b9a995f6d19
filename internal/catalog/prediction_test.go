package catalog_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// picture is a prediction model as an operator describes it.
func picture(slug string) skytells.ModelSpec {
	return skytells.ModelSpec{
		Slug: slug, API: "prediction", Type: "image", Free: true, Deadline: "10m", Concurrency: 2,
		InputSchema:  skytells.Schema(`{ "type":"object", "properties":{"n":{"type":"integer","default":1}} }`),
		OutputSchema: skytells.Schema(`{"type":"array","items":{"type":"string","format":"uri"}}`),
		Targets:      []skytells.TargetSpec{{Provider: "box", Model: "box"}},
	}
}

func box(name string) skytells.ProviderSpec {
	return skytells.ProviderSpec{Name: name, Kind: "cog", BaseURL: "http://127.0.0.1:5000/"}
}

func TestPredictionModels(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := open(t, db)
		file := skytells.ApplyRequest{Source: "fleet.yml", Resources: skytells.Resources{
			Providers: []skytells.ProviderSpec{box("box"), upstream("up")},
			Models:    []skytells.ModelSpec{picture("sepia"), model("talk", "chat"), model("vectors", "embeddings")},
		}}
		apply(t, c, file)
		if again := apply(t, c, file); !cmp.Equal(actions(again), []string{"provider box unchanged", "provider up unchanged", "model sepia unchanged", "model talk unchanged", "model vectors unchanged"}) {
			t.Errorf("again: %v", again)
		}
		// A process that reads it from the database has the same.
		for _, c := range []*catalog.Catalog{c, open(t, db)} {
			got, err := c.Resolve("acme/SEPIA", catalog.Viewer{}, catalog.Prediction)
			if err != nil {
				t.Fatal(err)
			}
			m := got.Model
			if m.Deadline != 10*time.Minute || m.Concurrency != 2 || m.OnMachine || m.Targets[0].FetchInputs != catalog.FetchProxy || got.Show != "acme/SEPIA" {
				t.Errorf("got %+v", m)
			}
			if string(m.InputSchema) != `{"type":"object","properties":{"n":{"type":"integer","default":1}}}` || len(m.OutputSchema) == 0 {
				t.Errorf("schemas %s %s", m.InputSchema, m.OutputSchema)
			}
			if filled, err := m.CheckInput(json.RawMessage(`{}`)); err != nil || string(filled) != `{"n":1}` {
				t.Errorf("filled %s, %v", filled, err)
			}
			card := m.Card()
			if card.Metadata.OpenAICompatible || card.Type != "image" || !cmp.Equal(card.Capabilities, []string{"image-generation"}) {
				t.Errorf("card %+v", card)
			}
		}
		file.Resources.Models[0].InputSchema = skytells.Schema(`{"type":"object"}`)
		file.Resources.Models[0].OutputSchema = nil
		file.Resources.Models[0].Deadline = ""
		changed := apply(t, c, file)
		if want := []string{"input_schema: changed", "output_schema: changed", "deadline: 10m → (none)"}; !cmp.Equal(changed.Changes[2].Fields, want) {
			t.Errorf("the difference: %q", changed.Changes[2].Fields)
		}
		if m, _ := c.Get("sepia", catalog.Viewer{}); m.Deadline != 30*time.Minute || m.OutputSchema != nil {
			t.Errorf("changed: %+v", m)
		}
		for _, tc := range []struct{ name, api, want string }{
			{"sepia", catalog.Chat, "use POST /v1/predictions"},
			{"sepia", catalog.Embeddings, "use POST /v1/predictions"},
			{"talk", catalog.Prediction, "use POST /v1/chat/completions or POST /v1/responses"},
			{"vectors", catalog.Prediction, "use POST /v1/embeddings"},
			{"deepbrain-router", catalog.Prediction, "stands for chat and embeddings models only"},
		} {
			_, err := c.Resolve(tc.name, catalog.Viewer{}, tc.api)
			wantFault(t, err, fault.ModelNotSupported, 422, tc.want)
		}
	})
}

// A prediction model that is asked elsewhere names the media route that serves it, too.
func TestPredictionModelsNameTheirMediaRoute(t *testing.T) {
	t.Parallel()
	route := "POST /v1/images/generations"
	c := open(t, storetest.Open(t, storetest.SQLite(t)), func(o *catalog.Options) { o.Media = func(*catalog.Model) string { return route } })
	apply(t, c, skytells.ApplyRequest{Resources: skytells.Resources{Providers: []skytells.ProviderSpec{box("box")}, Models: []skytells.ModelSpec{picture("sepia")}}})
	_, err := c.Resolve("sepia", catalog.Viewer{}, catalog.Chat)
	wantFault(t, err, fault.ModelNotSupported, 422, "use POST /v1/predictions or POST /v1/images/generations.")
	route = ""
	_, err = c.Resolve("sepia", catalog.Viewer{}, catalog.Chat)
	wantFault(t, err, fault.ModelNotSupported, 422, "use POST /v1/predictions.")
}

func TestPredictionModelsThatAreRefused(t *testing.T) {
	t.Parallel()
	c := open(t, storetest.Open(t, storetest.SQLite(t)))
	apply(t, c, skytells.ApplyRequest{Resources: skytells.Resources{Providers: []skytells.ProviderSpec{box("box")}}})
	for want, change := range map[string]func(*skytells.ModelSpec){
		"type: is missing: what it puts out":               func(m *skytells.ModelSpec) { m.Type = "" },
		"deadline: must be a time of 1s to 24h":            func(m *skytells.ModelSpec) { m.Deadline = "25h" },
		"concurrency: must be 0":                           func(m *skytells.ModelSpec) { m.Concurrency = -1 },
		"input_schema: is not a JSON Schema":               func(m *skytells.ModelSpec) { m.InputSchema = skytells.Schema(`{"required":3}`) },
		"input_schema: must be JSON":                       func(m *skytells.ModelSpec) { m.InputSchema = skytells.Schema(`{"a":`) },
		"output_schema: refers to":                         func(m *skytells.ModelSpec) { m.OutputSchema = skytells.Schema(`{"$ref":"http://127.0.0.1/x"}`) },
		"deadline: is for models of api 'prediction' only": func(m *skytells.ModelSpec) { m.API, m.Type = "chat", "text" },
	} {
		m := picture("sepia")
		change(&m)
		_, err := c.PutModel(t.Context(), m, actor)
		if err == nil || !strings.Contains(fault.From(err).Message, want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	waiting := picture("sepia")
	waiting.Free, waiting.Type = false, ""
	if m, err := c.PutModel(t.Context(), waiting, actor); err != nil || m.Open {
		t.Errorf("a model that waits for its type: %+v, %v", m, err)
	}
}

func TestProviderKinds(t *testing.T) {
	t.Parallel()
	c := open(t, storetest.Open(t, storetest.SQLite(t)))
	for _, tc := range []struct{ kind, address, want, problem string }{
		{"cog", "http://127.0.0.1:5000/", "http://127.0.0.1:5000", ""},
		{"cog", "", "", "base_url: is missing: the address of the container"},
		{"replicate", "", "https://api.replicate.com/v1", ""},
		{"replicate", "https://other.example/v1/", "https://other.example/v1", ""},
		{"skytells", "", "https://api.skytells.ai/v1", ""},
		{"command", "", "", "kind: commands are declared in the server's process file"},
		{"local", "", "", "kind: 'local' is built in"},
		{"openai", "", "", "base_url: is missing: the address that ends before /chat/completions"},
		{"cogs", "http://h", "", "did you mean 'cog'?"},
	} {
		got, err := c.PutProvider(t.Context(), skytells.ProviderSpec{Name: "p", Kind: tc.kind, BaseURL: tc.address}, actor)
		if tc.problem != "" {
			wantFault(t, err, fault.InvalidParameter, 400, tc.problem)
		} else if err != nil || got.BaseURL != tc.want || got.Kind != tc.kind {
			t.Errorf("%s %s: %+v, %v", tc.kind, tc.address, got, err)
		}
	}
}

func TestCommandsAreReadOnly(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		// Taken by hand before the process file took the names.
		before := open(t, db)
		apply(t, before, skytells.ApplyRequest{Resources: skytells.Resources{
			Providers: []skytells.ProviderSpec{upstream("commands"), upstream("up")}, Models: []skytells.ModelSpec{model("speech", "chat", "say")},
		}})
		speech := picture("speech")
		speech.Type, speech.Targets = "audio", []skytells.TargetSpec{{Provider: "commands", Model: "speech"}}
		c := open(t, db, func(o *catalog.Options) {
			o.Commands = skytells.Resources{Providers: []skytells.ProviderSpec{{Name: "commands", Kind: "command"}}, Models: []skytells.ModelSpec{speech}}
		})
		got, err := c.Resolve("speech", catalog.Viewer{}, catalog.Prediction)
		if err != nil || !got.Model.OnMachine || got.Model.Targets[0].FetchInputs != catalog.FetchProxy || got.Model.Builtin || len(got.Model.Aliases) != 0 {
			t.Fatalf("%+v, %v", got.Model, err)
		}
		models, err := c.Models(t.Context())
		if err != nil || len(models) != 4 || models[3].Managed != catalog.ManagedFile || !models[3].Open {
			t.Errorf("listed %+v, %v", models, err)
		}
		if p, _ := c.Snapshot().Provider("commands"); p.Kind != "command" || p.BaseURL != "" {
			t.Errorf("provider %+v", p)
		}
		const fixed = "comes with the server's process file"
		_, err = c.PutModel(t.Context(), models[3], actor)
		wantFault(t, err, fault.InvalidParameter, 409, fixed)
		_, err = c.PutProvider(t.Context(), upstream("commands"), actor)
		wantFault(t, err, fault.InvalidParameter, 409, fixed)
		_, err = c.Apply(t.Context(), skytells.ApplyRequest{Source: "f.yml", Resources: skytells.Resources{Models: models[3:]}}, actor)
		wantFault(t, err, fault.InvalidParameter, 409, fixed)
		_, err = c.PutModel(t.Context(), model("talk", "chat", "Speech"), actor)
		wantFault(t, err, fault.InvalidParameter, 409, "already a name of the model 'speech'")
		wantFault(t, c.DeleteModel(t.Context(), "speech", actor), fault.InvalidParameter, 409, fixed)
		wantFault(t, c.DeleteProvider(t.Context(), "commands", actor), fault.InvalidParameter, 409, fixed)
		_, err = c.Apply(t.Context(), skytells.ApplyRequest{Source: catalog.ManagedFile}, actor)
		wantFault(t, err, fault.InvalidParameter, 400, "source")
		// Other changes leave it alone; an operator's model may use the command too.
		further := picture("speech-2")
		further.Targets = speech.Targets
		if _, err := c.PutModel(t.Context(), further, actor); err != nil {
			t.Error(err)
		}
		// Without it, what was there before is there again.
		if got, err := open(t, db).Resolve("say", catalog.Viewer{}, "chat"); err != nil || got.Model.Slug != "speech" {
			t.Errorf("without the file: %+v, %v", got, err)
		}
	})
}

func TestImportOfPredictionModels(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := open(t, db)
		apply(t, c, skytells.ApplyRequest{Resources: skytells.Resources{Providers: []skytells.ProviderSpec{
			box("box"), {Name: "rep", Kind: "replicate"}, {Name: "sky", Kind: "skytells"},
		}}})
		free := skytells.ImportRequest{Free: true}
		take := func(provider string, r skytells.ImportRequest, listed ...catalog.Listed) skytells.ImportedModel {
			t.Helper()
			got, err := c.Import(t.Context(), provider, listed, r, actor)
			if err != nil || len(got.Models) != len(listed) {
				t.Fatalf("%+v, %v", got, err)
			}
			return got.Models[0]
		}
		listed := catalog.Listed{
			Name: "any", Title: "Sepia\x1b", Description: "Brown.", API: "prediction", Type: "image", Capabilities: []string{"image-to-image", ""},
			InputSchema: json.RawMessage(`{"type":"object","properties":{"n":{"default":1.50}}}`),
		}
		if got := take("box", free, listed); got != (skytells.ImportedModel{Slug: "box", Upstream: "any", API: "prediction", Type: "image", Action: "created", Open: true}) {
			t.Errorf("a container: %+v", got)
		}
		if m, err := c.Get("box", catalog.Viewer{}); err != nil || m.Card().Name != "Sepia" || !cmp.Equal(m.Card().Capabilities, []string{"image-to-image"}) {
			t.Errorf("%+v, %v", m.Card(), err)
		}
		bad := listed
		bad.Name, bad.Type, bad.InputSchema = "acme/flux:"+strings.Repeat("ab", 32), "hologram", json.RawMessage(`{"properties":{"a":{"pattern":"(?=a)"}}}`)
		if got := take("rep", free, bad); got.Slug != "acme/flux" || got.Open || !strings.Contains(got.Note, "without its input_schema, which is not a JSON Schema: properties.a.pattern: must be a pattern of RE2") {
			t.Errorf("of Replicate: %+v", got)
		}
		if got := take("sky", free, catalog.Listed{Name: "llama"}, catalog.Listed{Name: "talk", API: "chat"}); got.API != "" || got.Open {
			t.Errorf("nothing is guessed where an upstream could say it: %+v", got)
		}
		// Again: nothing changes unless asked.
		listed.Description, listed.InputSchema = "Browner.", json.RawMessage(`{"type":"object"}`)
		if got := take("box", free, listed); got.Action != "exists" {
			t.Errorf("again: %+v", got)
		}
		free.Update = true
		if got := take("box", free, listed); got.Action != "updated" || !got.Open {
			t.Errorf("update: %+v", got)
		}
		if m, _ := c.Get("box", catalog.Viewer{}); m.Card().Description != "Browner." || string(m.InputSchema) != `{"type":"object"}` || m.Card().Name != "Sepia" {
			t.Errorf("updated: %+v", m.Card())
		}
		if got := take("box", free, listed); got.Action != "exists" {
			t.Errorf("nothing new: %+v", got)
		}
		listed.InputSchema = nil
		if take("box", free, listed); len(must(c.Get("box", catalog.Viewer{})).InputSchema) == 0 {
			t.Error("a schema that the upstream no longer tells is gone")
		}
	})
}

func must(m *catalog.Model, err error) *catalog.Model {
	if err != nil {
		panic(err)
	}
	return m
}

// The rows of release 0.1.0 know nothing of predictions.
func TestModelsOfReleasedVersions(t *testing.T) {
	t.Parallel()
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("..", "store", "testdata", "versions", "0.1.0."+d.String()+".sql"))
			if err != nil {
				t.Fatal(err)
			}
			c := open(t, storetest.Open(t, storetest.Load(t, d, string(text))))
			got, err := c.Resolve("example", catalog.Viewer{}, "chat")
			if err != nil || got.Model.Slug != "example-chat" || got.Model.InputSchema != nil || got.Model.Concurrency != 0 {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}
