package llama

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"skytower/internal/egress"
	"skytower/internal/egress/http1"
)

// child is a process that has loaded, or loads, a model.
type child struct {
	base     *url.URL
	upstream egress.Upstream
	backend  Backend
	began    time.Time

	ready chan struct{} // closed when it answers, or never will
	err   error         // why it never will; set before ready is closed
	done  chan struct{} // closed when the process is gone

	cmd   *exec.Cmd
	leash io.Closer // its standard input: it ends when this does
	log   *childLog
}

// report is the child's one line on standard output.
type report struct {
	Ready     bool   `json:"ready"`
	Error     string `json:"error"`
	Context   int    `json:"context"`
	Described string `json:"described"`
}

const (
	// listenerFD is the number of the listening socket in the child: the first after the
	// standard ones.
	listenerFD = 3
	endGrace   = 2 * time.Second // from SIGTERM to SIGKILL
	dialTime   = 10 * time.Second
	maxReport  = 64 << 10 // bytes
)

// launch starts the process. It hears of calls from then on, and answers when it has loaded.
func (m *model) launch(program, library string) (*child, error) {
	socket, listener, err := listen()
	if err != nil {
		return nil, err
	}
	c := &child{
		base: &url.URL{Scheme: "http", Host: "llama-engine.invalid", Path: "/v1"}, began: m.p.options.Now(),
		ready: make(chan struct{}), done: make(chan struct{}), log: &childLog{log: m.p.options.Log.With("engine", m.Name)},
	}
	// A connection a call: one that is kept could lead to a child that is dead.
	c.upstream = http1.New(http1.Options{
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: dialTime}).DialContext(ctx, "unix", socket)
		},
		DialTimeout: dialTime, Idle: m.p.options.Idle, MaxIdlePerHost: -1,
	})
	c.backend = m.p.options.Backend(c.base, c.upstream)
	c.cmd = exec.Command(program, m.arguments(library)...)
	c.cmd.Env, c.cmd.SysProcAttr = environment(os.Environ()), attributes()
	c.cmd.ExtraFiles, c.cmd.Stderr, c.cmd.WaitDelay = []*os.File{listener}, c.log, endGrace
	started := make(chan error, 1)
	go c.live(m, filepath.Dir(socket), listener, started)
	if err := <-started; err != nil {
		return nil, err
	}
	return c, nil
}

// arguments are those of the program skytower-llama.
func (m *model) arguments(library string) []string {
	threads := m.Threads
	if threads == 0 {
		threads = usualThreads()
	}
	args := []string{
		"-library", library, "-model", m.p.path(m.Engine), "-listener", strconv.Itoa(listenerFD), "-leash",
		"-threads", strconv.Itoa(threads), "-context", strconv.Itoa(m.Context), "-parallel", strconv.Itoa(m.Parallel),
		"-gpu-layers", strconv.Itoa(m.GPULayers),
	}
	if m.Embeddings {
		args = append(args, "-embeddings")
	}
	if m.Pooling != "" {
		args = append(args, "-pooling", m.Pooling)
	}
	return args
}

// usualThreads leaves half of the processors free: a thread that has to wait for its
// processor makes all others wait, and costs far more than it brings.
func usualThreads() int { return min(16, max(1, runtime.GOMAXPROCS(0)/2)) }

// listen makes the socket in a folder that nobody else may enter. Only the child keeps it
// open, so that it is gone with the child.
func listen() (path string, file *os.File, err error) {
	folder, err := os.MkdirTemp(socketRoot(), "skytower-")
	if err != nil {
		return "", nil, fmt.Errorf("make the folder of an engine's socket: %w", err)
	}
	path = filepath.Join(folder, "llama")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err == nil {
		l.SetUnlinkOnClose(false)
		file, err = l.File()
		_ = l.Close() // file is another descriptor of the same socket
	}
	if err != nil {
		_ = os.RemoveAll(folder)
		return "", nil, fmt.Errorf("make an engine's socket: %w", err)
	}
	return path, file, nil
}

// socketRoot is the folder of temporary files, unless its path is too long for a socket,
// whose path has about a hundred bytes.
func socketRoot() string {
	const longest = 60
	if dir := os.TempDir(); len(dir) <= longest {
		return dir
	}
	return "/tmp"
}

// live starts the process and waits for its end. The goroutine keeps its thread: the process
// is to die with the thread that started it, which is how it dies with us.
func (c *child) live(m *model, folder string, listener *os.File, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer func() { _ = os.RemoveAll(folder) }()
	stdout, errOut := c.cmd.StdoutPipe()
	stdin, errIn := c.cmd.StdinPipe()
	c.leash = stdin
	err := errors.Join(errOut, errIn)
	if err == nil {
		err = c.cmd.Start()
	}
	_ = listener.Close()
	if err != nil {
		close(c.done)
		started <- fmt.Errorf("start %s: %w", c.cmd.Path, err)
		return
	}
	started <- nil
	var reading sync.WaitGroup
	reading.Go(func() { c.hear(m, stdout) })
	reading.Wait() // the pipe ends with the process: Wait may close it then
	err = c.cmd.Wait()
	why := c.log.reason(err)
	close(c.done)
	m.ended(c, why)
	c.fail(why)
}

// hear waits for the report, and then for the end of the output.
func (c *child) hear(m *model, stdout io.Reader) {
	late := time.AfterFunc(m.LoadTimeout, func() {
		c.log.told(fmt.Sprintf("it did not load within %s (load_timeout)", m.LoadTimeout))
		_ = c.cmd.Process.Kill() // it is dead already, at worst
	})
	defer late.Stop()
	in := bufio.NewReaderSize(io.LimitReader(stdout, maxReport), maxReport)
	line, err := in.ReadBytes('\n')
	var r report
	if err == nil && json.Unmarshal(line, &r) == nil && r.Ready && late.Stop() {
		c.log.loaded()
		m.p.options.Log.Info("an engine has loaded", "engine", m.Name, "model", r.Described, "context", r.Context,
			"took", m.p.options.Now().Sub(c.began).Round(time.Millisecond).String())
		close(c.ready)
	} else if r.Error != "" {
		c.log.told(r.Error)
	}
	_, _ = io.Copy(io.Discard, stdout)
}

// fail lets go who waits for a child that never answered.
func (c *child) fail(why error) {
	select {
	case <-c.ready:
	default:
		c.err = why
		close(c.ready)
	}
}

// stop ends the process, and waits until it has.
func (c *child) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // it is dead already, at worst
	_ = c.leash.Close()
	grace := time.NewTimer(endGrace)
	defer grace.Stop()
	select {
	case <-c.done:
	case <-grace.C:
		_ = c.cmd.Process.Kill()
		<-c.done
	}
	c.upstream.CloseIdle()
}

// environment is what the child may know: nothing of ours, but where the system's libraries
// are and which graphics cards it may use.
func environment(all []string) []string {
	kept := []string{"LANG=C.UTF-8"}
	for _, pair := range all {
		name, _, _ := strings.Cut(pair, "=")
		known := slices.Contains([]string{"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"}, name)
		for _, prefix := range []string{"GGML_", "LLAMA_", "CUDA_", "NVIDIA_", "HIP_", "ROCR_", "HSA_", "VK_", "OMP_"} {
			known = known || strings.HasPrefix(name, prefix)
		}
		if known {
			kept = append(kept, pair)
		}
	}
	return kept
}
