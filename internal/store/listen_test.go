package store_test

import (
	"context"
	"strings"
	"testing"

	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestListenerPool(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		pool, err := db.ListenerPool(t.Context(), "test")
		if db.Dialect() == store.SQLite {
			if err == nil {
				t.Error("SQLite listens")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		var name string
		if err := pool.QueryRow(t.Context(), `select current_setting('application_name')`).Scan(&name); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, " test") || pool.Config().MaxConns != 1 {
			t.Errorf("named %q, with %d connections", name, pool.Config().MaxConns)
		}
	})
}

func TestWithMigrationLock(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	first, second := storetest.Open(t, url), storetest.Open(t, url)
	var order []string
	var done chan error
	err := first.WithMigrationLock(t.Context(), func(context.Context) error {
		over, cancel := context.WithCancel(t.Context())
		cancel()
		// One who does not wait does not get it.
		if err := second.WithMigrationLock(over, func(context.Context) error { return nil }); err == nil {
			t.Error("two had the lock")
		}
		done = make(chan error, 1)
		go func() {
			done <- second.WithMigrationLock(t.Context(), func(context.Context) error {
				order = append(order, "second")
				return nil
			})
		}()
		var waiting int
		for waiting == 0 { // until it is known to wait
			err := first.Reader().QueryRowContext(t.Context(),
				`select count(*) from pg_locks where locktype = 'advisory' and not granted
				and database = (select oid from pg_database where datname = current_database())`).Scan(&waiting)
			if err != nil {
				return err
			}
		}
		order = append(order, "first")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if strings.Join(order, " ") != "first second" {
		t.Errorf("in the order %v", order)
	}
}
