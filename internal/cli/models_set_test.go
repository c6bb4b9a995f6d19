package cli_test

import (
	"strings"
	"testing"

	"skytower/internal/skytells"
)

func TestSetChangesOnlyWhatIsGiven(t *testing.T) {
	t.Parallel()
	model := skytells.ModelSpec{
		Slug: "one", API: "prediction", Type: "image", Description: "kept", Deadline: "5m", Offline: true,
		InputSchema: skytells.Schema(`{"title":"Old"}`), OutputSchema: skytells.Schema(`{"type":"string"}`),
	}
	schema := writeFile(t, "schema.json", ` {"title": "New"} `)
	for args, want := range map[string]string{
		"--deadline 10m --concurrency 2":    `"input_schema":{"title":"Old"},"output_schema":{"type":"string"},"deadline":"10m","concurrency":2,`,
		"--no-offline --type video":         `"description":"kept","type":"video","api":"prediction","input_schema"`,
		"--deadline= --output-schema=":      `"offline":true,"input_schema":{"title":"Old"},"open":`,
		"--offline --private":               `"privacy":"private","offline":true`,
		"--input-schema " + schema:          `"input_schema":{"title":"New"},"output_schema":{"type":"string"}`,
		"--name Nice --description= --json": `"name":"Nice","type":"image"`,
	} {
		f := newFake(t, map[string]any{"GET /models": list(model), "PUT /models/one": model})
		got := f.run(t, "", append([]string{"models", "set", "one"}, strings.Fields(args)...)...)
		if came := strings.Join(f.came["PUT /models/one"], ""); got.code != 0 || !strings.Contains(came, want) {
			t.Errorf("%s: %+v, sent %s", args, got, came)
		}
	}
}

func TestSetRefusesBeforeItAsks(t *testing.T) {
	t.Parallel()
	wrong := writeFile(t, "wrong.json", `["a"]`)
	for args, want := range map[string]string{
		"":                         "say what to change",
		"--input-schema " + wrong:  "a schema is a JSON object",
		"--input-schema /no/where": "read /no/where",
		"--concurrency many":       "--concurrency",
	} {
		f := newFake(t, nil)
		got := f.run(t, "", append([]string{"models", "set", "one"}, strings.Fields(args)...)...)
		if got.code != 2 || !strings.Contains(got.stderr, want) || len(f.came) != 0 {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

func TestAddImports(t *testing.T) {
	t.Parallel()
	box := skytells.ProviderSpec{Name: "box", Kind: "cog", BaseURL: "http://127.0.0.1:5000"}
	f := newFake(t, map[string]any{
		"GET /providers": list[skytells.ProviderSpec](), "PUT /providers/box": box,
		"POST /providers/box/import": skytells.ImportResult{Models: []skytells.ImportedModel{
			{Slug: "box", Upstream: "box", API: "prediction", Type: "image", Action: "created", Open: true, Note: "without its output_schema"},
		}},
	})
	add := []string{"providers", "add", "box", "--kind", "cog", "--base-url", box.BaseURL, "--import", "--free"}
	got := f.run(t, "", add...)
	if got.code != 0 || !strings.Contains(got.stdout, "prediction  image  created  yes") || !strings.Contains(got.stderr, "Imported 1 of 1") ||
		!strings.Contains(got.stderr, "box comes without its output_schema") {
		t.Errorf("printed %+v", got)
	}
	if came := f.came["POST /providers/box/import"]; len(came) != 1 || came[0] != `{"free":true}` {
		t.Errorf("sent %s", came)
	}
	if got := f.run(t, "", append(add, "--json")...); !strings.Contains(got.stdout, `"provider": {`) || !strings.Contains(got.stdout, `"models": [`) {
		t.Errorf("printed %+v", got)
	}
	f.answers["POST /providers/box/import"] = "It is still starting. "
	got = f.run(t, "", add...)
	if got.code != 1 || !strings.Contains(got.stderr, "was added, but not its models: It is still starting.") ||
		!strings.Contains(got.stderr, "skytower models import --provider box --free") {
		t.Errorf("printed %+v", got)
	}
}

func TestAddChecksItsFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                          "--base-url is missing: the address that ends before",
		"--kind cog":                "the address of the container",
		"--kind replicate --import": "--only owner/name",
		"--kind replicate --free":   "go with --import",
	} {
		f := newFake(t, nil)
		got := f.run(t, "", append([]string{"providers", "add", "up"}, strings.Fields(args)...)...)
		if got.code != 2 || !strings.Contains(got.stderr, want) || len(f.came) != 0 {
			t.Errorf("%s: %+v", args, got)
		}
	}
}
