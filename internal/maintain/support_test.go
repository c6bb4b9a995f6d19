package maintain_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skytower/internal/config"
	"skytower/internal/maintain"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// masterKey is one that the settings can have.
var masterKey = strings.Repeat("0123456789abcdef", 4)

// released is the database of a released version in a data folder of its own, with some
// rows that are hard to copy. It returns the folder.
func released(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "store", "testdata", "versions", "0.5.0.sqlite.sql"))
	if err != nil {
		t.Fatal(err)
	}
	url := storetest.Load(t, store.SQLite, string(text))
	change(t, url,
		// An odd user agent: bytes that are no UTF-8, and NUL.
		`insert into request_log (request, at, method, route, path, status, outcome, error_id, account, api_key, model, target, tokens_in, tokens_out, bytes_in, bytes_out, first_byte, duration, streamed, client)
			values ('req_odd', 5, 'GET', '/', '/', 404, 'error', 'NOT_FOUND', '', '', '', '', 0, 0, 0, 0, 0, 9223372036854775807, true, cast(x'61FF6200' as text))`,
		// Numbers that were given out and are gone.
		`update sqlite_sequence set seq = 1000 where name = 'change'`,
		// A job that waits, one that a process died with, and one that has ended.
		`insert into river_job (args, attempt, kind, max_attempts, metadata, priority, queue, state, scheduled_at, finalized_at) values
			(jsonb('{"id":"waits"}'), 0, 'test', 25, jsonb('{}'), 2, 'remote', 'available', datetime('now'), null),
			(jsonb('{"id":"ran"}'), 3, 'test', 25, jsonb('{}'), 1, 'local', 'running', datetime('now'), null),
			(jsonb('{"id":"later"}'), 1, 'test', 25, jsonb('{}'), 4, 'webhooks', 'retryable', datetime('now', '+1 hour'), null),
			(jsonb('{"id":"ended"}'), 1, 'test', 25, jsonb('{}'), 4, 'upkeep', 'completed', datetime('now'), datetime('now'))`)
	return filepath.Dir(strings.TrimPrefix(url, "sqlite:"))
}

// change runs statements on a database.
func change(t *testing.T, url string, statements ...string) {
	t.Helper()
	db := storetest.OpenWith(t, url, store.Options{Copying: true})
	for _, s := range statements {
		if _, err := db.Writer().ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%v in %s", err, s)
		}
	}
}

// settings are those of a server with the data folder.
func settings(t *testing.T, data string, more ...string) *config.Config {
	t.Helper()
	src := config.Sources{Flags: map[string]string{"data": data}}
	for i := 0; i < len(more); i += 2 {
		if strings.HasPrefix(more[i], "SKYTOWER_") {
			src.Env = append(src.Env, more[i]+"="+more[i+1])
		} else {
			src.Flags[more[i]] = more[i+1]
		}
	}
	cfg, err := config.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// copied runs a copy and returns what it says.
func copied(ctx context.Context, t *testing.T, cfg *config.Config, o maintain.CopyOptions) (r maintain.CopyReport, err error) {
	t.Helper()
	err = run(t, &r, func(term maintain.Terminal) error { return maintain.Copy(ctx, cfg, o, term) })
	return r, err
}

// run runs a command for its JSON.
func run(t *testing.T, into any, command func(maintain.Terminal) error) error {
	t.Helper()
	var out, progress bytes.Buffer
	err := command(maintain.Terminal{Out: &out, Err: &progress, JSON: true, Version: "test"})
	if out.Len() > 0 {
		if bad := json.Unmarshal(out.Bytes(), into); bad != nil {
			t.Fatalf("%v in %s", bad, out.Bytes())
		}
	}
	return err
}

// said runs a command as a person does.
func said(t *testing.T, command func(maintain.Terminal) error) string {
	t.Helper()
	var out, progress bytes.Buffer
	if err := command(maintain.Terminal{Out: &out, Err: &progress, Version: "test"}); err != nil {
		t.Fatalf("%v\n%s", err, &progress)
	}
	return out.String()
}

func wants(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q, want %q in it", err, w)
		}
	}
}

func number(t *testing.T, db *store.DB, query string, args ...any) (n int64) {
	t.Helper()
	if err := db.Reader().QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%v in %s", err, query)
	}
	return n
}
