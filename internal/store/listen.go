package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

var errNoListener = errors.New("SQLite has nothing to listen to")

const (
	firstReconnect = 250 * time.Millisecond
	maxReconnect   = 10 * time.Second
)

// listen wakes the feed on PostgreSQL's notices, on a connection of its own.
// It only makes the feed quicker: without it, changes come with the next poll.
// (A transaction-level connection pooler lets no notices through.)
func (f *Feed) listen(ctx context.Context) {
	pause := firstReconnect
	for {
		connected, err := f.listenOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		if connected {
			pause = firstReconnect
		}
		f.db.log.WarnContext(ctx, "change notices are late until the database is reached again", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause)):
		}
		pause = min(2*pause, maxReconnect)
	}
}

func (f *Feed) listenOnce(ctx context.Context) (connected bool, err error) {
	conn, err := f.db.connectFeed(ctx)
	if err != nil {
		return false, fmt.Errorf("connect: %w", err)
	}
	defer closeConn(ctx, conn)
	if _, err := conn.Exec(ctx, `listen `+channel); err != nil {
		return false, fmt.Errorf("listen: %w", err)
	}
	for {
		// Also after connecting: notices may have passed meanwhile.
		f.wakeUp()
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return true, fmt.Errorf("wait for a notice: %w", err)
		}
	}
}

func (db *DB) connectFeed(ctx context.Context) (*pgx.Conn, error) {
	config := db.pg.Copy()
	config.RuntimeParams["application_name"] += " feed"
	return pgx.ConnectConfig(ctx, config)
}

// ListenerPool makes a pool that holds no connection until somebody listens: for
// the job queue, which takes one out of it. name tells it apart in
// pg_stat_activity. The caller closes it. On SQLite it is an error to ask.
func (db *DB) ListenerPool(ctx context.Context, name string) (*pgxpool.Pool, error) {
	if db.dialect != Postgres {
		return nil, errNoListener
	}
	config, err := pgxpool.ParseConfig(db.pg.ConnString())
	if err != nil {
		return nil, errPostgresURL
	}
	config.ConnConfig = db.pg.Copy()
	config.ConnConfig.RuntimeParams["application_name"] += " " + name
	config.MinConns, config.MinIdleConns, config.MaxConns = 0, 0, 1
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("make a pool to listen with: %w", err)
	}
	return pool, nil
}

func closeConn(ctx context.Context, conn *pgx.Conn) {
	const patience = time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_ = conn.Close(ctx) // nothing is left to lose
}
