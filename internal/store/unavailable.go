package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"skytower/internal/fault"
)

// retryAfter is said where the database is to blame: a server that restarts is back by
// then, and a full disk costs nobody much by being tried so often.
const retryAfter = 5 * time.Second

// told gives an error for which the database is to blame a sentence for callers of the
// API. One that has a sentence keeps it, and so does what the caller ended himself.
func (db *DB) told(err error) error {
	if !db.IsUnavailable(err) || errors.Is(err, context.Canceled) {
		return err
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	return &fault.Error{
		ID: fault.ServiceUnavailable, RetryAfter: retryAfter, Err: err,
		Message: "The server's database does not answer, or cannot write, at the moment; try again shortly.",
	}
}

// IsUnavailable reports whether err came from a database that could not be asked, that
// broke off, or that cannot write anything for now, as opposed to one that refused the
// statement. What was asked may have happened all the same: repeat only what is safe to
// repeat.
func (db *DB) IsUnavailable(err error) bool {
	// First, since it may wrap a refusal that is about the connection alone: a wrong
	// password, or a database that is not there.
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return isPostgresAway(pg.Code)
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return isSQLiteAway(lite.Code())
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	for _, broken := range []error{driver.ErrBadConn, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, broken) {
			return true
		}
	}
	// What pgx says of a connection that it found dead has no type of its own.
	return err != nil && strings.Contains(err.Error(), "conn closed")
}

// IsRefused reports whether the database refuses what it was given for what it is: data
// that breaks a constraint, or that no column can hold. It would refuse it again, whatever
// an operator does to the server; every other failure may pass, be it by a right that is
// granted.
func (db *DB) IsRefused(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		const data, constraint = "22", "23"
		return strings.HasPrefix(pg.Code, data) || strings.HasPrefix(pg.Code, constraint)
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		const tooBig, constraint, mismatch, primaryCode = 18, 19, 20, 0xff
		switch lite.Code() & primaryCode {
		case tooBig, constraint, mismatch:
			return true
		}
	}
	return false
}

// isPostgresAway tells by the SQLSTATE (PostgreSQL manual, appendix A) that the server is
// to blame, and not the statement.
func isPostgresAway(code string) bool {
	switch code {
	case "25006", // it only reads: after a failover that is the former primary
		"57014", // cancelled: an operator's hand, or a time limit that is set on the server
		"55P03": // it waited for a lock longer than the server allows
		return true
	}
	const connection, resources, stops, system = "08", "53", "57P0", "58" // resources: disk, memory, connections
	for _, class := range []string{connection, resources, stops, system} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}

// isSQLiteAway tells by the result code (sqlite.org/rescode.html) that the file, the disk
// or the memory is to blame.
func isSQLiteAway(code int) bool {
	const busy, locked, noMemory, readOnly, ioErr, full, cantOpen, primaryCode = 5, 6, 7, 8, 10, 13, 14, 0xff
	switch code & primaryCode {
	case busy, locked, noMemory, readOnly, ioErr, full, cantOpen:
		return true
	}
	return false
}
