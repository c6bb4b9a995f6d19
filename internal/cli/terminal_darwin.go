package cli

import "syscall"

// Requests of a terminal's state.
const (
	getState = uintptr(syscall.TIOCGETA)
	setState = uintptr(syscall.TIOCSETA)
)
