package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

var (
	errURL = errors.New(`database url: want "sqlite:/path/to/file.db" or "postgres://user@host:5432/name"`)
	// errPostgresURL deliberately leaves out what was wrong: the parser's words
	// quote parts of the URL, and so of the password.
	errPostgresURL = errors.New(`database url: not a valid PostgreSQL URL; in user and password, write characters such as "@", "/", "%" and "#" percent-encoded`)
)

func connect(url string, o Options) (*DB, error) {
	switch scheme, rest, _ := strings.Cut(url, ":"); scheme {
	case "sqlite":
		return connectSQLite(rest, o)
	case "postgres", "postgresql":
		return connectPostgres(url, o)
	}
	return nil, errURL
}

func newDB(d Dialect, o Options) *DB {
	return &DB{dialect: d, log: o.Logger, now: o.Now, feeds: map[*Feed]struct{}{}}
}

func connectSQLite(path string, o Options) (*DB, error) {
	if path == "" || strings.HasPrefix(path, ":") {
		return nil, errURL // ":memory:" included: two pools would be two databases
	}
	if err := createPrivate(path); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	// A checkpoint after 4,000 pages (16 MB) and not 1,000: a commit of charges changes the
	// same pages as the one before, and each is copied once a checkpoint. With 1,000 that
	// took an eighth of the writer's CPU, and its syncs.
	const both = "_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)"
	writer, err := openSQLite(path, both+"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(4000)&_txlock=immediate", 1)
	if err != nil {
		return nil, err
	}
	reader, err := openSQLite(path, both+"&_pragma=query_only(1)", o.Readers)
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	db := newDB(SQLite, o)
	db.writer, db.reader = writer, reader
	return db, nil
}

// createPrivate makes the file for its owner only, since SQLite would make it
// for everybody; the write-ahead log takes over the mode. An existing file is
// not opened: closing it would drop the locks that this process holds on it.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func openSQLite(path, query string, conns int) (*sql.DB, error) {
	// A file: URI, so that "?", "#" and "%" in the path mean themselves.
	name := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + query
	pool, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return pool, nil
}

func connectPostgres(url string, o Options) (*DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errPostgresURL
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "skytower"
	}
	hearSilence(config)
	pool := stdlib.OpenDB(*config)
	pool.SetMaxIdleConns(o.MaxConns)
	db := newDB(Postgres, o)
	db.writer, db.reader, db.pg = pool, pool, config
	return db, nil
}
