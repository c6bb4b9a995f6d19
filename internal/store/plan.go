package store

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Plan is what bringing a database up to date would do.
type Plan struct {
	Schema, Newest int64 // newest migration that the database has, and that we know
	// Oldest is the oldest schema whose servers may run on the database, now and after.
	Oldest, OldestAfter int64
	Steps               []Step
}

// Step is one migration that is to come.
type Step struct {
	Version     int64
	File        string
	SQL         string           // as it runs on this engine
	Contracting bool             // older servers than OldestAfter can't stay beside it
	Rows        map[string]int64 // of the tables that it names and that are there already
}

// Plan tells what [Open] would do to this database. It only reads. The error is
// [ErrTooOld] where we are too old for the database, and [ErrUnfinishedCopy] where a copy
// fills it.
func (db *DB) Plan(ctx context.Context) (Plan, error) {
	return db.plan(ctx, builtin())
}

// PlanNew is the plan of a database that does not exist yet.
func PlanNew(d Dialect) (Plan, error) {
	files, err := pendingFiles(builtin(), 0)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{}
	for _, f := range files {
		step, err := stepOf(f, d)
		if err != nil {
			return Plan{}, err
		}
		p.add(step)
	}
	return p, nil
}

func (db *DB) plan(ctx context.Context, migrations fs.FS) (p Plan, err error) {
	p.Schema = max(db.versionOrZero(ctx), 0)
	if p.Oldest, err = db.oldest(ctx); err != nil {
		return p, err
	}
	p.OldestAfter, p.Newest = p.Oldest, p.Schema
	files, err := pendingFiles(migrations, p.Schema)
	if err != nil {
		return p, err
	}
	there, err := db.Tables(ctx)
	if err != nil {
		return p, err
	}
	for _, f := range files {
		step, err := stepOf(f, db.dialect)
		if err != nil {
			return p, err
		}
		if step.Rows, err = db.rowsOf(ctx, step.SQL, there); err != nil {
			return p, err
		}
		p.add(step)
	}
	if err := db.checkOldest(ctx, newestIn(migrations)); err != nil {
		return p, err
	}
	return p, db.checkWhole(ctx)
}

func (p *Plan) add(s Step) {
	p.Steps = append(p.Steps, s)
	p.Newest = max(p.Newest, s.Version)
	if m := setsOldest.FindStringSubmatch(s.SQL); m != nil {
		if oldest, err := strconv.ParseInt(m[1]+m[2], 10, 64); err == nil {
			p.OldestAfter = max(p.OldestAfter, oldest)
		}
	}
}

// setsOldest finds how a migration sets oldest_version, by insert (the first one) or update.
var setsOldest = regexp.MustCompile(`(?is)values\s*\(\s*'oldest_version'\s*,\s*'(\d+)'|schema_info\s+set\s+value\s*=\s*'(\d+)'\s+where\s+key\s*=\s*'oldest_version'`)

// contracts finds a migration that raises it.
var contracts = regexp.MustCompile(`(?is)update\s+schema_info\s+set\s+value\s*=\s*'\d+'\s+where\s+key\s*=\s*'oldest_version'`)

type migrationFile struct {
	version int64
	name    string
	text    []byte
}

// pendingFiles are the migrations above a version, in order.
func pendingFiles(migrations fs.FS, above int64) (files []migrationFile, err error) {
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("list the migrations: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		version := numberOf(name)
		if version <= above {
			continue
		}
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", name, err)
		}
		files = append(files, migrationFile{version, name, text})
	}
	return files, nil
}

// numberOf is the number at the beginning of a migration's name, or 0.
func numberOf(name string) int64 {
	number, _, _ := strings.Cut(path.Base(name), "_")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func stepOf(f migrationFile, d Dialect) (Step, error) {
	text, err := render(f.text, d)
	if err != nil {
		return Step{}, fmt.Errorf("%s: %w", f.name, err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "-- +goose") {
			lines = append(lines, line)
		}
	}
	sql := strings.TrimSpace(strings.Join(lines, ""))
	return Step{Version: f.version, File: f.name, SQL: sql, Contracting: contracts.MatchString(sql)}, nil
}

// rowsOf counts the rows of those tables that a text names. Comments count as well: a
// table too many does no harm.
func (db *DB) rowsOf(ctx context.Context, text string, tables []Table) (map[string]int64, error) {
	rows := map[string]int64{}
	for _, t := range tables {
		if !regexp.MustCompile(`(?i)\b(table|on|into|update|from|join|references|exists)\s+` + regexp.QuoteMeta(t.Name) + `\b`).MatchString(text) {
			continue
		}
		var n int64
		if err := db.reader.QueryRowContext(ctx, `select count(*) from `+t.Name).Scan(&n); err != nil {
			return nil, fmt.Errorf("count the rows of %s: %w", t.Name, err)
		}
		rows[t.Name] = n
	}
	return rows, nil
}
