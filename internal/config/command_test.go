package config_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"skytower/internal/config"
)

func TestCommands(t *testing.T) {
	t.Parallel()
	c := load(t, config.Sources{File: "testdata/commands.yml"})
	fixed := func(text string) config.Argument { return config.Argument{{Text: text}} }
	want := []config.Command{
		{
			Name: "speech", Title: "Speech", Description: "Reads text aloud.", Type: "audio", Output: config.OutputFiles,
			InputSchema: json.RawMessage(`{"type":"object","required":["text"],"properties":{"text":{"type":"string","maxLength":5000},` +
				`"speed":{"type":"integer","default":100,"minimum":80},"day":{"type":"string","default":"2026-01-02"}}}`),
			Argv: []config.Argument{
				fixed("espeak-ng"), {{Text: "-s"}, {Use: config.Input, Name: "speed"}},
				{{Text: "-w"}, {Use: config.Out}, {Text: "/speech.wav"}}, fixed("--"), {{Use: config.Input, Name: "text"}},
			},
			User: "speaker", Network: true, Env: map[string]config.Secret{"VOICES": "/srv/voices", "TOKEN": "not-a-real-token"}, Concurrency: 3,
			Limits: config.Limits{Time: 30 * time.Second, CPU: 20 * time.Second, Memory: 512 << 20, Output: 20 << 20, Files: 1, Processes: 8},
		},
		{
			Name: "describe", Title: "describe", Type: "text", Output: config.OutputText,
			InputSchema: json.RawMessage(`{"type":"object","required":["image"],"properties":{"image":{"type":"string","format":"uri","x-file-types":["image/png","image/jpeg"]}}}`),
			Argv: []config.Argument{
				fixed("/opt/describe"), {{Text: "--type="}, {Use: config.Type, Name: "image"}}, {{Use: config.File, Name: "image"}},
			},
			Concurrency: 2, FileInputs: map[string][]string{"image": {"image/png", "image/jpeg"}},
			Limits: config.Limits{Time: 5 * time.Minute, CPU: 10 * time.Minute, Memory: 1 << 30, Output: 256 << 20, Files: 16, Processes: 64},
		},
	}
	if diff := cmp.Diff(want, c.Commands, compare); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !c.IsSet("commands") || c.Origin("commands").Line != 1 {
		t.Errorf("commands come from %v", c.Origin("commands"))
	}
}

func TestEveryProblemOfCommandsIsListed(t *testing.T) {
	t.Parallel()
	const file = "testdata/commands_broken.yml line "
	text := problems(t, config.Sources{File: "testdata/commands_broken.yml"})
	for _, want := range []string{
		`commands[0].name (` + file + `2): "Has Spaces" is no name`,
		`commands[0].type (` + file + `3): "sound" is none of image, video, audio, music, text`,
		`commands[0].argvv (` + file + `4): there is no such setting of a command; did you mean argv?`,
		`commands[0].limits.tim (` + file + `5): there is no such setting of a command; did you mean time?`,
		`commands[0].limits.memory (` + file + `5): 1KiB is not from 16MiB to 1024GiB`,
		`commands[0].argv (` + file + `2): it is missing`,
		`commands[1].name (` + file + `8): it stands in line 6 already`,
		`commands[1].argv (` + file + `9): it must be a list`,
		`commands[2] (` + file + `10): it must be a mapping`,
		`commands[3].output (` + file + `13): text comes from a model of the type text only`,
		`commands[3].input_schema.properties.file.x-file-types (` + file + `14): "image/svg+xml" can't be told by its content`,
		`commands[3].input_schema.properties.number.type (` + file + `14): an input that is a file has the type string`,
		`commands[3].argv[0] (` + file + `22): "./run" depends on a folder`,
		`commands[3].argv[1] (` + file + `22): {{input.sizes}}: the input schema has no property sizes; did you mean size?`,
		`commands[3].argv[2] (` + file + `22): {{input.text}}: the input may be missing`,
		`commands[3].argv[3] (` + file + `22): {{input.list}}: only an input of the type string`,
		`commands[3].argv[4] (` + file + `22): {{input.file}}: this input is a file`,
		`commands[3].argv[5] (` + file + `22): {{file:size}}: this input is no file`,
		`commands[4].argv[1] (` + file + `31): {{what}} is no placeholder`,
		`commands[4].argv[2] (` + file + `31): it has {{ without }}`,
		`commands[4].argv[3] (` + file + `31): it must be one plain value`,
		`commands[4].name (` + file + `29): the command of line 11 is called four too`,
		`commands[5].user (` + file + `34): a command never runs as root`,
		`commands[5].input_schema (` + file + `35): it is no JSON Schema`,
		`commands[5].env.A B (` + file + `36): it is no name of a variable`,
		`commands[5].env.C (` + file + `36): it must be one plain value`,
		`commands[6].argv[2] (` + file + `41): a shell would run the caller's value as code`,
		`commands[7].input_schema (` + file + `44): it is no JSON Schema`,
		`commands[8].limits (` + file + `50): it must be a mapping`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if n := strings.Count(text, "\n"); n != 29 || t.Failed() {
		t.Errorf("%d problems:\n%s", n, text)
	}
}

func TestCommandsRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"no list":                 {"commands: {}", "must be a list"},
		"a placeholder first":     {"commands: [{name: a, type: image, argv: ['{{scratch}}/x']}]", "the program is fixed"},
		"an input that is no map": {"commands: [{name: a, type: image, argv: [x], input_schema: {type: string}}]", "its type must be object"},
		"a key twice":             {"commands: [{name: a, type: image, argv: [x], input_schema: {type: object, title: a, title: b}}]", "stands twice"},
		"a cycle":                 {"commands: [{name: a, type: image, argv: [x], input_schema: &a {type: object, properties: *a}}]", "more than 20000 values"},
		"no number of JSON":       {"commands: [{name: a, type: image, argv: [x], input_schema: {type: object, minProperties: .inf}}]", "no number of JSON"},
		"a dotted key":            {"commands: [{name: a, type: image, argv: [x], limits.time: 5s}]", "no such setting of a command"},
		"any option":              {"commands: [{name: a, type: image, argv: [x, '--{{input.x}}'], input_schema: {type: object, required: [x], properties: {x: {type: string}}}}]", "could be any option"},
		"misspelled":              {"comands: []", "did you mean commands?"},
	} {
		if text := problems(t, config.Sources{File: write(t, c.text)}); !strings.Contains(text, c.want) {
			t.Errorf("%s: %s, want %q", name, text, c.want)
		}
	}
	for name, src := range map[string]config.Sources{
		"the environment":  {Env: []string{"SKYTOWER_COMMANDS=[{name: a, type: image, argv: [x]}]"}},
		"a list of nobody": {File: write(t, "commands: []")},
		"nothing":          {File: write(t, "commands:")},
	} {
		if c := load(t, src); len(c.Commands) > 0 {
			t.Errorf("%s makes commands: %v", name, c.Commands)
		}
	}
	if _, err := config.ParseFlags([]string{"--commands", "[]"}); err == nil {
		t.Error("there is a flag for commands")
	}
}

// What is printed tells all but the values of env, and can be read again.
func TestCommandsAreDumped(t *testing.T) {
	t.Parallel()
	c := load(t, config.Sources{File: "testdata/commands.yml"})
	text := string(c.Dump())
	if strings.Contains(text, "not-a-real-token") || !strings.Contains(text, "TOKEN: '[redacted]'") {
		t.Errorf("env is shown, or its names are not:\n%s", text)
	}
	again := load(t, config.Sources{File: write(t, text)})
	for i := range c.Commands {
		for name := range c.Commands[i].Env {
			c.Commands[i].Env[name] = "[redacted]"
		}
	}
	if diff := cmp.Diff(c.Commands, again.Commands, compare); diff != "" {
		t.Errorf("read back (-want +got):\n%s\n%s", diff, text)
	}
}

func TestCommandsCountInTheHash(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile("testdata/commands.yml")
	if err != nil {
		t.Fatal(err)
	}
	hash := func(text string) string { return load(t, config.Sources{File: write(t, text)}).Hash() }
	base := hash(string(whole))
	if base == config.Default().Hash() {
		t.Error("commands do not count")
	}
	for _, edit := range [][2]string{{"not-a-real-token", "another"}, {"network: yes", "network: true"}, {"time: 30s", "time: 0.5m"}, {"name: describe", "name: describe\n    concurrency: 2"}} {
		if hash(strings.Replace(string(whole), edit[0], edit[1], 1)) != base {
			t.Errorf("%s changes the hash", edit[1])
		}
	}
	for _, edit := range [][2]string{{"TOKEN", "OTHER"}, {"network: yes", "network: no"}, {"time: 30s", "time: 31s"}, {"speech.wav", "x.wav"}, {"maxLength: 5000", "maxLength: 1"}} {
		if hash(strings.Replace(string(whole), edit[0], edit[1], 1)) == base {
			t.Errorf("%s does not change the hash", edit[1])
		}
	}
	var list struct{ Commands []yaml.Node }
	if err := yaml.Unmarshal(whole, &list); err != nil {
		t.Fatal(err)
	}
	list.Commands[0], list.Commands[1] = list.Commands[1], list.Commands[0]
	turned, err := yaml.Marshal(map[string]any{"commands": list.Commands})
	if err != nil {
		t.Fatal(err)
	}
	if hash(string(turned)) != base {
		t.Error("the order changes the hash")
	}
}

func TestCommandsInManualAndSchema(t *testing.T) {
	t.Parallel()
	page := config.CommandsMarkdown()
	for line := range strings.Lines(page) {
		if bars := strings.Count(line, "|") - strings.Count(line, `\|`); bars != 4 {
			t.Errorf("%d bars in %s", bars, line)
		}
	}
	schema := string(config.Schema())
	for _, key := range []string{"name", "title", "description", "type", "input_schema", "output", "argv", "user", "network", "env", "concurrency",
		"limits.time", "limits.cpu", "limits.memory", "limits.output", "limits.files", "limits.processes"} {
		if !strings.Contains(page, "| `"+key+"` |") {
			t.Errorf("%s is not on the page", key)
		}
		if !strings.Contains(schema, `"`+strings.TrimPrefix(key, "limits.")+`": {`) {
			t.Errorf("%s is not in the schema", key)
		}
	}
}

// FuzzArgument checks that an element is read as it is written.
func FuzzArgument(f *testing.F) {
	for _, text := range []string{"", "a", "{{input.x}}", "-w{{out}}/{{input.a}}.{{ type:b }}", "{{", "}}", "{{{{input.x}}}}", "{{input.}}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		argument, err := config.ParseArgument(text)
		if err != nil {
			return
		}
		again, err := config.ParseArgument(argument.String())
		if err != nil {
			t.Fatalf("%q is written as %q: %v", text, argument.String(), err)
		}
		if diff := cmp.Diff(argument, again); diff != "" {
			t.Errorf("%q (-first +again):\n%s", text, diff)
		}
	})
}
