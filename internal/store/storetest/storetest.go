// Package storetest gives tests real databases: a SQLite file or a PostgreSQL
// database of their own, empty but for the schema, which is made once and copied.
//
// It refuses to know what is tested. Its invariant: nothing that a test did outlives the
// test process, not even a killed one: no server, no folder. What stays for the next one
// is an untouched copy of what initdb made, in the system's folder for what is temporary.
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"skytower/internal/store"
)

// migrated is the content of a SQLite database with the newest schema. It is one for the
// process, since tests share nothing else that could own it.
var migrated = sync.OnceValues(makeSQLite)

// Each runs fn as a parallel subtest on each engine, with a fresh database that
// is closed afterwards.
func Each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	EachURL(t, func(t *testing.T, url string) { fn(t, Open(t, url)) })
}

// EachURL is [Each] for tests that open the database themselves, perhaps twice.
func EachURL(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	for name, fresh := range map[string]func(testing.TB) string{"sqlite": SQLite, "postgres": Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn(t, fresh(t))
		})
	}
}

// URLs gives the URL of a fresh database on each engine.
func URLs(t testing.TB) []string {
	t.Helper()
	return []string{SQLite(t), Postgres(t)}
}

// Open opens a database, and closes it when the test ends.
func Open(t testing.TB, url string) *store.DB {
	t.Helper()
	return OpenWith(t, url, store.Options{})
}

// OpenWith is [Open] with options.
func OpenWith(t testing.TB, url string, o store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url, o)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}

// SQLite gives the URL of a fresh database file with the newest schema.
func SQLite(t testing.TB) string {
	t.Helper()
	content, err := migrated()
	if err != nil {
		t.Fatalf("make a database: %v", err)
	}
	url := EmptySQLite(t)
	if err := os.WriteFile(strings.TrimPrefix(url, "sqlite:"), content, 0o600); err != nil {
		t.Fatalf("copy a database: %v", err)
	}
	return url
}

// EmptySQLite gives the URL of a database file that does not exist yet.
func EmptySQLite(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "skytower.db")
}

// makeSQLite makes the file that tests get copies of: to migrate takes longer than most
// tests do.
func makeSQLite() ([]byte, error) {
	folder, err := os.MkdirTemp("", "skytower-storetest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // the system's folder for what is temporary
	file := filepath.Join(folder, "skytower.db")
	db, err := store.Open(context.Background(), "sqlite:"+file, store.Options{})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(file) // closed, so nothing is left in the write-ahead log
}

// Postgres gives the URL of a fresh database with the newest schema. The server
// starts with the first call in a test process. The user is a superuser, and
// the database sorts text as people do, not by bytes.
func Postgres(t testing.TB) string {
	t.Helper()
	return freshPostgres(t, template)
}

// EmptyPostgres gives the URL of a database without our schema.
func EmptyPostgres(t testing.TB) string {
	t.Helper()
	return freshPostgres(t, emptyTemplate)
}

// Load makes a database from SQL text, such as a fixture, and gives its URL.
// The engine is told by the dialect.
func Load(t testing.TB, d store.Dialect, text string) (url string) {
	t.Helper()
	driver, name := "sqlite", ""
	if d == store.Postgres {
		url = EmptyPostgres(t)
		driver, name = "pgx", url
	} else {
		url = EmptySQLite(t)
		name = "file:" + strings.TrimPrefix(url, "sqlite:")
	}
	if err := execute(t.Context(), driver, name, text); err != nil {
		t.Fatalf("load into %s: %v", d, err)
	}
	return url
}

func execute(ctx context.Context, driver, name, text string) error {
	pool, err := sql.Open(driver, name)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer pool.Close() //nolint:errcheck // the text has run or not
	_, err = pool.ExecContext(ctx, text)
	return err
}
