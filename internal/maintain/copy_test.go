package maintain_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"skytower/internal/jobs"
	"skytower/internal/maintain"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestCopyIsWhole(t *testing.T) {
	t.Parallel()
	data, target := released(t), storetest.EmptyPostgres(t)
	r, err := copied(t.Context(), t, settings(t, data), maintain.CopyOptions{To: target})
	if err != nil {
		t.Fatal(err)
	}
	if r.State != "copied" || r.Resumed || r.Rows == 0 || r.Written != r.Rows || r.Mended != 1 || r.From != "sqlite" || r.To != "postgres" {
		t.Errorf("%+v", r)
	}
	if r.Accounts == 0 || r.Balance == "" {
		t.Errorf("no balances were compared: %+v", r)
	}
	from, to := storetest.Open(t, "sqlite:"+filepath.Join(data, "skytower.db")), storetest.Open(t, target)
	for _, table := range r.Tables {
		if want, got := number(t, from, `select count(*) from `+table.Table), number(t, to, `select count(*) from `+table.Table); want != got || got != table.Rows {
			t.Errorf("%s has %d rows, %d in the copy, %d as reported", table.Table, want, got, table.Rows)
		}
	}
	wantJobs(t, to, r.Jobs)
	var client string
	if err := to.Reader().QueryRowContext(t.Context(), `select client from request_log where request = 'req_odd'`).Scan(&client); err != nil || client != "a\uFFFDb\uFFFD" {
		t.Errorf("%q, %v", client, err)
	}
	if err := to.Write(t.Context(), func(tx *store.Tx) error { return tx.Publish(t.Context(), "key", "x") }); err != nil {
		t.Fatal(err)
	}
	if n := number(t, to, `select max(seq) from change`); n != 1001 {
		t.Errorf("the next change has the number %d, want 1001: processes have seen those below", n)
	}
	twice, err := copied(t.Context(), t, settings(t, data), maintain.CopyOptions{To: target})
	if err != nil || twice.State != "already" || twice.Written != 0 || twice.Rows != r.Rows {
		t.Errorf("once more: %+v, %v", twice, err)
	}
}

// wantJobs wants those that are still to be done, none of them running.
func wantJobs(t *testing.T, db *store.DB, reported int) {
	t.Helper()
	j, err := jobs.New(db, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	depths, err := j.Depths(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var waiting, later, running int64
	for _, d := range depths {
		waiting, later, running = waiting+d.Waiting, later+d.Later, running+d.Running
	}
	if waiting < 2 || later != 1 || running != 0 || int64(reported) != waiting+later {
		t.Errorf("%d wait, %d later, %d run; %d reported", waiting, later, running, reported)
	}
	if n := number(t, db, `select count(*) from river_job where args->>'id' = 'ran' and state = 'available' and attempt = 3 and priority = 1 and queue = 'local'`); n != 1 {
		t.Errorf("%d of the job whose process died", n)
	}
	if n := number(t, db, `select count(*) from river_job where state = 'completed'`); n != 0 {
		t.Errorf("%d jobs that have ended came along", n)
	}
}

// A copy that is killed goes on where it stopped, whatever table it was in, and nobody
// takes what is there for whole.
func TestCopyGoesOn(t *testing.T) {
	t.Parallel()
	data, target := released(t), storetest.EmptyPostgres(t)
	cfg := settings(t, data)
	killed := 0
	for {
		ctx, kill := context.WithCancel(t.Context())
		batches := 0
		o := maintain.CopyOptions{To: target}.InBatches(3, func(string) {
			if batches++; batches == 25 {
				kill()
			}
		})
		r, err := copied(ctx, t, cfg, o)
		kill()
		if err == nil {
			if killed < 2 || !r.Resumed || r.Written >= r.Rows || r.Jobs < 3 {
				t.Errorf("after %d kills: %+v", killed, r)
			}
			break
		}
		wants(t, err, "same command")
		killed++
		if _, err := store.Open(t.Context(), target, store.Options{}); err == nil || !strings.Contains(err.Error(), "skytower db copy") {
			t.Fatalf("a server takes a part of a copy: %v", err)
		}
	}
	storetest.Open(t, target)
	back := "sqlite:" + filepath.Join(t.TempDir(), "back", "skytower.db")
	cfg = settings(t, filepath.Join(t.TempDir(), "none"), "SKYTOWER_MASTER_KEY", masterKey)
	r, err := copied(t.Context(), t, cfg, maintain.CopyOptions{From: target, To: back})
	if err != nil || r.State != "copied" {
		t.Fatalf("back to SQLite: %+v, %v", r, err)
	}
	db := storetest.Open(t, back)
	if n := number(t, db, `select seq from sqlite_sequence where name = 'change'`); n != 1000 {
		t.Errorf("the counter of changes stands at %d, want 1000", n)
	}
}

func TestCopyFindsWhatDiffers(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, source, target string){
		"a row of the target was changed": func(t *testing.T, _, target string) {
			change(t, target, `update account set name = name || '!'`)
		},
		"a row of the target is gone": func(t *testing.T, _, target string) {
			change(t, target, `delete from api_key where id = (select min(id) from api_key)`)
		},
		"the source was used meanwhile": func(t *testing.T, source, _ string) {
			change(t, source, `update account set name = name || '!'`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, target := released(t), storetest.EmptyPostgres(t)
			source := "sqlite:" + filepath.Join(data, "skytower.db")
			ctx, kill := context.WithCancel(t.Context())
			o := maintain.CopyOptions{To: target}
			_, err := copied(ctx, t, settings(t, data), o.InBatches(500, func(table string) {
				if table == "usage_sum" { // behind accounts and keys
					kill()
				}
			}))
			wants(t, err, "same command")
			damage(t, source, target)
			_, err = copied(t.Context(), t, settings(t, data), o)
			wants(t, err, "verify table", "begin anew")
			_, err = store.Open(t.Context(), target, store.Options{})
			wants(t, err, "skytower db copy")
		})
	}
}

func TestCopyRefuses(t *testing.T) {
	t.Parallel()
	data, target := released(t), storetest.EmptyPostgres(t)
	source := "sqlite:" + filepath.Join(data, "skytower.db")
	refuses := func(o maintain.CopyOptions, words ...string) {
		t.Helper()
		_, err := copied(t.Context(), t, settings(t, data), o)
		wants(t, err, words...)
	}
	refuses(maintain.CopyOptions{To: source}, "same database")
	refuses(maintain.CopyOptions{To: target, From: "sqlite:" + filepath.Join(data, "none.db")}, "no such file")
	refuses(maintain.CopyOptions{To: "postgres://u:hunter2@127.0.0.1:1/x"}, "open the target")
	lock, err := store.LockFolder(filepath.Join(data, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	refuses(maintain.CopyOptions{To: target}, "stop it first")
	lock.Release()
	spool := filepath.Join(data, "spool", "r-1.jsonl")
	if err := os.MkdirAll(filepath.Dir(spool), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(spool, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	refuses(maintain.CopyOptions{To: target}, "they are money")
	if err := os.Remove(spool); err != nil {
		t.Fatal(err)
	}
	change(t, source, `update catalog_provider set credential_sealed = 's1.0badcafe.AAAA'`)
	refuses(maintain.CopyOptions{To: target}, "no master key", "SKYTOWER_MASTER_KEY_FILE="+filepath.Join(data, "master.key"))
	_, err = copied(t.Context(), t, settings(t, data, "SKYTOWER_MASTER_KEY", masterKey), maintain.CopyOptions{To: target})
	wants(t, err, "does not open", "provider up")
	change(t, source, `update catalog_provider set credential_sealed = ''`)
	full := storetest.Postgres(t)
	change(t, full, `insert into operator (id, name, role, created_at) values ('opr_1', 'x', 'operator', 1)`)
	refuses(maintain.CopyOptions{To: full}, "not empty", "operator")
	live := storetest.Postgres(t)
	if err := storetest.Open(t, live).Beat(t.Context(), store.Replica{ID: "rep", Host: "away", Role: "api"}); err != nil {
		t.Fatal(err)
	}
	refuses(maintain.CopyOptions{To: live}, "servers use the target", "away")
	fresh, err := store.Inspect(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close() //nolint:errcheck // only read
	if tables, err := fresh.Tables(t.Context()); err != nil || len(tables) > 0 {
		t.Errorf("a refused copy made %d tables, %v", len(tables), err)
	}
}

func TestCopyDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	data, target := released(t), storetest.EmptyPostgres(t)
	path := filepath.Join(data, "skytower.db")
	before := contentOf(t, path)
	r, err := copied(t.Context(), t, settings(t, data), maintain.CopyOptions{To: target, DryRun: true})
	if err != nil || r.State != "planned" || r.Rows == 0 || r.Written != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if !slices.Equal(before, contentOf(t, path)) {
		t.Error("the source changed")
	}
}

func contentOf(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestCopyTakesFilesAlong(t *testing.T) {
	t.Parallel()
	data, target := released(t), storetest.EmptyPostgres(t)
	change(t, "sqlite:"+filepath.Join(data, "skytower.db"), `update file set state = 'kept', expires_at = 0`)
	id := "file-01m8b7qmnrznpdf2tj5nrbqn5w"
	name := filepath.Join("files", "5w", id)
	if err := os.MkdirAll(filepath.Join(data, "files", "5w"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, name), make([]byte, 500), 0o600); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "elsewhere")
	o := maintain.CopyOptions{To: target, FilesTo: "file://" + to}
	r, err := copied(t.Context(), t, settings(t, data), o)
	if err != nil || r.Files == nil || r.Files.Files != 1 || r.Files.Written != 1 || r.Files.Bytes != 500 {
		t.Fatalf("%+v, %v", r.Files, err)
	}
	if got := contentOf(t, filepath.Join(to, "5w", id)); len(got) != 500 {
		t.Errorf("%d bytes", len(got))
	}
	if slices.Contains(r.Files.MissingNames, id) {
		t.Errorf("a file that is there counts as missing: %+v", r.Files)
	}
	again, err := copied(t.Context(), t, settings(t, data), o)
	if err != nil || again.State != "already" || again.Files.Written != 0 || again.Files.Files != 1 {
		t.Errorf("once more: %+v, %+v, %v", again, again.Files, err)
	}
}
