package deploy

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// runBlocks are the blocks of docs/three-machines.md that a fleet is started with, by what
// their first line says: `# Run: WHERE`.
func runBlocks(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile(root + "/docs/three-machines.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)```sh\n# Run: ([^\n]*)\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		blocks[m[1]] += m[2]
	}
	return blocks
}

// words asks a shell how it reads the last command of a text.
func words(t *testing.T, text string) []string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	out := command(t, nil, "sh", "-c", "set -- "+lines[len(lines)-1]+`; printf '%s\n' "$@"`)
	return strings.Split(strings.TrimSpace(out), "\n")
}

// The program must take what the page says, as the page says it.
func TestThreeMachinesStartAsThePageSays(t *testing.T) {
	t.Parallel()
	blocks := runBlocks(t)
	shown := strings.ReplaceAll(blocks["on every machine"], "THE SAME 32 RANDOM BYTES EVERYWHERE: openssl rand -base64 32", masterKey)
	var env []string
	for line := range strings.Lines(command(t, nil, "sh", "-c", "unset $(env | sed -n 's/^\\(SKYTOWER_[A-Z_]*\\)=.*/\\1/p'); "+shown+"\nenv")) {
		if strings.HasPrefix(line, "SKYTOWER_") || strings.HasPrefix(line, "AWS_") {
			env = append(env, strings.TrimSuffix(line, "\n"))
		}
	}
	if len(env) < 6 {
		t.Fatalf("the page sets %q alone", env)
	}
	if got := words(t, blocks["once"]); len(got) != 2 || got[0] != "skytower" || got[1] != "init" {
		t.Errorf("the first keys are made by %q", got)
	}
	settings(t, env) // init takes them, too
	for where, role := range map[string]string{"on a machine of the API": "api", "on a machine of the workers": "worker"} {
		start := words(t, blocks[where])
		if len(start) < 4 || start[0] != "skytower" || start[1] != "serve" {
			t.Fatalf("%s: %q", where, start)
		}
		all := settings(t, env, start[2:]...)
		if got := setting(t, all, "role"); got != role {
			t.Errorf("%s, the role is %s", where, got)
		}
	}
}
