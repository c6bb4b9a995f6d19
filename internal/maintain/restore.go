package maintain

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"skytower/internal/blob"
	"skytower/internal/config"
	"skytower/internal/secret"
	"skytower/internal/store"
)

// RestoreOptions are the flags of `skytower restore`.
type RestoreOptions struct {
	From  string
	Check bool
}

// RestoreReport is what `restore --json` prints, and `backup verify --json`.
type RestoreReport struct {
	From     string   `json:"from"`
	To       string   `json:"to,omitempty"`
	Manifest Manifest `json:"manifest"`
	Files    int64    `json:"files"`
	Bytes    int64    `json:"bytes"`
	Charges  int64    `json:"charges"`
	Problems []string `json:"problems"`
	Notes    []string `json:"notes"`
}

// restoreMark, in a data folder, names the backup that is being restored into it.
const restoreMark = "restoring"

// restoring is one restore, or one look at a backup.
type restoring struct {
	k      *kept
	p      *progress
	report RestoreReport
}

func openRestoring(from string, t Terminal) (*restoring, error) {
	k, err := openKept(from)
	if err != nil {
		return nil, err
	}
	r := &restoring{k: k, p: t.progress(), report: RestoreReport{From: from, Manifest: k.manifest, Problems: []string{}, Notes: []string{}}}
	if _, ok := k.sums[k.manifest.Database]; !ok || !databaseName.MatchString(k.manifest.Database) {
		k.close()
		return nil, errors.New("the backup has no database: it is damaged")
	}
	return r, nil
}

// VerifyBackup reads all of a backup: whether each file is what was backed up, the database
// is whole, its ledger clean, and every record has its file.
func VerifyBackup(ctx context.Context, from string, t Terminal) error {
	r, err := openRestoring(from, t)
	if err != nil {
		return fmt.Errorf("verify the backup: %w", err)
	}
	defer r.k.close()
	if err := r.verify(ctx); err != nil {
		return fmt.Errorf("verify the backup: %w", err)
	}
	if err := t.result(r.report, r.printVerified); err != nil {
		return err
	}
	if len(r.report.Problems) > 0 {
		return errChecked
	}
	return nil
}

func (r *restoring) verify(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "skytower-verify-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // the system's folder for what is temporary
	have := map[string]int64{}
	file := filepath.Join(folder, "skytower.db")
	for _, name := range slices.Sorted(maps.Keys(r.k.sums)) {
		to := ""
		if name == r.k.manifest.Database {
			to = file
		}
		n, err := r.readOne(name, to)
		if err != nil {
			r.report.Problems = append(r.report.Problems, err.Error())
			continue
		}
		r.report.Bytes += n
		if key, ok := strings.CutPrefix(name, filesPrefix); ok {
			have[key] = n
			r.report.Files++
		}
		r.p.tick("reading: %s of %s", size(r.report.Bytes), size(r.k.manifest.Bytes))
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if _, err := os.Stat(file); err != nil {
		return nil // told
	}
	return r.verifyDatabase(ctx, file, have)
}

// readOne reads a file of the backup to its end, and keeps it where to is a path.
func (r *restoring) readOne(name, to string) (int64, error) {
	content, n, err := r.k.open(name)
	if err != nil {
		return 0, fmt.Errorf("%s is missing: %w", name, err)
	}
	defer content.Close() //nolint:errcheck // only read
	if to != "" {
		_, err = writeFile(to, content, r.k.sumOf(name))
		return n, err
	}
	sum, err := sumReader(content)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	return n, r.k.sumOf(name)(sum)
}

// verifyDatabase looks at the database of a backup, with the files that belong to it.
func (r *restoring) verifyDatabase(ctx context.Context, file string, have map[string]int64) error {
	db, err := store.Inspect(ctx, sqliteScheme+file)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read
	fail := func(format string, args ...any) {
		r.report.Problems = append(r.report.Problems, fmt.Sprintf(format, args...))
	}
	faults, err := db.QuickCheck(ctx)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		fail("The database is damaged: %s.", join(faults))
		return nil
	}
	facts, err := db.Facts(ctx)
	if err != nil {
		return err
	}
	for table, want := range r.k.manifest.Tables {
		if n, err := count(ctx, db, table); err != nil || n != want {
			fail("Table %s has %d rows, and had %d.", table, n, want)
		}
	}
	if facts.Schema != facts.Newest {
		r.report.Notes = append(r.report.Notes, fmt.Sprintf("The ledger is not checked: the backup's schema is %d, and this version has %d.", facts.Schema, facts.Newest))
	} else {
		books, err := verifyAsleep(ctx, db)
		if err != nil {
			return err
		}
		r.report.Charges = books.Checked["charge_line"]
		for _, p := range books.Problems {
			fail("Ledger: %s", p)
		}
	}
	if r.k.manifest.WithoutFiles || have == nil {
		return nil
	}
	files := &FilesReport{}
	if err := missing(ctx, db, have, r.k.manifest.MadeAt, files); err != nil {
		return err
	}
	if files.Missing > r.k.manifest.Missing {
		fail("%d records of files have none in the backup, such as %s; when it was made, %d had none.", files.Missing, files.MissingNames[0], r.k.manifest.Missing)
	}
	return nil
}

// Restore puts a backup of a SQLite database into a new data folder. It refuses a folder
// that has anything in it but keys; one that was broken off goes on.
func Restore(ctx context.Context, cfg *config.Config, o RestoreOptions, t Terminal) error {
	if o.Check {
		return Check(ctx, cfg, t)
	}
	at := configured(cfg)
	file, lite := at.file()
	if !lite {
		return errors.New("this restores SQLite databases; for PostgreSQL: pg_restore --no-owner --dbname=NAME skytower.dump, then 'skytower restore --check'")
	}
	if o.From == "" {
		return errors.New("say which backup is restored: --from FOLDER or --from FILE.tar")
	}
	r, err := openRestoring(o.From, t)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer r.k.close()
	r.report.To = at.data
	if err := r.restore(ctx, cfg, at, file); err != nil {
		if ctx.Err() != nil {
			return errors.New("stopped; the same command goes on where it stopped")
		}
		return fmt.Errorf("restore: %w", err)
	}
	return t.result(r.report, r.printRestored)
}

func (r *restoring) restore(ctx context.Context, cfg *config.Config, at place, file string) error {
	if newest, err := store.PlanNew(store.SQLite); err != nil {
		return err
	} else if r.k.manifest.Schema > newest.Newest {
		return fmt.Errorf("the backup is of version %s with schema %d, and this program knows %d: restore it with that version or a newer one", r.k.manifest.Version, r.k.manifest.Schema, newest.Newest)
	}
	if err := os.MkdirAll(at.data, folderMode); err != nil {
		return err
	}
	release, err := at.lock()
	if err != nil {
		return err
	}
	defer release()
	if err := r.claimFolder(at, file); err != nil {
		return err
	}
	if err := r.restoreFiles(ctx, at); err != nil {
		return err
	}
	if err := r.restoreSmall(cfg, at); err != nil {
		return err
	}
	return r.restoreDatabase(ctx, cfg, at, file)
}

// claimFolder refuses a folder with anything of a server in it, and marks an empty one.
func (r *restoring) claimFolder(at place, file string) error {
	if _, err := os.Stat(file); err == nil {
		return fmt.Errorf("there is a database at %s: name another folder with --data, or move it away", file)
	}
	mark := filepath.Join(at.data, restoreMark)
	text, err := os.ReadFile(mark)
	switch {
	case err == nil && strings.TrimSpace(string(text)) == r.k.manifest.Sums:
		r.p.say("Going on with a restore that was begun.")
		return nil
	case err == nil:
		return fmt.Errorf("the restore of another backup into %s was begun and has not ended: go on with that one, or name another folder", at.data)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	entries, err := os.ReadDir(at.data)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !slices.Contains([]string{lockFile, secret.MasterKeyFile, operatorKeyFile}, e.Name()) {
			return fmt.Errorf("%s is not empty (it has %s): name another folder with --data", at.data, e.Name())
		}
	}
	_, err = writeFile(mark, strings.NewReader(r.k.manifest.Sums+"\n"), nil)
	return err
}

// restoreFiles brings the files into the storage, but for those that are there.
func (r *restoring) restoreFiles(ctx context.Context, at place) error {
	if r.k.manifest.WithoutFiles {
		r.report.Notes = append(r.report.Notes, "The backup has no files: bring them back by other means, and look with 'skytower restore --check'.")
		return nil
	}
	objects, err := blob.OpenObjects(ctx, at.blob, false)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(r.k.sums)) {
		key, ok := strings.CutPrefix(name, filesPrefix)
		if !ok {
			continue
		}
		if err := r.restoreFile(ctx, objects, name, key); err != nil {
			return errors.Join(fmt.Errorf("file %s: %w", key, err), objects.Close())
		}
		r.p.tick("restoring files: %d of %d", r.report.Files, r.k.manifest.Files)
		if err := ctx.Err(); err != nil {
			return errors.Join(err, objects.Close())
		}
	}
	return objects.Close()
}

func (r *restoring) restoreFile(ctx context.Context, objects *blob.Objects, name, key string) error {
	content, n, err := r.k.open(name)
	if err != nil {
		return err
	}
	defer content.Close() //nolint:errcheck // only read
	r.report.Files++
	r.report.Bytes += n
	have, err := objects.Size(ctx, key)
	if err == nil && have == n {
		return nil // of an earlier try; content never changes under its name
	}
	if err != nil && !errors.Is(err, blob.ErrNotFound) {
		return err
	}
	_, err = objects.Put(ctx, key, content, func(sum []byte) error { return r.k.sumOf(name)(hex.EncodeToString(sum)) })
	return err
}

// restoreSmall brings back the spool and, where the backup has them and none are in place,
// the keys.
func (r *restoring) restoreSmall(cfg *config.Config, at place) error {
	for name := range r.k.sums {
		to := ""
		switch {
		case strings.HasPrefix(name, spoolPrefix):
			to = filepath.Join(at.data, spoolFolder, filepath.Base(name))
		case name == secret.MasterKeyFile && cfg.MasterKey == "", name == operatorKeyFile:
			to = filepath.Join(at.data, name)
		default:
			continue
		}
		if _, err := os.Stat(to); err == nil {
			continue // in place already: it may be the newer one
		}
		n, err := r.readOne(name, to)
		if err != nil {
			return err
		}
		r.report.Bytes += n
	}
	return nil
}

// restoreDatabase puts the database in place, the last thing that a server needs.
func (r *restoring) restoreDatabase(ctx context.Context, cfg *config.Config, at place, file string) error {
	r.p.tick("restoring the database")
	part := file + ".restoring"
	if err := os.MkdirAll(filepath.Dir(file), folderMode); err != nil {
		return err
	}
	n, err := r.readOne(r.k.manifest.Database, part)
	if err != nil {
		return err
	}
	r.report.Bytes += n
	if err := r.verifyDatabase(ctx, part, nil); err != nil {
		return err
	}
	if len(r.report.Problems) > 0 {
		return fmt.Errorf("the backup's database is not put in place: %s", join(r.report.Problems))
	}
	if err := r.lookKey(ctx, cfg, at, part); err != nil {
		return err
	}
	if err := os.Rename(part, file); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(at.data, restoreMark)); err != nil {
		return err
	}
	return errors.Join(syncFolder(filepath.Dir(file)), syncFolder(at.data))
}

// lookKey warns where the master key in place is not the one that sealed.
func (r *restoring) lookKey(ctx context.Context, cfg *config.Config, at place, part string) error {
	db, err := store.Inspect(ctx, sqliteScheme+part)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read
	ring, _, ok, err := at.keys(cfg)
	if err != nil {
		return err
	}
	n, problems, err := unopened(ctx, db, ring)
	if err != nil {
		return err
	}
	want := r.k.manifest.MasterKey
	note := func(format string, args ...any) {
		r.report.Notes = append(r.report.Notes, fmt.Sprintf(format, args...))
	}
	switch {
	case !ok && want != "":
		note("WARNING: there is no master key in %s. Put master.key (%s) there before the first start, or set SKYTOWER_MASTER_KEY: else a new one is made, %d sealed values do not open, and links that were given out stop working.", at.data, want, n)
	case len(problems) > 0:
		note("WARNING: the master key in place (%s) is not the one that sealed (%s): %s. Put the right one in place before the first start.", ring.Current().ID(), want, join(problems))
	case ok && want != "" && !ring.Knows(want):
		note("The master key in place (%s) is not the one of the backup (%s): links and sessions that were given out stop working.", ring.Current().ID(), want)
	}
	if _, err := os.Stat(filepath.Join(at.data, operatorKeyFile)); errors.Is(err, fs.ErrNotExist) {
		note("There is no operator.key in %s: the command line needs SKYTOWER_OPERATOR_KEY.", at.data)
	}
	return nil
}

func (r *restoring) printVerified(w io.Writer) {
	m := r.k.manifest
	fmt.Fprintf(w, "Backup of %s by version %s (schema %d): %s in %d files read.\n", m.MadeAt.Format(time.DateTime+" MST"), m.Version, m.Schema, size(r.report.Bytes), len(r.k.sums))
	r.printRest(w)
	if len(r.report.Problems) == 0 {
		fmt.Fprintf(w, "It is whole: %d charges, the ledger is clean, and %d files are there.\n", r.report.Charges, r.report.Files)
	}
}

func (r *restoring) printRestored(w io.Writer) {
	m := r.k.manifest
	fmt.Fprintf(w, "Restored the backup of %s to %s: the database and %d files, %s.\n", m.MadeAt.Format(time.DateTime+" MST"), r.report.To, r.report.Files, size(r.report.Bytes))
	r.printRest(w)
	fmt.Fprintf(w, "Start it with: skytower serve --data %s\n", r.report.To)
}

func (r *restoring) printRest(w io.Writer) {
	for _, note := range r.report.Notes {
		fmt.Fprintln(w, note)
	}
	for _, p := range r.report.Problems {
		fmt.Fprintln(w, "PROBLEM:", p)
	}
}
