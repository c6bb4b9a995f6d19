package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func migrations(files ...string) fstest.MapFS {
	base, err := fs.ReadFile(store.Builtin(), "0001_base.sql")
	if err != nil {
		panic(err)
	}
	all := fstest.MapFS{"0001_base.sql": {Data: base}}
	for i := 0; i < len(files); i += 2 {
		all[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return all
}

// eachEmpty runs fn on a new SQLite file and on a PostgreSQL database without schema.
func eachEmpty(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	for name, fresh := range map[string]func(testing.TB) string{
		"sqlite": storetest.EmptySQLite, "postgres": storetest.EmptyPostgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn(t, fresh(t))
		})
	}
}

func TestMigrateStepByStep(t *testing.T) {
	t.Parallel()
	const second, third = "-- +goose Up\ncreate table second (id {{serial}}, raw {{bytes}}, name text {{bytewise}});\n",
		"-- +goose Up\ninsert into second (raw, name) values (null, 'b'), (null, 'B'), (null, 'a');\n"
	eachEmpty(t, func(t *testing.T, url string) {
		for i, files := range [][]string{
			nil,
			{"0002_second.sql", second},
			{"0002_second.sql", second, "0003_third.sql", third},
			{"0002_second.sql", second}, // an older server on a newer schema
		} {
			db := storetest.OpenWith(t, url, store.WithMigrations(store.Options{}, migrations(files...)))
			got, err := db.SchemaVersion(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if want := int64(min(i+1, 3)); got != want {
				t.Errorf("step %d: schema %d, want %d", i, got, want)
			}
		}
		db := storetest.OpenWith(t, url, store.WithMigrations(store.Options{}, migrations("0002_second.sql", second)))
		var names string
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			rows, err := tx.Query(t.Context(), `select name from second order by name`)
			if err != nil {
				return err
			}
			defer rows.Close() //nolint:errcheck // Err tells
			for rows.Next() {
				var name string
				if err := rows.Scan(&name); err != nil {
					return err
				}
				names += name
			}
			return rows.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
		if names != "Bab" {
			t.Errorf("sorted %q, want by bytes: Bab", names)
		}
	})
}

func TestTooOldServerRefuses(t *testing.T) {
	t.Parallel()
	const contract = "-- +goose Up\nupdate schema_info set value = '2' where key = 'oldest_version';\n"
	const second = "-- +goose Up\ncreate table second (id bigint);\n"
	eachEmpty(t, func(t *testing.T, url string) {
		newer := store.WithMigrations(store.Options{}, migrations("0002_second.sql", second, "0003_contract.sql", contract))
		storetest.OpenWith(t, url, newer)
		db, err := store.Open(t.Context(), url, store.WithMigrations(store.Options{}, migrations()))
		if err == nil {
			_ = db.Close()
			t.Fatal("a server that knows schema 1 runs on a database that needs 2")
		}
		if !errors.Is(err, store.ErrTooOld) || !strings.Contains(err.Error(), "up to 1") || !strings.Contains(err.Error(), "needs 2") {
			t.Errorf("got %v, want ErrTooOld with both numbers", err)
		}
		storetest.OpenWith(t, url, store.WithMigrations(store.Options{}, migrations("0002_second.sql", second)))
	})
}

func TestFailedMigrationLeavesNothing(t *testing.T) {
	t.Parallel()
	const broken = "-- +goose Up\ncreate table half (id bigint);\ncreate tabel other (id bigint);\n"
	eachEmpty(t, func(t *testing.T, url string) {
		db, err := store.Open(t.Context(), url, store.WithMigrations(store.Options{}, migrations("0002_broken.sql", broken)))
		if err == nil {
			_ = db.Close()
			t.Fatal("opened")
		}
		const repaired = "-- +goose Up\ncreate table half (id bigint);\n"
		storetest.OpenWith(t, url, store.WithMigrations(store.Options{}, migrations("0002_broken.sql", repaired)))
	})
}

func TestManyMigrateAtOnce(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, url string) {
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				db, err := store.Open(t.Context(), url, store.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	})
}

func TestRender(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ in, sqlite, postgres string }{
		{"a {{bytes}},", "a blob,", "a bytea,"},
		{"{{sqlite}} lite;\n {{postgres}}pg;\nboth", " lite;\nboth", "pg;\nboth"},
		{"{{postgres}} {{bytes}}", "", " bytea"},
		{"a {{colour}}", "error", "error"},
		{"a {{sqlite}} b", "error", "error"}, // only at the start of a line
	} {
		for d, want := range map[store.Dialect]string{store.SQLite: test.sqlite, store.Postgres: test.postgres} {
			got, err := store.Render([]byte(test.in), d)
			if err != nil {
				got = []byte("error")
			}
			if string(got) != want {
				t.Errorf("%s of %q: got %q, want %q", d, test.in, got, want)
			}
		}
	}
}

// Each release adds its databases to testdata/versions; each must become a
// database of today.
func TestEveryReleasedVersionMigrates(t *testing.T) {
	t.Parallel()
	loaded := 0
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		files, err := filepath.Glob(filepath.Join("testdata", "versions", "*."+d.String()+".sql"))
		if err != nil {
			t.Fatal(err)
		}
		loaded += len(files)
		for _, file := range files {
			t.Run(filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				db := storetest.Open(t, storetest.Load(t, d, string(text)))
				if n := count(t, db, `select count(*) from schema_info`); n == 0 {
					t.Error("no schema_info")
				}
			})
		}
	}
	t.Logf("%d released databases in testdata/versions", loaded)
}
