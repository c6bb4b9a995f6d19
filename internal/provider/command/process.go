package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"skytower/internal/provider"
)

const (
	grace      = 2 * time.Second        // from SIGTERM to SIGKILL
	drain      = 2 * time.Second        // for a pipe that something still holds open
	watchEvery = 250 * time.Millisecond // how often the folder is measured
)

// launch is all that starts a program.
type launch struct {
	path  string
	argv  []string
	env   []string
	dir   string
	stdin []byte
	out   *report
	watch func() error // what the program used up, or nil
	stop  context.CancelCauseFunc
}

// ending is how a program ended.
type ending struct {
	state *os.ProcessState // nil where it did not start
	err   error            // why it did not start
}

// start runs the program and returns when it, and all that it started, is dead.
//
// The goroutine keeps its thread: the program is to die with the thread that started
// it, which is how it dies with us.
func (c *program) start(ctx context.Context, l *launch) ending {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd, started, err := c.box.command(c, l)
	if err != nil {
		return ending{err: err}
	}
	cmd.Dir, cmd.Env, cmd.WaitDelay = l.dir, l.env, drain
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(l.stdin), writer(l.out.out), writer(l.out.err)
	err = cmd.Start()
	if refusal := started(err); refusal != nil {
		err = refusal
	}
	if cmd.Process == nil {
		return ending{err: err}
	}
	c.attend(ctx, cmd.Process.Pid, l)
	// Not reaped yet, so the number still means this group.
	signalGroup(cmd.Process.Pid, syscall.SIGKILL)
	// What fails here is a pipe: its reader has what came.
	_ = cmd.Wait()
	return ending{state: cmd.ProcessState, err: err}
}

// attend waits for the program's end, and brings it about where ctx ends or a limit is
// passed.
func (c *program) attend(ctx context.Context, pid int, l *launch) {
	ended := make(chan struct{})
	var crew sync.WaitGroup
	crew.Go(func() {
		select {
		case <-ended:
		case <-ctx.Done():
			c.terminate(pid, ended)
		}
	})
	crew.Go(func() {
		ticker := time.NewTicker(watchEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ctx.Done():
				return
			case <-ticker.C:
				if err := l.watch(); err != nil {
					l.stop(err)
				}
			}
		}
	})
	waitExit(pid)
	close(ended)
	crew.Wait()
}

// terminate asks the program's processes to end, and ends them soon after. A program
// that is the first process of a namespace never sees a signal that it does not handle,
// so there asking would be nothing but a wait.
func (c *program) terminate(pid int, ended <-chan struct{}) {
	if !c.box.isFirst() || handlesTerm(pid) {
		signalGroup(pid, syscall.SIGTERM)
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-ended:
		case <-timer.C:
		}
	}
	signalGroup(pid, syscall.SIGKILL)
}

// signalGroup reaches every process of the program's group. A group that is gone is
// what is wanted.
func signalGroup(pid int, signal syscall.Signal) { _ = syscall.Kill(-pid, signal) }

// verdict says what became of a run, nil where it went well.
func (c *program) verdict(ctx context.Context, e ending, out *report, place *folder) error {
	var reached limit
	switch cause := context.Cause(ctx); {
	case errors.As(cause, &reached):
		return failed("%s", reached)
	case cause != nil && (e.state == nil || !e.state.Success()):
		return &provider.Error{Class: provider.Cancelled, Err: cause}
	case e.err != nil:
		return broken("start the program", e.err)
	case e.state.Success():
		return nil
	}
	// The system counts otherwise when it kills than when it reports: 0.9 s for 1 s is usual.
	if used := e.state.UserTime() + e.state.SystemTime(); !e.state.Exited() && used >= c.Limits.CPU*3/4 {
		return failed("The program used more than %s of processor time, which is its limit.", c.Limits.CPU)
	}
	if err := place.tooMuch(c.Limits); err != nil {
		return failed("%s", err) // the system refused to write more
	}
	message := fmt.Sprintf("The program failed (%s)", e.state)
	if reason := out.reason(); reason != "" {
		return failed("%s: %s", message, reason)
	}
	return failed("%s.", message)
}
