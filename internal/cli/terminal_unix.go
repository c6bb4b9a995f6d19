//go:build linux || darwin

package cli

import (
	"os"
	"syscall"
	"unsafe"
)

// control makes one ioctl, which fills or reads what value points to.
func control[T any](fd, request uintptr, value *T) error {
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(value))) //nolint:gosec // the only way to a terminal's state
	if errno != 0 {
		return errno
	}
	return nil
}

func isTTY(fd uintptr) bool {
	var state syscall.Termios
	return control(fd, getState, &state) == nil
}

// terminalWidth is in columns; 0 where the terminal does not tell.
func terminalWidth(fd uintptr) int {
	var size struct{ rows, columns, x, y uint16 }
	if control(fd, syscall.TIOCGWINSZ, &size) != nil {
		return 0
	}
	return int(size.columns)
}

// hushed changes a terminal until restore is called: what is typed is not shown.
func hushed(file *os.File) (restore func(), err error) {
	return changed(file, func(state *syscall.Termios) {
		state.Lflag &^= syscall.ECHO
		state.Lflag |= syscall.ICANON | syscall.ISIG
	})
}

// raw changes a terminal until restore is called: each key arrives by itself, and
// none means a signal.
func raw(file *os.File) (restore func(), err error) {
	return changed(file, func(state *syscall.Termios) {
		state.Iflag &^= syscall.IXON | syscall.ICRNL | syscall.INLCR | syscall.IGNCR | syscall.ISTRIP
		state.Lflag &^= syscall.ECHO | syscall.ICANON | syscall.ISIG | syscall.IEXTEN
		state.Cc[syscall.VMIN], state.Cc[syscall.VTIME] = 1, 0
	})
}

func changed(file *os.File, change func(*syscall.Termios)) (restore func(), err error) {
	var before syscall.Termios
	if err := control(file.Fd(), getState, &before); err != nil {
		return nil, os.NewSyscallError("ioctl", err)
	}
	after := before
	change(&after)
	if err := control(file.Fd(), setState, &after); err != nil {
		return nil, os.NewSyscallError("ioctl", err)
	}
	return func() { _ = control(file.Fd(), setState, &before) }, nil
}
