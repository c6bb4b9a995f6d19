package deploy

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// root is the repository, files what this package reads.
const (
	root  = "../.."
	files = root + "/deploy"
)

// kit is what all tests share: the program as the Dockerfile builds it.
type kit struct{ program string }

//nolint:gochecknoglobals // made by TestMain, read by the tests
var shared kit

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	folder, err := os.MkdirTemp("", "skytower-deploy")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	if err := os.Chmod(folder, 0o755); err != nil {
		return 0, err
	}
	if shared.program = os.Getenv("SKYTOWER_PROGRAM"); shared.program == "" {
		if shared.program, err = build(folder); err != nil {
			return 0, err
		}
	}
	return m.Run(), nil
}

// build does what the Dockerfile's build stage does: it runs that stage's own command over
// what .dockerignore lets through, and nothing else of this checkout.
func build(folder string) (string, error) {
	source, program := filepath.Join(folder, "src"), filepath.Join(folder, "skytower")
	if err := copyContext(source); err != nil {
		return "", fmt.Errorf("copy what the image is built from: %w", err)
	}
	command, err := buildCommand()
	if err != nil {
		return "", err
	}
	cmd := exec.Command("sh", "-c", strings.ReplaceAll(command, "/out/skytower", program))
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "TARGETOS=linux", "TARGETARCH="+architecture(), "VERSION=9.8.7")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program as the Dockerfile does: %w\n%s", err, out)
	}
	return program, nil
}

// copyContext copies what docker would send to a builder.
func copyContext(to string) error {
	text, err := os.ReadFile(root + "/.dockerignore")
	if err != nil {
		return err
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(text))
	if err != nil {
		return err
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{".git", "node_modules"}, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		ignored, err := matcher.MatchesOrParentMatches(rel)
		if err != nil || ignored || !d.Type().IsRegular() {
			return err
		}
		return copyFile(name, filepath.Join(to, rel))
	})
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}

// read is a file below deploy/.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(files, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// settings asks the program for the configuration that it would have. It fails where the
// program refuses it, warns of a variable, or takes no notice of one that is named like ours.
func settings(t *testing.T, env []string, flags ...string) string {
	t.Helper()
	cmd := exec.Command(shared.program, append([]string{"config"}, flags...)...)
	cmd.Dir = t.TempDir()
	cmd.Env = env
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("the program says of %q, %q: %v\n%s", env, flags, err, complaints.String())
	}
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		if ours := strings.HasPrefix(name, "SKYTOWER_") || strings.HasPrefix(name, "OTEL_"); !ours || name == "SKYTOWER_CONFIG" || value == "" {
			continue
		}
		if !strings.Contains(string(out), "# "+name+"\n") {
			t.Errorf("the program takes no notice of %s", name)
		}
	}
	return string(out)
}

// setting is one line of what settings prints.
func setting(t *testing.T, all, key string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + key + `: (.*) # .*$`).FindStringSubmatch(all)
	if m == nil {
		t.Fatalf("there is no setting %s in\n%s", key, all)
	}
	return strings.Trim(m[1], `"`)
}

// command runs a program that the tests need, and returns what it prints.
func command(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s ('make needs' brings the programs): %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
