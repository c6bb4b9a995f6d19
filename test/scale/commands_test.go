package scale

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// page is the part of the manual that says how a fleet is started. The fleet is started by
// its commands, with values of its own.
type page map[string]string // what stands below "# Run: NAME", by name

func readPage(t *testing.T) page {
	t.Helper()
	const file = root + "/docs/three-machines.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := page{}
	for _, block := range regexp.MustCompile("(?s)```sh\n# Run: ([^\n]+)\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		p[block[1]] = strings.TrimSpace(block[2])
	}
	for _, name := range []string{everywhere, once, onAPI, onWorker} {
		if p[name] == "" {
			t.Fatalf("%s has no block that begins with '# Run: %s'", file, name)
		}
	}
	return p
}

// The blocks.
const (
	everywhere = "on every machine"
	once       = "once"
	onAPI      = "on a machine of the API"
	onWorker   = "on a machine of the workers"
)

// command gives the arguments of a block's command, with our values of its flags. All
// flags but those that are the same for everybody must have one.
func (p page) command(t *testing.T, block string, values map[string]string) []string {
	t.Helper()
	words := strings.Fields(p[block])
	if len(words) < 2 || words[0] != "skytower" {
		t.Fatalf("the block %q is no command of skytower's: %s", block, p[block])
	}
	args, used := words[1:2], 0
	for i := 2; i < len(words); i += 2 {
		name, found := strings.CutPrefix(words[i], "--")
		if !found || i+1 == len(words) {
			t.Fatalf("the block %q has %q where a flag and its value are expected", block, words[i])
		}
		value, ours := values[name]
		switch {
		case ours:
			used++
		case name == "role":
			value = words[i+1]
		default:
			t.Fatalf("the block %q sets --%s, which the scale test does not know", block, name)
		}
		args = append(args, "--"+name, value)
	}
	if used != len(values) {
		t.Fatalf("the block %q leaves out what the scale test needs: %s", block, p[block])
	}
	return args
}

// environment gives the variables that the page sets on every machine, with our values.
func (p page) environment(t *testing.T, values map[string]string) (env []string) {
	t.Helper()
	for _, name := range regexp.MustCompile(`(?:export| )\s*([A-Z_]+)=`).FindAllStringSubmatch(p[everywhere], -1) {
		value, ours := values[name[1]]
		if !ours {
			t.Fatalf("the page sets %s, which the scale test does not know", name[1])
		}
		env = append(env, name[1]+"="+value)
	}
	if len(env) != len(values) {
		t.Fatalf("the page leaves out what the scale test needs:\n%s", p[everywhere])
	}
	return env
}
