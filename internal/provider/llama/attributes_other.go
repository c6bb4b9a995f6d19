//go:build !unix

package llama

import "syscall"

// attributes are none. That the child dies with us is its own doing: its standard input ends
// then.
func attributes() *syscall.SysProcAttr { return nil }
