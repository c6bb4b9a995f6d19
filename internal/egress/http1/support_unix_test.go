//go:build unix

package http1

import (
	"syscall"
	"testing"
)

// waitReadable blocks until a read on c would not wait; it takes nothing out.
func waitReadable(t testing.TB, c *conn) {
	t.Helper()
	err := c.raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		return err != syscall.EAGAIN
	})
	if err != nil {
		t.Fatalf("wait for the connection's end: %v", err)
	}
}
