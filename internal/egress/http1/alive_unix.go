//go:build unix

package http1

import (
	"io"
	"os"
	"syscall"
)

// alive reports whether the idle connection can take a request: neither closed by
// the other side nor holding bytes that nobody asked for. It does not wait.
func (c *conn) alive() bool {
	if s, ok := c.nc.(secured); ok {
		return s.quiet()
	}
	if c.raw == nil {
		return false
	}
	quiet := false
	err := c.raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		quiet = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
		return true
	})
	return err == nil && quiet
}

// readNow reads what is there. Where there is nothing it fails with
// os.ErrDeadlineExceeded.
func readNow(raw syscall.RawConn, p []byte) (n int, err error) {
	failed := raw.Read(func(fd uintptr) bool {
		for {
			if n, err = syscall.Read(int(fd), p); err != syscall.EINTR {
				return true
			}
		}
	})
	switch {
	case failed != nil:
		return 0, failed
	case err == syscall.EAGAIN || err == syscall.EWOULDBLOCK:
		return 0, os.ErrDeadlineExceeded
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}
