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
	l := &c.late
	if l.probe == nil {
		l.probe = l.peek
	}
	l.quiet = false
	return c.raw.Read(l.probe) == nil && l.quiet
}

// peek notes whether a read would wait.
func (l *late) peek(fd uintptr) bool {
	_, _, err := syscall.Recvfrom(int(fd), l.byte[:], syscall.MSG_PEEK)
	l.quiet = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
	return true
}

// late is the state of a read that waits without a buffer, and of the look whether one would.
type late struct {
	into  *reader
	n     int
	err   error
	ready func(fd uintptr) bool // made once

	quiet bool
	byte  [1]byte
	probe func(fd uintptr) bool // made once
}

// lateReader is the connection itself, unless it is not the network that its bytes
// come from.
func (c *conn) lateReader() lateReader {
	if _, ok := c.nc.(secured); ok || c.raw == nil {
		return nil
	}
	c.late.ready = c.late.read
	return c
}

// readLate waits without a buffer.
func (c *conn) readLate(b *reader) (int, error) {
	c.moveDeadline()
	b.giveBack()
	l := &c.late
	l.into, l.n, l.err = b, 0, nil
	if err := c.raw.Read(l.ready); err != nil {
		return 0, err
	}
	if l.n == 0 && l.err == nil {
		return 0, io.EOF
	}
	return l.n, l.err
}

// read is false where there is nothing to read yet.
func (l *late) read(fd uintptr) bool {
	l.into.take()
	for {
		n, err := syscall.Read(int(fd), l.into.buf)
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN || err == syscall.EWOULDBLOCK:
			l.into.giveBack()
			return false
		case err != nil:
			l.err = os.NewSyscallError("read", err)
			return true
		default:
			l.n = n
			return true
		}
	}
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
