package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// commits is how many empty commits one measurement makes.
const commits = 200

// addCommits measures, for the scenario of one connection, what one durable commit of next to nothing takes, on the
// same disk and with the same settings as the servers': the least that an answer with a charge has to wait.
func (b *bench) addCommits(s scenario, all []figures) error {
	if s.name != "chat1" || b.without {
		return nil
	}
	lite, err := commitTime("sqlite", "file:"+filepath.Join(b.dir, "commit.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return err
	}
	shared := time.Duration(0)
	if b.postgres != nil {
		if shared, err = commitTime("pgx", b.postgres.url()); err != nil {
			return err
		}
	}
	for i := range all {
		switch all[i].Target {
		case nameSkytower, nameOther:
			all[i].Commit = micros(lite)
		case namePostgres:
			all[i].Commit = micros(shared)
		}
	}
	return nil
}

// commitTime is the median time of a commit that inserts one short row.
func commitTime(driver, source string) (time.Duration, error) {
	db, err := sql.Open(driver, source)
	if err != nil {
		return 0, fmt.Errorf("open a database for commits: %w", err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("create table bench_commit (n integer)"); err != nil {
		return 0, fmt.Errorf("make a table for commits: %w", err)
	}
	defer db.Exec("drop table bench_commit") //nolint:errcheck // the database goes away with the folder
	insert, err := db.Prepare("insert into bench_commit values (1)")
	if err != nil {
		return 0, fmt.Errorf("prepare a commit: %w", err)
	}
	defer insert.Close()
	times := make([]time.Duration, commits)
	for i := range times {
		start := time.Now()
		if _, err := insert.Exec(); err != nil {
			return 0, fmt.Errorf("commit: %w", err)
		}
		times[i] = time.Since(start)
	}
	slices.Sort(times)
	return percentile(times, 50), nil
}
