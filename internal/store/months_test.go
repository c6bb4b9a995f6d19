package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

const monthsFile = "0012_request_log_months.sql"

// What version 0.5.0 does with the request log.
const (
	oldInsert = `insert into request_log (request, at, method, route, path, status, outcome, error_id, account, api_key,
		model, target, tokens_in, tokens_out, bytes_in, bytes_out, first_byte, duration, streamed, client)
	select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[],
		$9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],
		$17::bigint[], $18::bigint[], $19::boolean[], $20::text[])
	on conflict (at, request) do nothing`
	oldLook   = `select max(at), count(*) from (select at from request_log where at < $1 order by at limit $2) as lowest`
	oldDelete = `delete from request_log where at <= $1`
	oldRead   = `select request, at, method, route, path, status, outcome, error_id, account, api_key, model, target,
		tokens_in, tokens_out, bytes_in, bytes_out, first_byte, duration, streamed, client from request_log
		where account = $1 and at >= $2 order by at desc, request desc limit $3`
)

// logged inserts a row as version 0.5.0 does.
func logged(ctx context.Context, pool *sql.DB, request string, at time.Time) error {
	args := []any{[]string{request}, []int64{store.Micros(at)}}
	for range 3 {
		args = append(args, []string{"GET"})
	}
	args = append(args, []int64{404}, []string{"error"}, []string{"MODEL_NOT_FOUND"}, []string{"acct_one"})
	for range 3 {
		args = append(args, []string{"x"})
	}
	for range 6 {
		args = append(args, []int64{1})
	}
	_, err := pool.ExecContext(ctx, oldInsert, append(args, []bool{false}, []string{""})...)
	return err
}

// upTo are the migrations before a file.
func upTo(t *testing.T, file string) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	entries, err := fs.ReadDir(store.Builtin(), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() < file {
			text, err := fs.ReadFile(store.Builtin(), e.Name())
			if err != nil {
				t.Fatal(err)
			}
			all[e.Name()] = &fstest.MapFile{Data: text}
		}
	}
	return all
}

// steps are the statements of the migration to months.
func steps(t *testing.T) []string {
	t.Helper()
	text, err := fs.ReadFile(store.Builtin(), monthsFile)
	if err != nil {
		t.Fatal(err)
	}
	text, err = store.Render(text, store.Postgres)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for part := range strings.SplitSeq(string(text), "-- +goose StatementBegin\n") {
		if statement, _, ok := strings.Cut(part, "-- +goose StatementEnd"); ok {
			all = append(all, statement)
		}
	}
	if len(all) != 3 {
		t.Fatalf("%d steps", len(all))
	}
	return all
}

func rawPool(t *testing.T, url string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}

// partitions lists them with their bounds, but for those of months.
func partitions(t *testing.T, pool *sql.DB) (names string, months int) {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), `select inhrelid::regclass::text from pg_inherits where inhparent = 'request_log'::regclass order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(name, "request_log_2") {
			months++
		} else {
			names += name + " "
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(names), months
}

func scalar(t *testing.T, pool *sql.DB, query string, args ...any) (n int64) {
	t.Helper()
	if err := pool.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// TestMonthsBesideTheVersionBefore partitions the request log while a server of version
// 0.5.0 writes, reads and trims it, and once more after each step at which the migration
// may be broken off.
func TestMonthsBesideTheVersionBefore(t *testing.T) {
	t.Parallel()
	for broken := range 4 {
		t.Run(fmt.Sprint("broken off after step ", broken), func(t *testing.T) {
			t.Parallel()
			url := storetest.EmptyPostgres(t)
			if err := storetest.OpenWith(t, url, store.WithMigrations(store.Options{}, upTo(t, monthsFile))).Close(); err != nil {
				t.Fatal(err)
			}
			pool, now := rawPool(t, url), time.Now()
			for i, age := range []time.Duration{0, time.Hour, 40 * 24 * time.Hour, 70 * 24 * time.Hour, -24 * time.Hour, -400 * 24 * time.Hour, -20_000 * 24 * time.Hour} {
				if err := logged(t.Context(), pool, fmt.Sprint("req_", i), now.Add(-age)); err != nil {
					t.Fatal(err)
				}
			}
			var wrote, stop atomic.Int64
			ended := make(chan error, 1)
			go func() {
				for stop.Load() == 0 {
					n := wrote.Add(1)
					if err := beBefore(t.Context(), pool, n, now); err != nil {
						ended <- err
						return
					}
				}
				ended <- nil
			}()
			const written = `select count(*) from request_log where request like 'req_new_%'`
			for scalar(t, pool, written) < 20 { // its statements are prepared by then
			}
			for _, step := range steps(t)[:broken] {
				if _, err := pool.ExecContext(t.Context(), step); err != nil {
					t.Fatal(err)
				}
			}
			storetest.Open(t, url)
			for enough := scalar(t, pool, written) + 20; scalar(t, pool, written) < enough && len(ended) == 0; {
			}
			stop.Store(1)
			if err := <-ended; err != nil {
				t.Fatalf("the version before failed: %v", err)
			}
			checkMonths(t, pool, 7-1+wrote.Load())
			// Again, as after a crash just before the version was noted.
			if _, err := pool.ExecContext(t.Context(), `delete from goose_db_version where version_id >= 12`); err != nil {
				t.Fatal(err)
			}
			for _, step := range steps(t) {
				if _, err := pool.ExecContext(t.Context(), step); err != nil {
					t.Fatal(err)
				}
			}
			checkMonths(t, pool, 7-1+wrote.Load())
		})
	}
}

// beBefore inserts a row, twice, reads, and trims what is older than 60 days.
func beBefore(ctx context.Context, pool *sql.DB, n int64, now time.Time) error {
	at := now.Add(time.Duration(n) * time.Microsecond)
	for range 2 {
		if err := logged(ctx, pool, fmt.Sprint("req_new_", n), at); err != nil {
			return fmt.Errorf("insert: %w", err)
		}
	}
	var request, text string
	var number int64
	var flag bool
	err := pool.QueryRowContext(ctx, oldRead, "acct_one", store.Micros(at), 1).Scan(&request, &number, &text, &text, &text, &number, &text, &text, &text, &text, &text, &text,
		&number, &number, &number, &number, &number, &number, &flag, &text)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	old, count := sql.NullInt64{}, int64(0)
	if err := pool.QueryRowContext(ctx, oldLook, store.Micros(now.Add(-60*24*time.Hour)), 50).Scan(&old, &count); err != nil {
		return fmt.Errorf("look: %w", err)
	}
	if count > 0 {
		if _, err := pool.ExecContext(ctx, oldDelete, old.Int64); err != nil {
			return fmt.Errorf("delete: %w", err)
		}
	}
	return nil
}

func checkMonths(t *testing.T, pool *sql.DB, rows int64) {
	t.Helper()
	names, months := partitions(t, pool)
	if names != "request_log_default request_log_old" || months != 4 {
		t.Errorf("partitions %s and %d months, want the old one, the default one and 4", names, months)
	}
	if n := scalar(t, pool, `select count(*) from request_log`); n != rows {
		t.Errorf("%d rows, want %d", n, rows)
	}
	if n := scalar(t, pool, `select count(*) from request_log_default`); n != 2 {
		t.Errorf("%d rows in the default partition, want the two of clocks that had jumped", n)
	}
	if n := scalar(t, pool, `select count(*) from pg_constraint where conname = 'request_log_old_bound'`); n != 0 {
		t.Error("the constraint that proved the old partition's bound is left")
	}
	// Of each index there is one a partition, and all are valid and attached.
	if n := scalar(t, pool, `select count(*) from pg_index i join pg_class c on c.oid = i.indrelid
		where c.relname like 'request_log_%' and i.indisvalid and exists (select from pg_inherits h where h.inhrelid = i.indexrelid)`); n != 6*6 {
		t.Errorf("%d indexes of partitions are attached, want 36", n)
	}
}

// TestMonthsOfANewDatabase shows that there is no old partition where there was no row.
func TestMonthsOfANewDatabase(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	storetest.Open(t, url)
	names, months := partitions(t, rawPool(t, url))
	if names != "request_log_default" || months != 4 {
		t.Errorf("partitions %s and %d months", names, months)
	}
}

// TestMonthsWaitForALongRead shows that a session which uses the table for long delays the
// migration, and that nobody else waits for long meanwhile.
func TestMonthsWaitForALongRead(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyPostgres(t)
	if err := storetest.OpenWith(t, url, store.WithMigrations(store.Options{}, upTo(t, monthsFile))).Close(); err != nil {
		t.Fatal(err)
	}
	pool := rawPool(t, url)
	if err := logged(t.Context(), pool, "req_1", time.Now()); err != nil {
		t.Fatal(err)
	}
	long, err := pool.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := long.ExecContext(t.Context(), `select * from request_log`); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		db, err := store.Open(t.Context(), url, store.Options{})
		if err == nil {
			err = db.Close()
		}
		done <- err
	}()
	for scalar(t, pool, `select count(*) from pg_locks where relation = 'request_log'::regclass and mode = 'AccessExclusiveLock' and not granted`) == 0 {
	}
	if err := logged(t.Context(), pool, "req_2", time.Now()); err != nil { // gets through once the migration's wait is over
		t.Fatal(err)
	}
	if err := long.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := scalar(t, pool, `select count(*) from request_log_old`); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}
