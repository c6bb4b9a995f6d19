package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func exec(t *testing.T, db *store.DB, query string, args ...any) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), query, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func count(t *testing.T, db *store.DB, query string, args ...any) (n int64) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(t.Context(), query, args...).Scan(&n)
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestWriteCommitsOrRollsBack(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		exec(t, db, `create table thing (id text primary key, n bigint not null)`)
		var told []string
		err := db.Write(ctx, func(tx *store.Tx) error {
			tx.AfterCommit(func() { told = append(told, "first") })
			tx.AfterCommit(func() { told = append(told, "second") })
			_, err := tx.Exec(ctx, `insert into thing values ($1, $2)`, "kept", 1)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		failure := errors.New("no")
		err = db.Write(ctx, func(tx *store.Tx) error {
			tx.AfterCommit(func() { told = append(told, "never") })
			if _, err := tx.Exec(ctx, `insert into thing values ($1, $2)`, "lost", 1); err != nil {
				return err
			}
			return failure
		})
		if err != failure {
			t.Errorf("got error %v, want the function's own", err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic did not come through")
				}
			}()
			_ = db.Write(ctx, func(tx *store.Tx) error {
				if _, err := tx.Exec(ctx, `insert into thing values ($1, $2)`, "panicked", 1); err != nil {
					return err
				}
				panic("no")
			})
		}()
		if n := count(t, db, `select count(*) from thing`); n != 1 {
			t.Errorf("%d rows, want only the committed one", n)
		}
		if diff := cmp.Diff([]string{"first", "second"}, told); diff != "" {
			t.Errorf("after commit (-want +got):\n%s", diff)
		}
	})
}

func TestReadCannotWrite(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), `insert into schema_info values ('a', 'b')`)
			return err
		})
		if err == nil {
			t.Error("Read let a write through")
		}
	})
}

func TestReadSeesOneState(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		const query = `select count(*) from schema_info`
		err := db.Read(ctx, func(tx *store.Tx) error {
			var before, after int
			if err := tx.QueryRow(ctx, query).Scan(&before); err != nil {
				return err
			}
			exec(t, db, `insert into schema_info values ('a', 'b')`)
			if err := tx.QueryRow(ctx, query).Scan(&after); err != nil {
				return err
			}
			if before != after {
				t.Errorf("%d rows, then %d in the same transaction", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// Counting up by reading and then writing loses updates unless transactions
// exclude each other, in one process and in two.
func TestWritersExcludeEachOther(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx := t.Context()
		dbs := []*store.DB{storetest.Open(t, url), storetest.Open(t, url)}
		exec(t, dbs[0], `create table counter (n bigint not null)`)
		exec(t, dbs[0], `insert into counter values (0)`)
		const each = 25
		var group sync.WaitGroup
		for i := range 4 {
			db := dbs[i%2]
			group.Go(func() {
				for range each {
					err := db.Write(ctx, func(tx *store.Tx) error {
						var n int64
						if err := tx.QueryRow(ctx, `select n from counter`+tx.Dialect().ForUpdate()).Scan(&n); err != nil {
							return err
						}
						_, err := tx.Exec(ctx, `update counter set n = $1`, n+1)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if n := count(t, dbs[0], `select n from counter`); n != 4*each {
			t.Errorf("counted %d, want %d", n, 4*each)
		}
	})
}

// Two PostgreSQL transactions that lock two rows in opposite order deadlock;
// one is chosen to fail, and Write runs it again.
func TestDeadlockRunsAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := storetest.Open(t, storetest.Postgres(t))
	exec(t, db, `create table pair (id bigint primary key, n bigint not null)`)
	exec(t, db, `insert into pair values (1, 0), (2, 0)`)
	var both sync.WaitGroup // each has its first row
	both.Add(2)
	var mu sync.Mutex
	runs := 0
	cross := func(first, second int) {
		once := sync.OnceFunc(func() { both.Done(); both.Wait() })
		err := db.Write(ctx, func(tx *store.Tx) error {
			mu.Lock()
			runs++
			mu.Unlock()
			if _, err := tx.Exec(ctx, `update pair set n = n + 1 where id = $1`, first); err != nil {
				return err
			}
			once()
			_, err := tx.Exec(ctx, `update pair set n = n + 1 where id = $1`, second)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	var group sync.WaitGroup
	group.Go(func() { cross(1, 2) })
	group.Go(func() { cross(2, 1) })
	group.Wait()
	if runs < 3 {
		t.Errorf("the functions ran %d times, want one to run again", runs)
	}
	if n := count(t, db, `select cast(sum(n) as bigint) from pair`); n != 4 {
		t.Errorf("sum %d, want 4: each transaction counts once", n)
	}
}

// A migration on another machine outdates prepared statements.
func TestOutdatedStatementRunsAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := storetest.OpenWith(t, storetest.Postgres(t), store.Options{MaxConns: 1})
	exec(t, db, `create table wide (a bigint)`)
	exec(t, db, `insert into wide values (1)`)
	read := func() (columns int) {
		err := db.Read(ctx, func(tx *store.Tx) error {
			rows, err := tx.Query(ctx, `select * from wide where a = $1`, 1)
			if err != nil {
				return err
			}
			defer rows.Close() //nolint:errcheck // Err tells
			for rows.Next() {
				names, err := rows.Columns()
				if err != nil {
					return err
				}
				columns = len(names)
			}
			return rows.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
		return columns
	}
	if n := read(); n != 1 {
		t.Fatalf("%d columns, want 1", n)
	}
	exec(t, db, `alter table wide add column b bigint`)
	if n := read(); n != 2 {
		t.Errorf("%d columns, want 2", n)
	}
}

func TestRetriesAreBounded(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var busy error
		if db.Dialect() == store.Postgres {
			busy = db.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(t.Context(), `do $$ begin raise exception using errcode = '40001'; end $$`)
				return err
			})
		} else {
			busy = busyError(t)
		}
		if !db.IsRetryable(busy) {
			t.Fatalf("%v is not retryable", busy)
		}
		runs := 0
		err := db.Write(t.Context(), func(*store.Tx) error {
			runs++
			return fmt.Errorf("wrapped: %w", busy)
		})
		if !errors.Is(err, busy) || runs != 6 {
			t.Errorf("ran %d times, error %v; want 6 times and the last error", runs, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		runs = 0
		err = db.Write(ctx, func(*store.Tx) error {
			runs++
			cancel()
			return busy
		})
		if !errors.Is(err, context.Canceled) || runs != 1 {
			t.Errorf("after cancelling: ran %d times, error %v", runs, err)
		}
	})
}

// busyError is a true SQLITE_BUSY: two connections want to write, and neither waits.
func busyError(t *testing.T) error {
	t.Helper()
	name := "file:" + filepath.Join(t.TempDir(), "busy.db") + "?_txlock=immediate"
	pool, err := sql.Open("sqlite", name)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close() //nolint:errcheck // a test
	tx, err := pool.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // a test
	_, err = pool.BeginTx(t.Context(), nil)
	return err
}

func TestIsUnique(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		exec(t, db, `create table thing (id text primary key, name text unique, owner text not null references schema_info (key))`)
		exec(t, db, `insert into thing values ('a', 'x', 'oldest_version')`)
		for _, test := range []struct {
			name, insert string
			want         bool
		}{
			{"primary key", `insert into thing values ('a', 'y', 'oldest_version')`, true},
			{"unique index", `insert into thing values ('b', 'x', 'oldest_version')`, true},
			{"not null", `insert into thing values ('c', 'z', null)`, false},
			{"foreign key", `insert into thing values ('d', 'd', 'nobody')`, false},
			{"syntax", `insert thing`, false},
		} {
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(t.Context(), test.insert)
				return err
			})
			if err == nil {
				t.Errorf("%s: no error", test.name)
			}
			if got := db.IsUnique(fmt.Errorf("insert: %w", err)); got != test.want {
				t.Errorf("%s: IsUnique(%v) = %v", test.name, err, got)
			}
			if db.IsRetryable(err) {
				t.Errorf("%s: retryable", test.name)
			}
		}
	})
}

func TestSets(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		exec(t, db, `create table thing (name text not null, n bigint not null)`)
		exec(t, db, `insert into thing values ('a', 1), ('b"''[', 2), ('c', 9223372036854775807)`)
		d := db.Dialect()
		for _, test := range []struct {
			where string
			arg   any
			want  int64
		}{
			{d.In("name", 1), d.Strings([]string{"a", `b"'[`, "nobody"}), 2},
			{d.In("n", 1), d.Int64s([]int64{9223372036854775807, 5}), 1},
			{d.In("name", 1), d.Strings(nil), 0},
			{"not " + d.In("name", 1), d.Strings(nil), 3},
			{"not (" + d.In("n", 1) + ")", d.Int64s([]int64{1}), 2},
		} {
			if got := count(t, db, `select count(*) from thing where `+test.where, test.arg); got != test.want {
				t.Errorf("%s with %v: %d rows, want %d", test.where, test.arg, got, test.want)
			}
		}
	})
}

func TestPreparedStatements(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		insert, err := db.Writer().PrepareContext(ctx, `insert into schema_info values ($1, $2)`)
		if err != nil {
			t.Fatal(err)
		}
		defer insert.Close() //nolint:errcheck // a test
		err = db.Write(ctx, func(tx *store.Tx) error {
			for i := range 3 {
				if _, err := tx.Stmt(ctx, insert).ExecContext(ctx, fmt.Sprint("k", i), "v"); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, db, `select count(*) from schema_info where value = 'v'`); n != 3 {
			t.Errorf("%d rows, want 3", n)
		}
	})
}

func TestTimes(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 7, 1, 2, 3, 4, 5_678_999, time.FixedZone("", 3600))
	for _, test := range []struct{ in, want time.Time }{
		{time.Time{}, time.Time{}},
		{at, at.UTC().Truncate(time.Microsecond)},
		{time.Unix(-1, 0), time.Unix(-1, 0).UTC()},
	} {
		if got := store.Time(store.Micros(test.in)); got != test.want {
			t.Errorf("%v became %v, want %v", test.in, got, test.want)
		}
	}
}

func TestOpenErrorsAreClearAndHoldNoPassword(t *testing.T) {
	t.Parallel()
	const password = "hunter%zz2"
	for _, test := range []struct{ url, want string }{
		{"", "database url"},
		{"mysql://root@localhost", "database url"},
		{"sqlite:", "database url"},
		{"sqlite::memory:", "database url"},
		{"sqlite:" + filepath.Join(t.TempDir(), "missing", "a.db"), "no such file or directory"},
		{"postgres://u:" + password + "@localhost/db", "not a valid PostgreSQL URL"},
		{"postgres://u:hunter2@127.0.0.1:1/db?connect_timeout=5", "connect"},
		{"postgres://u:hunter2@127.0.0.1:1/db?sslmode=hunter2", "not a valid PostgreSQL URL"},
	} {
		db, err := store.Open(t.Context(), test.url, store.Options{})
		if err == nil {
			t.Errorf("%s opened", test.url)
			_ = db.Close()
			continue
		}
		if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: got error %q, want %q in it and no password", test.url, err, test.want)
		}
	}
}

func TestSQLiteFileIsPrivateAndItsNameIsTakenLiterally(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "odd ?name#100%25.db")
	db := storetest.Open(t, "sqlite:"+path)
	exec(t, db, `insert into schema_info values ('a', 'b')`)
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o, want 600", filepath.Base(name), mode)
		}
	}
}

func TestSQLiteSettings(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	for _, test := range []struct {
		pool         *sql.DB
		pragma, want string
	}{
		{db.Writer(), "journal_mode", "wal"},
		{db.Writer(), "synchronous", "2"}, // FULL
		{db.Writer(), "foreign_keys", "1"},
		{db.Writer(), "busy_timeout", "5000"},
		{db.Reader(), "query_only", "1"},
		{db.Reader(), "busy_timeout", "5000"},
	} {
		var got string
		if err := test.pool.QueryRowContext(t.Context(), "pragma "+test.pragma).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != test.want {
			t.Errorf("%s is %s, want %s", test.pragma, got, test.want)
		}
	}
	if n := db.Writer().Stats().MaxOpenConnections; n != 1 {
		t.Errorf("%d writers, want one", n)
	}
}

func TestClosedSQLiteLeavesOneFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(folder, "a.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	count(t, db, `select count(*) from change`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Equal(names, []string{"a.db"}) {
		t.Errorf("left %v, want a.db with the log folded in", names)
	}
}
