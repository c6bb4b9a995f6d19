package store

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of tcp(7), RFC 5482; the syscall package lacks it.
const tcpUserTimeout = 18

// boundSilence has the connection end when what was sent is not acknowledged for so long.
func boundSilence(conn syscall.RawConn, after time.Duration) error {
	var err error
	if broken := conn.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(after.Milliseconds()))
	}); broken != nil {
		err = broken
	}
	if err != nil {
		return fmt.Errorf("set the user timeout of a connection: %w", os.NewSyscallError("setsockopt", err))
	}
	return nil
}
