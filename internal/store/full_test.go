package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"skytower/internal/fault"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// A disk without room: writes get 503 with a time, reads go on, and so does everything
// once there is room.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	ctx := t.Context()
	write := func(text string) error {
		return db.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `insert into notes_of_this_test (text) values ($1)`, text)
			return err
		})
	}
	exec := func(statement string) {
		t.Helper()
		if _, err := db.Writer().ExecContext(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	exec(`create table notes_of_this_test (text text)`)
	var pages int
	if err := db.Writer().QueryRowContext(ctx, `pragma page_count`).Scan(&pages); err != nil {
		t.Fatal(err)
	}
	exec(fmt.Sprintf(`pragma max_page_count = %d`, pages+1))
	err := write(strings.Repeat("x", 1<<20))
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.ID != fault.ServiceUnavailable || f.RetryAfter <= 0 || !db.IsUnavailable(err) || db.IsRefused(err) {
		t.Fatalf("a full disk: %v", err)
	}
	var n int
	if err := db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `select count(*) from notes_of_this_test`).Scan(&n)
	}); err != nil || n != 0 {
		t.Errorf("reading: %d, %v", n, err)
	}
	exec(`pragma max_page_count = 1000000`)
	if err := write(strings.Repeat("x", 1<<20)); err != nil {
		t.Errorf("with room again: %v", err)
	}
	var check string
	if err := db.Writer().QueryRowContext(ctx, `pragma integrity_check`).Scan(&check); err != nil || check != "ok" {
		t.Errorf("the file: %s, %v", check, err)
	}
}

// What breaks a constraint is refused for what it is; a statement that is wrong, or
// forbidden, is not.
func TestIsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		run := func(statement string) error {
			return db.Write(ctx, func(tx *store.Tx) error { _, err := tx.Exec(ctx, statement); return err })
		}
		if err := run(`create table kept_of_this_test (n bigint not null primary key)`); err != nil {
			t.Fatal(err)
		}
		if err := run(`insert into kept_of_this_test (n) values (null)`); !db.IsRefused(err) {
			t.Errorf("a null: %v", err)
		}
		if err := run(`insert into nothing_here (n) values (1)`); db.IsRefused(err) {
			t.Errorf("no such table: %v", err)
		}
	})
}
