package llama

import "syscall"

// attributes make the child die with us, and keep signals of a terminal from it: the server
// ends it when its calls have ended.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
