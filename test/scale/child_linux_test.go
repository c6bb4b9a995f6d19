package scale

import (
	"os/exec"
	"syscall"
)

// bind has a process end with this one, however that ends. With an owner it runs as
// nobody, since PostgreSQL refuses to run as root.
func bind(cmd *exec.Cmd, owner *syscall.Credential) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL, Credential: owner}
}
