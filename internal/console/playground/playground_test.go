package playground

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The modules that need no page are tested by Node's own runner.
func TestModules(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*_test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"--no-warnings", "--test"}, files...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// madeSnippet is one that testdata/snippets.mjs wrote.
type madeSnippet struct {
	Kind, Language, Code string
	Body                 json.RawMessage
}

// Snippets are programs, whatever was typed into the form, and send what was typed.
func TestSnippetsAreProgramsOfTheirLanguages(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "node", "--no-warnings", "testdata/snippets.mjs").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []madeSnippet
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 16 {
		t.Fatalf("%d snippets", len(all))
	}
	dir := t.TempDir()
	var golang []string
	for i, s := range all {
		name := filepath.Join(dir, string(rune('a'+i))+map[string]string{"curl": ".sh", "python": ".py", "typescript": ".mjs", "go": ".go"}[s.Language])
		if err := os.WriteFile(name, []byte(s.Code), 0o600); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(s.Code, "SKYTOWER_API_KEY") || strings.Contains(s.Code, "sk-") {
			t.Errorf("the key of %s", s.Code)
		}
		switch s.Language {
		case "curl":
			checkCurl(t, name, s)
		case "python":
			checked(t, s, "python3", "-c", "import ast, sys; ast.parse(open(sys.argv[1], newline='').read())", name)
		case "typescript":
			checked(t, s, "node", "--check", name)
		case "go":
			golang = append(golang, name)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "gofmt", append([]string{"-l"}, golang...)...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("not as gofmt writes it: %v\n%s", err, out)
	}
}

func checked(t *testing.T, s madeSnippet, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Errorf("%s of a %s: %v\n%s\n%s", s.Language, s.Kind, err, out, s.Code)
	}
}

// checkCurl lets a shell call a curl that prints the last argument.
func checkCurl(t *testing.T, name string, s madeSnippet) {
	t.Helper()
	checked(t, s, "bash", "-n", name)
	cmd := exec.CommandContext(t.Context(), "bash", "-c", `curl() { printf %s "${@: -1}"; }; . "$1"`, "bash", name)
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%v in %s", err, s.Code)
		return
	}
	var sent, want map[string]any
	if json.Unmarshal(out, &sent) != nil || json.Unmarshal(s.Body, &want) != nil {
		t.Errorf("the shell reads %q of %s", out, s.Code)
		return
	}
	delete(sent, "await")
	left, _ := json.Marshal(sent)
	right, _ := json.Marshal(want)
	if string(left) != string(right) {
		t.Errorf("sent %s\nwant %s", left, right)
	}
}
