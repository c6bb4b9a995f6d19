package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Inspect opens a database as it stands, to look at it: nothing is made, migrated or
// written, also on SQLite beside the process that owns the file. [DB.Write] fails there.
// The error is fs.ErrNotExist where SQLite has no file yet.
func Inspect(ctx context.Context, address string) (*DB, error) {
	o := Options{Readers: 2, MaxConns: 4}.withDefaults()
	file, ok := strings.CutPrefix(address, "sqlite:")
	if !ok {
		db, err := connect(address, o)
		if err != nil {
			return nil, err
		}
		db.writer.SetMaxOpenConns(o.MaxConns)
		if err := db.writer.PingContext(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("reach the database: %w", err), db.Close())
		}
		return db, nil
	}
	if info, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("look for the database: %w", err)
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("look for the database: %s is not a file", file)
	}
	// Read-only, and not immutable: beside a server the file changes.
	name := "file:" + (&url.URL{Path: filepath.ToSlash(file)}).EscapedPath() + "?mode=ro&_pragma=busy_timeout(5000)&_pragma=query_only(1)"
	pool, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	pool.SetMaxOpenConns(o.Readers)
	db := newDB(SQLite, o)
	db.writer, db.reader = pool, pool
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", err), db.Close())
	}
	return db, nil
}

// Facts are what can be told of a database without knowing its tables.
type Facts struct {
	Version string        // of the engine
	Bytes   int64         // of all that it keeps
	Schema  int64         // newest migration that it has; 0: none
	Newest  int64         // newest migration that this program knows
	Ping    time.Duration // of one small question
	// Now is the database's clock at the middle of that question, and Asked ours; zero on
	// SQLite, which has none of its own.
	Now, Asked time.Time
}

// Facts asks the database about itself.
func (db *DB) Facts(ctx context.Context) (Facts, error) {
	f := Facts{Newest: newestBuiltin()}
	began := time.Now()
	if err := db.askVersion(ctx, &f); err != nil {
		return f, fmt.Errorf("ask the database: %w", err)
	}
	f.Ping = time.Since(began)
	if !f.Now.IsZero() {
		f.Asked = began.Add(f.Ping / 2)
	}
	size := db.dialect.Pick(`select page_count * page_size from pragma_page_count(), pragma_page_size()`, `select pg_database_size(current_database())`)
	if err := db.reader.QueryRowContext(ctx, size).Scan(&f.Bytes); err != nil {
		return f, fmt.Errorf("ask for the database's size: %w", err)
	}
	f.Schema = max(db.versionOrZero(ctx), 0)
	return f, nil
}

func (db *DB) askVersion(ctx context.Context, f *Facts) error {
	if db.dialect == SQLite {
		return db.reader.QueryRowContext(ctx, `select sqlite_version()`).Scan(&f.Version)
	}
	if err := db.reader.PingContext(ctx); err != nil { // so that no connection has to be made within the next question
		return err
	}
	return db.reader.QueryRowContext(ctx, `select current_setting('server_version'), clock_timestamp()`).Scan(&f.Version, &f.Now)
}

// newestBuiltin is the number of the newest embedded migration.
func newestBuiltin() int64 { return newestIn(builtin()) }

func newestIn(migrations fs.FS) int64 {
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil { // the pattern is a constant
		panic(err)
	}
	var newest int64
	for _, name := range names {
		newest = max(newest, numberOf(name))
	}
	return newest
}

// QuickCheck has SQLite look whether its file is whole, which reads all of it: bound it
// by ctx. It returns at most 20 faults. PostgreSQL has nothing alike.
func (db *DB) QuickCheck(ctx context.Context) (faults []string, err error) {
	if db.dialect != SQLite {
		return nil, nil
	}
	rows, err := db.reader.QueryContext(ctx, `pragma quick_check(20)`)
	if err != nil {
		return nil, fmt.Errorf("check the database's file: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, fmt.Errorf("check the database's file: %w", err)
		}
		if line != "ok" {
			faults = append(faults, line)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("check the database's file: %w", err)
	}
	return faults, nil
}

// Snapshot writes a copy of a SQLite database to a file that must not exist: one state of
// it, whole, on disk, also while others write. The copy has no write-ahead log beside it.
// It holds off the folding of the log while it runs, so the log grows.
func (db *DB) Snapshot(ctx context.Context, path string) (err error) {
	if db.dialect != SQLite {
		return errors.New("copy the database: only SQLite's can be copied this way")
	}
	if err := createPrivate(path); err != nil { // SQLite takes an empty file, and keeps its mode
		return fmt.Errorf("copy the database: %w", err)
	}
	if err := db.vacuumInto(ctx, path); err != nil {
		return errors.Join(fmt.Errorf("copy the database: %w", err), os.Remove(path))
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	// SQLite itself does not wait for the disk here.
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	return nil
}

// vacuumInto lets one connection write for that: to the copy alone.
func (db *DB) vacuumInto(ctx context.Context, path string) (err error) {
	conn, err := db.reader.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `pragma query_only(0)`); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, `vacuum into $1`, path)
	_, reset := conn.ExecContext(context.WithoutCancel(ctx), `pragma query_only(1)`)
	return errors.Join(err, reset)
}
