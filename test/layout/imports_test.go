package layout

import (
	"fmt"
	"slices"
	"strings"
	gotesting "testing"
)

const where = "the table is test/layout/table_test.go"

func TestImportsFollowTheTable(t *gotesting.T) {
	t.Parallel()
	for _, problem := range wrongArrows(load(t).goFiles, table()) {
		t.Error(problem)
	}
}

func wrongArrows(files []*source, rooms []room) []string {
	byDir := map[string]room{}
	for _, r := range rooms {
		byDir[r.dir] = r
	}
	var problems []string
	missing := map[string]bool{}
	for _, f := range files {
		from, ok := byDir[f.dir()]
		if !ok {
			missing[f.dir()] = true
			continue
		}
		for imported, line := range f.imports() {
			dir, ours := strings.CutPrefix(imported, module+"/")
			if !ours {
				continue
			}
			to, ok := byDir[dir]
			if ok && (from.allows(to) || f.isTest() && from.testsAllow(to) || from.kind == testing && to.kind == testing) {
				continue
			}
			if !ok {
				missing[dir] = true
				continue
			}
			problems = append(problems, fmt.Sprintf("%s:%d: %s (%s) may not import %s (%s); it may import %s; %s",
				f.path, line, from.dir, from.kind, to.dir, to.kind, may(from), where))
		}
	}
	for dir := range missing {
		problems = append(problems, fmt.Sprintf("%s has no row; %s", dir, where))
	}
	slices.Sort(problems)
	return problems
}

func may(r room) string {
	if len(r.may) == 0 {
		return "nothing of ours"
	}
	return strings.Join(r.may, ", ")
}

func TestTableHasNoRowTooMany(t *gotesting.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, f := range load(t).goFiles {
		found[f.dir()] = true
	}
	seen := map[string]bool{}
	for _, r := range table() {
		if !found[r.dir] {
			t.Errorf("%s has a row, but there is no such package; %s", r.dir, where)
		}
		if seen[r.dir] {
			t.Errorf("%s has two rows; %s", r.dir, where)
		}
		seen[r.dir] = true
	}
}

// The rules that the table must keep whatever rows it has.
func TestTableKeepsItsPromises(t *gotesting.T) {
	t.Parallel()
	rooms := table()
	for _, from := range rooms {
		for _, to := range rooms {
			if !from.allows(to) {
				continue
			}
			if broken := broken(from, to); broken != "" {
				t.Errorf("%s → %s: %s", from.dir, to.dir, broken)
			}
		}
	}
}

func broken(from, to room) string {
	switch {
	case to.kind == adapter && from.kind != wiring:
		return "only the wiring knows adapters"
	case to.kind == wiring && from.dir != "cmd/skytower" && from.dir != "test/scale":
		return "only the program, and the test that looks for what a stopped one leaves, import the wiring"
	case from.kind == domain && to.kind == domain:
		return "no domain imports a domain"
	case from.kind == useCase && to.kind == useCase:
		return "no use case imports a use case"
	case to.kind == testing && from.kind != testing:
		return "testing packages are for tests"
	case from.kind == leaf && to.dir != "internal/spelling":
		return "a leaf imports nothing of ours but the guesses at misspelled words"
	case from.kind == edge && slices.Contains([]string{"internal/store", "internal/egress", "internal/jobs"}, to.dir):
		return "edges reach neither the database nor the network"
	}
	return ""
}

// The check itself must find what it is for.
func TestWrongArrowsAreFound(t *gotesting.T) {
	t.Parallel()
	rooms := []room{
		{dir: "internal/ledger", kind: domain, may: []string{ground}},
		{dir: "internal/account", kind: domain, may: []string{ground}},
		{dir: "internal/store", kind: ground},
		{dir: "internal/store/storetest", kind: testing, may: []string{"internal/store"}},
	}
	for _, c := range []struct {
		path, imports string
		wrong         bool
	}{
		{"internal/ledger/a.go", "skytower/internal/store", false},
		{"internal/ledger/a.go", "strings", false},
		{"internal/ledger/a.go", "skytower/internal/account", true},
		{"internal/ledger/a_test.go", "skytower/internal/account", true},
		{"internal/ledger/a.go", "skytower/internal/store/storetest", true},
		{"internal/ledger/a_test.go", "skytower/internal/store/storetest", false},
		{"internal/ledger/a_test.go", "skytower/internal/ledger", false},
		{"internal/store/a.go", "skytower/internal/ledger", true},
		{"internal/ledger/a.go", "skytower/internal/nowhere", true},
		{"internal/nowhere/a.go", "strings", true},
	} {
		files := []*source{parse(t, c.path, fmt.Sprintf("package p\nimport %q\n", c.imports))}
		if got := wrongArrows(files, rooms); (len(got) > 0) != c.wrong {
			t.Errorf("%s importing %s: got %q", c.path, c.imports, got)
		}
	}
}
