package maintain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"skytower/internal/blob"
	"skytower/internal/config"
	"skytower/internal/secret"
	"skytower/internal/store"
)

// BackupOptions are the flags of `skytower backup`.
type BackupOptions struct {
	To            string // a folder, or a file that ends in .tar
	WithMasterKey bool
	WithoutFiles  bool
	Check         bool
}

// BackupReport is what `backup --json` prints.
type BackupReport struct {
	To       string   `json:"to"`
	Manifest Manifest `json:"manifest"`
	Written  int64    `json:"written"` // bytes, by this run
	Kept     int64    `json:"kept"`    // files that an earlier backup has already
	Notes    []string `json:"notes"`
}

// Backup copies a SQLite database, also of a running server, with its files into a folder
// or a tar file. For PostgreSQL it says how to make a backup, and whether that would work.
func Backup(ctx context.Context, cfg *config.Config, o BackupOptions, t Terminal) error {
	at := configured(cfg)
	if o.Check {
		return Check(ctx, cfg, t)
	}
	if _, lite := at.file(); !lite {
		return backupPostgres(ctx, cfg, t)
	}
	if o.To == "" {
		return errors.New("say where the backup goes: --to FOLDER, or --to FILE.tar")
	}
	db, err := store.Inspect(ctx, at.address)
	if err != nil {
		return fmt.Errorf("back up %s: %w", at.address, err)
	}
	defer db.Close() //nolint:errcheck // only read
	into, err := newBag(o.To)
	if err != nil {
		return err
	}
	defer into.close()
	b := &backing{o: o, at: at, db: db, into: into, p: t.progress(), sums: map[string]string{}}
	if err := b.run(ctx, cfg, t.Version); err != nil {
		if ctx.Err() != nil {
			return errors.New("stopped; there is no new backup")
		}
		return fmt.Errorf("back up: %w", err)
	}
	return t.result(b.report, b.report.print)
}

// backing is one backup that is made.
type backing struct {
	o      BackupOptions
	at     place
	db     *store.DB
	into   bag
	p      *progress
	sums   map[string]string
	report BackupReport
}

func (b *backing) run(ctx context.Context, cfg *config.Config, version string) error {
	b.report = BackupReport{To: b.o.To, Notes: []string{}, Manifest: Manifest{
		Format: manifestFormat, MadeAt: time.Now().UTC().Truncate(time.Second), Version: version, Engine: store.SQLite.String(), Tables: map[string]int64{},
	}}
	// The spool first: a charge that comes into the database meanwhile is in both, which
	// does no harm, and never in none.
	if err := b.spool(ctx); err != nil {
		return fmt.Errorf("copy the spool: %w", err)
	}
	if err := b.keys(ctx, cfg); err != nil {
		return fmt.Errorf("copy the keys: %w", err)
	}
	// Files after the database: one without a record goes in time, a record without a file
	// is a dead link.
	snapshot, err := b.database(ctx)
	if err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	if err := b.files(ctx, snapshot); err != nil {
		return fmt.Errorf("copy the files: %w", err)
	}
	return b.into.finish(b.report.Manifest, b.sums)
}

// add puts one file into the backup.
func (b *backing) add(ctx context.Context, name, from string) error {
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	info, err := file.Stat()
	if err != nil {
		return err
	}
	sum, err := b.into.put(ctx, name, info.Size(), io.LimitReader(file, info.Size()))
	if err != nil {
		return err
	}
	b.took(name, sum, info.Size())
	return nil
}

func (b *backing) took(name, sum string, n int64) {
	b.sums[name] = sum
	b.report.Manifest.Bytes += n
	b.report.Written += n
}

func (b *backing) spool(ctx context.Context) error {
	folder := filepath.Join(b.at.data, spoolFolder)
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() == 0 || strings.HasPrefix(e.Name(), "new-") {
			continue
		}
		if err := b.add(ctx, spoolPrefix+e.Name(), filepath.Join(folder, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// keys notes which master key is in place, and takes it along where that was asked for.
func (b *backing) keys(ctx context.Context, cfg *config.Config) error {
	ring, _, ok, err := b.at.keys(cfg)
	if err != nil {
		return err
	}
	if ok {
		b.report.Manifest.MasterKey = ring.Current().ID()
	}
	if !b.o.WithMasterKey {
		b.report.Notes = append(b.report.Notes, "The master key is not in the backup: keep master.key (or SKYTOWER_MASTER_KEY), and operator.key, apart from it. --with-master-key takes them along.")
		return nil
	}
	b.report.Manifest.HasKeys = true
	for _, name := range []string{secret.MasterKeyFile, operatorKeyFile} {
		from := filepath.Join(b.at.data, name)
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			b.report.Notes = append(b.report.Notes, fmt.Sprintf("There is no %s in the data folder, so it is not in the backup.", name))
			continue
		}
		if err := b.add(ctx, name, from); err != nil {
			return err
		}
	}
	b.report.Notes = append(b.report.Notes, "WARNING: the backup holds the master key and the operator key. Whoever reads it has the upstream keys and can do all that an operator can: keep it as you keep those.")
	return nil
}

// database makes a copy of the database at one moment, and looks whether it is whole. It
// returns what was read of the copy.
func (b *backing) database(ctx context.Context) (*snapshotFacts, error) {
	facts, err := b.db.Facts(ctx)
	if err != nil {
		return nil, err
	}
	at := b.into.scratch()
	_ = os.Remove(at) // of one that was killed
	stop := b.watch(at, facts.Bytes)
	err = b.db.Snapshot(ctx, at)
	stop()
	if err != nil {
		return nil, err
	}
	seen, err := readSnapshot(ctx, at)
	if err != nil {
		return nil, err
	}
	m := &b.report.Manifest
	m.Schema, m.Tables = seen.schema, seen.tables
	m.Database = "database-" + time.Now().UTC().Format("20060102T150405.000000Z") + ".db"
	sum, err := b.into.adopt(ctx, at, m.Database)
	if err != nil {
		return nil, err
	}
	b.took(m.Database, sum, seen.bytes)
	return seen, nil
}

// watch tells how large the copy has become, until stop is called.
func (b *backing) watch(file string, most int64) (stop func()) {
	quit, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		tick := time.NewTicker(liveTick)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				if info, err := os.Stat(file); err == nil {
					b.p.tick("copying the database: %s of at most %s", size(info.Size()), size(most))
				}
			}
		}
	}()
	return func() {
		close(quit)
		<-over
	}
}

// snapshotFacts is what is read of a copy of the database.
type snapshotFacts struct {
	schema, bytes int64
	tables        map[string]int64
	records       map[string]int64 // sizes of kept files, by key of the storage
}

// readSnapshot checks a copy, and reads what the manifest says of it.
func readSnapshot(ctx context.Context, file string) (*snapshotFacts, error) {
	db, err := store.Inspect(ctx, sqliteScheme+file)
	if err != nil {
		return nil, err
	}
	defer db.Close() //nolint:errcheck // only read
	faults, err := db.QuickCheck(ctx)
	if err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("the database is damaged: %s", join(faults))
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	facts, err := db.Facts(ctx)
	if err != nil {
		return nil, err
	}
	seen := &snapshotFacts{schema: facts.Schema, bytes: info.Size(), tables: map[string]int64{}, records: map[string]int64{}}
	tables, err := db.Tables(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		if seen.tables[t.Name], err = count(ctx, db, t.Name); err != nil {
			return nil, err
		}
	}
	if _, ok := seen.tables["file"]; !ok {
		return seen, nil
	}
	err = db.Read(ctx, func(tx *store.Tx) error {
		return tx.Each(ctx, `select id, size from file where state = 'kept' and (expires_at = 0 or expires_at > $1)`, func(scan func(...any) error) error {
			var id string
			var n int64
			err := scan(&id, &n)
			seen.records[blob.KeyOf(id)] = n
			return err
		}, store.Micros(time.Now()))
	})
	return seen, err
}

// files copies what the storage holds, and is not in an earlier backup.
func (b *backing) files(ctx context.Context, seen *snapshotFacts) error {
	m := &b.report.Manifest
	if b.o.WithoutFiles {
		m.WithoutFiles = true
		b.report.Notes = append(b.report.Notes, "Files are not in the backup.")
		return nil
	}
	objects, err := blob.OpenObjects(ctx, b.at.blob, true)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil {
		defer objects.Close() //nolint:errcheck // only read
		err = objects.Each(ctx, func(o blob.Object) error { return b.file(ctx, objects, o, seen) })
		if err != nil {
			return err
		}
	}
	for key := range seen.records { // those that were not found
		m.Missing++
		if len(m.MissingNames) < mostNamed {
			m.MissingNames = append(m.MissingNames, key)
		}
	}
	return nil
}

func (b *backing) file(ctx context.Context, objects *blob.Objects, o blob.Object, seen *snapshotFacts) error {
	m := &b.report.Manifest
	name := filesPrefix + o.Key
	if !filepath.IsLocal(filepath.FromSlash(o.Key)) || strings.ContainsAny(o.Key, "\r\n") {
		return fmt.Errorf("%q is no name of a file", o.Key)
	}
	if sum, ok := b.into.have(name, o.Size); ok {
		b.sums[name] = sum
		m.Bytes += o.Size
		b.report.Kept++
	} else {
		content, err := objects.Open(ctx, o.Key)
		if errors.Is(err, blob.ErrNotFound) {
			return nil // its time has come meanwhile
		}
		if err != nil {
			return err
		}
		sum, err := b.into.put(ctx, name, o.Size, content)
		if err = errors.Join(err, content.Close()); err != nil {
			return fmt.Errorf("%s: %w", o.Key, err)
		}
		b.took(name, sum, o.Size)
	}
	m.Files++
	if n, ok := seen.records[o.Key]; ok && n == o.Size {
		delete(seen.records, o.Key)
	}
	b.p.tick("copying files: %d, %s", m.Files, size(m.Bytes))
	return ctx.Err()
}

func (r BackupReport) print(w io.Writer) {
	m := r.Manifest
	fmt.Fprintf(w, "Backed up to %s: the database (schema %d, %s) and %d files, %s in all; %s written now.\n",
		r.To, m.Schema, plural(m.Tables["account"], "account"), m.Files, size(m.Bytes), size(r.Written))
	if m.Missing > 0 {
		fmt.Fprintf(w, "%d records have no file, such as %s: it was gone before, or went meanwhile.\n", m.Missing, m.MissingNames[0])
	}
	for _, note := range r.Notes {
		fmt.Fprintln(w, note)
	}
	fmt.Fprintf(w, "Look at it with: skytower backup verify %s\n", r.To)
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
