package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	startPatience = 30 * time.Second
	stopPatience  = 15 * time.Second
)

// process is a child that runs until it is stopped.
type process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how it ended; read after done
}

func startProcess(name string, cmd *exec.Cmd) (*process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = dieWithParent()
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, done: make(chan struct{})}
	go func() { // ended by stop
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop asks the process to end, and makes it end when it doesn't. It is safe to repeat, and on a nil process.
func (p *process) stop() {
	if p == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-p.done:
	case <-time.After(stopPatience):
		fmt.Fprintf(os.Stderr, "bench: %s did not stop in time\n", p.name)
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// startRole runs this program again as one of its servers, which says its address in its first line.
func startRole(role string, args ...string) (*process, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(self, append([]string{role}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", fmt.Errorf("start %s: %w", role, err)
	}
	p, err := startProcess(role, cmd)
	if err != nil {
		return nil, "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.stop()
		return nil, "", fmt.Errorf("start %s: it said no address: %w", role, err)
	}
	return p, strings.TrimSpace(line), nil
}

// runJob runs one job in a load process of its own.
func runJob(j job) (outcome, error) {
	var o outcome
	self, err := os.Executable()
	if err != nil {
		return o, fmt.Errorf("find this program: %w", err)
	}
	input, err := json.Marshal(j)
	if err != nil {
		return o, fmt.Errorf("encode job: %w", err)
	}
	cmd := exec.Command(self, roleLoad)
	cmd.SysProcAttr = dieWithParent()
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	output, err := cmd.Output()
	if err != nil {
		return o, fmt.Errorf("generate load: %w", err)
	}
	if err := json.Unmarshal(output, &o); err != nil {
		return o, fmt.Errorf("decode outcome: %w", err)
	}
	return o, nil
}

// run executes a command to its end; a failure carries what it printed.
func run(cmd *exec.Cmd) error {
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(text))
	}
	return nil
}

// freeAddress is a loopback address that nobody listened on a moment ago.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// await tries until it works, the process ends, or patience is over.
func (p *process) await(try func() error) error {
	const pause = 50 * time.Millisecond
	deadline := time.Now().Add(startPatience)
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended at its start: %w", p.name, errors.Join(p.err, err))
		case <-time.After(pause):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is not ready after %v: %w", p.name, startPatience, err)
		}
	}
}

// serveRole is what mock and refproxy have in common: a loopback listener, its address on standard output, and an
// end when the parent asks.
func serveRole(serve func(net.Listener) error, out io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Fprintln(out, listener.Addr())
	return serve(listener)
}
