package store

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path"
	"regexp"
	"strconv"
	"time"

	"github.com/pressly/goose/v3"
)

// Migrations go forward only and are never changed once released. Each is one
// file, NNNN_room.sql, one text for both engines, in goose's form, with these
// words of ours:
//
//	{{serial}}       a bigint primary key that counts up by itself
//	{{bytes}}        the type of a byte string
//	{{bytewise}}     after a text column's type: compare and sort by bytes
//	{{sqlite}} …     at the start of a line: the line is for SQLite only
//	{{postgres}} …   likewise for PostgreSQL
//
// A migration that an older server cannot live with ("contracting") also sets
// schema_info's oldest_version to the number of the oldest migration whose
// servers can; it comes at least one release after the expanding one.
//
//go:embed migrations/*.sql
var embedded embed.FS

// ErrTooOld reports a database whose schema this server is too old for.
var ErrTooOld = errors.New("this server is too old for the database")

// builtin is the folder of the embedded migrations.
func builtin() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil { // the name is a constant
		panic(err)
	}
	return sub
}

// SchemaVersion is the number of the newest migration that the database has.
func (db *DB) SchemaVersion(ctx context.Context) (int64, error) {
	var version int64
	err := db.reader.QueryRowContext(ctx, `select max(version_id) from goose_db_version where is_applied`).Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return version, nil
}

// migrate brings the schema up to date, one process at a time.
func (db *DB) migrate(ctx context.Context, migrations fs.FS, copying bool) error {
	unlock, err := db.lockMigrations(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	provider, err := db.newProvider(migrations)
	if err != nil {
		return err
	}
	newest := newestOf(provider)
	if err := db.checkOldest(ctx, newest); err != nil {
		return err
	}
	if err := db.checkWhole(ctx); err != nil && !copying {
		return err
	}
	if err := db.up(ctx, provider); err != nil {
		return err
	}
	// Again: on SQLite a newer server may have come between.
	return db.checkOldest(ctx, newest)
}

func (db *DB) newProvider(migrations fs.FS) (*goose.Provider, error) {
	dialect := goose.DialectSQLite3
	if db.dialect == Postgres {
		dialect = goose.DialectPostgres
	}
	p, err := goose.NewProvider(dialect, db.writer, rendered{migrations, db.dialect},
		goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

func newestOf(p *goose.Provider) int64 {
	var newest int64
	for _, source := range p.ListSources() {
		newest = max(newest, source.Version)
	}
	return newest
}

// up applies what is missing. Each migration is a transaction of its own; on
// SQLite, where there is no lock around them all, another process may get to
// the next one first. Then ours fails, the version has moved on, and we go on
// from there.
func (db *DB) up(ctx context.Context, provider *goose.Provider) error {
	for {
		before := db.versionOrZero(ctx)
		results, err := provider.Up(ctx)
		for _, r := range results {
			db.log.InfoContext(ctx, "database migrated", "version", r.Source.Version,
				"file", path.Base(r.Source.Path), slog.Duration("took", r.Duration))
		}
		if err == nil || ctx.Err() != nil || db.dialect == Postgres || db.versionOrZero(ctx) <= before {
			return err
		}
	}
}

// versionOrZero is -1 before the first migration, when there is no table.
func (db *DB) versionOrZero(ctx context.Context) int64 {
	version, err := db.SchemaVersion(ctx)
	if err != nil {
		return -1
	}
	return version
}

// WithMigrationLock runs fn while no other process migrates: for tables that a
// library brings along and migrates itself. On PostgreSQL the lock holds a
// connection of its own; on SQLite there is none, since one process owns the file.
func (db *DB) WithMigrationLock(ctx context.Context, fn func(context.Context) error) error {
	unlock, err := db.lockMigrations(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return fn(ctx)
}

// lockMigrations waits until no other process migrates. SQLite needs no lock:
// see up.
func (db *DB) lockMigrations(ctx context.Context) (unlock func(), err error) {
	if db.dialect == SQLite {
		return func() {}, nil
	}
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if _, err := conn.ExecContext(ctx, `select pg_advisory_lock($1)`, migrateLock); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for another migration: %w", err), conn.Close())
	}
	return func() { db.unlockMigrations(ctx, conn) }, nil
}

func (db *DB) unlockMigrations(ctx context.Context, conn *sql.Conn) {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if _, err := conn.ExecContext(ctx, `select pg_advisory_unlock($1)`, migrateLock); err != nil {
		// A session that ends gives up its locks, so end it.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		db.log.WarnContext(ctx, "migration lock not given back", "error", err)
	}
	_ = conn.Close() // back to the pool; the pool reports what is wrong with it
}

// checkOldest refuses a database that a newer server has moved beyond us.
func (db *DB) checkOldest(ctx context.Context, newest int64) error {
	oldest, err := db.oldest(ctx)
	if err != nil {
		return err
	}
	if newest < oldest {
		return fmt.Errorf("%w: it knows the schema up to %d, and the database needs %d or newer; start a newer server, or restore a backup", ErrTooOld, newest, oldest)
	}
	return nil
}

// hasSchema reports whether the database has our first table.
func (db *DB) hasSchema(ctx context.Context) (bool, error) {
	var tables int
	err := db.writer.QueryRowContext(ctx, db.dialect.Pick(
		`select count(*) from sqlite_master where type = 'table' and name = 'schema_info'`,
		`select count(*) from pg_tables where schemaname = current_schema() and tablename = 'schema_info'`)).Scan(&tables)
	if err != nil {
		return false, fmt.Errorf("look for the schema: %w", err)
	}
	return tables > 0, nil
}

// oldest is the oldest schema whose servers may run on the database; 0 where it is new.
func (db *DB) oldest(ctx context.Context) (int64, error) {
	if there, err := db.hasSchema(ctx); err != nil || !there {
		return 0, err
	}
	var text string
	err := db.writer.QueryRowContext(ctx, `select value from schema_info where key = 'oldest_version'`).Scan(&text)
	if err != nil {
		return 0, fmt.Errorf("read oldest_version: %w", err)
	}
	oldest, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read oldest_version: %w", err)
	}
	return oldest, nil
}

// CopyUnfinished is the key in schema_info of a database that a copy goes into and has not
// ended: nobody may work on it.
const CopyUnfinished = "copy_unfinished"

// ErrUnfinishedCopy reports a database that holds a part of another one.
var ErrUnfinishedCopy = errors.New("a copy into this database was begun and has not ended: run 'skytower db copy' again, which goes on where it stopped")

// checkWhole refuses a database that holds a part of another one.
func (db *DB) checkWhole(ctx context.Context) error {
	if there, err := db.hasSchema(ctx); err != nil || !there {
		return err
	}
	var n int
	if err := db.writer.QueryRowContext(ctx, `select count(*) from schema_info where key = $1`, CopyUnfinished).Scan(&n); err != nil {
		return fmt.Errorf("look for an unfinished copy: %w", err)
	}
	if n > 0 {
		return ErrUnfinishedCopy
	}
	return nil
}

// rendered is the folder of migrations with our words replaced.
type rendered struct {
	fs.FS
	dialect Dialect
}

// Open reads and renders one file; folders pass as they are.
func (r rendered) Open(name string) (fs.File, error) {
	f, err := r.FS.Open(name)
	if err != nil || path.Ext(name) != ".sql" {
		return f, err
	}
	defer f.Close() //nolint:errcheck // read only
	source, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	text, err := render(source, r.dialect)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("stat %s: %w", name, err)
	}
	return &renderedFile{Reader: bytes.NewReader(text), info: info}, nil
}

type renderedFile struct {
	*bytes.Reader
	info fs.FileInfo
}

func (f *renderedFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *renderedFile) Close() error               { return nil }

var (
	word     = regexp.MustCompile(`\{\{[^{}\n]*\}\}`)
	onlyLine = regexp.MustCompile(`(?m)^[ \t]*\{\{(sqlite|postgres)\}\}(.*\n?)`)
)

// render replaces our words in a migration. An unknown word is an error.
func render(source []byte, d Dialect) ([]byte, error) {
	source = onlyLine.ReplaceAllFunc(source, func(line []byte) []byte {
		parts := onlyLine.FindSubmatch(line)
		if string(parts[1]) != d.String() {
			return nil
		}
		return parts[2]
	})
	var err error
	source = word.ReplaceAllFunc(source, func(w []byte) []byte {
		switch string(w) {
		case "{{serial}}":
			return []byte(d.Pick("integer primary key autoincrement", "bigint generated by default as identity primary key"))
		case "{{bytes}}":
			return []byte(d.Pick("blob", "bytea"))
		case "{{bytewise}}":
			return []byte(d.Pick("collate binary", `collate "C"`))
		}
		err = errors.Join(err, fmt.Errorf("unknown word %s", w))
		return w
	})
	return source, err
}
