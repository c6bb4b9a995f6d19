package app_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The client that the server gives out compiles in the strictest mode, and calls it.
func TestTypeScriptClient(t *testing.T) {
	t.Parallel()
	if err := installClients(); err != nil {
		t.Fatalf("install the npm clients: %v", err)
	}
	s := start(t, options{})
	s.withUpstream().On(chatPath, npmScript)
	dir := t.TempDir()
	for name, path := range map[string]string{"client.ts": "/docs/client.ts", "skytower.d.ts": "/docs/skytower.d.ts"} {
		r := s.do(s.request("GET", path, ""))
		if r.status != 200 {
			t.Fatalf("%s: %d %s", path, r.status, r.body)
		}
		writeText(t, filepath.Join(dir, name), r.body)
	}
	program, err := os.ReadFile(filepath.Join(clientsFolder, "typescript.ts"))
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(dir, "main.ts"), string(program))
	writeText(t, filepath.Join(dir, "package.json"), `{"type": "module"}`)
	compiler, err := filepath.Abs(filepath.Join(clientsFolder, "node_modules", ".bin", "tsc"))
	if err != nil {
		t.Fatal(err)
	}
	run(t, dir, compiler, "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "nodenext",
		"--lib", "es2023,dom,dom.iterable", "--types", "", "--rewriteRelativeImportExtensions", "--outDir", "out", "main.ts", "skytower.d.ts")
	writeText(t, filepath.Join(dir, "out", "package.json"), `{"type": "module"}`)
	type refusal struct {
		ErrorID string `json:"errorId"`
		Status  int
	}
	var got struct {
		Models                  []string
		Text, Streamed, Content string
		Refused                 refusal
	}
	if err := json.Unmarshal(run(t, dir, "node", "out/main.js", s.base, s.key, chatModel), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Models) < 3 {
		t.Errorf("models: %v", got.Models)
	}
	if diff := cmp.Diff([]any{"Hello!", "Hello", "words", refusal{"UNAUTHORIZED", 401}}, []any{got.Text, got.Streamed, got.Content, got.Refused}); diff != "" {
		t.Error(diff)
	}
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a program and gives what it prints.
func run(t *testing.T, dir, program string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		var errs []byte
		if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // what Output returns
			errs = exit.Stderr
		}
		t.Fatalf("%s %v: %v\n%s%s", program, args, err, out, errs)
	}
	return out
}
