package scale

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// ports gives addresses below those that a system gives to outgoing connections, so that
// one stays free while the server behind it is down.
type ports struct{ next atomic.Int64 }

const (
	firstPort = 12_000
	lastPort  = 32_000
)

func newPorts() *ports {
	p := &ports{}
	p.next.Store(rand.Int64N(lastPort - firstPort)) //nolint:gosec // where another test process does not look
	return p
}

func (p *ports) take(t *testing.T) string {
	t.Helper()
	for range lastPort - firstPort {
		address := net.JoinHostPort("127.0.0.1", strconv.FormatInt(firstPort+p.next.Add(1)%(lastPort-firstPort), 10))
		if l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// child is a process that may be killed and started again.
type child struct {
	t    *testing.T
	name string
	log  string // the file of its output
	make func() *exec.Cmd
	// surprise hears of an end that nobody asked for; nil: that is a failure of the test.
	surprise func(error)

	mu      sync.Mutex
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the process has ended; nil: none runs
	err     error
	expects bool         // its end is expected
	starts  atomic.Int64 // how often it was started
	served  atomic.Int64 // which start it was whose process has answered
}

func newChild(t *testing.T, name, folder string, command func() *exec.Cmd) *child {
	c := &child{t: t, name: name, log: filepath.Join(folder, name+".log"), make: command}
	t.Cleanup(c.kill)
	return c
}

// start launches the process; it may not serve yet.
func (c *child) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		c.t.Errorf("%s runs already", c.name)
		return
	}
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		c.t.Error(err)
		return
	}
	defer log.Close() //nolint:errcheck // the process has its own handle
	cmd := c.make()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		c.t.Errorf("start %s: %v", c.name, err)
		return
	}
	c.starts.Add(1)
	ended := make(chan struct{})
	c.cmd, c.ended, c.expects = cmd, ended, false
	go c.wait(cmd, ended)
}

func (c *child) wait(cmd *exec.Cmd, ended chan struct{}) {
	err := cmd.Wait()
	c.mu.Lock()
	expected := c.expects
	c.err, c.ended, c.cmd = err, nil, nil
	c.mu.Unlock()
	close(ended)
	switch {
	case expected:
	case c.surprise != nil:
		c.surprise(err)
	default:
		c.t.Errorf("%s ended by itself: %v\n%s", c.name, err, c.tail())
	}
}

// signal tells the process to end, and gives what is closed when it has; nil where none runs.
func (c *child) signal(s syscall.Signal) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		return nil
	}
	c.expects = true
	_ = c.cmd.Process.Signal(s)
	return c.ended
}

// kill ends the process at once.
func (c *child) kill() {
	if ended := c.signal(syscall.SIGKILL); ended != nil {
		<-ended
	}
}

// terminate ends the process as an operator does, and says how it ended.
func (c *child) terminate(s syscall.Signal) error {
	ended := c.signal(s)
	if ended == nil {
		return nil
	}
	select {
	case <-ended:
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.err
	case <-time.After(patience):
		c.kill()
		return errors.New("it did not end")
	}
}

// runs reports whether the process is there and not on its way out, and which one of those
// that were started it is.
func (c *child) runs() (bool, int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended != nil && !c.expects, c.starts.Load()
}

// tail is the end of what the process wrote.
func (c *child) tail() string {
	const most = 6000
	text, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}

// awaitPort waits until a server takes connections.
func awaitPort(t *testing.T, what, address string) {
	await(t, what+" answers", func() bool {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	})
}

// logFolder is where the processes write: the one that SKYTOWER_SCALE_LOGS names stays.
func logFolder(t *testing.T) string {
	named := os.Getenv("SKYTOWER_SCALE_LOGS")
	if named == "" {
		return t.TempDir()
	}
	folder := filepath.Join(named, fmt.Sprintf("%s-%d", t.Name(), time.Now().Unix()))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

// pause waits for a time, or until the context ends, which it reports.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
