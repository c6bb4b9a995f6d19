package deploy

import (
	"bytes"
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func architecture() string { return runtime.GOARCH }

// dockerfile reads deploy/Dockerfile with BuildKit's parser; its linter tells warn.
func dockerfile(warn linter.LintWarnFunc) ([]instructions.Stage, error) {
	text, err := os.ReadFile(files + "/Dockerfile")
	if err != nil {
		return nil, err
	}
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	for _, warning := range parsed.Warnings {
		warn(warning.Short, strings.Join(toStrings(warning.Detail), " "), warning.URL, warning.Short, nil)
	}
	stages, _, err := instructions.Parse(parsed.AST, linter.New(&linter.Config{Warn: warn}))
	return stages, err
}

func toStrings(lines [][]byte) []string {
	var all []string
	for _, line := range lines {
		all = append(all, string(line))
	}
	return all
}

// buildCommand is the command of the build stage that compiles the program.
func buildCommand() (string, error) {
	stages, err := dockerfile(func(string, string, string, string, []parser.Range) {})
	if err != nil {
		return "", err
	}
	for _, c := range stages[0].Commands {
		if run, ok := c.(*instructions.RunCommand); ok && strings.Contains(strings.Join(run.CmdLine, " "), "go build") {
			return strings.Join(run.CmdLine, " "), nil
		}
	}
	return "", errors.New("no command of the Dockerfile's first stage is a go build")
}

func TestImageIsMinimalAndNotRoot(t *testing.T) {
	t.Parallel()
	stages, err := dockerfile(func(rule, description, url, message string, _ []parser.Range) {
		t.Errorf("BuildKit's linter: %s: %s (%s, %s)", rule, message, description, url)
	})
	if err != nil {
		t.Fatal(err)
	}
	last := stages[len(stages)-1]
	if last.BaseName != "scratch" {
		t.Errorf("the image is made on %s", last.BaseName)
	}
	seen := map[string]string{}
	env := []string{"SKYTOWER_PUBLIC_URL=http://localhost:8080"}
	for _, c := range last.Commands {
		switch c := c.(type) {
		case *instructions.UserCommand:
			seen["user"] = c.User
		case *instructions.RunCommand:
			t.Errorf("the image has no shell, and runs %q", c.CmdLine)
		case *instructions.VolumeCommand:
			seen["volume"] = strings.Join(c.Volumes, " ")
		case *instructions.EntrypointCommand:
			seen["entrypoint"] = strings.Join(c.CmdLine, " ")
		case *instructions.CmdCommand:
			seen["command"] = strings.Join(c.CmdLine, " ")
		case *instructions.ExposeCommand:
			seen["ports"] = strings.Join(c.Ports, " ")
		case *instructions.HealthCheckCommand:
			seen["health"] = strings.Join(c.Health.Test, " ")
		case *instructions.EnvCommand:
			for _, pair := range c.Env {
				env = append(env, pair.Key+"="+pair.Value)
			}
		}
	}
	for what, want := range map[string]string{
		"user": "65532:65532", "volume": "/var/lib/skytower", "entrypoint": "skytower", "command": "serve",
		"ports": "8080 9464", "health": "CMD skytower health",
	} {
		if seen[what] != want {
			t.Errorf("the image's %s is %q, not %q", what, seen[what], want)
		}
	}
	all := settings(t, env)
	if data := setting(t, all, "data"); data != seen["volume"] {
		t.Errorf("the data folder %s is not on the volume %s", data, seen["volume"])
	}
}

// Keys, data and what is built lie in checkouts too.
func TestImageIsBuiltFromSourceOnly(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := copyContext(folder); err != nil {
		t.Fatal(err)
	}
	var found []string
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		found = append(found, e.Name())
	}
	if want := []string{"cmd", "docs", "go.mod", "go.sum", "internal"}; !slices.Equal(found, want) {
		t.Errorf("the builder gets %q, not %q", found, want)
	}
	if tests, _ := filepath.Glob(folder + "/internal/*/*_test.go"); len(tests) > 0 {
		t.Errorf("the builder gets tests, so that each change of one builds anew: %q", tests)
	}
}

// An image without a C library can start nothing else.
func TestProgramIsStatic(t *testing.T) {
	t.Parallel()
	file, err := elf.Open(shared.program)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the program has a part %s: something must load it", p.Type)
		}
	}
	if libraries, err := file.ImportedLibraries(); len(libraries) > 0 {
		t.Errorf("the program needs %q (%v)", libraries, err)
	}
	out, err := exec.Command(shared.program, "version").CombinedOutput()
	if os.Getenv("SKYTOWER_PROGRAM") == "" && (err != nil || !strings.Contains(string(out), "9.8.7")) {
		t.Errorf("its version is %q (%v), not what the build said", out, err)
	}
}

// floating finds names of images that are another image tomorrow.
func floating(image string) bool {
	name, tag, found := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	return name != "scratch" && !strings.Contains(image, "@sha256:") && (!found || tag == "" || tag == "latest" || !regexp.MustCompile(`\d`).MatchString(tag))
}

func TestImagesHaveVersions(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]bool{"a": true, "a:latest": true, "h:80/a": true, "h:80/a:1.2": false, "a:stable": true, "scratch": false, "a@sha256:0": false} {
		if floating(image) != want {
			t.Errorf("%s: floating is %v", image, !want)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^FROM (?:--\S+ )?(\S+)`).FindAllStringSubmatch(read(t, "Dockerfile"), -1) {
		if image := strings.ReplaceAll(m[1], "${GO_VERSION}", "1.26"); floating(image) {
			t.Errorf("the Dockerfile builds on %s", image)
		}
	}
	mod, err := os.ReadFile(root + "/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	needs := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(mod))[1]
	if !strings.Contains(read(t, "Dockerfile"), "ARG GO_VERSION="+needs+"\n") {
		t.Errorf("the Dockerfile builds with another Go than go.mod's %s", needs)
	}
}
