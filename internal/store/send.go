package store

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
)

// Args are the arguments of one [DB.Send], written in PostgreSQL's binary form in the
// order of their numbers. Reset makes them ready for the next statement; their memory is
// used again. The zero Args is empty. They are for one goroutine.
type Args struct {
	buf    []byte
	starts []int // of each argument in buf
	values [][]byte
}

// Reset forgets the arguments.
func (a *Args) Reset() { a.buf, a.starts = a.buf[:0], a.starts[:0] }

// Text adds a text.
func (a *Args) Text(v string) {
	a.begin()
	a.buf = append(a.buf, v...)
}

// Int adds a bigint.
func (a *Args) Int(v int64) {
	a.begin()
	a.buf = binary.BigEndian.AppendUint64(a.buf, uint64(v))
}

// Texts adds a text[] of n elements.
func (a *Args) Texts(n int, element func(i int) string) {
	a.array(n, pgtype.TextOID)
	for i := range n {
		v := element(i)
		a.length(len(v))
		a.buf = append(a.buf, v...)
	}
}

// Ints adds a bigint[] of n elements.
func (a *Args) Ints(n int, element func(i int) int64) {
	a.array(n, pgtype.Int8OID)
	for i := range n {
		a.length(8)
		a.buf = binary.BigEndian.AppendUint64(a.buf, uint64(element(i)))
	}
}

// Bools adds a boolean[] of n elements.
func (a *Args) Bools(n int, element func(i int) bool) {
	a.array(n, pgtype.BoolOID)
	for i := range n {
		v := byte(0)
		if element(i) {
			v = 1
		}
		a.length(1)
		a.buf = append(a.buf, v)
	}
}

func (a *Args) begin() { a.starts = append(a.starts, len(a.buf)) }

// array writes an array's head: dimensions, whether it holds nulls, its type, and for each
// dimension its length and the number of its first element. An empty one has none.
func (a *Args) array(n int, oid uint32) {
	a.begin()
	dimensions := min(n, 1)
	a.length(dimensions)
	a.length(0)
	a.buf = binary.BigEndian.AppendUint32(a.buf, oid)
	if dimensions > 0 {
		a.length(n)
		a.length(1)
	}
}

// length writes what no argument here exceeds: a protocol's message is shorter.
func (a *Args) length(n int) {
	a.buf = binary.BigEndian.AppendUint32(a.buf, uint32(min(n, math.MaxInt32))) //nolint:gosec // it fits: bounded on this line
}

// split gives each argument its part of the buffer, which grows no more.
func (a *Args) split() [][]byte {
	a.values = a.values[:0]
	for i, start := range a.starts {
		end := len(a.buf)
		if i+1 < len(a.starts) {
			end = a.starts[i+1]
		}
		a.values = append(a.values, a.buf[start:end:end])
	}
	return a.values
}

// sendTries is how many connections of the pool may turn out to be dead before a
// statement was sent; package database/sql has the same number.
const sendTries = 3

// Send runs one statement on PostgreSQL, and only there, as a transaction of its own: a
// round trip, with no more work for it than writing the arguments down. It returns the
// first column of the first row, a bigint, or 0 where the statement has no rows. A
// statement of which nothing reached the server is sent again; any other that failed may
// have been committed.
func (db *DB) Send(ctx context.Context, text string, a *Args) (n int64, err error) {
	for range sendTries {
		n, err = db.sendOnce(ctx, text, a)
		if err == nil || !(errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err)) || ctx.Err() != nil {
			break
		}
	}
	db.writes.note(err)
	return n, err
}

func (db *DB) sendOnce(ctx context.Context, text string, a *Args) (n int64, err error) {
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool
	err = conn.Raw(func(raw any) (err error) {
		pg, ok := raw.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("send a statement: the driver is %T", raw)
		}
		n, err = execute(ctx, pg.Conn(), db.pg.DefaultQueryExecMode, text, a)
		return err
	})
	return n, err
}

// execute sends the statement: prepared once a connection, unless the database's address
// says otherwise, as it has to for some poolers.
func execute(ctx context.Context, conn *pgx.Conn, mode pgx.QueryExecMode, text string, a *Args) (n int64, err error) {
	format := []int16{pgx.BinaryFormatCode} // of all
	var reader *pgconn.ResultReader
	if mode == pgx.QueryExecModeCacheStatement {
		statement, err := conn.Prepare(ctx, text, text)
		if err != nil {
			return 0, err
		}
		reader = conn.PgConn().ExecStatement(ctx, statement, a.split(), format, format)
	} else {
		reader = conn.PgConn().ExecParams(ctx, text, a.split(), nil, format, format)
	}
	if reader.NextRow() {
		if v := reader.Values(); len(v) > 0 && len(v[0]) == 8 {
			n = int64(binary.BigEndian.Uint64(v[0])) //nolint:gosec // the same bits: the server sent a bigint
		}
	}
	_, err = reader.Close()
	return n, err
}
