package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/docs"
	"skytower/internal/config"
	"skytower/internal/fault"
)

func TestCommittedPagesAreCurrent(t *testing.T) {
	t.Parallel()
	pages, err := render()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range pages {
		read := docs.Pages.ReadFile
		if filepath.Ext(name) == ".json" {
			read = docs.Schemas.ReadFile
		}
		got, err := read(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("docs/%s is not what the code says; `make docs` writes it again (-code +page):\n%s", name, diff)
		}
	}
}

func TestPagesHoldEveryRow(t *testing.T) {
	t.Parallel()
	pages, err := render()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range fault.Table() {
		if !strings.Contains(pages["errors.md"], "\n### "+string(e.ID)+"\n") {
			t.Errorf("errors.md has no section %s", e.ID)
		}
	}
	for _, s := range config.Settings() {
		if !strings.Contains(pages["configuration.md"], "| `"+s.Key+"` |") {
			t.Errorf("configuration.md has no row %s", s.Key)
		}
	}
}

func TestRunWritesThePages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := run(dir); err != nil {
		t.Fatal(err)
	}
	want, err := render()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != text {
			t.Errorf("%s was written differently", name)
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(file); err == nil {
		t.Error("a file in place of the folder was no error")
	}
}
