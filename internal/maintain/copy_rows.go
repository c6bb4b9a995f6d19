package maintain

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/store"
)

const (
	// progressTable, in the target, tells how far each table came. It goes with the end.
	progressTable = "database_copy"
	// defaultBatchRows and batchBytes bound what one transaction writes.
	defaultBatchRows = 500
	batchBytes       = 8 << 20
	// maxArguments is what both engines take in one statement (SQLite: 32,766).
	maxArguments = 30_000
)

// tableCopy is one table, as both databases have it.
type tableCopy struct {
	source, target store.Table
	kinds          []store.Kind // the target's, of the source's columns
	total          int64
	copied         int64
	last           string // the key of the last row that is there, encoded
	done           bool
}

func (t *tableCopy) name() string { return t.source.Name }

// matched finds the tables of both databases, in the order in which they can be filled.
// schema_info is not among them: it is copied with the end.
func matched(ctx context.Context, source, target *store.DB) ([]tableCopy, error) {
	from, err := source.Tables(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the source's schema: %w", err)
	}
	into, err := target.Tables(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the target's schema: %w", err)
	}
	byName := map[string]store.Table{}
	for _, t := range from {
		byName[t.Name] = t
	}
	var all []tableCopy
	for _, t := range into { // the target's order: its references must hold
		s, ok := byName[t.Name]
		delete(byName, t.Name)
		if t.Name == "schema_info" || t.Name == progressTable {
			continue
		}
		if !ok {
			continue // of this engine alone
		}
		one := tableCopy{source: s, target: t}
		if len(s.Key) == 0 {
			return nil, fmt.Errorf("table %s has no primary key, so a copy of it could not go on where it stopped", s.Name)
		}
		for _, c := range s.Columns {
			kind := t.KindOf(c.Name)
			if kind == 0 {
				return nil, fmt.Errorf("the target's table %s has no column %s", t.Name, c.Name)
			}
			one.kinds = append(one.kinds, kind)
		}
		all = append(all, one)
	}
	delete(byName, progressTable) // of a copy that was given up
	if left := slices.Sorted(maps.Keys(byName)); len(left) > 0 {
		return nil, fmt.Errorf("the target has no table %s", strings.Join(left, ", "))
	}
	return all, nil
}

// readProgress reads how far an earlier run came.
func (c *copying) readProgress(ctx context.Context) error {
	byName := map[string]*tableCopy{}
	for i := range c.tables {
		byName[c.tables[i].name()] = &c.tables[i]
	}
	err := c.target.Read(ctx, func(tx *store.Tx) error {
		return tx.Each(ctx, `select name, copied, last, done from `+progressTable, func(scan func(...any) error) error {
			var name, last string
			var n int64
			var done bool
			if err := scan(&name, &n, &last, &done); err != nil {
				return err
			}
			if t := byName[name]; t != nil {
				t.copied, t.last, t.done = n, last, done
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("read how far the copy came: %w", err)
	}
	return nil
}

// copyTable copies the rows behind the last one that is there, by the primary key.
func (c *copying) copyTable(ctx context.Context, t *tableCopy) (err error) {
	if t.total, err = count(ctx, c.source, t.name()); err != nil {
		return err
	}
	if !t.done {
		err = c.copyRest(ctx, t)
	}
	if err != nil {
		return fmt.Errorf("copy table %s: %w", t.name(), err)
	}
	if t.total > 0 {
		c.p.tick("copying %s: %d of %d rows", t.name(), t.copied, t.total)
	}
	return nil
}

func (c *copying) copyRest(ctx context.Context, t *tableCopy) error {
	rows, err := c.behind(ctx, t)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	reader := newRowReader(t)
	most := min(c.o.batchRows, maxArguments/len(t.kinds))
	var batch [][]any
	bytes := 0
	for rows.Next() {
		row, n, err := reader.read(rows)
		if err != nil {
			return err
		}
		batch = append(batch, row)
		if bytes += n; len(batch) >= most || bytes >= batchBytes {
			if err := c.write(ctx, t, batch, reader, false); err != nil {
				return err
			}
			batch, bytes = nil, 0
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return c.write(ctx, t, batch, reader, true)
}

// behind selects the rows after the last one that is there.
func (c *copying) behind(ctx context.Context, t *tableCopy) (*sql.Rows, error) {
	query := `select ` + strings.Join(t.source.Names(), ", ") + ` from ` + t.name()
	var args []any
	if t.last != "" {
		var err error
		if args, err = decodeKey(t.source, t.last); err != nil {
			return nil, err
		}
		query += ` where (` + strings.Join(t.source.Key, ", ") + `) > (` + placeholders(1, len(args)) + `)`
	}
	return c.source.Reader().QueryContext(ctx, query+` order by `+strings.Join(t.source.Key, ", "), args...)
}

// write adds a batch, and notes in the same transaction how far the table is.
func (c *copying) write(ctx context.Context, t *tableCopy, batch [][]any, reader *rowReader, done bool) error {
	last := t.last
	if len(batch) > 0 {
		last = reader.lastKey
	}
	now := t.copied + int64(len(batch))
	err := c.target.Write(ctx, func(tx *store.Tx) error {
		if len(batch) > 0 {
			if _, err := tx.Exec(ctx, insertOf(t, len(batch)), slices.Concat(batch...)...); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `insert into `+progressTable+` (name, copied, last, done) values ($1, $2, $3, $4)
			on conflict (name) do update set copied = excluded.copied, last = excluded.last, done = excluded.done`, t.name(), now, last, done)
		return err
	})
	if err != nil {
		return err
	}
	t.copied, t.last, t.done = now, last, done
	c.report.Written += int64(len(batch))
	c.report.Mended += reader.mended
	reader.mended = 0
	c.p.tick("copying %s: %d of %d rows", t.name(), t.copied, t.total)
	if c.o.wrote != nil {
		c.o.wrote(t.name())
	}
	return ctx.Err()
}

func insertOf(t *tableCopy, rows int) string {
	var text strings.Builder
	text.WriteString(`insert into ` + t.name() + ` (` + strings.Join(t.source.Names(), ", ") + `) values `)
	for i := range rows {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString("(" + placeholders(1+i*len(t.kinds), len(t.kinds)) + ")")
	}
	return text.String()
}

// placeholders are $first and those after it, n in all.
func placeholders(first, n int) string {
	var text strings.Builder
	for i := range n {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString("$" + strconv.Itoa(first+i))
	}
	return text.String()
}

// rowReader reads rows of a table as the target takes them.
type rowReader struct {
	names   []string
	kinds   []store.Kind
	key     []int // places of the key's columns
	into    []any
	raw     []any
	lastKey string
	mended  int64
}

func newRowReader(t *tableCopy) *rowReader {
	r := &rowReader{names: t.source.Names(), kinds: t.kinds, raw: make([]any, len(t.kinds)), into: make([]any, len(t.kinds))}
	for i := range r.raw {
		r.into[i] = &r.raw[i]
	}
	for _, k := range t.source.Key {
		r.key = append(r.key, slices.Index(r.names, k))
	}
	return r
}

// read returns a row, and about how many bytes it has.
func (r *rowReader) read(rows *sql.Rows) (row []any, bytes int, err error) {
	if err := rows.Scan(r.into...); err != nil {
		return nil, 0, err
	}
	row = make([]any, len(r.raw))
	for i, v := range r.raw {
		var mended bool
		if row[i], mended, err = canonical(r.kinds[i], v); err != nil {
			return nil, 0, fmt.Errorf("column %s: %w", r.names[i], err)
		}
		if mended {
			r.mended++
		}
		switch v := row[i].(type) {
		case string:
			bytes += len(v)
		case []byte:
			bytes += len(v)
		}
	}
	key := make([]string, len(r.key))
	for i, at := range r.key {
		key[i] = encodeValue(r.raw[at])
	}
	text, err := json.Marshal(key)
	r.lastKey = string(text)
	return row, bytes, err
}

// encodeValue keeps a value of a key as it is in the source, whatever bytes it has.
func encodeValue(v any) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case string:
		return hex.EncodeToString([]byte(v))
	case []byte:
		return hex.EncodeToString(v)
	}
	return ""
}

func decodeKey(t store.Table, text string) ([]any, error) {
	var key []string
	if err := json.Unmarshal([]byte(text), &key); err != nil || len(key) != len(t.Key) {
		return nil, errors.New("the target's note of how far the copy came can't be read")
	}
	values := make([]any, len(key))
	for i, name := range t.Key {
		var err error
		switch t.KindOf(name) {
		case store.Integer:
			values[i], err = strconv.ParseInt(key[i], 10, 64)
		case store.Boolean:
			values[i], err = strconv.ParseBool(key[i])
		default:
			var raw []byte
			raw, err = hex.DecodeString(key[i])
			values[i] = raw
			if t.KindOf(name) == store.Text {
				values[i] = string(raw)
			}
		}
		if err != nil {
			return nil, errors.New("the target's note of how far the copy came can't be read")
		}
	}
	return values, nil
}

// canonical is a value as both engines have it: nil, string, int64, bool or []byte. mended
// says that a text had bytes that PostgreSQL can't hold.
func canonical(kind store.Kind, v any) (out any, mended bool, err error) {
	if v == nil {
		return nil, false, nil
	}
	switch kind {
	case store.Text:
		switch v := v.(type) {
		case string:
			out, mended = mend(v)
			return out, mended, nil
		case []byte:
			out, mended = mend(string(v))
			return out, mended, nil
		}
	case store.Integer:
		switch v := v.(type) {
		case int64:
			return v, false, nil
		case bool:
			if v {
				return int64(1), false, nil
			}
			return int64(0), false, nil
		}
	case store.Boolean:
		switch v := v.(type) {
		case bool:
			return v, false, nil
		case int64:
			return v != 0, false, nil
		}
	case store.Bytes:
		switch v := v.(type) {
		case []byte:
			if v == nil {
				v = []byte{} // of no bytes, which is not the same as null
			}
			return v, false, nil
		case string:
			return []byte(v), false, nil
		}
	}
	return nil, false, fmt.Errorf("a value of type %T does not fit", v)
}

// mend replaces what is no UTF-8, and NUL.
func mend(text string) (string, bool) {
	if utf8.ValidString(text) && !strings.Contains(text, "\x00") {
		return text, false
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD"), true
}

// digest is a sum over rows that does not depend on their order: the digests of the rows,
// added up modulo 2^256.
type digest struct {
	rows int64
	sum  [4]uint64
}

func (d *digest) add(row []any) {
	h := sha256.New()
	var head [9]byte
	for _, v := range row {
		var content []byte
		switch v := v.(type) {
		case nil:
			head[0] = 'n'
		case string:
			head[0], content = 's', []byte(v)
		case []byte:
			head[0], content = 'x', v
		case bool:
			head[0], content = 'b', strconv.AppendBool(nil, v)
		case int64:
			head[0], content = 'i', strconv.AppendInt(nil, v, 10)
		}
		binary.BigEndian.PutUint64(head[1:], uint64(len(content)))
		h.Write(head[:])
		h.Write(content)
	}
	sum := h.Sum(nil)
	var carry uint64
	for i := range d.sum {
		d.sum[i], carry = bits.Add64(d.sum[i], binary.LittleEndian.Uint64(sum[i*8:]), carry)
	}
	d.rows++
}

// digestOf reads all of a table.
func digestOf(ctx context.Context, db *store.DB, t *tableCopy, tell func(rows int64)) (d digest, err error) {
	rows, err := db.Reader().QueryContext(ctx, `select `+strings.Join(t.source.Names(), ", ")+` from `+t.name())
	if err != nil {
		return d, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	reader := newRowReader(t)
	for rows.Next() {
		row, _, err := reader.read(rows)
		if err != nil {
			return d, err
		}
		d.add(row)
		tell(d.rows)
	}
	return d, rows.Err()
}

// verify compares all rows of all tables, and the books.
func (c *copying) verify(ctx context.Context) error {
	for i := range c.tables {
		t := &c.tables[i]
		n, err := c.verifyTable(ctx, t)
		if err != nil {
			return fmt.Errorf("verify table %s: %w", t.name(), err)
		}
		c.report.Tables = append(c.report.Tables, TableReport{t.name(), n})
		c.report.Rows += n
	}
	return c.verifyBooks(ctx)
}

func (c *copying) verifyTable(ctx context.Context, t *tableCopy) (rows int64, err error) {
	var here, there digest
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		here, err = digestOf(ctx, c.source, t, func(int64) {})
		return err
	})
	group.Go(func() (err error) {
		there, err = digestOf(ctx, c.target, t, func(n int64) {
			if n%1000 == 0 {
				c.p.tick("verifying %s: %d of %d rows", t.name(), n, t.total)
			}
		})
		return err
	})
	if err := group.Wait(); err != nil {
		return 0, err
	}
	const advice = "either the source was used since the copy began, or somebody changed the target: begin anew in an empty database"
	switch {
	case here.rows != there.rows:
		return 0, fmt.Errorf("the source has %d rows, and the target %d; %s", here.rows, there.rows, advice)
	case here != there:
		return 0, fmt.Errorf("the target has as many rows as the source, but not the same ones; %s", advice)
	}
	return here.rows, nil
}

// verifyBooks checks both ledgers at the same moment, and that each account has in one
// what it has in the other.
func (c *copying) verifyBooks(ctx context.Context) error {
	c.p.tick("verifying the ledger")
	now := time.Now()
	at := ledger.Options{Now: func() time.Time { return now }, DatabaseNow: func() time.Time { return now }}
	here, err := ledger.New(c.source, at).Verify(ctx)
	if err != nil {
		return err
	}
	there, err := ledger.New(c.target, at).Verify(ctx)
	if err != nil {
		return err
	}
	// The source was clean at the beginning. What has run out since is the same in both.
	if !slices.Equal(here.Problems, there.Problems) {
		return fmt.Errorf("the ledger of the copy is not that of the source: %s", join(there.Problems))
	}
	was, err := balances(ctx, c.source)
	if err != nil {
		return err
	}
	is, err := balances(ctx, c.target)
	if err != nil {
		return err
	}
	var total money.Nanos
	for account, n := range was {
		if is[account] != n {
			return fmt.Errorf("account %s has %s USD in the source and %s USD in the copy", account, n, is[account])
		}
		total += n
	}
	c.report.Accounts, c.report.Balance = len(was), total.String()
	return nil
}
