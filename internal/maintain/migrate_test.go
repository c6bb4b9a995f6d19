package maintain_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"skytower/internal/maintain"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// An old database of each engine is planned, with nothing changed, and then migrated.
func TestMigrationPlan(t *testing.T) {
	t.Parallel()
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("..", "store", "testdata", "versions", "0.2.0."+d.String()+".sql"))
			if err != nil {
				t.Fatal(err)
			}
			url := storetest.Load(t, d, string(text))
			cfg := settings(t, t.TempDir(), "database", url, "SKYTOWER_MASTER_KEY", masterKey)
			before := fingerprint(t, url)
			var p maintain.MigrationPlan
			if err := run(t, &p, func(term maintain.Terminal) error { return maintain.PlanMigration(t.Context(), cfg, term) }); err != nil {
				t.Fatal(err)
			}
			if p.Engine != d.String() || p.Schema >= p.Newest || !p.Beside || p.Oldest != 1 || len(p.Migrations) != int(p.Newest-p.Schema) {
				t.Errorf("%+v", p)
			}
			if after := fingerprint(t, url); after != before {
				t.Errorf("the database changed:\n%s\nwas\n%s", after, before)
			}
			wantSQL(t, d, p)
			if text := said(t, func(term maintain.Terminal) error { return maintain.Migrate(t.Context(), cfg, term) }); !strings.Contains(text, "up to date") {
				t.Error(text)
			}
			if err := run(t, &p, func(term maintain.Terminal) error { return maintain.PlanMigration(t.Context(), cfg, term) }); err != nil || len(p.Migrations)+len(p.JobQueue) != 0 {
				t.Errorf("after it: %+v, %v", p, err)
			}
		})
	}
}

// wantSQL wants the words of this engine, and no others.
func wantSQL(t *testing.T, d store.Dialect, p maintain.MigrationPlan) {
	t.Helper()
	i := slices.IndexFunc(p.Migrations, func(m maintain.MigrationStep) bool { return strings.Contains(m.File, "money") })
	if i < 0 {
		t.Fatalf("no step money in %d", len(p.Migrations))
	}
	m := p.Migrations[i]
	if m.Kind != "expanding" || m.Rows["account"] == 0 {
		t.Errorf("%s, %v", m.Kind, m.Rows)
	}
	want, not := d.Pick("create trigger audit_is_not_changed", "create rule audit_is_not_changed"), d.Pick("create rule", "create trigger")
	if !strings.Contains(m.SQL, want) || strings.Contains(m.SQL, not) || strings.Contains(m.SQL, "{{") || strings.Contains(m.SQL, "+goose") {
		t.Errorf("not as it runs: %s", m.SQL)
	}
}

// fingerprint is what a look at a database shows: of a file all of it, of PostgreSQL its
// tables with their columns, and its schema.
func fingerprint(t *testing.T, url string) string {
	t.Helper()
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		files, err := filepath.Glob(path + "*")
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, f := range files {
			if strings.HasSuffix(f, "-shm") { // the index of the log, which readers write
				continue
			}
			text += filepath.Base(f) + string(contentOf(t, f))
		}
		return text
	}
	db, err := store.Inspect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // only read
	tables, err := db.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, table := range tables {
		text += table.Name + strings.Join(table.Names(), " ") + "\n"
	}
	return text
}

func TestMigrationPlanOfNoDatabase(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	text := said(t, func(term maintain.Terminal) error {
		return maintain.PlanMigration(t.Context(), settings(t, data), term)
	})
	if !strings.Contains(text, "create table account") || !strings.Contains(text, "The database is new") {
		t.Error(text)
	}
	if entries, err := os.ReadDir(data); err != nil || len(entries) > 0 {
		t.Errorf("%d files were made, %v", len(entries), err)
	}
}
