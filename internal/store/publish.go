package store

import (
	"context"
	"errors"
	"fmt"
)

const (
	// publishLock and migrateLock are the keys of PostgreSQL advisory locks;
	// the numbers only have to be ours ("sky" in ASCII, and a counter).
	publishLock = 0x736b7901
	migrateLock = 0x736b7902

	// channel is where PostgreSQL's NOTIFY wakes other processes.
	channel = "skytower_change"
)

var errNoKind = errors.New("publish: a change needs a kind")

// Publish tells every process, this one included, that what ref names has
// changed: kind is a noun such as "key", ref the id of one of them (empty: any
// of them). Subscribers of a [Feed] hear of it after the commit, and only then.
//
// The row is written as the last act of the transaction, so an error in writing
// it is returned by [DB.Write].
func (tx *Tx) Publish(_ context.Context, kind, ref string) error {
	if kind == "" {
		return errNoKind
	}
	tx.changes = append(tx.changes, change{kind, ref})
	return nil
}

// writeChanges writes the change rows just before the commit.
//
// PostgreSQL hands out sequence numbers before the commit, so a row with a
// smaller number could become visible after a larger one, and a reader that
// asks for "greater than the last" would never see it. A lock held until the
// commit is visible makes the two orders one. It is taken last, so it is held
// shortly, and no transaction waits for a row while holding it.
func (tx *Tx) writeChanges(ctx context.Context) error {
	if len(tx.changes) == 0 {
		return nil
	}
	postgres := tx.db.dialect == Postgres
	if postgres {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, publishLock); err != nil {
			return fmt.Errorf("publish: wait for other changes: %w", err)
		}
	}
	at := Micros(tx.db.now())
	for _, c := range tx.changes {
		if _, err := tx.Exec(ctx, `insert into change (kind, ref, at) values ($1, $2, $3)`, c.kind, c.ref, at); err != nil {
			return fmt.Errorf("publish %s: %w", c.kind, err)
		}
	}
	if postgres {
		if _, err := tx.Exec(ctx, `select pg_notify($1, '')`, channel); err != nil {
			return fmt.Errorf("publish: notify: %w", err)
		}
	}
	tx.AfterCommit(tx.db.wakeFeeds)
	return nil
}

func (db *DB) wakeFeeds() {
	db.mu.Lock()
	defer db.mu.Unlock()
	for f := range db.feeds {
		f.wakeUp()
	}
}
