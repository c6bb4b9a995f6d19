package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Replica is a process that uses the database.
type Replica struct {
	ID, Host, Role, Version string
	Config                  string   // hash of its process file
	Jobs                    string   // how the job queue knows it, or ""
	MasterKeys              []string // ids, the one that seals first; none where a version before 0.6.0 runs
	Started, Seen           time.Time
}

// clock is the database's time in microseconds, as a term of SQL.
func (d Dialect) clock() string {
	return d.Pick(`cast(unixepoch('subsec') * 1000000 as integer)`, `cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)`)
}

// forgotten is how long a replica that shows no life is remembered.
const forgotten = 24 * time.Hour

// Beat notes that a replica lives, and forgets those that have not for a day.
func (db *DB) Beat(ctx context.Context, r Replica) error {
	err := db.Write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `insert into replica (id, host, role, version, config, jobs, master_keys, started_at, seen_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, `+db.dialect.clock()+`)
			on conflict (id) do update set jobs = excluded.jobs, seen_at = excluded.seen_at`,
			r.ID, r.Host, r.Role, r.Version, r.Config, r.Jobs, strings.Join(r.MasterKeys, " "), Micros(r.Started))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `delete from replica where seen_at < `+db.dialect.clock()+` - $1`, forgotten.Microseconds())
		return err
	})
	if err != nil {
		return fmt.Errorf("note that this process lives: %w", err)
	}
	return nil
}

// Leave forgets a replica that stops.
func (db *DB) Leave(ctx context.Context, id string) error {
	err := db.Write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `delete from replica where id = $1`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("note that this process stops: %w", err)
	}
	return nil
}

// Replicas lists those that showed life within a time, the longest running first.
func (db *DB) Replicas(ctx context.Context, within time.Duration) (list []Replica, err error) {
	err = db.Read(ctx, func(tx *Tx) error {
		list = nil
		return tx.Each(ctx, `select id, host, role, version, config, jobs, master_keys, started_at, seen_at from replica
			where seen_at >= `+db.dialect.clock()+` - $1 order by started_at, id limit 1000`, func(scan func(...any) error) error {
			var r Replica
			var keys string
			var started, seen int64
			err := scan(&r.ID, &r.Host, &r.Role, &r.Version, &r.Config, &r.Jobs, &keys, &started, &seen)
			r.Started, r.Seen, r.MasterKeys = Time(started), Time(seen), strings.Fields(keys)
			list = append(list, r)
			return err
		}, within.Microseconds())
	})
	if err != nil {
		return nil, fmt.Errorf("list the processes that live: %w", err)
	}
	return list, nil
}
