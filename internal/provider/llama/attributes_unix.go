//go:build unix && !linux

package llama

import "syscall"

// attributes keep signals of a terminal from the child. That it dies with us is its own
// doing: its standard input ends then.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
