package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kind is what a column holds, whatever an engine calls its type.
type Kind int

// The kinds of columns.
const (
	Text Kind = iota + 1
	Integer
	Boolean
	Bytes
)

// Table is what the database itself says of one of our tables.
type Table struct {
	Name    string
	Columns []Column
	Key     []string // columns of the primary key, in its order
	Serial  string   // the column that counts up by itself, or ""
	Parents []string // tables that its rows refer to
}

// Column is one column of a table.
type Column struct {
	Name string
	Kind Kind
}

// Names are the columns' names, in their order.
func (t Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// KindOf is the kind of a column, or 0 where there is none of the name.
func (t Table) KindOf(name string) Kind {
	for _, c := range t.Columns {
		if c.Name == name {
			return c.Kind
		}
	}
	return 0
}

// notOurs are the tables of libraries: goose's, River's, and SQLite's own.
func notOurs(name string) bool {
	return name == "goose_db_version" || strings.HasPrefix(name, "river_") || strings.HasPrefix(name, "sqlite_")
}

// Tables lists our tables as the schema has them, those that are referred to before those
// that refer. The parts of a partitioned table count as the one that they are.
func (db *DB) Tables(ctx context.Context) ([]Table, error) {
	names, err := db.strings(ctx, db.dialect.Pick(
		`select name from sqlite_master where type = 'table' order by name`,
		`select relname from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition order by relname`))
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	names = slices.DeleteFunc(names, notOurs)
	tables := make([]Table, 0, len(names))
	for _, name := range names {
		t, err := db.table(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("read the schema of table %s: %w", name, err)
		}
		tables = append(tables, t)
	}
	return parentsFirst(tables), nil
}

func (db *DB) table(ctx context.Context, name string) (t Table, err error) {
	t.Name = name
	if err := db.columns(ctx, &t); err != nil {
		return t, err
	}
	t.Key, err = db.strings(ctx, db.dialect.Pick(
		`select name from pragma_table_info($1) where pk > 0 order by pk`,
		`select a.attname from pg_index i cross join lateral unnest(i.indkey) with ordinality k (attnum, place)
			join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
			where i.indisprimary and i.indrelid = cast($1 as regclass) order by k.place`), name)
	if err != nil {
		return t, err
	}
	serial, err := db.strings(ctx, db.dialect.Pick(
		`select i.name from sqlite_master m, pragma_table_info(m.name) i
			where m.name = $1 and m.type = 'table' and i.pk > 0 and lower(m.sql) like '%autoincrement%'`,
		`select attname from pg_attribute where attrelid = cast($1 as regclass) and attidentity <> ''`), name)
	if err != nil {
		return t, err
	}
	t.Serial = strings.Join(serial, "")
	t.Parents, err = db.strings(ctx, db.dialect.Pick(
		`select distinct "table" from pragma_foreign_key_list($1) order by 1`,
		`select distinct p.relname from pg_constraint c join pg_class p on p.oid = c.confrelid
			where c.contype = 'f' and c.conrelid = cast($1 as regclass) order by 1`), name)
	return t, err
}

func (db *DB) columns(ctx context.Context, t *Table) error {
	rows, err := db.reader.QueryContext(ctx, db.dialect.Pick(
		`select name, lower(type) from pragma_table_info($1) order by cid`,
		`select attname, format_type(atttypid, null) from pg_attribute
			where attrelid = cast($1 as regclass) and attnum > 0 and not attisdropped order by attnum`), t.Name)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			return err
		}
		c := Column{Name: name, Kind: kindOf(kind)}
		if c.Kind == 0 {
			return fmt.Errorf("column %s has the type %q, which is not one of ours", name, kind)
		}
		t.Columns = append(t.Columns, c)
	}
	return rows.Err()
}

// kindOf knows the types that migrations use.
func kindOf(name string) Kind {
	switch name {
	case "text":
		return Text
	case "bigint", "integer", "smallint":
		return Integer
	case "boolean":
		return Boolean
	case "blob", "bytea":
		return Bytes
	}
	return 0
}

// parentsFirst sorts by what refers to what, and else by name.
func parentsFirst(tables []Table) []Table {
	var sorted []Table
	done := map[string]bool{}
	for len(sorted) < len(tables) {
		before := len(sorted)
		for _, t := range tables {
			waits := slices.ContainsFunc(t.Parents, func(p string) bool { return p != t.Name && !done[p] })
			if !done[t.Name] && !waits {
				sorted = append(sorted, t)
				done[t.Name] = true
			}
		}
		if len(sorted) == before { // a circle: leave the rest as it is
			for _, t := range tables {
				if !done[t.Name] {
					sorted = append(sorted, t)
				}
			}
			break
		}
	}
	return sorted
}

func (db *DB) strings(ctx context.Context, query string, args ...any) (values []string, err error) {
	rows, err := db.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, rows.Err()
}

// Counter is the last number that a table's serial column has given out, also where its
// row is gone; 0 where it gave none.
func (db *DB) Counter(ctx context.Context, t Table) (n int64, err error) {
	if db.dialect == SQLite {
		err = db.reader.QueryRowContext(ctx, `select seq from sqlite_sequence where name = $1`, t.Name).Scan(&n)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, nil
		}
	} else {
		var sequence string
		err = db.reader.QueryRowContext(ctx, `select pg_get_serial_sequence($1, $2)`, t.Name, t.Serial).Scan(&sequence)
		if err == nil {
			err = db.reader.QueryRowContext(ctx, `select case when is_called then last_value else 0 end from `+sequence).Scan(&n)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("read the counter of table %s: %w", t.Name, err)
	}
	return n, nil
}

// SetCounter has a table's serial column go on after n.
func (tx *Tx) SetCounter(ctx context.Context, t Table, n int64) (err error) {
	if tx.Dialect() == Postgres {
		if n > 0 { // else it stands at its beginning
			_, err = tx.Exec(ctx, `select setval(pg_get_serial_sequence($1, $2), $3)`, t.Name, t.Serial, n)
		}
	} else if _, err = tx.Exec(ctx, `delete from sqlite_sequence where name = $1`, t.Name); err == nil {
		_, err = tx.Exec(ctx, `insert into sqlite_sequence (name, seq) values ($1, $2)`, t.Name, n)
	}
	if err != nil {
		return fmt.Errorf("set the counter of table %s: %w", t.Name, err)
	}
	return nil
}
