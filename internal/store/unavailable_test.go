package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestIsUnavailable(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		for name, err := range map[string]error{
			"nil": nil, "no rows": sql.ErrNoRows, "a caller's own": errors.New("own"), "cancelled": context.Canceled,
			"refused statement": db.Read(ctx, func(tx *store.Tx) error { _, err := tx.Exec(ctx, "select nothing_here"); return err }),
		} {
			if db.IsUnavailable(err) {
				t.Errorf("%s: %v counts as unavailable", name, err)
			}
		}
		if !db.IsUnavailable(fmt.Errorf("read: %w", io.ErrUnexpectedEOF)) {
			t.Error("a broken connection does not count as unavailable")
		}
	})
}

func TestIsUnavailableAfterTermination(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.Postgres(t))
	ctx := context.Background()
	err := db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "select pg_terminate_backend(pg_backend_pid())")
		return err
	})
	if !db.IsUnavailable(err) {
		t.Errorf("a terminated connection does not count as unavailable: %v", err)
	}
}

// Nothing was asked of a server that lets nobody in, so whatever it says of the connection
// is no refusal of the statement.
func TestIsUnavailableWhereNobodyGetsIn(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	db := storetest.Open(t, url)
	ctx := context.Background()
	name, password := strings.TrimPrefix(url[strings.LastIndex(url, "/"):strings.Index(url, "?")], "/"), "wrong"
	err := db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "create role "+name+" login connection limit 0")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = db.Write(ctx, func(tx *store.Tx) error { _, err := tx.Exec(ctx, "drop role "+name); return err })
	})
	for what, address := range map[string]string{
		"too many connections": strings.Replace(url, "skytower@", name+"@", 1),           // 53300
		"no such role":         strings.Replace(url, "skytower@", "no:"+password+"@", 1), // 28000; 28P01 where passwords are asked for
		"no such database":     strings.Replace(url, "/"+name, "/nothing", 1),            // 3D000
	} {
		_, err := store.Open(ctx, address, store.Options{})
		if refusal, ok := errors.AsType[*pgconn.PgError](err); !ok || !db.IsUnavailable(err) {
			t.Errorf("%s: does not count as unavailable, or is no refusal (%v): %v", what, refusal, err)
		}
	}
}

// What the server says when something of its own is missing, and when a statement is wrong.
func TestIsUnavailableByCode(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	for _, code := range []string{"08006", "53100", "53200", "53300", "53400", "57P01", "57P03", "58000", "58030", "25006", "57014", "55P03"} {
		if err := fmt.Errorf("write: %w", &pgconn.PgError{Code: code}); !db.IsUnavailable(err) {
			t.Errorf("%s does not count as unavailable", code)
		}
	}
	for _, code := range []string{"22003", "22021", "23505", "23514", "28P01", "40001", "42501", "42P01", "54000"} {
		if db.IsUnavailable(&pgconn.PgError{Code: code}) {
			t.Errorf("%s, said of a statement, counts as unavailable", code)
		}
	}
}

// A full disk, as far as a limit of the file's length is like one, and a file that only reads.
func TestIsUnavailableWhereSQLiteCannotWrite(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, limit := range []string{"max_page_count = 1", "query_only = 1"} {
		db := storetest.Open(t, storetest.SQLite(t))
		if _, err := db.Writer().ExecContext(ctx, "pragma "+limit); err != nil {
			t.Fatal(err)
		}
		err := db.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, "create table grows as with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000) select i from n")
			return err
		})
		if err == nil || !db.IsUnavailable(err) {
			t.Errorf("%s: does not count as unavailable: %v", limit, err)
		}
	}
}

// After a failover a connection may lead to a server that only reads.
func TestIsUnavailableWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.Postgres(t))
	ctx := context.Background()
	err := db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, "set transaction read only"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "create table never (n bigint)")
		return err
	})
	if !db.IsUnavailable(err) {
		t.Errorf("a server that only reads does not count as unavailable: %v", err)
	}
}
