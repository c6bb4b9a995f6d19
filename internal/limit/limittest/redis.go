// Package limittest gives tests a real Redis of their own.
//
// It refuses to know what is tested. Its invariant: no server and no folder outlives the
// test, nor the test process, however that ends.
package limittest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	program       = "redis-server"
	debianProgram = "/usr/bin/" + program
	patience      = 20 * time.Second
	startAttempts = 5
)

// Redis is one server. It keeps nothing on disk: stopped and started again, it has lost
// its memory.
type Redis struct {
	address string
	flags   []string
	folder  string
	process *exec.Cmd
	input   io.Closer
}

// StartRedis starts a server that ends with the test, and gives its URL.
func StartRedis(t testing.TB) (url string) {
	t.Helper()
	return New(t).URL()
}

// New starts a server that ends with the test; flags are further words of its command
// line.
func New(t testing.TB, flags ...string) *Redis {
	t.Helper()
	r := &Redis{flags: flags, folder: t.TempDir()}
	t.Cleanup(func() { r.Stop(t) })
	var err error
	for range startAttempts {
		// The free port may be taken by another before the server binds it.
		if r.address, err = freeAddress(); err != nil {
			break
		}
		if err = r.start(); err == nil {
			return r
		}
	}
	t.Fatalf("start Redis: %v", err)
	return nil
}

// URL is where the server listens.
func (r *Redis) URL() string { return "redis://" + r.address + "/0" }

// Start starts the server again, on the same port.
func (r *Redis) Start(t testing.TB) {
	t.Helper()
	if err := r.start(); err != nil {
		t.Fatalf("start Redis again: %v", err)
	}
}

// Stop kills the server, if it runs.
func (r *Redis) Stop(t testing.TB) {
	t.Helper()
	if r.process == nil {
		return
	}
	err := r.input.Close() // its supervisor kills it then
	_ = r.process.Wait()   // it was killed
	if r.process = nil; err != nil {
		t.Errorf("stop Redis: %v", err)
	}
}

// Pause stops the server's time: connections stay, and nothing answers.
func (r *Redis) Pause(t testing.TB) {
	t.Helper()
	r.signal(t, syscall.SIGSTOP)
}

// Resume ends a pause.
func (r *Redis) Resume(t testing.TB) {
	t.Helper()
	r.signal(t, syscall.SIGCONT)
}

// signal reaches the server alone: its supervisor must stay awake.
func (r *Redis) signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	text, err := os.ReadFile(r.pidFile())
	if err != nil {
		t.Fatalf("find Redis: %v", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err == nil {
		err = syscall.Kill(pid, s)
	}
	if err != nil {
		t.Fatalf("signal Redis: %v", err)
	}
}

func (r *Redis) pidFile() string { return filepath.Join(r.folder, "pid") }

// supervise runs a server until its standard input ends: the test process holds the other
// end, so that happens however that process ends.
const supervise = `
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
( cat <&3 >/dev/null; kill -KILL $server ) 2>/dev/null &
exec 3<&-
wait $server
`

func (r *Redis) start() error {
	binary, err := find()
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(r.address)
	if err != nil {
		return err
	}
	words := append([]string{"-c", supervise, "sh", binary, "--bind", host, "--port", port, "--dir", r.folder,
		"--pidfile", r.pidFile(), "--save", "", "--appendonly", "no", "--databases", "2"}, r.flags...)
	cmd := exec.Command("/bin/sh", words...)
	cmd.Dir = r.folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // an interrupt is for the tests
	out, err := os.Create(filepath.Join(r.folder, "log"))
	if err != nil {
		return err
	}
	defer out.Close() //nolint:errcheck // the server has its own handle
	cmd.Stdout, cmd.Stderr = out, out
	input, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	r.process, r.input = cmd, input
	if err := r.awaitReady(); err != nil {
		err = errors.Join(err, input.Close())
		_ = cmd.Wait() // it was killed, or has ended
		r.process = nil
		text, _ := os.ReadFile(out.Name()) // for the message
		return fmt.Errorf("%w\n%s", err, text)
	}
	return nil
}

// find finds the server's program: in PATH, or where Debian has it.
func find() (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	if _, err := os.Stat(debianProgram); err != nil {
		return "", errors.New("there is no redis-server: install Debian's package of that name")
	}
	return debianProgram, nil
}

// awaitReady waits until the server answers, or its supervisor has ended.
func (r *Redis) awaitReady() error {
	deadline := time.Now().Add(patience)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		err := r.answers()
		if err == nil {
			return nil
		}
		ended, waitErr := syscall.Wait4(r.process.Process.Pid, nil, syscall.WNOHANG, nil)
		if waitErr != nil || ended > 0 || time.Now().After(deadline) {
			return errors.Join(err, waitErr)
		}
		<-again.C
	}
}

// answers checks that it is our server, and not another one that took the port.
func (r *Redis) answers() error {
	conn, err := net.DialTimeout("tcp", r.address, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is left to say
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, "CONFIG GET dir\r\n"); err != nil {
		return err
	}
	in, found := bufio.NewReader(conn), false
	for range 5 { // *2, $3, dir, $N, the folder
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		found = found || strings.TrimSpace(line) == r.folder
	}
	if !found {
		return errors.New("another server took the port")
	}
	return nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
