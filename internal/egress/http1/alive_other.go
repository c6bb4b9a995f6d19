//go:build !unix

package http1

import (
	"io"
	"syscall"
)

// alive is false where a connection can't be checked without waiting: there each
// request gets a connection of its own.
func (c *conn) alive() bool { return false }

// readNow is of no use here.
func readNow(syscall.RawConn, []byte) (int, error) { return 0, io.ErrUnexpectedEOF }
