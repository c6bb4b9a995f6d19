package store

import (
	"context"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
)

// WithMigrations replaces the built-in migrations.
func WithMigrations(o Options, migrations fs.FS) Options {
	o.migrations = migrations
	return o
}

// Builtin is the folder of the built-in migrations.
func Builtin() fs.FS { return builtin() }

// Render is what an engine gets of a migration.
func Render(source []byte, d Dialect) ([]byte, error) { return render(source, d) }

// WriteChanges does now what Write does just before the commit.
func (tx *Tx) WriteChanges(ctx context.Context) error {
	err := tx.writeChanges(ctx)
	tx.changes = nil
	return err
}

// TrimChanges deletes the changes made before a time.
func (db *DB) TrimChanges(ctx context.Context, before time.Time) error {
	return db.trimChanges(ctx, before)
}

// FeedPollNever keeps polling out of a test.
const FeedPollNever = 24 * time.Hour

// PlanWith is Plan for other migrations than the built-in ones.
func (db *DB) PlanWith(ctx context.Context, migrations fs.FS) (Plan, error) {
	return db.plan(ctx, migrations)
}

// RawConn shows the driver's connection.
func RawConn(ctx context.Context, db *DB, look func(raw any) error) error {
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool
	return conn.Raw(look)
}

// ConnectFeed makes the connection that the feed listens on.
func ConnectFeed(ctx context.Context, db *DB) (*pgx.Conn, error) { return db.connectFeed(ctx) }
