package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"skytower/internal/config/schematest"
)

// Every resource file of the manual and of the scripts of the tests fits.
func TestResourceSchemaTakesOurFiles(t *testing.T) {
	t.Parallel()
	schema := schematest.Compile(t, ResourceSchema())
	n := 0
	for _, pattern := range []string{"../../docs/*.md", "../../cmd/skytower/testdata/script/*.txtar"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, block := range regexp.MustCompile("(?s)(\n```ya?ml\n|\n-- [^ ]+\\.ya?ml --\n)(.*?\n)(```|-- )").FindAllStringSubmatch(string(text)+"\n-- ", -1) {
				if _, err := parseResources([]byte(block[2])); err != nil {
					continue // settings, or what shows a mistake
				}
				n++
				if err := schema.Check(block[2]); err != nil {
					t.Errorf("%s:\n%s\n%v", file, block[2], err)
				}
			}
		}
	}
	if n < 5 {
		t.Errorf("only %d files were found", n)
	}
}

func TestResourceSchemaRefusesWhatApplyRefuses(t *testing.T) {
	t.Parallel()
	schema := schematest.Compile(t, ResourceSchema())
	for _, text := range []string{
		"modles: []", "models: {a: b}", "models: [{slug: a, tpye: text}]", "models: [{slug: a, free: maybe}]", "models: [{slug: a, concurrency: 1.5}]", "models: [{slug: a, concurrency: many}]",
		"models: [{slug: a, aliases: b}]", "models: [{slug: a, input_schema: text}]", "models: [{slug: a, pricing: {rate: ten}}]", "models: [{slug: a, open: true}]", "providers: [{name: a, kind: openai, managed: x}]",
		"limits: [{account: a, id: b}]", "limits: [{account: a, requests: few}]", "settings: [a]", "settings: {default: a}", "- a",
	} {
		if _, err := parseResources([]byte(text)); err == nil {
			t.Errorf("apply takes %s", text)
		}
		if schema.Check(text) == nil {
			t.Errorf("the schema takes %s", text)
		}
	}
	for _, text := range []string{"models: [{slug: a, type: picture}]", "providers: [{name: a, kind: opanai}]", "models: [{name: a}]", "models: [{slug: a, targets: [{provider: b}]}]"} {
		if schema.Check(text) == nil { // what only the server refuses
			t.Errorf("the schema takes %s", text)
		}
	}
}

// What the command takes, the schema takes, but for the words of choices and for what the
// server needs.
func TestResourceSchemaTakesWhatApplyTakes(t *testing.T) {
	t.Parallel()
	schema := schematest.Compile(t, ResourceSchema())
	values := []string{"", "null", "a", "'1'", "1", "-1", "1.5", "true", "[]", "[a, 2]", "{}", "{a: [1]}", "0.03", "2026-11-26", "~"}
	fields := map[string][]string{
		"models: [{slug: a, %: %}]":                          {"name", "description", "capabilities", "aliases", "free", "pricing", "accounts", "max_output", "input_schema", "deadline", "concurrency", "targets", "features", "router", "vendor"},
		"models: [{slug: a, pricing: {%: %}}]":               {"unit", "rate", "amount", "input", "output"},
		"providers: [{name: a, kind: openai, %: %}]":         {"base_url", "credential"},
		"limits: [{account: a, %: %}]":                       {"key", "model", "requests", "tokens_in", "concurrency"},
		"settings: {%: %}\nmodels: [{slug: a}]":              {"default_chat", "default_embeddings"},
		"models: [{slug: a, router: {policy: fixed, %: %}}]": {"models", "rules"},
	}
	var frames []string
	for frame := range fields {
		frames = append(frames, frame)
	}
	rapid.Check(t, func(rt *rapid.T) {
		frame := rapid.SampledFrom(frames).Draw(rt, "frame")
		text := strings.Replace(frame, "%", rapid.SampledFrom(fields[frame]).Draw(rt, "field"), 1)
		text = strings.Replace(text, "%", rapid.SampledFrom(values).Draw(rt, "value"), 1)
		if _, err := parseResources([]byte(text)); err != nil {
			return
		}
		if err := schema.Check(text); err != nil {
			rt.Fatalf("apply takes %s and the schema does not: %v", text, err)
		}
	})
}
