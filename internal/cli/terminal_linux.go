package cli

import "syscall"

// Requests of a terminal's state.
const (
	getState = uintptr(syscall.TCGETS)
	setState = uintptr(syscall.TCSETS)
)
