package store

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// IsUnavailable reports whether err came from a database that could not be asked,
// or that broke off, as opposed to one that refused the statement. What was asked
// may have happened all the same: repeat only what is safe to repeat.
func (db *DB) IsUnavailable(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		// Connection exceptions, too many connections, a server that stops or starts, and
		// one that only reads: after a failover that is the former primary.
		return strings.HasPrefix(pg.Code, "08") || pg.Code == "53300" || strings.HasPrefix(pg.Code, "57P0") || pg.Code == "25006"
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		const busy, locked, ioErr, full, cantOpen, primaryCode = 5, 6, 10, 13, 14, 0xff
		switch lite.Code() & primaryCode {
		case busy, locked, ioErr, full, cantOpen:
			return true
		}
		return false
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
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
