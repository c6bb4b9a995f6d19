// Package jobstest gives tests databases that have the job queue's tables.
//
// It refuses to know what is tested. Its invariant: a test gets the same schema as a
// server that starts on an empty database. It is made once and copied, since making it
// takes longer than most tests.
package jobstest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"skytower/internal/jobs"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// migrated is the content of a SQLite database with all tables. It is one for the
// process, since tests share nothing else that could own it.
var migrated = sync.OnceValues(makeSQLite)

// Each runs fn as a parallel subtest on each engine, with a fresh database that is
// closed afterwards.
func Each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	for name, url := range map[string]func(testing.TB) string{"sqlite": SQLite, "postgres": Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn(t, storetest.Open(t, url(t)))
		})
	}
}

// SQLite gives the URL of a fresh database file.
func SQLite(t testing.TB) string {
	t.Helper()
	content, err := migrated()
	if err != nil {
		t.Fatalf("make a database: %v", err)
	}
	url := storetest.EmptySQLite(t)
	if err := os.WriteFile(url[len("sqlite:"):], content, 0o600); err != nil {
		t.Fatalf("copy a database: %v", err)
	}
	return url
}

// Postgres gives the URL of a fresh database.
func Postgres(t testing.TB) string {
	t.Helper()
	return storetest.PostgresFrom(t, "jobs", migrate)
}

func makeSQLite() ([]byte, error) {
	folder, err := os.MkdirTemp("", "skytower-jobstest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // the system's folder for what is temporary
	file := filepath.Join(folder, "skytower.db")
	if err := migrate(context.Background(), "sqlite:"+file); err != nil {
		return nil, err
	}
	return os.ReadFile(file) // closed, so nothing is left in the write-ahead log
}

func migrate(ctx context.Context, url string) error {
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return err
	}
	return errors.Join(jobs.Migrate(ctx, db), db.Close())
}
