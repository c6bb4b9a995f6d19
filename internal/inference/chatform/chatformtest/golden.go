// Package chatformtest tries those who carry another API over chat completions: it keeps
// their golden files, and plays an upstream's stream of chunks.
package chatformtest

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Golden is a case: a request with the chat request that it becomes, and a chat answer,
// whole or in chunks, with the answer or the events that it becomes.
type Golden struct {
	path    string
	archive *txtar.Archive
}

// Goldens are the cases of the package that is tested.
func Goldens(t testing.TB) []*Golden {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	var all []*Golden
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &Golden{path, a})
	}
	return all
}

// Name is the case's.
func (g *Golden) Name() string { return strings.TrimSuffix(filepath.Base(g.path), ".txtar") }

// Part is a file of the case.
func (g *Golden) Part(name string) ([]byte, bool) {
	for _, f := range g.archive.Files {
		if f.Name == name {
			return f.Data, true
		}
	}
	return nil, false
}

// Expect compares with a part, or writes it.
func (g *Golden) Expect(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		g.archive.Files = slices.DeleteFunc(g.archive.Files, func(f txtar.File) bool { return f.Name == name })
		g.archive.Files = append(g.archive.Files, txtar.File{Name: name, Data: []byte(got)})
		if err := os.WriteFile(g.path, txtar.Format(g.archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, _ := g.Part(name)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s of %s (-want +got):\n%s", name, g.path, diff)
	}
}

// Lines are the lines that are not empty.
func Lines(data []byte) []string {
	return strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })
}

// Indent is a JSON document on many lines.
func Indent(t testing.TB, doc []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, doc, "", "  "); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return out.String() + "\n"
}
