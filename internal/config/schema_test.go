package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"skytower/internal/config"
	"skytower/internal/config/schematest"
)

// What is printed for people, and every file of settings in the manual, the examples and
// the tests, has no mark of an editor on it.
func TestSchemaTakesAllOurFiles(t *testing.T) {
	t.Parallel()
	schema := schematest.Compile(t, config.Schema())
	texts := map[string]string{
		"the defaults": string(config.Default().Dump()), "an empty file": "", "testdata/first.yml": readText(t, "testdata/first.yml"), "testdata/commands.yml": readText(t, "testdata/commands.yml"),
	}
	examples, err := filepath.Glob("../../examples/commands/*.yml")
	if err != nil || len(examples) == 0 {
		t.Fatalf("%v, %v", examples, err)
	}
	for _, file := range examples {
		texts[file] = readText(t, file)
	}
	for name, text := range settingsOfManual(t) {
		texts[name] = text
	}
	for name, text := range texts {
		if err := schema.Check(text); err != nil {
			t.Errorf("%s:\n%s\n%v", name, text, err)
		}
	}
	for _, bad := range []string{"listn: 127.0.0.1:8080", "commands: [{name: a}]", "commands: [{name: a, type: text, argv: [a], limits: {tim: 1s}}]", "- a"} {
		if schema.Check(bad) == nil {
			t.Errorf("it takes %s", bad)
		}
	}
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// settingsOfManual are the blocks of YAML in the manual that hold settings.
func settingsOfManual(t *testing.T) map[string]string {
	t.Helper()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"commands": true}
	for _, s := range config.Settings() {
		known[s.Key] = true
	}
	blocks := map[string]string{}
	for _, page := range pages {
		for i, m := range regexp.MustCompile("(?s)\n```ya?ml\n(.*?)\n```").FindAllStringSubmatch(readText(t, page), -1) {
			var keys map[string]any
			if yaml.Unmarshal([]byte(m[1]), &keys) != nil || len(keys) == 0 {
				continue
			}
			if settings := slices.Collect(func(yield func(string) bool) {
				for key := range keys {
					if known[key] && !yield(key) {
						return
					}
				}
			}); len(settings) == len(keys) {
				blocks[filepath.Base(page)+" "+string(rune('0'+i))] = m[1]
			}
		}
	}
	if len(blocks) < 3 {
		t.Fatalf("the manual has %d blocks of settings", len(blocks))
	}
	return blocks
}

// wrongTexts are values that no setting of the kind takes.
func wrongTexts(kind config.Kind) []string {
	return map[config.Kind][]string{
		config.Address: {"here", "127.0.0.1", "[a]"}, config.Size: {"lots", "32 MiBs", "-1", "1.5MiB", "[1]"}, config.Duration: {"soon", "5 minutes", "5", "1w", "true"},
		config.Integer: {"many", "1.5", "99999999999", "-5000000000", "true"}, config.Number: {"much", "-1", "true"}, config.Boolean: {"maybe", "2", "1.5", "[true]"},
		config.Choice: {"no such word", "7", "{a: b}"}, config.Prefixes: {"everything", "{a: b}", "[[10.0.0.0/8]]"}, config.URL: {"{a: b}"}, config.Text: {"{a: b}", "[a]"},
	}[kind]
}

func TestSchemaRefusesWhatTheLoaderRefuses(t *testing.T) {
	t.Parallel()
	schema := schematest.Compile(t, config.Schema())
	extra := map[string][]string{
		"public_url": {"ftp://example.com", "example.com"}, "files_url": {"example.com"}, "openai_base_url": {"''", "localhost:1"}, "traces": {"collector:4318"},
		"database": {"mysql://h/d", "''", "skytower.db"}, "smtp": {"mail.example.com"}, "openid_issuer": {"example.com"}, "starting_credit": {"five", "-1", "'1.0000000000001'"},
		"master_key": {"short", strings.Repeat("a", 63)}, "master_key_old": {"short", strings.Repeat("ab", 32) + ",x"}, "traces_headers": {"no value"},
	}
	for _, s := range config.Settings() {
		for _, wrong := range append(wrongTexts(s.Kind), extra[s.Key]...) {
			text := s.Key + ": " + wrong + "\n"
			if _, err := config.Load(config.Sources{File: write(t, text)}); err == nil {
				t.Errorf("the loader takes %s", text)
			}
			if schema.Check(text) == nil {
				t.Errorf("the schema takes %s", text)
			}
		}
	}
}

// What the loader takes, the schema takes.
func TestSchemaTakesWhatTheLoaderTakes(t *testing.T) {
	t.Parallel()
	schema := schematest.Compile(t, config.Schema())
	table := config.Settings()
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.SampledFrom(table).Draw(rt, "setting")
		value := sample(s).Draw(rt, "value")
		style := rapid.SampledFrom([]yaml.Style{0, yaml.DoubleQuotedStyle}).Draw(rt, "style")
		node := yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{
			{Kind: yaml.ScalarNode, Value: s.Key}, {Kind: yaml.ScalarNode, Value: value, Style: style},
		}}
		text, err := yaml.Marshal(&node)
		if err != nil {
			return // no YAML
		}
		if _, err := config.Load(config.Sources{File: write(t, string(text))}); err != nil {
			return
		}
		if err := schema.Check(string(text)); err != nil {
			rt.Fatalf("the loader takes %sand the schema does not: %v", text, err)
		}
	})
}

// sample is a text that is likely to be near what a setting takes.
func sample(s config.Setting) *rapid.Generator[string] {
	words := []string{s.Default, "", "off", "on", "0", "1", "+1", "007", "1.5", ".5h", "1h30m", "30d", "250ms", "3us", "64 KiB", "5mb", "7B", "TRUE", "No", "x y", "10.0.0.0/8, ::1", "fd00::/8",
		"localhost:0", ":8080", "[::1]:99999", "https://example.com/", "HTTP://h:1/a", "sqlite:x", "postgres://u:p@h/d", "smtp://h", "smtps://u:p@h:465", "a=b,c=d%2C", "123", "ai@example.com",
		strings.Repeat("0123456789abcdef", 4), strings.Repeat("A", 42) + "8=", strings.Repeat("12", 31) + "34," + strings.Repeat("ab", 31) + "cd"}
	for _, choice := range s.Choices {
		words = append(words, choice, strings.ToUpper(choice))
	}
	return rapid.OneOf(rapid.SampledFrom(words), rapid.StringMatching(`[-+]?[0-9]{1,6}(\.[0-9]{1,3})? ?([kKmMgG]i?[bB]?|ms|s|m|h|d)?`), rapid.String())
}
