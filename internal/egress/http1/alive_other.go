//go:build !unix

package http1

import (
	"io"
	"syscall"
)

// alive is false where a connection can't be checked without waiting: there each
// request gets a connection of its own.
func (c *conn) alive() bool { return false }

// late and lateReader: here a read needs its buffer before it waits.
type late struct{}

func (c *conn) lateReader() lateReader { return nil }

// readNow is of no use here.
func readNow(syscall.RawConn, []byte) (int, error) { return 0, io.ErrUnexpectedEOF }
