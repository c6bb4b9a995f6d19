package command

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"skytower/internal/config"
	"skytower/internal/provider"
)

// hostRole makes the test program a server that runs one command until it is killed:
// its arguments are the role, the path of a FIFO, and a folder.
const hostRole = "host-of-a-command"

// open is a folder that all users of the machine can pass, unlike t.TempDir.
var open string

func TestMain(m *testing.M) {
	onAnotherThread(Child)
	if len(os.Args) == 4 && os.Args[1] == hostRole {
		host(os.Args[2], os.Args[3])
		return
	}
	signal.Ignore(syscall.SIGPIPE)
	var err error
	if open, err = os.MkdirTemp("", "command-test-"); err == nil {
		err = os.Chmod(open, 0o755)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := errors.Join(os.RemoveAll(open), goleak.Find()); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// onAnotherThread runs fn on a thread that is not the process's first, where Go's
// scheduler puts it now and then: what the kernel keeps for a thread must hold there too.
func onAnotherThread(fn func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

// folderFor makes a folder of t that all users can pass, and may write to.
func folderFor(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(open, "")
	if err == nil {
		err = os.Chmod(dir, 0o777)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// listener is a provider.Watcher that remembers.
type listener struct {
	mu      sync.Mutex
	busy    bool
	news    []provider.Progress
	overlap bool
	on      func(provider.Progress)
}

func (l *listener) Submitting(context.Context) error { return errors.New("nothing is ever submitted") }
func (l *listener) Submitted(context.Context, string) error {
	return errors.New("nothing is submitted")
}

func (l *listener) Progress(p provider.Progress) {
	l.mu.Lock()
	l.overlap = l.overlap || l.busy
	l.busy = true
	l.news = append(l.news, p)
	l.busy = false
	l.mu.Unlock()
	if l.on != nil {
		l.on(p)
	}
}

func (l *listener) logs() []string {
	var all []string
	for _, p := range l.news {
		all = append(all, p.Logs...)
	}
	return all
}

// script is a command that runs a shell script; a test may set more.
func script(text string, more ...string) config.Command {
	c := config.Command{
		Name: "tried", Type: "image", Output: config.OutputFiles, InputSchema: json.RawMessage(`{"type":"object"}`), Concurrency: 2,
		Limits: config.Limits{Time: 2 * time.Minute, CPU: time.Minute, Memory: 1 << 30, Output: 1 << 20, Files: 4, Processes: 32},
	}
	for _, text := range append([]string{"sh", "-c", text}, more...) {
		argument, err := config.ParseArgument(text)
		if err != nil {
			panic(err)
		}
		c.Argv = append(c.Argv, argument)
	}
	return c
}

// printed is a script whose text is the output.
func printed(text string, more ...string) config.Command {
	c := script(text, more...)
	c.Type, c.Output = "text", config.OutputText
	return c
}

// try is one run of a command.
type try struct {
	ctx     context.Context
	input   string
	scratch string
	watch   listener
}

// trial finds out once what this machine allows.
var trial = sync.OnceValues(func() (*program, error) {
	c := script("")
	c.Limits.Processes = 1000 // without namespaces the processes of all tests count together
	p, err := New(Options{Commands: []config.Command{c}})
	if err != nil {
		return nil, err
	}
	return p.programs[c.Name], nil
})

// isolated reports whether this machine gives programs namespaces of their own.
func isolated(t *testing.T) bool {
	t.Helper()
	tried, err := trial()
	if err != nil {
		t.Fatal(err)
	}
	return tried.box.isFirst()
}

func (r *try) run(t *testing.T, c config.Command) (*provider.Result, error) {
	t.Helper()
	tried, err := trial()
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{programs: map[string]*program{c.Name: {Command: c, who: tried.who, box: tried.box}}}
	if r.ctx == nil {
		r.ctx = t.Context()
	}
	if r.input == "" {
		r.input = "{}"
	}
	if r.scratch == "" {
		r.scratch = folderFor(t)
	}
	return p.Predict(r.ctx, &provider.Run{
		ID: "1", Model: c.Name, Show: c.Name, Kind: c.Type, Input: json.RawMessage(r.input), Watch: &r.watch,
		Scratch: func() (string, error) { return os.MkdirTemp(r.scratch, "") },
	})
}

// text runs a command that must put out text.
func text(t *testing.T, c config.Command, input string) string {
	t.Helper()
	r := &try{input: input}
	result, err := r.run(t, c)
	if err != nil {
		t.Fatalf("%v, logs %q", err, r.watch.logs())
	}
	return *result.Text
}

// files reads a result's files by their names.
func files(t *testing.T, result *provider.Result) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, output := range result.Files {
		reader, err := output.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(reader)
		if err := errors.Join(err, reader.Close()); err != nil {
			t.Fatal(err)
		}
		all[output.Name] = string(content)
	}
	return all
}

// fails wants an error of a class whose message holds a text.
func fails(t *testing.T, err error, class provider.Class, want string) {
	t.Helper()
	var e *provider.Error
	if !errors.As(err, &e) || e.Class != class || !strings.Contains(e.Message, want) {
		t.Errorf("got %v, want %v with %q", err, class, want)
	}
}

func dataURL(content []byte) string {
	return "data:application/octet-stream;base64," + base64.StdEncoding.EncodeToString(content)
}

// fifo makes a pipe with a name. While a process holds it open for writing, its reader
// does not see the end: so a test sees, without waiting for a clock, that all are dead.
func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(folderFor(t), "alive")
	if err := syscall.Mkfifo(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}
