package config_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"skytower/internal/config"
)

// dumped reads the printout back as text by key; a list is joined by commas.
func dumped(t *testing.T, c *config.Config) map[string]string {
	t.Helper()
	var raw map[string]any
	if err := yaml.Unmarshal(c.Dump(), &raw); err != nil {
		t.Fatalf("the printout is no YAML: %v\n%s", err, c.Dump())
	}
	out := map[string]string{}
	for key, v := range raw {
		if list, ok := v.([]any); ok {
			out[key] = strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ","), "[]")
		} else {
			out[key] = fmt.Sprint(v)
		}
	}
	return out
}

func TestDump(t *testing.T) {
	t.Parallel()
	c := load(t, config.Sources{File: "testdata/first.yml", Flags: map[string]string{"gc-percent": "50"}})
	text := string(c.Dump())
	for _, want := range []string{
		"listen: 0.0.0.0:8000 # testdata/first.yml line 4\n",
		"gc_percent: 50 # --gc-percent\n",
		"master_key: '[redacted]' # testdata/first.yml",
		"openai_api_key: '[redacted]' # testdata",
		"trusted_proxies: [10.0.0.0/8, 192.168.1.7/32] # testdata",
		"master_key_file: \"\" # default\n",
		"postgres://skytower:redacted@db.example.com:5432/skytower?sslmode=require",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if strings.Contains(text, "not-a-real") || strings.Contains(text, "AQID") {
		t.Error("a secret is shown")
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestDumpIsAFile(t *testing.T) {
	t.Parallel()
	c := load(t, config.Sources{Flags: map[string]string{
		"listen": "0.0.0.0:1", "public-url": "https://x.example/y", "docs": "off", "operations-listen": "off", "offer-ollama": "no",
		"egress-allow": "10.0.0.0/8,fd00::/8", "shutdown-grace": "0", "data": "/srv/a: b #c", "max-body": "12345",
	}})
	again := load(t, config.Sources{File: write(t, string(c.Dump()))})
	if diff := cmp.Diff(c, again, compare); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestTableIsWhole(t *testing.T) {
	t.Parallel()
	key := regexp.MustCompile(`^[a-z][a-z_]*$`)
	seen := map[string]bool{}
	for _, s := range config.Settings() {
		if !key.MatchString(s.Key) || s.Kind == "" || !strings.HasSuffix(s.Doc, ".") || strings.Contains(s.Doc, "\n") {
			t.Errorf("row %q is not complete", s.Key)
		}
		if s.Env != "SKYTOWER_"+strings.ToUpper(s.Key) && !strings.HasPrefix(s.Env, "OPENAI_") && !strings.HasPrefix(s.Env, "OTEL_") {
			t.Errorf("%s has the variable %s", s.Key, s.Env)
		}
		if (s.Flag == "") != (s.Secret && s.Key != "database") {
			t.Errorf("%s has the flag %q", s.Key, s.Flag)
		}
		for _, name := range []string{s.Key, s.Env, "--" + s.Flag} {
			if seen[name] && name != "--" {
				t.Errorf("%s stands twice", name)
			}
			seen[name] = true
		}
	}
}

func TestMarkdownAndUsage(t *testing.T) {
	t.Parallel()
	page, usage := config.Markdown(), config.Usage()
	for line := range strings.Lines(page) {
		if bars := strings.Count(line, "|") - strings.Count(line, `\|`); bars != 6 {
			t.Errorf("%d bars in %s", bars, line)
		}
	}
	for _, s := range config.Settings() {
		if !strings.Contains(page, "| `"+s.Key+"` |") || !strings.Contains(page, "`"+s.Env+"`") {
			t.Errorf("%s is not on the page", s.Key)
		}
		if s.Flag != "" && !strings.Contains(usage, "--"+s.Flag+" ") {
			t.Errorf("%s is not in the help", s.Flag)
		}
	}
}

func TestSchema(t *testing.T) {
	t.Parallel()
	var schema struct {
		Additional *bool `json:"additionalProperties"`
		Properties map[string]struct {
			Description string
			Default     any
		}
	}
	if err := json.Unmarshal(config.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	if schema.Additional == nil || *schema.Additional {
		t.Error("the schema lets unknown settings pass")
	}
	for _, s := range config.Settings() {
		if schema.Properties[s.Key].Description == "" {
			t.Errorf("%s is not in the schema", s.Key)
		}
		delete(schema.Properties, s.Key)
	}
	delete(schema.Properties, "commands")
	delete(schema.Properties, "engines")
	if len(schema.Properties) > 0 {
		t.Errorf("the schema has more: %v", schema.Properties)
	}
	if !bytes.Equal(config.Schema(), config.Schema()) {
		t.Error("the schema is not the same each time")
	}
}

func TestSecretShowsNothing(t *testing.T) {
	t.Parallel()
	const hush = "hush9876"
	key := config.Secret(hush)
	database := config.DatabaseURL("postgres://u:" + hush + "@h/d?sslpassword=" + hush)
	type holder struct {
		Key      config.Secret
		Database config.DatabaseURL
		List     []config.Secret
	}
	held := holder{key, database, []config.Secret{key}}
	var shown []string
	for _, v := range []any{key, &key, database, &database, held, &held, []config.Secret{key}, fmt.Errorf("wrapped: %w, %v", fmt.Errorf("%s", key), database)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s"} {
			shown = append(shown, verb+" "+fmt.Sprintf(verb, v))
		}
		for _, encode := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal, xml.Marshal} {
			text, _ := encode(v)
			shown = append(shown, string(text))
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		shown = append(shown, log.String())
	}
	for _, text := range shown {
		if strings.Contains(text, hush) || strings.Contains(text, "6875736839") || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", hush)) {
			t.Errorf("shown: %s", text)
		}
	}
	if key.Reveal() != hush || !strings.Contains(database.Reveal(), hush) {
		t.Error("Reveal does not reveal")
	}
	if got := config.DatabaseURL("sqlite:/srv/x.db").String(); got != "sqlite:/srv/x.db" {
		t.Errorf("a file is shown as %s", got)
	}
}
