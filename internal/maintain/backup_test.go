package maintain_test

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"skytower/internal/maintain"
	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

const (
	fileID   = "file-01m8b7qmnrznpdf2tj5nrbqn5w" // of the released database
	filePath = "files/5w/" + fileID
)

// full is a data folder with everything that one can have: a database of this version, a
// file with its record, spooled charges, and keys.
func full(t *testing.T) string {
	t.Helper()
	data := released(t)
	url := "sqlite:" + filepath.Join(data, "skytower.db")
	change(t, url, `delete from file where id <> '`+fileID+`'`, `update file set state = 'kept', expires_at = 0, size = 500`)
	put(t, filepath.Join(data, filePath), strings.Repeat("a", 500))
	put(t, filepath.Join(data, "spool", "r-1.jsonl"), "{}\n")
	put(t, filepath.Join(data, "operator.key"), "op-x\n")
	if _, _, err := secret.LoadOrCreate(data); err != nil {
		t.Fatal(err)
	}
	return data
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func backup(t *testing.T, data string, o maintain.BackupOptions) (r maintain.BackupReport, err error) {
	t.Helper()
	err = run(t, &r, func(term maintain.Terminal) error {
		return maintain.Backup(t.Context(), settings(t, data), o, term)
	})
	return r, err
}

func restore(ctx context.Context, t *testing.T, data, from string) (r maintain.RestoreReport, err error) {
	t.Helper()
	err = run(t, &r, func(term maintain.Terminal) error {
		return maintain.Restore(ctx, settings(t, data), maintain.RestoreOptions{From: from}, term)
	})
	return r, err
}

func verify(t *testing.T, from string) (r maintain.RestoreReport, err error) {
	t.Helper()
	err = run(t, &r, func(term maintain.Terminal) error { return maintain.VerifyBackup(t.Context(), from, term) })
	return r, err
}

func check(t *testing.T, data string, more ...string) (r maintain.CheckReport, err error) {
	t.Helper()
	err = run(t, &r, func(term maintain.Terminal) error {
		return maintain.Check(t.Context(), settings(t, data, more...), term)
	})
	return r, err
}

func TestBackupRestores(t *testing.T) {
	t.Parallel()
	for name, to := range map[string]string{"folder": "backup", "tar": "backup.tar"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, to := full(t), filepath.Join(t.TempDir(), to)
			r, err := backup(t, data, maintain.BackupOptions{To: to, WithMasterKey: true})
			if err != nil {
				t.Fatal(err)
			}
			m := r.Manifest
			if m.Files != 1 || m.Missing != 0 || !m.HasKeys || len(m.MasterKey) != 8 || m.Tables["account"] == 0 || m.Version != "test" || !strings.Contains(strings.Join(r.Notes, " "), "WARNING") {
				t.Errorf("%+v", r)
			}
			if v, err := verify(t, to); err != nil || v.Files != 1 || v.Bytes != m.Bytes {
				t.Errorf("%+v, %v", v, err)
			}
			again := filepath.Join(t.TempDir(), "again")
			if got, err := restore(t.Context(), t, again, to); err != nil || got.Files != 1 || len(got.Notes) != 0 {
				t.Fatalf("%+v, %v", got, err)
			}
			for _, file := range []string{filePath, "spool/r-1.jsonl", "operator.key", "master.key"} {
				if !slices.Equal(contentOf(t, filepath.Join(data, file)), contentOf(t, filepath.Join(again, file))) {
					t.Errorf("%s differs", file)
				}
				if info, err := os.Stat(filepath.Join(again, file)); err != nil || strings.HasSuffix(file, ".key") && info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %v, %v", file, info.Mode(), err)
				}
			}
			if c, err := check(t, again); err != nil || c.Accounts == 0 || c.Files.Files != 1 {
				t.Errorf("%+v, %v", c, err)
			}
			entries, err := os.ReadDir(again)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if !slices.Contains([]string{"files", "lock", "master.key", "operator.key", "skytower.db", "spool"}, e.Name()) {
					t.Errorf("%s was left behind", e.Name())
				}
			}
		})
	}
}

// A folder takes one backup after the other: what is there already is not copied again,
// and what went goes.
func TestBackupIntoTheSameFolder(t *testing.T) {
	t.Parallel()
	data, to := full(t), filepath.Join(t.TempDir(), "backup")
	if _, err := backup(t, data, maintain.BackupOptions{To: to}); err != nil {
		t.Fatal(err)
	}
	change(t, "sqlite:"+filepath.Join(data, "skytower.db"), `update account set name = 'Later'`)
	put(t, filepath.Join(to, "files", "zz", "file-of-a-killed-backup"), "x")
	r, err := backup(t, data, maintain.BackupOptions{To: to})
	if err != nil || r.Kept != 1 || r.Manifest.Files != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	databases, err := filepath.Glob(filepath.Join(to, "database-*"))
	if err != nil || len(databases) != 1 || filepath.Base(databases[0]) != r.Manifest.Database {
		t.Errorf("%v, %v", databases, err)
	}
	if _, err := os.Stat(filepath.Join(to, "files", "zz", "file-of-a-killed-backup")); err == nil {
		t.Error("what a killed backup left is still there")
	}
	if _, err := verify(t, to); err != nil {
		t.Error(err)
	}
	again := filepath.Join(t.TempDir(), "again")
	if _, err := restore(t.Context(), t, again, to); err != nil {
		t.Fatal(err)
	}
	db := storetest.Open(t, "sqlite:"+filepath.Join(again, "skytower.db"))
	if n := number(t, db, `select count(*) from account where name <> 'Later'`); n != 0 {
		t.Error("the earlier database came back")
	}
	if err := os.Remove(filepath.Join(data, filePath)); err != nil {
		t.Fatal(err)
	}
	if r, err = backup(t, data, maintain.BackupOptions{To: to}); err != nil || r.Manifest.Files != 0 || r.Manifest.Missing != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := os.Stat(filepath.Join(to, filePath)); err == nil {
		t.Error("a file that is gone is still in the backup")
	}
}

// A backup is one state, also while others write.
func TestBackupBesideAWriter(t *testing.T) {
	t.Parallel()
	data, to := full(t), filepath.Join(t.TempDir(), "backup")
	db := storetest.Open(t, "sqlite:"+filepath.Join(data, "skytower.db"))
	exec := func(statement string) error {
		_, err := db.Writer().ExecContext(t.Context(), statement)
		return err
	}
	if err := exec(`create table pair (a bigint primary key, b bigint)`); err != nil {
		t.Fatal(err)
	}
	if err := exec(`insert into pair (a, b) values (0, 0)`); err != nil {
		t.Fatal(err)
	}
	quit, over := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-quit:
				over <- nil
				return
			default:
			}
			err := db.Write(context.WithoutCancel(t.Context()), func(tx *store.Tx) error {
				if _, err := tx.Exec(t.Context(), `update pair set a = a + 1`); err != nil {
					return err
				}
				_, err := tx.Exec(t.Context(), `update pair set b = b + 1`)
				return err
			})
			if err != nil {
				over <- err
				return
			}
		}
	}()
	_, err := backup(t, data, maintain.BackupOptions{To: to})
	close(quit)
	if failed := <-over; failed != nil || err != nil {
		t.Fatalf("the writer: %v, the backup: %v", failed, err)
	}
	again := filepath.Join(t.TempDir(), "again")
	if _, err := restore(t.Context(), t, again, to); err != nil {
		t.Fatal(err)
	}
	copied := storetest.Open(t, "sqlite:"+filepath.Join(again, "skytower.db"))
	if n := number(t, copied, `select count(*) from pair where a = b`); n != 1 {
		t.Error("half of a transaction is in the backup")
	}
}

func TestDamagedBackupIsFound(t *testing.T) {
	t.Parallel()
	data, root := full(t), filepath.Join(t.TempDir(), "backup")
	r, err := backup(t, data, maintain.BackupOptions{To: root})
	if err != nil {
		t.Fatal(err)
	}
	for what, damage := range map[string]struct {
		name string
		want string
	}{
		"a file":       {filePath, "SHA-256"},
		"the database": {r.Manifest.Database, "SHA-256"},
		"the sums":     {"SHA256SUMS", "damaged"},
	} {
		path := filepath.Join(root, damage.name)
		whole := contentOf(t, path)
		bad := slices.Clone(whole)
		bad[len(bad)/2] ^= 1
		put(t, path, string(bad))
		v, err := verify(t, root)
		if text := errorText(err) + strings.Join(v.Problems, " "); err == nil || !strings.Contains(text, damage.want) {
			t.Errorf("%s was changed: %v, %v", what, v.Problems, err)
		}
		again := filepath.Join(t.TempDir(), "again")
		if _, err := restore(t.Context(), t, again, root); err == nil {
			t.Errorf("%s was changed, and restored", what)
		}
		if _, err := os.Stat(filepath.Join(again, "skytower.db")); err == nil {
			t.Errorf("%s was changed, and a database is in place", what)
		}
		put(t, path, string(whole))
	}
	if err := os.Remove(filepath.Join(root, filePath)); err != nil {
		t.Fatal(err)
	}
	if v, err := verify(t, root); err == nil || !strings.Contains(strings.Join(v.Problems, " "), "missing") {
		t.Errorf("%v, %v", v.Problems, err)
	}
	if err := os.Remove(filepath.Join(root, "manifest.json")); err != nil {
		t.Fatal(err)
	}
	_, err = verify(t, root)
	wants(t, err, "no manifest")
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestRestoreGoesOn(t *testing.T) {
	t.Parallel()
	data, to := full(t), filepath.Join(t.TempDir(), "backup.tar")
	if _, err := backup(t, data, maintain.BackupOptions{To: to}); err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(t.TempDir(), "again")
	stopped, stop := context.WithCancel(t.Context())
	stop()
	_, err := restore(stopped, t, again, to)
	wants(t, err, "same command")
	if _, err := os.Stat(filepath.Join(again, "skytower.db")); err == nil {
		t.Error("a restore that was broken off put a database in place")
	}
	r, err := restore(t.Context(), t, again, to)
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(r.Notes, " ")
	if !strings.Contains(notes, "WARNING: there is no master key") || !strings.Contains(notes, r.Manifest.MasterKey) || !strings.Contains(notes, "operator.key") {
		t.Errorf("it says %q", notes)
	}
	_, err = restore(t.Context(), t, again, to)
	wants(t, err, "there is a database")
	other := filepath.Join(t.TempDir(), "other")
	put(t, filepath.Join(other, "notes.txt"), "x")
	_, err = restore(t.Context(), t, other, to)
	wants(t, err, "not empty", "notes.txt")
	if err := os.Rename(filepath.Join(other, "notes.txt"), filepath.Join(t.TempDir(), "notes.txt")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := secret.LoadOrCreate(other); err != nil { // another key
		t.Fatal(err)
	}
	if r, err = restore(t.Context(), t, other, to); err != nil || !strings.Contains(strings.Join(r.Notes, " "), "is not the one of the backup") {
		t.Errorf("%v, %v", r.Notes, err)
	}
}

func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	data, other := full(t), t.TempDir()
	put(t, filepath.Join(other, "holiday.jpg"), "x")
	_, err := backup(t, data, maintain.BackupOptions{To: other})
	wants(t, err, "other things in it")
	put(t, filepath.Join(other, "b.tar"), "x")
	_, err = backup(t, data, maintain.BackupOptions{To: filepath.Join(other, "b.tar")})
	wants(t, err, "there already")
	_, err = backup(t, filepath.Join(data, "none"), maintain.BackupOptions{To: filepath.Join(other, "c")})
	wants(t, err, "no such file")
	_, err = verify(t, filepath.Join(other, "b.tar"))
	wants(t, err, "whole")
}

// The tar file is one that other programs read, and holds no key unless that was asked for.
func TestBackupHoldsNoKeys(t *testing.T) {
	t.Parallel()
	data, to := full(t), filepath.Join(t.TempDir(), "backup.tar")
	r, err := backup(t, data, maintain.BackupOptions{To: to, WithoutFiles: true})
	if err != nil || !r.Manifest.WithoutFiles {
		t.Fatalf("%+v, %v", r, err)
	}
	if left, err := filepath.Glob(to + ".*"); err != nil || len(left) > 0 {
		t.Errorf("left beside it: %v, %v", left, err)
	}
	var names []string
	reader := tar.NewReader(bytes.NewReader(contentOf(t, to)))
	for {
		h, err := reader.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
	if want := []string{"spool/r-1.jsonl", r.Manifest.Database, "SHA256SUMS", "manifest.json"}; !slices.Equal(names, want) {
		t.Errorf("it has %v, want %v", names, want)
	}
	again := filepath.Join(t.TempDir(), "again")
	if got, err := restore(t.Context(), t, again, to); err != nil || !strings.Contains(strings.Join(got.Notes, " "), "no files") {
		t.Errorf("%v, %v", got.Notes, err)
	}
	c, err := check(t, again)
	if wants(t, err, "problems"); c.Files.Missing != 1 || !strings.Contains(strings.Join(c.Problems, " "), fileID) {
		t.Errorf("a record without its file is not found: %+v", c)
	}
}

func TestBackupOfPostgres(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	cfg := settings(t, t.TempDir(), "database", strings.Replace(url, "postgres@", "postgres:hunter2@", 1), "SKYTOWER_MASTER_KEY", masterKey)
	var r maintain.PostgresReport
	if err := run(t, &r, func(term maintain.Terminal) error {
		return maintain.Backup(t.Context(), cfg, maintain.BackupOptions{}, term)
	}); err != nil {
		t.Fatal(err)
	}
	if r.Server == "" || r.Version == "" || r.Schema == 0 || len(r.Commands) != 2 || !strings.HasPrefix(r.Commands[0], "pg_dump ") || strings.Contains(strings.Join(r.Commands, " "), "hunter2") {
		t.Errorf("%+v", r)
	}
	c, err := check(t, t.TempDir(), "database", url, "SKYTOWER_MASTER_KEY", masterKey)
	if err != nil || c.Engine != "postgres" || c.Schema != c.Newest {
		t.Errorf("%+v, %v", c, err)
	}
	change(t, url, `insert into catalog_provider (name, kind, base_url, credential, credential_sealed, fetch_inputs, responses, managed, created_at)
		values ('up', 'openai', 'http://127.0.0.1', '', 's1.0badcafe.AAAA', '', 'auto', '', 1)`,
		`insert into purse (id, kind, owner, credit_line, draw_order, held, seq, created_at) values ('acct_1', 'account', 'acct_1', 0, '', 0, 1, 1)`,
		`insert into bucket (id, purse, kind, seq, balance, expires_at, created_at) values ('acct_1:deposited', 'acct_1', 'deposited', 1, 5, 0, 1)`)
	c, err = check(t, t.TempDir(), "database", url, "SKYTOWER_MASTER_KEY", masterKey)
	if wants(t, err, "problems"); len(c.Problems) < 2 || !strings.Contains(strings.Join(c.Problems, " "), "provider up") || !strings.Contains(strings.Join(c.Problems, " "), "Ledger: Bucket") {
		t.Errorf("%v", c.Problems)
	}
}
