//go:build !linux

package scale

import (
	"os/exec"
	"syscall"
)

// bind gives a process a session of its own. With an owner it runs as nobody, since
// PostgreSQL refuses to run as root.
func bind(cmd *exec.Cmd, owner *syscall.Credential) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: owner}
}
