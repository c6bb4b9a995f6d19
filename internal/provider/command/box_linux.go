package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"skytower/internal/config"
)

// box is how programs of one user are kept apart from the rest of the machine: by
// namespaces, as far as this machine gives us any, and by the limits that child.go sets.
type box struct {
	who   identity
	flags uintptr // of clone(2)
	crowd int     // processes that all runs of the user's commands may have together
}

const (
	// ownWorld gives a program a network without anything in it, and processes of its
	// own: when the first one dies, the system kills all others, whatever they did to
	// get away.
	ownWorld = syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC
	// ownUsers also counts a run's processes apart from those of other runs, and lets
	// us make a world without being root.
	ownUsers = syscall.CLONE_NEWUSER
)

// self is this program's own file, also where it was replaced or can't be reached.
const self = "/proc/self/exe"

// findBox tries out, from the best, what this machine allows.
func findBox(who identity, crowd int, log *slog.Logger) (box, error) {
	var err error
	for _, flags := range []uintptr{ownWorld | ownUsers, ownWorld, 0} {
		b := box{who: who, flags: flags, crowd: crowd}
		if err = b.try(); err != nil {
			continue
		}
		if flags == 0 {
			log.Warn("commands run without namespaces of their own, as this system does not allow any: they can reach the network, and a process that leaves its group can outlive a run", "user", who.uid)
		}
		return b, nil
	}
	return box{}, fmt.Errorf("start a process as user %d: %w; the file of this program must be executable by all users", who.uid, err)
}

// trialTime bounds the trial of a box, also on a machine that is very busy.
const trialTime = 30 * time.Second

// try starts the child that does nothing.
func (b box) try() error {
	limits := config.Limits{CPU: 1e9, Memory: 1 << 30, Output: 1 << 20, Processes: 64}
	ctx, cancel := context.WithTimeout(context.Background(), trialTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Args = []string{childName, childFlag, b.limits(limits), ""}
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", []string{}, b.attributes(false)
	out, err := cmd.CombinedOutput()
	if err == nil && string(out) != childReady {
		err = errors.New("this program does not call command.Child at its start")
	}
	return err
}

func (b box) attributes(network bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: b.flags}
	if network {
		a.Cloneflags &^= syscall.CLONE_NEWNET
	}
	if b.who.isOther() {
		a.Credential = &syscall.Credential{Uid: uint32(b.who.uid), Gid: uint32(b.who.gid), Groups: []uint32{}}
	}
	if b.flags&ownUsers != 0 {
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: b.who.uid, HostID: b.who.uid, Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: b.who.gid, HostID: b.who.gid, Size: 1}}
		a.GidMappingsEnableSetgroups = b.who.isOther()
	}
	return a
}

// limits writes the limits as the child reads them; 0 is none. A file may be one byte
// larger than all output may: so what is too large can be seen to be.
func (b box) limits(l config.Limits) string {
	processes := l.Processes
	switch {
	case b.flags&ownUsers != 0:
	case b.who.isOther():
		processes = b.crowd // the system counts all processes of the user together
	default:
		processes = 0 // our own ones would count
	}
	return fmt.Sprintf("%d,%d,%d,%d", int64(l.CPU.Seconds()), l.Output+1, processes, l.Memory)
}

// isFirst reports whether programs are the first process of a namespace.
func (b box) isFirst() bool { return b.flags&syscall.CLONE_NEWPID != 0 }

// command makes the process that becomes the program. started is called with Start's
// error, and waits until the process has become it, or says why not.
func (b box) command(c *program, l *launch) (cmd *exec.Cmd, started func(error) error, err error) {
	report, end, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	cmd = &exec.Cmd{
		Path: self, Args: append([]string{childName, childFlag, b.limits(c.Limits), l.path}, l.argv...),
		ExtraFiles: []*os.File{end}, SysProcAttr: b.attributes(c.Network),
	}
	return cmd, func(err error) error {
		_ = end.Close()
		defer func() { _ = report.Close() }()
		if err != nil {
			return err
		}
		var number [1]byte
		if n, _ := report.Read(number[:]); n == 1 {
			return fmt.Errorf("%s: %w", l.path, syscall.Errno(number[0]))
		}
		return nil
	}, nil
}

// waitExit returns when a child has ended, and leaves it to be reaped.
func waitExit(pid int) {
	const justPid, exited, leave = 1, 4, 0x01000000 // P_PID, WEXITED, WNOWAIT
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, justPid, uintptr(pid), 0, exited|leave, 0, 0)
		if errno != syscall.EINTR {
			return
		}
	}
}

// handlesTerm reports whether a process does something of its own on SIGTERM.
func handlesTerm(pid int) bool {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return true
	}
	_, rest, _ := bytes.Cut(status, []byte("\nSigCgt:"))
	line, _, _ := strings.Cut(string(rest), "\n")
	caught, err := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
	return err != nil || caught&(1<<(uint(syscall.SIGTERM)-1)) != 0
}
