//go:build unix

package http1

import "syscall"

// alive reports whether the idle connection can take a request: neither closed by
// the other side nor holding bytes that nobody asked for. It does not wait.
func (c *conn) alive() bool {
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
