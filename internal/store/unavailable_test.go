package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"testing"

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
