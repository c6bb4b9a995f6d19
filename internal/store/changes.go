package store

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// changes is what one look at the change table finds.
type changes struct {
	gap     bool // rows after the asked number are gone
	last    int64
	changes []change
}

const trimmedTo = `(select cast(value as bigint) from schema_info where key = 'change_trimmed')`

// changeHead is the number of the newest change. It is fixed in commit order
// (see writeChanges), so all later changes have greater numbers.
func (db *DB) changeHead(ctx context.Context) (head int64, err error) {
	err = db.Read(ctx, func(tx *Tx) error {
		var newest, trimmed int64
		query := `select coalesce((select max(seq) from change), 0), ` + trimmedTo
		if err := tx.QueryRow(ctx, query).Scan(&newest, &trimmed); err != nil {
			return err
		}
		head = max(newest, trimmed)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("read newest change: %w", err)
	}
	return head, nil
}

// changesAfter reads at most feedBatch changes after number last.
func (db *DB) changesAfter(ctx context.Context, last int64) (found changes, err error) {
	err = db.Read(ctx, func(tx *Tx) error {
		found = changes{last: last}
		var trimmed int64
		if err := tx.QueryRow(ctx, `select `+trimmedTo).Scan(&trimmed); err != nil {
			return err
		}
		found.gap = trimmed > last
		rows, err := tx.Query(ctx, `select seq, kind, ref from change where seq > $1 order by seq limit $2`, last, feedBatch)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var c change
			if err := rows.Scan(&found.last, &c.kind, &c.ref); err != nil {
				return err
			}
			found.changes = append(found.changes, c)
		}
		found.last = max(found.last, trimmed)
		return rows.Err()
	})
	if err != nil {
		return changes{}, fmt.Errorf("read changes: %w", err)
	}
	return found, nil
}

// trimChanges deletes the changes made before a time, and notes up to which
// number, so that a feed that was away for longer sees that it missed some.
func (db *DB) trimChanges(ctx context.Context, before time.Time) error {
	err := db.Write(ctx, func(tx *Tx) error {
		var upTo int64
		query := `select coalesce(max(seq), 0) from change where at < $1`
		if err := tx.QueryRow(ctx, query, Micros(before)).Scan(&upTo); err != nil {
			return err
		}
		if upTo == 0 {
			return nil
		}
		_, err := tx.Exec(ctx, `update schema_info set value = $1
			where key = 'change_trimmed' and cast(value as bigint) < cast($1 as bigint)`, strconv.FormatInt(upTo, 10))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `delete from change where seq <= $1`, upTo)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete old changes: %w", err)
	}
	return nil
}
