package layout

import (
	"path"
	"regexp"
	"strings"
	gotesting "testing"
)

const dependencies = "docs/dependencies.md"

// Every module that our code imports is a decision with a line in the manual.
func TestEveryDependencyIsJustified(t *gotesting.T) {
	t.Parallel()
	all := load(t)
	listed := listedModules(all.texts[dependencies])
	used := map[string]string{}
	var required []string
	for name, text := range all.texts {
		if path.Base(name) == "go.mod" {
			required = append(required, requiredModules(text)...)
		}
	}
	for _, f := range all.goFiles {
		for imported := range f.imports() {
			if m := moduleOf(imported, required); m != "" {
				used[m] = f.path
			}
		}
	}
	for m, by := range used {
		if !listed[m] {
			t.Errorf("%s (imported by %s) has no line in %s", m, by, dependencies)
		}
	}
	for m := range listed {
		if used[m] == "" {
			t.Errorf("%s stands in %s, but nothing imports it", m, dependencies)
		}
	}
}

// listedModules are the first cells of the table's rows under "Go modules".
func listedModules(page string) map[string]bool {
	_, section, _ := strings.Cut(page, "## Go modules")
	section, _, _ = strings.Cut(section, "\n## ")
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(section, -1) {
		listed[m[1]] = true
	}
	return listed
}

func requiredModules(goMod string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^(?:require )?\s*(\S+\.\S+/\S+|\S+\.\S+) v\d`).FindAllStringSubmatch(goMod, -1) {
		all = append(all, m[1])
	}
	return all
}

// moduleOf is the longest required module that holds the package, or "" for the
// standard library and our own.
func moduleOf(imported string, required []string) string {
	best := ""
	for _, m := range required {
		if (imported == m || strings.HasPrefix(imported, m+"/")) && len(m) > len(best) {
			best = m
		}
	}
	return best
}
